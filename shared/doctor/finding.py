"""What one look found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from shared.errors import KreisweitError, reason_of


class Grade(StrEnum):
    """How a thing is; `skipped`: it could not be looked at, because something before it is wrong or it is not used."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    SKIPPED = "skipped"


GRADE_TEXTS = {
    Grade.GOOD: "in Ordnung",
    Grade.WARNING: "beachten",
    Grade.BAD: "Fehler",
    Grade.SKIPPED: "nicht geprüft",
}


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    Args:
        check: its name, for programs.
        title: what was looked at, in German.
        message: what was found.
        advice: what to do; empty where nothing is.
    """

    check: str
    title: str
    grade: Grade
    message: str
    advice: str = ""


Answer = tuple[Grade, str] | tuple[Grade, str, str]
"""Grade, message and, where there is something to do, advice."""


class Check(msgspec.Struct, frozen=True):
    """One thing to look at, and how."""

    name: str
    title: str
    look: Callable[[], Answer]


def good(message: str) -> Answer:
    """All is well."""
    return Grade.GOOD, message


def warning(message: str, advice: str) -> Answer:
    """It works, but not for ever."""
    return Grade.WARNING, message, advice


def bad(message: str, advice: str) -> Answer:
    """It does not work."""
    return Grade.BAD, message, advice


def skipped(message: str) -> Answer:
    """There is nothing to look at."""
    return Grade.SKIPPED, message


def look_at(checks: Sequence[Check]) -> list[Finding]:
    """Look at everything, in order; one look that fails is a finding and ends nothing."""
    return [_look(check) for check in checks]


def _look(check: Check) -> Finding:
    from shared.database import describe_trouble

    try:
        return Finding(check.name, check.title, *check.look())
    except KreisweitError as error:
        return Finding(
            check.name, check.title, Grade.BAD, error.message, error.advice or "Die Meldung nennt die Stelle."
        )
    except OSError as error:
        text = f"{error.filename}: {reason_of(error)}" if error.filename else reason_of(error)
        return Finding(check.name, check.title, Grade.BAD, text, "Rechte und Platz an dieser Stelle prüfen.")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a party, its doctor says so and looks on
        text, advice = describe_trouble(error) or (f"{type(error).__name__}", "Das Protokoll des Programms ansehen.")
        return Finding(check.name, check.title, Grade.BAD, text, advice)


def worst(findings: Sequence[Finding]) -> Grade:
    """Return the worst grade; good where there is nothing to worry about."""
    grades = {finding.grade for finding in findings}
    return next((grade for grade in (Grade.BAD, Grade.WARNING) if grade in grades), Grade.GOOD)
