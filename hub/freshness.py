"""How current the offers are: when each was checked last, what is due, since when, and whose turn it is.

Decided here: the steps of escalation, and what a day is remembered by.  The rule that says when a check is due is that
of the cities (`shared.model.rules`), so both desks name the same offers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from statistics import median
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.figure_tables import Cell
from hub.notes import newest_note
from hub.party import Hub
from shared.consume import shown_origins
from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.model.offer import OfferDoc
from shared.model.rules import default_review_due


class Step(IntEnum):
    """How long a check has been due; the number is the day from which the step holds."""

    DUE = 1
    LATE = 30
    VERY_LATE = 60
    TOO_LATE = 90


STEP_TEXTS: Mapping[Step, str] = {
    Step.DUE: "fällig",
    Step.LATE: "seit 30 Tagen überfällig",
    Step.VERY_LATE: "seit 60 Tagen überfällig",
    Step.TOO_LATE: "seit 90 Tagen überfällig",
}
ACTORS: Mapping[Step, str] = {
    Step.DUE: "Stadt",
    Step.LATE: "Stadt",
    Step.VERY_LATE: "KIM",
    Step.TOO_LATE: "Leitung",
}
ACTIONS: Mapping[Step, str] = {
    Step.DUE: "Die Stadt prüft. Ihr Knoten erinnert den Träger.",
    Step.LATE: "Die Stadt ruft den Träger an. Alle Erinnerungen sind verschickt.",
    Step.VERY_LATE: "KIM fragt bei der Stadt nach und bietet Hilfe an.",
    Step.TOO_LATE: "Die Leitung spricht mit der Stadt: prüfen, oder das Angebot zurückziehen.",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One shown offer with the day of its last check; both days are None for one that was never checked."""

    rid: bytes
    member: str
    title: str
    checked: date | None
    due: date | None

    @property
    def is_never(self) -> bool:
        """Tell whether nobody ever checked it."""
        return self.checked is None or self.due is None

    def days_late(self, today: date) -> int:
        """Return for how many days the check has been due; 0 for one that is not, or was never made."""
        return 0 if self.due is None or self.is_never else max(0, (today - self.due).days)

    def step(self, today: date) -> Step | None:
        """Return the step of escalation; None for one that is not due, or was never checked."""
        return step_of(self.days_late(today))


def step_of(days_late: int) -> Step | None:
    """Return the step that so many days lead to; None before the first."""
    return next((step for step in _DOWN if step <= days_late), None)


_DOWN = tuple(sorted(Step, reverse=True))


class _Doc(msgspec.Struct, frozen=True):
    name: str = ""
    assured_date: date | None = None
    review_due: date | None = None
    offer_type: str | None = None
    topics: tuple[str, ...] = ()


class _Line(msgspec.Struct, frozen=True):
    doc: _Doc


def read_check(shown: Shown) -> Checked:
    """Read of a shown offer when it was checked, and nothing else."""
    doc = msgspec.json.decode(shown.body, type=_Line).doc
    by_rule = OfferDoc(id="", owner="", assured_date=doc.assured_date, offer_type=doc.offer_type, topics=doc.topics)
    due = doc.review_due or default_review_due(by_rule)
    return Checked(shown.rid, shown.member, doc.name or shown.title, doc.assured_date, due)


