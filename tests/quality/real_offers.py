"""The real offers of the district in one catalogue: eleven nodes import their rows, the hub merges them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from hub import viewing
from node.importing import import_table
from shared.consume import shown_origins
from shared.database import Database
from shared.holdings.catalogue import iterate_shown
from shared.indexing import Indexer
from shared.model.district import District
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.text import fold
from shared.search.asking import Asked
from shared.search.finding import Finder
from shared.web.offer_page import read_offer
from tests.quality.questions import FIRST_PAGE
from tests.support.world import World

OFFERS = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"


def import_offers(world: World) -> None:
    """Let every city import its rows, and wait until all parties agree."""
    for node in world.nodes.values():
        import_table(node, OFFERS.read_bytes(), own_only=True, editor="Person Rita")
    world.settle()


def rows_by_id(db: Database, origins: Sequence[str], district: District) -> dict[bytes, int]:
    """Return the row of the file from which each shown offer came, counted from 1."""
    table = csv.DictReader(io.StringIO(OFFERS.read_text("utf-8-sig")), delimiter=";")
    numbers = {_key(row["stadt"], row["angebot"], row["traeger"]): at for at, row in enumerate(table, 1)}
    short = {(city, title): number for (city, title, _), number in numbers.items()}
    found: dict[bytes, int] = {}
    with db.read() as conn:
        for shown in iterate_shown(conn, origins):
            doc = read_offer(shown.body)
            member = district.member(shown.member)
            city = fold((member.town or member.title) if member else shown.member)
            provider = fold(doc.providers[0].name) if doc.providers else ""
            number = numbers.get((city, fold(doc.name), provider)) or short.get((city, fold(doc.name)))
            assert number is not None, (shown.member, doc.name)
            found[shown.rid] = number
    return found


def _key(city: str, title: str, provider: str) -> tuple[str, str, str]:
    return fold(city), fold(title), fold(provider)


class RealOffers:
    """A hub's catalogue of the real offers with its search.

    Args:
        world: parties that hold the offers.
        folder: for the index file.
    """

    def __init__(self, world: World, folder: Path) -> None:
        district, vocabularies = shipped_district(), shipped_vocabularies()
        said = viewing.newest(world.hub)
        assert said is not None
        origins = shown_origins(said)
        Indexer(world.hub.db, folder / "search.db", lambda: vocabularies, district).catch_up(origins)
        self.rows = rows_by_id(world.hub.db, origins, district)
        self.finder = Finder(folder / "search.db", lambda: vocabularies, district)
        self._today = world_day(world)

    def ask(self, words: str) -> list[int]:
        """Return the rows on the first page for these words, best first; those that fit in part come last."""
        answer = self.finder.find(Asked(words=words), today=self._today, per_page=FIRST_PAGE)
        return [self.rows[hit.rid] for hit in (*answer.hits, *answer.partly)]


def world_day(world: World) -> date:
    """Return the day on the world's clock."""
    return datetime.fromtimestamp(world.clock.now(), UTC).date()
