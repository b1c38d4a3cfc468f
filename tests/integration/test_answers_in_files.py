"""Long answers in files: written once for each state, gone with it, and nothing left behind by a program that died."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import IO

from shared.web.outputs.answers_in_files import Kept, Spool

SOON = 0.05


class Catalogue:
    """A catalogue of one word that can change; counts how often it was written."""

    def __init__(self, word: str = "eins") -> None:
        self.word = word
        self.written = 0

    def write(self, into: IO[bytes]) -> None:
        self.written += 1
        into.write(self.word.encode())

    def keep(self, spool: Spool) -> Kept:
        return spool.keep("key", (self.word, ""), self.write)


def make_spool(folder: Path, catalogue: Catalogue) -> Spool:
    return Spool(folder, lambda: catalogue.word, look_seconds=SOON)


def wait_until_forgotten(spool: Spool, state: tuple[str, str]) -> bool:
    deadline = time.monotonic() + 20
    while spool.find("key", state) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(SOON / 5)
    return True


def test_answer_is_written_once_for_a_state(tmp_path: Path) -> None:
    catalogue = Catalogue()
    spool = make_spool(tmp_path, catalogue)

    first, again = catalogue.keep(spool), catalogue.keep(spool)
    catalogue.word = "zwei"
    other = catalogue.keep(spool)
    spool.forget()

    assert first is again
    assert [kept.read(0) for kept in (first, other)] == [b"eins", b"zwei"]
    assert catalogue.written == 2


def test_many_who_ask_at_once_get_one_file(tmp_path: Path) -> None:
    catalogue = Catalogue()
    spool = make_spool(tmp_path, catalogue)
    begun = threading.Barrier(6)

    def ask() -> None:
        begun.wait()
        catalogue.keep(spool)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.forget()

    assert catalogue.written == 1


def test_answer_is_let_go_when_the_catalogue_changed_though_nobody_asks(tmp_path: Path) -> None:
    catalogue = Catalogue()
    spool = make_spool(tmp_path, catalogue)
    catalogue.keep(spool)
    time.sleep(3 * SOON)
    assert spool.find("key", ("eins", "")) is not None

    catalogue.word = "zwei"

    assert wait_until_forgotten(spool, ("eins", ""))


def test_answer_is_let_go_when_nobody_can_tell_whether_the_catalogue_changed(tmp_path: Path) -> None:
    catalogue = Catalogue()
    told: list[threading.ExceptHookArgs] = []
    before, threading.excepthook = threading.excepthook, told.append

    def fail() -> str:
        raise OSError("the disk is gone")

    try:
        spool = Spool(tmp_path, fail, look_seconds=SOON)
        catalogue.keep(spool)
        assert wait_until_forgotten(spool, ("eins", ""))
    finally:
        threading.excepthook = before

    assert [str(one.exc_value) for one in told] == ["the disk is gone"]


def test_reader_of_an_older_state_reads_to_the_end(tmp_path: Path) -> None:
    catalogue = Catalogue("lang " * 100_000)
    spool = make_spool(tmp_path, catalogue)
    kept = catalogue.keep(spool)
    start = len(kept.read(0))

    catalogue.word = "zwei"
    catalogue.keep(spool)
    spool.forget()
    gc.collect()

    assert 0 < start < kept.size
    assert kept.read(start)


def test_files_have_no_names_and_what_a_dead_program_left_is_swept(tmp_path: Path) -> None:
    catalogue = Catalogue()
    spool = make_spool(tmp_path, catalogue)
    catalogue.keep(spool)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kreisweit-abc").mkdir()
    (tmp_path / "kreisweit-abc" / "sheet1.xml").write_text("Person Rita")
    (tmp_path / "kreisweit.toml").write_text("kept")

    spool.sweep()
    spool.forget()

    assert [path.name for path in tmp_path.iterdir()] == ["kreisweit.toml"]
