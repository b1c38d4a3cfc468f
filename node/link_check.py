"""The weekly check of the links of published own offers: which are due, what was seen, and when it is worth telling.

Decided here: what an answer means, and patience.  A page that says it is gone is told at once; one that does not answer
only after three weekly failures in a row, because sites have bad days and some refuse programs.  Redirects are not
followed and count as alive.  The guard of `shared.net` decides which addresses are asked at all (threats T15, T16).

No SQL transaction is open while a site is asked; a result of a link that was forgotten meanwhile is dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

import msgspec
import sqlalchemy as sa

from node.city import checks_links
from node.party import Node
from node.reviewing import published_documents
from node.store import links
from node.store.links import LinkState
from shared.errors import FetchError, ParseError
from shared.holdings import facts
from shared.model.offer import links_of, offer_from_builtins

ALIVE, GONE, UNSURE, UNCHECKED = "alive", "gone", "unsure", "unchecked"
PATIENCE = 3
"""So many weekly failures in a row make an unsure link worth a look."""
IGNORED_DAYS = 90

_DAY = 86_400
_WEEK_SECONDS = 7 * _DAY
_COUNTS_AGAIN_SECONDS = 6 * _DAY  # asking again on the same day is not another week
_MAX_BYTES = 64 * 1024
_DEADLINE_SECONDS = 10
_COLLECT_SECONDS = 3600
_LEAST_PAUSE, _MOST_PAUSE = 5, 600
_GONE = (404, 410)
_REFUSED = ("401", "403", "405", "429")
_TIMES = {3: "dreimal", 4: "viermal", 5: "fünfmal", 6: "sechsmal"}
_REASONS: Mapping[str, str] = {
    "timeout": "keine vollständige Antwort in 10 Sekunden",
    "slow": "keine vollständige Antwort in 10 Sekunden",
    "dns": "der Name der Seite ist im Netz nicht bekannt",
    "tls": "das Zertifikat der Seite gilt nicht",
    "connect": "keine Verbindung",
}


class Seen(msgspec.Struct, frozen=True):
    """What one question found: a result and its detail, a status or the kind of a failure."""

    result: str
    detail: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """A link worth a look; times in Unix seconds."""

    key: str
    url: str
    text: str
    since: int
    checked_at: int
    is_ignored: bool
    ignored_until: int
    is_waiting: bool


# --- asking ----------------------------------------------------------------------------------------------------------


def key_of(url: str) -> bytes:
    """Return the key under which a link is kept."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()[:16]


def askable(url: str) -> str:
    """Return an address as the client takes it: no fragment, plain letters; the client refuses what stays odd."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
        path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    except ValueError:
        return url
    if "@" in parts.netloc or "\\" in parts.netloc:
        return url
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{host}{port}{path}{'?' + query if query else ''}"


def ask(node: Node, url: str) -> Seen:
    """Ask a link once and say what that means."""
    try:
        status = node.web.get(askable(url), max_bytes=_MAX_BYTES, deadline_seconds=_DEADLINE_SECONDS).status
    except FetchError as error:
        return _meaning_of(error)
    return Seen(GONE if status in _GONE else ALIVE, str(status))


def _meaning_of(error: FetchError) -> Seen:
    if error.kind == "address":
        return Seen(UNCHECKED, error.kind)
    if error.kind in ("redirect", "oversize", "type") or 0 < error.status < 400:
        return Seen(ALIVE, str(error.status or error.kind))
    return Seen(GONE if error.status in _GONE else UNSURE, str(error.status or error.kind))


# --- rounds ----------------------------------------------------------------------------------------------------------


class LinkRounds:
    """Checks what is due, one link at each step, with pauses that spread a week's links over a day or more."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._collect_at = 0.0
        self._collected: int | None = None
        self._next_at = 0.0

    def step(self) -> bool:
        """Check one link if one is due now; tells whether it asked."""
        node = self._node
        if not checks_links(node):
            return False
        moment = node.clock.monotonic()
        if self._collected is None or moment >= self._collect_at:
            self._collected = collect(node, self._collected)
            self._collect_at = moment + (_COLLECT_SECONDS if self._collected >= 0 else _LEAST_PAUSE)
        with node.db.read() as conn:
            due = links.next_due(conn, node.clock.now())
            count = sum(links.count_links(conn).values())
        was_asked_for = due is not None and due.due_at == 0 and due.checked_at is not None
        if due is None or (moment < self._next_at and not was_asked_for):
            return False
        check(node, due)
        self._next_at = node.clock.monotonic() + pause_seconds(count)
        return True


def pause_seconds(count: int) -> float:
    """Return the pause between two links: half a week for all of them, within five seconds and ten minutes."""
    return min(_MOST_PAUSE, max(_LEAST_PAUSE, _WEEK_SECONDS / 2 / max(1, count)))


