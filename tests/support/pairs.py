"""Offers of several cities that are, or are not, the same."""

from __future__ import annotations

from typing import Any

from hub.deciding import Decider
from hub.duplicates import catch_up
from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from tests.support.world import World

BY = Decider(1, "Kurator")


def publish_offer(node: Node, rid: bytes | None = None, /, **fields: Any) -> bytes:
    """Put an offer with these fields, or a new version of one, into a node's outbox; returns its id."""
    with node.db.write() as conn:
        head = None
        if rid is not None:
            head = logs.load_heads(conn, logs.load_log(conn, node.settings.origin).id, [rid]).get(rid)
        rid = rid or node.dice.token(16)
        doc = {
            "id": rid.hex(), "owner": node.settings.ags, "summary": "Ein Angebot zum Mitmachen für alle.",
            "topics": ["sprache"], "providers": [{"name": "AWO Unterbezirk Münsterland-Recklinghausen"}], **fields,
        }  # fmt: skip
        body = seal_payload(doc, node.dice.token(32))
        base = NEW if head is None else head.position
        edits.add_edit(conn, Edit("publish", "offer", rid, base, node.clock.now(), commitment_of(body), body))
    return rid


COURSE: dict[str, Any] = {
    "name": "Nähcafé International",
    "url": "https://www.awo-msl-re.de/naehcafe",
    "schedule_text": "Montag 9 bis 12 Uhr",
    "phones": [{"number": "+49 2366 303160"}],
    "locations": [{"address_1": "Ewaldstraße 1", "postal_code": "45699", "city": "Herten"}],
}


PLACES = (
    ("Caritasverband Herten", "Ewaldstraße 1", "45699", "Herten"), ("Diakonie Marl", "Bergstraße 7", "45768", "Marl"),
    ("Volkshochschule Datteln", "Genthiner Straße 8", "45711", "Datteln"),
    ("Stadtbücherei Dorsten", "Im Werth 6", "46282", "Dorsten"),
    ("DRK Waltrop", "Hochstraße 21", "45731", "Waltrop"),
    ("Jugendhaus Gladbeck", "Wilhelmstraße 3", "45964", "Gladbeck"),
    ("Familienbüro Haltern", "Dr.-Conrads-Straße 1", "45721", "Haltern am See"),
    ("Moscheeverein Recklinghausen", "Herner Straße 40", "45657", "Recklinghausen"),
    ("Interkultureller Verein Oer-Erkenschwick", "Agnesplatz 1", "45739", "Oer-Erkenschwick"),
    ("Sportclub Castrop-Rauxel", "Bahnhofstraße 28", "44575", "Castrop-Rauxel"),
)  # fmt: skip
"""Where offers are that have nothing to do with each other."""


def publish_pairs(world: World, titles: list[str], cities: tuple[str, str] = ("herten", "marl")) -> list[list[bytes]]:
    """Let two cities publish the same offers, each under its own id; returns the ids of each pair."""
    pairs = []
    for number, title in enumerate(titles):
        provider, street, postal_code, town = PLACES[number % len(PLACES)]
        offer = {
            "name": title, "schedule_text": COURSE["schedule_text"], "url": f"https://verein-{number}.de/angebot",
            "providers": [{"name": provider}], "phones": [{"number": f"+49 2361 55{number}{number}{number}"}],
            "locations": [{"address_1": street, "postal_code": postal_code, "city": town}],
        }  # fmt: skip
        pairs.append([publish_offer(world.nodes[city], **offer) for city in cities])
    settle(world)
    return pairs


def settle(world: World) -> None:
    """Let everything arrive, and let the hub compare what came."""
    world.settle()
    catch_up(world.hub)
