"""Keys: which are admitted, how they are written, and that small orders never pass."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError, SignatureError, WeakKeyError
from shared.feed.base64s import encode_base64
from shared.feed.keys import (
    LOG,
    SMALL_ORDER_Y,
    WITNESS,
    SigningKey,
    VerifyingKey,
    check_public,
    format_signing_key,
    parse_signing_key,
    parse_vkey,
)

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
NAME = "herten.kreisweit.example/feed/g1"
KEY = SigningKey.from_seed(NAME, LOG, bytes(range(32)))

Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """Add two points of the curve (affine Edwards law, complete for this curve)."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def square_root(value: int) -> int | None:
    root = pow(value, (P + 3) // 8, P)
    if root * root % P != value % P:
        root = root * pow(2, (P - 1) // 4, P) % P
    return root if root * root % P == value % P else None


def points_with(y: int) -> list[Point]:
    x = square_root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    return [] if x is None else sorted({(x, y % P), (-x % P, y % P)})


def torsion() -> list[Point]:
    return [point for y in SMALL_ORDER_Y for point in points_with(y)]


def encode(y: int, sign: int) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def vkey_of(public: bytes) -> str:
    typed = bytes([LOG]) + public
    return f"{NAME}+{hashlib.sha256(NAME.encode() + bytes([10]) + typed).digest()[:4].hex()}+{encode_base64(typed)}"


def test_the_small_order_table_is_the_whole_torsion_group() -> None:
    points = torsion()

    assert len(set(points)) == 8
    for point in points:
        eight = point
        for _ in range(3):
            eight = add(eight, eight)
        assert eight == (0, 1)


@pytest.mark.parametrize("point", torsion(), ids=lambda point: f"{point[1] % 9973}-{point[0] & 1}")
def test_each_small_order_point_is_refused(point: Point) -> None:
    with pytest.raises(WeakKeyError, match="small order"):
        parse_vkey(vkey_of(encode(point[1], point[0] & 1)))


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", sorted(SMALL_ORDER_Y), ids=lambda y: str(y % 9973))
def test_small_order_is_refused_with_either_sign_bit(y: int, sign: int) -> None:
    with pytest.raises(WeakKeyError, match="small order"):
        check_public(encode(y, sign))


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", [y + P for y in range(19)])
def test_every_encoding_beyond_the_field_is_refused(y: int, sign: int) -> None:
    with pytest.raises(WeakKeyError, match="canonically"):
        check_public(encode(y, sign))


def test_a_value_that_is_no_point_is_refused() -> None:
    no_point = next(y for y in range(2, 50) if not points_with(y))

    with pytest.raises(WeakKeyError, match="not a point"):
        check_public(encode(no_point, 0))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_another_length_is_refused(size: int) -> None:
    with pytest.raises(WeakKeyError, match="32 expected"):
        check_public(b"\x05" * size)


@given(st.binary(min_size=32, max_size=32), st.sampled_from([LOG, WITNESS]))
def test_every_seed_makes_a_key_that_reads_back(seed: bytes, kind: int) -> None:
    key = SigningKey.from_seed(NAME, kind, seed)

    assert parse_vkey(key.verifying.vkey) == key.verifying
    assert parse_signing_key(format_signing_key(key)) == key
    key.verifying.verify(b"message", key.sign(b"message"))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "name",
        "name+00000000",
        KEY.verifying.vkey + "\n",
        " " + KEY.verifying.vkey,
        KEY.verifying.vkey.upper(),
        KEY.verifying.vkey.replace("/feed", "+feed"),
        KEY.verifying.vkey.replace("herten", "her ten"),
        KEY.verifying.vkey.replace("herten", "marl"),
        KEY.verifying.vkey.replace("herten", "her\u00a0ten"),
        "+" + KEY.verifying.vkey.split("+", 1)[1],
        KEY.verifying.vkey[:-4],
        KEY.verifying.vkey + "+more",
    ],
)
def test_malformed_vkeys_are_refused(broken: str) -> None:
    with pytest.raises(ParseError):
        parse_vkey(broken)


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 255])
def test_unknown_types_are_refused(kind: int) -> None:
    with pytest.raises(ParseError, match="key type"):
        VerifyingKey(NAME, kind, KEY.verifying.public)


def test_every_flipped_bit_of_a_signature_or_message_is_noticed() -> None:
    message = b"some text\n"
    signature = KEY.sign(message)

    for bit in range(0, 512, 7):
        flipped = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
        with pytest.raises(SignatureError):
            KEY.verifying.verify(message, flipped)
    with pytest.raises(SignatureError):
        KEY.verifying.verify(b"some text", signature)


def test_a_signature_of_another_length_is_refused() -> None:
    with pytest.raises(SignatureError):
        KEY.verifying.verify(b"m", KEY.sign(b"m") + b"\x00")


def test_private_key_never_shows_itself() -> None:
    line = format_signing_key(KEY)
    secret = line.rsplit("+", 1)[1]

    with pytest.raises(ParseError) as caught:
        parse_signing_key(line[:-2])

    assert secret[:8] not in caught.value.message
    assert secret[:8] not in repr(KEY)
    assert bytes(range(32)).hex() not in repr(KEY)


@pytest.mark.parametrize("change", [("PRIVATE", "PUBLIC"), ("herten", "marl"), ("+KEY", "")])
def test_changed_private_key_lines_are_refused(change: tuple[str, str]) -> None:
    with pytest.raises(ParseError):
        parse_signing_key(format_signing_key(KEY).replace(*change))


def test_seed_of_another_length_is_refused() -> None:
    with pytest.raises(ParseError, match="31 bytes"):
        SigningKey.from_seed(NAME, LOG, bytes(31))
