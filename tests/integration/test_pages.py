"""The pages of node and hub: what people read, with the federation up, down, recovering, and hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from litestar.testing import TestClient

from hub.store.standings import update_standing
from shared.feed import limits
from shared.holdings import facts
from shared.outputs.rich_text import markdown
from tests.support.catalogue import publish_doc
from tests.support.loopback import app_of, close_all
from tests.support.world import World, publish

PERSON = "Erika Mustermann"
CONTACT = {
    "name": PERSON,
    "department": "Fachdienst Integration",
    "email": "erika.mustermann@example.org",
    "phones": [{"number": "+49 2366 303000"}],
}


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    yield world
    close_all(world)


def page(world: World, who: str, path: str = "/", *, status: int = 200) -> str:
    """One page as a browser gets it."""
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "content-security-policy" in answer.headers
    assert "set-cookie" not in answer.headers
    text = answer.text
    assert '<html lang="de"' in text
    assert re.search(r"<title>\s*\S", text)
    return text


# --- offers -----------------------------------------------------------------------------------------------------------


def test_own_edit_that_waits_for_the_hub_is_shown_as_such(world: World) -> None:
    world.stop("hub")
    publish(world.nodes["herten"], "Neuer Kurs")
    world.tick(3)

    assert re.search(r"noch nicht veröffentlicht.*Neuer Kurs", page(world, "herten"), re.DOTALL)


def test_offer_page_shows_every_field_and_its_place_in_the_log(world: World) -> None:
    rid = publish_doc(
        world.nodes["marl"],
        contacts=[CONTACT],
        body="**Gemeinsam** lernen",
        schedules=[{"byday": ["MO"], "opens_at": "09:00", "closes_at": "12:00", "kind": "kurszeit"}],
        locations=[{"name": "Bürgerhaus", "address_1": "Musterweg 1", "postal_code": "45768", "city": "Marl"}],
        costs=[{"amount": 3.5, "option": "Heft"}],
        x_unknown="kept",
    )
    world.settle()

    text = page(world, "herten", f"/angebote/{rid.hex()}")

    for part in (PERSON, "Kurs: Mo 09:00–12:00 Uhr", "Musterweg 1", "Heft 3,50\xa0€", "<strong>Gemeinsam</strong>"):
        assert part in text
    assert "Eintrag 1 von 2" in text
    with TestClient(app_of(world.nodes["herten"])) as client:
        assert f'href="/angebote/{rid.hex()}/nachweis"' in text
        assert client.get(f"/angebote/{rid.hex()}/nachweis").json()["proof"].startswith("c2sp.org/tlog-proof@v1")


def test_confidential_address_shows_the_town_alone(world: World) -> None:
    rid = publish_doc(
        world.nodes["marl"],
        address_confidential=True,
        locations=[{"name": "Haus", "address_1": "Musterweg 1", "postal_code": "45768", "city": "Marl"}],
    )
    world.settle()

    text = page(world, "hub", f"/angebote/{rid.hex()}")

    assert "Musterweg" not in text
    assert "45768 Marl" in text


@pytest.mark.parametrize("path", ["/angebote/0", f"/angebote/{'0' * 32}", "/angebote/x%00", "/nichts"])
def test_page_that_does_not_exist_is_explained(world: World, path: str) -> None:
    assert "Seite nicht gefunden" in page(world, "herten", path, status=404)


def test_hostile_texts_stay_texts(world: World) -> None:
    script = "<script>alert(1)</script>"
    rid = publish_doc(
        world.nodes["marl"],
        name=f"Kurs {script}",
        body=f"{script} [x](javascript:alert(1)) ![b](https://example.org/b.png) # Titel",
        providers=[{"name": f"Träger {script}"}],
        schedule_text=script,
    )
    world.settle()

    for text in (page(world, "herten", "/angebote"), page(world, "herten", f"/angebote/{rid.hex()}")):
        assert "alert(1)</script>" not in text
        assert "<script>" not in text
        assert 'href="javascript' not in text
        assert "<img" not in text


def test_markdown_headings_begin_below_those_of_the_page() -> None:
    assert markdown("# Eins\n\n## Zwei") == "<h3>Eins</h3>\n<h4>Zwei</h4>\n"


# --- persons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["herten", "marl", "hub"])
def test_recovering_party_hides_persons_in_all_records(world: World, who: str) -> None:
    rid = publish_doc(world.nodes["marl"], contacts=[CONTACT], email="kurse@example.org")
    world.settle()
    party = world.hub if who == "hub" else world.nodes[who]
    path = f"/angebote/{rid.hex()}"
    before = page(world, who, path)
    with party.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.clock.now())

    text = page(world, who, path)

    assert PERSON in before
    for secret in (PERSON, "erika.mustermann", "303000"):
        assert secret not in text
    assert "Fachdienst Integration" in text
    assert "kurse@example.org" in text
    assert "Ansprechpersonen werden zurzeit nicht angezeigt" in text


def test_node_that_hears_nothing_for_the_lease_hides_the_persons_of_others(world: World) -> None:
    foreign = publish_doc(world.nodes["marl"], contacts=[CONTACT])
    own = publish_doc(world.nodes["herten"], contacts=[CONTACT])
    world.settle()
    world.clock.time += limits.LEASE_SECONDS + 60

    assert PERSON not in page(world, "herten", f"/angebote/{foreign.hex()}")
    assert PERSON in page(world, "herten", f"/angebote/{own.hex()}")


# --- federation -------------------------------------------------------------------------------------------------------


def test_node_says_how_it_stands(world: World) -> None:
    text = page(world, "herten", "/verbund")

    assert "geprüft: stimmt mit dem Kreis überein" in text
    assert re.search(r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}", text)
    assert "Stadt Marl" in text
    assert "aktiv" in text


def test_node_before_its_invitation_says_what_it_waits_for(world: World) -> None:
    world.nodes["herten"].membership = None

    assert "wartet auf die Einladung" in page(world, "herten", "/verbund")


def test_node_whose_hub_is_silent_names_the_code_and_who_acts(world: World) -> None:
    world.stop("hub")
    world.clock.time += limits.HUB_FRESH_SECONDS + 60
    world.tick(2)

    text = page(world, "herten", "/verbund")

    assert "E_HUB_STALE" in text
    assert "der Kreis" in text
    assert "http://hub" not in text  # addresses of others are for the log


def test_hub_lists_members_with_state_lag_and_the_last_error_in_german(world: World) -> None:
    publish(world.nodes["marl"], "Kurs")
    world.settle()
    with world.hub.db.write() as conn:
        update_standing(conn, "marl.example/feed/g1", "marl", quarantine="E_SIG", code="E_SIG", message="from 10.0.0.7")

    text = page(world, "hub", "/mitglieder")

    assert "in Quarantäne" in text
    assert "E_SIG" in text
    assert "Eine Unterschrift fehlt oder stimmt nicht." in text
    assert "10.0.0.7" not in text
    assert "Stadt Herten" in text


def test_hub_page_shows_digest_roster_and_alarms(world: World) -> None:
    calm = page(world, "hub", "/verbund")
    world.clock.time += 299 * 86_400

    late = page(world, "hub", "/verbund")

    assert world.digests()["hub"] in calm
    assert "keine offenen Alarme" in calm
    assert "Fassung 1" in calm
    assert "Hier muss jemand handeln" in late


def test_notice_stands_on_every_page(world: World) -> None:
    notice = "Beispieldaten, nicht aktuell"
    world.nodes["herten"].settings = msgspec.structs.replace(world.nodes["herten"].settings, notice=notice)
    world.hub.settings = msgspec.structs.replace(world.hub.settings, notice=notice)

    for who, paths in (("herten", ("/", "/verbund")), ("hub", ("/", "/mitglieder", "/verbund"))):
        assert all(notice in page(world, who, path) for path in paths)


# --- whether everything runs, for readers -----------------------------------------------------------------------------


def running_section(text: str) -> str:
    match = re.search(r'<section aria-labelledby="running">(.*?)</section>', text, re.DOTALL)
    assert match is not None
    return match[1]


@pytest.mark.parametrize("who", ["herten", "hub"])
def test_reader_sees_in_plain_words_that_everything_runs(world: World, who: str) -> None:
    said = running_section(page(world, who, "/verbund"))

    assert "vollständig und auf dem neuesten Stand" in said
    assert re.search(r"Stand der Daten.*<time datetime=", said, re.DOTALL)
    assert not re.search(r"/feed/|E_[A-Z]|Prüfsumme|<code", said)


def test_reader_of_a_node_sees_that_the_catalogue_is_late(world: World) -> None:
    world.stop("hub")
    world.clock.time += limits.HUB_FRESH_SECONDS + 60

    said = running_section(page(world, "herten", "/verbund"))

    assert "Änderungen anderer Städte kommen zurzeit verspätet an" in said
    assert "auf dem neuesten Stand" not in said


@pytest.mark.parametrize("who", ["herten", "hub"])
def test_reader_sees_that_a_party_compares_itself_with_the_others(world: World, who: str) -> None:
    party = world.hub if who == "hub" else world.nodes[who]
    with party.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.clock.now())

    assert "Bis dahin erscheint nichts Neues" in running_section(page(world, who, "/verbund"))


@pytest.mark.parametrize("who", ["herten", "hub"])
@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (2, "Von Stadt Marl kam seit über einem Tag nichts Neues"),
        (31, "Angebote von Stadt Marl sind zurzeit nicht zu sehen"),
    ],
)
def test_reader_sees_which_city_is_late_or_hidden(world: World, who: str, days: int, sentence: str) -> None:
    world.stop("marl")
    for _ in range(days):
        world.clock.time += 86_400
        world.tick(2)
    world.tick(10)

    assert sentence in running_section(page(world, who, "/verbund"))


# --- health -----------------------------------------------------------------------------------------------------------


def test_health_says_ready_and_why_not(world: World) -> None:
    herten = world.nodes["herten"]
    world.clock_of("herten").skew = -3600
    with TestClient(app_of(herten)) as client:
        assert client.get("/livez").text == "ok\n"
        behind = client.get("/readyz")
        world.clock_of("herten").skew = 0
        ready = client.get("/readyz")

    assert (behind.status_code, behind.json()["checks"]["clock"]) == (503, "E_OWN_CLOCK")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
