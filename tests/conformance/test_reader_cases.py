"""The reader's published cases over the real reading path: served as files, read by `Reader`, kept in a database.

All sixteen can be told as files below a prefix, so none is left to the state machine alone (PROTOCOL 6 and 15).
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

from shared.database import Database
from shared.feed.keys import parse_vkey
from shared.feed.outcomes import Code
from shared.feed.payload import minimal_schema
from shared.feed.tiles import TilePath, format_bundle, format_tile_path
from shared.feed.trusted_log import Keys
from shared.follow import Guards, Reader, Report
from shared.holdings import logs, papers, payloads
from shared.holdings.tables import metadata
from shared.net.fetcher import Fetched, MappingFetcher
from shared.sources import FetchedSource
from tests.conformance.make_vectors import PUBLISHED
from tests.support.world import VirtualClock

V: dict[str, Any] = json.loads(PUBLISHED.read_text("utf-8"))
NODE, CASES = V["node"], V["hub_cases"]
NOW, STORED = CASES["now"], CASES["stored"]
KEYS = Keys(
    NODE["origin"], "herten", "05562020", 1, (parse_vkey(V["keys"]["node_log"]["vkey"]),),
    (parse_vkey(V["keys"]["node_wit"]["vkey"]),),
)  # fmt: skip
ENTRIES = [entry["text"].encode() for entry in NODE["entries"]]
BODIES = {
    f"payload/{payload['commitment']}": payload["object"].encode()
    for payload in V["payloads"]
    if "destroyed" not in payload["state"]
}
GROWING = ("ok-extend", "fork-longer", "corrupt-bundle")
DIAGNOSED = ("fork-longer", "corrupt-bundle")
WITH_EVIDENCE = {"rollback": "E_ROLLBACK", "fork-same-size": "E_FORK", "fork-longer": "E_FORK"}


class Served:
    """A hub's holdings and what one publisher serves it; every file that was asked for is noted."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.db = Database("sqlite://")
        metadata.create_all(self.db.engine)
        self.reader = Reader(self.db, self.clock, minimal_schema)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        self.asked.append(path)
        return MappingFetcher(self.files).fetch(path, max_bytes=max_bytes, deadline_seconds=deadline_seconds, etag=etag)

    def read(self, files: dict[str, bytes], *, prefix: str = "herten") -> Report:
        self.files, self.asked = files, []
        return self.reader.read(KEYS, FetchedSource(self, prefix), Guards(rate=True, erasures=True, withdrawals=True))

    def state(self) -> tuple[int, bytes, int]:
        with self.db.read() as conn:
            row = logs.load_log(conn, KEYS.origin)
        return int(row.size), bytes(row.root), int(row.time)

    def evidence(self) -> list[tuple[str, bytes, bytes]]:
        with self.db.read() as conn:
            kept = papers.load_evidence(conn, KEYS.origin)
        return [(row.code, bytes(row.ours), bytes(row.theirs)) for row in kept]


def at_5() -> dict[str, bytes]:
    """The log of five entries as its publisher serves it."""
    return {
        "checkpoint": NODE["checkpoint_5"].encode(),
        "tile/entries/000.p/5": b64decode(NODE["bundle_p5"]),
        "tile/0/000.p/5": b64decode(NODE["tile_0_p5"]),
        **BODIES,
    }


def files_of(case: dict[str, Any]) -> dict[str, bytes]:
    """What the publisher of one case serves: the case's checkpoint, and its entries behind those that are held."""
    files = at_5() | {"checkpoint": case["checkpoint"].encode()}
    new = [text.encode() for text in case.get("entries", [])]
    size = len(ENTRIES) + len(new)
    if new:
        assert case["entries_from"] == len(ENTRIES)
        files[format_tile_path(TilePath("entries", 0, size))] = format_bundle([*ENTRIES, *new])
    if "tile_0" in case:
        files[format_tile_path(TilePath(0, 0, size))] = b64decode(case["tile_0"])
    return files


@pytest.fixture
def served() -> Served:
    """The stored state of the cases, reached by reading."""
    served = Served()
    report = served.read(at_5())
    assert (report.code, report.size, report.refused) == (Code.OK, 5, 0), report.message
    return served


def test_stored_state_is_reached_by_reading_five_entries(served: Served) -> None:
    assert served.state() == (STORED["size"], b64decode(STORED["root"]), STORED["timestamp"])
    with served.db.read() as conn:
        log = logs.load_log(conn, KEYS.origin)
        held = {bytes(commitment).hex() for _, commitment, _ in payloads.iterate_payloads(conn, log.id)}
    assert held == {path.removeprefix("payload/") for path in BODIES}


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_case_ends_in_its_code_where_it_is_read(served: Served, case: dict[str, Any]) -> None:
    before = served.state()
    served.clock.time = case.get("now", NOW)

    report = served.read(files_of(case))

    assert report.code == case["expect"], report.message
    assert report.is_good == (case["expect"] in ("OK", "OK_UNCHANGED", "STALE"))
    if not report.is_good:
        assert served.state() == before
    code = WITH_EVIDENCE.get(case["name"])
    assert [kept for kept, _, _ in served.evidence()] == ([] if code is None else [code])


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_case_ends_the_same_at_a_source_that_was_never_asked_before(served: Served, case: dict[str, Any]) -> None:
    """Without the tag of the last answer, nothing is answered by 304 and every line is judged."""
    served.clock.time = case.get("now", NOW)

    assert served.read(files_of(case), prefix="mirror").code == case["expect"]


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_case_costs_no_more_requests_than_its_judgement_needs(served: Served, case: dict[str, Any]) -> None:
    served.clock.time = case.get("now", NOW)

    served.read(files_of(case))

    tiles = [path for path in served.asked if path.startswith("tile/0/")]
    bundles = [path for path in served.asked if path.startswith("tile/entries/")]
    assert len(bundles) == (case["name"] in GROWING)
    assert len(tiles) == (case["name"] in DIAGNOSED)


@pytest.mark.parametrize("name", DIAGNOSED)
def test_log_that_hides_its_tiles_is_not_accused_of_a_fork(served: Served, name: str) -> None:
    case = next(case for case in CASES["cases"] if case["name"] == name)
    files = files_of(case)
    del files["tile/0/000.p/6"]

    report = served.read(files)

    assert report.code == Code.E_ROOT
    assert served.evidence() == []


def test_there_are_sixteen_cases() -> None:
    assert len(CASES["cases"]) == 16
