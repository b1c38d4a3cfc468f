"""The district profile: what differs between one district and another, in one TOML file.

`parse_district` takes the text; `shipped.shipped_district` reads the profile that comes with the program.
Messages are for the operator of a node or hub, so they are German first with the English key named.
"""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from shared.errors import ConfigError, ParseError
from shared.ids import parse_ags, parse_member_name
from shared.model import fields as f
from shared.model.postcodes import Postcode, TownPostcodes
from shared.model.text import fold, text_problems

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_LEAST_CONTRAST: Final = 4.5


class _Centre(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(pattern=r"^[0-9]{5}(?![\s\S])")]
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class DistrictMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A publisher of the district: a town, or the district itself (without `town`)."""

    name: str
    ags: str
    title: Annotated[str, Meta(min_length=2, max_length=80)]
    town: Annotated[str, Meta(max_length=80)] = ""
    area_code: Annotated[str, Meta(pattern=r"^(?:0[0-9]{2,5})?(?![\s\S])")] = ""
    postcodes: tuple[_Centre, ...] = ()


class Colours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The district's colours as `#rrggbb`."""

    accent: str
    on_accent: str = "#ffffff"


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rectangle in which places are expected."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """True if the point lies inside."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


class DistrictContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for the catalogue; a function, not a person."""

    organisation: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    email: f.Email = ""
    phone: str = ""
    url: f.Url = ""


class Licence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Under which terms the catalogue may be used by others; empty where the profile does not say."""

    name: Annotated[str, Meta(max_length=160)] = ""
    url: f.Url = ""


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A district with its members, in the order of the file."""

    name: Annotated[str, Meta(min_length=2, max_length=80)]
    key: Annotated[str, Meta(pattern=r"^[0-9]{5}(?![\s\S])")]
    languages: Annotated[tuple[f.LanguageTag, ...], Meta(min_length=1)]
    contact: DistrictContact
    colours: Colours
    bounds: Bounds
    members: Annotated[tuple[DistrictMember, ...], Meta(min_length=1)]
    short_name: str = ""
    state: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?![\s\S])")] = "NW"
    timezone: str = "Europe/Berlin"
    logo: str = ""
    licence: Licence = Licence()
    contributor: f.Url = ""  # its dcatde:contributorID: under which name its data come to GovData

    @property
    def ags(self) -> str:
        """The key of the district itself in eight digits: owner of its own records."""
        return self.key + "000"

    def member(self, name: str) -> DistrictMember | None:
        """The member of this name, or None."""
        return next((member for member in self.members if member.name == name), None)

    def member_by_ags(self, ags: str) -> DistrictMember | None:
        """The member of this AGS, or None."""
        return next((member for member in self.members if member.ags == ags), None)

    def member_by_text(self, text: str) -> DistrictMember | None:
        """The member that people mean by the name of a town, a title or a member name."""
        wanted = fold(text)
        for member in self.members:
            if wanted and wanted in {fold(member.name), fold(member.title), fold(member.town)}:
                return member
        return None

    def title(self, ags: str) -> str:
        """How the publisher of this AGS is called, or the AGS itself."""
        member = self.member_by_ags(ags)
        return ags if member is None else member.title

    @property
    def names(self) -> tuple[str, ...]:
        """What the district, its publishers and its towns are called."""
        return (self.name, *(name for member in self.members for name in (member.title, member.town) if name))

    def town_postcodes(self) -> TownPostcodes:
        """All postcodes with their towns."""
        return TownPostcodes(
            tuple(
                Postcode(centre.code, member.name, centre.latitude, centre.longitude)
                for member in self.members
                for centre in member.postcodes
            ),
            {member.name: member.town for member in self.members if member.town},
        )


def parse_district(text: str) -> District:
    """Read a district profile, or raise ConfigError that names the key and what is wrong.

    Checks: form, member names and AGS (well formed, each once, inside the district), each postcode once, colours with
    readable contrast, bounds the right way round, languages containing German.
    """
    try:
        district = msgspec.convert(tomllib.loads(text), District)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(f"keine gültige TOML-Datei (not valid TOML): {error}") from error
    except msgspec.ValidationError as error:
        raise _refusal(f"{error}") from error
    problems = [*_member_problems(district), *_look_problems(district)]
    if problems:
        raise _refusal("; ".join(problems))
    return district


def _refusal(problem: str) -> ConfigError:
    return ConfigError(
        f"Kreisprofil (district profile): {problem}", advice="Die Profildatei berichtigen und neu starten."
    )


def _member_problems(district: District) -> list[str]:
    problems = []
    seen: dict[str, str] = {}
    for member in district.members:
        try:
            parse_member_name(member.name)
            parse_ags(member.ags)
        except ParseError as error:
            problems.append(f"Mitglied (members): {error.message}")
        if member.name == "hub":
            problems.append("Mitglied (members): der Name hub ist vergeben (reserved)")
        if not member.ags.startswith(district.key):
            problems.append(f"Mitglied {member.name}: AGS {member.ags} liegt nicht im Kreis {district.key} (outside)")
        if text_problems(member.title, is_name=True):
            problems.append(f"Mitglied {member.name}: title {'; '.join(text_problems(member.title, is_name=True))}")
        for value in (member.name, member.ags, member.title, *(centre.code for centre in member.postcodes)):
            if value in seen:
                problems.append(f"{value!r} steht bei {seen[value]} und {member.name} (given twice)")
            seen[value] = member.name
    return problems


def _look_problems(district: District) -> list[str]:
    problems = []
    for key, colour in (("accent", district.colours.accent), ("on_accent", district.colours.on_accent)):
        if not _COLOUR.fullmatch(colour):
            problems.append(f"colours.{key}: {colour!r} ist nicht von der Form #rrggbb (not #rrggbb)")
    if not problems and contrast(district.colours.accent, district.colours.on_accent) < _LEAST_CONTRAST:
        problems.append(f"colours: Kontrast unter {_LEAST_CONTRAST} zu 1 (contrast too low)")
    if district.bounds.south >= district.bounds.north or district.bounds.west >= district.bounds.east:
        problems.append("bounds: Süden vor Norden und Westen vor Osten nötig (the wrong way round)")
    if "de" not in district.languages:
        problems.append("languages: de fehlt (is missing)")
    return problems


def contrast(one: str, other: str) -> float:
    """The WCAG contrast of two colours written `#rrggbb`, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
