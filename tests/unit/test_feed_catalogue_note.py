"""Catalogue note and digest."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError, SignatureError
from shared.feed.catalogue_note import (
    CatalogueNote,
    Source,
    catalogue_digest,
    check_digest_line,
    digest_line,
    format_catalogue_text,
    hub_host,
    parse_catalogue_text,
    sign_catalogue_note,
    verify_catalogue_note,
)
from tests.conformance.make_vectors import derive_key, good_catalogue

HUB = derive_key("hub_log")
GOOD = good_catalogue()

hashes = st.binary(min_size=32, max_size=32)
names = st.text("abz09-", min_size=2, max_size=12)
sources = st.builds(
    Source,
    origin=names.map(lambda name: f"{name}.example/feed/g1"),
    size=st.integers(100, 10**16 - 1),
    root=hashes,
    member=names,
    state=st.sampled_from(["active", "held@12", "rolled-back", "stale@100", "some-later-word"]),
)
notes = st.builds(
    CatalogueNote,
    hub=st.just(GOOD.hub),
    time=st.integers(0, 10**16 - 1),
    roster_version=st.integers(1, 10**16 - 1),
    roster_sha256=hashes,
    sources=st.lists(sources, max_size=6, unique_by=lambda source: source.origin).map(
        lambda found: tuple(sorted(found, key=lambda source: source.origin))
    ),
    digest=hashes,
)


@given(notes)
def test_notes_round_trip(note: CatalogueNote) -> None:
    assert parse_catalogue_text(format_catalogue_text(note)) == note
    assert verify_catalogue_note(sign_catalogue_note(HUB, note), HUB.verifying) == note


@given(st.integers(0, len(format_catalogue_text(GOOD)) - 1), st.sampled_from(" \n019aZ@+=/-"))
def test_what_is_accepted_re_encodes_to_itself(place: int, letter: str) -> None:
    text = format_catalogue_text(GOOD)
    text = text[:place] + letter + text[place + 1 :]
    try:
        note = parse_catalogue_text(text)
    except ParseError:
        return
    assert format_catalogue_text(note) == text


@given(st.integers(0, 8 * len(sign_catalogue_note(HUB, GOOD)) - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(sign_catalogue_note(HUB, GOOD))
    data[bit // 8] ^= 1 << bit % 8

    with pytest.raises((ParseError, SignatureError)):
        verify_catalogue_note(bytes(data), HUB.verifying)


def test_sources_are_written_sorted() -> None:
    shuffled = msgspec.structs.replace(GOOD, sources=GOOD.sources[::-1])

    assert format_catalogue_text(shuffled) == format_catalogue_text(GOOD)


def test_sources_tell_state_and_fold_apart() -> None:
    marl = GOOD.source("marl.kreisweit.example/feed/g1")

    assert marl is not None
    assert (marl.word, marl.fold) == ("held", 12)
    assert GOOD.sources[0].fold is None
    assert GOOD.source("elsewhere.example/feed/g1") is None


def test_only_the_hub_named_in_it_signs_a_note() -> None:
    with pytest.raises(SignatureError, match="cannot be signed by"):
        sign_catalogue_note(derive_key("node_log"), GOOD)


def test_a_note_of_many_logs_is_read_and_one_over_64_kib_is_not_written() -> None:
    def of(count: int) -> CatalogueNote:
        rows = tuple(Source(f"c{n:04d}.example/feed/g1", 1, bytes(32), "city", "active") for n in range(count))
        return msgspec.structs.replace(GOOD, sources=rows)

    assert len(verify_catalogue_note(sign_catalogue_note(HUB, of(500)), HUB.verifying).sources) == 500
    with pytest.raises(ParseError, match="at most 65536"):
        sign_catalogue_note(HUB, of(900))


def test_host_of_an_origin() -> None:
    assert hub_host(HUB.verifying.name) == GOOD.hub


def test_digest_is_the_hash_of_the_sorted_lines() -> None:
    lines = sorted(digest_line("herten", bytes([n]) * 16, bytes([n]) * 32) for n in range(5))

    assert catalogue_digest(lines) == hashlib.sha256(b"".join(lines)).digest()
    assert catalogue_digest([]) == hashlib.sha256().digest()
    for line in lines:
        check_digest_line(line)


def test_lines_out_of_order_or_twice_give_no_digest() -> None:
    first, second = digest_line("herten", bytes(16), bytes(32)), digest_line("marl", bytes(16), bytes(32))

    for lines in ([second, first], [first, first]):
        with pytest.raises(ParseError, match="comes after"):
            catalogue_digest(lines)


@pytest.mark.parametrize(
    "line",
    [b"", b"herten\n", digest_line("herten", bytes(15), bytes(32)), digest_line("H", bytes(16), bytes(32))],
)
def test_other_digest_lines_are_refused(line: bytes) -> None:
    with pytest.raises(ParseError):
        check_digest_line(line)
