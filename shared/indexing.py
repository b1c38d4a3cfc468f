"""Keeps the search index in step with the catalogue that a party shows.

Compared are marks: which version of which record is shown, and what the index took.  Only what differs is read,
analysed and written, in batches; while nothing changed that costs one look at the logs.  A crash in between leaves an
index that is behind, never one that is wrong: the next look takes up what is missing.

When the vocabularies change, only entries that name a changed term are analysed again, in one transaction: readers see
the old index until the new one is whole.

What is erased leaves the index in the same run, and its remains leave the files with `purge`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from shared.database import Database
from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.holdings.clusters import load_clusters
from shared.logs import Log, describe_exception
from shared.model.district import District
from shared.model.offer import read_offer_line
from shared.model.vocabulary.collection import Vocabularies
from shared.search.analysis import Analyzer, Tokens
from shared.search.facts import FactFinder, Facts, merge_facts
from shared.search.index import Entry, IndexWriter
from shared.search.lexicon import VERSION, Lexicon, load_lexicon

BATCH: Final = 500
IDLE_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 10.0


class Card(msgspec.Struct, frozen=True):
    """One entry to be: the records it stands for, the shown one first, with their versions."""

    marks: tuple[catalogue.Mark, ...]

    @property
    def rid(self) -> bytes:
        """The record that is shown."""
        return self.marks[0].rid

    @property
    def mark(self) -> bytes:
        """Changes with every version of every record, and with who belongs together."""
        if len(self.marks) == 1:
            return self.marks[0].commitment
        return hashlib.sha256(b"".join(one.rid + one.commitment for one in self.marks)).digest()


class Indexer:
    """Writes the index of one party.

    Args:
        path: the index file.
        vocabularies: returns those that hold now; the same object until they change.
    """

    def __init__(
        self, db: Database, path: Path | str, vocabularies: Callable[[], Vocabularies], district: District
    ) -> None:
        self._db = db
        self._load_vocabularies = vocabularies
        self._vocabularies = vocabularies()
        self._district = district
        self._writer = IndexWriter(Path(path), analysis_version(self._vocabularies, district))
        self._seen = ""
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The index file."""
        return self._writer.path

    def catch_up(self, origins: Sequence[str]) -> int:
        """Bring the index level with what these logs show; returns how many entries changed."""
        with self._lock:
            renewed = self._follow_vocabularies(origins)
            with self._db.read() as conn:
                mark = self._mark(conn, origins)
            if mark == self._seen and self.path.exists():
                return renewed
            with self._writer.opened() as index:
                if index.mark() == mark:
                    self._seen = mark
                    return renewed
                held = index.marks()
            with self._db.read() as conn:
                cards = self._cards(conn, origins)
            changed = [card for card in cards if held.get(card.rid) != card.mark]
            gone = sorted(held.keys() - {card.rid for card in cards})
            self._take(origins, changed, gone, mark)
            self._seen = mark
            return renewed + len(changed) + len(gone)

    def _follow_vocabularies(self, origins: Sequence[str]) -> int:
        """Analyse what names changed terms again; returns how many entries did."""
        before, now = self._vocabularies, self._load_vocabularies()
        if now is before:
            return 0
        version = analysis_version(now, self._district)
        if version == self._writer.analysis:
            self._vocabularies = now
            return 0
        with self._db.read() as conn:
            cards = self._cards(conn, origins)
        with self._writer.opened() as index:
            held, changed = index.marks(), changed_codes(before, now)
            touched = {rid for rid, facts in index.facts() if not changed.isdisjoint(codes_of(facts))}
            due = [card for card in cards if card.rid in touched and held[card.rid] == card.mark]
            for entries in self._entries(origins, due, now):
                index.apply(entries)
            index.save_analysis(version)
        self._vocabularies, self._writer = now, IndexWriter(self.path, version)
        return len(due)

    def _take(self, origins: Sequence[str], changed: Sequence[Card], gone: list[bytes], mark: str) -> None:
        """Each batch is a transaction of its own; the mark comes last, so that a crash only delays."""
        if gone:
            with self._writer.opened() as index:
                index.apply((), gone)
        for entries in self._entries(origins, changed, self._vocabularies):
            with self._writer.opened() as index:
                index.apply(entries)
        with self._writer.opened() as index:
            index.save_mark(mark)
        if gone:
            self._writer.purge()

    def rebuild(self, origins: Sequence[str]) -> int:
        """Make the index anew in one transaction: readers see the old one until the new one is whole."""
        with self._lock:
            now = self._load_vocabularies()
            version = analysis_version(now, self._district)
            with self._db.read() as conn:
                mark = self._mark(conn, origins)
                cards = self._cards(conn, origins)
            with self._writer.opened() as index:
                index.clear()
                for entries in self._entries(origins, cards, now):
                    index.apply(entries)
                index.save_mark(mark)
                index.save_analysis(version)
            self._vocabularies, self._writer = now, IndexWriter(self.path, version)
            self._writer.purge()
            self._seen = mark
            return len(cards)

    def purge(self) -> bool:
        """Leave no remains of what left the index in its files; False where it must be tried again."""
        return self._writer.purge()

    @staticmethod
    def _mark(conn: sa.Connection, origins: Sequence[str]) -> str:
        return f"{catalogue.change_mark(conn)}/{'+'.join(sorted(origins))}"

    def _cards(self, conn: sa.Connection, origins: Sequence[str]) -> list[Card]:
        """Return what is to be shown: one card for each record, one for each cluster that has two of them."""
        marks = {one.rid: one for one in catalogue.iterate_marks(conn, origins)}
        cards: list[Card] = []
        for rids in load_clusters(conn, origins):
            members = [marks[rid] for rid in rids if rid in marks]
            # Of two clusters that name one record the first one has it.
            if len(members) > 1:
                cards.append(Card(tuple(members)))
                for one in members:
                    del marks[one.rid]
        return cards + [Card((one,)) for one in marks.values()]

    def _entries(
        self, origins: Sequence[str], cards: Sequence[Card], vocabularies: Vocabularies
    ) -> Iterator[list[Entry]]:
        """Read the records of cards and analyse them, batch by batch."""
        if not cards:
            return
        maker = _EntryMaker(load_lexicon(vocabularies, self._district), vocabularies, self._district)
        for start in range(0, len(cards), BATCH):
            batch = cards[start : start + BATCH]
            with self._db.read() as conn:
                rids = [one.rid for card in batch for one in card.marks]
                shown = {one.rid: one for one in catalogue.find_many(conn, origins, rids)}
            yield [entry for card in batch if (entry := maker.entry(card, shown)) is not None]


