"""A district with offers here and there, for pages about what is missing."""

from __future__ import annotations

from pathlib import Path

from hub import needs
from hub.gaps import Gaps
from hub.needs import Told
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from tests.support.catalogue import publish_doc
from tests.support.desk import make_passwords_cheap
from tests.support.searching import give_index
from tests.support.world import World

WALTROP, HERTEN, KREIS = "05562036", "05562020", "05562000"


def make_gap_world(folder: Path) -> World:
    """Three publishers: a language course in Waltrop and Herten, advice for two cities, something for all of them."""
    world = World(["herten", "waltrop", "kreis"])
    make_passwords_cheap(world.hub)
    waltrop, herten, district = (world.nodes[name] for name in ("waltrop", "herten", "kreis"))
    place = {"name": "Stadthaus", "postal_code": "45731", "city": "Waltrop"}
    publish_doc(
        waltrop, "Deutsch am Abend", topics=["sprache.kurs"], locations=[place], languages=[{"code": "tr"}],
        target_groups=["neu"], review_due="2026-12-31", assured_date="2025-12-31",
    )  # fmt: skip
    publish_doc(herten, "Deutsch für alle", topics=["sprache"], review_due="2025-03-01", assured_date="2024-03-01")
    publish_doc(herten, "Beratung in zwei Städten", topics=["beratung"], service_areas=[HERTEN, WALTROP])
    publish_doc(district, "Dolmetschen im ganzen Kreis", topics=["sprachmittlung"], service_areas=[KREIS])
    level(world, folder)
    return world


def level(world: World, folder: Path) -> None:
    """Let the hub's index show what the nodes published."""
    world.settle()
    give_index(world.hub, folder)


def join_offers(world: World, folder: Path, *rids: bytes) -> None:
    """Let the hub say that these offers are one."""
    rid = world.hub.dice.token(16)
    doc = {"id": rid.hex(), "owner": KREIS, "title": "Zusammen", "members": [one.hex() for one in rids]}
    body = seal_payload(doc, world.hub.dice.token(32))
    with world.hub.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "cluster", rid, NEW, world.clock.now(), commitment_of(body), body))
    level(world, folder)


def tell_need(
    gaps: Gaps, topic: str = "wohnen", *, city: str = "waltrop", number: int = 2, account_id: int = 1, **more: str
) -> int:
    """Report a need; returns its number."""
    told = Told(city=city, topic=topic, number=str(number), **more)
    needs.report(gaps, told, cities=[city], account_id=account_id)
    return max(shown.row.id for shown in needs.list_needs(gaps))
