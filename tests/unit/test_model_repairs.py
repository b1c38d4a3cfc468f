"""Repairs that are offered: what was meant where that is clear, and nothing where it is not."""

from __future__ import annotations

import pytest

from shared.model.repairs import apply_repairs, offer_repairs
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.table import COLUMNS, Row, RowProblem, Table

DISTRICT, VOCABULARIES = shipped_district(), shipped_vocabularies()


def table(**cells: str) -> Table:
    row = Row(2, dict.fromkeys(COLUMNS, "") | {"stadt": "Herten", "traeger": "Haus", "angebot": "Treff"} | cells)
    return Table("", "", (row,), ())


def offered(**cells: str) -> dict[str, str]:
    found = offer_repairs(table(**cells), district=DISTRICT, vocabularies=VOCABULARIES, own="herten")
    return {repair.column: repair.after for repair in found}


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("telefon", "2366123456", "+49 2366 123456"),
        ("telefon", "O2366/123456", "+49 2366 123456"),
        ("telefon", "02366//123456", "+49 2366 123456"),
        ("telefon", "02366 123456 Zentrale", "+49 2366 123456"),
        ("telefon", "1761234567890", ""),
        ("telefon", "nach Absprache", ""),
        ("telefon", "02366 123456", ""),
        ("telefon", "02366 1234 oder 02366 5678 fragen Sie nach 02366 9", ""),
        ("thema", "Sprahce|Begegnung", "Sprache|Begegnung"),
        ("thema", "Sprache|beratung.kim|Wohnen", ""),
        ("thema", "Quantenphysik", ""),
        ("email", "cafe [at] example.org", "cafe@example.org"),
        ("email", "cafe@example,org", "cafe@example.org"),
        ("email", "niemand", ""),
        ("web", "htp://example.org", "https://example.org"),
        ("web", "http:/example.org/a", "https://example.org/a"),
        ("web", "gibt es nicht", ""),
        ("stadt", "Hertn", "Stadt Herten"),
        ("stadt", "", "Stadt Herten"),
        ("stadt", "Berlin", ""),
        ("beschreibung", "FÃ¼r alle â€“ gratis", "Für alle – gratis"),
        ("beschreibung", "Ãh, nein", ""),
        ("plz", "45 699", "45699"),
        ("plz", "PLZ 45699 Herten", "45699"),
        ("plz", "1099", "01099"),
        ("plz", "zentral", ""),
    ],
)
def test_cell_is_offered_what_was_meant_or_nothing(column: str, before: str, after: str) -> None:
    assert offered(**{column: before}).get(column, "") == after


def test_postcode_and_town_help_each_other() -> None:
    assert offered(plz="45699", ort="Marl") == {"ort": "Herten"}
    assert offered(plz="45699", ort="") == {"ort": "Herten"}
    assert offered(plz="456999", ort="Herten") == {"plz": "45699"}
    assert offered(plz="99999", ort="Herten") == {}
    assert offered(plz="45699", ort="Herten") == {}


def test_applied_repair_changes_the_cell_and_what_is_said_of_it() -> None:
    before = table(beschreibung="FÃ¼r alle", telefon="2366123456")
    told = (RowProblem(2, "beschreibung", "sieht falsch aus", "draft"), RowProblem(2, "telefon", "bleibt"))
    before = Table("", "", before.rows, told)

    after = apply_repairs(before, {"2:beschreibung": "Für alle", "9:ort": "anderswo"})

    assert after.rows[0].cells["beschreibung"] == "Für alle"
    assert after.problems == told[1:]
    assert before.rows[0].cells["beschreibung"] == "FÃ¼r alle"
