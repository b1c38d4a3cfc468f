"""Every setting has one row in its room's README with its real default, and no row names a setting that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from hub.settings import HubSettings
from node.settings import NodeSettings

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|")
NO_SETTING_OF_THE_FILE = "home"

Settings = type[NodeSettings] | type[HubSettings]
ROOMS = [pytest.param("node", NodeSettings, id="node"), pytest.param("hub", HubSettings, id="hub")]


def documented_defaults(room: str) -> dict[str, str]:
    """Return the settings table of a room's README: name to the text of the column `default`."""
    text = (ROOT / room / "README.md").read_text("utf-8")
    section = text.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = ROW.findall(section)
    names = [name for name, _, _ in rows]
    assert len(set(names)) == len(names), f"a setting stands twice in {room}/README.md"
    return {name: default.strip() for name, default, _ in rows}


def actual_defaults(settings: Settings) -> dict[str, str]:
    """Return every field of the settings file with its default as the table writes it."""
    return {
        field.name: _written(field)
        for field in msgspec.structs.fields(settings)
        if field.name != NO_SETTING_OF_THE_FILE
    }


def _written(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default in ("", ()):
        return "empty"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default}`"


@pytest.mark.parametrize(("room", "settings"), ROOMS)
def test_readme_has_a_row_for_every_setting(room: str, settings: Settings) -> None:
    assert set(documented_defaults(room)) == set(actual_defaults(settings))


@pytest.mark.parametrize(("room", "settings"), ROOMS)
def test_readme_states_the_default_of_every_setting(room: str, settings: Settings) -> None:
    assert documented_defaults(room) == actual_defaults(settings)


@pytest.mark.parametrize(("room", "settings"), ROOMS)
def test_settings_explain_every_field_where_it_is_declared(room: str, settings: Settings) -> None:
    source = (ROOT / room / "settings.py").read_text("utf-8")

    unexplained = [
        field.name
        for field in msgspec.structs.fields(settings)
        if not re.search(rf"^    {field.name}: [^#\n]+  # \S", source, re.MULTILINE)
    ]

    assert unexplained == []
