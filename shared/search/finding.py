"""Answers questions from the index: which offers, in which order, why, and what every filter would leave.

One `Finder` for a party; it may be asked from several threads.  A missing or old index is an empty one: the writer
makes it, a visitor never sees an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from pathlib import Path
from typing import Final

import msgspec

from shared.model.district import District
from shared.model.vocabulary.collection import Vocabularies
from shared.search.asking import Asked, current_asked
from shared.search.bitmaps import numbers_of
from shared.search.facts import Facts
from shared.search.filters import Active, Filters
from shared.search.found import Answer, Hit, Reason, Step
from shared.search.index import IndexReader
from shared.search.lexicon import Lexicon, load_lexicon
from shared.search.matching import Level, Matcher, Postings, covered
from shared.search.partly import ENOUGH, lacking, rank_partly
from shared.search.question import Unit, read_units
from shared.search.ranking import OWN_CITY, STALE, Ranks, by_score, in_order, ranks_of, refine, shifted
from shared.search.reasons import ReasonFinder
from shared.search.shelf import Shelf
from shared.search.spelling import Word
from shared.search.steps import useful_steps
from shared.search.typos import correct


class ProviderCount(msgspec.Struct, frozen=True):
    """One provider with how many shown offers it has, and whose they are."""

    key: str
    name: str
    number: int
    is_mo: bool
    members: tuple[str, ...]


@dataclass(frozen=True)
class _Words:
    """The words of a question with what they found."""

    units: Sequence[Unit] = ()
    levels: Sequence[Sequence[Level]] = ()
    corrections: tuple[tuple[str, str], ...] = ()

    def entries(self, shown: int) -> int:
        for unit, levels in zip(self.units, self.levels, strict=True):
            if unit.is_needed:
                shown &= covered(levels)
        return shown


def _parts_of(unit: Unit, lexicon: Lexicon) -> list[Unit]:
    """Return the parts of a compound as units of their own; none for a plain word or a phrase."""
    word = unit.words[0]
    parts = lexicon.parts(word.folded) if len(unit.words) == 1 else ()
    return [Unit(part, (Word(part, part),)) for part in parts]


_NOTHING: Final = _Words()
_CORRECTIONS_KEPT: Final = 100


class Finder:
    """Finds offers in one index file.

    Args:
        path: the index file; it may not exist yet.  None: nothing is ever found.
        vocabularies: returns those that hold now; the same object until they change.
        own_member: whose city comes first; empty for none.
        lexicon: word lists that are loaded already; by default they are read with the first question that has words.
    """

    def __init__(
        self,
        path: Path | str | None,
        vocabularies: Callable[[], Vocabularies],
        district: District,
        *,
        own_member: str = "",
        lexicon: Lexicon | None = None,
    ) -> None:
        self._index = IndexReader(None if path is None else Path(path))
        self._shelf = Shelf(own_member, (district.bounds.south + district.bounds.north) / 2)
        self._filters = Filters(self._shelf, district.town_postcodes())
        self._postings = Postings(self._index)
        self._vocabularies = vocabularies
        self._district = district
        self._given = lexicon
        self._loaded: tuple[Vocabularies, Lexicon] | None = None
        self._names: dict[str, str] = {}  # of providers, while the index stays as it is
        self._corrections: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the file back; the next question opens it again."""
        with self._lock:
            self._index.close()

    @property
    def stamp(self) -> int:
        """The state of the index now; 0 where there is none."""
        with self._lock:
            return self._index.stamp() if self._index.reopen_if_replaced() else 0

    def find(self, asked: Asked, *, today: date, per_page: int = 20) -> Answer:
        """Answer a question with one page of offers, the counts of every filter, and steps where nothing is found."""
        with self._lock:
            asked = current_asked(asked, self._vocabularies())
            if not self._begin():
                return Answer(asked, (), 0, 1, 1)
            with self._index.snapshot():
                self._refresh()
                return self._answer(asked, today, per_page)

    def matching(self, asked: Asked, *, today: date) -> list[Hit]:
        """Return all offers that a question finds, in order, without reasons, counts and pages."""
        with self._lock:
            if not self._begin():
                return []
            with self._index.snapshot():
                self._refresh()
                asked = current_asked(asked, self._vocabularies())
                words = self._read(asked.words)
                active = self._filters.active(asked)
                found = active.together(words.entries(self._shelf.shown(today)))
                ordered = list(self._ordered(asked, words, found, today))
                return self._hits(asked, ordered, today, _NOTHING)

    def count(self, asked: Asked, *, today: date) -> int:
        """Return how many offers a question finds."""
        with self._lock:
            if not self._begin():
                return 0
            with self._index.snapshot():
                self._refresh()
                return self._count(current_asked(asked, self._vocabularies()), today)

    def providers(self, *, today: date | None = None) -> list[ProviderCount]:
        """Return all providers of shown offers, by name."""
        with self._lock:
            if not self._begin():
                return []
            with self._index.snapshot():
                self._refresh()
                shown = self._shelf.all if today is None else self._shelf.shown(today)
                return self._providers(shown)

    def _providers(self, shown: int) -> list[ProviderCount]:
        found: dict[str, tuple[str, bool, set[int]]] = {}
        numbers = list(numbers_of(shown))
        for start in range(0, len(numbers), 500):
            for number, facts in self._index.facts(numbers[start : start + 500]).items():
                for one in facts.providers:
                    name, is_mo, held = found.get(one.key, (one.name, False, set[int]()))
                    held.add(number)
                    # The longest spelling says most ("e. V.", the town).
                    found[one.key] = (max(name, one.name, key=lambda text: (len(text), text)), is_mo or one.is_mo, held)
        counts = [
            ProviderCount(key, name, len(held), is_mo, tuple(sorted({self._shelf.member(n) for n in held})))
            for key, (name, is_mo, held) in found.items()
        ]
        return sorted(counts, key=lambda one: (one.name.casefold(), one.key))

    def provider_names(self, keys: Iterable[str]) -> dict[str, str]:
        """Return what providers are called, as one of their offers spells it; keys of nobody are left out."""
        with self._lock:
            if not self._begin():
                return {}
            with self._index.snapshot():
                self._refresh()
                wanted = {key: held[0] for key in keys if (held := self._shelf.providers.get(key))}
                missing = {key: number for key, number in wanted.items() if key not in self._names}
                for facts in self._index.facts(list(set(missing.values()))).values():
                    self._names.update({one.key: one.name for one in facts.providers})
                return {key: self._names[key] for key in wanted if key in self._names}

    def records(self, text: str) -> frozenset[bytes]:
        """Return every record that a search text finds, those of a cluster each for itself, whatever their time."""
        with self._lock:
            if not self._begin():
                return frozenset()
            with self._index.snapshot():
                self._refresh()
                found = self._read(text).entries(self._shelf.all)
                return frozenset(self._index.records(list(numbers_of(found))))

    def entry(self, rid: bytes) -> Facts | None:
        """Return what is known of an offer, or of the cluster it is shown in; None when it is not in the index."""
        with self._lock:
            if not self._begin():
                return None
            number = self._index.number_of(rid)
            return None if number is None else self._index.facts([number]).get(number)

    # --- within the lock ---------------------------------------------------------------------------------------------

    def _begin(self) -> bool:
        return self._index.reopen_if_replaced()

    def _refresh(self) -> None:
        if self._shelf.load(self._index):
            self._postings.clear()
            self._names.clear()
            self._corrections.clear()

    def _words_known(self) -> Lexicon:
        if self._given is not None:
            return self._given
        vocabularies = self._vocabularies()
        if self._loaded is None or self._loaded[0] is not vocabularies:
            self._loaded = (vocabularies, load_lexicon(vocabularies, self._district))
            self._corrections.clear()
        return self._loaded[1]

    def _read(self, text: str) -> _Words:
        """Find each unit of the words; what is found nowhere is corrected where something is near."""
        if not text:
            return _NOTHING
        lexicon = self._words_known()
        matcher = Matcher(self._postings, self._shelf, lexicon)
        units = read_units(text, lexicon)
        used: list[Unit] = []
        found: list[Sequence[Level]] = []
        corrections: list[tuple[str, str]] = []
        for unit in units:
            levels = matcher.levels(unit)
            meant = None
            if not levels and len(unit.words) == 1:
                meant = self._corrected(unit.words[0].folded, lexicon)
            if meant is not None:
                levels = [level for one in read_units(meant, lexicon)[:1] for level in matcher.corrected(one)]
                corrections += [(unit.typed, meant)] if levels else []
            if levels or not (parts := _parts_of(unit, lexicon)):
                used.append(unit)
                found.append(levels)
                continue
            # A compound that nobody wrote: its parts may stand apart.
            used += parts
            found += [matcher.levels(part) for part in parts]
        return _Words(used, found, tuple(corrections))

    def _corrected(self, folded: str, lexicon: Lexicon) -> str | None:
        """Looking through all words is dear, and the same misspelling is asked again for counts and steps."""
        if folded not in self._corrections:
            if len(self._corrections) >= _CORRECTIONS_KEPT:
                self._corrections.clear()
            self._corrections[folded] = correct(folded, self._index, lexicon)
        return self._corrections[folded]

    def _count(self, asked: Asked, today: date) -> int:
        words = self._read(asked.words)
        return self._filters.active(asked).together(words.entries(self._shelf.shown(today))).bit_count()

    def _answer(self, asked: Asked, today: date, per_page: int) -> Answer:
        words = self._read(asked.words)
        active = self._filters.active(asked)
        met = words.entries(self._shelf.shown(today))
        found = active.together(met)
        total = found.bit_count()
        pages = max(1, -(-total // per_page))
        page = min(asked.page, pages)
        ordered = self._ordered(asked, words, found, today)
        shown = [one for _, one in zip(range(page * per_page), ordered, strict=False)][(page - 1) * per_page :]
        return Answer(
            asked=asked, hits=tuple(self._hits(asked, shown, today, words)), total=total, page=page, pages=pages,
            counts=self._filters.counts(asked, active, met), corrections=words.corrections,
            partly=self._partly(asked, words, active, today) if total < ENOUGH else (),
            steps=() if total else self._steps(asked, words, active, today), stamp=self._shelf.stamp,
        )  # fmt: skip

    def _partly(self, asked: Asked, words: _Words, active: Active, today: date) -> tuple[Hit, ...]:
        """Return what meets some of the words, so that a first page is not left almost empty."""
        among = active.together(self._shelf.shown(today))
        ranks = rank_partly(words.units, words.levels, among, self._shelf.all.bit_count())
        found = active.together(words.entries(self._shelf.shown(today))).bit_count()
        best = by_score(self._bent(ranks, today), self._shelf.title_order, self._shelf.title_position)
        ordered = [one for _, one in zip(range(ENOUGH - found), best, strict=False)]
        hits = self._hits(asked, ordered, today, words)
        return tuple(
            replace(hit, lacking=lacking(number, words.units, words.levels))
            for hit, (number, _) in zip(hits, ordered, strict=True)
        )

    def _steps(self, asked: Asked, words: _Words, active: Active, today: date) -> tuple[Step, ...]:
        del active
        return useful_steps(asked, [unit.typed for unit in words.units], lambda wider: self._count(wider, today))

    def _ordered(self, asked: Asked, words: _Words, found: int, today: date) -> Iterator[tuple[int, int]]:
        """Yield entries with their scores in the order that is asked for."""
        shelf, centre = self._shelf, self._filters.centre(asked)
        order = None
        if asked.order == "titel":
            order = shelf.title_order
        elif asked.order == "neu":
            order = shelf.newest_first()
        elif asked.order == "naehe" and centre is not None:
            order = shelf.by_distance(centre)
        if order is not None:
            return ((number, 0) for number in in_order(found, order))
        return by_score(self._ranks(words, found, today), shelf.title_order, shelf.title_position)

    def _ranks(self, words: _Words, found: int, today: date) -> Ranks:
        ranks: Ranks = {0: found} if found else {}
        for unit, levels in zip(words.units, words.levels, strict=True):
            ranks = refine(ranks, ranks_of(levels), None if unit.is_needed else 0)
        return self._bent(ranks, today)

    def _bent(self, ranks: Ranks, today: date) -> Ranks:
        """Put the own city first and stale offers later."""
        ranks = shifted(ranks, self._shelf.own, OWN_CITY)
        return shifted(ranks, self._shelf.stale(today), STALE)

    def _hits(self, asked: Asked, ordered: Sequence[tuple[int, int]], today: date, words: _Words) -> list[Hit]:
        shelf, numbers = self._shelf, [number for number, _ in ordered]
        centre = self._filters.centre(asked)
        far = shelf.nearest(centre) if centre is not None else None
        stale = shelf.stale(today)
        clustered = [number for number in numbers if shelf.clustered >> number & 1]
        others = {number: facts.others for number, facts in self._index.facts(clustered).items()}
        reasons: Mapping[int, tuple[Reason, ...]] = (
            ReasonFinder(self._index, self._words_known()).reasons(numbers, words.units, words.levels)
            if words.units
            else {}
        )
        return [
            Hit(
                rid=shelf.rid(number), member=shelf.member(number), score=score, reasons=reasons.get(number, ()),
                kilometres=None if far is None or far[number] == inf else round(far[number], 1),
                is_own=bool(shelf.own >> number & 1), is_stale=bool(stale >> number & 1),
                others=others.get(number, ()),
            )
            for number, score in ordered
        ]  # fmt: skip
