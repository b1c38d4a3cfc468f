"""What the floor and the steps work on: payload lines and framed entries of synthetic offers, prepared in files.

Made before anything is measured, in a process of its own, so that neither the making nor its memory is counted.  No
project code writes them, because the floor must not get slower or faster with it; the forms are PROTOCOL 2 and 3.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.bench.offers import Offer, offer

OWNER = "05562020"
"""All offers belong to the one member that publishes."""


@dataclass(frozen=True)
class Material:
    """The files of one size and seed."""

    directory: Path

    @property
    def payloads(self) -> Path:
        """NDJSON, one payload line each."""
        return self.directory / "payloads.ndjson"

    @property
    def entries(self) -> Path:
        """Publish entries, each behind its length in two bytes (big-endian)."""
        return self.directory / "entries.bin"

    def payload_lines(self) -> Iterator[bytes]:
        """Payloads one by one, without LF; memory does not grow with their number."""
        with self.payloads.open("rb") as lines:
            for line in lines:
                yield line[:-1]

    def record_ids(self) -> Iterator[bytes]:
        """Record ids, in the order of the payloads."""
        for entry in self.entry_texts():
            yield bytes.fromhex(entry.split(b"\n")[2].removeprefix(b"id ").decode())

    def entry_texts(self) -> Iterator[bytes]:
        """Entries one by one, in the order of the payloads."""
        with self.entries.open("rb") as framed:
            while prefix := framed.read(2):
                yield framed.read(int.from_bytes(prefix, "big"))


def document(number: int, seed: int) -> Offer:
    """One offer of the publisher."""
    return {**offer(number, seed), "owner": OWNER}


def prepare(directory: Path, size: int, seed: int) -> dict[str, float]:
    """Write the material of a size and seed; returns its figures.  Same arguments, same bytes."""
    material = Material(directory)
    encode = msgspec.json.Encoder(order="deterministic").encode
    payload_bytes = entry_bytes = 0
    with material.payloads.open("wb") as payloads, material.entries.open("wb") as entries:
        for number in range(size):
            found = document(number, seed)
            line = encode({"doc": found, "salt": _salt(number, seed)})
            entry = _publish_entry(found["id"], line, 1_767_225_600 + number)
            payload_bytes += payloads.write(line + b"\n") - 1
            entry_bytes += entries.write(len(entry).to_bytes(2, "big") + entry) - 2
    return {"changes": size, "payload_bytes": payload_bytes, "entry_bytes": entry_bytes}


def _salt(number: int, seed: int) -> str:
    digest = hashlib.sha256(f"kreisweit bench salt {seed} {number}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _publish_entry(record_id: str, line: bytes, time: int) -> bytes:
    commitment = hashlib.sha256(line).hexdigest()
    lines = ["kreisweit.feed/v1 publish", "kind offer", f"id {record_id}", "prev -", f"time {time}"]
    return "\n".join([*lines, f"payload {commitment} {len(line)}", ""]).encode()