class _EntryMaker:
    """Makes entries of records, for one round of work: it remembers every word it has seen."""

    def __init__(self, lexicon: Lexicon, vocabularies: Vocabularies, district: District) -> None:
        self._vocabularies = vocabularies
        self._analyzer = Analyzer(lexicon, vocabularies)
        self._facts = FactFinder(vocabularies, district)

    def entry(self, card: Card, shown: Mapping[bytes, Shown]) -> Entry | None:
        """Return the entry of a card as its records are now; None when none of them can be read."""
        read = [
            (one, doc)
            for mark in card.marks
            if (one := shown.get(mark.rid)) and (doc := read_offer_line(one.body)) is not None
        ]
        if not read:
            return None
        now = Card(tuple(catalogue.Mark(one.member, one.rid, one.commitment) for one, _ in read))
        read = [(one, self._vocabularies.current_terms(doc)) for one, doc in read]
        facts = [self._facts.facts(one.member, doc) for one, doc in read]
        others = tuple((one.member, one.rid) for one, _ in read[1:])
        merged = merge_facts(facts, others) if others else facts[0]
        return Entry(now.rid, now.mark, merged, _merged([self._analyzer.tokens(doc) for _, doc in read]))


def _merged(tokens: Sequence[tuple[Tokens, ...]]) -> tuple[Tokens, ...]:
    if len(tokens) == 1:
        return tokens[0]
    columns: list[Tokens] = []
    for same in zip(*tokens, strict=True):
        joined: Tokens = {}
        for one in reversed(same):
            joined.update(one)
        columns.append(joined)
    return tuple(columns)


def changed_codes(before: Vocabularies, now: Vocabularies) -> set[tuple[str, str]]:
    """Return (vocabulary, code) of each term that is analysed in another way now, or is new or gone."""
    then, since = _analysed(before), _analysed(now)
    return {key for key in then.keys() | since.keys() if then.get(key) != since.get(key)}


def codes_of(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield (vocabulary, code) of the terms that an entry was analysed with."""
    yield from (("topic", code) for code in facts.topics)
    yield from (("target_group", code) for code in facts.open_to)
    yield from (("language", code) for code in facts.languages)
    yield from (("mode", code) for code in facts.modes)
    yield from (("offer_type", code) for code in facts.offer_types)


def _analysed(vocabularies: Vocabularies) -> dict[tuple[str, str], tuple[object, ...]]:
    """Return what the analysis reads of each term; what is only shown on pages is no part of it."""
    return {
        (name, term.code): (term.label, vocabulary.ancestors(term.code), vocabulary.current(term.code))
        for name, vocabulary in vocabularies.items()
        for term in vocabulary.terms
    }


def analysis_version(vocabularies: Vocabularies, district: District) -> str:
    """Return a text that changes with everything that makes other tokens or facts of the same record."""
    digest = hashlib.sha256(f"{VERSION}".encode())
    for file in sorted(resources.files("shared.search").joinpath("data").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".txt"):
            digest.update(file.read_bytes())
    digest.update(msgspec.json.encode([sorted(_analysed(vocabularies).items()), district]))
    return digest.hexdigest()[:32]


class IndexKeeper:
    """Keeps an index in step in a thread of its own, so that neither ticks nor pages wait for a large change.

    Args:
        catch_up: brings the index level; asked each second.
        is_leader: tells whether this process does the party's work now.
    """

    def __init__(
        self,
        catch_up: Callable[[], object],
        is_leader: Callable[[], bool],
        log: Log,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._catch_up = catch_up
        self._is_leader = is_leader
        self._log = log
        self._idle_seconds = idle_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="index-keeper", daemon=True)

    def start(self) -> None:
        """Begin; once is enough, a party whose database was replaced starts again."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """End after the change that is under way, or after ten seconds; what is missing then comes later."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _keep(self) -> None:
        failed = False
        while not self._ended.wait(self._idle_seconds):
            if not self._is_leader():
                continue
            try:
                self._catch_up()
                failed = False
            except Exception as error:  # noqa: BLE001 - a full disk or a locked file now; the thread goes on
                if not failed:
                    self._log.error("index_failed", **describe_exception(error))
                failed = True
