"""Vocabularies from the hub's log: every party follows them, in pages, search and outputs; what is no good is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from hub.derived import derived_of as hub_derived
from hub.party import Hub
from node.derived import derived_of as node_derived
from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from shared.model.shipped import shipped_vocabularies, shipped_vocabulary
from shared.search.asking import Asked
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.vocabularies import edited, put, put_synonyms, put_value, with_term
from tests.support.world import World, publish


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    for party in (world.hub, world.nodes["herten"]):
        place = tmp_path / party.settings.origin.partition("/")[0]
        place.mkdir()
        give_index(party, place)
    yield world
    for party in (world.hub, world.nodes["herten"]):
        party.outputs.reader.close()
        party.finder.close()
    close_all(world)


def settle(world: World) -> None:
    """Let everybody agree, and what is derived follow."""
    world.settle()
    hub_derived(world.hub).catch_up()
    node_derived(world.nodes["herten"]).catch_up()


def page(party: Node | Hub, path: str, language: str = "de") -> str:
    with TestClient(app_of(party)) as client:
        answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def items(party: Node | Hub, path: str) -> list[Any]:
    found = msgspec.json.decode(page(party, path))["contents"]
    assert isinstance(found, list)
    return found


def topics(party: Node | Hub) -> dict[str, str]:
    return {term["code"]: term["name"] for term in items(party, "/hsds/taxonomy_terms?per_page=100")}


def found(party: Node | Hub, **asked: Any) -> int:
    return party.finder.find(Asked(**asked), today=date(2026, 1, 1)).total


def test_without_a_record_the_shipped_ones_hold(world: World) -> None:
    assert world.hub.vocabularies() is shipped_vocabularies()
    assert world.nodes["marl"].vocabularies() is shipped_vocabularies()


def test_renamed_term_reads_anew_on_cards_filters_and_in_outputs_of_all(world: World) -> None:
    rid = publish(world.nodes["marl"], "Sprachtreff", topics=["sprache"])
    settle(world)
    assert "Deutsch verstehen" not in page(world.nodes["herten"], "/angebote")

    put(world, edited("topic", 2, sprache={"label": "Deutsch verstehen", "labels": {"en": "Understanding German"}}))
    settle(world)

    for party in (world.hub, world.nodes["herten"]):
        assert page(party, "/angebote").count("Deutsch verstehen") >= 2  # the card, the filter
        assert "Understanding German" in page(party, "/angebote", "en")
        assert "Deutsch verstehen" in page(party, f"/angebote/{rid.hex()}")
        assert topics(party)["sprache"] == "Deutsch verstehen"
        assert "Deutsch verstehen" in page(party, "/catalog.ndjson")
        assert found(party, words="verstehen") == 1
    versions = {one["name"]: one["version"] for one in items(world.nodes["herten"], "/hsds/taxonomies")}
    assert versions[shipped_vocabulary("topic").title] == "2"


def test_vocabularies_stay_the_same_object_until_they_change(world: World) -> None:
    put(world, edited("topic", 2, sprache={"label": "Deutsch verstehen"}))
    settle(world)
    node = world.nodes["marl"]
    before = node.vocabularies()

    publish(node, "Sprachtreff")
    settle(world)

    assert node.vocabularies() is before
    assert before["topic"].label("sprache") == "Deutsch verstehen"


def test_merged_term_counts_as_the_one_it_went_into(world: World) -> None:
    rid = publish(world.nodes["marl"], "Sprachtreff", topics=["sprache.cafe"], target_groups=["neu", "frauen"])
    settle(world)

    put(world, edited("topic", 2, sprache_cafe={"retired": True, "replaced_by": "freizeit"}))
    settle(world)

    for party in (world.hub, world.nodes["herten"]):
        assert found(party, topics=("freizeit",)) == 1
        assert found(party, topics=("sprache",)) == 0
        assert found(party, topics=("sprache.cafe",)) == 1, "an old link finds it too"
        label = party.vocabularies()["topic"].label("freizeit")
        assert label in page(party, f"/angebote/{rid.hex()}")
        service = msgspec.json.decode(page(party, f"/hsds/services/{rid.hex()}".replace(rid.hex(), _dashed(rid))))
        assert {one["taxonomy_term"]["code"] for one in service["attributes"] if one["link_type"] == "topic"} == {
            "freizeit"
        }


def test_retired_term_stays_readable_and_found(world: World) -> None:
    rid = publish(world.nodes["marl"], "Sprachtreff", topics=["sprache.cafe"])
    settle(world)

    put(world, edited("topic", 2, sprache_cafe={"retired": True}))
    settle(world)

    node = world.nodes["herten"]
    assert node.vocabularies()["topic"].label("sprache.cafe") in page(node, f"/angebote/{rid.hex()}")
    assert found(node, topics=("sprache.cafe",)) == 1
    assert "sprache.cafe" not in {term.code for term in node.vocabularies()["topic"].offered()}


def test_new_term_of_the_district_can_be_published_and_filtered(world: World) -> None:
    put(world, with_term(edited("topic", 2), "gaerten", "Gärten"))
    settle(world)
    publish(world.nodes["marl"], "Beet teilen", topics=["gaerten"])
    settle(world)

    node = world.nodes["herten"]
    assert found(node, topics=("gaerten",)) == 1
    assert "Gärten" in page(node, "/angebote?thema=gaerten")


def test_older_version_than_the_shipped_one_has_no_effect(world: World) -> None:
    shipped = shipped_vocabulary("topic")
    old = edited("topic", shipped.version, sprache={"label": "Von gestern"})
    put_value(world, old, {**msgspec.to_builtins(old), "version": 0})
    settle(world)

    assert world.nodes["marl"].vocabularies() is shipped_vocabularies()


@pytest.mark.parametrize(
    "value",
    [None, "topic", {"name": "topic"}, [1], {"terms": 5}, {"terms": [5]}, {"terms": [{"code": "a", "label": "A"}]}],
)
def test_record_that_cannot_be_read_has_no_effect(world: World, value: object) -> None:
    put_value(world, shipped_vocabulary("topic"), value)
    settle(world)

    assert world.nodes["marl"].vocabularies() is shipped_vocabularies()


def test_record_that_names_a_term_in_a_circle_has_no_effect(world: World) -> None:
    sport, culture = {"retired": True, "replaced_by": "kultur"}, {"retired": True, "replaced_by": "sport"}
    put(world, edited("topic", 2, sport=sport, kultur=culture))
    settle(world)

    assert world.nodes["marl"].vocabularies() is shipped_vocabularies()


def test_fields_of_a_newer_program_are_left_out(world: World) -> None:
    new = edited("topic", 2, sprache={"label": "Deutsch verstehen"})
    value = msgspec.to_builtins(new)
    value["terms"][0]["colour"] = "blau"
    put_value(world, new, {**value, "editors": ["x"]})
    settle(world)

    assert world.nodes["marl"].vocabularies()["topic"] == new


def test_vocabulary_forged_by_a_node_has_no_effect(world: World) -> None:
    node = world.nodes["marl"]
    forged = edited("topic", 9, sprache={"label": "Gefälscht"})
    doc = {
        "id": forged.id, "owner": node.settings.ags, "title": forged.title, "vocabulary": msgspec.to_builtins(forged)
    }  # fmt: skip
    body = seal_payload(doc, b"\x01" * 32)
    edit = Edit("publish", "vocabulary", bytes.fromhex(forged.id), NEW, node.clock.now(), commitment_of(body), body)
    with node.db.write() as conn:
        edits.add_edit(conn, edit)
    node.sealer.seal(now=node.clock.now())
    settle(world)

    assert world.hub.vocabularies() is shipped_vocabularies()
    for party in world.nodes.values():
        assert party.vocabularies() is shipped_vocabularies()


def test_search_words_of_the_district_find_their_topic_and_each_other(world: World) -> None:
    publish(world.nodes["marl"], "Reden und zuhören", topics=["sprache"])
    publish(world.nodes["marl"], "Fahrradwerkstatt", topics=["sport"])
    settle(world)
    node = world.nodes["herten"]
    assert found(node, words="Plauderrunde") == found(node, words="Schrauberhalle") == 0

    put_synonyms(
        world, 1, {"vocabulary": "topic", "code": "sprache", "words": ["Plauderrunde"]},
        {"words": ["Schrauberhalle", "Fahrradwerkstatt"]},
    )  # fmt: skip
    settle(world)

    for party in (world.hub, node):
        assert found(party, words="Plauderrunde") == 1
        assert found(party, words="Schrauberhalle") == 1


def test_offer_with_a_code_that_nobody_knows_keeps_showing(world: World) -> None:
    rid = publish(world.nodes["marl"], "Aus der Zukunft", topics=["sprache", "raumfahrt"])
    settle(world)

    for party in (world.hub, world.nodes["herten"]):
        assert "raumfahrt" in page(party, f"/angebote/{rid.hex()}")


def _dashed(rid: bytes) -> str:
    text = rid.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
