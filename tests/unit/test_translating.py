"""Translations: pairs, states by the hash of the German texts, and the table for translators."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest

from node import translating
from node.spreadsheets import read_cells
from node.translation_sheet import HEADS, SheetRow, format_rows, read_rows, with_rows, write_sheet
from shared.errors import NotFoundError, ParseError, RuleError
from shared.model.shipped import shipped_vocabularies

LANGUAGES = shipped_vocabularies()["language"]
TODAY = date(2026, 3, 1)
RID = "0" * 31 + "1"


def doc(**fields: Any) -> dict[str, Any]:
    return {"id": RID, "owner": "05562020", "name": "Sprachkurs", "summary": "Deutsch für alle.", **fields}


def turkish(**texts: str) -> dict[str, Any]:
    return translating.translate(doc(), "tr", texts, today=TODAY, source=translating.current_source(doc()))


def row(field: str, german: str, text: str, number: int = 2) -> SheetRow:
    return SheetRow(number, bytes.fromhex(RID), field, german, text, "tr")


def both(name: str = "Dil kursu", summary: str = "Herkes için Almanca.") -> list[SheetRow]:
    return [row("name", "Sprachkurs", name), row("summary", "Deutsch für alle.", summary, 3)]


def test_new_translation_is_current_until_a_german_text_changes() -> None:
    translated = turkish(name="Dil kursu", summary="Herkes için Almanca.")

    assert translating.states_of(translated) == {"tr": "aktuell"}
    assert translating.states_of({**translated, "phones": [{"number": "+49 2366 303000"}]}) == {"tr": "aktuell"}
    assert translating.states_of({**translated, "summary": "Deutsch für Frauen."}) == {"tr": "veraltet"}


def test_confirmed_translation_is_current_again() -> None:
    changed = {**turkish(name="Dil kursu"), "summary": "Deutsch für Frauen."}

    confirmed = translating.confirm(changed, "tr", TODAY)

    assert translating.states_of(confirmed) == {"tr": "aktuell"}
    assert confirmed["translations"]["tr"]["name"] == "Dil kursu"
    with pytest.raises(NotFoundError):
        translating.confirm(changed, "ar", TODAY)


def test_translation_without_any_text_is_gone_and_unknown_fields_of_others_stay() -> None:
    start = {**turkish(name="Dil kursu"), "future": 1}

    assert translating.translate(start, "tr", {}, today=TODAY, source="") == {**doc(), "future": 1}


def test_unfinished_translation_is_in_work_and_too_long_ones_are_refused() -> None:
    started = translating.translate(doc(), "tr", {"name": "Dil"}, today=TODAY, source="x", is_done=False)

    assert translating.states_of(started) == {"tr": "in_arbeit"}
    with pytest.raises(RuleError) as caught:
        translating.translate(doc(), "tr", {"summary": "x" * 301}, today=TODAY, source="x")
    assert caught.value.problems == {"summary": ["Kurzbeschreibung: höchstens 300 Zeichen"]}


def test_german_is_no_language_to_translate_into() -> None:
    with pytest.raises(NotFoundError):
        translating.find_language(LANGUAGES, "de")
    assert translating.find_language(LANGUAGES, "ar").direction == "rtl"


# --- the table -------------------------------------------------------------------------------------------------------


def test_table_that_comes_back_as_it_was_written_is_read_as_it_was() -> None:
    written = [(RID, "Titel des Angebots", "=1+1", "@SUM(A1)", "tr"), (RID, "Beschreibung", "a\nb", "", "ar")]

    cells = read_cells(write_sheet(written))

    assert [tuple(line) for line in cells] == [HEADS, *written]


def test_every_cell_is_text_and_none_a_formula_or_a_link() -> None:
    texts = ["=1+1", "+49", "-2", "@x", "\tx", "https://example.org", "=HYPERLINK(1)", "0123"]

    book = openpyxl.load_workbook(io.BytesIO(write_sheet([(RID, "name", text, text, "tr") for text in texts])))

    cells = [cell for line in book.active.iter_rows(min_row=2) for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert [line[2].value for line in book.active.iter_rows(min_row=2)] == texts


def test_exported_rows_hold_only_fields_that_have_german_text() -> None:
    rows = format_rows(RID, {**doc(), **turkish(name="Dil kursu")}, "tr")

    assert rows == [
        (RID, "Titel des Angebots", "Sprachkurs", "Dil kursu", "tr"),
        (RID, "Kurzbeschreibung", "Deutsch für alle.", "", "tr"),
    ]


def test_bad_rows_are_named_by_row_and_column_and_good_ones_are_read() -> None:
    lines = [
        [RID, "Kurzbeschreibung", "Deutsch für alle.", "Herkes için", "tr"],
        ["keine", "Kurzbeschreibung", "", "x", "tr"],
        [RID, "Telefon", "", "x", "tr"],
        [RID, "name", "", "x", "Klingonisch"],
        [RID, "name", "", "x" * 161, "Türkisch"],
        [RID, "summary", "Deutsch für alle.", "noch einmal", "Türkisch"],
        ["", "", "", "", ""],
    ]

    rows, problems = read_rows([list(HEADS), *lines], LANGUAGES)

    assert [(one.field, one.text, one.tag) for one in rows] == [("summary", "Herkes için", "tr")]
    assert [(one.row, one.column) for one in problems] == [
        (3, "Kennung"), (4, "Feld"), (5, "Sprache"), (6, "Übersetzung"), (7, "Feld")
    ]  # fmt: skip


def test_table_without_its_heads_is_refused_with_what_is_missing() -> None:
    with pytest.raises(ParseError, match="Übersetzung, Sprache"):
        read_rows([["Kennung", "Feld", "Deutsch"]], LANGUAGES)


def test_rows_on_unchanged_german_make_a_current_translation() -> None:
    assert translating.states_of(with_rows(doc(), {"tr": both()}, TODAY)) == {"tr": "aktuell"}


def test_rows_on_changed_german_are_taken_and_outdated() -> None:
    changed = doc(summary="Deutsch für Frauen.")

    taken = with_rows(changed, {"tr": both()}, TODAY)

    assert taken["translations"]["tr"]["summary"] == "Herkes için Almanca."
    assert translating.states_of(taken) == {"tr": "veraltet"}


def test_part_of_a_translation_is_in_work() -> None:
    assert translating.states_of(with_rows(doc(), {"tr": both()[:1]}, TODAY)) == {"tr": "in_arbeit"}


def test_one_better_word_leaves_a_current_translation_current_and_an_outdated_one_outdated() -> None:
    current = turkish(name="Dil kursu", summary="Herkes")
    outdated = {**current, "summary": "Deutsch für Frauen."}

    better = {"tr": [row("name", "Sprachkurs", "Almanca kursu")]}

    assert translating.states_of(with_rows(current, better, TODAY)) == {"tr": "aktuell"}
    assert translating.states_of(with_rows(outdated, better, TODAY)) == {"tr": "veraltet"}


def test_empty_cells_and_a_table_that_comes_back_untouched_change_nothing() -> None:
    outdated = {**turkish(name="Dil kursu", summary="Herkes"), "summary": "Deutsch für Frauen."}
    untouched = [row("name", "Sprachkurs", "Dil kursu"), row("summary", "Deutsch für Frauen.", "Herkes", 3)]

    assert with_rows(outdated, {"tr": untouched}, TODAY) == outdated
    assert with_rows(doc(), {"tr": [row("name", "Sprachkurs", "")]}, TODAY) == doc()


# --- hostile files ---------------------------------------------------------------------------------------------------


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip", zipped(a=b"no sheet"), zipped(a=bytes(10_000_000)), zipped(**{f"p{n}": b"x" for n in range(60)})],
    ids=["empty", "no zip", "no sheet", "bomb", "too many parts"],
)
def test_file_that_is_no_table_or_a_bomb_is_refused(data: bytes) -> None:
    with pytest.raises(RuleError):
        read_cells(data)


def test_table_that_claims_a_cell_at_the_far_end_is_refused() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "a", "b"
    stream = io.BytesIO()
    book.save(stream)

    with pytest.raises(RuleError):
        read_cells(stream.getvalue())
