"""Every address at which a party answers people and programs that are not signed in, from its own table of routes."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

from hub.opening import close_hub
from node.opening import close_node
from tests.support.enrolling import make_hub
from tests.support.lone_node import make_node
from tests.support.loopback import app_of
from tests.support.world import VirtualClock

STREAMS = frozenset({"/events"})
"""Never end; what they say is also in /changes."""
_FOR_SOME = frozenset({"/subscribers", "/stadt/logo", "/sitemap.xml"})
"""Need a key; a logo; an address that others reach."""
_PARAMETER = re.compile(r"\{([a-z]+):([a-z]+)\}")


def public_patterns(room: str) -> list[str]:
    """Return the patterns of all GET routes of a room below which nobody has to be signed in."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / room
        party = make_hub(home, VirtualClock()) if room == "hub" else make_node(home, VirtualClock())
        try:
            routes = [(route.path, getattr(route, "methods", ())) for route in app_of(party).routes]
        finally:
            close_hub(party) if room == "hub" else close_node(party)  # type: ignore[arg-type]
    return [path for path, methods in routes if "GET" in methods and not path.startswith("/pult")]


def always_answered(room: str) -> set[str]:
    """Return those without a parameter: each has an answer at every party that runs."""
    return {path for path in public_patterns(room) if "{" not in path} - STREAMS - _FOR_SOME


def public_paths(room: str, rid: str, origin: str) -> list[str]:
    """Return an address for each of these routes, those of one offer and one log among them.

    Args:
        rid: an offer's id, 32 hex digits.
        origin: of a log that the party holds.
    """
    key = f"{rid[:8]}-{rid[8:12]}-{rid[12:16]}-{rid[16:20]}-{rid[20:]}"
    own = "/feed/g1"
    logs = [f"/mirror/{hashlib.sha256(origin.encode()).hexdigest()}", own]
    values = {"rid": rid, "key": key, "name": "herten", "token": "0" * 43, "month": "2026-11"}
    found = []
    for pattern in public_patterns(room):
        if pattern in STREAMS:
            continue
        if pattern.endswith("{rest:path}"):
            files = ("checkpoint", "tile/entries/000.p/1", "payloads/000")
            found += [f"{log}/{file}" for log in logs for file in files if log.startswith(pattern.partition("{")[0])]
        else:
            found.append(_PARAMETER.sub(lambda match: values[match[1]], pattern))
    return [*found, "/angebote?q=sprechstunde", "/hsds/services?full=true&per_page=200", "/sitemap.xml?teil=1"]
