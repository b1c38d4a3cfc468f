"""Telephone numbers in the spellings that occur."""

from __future__ import annotations

import pytest

from shared.errors import ParseError
from shared.model.parts import Phone
from shared.model.phones import parse_phone, read_phones


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("02361/ 53 2717", "+49 2361 532717"),
        ("02361 / 53 3808", "+49 2361 533808"),
        ("(02361) 53 20 20", "+49 2361 532020"),
        ("02361/53-4712", "+49 2361 534712"),
        ("0 23 61 / 53 45 12", "+49 2361 534512"),
        ("0 23 65 - 5 03 58 83", "+49 2365 5035883"),
        ("+49 (02361) 5890-330", "+49 2361 5890330"),
        ("+49 (0) 2361 5890-330", "+49 2361 5890330"),
        ("+49 (0)2361/5890330", "+49 2361 5890330"),
        ("0049 2361 5890330", "+49 2361 5890330"),
        ("02361\u00a0/\u00a05890\u2013330", "+49 2361 5890330"),
        ("02368/1461", "+49 2368 1461"),
        ("0800 1110111", "+49 800 1110111"),
        ("+31 20 7946 000", "+31 20 794 6000"),
        ("112", "112"),
        ("116 117", "116117"),
    ],
)
def test_every_usual_spelling_becomes_one(text: str, number: str) -> None:
    assert parse_phone(text) == number


@pytest.mark.parametrize("number", ["+49 2361 532717", "+49 800 1110111", "+31 20 794 6000", "112"])
def test_result_reads_to_itself(number: str) -> None:
    assert parse_phone(number) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nach Absprache",
        "53 2717",
        "02361/53-4712/13",
        "02361/53-4712/-13",
        "02361/53-4712-/13",
        "023615/33808",
        "(023) 61533808",
        "02361 53 2717 App. 4",
        "+49 2361",
        "０2361 532717",
        "09999999999999999999",
    ],
)
def test_unclear_number_is_not_read(text: str) -> None:
    with pytest.raises(ParseError):
        parse_phone(text)


def test_area_code_of_the_town_completes_a_local_number() -> None:
    assert parse_phone("53 2717", area_code="02361") == "+49 2361 532717"
    assert parse_phone("02366 180714", area_code="02361") == "+49 2366 180714"


def test_cell_with_several_numbers_gives_each_its_kind() -> None:
    read, unread = read_phones("Tel.: 02361 532717, Fax 02361 532718; mobil 0171/1234567 oder auf Anfrage")

    assert read == (
        Phone(number="+49 2361 532717"),
        Phone(number="+49 2361 532718", type="fax"),
        Phone(number="+49 171 1234567", type="cell"),
    )
    assert unread == ("auf Anfrage",)
