"""Where a log is read from: files below a prefix, or the body of a push.

A source answers in the reader's terms (checkpoint, entries, leaf hashes, payloads) and knows the file layout; it
verifies nothing.  PROTOCOL 5 and 9.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from shared.errors import FetchError
from shared.feed import limits
from shared.feed.payload import commitment_of
from shared.feed.push import SourcePart
from shared.feed.tiles import TilePath, bundles_for, format_tile_path, split_bundle
from shared.holdings.payloads import Want
from shared.net.fetcher import Fetcher

_HASH = 32
_FAILURES_IN_A_ROW = 3
_PROBLEM_MAX_BYTES = 4096
"""Room for the problem document of a 404 or 410 where the payload itself would be smaller."""
Level = int | Literal["entries"]


class NotModified(msgspec.Struct, frozen=True):
    """The peer's checkpoint is the one we fetched last."""


class Served(msgspec.Struct, frozen=True):
    """A checkpoint as served, with the tag to ask again by."""

    body: bytes
    etag: str


class Found(msgspec.Struct):
    """Payloads that a source gave, by commitment; `failed` says why others could not be fetched this time."""

    bodies: dict[bytes, bytes] = msgspec.field(default_factory=dict)
    failed: dict[bytes, str] = msgspec.field(default_factory=dict)


