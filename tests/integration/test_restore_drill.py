"""The restore drill: backup, wipe, restore, new edits, a second restore; and an old hub under a reader who looks for
what was erased since.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyrage
import pytest

from deploy.federation import HOST, Federation, is_level
from node.opening import close_node, open_node
from tests.integration.test_processes import (
    PERSON,
    ROOT,
    TITLE,
    federation,
    files_with,
    node,
    offers_line,
    page,
    status,
    wait_for,
    withdraw_first,
)
from tests.support.loopback import newest_commitment
from tests.support.public_paths import always_answered, public_paths

__all__ = ["federation"]

PASSPHRASE = "drei graue Katzen singen"


def run(federation: Federation, name: str, *arguments: str) -> str:
    """Run a command of the hub or of a node and return its output."""
    room = "hub" if name == "hub" else "node"
    command = [sys.executable, "-m", room, "--home", str(federation.home(name)), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Vault:
    """Where backups and their key are: outside every party's directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        (folder / "passphrase").write_text(PASSPHRASE, "utf-8")

    def back_up(self, federation: Federation, name: str, what: str = "now") -> Path:
        identity = self.folder / f"{name}.age"
        if not identity.exists():
            run(federation, name, "backup", "key", "--out", str(identity), "--passphrase-file", self._passphrase)
        before = set(self.folder.iterdir())
        run(federation, name, "backup", what, "--to", str(self.folder))
        return next(iter(set(self.folder.iterdir()) - before))

    def put_back(self, federation: Federation, name: str, file: Path, *options: str) -> str:
        identity = str(self.folder / f"{name}.age")
        return run(
            federation, name, "restore", str(file), "--identity", identity, "--passphrase-file", self._passphrase,
            *options,
        )  # fmt: skip

    @property
    def _passphrase(self) -> str:
        return str(self.folder / "passphrase")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def wipe(federation: Federation, name: str, *, keep: tuple[str, ...] = ("node.toml", "hub.toml")) -> None:
    """Lose everything in a party's directory but its settings file."""
    for path in federation.home(name).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in keep:
            path.unlink()


def restart(federation: Federation, name: str) -> None:
    federation.start(name)
    federation.wait_for(name)


def publish_person(federation: Federation, folder: Path) -> None:
    """Herten publishes an offer whose text names a person."""
    table = (ROOT / "deploy/data/offers-recklinghausen.csv").read_text("utf-8")
    header, first, *_ = [line for line in table.splitlines() if line.startswith(("stadt;", "Herten;"))]
    cells = first.split(";")
    cells[2], cells[3] = TITLE, f"Beratung bei {PERSON} im Rathaus, ohne Anmeldung."
    (folder / "one.csv").write_text(f"{header}\r\n{';'.join(cells)}\r\n", "utf-8")
    node(federation, "herten", "import", str(folder / "one.csv"))
    (folder / "one.csv").unlink()


def test_node_lives_through_backup_loss_restore_edits_and_a_second_restore(
    federation: Federation, vault: Vault
) -> None:
    keys = vault.back_up(federation, "herten", "keys")
    copy = vault.back_up(federation, "herten")
    withdraw_first(federation, "herten")
    wait_for(lambda: offers_line(41) in page(federation, "hub"))

    federation.stop("herten")
    wipe(federation, "herten")
    vault.put_back(federation, "herten", keys, "--keys")
    vault.put_back(federation, "herten", copy)
    restart(federation, "herten")

    wait_for(lambda: status(federation, "herten")["state"] == "active")
    assert is_level(federation.wait_until_level())

    withdraw_first(federation, "herten")
    wait_for(lambda: offers_line(40) in page(federation, "hub"))
    size = status(federation, "herten")["size"]

    federation.stop("herten")
    vault.put_back(federation, "herten", copy)
    restart(federation, "herten")

    wait_for(lambda: status(federation, "herten")["state"] == "active")
    assert status(federation, "herten")["size"] == size
    assert is_level(federation.wait_until_level())
    wait_for(lambda: all(offers_line(40) in page(federation, name) for name in ("hub", "herten", "marl")))


@contextmanager
def hammered(federation: Federation, name: str, paths: Sequence[str]) -> Iterator[tuple[Counter[str], list[str]]]:
    """Ask for everything public, over and over, from before the first connection is accepted; collects what it said.

    Yields how often each path was answered with its content, and the paths at which the person's name was in an answer.
    """
    answered: Counter[str] = Counter()
    leaks: list[str] = []
    ended = threading.Event()
    needles = (PERSON.encode(), PERSON.encode().lower())

    def ask() -> None:
        while not ended.is_set():
            for path in paths:
                connection = http.client.HTTPConnection(HOST, federation.port(name), timeout=10)
                try:
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    body = answer.read()
                except OSError:
                    time.sleep(0.01)
                    continue
                except http.client.HTTPException:
                    continue
                finally:
                    connection.close()
                answered[path] += answer.status == 200
                if any(needle in body.lower() for needle in needles):
                    leaks.append(path)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield answered, leaks
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(("name", "is_lost"), [("hub", False), ("hub", True), ("herten", True)])
def test_what_was_erased_is_in_no_answer_of_a_restored_party(
    federation: Federation, vault: Vault, tmp_path: Path, name: str, is_lost: bool
) -> None:
    publish_person(federation, tmp_path)
    wait_for(lambda: TITLE in page_of(federation, "marl") and TITLE in page_of(federation, name))
    rid = json.loads(node(federation, "herten", "erase", "--person", PERSON, "--json"))["found"][0]["id"]
    payloads = payload_paths(federation, rid)
    copy = vault.back_up(federation, name)
    node(federation, "herten", "erase", "--person", PERSON, "--yes")
    wait_for(lambda: not files_with(federation, PERSON), seconds=60)

    federation.stop(name)
    if is_lost:
        for path in federation.home(name).glob("*.db*"):
            path.unlink()
    vault.put_back(federation, name, copy)
    room = "hub" if name == "hub" else "node"
    paths = [*public_paths(room, rid, "herten.kreisweit.example/feed/g1"), *payloads]
    with hammered(federation, name, paths) as (answered, leaks):
        restart(federation, name)
        wait_for(lambda: TITLE in page_of(federation, name))
        assert is_level(federation.wait_until_level())
        wait_for(lambda: not files_with(federation, PERSON), seconds=60)
        wait_for(lambda: all(answered[path] for path in always_answered(room)))

    assert leaks == []


def payload_paths(federation: Federation, rid: str) -> list[str]:
    """Where the version with the name is given out: by its city, and by everybody who mirrors that."""
    herten = open_node(federation.home("herten"))
    commitment, origin = newest_commitment(herten, bytes.fromhex(rid)), herten.settings.origin
    close_node(herten)
    own = f"/feed/g1/payload/{commitment.hex()}"
    return [own, own.replace("/feed/g1", f"/mirror/{hashlib.sha256(origin.encode()).hexdigest()}")]


def page_of(federation: Federation, name: str) -> str:
    return page(federation, name, f"/angebote?q={TITLE.split()[0].lower()}")


def test_backup_is_opened_by_others_tools(federation: Federation, vault: Vault, tmp_path: Path) -> None:
    copy = vault.back_up(federation, "herten")
    identity = pyrage.passphrase.decrypt((vault.folder / "herten.age").read_bytes(), PASSPHRASE).decode().strip()

    plain = pyrage.decrypt(copy.read_bytes(), [pyrage.x25519.Identity.from_str(identity)])

    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:gz") as archive:
        assert archive.getnames() == ["contents.json", "database.db", "node.toml", "membership.json"]
