"""Enrolment in bytes: invite code, join request, proof of possession, fingerprint, rotation (PROTOCOL 11).

Decided here: forms and signatures.  Whether a token is known, unused and unexpired, and whose name is taken,
is the hub's to decide; a token is compared by its SHA-256 there, because only that is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from shared.errors import ParseError, SignatureError
from shared.feed import limits
from shared.feed.base64s import decode_base64url, encode_base64url
from shared.feed.keys import LOG, WITNESS, SigningKey, VerifyingKey, parse_vkey
from shared.feed.note import (
    Note,
    format_note,
    is_line_by,
    parse_note,
    sign_line,
    sign_time_line,
    verify_by_log_key,
    verify_time_line,
)
from shared.feed.roster import PUSH_ONLY_URL, Pins, parse_url
from shared.feed.strict_json import decode_strict, read_count, read_list, read_object, read_text
from shared.ids import parse_ags, parse_generation, parse_member_name, parse_origin

INVITE_PREFIX = "kw1."
PROOF_FIRST_LINE = "kreisweit.join/v1"
TOKEN_BYTES = 32
NO_TOKEN = "-"  # noqa: S105  # the absence of one
"""Stands in the proof where the token's digest would: a rotation is announced without token."""

_TEXT_MAX = 1000
_INVITE_KEYS = frozenset({"hub", "roots", "threshold", "name", "ags", "token", "expires"})
_REQUEST_KEYS = frozenset({"name", "log_vkey", "witness_vkey", "url", "proof"})


class Invite(msgspec.Struct, frozen=True):
    """What one invite code says; the token is secret until it is used."""

    hub: str
    roots: tuple[VerifyingKey, ...]
    threshold: int
    name: str
    ags: str
    token: bytes
    expires: int

    @property
    def pins(self) -> Pins:
        """What the joining node pins."""
        return Pins(self.roots, self.threshold)


class JoinRequest(msgspec.Struct, frozen=True):
    """What a node sends to become a member; without token it announces new keys of a member (rotation)."""

    token: bytes | None
    name: str
    log_key: VerifyingKey
    witness_key: VerifyingKey
    url: str
    proof: bytes

    @property
    def fingerprint(self) -> str:
        """What both sides read to each other over the telephone."""
        return fingerprint(self.log_key.vkey, self.witness_key.vkey)


def token_sha256(token: bytes) -> bytes:
    """Return what the hub keeps of a token: SHA-256 of its 32 bytes."""
    return hashlib.sha256(token).digest()


def fingerprint(log_vkey: str, witness_vkey: str) -> str:
    """Return the fingerprint of a pair of keys: eight groups of four hex digits."""
    digits = hashlib.sha256(f"{log_vkey}\n{witness_vkey}\n".encode()).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, 32, 4))


# --- invite code --------------------------------------------------------------------------------------------------


def format_invite(invite: Invite) -> str:
    """Write an invite code; refuses what `parse_invite` would refuse."""
    members = {
        "hub": invite.hub,
        "roots": [key.vkey for key in invite.roots],
        "threshold": invite.threshold,
        "name": invite.name,
        "ags": invite.ags,
        "token": encode_base64url(invite.token),
        "expires": invite.expires,
    }
    code = INVITE_PREFIX + encode_base64url(msgspec.json.encode(members))
    parse_invite(code)
    return code


def parse_invite(code: str) -> Invite:
    """Read an invite code; ParseError (or WeakKeyError for a root key) names what is wrong.

    Does not check: whether it has expired.
    """
    if not code.startswith(INVITE_PREFIX) or len(code) > limits.INVITE_MAX_BYTES:
        raise ParseError(f"invite code does not begin with {INVITE_PREFIX} or is too long")
    value = decode_strict(decode_base64url(code.removeprefix(INVITE_PREFIX)))
    members = read_object(value, "invite", required=_INVITE_KEYS)
    invite = Invite(
        hub=parse_url(read_text(members["hub"], "hub", max_length=_TEXT_MAX)),
        roots=tuple([_read_key(root, "root", LOG) for root in read_list(members["roots"], "roots")]),
        threshold=read_count(members["threshold"], "threshold"),
        name=parse_member_name(read_text(members["name"], "name", max_length=_TEXT_MAX)),
        ags=parse_ags(read_text(members["ags"], "ags", max_length=_TEXT_MAX)),
        token=_read_token(members["token"]),
        expires=read_count(members["expires"], "expires"),
    )
    if not 1 <= invite.threshold <= len({root.public for root in invite.roots}) == len(invite.roots):
        raise ParseError(f"invite with threshold {invite.threshold} of {len(invite.roots)} root keys")
    return invite


def _read_key(value: object, what: str, kind: int) -> VerifyingKey:
    key = parse_vkey(read_text(value, what, max_length=_TEXT_MAX))
    if key.kind != kind:
        raise ParseError(f"{what} key has type {key.kind}, {kind} expected")
    return key


def _read_token(value: object) -> bytes:
    try:
        return decode_base64url(read_text(value, "token", max_length=_TEXT_MAX), TOKEN_BYTES)
    except ParseError:
        raise ParseError(
            f"token is not {TOKEN_BYTES} bytes of url-safe base64"
        ) from None  # a message repeats no secret


# --- join request -------------------------------------------------------------------------------------------------


