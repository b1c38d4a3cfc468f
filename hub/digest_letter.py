"""What the monthly letter to a city says, in German: titles and links of its offers, and what to do first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.freshness import ACTIONS, ACTORS, STEP_TEXTS, Checked, Standing, Step
from hub.months import month_name, month_of
from hub.party import Hub
from shared.web.charts import say_number

LISTED_MAX = 30
"""Offers of each list that a letter names; of more it says how many."""


@dataclass(frozen=True)
class Facts:
    """What there is to tell about one member.

    Args:
        late: whose check is due, those due longest first.
        never: offers that nobody ever checked.
        gaps: what its offers lack, in German, with the number of offers; the most frequent first.
    """

    member: str
    today: date
    standing: Standing
    late: Sequence[Checked]
    never: Sequence[Checked]
    gaps: Sequence[tuple[str, int]]


def compose(hub: Hub, facts: Facts) -> tuple[str, str]:
    """Return subject and text of the letter."""
    title = _title(hub, facts.member)
    subject = f"{title}: Ihre Angebote im {month_name(month_of(facts.today))}"
    lines = [
        "Guten Tag,",
        "",
        f"so stehen die Angebote von {title} am {facts.today:%d.%m.%Y} im gemeinsamen Verzeichnis:",
        "",
        *_numbers(facts.standing),
    ]
    if not facts.standing.overdue:
        lines += ["", "Alle Prüfungen sind erledigt. Vielen Dank!"]
    lines += _late(hub, facts)
    lines += _never(hub, facts)
    lines += _gaps(facts.gaps)
    lines += ["", *_closing(hub, facts.member)]
    return subject, "\n".join(lines) + "\n"


def _title(hub: Hub, member: str) -> str:
    known = hub.district.member(member)
    return member if known is None else known.title


def _numbers(standing: Standing) -> list[str]:
    lines = [f"Angebote insgesamt: {say_number(standing.offers)}", f"Geprüft und aktuell: {say_number(standing.fresh)}"]
    lines += [f"Prüfung {STEP_TEXTS[step]}: {say_number(count)}" for step, count in standing.steps.items() if count]
    if standing.never:
        lines.append(f"Noch nie geprüft: {say_number(standing.never)}")
    if standing.median_days is not None:
        lines.append(f"Die Hälfte Ihrer geprüften Angebote wurde in den letzten {standing.median_days} Tagen geprüft.")
    return lines


def _late(hub: Hub, facts: Facts) -> list[str]:
    lines: list[str] = []
    shown = facts.late[:LISTED_MAX]
    for step in sorted(Step, reverse=True):
        found = [one for one in shown if one.step(facts.today) is step]
        if found:
            lines += ["", f"PRÜFUNG {STEP_TEXTS[step].upper()}", f"Wer handelt: {ACTORS[step]}. {ACTIONS[step]}", ""]
            lines += [line for one in found for line in _offer(hub, one)]
    return lines + _more(len(facts.late) - len(shown))


def _never(hub: Hub, facts: Facts) -> list[str]:
    if not facts.never:
        return []
    shown = facts.never[:LISTED_MAX]
    return [
        "", "NOCH NIE GEPRÜFT", "",
        *(line for one in shown for line in _offer(hub, one)),
        *_more(len(facts.never) - len(shown)),
    ]  # fmt: skip


def _offer(hub: Hub, one: Checked) -> list[str]:
    due = "" if one.is_never or one.due is None else f" (fällig seit {one.due:%d.%m.%Y})"
    return [f"* {' '.join(one.title.split())}{due}", f"  {hub.public_url}/angebote/{one.rid.hex()}"]


def _more(count: int) -> list[str]:
    if count < 1:
        return []
    return ["", "und ein weiteres Angebot" if count == 1 else f"und {say_number(count)} weitere Angebote"]


def _gaps(gaps: Sequence[tuple[str, int]]) -> list[str]:
    if not gaps:
        return []
    lines = [f"* {label}: {'ein Angebot' if count == 1 else f'{say_number(count)} Angebote'}" for label, count in gaps]
    return ["", "WAS IN DEN ANGEBOTEN FEHLT", "", *lines]


def _closing(hub: Hub, member: str) -> list[str]:
    site = hub.book.site_of(member)
    where = f"So prüfen Sie ein Angebot: {site}/pult/angebote öffnen, „Prüfung fällig“ wählen, bestätigen oder ändern."
    return [
        where if site else "So prüfen Sie ein Angebot: im Arbeitsbereich Ihrer Stadt „Prüfung fällig“ wählen.",
        "",
        "Diese Mail kommt einmal im Monat. Abbestellen können Sie sie bei der Stelle, die unten steht.",
        "",
        "-- ",
        hub.district.contact.organisation or hub.district.name,
        *([hub.district.contact.email] if hub.district.contact.email else []),
        hub.public_url,
    ]
