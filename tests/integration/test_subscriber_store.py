"""Keys, subscribers, their log and erasure steps on both databases: one contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from hub.store import deliveries, erasure_steps, keys
from hub.store import subscribers as stored
from hub.store.deliveries import Delivery
from hub.store.migrate import migrate_database
from hub.store.subscribers import ACTIVE, DISABLED, PAUSED, Subscriber
from shared.database import Database
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

NOW, FURTHEST = 1000, 500
OLD, NEW = b"old---", b"new---"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Connection]:
    url = f"sqlite:///{tmp_path / 'hub.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    db = Database(url)
    migrate_database(db)
    with db.write() as conn:
        yield conn
    db.close()


@pytest.fixture
def owner(conn: sa.Connection) -> int:
    number = keys.save_integrator(conn, "Integreat", "technik@app.example", now=1)
    keys.add_key(conn, number, b"k" * 32, "kwk_abcdef", now=1)
    return number


def made(conn: sa.Connection, owner: int, name: str, **values: object) -> bytes:
    """Keep a subscriber that is told and for which a message is due; returns its id."""
    row = Subscriber(
        id=name.encode().ljust(16), integrator_id=owner, url="https://app.example/", description=name, kinds="",
        secret=b"s" * 32, old_secret=None, old_secret_until=0, created=1, state=ACTIVE, reason="", seen="a.1",
        message="msg_1", message_time=1, next_try=NOW, failures=0, failing_since=None, test="", done_step=0,
        acknowledged=None, warned_step=0,
    )  # fmt: skip
    stored.add_subscriber(conn, msgspec.structs.replace(row, **values))
    return row.id


def test_known_name_gets_the_new_mailbox_and_keeps_its_number(conn: sa.Connection, owner: int) -> None:
    again = keys.save_integrator(conn, "Integreat", "neu@app.example", now=2)

    assert again == owner
    assert [(one.name, one.email, one.created) for one in keys.load_integrators(conn)] == [
        ("Integreat", "neu@app.example", 1)
    ]


def test_key_is_found_by_its_hash_until_it_is_revoked(conn: sa.Connection, owner: int) -> None:
    found = keys.find_owner(conn, b"k" * 32)
    assert found is not None
    keys.note_use(conn, found[0], now=5)
    used = keys.find_owner(conn, b"k" * 32)
    keys.revoke_key(conn, found[0], now=6)

    assert found[1:] == (owner, None)
    assert used == (found[0], owner, 5)
    assert keys.find_owner(conn, b"k" * 32) is None
    assert keys.find_owner(conn, b"x" * 32) is None


def test_due_is_what_waits_for_somebody_who_is_told(conn: sa.Connection, owner: int) -> None:
    due = {
        made(conn, owner, "now"),
        made(conn, owner, "clock ran ahead", next_try=NOW + FURTHEST + 1),
        made(conn, owner, "test", state=DISABLED, test="msg_2"),
    }
    made(conn, owner, "later", next_try=NOW + 1)
    made(conn, owner, "nothing waits", message="")
    made(conn, owner, "paused", state=PAUSED)
    made(conn, owner, "no address", url="")

    assert set(stored.find_due(conn, now=NOW, within=FURTHEST)) == due
    assert stored.is_anyone_told(conn)
    keys.revoke_key(conn, keys.load_keys(conn)[0].id, now=NOW)
    assert stored.find_due(conn, now=NOW, within=FURTHEST) == []


def test_unseen_are_those_who_are_told_and_were_not_looked_at(conn: sa.Connection, owner: int) -> None:
    key = made(conn, owner, "old state")
    made(conn, owner, "new state", seen="a.2")
    made(conn, owner, "paused", state=PAUSED)

    assert [row.id for row in stored.iterate_unseen(conn, "a.2")] == [key]


def test_everything_of_an_integrator_goes_with_it(conn: sa.Connection, owner: int) -> None:
    key = made(conn, owner, "copy", old_secret=b"o" * 32)
    deliveries.add_delivery(
        conn, key, Delivery("msg_1", is_test=False, attempt=1, time=1, status=200, error="", milliseconds=3)
    )
    read = stored.load_subscriber(conn, key)

    assert keys.drop_integrator(conn, "Integreat")

    assert read is not None
    assert (read.secret, read.old_secret) == (b"s" * 32, b"o" * 32)
    assert (stored.load_all(conn), keys.load_keys(conn)) == ([], [])
    assert deliveries.load_deliveries(conn, key, before=None, most=10) == []
    assert not keys.drop_integrator(conn, "Integreat")


def test_newest_test_is_told_from_news(conn: sa.Connection, owner: int) -> None:
    key = made(conn, owner, "copy")
    for time, is_test in ((1, True), (2, True), (3, False)):
        row = Delivery("msg_1", is_test=is_test, attempt=1, time=time, status=0, error="dns", milliseconds=0)
        deliveries.add_delivery(conn, key, row)

    assert deliveries.newest_test(conn, key) == 2
    assert deliveries.drop_old(conn, before=3) == 2
    assert [one.time for one in deliveries.load_deliveries(conn, key, before=None, most=10)] == [3]


def test_steps_are_counted_within_a_list_and_lists_follow_each_other(conn: sa.Connection) -> None:
    added = [
        erasure_steps.add_step(conn, *step, time=time)
        for time, step in enumerate([(OLD, 5), (OLD, 5), (OLD, 9), (NEW, 2), (NEW, 7)])
    ]

    assert added == [True, False, True, True, True]
    done = {number: erasure_steps.last_done(conn, NEW, number) for number in (1, 2, 6, 7, 8)}
    assert done == {1: 2, 2: 3, 6: 3, 7: 4, 8: 4}
    assert [(step.epoch, step.number) for step in erasure_steps.load_steps(conn, after=2)] == [(NEW, 2), (NEW, 7)]


def test_newest_step_is_not_forgotten_so_that_it_is_not_counted_twice(conn: sa.Connection) -> None:
    for number in (5, 9):
        erasure_steps.add_step(conn, OLD, number, time=1)

    erasure_steps.drop_done(conn, until=2)

    assert [step.number for step in erasure_steps.load_steps(conn, after=0)] == [9]
    assert not erasure_steps.add_step(conn, OLD, 9, time=2)
    assert erasure_steps.newest_step(conn) == 2
