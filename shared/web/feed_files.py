"""The feed as files: what a GET below a party's base URL answers, without any web framework (PROTOCOL 5).

Decided here: paths, types, caching, tags, and what is refused in which words.  The web application, the simulation and
`export` ask the same functions, so what a test saw is what a city serves.  Paths are compared as they were sent: no
percent sign, no dot segment and no second spelling of a number is ever resolved, and none comes near a file system.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.clock import Clock
from shared.database import Database
from shared.errors import ParseError
from shared.feed import limits
from shared.feed.checkpoint import parse_checkpoint_text
from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.feed.merkle import inclusion_proof
from shared.feed.note import parse_note
from shared.feed.outcomes import Code
from shared.feed.proof import Proof, format_proof
from shared.feed.tiles import WIDTH, TilePath, hash_tile, parse_tile_number, parse_tile_path
from shared.holdings import facts, logs, papers, payloads, serving
from shared.ids import parse_commitment, parse_num
from shared.rosterbook import RosterBook
from shared.web.conditional import weak_tags

TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
JSON = "application/json"
NDJSON = "application/x-ndjson"
PROBLEM = "application/problem+json"

FOREVER = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
PERSONAL = "private, no-cache"
SHORTLY = "public, max-age=5"
A_MINUTE = "max-age=60"

_RECOVERING_RETRY_SECONDS = 10
_OWN = re.compile(r"/feed/(g[1-9][0-9]{0,8})/([a-z0-9./]{1,200})")
_MIRROR = re.compile(r"/mirror/([0-9a-f]{64})/([a-z0-9./]{1,200})")
_ROSTER = re.compile(r"/roster/([0-9]{1,16})")
_HASH = 32


class Answer(msgspec.Struct, frozen=True):
    """One answer: status, body and headers, `Content-Type` among them."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class FeedFiles:
    """Answers GET for the feed, the mirror, the catalogue note and the roster of one party.

    Args:
        own_origin: the log this party writes; its earlier generations are served beside it.
        is_hidden: tells whether the mirror of a log (by origin) is not shown at all.
    """

    def __init__(
        self,
        db: Database,
        book: RosterBook,
        clock: Clock,
        *,
        own_origin: str,
        is_hidden: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._db = db
        self._book = book
        self._clock = clock
        self._own_prefix = own_origin.rpartition("/")[0]
        self._is_hidden = is_hidden

    def get(self, path: str, *, if_none_match: str = "") -> Answer:
        """Answer one GET.

        Args:
            path: absolute, as sent: not percent-decoded, without query.
            if_none_match: the request's header, for 304.
        """
        tags = weak_tags(if_none_match)
        with self._db.read() as conn:
            if path == "/catalogue":
                return self._catalogue(conn, tags)
            if path == "/roster":
                return _note_answer(self._roster_note(conn, None), REVALIDATED, tags)
            if match := _ROSTER.fullmatch(path):
                return self._numbered_roster(conn, match[1], tags)
            if match := _OWN.fullmatch(path):
                row = logs.find_log(conn, f"{self._own_prefix}/{match[1]}")
                return self._log_file(conn, row, match[2], tags) if row is not None and row.own else not_found()
            if match := _MIRROR.fullmatch(path):
                return self._log_file(conn, self._mirrored(conn, match[1]), match[2], tags)
        return not_found()

    def change_mark(self) -> tuple[Any, ...]:
        """Return a value that changes whenever an answer that can be waited for does."""
        with self._db.read() as conn:
            return serving.change_mark(conn)

    def _catalogue(self, conn: sa.Connection, tags: frozenset[str]) -> Answer:
        held = papers.load_catalogue_note(conn)
        return _note_answer(None if held is None else held[1], REVALIDATED, tags)

    def _roster_note(self, conn: sa.Connection, version: int | None) -> bytes | None:
        held = papers.load_roster_note(conn, version)
        return None if held is None else held[1]

    def _numbered_roster(self, conn: sa.Connection, text: str, tags: frozenset[str]) -> Answer:
        try:
            version = parse_num(text)
        except ParseError:
            return not_found()
        return _note_answer(self._roster_note(conn, version), FOREVER, tags)

    def _mirrored(self, conn: sa.Connection, digest: str) -> sa.Row[Any] | None:
        """Find a mirrored log: those of others; at the hub also its own, which its catalogue note names."""
        for row in logs.load_logs(conn):
            if hashlib.sha256(row.origin.encode()).hexdigest() == digest:
                is_served = row.member == "hub" or not row.own
                return row if is_served and not self._is_hidden(row.origin) else None
        return None

    def _log_file(self, conn: sa.Connection, row: sa.Row[Any] | None, rest: str, tags: frozenset[str]) -> Answer:
        """Answer for one path below a log's prefix."""
        if row is None or not row.size:
            return not_found()
        word, _, name = rest.partition("/")
        try:
            if rest == "checkpoint":
                return _note_answer(bytes(row.note), SHORTLY, tags)
            if word == "tile":
                return _tile(conn, row, parse_tile_path(rest))
            if word == "proof":
                return _proof(conn, row, parse_num(name))
            if word == "payload":
                return self._payload(conn, row, parse_commitment(name), tags)
            if word == "payloads":
                return self._payloads(conn, row, parse_tile_number(name), tags)
        except ParseError:
            pass  # not one of our spellings: nothing is there
        return not_found()

    def _payload(self, conn: sa.Connection, row: sa.Row[Any], commitment: bytes, tags: frozenset[str]) -> Answer:
        if facts.load_number(conn, "recovering-since"):
            return _recovering()
        if not serving.given_out(conn, row.id, [commitment], now=self._clock.now()):
            reason = serving.reason_gone(conn, row.id, commitment)
            return not_found() if reason is None else _gone(reason)
        tag = f'W/"{commitment.hex()}"'
        if _is_held(tag, tags):
            return _not_modified(tag, PERSONAL)
        body = payloads.load_payload(conn, row.id, commitment) or b""
        return _file(body, JSON, PERSONAL, tag)

    def _payloads(self, conn: sa.Connection, row: sa.Row[Any], number: int, tags: frozenset[str]) -> Answer:
        """All payloads of a bundle that may be given out, in the order of their entries (PROTOCOL 5)."""
        if facts.load_number(conn, "recovering-since"):
            return _recovering()
        if number * WIDTH >= row.size:
            return not_found()
        published = [e for e in parse_entries(logs.load_entries(conn, row.id, number)) if isinstance(e, Publish)]
        lengths = {entry.commitment: entry.length for entry in published}
        allowed = serving.given_out(conn, row.id, list(lengths), now=self._clock.now())
        order = [commitment for commitment in lengths if commitment in allowed]
        if sum(lengths[commitment] + 1 for commitment in order) > limits.PAYLOADS_MAX_BYTES:
            return not_found()
        # The commitments name the bytes, so they make the tag without reading them.
        tag = f'"{hashlib.sha256(b"".join(order)).hexdigest()[:32]}"'
        if _is_held(tag, tags):
            return _not_modified(tag, PERSONAL)
        bodies = payloads.load_payloads(conn, row.id, order)
        return _file(b"".join([bodies[commitment] + b"\n" for commitment in order]), NDJSON, PERSONAL, tag)


# --- tiles and proofs -------------------------------------------------------------------------------------------------


def _tile(conn: sa.Connection, row: sa.Row[Any], path: TilePath) -> Answer:
    """Answer for a tile of any width that the log had at some size; wider or further ones do not exist yet."""
    level = 0 if path.level == "entries" else path.level
    if path.n * WIDTH + path.width > row.size >> (8 * level):
        return not_found()
    if path.level == "entries":
        body = _cut_bundle(logs.load_bundle(conn, row.id, path.n), path.width)
    elif level == 0:
        body = logs.load_leaves(conn, row.id, path.n)[: path.width * _HASH]
    else:
        body = hash_tile(level, path.n, path.width, logs.TreeReader(conn, row.id))
    return _file(body, BINARY, FOREVER)


def _cut_bundle(data: bytes, width: int) -> bytes:
    """Return the first `width` entries of a bundle with their lengths."""
    end = 0
    for _ in range(width):
        end += 2 + int.from_bytes(data[end : end + 2], "big")
    return data[:end]


def _proof(conn: sa.Connection, row: sa.Row[Any], index: int) -> Answer:
    """Prove one entry: under the checkpoint with the hub's cosignature where that covers it (PROTOCOL 12)."""
    if index >= row.size:
        return not_found()
    note = bytes(row.receipt) if index < row.receipt_size else bytes(row.note)
    size = parse_checkpoint_text(parse_note(note).text).size
    path = inclusion_proof(index, size, logs.TreeReader(conn, row.id))
    entry = logs.load_entry(conn, row.id, index)
    return _file(format_proof(Proof(entry, index, tuple(path), note)), TEXT, A_MINUTE)


# --- answers ----------------------------------------------------------------------------------------------------------


def _file(body: bytes, content_type: str, cache: str, tag: str = "") -> Answer:
    headers = {"Content-Type": content_type, "Cache-Control": cache}
    return Answer(200, body, headers | ({"ETag": tag} if tag else {}))


def _note_answer(note: bytes | None, cache: str, tags: frozenset[str]) -> Answer:
    """Answer with a signed note and a strong tag of its bytes."""
    if note is None:
        return not_found()
    tag = f'"{hashlib.sha256(note).hexdigest()[:32]}"'
    return _not_modified(tag, cache) if _is_held(tag, tags) else _file(note, TEXT, cache, tag)


def _is_held(tag: str, tags: frozenset[str]) -> bool:
    return "*" in tags or tag.removeprefix("W/") in tags


def _not_modified(tag: str, cache: str) -> Answer:
    return Answer(304, b"", {"ETag": tag, "Cache-Control": cache})


def _problem(status: int, code: str, title: str, **members: str) -> Answer:
    body = msgspec.json.encode({"title": title, "status": status, "code": code, **members})
    return Answer(status, body, {"Content-Type": PROBLEM, "Cache-Control": "no-store"})


def not_found() -> Answer:
    """Answer for what does not exist: never 200, never stored by a cache."""
    return _problem(404, "not_found", "Not found")


def _gone(reason: str) -> Answer:
    return _problem(410, "gone", "Gone", reason=reason)


def _recovering() -> Answer:
    """Answer for payloads while it is not known which of them were erased meanwhile (PROTOCOL 4 W6)."""
    answer = _problem(503, Code.E_RECOVERING, "Recovering")
    answer.headers["Retry-After"] = str(_RECOVERING_RETRY_SECONDS)
    return answer
