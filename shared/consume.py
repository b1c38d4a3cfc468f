"""Follows the catalogue that the hub names: accept its note, read the mirrors, fold as the note says (PROTOCOL 7).

The same for a node and for an integrator; a node adds that its own log is its own business.  The hub's word decides
which logs count and how they are shown, never what they say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.clock import Clock
from shared.database import Database
from shared.errors import StaleError, VerificationError
from shared.feed import limits
from shared.feed.catalogue_note import CatalogueNote, Source, parse_catalogue_text
from shared.feed.fold import kinds_of
from shared.feed.note import parse_note, verify_line
from shared.feed.outcomes import Code, parse_state_word
from shared.feed.roster import roster_sha256
from shared.feed.trusted_log import Keys
from shared.follow import Guards, Reader, Report
from shared.holdings import catalogue, facts, lease, logs, papers, payloads
from shared.holdings.carrying import ERASURES_UNKNOWN
from shared.holdings.digest import CatalogueDigester
from shared.holdings.growth import freeze_log, thaw_log
from shared.rosterbook import RosterBook
from shared.sources import Source as LogSource

FetchRoster = Callable[[int], bytes | None]
SourceFor = Callable[[str], LogSource]

UNDIGESTED = frozenset({"suspended", "dormant"})
"""Sources in these states are named by a note but are not in its digest."""


class Standing(msgspec.Struct, frozen=True):
    """Where a party's catalogue stands against the newest note it accepted.

    `is_level` says that all sizes are the note's own, so that the digests may be compared.
    """

    note_time: int
    digest: str
    offers: int
    others: int
    missing: int
    is_level: bool
    agrees: bool


def mirror_path(origin: str) -> str:
    """Return the path below a base URL at which a party serves what it holds of `origin`."""
    return f"mirror/{hashlib.sha256(origin.encode()).hexdigest()}/"


class Consumer:
    """Keeps holdings level with the hub's catalogue notes.

    Args:
        own_origin: the log this party writes itself; None for an integrator.
    """

    def __init__(
        self, db: Database, clock: Clock, reader: Reader, book: RosterBook, *, own_origin: str | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._reader = reader
        self._book = book
        self._own_origin = own_origin
        self._digester = CatalogueDigester()

    def accept(self, data: bytes, fetch_roster: FetchRoster) -> CatalogueNote:
        """Accept a catalogue note, or say exactly why not; the newest accepted one is kept.

        Checks: form; roster version (missing ones are fetched and verified); the hub's signature; not from the future;
        not older than the last accepted; not a second text of one time.

        Raises:
            ParseError: E_FORMAT.
            VerificationError: E_ROSTER, E_SIG, E_CLOCK, E_REPLAY, E_HUB_FORK.
        """
        note = parse_note(data, max_bytes=limits.LARGE_NOTE_MAX_BYTES)
        said = parse_catalogue_text(note.text)
        self._take_rosters(said, fetch_roster)
        self._book.verify_in_force(self._clock.now())
        hub = self._book.hub()
        if hub is None:
            raise VerificationError("no roster is held, so nobody is known as the hub", code="E_ROSTER")
        lines = [s for s in note.signatures if s.name == hub.log_key.name and s.key_id == hub.log_key.key_id]
        if not lines:
            raise VerificationError("no signature by the hub of the roster", code="E_SIG")
        for line in lines:
            verify_line(hub.log_key, note.text, line)
        if said.hub != hub.log_key.name.partition("/")[0]:
            raise VerificationError(f"hub {said.hub[:60]!r} named, the roster says otherwise", code="E_ORIGIN")
        if said.time > self._clock.now() + limits.SKEW_SECONDS:
            raise VerificationError(f"catalogue note of {said.time} is ahead of our clock", code="E_CLOCK")
        try:
            with self._db.write() as conn:
                self._keep(conn, said, data, note.text)
        except VerificationError as error:
            self._keep_evidence(hub.log_key.name, error)
            raise
        return said

    def _take_rosters(self, said: CatalogueNote, fetch_roster: FetchRoster) -> None:
        """Get roster versions that the note needs and we lack; what they say is verified by the chain itself."""
        while (version := self._book.version()) < said.roster_version:
            found = fetch_roster(version + 1) if version else fetch_roster(said.roster_version)
            if found is None:
                break
            with self._db.write() as conn:
                if not self._book.extend(conn, found):
                    break
        with self._db.read() as conn:
            held = papers.load_roster_note(conn, said.roster_version)
        if held is None or roster_sha256(held[1]) != said.roster_sha256:
            raise VerificationError(f"roster {said.roster_version} of the note is not held", code="E_ROSTER")

    def _keep(self, conn: sa.Connection, said: CatalogueNote, data: bytes, text: str) -> None:
        last = papers.load_catalogue_note(conn)
        if last is None or said.time > last[0]:
            papers.save_catalogue_note(conn, said.time, data)
            lease.note_time_seen(conn, max(said.time, self._clock.now()))
            facts.bump_fact(conn, "catalogue-version")
        elif said.time < last[0]:
            raise StaleError(f"catalogue note of {said.time}, one of {last[0]} is accepted")
        elif parse_note(last[1], max_bytes=limits.LARGE_NOTE_MAX_BYTES).text != text:
            raise VerificationError(
                f"two catalogue notes of {said.time}", code="E_HUB_FORK", evidence=(last[1], data)
            )  # fmt: skip

    def _keep_evidence(self, origin: str, error: VerificationError) -> None:
        if len(error.evidence) == 2:
            with self._db.write() as conn:
                ours, theirs = error.evidence
                papers.save_evidence(conn, origin, error.code, ours, theirs, now=self._clock.now())

    def newest(self) -> CatalogueNote | None:
        """Return the newest accepted note, or None."""
        with self._db.read() as conn:
            last = papers.load_catalogue_note(conn)
        if last is None:
            return None
        return parse_catalogue_text(parse_note(last[1], max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)

    def shown(self) -> CatalogueNote | None:
        """Return the note whose logs may be shown; None also while it is not known what was erased in them."""
        with self._db.read() as conn:
            if facts.load_fact(conn, ERASURES_UNKNOWN):
                return None
        return self.newest()

    def follow(self, said: CatalogueNote, source_for: SourceFor) -> list[Report]:
        """Read every source that differs from what is held, then show the logs as the note says."""
        reports = []
        with self._db.read() as conn:
            # Reading one log changes nothing that is held of another, so one look before them all will do.
            held = {row.origin: row for row in logs.load_logs(conn)}
            wanting = {origin for origin, row in held.items() if payloads.count_wanted(conn, row.id) > 0}
            keys = {s.origin: self._book.keys_for(s.origin, as_mirror=True, conn=conn) for s in said.sources}
        for source in said.sources:
            if source.origin != self._own_origin:
                is_wanting = source.origin not in held or source.origin in wanting
                report = self._follow_source(
                    source, held.get(source.origin), keys[source.origin], source_for, is_wanting=is_wanting
                )
                if report is not None:
                    reports.append(report)
        with self._db.write() as conn:
            held = {row.origin: row for row in logs.load_logs(conn)}
            for source in said.sources:
                self._show(conn, source, held.get(source.origin))
            self._drop_replaced(conn, {source.origin for source in said.sources})
            if facts.load_fact(conn, ERASURES_UNKNOWN) and self._has_read(conn, said):
                facts.delete_fact(conn, ERASURES_UNKNOWN)
                facts.bump_fact(conn, "catalogue-version")
        return reports

    @staticmethod
    def _has_read(conn: sa.Connection, said: CatalogueNote) -> bool:
        """Tell whether everything that these logs say about erasures is held."""
        held = {row.origin: row.size for row in logs.load_logs(conn)}
        return all(held.get(source.origin, 0) >= source.size for source in said.sources)

    def _follow_source(
        self, source: Source, row: sa.Row[Any] | None, keys: Keys | None, source_for: SourceFor, *, is_wanting: bool
    ) -> Report | None:
        if keys is None:
            if row is not None and (row.size, bytes(row.root)) == (source.size, source.root):
                return None  # a generation that is about to be replaced: held, and shown as it was
            return Report(source.origin, source.member, Code.E_ROSTER, message="the roster does not name this log")
        size = 0 if row is None else row.size
        if size > source.size:
            return None
        if row is not None and size == source.size and bytes(row.root) != source.root:
            return self._another_root(source, bytes(row.note))
        if size == source.size and not is_wanting:
            return None
        return self._reader.read(keys, source_for(source.origin), Guards())

    def _another_root(self, source: Source, held: bytes) -> Report:
        """The note names another root at our size: somebody signed two logs; both papers are kept."""
        with self._db.write() as conn:
            last = papers.load_catalogue_note(conn)
            if last is not None:
                papers.save_evidence(conn, source.origin, str(Code.E_FORK), held, last[1], now=self._clock.now())
        message = "the note names another root"
        return Report(source.origin, source.member, Code.E_FORK, source.size, source.size, message)

    def _show(self, conn: sa.Connection, source: Source, row: sa.Row[Any] | None) -> None:
        """Freeze or thaw the fold of a log as its state word says (`held@num`)."""
        if row is None:
            return
        _, fold = parse_state_word(source.state)
        if fold is None and row.fold is not None:
            thaw_log(conn, row.id)
        elif fold is not None and row.fold != fold and row.size >= fold:
            freeze_log(conn, row.id, fold, kinds=kinds_of(row.member))

    def _drop_replaced(self, conn: sa.Connection, named: set[str]) -> None:
        """Delete payloads of retired members and replaced generations once the note names them no more (PROTOCOL 8)."""
        statuses = self._book.statuses(conn)
        for row in logs.load_logs(conn):
            is_over = statuses.get(row.origin, "unknown") in ("retired", "unknown")
            if (
                is_over
                and row.origin not in named
                and row.origin != self._own_origin
                and payloads.drop_payloads(conn, row.id)
            ):
                # A member that is resumed later is asked for all of them again.
                logs.save_columns(conn, row.id, payloads_from=0)
                facts.save_fact(conn, "scrub-due", 1)

    def standing(self) -> Standing | None:
        """Compute digest and counts of the catalogue as held, and whether it is the note's own.

        None before any note.
        """
        said = self.newest()
        if said is None:
            return None
        with self._db.read() as conn:
            held = {row.origin: row for row in logs.load_logs(conn)}
            digest = compute_digest(conn, said.sources, self._digester)
            shown = shown_origins(said)
            counts = catalogue.count_shown(conn, shown, kind=None)
            offers = sum(catalogue.count_shown(conn, shown, kind="offer").values())
            missing = sum(payloads.count_missing(conn, held[o].id) for o in shown if o in held)
        level = all(_is_level(held.get(source.origin), source) for source in said.sources)
        return Standing(
            note_time=said.time, digest=digest.hex(), offers=offers, others=sum(counts.values()) - offers,
            missing=missing, is_level=level, agrees=level and digest == said.digest,
        )  # fmt: skip


def _is_level(row: sa.Row[tuple[object, ...]] | None, source: Source) -> bool:
    _, fold = parse_state_word(source.state)
    return row is not None and row.size == source.size and bytes(row.root) == source.root and row.fold == fold


def compute_digest(conn: sa.Connection, sources: Sequence[Source], digester: CatalogueDigester) -> bytes:
    """Compute the catalogue digest over the holdings of these sources (PROTOCOL 7)."""
    digested = {s.origin: s.member for s in sources if parse_state_word(s.state)[0] not in UNDIGESTED}
    return digester.digest(conn, digested)


def shown_origins(said: CatalogueNote) -> list[str]:
    """Return the logs whose records are shown under this note."""
    return [s.origin for s in said.sources if parse_state_word(s.state)[0] not in catalogue.HIDDEN_STATES]
