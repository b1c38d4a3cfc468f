"""The legal texts of the hub's own pages: files first, then the desk; gaps stay inside, every change has a way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.world import World

IMPRINT = "/pult/texte/impressum"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(["herten"])
    make_passwords_cheap(world.hub)
    world.hub.settings = msgspec.structs.replace(world.hub.settings, home=str(tmp_path))
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "betrieb", "betrieb"))
        yield desk


def send(desk: Desk, path: str, **fields: object) -> str:
    answer = desk.submit(path if fields else "/pult/texte", path, **fields)
    assert answer.status_code == 303, answer.text
    return desk.get(answer.headers["location"]).text


def test_file_counts_until_the_desk_has_a_text(world: World, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "impressum.md").write_text("Aus der Datei", "utf-8")
    assert "Aus der Datei" in desk.get("/impressum").text
    assert "Aus der Datei" in desk.get(IMPRINT).text

    assert "Der Text ist jetzt öffentlich" in send(desk, IMPRINT, text="### Angaben\n\nVom Pult")

    shown = desk.get("/impressum").text
    assert "Vom Pult" in shown
    assert "Aus der Datei" not in shown


def test_text_with_gaps_is_kept_but_not_shown(desk: Desk) -> None:
    proposal = desk.get(IMPRINT).text
    assert "[Amt und Name der Vertretung …]" in proposal

    listed = send(desk, IMPRINT, text="Kreis Beispiel, [Straße …]")

    assert "Eine Lücke ist noch offen" in listed
    assert "Offen: [Straße …]" in listed
    assert "Kreis Beispiel, " not in desk.get("/impressum").text
    assert "Kreis Beispiel, [Straße …]" in desk.get(IMPRINT).text


def test_change_is_taken_back_and_that_as_well(desk: Desk) -> None:
    send(desk, IMPRINT, text="Erster Text")
    send(desk, IMPRINT, text="Zweiter Text")

    send(desk, f"{IMPRINT}/zuruecknehmen")
    assert "Erster Text" in desk.get("/impressum").text
    send(desk, f"{IMPRINT}/zuruecknehmen")
    assert "Zweiter Text" in desk.get("/impressum").text


def test_text_that_is_too_long_is_refused_and_nothing_kept(desk: Desk) -> None:
    answer = desk.submit(IMPRINT, IMPRINT, text="x" * 40_001)

    assert answer.status_code == 422
    assert "Höchstens 40000 Zeichen" in answer.text
    assert "Letzte Änderung zurücknehmen" not in desk.get("/pult/texte").text


def test_empty_field_brings_back_what_the_program_says(desk: Desk) -> None:
    own = desk.get("/datenschutz").text
    send(desk, "/pult/texte/datenschutz", text="Kurz und knapp")
    assert "Kurz und knapp" in desk.get("/datenschutz").text

    send(desk, "/pult/texte/datenschutz", text="")

    assert desk.get("/datenschutz").text == own


def test_reader_sees_how_the_texts_stand_and_changes_none(world: World) -> None:
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "leser", "leser"))
        listed = desk.get("/pult/texte")
        assert listed.status_code == 200
        assert IMPRINT not in listed.text
        assert desk.get(IMPRINT).status_code == 403
