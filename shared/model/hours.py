"""German texts of opening hours to proposed weekly and monthly slots.

A text is read whole or not at all: one unknown word, an open end ("ab 16 Uhr"), a vague word ("etwa") or a date makes
the result empty, since a slot that is nearly right sends people to a closed door.  Times stay text first; what this
module finds is proposed to a person.

Grammar, after normalising ("bis" and dashes are one sign, "Uhr" and "von" are dropped):

    text    = block { [";" | "," | "/" | "und" | line break] block }
    block   = days times | days "geschlossen" | [days] "nach Vereinbarung"
    days    = day item { ("," | "und" | "/") day item };  day item = day | day "-" day | { ordinal } day ["im Monat"]
    times   = range { ("," | "und" | "/") range };  range = time "-" time
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple, cast

import msgspec

from shared.model.fields import Byday, Frequency
from shared.model.parts import Schedule
from shared.model.text import running_text

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_GERMAN: Final = dict(zip(DAYS, ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"), strict=True))
_DAY_WORDS: Final = {
    **dict.fromkeys(("mo", "montag", "montags"), "MO"),
    **dict.fromkeys(("di", "dienstag", "dienstags"), "TU"),
    **dict.fromkeys(("mi", "mittwoch", "mittwochs"), "WE"),
    **dict.fromkeys(("do", "donnerstag", "donnerstags"), "TH"),
    **dict.fromkeys(("fr", "freitag", "freitags"), "FR"),
    **dict.fromkeys(("sa", "samstag", "samstags", "sonnabend", "sonnabends"), "SA"),
    **dict.fromkeys(("so", "sonntag", "sonntags"), "SU"),
}
_TOKEN: Final = re.compile(
    r"""(?P<appointment>nach\ (?:termin)?(?:vereinbarung|absprache))
      | (?P<closed>geschlossen|zu(?=[;,\n]|$))
      | (?P<monthly>im\ monat|des\ monats|eines\ monats)
      | (?P<ordinal>[1-5](?=\.\ *(?:[1-5]\.|,|und|u\.|mo|di|mi|do|fr|sa|so))\.|letzter|letzten|letzte)
      | (?P<time>[0-9]{1,2}(?:[:.][0-9]{2})?)(?:\ *h\b)?
      | (?P<day>[a-z]+)\b\.?
      | (?P<join>[,/&+])
      | (?P<end>[;\n|])
      | (?P<to>-)
      | (?P<space>[ :]+)""",
    re.VERBOSE,
)
_EARLIEST: Final = "06:00"  # a slot that opens earlier is more likely a misread date


class Hours(msgspec.Struct, frozen=True):
    """What a text of hours says.  `is_read` False: nothing is proposed, the text stands for itself.

    `remarks` are parts that were understood but are no slot: closed days, hours by appointment.
    """

    slots: tuple[Schedule, ...] = ()
    remarks: tuple[str, ...] = ()
    is_read: bool = False


class _Token(NamedTuple):
    kind: str
    value: str


class _NotReadError(Exception):
    """The text does not follow the grammar; never leaves this module."""


def read_hours(text: str) -> Hours:
    """Propose slots for a text, one per weekday and time range, or say honestly that it was not read."""
    try:
        reader = _Reader(_tokens(text))
        reader.read_text()
    except _NotReadError:
        return Hours()
    slots = tuple(slot for slot in reader.slots if slot.byday[0] not in reader.closed)
    if not slots or _overlap(slots):
        return Hours()
    return Hours(slots, tuple(reader.remarks), is_read=True)


def _tokens(text: str) -> list[_Token]:
    plain = re.sub("[\u2010-\u2015\u2212~]", "-", running_text(text).lower())
    plain = re.sub(r"\bbis\b", "-", plain)
    has_clock_word = re.search(r"\buhr\b", plain) is not None
    plain = re.sub(r"\buhr\b\.?|\bvon\b|\bjeweils\b", " ", plain)
    plain = re.sub(r"\bund\b|\bu\.", ",", plain)
    plain = re.sub(r"\bjede[nmrs]?\b(?= (?:[1-5]\.|letzten))", " ", plain)
    tokens = []
    position = 0
    while position < len(plain):
        match = _TOKEN.match(plain, position)
        if match is None:
            raise _NotReadError
        tokens.append(_token(match, has_clock_word))
        position = match.end()
    return [token for token in tokens if token.kind != "space"]


def _token(match: re.Match[str], has_clock_word: bool) -> _Token:
    kind = match.lastgroup or ""
    value = match.group(kind)
    if kind == "day":
        if value not in _DAY_WORDS:
            raise _NotReadError
        value = _DAY_WORDS[value]
    elif kind == "time":
        value = _clock(value, has_clock_word)
    elif kind == "ordinal":
        value = "-1" if value.startswith("letzt") else value[0]
    return _Token(kind, value)


def _clock(text: str, has_clock_word: bool) -> str:
    hour, _, minute = text.replace(".", ":").partition(":")
    if int(hour) > 23 or int(minute or 0) > 59:
        raise _NotReadError
    if "." in text and not has_clock_word and 1 <= int(minute) <= 12:
        raise _NotReadError  # "10.11" may be a date
    return f"{int(hour):02d}:{int(minute or 0):02d}"


class _Reader:
    """Reads the tokens from left to right; collects slots, closed days and remarks."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self.slots: list[Schedule] = []
        self.closed: set[str] = set()
        self.remarks: list[str] = []

    def read_text(self) -> None:
        while self._kind() in ("join", "end"):
            self._take()
        while self._kind():
            self._read_block()
            while self._kind() in ("join", "end"):
                self._take()

    def _kind(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at].kind if at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1].value

    def _expect(self, kind: str) -> str:
        if self._kind() != kind:
            raise _NotReadError
        return self._take()

    def _read_block(self) -> None:
        # "Mo 9-12 nach Vereinbarung" is not read: do the hours need an appointment, or are there others?
        is_set_off = self._at == 0 or self._tokens[self._at - 1].kind in ("join", "end")
        if self._kind() == "appointment" and is_set_off:
            self._take()
            self.remarks.append("nach Vereinbarung")
            return
        days = self._read_days()
        if self._kind() == "closed":
            self._take()
            self.closed.update(days)
            self.remarks.append(_remark(days, "geschlossen"))
        elif self._kind() == "appointment":
            self._take()
            self.remarks.append(_remark(days, "nach Vereinbarung"))
        else:
            self._read_times(days)

    def _read_days(self) -> list[str]:
        days = self._read_day_item()
        while self._kind() == "join" and self._kind(1) in ("day", "ordinal"):
            self._take()
            days += self._read_day_item()
        if len(set(days)) != len(days):
            raise _NotReadError
        return days

    def _read_day_item(self) -> list[str]:
        ordinals = []
        while self._kind() == "ordinal":
            ordinals.append(self._take())
            if self._kind() == "join" and self._kind(1) == "ordinal":
                self._take()
        first = self._expect("day")
        if ordinals:
            # "jeden 2. Mittwoch" may mean every other week; only "im Monat" makes it clear.  "1. und 3." and "letzter"
            # count within a month anyway.
            if self._kind() == "monthly" or ordinals in (["1"], ["2"], ["3"], ["4"], ["5"]):
                self._expect("monthly")
            return [f"{ordinal}{first}" for ordinal in ordinals]
        if self._kind() != "to":
            return [first]
        self._take()
        start, stop = DAYS.index(first), DAYS.index(self._expect("day"))
        if start >= stop:
            raise _NotReadError
        return list(DAYS[start : stop + 1])

    def _read_times(self, days: list[str]) -> None:
        while True:
            opens = self._expect("time")
            self._expect("to")
            closes = self._expect("time")
            if opens >= closes or opens < _EARLIEST:
                raise _NotReadError
            self.slots += [_slot(day, opens, closes) for day in days]
            if not (self._kind() == "join" and self._kind(1) == "time"):
                return
            self._take()


def _slot(day: str, opens: str, closes: str) -> Schedule:
    freq: Frequency = "WEEKLY" if day in DAYS else "MONTHLY"
    return Schedule(byday=(cast(Byday, day),), closes_at=closes, freq=freq, opens_at=opens)


def _remark(days: list[str], what: str) -> str:
    return f"{', '.join(_GERMAN.get(day, day) for day in days)}: {what}"


def _overlap(slots: tuple[Schedule, ...]) -> bool:
    """Two slots of one day that meet contradict each other: the text was misread or is wrong."""
    ordered = sorted((slot.byday[0], slot.opens_at, slot.closes_at) for slot in slots)
    return any(one[0] == two[0] and two[1] < one[2] for one, two in pairwise(ordered))
