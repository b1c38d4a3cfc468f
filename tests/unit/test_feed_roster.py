"""Roster: rules of one version, signatures of many, the chain."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError, VerificationError
from shared.feed.keys import LOG, WITNESS, VerifyingKey
from shared.feed.note import Note, format_note, parse_note, sign_line
from shared.feed.roster import (
    MemberRow,
    Pins,
    Roster,
    format_roster,
    parse_roster,
    parse_url,
    row_for_origin,
    rows_for_origin,
    sign_roster,
    verify_first,
    verify_next,
)
from tests.conformance.make_vectors import DAY, ISSUED, derive_key, derive_named_key, rosters

FIRST, SECOND, THIRD = rosters()
HERTEN, MARL = SECOND.members


def change(roster: Roster, **fields: object) -> Roster:
    return msgspec.structs.replace(roster, **fields)


def row(base: MemberRow, **fields: object) -> MemberRow:
    return msgspec.structs.replace(base, **fields)


def key(label: str, name: str, kind: int) -> VerifyingKey:
    return derive_named_key(label, name, kind).verifying


def member(host: str, *, generation: int = 1, **fields: object) -> MemberRow:
    base = MemberRow(
        name=host,
        ags="05562032",
        status="active",
        generation=generation,
        log_key=key(f"{host} log {generation}", f"{host}.example/feed/g{generation}", LOG),
        witness_key=key(f"{host} witness {generation}", f"{host}.example/witness", WITNESS),
        url=f"https://{host}.example",
    )
    return row(base, **fields)


def signed(roster: Roster, letters: str) -> bytes:
    text = format_roster(roster)
    return format_note(Note(text, tuple(sign_line(derive_key(f"root_{letter}"), text) for letter in letters)))


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(VerificationError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("roster", [FIRST, SECOND, THIRD], ids=["first", "second", "third"])
def test_rosters_round_trip(roster: Roster) -> None:
    assert parse_roster(format_roster(roster)) == roster


@given(st.integers(0, len(format_roster(THIRD)) - 1), st.sampled_from(" \n0159aZ+=/-"))
def test_what_is_accepted_re_encodes_to_itself(place: int, letter: str) -> None:
    text = format_roster(THIRD)
    text = text[:place] + letter + text[place + 1 :]
    try:
        roster = parse_roster(text)
    except ParseError:
        return
    assert format_roster(roster) == text


def test_a_generation_may_stand_beside_the_one_it_replaces() -> None:
    old, new = member("waltrop", status="suspended"), member("waltrop", generation=2)

    roster = change(FIRST, members=(HERTEN, old, new))

    assert parse_roster(format_roster(roster)).rows("waltrop") == (old, new)


def test_rotation_of_the_witness_key_repeats_the_log_key() -> None:
    rotating = row(HERTEN, witness_key=key("next witness", HERTEN.witness_key.name, WITNESS))

    roster = change(FIRST, members=(HERTEN, rotating))

    assert rows_for_origin(parse_roster(format_roster(roster)), HERTEN.origin) == (HERTEN, rotating)


def test_push_only_members_have_a_dash_for_url() -> None:
    roster = change(FIRST, members=(row(HERTEN, url="-"),))

    assert parse_roster(format_roster(roster)).members[0].url == "-"


@pytest.mark.parametrize(
    ("name", "broken"),
    {
        "version 0": change(FIRST, version=0),
        "expires at once": change(FIRST, expires=ISSUED),
        "expires after 398 days": change(FIRST, expires=ISSUED + 398 * DAY),
        "threshold 0": change(FIRST, threshold=0),
        "threshold beyond roots": change(FIRST, threshold=4),
        "no roots": change(FIRST, roots=()),
        "root twice": change(FIRST, roots=(*FIRST.roots, FIRST.roots[0])),
        "root is a witness key": change(FIRST, roots=(derive_key("node_wit").verifying,) * 2),
        "unknown status": change(FIRST, members=(row(HERTEN, status="invited"),)),
        "bad name": change(FIRST, members=(row(HERTEN, name="Herten"),)),
        "bad AGS": change(FIRST, members=(row(HERTEN, ags="5562020"),)),
        "called hub": change(FIRST, members=(row(HERTEN, name="hub"),)),
        "wrong generation": change(FIRST, members=(row(HERTEN, generation=2),)),
        "row twice": change(FIRST, members=(HERTEN, HERTEN)),
        "AGS twice": change(FIRST, members=(HERTEN, member("marl", ags=HERTEN.ags))),
        "name twice": change(FIRST, members=(HERTEN, member("marl", name="herten"))),
        "two active generations": change(FIRST, members=(member("marl"), member("marl", generation=2))),
        "origin of two names": change(FIRST, members=(HERTEN, row(HERTEN, name="marl", ags="05562024"))),
        "origin of the hub": change(FIRST, members=(row(HERTEN, log_key=key("x", FIRST.hub.origin, LOG)),)),
        "hub key as member key": change(FIRST, members=(row(HERTEN, log_key=key("hub_log", HERTEN.origin, LOG)),)),
        "log key as witness key": change(
            FIRST, members=(row(HERTEN, witness_key=key("node_log", HERTEN.witness_key.name, WITNESS)),)
        ),
        "witness key of two members": change(
            FIRST,
            members=(HERTEN, member("marl", witness_key=HERTEN.witness_key)),
        ),
        "hub's witness key": change(FIRST, members=(row(HERTEN, witness_key=FIRST.hub.witness_key),)),
        "root as member key": change(FIRST, members=(row(HERTEN, log_key=key("root_a", HERTEN.origin, LOG)),)),
        "types swapped": change(FIRST, members=(row(HERTEN, log_key=HERTEN.witness_key),)),
        "witness name": change(FIRST, members=(row(HERTEN, witness_key=key("w", "herten.example/w", WITNESS)),)),
        "origin without generation": change(FIRST, members=(row(HERTEN, log_key=key("l", "herten.example", LOG)),)),
        "reserved origin": change(FIRST, members=(row(HERTEN, log_key=key("l", "kreisweit.x/feed/g1", LOG)),)),
        "url with slash": change(FIRST, members=(row(HERTEN, url="https://herten.example/"),)),
        "hub without url": change(FIRST, hub=msgspec.structs.replace(FIRST.hub, url="-")),
    }.items(),
)
def test_rules_of_one_version(name: str, broken: Roster) -> None:
    with pytest.raises(ParseError):
        format_roster(broken)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kreisweit.roster/v1\n",
        format_roster(FIRST)[:-1],
        format_roster(FIRST) + "\n",
        format_roster(FIRST) + "more\n",
        format_roster(FIRST).replace("/v1\n", "/v2\n", 1),
        format_roster(FIRST).replace("version 1", "version 01"),
        format_roster(FIRST).replace("hub ", "hub  ", 1),
        "".join(line for line in format_roster(FIRST).splitlines(keepends=True) if not line.startswith("hub ")),
        "".join(sorted(format_roster(FIRST).splitlines(keepends=True))),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_roster(text)


@pytest.mark.parametrize(
    "url",
    ["https://a.example", "http://127.0.0.1:8101", "https://a.example/kreis/weit", "http://[::1]:8100", "http://hub"],
)
def test_base_urls(url: str) -> None:
    assert parse_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-",
        "ftp://a.example",
        "https://",
        "https://a.example/",
        "https://a.example/x/",
        "https://A.example",
        "https://user@a.example",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://a.example:0",
        "https://a.example:123456",
        "https://a example",
        "https://a.example\n",
        "https://-a.example",
        "https://" + "a" * 200,
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ParseError):
        parse_url(url)


def test_a_chain_starts_at_any_version_that_names_the_pins() -> None:
    late = change(THIRD, version=7)

    assert verify_first(signed(late, "bd"), late.pins) == late
    assert code_of(lambda: verify_first(signed(late, "bd"), FIRST.pins)) == "E_ROSTER"


def test_the_order_of_root_lines_does_not_matter_to_the_pins() -> None:
    pins = Pins(FIRST.roots[::-1], 2)

    assert verify_first(signed(FIRST, "ab"), pins) == FIRST


@pytest.mark.parametrize(
    ("letters", "enough"),
    [("ab", True), ("abc", True), ("ca", True), ("a", False), ("aa", False), ("ad", False), ("d", False)],
)
def test_two_of_three_different_roots_must_sign(letters: str, enough: bool) -> None:
    if enough:
        assert verify_first(signed(FIRST, letters), FIRST.pins) == FIRST
    else:
        assert code_of(lambda: verify_first(signed(FIRST, letters), FIRST.pins)) == "E_ROSTER"


@pytest.mark.parametrize(
    ("letters", "enough"),
    [("abd", True), ("ab", True), ("ac", False), ("ad", False), ("acd", True), ("cd", False), ("bcd", True)],
)
def test_a_step_needs_enough_old_and_enough_new_roots(letters: str, enough: bool) -> None:
    if enough:
        assert verify_next(SECOND, signed(THIRD, letters)) == THIRD
    else:
        assert code_of(lambda: verify_next(SECOND, signed(THIRD, letters))) == "E_ROSTER"


@pytest.mark.parametrize("version", [1, 2, 4, 10])
def test_versions_are_exactly_one_higher(version: int) -> None:
    assert code_of(lambda: verify_next(SECOND, signed(change(THIRD, version=version), "abd"))) == "E_ROSTER"


def test_raising_the_threshold_needs_the_new_one() -> None:
    three_of_three = change(SECOND, threshold=3)

    assert code_of(lambda: verify_next(FIRST, signed(three_of_three, "ab"))) == "E_ROSTER"
    assert verify_next(FIRST, signed(three_of_three, "abc")) == three_of_three


def test_lowering_the_threshold_needs_the_old_one() -> None:
    one_of_three = change(SECOND, threshold=1)

    assert code_of(lambda: verify_next(FIRST, signed(one_of_three, "a"))) == "E_ROSTER"
    assert verify_next(FIRST, signed(one_of_three, "ab")) == one_of_three


@given(st.integers(0, 8 * len(signed(SECOND, "ab")) - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(signed(SECOND, "ab"))
    data[bit // 8] ^= 1 << bit % 8

    assert code_of(lambda: verify_next(FIRST, bytes(data))) == "E_ROSTER"


def test_oversized_notes_are_refused() -> None:
    many = tuple(member(f"city{number:03d}", ags=f"{number:08d}") for number in range(330))
    data = signed(change(SECOND, members=many), "ab")

    assert len(data) > 65536
    assert code_of(lambda: verify_next(FIRST, data)) == "E_ROSTER"


def test_signatures_are_collected_one_by_one() -> None:
    text = format_roster(SECOND)
    one = sign_roster(text, derive_key("root_a"))
    both = sign_roster(text, derive_key("root_b"), parse_note(one, max_bytes=65536).signatures)
    again = sign_roster(text, derive_key("root_a"), parse_note(both, max_bytes=65536).signatures)

    assert code_of(lambda: verify_next(FIRST, one)) == "E_ROSTER"
    assert verify_next(FIRST, both) == verify_next(FIRST, again) == SECOND
    assert len(again) == len(both)


def test_rows_are_found_by_origin() -> None:
    assert [found.log_key.key_id.hex() for found in rows_for_origin(THIRD, HERTEN.origin)] == ["a0c12b17", "10402b89"]
    assert row_for_origin(THIRD, MARL.origin) == MARL
    assert row_for_origin(THIRD, THIRD.hub.origin) is None
    assert THIRD.hub.host == "hub.kreisweit.example"
