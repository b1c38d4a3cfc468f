"""Strict JSON: what is refused, that both ways of reading agree, and the canonical encoder."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.feed.strict_json import (
    check_depth,
    decode_strict,
    encode_canonical,
    read_count,
    read_list,
    read_object,
    read_text,
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
floats = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | floats,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)

REFUSED = {
    "empty": b"",
    "blank": b" ",
    "two values": b"1 2",
    "trailing comma": b"[1,]",
    "comment": b"[1]//x",
    "single quotes": b"{'a':1}",
    "bom": b"\xef\xbb\xbf1",
    "not utf-8": b'"\xff"',
    "overlong": b'"\xc0\x80"',
    "surrogate as bytes": b'"\xed\xa0\x80"',
    "utf-16": '"a"'.encode("utf-16"),
    "latin-1": '"größe"'.encode("latin-1"),
    "key twice": b'{"a":1,"a":2}',
    "key twice with equal values": b'{"a":1,"a":1}',
    "key twice, escaped": b'{"a":1,"\\u0061":2}',
    "key twice below": b'[{"b":{"a":1,"c":2,"a":3}}]',
    "NaN": b"[NaN]",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "overflow": b"1e999",
    "2^53+1": b"9007199254740993",
    "-2^53-1": b"-9007199254740993",
    "very long integer": b"1" + b"0" * 5000,
    "leading zero": b"01",
    "plus": b"+1",
    "bare point": b"1.",
    "hex": b"0x10",
    "U+0000": b'"\\u0000"',
    "U+0000 in a key": b'{"\\u0000":1}',
    "raw U+0000": b'"\x00"',
    "raw line feed in text": b'"a\nb"',
    "raw tab in text": b'"a\tb"',
    "lone high surrogate": b'"\\ud800"',
    "lone low surrogate": b'"\\udc00"',
    "surrogates swapped": b'"\\udc00\\ud800"',
    "lone surrogate in a key": b'{"\\ud83d":1}',
    "bad escape": b'"\\x41"',
    "unterminated": b'"abc',
    "no-break space": b"\xc2\xa01",
    "capital true": b"True",
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_refused(name: str) -> None:
    with pytest.raises(ParseError) as caught:
        decode_strict(REFUSED[name])

    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"9007199254740992", 2**53),
        (b"-9007199254740992", -(2**53)),
        (b' { "b" : [ 1.5 , null ] , "a" : true } ', {"b": [1.5, None], "a": True}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\\\u0000"', "\\u0000"),
        (b'{"unknown":{"kept":"verbatim"}}', {"unknown": {"kept": "verbatim"}}),
        (b'"1234567890123456789012345"', "1234567890123456789012345"),
        (b"1e2", 100.0),
        (b"1.7976931348623157e308", 1.7976931348623157e308),
        (b"[0.1234567890123456789]", [0.1234567890123456789]),
    ],
)
def test_accepted(data: bytes, value: object) -> None:
    assert decode_strict(data) == value


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_every_json_value_reads_back_however_it_is_spelled(value: object, ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    assert decode_strict(data) == value


@given(st.text('[]{}",:\\ \n1a0.eu', max_size=30))
@example('["]",["]",["]"')
@example('{"a\\\\":[],"a":"\\"["}')
def test_never_more_lenient_than_the_standard_decoder(text: str) -> None:
    try:
        value = decode_strict(text.encode())
    except ParseError:
        return
    assert json.loads(text) == value


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"[":'])
@pytest.mark.parametrize("depth", [31, 32, 33, 34, 64, 100_000])
def test_depth_is_counted_before_decoding(opening: str, depth: int) -> None:
    brackets = opening.count("[{") + 1
    closing = {"[": "]", '{"a":': "}", '[{"[":': "}]"}[opening]
    data = (opening * (depth // brackets) + "1" + closing * (depth // brackets)).encode()

    if depth // brackets * brackets <= 32:
        decode_strict(data)
    else:
        with pytest.raises(ParseError, match="deeper than 32"):
            decode_strict(data)


@pytest.mark.parametrize(
    "data",
    [
        b'["]",' * 40 + b"1" + b"]" * 40,
        b'["\\"]",' * 40 + b"1" + b"]" * 40,
        b'["\\\\",' * 40 + b"1" + b"]" * 40,
        b"[" * 33,
        b'[[],["}]"],' * 33,
    ],
)
def test_brackets_in_texts_do_not_hide_depth(data: bytes) -> None:
    with pytest.raises(ParseError, match="deeper than 32"):
        check_depth(data)


def test_brackets_in_texts_are_not_depth() -> None:
    assert decode_strict(b'["' + b"[" * 100 + b'"]') == ["[" * 100]
    assert decode_strict(b'["\\"' + b"{" * 100 + b'"]') == ['"' + "{" * 100]


def test_many_small_objects_are_not_depth() -> None:
    assert len(decode_strict(b"[" + b"{}," * 5000 + b"[]]")) == 5001  # type: ignore[arg-type]


# --- canonical encoder ----------------------------------------------------------------------------------------------


@given(values)
@example(9007199254740994.0)
@example([{"a": -(2.0**60)}])
def test_canonical_bytes_are_those_of_rfc_8785_or_would_not_be_read(value: object) -> None:
    expected = rfc8785.dumps(value)  # type: ignore[arg-type]
    try:
        data = encode_canonical(value)
    except ParseError:
        with pytest.raises(ParseError):
            decode_strict(expected)
        return

    assert data == expected
    assert decode_strict(data) == value


@given(st.dictionaries(texts, scalars, max_size=8))
def test_key_order_does_not_matter(value: dict[str, object]) -> None:
    assert encode_canonical(dict(reversed(value.items()))) == encode_canonical(value)


def test_too_deep_values_are_not_written() -> None:
    value: object = 1
    for _ in range(32):
        value = [value]

    assert decode_strict(encode_canonical(value)) == value
    for deeper in ([value], [1.5, value]):
        with pytest.raises(ParseError, match="deeper than 32"):
            encode_canonical(deeper)


def test_canonical_examples() -> None:
    value: dict[str, object] = {
        "\u20ac": 1,
        "\r": 2,
        "\ufb33": 3,
        "1": 4,
        "\U0001f600": 5,
        "\x80": 6,
        "ö": [56.0, 1e30, 4.5, 2e-3],
    }

    assert encode_canonical(value).decode() == (
        '{"\\r":2,"1":4,"\x80":6,"ö":[56,1e+30,4.5,0.002],"\u20ac":1,"\U0001f600":5,"\ufb33":3}'
    )


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**53,
        2.0**53 + 2,
        "\x00",
        ["\x00", 1.5],
        "\ud800",
        {"\ud800": 1},
        {1: 2},
        b"bytes",
        {"a": object()},
        {1, 2},
    ],
)
def test_what_json_cannot_hold_is_not_written(value: object) -> None:
    with pytest.raises(ParseError):
        encode_canonical(value)


# --- readers of parts -----------------------------------------------------------------------------------------------


def test_objects_have_exactly_the_named_keys() -> None:
    required, optional = frozenset({"a"}), frozenset({"b"})

    assert read_object({"a": 1, "b": 2}, "x", required=required, optional=optional) == {"a": 1, "b": 2}
    others: list[object] = [{"b": 2}, {"a": 1, "c": 3}, [], None]
    for value in others:
        with pytest.raises(ParseError):
            read_object(value, "x", required=required, optional=optional)


def test_parts_are_of_their_type() -> None:
    assert (read_text("ab", "x", max_length=2), read_count(0, "x"), read_list([1], "x")) == ("ab", 0, [1])
    for call in (
        lambda: read_text("abc", "x", max_length=2),
        lambda: read_text(1, "x", max_length=2),
        lambda: read_count(True, "x"),
        lambda: read_count(-1, "x"),
        lambda: read_count(1.0, "x"),
        lambda: read_list({}, "x"),
    ):
        with pytest.raises(ParseError):
            call()
