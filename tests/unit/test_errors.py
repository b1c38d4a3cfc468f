"""What the operating system refused, in German."""

from __future__ import annotations

import errno

import pytest

from shared.errors import reason_of


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOENT, "das gibt es nicht"),
        (errno.EACCES, "die Rechte reichen nicht"),
        (errno.EISDIR, "das ist ein Verzeichnis, keine Datei"),
        (errno.ENOTDIR, "ein Teil des Pfades ist kein Verzeichnis"),
        (errno.ENOSPC, "auf der Platte ist kein Platz mehr"),
        (errno.EROFS, "der Datenträger lässt sich nur lesen"),
        (errno.EADDRINUSE, "der Port ist schon belegt"),
        (errno.EEXIST, "das gibt es schon"),
        (errno.EXDEV, "EXDEV"),
        (-2, "diesen Rechnernamen kennt hier niemand"),
    ],
)
def test_errno_in_german_or_by_name(number: int, said: str) -> None:
    assert reason_of(OSError(number, "some English")) == said


def test_error_without_errno_is_named_by_its_kind() -> None:
    assert reason_of(TimeoutError()) == "TimeoutError"
