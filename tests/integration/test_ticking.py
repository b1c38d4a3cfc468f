"""The clock of serving processes: one of them acts, whatever fails, and another takes over."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.jobs import Parallel
from shared.clock import SystemClock
from shared.database import Database
from shared.holdings import facts
from shared.holdings.tables import metadata
from shared.logs import open_log
from shared.ticking import Ticker
from tests.support.apart import apart


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{tmp_path / 'party.db'}")
    metadata.create_all(db.engine)
    yield db
    db.close()


def make_ticker(db: Database, owner: str, tick: Callable[[str], None], stream: io.StringIO | None = None) -> Ticker:
    clock = SystemClock()
    log = open_log(stream or io.StringIO(), clock, party="test")
    return Ticker(db, clock, log, start=lambda: None, tick=tick, owner=owner)


async def until(holds: Callable[[], bool], seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in threads
            await asyncio.sleep(0.05)


def test_of_two_processes_one_ticks_and_the_other_takes_over(db: Database) -> None:
    ticks: list[str] = []
    first, second = make_ticker(db, "first", ticks.append), make_ticker(db, "second", ticks.append)

    async def run() -> None:
        await first.start()
        await second.start()
        await until(lambda: len(ticks) >= 2)
        assert set(ticks) == {"first"}
        await first.stop()
        await until(lambda: "second" in ticks)
        await second.stop()

    apart(lambda: asyncio.run(run()))


def test_tick_that_fails_is_logged_once_without_its_text_and_done_again(db: Database) -> None:
    ticks: list[str] = []
    stream = io.StringIO()

    def tick(owner: str) -> None:
        ticks.append(owner)
        if len(ticks) <= 2:
            raise RuntimeError("Erika Mustermann")

    ticker = make_ticker(db, "only", tick, stream)

    async def run() -> None:
        await ticker.start()
        await until(lambda: len(ticks) >= 4)
        await ticker.stop()

    apart(lambda: asyncio.run(run()))

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["error"] for line in lines if line["action"] == "tick_failed"] == ["RuntimeError"]
    assert [line["after"] for line in lines if line["action"] == "went_well_again"] == ["tick_failed"]
    assert "Mustermann" not in stream.getvalue()


def test_start_that_fails_reaches_the_caller(db: Database) -> None:
    def start() -> None:
        raise RuntimeError("no keys")

    clock = SystemClock()
    ticker = Ticker(
        db, clock, open_log(io.StringIO(), clock, party="test"), start=start, tick=lambda _: None, owner="only"
    )

    with pytest.raises(RuntimeError, match="no keys"):
        apart(lambda: asyncio.run(ticker.start()))


def test_copy_put_under_a_running_process_is_gone_on_with_after_a_new_start(db: Database, tmp_path: Path) -> None:
    remember(db, "old")
    db.scrub()
    shutil.copy(tmp_path / "party.db", tmp_path / "copy.db")
    remember(db, "new")
    db.scrub()
    starts: list[str] = []
    ticker = Ticker(
        db, SystemClock(), open_log(io.StringIO(), SystemClock(), party="test"),
        start=lambda: starts.append("start"), tick=lambda _: None, owner="only",
    )  # fmt: skip
    ticker.is_leader = True
    ticker._run()
    assert starts == []

    (tmp_path / "copy.db").rename(tmp_path / "party.db")
    ticker._run()

    assert starts == ["start"]
    with db.read() as conn:
        assert facts.load_fact(conn, "word") == "old"


def remember(db: Database, word: str) -> None:
    with db.write() as conn:
        facts.save_fact(conn, "word", word)


def test_parallel_jobs_all_run_and_a_failing_one_is_logged_without_its_text() -> None:
    done: list[int] = []
    lines = io.StringIO()

    def job(number: int) -> None:
        if number == 0:
            raise RuntimeError("Erika Mustermann")
        done.append(number)

    parallel = Parallel(open_log(lines, SystemClock(), party="hub"))
    parallel([lambda number=number: job(number) for number in range(12)])  # type: ignore[misc]
    parallel.close(wait=True)

    assert sorted(done) == list(range(1, 12))
    (line,) = [json.loads(text) for text in lines.getvalue().splitlines()]
    assert (line["action"], line["error"]) == ("member_job_failed", "RuntimeError")
    assert "Erika" not in lines.getvalue()
