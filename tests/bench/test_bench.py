"""The bench itself: same seed, same offers; documents that publishing accepts; a floor that really stores its rows."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import signal
import sys
import threading
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import pytest

from shared.model.offer import check_offer_payload, format_offer, offer_from_builtins
from shared.model.rules import check_offer
from shared.model.shipped import shipped_district, shipped_vocabularies
from tests.bench import __main__ as bench
from tests.bench import datasette, floor, material, readers
from tests.bench.measure import Measurement, Started, run_step
from tests.bench.offers import generate, offer, revised
from tests.bench.table import format_table, format_targets
from tests.conformance import merkle


def canonical(document: dict[str, object]) -> bytes:
    return msgspec.json.encode(document, order="deterministic")


def _refuses(_data: bytes) -> object:
    raise AssertionError("the slow path was taken")


def test_offers_of_a_seed_are_the_same_at_every_size() -> None:
    assert list(generate(20, 7)) == list(generate(40, 7))[:20]
    assert list(generate(20, 7)) != list(generate(20, 8))


def test_offers_have_about_three_kilobytes_and_ids_of_their_own() -> None:
    offers = list(generate(1000, 1))

    sizes = [len(canonical(document)) for document in offers]

    assert 2700 < sum(sizes) / len(sizes) < 3500
    assert len({document["id"] for document in offers}) == len(offers)


@pytest.mark.parametrize("revision", [None, 1, 2])
def test_offers_can_be_published_without_a_hint(revision: int | None) -> None:
    vocabularies, district = shipped_vocabularies(), shipped_district()

    for document in generate(200, 3):
        written = document if revision is None else revised(document, revision)
        doc = offer_from_builtins(written)
        assert check_offer(doc, vocabularies=vocabularies, district=district, today=date(2026, 3, 1)) == []
        assert format_offer(doc) == canonical(written)


def test_revisions_differ_in_their_texts_only() -> None:
    first, second = revised(offer(3, 1), 1), revised(offer(3, 1), 2)

    assert {name for name in first if first[name] != second[name]} == {"last_modified", "summary"}


def test_material_is_what_a_reader_accepts_on_its_fast_path(tmp_path: Path) -> None:
    figures = material.prepare(tmp_path, 30, 1)

    prepared = material.Material(tmp_path)
    pairs = list(zip(prepared.entry_texts(), prepared.payload_lines(), strict=True))
    assert figures["payload_bytes"] == sum(len(line) for _, line in pairs)
    for entry, line in pairs:
        check_offer_payload(line, decode_strict=_refuses)
        assert f"payload {hashlib.sha256(line).hexdigest()} {len(line)}\n".encode() in entry


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257])
def test_frontier_of_the_floor_gives_the_root(size: int) -> None:
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(size)]
    frontier = floor.Frontier()

    for leaf in leaves:
        frontier.append(leaf)

    assert frontier.root() == merkle.tree_root(leaves)


@pytest.mark.parametrize("target", ["issue_floor", "p5_floor"])
def test_floor_stores_every_payload_and_accounts_for_it(tmp_path: Path, target: str) -> None:
    material.prepare(tmp_path, 2100, 1)

    account = run_step(f"tests.bench.floor:{target}", tmp_path, 2100, 1)

    with closing(floor.sqlite_driver().connect(tmp_path / "floor.sqlite3")) as connection:
        stored = dict(connection.execute("SELECT commitment, body FROM payload"))
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    assert sorted(stored.values()) == sorted(material.Material(tmp_path).payload_lines())
    assert all(hashlib.sha256(body).digest() == commitment for commitment, body in stored.items())
    assert mode == "wal"
    assert 0 < account.figures["work_cpu_seconds"] < account.cpu_seconds
    assert 5 < account.peak_rss_mb < 120


def test_floor_refuses_to_account_for_missing_rows(tmp_path: Path) -> None:
    material.prepare(tmp_path, 3, 1)

    with pytest.raises(RuntimeError, match="floor stored 3 rows, 4 wanted"):
        floor.issue_floor(tmp_path, 4, 1)


def test_step_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with exit code 1"):
        run_step("tests.bench.floor:issue_floor", tmp_path / "nowhere", 1, 1)


def test_background_process_is_accounted_when_it_is_stopped() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]

    account, _ = Started(command).stopped()

    assert account.exit_code == -signal.SIGTERM
    assert account.wall_seconds < 30


def test_table_divides_by_the_floor_of_the_same_round() -> None:
    def line(step: str, number: int, seconds: float) -> dict[str, object]:
        account = Measurement(seconds, 0, seconds, 20, 0, {"changes": 100})
        return bench.as_line(step, 100, 1, number, account, {})

    rows = format_table(
        [
            line("floor-issue", 0, 1.0),
            line("full", 0, 2.0),
            line("floor-issue", 0, 3.0),
            line("floor-issue", 1, 10.0),
            line("full", 1, 30.0),
        ]
    ).splitlines()

    assert rows[3].split()[-3:] == ["2.00", "(1.00-3.00)", "-"]


@pytest.mark.parametrize("length", [900, 3000])
def test_rows_of_the_peer_are_as_long_as_the_services(tmp_path: Path, length: int) -> None:
    service = {"id": "b", "name": "Müller", "description": 'Größe "XL"\nfür alle', "organization": {"name": "VHS"}}
    item = json.dumps(service | {"alert": "x" * length}, ensure_ascii=False).encode()

    ids = datasette.make_database(tmp_path / "db.db", [item, item.replace(b'"b"', b'"a"')])

    with closing(floor.sqlite_driver().connect(tmp_path / "db.db")) as connection:
        cursor = connection.execute("SELECT * FROM services ORDER BY id")
        rows = [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in cursor]
    assert ids == ["a", "b"]
    assert [len(json.dumps(row)) for row in rows] == [len(item), len(item)]
    assert rows[0]["name"] == "Müller"


def test_readers_ask_for_everything_once_and_notice_a_wrong_status() -> None:
    asked: list[str] = []

    class Small(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404 if self.path == "/wrong" else 200)
            if self.path == "/chunked":
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"3\r\nabc\r\n0\r\n\r\n")
                return
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Small) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        load = readers.ask(port, [f"/{n}" for n in range(20)] + ["/chunked"], connections=3, server=os.getpid())
        with pytest.raises(RuntimeError, match="404"):
            readers.ask(port, ["/wrong"], connections=1, server=os.getpid())
        server.shutdown()

    assert sorted(asked) == sorted([*(f"/{n}" for n in range(20)), "/chunked", "/wrong"])
    assert (load.requests, len(load.times)) == (21, 21)
    assert load.late(0.5) <= load.late(0.99)


def test_goals_say_which_figures_are_not_what_was_asked_for() -> None:
    def line(step: str, **figures: float) -> dict[str, object]:
        return bench.as_line(step, 20_000, 1, 0, Measurement(1, 0, 1, 20, 0, figures), {})

    ratios = {f"{name}_ratio_{unit}": 10.0 for name in ("again", "cold") for unit in ("per_second", "per_cpu_second")}
    texts = format_targets(
        [
            line("export", work_cpu_seconds=6.0, server_peak_mb=100),
            line("pages", known_p99_ms=1.0, **ratios),
            line("pages", known_p99_ms=7.0),
        ]
    ).splitlines()

    assert [text.split()[-1] for text in texts if text.split()[-1] in ("OVER", "UNDER")] == [
        "OVER", "UNDER", "UNDER", "OVER"
    ]  # fmt: skip
    assert len(texts) == 2 + 5 + 1


def test_command_prints_the_table_and_appends_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "lines.json"

    code = bench.main(["--sizes", "10,20", "--json", str(output)])

    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert code == 0
    assert [(line["step"], line["size"]) for line in lines] == [
        (step, size) for size in (10, 20) for step in ("floor-issue", "floor-p5")
    ]
    assert all(line["versions"]["sqlite"] for line in lines)
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(lines)


def test_unknown_step_is_refused() -> None:
    with pytest.raises(SystemExit, match="no such step: fastest"):
        bench.main(["--steps", "fastest"])
