"""The index is the same whatever the party's database: here a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from node.derived import derived_of
from shared.database import Database
from shared.search.asking import Asked
from tests.support.postgres import fresh_database, postgres_server
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

__all__ = ["postgres_server"]

TODAY = date(2026, 1, 10)
WORDS = ("", "yoga", "betreuung von kindern", "aerzte", "курси", "kinderbetreung")


@pytest.fixture
def postgres_world(request: pytest.FixtureRequest) -> Iterator[World]:
    server = request.getfixturevalue("postgres_server")
    databases: list[Database] = []

    class PostgresWorld(World):
        def make_database(self, name: str) -> Database:
            databases.append(Database(fresh_database(server)))
            return databases[-1]

    yield PostgresWorld(["herten", "marl"])
    for db in databases:
        db.close()


def found(world: World, folder: Path) -> list[list[bytes]]:
    """Publish the same offers, withdraw one, and return what each question finds on the node of Marl."""
    herten, marl = world.nodes["herten"], world.nodes["marl"]
    titles = ("Sprachkurse", "Kinderbetreuung", "Arzt im Viertel", "Nähkurs", "Yoga")
    rids = [publish(herten, title, bytes([number]) * 16) for number, title in enumerate(titles)]
    world.settle()
    give_index(marl, folder)
    withdraw(herten, rids[3])
    world.settle()
    derived_of(marl).catch_up()
    questions = [Asked(words=words) for words in WORDS]
    return [[hit.rid for hit in marl.finder.find(asked, today=TODAY).hits] for asked in questions]


def test_both_databases_find_the_same(postgres_world: World, tmp_path: Path) -> None:
    (tmp_path / "sqlite").mkdir()

    on_postgres = found(postgres_world, tmp_path)

    assert on_postgres == found(World(["herten", "marl"]), tmp_path / "sqlite")
    assert [len(rids) for rids in on_postgres][:4] == [4, 1, 1, 1]
