"""One node, put together: database, keys, reader, sealer.

Everything it does stands in the use cases beside this module.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from node.roles import ROLES
from node.settings import Membership, NodeSettings
from shared.accounts.registry import Registry
from shared.clock import Clock, Dice
from shared.consume import Consumer
from shared.database import Database
from shared.errors import LogStateError
from shared.feed.trusted_log import Keys
from shared.follow import Reader
from shared.holdings import facts, logs
from shared.judges import Judges
from shared.logs import Log
from shared.model.vocabulary.collection import Vocabularies
from shared.net.fetcher import WebAccess
from shared.outputs.store import FILE_NAME as OUTPUTS_NAME
from shared.rosterbook import RosterBook
from shared.seal import Sealer, Signer
from shared.search.index import FILE_NAME as INDEX_NAME
from shared.settings import load_district
from shared.vocabulary_book import VocabularyBook

if TYPE_CHECKING:
    from shared.indexing import Indexer
    from shared.outputs.opening import PartyOutputs
    from shared.search.finding import Finder


class Node:
    """One city's party in the federation.

    Args:
        signer: the keys of the current generation.
        membership: None before `join`.
    """

    def __init__(
        self,
        settings: NodeSettings,
        db: Database,
        signer: Signer,
        judges: Judges,
        membership: Membership | None,
        *,
        clock: Clock,
        dice: Dice,
        web: WebAccess,
    ) -> None:
        self.settings = settings
        self.db = db
        self.signer = signer
        self.judges = judges
        self.membership = membership
        self.clock = clock
        self.dice = dice
        self.web = web
        self.book = RosterBook(db, membership.pins if membership else None)
        self.vocabulary_book = VocabularyBook(db, clock)
        self.reader = Reader(db, clock, judges.schema)
        self.consumer = Consumer(db, clock, self.reader, self.book, own_origin=settings.origin)
        self.sealer = Sealer(db, signer, self.own_keys, names=judges.names, title_of=judges.title_of)
        self.accounts = Registry(
            db, clock, dice, ROLES, member=settings.name, title=settings.title, totp_required=settings.totp_required,
            names=lambda: load_district(self.settings.district).names,
        )  # fmt: skip
        # Parties without a directory, in simulations, have no index unless they are given a path for it.
        self.index_path = Path(settings.home) / INDEX_NAME if settings.home else None
        self.outputs_path = Path(settings.home) / OUTPUTS_NAME if settings.home else None
        self.log: Log | None = None  # of the process that serves; a command has none
        self.last_wants: dict[str, int] = {}
        self.resent_in_vain: dict[str, int] = {}

    @property
    def public_url(self) -> str:
        """Origin under which people reach the pages; empty for a node that outsiders cannot reach."""
        return self.settings.public_url

    @property
    def home(self) -> Path:
        """Directory of this node's files."""
        return Path(self.settings.home)

    def vocabularies(self, conn: sa.Connection | None = None) -> Vocabularies:
        """Return the vocabularies that hold now; within a transaction by its connection."""
        return self.vocabulary_book.now(conn)

    @cached_property
    def finder(self) -> Finder:
        """Finds offers in this node's index; its own city comes first."""
        from shared.search.finding import Finder

        district = load_district(self.settings.district)
        return Finder(self.index_path, self.vocabularies, district, own_member=self.settings.name)

    @cached_property
    def indexer(self) -> Indexer | None:
        """Keeps the index in step; None for a node without a place for one."""
        from shared.indexing import Indexer

        if self.index_path is None:
            return None
        return Indexer(self.db, self.index_path, self.vocabularies, load_district(self.settings.district))

    @cached_property
    def outputs(self) -> PartyOutputs:
        """What integrators read, and what keeps it."""
        from shared.outputs.opening import open_outputs

        return open_outputs(
            self.db, self.clock, self.outputs_path, vocabularies=self.vocabularies,
            district=load_district(self.settings.district), public_url=self.settings.public_url, sites=self.book.sites,
            finder=lambda: self.finder,
        )  # fmt: skip

    @property
    def own_keys(self) -> Keys:
        """What the roster says (or will say) about our own log."""
        settings = self.settings
        return Keys(
            origin=settings.origin,
            member=settings.name,
            ags=settings.ags,
            generation=settings.generation,
            log_keys=tuple(key.verifying for key in self.signer.log_keys),
            witness_keys=(self.signer.witness.verifying,),
        )

    @property
    def hub_url(self) -> str:
        """Base URL of the hub: the roster's, before there is one the invite's."""
        hub = self.book.hub()
        if hub is not None:
            return hub.url
        if self.membership is None:
            raise LogStateError("Dieser Knoten ist noch kein Mitglied", advice="kreisweit-node join CODE --url URL")
        return self.membership.hub

    @property
    def is_member(self) -> bool:
        """The roster names our own log."""
        return self.book.keys_for(self.settings.origin, as_mirror=False) is not None

    def ensure_own_log(self) -> None:
        """Make the own log's row where keys exist but the database is empty: then it is recovering.

        Never a second hello.
        """
        with self.db.write() as conn:
            if logs.find_log(conn, self.settings.origin) is None:
                logs.create_log(conn, self.own_keys, own=True)
                facts.save_fact(conn, "recovering-since", self.clock.now())
