"""Needs that case managers report: what they may write, what becomes of it, and when it is forgotten.

A need names a topic and a city, how often it came up, and perhaps a language, a target group and a short text
without names.  It is evidence for a gap and no file about anybody: nobody is shown who reported it, and after two years
it goes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

import sqlalchemy as sa
from msgspec.structs import replace

from hub.gap_shapes import CITIES, GROUPS, LANGUAGES, TOPICS, Needs
from hub.gaps import Gaps
from hub.party import Hub
from hub.store import needs as store
from hub.store.needs import NeedRow
from shared.accounts.sessions import SignedIn
from shared.errors import ConflictError, NotFoundError, ParseError, RuleError
from shared.holdings import facts
from shared.ids import parse_record_id
from shared.model.naming import Naming, find_naming
from shared.model.text import fold, running_text
from shared.search.asking import Asked
from shared.search.facts import WHOLE_DISTRICT

TEXT_MAX: Final = 500
NUMBER_MAX: Final = 500
KEPT_MONTHS: Final = 24
NEW, OPEN, DONE = "new", "open", "done"
STATES: Final = {NEW: "neu", OPEN: "weiter offen", DONE: "erledigt"}
ANSWERS_OFFERED: Final = 60
PER_PAGE: Final = 50
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_RECORD: Final = re.compile(r"[0-9a-f]{32}")
_KINDS: Final = {
    "name": "Das sieht nach einem Namen aus: „{}“. Schreiben Sie es ohne Namen, etwa „eine Mutter mit zwei Kindern“.",
    "phone": "Das sieht nach einer Telefonnummer oder einer Kundennummer aus: „{}“. Lassen Sie sie bitte weg.",
    "mail": "Das sieht nach einer E-Mail-Adresse aus: „{}“. Lassen Sie sie bitte weg.",
    "birth": "Das sieht nach einem Geburtsdatum aus: „{}“. Das Alter in Jahren genügt.",
}


@dataclass(frozen=True)
class Told:
    """A need as a form sends it: texts as typed."""

    city: str = ""
    topic: str = ""
    number: str = ""
    language: str = ""
    target_group: str = ""
    text: str = ""


@dataclass(frozen=True)
class Shown:
    """A need as pages show it, in words; `answer_title` is empty where the offer is gone."""

    row: NeedRow
    town: str
    topic: str
    language: str
    target_group: str
    answer_title: str

    @property
    def state(self) -> str:
        """The state in words."""
        return STATES.get(self.row.state, self.row.state)


def cities_of(gaps: Gaps, me: SignedIn) -> tuple[str, ...]:
    """Return the cities for which a person may report and whose needs it sees."""
    known = [member.name for member in gaps.cities]
    return tuple(name for name in known if not me.is_limited or name in me.organisations)


# --- reporting -------------------------------------------------------------------------------------------------------


def report(gaps: Gaps, told: Told, *, cities: Collection[str], account_id: int) -> NeedRow:
    """Keep a need.

    Args:
        cities: for which this person may report.
    Raises:
        RuleError: with every problem, by field; a text that may name a person is shown with the place.
    """
    text = running_text(told.text)
    problems = _problems(gaps, told, text, cities)
    if problems:
        raise RuleError("Die Meldung ist noch nicht gespeichert", problems)
    row = NeedRow(
        account_id=account_id, city=told.city, topic=told.topic, number=int(told.number), language=told.language,
        target_group=told.target_group, text=text, created=gaps.hub.clock.now(),
    )  # fmt: skip
    with gaps.hub.db.write() as conn:
        store.add_need(conn, row)
    return row


def _problems(gaps: Gaps, told: Told, text: str, cities: Collection[str]) -> dict[str, Sequence[str]]:
    problems: dict[str, Sequence[str]] = {}
    if told.city not in cities:
        problems["city"] = ["Wählen Sie eine Stadt."]
    if not _is_value(gaps, TOPICS, told.topic):
        problems["topic"] = ["Wählen Sie ein Thema."]
    if told.language and not _is_value(gaps, LANGUAGES, told.language):
        problems["language"] = ["Wählen Sie eine Sprache aus der Liste."]
    if told.target_group and not _is_value(gaps, GROUPS, told.target_group):
        problems["target_group"] = ["Wählen Sie eine Zielgruppe aus der Liste."]
    if not _NUMBER.fullmatch(told.number) or int(told.number) > NUMBER_MAX:
        problems["number"] = [f"Geben Sie an, wie oft es vorkam: eine Zahl von 1 bis {NUMBER_MAX}."]
    if found := text_problems(gaps, text, most=TEXT_MAX):
        problems["text"] = found
    return problems


def _is_value(gaps: Gaps, facet: str, code: str) -> bool:
    return any(value.code == code for value in gaps.values(facet))


def text_problems(gaps: Gaps, text: str, *, most: int) -> list[str]:
    """Say what keeps a free text from being kept: too long, or it may say who somebody is."""
    problems = []
    if len(text) > most:
        problems.append(f"Der Text hat {len(text)} Zeichen, möglich sind {most}. Bitte kürzen Sie ihn.")
    return problems + [_say(one) for one in find_naming(text, known=known_words(gaps))]


def _say(one: Naming) -> str:
    return _KINDS[one.kind].format(one.found)


def known_words(gaps: Gaps) -> frozenset[str]:
    """Return folded words that are no names of persons here: towns, publishers, topics, languages, target groups."""
    texts = [gaps.district.name, gaps.district.contact.organisation]
    texts += [text for member in gaps.district.members for text in (member.title, member.town)]
    texts += [value.label for facet in (CITIES, TOPICS, LANGUAGES, GROUPS) for value in gaps.values(facet)]
    return _folded(tuple(texts))


@cache
def _folded(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for text in texts for word in fold(text).split())


def take_back(hub: Hub, number: int, *, account_id: int) -> NeedRow:
    """Delete an own need.

    Raises:
        NotFoundError: there is none of this number, or it is somebody else's.
        ConflictError: the district has already decided about it.
    """
    with hub.db.write() as conn:
        row = store.load_need(conn, number)
        if row is None or row.account_id != account_id:
            raise NotFoundError("Diese Meldung gibt es nicht", advice="Ihre Meldungen stehen unter „Bedarf“.")
        if row.state == DONE:
            raise ConflictError(
                "Diese Meldung ist schon erledigt",
                advice="Sie bleibt als Beleg, bis sie nach zwei Jahren gelöscht wird.",
            )
        store.drop_need(conn, number)
        facts.save_fact(conn, "scrub-due", 1)
    return row


# --- seeing and deciding ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """Which needs are looked for; empty means any.  `account_id` 0 means whoever reported them."""

    topic: str = ""
    state: str = ""
    account_id: int = 0

    def fits(self, row: NeedRow) -> bool:
        """Tell whether a need is looked for."""
        return (
            self.topic in ("", row.topic)
            and self.state in ("", row.state)
            and self.account_id in (0, row.account_id)
        )  # fmt: skip


def list_needs(gaps: Gaps, cities: Collection[str] | None = None) -> list[Shown]:
    """Return the needs of these cities, or of all, newest first."""
    with gaps.hub.db.read() as conn:
        rows = store.load_needs(conn, cities)
    return _all_shown(gaps, rows)


def page_of_needs(
    gaps: Gaps, cities: Collection[str] | None, wanted: Wanted, page: int = 1
) -> tuple[list[Shown], int]:  # fmt: skip
    """Return one page of needs, newest first, and how many there are in all."""
    with gaps.hub.db.read() as conn:
        rows = [row for row in store.load_needs(conn, cities) if wanted.fits(row)]
    start = (max(page, 1) - 1) * PER_PAGE
    return _all_shown(gaps, rows[start : start + PER_PAGE]), len(rows)


def _all_shown(gaps: Gaps, rows: Sequence[NeedRow]) -> list[Shown]:
    titles = _titles(gaps.hub, [row.answer for row in rows if row.answer is not None])
    return [_shown(gaps, row, titles) for row in rows]


def one_need(gaps: Gaps, number: int) -> Shown:
    """Return one need; NotFoundError."""
    with gaps.hub.db.read() as conn:
        row = store.load_need(conn, number)
    if row is None:
        raise NotFoundError("Diese Meldung gibt es nicht", advice="Vielleicht wurde sie zurückgenommen.")
    return _all_shown(gaps, [row])[0]


def count_needs(gaps: Gaps) -> Needs:
    """Return the open needs, counted."""
    with gaps.hub.db.read() as conn:
        rows = store.load_needs(conn)
    return Needs([_as_it_counts(gaps, row) for row in rows])


def _as_it_counts(gaps: Gaps, row: NeedRow) -> NeedRow:
    """Return a need under the terms that count now."""
    return replace(
        row, topic=gaps.current(TOPICS, row.topic), language=gaps.current(LANGUAGES, row.language),
        target_group=gaps.current(GROUPS, row.target_group),
    )  # fmt: skip


def _shown(gaps: Gaps, row: NeedRow, titles: dict[bytes, str]) -> Shown:
    return Shown(
        row, gaps.town(row.city), gaps.label(TOPICS, row.topic), gaps.label(LANGUAGES, row.language),
        gaps.label(GROUPS, row.target_group), titles.get(row.answer, "") if row.answer else "",
    )  # fmt: skip


def _titles(hub: Hub, rids: Sequence[bytes]) -> dict[bytes, str]:
    """Return what offers are called that are shown now."""
    from hub.notes import newest_note
    from shared.consume import shown_origins
    from shared.holdings.catalogue import load_named

    if not rids:
        return {}
    with hub.db.read() as conn:
        said = newest_note(conn)
        return {} if said is None else {one.rid: one.title for one in load_named(conn, shown_origins(said), rids)}


def possible_answers(gaps: Gaps, row: NeedRow) -> list[tuple[str, str]]:
    """Return (id, title) of offers on the topic of a need that hold for its city, those changed last first."""
    asked = Asked(cities=(row.city, WHOLE_DISTRICT), topics=(gaps.current(TOPICS, row.topic),), order="neu")
    hits = gaps.hub.finder.matching(asked, today=gaps.today())[:ANSWERS_OFFERED]
    titles = _titles(gaps.hub, [hit.rid for hit in hits])
    return [(hit.rid.hex(), titles[hit.rid]) for hit in hits if hit.rid in titles]


def decide_done(gaps: Gaps, number: int, answer: str) -> Shown:
    """Note that an offer meets a need.

    Args:
        answer: its id, or the address of its page.
    Raises:
        NotFoundError: no such need.
        RuleError: the answer is no offer of the catalogue.
    """
    one_need(gaps, number)
    rid = _read_offer(answer)
    if rid is None or rid not in _titles(gaps.hub, [rid]):
        raise RuleError(
            "Die Meldung ist noch offen",
            {"answer": ["Wählen Sie ein Angebot aus, oder fügen Sie die Adresse seiner Seite ein."]},
        )
    with gaps.hub.db.write() as conn:
        store.save_state(conn, number, DONE, rid, gaps.hub.clock.now())
    return one_need(gaps, number)


def _read_offer(text: str) -> bytes | None:
    found = _RECORD.search(text.strip())
    if found is None:
        return None
    try:
        return parse_record_id(found[0])
    except ParseError:
        return None


def decide_open(gaps: Gaps, number: int) -> Shown:
    """Note that a need was looked at and is still missing; takes an earlier "done" back.  NotFoundError."""
    one_need(gaps, number)
    with gaps.hub.db.write() as conn:
        store.save_state(conn, number, OPEN, None, gaps.hub.clock.now())
    return one_need(gaps, number)


# --- forgetting ------------------------------------------------------------------------------------------------------


def kept_since(now: int) -> int:
    """Return before which time needs are forgotten: the same day, `KEPT_MONTHS` earlier."""
    day = datetime.fromtimestamp(now, UTC)
    years, months = divmod(KEPT_MONTHS, 12)
    month = day.month - months
    year = day.year - years - (month < 1)
    return int(day.replace(year=year, month=month + 12 * (month < 1), day=min(day.day, 28)).timestamp())


def forget_old(conn: sa.Connection, *, now: int) -> int:
    """Delete needs that are older than `KEPT_MONTHS`; returns how many."""
    return store.drop_old(conn, before=kept_since(now))
