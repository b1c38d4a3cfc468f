"""A local copy of a hub's catalogue, verified entry by entry with the reader that nodes use.

One directory holds everything: `copy.json` (hub, pinned root keys, networks) and `copy.db` (what was verified).
Nothing that the hub says is believed but which logs count (PROTOCOL 7); every city's signature, every hash and the
digest of the catalogue are checked here.  A run that ends early goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from shared.clock import Clock
from shared.consume import Consumer, Standing, mirror_path, shown_origins
from shared.database import Database
from shared.errors import ConfigError, FetchError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.keys import parse_vkey
from shared.feed.note import parse_note
from shared.feed.outcomes import Code
from shared.feed.payload import SchemaCheck
from shared.feed.roster import Pins, parse_roster
from shared.follow import Reader, Report
from shared.holdings import catalogue, logs, payloads
from shared.holdings.catalogue import Mark, Shown
from shared.holdings.tables import metadata
from shared.judges import judges
from shared.net.fetcher import PrefixFetcher, WebReader
from shared.rosterbook import RosterBook
from shared.sources import FetchedSource

SETTINGS_FILE, DATABASE_FILE = "copy.json", "copy.db"
_DEADLINE_SECONDS = 20.0
_ROUNDS = 3
_AT_ONCE = 256
_CACHE_SECONDS = 30
"""How long after a note a checkpoint that a cache still holds may be older than the note says."""
_ERASURES_ASKED = 20
"""The newest erasures that are asked for at each run: nobody may serve them any more."""


class CopySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a copy was made with; the root keys are the only thing that has to be trusted."""

    hub: str  # base URL without trailing slash
    roots: tuple[str, ...]  # verifier keys
    threshold: int = 1  # how many root signatures a roster needs
    allow_networks: tuple[str, ...] = ()  # where http and private addresses are allowed


class Change(msgspec.Struct, frozen=True):
    """One record that differs from the run before."""

    op: str  # created, updated, withdrawn or erased
    id: str
    member: str
    title: str = ""


class Followed(msgspec.Struct, frozen=True):
    """What a run came to.  `code` is OK where everything is as the cities signed it and the hub's digest is right."""

    code: Code
    message: str = ""
    note_time: int | None = None
    digest: str = ""
    offers: int = 0
    missing: int = 0
    is_compared: bool = False  # with the digest of the note; not while the mirrors hold more than it names
    signatures: int = 0
    changes: tuple[Change, ...] = ()
    reports: tuple[Report, ...] = ()


