"""Signed notes: text, a blank line, and lines of signatures (C2SP signed-note and tlog-cosignature; PROTOCOL 1 and 4).

Decided here: the form, and whether one line by one known key verifies.  Which lines are needed is for checkpoint
readers, roster and catalogue note to say.  Lines of unknown keys are kept, so that a note can be passed on as received.
"""

from __future__ import annotations

import re

import msgspec

from shared.errors import ParseError, SignatureError
from shared.feed import limits
from shared.feed.base64s import decode_base64, encode_base64
from shared.feed.keys import LOG, WITNESS, SigningKey, VerifyingKey, check_key_name

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_PREFIX = "\u2014 "
_SIGNATURE_BYTES = 64
_TIME_BYTES = 8
_TIME_MAX = 10**16 - 1


class SignatureLine(msgspec.Struct, frozen=True):
    """One signature line; `signature` are the bytes after the four of the key id."""

    name: str
    key_id: bytes
    signature: bytes

    def __hash__(self) -> int:
        return hash((self.name, self.key_id, self.signature))


class Note(msgspec.Struct, frozen=True):
    """A note that has the right form; nothing about its signatures is known yet.  `text` ends in LF."""

    text: str
    signatures: tuple[SignatureLine, ...]


def parse_note(
    data: bytes,
    *,
    max_bytes: int = limits.NOTE_MAX_BYTES,
    max_lines: int | None = None,
    max_signatures: int = limits.NOTE_MAX_SIGNATURES,
) -> Note:
    """Read a signed note strictly; `format_note` of the result gives `data` again.

    Checks, in order: length, UTF-8, control characters, number of lines, last blank line, each signature line.
    Does not check: any signature.

    Args:
        max_lines: lines of text and signatures together; None means 32 for a note of checkpoint size and no bound
            beside the bytes for larger notes (catalogue note, roster).
    Raises:
        ParseError: E_FORMAT.
    """
    if len(data) > max_bytes:
        raise ParseError(f"note of {len(data)} bytes, at most {max_bytes} allowed")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"note is not UTF-8 at byte {error.start}") from error
    if found := _CONTROL.search(whole):
        raise ParseError(f"note holds the control character U+{ord(found.group()):04X}")
    if max_lines is None and max_bytes <= limits.NOTE_MAX_BYTES:
        max_lines = limits.NOTE_MAX_LINES
    if max_lines is not None and whole.count("\n") > max_lines:
        raise ParseError(f"note of {whole.count(chr(10))} lines, at most {max_lines} allowed")
    text, blank, tail = whole.rpartition("\n\n")
    if not text or not blank or not tail.endswith("\n"):
        raise ParseError("Es fehlt der Text, die Leerzeile vor den Unterschriften oder das Zeilenende am Schluss")
    lines = tail[:-1].split("\n")
    if len(lines) > max_signatures:
        raise ParseError(f"note with {len(lines)} signatures, at most {max_signatures} allowed")
    return Note(text + "\n", tuple([_parse_line(line) for line in lines]))


def _parse_line(line: str) -> SignatureLine:
    name, space, encoded = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX) or not space:
        raise ParseError(f"Die Unterschriftszeile {line[:60]!r} hat nicht die Form '— name base64'")
    check_key_name(name)
    raw = decode_base64(encoded)
    if len(raw) < 5:
        raise ParseError(f"signature line of {name[:40]!r} is too short")
    return SignatureLine(name, raw[:4], raw[4:])


def format_note(note: Note) -> bytes:
    """Write a note; inverse of `parse_note`."""
    tail = "".join(f"{_PREFIX}{line.name} {encode_base64(line.key_id + line.signature)}\n" for line in note.signatures)
    return f"{note.text}\n{tail}".encode()


def cosigned_message(text: str, time: int) -> bytes:
    """Return the message of a time line: the statement that the signer saw `text` at unix time `time`."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def sign_line(key: SigningKey, text: str) -> SignatureLine:
    """Sign a text as a log (type 0x01)."""
    verifying = key.verifying
    if verifying.kind != LOG:
        raise SignatureError(f"{verifying.name} is not a log key")
    return SignatureLine(verifying.name, verifying.key_id, key.sign(text.encode()))


def sign_time_line(key: SigningKey, text: str, time: int) -> SignatureLine:
    """Sign a text with a time as a witness (type 0x04)."""
    verifying = key.verifying
    if verifying.kind != WITNESS:
        raise SignatureError(f"{verifying.name} is not a witness key")
    if not 0 < time <= _TIME_MAX:
        raise SignatureError(f"time {time} cannot be signed")
    signature = time.to_bytes(_TIME_BYTES, "big") + key.sign(cosigned_message(text, time))
    return SignatureLine(verifying.name, verifying.key_id, signature)


def is_line_by(key: VerifyingKey, line: SignatureLine) -> bool:
    """True when the line claims to be by this key."""
    return line.name == key.name and line.key_id == key.key_id


def verify_line(key: VerifyingKey, text: str, line: SignatureLine) -> None:
    """Return when `line` is this log key's signature over `text`; SignatureError otherwise."""
    if key.kind != LOG or not is_line_by(key, line) or len(line.signature) != _SIGNATURE_BYTES:
        raise SignatureError(f"line of {line.name[:40]!r} is not a log signature by {key.name}")
    key.verify(text.encode(), line.signature)


def verify_time_line(key: VerifyingKey, text: str, line: SignatureLine) -> int:
    """Return the time at which this witness key signed `text`; SignatureError when it did not."""
    if key.kind != WITNESS or not is_line_by(key, line) or len(line.signature) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise SignatureError(f"line of {line.name[:40]!r} is not a cosignature by {key.name}")
    time = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    if not 0 < time <= _TIME_MAX:
        raise SignatureError(f"cosignature by {key.name} has the time {time}")
    key.verify(cosigned_message(text, time), line.signature[_TIME_BYTES:])
    return time


def verify_by_log_key(key: VerifyingKey, note: Note) -> str:
    """Return the text of a note that this log key signed; one failing line of the key spoils the note (E_SIG)."""
    lines = [line for line in note.signatures if is_line_by(key, line)]
    if not lines:
        raise SignatureError(f"note carries no line by {key.name}+{key.key_id.hex()}")
    for line in lines:
        verify_line(key, note.text, line)
    return note.text
