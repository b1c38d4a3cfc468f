"""A small world whose catalogue visitors can search: sample offers of some cities, and offers made for one question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from node.importing import import_table
from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from tests.support.world import World, offer_doc

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
CITIES = ("herten", "marl", "recklinghausen", "kreis")

TUESDAY = {"byday": ["TU"], "opens_at": "14:00", "closes_at": "16:00", "freq": "WEEKLY"}
FITTING = {
    "topics": ["sprache.kurs"],
    "especially_for": ["neu"],
    "is_free": True,
    "schedules": [TUESDAY],
    "locations": [{"name": "Bürgerhaus", "address_1": "Musterweg 1", "postal_code": "45770", "city": "Marl"}],
}
"""Deutsch lernen, insbesondere für Neuzugewanderte, within 5 km of 45770, Tuesday, free."""
QUESTION = "/angebote?thema=sprache&besonders=neu&tag=di&kostenfrei=ja&plz=45770&km=5"
"""The question that these offers answer, and no offer of the sample."""


def make_world(names: Sequence[str] = CITIES) -> World:
    """Return a settled world with the sample offers of its cities."""
    world = World(names)
    data = SAMPLE.read_bytes()
    for node in world.nodes.values():
        import_table(node, data, own_only=True, editor="Person Rita")
    world.settle()
    return world


def publish_doc(node: Node, title: str = "Angebot", **fields: object) -> bytes:
    """Put an offer with these fields into a node's outbox; returns its id."""
    rid = node.dice.token(16)
    doc = {**offer_doc(rid, node.settings.ags, title), **fields}
    body = seal_payload(doc, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))
    return rid


def publish_fitting(world: World) -> list[bytes]:
    """Publish three offers that fit the question of QUESTION, and three that miss it in one thing each."""
    marl = world.nodes["marl"]
    found = [publish_doc(marl, f"Deutsch für den Anfang {number}", **FITTING) for number in (1, 2, 3)]
    publish_doc(marl, "Deutsch am Mittwoch", **{**FITTING, "schedules": [{**TUESDAY, "byday": ["WE"]}]})
    publish_doc(marl, "Deutsch mit Gebühr", **{**FITTING, "is_free": False})
    publish_doc(marl, "Deutsch weit weg", **{**FITTING, "locations": [{"postal_code": "45731", "city": "Waltrop"}]})
    world.settle()
    return found