class LocalCopy:
    """One directory with a verified copy.

    Args:
        home: the directory; made by `make_copy`.
        web: asks the hub.
        schema: checks a payload line of a kind; by default against the offer model.
    """

    def __init__(
        self, home: Path, settings: CopySettings, clock: Clock, web: WebReader, *, schema: SchemaCheck | None = None
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._web = web
        self.db = Database(f"sqlite:///{home / DATABASE_FILE}")
        metadata.create_all(self.db.engine)
        self.book = RosterBook(self.db, Pins(tuple(parse_vkey(key) for key in settings.roots), settings.threshold))
        self._consumer = Consumer(self.db, clock, Reader(self.db, clock, schema or judges().schema), self.book)

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def follow(self) -> Followed:
        """Read what is new, verify it, and say what changed; never raises for what the hub does."""
        before = self._shown()
        reports: list[Report] = []
        try:
            said = self._read(reports)
        except (FetchError, ParseError, VerificationError) as error:
            changes = self._changes(before)
            return Followed(Code(error.code), error.message, changes=tuple(changes), reports=tuple(reports))
        standing = self._consumer.standing()
        code, message = self._judge(said, reports, standing)
        changes = self._changes(before)
        if code is Code.OK and not changes and not any(report.size > report.start for report in reports):
            code = Code.OK_UNCHANGED
        return Followed(
            code, message, said.time, standing.digest if standing else "", standing.offers if standing else 0,
            standing.missing if standing else 0, standing is not None and standing.is_level,
            sum(report.signatures_checked for report in reports), tuple(changes), tuple(reports),
        )  # fmt: skip

    def _read(self, reports: list[Report]) -> CatalogueNote:
        """Read everything that the newest note names; again while the mirrors run ahead of it (PROTOCOL 7)."""
        said = self._accept()
        for _ in range(_ROUNDS):
            reports += self._consumer.follow(said, self._source)
            held = self._sizes()
            with self.db.read() as conn:
                is_ahead = any(held.get(source.origin, 0) > source.size for source in said.sources)
                # What only a held fold shows is wanted once the log has been read.
                is_wanting = payloads.has_due_wants(conn, now=self._clock.now())
            if not is_ahead and not is_wanting:
                break
            if is_ahead:
                said = self._accept()
        return said

    def newest(self) -> CatalogueNote | None:
        """Return the newest note that was accepted."""
        return self._consumer.newest()

    def standing(self) -> Standing | None:
        """Return how the copy stands against that note."""
        return self._consumer.standing()

    def offers(self) -> Iterator[tuple[str, bytes]]:
        """Yield (member, payload line) of every offer that is shown, by member and id."""
        return ((shown.member, shown.body) for shown in self.shown(kind="offer"))

    def shown(self, *, kind: str | None = None) -> Iterator[Shown]:
        """Yield every record that is shown, of one kind or of all, by member and id; never many at once in memory."""
        origins = self._origins()
        with self.db.read() as conn:
            marks = sorted((mark.member, mark.rid) for mark in catalogue.iterate_marks(conn, origins, kind=kind))
            for start in range(0, len(marks), _AT_ONCE):
                rids = [rid for _, rid in marks[start : start + _AT_ONCE]]
                found = {shown.rid: shown for shown in catalogue.find_many(conn, origins, rids)}
                yield from (found[rid] for rid in rids if rid in found)

    def _origins(self) -> list[str]:
        said = self.newest()
        return [] if said is None else shown_origins(said)

    def _accept(self) -> CatalogueNote:
        answer = self._web.get(
            f"{self.settings.hub}/catalogue", max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=_DEADLINE_SECONDS
        )
        if answer.status != 200:
            raise FetchError(f"/catalogue answers {answer.status}", kind="status", status=answer.status)
        return self._consumer.accept(answer.body, self._roster)

    def _roster(self, version: int) -> bytes | None:
        try:
            answer = self._web.get(
                f"{self.settings.hub}/roster/{version}", max_bytes=limits.LARGE_NOTE_MAX_BYTES,
                deadline_seconds=_DEADLINE_SECONDS,
            )  # fmt: skip
        except FetchError:
            return None
        return answer.body if answer.status == 200 else None

    def _source(self, origin: str) -> FetchedSource:
        prefix = f"{self.settings.hub}/{mirror_path(origin)}"
        return FetchedSource(PrefixFetcher(self._web, prefix), prefix)

    def _judge(self, said: CatalogueNote, reports: Sequence[Report], standing: Standing | None) -> tuple[Code, str]:
        """Return the worst that was found, what was refused before what is merely late."""
        newest = {report.origin: report for report in reports}.values()
        bad = sorted((r for r in newest if not r.is_good), key=lambda report: report.code is Code.E_FETCH)
        if bad:
            return bad[0].code, f"{bad[0].member}: {bad[0].message}"
        if served := self._erased_served():
            return Code.E_ERASED_SERVED, served
        if withheld := self._withheld(said):
            is_settled = self._clock.now() - said.time > _CACHE_SECONDS
            return Code.E_HUB_MISREPRESENTS if is_settled else Code.E_REPLAY, withheld
        if standing is not None and standing.is_level and not standing.agrees:
            return (
                Code.E_HUB_MISREPRESENTS,
                f"the note's digest is {said.digest.hex()}, the logs give {standing.digest}",
            )
        if standing is not None and standing.missing:
            return self._refused(standing.missing)
        if self._clock.now() - said.time > limits.HUB_FRESH_SECONDS:
            return Code.E_HUB_STALE, ""
        return Code.OK, ""

    def _withheld(self, said: CatalogueNote) -> str:
        """Return which log is served shorter than the note says, empty for none."""
        held = self._sizes()
        for source in said.sources:
            if held.get(source.origin, 0) < source.size:
                return f"{source.member}: {source.size} entries named, {held.get(source.origin, 0)} served"
        return ""

    def _sizes(self) -> dict[str, int]:
        with self.db.read() as conn:
            return {row.origin: row.size for row in logs.load_logs(conn)}

    def _refused(self, missing: int) -> tuple[Code, str]:
        """Return why payloads are missing: what was refused before what is not served."""
        with self.db.read() as conn:
            rows = payloads.load_quarantine(conn)
        found = sorted((row.code == Code.E_PAYLOAD_MISSING, row.code, row.member, row.message) for row in rows)
        if not found:
            return Code.E_PAYLOAD_MISSING, f"{missing} payloads are not served"
        _, code, member, message = found[0]
        return Code(code), f"{missing} payloads are missing; {member}: {message}"

    def _erased_served(self) -> str:
        """Ask the hub for the newest erasures; return the address of one that it still serves, empty for none."""
        with self.db.read() as conn:
            newest = payloads.newest_erasures(conn, before=self._clock.now(), most=_ERASURES_ASKED)
        for origin, commitment in newest:
            url = f"{self.settings.hub}/{mirror_path(origin)}payload/{commitment.hex()}"
            answer = self._web.get(url, max_bytes=limits.PAYLOAD_MAX_BYTES, deadline_seconds=_DEADLINE_SECONDS)
            if answer.status == 200:
                return url
        return ""

    def _shown(self) -> dict[bytes, Mark]:
        origins = self._origins()
        with self.db.read() as conn:
            return {mark.rid: mark for mark in catalogue.iterate_marks(conn, origins)}

    def _changes(self, before: dict[bytes, Mark]) -> list[Change]:
        """Return what is shown in another way than before, by id."""
        after, origins, found = self._shown(), self._origins(), []
        gone = [rid for rid in before if rid not in after]
        news = [rid for rid, now in after.items() if rid not in before or before[rid].commitment != now.commitment]
        with self.db.read() as conn:
            erased = payloads.erased_anywhere(conn, [before[rid].commitment for rid in gone])
            titles = {named.rid: named.title for named in catalogue.load_named(conn, origins, news)}
        for rid in gone:
            op = "erased" if before[rid].commitment in erased else "withdrawn"
            found.append(Change(op, rid.hex(), before[rid].member))
        for rid in news:
            op = "updated" if rid in before else "created"
            found.append(Change(op, rid.hex(), after[rid].member, titles.get(rid, "")))
        return sorted(found, key=lambda change: change.id)


def make_copy(home: Path, settings: CopySettings) -> None:
    """Make the directory of a copy.

    Raises:
        ConfigError: there is a copy already, or a key cannot be read.
    """
    if (home / SETTINGS_FILE).exists():
        raise ConfigError(
            f"In {home} ist schon eine Kopie", advice="kreisweit-verify follow ohne Adresse führt sie fort."
        )
    for key in settings.roots:
        parse_vkey(key)
    home.mkdir(parents=True, exist_ok=True)
    (home / SETTINGS_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(settings), indent=2) + b"\n")


