"""The doctor finds what is wrong with a node or a hub, says what to do, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hub import doctor as hub_doctor
from hub.opening import close_hub, init_hub, new_settings
from hub.party import Hub
from node import doctor
from node.opening import close_node
from node.party import Node
from node.settings import load_settings, save_membership, save_settings
from shared.clock import SystemClock
from shared.doctor.finding import Check, Finding, Grade, good, look_at, worst
from shared.doctor.network import look_at_database
from shared.errors import ConfigError
from shared.holdings import facts
from tests.support.lone_node import make_member, make_node
from tests.support.world import SeededDice, VirtualClock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(SystemClock().now())


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", clock)
    yield node
    close_node(node)


@pytest.fixture
def hub(tmp_path: Path, clock: VirtualClock) -> Iterator[Hub]:
    home = tmp_path / "hub"
    hub = init_hub(
        new_settings(home, "hub.kreisweit.example", "http://127.0.0.1:9"), b"drei graue Katzen", clock=clock,
        dice=SeededDice("hub"),
    )  # fmt: skip
    yield hub
    close_hub(hub)


def found(node: Node, check: str) -> Finding:
    findings = doctor.examine(load_settings(node.home), node.clock)
    return next(one for one in findings if one.check == check)


def files_of(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def test_a_healthy_node_has_nothing_bad_but_what_a_test_cannot_have(node: Node) -> None:
    findings = doctor.examine(load_settings(node.home), node.clock)

    bad = {one.check for one in findings if one.grade is Grade.BAD}
    assert bad <= {"backups", "name", "hub"}
    assert len(findings) >= 15
    assert all(one.advice for one in findings if one.grade in (Grade.BAD, Grade.WARNING))


def test_looking_changes_nothing(node: Node) -> None:
    node.db.scrub()
    before = {path: data for path, data in files_of(node.home).items() if not path.endswith(("-wal", "-shm"))}

    doctor.examine(load_settings(node.home), node.clock)

    after = {path: data for path, data in files_of(node.home).items() if not path.endswith(("-wal", "-shm"))}
    assert after == before


@pytest.mark.parametrize(
    ("url", "grade"),
    [
        ("", Grade.SKIPPED),
        ("sqlite:///node.db", Grade.SKIPPED),
        ("postgresql://kw:geheim@localhost/kw", Grade.GOOD),
        ("postgresql:///kw?host=/run/postgresql", Grade.GOOD),
        ("postgresql://kw:geheim@db.stadt.example/kw", Grade.WARNING),
        ("postgresql://kw:geheim@db.stadt.example/kw?sslmode=require", Grade.WARNING),
        ("postgresql://localhost/kw?host=db.stadt.example", Grade.WARNING),
        ("postgresql://kw:geheim@db.stadt.example/kw?sslmode=verify-full", Grade.GOOD),
    ],
)
def test_database_server_beyond_an_unchecked_connection_is_a_warning(url: str, grade: Grade) -> None:
    answer = look_at_database(url)

    assert answer[0] is grade
    assert "geheim" not in str(answer)


@pytest.mark.parametrize(
    ("url", "public_url", "grade"),
    [
        ("https://angebote.herten.example", "", Grade.WARNING),
        ("https://angebote.herten.example", "https://angebote.herten.example", Grade.GOOD),
        ("-", "", Grade.SKIPPED),
    ],
)
def test_node_that_people_reach_by_https_is_warned_when_its_cookie_is_not_bound_to_it(
    node: Node, url: str, public_url: str, grade: Grade
) -> None:
    assert node.membership is not None
    save_membership(node.home, msgspec.structs.replace(node.membership, url=url))
    save_settings(msgspec.structs.replace(node.settings, public_url=public_url))

    assert found(node, "cookie").grade is grade


def drop_key(node: Node) -> None:
    (node.home / "keys" / "log-g1.key").unlink()


def open_key(node: Node) -> None:
    (node.home / "keys" / "log-g1.key").chmod(0o644)


def swap_keys(node: Node) -> None:
    save_settings(msgspec.structs.replace(node.settings, origin="other.example/feed/g1"))


def open_home(node: Node) -> None:
    node.home.chmod(0o755)


def tear_database(node: Node) -> None:
    node.db.scrub()
    node.db.close()
    path = node.home / "node.db"
    data = bytearray(path.read_bytes())
    for page in range(3, len(data) // 8192):
        data[page * 8192 : page * 8192 + 200] = b"x" * 200
    path.write_bytes(data)


def no_database(node: Node) -> None:
    node.db.close()
    for path in node.home.glob("node.db*"):
        path.write_bytes(b"nothing of a database" * 500)


def clock_ahead(node: Node) -> None:
    assert isinstance(node.clock, VirtualClock)
    node.clock.time -= 86_400


def recovering(node: Node) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, "recovering-since", node.clock.now() - 7200)


def forked(node: Node) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, "forked", 1)


def delivery_fails(node: Node) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, "last-push", node.clock.now() - 60)
        facts.save_fact(conn, "talk-failure", "E_FETCH hub.example is down")


def old_roster(node: Node) -> None:
    assert isinstance(node.clock, VirtualClock)
    node.clock.time += 290 * 86_400


def no_ballast(node: Node) -> None:
    (node.home / "ballast").unlink()


@pytest.mark.parametrize(
    ("break_it", "check", "grade", "words"),
    [
        (drop_key, "keys", Grade.BAD, "fehlt"),
        (open_key, "keys", Grade.BAD, "log-g1.key"),
        (swap_keys, "keys", Grade.BAD, "nicht von other.example/feed/g1"),
        (open_home, "home", Grade.WARNING, "auch andere"),
        (tear_database, "damage", Grade.BAD, "beschädigt"),
        (no_database, "damage", Grade.BAD, "beschädigt"),
        (clock_ahead, "log", Grade.BAD, "in der Zukunft"),
        (recovering, "recovery", Grade.WARNING, "seit 120 Minuten"),
        (forked, "recovery", Grade.BAD, "zwei unterschriebene"),
        (delivery_fails, "delivery", Grade.BAD, "gescheitert"),
        (old_roster, "roster", Grade.WARNING, "läuft in"),
        (no_ballast, "ballast", Grade.WARNING, "fehlt"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_wrong_is_found(
    node: Node, break_it: Callable[[Node], None], check: str, grade: Grade, words: str
) -> None:
    break_it(node)

    one = found(node, check)

    assert one.grade is grade, one
    assert words in one.message
    assert one.advice


def test_node_before_it_joins_is_told_how(tmp_path: Path, clock: VirtualClock) -> None:
    node = make_node(tmp_path / "herten", clock)

    assert found(node, "membership").advice == "kreisweit-node join CODE --url URL"
    assert found(node, "hub").grade is Grade.SKIPPED
    close_node(node)


def test_root_key_on_the_hub_is_a_warning(hub: Hub) -> None:
    findings = {one.check: one for one in hub_doctor.examine(hub.settings, hub.clock)}

    assert findings["root-key"].grade is Grade.WARNING
    assert findings["roster"].grade is Grade.GOOD
    assert findings["address"].grade is Grade.BAD


def test_database_of_a_newer_program_is_named(node: Node) -> None:
    with node.db.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    one = found(node, "schema")

    assert one.grade is Grade.BAD
    assert "neueren Programm" in one.message


def test_a_look_that_fails_is_a_finding_and_the_others_go_on() -> None:
    def fail() -> tuple[Grade, str]:
        raise ConfigError("Das fehlt", advice="Holen.")

    def stumble() -> tuple[Grade, str]:
        raise ZeroDivisionError

    findings = look_at([Check("a", "A", fail), Check("b", "B", stumble), Check("c", "C", lambda: good("gut"))])

    assert [(one.grade, one.message) for one in findings] == [
        (Grade.BAD, "Das fehlt"), (Grade.BAD, "ZeroDivisionError"), (Grade.GOOD, "gut"),
    ]  # fmt: skip
    assert worst(findings) is Grade.BAD


def test_command_ends_with_the_worst_and_speaks_json(tmp_path: Path) -> None:
    home = tmp_path / "herten"
    close_node(make_node(home, VirtualClock(SystemClock().now())))

    command = [sys.executable, "-m", "node", "--home", str(home), "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert {one["check"]: one["grade"] for one in json.loads(done.stdout)}["membership"] == "bad"
