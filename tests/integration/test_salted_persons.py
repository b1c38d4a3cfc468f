"""Whoever has a city's whole log and a list of names confirms no name with it (threat T35, invariant I18)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from node.editing import save_offer
from node.erasing import erase
from node.party import Node
from shared.feed.base64s import encode_base64url
from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.feed.payload import parse_payload
from shared.feed.strict_json import encode_canonical
from shared.holdings import logs, payloads
from shared.model.given_names import GIVEN_NAMES
from tests.support.lone_node import files_with, make_member, offer, seal
from tests.support.world import VirtualClock

PERSON = "Erika Mustermann"
"""Unknown to the attacker; everything else in the record is known."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", VirtualClock())
    yield node
    node.db.close()


def commitments(node: Node) -> set[bytes]:
    """What the public log says about every version."""
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        entries = parse_entries(logs.load_entries(conn, row.id, 0))
    return {entry.commitment for entry in entries if isinstance(entry, Publish)}


def held_line(node: Node) -> bytes:
    """The payload line of the only version."""
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        ((_, _, line),) = payloads.iterate_payloads(conn, row.id)
    return line


def guessed(line: bytes, names: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Put every name where the person stands, and hash what comes of it; yields name and hash."""
    before, _, after = line.partition(PERSON.encode())
    begun = hashlib.sha256(before)
    for name in names:
        digest = begun.copy()
        digest.update(name + after)
        yield name, digest.digest()


def dictionary() -> Iterator[bytes]:
    """A hundred thousand names, the right one among them."""
    families = ["Mustermann", *(f"{a}{b}{c}" for a, b, c in product(PARTS, PARTS, ("mann", "er", "ska", "oğlu")))]
    return (f"{given.title()} {family}".encode() for given in sorted(GIVEN_NAMES) for family in families)


PARTS = ("Alt", "Berg", "Czer", "Dem", "Eich", "Feld", "Gül")


def test_list_of_names_confirms_nobody_without_the_salt(node: Node) -> None:
    save_offer(node, offer(contacts=[{"name": PERSON}]))
    seal(node)
    line, public = held_line(node), commitments(node)
    doc = parse_payload(line).doc
    salt = encode_base64url(parse_payload(line).salt)

    known = {
        "with the salt": line,
        "without one": encode_canonical({"doc": doc}),
        "the record alone": encode_canonical(doc),
        "a salt of zeros": line.replace(salt.encode(), encode_base64url(bytes(32)).encode()),
        "a salt made of its id": line.replace(
            salt.encode(), encode_base64url(hashlib.sha256(str(doc["id"]).encode()).digest()).encode()
        ),
    }
    confirmed = {
        way: [name for name, found in guessed(text, dictionary()) if found in public] for way, text in known.items()
    }

    assert confirmed.pop("with the salt") == [PERSON.encode()]  # so the attack is a real one
    assert set(map(len, confirmed.values())) == {0}


def test_no_two_versions_share_a_salt_and_an_erased_one_is_in_no_file(node: Node) -> None:
    rid = save_offer(node, offer(contacts=[{"name": PERSON}]))
    seal(node)
    first = encode_base64url(parse_payload(held_line(node)).salt)
    assert files_with(node.home, first) != []

    erase(node, PERSON)
    seal(node)

    assert files_with(node.home, first) == []
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        left = [parse_payload(line) for _, _, line in payloads.iterate_payloads(conn, row.id)]
    assert [payload.doc["id"] for payload in left] == [rid.hex()]
    assert encode_base64url(left[0].salt) != first
