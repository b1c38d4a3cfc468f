"""Providers and contact persons at the desk: one edit for all offers, one undo, and an erasure that leaves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from node import erasures, workflow
from node.editing import open_offer, save_offer
from node.erasing import scrub
from node.mentions import Mentions
from node.operations import undo
from node.party import Node
from node.persons import Book
from node.providers import list_providers
from node.store import persons
from node.workflow import Editor
from shared.feed.push import Holding
from shared.holdings import papers
from tests.support.desk import Desk, add_person, at_desk
from tests.support.lone_node import files_with, make_member, offer, seal
from tests.support.world import VirtualClock, World

CHIEF = Editor("Rita Redaktion", may_publish=True)
ERIKA = {
    "name": "Erika Mustermann", "title": "Beratung", "email": "erika.mustermann@example.org",
    "phones": [{"number": "+49 2366 303000"}],
}  # fmt: skip
MAX = {"name": "Max Neu", "title": "Beratung", "email": "max.neu@example.org"}


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


def many(node: Node, count: int, **fields: object) -> list[bytes]:
    return [save_offer(node, offer(f"Angebot {number}", **fields)) for number in range(count)]


def contact_names(node: Node, rid: bytes) -> list[str]:
    return [contact["name"] for contact in open_offer(node, rid).doc.get("contacts", [])]


Sent = dict[str, object]


def keys(text: str, where: str) -> list[str]:
    return list(dict.fromkeys(re.findall(rf"/pult/{where}/([0-9a-f]{{32}})\"", text)))


def person_key(node: Node, name: str) -> str:
    people = Book(node, Mentions(node).read(CHIEF)).people()
    return next(person.key for person in people if person.label == name)


def provider_key(node: Node, name: str) -> str:
    known = list_providers(Mentions(node).read(CHIEF))
    return next(one.key for one in known if name in dict(one.spellings))


# --- contact persons --------------------------------------------------------------------------------------------------


def test_contact_person_of_fourteen_offers_is_replaced_by_one_edit(node: Node, desk: Desk) -> None:
    hers, others = many(node, 14, contacts=[ERIKA]), many(node, 3, contacts=[MAX | {"name": "Jemand Anderes"}])
    size = seal(node)
    token = token_of(desk)
    key = keys(desk.get("/pult/personen").text, "personen")[0]
    typed: Sent = {
        "csrf_token": token,
        "name": "Max Neu",
        "title": "Beratung",
        "email": "max.neu@example.org",
        "phone": "",
    }

    preview = desk.post(f"/pult/personen/{key}", typed)
    untouched = contact_names(node, hers[0])
    answer = desk.post(f"/pult/personen/{key}", {**typed, "sicher": "ja"})

    assert "14 Angebote werden geändert" in preview.text
    assert untouched == ["Erika Mustermann"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/pult/personen")
    assert {tuple(contact_names(node, rid)) for rid in hers} == {("Max Neu",)}
    assert {tuple(contact_names(node, rid)) for rid in others} == {("Jemand Anderes",)}
    assert seal(node) == size + 14


def test_edit_of_a_person_is_undone_as_one(node: Node) -> None:
    hers = many(node, 3, contacts=[ERIKA])
    seal(node)
    book = Book(node, Mentions(node).read(CHIEF))
    person = book.people()[0]
    done = book.change(CHIEF, person.key, [person.details[0].mark], MAX)
    seal(node)

    back = undo(node, CHIEF, done.number)

    assert (len(back.titles), back.left) == (3, ())
    assert {tuple(contact_names(node, rid)) for rid in hers} == {("Erika Mustermann",)}


def test_draft_is_changed_too_and_stays_a_draft_in_its_state(node: Node) -> None:
    rid = save_offer(node, offer(contacts=[ERIKA]))
    seal(node)
    workflow.save_draft(node, Editor("Ayla"), open_offer(node, rid).doc | {"name": "Neuer Titel"}, rid)
    workflow.submit(node, Editor("Ayla"), rid)
    workflow.schedule(node, CHIEF, rid, node.clock.now() + 900)
    book = Book(node, Mentions(node).read(CHIEF))
    person = book.people()[0]

    done = book.change(CHIEF, person.key, [person.details[0].mark], MAX)

    found = open_offer(node, rid)
    assert found.draft is not None
    assert (found.doc["name"], contact_names(node, rid)) == ("Neuer Titel", ["Max Neu"])
    assert (found.draft.state, found.draft.editor) == ("submitted", "Ayla")
    assert found.draft.publish_at == node.clock.now() + 900
    undo(node, CHIEF, done.number)
    back = open_offer(node, rid)
    assert back.draft is not None
    assert (back.doc["name"], contact_names(node, rid)) == ("Neuer Titel", ["Erika Mustermann"])
    assert (back.draft.state, back.draft.publish_at) == ("submitted", node.clock.now() + 900)
    workflow.discard(node, CHIEF, rid)
    assert (open_offer(node, rid).doc["name"], contact_names(node, rid)) == (
        "Sprachkurs am Vormittag", ["Erika Mustermann"]
    )  # fmt: skip


def test_draft_that_does_not_name_the_person_any_more_is_kept(node: Node) -> None:
    rid = save_offer(node, offer(contacts=[ERIKA]))
    seal(node)
    workflow.save_draft(node, CHIEF, offer("Ohne Kontakt"), rid)
    book = Book(node, Mentions(node).read(CHIEF))
    person = book.people()[0]

    done = book.change(CHIEF, person.key, [person.details[0].mark], MAX)

    assert done.titles == ("Ohne Kontakt",)
    assert open_offer(node, rid).doc["name"] == "Ohne Kontakt"
    workflow.discard(node, CHIEF, rid)
    assert contact_names(node, rid) == ["Max Neu"]


def test_editor_with_the_old_contact_open_is_told(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, offer(contacts=[ERIKA])).id
    mine = open_offer(node, rid).mark
    book = Book(node, Mentions(node).read(CHIEF))
    person = book.people()[0]

    book.change(CHIEF, person.key, [person.details[0].mark], MAX)

    assert open_offer(node, rid).mark != mine


def test_two_people_of_one_name_are_told_apart_by_their_details(node: Node, desk: Desk) -> None:
    first = save_offer(node, offer("Eins", contacts=[ERIKA]))
    second = save_offer(node, offer("Zwei", contacts=[{"name": "Erika Mustermann", "title": "Chor"}]))
    token, key = token_of(desk), person_key(node, "Erika Mustermann")
    page = desk.get(f"/pult/personen/{key}").text
    person = Book(node, Mentions(node).read(CHIEF)).find(key)
    mark = next(one.mark for one in person.details if one.entry["title"] == "Chor")

    desk.post(
        f"/pult/personen/{key}",
        {"csrf_token": token, "angaben": [mark], "name": "Erika Muster", "title": "Chor", "sicher": "ja"},
    )

    assert "Für welche Angaben?" in page
    assert (contact_names(node, first), contact_names(node, second)) == (["Erika Mustermann"], ["Erika Muster"])


def test_person_is_replaced_by_another_who_then_stands_once(node: Node, desk: Desk) -> None:
    both = save_offer(node, offer("Beide", contacts=[ERIKA, MAX]))
    hers = save_offer(node, offer("Nur sie", contacts=[ERIKA]))
    token, key = token_of(desk), person_key(node, "Erika Mustermann")
    wanted: Sent = {"csrf_token": token, "andere": person_key(node, "Max Neu")}

    preview = desk.post(f"/pult/personen/{key}/ersetzen", wanted)
    desk.post(f"/pult/personen/{key}/ersetzen", {**wanted, "sicher": "ja"})

    assert "2 Angebote werden geändert" in preview.text
    assert (contact_names(node, both), contact_names(node, hers)) == (["Max Neu"], ["Max Neu"])
    assert open_offer(node, hers).doc["contacts"] == [MAX]


def test_wrong_details_are_refused_with_what_was_typed(node: Node, desk: Desk) -> None:
    many(node, 1, contacts=[ERIKA])
    token, key = token_of(desk), person_key(node, "Erika Mustermann")

    answer = desk.post(
        f"/pult/personen/{key}", {"csrf_token": token, "name": "Max", "email": "keine Adresse", "phone": "montags"}
    )

    assert answer.status_code == 422
    assert "keine vollständige Telefonnummer" in answer.text
    assert "Das ist keine E-Mail-Adresse" in answer.text
    assert 'value="keine Adresse"' in answer.text


def test_legal_basis_is_noted_shown_and_never_published(node: Node, desk: Desk) -> None:
    rid = many(node, 1, contacts=[ERIKA])[0]
    token, key = token_of(desk), person_key(node, "Erika Mustermann")
    before = desk.get("/pult/personen").text
    form: Sent = {"csrf_token": token, "kind": "einwilligung", "since": "2026-03-01", "note": "Ordner 7"}

    desk.post(f"/pult/personen/{key}/grundlage", form)

    page = desk.get(f"/pult/personen/{key}").text
    assert "fehlt" in before
    assert "seit 01.03.2026" in page
    assert "Ordner 7" in page
    assert "Einwilligung" in desk.get("/pult/personen").text
    assert "Ordner 7" not in str(open_offer(node, rid).doc)


def test_names_of_people_stand_in_no_address_and_no_log_line(node: Node) -> None:
    many(node, 2, contacts=[ERIKA])
    stream = StringIO()
    with at_desk(node, stream) as desk:
        token = token_of(desk)
        key = person_key(node, "Erika Mustermann")
        pages = [desk.get("/pult/personen"), desk.get(f"/pult/personen/{key}")]
        pages.append(desk.post("/pult/personen", {"csrf_token": token, "suche": "Erika"}))
        pages.append(desk.post("/pult/personen/loeschen", {"csrf_token": token, "name": "Erika Mustermann"}))

    assert all(page.status_code == 200 for page in pages)
    assert not re.search(
        r'(?:href|action)="(?!mailto)[^"]*(?:erika|mustermann)', "".join(p.text for p in pages), re.IGNORECASE
    )
    assert "erika" not in stream.getvalue().lower()


def test_form_of_an_offer_proposes_people_and_fills_in_what_is_known(node: Node, desk: Desk) -> None:
    rid = many(node, 1, contacts=[ERIKA])[0]
    token = token_of(desk, "autor")
    page = desk.get("/pult/angebote/neu").text

    filled = desk.post(
        "/pult/angebote/neu",
        {"csrf_token": token, "name": "Neu", "contacts.0.name": "erika mustermann", "aktion": "person:0"},
    ).text

    assert '<option value="Erika Mustermann">' in page
    assert 'value="erika.mustermann@example.org"' in filled
    assert "+49 2366 303000" in filled
    assert len(Mentions(node).read(CHIEF)) == 1
    assert rid


# --- providers --------------------------------------------------------------------------------------------------------


def test_provider_is_edited_once_for_all_its_spellings(node: Node, desk: Desk) -> None:
    one = save_offer(node, offer("Eins", providers=[{"name": "Chancen e.V.", "identifiers": [
        {"identifier": "VR 1", "identifier_type": "Vereinsregister"}]}]))  # fmt: skip
    two = save_offer(node, offer("Zwei", providers=[{"name": "Stadt Herten"}, {"name": "Chancen e. V."}]))
    other = save_offer(node, offer("Drei", providers=[{"name": "Caritas"}]))
    seal(node)
    token, key = token_of(desk), provider_key(node, "Chancen e.V.")
    typed: Sent = {"csrf_token": token, "name": "Chancen e. V.", "website": "www.chancen.example", "org_type": "verein"}

    page = desk.get(f"/pult/traeger/{key}").text
    preview = desk.post(f"/pult/traeger/{key}", typed).text
    desk.post(f"/pult/traeger/{key}", {**typed, "sicher": "ja"})

    first, second = open_offer(node, one).doc["providers"][0], open_offer(node, two).doc["providers"][1]
    assert "mehreren Schreibweisen" in page
    assert "2 Angebote werden geändert" in preview
    assert {key: first.get(key) for key in second} == second
    assert (second["website"], second["org_type"]) == ("https://www.chancen.example", "verein")
    assert first["identifiers"][0]["identifier"] == "VR 1"
    assert open_offer(node, other).doc["providers"] == [{"name": "Caritas"}]


def test_two_providers_are_made_one_and_parted_again_by_the_undo(node: Node, desk: Desk) -> None:
    one = save_offer(node, offer("Eins", providers=[{"name": "Arbeiterwohlfahrt"}]))
    two = save_offer(node, offer("Zwei", providers=[{"name": "AWO Kreisverband", "email": "awo@example.org"}]))
    both = save_offer(node, offer("Drei", providers=[{"name": "AWO Kreisverband"}, {"name": "Arbeiterwohlfahrt"}]))
    token, key = token_of(desk), provider_key(node, "Arbeiterwohlfahrt")
    wanted: Sent = {"csrf_token": token, "ziel": provider_key(node, "AWO Kreisverband"), "sicher": "ja"}

    desk.post(f"/pult/traeger/{key}/zusammenfuehren", wanted)

    assert open_offer(node, one).doc["providers"] == open_offer(node, two).doc["providers"]
    assert [row["name"] for row in open_offer(node, both).doc["providers"]] == ["AWO Kreisverband"]
    assert len(list_providers(Mentions(node).read(CHIEF))) == 1
    number = re.findall(r"/pult/vorgaenge/(\d+)/", desk.get("/pult/vorgaenge").text)[0]
    undo(node, CHIEF, int(number))
    assert len(list_providers(Mentions(node).read(CHIEF))) == 2


def test_renaming_a_provider_warns_of_accounts_that_are_limited_to_it(node: Node, desk: Desk) -> None:
    many(node, 1)
    add_person(node, "verein", "traeger")
    token, key = token_of(desk), provider_key(node, "Volkshochschule Beispielstadt")

    text = desk.post(f"/pult/traeger/{key}", {"csrf_token": token, "name": "Volkshochschule Neustadt"}).text

    assert "1 Konto gehört zu diesem Träger" in text


def test_limited_account_sees_its_own_providers_and_changes_none(node: Node, desk: Desk) -> None:
    own = many(node, 1, contacts=[ERIKA])[0]
    save_offer(node, offer("Fremd", providers=[{"name": "Caritas"}], contacts=[MAX]))
    mine, foreign = provider_key(node, "Volkshochschule Beispielstadt"), provider_key(node, "Caritas")
    token = token_of(desk, "traeger")

    text = desk.get("/pult/traeger").text

    assert "Volkshochschule Beispielstadt" in text
    assert "Caritas" not in text
    assert desk.get(f"/pult/traeger/{mine}").status_code == 200
    assert desk.get(f"/pult/traeger/{foreign}").status_code == 404
    assert desk.post(f"/pult/traeger/{mine}", {"csrf_token": token, "name": "Anders"}).status_code == 403
    assert desk.get("/pult/personen").status_code == 403
    form = desk.get("/pult/angebote/neu").text
    assert "Erika Mustermann" in form
    assert "Max Neu" not in form
    assert open_offer(node, own).doc["providers"] == [{"name": "Volkshochschule Beispielstadt"}]


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_person_is_shown_everywhere_confirmed_and_erased_from_every_file(node: Node, desk: Desk) -> None:
    hers = many(node, 14, contacts=[ERIKA])
    seal(node)
    workflow.save_draft(node, CHIEF, open_offer(node, hers[0]).doc | {"body": "Fragen an Erika Mustermann"}, hers[0])
    workflow.submit(node, CHIEF, hers[0])
    workflow.give_back(node, CHIEF, hers[0], "Bitte Erika Mustermann fragen")
    token, key = token_of(desk), person_key(node, "Erika Mustermann")
    basis: Sent = {
        "csrf_token": token,
        "kind": "einwilligung",
        "since": "2026-03-01",
        "note": "liegt bei Erika Mustermann",
    }
    desk.post(f"/pult/personen/{key}/grundlage", basis)
    asked: Sent = {"csrf_token": token, "name": "Erika Mustermann"}

    shown = desk.post("/pult/personen/loeschen", {**asked, "aktion": "suchen"}).text
    refused = desk.post("/pult/personen/loeschen", {**asked, "aktion": "loeschen", "noch_einmal": "Erika"})
    still = contact_names(node, hers[1])
    answer = desk.post("/pult/personen/loeschen", {**asked, "aktion": "loeschen", "noch_einmal": "Erika Mustermann"})
    waiting = desk.get(answer.headers["location"]).text
    seal(node)
    with node.db.read() as conn:
        bases = persons.load_bases(conn)

    assert shown.count("/verlauf") == 14
    for place in ("veröffentlichte Fassung", "Entwurf", "Verlauf", "Hinweis an", "Vermerk zur Rechtsgrundlage"):
        assert place in shown
    assert (refused.status_code, still) == (422, ["Erika Mustermann"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/pult/personen/loeschberichte/1")
    assert "noch nicht beim Kreis" in waiting
    assert {tuple(contact_names(node, rid)) for rid in hers} == {()}
    assert bases == {}
    scrub(node)
    assert files_with(node.home, "Erika Mustermann") == files_with(node.home, "erika.mustermann") == []
    assert "Mustermann" not in desk.get("/pult/personen/loeschen").text
    assert "Mustermann" not in desk.get("/pult/angebote").text


def test_report_says_who_has_confirmed_and_who_is_unknown(node: Node, desk: Desk) -> None:
    many(node, 1, contacts=[ERIKA])
    before = seal(node)
    done, waits = erasures.erase_person(node, "Erika Mustermann", "test")
    waiting = erasures.load_report(node, done.number)
    size = seal(node)
    origin = node.settings.origin

    def hub_holds(entries: int) -> str:
        with node.db.write() as conn:
            papers.save_holder(conn, "hub", [Holding(origin, entries, bytes(32))], now=1)
        return erasures.load_report(node, done.number).parties[0].state

    assert waits
    assert (waiting.is_sealed, waiting.parties[0].state) == (False, "not-yet")
    assert (hub_holds(before), hub_holds(size)) == ("not-yet", "confirmed")
    token_of(desk)
    page = desk.get(f"/pult/personen/loeschberichte/{done.number}").text
    assert "bestätigt" in page
    assert "Mustermann" not in page


def test_open_form_of_an_erased_draft_does_not_bring_the_name_back(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, offer(contacts=[ERIKA])).id
    mine = open_offer(node, rid).mark

    erasures.erase_person(node, "Erika Mustermann", "test")

    assert open_offer(node, rid).mark != mine


def test_report_that_does_not_exist_is_not_found(node: Node, desk: Desk) -> None:
    token = token_of(desk)

    assert desk.get("/pult/personen/loeschberichte/7").status_code == 404
    assert desk.get("/pult/personen/" + "0" * 32).status_code == 404
    assert desk.post("/pult/personen/" + "0" * 32, {"csrf_token": token}).status_code == 404


def test_hub_confirms_by_itself_and_a_city_when_it_is_asked() -> None:
    world = World(["herten", "marl"])
    world.settle()
    node = world.nodes["herten"]
    many(node, 2, contacts=[ERIKA])
    world.settle()

    done, waits = erasures.erase_person(node, "Erika Mustermann", "test")
    world.settle()
    before = erasures.load_report(node, done.number)
    answered = erasures.ask_others(node)
    after = erasures.load_report(node, done.number)

    assert (waits, before.is_sealed) == ("", True)
    assert {party.name: party.state for party in before.parties} == {"hub": "confirmed", "marl": "unknown"}
    assert answered == 1
    assert {party.name: party.state for party in after.parties} == {"hub": "confirmed", "marl": "confirmed"}
    world.stop("marl")
    assert erasures.ask_others(node) == 0


def test_search_that_finds_nothing_says_so_and_erases_nothing(node: Node, desk: Desk) -> None:
    many(node, 1)
    token = token_of(desk)

    nothing = desk.post("/pult/personen/loeschen", {"csrf_token": token, "name": "Niemand Hier", "aktion": "suchen"})
    short = desk.post("/pult/personen/loeschen", {"csrf_token": token, "name": "x", "aktion": "suchen"})

    assert "Nichts gefunden" in nothing.text
    assert short.status_code == 422
