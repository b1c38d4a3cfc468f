"""Enrolment: invite code, request and proof, fingerprint, rotation."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import KreisweitError, ParseError, SignatureError
from shared.feed.base64s import decode_base64url, encode_base64url
from shared.feed.join import (
    Invite,
    JoinRequest,
    fingerprint,
    format_invite,
    format_join_request,
    make_join_request,
    make_rotation_request,
    parse_invite,
    parse_join_request,
    proof_text,
    token_sha256,
    verify_join_request,
    verify_rotation_request,
)
from shared.feed.keys import WITNESS
from shared.feed.note import Note, format_note, sign_line, sign_time_line
from tests.conformance.make_vectors import DAY, ISSUED, derive_bytes, derive_key, derive_named_key

TOKEN = derive_bytes("unit")
ROOTS = tuple(derive_key(f"root_{letter}").verifying for letter in "abc")
INVITE = Invite("https://hub.kreisweit.example", ROOTS, 2, "herten", "05562020", TOKEN, ISSUED + DAY)
LOG_KEY, WITNESS_KEY = derive_key("node_log"), derive_key("node_wit")
URL = "https://herten.kreisweit.example"
REQUEST = make_join_request(token=TOKEN, name="herten", log_key=LOG_KEY, witness_key=WITNESS_KEY, url=URL, time=ISSUED)
ROTATION = make_rotation_request(
    name="herten", old_log_key=LOG_KEY, log_key=derive_key("node_log2"), witness_key=WITNESS_KEY, url=URL, time=ISSUED
)


def change(request: JoinRequest, **fields: object) -> JoinRequest:
    return msgspec.structs.replace(request, **fields)


def invite_with(**changes: object) -> str:
    members = json.loads(decode_base64url(format_invite(INVITE)[4:])) | changes
    kept = {name: value for name, value in members.items() if value is not ...}
    return "kw1." + encode_base64url(json.dumps(kept).encode())


@given(st.binary(min_size=32, max_size=32), st.integers(0, 10**12), st.integers(1, 3))
def test_invites_round_trip(token: bytes, expires: int, threshold: int) -> None:
    invite = msgspec.structs.replace(INVITE, token=token, expires=expires, threshold=threshold)

    assert parse_invite(format_invite(invite)) == invite


def test_an_invite_pins_roots_and_threshold() -> None:
    assert (parse_invite(format_invite(INVITE)).pins.roots, INVITE.pins.threshold) == (ROOTS, 2)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "kw1.",
        "kw2" + format_invite(INVITE)[3:],
        format_invite(INVITE) + "=",
        format_invite(INVITE) + "\n",
        format_invite(INVITE)[:-3],
        "kw1." + encode_base64url(b"[]"),
        invite_with(more=1),
        invite_with(hub=...),
        invite_with(hub="hub.example"),
        invite_with(roots=[]),
        invite_with(roots=[ROOTS[0].vkey] * 2),
        invite_with(roots=[WITNESS_KEY.verifying.vkey] * 2),
        invite_with(threshold=0),
        invite_with(threshold=4),
        invite_with(threshold=True),
        invite_with(name="Herten"),
        invite_with(ags="5562020"),
        invite_with(token="AAAA"),
        invite_with(expires=-1),
        invite_with(expires="soon"),
        "kw1." + "A" * 10_000,
    ],
)
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(ParseError):
        parse_invite(code)


def test_a_damaged_token_is_not_repeated() -> None:
    with pytest.raises(ParseError) as caught:
        parse_invite(invite_with(token="secretsecret"))

    assert "secret" not in caught.value.message


def test_requests_round_trip() -> None:
    for request in (REQUEST, ROTATION):
        assert parse_join_request(format_join_request(request)) == request
    assert set(json.loads(format_join_request(REQUEST))) == {
        "token", "name", "log_vkey", "witness_vkey", "url", "proof",
    }  # fmt: skip


def test_the_proof_signs_the_text_of_the_protocol() -> None:
    assert proof_text(REQUEST) == (
        f"kreisweit.join/v1\n{hashlib.sha256(TOKEN).hexdigest()}\nherten\n"
        f"{LOG_KEY.verifying.vkey}\n{WITNESS_KEY.verifying.vkey}\n{URL}\n"
    )
    assert token_sha256(TOKEN) == hashlib.sha256(TOKEN).digest()


def test_a_proof_of_both_keys_gives_its_time() -> None:
    assert verify_join_request(REQUEST) == ISSUED


@pytest.mark.parametrize(
    "request_",
    [
        change(REQUEST, name="marl"),
        change(REQUEST, url="-"),
        change(REQUEST, token=bytes(32)),
        change(REQUEST, log_key=derive_key("node_log2").verifying),
        change(REQUEST, witness_key=derive_key("marl_wit").verifying),
        change(REQUEST, proof=ROTATION.proof),
    ],
)
def test_a_proof_is_good_for_one_request_only(request_: JoinRequest) -> None:
    with pytest.raises(SignatureError):
        verify_join_request(request_)


@pytest.mark.parametrize("keep", ["log", "witness"])
def test_both_keys_must_sign(keep: str) -> None:
    text = proof_text(REQUEST)
    line = sign_line(LOG_KEY, text) if keep == "log" else sign_time_line(WITNESS_KEY, text, ISSUED)

    with pytest.raises(SignatureError):
        verify_join_request(change(REQUEST, proof=format_note(Note(text, (line,)))))


def request_with(**changes: object) -> bytes:
    members = json.loads(format_join_request(REQUEST)) | changes
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        request_with(more=1),
        request_with(proof=...),
        request_with(token=None),
        request_with(token=encode_base64url(bytes(31))),
        request_with(name="H"),
        request_with(url="https://x/"),
        request_with(log_vkey=WITNESS_KEY.verifying.vkey),
        request_with(witness_vkey=LOG_KEY.verifying.vkey),
        request_with(log_vkey=ROOTS[0].vkey),
        request_with(witness_vkey=derive_named_key("w", "herten.example/w", WITNESS).verifying.vkey),
        request_with(witness_vkey=derive_named_key("node_log", "herten.example/witness", WITNESS).verifying.vkey),
        request_with(log_vkey=7),
        request_with(proof="x" * 20_000),
        b" " * 40_000,
    ],
)
def test_other_requests_are_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_join_request(data)


def test_push_only_nodes_join_with_a_dash() -> None:
    request = make_join_request(
        token=TOKEN, name="herten", log_key=LOG_KEY, witness_key=WITNESS_KEY, url="-", time=ISSUED
    )

    assert verify_join_request(parse_join_request(format_join_request(request))) == ISSUED


def test_fingerprint_is_eight_groups_of_four() -> None:
    words = REQUEST.fingerprint.split(" ")

    assert [len(word) for word in words] == [4] * 8
    assert (
        "".join(words)
        == hashlib.sha256(f"{LOG_KEY.verifying.vkey}\n{WITNESS_KEY.verifying.vkey}\n".encode()).hexdigest()[:32]
    )
    assert fingerprint("a", "b") != fingerprint("b", "a")


def test_rotation_is_signed_by_old_and_new_log_key() -> None:
    assert verify_rotation_request(ROTATION, [LOG_KEY.verifying]) == ISSUED
    assert proof_text(ROTATION).split("\n")[1] == "-"


def test_rotation_of_the_witness_key_alone_keeps_the_log_key() -> None:
    next_witness = derive_named_key("next witness", WITNESS_KEY.verifying.name, WITNESS)
    request = make_rotation_request(
        name="herten", old_log_key=LOG_KEY, log_key=LOG_KEY, witness_key=next_witness, url=URL, time=ISSUED
    )

    assert verify_rotation_request(request, [LOG_KEY.verifying]) == ISSUED


def rotation_error(request: JoinRequest, label: str) -> str:
    with pytest.raises(KreisweitError) as caught:
        verify_rotation_request(request, [derive_key(label).verifying])
    return caught.value.code


def test_rotation_without_the_old_key_is_refused() -> None:
    text = proof_text(ROTATION)
    new_only = (sign_line(derive_key("node_log2"), text), sign_time_line(WITNESS_KEY, text, ISSUED))
    old_only = (sign_line(LOG_KEY, text), sign_time_line(WITNESS_KEY, text, ISSUED))

    assert rotation_error(change(ROTATION, proof=format_note(Note(text, new_only))), "node_log") == "E_SIG"
    assert rotation_error(change(ROTATION, proof=format_note(Note(text, old_only))), "node_log") == "E_SIG"


def test_rotation_keeps_the_origin_and_carries_no_token() -> None:
    assert rotation_error(ROTATION, "marl_log") == "E_FORMAT"
    assert rotation_error(REQUEST, "node_log") == "E_FORMAT"


def test_a_rotation_is_no_join() -> None:
    with pytest.raises(ParseError, match="without token"):
        verify_join_request(ROTATION)
