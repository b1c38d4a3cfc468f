"""The templates for data protection say what the program does: every period and place in them is compared with it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/datenschutz"
NAMES = ("AVV.md", "TOM.md", "VERARBEITUNGSVERZEICHNIS.md")
_PERIOD = re.compile(r"(\d+) (Stunde|Tag|Monat)(?:en|n|e)?")
_ROW = re.compile(r"\| (?P<what>[^|]+) \| (?P<period>\d+ \w+) \| `(?P<file>[^`|:]+)::(?P<name>[\w.]+)` \|")
_PLACE = re.compile(r"`([^`|]+/[^`|:]+|requirements\.lock)(?:::([\w.]+))?`")
_SECONDS = {"Stunde": 3600, "Tag": 86_400}


def rows() -> Iterator[tuple[str, str, str, str]]:
    for name in NAMES:
        for row in _ROW.finditer((FOLDER / name).read_text("utf-8")):
            yield name, row["period"], row["file"], row["name"]


def value_at(file: str, name: str) -> Any:
    """What stands in the program: a constant, or the default of a setting (`NodeSettings.counts_months`)."""
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    kind, _, field = name.partition(".")
    found = getattr(module, kind)
    if not field:
        return found
    return next(one.default for one in msgspec.structs.fields(found) if one.name == field)


def told(period: str, unit: str) -> int:
    """The period of a row in the unit of the constant: SECONDS, DAYS or MONTHS."""
    match = _PERIOD.fullmatch(period)
    assert match is not None, period
    number, word = int(match[1]), match[2]
    if unit == "MONTHS":
        assert word == "Monat", period
        return number
    seconds = number * _SECONDS[word]
    return seconds // 86_400 if unit == "DAYS" else seconds


@pytest.mark.parametrize(("document", "period", "file", "name"), list(rows()))
def test_period_in_a_template_is_that_of_the_program(document: str, period: str, file: str, name: str) -> None:
    unit = next(unit for unit in ("SECONDS", "DAYS", "MONTHS") if unit in name.upper())

    assert told(period, unit) == value_at(file, name), f"{document}: {file}::{name}"


def test_templates_name_no_period_outside_their_tables() -> None:
    """So that none can drift: in running text only what the offices agree on stands, in brackets."""
    found = [
        f"{name}: {line}"
        for name in NAMES
        for line in (FOLDER / name).read_text("utf-8").splitlines()
        if _PERIOD.search(re.sub(r"\[[^\]]*\]", "", line)) and not _ROW.fullmatch(line)
    ]

    assert found == []


@pytest.mark.parametrize(("name", "least"), [("VERARBEITUNGSVERZEICHNIS.md", 30), ("AVV.md", 5)])
def test_no_row_of_a_table_of_periods_goes_unread(name: str, least: int) -> None:
    text = (FOLDER / name).read_text("utf-8")

    assert len(_ROW.findall(text)) == text.count(".py::") >= least


@pytest.mark.parametrize("name", NAMES)
def test_every_place_that_a_template_names_is_there(name: str) -> None:
    places = _PLACE.findall((FOLDER / name).read_text("utf-8"))

    assert places
    for file, inside in places:
        assert (ROOT / file).is_file(), file
        if inside:
            value_at(file, inside)


@pytest.mark.parametrize("name", NAMES)
def test_template_says_that_it_is_one_and_leaves_places_to_fill_in(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")

    assert "**Muster, keine Rechtsberatung.**" in text
    assert text.count("[") >= 8
