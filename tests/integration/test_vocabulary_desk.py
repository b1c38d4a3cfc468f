"""Vocabularies at the district's desk: drafts, one version of many changes, merging, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import vocabulary
from hub.derived import derived_of
from hub.term_usage import usage_of
from shared.model.shipped import shipped_vocabulary
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.loopback import close_all
from tests.support.searching import give_index
from tests.support.world import World, publish

TOPICS = "/pult/vokabulare/topic"
SPORT = f"{TOPICS}/begriffe/sport"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    world.settle()
    give_index(world.hub, tmp_path)
    yield world
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        yield desk


def be(desk: Desk, role: str = "kurator") -> None:
    desk.be(add_person(desk.node, role, role))


def settle(world: World) -> None:
    world.settle()
    derived_of(world.hub).catch_up()


def send(desk: Desk, page: str, path: str = "", **fields: object) -> str:
    """Send a form of a page; returns the page that follows."""
    answer = desk.submit(page, path or page, **fields)
    assert answer.status_code == 303, answer.text
    return desk.get(answer.headers["location"].partition("#")[0]).text


def refused(desk: Desk, page: str, path: str = "", **fields: object) -> str:
    answer = desk.submit(page, path or page, **fields)
    assert answer.status_code == 422, answer.text
    return answer.text


def label_at(world: World, code: str, language: str = "de") -> str:
    return world.nodes["marl"].vocabularies()["topic"].label(code, language)


def test_several_changes_become_one_version_that_reaches_the_nodes(world: World, desk: Desk) -> None:
    be(desk)
    send(desk, SPORT, label="Sport und Bewegung", checked=["en"], **{"label.en": "Sports and exercise"})
    send(desk, f"{TOPICS}/neu", label="Gärten", parent="freizeit", **{"label.en": "Gardens"})
    settle(world)
    assert label_at(world, "sport") == "Sport", "a draft reaches nobody"

    preview = desk.get(f"{TOPICS}/entwurf").text
    assert "hieß bisher „Sport“" in preview
    assert "Unverändert, bitte prüfen: Leichte Sprache, Türkisch" in preview
    assert "Gärten" in preview
    text = send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Deutlicher, und Gärten sind gefragt")
    settle(world)

    assert "Fassung 2 ist veröffentlicht" in text
    assert label_at(world, "sport") == "Sport und Bewegung"
    assert label_at(world, "sport", "en") == "Sports and exercise"
    assert label_at(world, "freizeit.gaerten", "en") == "Gardens"
    assert world.nodes["marl"].vocabularies()["topic"].version == 2
    history = desk.get(f"{TOPICS}/verlauf").text
    assert "Deutlicher, und Gärten sind gefragt" in history
    assert "Person Kurator" in history


def test_old_name_of_a_renamed_term_is_still_understood_in_tables(world: World, desk: Desk) -> None:
    be(desk)
    send(desk, SPORT, label="Bewegung")
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Deutlicher")
    settle(world)

    term = world.nodes["marl"].vocabularies()["topic"].find("Sport")
    assert term is not None
    assert term.code == "sport"


def test_merging_shows_who_uses_the_term_and_then_counts_it_elsewhere(world: World, desk: Desk) -> None:
    rid = publish(world.nodes["marl"], "Fußball für alle", topics=["sport"])
    publish(world.nodes["herten"], "Lauftreff", topics=["sport", "freizeit"])
    publish(world.nodes["herten"], "Deutschkurs", topics=["sprache"])
    settle(world)
    be(desk)

    page = desk.get(f"{SPORT}/stilllegen").text
    assert "2 Angebote haben diesen Begriff" in page
    assert f'href="/angebote/{rid.hex()}">Fußball für alle<' in page
    assert "Deutschkurs" not in page
    listed = send(desk, f"{SPORT}/stilllegen", replaced_by="freizeit")
    assert "zählt als „Freizeit und Begegnung“" in listed
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Zusammengelegt")
    settle(world)

    assert label_at(world, "sport") == "Freizeit und Begegnung"
    counted = desk.get(TOPICS).text.partition("Freizeit und Begegnung")[2]
    assert counted.partition("</span>")[0].endswith("2 Angebote")


def test_term_that_others_stand_below_cannot_be_retired(desk: Desk) -> None:
    be(desk)

    assert "Sprach- und Integrationskurs" in desk.get(f"{TOPICS}/begriffe/sprache/stilllegen").text
    text = refused(desk, f"{TOPICS}/begriffe/sprache/stilllegen", replaced_by="")
    assert "Verschieben Sie diese zuerst" in text


def test_retired_term_can_be_taken_back(world: World, desk: Desk) -> None:
    be(desk)
    send(desk, f"{SPORT}/stilllegen", replaced_by="")
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Weg")
    settle(world)

    send(desk, SPORT, f"{SPORT}/zurueckholen")
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Doch nicht")
    settle(world)

    assert world.nodes["marl"].vocabularies()["topic"].codes() == shipped_vocabulary("topic").codes()
    assert "sport" in {term.code for term in world.nodes["marl"].vocabularies()["topic"].offered()}


def test_earlier_version_comes_back_as_a_new_one_and_loses_no_code(world: World, desk: Desk) -> None:
    be(desk)
    send(desk, f"{TOPICS}/neu", label="Gärten")
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Neu")
    settle(world)

    text = send(desk, f"{TOPICS}/verlauf", f"{TOPICS}/verlauf/1/wiederherstellen")
    assert "Inhalt von Fassung 1" in text
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note="Zurück")
    settle(world)

    held = world.nodes["marl"].vocabularies()["topic"]
    assert held.version == 3
    garden = held.get("gaerten")
    assert garden is not None
    assert garden.retired
    assert {term.code for term in held.offered()} == shipped_vocabulary("topic").codes()


def test_terms_change_places(desk: Desk) -> None:
    be(desk)

    text = send(desk, TOPICS, f"{SPORT}/verschieben", richtung="auf")

    assert text.index('id="begriff-sport"') < text.index('id="begriff-frauen"')
    back = send(desk, TOPICS, f"{SPORT}/verschieben", richtung="ab")
    assert "Es gibt einen Entwurf" not in back, "a draft that changes nothing goes"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label": ""}, "Die deutsche Bezeichnung fehlt."),
        ({"label": "kultur"}, "heißt schon ein anderer Begriff"),
        ({"label": "x" * 121}, "Höchstens 120 Zeichen, es sind 121."),
        ({"label": "Sport", "label.en": "y" * 121}, "Höchstens 120 Zeichen"),
        ({"label": "Sport", "label.en": "Culture"}, "So heißt in dieser Sprache schon „Kultur“."),
        ({"label": "Sport", "parent": "sprache.kurs"}, "kann er nicht gestellt werden"),
        ({"label": "Sp\u202eort"}, "nicht möglich"),
    ],
)
def test_what_was_typed_wrongly_is_said_beside_the_field(desk: Desk, fields: dict[str, Any], said: str) -> None:
    be(desk)

    assert said in refused(desk, SPORT, **fields)
    assert "Es gibt einen Entwurf" not in desk.get(TOPICS).text


def test_term_that_somebody_else_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    be(desk)
    mark = vocabulary.mark_of(shipped_vocabulary("topic"), "sport")
    send(desk, SPORT, label="Sport und Spiel", mark=mark)

    text = send(desk, SPORT, label="Bewegung", mark=mark)

    assert "Jemand anderes hat diesen Begriff inzwischen geändert" in text
    assert "Sport und Spiel" in text


def test_note_is_needed_and_a_draft_can_be_dropped(desk: Desk) -> None:
    be(desk)
    send(desk, SPORT, label="Bewegung")

    assert "Schreiben Sie kurz" in refused(desk, f"{TOPICS}/entwurf", f"{TOPICS}/veroeffentlichen", note=" ")
    send(desk, f"{TOPICS}/entwurf", f"{TOPICS}/verwerfen")
    assert "Es gibt keinen Entwurf." in desk.get(f"{TOPICS}/entwurf").text


def test_of_a_small_list_only_the_words_change(world: World, desk: Desk) -> None:
    be(desk)
    page = "/pult/vokabulare/mode"

    send(desk, f"{page}/begriffe/online", label="Im Netz", parent="")
    send(desk, f"{page}/entwurf", f"{page}/veroeffentlichen", note="Einfacher")
    settle(world)

    assert world.nodes["marl"].vocabularies()["mode"].label("online") == "Im Netz"
    assert desk.get(f"{page}/neu").status_code == 404
    assert desk.submit(page, f"{page}/begriffe/online/stilllegen", replaced_by="").status_code == 404
    assert desk.submit(page, "/pult/vokabulare/language/begriffe/tr", label="X").status_code == 404


def test_reader_sees_everything_and_changes_nothing(desk: Desk) -> None:
    be(desk, "leser")

    for path in ("/pult/vokabulare", TOPICS, SPORT, f"{TOPICS}/entwurf", f"{TOPICS}/verlauf", "/pult/suchwoerter"):
        answer = desk.get(path)
        assert answer.status_code == 200, path
        assert '<button type="submit" class="kern-btn kern-btn--primary' not in answer.text
    assert "Almanca" in desk.get(f"{TOPICS}/begriffe/sprache").text


def test_search_words_of_the_desk_find_offers_at_the_nodes(world: World, desk: Desk, tmp_path: Path) -> None:
    publish(world.nodes["marl"], "Fußball für alle", topics=["sport"])
    settle(world)
    be(desk)
    words = "/pult/suchwoerter"

    assert "Ein Wort allein" in refused(desk, f"{words}/gruppen/neu", words="Kicken", term="")
    send(desk, f"{words}/gruppen/neu", words="Kicken; Bolzen\nكرة", term="topic:sport")
    assert "Kicken, Bolzen, كرة" in desk.get(f"{words}/entwurf").text
    send(desk, f"{words}/entwurf", f"{words}/veroeffentlichen", note="Wird gesucht")
    settle(world)

    groups = world.nodes["marl"].vocabularies().synonyms.groups
    assert [(group.words, group.code) for group in groups] == [(("Kicken", "Bolzen", "كرة"), "sport")]
    with at_desk(world.hub) as visitor:
        for word in ("Bolzen", "كرة"):
            assert "Fußball für alle" in visitor.get(f"/angebote?q={word}").text


def test_group_of_search_words_is_changed_and_removed(world: World, desk: Desk) -> None:
    be(desk)
    words = "/pult/suchwoerter"
    listed = send(desk, f"{words}/gruppen/neu", words="Kicken\nBolzen", term="")
    group = listed.partition(f'href="{words}/gruppen/neu"')[2].partition(f'href="{words}/gruppen/')[2].partition('"')[0]

    listed = send(desk, f"{words}/gruppen/{group}", words="Kicken\nBolzen\nPöhlen", term="")
    assert "Kicken, Bolzen, Pöhlen" in listed
    assert desk.get(f"{words}/gruppen/{group}").status_code == 404, "it has another key now"
    group = listed.partition(f'href="{words}/gruppen/neu"')[2].partition(f'href="{words}/gruppen/')[2].partition('"')[0]
    listed = send(desk, f"{words}/gruppen/{group}", f"{words}/gruppen/{group}/entfernen")

    assert "Der Kreis hat noch keine eigenen Suchwörter." in listed


def test_who_uses_a_term_is_known_before_there_is_an_index() -> None:
    world = World(["marl"])
    publish(world.nodes["marl"], "Fußball", topics=["sport"])
    publish(world.nodes["marl"], "Frauentreff", especially_for=["frauen"])
    world.settle()

    assert [one.title for one in usage_of(world.hub, "topic", "sport").offers] == ["Fußball"]
    assert usage_of(world.hub, "target_group", "frauen").by_member == [("marl", 1)]
    assert usage_of(world.hub, "mode", "online").total == 0
    close_all(world)
