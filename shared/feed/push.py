"""The body and the answer of a push (PROTOCOL 9): grammar only.

A push has no authority: its bytes go to the same reader as anything fetched.  So notes, entries and payloads are
carried as bytes here and judged elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import msgspec

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.base64s import decode_base64, encode_base64
from shared.feed.strict_json import decode_strict, read_count, read_list, read_object, read_text
from shared.ids import parse_num, parse_origin

PushState = Literal["live", "recovering"]

_STATE_KEYS = frozenset({"state", "roster", "holdings"})
_SOURCE_KEYS = frozenset({"origin", "from", "checkpoint", "entries"})
_PAYLOAD_KEYS = frozenset({"origin", "payload"})
_ANSWER_LINE = re.compile(r"(state|roster|source|want) (.+)")


class Holding(msgspec.Struct, frozen=True):
    """A party says it holds `size` entries of a log, with this root."""

    origin: str
    size: int
    root: bytes


class SourcePart(msgspec.Struct, frozen=True):
    """Entries of one log from index `start` on, with the checkpoint that covers them."""

    origin: str
    start: int
    checkpoint: bytes
    entries: tuple[bytes, ...]


class PayloadPart(msgspec.Struct, frozen=True):
    """One payload line of one log."""

    origin: str
    data: bytes


class PushBody(msgspec.Struct, frozen=True):
    """One push.  `note` is the catalogue note (hub) or checkpoint (node), empty while the sender has none."""

    note: bytes
    state: PushState
    roster_version: int
    holdings: tuple[Holding, ...] = ()
    rosters: tuple[bytes, ...] = ()
    sources: tuple[SourcePart, ...] = ()
    payloads: tuple[PayloadPart, ...] = ()


class PushAnswer(msgspec.Struct, frozen=True):
    """What the receiver holds after it committed; `wants` are payloads still wanted, by origin."""

    state: PushState
    roster: int
    sources: tuple[Holding, ...] = ()
    wants: tuple[tuple[str, int], ...] = ()

    def holding(self, origin: str) -> Holding | None:
        """Return what the receiver holds of one log, or None."""
        return next((source for source in self.sources if source.origin == origin), None)


# --- body ---------------------------------------------------------------------------------------------------------


def parse_push(data: bytes) -> PushBody:
    """Read a push body: note line, state line, then rosters, sources and payloads in any order.

    Does not check: any signature, the notes' form, whether entries continue anything.

    Raises:
        ParseError: E_FORMAT; E_OVERSIZE beyond 8 MiB.
    """
    if len(data) > limits.PUSH_MAX_BYTES:
        raise ParseError(f"push of {len(data)} bytes, at most {limits.PUSH_MAX_BYTES} allowed", code="E_OVERSIZE")
    lines = data.split(b"\n")
    if lines.pop() or len(lines) < 2:
        raise ParseError("push body is not at least two lines, each ended by a line feed")
    first = read_object(decode_strict(lines[0]), "push line 1", required=frozenset({"note"}))
    second = read_object(decode_strict(lines[1]), "push line 2", required=_STATE_KEYS)
    rosters: list[bytes] = []
    sources: list[SourcePart] = []
    payloads: list[PayloadPart] = []
    for number, line in enumerate(lines[2:], 3):
        _parse_part(decode_strict(line), f"push line {number}", rosters, sources, payloads)
    return PushBody(
        note=_read_note(first["note"], "note"),
        state=_read_state(second["state"]),
        roster_version=read_count(second["roster"], "roster version"),
        holdings=_read_holdings(second["holdings"]),
        rosters=tuple(rosters),
        sources=tuple(sources),
        payloads=tuple(payloads),
    )


def _parse_part(
    value: object, what: str, rosters: list[bytes], sources: list[SourcePart], payloads: list[PayloadPart]
) -> None:
    if not isinstance(value, dict):
        raise ParseError(f"{what} is not a JSON object")
    if "roster" in value:
        members = read_object(value, what, required=frozenset({"roster"}))
        rosters.append(_read_note(members["roster"], "roster"))
    elif "payload" in value:
        payloads.append(_read_payload(read_object(value, what, required=_PAYLOAD_KEYS)))
    else:
        sources.append(_read_source(read_object(value, what, required=_SOURCE_KEYS)))


def _read_note(value: object, what: str) -> bytes:
    return read_text(value, what, max_length=limits.LARGE_NOTE_MAX_BYTES).encode()


def _read_state(value: object) -> PushState:
    if value == "live":
        return "live"
    if value == "recovering":
        return "recovering"
    raise ParseError(f"state {str(value)[:20]!r} is not live or recovering")


def _read_origin(value: object) -> str:
    return parse_origin(read_text(value, "origin", max_length=limits.NOTE_MAX_BYTES))


def _read_holdings(value: object) -> tuple[Holding, ...]:
    holdings = tuple([_read_holding(read_list(row, "holding")) for row in read_list(value, "holdings")])
    if len({holding.origin for holding in holdings}) != len(holdings):
        raise ParseError("a holding stands twice")
    return holdings


def _read_holding(row: list[object]) -> Holding:
    if len(row) != 3:
        raise ParseError(f"holding of {len(row)} fields, 3 expected")
    root = read_text(row[2], "root", max_length=44)
    return Holding(_read_origin(row[0]), read_count(row[1], "size"), decode_base64(root, 32))


def _read_source(members: Mapping[str, object]) -> SourcePart:
    rows = read_list(members["entries"], "entries")
    longest = 4 * (limits.ENTRY_MAX_BYTES * 32)
    return SourcePart(
        origin=_read_origin(members["origin"]),
        start=read_count(members["from"], "from"),
        checkpoint=_read_note(members["checkpoint"], "checkpoint"),
        entries=tuple([decode_base64(read_text(row, "entry", max_length=longest)) for row in rows]),
    )


def _read_payload(members: Mapping[str, object]) -> PayloadPart:
    line = read_text(members["payload"], "payload", max_length=limits.PAYLOAD_MAX_BYTES)
    return PayloadPart(_read_origin(members["origin"]), line.encode())


def format_push(body: PushBody) -> bytes:
    """Write a push body; ParseError when it is too large or carries bytes that are not UTF-8 text."""
    rows = [[holding.origin, holding.size, encode_base64(holding.root)] for holding in body.holdings]
    lines: list[object] = [
        {"note": _text(body.note)},
        {"state": body.state, "roster": body.roster_version, "holdings": rows},
        *({"roster": _text(roster)} for roster in body.rosters),
        *(_source_line(source) for source in body.sources),
        *({"origin": payload.origin, "payload": _text(payload.data)} for payload in body.payloads),
    ]
    data = b"".join([msgspec.json.encode(line) + b"\n" for line in lines])
    if len(data) > limits.PUSH_MAX_BYTES:
        raise ParseError(f"push of {len(data)} bytes, at most {limits.PUSH_MAX_BYTES} allowed", code="E_OVERSIZE")
    return data


def _source_line(source: SourcePart) -> dict[str, object]:
    return {
        "origin": source.origin,
        "from": source.start,
        "checkpoint": _text(source.checkpoint),
        "entries": [encode_base64(entry) for entry in source.entries],
    }


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"bytes that are not UTF-8 cannot be pushed (byte {error.start})") from error


# --- answer -------------------------------------------------------------------------------------------------------


def parse_answer(data: bytes) -> PushAnswer:
    """Read the answer to a push: state, roster, sources sorted by origin, wants.

    Raises:
        ParseError: E_FORMAT.
    """
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ParseError("answer to a push is not ASCII") from error
    if lines.pop() or len(lines) < 2 or len(data) > limits.PUSH_MAX_BYTES:
        raise ParseError("answer to a push is not at least two lines, each ended by a line feed")
    words = [_answer_words(line) for line in lines]
    order = [name for name, _ in words]
    sources = [_parse_held(rest) for name, rest in words if name == "source"]
    wants = [_parse_want(rest) for name, rest in words if name == "want"]
    if order != ["state", "roster", *["source"] * len(sources), *["want"] * len(wants)]:
        raise ParseError("lines of the answer to a push are not state, roster, source, want")
    _check_sorted([source.origin for source in sources], "sources")
    if len({origin for origin, _ in wants}) != len(wants):
        raise ParseError("a want stands twice")
    return PushAnswer(_read_state(words[0][1]), parse_num(words[1][1]), tuple(sources), tuple(wants))


def _answer_words(line: str) -> tuple[str, str]:
    match = _ANSWER_LINE.fullmatch(line)
    if match is None:
        raise ParseError(f"line {line[:60]!r} has no place in the answer to a push")
    return match[1], match[2]


def _parse_held(text: str) -> Holding:
    words = text.split(" ")
    if len(words) != 3:
        raise ParseError(f"source line of {len(words)} fields, 3 expected")
    return Holding(parse_origin(words[0]), parse_num(words[1]), decode_base64(words[2], 32))


def _parse_want(text: str) -> tuple[str, int]:
    origin, _, number = text.partition(" ")
    return parse_origin(origin), parse_num(number)


def _check_sorted(origins: list[str], what: str) -> None:
    if any(later <= earlier for earlier, later in pairwise(origins)):
        raise ParseError(f"{what} are not sorted by origin, or one stands twice")


def format_answer(answer: PushAnswer) -> bytes:
    """Write the answer to a push, sources and wants sorted by origin; refuses what `parse_answer` would refuse."""
    sources = sorted(answer.sources, key=lambda source: source.origin)
    lines = [
        f"state {answer.state}",
        f"roster {answer.roster}",
        *(f"source {source.origin} {source.size} {encode_base64(source.root)}" for source in sources),
        *(f"want {origin} {number}" for origin, number in sorted(answer.wants)),
    ]
    data = ("\n".join(lines) + "\n").encode()
    parse_answer(data)
    return data