def make_join_request(
    *, token: bytes, name: str, log_key: SigningKey, witness_key: SigningKey, url: str, time: int
) -> JoinRequest:
    """Return the request of a node that holds both keys; `time` goes into its time line."""
    return _make_request(token, name, [log_key], witness_key, url, time)


def make_rotation_request(
    *, name: str, old_log_key: SigningKey, log_key: SigningKey, witness_key: SigningKey, url: str, time: int
) -> JoinRequest:
    """Return the announcement of new keys: signed by the old log key and by both keys named in it, without token.

    Where only one of the two keys changes, the other is named again; the old log key signs in every case.
    """
    log_keys = [log_key] if old_log_key.verifying == log_key.verifying else [log_key, old_log_key]
    return _make_request(None, name, log_keys, witness_key, url, time)


def _make_request(
    token: bytes | None, name: str, log_keys: Sequence[SigningKey], witness_key: SigningKey, url: str, time: int
) -> JoinRequest:
    request = JoinRequest(token, name, log_keys[0].verifying, witness_key.verifying, url, b"")
    text = proof_text(request)
    lines = (*(sign_line(key, text) for key in log_keys), sign_time_line(witness_key, text, time))
    return msgspec.structs.replace(request, proof=format_note(Note(text, lines)))


def proof_text(request: JoinRequest) -> str:
    """Return the text that a request's proof must sign."""
    digest = NO_TOKEN if request.token is None else token_sha256(request.token).hex()
    log_vkey, witness_vkey = request.log_key.vkey, request.witness_key.vkey
    return f"{PROOF_FIRST_LINE}\n{digest}\n{request.name}\n{log_vkey}\n{witness_vkey}\n{request.url}\n"


def format_join_request(request: JoinRequest) -> bytes:
    """Write the JSON of a join request; refuses what `parse_join_request` would refuse."""
    members: dict[str, object] = {} if request.token is None else {"token": encode_base64url(request.token)}
    members |= {
        "name": request.name,
        "log_vkey": request.log_key.vkey,
        "witness_vkey": request.witness_key.vkey,
        "url": request.url,
        "proof": request.proof.decode(),
    }
    data = msgspec.json.encode(members)
    parse_join_request(data)
    return data


def parse_join_request(data: bytes) -> JoinRequest:
    """Read a join request.

    Does not check: the proof (`verify_join_request`, `verify_rotation_request`), the token.

    Raises:
        ParseError: E_FORMAT.  WeakKeyError: E_KEY_WEAK.
    """
    if len(data) > limits.JOIN_MAX_BYTES:
        raise ParseError(f"join request of {len(data)} bytes, at most {limits.JOIN_MAX_BYTES} allowed")
    members = read_object(decode_strict(data), "join request", required=_REQUEST_KEYS, optional=frozenset({"token"}))
    url = read_text(members["url"], "url", max_length=_TEXT_MAX)
    request = JoinRequest(
        token=_read_token(members["token"]) if "token" in members else None,
        name=parse_member_name(read_text(members["name"], "name", max_length=_TEXT_MAX)),
        log_key=_read_key(members["log_vkey"], "log", LOG),
        witness_key=_read_key(members["witness_vkey"], "witness", WITNESS),
        url=url if url == PUSH_ONLY_URL else parse_url(url),
        proof=read_text(members["proof"], "proof", max_length=limits.NOTE_MAX_BYTES).encode(),
    )
    parse_generation(parse_origin(request.log_key.name))
    if not parse_origin(request.witness_key.name).endswith("/witness"):
        raise ParseError(f"witness key is named {request.witness_key.name[:60]!r}, '<host>/witness' expected")
    if request.log_key.public == request.witness_key.public:
        raise ParseError("log key and witness key are the same key")
    return request


def verify_join_request(request: JoinRequest) -> int:
    """Return the time at which the node proved that it holds both keys.

    Does not check: the token against what the hub keeps, the time.

    Raises:
        ParseError: the proof is no note, or there is no token.  SignatureError: E_SIG.
    """
    if request.token is None:
        raise ParseError("join request without token")
    return _verify_proof(request)


def verify_rotation_request(request: JoinRequest, old_log_keys: Sequence[VerifyingKey]) -> int:
    """Return the time at which a member announced new keys, signed by new keys and one of its log keys in the roster.

    Raises:
        ParseError: the proof is no note, another origin, or a token where none belongs.  SignatureError: E_SIG.
    """
    if request.token is not None:
        raise ParseError("rotation with a token")
    if any(key.name != request.log_key.name for key in old_log_keys):
        raise ParseError(f"rotation to the origin {request.log_key.name}, which is not the member's")
    note = parse_note(request.proof)
    signed = [key for key in old_log_keys if any(is_line_by(key, line) for line in note.signatures)]
    if not signed:
        raise SignatureError("rotation is not signed by a log key of this member")
    for key in signed:
        verify_by_log_key(key, note)
    return _verify_proof(request)


def _verify_proof(request: JoinRequest) -> int:
    note = parse_note(request.proof)
    if note.text != proof_text(request):
        raise SignatureError("the proof signs something else than this request")
    verify_by_log_key(request.log_key, note)
    lines = [line for line in note.signatures if is_line_by(request.witness_key, line)]
    if not lines:
        raise SignatureError(f"the proof carries no time line by {request.witness_key.name}")
    return max(verify_time_line(request.witness_key, note.text, line) for line in lines)
