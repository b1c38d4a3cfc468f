"""Record proofs: what an integrator can check alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import KreisweitError, ParseError
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text
from shared.feed.entry import Erase, Publish, format_entry
from shared.feed.keys import SigningKey
from shared.feed.merkle import inclusion_proof, leaf_hash, reader_of, subtree_root
from shared.feed.note import Note, format_note, parse_note, sign_line, sign_time_line
from shared.feed.payload import commitment_of
from shared.feed.proof import Proof, format_proof, parse_proof, verify_record_proof
from shared.feed.roster import Roster
from tests.conformance.make_vectors import PUBLISHED, derive_key, rosters

V: dict[str, Any] = json.loads(PUBLISHED.read_text("utf-8"))
GOOD = V["tlog_proofs"]["source_entry_2_in_node_log"].encode()
PAYLOAD = V["payloads"][1]["object"].encode()
ROSTER = rosters()[0]
PROOF = parse_proof(GOOD)


def change(**fields: object) -> bytes:
    return format_proof(msgspec.structs.replace(PROOF, **fields))


def without_line(name: str) -> bytes:
    note = parse_note(PROOF.checkpoint)
    kept = tuple(line for line in note.signatures if line.name != name)
    return change(checkpoint=format_note(Note(note.text, kept)))


def code_of(data: bytes, payload: bytes = PAYLOAD, roster: Roster = ROSTER) -> str:
    with pytest.raises(KreisweitError) as caught:
        verify_record_proof(data, payload, roster=roster)
    return caught.value.code


def test_a_proof_shows_entry_index_and_the_hubs_time() -> None:
    proven = verify_record_proof(GOOD, PAYLOAD, roster=ROSTER)

    assert (proven.index, proven.time) == (2, 1767315720)
    assert proven.entry.commitment == commitment_of(PAYLOAD)
    assert proven.checkpoint.origin == "herten.kreisweit.example/feed/g1"


@given(st.integers(0, 8 * len(GOOD) - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(GOOD)
    data[bit // 8] ^= 1 << bit % 8

    assert code_of(bytes(data)) in ("E_FORMAT", "E_SIG", "E_ROOT", "E_ORIGIN")


def test_another_payload_is_refused() -> None:
    assert code_of(GOOD, PAYLOAD[:-1]) == "E_PAYLOAD"
    assert code_of(GOOD, PAYLOAD.replace(b"Herten", b"Hertem")) == "E_PAYLOAD"


@pytest.mark.parametrize(
    "name", ["herten.kreisweit.example/feed/g1", "herten.kreisweit.example/witness", "hub.kreisweit.example/witness"]
)
def test_each_of_the_three_lines_is_needed(name: str) -> None:
    assert code_of(without_line(name)) == "E_SIG"


def test_a_log_the_roster_does_not_name_is_refused() -> None:
    assert code_of(GOOD, roster=msgspec.structs.replace(ROSTER, members=())) == "E_ORIGIN"


def test_another_place_in_the_log_is_refused() -> None:
    assert code_of(change(index=3)) == "E_ROOT"
    assert code_of(change(index=5)) == "E_ROOT"
    assert code_of(change(hashes=PROOF.hashes[:-1])) == "E_ROOT"
    assert code_of(change(entry=V["node"]["entries"][1]["text"].encode())) == "E_ROOT"


def proof_in_log(log: SigningKey, witnesses: list[SigningKey], entries: list[bytes], index: int) -> bytes:
    leaves = [leaf_hash(entry) for entry in entries]
    text = format_checkpoint_text(Checkpoint(log.verifying.name, len(leaves), subtree_root(leaves)))
    lines = (sign_line(log, text), *(sign_time_line(witness, text, 77) for witness in witnesses))
    hashes = tuple(inclusion_proof(index, len(leaves), reader_of(leaves)))
    return format_proof(Proof(entries[index], index, hashes, format_note(Note(text, lines))))


def test_only_a_publish_proves_a_record() -> None:
    keys = [derive_key("node_wit"), derive_key("hub_wit")]

    assert code_of(proof_in_log(derive_key("node_log"), keys, [format_entry(Erase(1, (0,)))], 0)) == "E_FORMAT"
    assert code_of(proof_in_log(derive_key("node_log"), keys, [b"broken\n"], 0)) == "E_FORMAT"


def test_records_of_the_hubs_own_log_are_proven_by_its_own_lines() -> None:
    payload = b'{"doc":{},"salt":""}'
    entry = format_entry(Publish("text", bytes(16), None, 1, commitment_of(payload), len(payload)))

    data = proof_in_log(derive_key("hub_log"), [derive_key("hub_wit")], [b"hello\n", entry], 1)

    assert verify_record_proof(data, payload, roster=ROSTER).time == 77


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"extra ", b"extra  "),
        (b"extra ", b"Extra "),
        (b"index 2", b"index 02"),
        (b"index 2", b"index -2"),
        (b"index 2\n", b""),
        (b"6m8F06M7A8kb1JcxIfuD/o0YTZ7hCFnXe2DWygPuNe0=", b"AAAA"),
        (b"6m8F06M7A8kb1JcxIfuD/o0YTZ7hCFnXe2DWygPuNe0=", b"6m8F06M7A8kb1JcxIfuD/o0YTZ7hCFnXe2DWygPuNe1="),
        (b"\n\nherten", b"\nherten"),
        (b"\n", b"\r\n"),
        (b"index 2\n", b"index 2\n" + b"6m8F06M7A8kb1JcxIfuD/o0YTZ7hCFnXe2DWygPuNe0=\n" * 60),
        (b"extra ", "extra ü".encode()),
        (b"extra ", b"extra " + b"A" * 40_000),
    ],
)
def test_other_texts_are_refused(old: bytes, new: bytes) -> None:
    assert old in GOOD

    with pytest.raises(ParseError):
        parse_proof(GOOD.replace(old, new))


def test_what_is_read_re_encodes_to_itself() -> None:
    assert format_proof(PROOF) == GOOD
