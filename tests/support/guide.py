"""The programs that stand in the guides for integrators, taken out of their text."""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

GUIDES: Final = ("GUIDE.md", "ANLEITUNG.md")
PLACEHOLDER: Final = "https://hub.kreisweit.example"
_BLOCK: Final = re.compile(r"^```(\S*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(guide: str) -> str:
    """Return a guide as it is shipped."""
    return resources.files("shared.outputs").joinpath(guide).read_text("utf-8")


def prose_of(guide: str) -> str:
    """Return a guide without its blocks of code."""
    return _BLOCK.sub("", text_of(guide))


def blocks_of(guide: str) -> list[tuple[str, str, str]]:
    """Return (language, file name, text) of every block of code in a guide; no name: only shown."""
    return _BLOCK.findall(text_of(guide))


def programs(hub: str) -> dict[str, str]:
    """Return the named programs of the English guide by file name, with the address of a real hub."""
    return {name: text.replace(PLACEHOLDER, hub) for _, name, text in blocks_of(GUIDES[0]) if name}


def shown_by(language: str) -> list[str]:
    """Return the blocks without a name: answers, as they are shown."""
    return [text for found, name, text in blocks_of(GUIDES[0]) if found == language and not name]
