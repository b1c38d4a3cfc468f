"""The search answers what people ask, alike whatever database holds the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.database import Database
from tests.quality.__main__ import GOAL, format_report
from tests.quality.questions import ask_all, load_questions, recall
from tests.quality.real_offers import RealOffers, import_offers
from tests.support.postgres import fresh_database, postgres_server
from tests.support.world import World

__all__ = ["postgres_server"]


def test_first_page_holds_what_people_ask_for(tmp_path: Path) -> None:
    world = World()
    import_offers(world)
    questions = load_questions()

    outcomes = ask_all(questions, RealOffers(world, tmp_path).ask)

    assert len(questions) >= 150
    assert recall(outcomes) >= GOAL, format_report(outcomes, misses=True)


def test_answers_are_the_same_over_postgresql(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgres_server")
    databases: list[Database] = []

    class HubOnPostgres(World):
        def make_database(self, name: str) -> Database:
            if name != "hub":
                return super().make_database(name)
            databases.append(Database(fresh_database(server)))
            return databases[-1]

    questions = load_questions()
    answers: list[list[Any]] = []
    for number, world in enumerate((World(), HubOnPostgres())):
        import_offers(world)
        folder = tmp_path / str(number)
        folder.mkdir()
        answers.append(ask_all(questions, RealOffers(world, folder).ask))
    for db in databases:
        db.close()

    assert answers[0] == answers[1]
