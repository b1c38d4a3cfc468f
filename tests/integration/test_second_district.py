"""Kreis Heinsberg: a profile alone makes a second federation, and neither district's offers appear in the other's.

Made by what `init`, `invite`, `join`, `approve` and `import` run; read as pages, API and files.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from hub import receiving as hub_receiving
from hub.care import all_members
from hub.enrolment import invite
from hub.party import Hub
from node import receiving as node_receiving
from node.importing import import_table
from node.joining import join
from node.opening import init_node
from node.party import Node
from shared.consume import shown_origins
from shared.errors import ConfigError, InputError, VerificationError
from shared.feed.join import parse_invite
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.push import PushBody, parse_push
from shared.holdings import catalogue, edits, logs, papers, payloads
from shared.holdings.edits import NEW, Edit
from shared.model.shipped import shipped_district
from shared.outputs.formats.all import FORMATS
from shared.settings import load_district
from tests.support.desk import add_person, at_desk
from tests.support.loopback import app_of, close_all
from tests.support.second_district import HUB, NAME, OFFERS, SecondDistrict
from tests.support.world import Answered, Exchange, World, offer_doc, publish

HTML = {"Accept": "text/html"}
_OTHER = shipped_district()
_POSTCODES = [centre.code for member in _OTHER.members for centre in member.postcodes]
_NAMES = [_OTHER.short_name, "kreis-re", *(member.town for member in _OTHER.members if member.town)]
ABROAD = re.compile(rf"{_OTHER.key}|\b({'|'.join(_NAMES)})\b|(?<![\w.-])({'|'.join(_POSTCODES)})(?![\w-])")
"""What only the other district knows: its key, its towns, their postcodes."""
PAGES = (
    "/", "/angebote", "/angebote?q=sprachkurs", "/angebote?q=gartenprojekt+nachts", "/angebote?stadt=erkelenz",
    "/angebote/{offer}", "/angebote/{offer}/hinweis", "/angebote/{offer}/daten.jsonld", "/traeger", "/staedte",
    "/staedte/erkelenz", "/staedte/kreis", "/termine", "/ausschreibungen", "/angebote/karte", "/abo?q=kurs",
    "/sprachen",
    "/hilfe", "/impressum", "/datenschutz", "/barrierefreiheit", "/rueckmeldung", "/vertrauen", "/vertrauen.json",
    "/ausblendungen", "/offline", "/schnittstelle", "/gibt-es-nicht", "/verbund", "/sitemap.xml", "/robots.txt",
    "/manifest.webmanifest", "/hsds/", "/hsds/services", "/hsds/organizations", "/hsds/service_at_locations",
    "/hsds/profile", "/openapi.json", "/hsds/openapi.json", "/changes", "/angebote.atom",
    *(one.path for one in FORMATS),
)  # fmt: skip
GUIDES = ("/schnittstelle/anleitung", "/schnittstelle/guide")
"""Their examples are of Marl, whatever the district; its name must not stand there."""
HUB_DESK = ("/pult", "/pult/mitglieder", "/pult/mitglieder/erkelenz", "/pult/ausblendungen", "/pult/integratoren")
CITY_DESK = ("/pult", "/pult/angebote", "/pult/angebote/neu", "/pult/einstellungen", "/pult/hilfe", "/pult/traeger")


class Both:
    """Two districts on one network, each with offers of its own."""

    def __init__(self, second: SecondDistrict, world: World) -> None:
        self.second, self.world = second, world

    @property
    def parties(self) -> dict[str, Node | Hub]:
        return {"hub": self.second.hub, **self.second.nodes}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Nähstube")
    second = SecondDistrict(tmp_path_factory.mktemp("hs"), world.network, world.clock)
    second.import_offers()
    second.settle()
    world.settle()
    yield Both(second, world)
    second.close()
    close_all(world)


def rows_of_sample() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(OFFERS.read_text("utf-8")), delimiter=";"))


def shown(party: Node | Hub) -> dict[str, str]:
    """Title and member of every offer that a party shows."""
    with party.db.read() as conn:
        note = papers.load_catalogue_note(conn)
    said = party.consumer.newest() if isinstance(party, Node) else None
    if said is None:
        from hub.notes import newest_note

        assert note is not None
        with party.db.read() as conn:
            said = newest_note(conn)
    assert said is not None
    with party.db.read() as conn:
        return {one.title: one.member for one in catalogue.iterate_shown(conn, shown_origins(said))}


def first_offer(party: Hub) -> str:
    with party.db.read() as conn:
        origins = [row.origin for row in logs.load_logs(conn)]
        return next(iter(catalogue.iterate_shown(conn, origins))).rid.hex()


def ask(client: TestClient, path: str) -> httpx.Response:  # type: ignore[type-arg]
    return client.get(path, headers=HTML, follow_redirects=True)


def texts_of(answer: httpx.Response) -> list[str]:
    """What stands in an answer; of a packed file, in every file of it."""
    if not answer.content.startswith(b"PK"):
        return [answer.text]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return [packed.read(name).decode("utf-8", "replace") for name in packed.namelist()]


# --- the federation runs ---------------------------------------------------------------------------------------------


def test_every_party_shows_the_offers_of_all_members(both: Both) -> None:
    sample = {row["angebot"]: row["stadt"] for row in rows_of_sample()}
    members = {"Kreis Heinsberg": "kreis", "Erkelenz": "erkelenz", "Heinsberg": "heinsberg"}
    wanted = {title: members[town] for title, town in sample.items()}

    assert {name: shown(party) for name, party in both.parties.items()} == dict.fromkeys(both.parties, wanted)


def test_members_run_and_are_called_as_the_profile_says(both: Both) -> None:
    assert {one.member.name: one.light_text for one in all_members(both.second.hub)} == dict.fromkeys(
        ("erkelenz", "heinsberg", "kreis"), "läuft"
    )
    with at_desk(both.second.hub) as desk:
        desk.be(add_person(both.second.hub, "leser", "leser"))
        assert "Stadt Erkelenz" in desk.get("/pult/mitglieder").text


def test_own_log_of_the_hub_says_its_district(both: Both) -> None:
    with both.second.hub.db.read() as conn:
        row = logs.load_own_log(conn)
        assert row is not None
        assert row.ags == "05370000"


@pytest.mark.parametrize("who", ["hub", "erkelenz", "kreis"])
def test_nothing_that_is_given_out_speaks_of_another_district(both: Both, who: str) -> None:
    party, offer, found = both.parties[who], first_offer(both.second.hub), {}
    with TestClient(app_of(party)) as client:
        for path in PAGES:
            answer = ask(client, path.replace("{offer}", offer))
            assert answer.status_code < 500, path
            for text in texts_of(answer):
                if hit := ABROAD.search(text):
                    found[path] = text[max(0, hit.start() - 60) : hit.end() + 30]
        for path in GUIDES:
            assert "Recklinghausen" not in ask(client, path).text

    assert found == {}


@pytest.mark.parametrize("who", ["hub", "erkelenz"])
def test_no_page_of_a_desk_speaks_of_another_district(both: Both, who: str) -> None:
    party = both.parties[who]
    if isinstance(party, Node):  # a browser of the tests speaks http
        party.settings = msgspec.structs.replace(party.settings, public_url="")
    found = {}
    with at_desk(party) as desk:
        desk.be(add_person(party, "chefin", "betrieb" if who == "hub" else "verwaltung"))
        for path in HUB_DESK if who == "hub" else CITY_DESK:
            answer = desk.get(path)
            assert answer.status_code == 200, path
            if hit := ABROAD.search(answer.text):
                found[path] = answer.text[max(0, hit.start() - 60) : hit.end() + 30]

    assert found == {}


def test_pages_bear_the_district_s_name_and_languages(both: Both) -> None:
    with TestClient(app_of(both.second.nodes["erkelenz"])) as client:
        start, help_page = ask(client, "/").text, ask(client, "/hilfe").text
        colours = ask(client, "/kreis.css?v=1a6b3c").text

    assert "Kreis Heinsberg" in start
    assert 'href="/kreis.css?v=1a6b3c"' in start
    assert ":root{--kern-color-action-default:#1a6b3c}" in colours
    assert "Kommunales Integrationszentrum Kreis Heinsberg" in help_page
    offered = set(re.findall(r'hreflang="([a-z-]+)"', start)) - {"x-default"}
    assert offered == set(shipped_district(NAME).languages)


def test_search_knows_the_district_s_towns(both: Both) -> None:
    with TestClient(app_of(both.second.hub)) as client:
        by_word, by_postcode = ask(client, "/angebote?q=fahrradkurs").text, ask(client, "/angebote?q=41812").text

    assert "Fahrradkurs für Frauen" in by_word
    assert "Sprachcafé am Markt" in by_postcode


def test_api_names_the_district(both: Both) -> None:
    with TestClient(app_of(both.second.hub)) as client:
        about = client.get("/hsds/").json()
        services = client.get("/hsds/services?per_page=50&full=true").json()["contents"]
        of_town = client.get("/hsds/services?city=05370004").json()["contents"]

    assert about["publisher"]["identifier"] == "kreisweit:05370:hub"
    assert {one["x_kreisweit"]["origin"]["ags"] for one in services} == {"05370000", "05370004", "05370016"}
    assert all("05370" in area["uri"] for one in services for area in one["service_areas"])
    assert {one["name"] for one in of_town} >= {"Sprachcafé am Markt", "Hausaufgabenhilfe"}


# --- and stays by itself ---------------------------------------------------------------------------------------------


def test_neither_district_shows_the_other_s_offers(both: Both) -> None:
    ours, theirs = shown(both.second.hub), shown(both.world.hub)

    assert set(theirs) == {"Nähstube"}
    assert not set(ours) & set(theirs)
    for node in both.world.nodes.values():
        assert set(shown(node)) == {"Nähstube"}


def test_no_party_ever_asks_the_other_district(both: Both) -> None:
    of_second = {HUB, *(f"{name}-hs" for name in both.second.nodes)}

    crossed = [(sender, receiver) for sender, receiver, *_ in both.world.network.log if (receiver in of_second
               and sender not in of_second) or (sender in of_second and receiver not in of_second)]  # fmt: skip

    assert crossed == []


def push_of(both: Both, sender: str, receiver: str) -> PushBody:
    """A body that this party sends to another one of its own district."""
    caught: list[bytes] = []

    def listen(exchange: Exchange, deliver: object) -> Answered:
        if (exchange.sender, exchange.receiver, exchange.path) == (sender, receiver, "/federation/push"):
            caught.append(exchange.body)
        return deliver()  # type: ignore[operator, no-any-return]

    both.world.network.meddle = listen
    try:
        for _ in range(700):
            both.world.clock.time += 1
            both.second.tick()
            if caught:
                return parse_push(caught[0])
    finally:
        both.world.network.meddle = None
    raise AssertionError(f"{sender} pushed nothing to {receiver}")


def test_hub_takes_no_log_and_no_roster_of_the_other_district(both: Both) -> None:
    body = push_of(both, "erkelenz-hs", HUB)
    with both.second.hub.db.read() as conn:
        foreign = both.second.hub.book.newest(conn)
        note = papers.load_roster_notes(conn, 0)[-1][1]
    assert foreign is not None
    before = shown(both.world.hub)

    answer = hub_receiving.receive_push(both.world.hub, msgspec.structs.replace(body, rosters=(note,)))

    assert shown(both.world.hub) == before
    assert not any("heinsberg" in source.origin for source in answer.sources)
    with both.world.hub.db.write() as conn, pytest.raises(VerificationError):
        both.world.hub.book.extend(conn, note)
    with both.world.hub.db.read() as conn:
        assert not any("heinsberg" in row.origin for row in logs.load_logs(conn))


def test_node_takes_no_catalogue_of_the_other_district(both: Both) -> None:
    publish(both.second.nodes["erkelenz"], "Noch ein Kurs")
    body = push_of(both, HUB, "erkelenz-hs")
    herten = both.world.nodes["herten"]
    before = shown(herten)

    node_receiving.receive_push(herten, body)

    assert shown(herten) == before
    with herten.db.read() as conn:
        assert not any("heinsberg" in row.origin for row in logs.load_logs(conn))


def test_hub_invites_nobody_of_another_district(both: Both) -> None:
    with pytest.raises(ConfigError, match="liegt nicht im Kreis Heinsberg"):
        invite(both.second.hub, "herten", "05562020", "Stadt Herten")
    with pytest.raises(ConfigError, match="liegt nicht im Kreis Recklinghausen"):
        invite(both.world.hub, "erkelenz", "05370004", "Stadt Erkelenz")


def test_node_of_another_district_is_refused(both: Both) -> None:
    """A city of Recklinghausen that was given a code of Heinsberg notices itself, and the hub would refuse it."""
    code = invite(both.second.hub, "wegberg", "05370040", "Stadt Wegberg")
    herten = both.world.nodes["herten"]
    assert parse_invite(code).name == "wegberg"

    with pytest.raises(InputError, match="Die Einladung gilt für wegberg"):
        join(herten, code, "http://herten")


def test_node_is_not_made_with_an_ags_of_another_district(both: Both) -> None:
    folder = both.second.folder / "wrong"

    with pytest.raises(ConfigError, match="liegt nicht im Kreis Heinsberg"):
        init_node(folder, name="herten", ags="05562020", title="Stadt Herten", district=NAME)

    assert not folder.exists()


def test_offer_that_names_an_owner_elsewhere_is_refused(both: Both) -> None:
    erkelenz, hub = both.second.nodes["erkelenz"], both.second.hub
    rid = erkelenz.dice.token(16)
    body = seal_payload(offer_doc(rid, "05562020", "Kurs in Herten"), erkelenz.dice.token(32))
    with erkelenz.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, erkelenz.clock.now(), commitment_of(body), body))

    for _ in range(20):
        both.world.clock.time += 1
        both.second.tick()

    with hub.db.read() as conn:
        refused = {bytes(row.rid): row.code for row in payloads.load_quarantine(conn)}
    assert refused.get(rid) == "E_OWNER"
    assert "Kurs in Herten" not in shown(hub)


def test_file_of_another_district_is_not_imported(both: Both) -> None:
    data = (OFFERS.parent / "offers-recklinghausen.csv").read_bytes()

    result = import_table(both.second.nodes["heinsberg"], data, dry_run=True)

    assert (result.created, result.refused > 100) == (0, True)


# --- profiles --------------------------------------------------------------------------------------------------------


def test_profile_is_named_or_a_file(tmp_path: object) -> None:
    assert load_district(NAME) == shipped_district(NAME)
    assert load_district("").name == "Kreis Recklinghausen"
    with pytest.raises(ConfigError, match="liegt dem Programm nicht bei"):
        load_district("atlantis")
    with pytest.raises(ConfigError, match="ist nicht lesbar"):
        load_district(f"{tmp_path}/atlantis.toml")


def test_document_for_developers_is_valid_without_a_licence(both: Both) -> None:
    with TestClient(app_of(both.second.hub)) as client:
        document = client.get("/openapi.json").json()
        text = ask(client, "/schnittstelle").text

    assert "license" not in document["info"]
    assert "noch nicht festgelegt" in text
    assert json.dumps(document).count("05370004") > 0
