"""Translations at the desk: side by side, kept as drafts, counted by language, out as a table and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from node import translating, workflow
from node.editing import open_offer, save_offer
from node.operations import undo
from node.party import Node
from node.spreadsheets import read_cells
from node.translation_sheet import write_sheet
from node.workflow import Editor
from tests.support.desk import Desk, add_person, at_desk
from tests.support.lone_node import make_member, offer, seal
from tests.support.world import VirtualClock

CHIEF = Editor("Rita Redaktion", may_publish=True)
ARABIC = "دورة لغة"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", VirtualClock())
    yield node
    node.db.close()


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        yield desk


def token_of(desk: Desk, role: str = "redaktion") -> str:
    return desk.be(add_person(desk.node, role, role))


def state(node: Node, rid: bytes, tag: str = "ar") -> str | None:
    return translating.states_of(open_offer(node, rid).doc).get(tag)


def send_sheet(desk: Desk, token: str, data: bytes, action: str = "einlesen") -> httpx.Response:
    return desk.client.post(
        "/pult/uebersetzungen/einlesen", data={"csrf_token": token, "aktion": action},
        files={"datei": ("a.xlsx", data, "application/octet-stream")}, headers={"Origin": desk.origin},
    )  # fmt: skip


def test_translation_is_written_beside_the_german_in_its_own_direction(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer())
    here = f"/pult/angebote/{rid.hex()}/uebersetzungen/ar"
    token = token_of(desk, "autor")
    page = desk.get(here).text
    mark = re.search(r'name="mark" value="([^"]*)"', page)
    assert mark is not None

    answer = desk.post(here, {"csrf_token": token, "mark": mark[1], "text.name": ARABIC, "aktion": "sichern"})

    found = open_offer(node, rid)
    assert '<html lang="de" dir="ltr">' in page
    assert re.search(r'<textarea[^>]*name="text.name" lang="ar" dir="rtl"', page)
    assert answer.status_code == 303
    assert (found.draft is not None, found.doc["translations"]["ar"]["name"]) == (True, ARABIC)
    assert state(node, rid) == "aktuell"
    overview = desk.get(f"/pult/angebote/{rid.hex()}/uebersetzungen").text
    assert overview.count("aktuell") == 1
    assert overview.count("fehlt") == 11


def test_translation_is_published_by_those_who_may(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer())
    here = f"/pult/angebote/{rid.hex()}/uebersetzungen/ar"

    desk.post(here, {"csrf_token": token_of(desk), "text.name": ARABIC, "aktion": "veroeffentlichen"})

    found = open_offer(node, rid)
    assert (found.draft, found.doc["translations"]["ar"]["origin"]) == (None, "human")


def test_outdated_translation_is_confirmed_in_one_click(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer(translations={"ar": {"name": ARABIC, "source_sha256": "x"}}))
    here = f"/pult/angebote/{rid.hex()}/uebersetzungen/ar"
    before = state(node, rid)

    desk.submit(here, f"{here}/gueltig")
    token = token_of(desk)
    desk.post(f"{here}/gueltig", {"csrf_token": token})

    assert (before, state(node, rid)) == ("veraltet", "aktuell")


def test_text_is_shown_again_when_somebody_else_saved_meanwhile(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer())
    here = f"/pult/angebote/{rid.hex()}/uebersetzungen/ar"
    mark = open_offer(node, rid).mark
    workflow.save_draft(node, CHIEF, offer("Neuer Titel"), rid)

    answer = desk.post(here, {"csrf_token": token_of(desk), "mark": mark, "text.name": ARABIC, "aktion": "sichern"})

    assert answer.status_code == 409
    assert ARABIC in answer.text
    assert "Neuer Titel" in answer.text
    assert "translations" not in open_offer(node, rid).doc


def test_coverage_counts_by_language_and_leads_to_the_lists(node: Node, desk: Desk) -> None:
    save_offer(node, offer("Eins", translations={"ar": {"name": ARABIC, "source_sha256": "x"}}))
    save_offer(node, offer("Zwei"))
    token_of(desk, "leser")

    page = desk.get("/pult/uebersetzungen").text
    outdated = desk.get("/pult/uebersetzungen?sprache=ar&zustand=veraltet").text
    missing = desk.get("/pult/uebersetzungen?sprache=ar&zustand=fehlt").text

    assert 'aria-label="1 veraltet, Arabisch"' in page
    assert 'aria-label="2 fehlt, Türkisch"' in page
    assert ("Eins" in outdated, "Zwei" in outdated) == (True, False)
    assert ("Eins" in missing, "Zwei" in missing) == (False, True)
    assert desk.get("/pult/uebersetzungen?sprache=xx").status_code == 404


def test_table_goes_out_comes_back_and_is_taken_back_as_one(node: Node, desk: Desk) -> None:
    ids = [save_offer(node, offer(f"Angebot {number}")) for number in range(3)]
    seal(node)
    token = token_of(desk)
    sheet = desk.get("/pult/uebersetzungen/ausgabe?sprache=ar&umfang=offen")
    cells = read_cells(sheet.content)
    filled = [[*line[:3], f"{ARABIC} {at}", line[4]] for at, line in enumerate(cells[1:])]
    save_offer(node, offer("Angebot 2", summary="Ein ganz anderes Angebot für alle."), ids[2])
    data = write_sheet([*filled, ["keine Kennung", "Titel", "", "x", "ar"]])

    checked = send_sheet(desk, token, data, "pruefen").text
    untouched = [state(node, rid) for rid in ids]
    done = send_sheet(desk, token, data).text
    again = send_sheet(desk, token, data).text

    assert "uebersetzungen-herten-ar.xlsx" in sheet.headers["content-disposition"]
    assert len(cells) == 7
    assert "3 Angebote würden neu herausgegeben" in checked
    assert untouched == [None, None, None]
    assert "3 Angebote werden neu herausgegeben" in done
    assert "Zeile 8, Kennung" in done
    assert "der deutsche Text hat sich seit der Ausgabe geändert" in done
    assert [state(node, rid) for rid in ids] == ["aktuell", "aktuell", "veraltet"]
    assert "bringt nichts Neues" in again
    number = re.findall(r"/pult/vorgaenge/(\d+)/", desk.get("/pult/vorgaenge").text)[0]
    undo(node, CHIEF, int(number))
    assert [state(node, rid) for rid in ids] == [None, None, None]


def test_table_puts_the_translation_into_draft_and_published_text(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer())
    workflow.save_draft(node, Editor("Ayla"), offer(summary="Im Entwurf steht schon etwas anderes."), rid)
    rows = [
        (rid.hex(), "name", "Sprachkurs am Vormittag", ARABIC, "ar"),
        (rid.hex(), "summary", "Ein Angebot zum Mitmachen für alle.", ARABIC, "ar"),
    ]

    send_sheet(desk, token_of(desk), write_sheet(rows))

    draft_state = state(node, rid)
    workflow.discard(node, CHIEF, rid)
    assert (draft_state, state(node, rid)) == ("veraltet", "aktuell")


def test_file_that_is_no_table_is_refused_in_german(node: Node, desk: Desk) -> None:
    token = token_of(desk)

    assert "lässt sich nicht als Tabelle lesen" in send_sheet(desk, token, b"x").text
    assert desk.post("/pult/uebersetzungen/einlesen", {"csrf_token": token}).status_code == 422


def test_limited_account_sees_and_changes_translations_of_its_own_offers_alone(node: Node, desk: Desk) -> None:
    own = save_offer(node, offer())
    other = save_offer(node, offer("Fremd", providers=[{"name": "Caritas"}]))
    token = token_of(desk, "traeger")
    foreign = f"/pult/angebote/{other.hex()}/uebersetzungen"

    sheet = desk.get("/pult/uebersetzungen/ausgabe?sprache=ar&umfang=alle").content
    listed = desk.get("/pult/uebersetzungen?sprache=ar").text

    assert {line[0] for line in read_cells(sheet)[1:]} == {own.hex()}
    assert "Fremd" not in listed
    for path in (foreign, f"{foreign}/ar"):
        assert desk.get(path).status_code == 404
    for path in (f"{foreign}/ar", f"{foreign}/ar/gueltig"):
        assert desk.post(path, {"csrf_token": token, "text.name": "x"}).status_code == 404
    assert desk.get(f"/pult/angebote/{own.hex()}/uebersetzungen/ar").status_code == 200
    assert send_sheet(desk, token, b"x").status_code == 403
    assert "translations" not in open_offer(node, other).doc
