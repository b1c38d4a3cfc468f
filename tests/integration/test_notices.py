"""Takedowns: a notice of the hub hides an offer at every party and in every output, says so openly, and is lifted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from hub import notices, overview
from hub.notices import Kept, Wanted
from hub.own_records import publish_record
from hub.party import Hub
from node.party import Node
from shared.consume import mirror_path, shown_origins
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.holdings import catalogue
from shared.holdings.changes import load_ended
from shared.hsds.parts import dashed
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.loopback import app_of, close_all, newest_commitment
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

TITLE = "Unerhörter Kurs"
REASON = "Der Text wirbt für eine verbotene Vereinigung."
HTML = {"Accept": "text/html"}
WANTED = Wanted("law", REASON, "§ 86a StGB", "2026-03-31", is_sure=True)


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    yield world
    close_all(world)


@pytest.fixture
def rid(world: World) -> bytes:
    rid = publish(world.nodes["marl"], TITLE)
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()
    return rid


def hide(world: World, rid: bytes, wanted: Wanted = WANTED) -> Kept:
    made = notices.hide(world.hub, rid, wanted)
    world.settle()
    return made


def lift(world: World, made: Kept) -> None:
    notices.lift(world.hub, made.rid, "Die Stadt hat den Text berichtigt.")
    world.settle()


def parties(world: World) -> dict[str, Node | Hub]:
    return {"hub": world.hub, **world.nodes}


def shown_titles(world: World) -> dict[str, list[str]]:
    said = world.nodes["herten"].consumer.newest()
    assert said is not None
    found = {}
    for name, party in parties(world).items():
        with party.db.read() as conn:
            found[name] = [one.title for one in catalogue.iterate_shown(conn, shown_origins(said))]
    return found


def ask(party: Node | Hub, path: str, **headers: str) -> httpx.Response:
    with TestClient(app_of(party)) as client:
        return client.get(path, headers={**HTML, **headers}, follow_redirects=False)


# --- hiding ----------------------------------------------------------------------------------------------------------


def test_hidden_offer_is_shown_by_no_party(world: World, rid: bytes) -> None:
    hide(world, rid)

    assert set(map(tuple, shown_titles(world).values())) == {("Sprachcafé",)}


def test_lifted_notice_shows_the_offer_again_and_stays_in_the_history(world: World, rid: bytes) -> None:
    made = hide(world, rid)
    lift(world, made)

    assert set(map(tuple, shown_titles(world).values())) == {("Sprachcafé", TITLE)}
    past = notices.list_notices(world.hub)
    assert [(one.doc.number, one.doc.hides, one.doc.lifted) for one in past] == [("1/2026", False, date(2026, 1, 1))]


def test_lifting_is_undone(world: World, rid: bytes) -> None:
    made = hide(world, rid)
    lift(world, made)

    notices.hide_again(world.hub, made.rid)
    world.settle()

    assert shown_titles(world)["marl"] == ["Sprachcafé"]


def test_log_is_not_censored(world: World, rid: bytes) -> None:
    before = world.digests()["hub"]
    commitment = newest_commitment(world.nodes["marl"], rid).hex()

    hide(world, rid)

    # The digest moves by the notice's own record alone, and every party agrees; the city's bytes stay with all.
    digests = set(world.digests().values())
    mirror = mirror_path(world.nodes["marl"].settings.origin)
    assert (len(digests), before in digests) == (1, False)
    for holder in (world.hub, world.nodes["herten"]):
        assert ask(holder, f"/{mirror}payload/{commitment}").status_code == 200


def test_notice_of_a_city_hides_nothing(world: World, rid: bytes) -> None:
    """The kind has effect in the hub's log alone: the same document among a city's records is only held."""
    with world.hub.db.read() as conn:
        only_marl = catalogue.find_shown(conn, [world.nodes["marl"].settings.origin], rid)
    hide(world, rid)

    with world.hub.db.read() as conn:
        without_the_hub = catalogue.find_shown(conn, [world.nodes["marl"].settings.origin], rid)
    assert without_the_hub == only_marl


def test_record_of_another_member_with_the_same_id_is_not_hidden(world: World, rid: bytes) -> None:
    with world.hub.db.write() as conn:
        fields = {"record": rid.hex(), "member": "herten", "number": "1/2026"}
        publish_record(world.hub, conn, "notice", fields)
    world.settle()

    assert TITLE in shown_titles(world)["herten"]


def test_other_offers_of_a_cluster_stay(world: World, rid: bytes, tmp_path: Path) -> None:
    other = publish(world.nodes["herten"], TITLE)
    with world.hub.db.write() as conn:
        publish_record(world.hub, conn, "cluster", {"members": [rid.hex(), other.hex()], "display": rid.hex()})
    world.settle()
    give_index(world.hub, tmp_path)

    hide(world, rid)
    give_index(world.hub, tmp_path)

    text = ask(world.hub, "/angebote").text
    assert f"/angebote/{other.hex()}" in text
    assert rid.hex() not in text


def test_everything_that_is_given_out_leaves_it_out_and_takes_it_back(world: World, rid: bytes, tmp_path: Path) -> None:
    give_index(world.nodes["herten"], tmp_path)
    assert TITLE in ask(world.nodes["herten"], "/angebote").text
    paths = (
        "/angebote", "/angebote?q=Kurs", "/termine", "/staedte/marl", "/traeger", "/sitemap.xml", "/angebote.atom",
        "/hsds/services", "/hsds/organizations?full_service=true", "/catalog.ndjson", "/karte", "/changes",
    )  # fmt: skip

    made = hide(world, rid)
    give_index(world.nodes["herten"], tmp_path)
    hidden = {path: ask(world.nodes["herten"], path) for path in paths}
    lift(world, made)
    give_index(world.nodes["herten"], tmp_path)

    assert {path: answer.status_code for path, answer in hidden.items() if answer.status_code >= 500} == {}
    assert [path for path, answer in hidden.items() if TITLE in answer.text or rid.hex() in answer.text] == []
    assert TITLE in ask(world.nodes["herten"], "/angebote").text
    assert TITLE in ask(world.nodes["herten"], "/hsds/services").text


def test_integrator_is_told_by_the_list_of_changes(world: World, rid: bytes, tmp_path: Path) -> None:
    give_index(world.hub, tmp_path)
    cursor = ask(world.hub, "/changes").json()["cursor"]

    hide(world, rid)
    give_index(world.hub, tmp_path)
    told = ask(world.hub, f"/changes?after={cursor}").json()["changes"]

    assert [(one["id"], one["kind"], one["reason"]) for one in told] == [(dashed(rid.hex()), "withdrawn", "hidden")]


def test_list_of_changes_that_is_made_anew_names_it_too(world: World, rid: bytes) -> None:
    hide(world, rid)

    said = world.nodes["herten"].consumer.newest()
    assert said is not None
    with world.hub.db.read() as conn:
        assert load_ended(conn, shown_origins(said)) == {rid}


# --- saying so -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["hub", "herten", "marl"])
def test_page_of_the_hidden_offer_says_why_and_where_to_complain(world: World, rid: bytes, who: str) -> None:
    hide(world, rid)

    answer = ask(parties(world)[who], f"/angebote/{rid.hex()}")

    assert answer.status_code == 451
    assert 'rel="blocked-by"' in answer.headers["link"]
    for words in (
        "Dieses Angebot ist kreisweit ausgeblendet", "Der Inhalt verstößt gegen ein Gesetz", REASON, "§ 86a StGB",
        "01.01.2026", "31.03.2026", "Stadt Marl", "1/2026", "Kommunales Integrationszentrum Kreis Recklinghausen",
    ):  # fmt: skip
        assert words in answer.text
    assert TITLE not in answer.text


@pytest.mark.parametrize("part", ["termine.ics", "qr.svg", "daten.jsonld", "nachweis"])
def test_nothing_else_of_it_is_given_out(world: World, rid: bytes, part: str) -> None:
    hide(world, rid)

    assert ask(world.nodes["marl"], f"/angebote/{rid.hex()}/{part}").status_code == 451


def test_page_speaks_the_reader_s_language(world: World, rid: bytes) -> None:
    hide(world, rid)

    text = ask(world.hub, f"/angebote/{rid.hex()}?lang=en", **{"Accept-Language": "en"}).text

    assert 'lang="en"' in text
    assert "Dieses Angebot ist kreisweit ausgeblendet" not in text
    assert f'<span lang="de" dir="ltr">{REASON}</span>' in text


def test_program_is_told_the_same(world: World, rid: bytes, tmp_path: Path) -> None:
    hide(world, rid)
    give_index(world.hub, tmp_path)

    by_page = ask(world.hub, f"/angebote/{rid.hex()}", Accept="application/json")
    by_hsds = ask(world.hub, f"/hsds/services/{dashed(rid.hex())}", Accept="application/json")

    for answer in (by_page, by_hsds):
        said = json.loads(answer.content)
        assert (answer.status_code, answer.headers["content-type"]) == (451, "application/problem+json")
        assert (said["code"], said["grounds"], said["member"]) == ("notice", "law", "marl")
        assert (said["since"], said["review"], said["text"]) == ("2026-01-01", "2026-03-31", REASON)


def test_offer_that_its_city_ends_meanwhile_has_ended(world: World, rid: bytes, tmp_path: Path) -> None:
    hide(world, rid)
    withdraw(world.nodes["marl"], rid)
    world.settle()
    give_index(world.hub, tmp_path)

    assert ask(world.hub, f"/angebote/{rid.hex()}").status_code == 410
    assert ask(world.hub, f"/hsds/services/{dashed(rid.hex())}").status_code == 410


@pytest.mark.parametrize("who", ["hub", "herten"])
def test_public_list_names_current_and_past_notices(world: World, rid: bytes, who: str) -> None:
    empty = ask(parties(world)[who], "/ausblendungen").text
    made = hide(world, rid)
    current = ask(parties(world)[who], "/ausblendungen").text
    lift(world, made)
    past = ask(parties(world)[who], "/ausblendungen").text

    assert "Zurzeit ist kein Angebot ausgeblendet." in empty
    assert REASON in current
    assert "Bisher wurde keine Ausblendung aufgehoben." in current
    assert "Die Stadt hat den Text berichtigt." in past
    assert "Zurzeit ist kein Angebot ausgeblendet." in past
    for path in ("/vertrauen", "/verbund"):
        assert 'href="/ausblendungen"' in ask(parties(world)[who], path).text


def test_title_that_is_unlawful_itself_is_not_shown(world: World, rid: bytes) -> None:
    hide(world, rid, Wanted("law", REASON, "", "2026-03-31", hides_title=True, is_sure=True))

    for who in parties(world).values():
        assert TITLE not in ask(who, "/ausblendungen").text


# --- deciding --------------------------------------------------------------------------------------------------------


def test_texts_that_not_everybody_may_read_are_refused(world: World, rid: bytes) -> None:
    with pytest.raises(RuleError) as refused:
        notices.hide(world.hub, rid, Wanted("", "Rufen Sie 02361 534712 an, dann hören Sie es.", "", "2027-12-31"))

    assert set(refused.value.problems) == {"grund", "text", "ueberpruefung", "sicher"}


def test_offer_is_not_hidden_twice(world: World, rid: bytes) -> None:
    notices.hide(world.hub, rid, WANTED)
    with pytest.raises(ConflictError):
        notices.hide(world.hub, rid, WANTED)
    world.settle()
    with pytest.raises(NotFoundError):
        notices.hide(world.hub, rid, WANTED)


def test_numbers_go_on(world: World, rid: bytes) -> None:
    other = publish(world.nodes["herten"], "Kurs")
    world.settle()

    assert [hide(world, one).doc.number for one in (rid, other)] == ["1/2026", "2/2026"]


def test_review_that_is_due_alarms_until_it_is_done(world: World, rid: bytes) -> None:
    made = hide(world, rid, Wanted("law", REASON, "", "2026-01-02", is_sure=True))
    quiet = overview.status(world.hub).alarms
    world.clock.time += 2 * 86_400
    world.settle()
    late = overview.status(world.hub).alarms

    notices.extend(world.hub, made.rid, "2026-02-02")
    done = overview.status(world.hub).alarms

    assert [one.name for one in quiet + done if one.name == "notice-review"] == []
    assert ["1/2026" in one.message for one in late if one.name == "notice-review"] == [True]
    assert shown_titles(world)["herten"] == ["Sprachcafé"]


def test_offers_are_found_by_title_id_and_address(world: World, rid: bytes) -> None:
    for asked in ("unerhört", rid.hex(), dashed(rid.hex()), f"https://marl.example/angebote/{rid.hex()}?lang=en"):
        assert [one.title for one in notices.search_offers(world.hub, asked)] == [TITLE]
    assert notices.search_offers(world.hub, "x") == []
    assert notices.search_offers(world.hub, "%%") == []


# --- at the desks ----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    make_passwords_cheap(world.hub)
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "betrieb", "betrieb"))
        yield desk


def test_offer_is_hidden_and_shown_again_at_the_desk(world: World, rid: bytes, desk: Desk) -> None:
    found = desk.get("/pult/ausblendungen?q=unerh").text
    form = f"/pult/ausblendungen/neu?angebot={rid.hex()}"
    fields = {"angebot": rid.hex(), "grund": "law", "text": REASON, "ueberpruefung": "2026-03-31"}
    unsure = desk.submit(form, "/pult/ausblendungen/neu", **fields)
    made = desk.submit(form, "/pult/ausblendungen/neu", **fields, sicher="1")
    world.settle()
    page = made.headers["location"]
    hidden = shown_titles(world)["herten"]
    short = desk.submit(page, f"{page}/aufheben", warum="x")
    lifted = desk.submit(page, f"{page}/aufheben", warum="Die Stadt hat den Text berichtigt.")
    world.settle()

    assert f'href="{form}"' in found
    assert (unsure.status_code, "Bestätigen Sie" in unsure.text, REASON in unsure.text) == (422, True, True)
    assert (made.status_code, hidden) == (303, ["Sprachcafé"])
    assert (short.status_code, lifted.status_code) == (422, 303)
    assert TITLE in shown_titles(world)["herten"]
    assert "Die Stadt hat den Text berichtigt." in desk.get("/pult/ausblendungen").text


def test_reader_at_the_desk_sees_notices_and_changes_none(world: World, rid: bytes, desk: Desk) -> None:
    made = hide(world, rid)
    desk.be(add_person(world.hub, "leser", "leser"))

    text = desk.get(f"/pult/ausblendungen/{made.rid.hex()}").text

    assert REASON in text
    assert "Ausblendung aufheben" not in text
    assert "Angebot suchen" not in desk.get("/pult/ausblendungen").text


def test_city_s_desk_says_what_to_do(world: World, rid: bytes) -> None:
    marl = world.nodes["marl"]
    make_passwords_cheap(marl)
    hide(world, rid)

    with at_desk(marl) as city:
        city.be(add_person(marl, "erika", "redaktion"))
        start, page = city.get("/pult").text, city.get(f"/pult/angebote/{rid.hex()}").text

    assert f'href="/pult/angebote/{rid.hex()}"' in start
    assert "kreisweit ausgeblendet" in page
    assert REASON in page
    assert "nur er kann die Ausblendung aufheben" in page
    assert TITLE in page
