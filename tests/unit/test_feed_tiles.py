"""Tiles: paths with one spelling, bundles cut to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.feed.merkle import Frontier, leaf_hash, reader_of
from shared.feed.tiles import (
    TilePath,
    bundles_for,
    format_bundle,
    format_tile_number,
    format_tile_path,
    hash_tile,
    parse_tile_number,
    parse_tile_path,
    split_bundle,
    split_hash_tile,
    tiles_of,
)

paths = st.builds(TilePath, st.integers(0, 63) | st.just("entries"), st.integers(0, 10**18 - 1), st.integers(1, 256))


@given(paths)
def test_paths_round_trip(path: TilePath) -> None:
    assert parse_tile_path(format_tile_path(path)) == path


@given(st.text("tile/x.p0123456789ntrs", max_size=24).map(lambda tail: f"tile/0/{tail}"))
def test_what_is_accepted_is_spelled_as_we_spell_it(text: str) -> None:
    try:
        path = parse_tile_path(text)
    except ParseError:
        return
    assert format_tile_path(path) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tile/0/000", TilePath(0, 0, 256)),
        ("tile/0/x001/234.p/5", TilePath(0, 1234, 5)),
        ("tile/63/999", TilePath(63, 999, 256)),
        ("tile/entries/x001/x234/067", TilePath("entries", 1234067, 256)),
        ("tile/entries/000.p/255", TilePath("entries", 0, 255)),
    ],
)
def test_known_paths(text: str, path: TilePath) -> None:
    assert parse_tile_path(text) == path
    assert format_tile_path(path) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tile",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/0/x001/x234",
        "tile/0/x1/234",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/05",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000\n",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/0/" + "x001/" * 6 + "000",
    ],
)
def test_other_paths_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_tile_path(text)


@pytest.mark.parametrize("text", ["", "x000/001", "1", "0001", "x001", "001 ", "x001/x002"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_tile_number(text)


@given(st.integers(0, 10**18 - 1))
def test_numbers_round_trip(number: int) -> None:
    assert parse_tile_number(format_tile_number(number)) == number


@pytest.mark.parametrize("path", [TilePath(0, 0, 0), TilePath(0, 0, 257), TilePath(64, 0), TilePath(0, -1)])
def test_what_would_not_read_back_is_not_written(path: TilePath) -> None:
    with pytest.raises(ParseError):
        format_tile_path(path)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_bundles_round_trip(entries: list[bytes]) -> None:
    assert split_bundle(format_bundle(entries), len(entries)) == entries


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), st.data())
def test_bundles_are_cut_to_the_byte(entries: list[bytes], data: st.DataObject) -> None:
    bundle = format_bundle(entries)
    cut = data.draw(st.integers(0, len(bundle) - 1))

    with pytest.raises(ParseError):
        split_bundle(bundle[:cut], len(entries))
    with pytest.raises(ParseError):
        split_bundle(bundle + b"\x00", len(entries))
    with pytest.raises(ParseError):
        split_bundle(bundle, len(entries) - 1)
    with pytest.raises(ParseError):
        split_bundle(bundle, len(entries) + 1)


def test_an_overlong_entry_is_cut_all_the_same() -> None:
    entries = [b"a" * 3000, b"", b"b"]

    assert split_bundle(format_bundle(entries), 3) == entries


@pytest.mark.parametrize(
    ("start", "size", "bundles"),
    [
        (0, 0, []),
        (5, 5, []),
        (6, 5, []),
        (0, 1, [(0, 1)]),
        (0, 256, [(0, 256)]),
        (0, 257, [(0, 256), (1, 1)]),
        (255, 256, [(0, 256)]),
        (256, 300, [(1, 44)]),
        (300, 600, [(1, 256), (2, 88)]),
    ],
)
def test_bundles_for(start: int, size: int, bundles: list[tuple[int, int]]) -> None:
    assert list(bundles_for(start, size)) == bundles


def test_every_tile_of_a_tree_of_three_levels() -> None:
    found = [format_tile_path(path) for path in tiles_of(65536 + 300) if path.level != "entries"]

    assert len(found) == 258 + 2 + 1
    assert [path for path in found if ".p/" in path] == ["tile/0/257.p/44", "tile/1/001.p/1", "tile/2/000.p/1"]


def test_hash_tiles_hold_complete_subtrees() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(600)]
    reader = reader_of(leaves)
    full = Frontier()
    full.extend(leaves[:256])

    assert split_hash_tile(hash_tile(0, 2, 88, reader), 88) == leaves[512:600]
    assert split_hash_tile(hash_tile(1, 0, 2, reader), 2)[0] == full.root()
    with pytest.raises(ParseError):
        split_hash_tile(bytes(63), 2)
