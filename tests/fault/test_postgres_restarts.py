"""PostgreSQL goes away in the middle of things: nothing acknowledged is lost, nothing is there twice (THREATS 3.6).

The program is never started again for it.  The server is this module's own; others' tests do not notice.
"""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import pulling
from hub.store.migrate import hub_metadata, migrations
from node import importing
from node.editing import own_offers, save_offer
from node.sealing import seal_offline
from shared.database import Database, describe_trouble
from shared.holdings.migrating import check_schema, migrate, revisions, schema_of
from tests.support.lone_node import offer
from tests.support.own_postgres import CuttingProxy, OwnServer, own_server
from tests.support.wholeness import check_whole
from tests.support.world import MemoryDatabase, World, publish, titles

pytestmark = pytest.mark.postgres

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
MANY = 60


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as server:
        yield server


class PartlyPostgres(World):
    """Herten and Marl; one party's database is in PostgreSQL."""

    def __init__(self, party: str, url: str) -> None:
        self._party_in_postgres, self._url = party, url
        super().__init__(("herten", "marl"))

    def make_database(self, name: str) -> Database:
        return Database(self._url) if name == self._party_in_postgres else MemoryDatabase()

    def close(self) -> None:
        for db in (self.hub.db, *(node.db for node in self.nodes.values())):
            db.close()


@pytest.fixture
def in_herten(server: OwnServer) -> Iterator[PartlyPostgres]:
    world = PartlyPostgres("herten", server.fresh_url())
    world.settle()
    yield world
    world.close()


def before_commit(db: Database, act: object, *, number: int = 1) -> None:
    """Let something happen when the Nth transaction from now is about to be committed."""
    commits = iter(range(1, 10_000))

    @sa.event.listens_for(db.engine, "commit")
    def happen(_connection: sa.Connection) -> None:
        if next(commits) == number:
            act()  # type: ignore[operator]


def test_server_that_stops_before_the_commit_leaves_nothing_and_the_next_edit_is_saved(
    server: OwnServer, in_herten: PartlyPostgres
) -> None:
    node = in_herten.nodes["herten"]
    before_commit(node.db, server.kill)

    with pytest.raises(sa.exc.OperationalError):
        save_offer(node, offer("Nicht gespeichert"))
    server.start()
    save_offer(node, offer("Danach"))
    in_herten.settle()

    assert titles(in_herten.nodes["marl"]) == ["Danach"]
    assert check_whole(node.db) == []


def test_import_whose_commit_was_not_answered_is_repeated_and_nothing_is_there_twice(
    server: OwnServer, in_herten: PartlyPostgres
) -> None:
    node, proxy = in_herten.nodes["herten"], CuttingProxy(server)
    direct, through = node.db, Database(proxy.url_for(node.db.url.render_as_string(hide_password=False)))
    table = own_rows()
    node.db = through
    proxy.arm()

    with pytest.raises(sa.exc.OperationalError):
        importing.import_table(node, table)
    stored = len(own_offers(node))
    again = importing.import_table(node, table)

    assert proxy.cuts == 1
    assert (again.created, again.unchanged) == (0, stored)
    assert stored > 5
    node.db = direct
    through.close()
    proxy.close()


def own_rows() -> bytes:
    """The rows of Herten in the sample."""
    read = csv.DictReader(io.StringIO(SAMPLE.read_text("utf-8-sig")), delimiter=";")
    rows = [row for row in read if row["stadt"] == "Herten"]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_hub_whose_connections_are_ended_again_and_again_takes_every_offer_once(server: OwnServer) -> None:
    world = PartlyPostgres("hub", server.fresh_url())
    world.settle()
    for number in range(MANY):
        publish(world.nodes["herten"], f"Angebot {number:03}")
    seal_offline(world.nodes["herten"])
    ended = failed = 0
    is_done = threading.Event()

    def end_connections() -> None:
        nonlocal ended
        own = sa.create_engine(world.hub.db.url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        others = sa.text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with own.connect() as conn:
            while not is_done.wait(0.02):
                ended += conn.execute(others).scalar_one()
        own.dispose()

    enemy = threading.Thread(target=end_connections)
    enemy.start()
    while ended < 8:
        try:
            pulling.pull_named(world.hub, ["herten"], "test")
        except sa.exc.DBAPIError:  # as the ticker: due again in a second
            failed += 1
    is_done.set()
    enemy.join()
    world.settle(300)

    assert failed
    assert titles(world.nodes["marl"]) == [f"Angebot {number:03}" for number in range(MANY)]
    assert check_whole(world.hub.db) == []
    world.close()


def test_edit_in_a_database_that_only_reads_is_refused_in_german_and_saved_when_it_writes_again(
    server: OwnServer, in_herten: PartlyPostgres
) -> None:
    node = in_herten.nodes["herten"]
    rid = save_offer(node, offer("Vorher"))
    server.run("ALTER SYSTEM SET default_transaction_read_only = on;", "SELECT pg_reload_conf();")
    try:
        refused = refusal_of_an_edit(in_herten, rid)
    finally:
        server.run("ALTER SYSTEM RESET default_transaction_read_only;", "SELECT pg_reload_conf();")
    node.db.engine.dispose()  # connections take the new setting a moment later
    save_offer(node, offer("Danach"))
    in_herten.settle()

    assert describe_trouble(refused) == (
        "Die Datenbank nimmt zurzeit keine Änderungen an.",
        "Ist sie auf Nur-Lesen gestellt, oder fehlen Rechte an der Datei? Danach noch einmal versuchen.",
    )
    assert titles(in_herten.nodes["marl"]) == ["Danach", "Vorher"]


def refusal_of_an_edit(world: World, rid: bytes) -> Exception:
    """Save until the server has taken its new setting; what is said then."""
    for number in range(100):
        try:
            save_offer(world.nodes["herten"], offer("Vorher"), rid)
        except sa.exc.DBAPIError as error:
            return error
        time.sleep(0.001 * number)
    raise AssertionError("the edit was saved in a database that only reads")


def test_migration_that_the_server_left_in_the_middle_is_done_by_the_next_start(server: OwnServer) -> None:
    url = server.fresh_url()
    first = Database(url)
    before_commit(first, server.kill, number=4)

    with pytest.raises(sa.exc.OperationalError):
        migrate(first, migrations())
    first.close()
    server.start()
    second = Database(url)
    left = schema_of(second)
    migrate(second, migrations())

    assert left in revisions(migrations())[:-1]
    assert check_schema(second, hub_metadata()) == []
    second.close()
