"""What was agreed at a meeting about a gap: who does what until when, and what became of it.

Kept are organisations and functions, never persons: the same check as for needs looks at the texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec.structs import replace

from hub.gap_shapes import TOPICS
from hub.gaps import Gaps
from hub.needs import text_problems
from hub.store import agreements as store
from hub.store.agreements import AgreementRow
from shared.errors import NotFoundError, RuleError
from shared.model.text import one_line, running_text

STATES: Final = {"open": "vereinbart", "running": "in Arbeit", "done": "erledigt", "dropped": "verworfen"}
"""In the order in which they are offered."""
WHAT_MAX: Final = 500
WHO_MAX: Final = 200
_OVER: Final = frozenset({"done", "dropped"})
_GERMAN_DAY: Final = re.compile(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})")


@dataclass(frozen=True)
class Proposed:
    """An agreement as a form sends it: texts as typed; an empty city stands for the whole district."""

    city: str = ""
    topic: str = ""
    what: str = ""
    who: str = ""
    until: str = ""
    state: str = "open"


@dataclass(frozen=True)
class Agreed:
    """An agreement as pages show it; `offers` and `whole` are what there is now on its topic."""

    row: AgreementRow
    town: str
    topic: str
    until: date | None
    offers: int
    whole: int
    is_late: bool

    @property
    def state(self) -> str:
        """The state in words."""
        return STATES.get(self.row.state, self.row.state)

    @property
    def is_over(self) -> bool:
        """Nothing more is expected of it."""
        return self.row.state in _OVER


def list_agreements(gaps: Gaps, city: str | None = None) -> list[Agreed]:
    """Return all agreements, or those of one city, those that still run first, by their date."""
    with gaps.hub.db.read() as conn:
        rows = store.load_agreements(conn)
    found = [_agreed(gaps, row) for row in rows if city is None or row.city == city]
    return sorted(found, key=lambda one: one.is_over)


def one_agreement(gaps: Gaps, number: int) -> Agreed:
    """Return one agreement; NotFoundError."""
    with gaps.hub.db.read() as conn:
        row = store.load_agreement(conn, number)
    if row is None:
        raise NotFoundError("Diese Vereinbarung gibt es nicht", advice="Alle stehen unter „Besprechung“.")
    return _agreed(gaps, row)


def _agreed(gaps: Gaps, row: AgreementRow) -> Agreed:
    stock = gaps.stock()
    topic = stock.having(TOPICS, gaps.current(TOPICS, row.topic))
    base, whole = gaps.base(row.city)
    until = date.fromisoformat(row.until) if row.until else None
    return Agreed(
        row, gaps.town(row.city), gaps.label(TOPICS, row.topic), until,
        (topic & base).bit_count(), (topic & whole).bit_count(),
        is_late=until is not None and until < gaps.today() and row.state not in _OVER,
    )  # fmt: skip


def save(gaps: Gaps, proposed: Proposed, number: int | None = None) -> Agreed:
    """Keep a new agreement, or change the one of this number.

    Raises:
        NotFoundError: there is none of this number.
        RuleError: with every problem, by field.
    """
    row = _read(gaps, proposed)
    now = gaps.hub.clock.now()
    if number is None:
        with gaps.hub.db.write() as conn:
            number = store.add_agreement(conn, replace(row, created=now, changed=now))
    else:
        one_agreement(gaps, number)
        with gaps.hub.db.write() as conn:
            store.save_agreement(conn, replace(row, id=number, changed=now))
    return one_agreement(gaps, number)


def _read(gaps: Gaps, proposed: Proposed) -> AgreementRow:
    what, who = running_text(proposed.what), one_line(proposed.who)
    problems: dict[str, list[str]] = {}
    if proposed.city and gaps.city(proposed.city) is None:
        problems["city"] = ["Wählen Sie eine Stadt oder den ganzen Kreis."]
    if not any(value.code == proposed.topic for value in gaps.values(TOPICS)):
        problems["topic"] = ["Wählen Sie ein Thema."]
    if not what:
        problems["what"] = ["Schreiben Sie, was vereinbart ist."]
    elif found := text_problems(gaps, what, most=WHAT_MAX):
        problems["what"] = found
    if not who:
        problems["who"] = ["Nennen Sie, wer es übernimmt: eine Organisation oder eine Funktion."]
    elif found := text_problems(gaps, who, most=WHO_MAX):
        problems["who"] = found
    if proposed.state not in STATES:
        problems["state"] = ["Wählen Sie einen Stand."]
    until = _read_until(proposed.until, problems)
    if problems:
        raise RuleError("Die Vereinbarung ist noch nicht gespeichert", problems)
    return AgreementRow(city=proposed.city, topic=proposed.topic, what=what, who=who, until=until, state=proposed.state)


def _read_until(text: str, problems: dict[str, list[str]]) -> str:
    if not text.strip():
        return ""
    german = _GERMAN_DAY.fullmatch(text.strip())
    written = f"{german[3]}-{german[2]:0>2}-{german[1]:0>2}" if german else text.strip()
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        problems["until"] = ["Schreiben Sie das Datum als Tag.Monat.Jahr, etwa 31.03.2027."]
        return ""
