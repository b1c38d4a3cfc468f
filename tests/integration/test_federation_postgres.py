"""The same federation on a real PostgreSQL: one hub and two nodes, each with a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hub import notices
from hub.notices import Wanted
from node.erasing import erase
from node.upkeep import tidy
from shared.database import Database
from shared.holdings import logs, payloads
from tests.support.postgres import fresh_database, postgres_server
from tests.support.world import World, publish, titles, withdraw

__all__ = ["postgres_server"]

MakeWorld = Callable[[], World]


@pytest.fixture
def make_world(request: pytest.FixtureRequest) -> Iterator[MakeWorld]:
    """Make worlds whose parties live in PostgreSQL; their connections are closed afterwards."""
    server = request.getfixturevalue("postgres_server")
    databases: list[Database] = []

    class PostgresWorld(World):
        def make_database(self, name: str) -> Database:
            databases.append(Database(fresh_database(server)))
            return databases[-1]

    yield lambda: PostgresWorld(["herten", "marl"])
    for db in databases:
        db.close()


def test_offers_travel_and_leave_on_postgresql(make_world: MakeWorld) -> None:
    world = make_world()
    rid = publish(world.nodes["herten"], "Sprachcafé")
    publish(world.nodes["marl"], "Ämterlotsen")
    publish(world.nodes["marl"], "Zoobesuch")
    world.settle()
    shown_before = titles(world.nodes["herten"])

    withdraw(world.nodes["herten"], rid)
    world.settle()

    assert shown_before == ["Sprachcafé", "Zoobesuch", "Ämterlotsen"]
    assert titles(world.nodes["marl"]) == ["Zoobesuch", "Ämterlotsen"]


def test_both_databases_come_to_the_same_digest(make_world: MakeWorld) -> None:
    digests = []
    for world in (make_world(), World(["herten", "marl"])):
        for number in range(300):
            publish(world.nodes["herten"], f"Angebot {number}")
        world.settle()
        digests.append(world.digests()["marl"])

    assert digests[0] == digests[1] != ""


def test_erased_person_is_gone_from_every_database(make_world: MakeWorld) -> None:
    world = make_world()
    publish(world.nodes["herten"], "Beratung", summary="Beratung bei Erika Mustermann im Rathaus, ohne Anmeldung.")
    world.settle()

    erase(world.nodes["herten"], "Erika Mustermann")
    world.settle()

    for db in (world.hub.db, *(node.db for node in world.nodes.values())):
        with db.read() as conn:
            bodies = [b for log in logs.load_logs(conn) for _, _, b in payloads.iterate_payloads(conn, log.id)]
        assert bodies
        assert not [body for body in bodies if b"Mustermann" in body]
    assert titles(world.nodes["marl"]) == ["Beratung"]
    tidy(world.nodes["marl"])


def test_hidden_offer_is_hidden_and_found_on_postgresql(make_world: MakeWorld) -> None:
    world = make_world()
    rid = publish(world.nodes["herten"], "Sprachcafé am Markt")
    publish(world.nodes["marl"], "Zoobesuch")
    world.settle()
    found = notices.search_offers(world.hub, "café")

    made = notices.hide(world.hub, rid, Wanted("law", "Der Text wirbt für Gewalt.", "", "2026-03-31", is_sure=True))
    world.settle()
    hidden = titles(world.nodes["marl"])
    notices.lift(world.hub, made.rid, "Der Text ist berichtigt.")
    world.settle()

    assert [one.title for one in found] == ["Sprachcafé am Markt"]
    assert hidden == ["Zoobesuch"]
    assert titles(world.nodes["marl"]) == ["Sprachcafé am Markt", "Zoobesuch"]


def test_wiped_hub_heals_on_postgresql(make_world: MakeWorld) -> None:
    world = make_world()
    publish(world.nodes["herten"], "Bleibt")
    world.settle()

    world.wipe("hub")
    world.settle(1500)

    assert titles(world.nodes["marl"]) == ["Bleibt"]
    assert world.hub.book.version() == 1
