"""Payloads: the line, its commitment, whose record it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import KreisweitError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.payload import check_doc, commitment_of, minimal_schema, parse_payload, seal_payload, verify_payload

RID = "3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a"
DOC: dict[str, object] = {"id": RID, "owner": "05562020", "title": "Sprachkurs für Anfänger"}
SALT = bytes(range(32))
GOOD = seal_payload(DOC, SALT)
SALT_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def code_of(data: bytes) -> str:
    with pytest.raises(KreisweitError) as caught:
        parse_payload(data)
    return caught.value.code


small_docs = st.dictionaries(st.text("abcü", max_size=5), st.text("xyzß", max_size=9) | st.integers(0, 9))


@given(small_docs, st.binary(min_size=32, max_size=32))
def test_sealed_payloads_read_back(doc: dict[str, object], salt: bytes) -> None:
    data = seal_payload(doc, salt)
    payload = parse_payload(data)

    assert (payload.doc, payload.salt) == (doc, salt)
    assert b"\n" not in data


def test_the_line_is_canonical() -> None:
    assert GOOD.decode() == (
        f'{{"doc":{{"id":"{RID}","owner":"05562020","title":"Sprachkurs für Anfänger"}},"salt":"{SALT_TEXT}"}}'
    )


@pytest.mark.parametrize("size", [0, 31, 33])
def test_salts_have_32_bytes(size: int) -> None:
    with pytest.raises(ParseError, match="32 expected"):
        seal_payload(DOC, bytes(size))


def line(**changes: object) -> bytes:
    members = {"doc": DOC, "salt": SALT_TEXT} | changes
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    "data",
    [
        line(extra=1),
        line(doc=...),
        line(salt=...),
        line(doc=[]),
        line(salt=SALT_TEXT[:-1]),
        line(salt=SALT_TEXT + "="),
        line(salt=SALT_TEXT[:-1] + "9"),
        line(salt=SALT_TEXT[:-1] + "+"),
        line(salt=1),
        line() + b"\n",
        line().replace(b", ", b",\n"),
        line().replace(b'"salt"', b'"doc"'),
        line() + b" x",
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_other_lines_are_schema_errors(data: bytes) -> None:
    assert code_of(data) == "E_SCHEMA"


def test_spellings_other_than_canonical_are_read_and_keep_their_own_commitment() -> None:
    spaced = line()

    assert parse_payload(spaced) == parse_payload(GOOD)
    assert commitment_of(spaced) != commitment_of(GOOD)


def test_payloads_over_the_limit_are_refused() -> None:
    assert code_of(b" " * (limits.PAYLOAD_MAX_BYTES + 1)) == "E_PAYLOAD"
    with pytest.raises(ParseError, match="at most 262144"):
        seal_payload({"text": "x" * limits.PAYLOAD_MAX_BYTES}, SALT)


def test_verified_payload_is_returned() -> None:
    assert verify_payload(GOOD, commitment=commitment_of(GOOD), length=len(GOOD)) == GOOD


@given(st.integers(0, 8 * len(GOOD) - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    flipped = bytearray(GOOD)
    flipped[bit // 8] ^= 1 << bit % 8

    with pytest.raises(VerificationError) as caught:
        verify_payload(bytes(flipped), commitment=commitment_of(GOOD), length=len(GOOD))
    assert caught.value.code == "E_PAYLOAD"


@pytest.mark.parametrize("length", [len(GOOD) - 1, len(GOOD) + 1, limits.PAYLOAD_MAX_BYTES + 1])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(VerificationError) as caught:
        verify_payload(GOOD, commitment=commitment_of(GOOD), length=length)
    assert caught.value.code == "E_PAYLOAD"


def test_an_entry_that_promises_too_much_is_refused_even_when_it_is_kept() -> None:
    data = b"x" * (limits.PAYLOAD_MAX_BYTES + 1)

    with pytest.raises(VerificationError, match="at most 262144"):
        verify_payload(data, commitment=commitment_of(data), length=len(data))


def check(doc: dict[str, object], ags: str = "05562020") -> str:
    data = seal_payload(doc, SALT)
    try:
        return check_doc(data, kind="offer", rid=bytes.fromhex(RID), ags=ags, schema=minimal_schema).title
    except (ParseError, VerificationError) as error:
        return error.code


def test_docs_belong_to_their_entry_and_owner() -> None:
    assert check(DOC) == "Sprachkurs für Anfänger"
    assert check(DOC | {"id": "0" * 32}) == "E_SCHEMA"
    assert check(DOC | {"id": RID.upper()}) == "E_SCHEMA"
    assert check(DOC | {"id": 7}) == "E_SCHEMA"
    assert check({"owner": "05562020"}) == "E_SCHEMA"
    assert check({"id": RID}) == "E_SCHEMA"
    assert check(DOC | {"owner": "5562020"}) == "E_SCHEMA"
    assert check(DOC | {"owner": "05562024"}) == "E_OWNER"


def test_no_owner_is_expected_where_the_roster_names_none() -> None:
    assert check(DOC | {"owner": "05562024"}, ags="") == "Sprachkurs für Anfänger"


def test_a_title_that_is_no_text_is_left_out() -> None:
    assert check(DOC | {"title": 7}) == ""
