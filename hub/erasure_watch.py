"""Looks whether somebody still serves what a city erased (PROTOCOL 8, E_ERASED_SERVED).

Every hour the newest erasures are asked for at their owners and at every node's mirror, as any reader would.  Nothing
but the status is looked at; bytes that come are dropped.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from hub.party import UNREACHABLE, Hub
from shared.consume import mirror_path
from shared.errors import FetchError
from shared.feed import limits
from shared.feed.outcomes import Code
from shared.feed.roster import MemberRow
from shared.holdings import facts, payloads

_EVERY_SECONDS = 3600
_GRACE_SECONDS = 600
_NEWEST = 10
_MAX_BYTES = limits.PAYLOAD_MAX_BYTES
ALARM = "erased-served:"
"""Facts with this prefix name the member whose address serves erased payloads."""


def watch(hub: Hub) -> None:
    """Ask for the newest erasures once an hour and note who serves them."""
    now = hub.clock.now()
    with hub.db.write() as conn:
        if not facts.has_passed(conn, "erasures-watched-at", now=now, seconds=_EVERY_SECONDS):
            return
        facts.save_fact(conn, "erasures-watched-at", now)
        newest = payloads.newest_erasures(conn, before=now - _GRACE_SECONDS, most=_NEWEST)
    if not newest:
        return
    rows = [row for row in hub.members() if row.status == "active" and row.url != UNREACHABLE]
    hub.launch({f"watch {row.name}": partial(_watch, hub, row, newest) for row in rows})


def _watch(hub: Hub, row: MemberRow, newest: list[tuple[str, bytes]]) -> None:
    """Ask one member; an alarm is taken back only by its own word that nothing is served."""
    for origin, commitment in newest:
        prefix = f"feed/g{row.generation}/" if origin == row.log_key.name else mirror_path(origin)
        url = f"{row.url}/{prefix}payload/{commitment.hex()}"
        try:
            status = hub.web.get(url, max_bytes=_MAX_BYTES, deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS).status
        except FetchError as error:
            if error.code != Code.E_OVERSIZE:
                return
            status = HTTPStatus.OK  # too large for a payload, but no denial
        if status == HTTPStatus.OK:
            _note(hub, row, url)
            return
    _note(hub, row, "")


def _note(hub: Hub, row: MemberRow, url: str) -> None:
    with hub.db.write() as conn:
        if url:
            facts.save_fact(conn, f"{ALARM}{row.name}", url)
        else:
            facts.delete_fact(conn, f"{ALARM}{row.name}")