class Checks:
    """The last checks of all shown offers; remembers what it read of each version, as versions never change.

    Of twenty thousand offers the first reading takes most of a second; `hub.kept(Checks)` is read ahead by
    `hub.calendar`, so that no page has to wait for it.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: dict[bytes, Checked] = {}
        self._mark = ""
        self._counted: tuple[object, tuple[list[Standing], Standing]] | None = None
        self._lock = threading.Lock()

    def offers(self) -> Sequence[Checked]:
        """Return every shown offer, in no order."""
        with self._lock, self._hub.db.read() as conn:
            mark = catalogue.change_mark(conn)
            if mark != self._mark:
                self._known, self._mark = self._read(conn), mark
            return list(self._known.values())

    def standings(self) -> tuple[list[Standing], Standing]:
        """Return how current the offers of each member are, those with most work first, and of all together.

        Counted once for each state of the catalogue and each day.
        """
        offers, today = self.offers(), self._hub.today()
        names = tuple(row.name for row in self._hub.members())
        state = (self._mark, today, names)
        counted = self._counted
        if counted is None or counted[0] != state:
            self._counted = counted = (state, (standings_of(names, offers, today), standing_of("", offers, today)))
        return counted[1]

    def _read(self, conn: sa.Connection) -> dict[bytes, Checked]:
        said = newest_note(conn)
        origins = [] if said is None else shown_origins(said)
        marks = list(catalogue.iterate_marks(conn, origins))
        fresh = [mark.rid for mark in marks if mark.commitment not in self._known]
        # Many are read in one go, few by their ids.
        is_most = 4 * len(fresh) > len(marks)
        shown = catalogue.iterate_shown(conn, origins) if is_most else catalogue.find_many(conn, origins, fresh)
        read = {one.commitment: read_check(one) for one in shown if one.kind == "offer"}
        kept = {**self._known, **read}
        return {mark.commitment: kept[mark.commitment] for mark in marks if mark.commitment in kept}


# --- figures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How current the offers of one member are, or of all.

    Args:
        steps: how many offers stand on each step.
        never: how many were never checked.
        median_days: half of the checked offers were checked longer ago; None where none was.
    """

    member: str
    offers: int
    steps: Mapping[Step, int]
    never: int
    median_days: int | None

    @property
    def late(self) -> int:
        """How many checks are due."""
        return sum(self.steps.values())

    @property
    def overdue(self) -> int:
        """How many offers want a check: those that are due, and those that never had one."""
        return self.late + self.never

    @property
    def fresh(self) -> int:
        """How many offers are checked and not due."""
        return self.offers - self.overdue

    @property
    def share(self) -> float | None:
        """Percent of the offers that want a check; None where there are no offers."""
        return 100 * self.overdue / self.offers if self.offers else None

    @property
    def worst(self) -> Step | None:
        """The highest step that some offer stands on."""
        return max((step for step, count in self.steps.items() if count), default=None)


def standing_of(member: str, offers: Iterable[Checked], today: date) -> Standing:
    """Count how current some offers are."""
    found = list(offers)
    steps = Counter(step for one in found if (step := one.step(today)) is not None)
    ages = [(today - one.checked).days for one in found if one.checked is not None]
    return Standing(
        member, len(found), {step: steps[step] for step in Step}, sum(one.is_never for one in found),
        round(median(ages)) if ages else None,
    )  # fmt: skip


def standings_of(names: Sequence[str], offers: Sequence[Checked], today: date) -> list[Standing]:
    """Return how current the offers of each member are, those with most work first."""
    by_member: dict[str, list[Checked]] = {name: [] for name in names}
    for one in offers:
        by_member.setdefault(one.member, []).append(one)
    found = [standing_of(name, some, today) for name, some in by_member.items()]
    return sorted(found, key=lambda one: (-(one.worst or 0), -(one.share or 0), one.member))


def late_offers(offers: Iterable[Checked], today: date) -> list[Checked]:
    """Return the offers whose check is due, those due longest first."""
    late = (one for one in offers if one.days_late(today))
    return sorted(late, key=lambda one: (one.due or date.max, one.title.casefold(), one.rid))


def never_checked(offers: Iterable[Checked]) -> list[Checked]:
    """Return the offers that nobody ever checked, by title."""
    return sorted((one for one in offers if one.is_never), key=lambda one: (one.title.casefold(), one.rid))


# --- for a spreadsheet -----------------------------------------------------------------------------------------------

COLUMNS = (
    "Stadt",
    "Angebot",
    "Adresse",
    "Zuletzt geprüft",
    "Prüfung fällig am",
    "Tage überfällig",
    "Stufe",
    "Wer handelt",
)


def table_rows(offers: Sequence[Checked], today: date, *, publisher: str, url_of: Any) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of `COLUMNS`: what is due, the oldest first, then what was never checked."""
    for one in (*late_offers(offers, today), *never_checked(offers)):
        step = one.step(today)
        yield (
            publisher, one.title, url_of(one.rid), one.checked, one.due, one.days_late(today) or None,
            STEP_TEXTS[step] if step is not None else "nie geprüft",
            ACTORS[step] if step is not None else ACTORS[Step.DUE],
        )  # fmt: skip
