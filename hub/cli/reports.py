"""The command that lists what members reported of their days."""

from __future__ import annotations

from pathlib import Path

import msgspec
import rich_click as click

from hub.cli.commands import main_group, opened
from shared.commands import json_option, print_json, say

_TERMS_SHOWN = 5


@main_group.command()
@click.option("--days", type=click.IntRange(1, 400), default=30, help="Wie viele Tage zurück.", show_default=True)
@json_option
@click.pass_obj
def reports(home: Path, days: int, as_json: bool) -> None:
    """Was gesucht und nicht gefunden wurde: die Tageszahlen der Mitglieder, ohne Personen."""
    from hub.reporting import list_reports

    with opened(home) as hub:
        found = list_reports(hub, days=days)
    if as_json:
        print_json([{"member": one.member, **msgspec.to_builtins(one.report)} for one in found])
        return
    for one in found:
        told = one.report
        terms = ", ".join(f"{term} ({number})" for term, number in told.terms[:_TERMS_SHOWN])
        say(
            f"{told.day:%d.%m.%Y}  {one.member:<20} {told.searches:>6} Suchen  {told.views:>6} Aufrufe  "
            f"{told.overdue:>4} Prüfungen überfällig{'  ohne Treffer: ' + terms if terms else ''}"
        )
    if not found:
        say("Noch keine Tageszahlen.")
