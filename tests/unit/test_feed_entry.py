"""Log entries: the grammar byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.feed.entry import REASONS, Entry, Erase, Hello, Publish, Withdraw, format_entry, parse_entry

nums = st.integers(0, 10**16 - 1)
kinds = st.text("abcxyz", min_size=1, max_size=20)
ids = st.binary(min_size=16, max_size=16)
hashes = st.binary(min_size=32, max_size=32)
names = st.text("abz09-", min_size=2, max_size=32)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Hello, names, st.text("0123456789", min_size=8, max_size=8), nums, nums),
    st.builds(Publish, kinds, ids, st.none() | nums, nums, hashes, nums),
    st.builds(Withdraw, kinds, ids, nums, st.sampled_from(REASONS), nums),
    st.builds(Erase, nums, st.sets(nums, min_size=1, max_size=64).map(lambda found: tuple(sorted(found)))),
)

HELLO = b"kreisweit.feed/v1 hello\nnode herten\nags 05562020\ngeneration 1\ntime 1767225600\n"
PUBLISH = (
    b"kreisweit.feed/v1 publish\nkind offer\nid 3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a\nprev -\ntime 1767229200\n"
    b"payload 3f95d4803ca1bfa23fca84415981d2abc82a6d308ee5421124ebe92ee409f9aa 281\n"
)
WITHDRAW = (
    b"kreisweit.feed/v1 withdraw\nkind offer\nid 7c41d2e8b6a94f0d93e5a17bc8f60d24\nprev 2\nreason ended\n"
    b"time 1767398400\n"
)
ERASE = b"kreisweit.feed/v1 erase\ntime 1767315601\ntarget 1\ntarget 7\n"
SAMPLES = [HELLO, PUBLISH, WITHDRAW, ERASE]


@given(entries)
def test_every_entry_round_trips(entry: Entry) -> None:
    assert parse_entry(format_entry(entry)) == entry


@given(st.sampled_from(SAMPLES), st.data())
def test_what_is_accepted_re_encodes_to_itself(sample: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sample)))
    cut = data.draw(st.integers(0, 2))
    changed = sample[:place] + data.draw(st.sampled_from([*b"0159afgz- \n\r\x00+", 0xFF])).to_bytes(1, "big")
    changed += sample[place + cut :]
    try:
        entry = parse_entry(changed)
    except ParseError:
        return
    assert format_entry(entry) == changed


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_accepted(sample: bytes) -> None:
    assert format_entry(parse_entry(sample)) == sample


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b"\r\n"),
        (b"\n", b"\n\n"),
        (b"/v1", b"/v2"),
        (b" ", b"  "),
        (b" ", b"\t"),
        (b"\n", b" \n"),
        (b"kreisweit", b"Kreisweit"),
        (b"kreisweit", b"\xef\xbb\xbfkreisweit"),
        (b"time 1", b"time 01"),
        (b"time 1", b"time +1"),
        (b"time 1", b"time -1"),
        (b"time 1", b"time 1_"),
        (b"time 17", b"time 17000000017"),
        (b"time", b"note hello\ntime"),
    ],
)
def test_deviations_are_refused(sample: bytes, old: bytes, new: bytes) -> None:
    with pytest.raises(ParseError):
        parse_entry(sample.replace(old, new))


@pytest.mark.parametrize(
    ("sample", "old", "new"),
    [
        (HELLO, b"05562020", b"5562020"),
        (HELLO, b"herten", b"h"),
        (HELLO, b"herten", b"h" * 33),
        (HELLO, b"herten", b"Herten"),
        (HELLO, b"node herten\nags 05562020\n", b"ags 05562020\nnode herten\n"),
        (PUBLISH, b"offer", b""),
        (PUBLISH, b"offer", b"of-fer"),
        (PUBLISH, b"3f0e9a6d", b"3F0E9A6D"),
        (PUBLISH, b"3f0e9a6d", b"3f0e9a6"),
        (PUBLISH, b"prev -", b"prev --"),
        (PUBLISH, b"prev -", b"prev 007"),
        (PUBLISH, b" 281", b" 0281"),
        (PUBLISH, b" 281", b""),
        (PUBLISH, b"f9aa 281", b"f9a 281"),
        (WITHDRAW, b"prev 2", b"prev -"),
        (WITHDRAW, b"ended", b"because"),
        (WITHDRAW, b"reason ended\n", b""),
        (ERASE, b"target 1\ntarget 7\n", b""),
        (ERASE, b"target 7", b"target 1"),
        (ERASE, b"target 7", b"target 0"),
        (ERASE, b"target 7", b"target 07"),
        (ERASE, b"target 7", b"target -"),
    ],
)
def test_fields_outside_their_grammar_are_refused(sample: bytes, old: bytes, new: bytes) -> None:
    with pytest.raises(ParseError):
        parse_entry(sample.replace(old, new))


def test_an_erase_names_at_most_64_targets_and_then_fits_the_limit() -> None:
    biggest = format_entry(Erase(10**16 - 1, tuple(range(10**15, 10**15 + 64))))

    assert len(biggest) <= 2048
    with pytest.raises(ParseError):
        parse_entry(biggest + b"target 1000000000000064\n")


def test_entries_over_2048_bytes_are_refused() -> None:
    longest = PUBLISH.replace(b"offer", b"o" * (2048 - len(PUBLISH) + 5))

    assert len(longest) == 2048
    assert isinstance(parse_entry(longest), Publish)
    with pytest.raises(ParseError):
        parse_entry(longest.replace(b"kind o", b"kind oo"))


def test_length_over_the_limit_and_late_prev_pass_the_grammar() -> None:
    entry = parse_entry(PUBLISH.replace(b" 281", b" 9999999999999999").replace(b"prev -", b"prev 9999999999999999"))

    assert isinstance(entry, Publish)
    assert (entry.prev, entry.length) == (10**16 - 1, 10**16 - 1)


@pytest.mark.parametrize(
    "entry",
    [
        Publish("Offer", bytes(16), None, 1, bytes(32), 1),
        Publish("offer", bytes(15), None, 1, bytes(32), 1),
        Publish("offer", bytes(16), -1, 1, bytes(32), 1),
        Withdraw("offer", bytes(16), 0, "Frau Muster ist krank", 1),
        Erase(1, ()),
        Erase(1, (2, 2)),
        Erase(1, (3, 2)),
        Erase(1, tuple(range(65))),
        Hello("her ten", "05562020", 1, 1),
        Hello("herten", "05562020", 1, 10**16),
        Hello("herten\nags 05562024", "05562020", 1, 1),
    ],
)
def test_what_would_not_read_back_is_not_written(entry: Entry) -> None:
    with pytest.raises(ParseError):
        format_entry(entry)