def collect(node: Node, known_version: int | None = None) -> int:
    """Take up the links that own offers have now and forget those they had; returns the version of what it read.

    What changed while it read is taken up the next time, so that nothing erased comes back.
    """
    with node.db.read() as conn:
        version = facts.load_number(conn, "catalogue-version")
        if version == known_version:
            return version
        wanted = {key_of(url): url for url in _published_links(node, conn)}
    with node.db.write() as conn:
        if facts.load_number(conn, "catalogue-version") != version:
            return -1
        held = links.load_urls(conn).keys()
        links.add_links(conn, {key: url for key, url in wanted.items() if key not in held})
        links.drop_links(conn, held - wanted.keys())
    return version


def _published_links(node: Node, conn: sa.Connection) -> set[str]:
    found: set[str] = set()
    for rid, doc in published_documents(node, conn):
        try:
            found.update(links_of(offer_from_builtins({**doc, "id": rid.hex()})))
        except ParseError:  # by an older program, with fields of another type
            continue
    return found


def check(node: Node, link: LinkState) -> None:
    """Ask one link and keep what was seen."""
    seen = ask(node, link.url)
    with node.db.write() as conn:
        links.change_link(conn, link.key, **judged(link, seen, node.clock.now()))


def judged(link: LinkState, seen: Seen, now: int) -> dict[str, object]:
    """Return what is kept of a link after it was seen: failures are counted by the week, success forgets them."""
    kept: dict[str, object] = {
        "result": seen.result, "detail": seen.detail, "checked_at": now, "due_at": now + _WEEK_SECONDS,
    }  # fmt: skip
    if seen.result not in (GONE, UNSURE):
        return {**kept, "failures": 0, "first_failed_at": None, "ignored_until": None}
    is_another_week = link.checked_at is None or not 0 <= now - link.checked_at < _COUNTS_AGAIN_SECONDS
    more = 1 if link.failures == 0 or is_another_week else 0
    return {**kept, "failures": link.failures + more, "first_failed_at": link.first_failed_at or now}


# --- telling ---------------------------------------------------------------------------------------------------------


def is_worth_telling(link: LinkState) -> bool:
    """Tell whether patience has ended."""
    return link.result == GONE or (link.result == UNSURE and link.failures >= PATIENCE)


def in_words(link: LinkState) -> str:
    """Say in German what was seen at a link."""
    if link.result == GONE:
        return f"Die Seite gibt es nicht mehr ({link.detail})"
    times = _TIMES.get(link.failures, f"{link.failures}-mal")
    if link.detail in _REFUSED:
        return f"hat die Prüfung {times} abgewiesen ({link.detail}); im Browser geht sie vielleicht"
    why = _REASONS.get(link.detail, f"die Seite meldet {link.detail}")
    return f"war {times} nicht erreichbar ({why})"


def list_troubles(node: Node, urls: Iterable[str]) -> list[Trouble]:
    """Return those of these links that are worth a look, ignored ones last; nothing while the check is off.

    The links are not read where nothing failed.
    """
    if not checks_links(node):
        return []
    with node.db.read() as conn:
        failed = [link for link in links.load_failed(conn) if is_worth_telling(link)]
    wanted, now = set(urls) if failed else set(), node.clock.now()
    return sorted(
        (_trouble(link, now) for link in failed if link.url in wanted),
        key=lambda one: (one.is_ignored, one.since, one.url),
    )


def _trouble(link: LinkState, now: int) -> Trouble:
    until = link.ignored_until or 0
    return Trouble(
        key=link.key.hex(), url=link.url, text=in_words(link), since=link.first_failed_at or 0,
        checked_at=link.checked_at or 0, is_ignored=until > now, ignored_until=until, is_waiting=link.due_at == 0,
    )  # fmt: skip


def count_unchecked(node: Node) -> int:
    """Count the links that are never asked, because the guard refuses their addresses."""
    with node.db.read() as conn:
        return links.count_links(conn).get(UNCHECKED, 0)


# --- deciding --------------------------------------------------------------------------------------------------------


def check_again(node: Node, link: Trouble) -> None:
    """Have a link checked within seconds."""
    _change(node, link, due_at=0)


def ignore(node: Node, link: Trouble) -> None:
    """Report a link no more for 90 days, or until it was alive in between."""
    _change(node, link, ignored_until=node.clock.now() + IGNORED_DAYS * _DAY)


def report_again(node: Node, link: Trouble) -> None:
    """Take back that a link is ignored."""
    _change(node, link, ignored_until=None)


def _change(node: Node, link: Trouble, **changes: object) -> None:
    with node.db.write() as conn:
        links.change_link(conn, bytes.fromhex(link.key), **changes)
