"""Headings as people write them, and which columns are proposed for them."""

from __future__ import annotations

import pytest

from shared.model.grid import Grid, GridRow
from shared.model.headers import ALIASES, COLUMN_LABELS, find_header, propose_columns
from shared.model.table import COLUMNS, ID_COLUMN


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Telefonnummer", "telefon"), ("PLZ", "plz"), ("Anbieter", "traeger"), ("Träger", "traeger"),
        ("Titel", "angebot"), ("E-Mail", "email"), ("Straße", "strasse"), ("Öffnungszeiten", "zeiten"),
        ("Beschreibng", "beschreibung"), ("Zielgrupe", "zielgruppe"), ("Telefax", ""), ("Bemerkung", ""), ("", ""),
        ("Stadt", "stadt"), ("Kommune", "stadt"), ("ID", "id"),
    ],
)  # fmt: skip
def test_heading_is_known_likely_or_left_to_the_person(heading: str, column: str) -> None:
    assert propose_columns([heading]) == [column]


def test_own_names_propose_themselves_and_each_column_once() -> None:
    assert propose_columns([*COLUMNS, ID_COLUMN]) == [*COLUMNS, ID_COLUMN]
    assert propose_columns(["Telefon", "Telefonnummer", "Tel."]) == ["telefon", "", ""]
    assert propose_columns(["Titel", "angebot"]) == ["", "angebot"]


def test_every_column_has_words() -> None:
    assert set(COLUMN_LABELS) == set(ALIASES) == {*COLUMNS, ID_COLUMN}


def test_headings_are_found_below_a_title() -> None:
    rows = (GridRow(1, ("Angebote",)), GridRow(2, ("",)), GridRow(3, ("Titel", "Anbieter")), GridRow(4, ("Titel", "x")))

    assert find_header(Grid(rows)).number == 3


def test_first_row_with_text_is_taken_where_nothing_is_known() -> None:
    assert find_header(Grid((GridRow(1, ("",)), GridRow(2, ("foo", "bar"))))).number == 2
    assert find_header(Grid(())).number == 1
