"""Kept pages around a real party: what changes is seen at once, whoever changed it, and languages stay apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from node.city import save_city
from node.store import desk_settings
from shared.database import Database
from shared.holdings.showing import shown_state
from tests.support.desk import BROWSER, make_desk_node
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_indexes
from tests.support.world import VirtualClock, World, publish, withdraw


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    yield world
    close_all(world)


def test_changed_offer_is_seen_at_once_at_its_node_and_at_the_hub(world: World, tmp_path: Path) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Zeichenkurs")
    world.settle()
    give_indexes(world, tmp_path)
    with TestClient(app_of(herten)) as node, TestClient(app_of(world.hub)) as hub:
        for client in (node, hub):
            assert "Zeichenkurs" in client.get("/angebote", headers=BROWSER).text
            assert "Zeichenkurs" in client.get(f"/angebote/{rid.hex()}", headers=BROWSER).text
        publish(herten, "Malkurs", rid)
        world.settle()
        for client in (node, hub):
            page = client.get(f"/angebote/{rid.hex()}", headers=BROWSER).text
            assert "Malkurs" in page
            assert "Zeichenkurs" not in page
            assert "Malkurs" in client.get("/angebote", headers=BROWSER).text
        withdraw(herten, rid)
        world.settle()
        give_indexes(world, tmp_path)
        world.clock.time += 1
        assert "Malkurs" not in node.get("/angebote", headers=BROWSER).text
        assert node.get(f"/angebote/{rid.hex()}", headers=BROWSER).status_code in (404, 410)


def test_offer_that_waits_for_its_seal_and_new_words_of_the_city_are_seen_at_once(world: World) -> None:
    herten = world.nodes["herten"]
    with TestClient(app_of(herten)) as client:
        before = client.get("/", headers=BROWSER).text
        publish(herten, "Nähkurs")
        waiting = client.get("/", headers=BROWSER).text
        save_city(herten, {"greeting": "Willkommen in Herten!"})
        greeted = client.get("/", headers=BROWSER).text

    assert "Nähkurs" not in before
    assert "Nähkurs" in waiting
    assert "Willkommen in Herten!" in greeted


def test_unchanged_page_is_not_made_again_within_the_minute(world: World) -> None:
    herten = world.nodes["herten"]
    with TestClient(app_of(herten)) as client:
        client.get("/", headers=BROWSER)
        asked = count_reads(herten.db)
        client.get("/", headers=BROWSER)

        assert asked == []


def count_reads(db: Database) -> list[str]:
    """Collect the statements that the database is asked from now on."""
    asked: list[str] = []

    # By SQLite itself: prepared statements pass by the events of SQLAlchemy.
    @sa.event.listens_for(db.engine, "checkout")
    def watch(connection: Any, *rest: object) -> None:
        connection.set_trace_callback(asked.append)

    return asked


def test_what_another_process_wrote_is_seen_within_a_second(tmp_path: Path) -> None:
    clock = VirtualClock()
    node = make_desk_node(tmp_path / "herten", clock)
    other = Database(node.settings.database_url)
    with TestClient(app_of(node)) as client:
        before = client.get("/", headers=BROWSER).text
        with other.write() as conn:
            desk_settings.save_texts(conn, {"greeting": "Willkommen in Herten!"})
        clock.time += 1
        after = client.get("/", headers=BROWSER).text
    other.close()
    node.db.close()

    assert "Willkommen" not in before
    assert "Willkommen in Herten!" in after


def test_words_about_time_change_with_the_minute() -> None:
    world = World(["herten"])
    world.settle()
    with TestClient(app_of(world.nodes["herten"])) as client:
        first = client.get("/", headers=BROWSER).text
        world.clock.time += 60 * 5
        second = client.get("/", headers=BROWSER).text
    close_all(world)

    assert "vor 5 Minuten" not in first
    assert "vor 5 Minuten" in second


def test_state_differs_after_what_another_process_wrote(world: World) -> None:
    herten = world.nodes["herten"]
    with herten.db.read() as conn:
        before = shown_state(conn)
    publish(herten, "Nähkurs")
    with herten.db.read() as conn:
        waiting = shown_state(conn)
    world.settle()
    with herten.db.read() as conn:
        sealed = shown_state(conn)

    assert len({before, waiting, sealed}) == 3
