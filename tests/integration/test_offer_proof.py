"""The proof of one offer as hub and nodes give it: it verifies from the root keys alone, or it is not given at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.record_proof import BUNDLE_MAX_BYTES, Verified, needed_rosters, verify_bundle
from shared.feed.roster import Pins, format_roster, parse_roster, verify_chain
from shared.holdings import edits, facts
from shared.holdings.edits import NEW, Edit
from tests.conformance.make_vectors import rosters, signed_roster
from tests.support.loopback import app_of, close_all, erase, newest_commitment
from tests.support.world import Answered, Exchange, World, offer_doc, publish, withdraw

PERSON = {"contacts": [{"name": "Erika Mustermann", "email": "erika@example.org"}]}


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    yield world
    close_all(world)


def ask(world: World, who: str, rid: str, **headers: str) -> Response:
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        answer: Response = client.get(f"/angebote/{rid}/nachweis", headers=headers)
        return answer


def verify(world: World, answer: Response) -> Verified:
    assert answer.status_code == 200, answer.text[:500]
    return verify_bundle(answer.content, Pins((world.root.verifying,), 1))


def publish_with(node: Node, **fields: object) -> str:
    rid = node.dice.token(16)
    body = seal_payload({**offer_doc(rid, node.settings.ags, "Beratung"), **fields}, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))
    return rid.hex()


@pytest.mark.parametrize("who", ["hub", "herten", "marl"])
def test_proof_verifies_from_the_root_keys_alone(world: World, who: str) -> None:
    rid = publish(world.nodes["herten"], "Sprachcafé").hex()
    world.settle()

    answer = ask(world, who, rid)

    found = verify(world, answer)
    assert (found.member, found.id, found.doc["name"]) == ("herten", rid, "Sprachcafé")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == f'attachment; filename="nachweis-{rid[:8]}.json"'
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ask(world, who, rid, **{"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert len(answer.content) < 8192 < BUNDLE_MAX_BYTES


def test_offer_of_the_api_and_the_page_lead_to_the_proof(world: World) -> None:
    rid = publish(world.nodes["herten"], "Sprachcafé")
    world.settle()
    with TestClient(app_of(world.hub)) as client:
        page = client.get(f"/angebote/{rid.hex()}", headers={"Accept": "text/html"}).text

    path = f"/angebote/{rid.hex()}/nachweis"
    assert f'href="{path}"' in page
    assert world.hub.outputs.makers().origin("herten", rid).proof.endswith(path)


def gone(world: World, who: str, rid: str, status: int) -> dict[str, Any]:
    answer = ask(world, who, rid)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    said: dict[str, Any] = json.loads(answer.content)
    return said


def test_withdrawn_and_erased_offers_have_no_proof_any_more(world: World) -> None:
    herten = world.nodes["herten"]
    ended, dead = publish(herten, "Nähkurs"), publish(herten, "Beratung")
    world.settle()
    withdraw(herten, ended)
    erase(herten, newest_commitment(herten, dead))
    world.settle()

    for who in ("hub", "herten", "marl"):
        assert gone(world, who, ended.hex(), 410)["reason"] == "ended"
        assert "reason" not in gone(world, who, dead.hex(), 410)


@pytest.mark.parametrize("rid", ["0" * 32, "nothing", "A" * 32])
def test_what_never_was_an_offer_is_not_found(world: World, rid: str) -> None:
    assert gone(world, "hub", rid, 404)["code"] == "not_found"


def test_nothing_is_proven_while_recovering(world: World) -> None:
    rid = publish(world.nodes["herten"], "Sprachcafé").hex()
    world.settle()
    with world.nodes["marl"].db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.clock.now())

    answer = ask(world, "marl", rid)

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "E_RECOVERING", "30")


def test_record_whose_person_is_hidden_is_not_given_out(world: World) -> None:
    named, plain = publish_with(world.nodes["herten"], **PERSON), publish_with(world.nodes["herten"])
    world.settle()
    assert verify(world, ask(world, "marl", named)).doc["contacts"][0]["name"] == "Erika Mustermann"
    world.network.sites.pop("hub")
    world.clock.time += 73 * 3600

    hidden = ask(world, "marl", named)

    assert (hidden.status_code, hidden.json()["code"]) == (503, "E_HUB_STALE")
    assert "Mustermann" not in hidden.text
    assert verify(world, ask(world, "marl", plain)).id == plain


def test_version_that_is_still_shown_is_the_one_that_is_proven(world: World) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Sprachcafé")
    world.settle()
    old = newest_commitment(herten, rid)
    publish(herten, "Sprachcafé am Abend", rid)

    def without_news(exchange: Exchange, deliver: Callable[[], Answered]) -> Answered:
        """Everything reaches marl but the payload of the newer version."""
        if exchange.receiver == "marl" and exchange.method == "POST":
            return Answered(503)
        return Answered(404) if exchange.sender == "marl" and "/payload" in exchange.path else deliver()

    world.network.meddle = without_news
    for _ in range(30):
        world.tick()
    with world.nodes["marl"].db.write() as conn:
        facts.save_fact(conn, "read-due", 0)
    world.tick()

    found = verify(world, ask(world, "marl", rid.hex()))

    assert (found.commitment, found.doc["name"]) == (old.hex(), "Sprachcafé")
    assert verify(world, ask(world, "herten", rid.hex())).doc["name"] == "Sprachcafé am Abend"


# --- the rosters of a bundle -----------------------------------------------------------------------------------------


def chain() -> list[bytes]:
    """Three versions; the third replaces root key c by d."""
    first, second, third = rosters()
    made = ((first, "ab"), (second, "ab"), (third, "abd"))
    return [signed_roster(format_roster(roster), signers).encode() for roster, signers in made]


def test_bundle_carries_as_many_rosters_as_any_pinned_key_needs() -> None:
    notes = chain()

    assert needed_rosters(notes[:2]) == notes[1:2]
    assert needed_rosters(notes) == notes[1:]
    for roster in rosters():
        assert verify_chain(needed_rosters(notes), roster.pins).version == 3


def test_chain_that_would_be_too_large_loses_its_beginning() -> None:
    notes = chain()
    many = [notes[1], *[notes[2]] * 1200]

    needed = needed_rosters(many)

    assert len(needed) == 1000
    assert parse_roster(needed[-1].decode().partition("\n\n")[0] + "\n").version == 3
