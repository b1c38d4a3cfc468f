"""The federation as real processes on loopback: what a district and its cities live through."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.federation import HOST, Federation, is_level
from tests.support.loopback import free_ports

ROOT = Path(__file__).parents[2]
NAMES = ("herten", "marl", "kreis")
PERSON = "Erika Mustermann"
TITLE = "Sprechstunde mit Ansprechperson"


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Federation]:
    """A hub and three nodes with their sample offers, running, level, and showing them all."""
    made = Federation(tmp_path / "data", free_ports(5), NAMES)
    made.folder.mkdir()
    try:
        made.start_all()
        assert is_level(made.wait_until_level())
        # What is level is shown a moment later: the search index follows by itself.
        wait_for(lambda: all(offers_line(42) in page(made, name) for name in ("hub", *NAMES)))
        yield made
    finally:
        made.stop_all()


def node(federation: Federation, name: str, *arguments: str) -> str:
    """Run a command of one node and return its output."""
    command = [sys.executable, "-m", "node", "--home", str(federation.home(name)), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def own_ids(federation: Federation, name: str) -> list[str]:
    """Ids of the node's own offers that are published."""
    rows = json.loads(node(federation, name, "offers", "--json"))
    return [row["id"] for row in rows if row["state"] == "published"]


def status(federation: Federation, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(node(federation, name, "status", "--json"))
    return found


def page(federation: Federation, name: str, path: str = "/angebote") -> str:
    with closing(http.client.HTTPConnection(HOST, federation.port(name), timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read().decode()


def wait_for(claim: Callable[[], bool], *, seconds: float = 60) -> float:
    """Wait until the claim holds; returns how long it took."""
    begin = time.monotonic()
    while not claim():
        assert time.monotonic() - begin < seconds, "it did not happen in time"
        time.sleep(0.2)
    return time.monotonic() - begin


def withdraw_first(federation: Federation, name: str) -> None:
    node(federation, name, "withdraw", own_ids(federation, name)[0], "--reason", "beendet")


def offers_line(count: int) -> str:
    return f">{count} Angebote<"


def files_with(federation: Federation, text: str) -> list[Path]:
    """Return files of any party that hold the text, case ignored."""
    needle = text.lower().encode()
    paths = (path for path in federation.folder.rglob("*") if path.is_file())
    return [path for path in paths if needle in path.read_bytes().lower()]


def test_withdrawn_offer_leaves_every_page_within_seconds(federation: Federation) -> None:
    withdraw_first(federation, "herten")

    seconds = wait_for(lambda: all(offers_line(41) in page(federation, name) for name in ("hub", *NAMES)), seconds=15)
    assert seconds < 15


def test_nodes_show_the_whole_catalogue_while_the_hub_is_stopped(federation: Federation) -> None:
    federation.stop("hub")

    assert all(offers_line(42) in page(federation, name) for name in NAMES)


def test_node_restored_from_an_older_copy_gets_everything_back(federation: Federation) -> None:
    federation.stop("herten")
    copy = shutil.copytree(federation.home("herten"), federation.folder.parent / "copy")
    federation.start("herten")
    federation.wait_for("herten")
    withdraw_first(federation, "herten")
    wait_for(lambda: offers_line(41) in page(federation, "hub"))
    size = status(federation, "herten")["size"]

    federation.stop("herten")
    shutil.rmtree(federation.home("herten"))
    shutil.copytree(copy, federation.home("herten"))
    federation.start("herten")
    federation.wait_for("herten")

    wait_for(lambda: status(federation, "herten")["state"] == "active")
    assert status(federation, "herten")["recovered"] is not None
    assert status(federation, "herten")["size"] == size
    assert is_level(federation.wait_until_level())


def test_hub_restored_from_an_older_copy_is_whole_again(federation: Federation) -> None:
    federation.stop("hub")
    copy = shutil.copytree(federation.home("hub"), federation.folder.parent / "copy")
    federation.start("hub")
    federation.wait_for("hub")
    withdraw_first(federation, "herten")
    wait_for(lambda: offers_line(41) in page(federation, "marl"))

    federation.stop("hub")
    shutil.rmtree(federation.home("hub"))
    shutil.copytree(copy, federation.home("hub"))
    federation.start("hub")
    federation.wait_for("hub")

    wait_for(lambda: offers_line(41) in page(federation, "hub"))
    assert is_level(federation.wait_until_level())


def test_old_process_that_wakes_up_again_never_forks_the_log(federation: Federation) -> None:
    process = federation.process_id("herten")
    old_home = federation.home("herten")
    os.kill(process, signal.SIGSTOP)
    sleeping = federation.folder.parent / "sleeping"
    shutil.copytree(old_home, sleeping)
    old_home.rename(federation.folder.parent / "old-files")
    sleeping.rename(old_home)
    withdraw_first(federation, "herten")
    node(federation, "herten", "seal")
    wait_for(lambda: offers_line(41) in page(federation, "hub"))

    os.kill(process, signal.SIGCONT)

    wait_for(lambda: offers_line(41) in page(federation, "herten"), seconds=90)
    assert is_level(federation.wait_until_level())


def test_erased_person_is_in_no_file_of_any_party(federation: Federation, tmp_path: Path) -> None:
    table = (ROOT / "deploy/data/offers-recklinghausen.csv").read_text("utf-8")
    header, first, *_ = [line for line in table.splitlines() if line.startswith(("stadt;", "Herten;"))]
    cells = first.split(";")
    cells[2], cells[3] = TITLE, f"Beratung bei {PERSON} im Rathaus, ohne Anmeldung."
    (tmp_path / "one.csv").write_text(f"{header}\r\n{';'.join(cells)}\r\n", "utf-8")
    node(federation, "herten", "import", str(tmp_path / "one.csv"))
    wait_for(lambda: TITLE in node(federation, "marl", "offers", "--all"))
    (tmp_path / "one.csv").unlink()
    assert {path.parent.name for path in files_with(federation, PERSON)} == {"hub", *NAMES}

    node(federation, "herten", "erase", "--person", PERSON, "--yes")

    seconds = wait_for(lambda: not files_with(federation, PERSON), seconds=60)
    assert seconds < 60
    assert is_level(federation.wait_until_level())
    assert TITLE in node(federation, "marl", "offers", "--all")


def test_demo_once_ends_well_with_twelve_equal_digests() -> None:
    command = [str(ROOT / "deploy/demo"), "--once", "--port", str(free_ports(12))]

    done = subprocess.run(command, capture_output=True, text=True, timeout=420, check=False)

    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(lines) == 12
    assert len({line[3] for line in lines}) == 1
    assert lines[0][:2] == ["hub", "141"]
    assert sum(int(line[1]) for line in lines[1:]) == 141
