"""The vocabularies and district profiles that come with the program.

The one module of this package that opens files: package data through `importlib.resources`, at the caller's wish.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

from shared.errors import ConfigError, NotFoundError
from shared.model.district import District, parse_district
from shared.model.vocabulary.collection import Vocabularies
from shared.model.vocabulary.terms import NAMES, Vocabulary, parse_vocabulary

DEFAULT_DISTRICT: Final = "recklinghausen"


def shipped_vocabulary(name: str) -> Vocabulary:
    """Read one of the vocabularies, by its name."""
    if name not in NAMES:
        raise NotFoundError(f"there is no vocabulary {name!r}; there are {', '.join(NAMES)}")
    file = resources.files("shared.model.vocabulary") / "data" / f"{name}.json"
    return parse_vocabulary(file.read_text("utf-8"))


@cache
def shipped_vocabularies() -> Vocabularies:
    """Return all vocabularies, by name; read once."""
    return Vocabularies({name: shipped_vocabulary(name) for name in NAMES})


def shipped_district(name: str = DEFAULT_DISTRICT) -> District:
    """Read a district profile that comes with the program, or raise ConfigError."""
    file = resources.files("shared.model") / "districts" / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9-]{2,40}", name) or not file.is_file():
        raise ConfigError(
            f"Kreisprofil {name[:40]!r} liegt dem Programm nicht bei",
            advice="Einen Dateinamen angeben oder das mitgelieferte Profil verwenden.",
        )
    return parse_district(file.read_text("utf-8"))
