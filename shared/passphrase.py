"""A small secret locked with a passphrase, in the age format (age-encryption.org/v1, recipient `scrypt`).

Written here because of one number.  The library picks the work factor by how fast the computer is at that moment: on a
fast one that becomes a gigabyte of memory, which a small virtual machine does not have, and a busy computer refuses to
open what it wrote itself.  Here it is fixed when writing, and bounded when reading.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.clock import Dice
from shared.errors import ParseError, VerificationError
from shared.feed.base64s import decode_base64, encode_base64

WORK: Final = 16
"""log2 of scrypt's N: 64 MiB and about a fifth of a second."""
WORK_MAX: Final = 20
"""A file that asks for more than a gigabyte is not opened: it could as well be made to exhaust the computer."""
SECRET_MAX_BYTES: Final = 64 * 1024
_LABEL: Final = b"age-encryption.org/v1/scrypt"
_FORM: Final = re.compile(
    rb"(age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n---) "
    rb"([A-Za-z0-9+/]{43})\n",
)
_ZERO: Final = bytes(12)
_ONLY_CHUNK: Final = bytes(11) + b"\x01"


def lock_secret(secret: bytes, passphrase: str, dice: Dice) -> bytes:
    """Return a file that this passphrase opens; `age --decrypt` opens it too."""
    if not 0 < len(secret) <= SECRET_MAX_BYTES:
        raise ParseError(f"secret of {len(secret)} bytes, 1 to {SECRET_MAX_BYTES} possible")
    file_key, salt, nonce = dice.token(16), dice.token(16), dice.token(16)
    wrapped = ChaCha20Poly1305(_stretch(passphrase, salt, WORK)).encrypt(_ZERO, file_key, None)
    head = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_text(salt), WORK, _text(wrapped))
    body = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).encrypt(_ONLY_CHUNK, secret, None)
    return head + b" " + _text(_mac(file_key, head)) + b"\n" + nonce + body


def open_secret(locked: bytes, passphrase: str) -> bytes:
    """Return the secret of a file.

    Raises:
        ParseError: no such file, or one that asks for more work than is done.
        VerificationError: another passphrase, or the file was changed.
    """
    match = _FORM.match(locked)
    if match is None:
        raise ParseError("not locked with a passphrase in the age format")
    head, salt, work, wrapped, mac = match.groups()
    if int(work) > WORK_MAX:
        raise ParseError(f"work factor {int(work)}, at most {WORK_MAX} is done")
    try:
        key = _stretch(passphrase, _bytes(salt, 16), int(work))
        file_key = ChaCha20Poly1305(key).decrypt(_ZERO, _bytes(wrapped, 32), None)
        if not hmac.compare_digest(_mac(file_key, head), _bytes(mac, 32)):
            raise VerificationError("the head of the file was changed")
        nonce, body = locked[match.end() : match.end() + 16], locked[match.end() + 16 :]
        return ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).decrypt(_ONLY_CHUNK, body, None)
    except InvalidTag as error:
        raise VerificationError("another passphrase, or the file was changed") from error


def _stretch(passphrase: str, salt: bytes, work: int) -> bytes:
    size = 2**work
    return hashlib.scrypt(
        passphrase.encode(), salt=_LABEL + salt, n=size, r=8, p=1, maxmem=size * 1024 + 64 * 1024 * 1024, dklen=32
    )


def _derive(file_key: bytes, salt: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, label).derive(file_key)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_derive(file_key, b"", b"header"), head, "sha256")


def _text(data: bytes) -> bytes:
    return encode_base64(data).rstrip("=").encode()


def _bytes(text: bytes, size: int) -> bytes:
    padded = text.decode() + "=" * (-len(text) % 4)
    return decode_base64(padded, size)
