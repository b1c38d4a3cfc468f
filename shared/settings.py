"""The settings file of a party: one TOML file in its home directory, read into one frozen struct."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from shared.errors import ConfigError, ParseError
from shared.keyring import write_private
from shared.model.district import District, parse_district
from shared.model.shipped import shipped_district

KEEP_DAYS_MAX: Final = 30
"""Longest time for which backups are kept: who was erased is gone from every one after it (PROTOCOL 10.6)."""

_Settings = TypeVar("_Settings", bound=msgspec.Struct)


def load_toml(path: Path, kind: type[_Settings], check: Callable[[_Settings], None], *, advice: str) -> _Settings:
    """Read a settings file; its directory becomes the field `home`.

    Args:
        check: raises ParseError or ConfigError for values that are not possible.
        advice: what to do where the file does not exist.
    Raises:
        ConfigError: names the file and the field.
    """
    if not path.exists():
        raise ConfigError(f"Die Datei {path} gibt es nicht", advice=advice)
    try:
        settings = msgspec.convert({**tomllib.loads(path.read_text("utf-8")), "home": str(path.parent)}, kind)
        check(settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ParseError) as error:
        raise ConfigError(f"{path}: {_in_german(str(error))}", advice="Die Datei berichtigen.") from error
    return settings


_SENTENCES = (
    (re.compile(r"Object contains unknown field `([^`]*)`.*"), r"Die Einstellung \1 gibt es nicht"),
    (re.compile(r"Object missing required field `([^`]*)`.*"), r"Die Einstellung \1 fehlt"),
    (re.compile(r".* - at `\$\.([^`]*)`"), r"Die Einstellung \1 hat die falsche Art"),
    (re.compile(r".*\(at line (\d+), column (\d+)\)"), r"Zeile \1 ist ab Zeichen \2 nicht lesbar"),
    (re.compile(r".*\(at end of document\)"), "Das Ende der Datei ist nicht lesbar"),
    (re.compile(r"'utf-8' codec.*"), "Die Datei ist nicht in UTF-8 geschrieben"),
)
"""What the readers of TOML say of a file, and the same in German."""


def _in_german(text: str) -> str:
    """Return what is wrong with a settings file in German; our own sentences are German already."""
    return next((form.sub(words, text) for form, words in _SENTENCES if form.fullmatch(text)), text)


def save_toml(path: Path, settings: msgspec.Struct, *, first_line: str) -> None:
    """Write a settings file, complete or not at all; empty values are left out."""
    lines = [f"# {first_line}"]
    for name, value in msgspec.structs.asdict(settings).items():
        if name != "home" and value not in ("", ()):
            lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
    write_private(path, ("\n".join(lines) + "\n").encode())


def absolute_profile(named: str) -> str:
    """Return how settings name a profile that a command was given: a file by its whole path, a shipped one as it is."""
    return str(Path(named).absolute()) if _is_file_name(named) else named


def _is_file_name(named: str) -> bool:
    return any(sign in named for sign in "./\\")


def load_district(named: str) -> District:
    """Read the district profile that a party's settings name: a file, or by its name one that ships.

    Args:
        named: empty for the default; what has a dot or a slash in it is a file.
    Raises:
        ConfigError: there is no such profile, or it is wrong.
    """
    if not named:
        return shipped_district()
    if not _is_file_name(named):
        return shipped_district(named)
    try:
        return parse_district(Path(named).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"Das Kreisprofil {named} ist nicht lesbar", advice="Den Pfad in den Einstellungen berichtigen (district)."
        ) from error


def verify_in_district(district: District, ags: str) -> None:
    """Return when an AGS lies in the district; ConfigError otherwise."""
    if not ags.startswith(district.key):
        raise ConfigError(
            f"Der AGS {ags} liegt nicht im {district.name} ({district.key})",
            advice="Den AGS berichtigen; für einen anderen Kreis dessen Profil angeben (district).",
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host of an address is this computer alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def verify_reach(host: str, *, totp_required: bool) -> None:
    """Refuse to serve sign-in without a second factor to anybody but this computer; ConfigError."""
    if not totp_required and not is_loopback(host):
        raise ConfigError(
            f"totp_required = false, but host is {host}",
            advice="Auf 127.0.0.1 lauschen, oder die zweite Sicherung verlangen (totp_required = true).",
        )
