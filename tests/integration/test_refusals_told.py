"""A refused version is explained, and its city is told once: the hint arrives at the node's desk as the district's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub import pulling, telling_refusals
from hub.telling_refusals import DUTIES, Refused
from node import hints as node_hints
from node import relaying as node_relaying
from node.workflow import Editor
from shared.errors import ConflictError, NotFoundError
from shared.feed.outcomes import Code
from shared.model.hints import TEXT_MAX
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.node_simulator import NodeSimulator
from tests.support.world import World, publish

EDITOR = Editor("Person Rita", may_publish=True)


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        yield desk


def refuse(world: World, title: str = "Sprachcafé") -> Refused:
    """Marl's newest version of a shown offer names another owner; its own node is still there to be told."""
    rid = publish(world.nodes["marl"], title)
    world.settle()
    node, site = world.nodes["marl"], world.network.sites["marl"]
    liar = NodeSimulator.replace(world, "marl")
    liar.publish(title, rid, doc={"owner": "05562020"})
    pulling.pull_named(world.hub, ["marl"], "test")
    world.nodes["marl"], world.network.sites["marl"] = node, site
    return next(one for one in telling_refusals.list_refused(world.hub) if one.rid == rid)


def tell(world: World, one: Refused) -> None:
    telling_refusals.tell(world.hub, one.member, one.rid, one.position)


def found(world: World) -> Refused:
    (one,) = telling_refusals.list_refused(world.hub)
    return one


def test_refusal_is_explained_in_plain_words(world: World) -> None:
    one = refuse(world)

    assert (one.member, one.title, one.code) == ("marl", "Sprachcafé", "E_OWNER")
    assert one.reason == "Ein Angebot nennt einen fremden Eigentümer."
    assert "zurückziehen" in one.duty
    assert one.first_seen == world.hub.clock.now()
    assert (one.told, one.is_fetched) == (None, False)


@pytest.mark.parametrize("code", ["E_PAYLOAD", "E_PAYLOAD_MISSING", "E_SCHEMA", "E_OWNER"])
def test_every_reason_says_what_the_city_must_do(code: str) -> None:
    assert DUTIES[Code(code)]


def test_told_version_waits_for_the_node_and_arrives_there_as_the_district_s(world: World) -> None:
    tell(world, refuse(world))
    waiting, told_at = found(world), world.hub.clock.now()
    node = world.nodes["marl"]

    for _ in range(2):  # the second time it says that it has the hint
        world.clock.time += 600
        node_relaying.fetch_answers(node)

    (hint,) = node_hints.list_hints(node, EDITOR)
    assert not waiting.is_fetched
    assert waiting.told == told_at
    assert found(world).is_fetched
    assert node_hints.SOURCES[hint.source] == "vom Kreis"
    assert "Bitte tun Sie Folgendes: Das Angebot zurückziehen" in hint.text
    assert hint.contact == world.hub.district.contact.email


def test_version_is_told_once(world: World) -> None:
    one = refuse(world)
    tell(world, one)

    with pytest.raises(ConflictError, match="weiß von dieser Fassung schon"):
        tell(world, one)


def test_version_that_is_not_refused_is_not_told(world: World) -> None:
    one = refuse(world)

    with pytest.raises(NotFoundError):
        telling_refusals.tell(world.hub, "marl", one.rid, one.position + 1)


def test_what_is_told_has_room_in_a_hint(world: World) -> None:
    one = refuse(world)

    assert max(len(telling_refusals.text_of(one)) - len(one.duty) + len(duty) for duty in DUTIES.values()) < TEXT_MAX


def test_mail_names_offer_reason_and_duty_and_no_person(world: World) -> None:
    one = refuse(world)

    subject, body = telling_refusals.letter_of(one, page="https://hub.example/angebote/1")

    assert subject == "kreisweit: Ein Angebot ist nicht angenommen worden"
    assert "„Sprachcafé“" in body
    assert "https://hub.example/angebote/1" in body
    assert one.duty in body


def test_button_tells_the_city_and_then_says_so(world: World, desk: Desk) -> None:
    one = refuse(world)
    desk.be(add_person(world.hub, "betrieb", "betrieb"))
    path = f"/pult/quarantaene/marl/{one.rid.hex()}/{one.position}/mitteilen"

    before = desk.get("/pult/quarantaene").text
    desk.submit("/pult/quarantaene", path)
    after = desk.get("/pult/quarantaene").text
    desk.submit("/pult/quarantaene", path)

    assert f'action="{path}"' in before
    assert 'href="mailto:?subject=kreisweit' in before
    assert "bekommt den Hinweis in den Arbeitsbereich" in after
    assert "der Knoten hat ihn noch nicht abgeholt" in after
    assert f'action="{path}"' not in after
    assert "weiß von dieser Fassung schon" in desk.get("/pult/quarantaene").text


def test_no_refusal_is_said_too(desk: Desk) -> None:
    desk.be(add_person(desk.node, "leser", "leser"))

    assert "Alle Angebote sind gültig." in desk.get("/pult/quarantaene").text
