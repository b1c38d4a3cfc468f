"""Signed notes: form, both kinds of line, and that nothing survives a flipped bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError, SignatureError
from shared.feed.keys import LOG, WITNESS
from shared.feed.note import (
    Note,
    SignatureLine,
    cosigned_message,
    format_note,
    parse_note,
    sign_line,
    sign_time_line,
    verify_by_log_key,
    verify_line,
    verify_time_line,
)
from tests.conformance.make_vectors import derive_key, derive_named_key

TEXT = "herten.kreisweit.example/feed/g1\n5\nE9W3jm/N2Oh0gnl7BLad8UAXyj8aSjW49aWy0dAWHHU=\n"
LOG_KEY, WITNESS_KEY = derive_key("node_log"), derive_key("node_wit")
LINE = sign_line(LOG_KEY, TEXT)
TIME_LINE = sign_time_line(WITNESS_KEY, TEXT, 1_767_315_660)
GOOD = format_note(Note(TEXT, (LINE, TIME_LINE)))

names = st.text("abcäß./-0", min_size=1, max_size=20)
lines = st.builds(SignatureLine, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
texts = st.text("abc \nü—", min_size=1, max_size=60).map(lambda text: text + "\n")


@given(texts, st.lists(lines, min_size=1, max_size=5))
def test_notes_round_trip(text: str, signatures: list[SignatureLine]) -> None:
    note = Note(text, tuple(signatures))

    assert parse_note(format_note(note), max_lines=100) == note


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=1))
def test_what_is_accepted_re_encodes_to_itself(place: int, byte: bytes) -> None:
    data = GOOD[:place] + byte + GOOD[place + 1 :]
    try:
        note = parse_note(data)
    except ParseError:
        return
    assert format_note(note) == data


@given(st.integers(0, 8 * len(GOOD) - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(GOOD)
    data[bit // 8] ^= 1 << bit % 8

    with pytest.raises((ParseError, SignatureError)):
        verify_whole(bytes(data))


def verify_whole(data: bytes) -> int:
    note = parse_note(data)
    verify_line(LOG_KEY.verifying, note.text, note.signatures[0])
    return verify_time_line(WITNESS_KEY.verifying, note.text, note.signatures[1])


def test_good_note_verifies_and_gives_its_time() -> None:
    assert verify_whole(GOOD) == 1_767_315_660


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        GOOD[:-1],
        GOOD + b"\n",
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n5\n", b"\n5\x00\n"),
        GOOD.replace(b"\n5\n", b"\n5\t\n"),
        GOOD.replace(b"\n5\n", b"\n5\x7f\n"),
        GOOD.replace(b"\n5\n", b"\n5\xc2\x85\n"),
        GOOD.replace(b"\n5\n", b"\n5\xff\n"),
        GOOD.replace("\u2014 ".encode(), b"- "),
        GOOD.replace("\u2014 ".encode(), "\u2014".encode()),
        GOOD.replace("\u2014 ".encode(), "\u2014  ".encode()),
        GOOD.replace(b"BA==\n", b"BA==\n\n", 1),
        GOOD + "\u2014 name AAAAAA\n".encode(),
        GOOD + "\u2014 name AAAAAB==\n".encode(),
        GOOD + "\u2014 na+me AAAAAAAA\n".encode(),
        GOOD + "\u2014 name\n".encode(),
        "\n\u2014 name AAAAAAAA\n".encode(),
        GOOD + b"more\n",
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_note(data)

    assert caught.value.code == "E_FORMAT"


def test_lines_of_unknown_keys_are_kept() -> None:
    data = GOOD + "\u2014 someone.example/witness AAAAAAAA\n".encode()

    assert [line.name for line in parse_note(data).signatures][2] == "someone.example/witness"
    assert verify_whole(data) == 1_767_315_660


def test_last_blank_line_splits() -> None:
    note = parse_note(f"one\n\ntwo\n\n{GOOD.decode().rpartition(chr(10) * 2)[2]}".encode())

    assert note.text == "one\n\ntwo\n"


def test_bytes_are_limited() -> None:
    parse_note(GOOD, max_bytes=len(GOOD))

    with pytest.raises(ParseError, match="bytes, at most"):
        parse_note(GOOD, max_bytes=len(GOOD) - 1)


def test_a_checkpoint_has_at_most_32_lines_and_a_large_note_more() -> None:
    extra = "\u2014 a.example/witness AAAAAAAA\n".encode()
    full = GOOD + extra * (32 - GOOD.count(b"\n"))

    assert len(parse_note(full).signatures) == 28
    with pytest.raises(ParseError, match="33 lines"):
        parse_note(full + extra)
    with pytest.raises(ParseError, match="33 signatures"):
        parse_note(full + extra * 5, max_bytes=65536)
    assert parse_note(b"line\n" * 40 + full.partition(b"HHU=\n")[2], max_bytes=65536).text.count("\n") == 40


def test_a_line_is_only_good_for_its_key_its_kind_and_its_text() -> None:
    as_witness = derive_named_key("node_log", LOG_KEY.verifying.name, WITNESS).verifying
    as_log = derive_named_key("node_wit", WITNESS_KEY.verifying.name, LOG).verifying

    for key, line in [(derive_key("node_log2").verifying, LINE), (as_witness, LINE), (as_log, TIME_LINE)]:
        with pytest.raises(SignatureError):
            verify_line(key, TEXT, line)
    for key, line in [(WITNESS_KEY.verifying, LINE), (LOG_KEY.verifying, TIME_LINE)]:
        with pytest.raises(SignatureError):
            verify_time_line(key, TEXT, line)
    with pytest.raises(SignatureError):
        verify_line(LOG_KEY.verifying, TEXT + "more\n", LINE)


def test_time_is_part_of_what_is_signed() -> None:
    later = (1_767_315_661).to_bytes(8, "big") + TIME_LINE.signature[8:]

    with pytest.raises(SignatureError):
        verify_time_line(WITNESS_KEY.verifying, TEXT, SignatureLine(TIME_LINE.name, TIME_LINE.key_id, later))
    assert cosigned_message(TEXT, 5) == b"cosignature/v1\ntime 5\n" + TEXT.encode()


@pytest.mark.parametrize("time", [0, -1, 10**16])
def test_times_outside_the_grammar_are_not_signed(time: int) -> None:
    with pytest.raises(SignatureError):
        sign_time_line(WITNESS_KEY, TEXT, time)


def test_keys_sign_only_their_own_kind_of_line() -> None:
    with pytest.raises(SignatureError):
        sign_line(WITNESS_KEY, TEXT)
    with pytest.raises(SignatureError):
        sign_time_line(LOG_KEY, TEXT, 1)


def test_one_bad_line_of_the_key_spoils_the_note() -> None:
    bad = SignatureLine(LINE.name, LINE.key_id, bytes(64))

    assert verify_by_log_key(LOG_KEY.verifying, Note(TEXT, (LINE,))) == TEXT
    with pytest.raises(SignatureError):
        verify_by_log_key(LOG_KEY.verifying, Note(TEXT, (LINE, bad)))
    with pytest.raises(SignatureError, match="no line by"):
        verify_by_log_key(LOG_KEY.verifying, Note(TEXT, (TIME_LINE,)))