def load_copy(home: Path) -> CopySettings:
    """Read what a copy was made with; ConfigError where there is none."""
    try:
        return msgspec.json.decode((home / SETTINGS_FILE).read_bytes(), type=CopySettings)
    except FileNotFoundError as error:
        raise ConfigError(
            f"In {home} ist keine Kopie",
            advice="kreisweit-verify follow https://HUB --root SCHLÜSSEL legt eine an.",
        ) from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{home / SETTINGS_FILE} ist beschädigt: {error}") from error


def first_roots(hub: str, web: WebReader) -> tuple[tuple[str, ...], int]:
    """Return the root keys and the threshold that a hub names itself: for a first look, not for trust."""
    answer = web.get(f"{hub}/roster", max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=_DEADLINE_SECONDS)
    if answer.status != 200:
        raise FetchError(f"/roster answers {answer.status}", kind="status", status=answer.status)
    roster = parse_roster(parse_note(answer.body, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
    return tuple(key.vkey for key in roster.roots), roster.threshold


@contextmanager
def opened_copy(home: Path, settings: CopySettings, clock: Clock, web: WebReader) -> Iterator[LocalCopy]:
    """Open a copy and close it again."""
    copy = LocalCopy(home, settings, clock, web)
    try:
        yield copy
    finally:
        copy.close()
