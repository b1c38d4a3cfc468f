"""The settings file of a party: one TOML file in its home directory, read into one frozen struct."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from shared.errors import ConfigError, ParseError
from shared.keyring import write_private
from shared.model.district import District, parse_district
from shared.model.shipped import shipped_district

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


def load_district(path: str) -> District:
    """Read the district profile of a party's settings; the one that ships where none is named.

    Raises:
        ConfigError: the profile is wrong.
    """
    return parse_district(Path(path).read_text("utf-8")) if path else shipped_district()


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
