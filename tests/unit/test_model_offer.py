"""The offer document: canonical form, schema check of payload lines, translations."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import jsonschema
import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import VerificationError
from shared.feed.strict_json import decode_strict
from shared.model import parts as p
from shared.model.fields import AMOUNT_DECIMALS, COORDINATE_DECIMALS, decimal_number
from shared.model.offer import (
    OfferDoc,
    OfferSummary,
    check_hub_payload,
    check_offer_payload,
    format_offer,
    offer_from_builtins,
    offer_json_schema,
    offer_to_builtins,
    parse_offer,
    source_sha256,
    translation_states,
)

ID = "3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a"
SALT = "olnD9s70Lzcf6-JYJ2ehlIU4e6_yp2vJboyOq9h9VzA"
PLAIN = OfferDoc(
    id=ID,
    owner="05562020",
    name="Sprachcafé",
    summary="Deutsch sprechen üben in gemischter Runde.",
    topics=("sprache.cafe",),
    providers=(p.Provider(name="Beispielverein e. V."),),
)


def never(data: bytes) -> object:
    """A strict decoder that must not be asked: the fast path has to be enough."""
    raise AssertionError(f"slow path taken for {data[:80]!r}")


def line(doc: OfferDoc | dict[str, Any], salt: str = SALT) -> bytes:
    body = format_offer(doc) if isinstance(doc, OfferDoc) else json.dumps(doc, ensure_ascii=False).encode()
    return b'{"doc":' + body + b',"salt":"' + salt.encode() + b'"}'


def all_structs() -> list[type[msgspec.Struct]]:
    return [OfferDoc, *(part for part in vars(p).values() if isinstance(part, type) and issubclass(part, p.Part))]


@pytest.mark.parametrize("struct", all_structs())
def test_fields_stand_in_the_order_of_their_names(struct: type[msgspec.Struct]) -> None:
    names = struct.__struct_fields__

    assert list(names) == sorted(names, key=lambda name: name.encode("utf-16-be"))


@pytest.mark.parametrize("struct", all_structs())
def test_defaults_are_values_that_exist_once(struct: type[msgspec.Struct]) -> None:
    """msgspec leaves a default out by identity, so a default such as "active" would be written or not by accident."""
    for field in msgspec.structs.fields(struct):
        if field.default is not msgspec.NODEFAULT:
            assert field.default in ("", (), None, True, False), f"{struct.__name__}.{field.name}"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=60)
urls = st.sampled_from(["", "https://www.example.org/ä?b=1&c", "http://a.example"])
dates = st.none() | st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1))
codes = st.lists(st.sampled_from(["sprache", "beratung.kim", "vor_ort"]), max_size=3).map(tuple)
places = st.builds(
    p.Place,
    accessibility=st.dictionaries(st.sampled_from(["wc", "aufzug", "stufenlos"]), st.booleans()),
    address_1=names,
    city=names,
    latitude=st.none() | st.floats(-90, 90).map(lambda x: decimal_number(x, COORDINATE_DECIMALS)),
    longitude=st.none() | st.floats(-180, 180).map(lambda x: decimal_number(x, COORDINATE_DECIMALS)),
    postal_code=st.sampled_from(["", "45699"]),
)
amounts = st.none() | st.floats(0, 1_000_000).map(lambda x: decimal_number(x, AMOUNT_DECIMALS))
schedules = st.builds(
    p.Schedule,
    byday=st.sampled_from([(), ("MO",), ("-1FR", "2TU")]),
    by_appointment=st.booleans(),
    closes_at=st.sampled_from(["", "23:59"]),
    description=texts,
    dtstart=dates,
    interval=st.none() | st.integers(1, 52),
)
offers = st.builds(
    OfferDoc,
    id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    owner=st.just("05562020"),
    name=names,
    summary=texts,
    body=texts,
    topics=codes,
    locations=st.lists(places, max_size=2).map(tuple),
    costs=st.lists(st.builds(p.Cost, amount=amounts, option=names), max_size=2).map(tuple),
    schedules=st.lists(schedules, max_size=2).map(tuple),
    is_free=st.sampled_from([None, True, False]),
    closed_on_holidays=st.booleans(),
    assured_date=dates,
    minimum_age=st.none() | st.integers(0, 120),
    url=urls,
    providers=st.lists(st.builds(p.Provider, name=names.map(lambda x: "T-" + x)), max_size=2).map(tuple),
    translations=st.dictionaries(
        st.sampled_from(["ar", "en", "kmr", "de-simple", "zh-Hant"]), st.builds(p.Translation, body=texts, name=names)
    ),
)


@settings(max_examples=300, deadline=None)
@given(offers)
def test_every_document_is_written_as_canonical_json(doc: OfferDoc) -> None:
    data = format_offer(doc)

    assert data == rfc8785.dumps(json.loads(data))
    assert parse_offer(data) == doc
    assert offer_from_builtins(offer_to_builtins(doc)) == doc


@settings(max_examples=150, deadline=None)
@given(offers)
def test_own_payload_passes_on_the_fast_path(doc: OfferDoc) -> None:
    has_nul = b"\\u0000" in format_offer(doc)

    if not has_nul:
        assert check_offer_payload(line(doc), decode_strict=never) == OfferSummary(doc.id, doc.owner, doc.name)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6), st.integers(0, 5))
def test_decimal_number_has_one_spelling(value: float, decimals: int) -> None:
    number = decimal_number(value, decimals)

    assert msgspec.json.encode(number) == rfc8785.dumps(number)
    assert abs(number - value) <= 0.5 * 10**-decimals + 1e-9


def test_decimal_number_with_six_decimals_is_refused() -> None:
    with pytest.raises(ValueError, match="6 decimals"):
        decimal_number(1e-6, 6)


def test_unknown_field_is_accepted_on_the_slow_path() -> None:
    doc = {**offer_to_builtins(PLAIN), "x_other": {"deep": [1, {"a": None}]}}

    found = check_offer_payload(line(doc), decode_strict=decode_strict)

    assert (found.id, found.owner, found.title) == (ID, "05562020", "Sprachcafé")


def test_foreign_record_with_title_instead_of_name_is_named_by_it() -> None:
    doc = {"category": "sprache", "id": ID, "owner": "05562020", "title": "Sprachkurs B1"}

    assert check_offer_payload(line(doc), decode_strict=decode_strict).title == "Sprachkurs B1"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": "3F" + ID[2:]}, "$.id"),
        ({"id": ID + "\n"}, "$.id"),
        ({"owner": "5562020"}, "$.owner"),
        ({"name": 7}, "$.name"),
        ({"name": "zwei\nZeilen"}, "$.name"),
        ({"name": "\u202egnurelpüJ"}, "$.name"),
        ({"topics": "sprache"}, "$.topics"),
        ({"topics": ["a"] * 6}, "$.topics"),
        ({"url": "javascript:alert(1)"}, "$.url"),
        ({"url": "https://a.example/\n"}, "$.url"),
        ({"email": "a b@example.org"}, "$.email"),
        ({"assured_date": "2025-02-30"}, "$.assured_date"),
        ({"minimum_age": -1}, "$.minimum_age"),
        ({"is_free": "ja"}, "$.is_free"),
        ({"locations": [{"latitude": 91}]}, "$.locations[0].latitude"),
        ({"schedules": [{"opens_at": "24:00"}]}, "$.schedules[0].opens_at"),
        ({"translations": {"ar": {"origin": "ki"}}}, "$.translations[...].origin"),
    ],
)
def test_wrong_field_is_refused_with_its_path(change: dict[str, Any], path: str) -> None:
    data = line({**offer_to_builtins(PLAIN), **change})

    with pytest.raises(VerificationError) as caught:
        check_offer_payload(data, decode_strict=decode_strict)

    assert caught.value.code == "E_SCHEMA"
    assert path in caught.value.message


BROKEN: list[Callable[[bytes], bytes]] = [
    lambda data: data[:-1],
    lambda data: data.replace(b'"name":', b'"name":"x","name":', 1),
    lambda data: data.replace(SALT.encode(), SALT.encode()[:-1]),
    lambda data: data.replace(SALT.encode(), SALT.encode()[:-1] + b"B"),
    lambda data: data[:-1] + b',"more":1}',
    lambda data: data.replace("é".encode(), b"\xe9"),
    lambda data: data.replace("é".encode(), b"\\ud800"),
    lambda data: data.replace("é".encode(), b"\\u0000"),
    lambda data: b"[" + data + b"]",
    lambda data: b"[" * 100_000,
    lambda data: data.replace(b'{"id"', b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"id"', 1),
    lambda data: b"",
    lambda data: b'{"doc":[],"salt":"' + SALT.encode() + b'"}',
]


@pytest.mark.parametrize("spoil", BROKEN)
def test_broken_payload_is_refused_as_schema_error(spoil: Callable[[bytes], bytes]) -> None:
    data = spoil(line(PLAIN))
    assert data != line(PLAIN)

    with pytest.raises(VerificationError) as caught:
        check_offer_payload(data, decode_strict=decode_strict)

    assert caught.value.code == "E_SCHEMA"


def test_escaped_backslash_before_u0000_is_no_nul() -> None:
    doc = msgspec.structs.replace(PLAIN, body="\\u0000")

    assert check_offer_payload(line(doc), decode_strict=decode_strict).title == PLAIN.name


def test_hub_record_needs_id_and_owner_only() -> None:
    found = check_hub_payload(line({"id": ID, "owner": "05562000", "terms": [1]}), decode_strict=decode_strict)

    assert found.owner == "05562000"
    with pytest.raises(VerificationError, match="owner"):
        check_hub_payload(line({"id": ID, "terms": []}), decode_strict=decode_strict)


def test_published_schema_accepts_our_documents_and_unknown_fields() -> None:
    schema = offer_json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    jsonschema.Draft202012Validator.check_schema(schema)

    validator.validate({**offer_to_builtins(PLAIN), "x_other": 1})
    assert not validator.is_valid({**offer_to_builtins(PLAIN), "url": "ftp://a.example"})
    assert not validator.is_valid({"name": "ohne Kennung"})


def test_translation_is_outdated_by_german_text_and_not_by_a_telephone_number() -> None:
    current = p.Translation(name="Café", source_sha256=source_sha256(PLAIN))
    doc = msgspec.structs.replace(PLAIN, translations={"en": current})

    other_phone = msgspec.structs.replace(doc, phones=(p.Phone(number="+49 2366 1"),))
    other_name = msgspec.structs.replace(doc, name="Lesecafé")

    assert translation_states(other_phone) == {"en": "aktuell"}
    assert translation_states(other_name) == {"en": "veraltet"}
