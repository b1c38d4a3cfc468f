"""Offers at the desk: every role with own and foreign offers; nothing typed is lost; lists, bulk, conflicts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from node import workflow
from node.editing import open_offer, own_offers, save_offer
from node.history import list_versions
from node.operations import add_topic
from node.party import Node
from node.workflow import Editor
from shared.accounts import keeping
from shared.accounts.keeping import Profile
from shared.holdings import edits
from shared.holdings.edits import Edit
from shared.web.desk.guard import desk_routes
from tests.support.desk import PASSWORD, Desk, add_person, at_desk, make_desk_node
from tests.support.lone_node import offer, states
from tests.support.loopback import app_of

OWN = "Volkshochschule Beispielstadt"
AUTHOR = Editor("Ayla Autorin")
NEW = "/pult/angebote/neu"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        desk.be(add_person(node, "rita", "redaktion"))
        yield desk


def fields(**changed: str | list[str]) -> dict[str, Any]:
    """What a browser sends of a filled form."""
    filled: dict[str, Any] = {
        "name": "Nähcafé", "summary": "Gemeinsam nähen und dabei Deutsch sprechen.", "topics": "freizeit",
        "providers.0.name": "Haus der Begegnung", "status": "active", "closed_on_holidays": "ja", "is_free": "",
        "aktion": "sichern",
    }  # fmt: skip
    return filled | {name.replace("__", "."): value for name, value in changed.items()}


def only(node: Node) -> bytes:
    """The id of the only own offer."""
    (row,) = own_offers(node)
    return bytes.fromhex(row.id)


def edit_path(rid: bytes) -> str:
    return f"/pult/angebote/{rid.hex()}/bearbeiten"


def mark_of(desk: Desk, rid: bytes) -> str:
    found = re.search(r'name="mark" value="([^"]*)"', desk.get(edit_path(rid)).text)
    assert found is not None
    return found[1]


def test_offer_is_written_kept_and_published(node: Node, desk: Desk) -> None:
    kept = desk.submit(NEW, NEW, **fields())
    rid = only(node)
    published = desk.submit(
        edit_path(rid), edit_path(rid), **fields(aktion="veroeffentlichen", mark=mark_of(desk, rid))
    )

    assert (kept.status_code, published.status_code) == (303, 303)
    assert states(own_offers(node)) == {"Nähcafé": "pending"}
    doc = open_offer(node, rid).doc
    assert doc["providers"] == [{"name": "Haus der Begegnung"}]
    assert "veröffentlicht" in desk.get(f"/pult/angebote/{rid.hex()}").text


def test_what_cannot_be_read_is_shown_again_as_typed_and_nothing_is_saved(node: Node, desk: Desk) -> None:
    answer = desk.submit(NEW, NEW, **fields(phones="siehe Flyer", valid_from="bald", body="Langer Text <b>"))

    assert answer.status_code == 422
    assert "„siehe Flyer“ ist keine vollständige Telefonnummer" in answer.text
    assert 'href="#feld-valid_from"' in answer.text
    assert "Langer Text &lt;b&gt;" in answer.text
    assert 'value="bald"' in answer.text
    assert own_offers(node) == []


def test_draft_that_breaks_rules_is_kept_and_says_what_is_missing(node: Node, desk: Desk) -> None:
    answer = desk.submit(NEW, NEW, **fields(summary="Kurz", aktion="veroeffentlichen"))

    assert answer.status_code == 422
    assert "Der Entwurf ist gesichert." in answer.text
    assert 'href="#feld-summary"' in answer.text
    assert states(own_offers(node)) == {"Nähcafé": "draft"}


def test_script_keeps_the_draft_and_learns_where_it_is(node: Node, desk: Desk) -> None:
    first = desk.submit(NEW, NEW, **fields(aktion="autosave"))
    kept = first.json()
    second = desk.submit(
        kept["action"], kept["action"], **fields(aktion="autosave", mark=kept["mark"], name="Nähcafé II")
    )

    assert kept["action"] == edit_path(only(node))
    assert second.json()["mark"] != kept["mark"]
    assert states(own_offers(node)) == {"Nähcafé II": "draft"}
    assert len(list_versions(node, only(node))) == 1


def test_two_editors_see_both_versions_and_decide(node: Node, desk: Desk) -> None:
    desk.submit(NEW, NEW, **fields())
    rid = only(node)
    mine = mark_of(desk, rid)
    workflow.save_draft(node, AUTHOR, open_offer(node, rid).doc | {"name": "Titel von Ayla"}, rid)

    conflict = desk.submit(edit_path(rid), edit_path(rid), **fields(name="Mein Titel", mark=mine))
    before = states(own_offers(node))
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', conflict.text))
    resolved = desk.post(edit_path(rid), {**sent, "aktion": "sichern"})

    assert conflict.status_code == 409
    assert "Ayla Autorin" in conflict.text
    assert "Titel von Ayla" in conflict.text
    assert "Mein Titel" in conflict.text
    assert before == {"Titel von Ayla": "draft"}
    assert resolved.status_code == 303
    assert states(own_offers(node)) == {"Mein Titel": "draft"}


def test_button_for_one_more_row_saves_nothing_and_loses_nothing(node: Node, desk: Desk) -> None:
    answer = desk.submit(
        NEW, NEW, **fields(aktion="zeile:locations", body="Noch nicht fertig", locations__0__city="Herten")
    )

    assert answer.status_code == 200
    assert "Noch nicht fertig" in answer.text
    assert 'name="locations.1.city"' in answer.text
    assert own_offers(node) == []


def test_hours_are_proposed_and_taken_when_confirmed(node: Node, desk: Desk) -> None:
    text = "1. und 3. Mittwoch 16–18 Uhr"
    desk.submit(NEW, NEW, **fields(schedule_text=text))
    rid = only(node)
    shown = desk.get(edit_path(rid)).text
    answer = desk.submit(
        edit_path(rid),
        edit_path(rid),
        **fields(schedule_text=text, take_hours="ja", hours_for=text, mark=mark_of(desk, rid)),
    )

    assert "So haben wir es gelesen" in shown
    assert answer.status_code == 303
    assert len(open_offer(node, rid).doc["schedules"]) == 2
    assert "So haben wir es gelesen" in desk.get("/pult/lesen/zeiten?schedule_text=Mo+9-12+Uhr").text


def test_lookalike_is_shown_while_typing(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer("Sprachcafé im Haus der Kulturen"))

    found = desk.get("/pult/lesen/doppelt?name=Sprachcafe+im+Haus+der+Kulturen").text
    itself = desk.get(f"/pult/lesen/doppelt?name=Sprachcafe+im+Haus+der+Kulturen&id={rid.hex()}").text

    assert "Sprachcafé im Haus der Kulturen" in found
    assert "Gibt es das schon?" not in itself


def test_list_is_searched_filtered_and_sorted_by_its_address(node: Node, desk: Desk) -> None:
    save_offer(node, offer("Müttertreff", topics=["familie"]))
    save_offer(node, offer("Deutschkurs", assured_date="2020-01-01"))
    workflow.save_draft(node, AUTHOR, {"name": "Nur ein Entwurf"})

    assert "Müttertreff" in desk.get("/pult/angebote?q=muttertreff").text
    assert "Deutschkurs" not in desk.get("/pult/angebote?thema=familie").text
    drafts = desk.get("/pult/angebote?zustand=draft").text
    assert "Nur ein Entwurf" in drafts
    assert "Müttertreff" not in drafts
    assert "Kein Angebot passt." in desk.get("/pult/angebote?q=gibtsnicht").text
    for strange in (
        "?seite=0",
        "?seite=x",
        "?sortierung=;drop",
        "?zustand=%00",
        "?thema=%F0%9F%98%80",
        "?q=" + "a" * 5000,
    ):
        assert desk.get("/pult/angebote" + strange).status_code == 200


def test_list_shows_the_columns_that_its_address_names(node: Node, desk: Desk) -> None:
    save_offer(node, offer("Müttertreff", locations=[{"city": "Herten"}], valid_to="2030-06-30"))

    usual, chosen = desk.get("/pult/angebote").text, desk.get("/pult/angebote?spalten=ort&spalten=ende").text
    linked = desk.get("/pult/angebote?spalten=ort,ende,unbekannt").text

    assert 'data-label="Träger"' in usual
    assert 'data-label="Ort"' not in usual
    assert 'data-label="Träger"' not in chosen
    assert 'data-label="Ort"' in chosen
    assert "30.06.2030" in chosen
    assert 'data-label="Laufzeit bis"' in linked


def test_preview_shows_a_translation_in_its_language_and_direction(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer(translations={"ar": {"name": "مقهى اللغة"}})).hex()

    german, arabic = (
        desk.get(f"/pult/angebote/{rid}/vorschau").text,
        desk.get(f"/pult/angebote/{rid}/vorschau?sprache=ar").text,
    )

    assert "مقهى اللغة" not in german
    assert 'lang="ar" dir="rtl"' in arabic
    assert "مقهى اللغة" in arabic
    assert desk.get(f"/pult/angebote/{rid}/vorschau?sprache=xx").status_code == 200


def test_start_page_counts_what_is_to_be_done(node: Node, desk: Desk) -> None:
    rid = workflow.save_draft(node, AUTHOR, offer("Wartet")).id
    workflow.submit(node, AUTHOR, rid)
    save_offer(node, offer("Nie geprüft"))

    page = re.sub(r"<[^>]+>|\s+", " ", desk.get("/pult").text)

    assert re.search(r"2 +Prüfung fällig", page)
    assert re.search(r"1 +Warten auf Freigabe", page)


def test_bulk_withdrawal_asks_why_shows_a_preview_and_is_undone(node: Node, desk: Desk) -> None:
    ids = [save_offer(node, offer(f"Angebot {n}")).hex() for n in range(2)]
    form: dict[str, Any] = {"angebot": ids, "aktion": "zurueckziehen"}

    asked = desk.submit("/pult/angebote", "/pult/sammelaktion", **form)
    preview = desk.submit("/pult/angebote", "/pult/sammelaktion", **form, grund="beendet")
    before = states(own_offers(node))
    done = desk.submit("/pult/angebote", "/pult/sammelaktion", **form, grund="beendet", sicher="ja")
    gone = states(own_offers(node))
    undone = desk.submit("/pult/vorgaenge", "/pult/vorgaenge/1/rueckgaengig")

    assert "Warum?" in asked.text
    assert "Geändert werden" in preview.text
    assert set(before.values()) == {"pending"}
    assert done.status_code == 303
    assert set(gone.values()) == {"pending-withdrawal"}
    assert undone.status_code == 303
    assert states(own_offers(node)) == before


def test_offer_given_back_shows_the_hint_to_its_author(node: Node, desk: Desk) -> None:
    rid = workflow.save_draft(node, AUTHOR, offer()).id
    workflow.submit(node, AUTHOR, rid)
    page = f"/pult/angebote/{rid.hex()}"

    desk.submit(page, f"{page}/zurueckgeben", hinweis="Bitte die Uhrzeit ergänzen")

    assert "Zurückgegeben: Bitte die Uhrzeit ergänzen" in desk.get(page).text


def test_conflict_after_a_restore_is_compared_and_decided(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer(body="Jetzt."))
    with node.db.write() as conn:
        body = edits.load_edits(conn)[0].body
        edits.add_conflict(conn, Edit("publish", "offer", rid, 0, 1, body=body), "stale")
    save_offer(node, offer(body="Neuer."), rid)

    page = desk.get("/pult/konflikte/1").text
    dropped = desk.submit("/pult/konflikte/1", "/pult/konflikte/1/verwerfen")

    assert "Jetzt." in page
    assert "Neuer." in page
    assert dropped.status_code == 303
    assert desk.get("/pult/konflikte/1").status_code == 303


def test_offer_taken_out_on_its_page_bears_a_reason_that_the_log_knows(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer())
    page = f"/pult/angebote/{rid.hex()}"

    refused = desk.submit(page, f"{page}/zurueckziehen", grund="keine Lust")
    before = states(own_offers(node))
    done = desk.submit(page, f"{page}/zurueckziehen", grund="beendet")

    with node.db.read() as conn:
        reasons = [edit.reason for edit in edits.load_edits(conn)]
    assert (refused.status_code, set(before.values())) == (400, {"pending"})
    assert (done.status_code, reasons) == (303, ["ended"])


def test_published_offer_saved_without_a_change_gets_no_draft(node: Node, desk: Desk) -> None:
    desk.submit(NEW, NEW, **fields(aktion="veroeffentlichen"))
    rid = only(node)

    answer = desk.submit(edit_path(rid), edit_path(rid), **fields(mark=mark_of(desk, rid)))

    assert answer.status_code == 303
    assert open_offer(node, rid).draft is None
    assert "Es gab nichts zu ändern." in desk.get(answer.headers["location"]).text


def test_conflict_taken_at_the_desk_stands_in_the_history_with_who_did_it(node: Node, desk: Desk) -> None:
    rid = save_offer(node, offer(body="Wartet."))
    with node.db.write() as conn:
        edit = edits.load_edits(conn)[0]
        edits.add_conflict(conn, Edit("publish", "offer", rid, 0, 1, body=edit.body), "stale")
        edits.drop_edits(conn, [edit.id])

    desk.submit("/pult/konflikte/1", "/pult/konflikte/1/uebernehmen")

    newest = list_versions(node, rid)[0]
    assert (newest.action, newest.editor) == ("veröffentlicht", "Person Rita")


def test_editor_limited_to_a_provider_decides_nothing_about_others(node: Node) -> None:
    foreign = save_offer(node, offer("Fremd", providers=[{"name": "Caritasverband"}]))
    with node.db.write() as conn:
        body = edits.load_edits(conn)[0].body
        edits.add_conflict(conn, Edit("publish", "offer", foreign, 0, 1, body=body), "stale")
    add_topic(node, Editor("Rita", may_publish=True), [foreign], "frauen")
    limited = keeping.add(node.accounts, "nur", Profile("Nur VHS", "redaktion", (OWN,)), by=0, password=PASSWORD)
    with at_desk(node) as desk:
        token = desk.be(limited.account_id)
        paths = ("/pult/konflikte/1/uebernehmen", "/pult/konflikte/1/verwerfen", "/pult/vorgaenge/1/rueckgaengig")
        answers = [desk.post(path, {"csrf_token": token}).status_code for path in paths]

    assert answers == [404, 404, 403]
    assert open_offer(node, foreign).doc["topics"] == ["sprache", "frauen"]
    with node.db.read() as conn:
        assert edits.count_conflicts(conn) == 1


def offer_routes(node: Node) -> list[tuple[str, str]]:
    """Every route of the desk that names an offer."""
    return [(method, path) for path, method, _ in desk_routes(app_of(node)) if "{rid" in path]


@pytest.mark.parametrize("role", ["leser", "autor", "redaktion", "verwaltung", "traeger"])
def test_nobody_reaches_offers_that_are_not_theirs(node: Node, role: str) -> None:
    foreign = save_offer(node, offer("Fremdes Angebot", providers=[{"name": "Caritasverband"}]))
    own = save_offer(node, offer("Eigenes Angebot", providers=[{"name": OWN}]))
    before = list_versions(node, foreign)
    with at_desk(node) as desk:
        token = desk.be(add_person(node, "wer", role))
        seen = {
            rid: [_answer(desk, method, path, rid, token) for method, path in offer_routes(node) if method == "GET"]
            for rid in (own, foreign, bytes(16))
        }
        written = [_answer(desk, m, p, bytes(16), token) for m, p in offer_routes(node) if m == "POST"]
        if role == "traeger":
            written += [_answer(desk, m, p, foreign, token) for m, p in offer_routes(node) if m == "POST"]
            assert "Fremdes Angebot" not in desk.get("/pult/angebote").text
            assert set(seen[foreign]) == {404}

    assert set(seen[bytes(16)]) <= {404, 403}
    assert {200} <= set(seen[own]) <= {200, 403}
    assert set(written) <= {404, 403}
    assert list_versions(node, foreign) == before


def _answer(desk: Desk, method: str, path: str, rid: bytes, token: str) -> int:
    concrete = re.sub(r"\{rid[^}]*\}", rid.hex(), path).replace("{lang}", "en")
    concrete = re.sub(r"\{[a-z_]+[^}]*\}", "1", concrete)
    answer = desk.get(concrete) if method == "GET" else desk.post(concrete, {"csrf_token": token, **fields()})
    return int(answer.status_code)


def test_provider_cannot_give_an_offer_to_somebody_else(node: Node) -> None:
    with at_desk(node) as desk:
        desk.be(add_person(node, "tarik", "traeger"))
        answer = desk.submit(NEW, NEW, **fields(providers__0__name="Caritasverband"))
        kept = desk.submit(NEW, NEW, **fields(providers__0__name=OWN))

    assert answer.status_code == 422
    assert "eigenen Organisation" in answer.text
    assert kept.status_code == 303
    assert msgspec.to_builtins(own_offers(node)[0])["state"] == "draft"
