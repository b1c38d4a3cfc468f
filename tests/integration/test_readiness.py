"""Whether a party says itself that it is not ready: schema, keys and work, over HTTP, with nothing written."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from litestar import Litestar
from litestar.testing import TestClient

from node.opening import close_node
from node.party import Node
from node.upkeep import start
from shared.feed.keys import LOG
from shared.holdings import facts
from shared.holdings.migrating import VERSION_TABLE
from shared.keyring import Keyring
from shared.seal import Signer
from tests.support.lone_node import make_member
from tests.support.loopback import app_of
from tests.support.world import SeededDice, VirtualClock

MINUTE = 60


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", clock)
    yield node
    close_node(node)


def ask(app: Litestar) -> tuple[int, dict[str, Any]]:
    with TestClient(app) as client:
        answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def work(node: Node, *, leased_seconds: int) -> None:
    """The last round of the work ended now; whoever did it holds the lease for so long."""
    with node.db.write() as conn:
        facts.save_fact(conn, "tidied-at", node.clock.now())
        facts.take_lease(conn, "jobs", "worker", now=node.clock.now(), seconds=leased_seconds)


def fill(path: Path) -> None:
    """Take all the room that the disk still has."""
    with path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))


def test_party_in_order_is_ready_and_writes_nothing_to_say_so(node: Node) -> None:
    with TestClient(app_of(node)) as client:
        before = node.db.writes
        answer = client.get("/readyz")
        after = node.db.writes

    assert answer.status_code == 200
    assert answer.json()["checks"] == {"log": "ok", "clock": "ok", "migrations": "ok", "keys": "ok", "queue": "ok"}
    assert after == before


def test_party_whose_database_lacks_a_migration_is_not_ready(node: Node) -> None:
    with node.db.write() as conn:
        conn.execute(sa.update(sa.table(VERSION_TABLE, sa.column("version_num"))).values(version_num="0000"))

    status, checks = ask(app_of(node))

    assert (status, checks["migrations"]) == (503, "older")


@pytest.mark.parametrize(
    ("name", "code"), [("witness.key", "unreadable"), ("log-g1.key", "missing")], ids=["witness", "log"]
)
def test_party_whose_key_file_is_gone_is_not_ready(node: Node, name: str, code: str) -> None:
    (node.settings.key_folder / name).unlink()

    status, checks = ask(app_of(node))

    assert (status, checks["keys"]) == (503, code)


def test_party_whose_open_key_is_another_than_that_on_the_disk_is_not_ready(node: Node) -> None:
    (node.settings.key_folder / "log-g1.key").unlink()
    Keyring(node.settings.key_folder).make_log_key(node.settings.origin, 1, SeededDice("another"))

    status, checks = ask(app_of(node))

    assert (status, checks["keys"]) == (503, "changed")


def test_party_whose_keys_the_roster_does_not_name_is_not_ready(node: Node) -> None:
    (node.settings.key_folder / "log-g1.key").unlink()
    key = Keyring(node.settings.key_folder).make_log_key(node.settings.origin, 1, SeededDice("another"))
    assert key.verifying.kind == LOG
    node.signer = Signer((key,), node.signer.witness)

    status, checks = ask(app_of(node))

    assert (status, checks["keys"]) == (503, "not-in-roster")


def test_party_is_ready_during_a_rotation_of_its_key(node: Node) -> None:
    Keyring(node.settings.key_folder).make_next_log_key(node.settings.origin, 1, SeededDice("next"))

    assert ask(app_of(node))[0] == 200


def test_party_without_a_worker_is_not_ready_after_two_minutes(node: Node, clock: VirtualClock) -> None:
    work(node, leased_seconds=10)
    app = app_of(node)
    clock.time += MINUTE
    soon = ask(app)
    clock.time += MINUTE + 1

    late = ask(app)

    assert (soon[0], soon[1]["queue"]) == (200, "ok")
    assert (late[0], late[1]["queue"]) == (503, "no-worker")


def test_party_whose_work_never_ends_a_round_is_not_ready(node: Node, clock: VirtualClock) -> None:
    work(node, leased_seconds=60 * MINUTE)
    app = app_of(node)
    clock.time += 14 * MINUTE
    soon = ask(app)
    clock.time += 2 * MINUTE

    late = ask(app)

    assert (soon[0], soon[1]["queue"]) == (200, "ok")
    assert (late[0], late[1]["queue"]) == (503, "stuck")


def test_party_that_was_off_for_a_week_and_recovers_is_ready(node: Node, clock: VirtualClock) -> None:
    work(node, leased_seconds=10)
    clock.time += 7 * 24 * 60 * MINUTE
    start(node)

    status, checks = ask(app_of(node))

    assert (status, checks["queue"]) == (200, "ok")


@pytest.mark.skipif(
    shutil.which("mount") is None or os.geteuid() != 0, reason="only root can make a small disk (mount -t tmpfs)"
)
def test_full_disk_is_told_and_leaves_the_party_ready(tmp_path: Path, clock: VirtualClock) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
    try:
        node = make_member(disk / "herten", clock)
        app = app_of(node)
        fill(disk / "filler")
        clock.time += 60 * MINUTE

        full = ask(app)
        (disk / "filler").unlink()
        with_room = ask(app)

        close_node(node)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
    assert (full[0], full[1]["queue"]) == (200, "disk-full")
    assert (with_room[0], with_room[1]["queue"]) == (503, "no-worker")
