"""Log keys and witness keys: Ed25519, named, told apart by their note type (PROTOCOL 1).

Decided here: which public keys are admitted at all.  Which key may speak for which log is the roster's word.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import ParseError, SignatureError, WeakKeyError
from shared.feed.base64s import decode_base64, encode_base64

LOG = 1
WITNESS = 4
KINDS = (LOG, WITNESS)

_NAME = re.compile(r"[^\s+\x00-\x1f\x7f-\x9f]{1,200}")
_HEX4 = re.compile(r"[0-9a-f]{8}")

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# The y coordinates of the eight points whose order divides 8: order 4 (two points), 1, 2, and 8 (four points).
_Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A named public key that was checked when it was made.

    Raises:
        ParseError: name or kind outside the grammar.
        WeakKeyError: not canonically encoded, not a point of the curve, or of small order.
    """

    name: str
    kind: int
    public: bytes
    key_id: bytes = field(init=False, compare=False, repr=False)
    vkey: str = field(init=False, compare=False)
    _loaded: Ed25519PublicKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.kind not in KINDS:
            raise ParseError(f"key type {self.kind} is not {LOG} or {WITNESS}")
        check_public(self.public)
        typed = bytes([self.kind]) + self.public
        key_id = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        object.__setattr__(self, "key_id", key_id)
        object.__setattr__(self, "vkey", f"{self.name}+{key_id.hex()}+{encode_base64(typed)}")
        object.__setattr__(self, "_loaded", Ed25519PublicKey.from_public_bytes(self.public))

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when this key made `signature` over `message`; SignatureError otherwise."""
        try:
            self._loaded.verify(signature, message)
        except InvalidSignature as error:
            raise SignatureError(f"signature by {self.name}+{self.key_id.hex()} does not verify") from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its public half; lives in a file outside the database (PROTOCOL 1)."""

    verifying: VerifyingKey
    _seed: bytes = field(repr=False)
    _loaded: Ed25519PrivateKey = field(compare=False, repr=False)

    @classmethod
    def from_seed(cls, name: str, kind: int, seed: bytes) -> SigningKey:
        """Make the key of a 32-byte seed."""
        if len(seed) != 32:
            raise ParseError(f"seed of {len(seed)} bytes, 32 expected")
        loaded = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(VerifyingKey(name, kind, loaded.public_key().public_bytes_raw()), seed, loaded)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `message`."""
        return self._loaded.sign(message)


def check_key_name(name: str) -> None:
    """Return when `name` may name a key: 1 to 200 characters without white space, control characters or '+'."""
    if not _NAME.fullmatch(name):
        raise ParseError(f"key name {name[:40]!r} is empty, too long, or holds white space or '+'")


@lru_cache(maxsize=256)
def check_public(public: bytes) -> None:
    """Return when these 32 bytes may be admitted as a public key; WeakKeyError otherwise.

    Ed25519 libraries load keys of small order, under which one signature fits many messages; so it is checked here.
    What was admitted is remembered: a roster names the same keys again and again, and the check costs 0.1 ms.
    """
    if len(public) != 32:
        raise WeakKeyError(f"public key of {len(public)} bytes, 32 expected")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise WeakKeyError("public key is not canonically encoded")
    if y in SMALL_ORDER_Y:
        raise WeakKeyError("public key is of small order")
    # On the curve: x² = (y² - 1) / (d·y² + 1) is a square, that is, numerator times denominator is (Euler).
    if pow((y * y - 1) * (_D * y * y + 1) % _P, (_P - 1) // 2, _P) != 1:
        raise WeakKeyError("public key is not a point of the curve")


def parse_vkey(text: str) -> VerifyingKey:
    """Read `name+hex(id)+base64(type ‖ key)`; what is accepted is spelled exactly as `.vkey` spells it.

    Raises:
        ParseError: form, unknown type, or an id that is not this key's.
        WeakKeyError: see `check_public`.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    typed = _typed_key(key_id, encoded, text)
    key = VerifyingKey(name, typed[0], typed[1:])
    if key.vkey != text:
        raise ParseError(f"key id {key_id} is not the id of {name[:40]!r}, which is {key.key_id.hex()}")
    return key


def format_signing_key(key: SigningKey) -> str:
    """Write the private key as one line in the form Go's note package uses."""
    verifying = key.verifying
    typed = encode_base64(bytes([verifying.kind]) + key._seed)
    return f"PRIVATE+KEY+{verifying.name}+{verifying.key_id.hex()}+{typed}"


def parse_signing_key(text: str) -> SigningKey:
    """Read what `format_signing_key` writes; no error message repeats any part of the secret."""
    parts = text.split("+", 4)
    if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
        raise ParseError("private key does not begin with PRIVATE+KEY+name+id+")
    try:
        typed = _typed_key(parts[3], parts[4], "")
    except ParseError:
        raise ParseError(f"private key of {parts[2][:40]!r} is damaged") from None
    key = SigningKey.from_seed(parts[2], typed[0], typed[1:])
    if format_signing_key(key) != text:
        raise ParseError(f"private key of {parts[2][:40]!r} does not match its key id")
    return key


def _typed_key(key_id: str, encoded: str, shown: str) -> bytes:
    if not _HEX4.fullmatch(key_id):
        raise ParseError(f"key {shown[:60]!r} is not name+id+base64")
    return decode_base64(encoded, 33)
