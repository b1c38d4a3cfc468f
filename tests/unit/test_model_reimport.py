"""Recognising rows of an earlier import by keyed hashes."""

from __future__ import annotations

from shared.model.reimport import cell_hashes, match_moved_rows, source_key, source_key_hash
from shared.model.table import COLUMNS

KEY = b"0123456789abcdef"
ROW = {column: f"Wert {column}" for column in COLUMNS}


def changed(*columns: str) -> dict[str, str]:
    return {**ROW, **{column: f"anders {column}" for column in columns}}


def test_key_is_the_id_if_there_is_one() -> None:
    assert source_key(ROW) == ("Wert stadt", "Wert traeger", "Wert angebot")
    assert source_key({**ROW, "id": " 17 "}) == ("id", "17")
    assert source_key({**ROW, "id": " "}) == source_key(ROW)


def test_key_hash_depends_on_row_and_key() -> None:
    assert len(source_key_hash(ROW, KEY)) == 16
    assert source_key_hash(ROW, KEY) == source_key_hash(changed("plz"), KEY)
    assert source_key_hash(ROW, KEY) != source_key_hash(changed("angebot"), KEY)
    assert source_key_hash(ROW, KEY) != source_key_hash(ROW, b"another key")


def test_each_changed_cell_changes_exactly_its_own_hash() -> None:
    before = cell_hashes(ROW, KEY)

    for at, column in enumerate(COLUMNS):
        after = cell_hashes(changed(column), KEY)
        assert [one != two for one, two in zip(before, after, strict=True)] == [i == at for i in range(17)]


def test_equal_text_in_two_columns_has_two_hashes() -> None:
    assert len(set(cell_hashes(dict.fromkeys(COLUMNS, "gleich"), KEY))) == 17


def test_spaces_and_spelling_of_line_breaks_change_nothing() -> None:
    one = {**ROW, "beschreibung": "Café\nfür  alle "}
    other = {**ROW, "beschreibung": "Cafe\u0301\r\nfür\u00a0alle"}

    assert cell_hashes(one, KEY) == cell_hashes(other, KEY)


def test_row_with_three_changed_cells_is_found_again() -> None:
    new = {5: cell_hashes(changed("stadt", "traeger", "angebot"), KEY)}
    old = {"a": cell_hashes(ROW, KEY), "b": cell_hashes(dict.fromkeys(COLUMNS, "x"), KEY)}

    assert match_moved_rows(new, old) == {5: "a"}


def test_row_with_four_changed_cells_is_new() -> None:
    new = {5: cell_hashes(changed("stadt", "traeger", "angebot", "plz"), KEY)}

    assert match_moved_rows(new, {"a": cell_hashes(ROW, KEY)}) == {}


def test_two_candidates_on_either_side_match_nothing() -> None:
    one, two = cell_hashes(changed("angebot"), KEY), cell_hashes(changed("traeger"), KEY)
    base = cell_hashes(ROW, KEY)

    assert match_moved_rows({5: base}, {"a": one, "b": two}) == {}
    assert match_moved_rows({5: one, 6: two}, {"a": base}) == {}
