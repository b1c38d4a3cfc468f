"""The newsletter: an issue for each month, put together from what is new and changed, read by everybody once released.

Decided here: what an issue may be made of, and that a released one never changes.  Of offers an issue keeps only ids
and their order: titles are those of the moment, so what a city takes back or erases is gone from every issue too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.months import Month, month_name, months_back, span_of
from hub.notes import newest_note
from hub.party import Hub
from hub.store import letters as store
from hub.store.letters import CHANGED, DRAFT, NEW, SENDING, Chosen, Letter
from shared.consume import shown_origins
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.holdings import catalogue
from shared.holdings.changes import load_first_times
from shared.mailing.store import subscriptions
from shared.web.offer_page import read_offer

SECTIONS = {NEW: "Neue Angebote", CHANGED: "Geänderte Angebote"}
"""The sections of an issue, in their order."""
CANDIDATES_MAX = 300
"""Offers that can be chosen from; of a month with more the newest."""
CHOSEN_MAX = 100
TITLE_MAX, TEXT_MAX = 120, 4000
_MONTHS_OPEN = 3
"""Issues can be begun for this month and the two before."""


@dataclass(frozen=True)
class Item:
    """One offer as an issue names it."""

    rid: bytes
    member: str
    title: str
    summary: str
    section: str


@dataclass(frozen=True)
class Issue:
    """One issue with those of its offers that are still there, by section."""

    letter: Letter
    sections: Sequence[tuple[str, Sequence[Item]]]

    @property
    def count(self) -> int:
        """How many offers it names."""
        return sum(len(items) for _, items in self.sections)


@dataclass(frozen=True)
class Draft:
    """What somebody wrote for an issue; `chosen` are ids in order, those of both sections."""

    title: str
    intro: str
    closing: str
    chosen: Sequence[bytes]
    revision: int


# --- reading ---------------------------------------------------------------------------------------------------------


def list_letters(hub: Hub) -> list[Letter]:
    """Return all issues, the newest first."""
    with hub.db.read() as conn:
        return store.load_letters(conn)


def released(hub: Hub) -> list[Letter]:
    """Return the issues that everybody may read, the newest first."""
    return [one for one in list_letters(hub) if one.is_released]


def open_months(hub: Hub) -> list[Month]:
    """Return the months for which an issue can be begun, the newest first."""
    begun = {one.month for one in list_letters(hub)}
    return [month for month in reversed(months_back(hub.today(), _MONTHS_OPEN)) if month not in begun]


def load_issue(hub: Hub, month: Month, *, is_public: bool = False) -> Issue:
    """Return one issue; NotFoundError where there is none, or none that everybody may read."""
    with hub.db.read() as conn:
        return find_issue(conn, month, is_public=is_public)


def find_issue(conn: sa.Connection, month: Month, *, is_public: bool = False) -> Issue:
    """The same as seen by one transaction."""
    letter = store.load_letter(conn, month)
    if letter is None or (is_public and not letter.is_released):
        raise NotFoundError("Einen Rundbrief für diesen Monat gibt es nicht", advice="Alle stehen unter „Rundbrief“.")
    items = _items(conn, store.load_chosen(conn, month))
    by_section = [(title, [one for one in items if one.section == code]) for code, title in SECTIONS.items()]
    return Issue(letter, [(title, some) for title, some in by_section if some])


def _items(conn: sa.Connection, chosen: Sequence[Chosen]) -> list[Item]:
    """Return what is still shown of some offers, in their order."""
    origins = _origins(conn)
    shown = {one.rid: one for one in catalogue.find_many(conn, origins, [one.rid for one in chosen])}
    found = []
    for one in chosen:
        if (held := shown.get(one.rid)) is not None and held.kind == "offer":
            doc = read_offer(held.body)
            found.append(Item(one.rid, held.member, doc.name or held.title, doc.summary, one.section))
    return found


def _origins(conn: sa.Connection) -> list[str]:
    said = newest_note(conn)
    return [] if said is None else shown_origins(said)


def candidates(hub: Hub, month: Month) -> list[Item]:
    """Return what an issue can name: what was published first in its month, then what changed, each newest first."""
    start, end = span_of(month, hub.district.timezone)
    with hub.db.read() as conn:
        origins = _origins(conn)
        touched = store.touched_between(conn, origins, start=start, end=end, most=CANDIDATES_MAX)
        first = load_first_times(conn, origins, [rid for rid, _ in touched])
        is_new = {rid: first.get(rid, start) >= start for rid, _ in touched}
        return _items(
            conn, [Chosen(rid, NEW if is_new[rid] else CHANGED) for rid in sorted(is_new, key=lambda r: not is_new[r])]
        )


# --- writing ---------------------------------------------------------------------------------------------------------


def begin(hub: Hub, month: Month) -> None:
    """Begin the issue of a month with all that is new in it; one that was begun already stays as it is.

    Raises:
        NotFoundError: this month is too long ago, or has not begun.
    """
    with hub.db.read() as conn:
        if store.load_letter(conn, month) is not None:
            return
    if month not in open_months(hub):
        raise NotFoundError("Für diesen Monat kann kein Rundbrief begonnen werden")
    new = [Chosen(one.rid, NEW) for one in candidates(hub, month) if one.section == NEW][:CHOSEN_MAX]
    title = f"Neues im {month_name(month)}"
    with hub.db.write() as conn:
        if store.load_letter(conn, month) is None:
            store.add_letter(conn, Letter(month, DRAFT, title, "", "", 1, hub.clock.now(), None, b"", 0))
            store.save_chosen(conn, month, new)


def save(hub: Hub, month: Month, draft: Draft) -> None:
    """Keep what somebody wrote.

    Raises:
        NotFoundError: there is no such issue.
        ConflictError: it is released, or somebody else changed it since this form was opened.
        RuleError: something is too long, or missing.
    """
    if problems := _problems(draft):
        raise RuleError("Der Rundbrief ist so nicht vollständig", problems)
    sections = {one.rid: one.section for one in candidates(hub, month)}
    with hub.db.write() as conn:
        letter = _writable(conn, month)
        if letter.revision != draft.revision:
            raise ConflictError(
                "Jemand anders hat diesen Rundbrief inzwischen geändert",
                advice="Öffnen Sie ihn in einem zweiten Fenster, und übernehmen Sie, was fehlt.",
            )
        # What was chosen before and is no candidate any more keeps its section.
        sections = {one.rid: one.section for one in store.load_chosen(conn, month)} | sections
        chosen = [Chosen(rid, sections[rid]) for rid in dict.fromkeys(draft.chosen) if rid in sections]
        store.save_chosen(conn, month, chosen)
        store.change_letter(
            conn, month, title=draft.title, intro=draft.intro, closing=draft.closing, revision=letter.revision + 1,
            changed=hub.clock.now(),
        )  # fmt: skip


def _problems(draft: Draft) -> dict[str, list[str]]:
    problems = {}
    if not draft.title:
        problems["title"] = ["Der Titel fehlt. Beispiel: Neues im November"]
    elif len(draft.title) > TITLE_MAX:
        problems["title"] = [f"Der Titel ist zu lang: höchstens {TITLE_MAX} Zeichen."]
    for field, text in (("intro", draft.intro), ("closing", draft.closing)):
        if len(text) > TEXT_MAX:
            problems[field] = [f"Der Text ist zu lang: höchstens {TEXT_MAX} Zeichen, jetzt {len(text)}."]
    if len(draft.chosen) > CHOSEN_MAX:
        problems["chosen"] = [f"Das sind {len(draft.chosen)} Angebote. Ein Rundbrief nennt höchstens {CHOSEN_MAX}."]
    return problems


def _writable(conn: sa.Connection, month: Month) -> Letter:
    letter = store.load_letter(conn, month)
    if letter is None:
        raise NotFoundError("Einen Rundbrief für diesen Monat gibt es nicht", advice="Alle stehen unter „Rundbrief“.")
    if letter.is_released:
        raise ConflictError("Dieser Rundbrief ist veröffentlicht und ändert sich nicht mehr")
    return letter


def drop(hub: Hub, month: Month) -> None:
    """Throw a draft away; NotFoundError, or ConflictError for one that is released."""
    with hub.db.write() as conn:
        _writable(conn, month)
        store.drop_letter(conn, month)


def release(hub: Hub, month: Month, revision: int) -> int:
    """Let everybody read an issue, and let its copies be written; returns how many subscribers there are.

    Raises:
        NotFoundError: there is no such issue.
        ConflictError: it is released, was changed since it was looked at, or says nothing.
    """
    with hub.db.write() as conn:
        letter = _writable(conn, month)
        if letter.revision != revision:
            raise ConflictError(
                "Der Rundbrief wurde inzwischen geändert", advice="Sehen Sie sich die Vorschau noch einmal an."
            )
        if not find_issue(conn, month).count and not letter.intro:
            raise ConflictError(
                "Dieser Rundbrief ist leer", advice="Wählen Sie Angebote aus, oder schreiben Sie eine Einleitung."
            )
        count = subscriptions.count_newsletter(conn)
        store.change_letter(conn, month, state=SENDING, released=hub.clock.now(), told_until=b"", recipients=0)
    return count


def count_readers(hub: Hub) -> int:
    """Return how many people get the newsletter."""
    with hub.db.read() as conn:
        return subscriptions.count_newsletter(conn)
