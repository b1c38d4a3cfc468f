"""„Vertrauen prüfen“: who signed what, by which keys, how each log stands, and how to check all of it without us.

Also for programs, as `/vertrauen.json`.  Every time that is shown was verified over the checkpoint that is held; what
cannot be is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.consume import mirror_path
from shared.errors import ParseError, VerificationError
from shared.feed.base64s import encode_base64
from shared.feed.catalogue_note import Source
from shared.feed.join import fingerprint
from shared.feed.keys import VerifyingKey
from shared.feed.note import is_line_by, parse_note, verify_time_line
from shared.feed.roster import Roster, rows_for_origin
from shared.holdings import logs
from shared.rosterbook import RosterBook
from shared.web.outputs.source import JSON
from shared.web.public.face import Face

TRUST = "/vertrauen"


class Pair(msgspec.Struct, frozen=True):
    """The two keys of a log, and the fingerprint that people compare."""

    log: str  # verifier keys
    witness: str
    fingerprint: str


class LogTrust(msgspec.Struct, frozen=True):
    """One log as this party holds it."""

    member: str
    state: str
    origin: str
    size: int
    root: str  # base64, as in the checkpoint
    signed: int | None  # Unix seconds, by the owner's witness key
    witnessed: int | None  # by the hub's
    checkpoint: str  # path
    keys: tuple[Pair, ...]  # several during a rotation


class Trust(msgspec.Struct, frozen=True):
    """Everything that somebody needs who believes nobody."""

    roots: tuple[str, ...]  # verifier keys
    threshold: int
    roster_version: int
    roster_expires: int
    note_time: int | None
    digest: str
    logs: tuple[LogTrust, ...]


def trust_routes(face: Face) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the page and of its data."""
    book = RosterBook(face.db, None)

    @get(TRUST, sync_to_thread=True, include_in_schema=False)
    def trust_page() -> Response[str]:
        hub = book.hub()
        return face.pages.respond(
            "public/trust.html", path=TRUST, standing=face.standing(), trust=read_trust(face, book), words=face.words,
            hub_url=hub.url if hub else "",
        )  # fmt: skip

    @get(f"{TRUST}.json", sync_to_thread=True, include_in_schema=False)
    def trust_data() -> Response[bytes]:
        body = msgspec.json.encode(read_trust(face, book))
        return Response(body, media_type=JSON, headers={"Cache-Control": "no-cache"})

    return [trust_page, trust_data]


def read_trust(face: Face, book: RosterBook) -> Trust | None:
    """Return what is known, or None before a roster is held."""
    said = face.said()
    with face.db.read() as conn:
        held = book.newest(conn)
        if held is None:
            return None
        rows = {row.origin: row for row in logs.load_logs(conn)}
    sources = () if said is None else said.sources
    roster = held.roster
    return Trust(
        roots=tuple(key.vkey for key in roster.roots),
        threshold=roster.threshold,
        roster_version=roster.version,
        roster_expires=roster.expires,
        note_time=None if said is None else said.time,
        digest="" if said is None else said.digest.hex(),
        logs=tuple(
            _log(source, rows[source.origin], roster)
            for source in sorted(sources, key=lambda source: (source.member == "hub", source.member))
            if source.origin in rows and rows[source.origin].size
        ),
    )


def _log(source: Source, row: sa.Row[Any], roster: Roster) -> LogTrust:
    hub = roster.hub
    if source.origin == hub.origin:
        keys = [(hub.log_key, hub.witness_key)]
    else:
        keys = [(one.log_key, one.witness_key) for one in rows_for_origin(roster, source.origin)]
    note = bytes(row.receipt) if row.receipt_size == row.size else bytes(row.note)
    prefix = f"feed/{source.origin.rpartition('/')[2]}/" if row.own else mirror_path(source.origin)
    return LogTrust(
        member=source.member,
        state=source.word,
        origin=source.origin,
        size=row.size,
        root=encode_base64(bytes(row.root)),
        signed=_newest_time(bytes(row.note), [witness for _, witness in keys]),
        witnessed=_newest_time(note, [hub.witness_key]),
        checkpoint=f"/{prefix}checkpoint",
        keys=tuple(Pair(log.vkey, witness.vkey, fingerprint(log.vkey, witness.vkey)) for log, witness in keys),
    )


def _newest_time(data: bytes, keys: Sequence[VerifyingKey]) -> int | None:
    """Return when one of these witness keys signed a checkpoint last; None where none of them verifiably did."""
    times = []
    try:
        note = parse_note(data)
        for key in keys:
            times += [verify_time_line(key, note.text, line) for line in note.signatures if is_line_by(key, line)]
    except (ParseError, VerificationError):
        return None
    return max(times, default=None)