class Source(Protocol):
    """One log as somebody serves it."""

    name: str
    """Tells sources of the same log apart; tags of one are not sent to another."""

    is_complete: bool
    """Whether a payload that it does not give is missing (else it was just not part of this push)."""

    offered: frozenset[bytes] | None
    """The commitments a push carries; None where anything may be asked for."""

    def checkpoint(self, etag: str) -> Served | NotModified:
        """Return the checkpoint.  Raises FetchError."""

    def entries(self, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        """Yield (index of the first, entries) until `end`; may begin below `start`.  Raises FetchError, ParseError."""

    def hash_tile(self, path: TilePath) -> bytes:
        """Return a tile of the publisher's own hashes, for a diagnosis.  Raises FetchError."""

    def payloads(self, wants: Sequence[Want], bundle: int | None) -> Found:
        """Return those of the wanted payloads that it has.  Raises FetchError when several in a row do not come."""


class FetchedSource:
    """A log read file by file.

    Args:
        name: e.g. the prefix's URL.
    """

    def __init__(self, fetcher: Fetcher, name: str) -> None:
        self._fetcher = fetcher
        self.name = name
        self.is_complete = True
        self.offered: frozenset[bytes] | None = None

    def checkpoint(self, etag: str) -> Served | NotModified:
        answer = self._fetcher.fetch(
            "checkpoint", max_bytes=limits.NOTE_MAX_BYTES, deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS, etag=etag
        )
        if answer.status == 304:
            return NotModified()
        if answer.status != 200:
            raise FetchError(
                f"Die Gegenstelle antwortet auf die Frage nach ihrem Stand mit {answer.status}",
                kind="status",
                status=answer.status,
            )
        return Served(answer.body, answer.etag)

    def entries(self, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        for number, width in bundles_for(start, end):
            data = self._tile("entries", number, width)
            yield number * limits.BUNDLE_WIDTH, split_bundle(data, width)

    def _tile(self, level: Level, number: int, width: int) -> bytes:
        """Fetch a tile; when its partial form is gone, the full one, cut to the width that was asked for."""
        status = 0
        most = limits.BUNDLE_MAX_BYTES if level == "entries" else limits.HASH_TILE_MAX_BYTES
        for shape in dict.fromkeys((width, limits.BUNDLE_WIDTH)):
            answer = self._fetcher.fetch(
                format_tile_path(TilePath(level, number, shape)),
                max_bytes=most,
                deadline_seconds=limits.TILE_TIMEOUT_SECONDS,
            )
            if answer.status == 200:
                return answer.body if shape == width else _cut(level, answer.body, width)
            status = answer.status
        raise FetchError(
            f"Die Gegenstelle antwortet auf die Frage nach Kachel {level}/{number} mit {status}",
            kind="status",
            status=status,
        )

    def hash_tile(self, path: TilePath) -> bytes:
        return self._tile(path.level, path.n, path.width)

    def payloads(self, wants: Sequence[Want], bundle: int | None) -> Found:
        """One that cannot be fetched keeps no other back; three in a row are the peer's trouble and end the run."""
        found = Found()
        if bundle is not None and len(wants) > limits.SINGLY_MAX:
            found.bodies = self._bulk(bundle)
        in_a_row = 0
        for want in wants:
            if want.commitment in found.bodies:
                continue
            try:
                body = self._single(want)
            except FetchError as error:
                in_a_row += 1
                if in_a_row >= _FAILURES_IN_A_ROW:
                    raise
                found.failed[want.commitment] = error.message
                continue
            in_a_row = 0
            if body is not None:
                found.bodies[want.commitment] = body
        return found

    def _single(self, want: Want) -> bytes | None:
        """Fetch one payload; one that is longer than its entry or the limit says comes back empty.

        It fails as E_PAYLOAD.
        """
        if want.length > limits.PAYLOAD_MAX_BYTES:
            return b""
        try:
            answer = self._fetcher.fetch(
                f"payload/{want.commitment.hex()}",
                max_bytes=max(want.length, _PROBLEM_MAX_BYTES),
                deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
            )
        except FetchError as error:
            if error.kind == "oversize":
                return b""
            raise
        return answer.body if answer.status == 200 else None

    def _bulk(self, bundle: int) -> dict[bytes, bytes]:
        path = format_tile_path(TilePath("entries", bundle, limits.BUNDLE_WIDTH)).removeprefix("tile/entries/")
        answer = self._fetcher.fetch(
            f"payloads/{path}", max_bytes=limits.PAYLOADS_MAX_BYTES, deadline_seconds=limits.PAYLOADS_TIMEOUT_SECONDS
        )
        if answer.status != 200:
            return {}
        return {hashlib.sha256(line).digest(): line for line in answer.body.split(b"\n") if line}


class PushedSource:
    """A log as one push body carries it; what is not in the body is asked of `fallback`, if there is one."""

    def __init__(
        self, part: SourcePart, payloads: Sequence[bytes], *, sender: str, fallback: FetchedSource | None = None
    ) -> None:
        self.name = f"push:{sender}"
        self.is_complete = fallback is not None
        self._part = part
        self._payloads = {commitment_of(line): line for line in payloads}
        self.offered: frozenset[bytes] | None = None if fallback is not None else frozenset(self._payloads)
        self._fallback = fallback

    def checkpoint(self, etag: str) -> Served | NotModified:
        return Served(self._part.checkpoint, "")

    def entries(self, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        part = self._part
        if part.start <= start and part.start + len(part.entries) >= end:
            whole = part.entries[start - part.start : end - part.start]
            for offset in range(0, len(whole), limits.BUNDLE_WIDTH):
                yield start + offset, list(whole[offset : offset + limits.BUNDLE_WIDTH])
        elif self._fallback is not None:
            yield from self._fallback.entries(start, end)
        else:
            raise FetchError(f"the push has entries from {part.start}, {start} to {end} are needed", kind="status")

    def hash_tile(self, path: TilePath) -> bytes:
        if self._fallback is None:
            raise FetchError("a push carries no tiles", kind="status")
        return self._fallback.hash_tile(path)

    def payloads(self, wants: Sequence[Want], bundle: int | None) -> Found:
        found = Found({w.commitment: self._payloads[w.commitment] for w in wants if w.commitment in self._payloads})
        missing = [want for want in wants if want.commitment not in found.bodies]
        if missing and self._fallback is not None:
            pulled = self._fallback.payloads(missing, bundle)
            found = Found(found.bodies | pulled.bodies, pulled.failed)
        return found


def _cut(level: Level, data: bytes, width: int) -> bytes:
    """Cut a full tile or bundle to its first `width` members."""
    if level != "entries":
        return data[: width * _HASH]
    end = 0
    for _ in range(width):
        end += 2 + int.from_bytes(data[end : end + 2], "big")
    return data[:end]
