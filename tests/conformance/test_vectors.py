"""The published vectors and our extension (PROTOCOL 15), except the reader's cases: those need its state machine."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest

from shared.errors import ParseError, SignatureError, VerificationError, WeakKeyError
from shared.feed.catalogue_note import (
    catalogue_digest,
    check_digest_line,
    format_catalogue_text,
    parse_catalogue_text,
    verify_catalogue_note,
)
from shared.feed.checkpoint import format_checkpoint_text, parse_checkpoint_text
from shared.feed.entry import format_entry, parse_entry
from shared.feed.join import (
    format_invite,
    format_join_request,
    parse_invite,
    parse_join_request,
    token_sha256,
    verify_join_request,
    verify_rotation_request,
)
from shared.feed.keys import SigningKey, VerifyingKey, parse_vkey
from shared.feed.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    reader_of,
    verify_consistency,
    verify_inclusion,
)
from shared.feed.note import cosigned_message, format_note, parse_note, sign_line, verify_line, verify_time_line
from shared.feed.payload import commitment_of, minimal_schema, parse_payload, seal_payload, verify_payload
from shared.feed.proof import format_proof, parse_proof, verify_record_proof
from shared.feed.push import format_answer, format_push, parse_answer, parse_push
from shared.feed.request import request_text, verify_request
from shared.feed.roster import Pins, Roster, format_roster, parse_roster, roster_sha256, verify_first, verify_next
from shared.feed.tiles import format_bundle, hash_tile, parse_tile_path, split_bundle
from tests.conformance.make_vectors import EXTENDED, PUBLISHED, make

V: dict[str, Any] = json.loads(PUBLISHED.read_text("utf-8"))
X: dict[str, Any] = json.loads(EXTENDED.read_text("utf-8"))

NODE_ENTRIES = [row["text"].encode() for row in V["node"]["entries"]]
BIG_ENTRIES = [f"vector entry {number}\n".encode() for number in range(300)]
BIG_LEAVES = [leaf_hash(entry) for entry in BIG_ENTRIES]
CHECKPOINTS = [name for name in V["node"] if name.startswith("checkpoint_")]


def key_of(label: str) -> VerifyingKey:
    return parse_vkey(V["keys"][label]["vkey"])


def names(cases: Sequence[dict[str, Any]], field: str = "name") -> list[str]:
    return [str(case[field]) for case in cases]


def b64s(texts: Sequence[str]) -> list[bytes]:
    return [b64decode(text, validate=True) for text in texts]


def test_extended_vectors_are_what_the_generator_writes() -> None:
    assert EXTENDED.read_bytes() == make()


# --- keys, entries, payloads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", list(V["keys"]))
def test_key_follows_from_its_label(label: str) -> None:
    row = V["keys"][label]
    seed = sha256(f"kreisweit.feed/v1 test key {label}".encode()).digest()

    key = SigningKey.from_seed(row["name"], row["type"], seed).verifying

    assert (seed.hex(), key.public.hex(), key.key_id.hex()) == (row["seed_hex"], row["public_hex"], row["key_id"])
    assert parse_vkey(row["vkey"]) == key
    assert key.vkey == row["vkey"]


@pytest.mark.parametrize("case", V["entry_cases"], ids=names(V["entry_cases"], "why"))
def test_entry_grammar(case: dict[str, Any]) -> None:
    data = case["text"].encode()

    if case["valid"]:
        assert format_entry(parse_entry(data)) == data
    else:
        with pytest.raises(ParseError):
            parse_entry(data)


@pytest.mark.parametrize("row", [*V["node"]["entries"], *V["hub"]["entries"]], ids=lambda row: row["sha256_leaf"][:8])
def test_leaf_hashes(row: dict[str, Any]) -> None:
    assert leaf_hash(row["text"].encode()).hex() == row["sha256_leaf"]


@pytest.mark.parametrize("row", V["payloads"], ids=names(V["payloads"], "label"))
def test_payload_is_sealed_and_checked(row: dict[str, Any]) -> None:
    data = row["object"].encode()
    payload = parse_payload(data)

    assert payload.salt == sha256(f"kreisweit.feed/v1 test salt {row['label']}".encode()).digest()
    assert seal_payload(payload.doc, payload.salt) == data
    assert commitment_of(data).hex() == row["commitment"]
    assert verify_payload(data, commitment=bytes.fromhex(row["commitment"]), length=row["length"]) == data
    assert minimal_schema("offer", data).owner == "05562020"


# --- tree, tiles, bundles -------------------------------------------------------------------------------------------


def test_roots_and_frontier_of_the_node_log() -> None:
    frontier = Frontier()
    frontier.extend([leaf_hash(entry) for entry in NODE_ENTRIES[:3]])
    root_3 = frontier.root()
    frontier.extend([leaf_hash(entry) for entry in NODE_ENTRIES[3:]])

    assert [root_3, frontier.root()] == b64s([V["node"]["root_3"], V["node"]["root_5"]])
    assert list(frontier.hashes) == b64s(V["node"]["frontier_5"])


def test_bundles_and_tile_of_the_node_log() -> None:
    reader = reader_of([leaf_hash(entry) for entry in NODE_ENTRIES])

    for width in (3, 5):
        bundle = b64decode(V["node"][f"bundle_p{width}"])
        assert format_bundle(NODE_ENTRIES[:width]) == bundle
        assert split_bundle(bundle, width) == NODE_ENTRIES[:width]
    assert hash_tile(0, 0, 5, reader) == b64decode(V["node"]["tile_0_p5"])


def test_proofs_of_the_node_log() -> None:
    reader = reader_of([leaf_hash(entry) for entry in NODE_ENTRIES])

    assert consistency_proof(3, 5, reader) == b64s(V["node"]["consistency_3_5"])
    assert inclusion_proof(2, 5, reader) == b64s(V["node"]["inclusion_2_in_5"])


@pytest.mark.parametrize("size", list(V["big_tree"]["roots"]))
def test_roots_of_the_big_tree(size: str) -> None:
    frontier = Frontier()
    frontier.extend(BIG_LEAVES[: int(size)])

    assert frontier.root() == b64decode(V["big_tree"]["roots"][size])


@pytest.mark.parametrize("path", list(V["big_tree"]["tile_sha256"]))
def test_tiles_of_the_big_tree(path: str) -> None:
    tile = parse_tile_path(path)
    first = tile.n * 256

    if tile.level == "entries":
        data = format_bundle(BIG_ENTRIES[first : first + tile.width])
    else:
        data = hash_tile(tile.level, tile.n, tile.width, reader_of(BIG_LEAVES))

    assert sha256(data).hexdigest() == V["big_tree"]["tile_sha256"][path]


@pytest.mark.parametrize("sizes", list(V["big_tree"]["consistency"]))
def test_consistency_in_the_big_tree(sizes: str) -> None:
    first, second = map(int, sizes.split("->"))
    proof = b64s(V["big_tree"]["consistency"][sizes])
    roots = [Frontier(), Frontier()]
    roots[0].extend(BIG_LEAVES[:first])
    roots[1].extend(BIG_LEAVES[:second])

    assert consistency_proof(first, second, reader_of(BIG_LEAVES)) == proof
    verify_consistency(first=first, second=second, first_root=roots[0].root(), second_root=roots[1].root(), proof=proof)


@pytest.mark.parametrize("place", list(V["big_tree"]["inclusion"]))
def test_inclusion_in_the_big_tree(place: str) -> None:
    index, size = map(int, place.split(" in "))
    proof = b64s(V["big_tree"]["inclusion"][place])
    frontier = Frontier()
    frontier.extend(BIG_LEAVES[:size])

    assert inclusion_proof(index, size, reader_of(BIG_LEAVES)) == proof
    verify_inclusion(leaf=BIG_LEAVES[index], index=index, size=size, proof=proof, root=frontier.root())


# --- notes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_are_signed_by_log_and_witness(name: str) -> None:
    data = V["node"][name].encode()
    note = parse_note(data)
    checkpoint = parse_checkpoint_text(note.text)
    log_key, witness_key = key_of("node_log"), key_of("node_wit")

    assert format_note(note) == data
    assert format_checkpoint_text(checkpoint) == note.text
    assert checkpoint.root == b64decode(V["node"][f"root_{checkpoint.size}"])
    verify_line(log_key, note.text, note.signatures[0])
    times = [line for line in note.signatures if line.key_id == witness_key.key_id]
    assert [verify_time_line(witness_key, note.text, line) for line in times]


def test_signing_a_checkpoint_gives_the_published_line() -> None:
    note = parse_note(V["node"]["checkpoint_5"].encode())
    seed = bytes.fromhex(V["keys"]["node_log"]["seed_hex"])
    key = SigningKey.from_seed(V["keys"]["node_log"]["name"], 1, seed)

    assert sign_line(key, note.text) == note.signatures[0]
    assert cosigned_message(note.text, 1767315660).decode() == V["node"]["cosigned_message_5"]


def test_mirrored_checkpoint_carries_the_hubs_cosignature() -> None:
    note = parse_note(V["node"]["checkpoint_5_mirrored_by_hub"].encode())

    assert verify_time_line(key_of("hub_wit"), note.text, note.signatures[2]) == 1767315720


def test_rotating_checkpoint_carries_both_log_lines() -> None:
    note = parse_note(V["node"]["checkpoint_5_rotating_key"].encode())

    verify_line(key_of("node_log"), note.text, note.signatures[0])
    verify_line(key_of("node_log2"), note.text, note.signatures[1])


def test_hub_checkpoint_is_signed_by_the_hub() -> None:
    note = parse_note(V["hub"]["checkpoint_1"].encode())

    verify_line(key_of("hub_log"), note.text, note.signatures[0])
    assert parse_checkpoint_text(note.text).root == b64decode(V["hub"]["root_1"])


@pytest.mark.parametrize("name", ["extension-line", "size-leading-zero", "root-not-canonical-base64"])
def test_malformed_checkpoints_of_the_reader_cases(name: str) -> None:
    case = next(case for case in V["hub_cases"]["cases"] if case["name"] == name)

    with pytest.raises(ParseError) as caught:
        parse_checkpoint_text(parse_note(case["checkpoint"].encode()).text)

    assert caught.value.code == case["expect"]


def published_roster() -> Roster:
    pins = Pins(tuple(key_of(f"root_{letter}") for letter in "abc"), 2)
    return verify_first(V["roster"]["note"].encode(), pins)


def test_published_roster_starts_a_chain() -> None:
    data = V["roster"]["note"].encode()

    roster = published_roster()

    assert format_roster(roster) == parse_note(data, max_bytes=65536).text
    assert roster_sha256(data).hex() == V["roster"]["sha256_of_note"]
    assert roster.members[0].log_key == key_of("node_log")


def test_published_catalogue_note_and_digest() -> None:
    data = V["catalogue"]["note"].encode()
    lines = V["catalogue"]["digest_preimage"].encode().splitlines(keepends=True)

    note = verify_catalogue_note(data, key_of("hub_log"))

    assert format_catalogue_text(note) == parse_note(data).text
    assert note.roster_sha256.hex() == V["roster"]["sha256_of_note"]
    assert catalogue_digest(lines) == note.digest == bytes.fromhex(V["catalogue"]["digest"])
    for line in lines:
        check_digest_line(line)


def test_published_record_proof() -> None:
    data = V["tlog_proofs"]["source_entry_2_in_node_log"].encode()
    payload = V["payloads"][1]["object"].encode()

    proven = verify_record_proof(data, payload, roster=published_roster())

    assert format_proof(parse_proof(data)) == data
    assert (proven.index, proven.time, proven.checkpoint.size) == (2, 1767315720, 5)


# --- extension ------------------------------------------------------------------------------------------------------


def codes_of(case: dict[str, Any]) -> type[ParseError | SignatureError]:
    return {"E_FORMAT": ParseError, "E_SIG": SignatureError, "E_KEY_WEAK": WeakKeyError}[str(case["expect"])]


@pytest.mark.parametrize("case", X["catalogue_cases"], ids=names(X["catalogue_cases"]))
def test_catalogue_notes(case: dict[str, Any]) -> None:
    data = case["note"].encode()

    if case["expect"] == "OK":
        note = verify_catalogue_note(data, key_of("hub_log"))
        assert parse_catalogue_text(format_catalogue_text(note)) == note
        assert (note.sources[2].word, note.sources[2].fold) == ("held", 12)
    else:
        with pytest.raises((ParseError, VerificationError)) as caught:
            verify_catalogue_note(data, key_of("hub_log"))
        assert caught.value.code == case["expect"]


def chain_up_to(version: int) -> tuple[Pins, Roster | None]:
    chain = X["roster_chain"]
    pins = Pins(tuple(parse_vkey(text) for text in chain["pins"]["roots"]), chain["pins"]["threshold"])
    roster = None
    for note in chain["notes"][:version]:
        roster = verify_first(note.encode(), pins) if roster is None else verify_next(roster, note.encode())
    return pins, roster


def test_roster_chain_of_three() -> None:
    _, roster = chain_up_to(3)

    assert roster is not None
    assert (roster.version, len(roster.rows("herten")), len(roster.members)) == (3, 2, 3)
    assert parse_roster(format_roster(roster)) == roster


@pytest.mark.parametrize("case", X["roster_chain"]["bad"], ids=names(X["roster_chain"]["bad"]))
def test_broken_roster_steps(case: dict[str, Any]) -> None:
    pins, current = chain_up_to(case["after"])
    data = case["note"].encode()

    with pytest.raises(VerificationError) as caught:
        verify_first(data, pins) if current is None else verify_next(current, data)

    assert caught.value.code == "E_ROSTER"


def test_invite_and_join_request() -> None:
    join = X["join"]

    invite = parse_invite(join["invite"])
    request = parse_join_request(json.dumps(join["request"]).encode())

    assert format_invite(invite) == join["invite"]
    assert json.loads(format_join_request(request)) == join["request"]
    assert verify_join_request(request) == join["time"]
    assert request.fingerprint == join["fingerprint"]
    assert request.token is not None
    assert token_sha256(request.token).hex() == join["token_sha256"] == token_sha256(invite.token).hex()


@pytest.mark.parametrize("case", X["join"]["bad"], ids=names(X["join"]["bad"]))
def test_broken_join_requests(case: dict[str, Any]) -> None:
    with pytest.raises(codes_of(case)) as caught:
        verify_join_request(parse_join_request(json.dumps(case["request"]).encode()))

    assert caught.value.code == case["expect"]


def test_rotation_is_signed_by_old_and_new_key() -> None:
    request = parse_join_request(json.dumps(X["join"]["rotation"]).encode())

    time = verify_rotation_request(request, [parse_vkey(X["join"]["rotation_old_key"])])

    assert time == X["join"]["time"]


@pytest.mark.parametrize("number", range(len(X["push"]["good"])))
def test_push_bodies(number: int) -> None:
    data = X["push"]["good"][number].encode()

    assert format_push(parse_push(data)) == data


@pytest.mark.parametrize("name", list(X["push"]["bad"]))
def test_broken_push_bodies(name: str) -> None:
    with pytest.raises(ParseError):
        parse_push(X["push"]["bad"][name].encode())


def test_push_answer() -> None:
    data = X["push"]["answer"].encode()

    assert format_answer(parse_answer(data)) == data


@pytest.mark.parametrize("name", list(X["push"]["bad_answers"]))
def test_broken_push_answers(name: str) -> None:
    with pytest.raises(ParseError):
        parse_answer(X["push"]["bad_answers"][name].encode())


def test_back_channel_request() -> None:
    row = X["request"]
    body = row["body"].encode()

    assert request_text(row["path"], row["time"], body) == row["text"]
    verify_request(parse_vkey(row["vkey"]), row["path"], row["time"], body, b64decode(row["signature"]))
