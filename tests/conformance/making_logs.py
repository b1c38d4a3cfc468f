"""Logs with the published test keys, as their owner or a hub would serve them: what the reader's cases are made of.

Hashes are computed with this folder's own short `merkle`, not with the product's.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.feed.catalogue_note import CatalogueNote, Source, sign_catalogue_note
from shared.feed.note import Note, SignatureLine, format_note, sign_line, sign_time_line
from shared.feed.payload import seal_payload
from tests.conformance import merkle
from tests.conformance.make_vectors import NAMES, derive_key

WIDTH = 256
Files = dict[str, bytes]
JsonObject = dict[str, Any]


def record_id(label: str) -> str:
    """Return an id that follows from a label; in real life it is random."""
    return hashlib.sha256(f"kreisweit.feed/v1 test id {label}".encode()).hexdigest()[:32]


def make_body(label: str, *, owner: str = "05562020", rid: str = "") -> bytes:
    """Return the payload line of a version; its label begins with the one of its record."""
    doc = {"id": rid or record_id(label.partition("-")[0]), "owner": owner, "title": f"Angebot {label}"}
    return seal_payload(doc, hashlib.sha256(f"kreisweit.feed/v1 test salt {label}".encode()).digest())


def commitment(body: bytes) -> str:
    """Return the commitment of a payload in hex."""
    return hashlib.sha256(body).hexdigest()


def publish(label: str, body: bytes, *, time: int, prev: int | None = None, kind: str = "offer") -> bytes:
    """Return the entry that publishes a version."""
    rid, before = record_id(label.partition("-")[0]), "-" if prev is None else str(prev)
    return (
        f"kreisweit.feed/v1 publish\nkind {kind}\nid {rid}\nprev {before}\ntime {time}\n"
        f"payload {commitment(body)} {len(body)}\n"
    ).encode()


def withdraw(label: str, *, time: int, prev: int, kind: str = "offer") -> bytes:
    """Return the entry that takes a record out of the catalogue."""
    rid = record_id(label)
    return f"kreisweit.feed/v1 withdraw\nkind {kind}\nid {rid}\nprev {prev}\nreason ended\ntime {time}\n".encode()


def erase(*targets: int, time: int) -> bytes:
    """Return the entry that erases versions."""
    return (f"kreisweit.feed/v1 erase\ntime {time}\n" + "".join(f"target {one}\n" for one in targets)).encode()


def hello(name: str, ags: str, *, time: int) -> bytes:
    """Return the first entry of a log."""
    return f"kreisweit.feed/v1 hello\nnode {name}\nags {ags}\ngeneration 1\ntime {time}\n".encode()


@dataclass
class MadeLog:
    """One log: its entries, the payloads that are served, and its keys by label."""

    entries: list[bytes]
    bodies: list[bytes] = field(default_factory=list)
    log_key: str = "node_log"
    witness_key: str = "node_wit"

    @property
    def origin(self) -> str:
        """Return the name of the log."""
        return NAMES[self.log_key][0]

    def text(self, size: int | None = None) -> str:
        """Return the checkpoint of a size, unsigned."""
        size = len(self.entries) if size is None else size
        root = merkle.tree_root([merkle.leaf_hash(entry) for entry in self.entries[:size]])
        return f"{self.origin}\n{size}\n{b64encode(root).decode()}\n"

    def checkpoint(self, *, time: int, size: int | None = None, hub_time: int | None = None) -> bytes:
        """Return the signed checkpoint; with the hub's cosignature where a time for it is given."""
        text = self.text(size)
        lines = [sign_line(derive_key(self.log_key), text), sign_time_line(derive_key(self.witness_key), text, time)]
        if hub_time is not None:
            lines.append(sign_time_line(derive_key("hub_wit"), text, hub_time))
        return note_of(text, lines)

    def files(self, checkpoint: bytes, *, size: int | None = None, bodies: Iterable[bytes] | None = None) -> Files:
        """Return what is served below the log's prefix."""
        entries = self.entries[:size]
        tiles = merkle.hash_tiles([merkle.leaf_hash(entry) for entry in entries])
        given = payload_files(self.bodies if bodies is None else bodies, entries)
        return {"checkpoint": checkpoint, **merkle.entry_bundles(entries), **tiles, **given}

    def source(self, member: str, *, size: int | None = None, state: str = "active") -> Source:
        """Return the line of a catalogue note that names this log."""
        size = len(self.entries) if size is None else size
        root = merkle.tree_root([merkle.leaf_hash(entry) for entry in self.entries[:size]])
        return Source(self.origin, size, root, member, state)


def payload_files(bodies: Iterable[bytes], entries: Sequence[bytes]) -> Files:
    """Return payloads as they are served singly and in bulk, in the bundles of the entries that name them."""
    served: Files = {}
    bulk: dict[int, bytes] = {}
    for body in bodies:
        served[f"payload/{commitment(body)}"] = body
        for number, entry in enumerate(entries):
            if commitment(body).encode() in entry:
                bulk[number // WIDTH] = bulk.get(number // WIDTH, b"") + body + b"\n"
    return served | {f"payloads/{number:03}": data for number, data in bulk.items()}


def note_of(text: str, lines: Sequence[SignatureLine]) -> bytes:
    """Return a note over any text, right or wrong."""
    return format_note(Note(text, tuple(lines)))


def mirror(log: MadeLog) -> str:
    """Return the path below a hub at which it serves a log."""
    return f"mirror/{hashlib.sha256(log.origin.encode()).hexdigest()}/"


def digest_of(shown: Iterable[tuple[str, str, bytes]]) -> bytes:
    """Return the catalogue digest over (member, label, payload line) of every record that counts."""
    lines = sorted(f"{member} {record_id(label)} {commitment(body)}\n".encode() for member, label, body in shown)
    return hashlib.sha256(b"".join(lines)).digest()


def catalogue(
    sources: Sequence[Source], digest: bytes, roster: bytes, *, time: int, hub: str = "hub.kreisweit.example"
) -> bytes:
    """Return a signed catalogue note under version 1 of the roster."""
    ordered = tuple(sorted(sources, key=lambda source: source.origin))
    said = CatalogueNote(hub, time, 1, hashlib.sha256(roster).digest(), ordered, digest)
    return sign_catalogue_note(derive_key("hub_log"), said)


# --- cases -----------------------------------------------------------------------------------------------------------


def case_of(name: str, about: str, ask: JsonObject, code: str, **expected: object) -> JsonObject:
    """Return one case with its answer."""
    return {"case": name, "about": about, "ask": ask, "expect": {"code": code, **expected}}


def pins(published: JsonObject) -> JsonObject:
    """Return the pinned root keys of the vectors."""
    return {"roots": [published["keys"][f"root_{letter}"]["vkey"] for letter in "abc"], "threshold": 2}


def log_keys(published: JsonObject, *, is_mirror: bool = False) -> JsonObject:
    """Return what the roster says about the log of the vectors."""
    keys = published["keys"]
    return {
        "origin": published["node"]["origin"], "member": "herten", "ags": "05562020", "generation": 1,
        "log_keys": [keys["node_log"]["vkey"]], "witness_keys": [keys["node_wit"]["vkey"]],
        "hub_witness_keys": [keys["hub_wit"]["vkey"]] if is_mirror else [],
    }  # fmt: skip


def read(now: int, files: Mapping[str, bytes]) -> JsonObject:
    """Return one read: the time, and everything that is served; what is not named answers 404."""
    return {"now": now, "files": {path: b64encode(body).decode() for path, body in sorted(files.items())}}
