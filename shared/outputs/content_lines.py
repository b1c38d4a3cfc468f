"""Lines of iCalendar and their values (RFC 5545, 3.1 and 3.3), for entries by the ten thousand.

Written here because a library that keeps each entry as a tree takes most of a minute for a whole catalogue; what these
lines say is held against such a library in the tests.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

_MOST_BYTES: Final = 75
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def content_line(name: str, value: str) -> bytes:
    """Write a line; one that is too long goes on in the next, and no letter is torn apart.

    Args:
        name: of the property, with its parameters.
        value: as it stands in the line; see `text_value`.
    """
    data = f"{name}:{value}".encode()
    if len(data) <= _MOST_BYTES:
        return data + b"\r\n"
    pieces, start, room = [], 0, _MOST_BYTES
    while len(data) - start > room:
        end = start + room
        while data[end] & 0xC0 == 0x80:  # within a letter of several bytes
            end -= 1
        pieces.append(data[start:end])
        start, room = end, _MOST_BYTES - 1  # the blank counts
    return b"\r\n ".join([*pieces, data[start:]]) + b"\r\n"


def text_value(text: str) -> str:
    """Write a text; control characters are left out."""
    plain = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def utc_value(moment: datetime) -> str:
    """Write a moment; aware ones only."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def local_value(day: date, clock: str) -> str:
    """Write a day and an hour `HH:MM` on the clocks of a zone that is named beside it."""
    return f"{day_value(day)}T{clock.replace(':', '')}00"


def day_value(day: date) -> str:
    """Write a day."""
    return day.isoformat().replace("-", "")
