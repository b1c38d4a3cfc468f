"""Bodies of `POST /federation/inbox`: what a node has dealt with, and what waits for it at the hub (PROTOCOL 14)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.strict_json import decode_strict, read_list, read_object

PATH = "/federation/inbox"
ANSWER = "answer"
"""Kind of a hint: the answer to a link in a mail of a node that people cannot reach."""
HINT = "hint"
"""Kind of a hint: what somebody wrote about an offer on the hub's page, or on the page of another member, or what the
district noticed about it."""
FROM_HUB, FROM_NODE, FROM_DISTRICT = "hub", "node", "district"
"""Where a hint of this kind was given: on a page of the hub or of a node, or at the district's desk.

A node that does not know the last one, being older, takes it for one from a page of the hub."""
CONFIRMED, CHANGED = "confirmed", "changed"
_ID = re.compile(r"[0-9a-f]{32}")


class Hint(msgspec.Struct, frozen=True):
    """One thing that waits for a member; what the fields after `kind` hold depends on it."""

    id: str
    kind: str
    rid: str = ""
    token: str = ""
    answer: str = ""
    text: str = ""
    created: int = 0
    contact: str = ""
    source: str = ""


class _Waiting(msgspec.Struct, frozen=True):
    hints: tuple[Hint, ...]


def format_acks(ids: Sequence[str]) -> bytes:
    """Return the body of a request: the ids of the hints that need not be sent again."""
    return msgspec.json.encode({"ack": list(ids)})


def parse_acks(body: bytes) -> tuple[bytes, ...]:
    """Read the body of a request strictly; ParseError."""
    if len(body) > limits.INBOX_REQUEST_MAX_BYTES:
        raise ParseError(f"inbox request of {len(body)} bytes, at most {limits.INBOX_REQUEST_MAX_BYTES} allowed")
    value = read_object(decode_strict(body), "inbox request", required=frozenset({"ack"}))
    ids = read_list(value["ack"], "ack")
    if len(ids) > limits.INBOX_HINTS_MAX:
        raise ParseError(f"{len(ids)} acks, at most {limits.INBOX_HINTS_MAX} allowed")
    return tuple(_parse_id(text) for text in ids)


def _parse_id(text: object) -> bytes:
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ParseError("the id of a hint is not 32 hex digits")
    return bytes.fromhex(text)


def format_hints(hints: Sequence[Hint]) -> bytes:
    """Return the body of the hub's answer."""
    return msgspec.json.encode(_Waiting(tuple(hints)))


def parse_hints(body: bytes) -> tuple[Hint, ...]:
    """Read what the hub answered, members of later versions aside; ParseError."""
    try:
        hints = msgspec.convert(decode_strict(body), type=_Waiting).hints
    except msgspec.ValidationError as error:
        raise ParseError(f"the answer of the inbox: {error}") from error
    for hint in hints:
        _parse_id(hint.id)
    return hints[: limits.INBOX_HINTS_MAX]
