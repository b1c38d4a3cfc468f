"""The hub, put together: database, keys, reader, sealer.

Everything it does stands in the use cases beside this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.asked_run import Run
from hub.roles import ROLES, city_limit
from hub.settings import HubSettings
from shared.accounts.registry import Registry
from shared.clock import Clock, Dice
from shared.database import Database
from shared.feed.roster import MemberRow
from shared.feed.trusted_log import Keys
from shared.follow import Reader
from shared.holdings import facts, logs
from shared.holdings.digest import CatalogueDigester
from shared.judges import Judges
from shared.model.district import District
from shared.model.vocabulary.collection import Vocabularies
from shared.net.fetcher import PrefixFetcher, WebAccess
from shared.net.late import LateWeb
from shared.net.settings import NetSettings
from shared.outputs.store import FILE_NAME as OUTPUTS_NAME
from shared.rosterbook import RosterBook
from shared.seal import Sealer, Signer
from shared.search.index import FILE_NAME as INDEX_NAME
from shared.settings import load_district
from shared.sources import FetchedSource
from shared.vocabulary_book import VocabularyBook

if TYPE_CHECKING:
    from shared.indexing import Indexer
    from shared.likeness.profile import Profiler
    from shared.outputs.opening import PartyOutputs
    from shared.search.finding import Finder

Runner = Callable[[Sequence[Callable[[], None]]], None]
"""Begins independent jobs: in threads when serving, without waiting; one after the other in a simulation."""

Kept = TypeVar("Kept")

UNREACHABLE = "-"
"""Roster URL of a member that delivers by push only."""


def run_inline(jobs: Sequence[Callable[[], None]]) -> None:
    """Run jobs one after the other, all of them; the first error reaches the caller."""
    errors = []
    for job in jobs:
        try:
            job()
        except Exception as error:  # noqa: BLE001 - one member's trouble keeps no other waiting, as in threads
            errors.append(error)
    if errors:
        raise errors[0]


class Hub:
    """The district's party in the federation.

    Args:
        run_all: the seam for parallel work.
    """

    def __init__(
        self,
        settings: HubSettings,
        db: Database,
        signer: Signer,
        judges: Judges,
        *,
        clock: Clock,
        dice: Dice,
        web: WebAccess,
        run_all: Runner = run_inline,
    ) -> None:
        self.settings = settings
        self.db = db
        self.signer = signer
        self.judges = judges
        self.clock = clock
        self.dice = dice
        self.web = web
        self.run_all = run_all
        self.run_telling: Runner = run_inline
        """The seam for messages to integrators: they have threads of their own, so that no member waits for them."""
        self.run_asked: Runner = run_inline
        """The seam for reads that a person asked for: beside the request when serving."""
        self.asked_runs: dict[str, Run] = {}
        """How far such reads are, by member."""
        self._running: set[str] = set()
        self._kept: dict[Callable[[Hub], Any], Any] = {}
        self.book = RosterBook(db, settings.pins)
        self.vocabulary_book = VocabularyBook(db, clock)
        self.reader = Reader(db, clock, judges.schema, cosigner=signer.witness)
        self.sealer = Sealer(db, signer, self.own_keys, names=judges.names, title_of=judges.title_of)
        self.digester = CatalogueDigester()
        self.accounts = Registry(
            db, clock, dice, ROLES, member="hub", title="kreisweit-Hub", totp_required=settings.totp_required,
            limit=lambda: city_limit(self.district), names=lambda: self.district.names,
        )  # fmt: skip
        # Parties without a directory, in simulations, have no index unless they are given a path for it.
        self.index_path = Path(settings.home) / INDEX_NAME if settings.home else None
        self.outputs_path = Path(settings.home) / OUTPUTS_NAME if settings.home else None
        self.push_attempts: dict[str, tuple[int, int, int]] = {}

    def kept(self, make: Callable[[Hub], Kept]) -> Kept:
        """Return what a use case keeps in memory for this hub, made with the first question for it."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: Kept = self._kept[make]
        return found

    def launch(self, jobs: Mapping[str, Callable[[], None]], *, run: Runner | None = None) -> int:
        """Begin jobs, each under a name; one whose name is still running is left out.  Returns how many were begun.

        A member that hangs so keeps nobody else waiting, and is not asked twice at a time.
        """
        fresh = {name: job for name, job in jobs.items() if name not in self._running}
        self._running.update(fresh)
        (run or self.run_all)([partial(self._run, name, job) for name, job in fresh.items()])
        return len(fresh)

    def _run(self, name: str, job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            self._running.discard(name)

    @property
    def home(self) -> Path:
        """Directory of the hub's files."""
        return Path(self.settings.home)

    @cached_property
    def district(self) -> District:
        """The district profile that the settings name, or the one that ships."""
        return load_district(self.settings.district)

    def vocabularies(self, conn: sa.Connection | None = None) -> Vocabularies:
        """Return the vocabularies that hold now; within a transaction by its connection."""
        return self.vocabulary_book.now(conn)

    @cached_property
    def finder(self) -> Finder:
        """Finds offers in the hub's index; no city comes first."""
        from shared.search.finding import Finder

        return Finder(self.index_path, self.vocabularies, self.district)

    @cached_property
    def profiler(self) -> Profiler:
        """Makes of offers what is compared to find those that are the same.

        By the words that come with the program, whatever the district edits: a synonym that helps visitors to find
        more must not change what was measured to be the same.
        """
        from shared.likeness.profile import Profiler
        from shared.model.shipped import shipped_vocabularies
        from shared.search.lexicon import load_lexicon

        return Profiler(load_lexicon(shipped_vocabularies(), self.district), self.district)

    @cached_property
    def indexer(self) -> Indexer | None:
        """Keeps the index in step; None for a hub without a place for one."""
        from shared.indexing import Indexer

        if self.index_path is None:
            return None
        return Indexer(self.db, self.index_path, self.vocabularies, self.district)

    @cached_property
    def egress(self) -> WebAccess:
        """Asks addresses that integrators name: networks that are opened for members are closed to them."""
        settings = self.settings
        return LateWeb(NetSettings(settings.webhook_networks, settings.proxy or None), self.clock)

    @property
    def public_url(self) -> str:
        """Origin under which people reach the pages."""
        place = urlsplit(self.settings.url)
        return f"{place.scheme}://{place.netloc}"

    @cached_property
    def outputs(self) -> PartyOutputs:
        """What integrators read, and what keeps it."""
        from shared.outputs.opening import open_outputs

        return open_outputs(
            self.db, self.clock, self.outputs_path, vocabularies=self.vocabularies,
            district=self.district, public_url=self.public_url, sites=self.book.sites,
            finder=lambda: self.finder,
        )  # fmt: skip

    @property
    def own_keys(self) -> Keys:
        """What the roster says about the hub's own log."""
        witness = self.signer.witness.verifying
        return Keys(
            origin=self.settings.origin,
            member="hub",
            ags="",
            generation=self.settings.generation,
            log_keys=tuple(key.verifying for key in self.signer.log_keys),
            witness_keys=(witness,),
            hub_witness=(witness,),
        )

    def moment(self, time: int | None = None) -> datetime:
        """Return a time, in Unix seconds, as the district's clocks show it; by default that of now."""
        return datetime.fromtimestamp(self.clock.now() if time is None else time, ZoneInfo(self.district.timezone))

    def today(self) -> date:
        """Return the day on the district's clocks."""
        return self.moment().date()

    def is_recovering(self, conn: sa.Connection | None = None) -> bool:
        """The state others hold of the members' logs is not known yet (PROTOCOL 4 W6)."""
        if conn is None:
            with self.db.read() as own:
                return self.is_recovering(own)
        return bool(facts.load_number(conn, "recovering-since"))

    def ensure_own_log(self) -> None:
        """Make the own log's row where keys exist but the database is empty: then it is recovering.

        Never a second hello.
        """
        with self.db.write() as conn:
            if logs.find_log(conn, self.settings.origin) is None:
                logs.create_log(conn, self.own_keys, own=True)
                facts.save_fact(conn, "recovering-since", self.clock.now())

    def members(self, conn: sa.Connection | None = None) -> tuple[MemberRow, ...]:
        """Roster rows of all members, one each, by name."""
        return self.book.members(conn)

    def member_source(self, row: MemberRow) -> FetchedSource | None:
        """Where a member serves its own log, or None when it delivers by push only."""
        if row.url == UNREACHABLE:
            return None
        prefix = f"{row.url}/feed/g{row.generation}/"
        return FetchedSource(PrefixFetcher(self.web, prefix), prefix)
