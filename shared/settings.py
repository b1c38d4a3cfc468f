"""The settings file of a party: one TOML file in its home directory, read into one frozen struct."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from shared.errors import ConfigError, ParseError
from shared.keyring import write_private

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
        raise ConfigError(f"{path} does not exist", advice=advice)
    try:
        settings = msgspec.convert({**tomllib.loads(path.read_text("utf-8")), "home": str(path.parent)}, kind)
        check(settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ParseError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return settings


def save_toml(path: Path, settings: msgspec.Struct, *, first_line: str) -> None:
    """Write a settings file, complete or not at all; empty values are left out."""
    lines = [f"# {first_line}"]
    for name, value in msgspec.structs.asdict(settings).items():
        if name != "home" and value not in ("", ()):
            lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
    write_private(path, ("\n".join(lines) + "\n").encode())
