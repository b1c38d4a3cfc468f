"""Bodies of `POST /federation/hints`: hints about offers of others, given on a node's pages (PROTOCOL 14)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import msgspec

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.strict_json import decode_strict, read_list, read_object, read_text
from shared.ids import parse_record_id

PATH = "/federation/hints"
TEXT_MAX, CONTACT_MAX = 1000, 254
_ID = re.compile(r"[0-9a-f]{32}")
_FIELDS = frozenset({"id", "rid", "text", "contact"})


class PassedHint(msgspec.Struct, frozen=True):
    """A hint on its way to the owner of an offer; `id` was drawn where it was given, and stays."""

    id: bytes
    rid: bytes
    text: str
    contact: str = ""


class _Taken(msgspec.Struct, frozen=True):
    taken: tuple[str, ...]


def format_passed(hints: Sequence[PassedHint]) -> bytes:
    """Return the body of a request."""
    rows = [{"id": one.id.hex(), "rid": one.rid.hex(), "text": one.text, "contact": one.contact} for one in hints]
    return msgspec.json.encode({"hints": rows})


def parse_passed(body: bytes) -> tuple[PassedHint, ...]:
    """Read the body of a request strictly; ParseError.  Whether a text says enough is for the receiver to judge."""
    if len(body) > limits.HINTS_REQUEST_MAX_BYTES:
        raise ParseError(f"hints of {len(body)} bytes, at most {limits.HINTS_REQUEST_MAX_BYTES} allowed")
    value = read_object(decode_strict(body), "hints request", required=frozenset({"hints"}))
    rows = read_list(value["hints"], "hints")
    if len(rows) > limits.HINTS_PASSED_MAX:
        raise ParseError(f"{len(rows)} hints, at most {limits.HINTS_PASSED_MAX} allowed")
    return tuple(_parse_hint(row) for row in rows)


def _parse_hint(row: object) -> PassedHint:
    value = read_object(row, "hint", required=_FIELDS)
    return PassedHint(
        _parse_id(value["id"]),
        parse_record_id(read_text(value["rid"], "rid", max_length=32)),
        read_text(value["text"], "text", max_length=TEXT_MAX),
        read_text(value["contact"], "contact", max_length=CONTACT_MAX),
    )


def _parse_id(text: object) -> bytes:
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ParseError("the id of a hint is not 32 hex digits")
    return bytes.fromhex(text)


def format_taken(ids: Collection[bytes]) -> bytes:
    """Return the body of the hub's answer: what need not be sent again."""
    return msgspec.json.encode(_Taken(tuple(one.hex() for one in ids)))


def parse_taken(body: bytes) -> frozenset[bytes]:
    """Read which hints the hub took, members of later versions aside; ParseError."""
    try:
        taken = msgspec.convert(decode_strict(body), type=_Taken).taken
    except msgspec.ValidationError as error:
        raise ParseError(f"the answer to hints: {error}") from error
    return frozenset(_parse_id(one) for one in taken)
