"""Go's transparency log packages judge static trees: the vectors' log, a tree of 300 entries, and lies about them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import merkle
from tests.conformance.go_verifier import Verdict, missing_tools, verify_with_go
from tests.conformance.make_vectors import PUBLISHED
from tests.conformance.static_tree import Answer, LogKey, log_files, resource, serving

pytestmark = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "Go is there")

ORIGIN = "herten.kreisweit.example/feed/g1"
KEY = LogKey(ORIGIN, hashlib.sha256(b"static tree log").digest())
OTHER_KEY = LogKey(ORIGIN, hashlib.sha256(b"another key of the same name").digest())
ENTRIES = [f"vector entry {index}\n".encode() for index in range(300)]

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def vectors() -> Any:
    return json.loads(PUBLISHED.read_text(encoding="utf-8"))


@pytest.fixture
def files() -> Files:
    return log_files(ENTRIES, KEY.checkpoint(ENTRIES))


def judge(files: Files, vkey: str = KEY.vkey, prefix: str = "/feed/g1/", old: Path | None = None) -> Verdict:
    answers = {prefix + path: resource(body, "application/octet-stream", "no-store") for path, body in files.items()}
    with serving(answers) as base_url:
        return verify_with_go(base_url + prefix, vkey, old=old)


@pytest.mark.parametrize("name", ["checkpoint_5", "checkpoint_5_rotating_key"])
def test_log_of_the_vectors_is_accepted(vectors: Any, name: str) -> None:
    node = vectors["node"]
    entries = [entry["text"].encode() for entry in node["entries"]]

    verdict = judge(log_files(entries, node[name].encode()), vectors["keys"]["node_log"]["vkey"])

    assert verdict == Verdict(True, f"OK {ORIGIN} 5 {node['root_5']}")


def test_log_of_the_vectors_is_accepted_as_mirror(vectors: Any) -> None:
    node = vectors["node"]
    entries = [entry["text"].encode() for entry in node["entries"]]
    files = log_files(entries, node["checkpoint_5_mirrored_by_hub"].encode())
    prefix = f"/mirror/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/"

    verdict = judge(files, vectors["keys"]["node_log"]["vkey"], prefix)

    assert verdict.is_accepted, verdict.text
    assert node["origin_sha256"] in prefix


def test_static_tree_is_the_one_of_the_vectors(vectors: Any) -> None:
    leaves = [merkle.leaf_hash(entry) for entry in ENTRIES]
    files = log_files(ENTRIES, b"")

    roots = {size: base64.b64encode(merkle.tree_root(leaves[: int(size)])).decode() for size in _big(vectors, "roots")}
    tiles = {path: hashlib.sha256(files[path]).hexdigest() for path in _big(vectors, "tile_sha256")}

    assert roots == _big(vectors, "roots")
    assert tiles == _big(vectors, "tile_sha256")


def _big(vectors: Any, name: str) -> dict[str, str]:
    found: dict[str, str] = vectors["big_tree"][name]
    return found


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 512])
def test_tree_of_any_size_is_accepted(size: int) -> None:
    entries = [f"entry {index}\n".encode() for index in range(size)]

    verdict = judge(log_files(entries, KEY.checkpoint(entries)))

    assert verdict.is_accepted, verdict.text
    assert verdict.text.startswith(f"OK {ORIGIN} {size} ")


def test_tree_with_three_tile_levels_is_accepted() -> None:
    entries = [f"{index}".encode() for index in range(65_537)]

    verdict = judge(log_files(entries, KEY.checkpoint(entries)))

    assert verdict.is_accepted, verdict.text


def test_full_tiles_stand_in_for_partial_ones_of_an_older_size() -> None:
    served = log_files(ENTRIES + ENTRIES[:250], b"")
    served["checkpoint"] = KEY.checkpoint(ENTRIES[:255])

    verdict = judge(served)

    assert verdict.is_accepted, verdict.text


def test_older_checkpoint_of_the_same_tree_is_accepted(files: Files, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(KEY.checkpoint(ENTRIES[:257]))

    verdict = judge(files, old=tmp_path / "old")

    assert verdict.is_accepted, verdict.text


@pytest.mark.parametrize(
    ("older", "reason"),
    [
        pytest.param([*ENTRIES[:256], b"another history\n"], "invalid transparency proof", id="forked"),
        pytest.param([*ENTRIES, b"one more\n"], "size 300 served, 301 signed", id="rolled-back"),
    ],
)
def test_older_checkpoint_of_another_tree_is_refused(
    files: Files, tmp_path: Path, older: Sequence[bytes], reason: str
) -> None:
    (tmp_path / "old").write_bytes(KEY.checkpoint(older))

    verdict = judge(files, old=tmp_path / "old")

    assert not verdict.is_accepted
    assert verdict.text.startswith(f"older checkpoint: {reason}")


def _flip(path: str, position: int = -1) -> Callable[[Files], None]:
    def spoil(files: Files) -> None:
        spoiled = bytearray(files[path])
        spoiled[position] ^= 1
        files[path] = bytes(spoiled)

    return spoil


def _flip_signature(files: Files) -> None:
    head, _, encoded = files["checkpoint"].decode().rstrip("\n").rpartition(" ")
    signature = bytearray(base64.b64decode(encoded))
    signature[-1] ^= 1
    files["checkpoint"] = f"{head} {base64.b64encode(signature).decode()}\n".encode()


def _swap_entries(files: Files) -> None:
    first, second, *rest = merkle.cut_bundle(files["tile/entries/000"])
    files["tile/entries/000"] = merkle.entry_bundles([second, first, *rest])["tile/entries/000"]


def _shorten(path: str, count: int) -> Callable[[Files], None]:
    def spoil(files: Files) -> None:
        files[path] = files[path][:-count]

    return spoil


def _lengthen(path: str, more: bytes) -> Callable[[Files], None]:
    def spoil(files: Files) -> None:
        files[path] += more

    return spoil


def _drop(path: str) -> Callable[[Files], None]:
    def spoil(files: Files) -> None:
        del files[path]

    return spoil


def _sign(text: str) -> Callable[[Files], None]:
    def spoil(files: Files) -> None:
        files["checkpoint"] = KEY.sign(text)

    return spoil


ROOT_300 = base64.b64encode(merkle.tree_root([merkle.leaf_hash(entry) for entry in ENTRIES])).decode()
ROOT_1 = base64.b64encode(merkle.leaf_hash(ENTRIES[0])).decode()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(_flip("tile/entries/000", 2), "the bundles give root", id="bit in full bundle"),
        pytest.param(_flip("tile/entries/001.p/44"), "the bundles give root", id="bit in partial bundle"),
        pytest.param(_flip("tile/entries/000", 1), "tile/entries/000: ", id="bit in length prefix"),
        pytest.param(_swap_entries, "the bundles give root", id="two entries swapped"),
        pytest.param(_shorten("tile/entries/000", 5), "tile/entries/000: entry 255: ", id="truncated bundle"),
        pytest.param(_shorten("tile/entries/001.p/44", 19), "43 entries, want 44", id="bundle without its last entry"),
        pytest.param(_lengthen("tile/entries/001.p/44", b"\x00\x01a"), "45 entries, want 44", id="one entry more"),
        pytest.param(_lengthen("tile/entries/000", b"\x00"), "length prefix is cut off", id="one byte more"),
        pytest.param(_drop("tile/entries/001.p/44"), "404 not found", id="bundle missing"),
        pytest.param(_flip("tile/0/000"), "tile/0/000 is not the tile", id="bit in full tile"),
        pytest.param(_flip("tile/0/001.p/44"), "tile/0/001.p/44 is not the tile", id="bit in partial tile"),
        pytest.param(_flip("tile/1/000.p/1"), "tile/1/000.p/1 is not the tile", id="bit in upper tile"),
        pytest.param(_shorten("tile/0/000", 32), "8160 bytes, want 8192", id="truncated tile"),
        pytest.param(_drop("tile/1/000.p/1"), "404 not found", id="tile missing"),
        pytest.param(_flip_signature, "invalid signature", id="bit in signature"),
        pytest.param(_flip("checkpoint", 0), "invalid signature", id="bit in origin"),
        pytest.param(_drop("checkpoint"), "checkpoint: 404", id="checkpoint missing"),
        pytest.param(_sign(f"{ORIGIN}\n299\n{ROOT_300}\n"), "tile/entries/001: 404", id="size signed wrong"),
        pytest.param(_sign(f"{ORIGIN}\n300\n{ROOT_1}\n"), "the bundles give root", id="root signed wrong"),
        pytest.param(_sign(f"{ORIGIN}\n0300\n{ROOT_300}\n"), "not canonical", id="size with leading zero"),
        pytest.param(_sign(f"{ORIGIN}\n300\n{ROOT_300[:-2]}\n"), "not canonical", id="root cut"),
        pytest.param(_sign(f"{ORIGIN}\n300\n{ROOT_300}\nmore\n"), "4 text lines, want 3", id="extension line"),
        pytest.param(_sign(f"elsewhere\n300\n{ROOT_300}\n"), 'origin "elsewhere"', id="other origin"),
    ],
)
def test_manipulated_log_is_refused(files: Files, spoil: Callable[[Files], None], reason: str) -> None:
    spoil(files)

    verdict = judge(files)

    assert not verdict.is_accepted
    assert reason in verdict.text


def test_log_signed_by_another_key_is_refused(files: Files) -> None:
    verdict = judge(files, OTHER_KEY.vkey)

    assert verdict == Verdict(False, "checkpoint: note has no verifiable signatures")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param(Answer(302, {"Location": "/feed/g1/tile/0/000"}), "never redirects", id="redirect"),
        pytest.param(Answer(200, {"Content-Encoding": "gzip"}, b"x"), "content encoding gzip", id="compressed"),
        pytest.param(Answer(503, {"Retry-After": "1"}), "status 503", id="unavailable"),
    ],
)
def test_answer_outside_the_rules_is_refused(files: Files, changed: Answer, reason: str) -> None:
    answers = {f"/feed/g1/{path}": resource(body, "text/plain", "no-store") for path, body in files.items()}
    answers["/feed/g1/tile/entries/000"] = changed

    with serving(answers) as base_url:
        verdict = verify_with_go(f"{base_url}/feed/g1", KEY.vkey)

    assert not verdict.is_accepted
    assert reason in verdict.text
