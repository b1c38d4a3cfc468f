"""One strict decoder for all foreign JSON, and the canonical encoder for ours (PROTOCOL 3; RFC 8785).

Two ways to one answer.  Bytes that our own encoder would have written from their value are accepted at once: then no
key can stand twice.  Everything else goes through the slow reader, which names the place of what it refuses.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
import rfc8785

from shared.errors import ParseError
from shared.feed import limits

_LONG_NUMBER = re.compile(rb"[0-9]{16}")
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_OPENING = ord("[")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_ENCODER = msgspec.json.Encoder(order="sorted")


def decode_strict(data: bytes) -> object:
    """Read one JSON value, or say what is wrong with it.

    Refused: bytes that are not UTF-8, nesting deeper than 32, a key that stands twice in one object, NaN and
    infinities, numbers that overflow, integers beyond ±2^53, U+0000 and lone surrogates, anything around the value.

    Raises:
        ParseError: with the place.
    """
    structure = _outside_strings(data)
    _check_depth(structure)
    try:
        value: object = msgspec.json.decode(data)
        if msgspec.json.encode(value) == data and b"\\u0000" not in data and not _LONG_NUMBER.search(structure):
            return value
    except (msgspec.MsgspecError, ValueError):
        pass  # the slow reader says what is wrong, and where
    return _decode_slowly(data)


def check_depth(data: bytes) -> None:
    """Return when JSON brackets nest at most 32 deep; counted before any decoder recurses into them."""
    _check_depth(_outside_strings(data))


def _outside_strings(data: bytes) -> bytes:
    """Return JSON bytes without the contents of strings.

    Exact up to the first byte at which `data` stops being JSON, which is as far as a decoder gets: until there,
    backslashes stand only within strings, and every quotation mark that is not escaped begins or ends one.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(data.split(b'"')[::2])


def _check_depth(structure: bytes) -> None:
    brackets = left = structure.translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(limits.JSON_MAX_DEPTH):  # each round removes exactly the innermost level
        if not left:
            return
        left = left.replace(b"[]", b"")
    depth = 0
    for bracket in brackets if left else b"":
        depth += 1 if bracket == _OPENING else -1
        if depth > limits.JSON_MAX_DEPTH:
            raise ParseError(f"JSON nests deeper than {limits.JSON_MAX_DEPTH}")


def _decode_slowly(data: bytes) -> object:
    try:
        value: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique_object,
            parse_int=_safe_int,
            parse_float=_finite_float,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise ParseError(f"JSON is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON at character {error.pos}: {error.msg}") from error
    _check_texts(value, "$")
    return value


def _unique_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"JSON key {twice[:40]!r} stands twice in one object")
    return found


def _safe_int(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > limits.JSON_MAX_INT:
        raise ParseError(f"JSON integer {text[:24]} is beyond ±2^53")
    return int(text)


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ParseError(f"JSON number {text[:24]} overflows")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ParseError(f"JSON holds {text}")


def _check_texts(value: object, place: str) -> None:
    if isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_text(name, f"a key of {place}")
            _check_texts(member, f"{place}.{name[:40]}")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            _check_texts(member, f"{place}[{number}]")


def _check_text(text: str, place: str) -> None:
    if "\x00" in text:
        raise ParseError(f"JSON text at {place[:200]!a} holds U+0000")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ParseError(f"JSON text at {place[:200]!a} holds a lone surrogate") from error


def encode_canonical(value: object) -> bytes:
    """Write a value by the JSON Canonicalization Scheme (RFC 8785); refuses what `decode_strict` would refuse.

    Text, integers and ASCII keys, which is nearly every record, go through msgspec: its sorted output is the same bytes
    for those (a property test compares both) at a tenth of the time.

    Raises:
        ParseError: not JSON, or beyond the strict decoder's rules: U+0000, depth, a whole float beyond ±2^53 (the
            scheme writes it without exponent, so it would read back as an integer).
    """
    try:
        is_plain = _is_plain(value)
        data = _ENCODER.encode(value) if is_plain else rfc8785.dumps(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"cannot be written as canonical JSON: {error}") from error
    if not is_plain or b"\\u0000" in data:
        decode_strict(data)
    else:
        check_depth(data)
    return data


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-limits.JSON_MAX_INT < value < limits.JSON_MAX_INT)
    if kind is list:
        return all(map(_is_plain, value))
    if kind is dict:
        for name, member in value.items():
            if type(name) is not str or not name.isascii() or not _is_plain(member):
                return False
        return True
    return False


def read_object(
    value: object, what: str, *, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    """Return a decoded JSON object that has all `required` keys and no other than these and the `optional` ones."""
    if not isinstance(value, dict):
        raise ParseError(f"{what} is not a JSON object")
    if missing := sorted(required - value.keys()):
        raise ParseError(f"{what} lacks the key {missing[0]!r}")
    if strange := sorted(value.keys() - required - optional):
        raise ParseError(f"{what} has the unknown key {strange[0][:40]!r}")
    return value


def read_text(value: object, what: str, *, max_length: int) -> str:
    """Return a decoded JSON string of at most `max_length` characters."""
    if not isinstance(value, str) or len(value) > max_length:
        raise ParseError(f"{what} is not text of at most {max_length} characters")
    return value


def read_count(value: object, what: str) -> int:
    """Return a decoded JSON integer that is not negative; true and false are not integers."""
    if type(value) is not int or value < 0:
        raise ParseError(f"{what} is not a whole number from 0")
    return value


def read_list(value: object, what: str) -> list[object]:
    """Return a decoded JSON array."""
    if not isinstance(value, list):
        raise ParseError(f"{what} is not a list")
    return value
