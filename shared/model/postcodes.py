"""Postcodes: one spelling, their town, their centre.  Where a town has several, none is guessed."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from shared.errors import ParseError
from shared.model.text import fold, one_line

_POSTCODE: Final = re.compile(r"(?:D ?- ?)?([0-9]{5})")
_WITH_TOWN: Final = re.compile(r"(?:D ?- ?)?([0-9]{5})\b[ ,]*(.*)")


class Postcode(msgspec.Struct, frozen=True):
    """One postcode with the centre of its area (WGS84) and the member whose town it belongs to."""

    code: str
    member: str
    latitude: float
    longitude: float


class TownPostcodes(msgspec.Struct, frozen=True):
    """All postcodes of a district; `towns` maps each member to the name of its town."""

    postcodes: tuple[Postcode, ...]
    towns: dict[str, str]

    def get(self, code: str) -> Postcode | None:
        """The postcode, or None outside the district."""
        return next((postcode for postcode in self.postcodes if postcode.code == code), None)

    def town(self, code: str) -> str:
        """The town of a postcode, or the empty text outside the district."""
        postcode = self.get(code)
        return "" if postcode is None else self.towns.get(postcode.member, "")

    def only_code(self, town: str) -> str:
        """The postcode of a town that has exactly one, else the empty text."""
        members = {member for member, name in self.towns.items() if fold(name) == fold(town)}
        codes = [postcode.code for postcode in self.postcodes if postcode.member in members]
        return codes[0] if len(codes) == 1 else ""

    def fits(self, code: str, town: str) -> bool:
        """False only if the postcode is known to belong to another town."""
        known = self.town(code)
        return not known or not town or fold(known) == fold(town)


def parse_postcode(text: str) -> str:
    """Read a German postcode (`45657`, `D-45657`), or raise ParseError."""
    match = _POSTCODE.fullmatch(one_line(text))
    if match is None:
        raise ParseError(f"postcode {text[:20]!r} is not five digits")
    return match.group(1)


def split_town(text: str) -> tuple[str, str]:
    """Divide `45657 Recklinghausen` into postcode and town; either may be empty."""
    line = one_line(text)
    match = _WITH_TOWN.fullmatch(line)
    return (match.group(1), match.group(2).strip()) if match else ("", line)
