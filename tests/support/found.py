"""A search for tests that need none: every shown offer whose title holds the words, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from shared.database import Database
from shared.holdings import catalogue
from shared.search.asking import Asked
from shared.search.found import Answer, Hit
from shared.web.offer_page import read_offer


class PlainFinder:
    """Reads the catalogue anew for each question."""

    def __init__(self, db: Database, origins: Callable[[], Sequence[str]]) -> None:
        self._db = db
        self._origins = origins
        self.stamp = 1

    def matching(self, asked: Asked, *, today: date) -> list[Hit]:
        with self._db.read() as conn:
            shown = list(catalogue.iterate_shown(conn, self._origins()))
        found = [one for one in shown if asked.words.lower() in one.title.lower()]
        found = [one for one in found if not asked.cities or one.member in asked.cities]
        found.sort(key=lambda one: read_offer(one.body).last_modified, reverse=True)
        return [Hit(one.rid, one.member) for one in found]

    def find(self, asked: Asked, *, today: date, per_page: int = 20) -> Answer:
        hits = self.matching(asked, today=today)
        return Answer(asked, tuple(hits[:per_page]), len(hits), 1, 1)
