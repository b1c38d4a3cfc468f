"""What a runner learns of a served log by itself: checkpoint, entries, and which payloads should be there."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.conformance import merkle
from tests.conformance.probe import Probe

_PUBLISH = re.compile(
    rb"kreisweit\.feed/v1 publish\nkind [a-z]+\nid ([0-9a-f]{32})\nprev (?:-|\d+)\ntime \d+\n"
    rb"payload ([0-9a-f]{64}) (\d+)\n"
)
_WITHDRAW = re.compile(
    rb"kreisweit\.feed/v1 withdraw\nkind [a-z]+\nid ([0-9a-f]{32})\nprev \d+\nreason [a-z]+\ntime \d+\n"
)
_ERASE = re.compile(rb"kreisweit\.feed/v1 erase\ntime \d+\n((?:target \d+\n)+)")


@dataclass(frozen=True)
class Published:
    """One publish entry: where it stands and what it commits to."""

    index: int
    record_id: str
    commitment: str
    length: int


@dataclass(frozen=True)
class ServedLog:
    """A log as fetched at one moment; `entries` give `root` once `load_log` has returned."""

    origin: str
    size: int
    root: bytes
    entries: tuple[bytes, ...]
    published: tuple[Published, ...]
    live: tuple[Published, ...]
    erased: frozenset[str]

    @property
    def leaves(self) -> list[bytes]:
        return [merkle.leaf_hash(entry) for entry in self.entries]


def parse_checkpoint(note: bytes) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint; ValueError where it is not three canonical lines and signatures."""
    text, blank, signatures = note.decode("utf-8").rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 3:
        raise ValueError(f"checkpoint has {len(lines)} text lines, want 3")
    if not all(re.fullmatch(r"— [^ +]+ [A-Za-z0-9+/]+=*", line) for line in signatures.removesuffix("\n").split("\n")):
        raise ValueError("checkpoint has a malformed signature line")
    if not re.fullmatch(r"[1-9][0-9]{0,15}", lines[1]):
        raise ValueError(f"checkpoint size {lines[1]!r} is not canonical")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise ValueError(f"checkpoint root {lines[2]!r} is not canonical")
    return lines[0], int(lines[1]), root


def verify_log_line(note: bytes, vkey: str) -> None:
    """Return where the key of a vkey (note type 1) has signed the note; ValueError otherwise."""
    name, key_id, encoded = vkey.split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    if typed[:1] != b"\x01" or hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() != key_id:
        raise ValueError(f"vkey {vkey!r} is not an Ed25519 log key")
    text, _, signatures = note.rpartition(b"\n\n")
    for line in signatures.decode("utf-8").splitlines():
        signer, _, blob = line.removeprefix("— ").partition(" ")
        signature = base64.b64decode(blob, validate=True)
        if signer == name and signature[:4].hex() == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(typed[1:]).verify(signature[4:], text + b"\n")
            except InvalidSignature:
                raise ValueError(f"signature of {name} does not verify") from None
            return
    raise ValueError(f"no signature line of {name} with key {key_id}")


def load_log(probe: Probe, prefix: str) -> ServedLog:
    """Fetch checkpoint and all bundles of a log; ValueError where the entries do not give the root."""
    reply = probe.ask(prefix + "checkpoint")
    if reply.status != 200:
        raise ValueError(f"{reply.target}: {reply.status}, want 200")
    origin, size, root = parse_checkpoint(reply.body)
    entries: list[bytes] = []
    for number in range((size + merkle.TILE_WIDTH - 1) // merkle.TILE_WIDTH):
        width = min(merkle.TILE_WIDTH, size - number * merkle.TILE_WIDTH)
        entries += _fetch_bundle(probe, prefix, number, width)
    if merkle.tree_root([merkle.leaf_hash(entry) for entry in entries]) != root:
        raise ValueError(f"the bundles of {origin} do not give the root of size {size}")
    return _folded(origin, root, entries)


def _fetch_bundle(probe: Probe, prefix: str, number: int, width: int) -> list[bytes]:
    reply = probe.ask(prefix + merkle.tile_path("entries", number, width))
    if reply.status != 200:
        raise ValueError(f"{reply.target}: {reply.status}, want 200")
    entries = merkle.cut_bundle(reply.body)
    if len(entries) != width:
        raise ValueError(f"{reply.target}: {len(entries)} entries, want {width}")
    return entries


def _folded(origin: str, root: bytes, entries: list[bytes]) -> ServedLog:
    """Catalogue of one log (PROTOCOL 2): for each id the newest publish or withdraw, unless erased."""
    published: list[Published] = []
    newest: dict[str, Published | None] = {}
    targets: set[int] = set()
    for index, entry in enumerate(entries):
        if match := _PUBLISH.fullmatch(entry):
            item = Published(index, match[1].decode(), match[2].decode(), int(match[3]))
            published.append(item)
            newest[item.record_id] = item
        elif match := _WITHDRAW.fullmatch(entry):
            newest[match[1].decode()] = None
        elif match := _ERASE.fullmatch(entry):
            targets |= {int(line.split()[1]) for line in match[1].splitlines()}
    erased = frozenset(item.commitment for item in published if item.index in targets)
    live = tuple(item for item in newest.values() if item and item.commitment not in erased)
    return ServedLog(origin, len(entries), root, tuple(entries), tuple(published), live, erased)
