"""The command `doctor`, the same for node and hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shared.commands import FAILED, PARTLY, json_option, leave, print_json, say

if TYPE_CHECKING:
    from shared.doctor.finding import Finding

Examine = Callable[[Path], "Sequence[Finding]"]
_MARKS = {"good": "✓", "warning": "!", "bad": "✗", "skipped": "–"}


def add_doctor_command(main: click.Group, examine: Examine) -> None:
    """Add `doctor` to the commands of a party.

    Args:
        examine: looks at everything about the party of a home directory.
    """

    @main.command(name="doctor")
    @json_option
    @click.pass_obj
    def doctor(home: Path, as_json: bool) -> None:
        """Alles prüfen, was zum Betrieb nötig ist: Rechner, Uhr, Schlüssel, Datenbank, Netz, Sicherungen, Mail.

        Ändert nichts und darf jederzeit laufen. Ergebnis: 0 alles in Ordnung, 1 Fehler, 3 etwas ist zu beachten.
        """
        from shared.doctor.finding import Grade, worst

        findings = examine(home)
        if as_json:
            print_json(findings)
        else:
            _tell(findings)
        grade = worst(findings)
        if grade is not Grade.GOOD:
            leave(FAILED if grade is Grade.BAD else PARTLY)


def _tell(findings: Sequence[Finding]) -> None:
    from shared.doctor.finding import GRADE_TEXTS

    width = max(len(finding.title) for finding in findings)
    for finding in findings:
        say(f"{_MARKS[finding.grade]} {finding.title:<{width}}  {finding.message}")
        if finding.advice:
            say(f"  {'':<{width}}  {GRADE_TEXTS[finding.grade]}: {finding.advice}")
