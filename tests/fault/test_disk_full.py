"""A node whose disk is full: it answers, takes no edit, erases all the same, and goes on when there is room."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy import desks
from deploy.federation import HOST, Federation, is_level
from shared.database import Database
from tests.integration.test_processes import PERSON, ROOT, TITLE, node, own_ids, page, status, wait_for
from tests.integration.test_restore_drill import publish_person
from tests.support.loopback import free_ports
from tests.support.small_disk import small_disk

NAME, OTHER = "herten", "marl"
SIZE = "48m"
READS = (
    "/", "/angebote", "/angebote?q=deutsch", "/verbund", "/hsds/services", "/changes", "/catalog.csv",
    "/feed/g1/checkpoint", "/livez", "/readyz",
)  # fmt: skip
NEW = "/pult/angebote/neu"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own for one node."""
    with small_disk(tmp_path / "data" / NAME, SIZE) as place:
        yield place


@pytest.fixture
def federation(disk: Path, tmp_path: Path) -> Iterator[Federation]:
    """A hub and two nodes; both show an offer of the one on the small disk that names a person."""
    made = Federation(disk.parent, free_ports(5), (NAME, OTHER))
    try:
        made.start_all()
        assert is_level(made.wait_until_level())
        publish_person(made, tmp_path)
        wait_for(lambda: TITLE in page(made, OTHER, "/angebote?q=sprechstunde"))
        yield made
    finally:
        made.stop_all()


class FullDisk:
    """Fills the disk to the last byte, and gives the room back."""

    def __init__(self, home: Path) -> None:
        self._filler = home / "filler"
        self._home = home

    def fill(self) -> None:
        # Room that the write-ahead log has had before would be used again.
        db = Database(f"sqlite:///{self._home / 'node.db'}")
        wait_for(db.scrub)
        db.close()
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def free(self) -> None:
        self._filler.unlink()


class Browser:
    """Somebody signed in at the desk, over real HTTP."""

    def __init__(self, federation: Federation, role: str) -> None:
        self._port = federation.port(NAME)
        self._origin = federation.url(NAME)
        self._cookie = ""
        password = desks.load_password(federation.folder)
        code, _ = self.post("/pult/anmelden", {"name": role, "password": password, "weiter": "/pult"})
        assert code == 303

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        return self._ask("POST", path, urllib.parse.urlencode(fields))

    def submit(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        code, shown = self.get(path)
        found = re.search(r'name="csrf_token" value="([^"]*)"', shown)
        assert found is not None, (code, shown[-1500:])
        return self.post(path, {"csrf_token": found[1], **fields})

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        headers = {"Accept": "text/html", "Cookie": self._cookie, "Origin": self._origin}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection(HOST, self._port, timeout=20)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            if given := answer.getheader("Set-Cookie"):
                self._cookie = given.partition(";")[0]
            return answer.status, answer.read().decode()


def offer_fields(title: str) -> dict[str, str]:
    return {
        "name": title, "summary": "Gemeinsam nähen und dabei Deutsch sprechen.", "topics": "freizeit",
        "providers.0.name": "Haus der Begegnung", "status": "active", "aktion": "sichern",
    }  # fmt: skip


def run(federation: Federation, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "node", "--home", str(federation.home(NAME)), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def files_with(home: Path, text: str) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file() and text.lower().encode() in path.read_bytes().lower()]


def refused_reads(federation: Federation) -> dict[str, tuple[int, bytes]]:
    """What is not answered as it should be."""
    found = {}
    with closing(http.client.HTTPConnection(HOST, federation.port(NAME), timeout=20)) as connection:
        for path in READS:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or not body:
                found[path] = answer.status, body[:300]
    return found


def drafts(federation: Federation) -> list[str]:
    rows = json.loads(node(federation, NAME, "offers", "--json"))
    return [row["title"] for row in rows if row["state"] == "draft"]


@pytest.mark.slow
def test_node_with_a_full_disk_answers_refuses_edits_erases_and_goes_on(federation: Federation, disk: Path) -> None:
    wait_for(lambda: refused_reads(federation) == {})
    editor = Browser(federation, "redaktion")
    process, before = federation.process_id(NAME), drafts(federation)
    full = FullDisk(disk)
    full.fill()

    # Reads and search answer, and so do the pages of the desk.
    assert refused_reads(federation) == {}
    assert editor.get("/pult/angebote")[0] == 200

    # An edit is refused with a reason, nothing of it is half saved, and nothing that was typed is lost.
    code, shown = editor.submit(NEW, offer_fields("Nähcafé am Abend"))
    assert code == 507
    assert "Auf der Platte ist kein Platz mehr" in shown
    assert 'value="Nähcafé am Abend"' in shown
    refused = run(federation, "withdraw", own_ids(federation, NAME)[0], "--reason", "beendet")
    assert refused.returncode == 1
    assert "kein Platz mehr" in refused.stderr
    assert drafts(federation) == before

    # An erasure is done all the same, to the last file.
    erased = run(federation, "erase", "--person", PERSON, "--yes")
    assert erased.returncode == 0, erased.stderr
    wait_for(lambda: not files_with(disk, PERSON))

    # With room again everything goes on, in the same process.
    full.free()
    wait_for(lambda: editor.submit(NEW, offer_fields("Nähcafé am Abend"))[0] == 303)
    assert drafts(federation) == sorted([*before, "Nähcafé am Abend"])
    wait_for(lambda: PERSON not in page(federation, OTHER, "/angebote?q=sprechstunde"))
    wait_for(lambda: status(federation, NAME)["pending"] == 0)
    assert is_level(federation.wait_until_level())
    wait_for((disk / "ballast").exists, seconds=90)
    assert federation.process_id(NAME) == process


@pytest.mark.slow
def test_node_starts_on_a_full_disk_answers_erases_and_goes_on(federation: Federation, disk: Path) -> None:
    wait_for((disk / "ballast").exists)
    full = FullDisk(disk)
    federation.stop(NAME)
    full.fill()

    federation.start(NAME)
    federation.wait_for(NAME)
    wait_for(lambda: refused_reads(federation) == {})
    full.fill()

    assert refused_reads(federation) == {}
    erased = run(federation, "erase", "--person", PERSON, "--yes")
    assert erased.returncode == 0, erased.stderr
    wait_for(lambda: not files_with(disk, PERSON))

    full.free()
    editor = Browser(federation, "redaktion")
    wait_for(lambda: editor.submit(NEW, offer_fields("Nähcafé am Abend"))[0] == 303)
    wait_for(lambda: PERSON not in page(federation, OTHER, "/angebote?q=sprechstunde"))
    assert is_level(federation.wait_until_level())
