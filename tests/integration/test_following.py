"""Letters about searches at node and hub: real pages, a real index, a real mail server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from hub import mailing as hub_mailing
from hub import notices
from hub.notices import Wanted
from hub.party import Hub
from node import following, mailing
from node.city import save_city
from node.erasing import erase, find
from node.party import Node
from shared.errors import ConfigError
from shared.mailing.outbox import Postbox
from shared.mailing.store import subscriptions as store
from shared.mailing.subscribing import Subscriptions
from shared.mailing.telling import tell_due
from tests.support.lone_node import files_with
from tests.support.loopback import app_of, close_all, hub_on_disk, node_on_disk
from tests.support.mail_server import Mailbox, mail_server
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

ADDRESS = "amina.beispiel@example.org"
ZONE = ZoneInfo("Europe/Berlin")
pytestmark = pytest.mark.filterwarnings("ignore:The base_url")


class Reader:
    """Somebody with a browser and a mailbox, at one party of the federation."""

    def __init__(self, world: World, folder: Path, room: str, mailbox: Mailbox) -> None:
        self.world, self.folder, self.mailbox = world, folder, mailbox
        self.city = world.nodes["marl"]
        self.origin = f"http://{room}"
        self.party: Node | Hub
        self.subscriptions: Subscriptions
        self.postbox: Postbox
        if room == "hub":
            hub = self.party = hub_on_disk(world, folder)
            hub.settings = msgspec.structs.replace(
                hub.settings, home=str(folder), mail_host="127.0.0.1", mail_port=mailbox.port, mail_security="none",
                mail_sender="ki@kreis.example",
            )  # fmt: skip
            self.subscriptions, self.postbox = hub_mailing.subscriptions_of(hub), hub_mailing.postbox_of(hub)
        else:
            node = self.party = node_on_disk(world, room, folder)
            node.settings = msgspec.structs.replace(node.settings, public_url=self.origin)
            save_city(node, {
                "mail_host": "127.0.0.1", "mail_port": str(mailbox.port), "mail_security": "none",
                "mail_sender": "ki@herten.example",
            })  # fmt: skip
            self.subscriptions, self.postbox = following.subscriptions_of(node), mailing.postbox_of(node)
        self.settle()
        self.log = StringIO()
        self.client: TestClient[Any] = TestClient(app_of(self.party, self.log), base_url=self.origin)
        self.client.follow_redirects = False

    def settle(self) -> None:
        """Let what the city changed arrive, in the index too."""
        self.world.settle()
        give_index(self.party, self.folder)

    def ask(self, query: str = "q=fahrrad", **fields: str) -> httpx.Response:
        """Send the form as the page holds it."""
        page = self.client.get(f"/abo?{query}").text
        search = re.search(r'name="suche" value="([^"]*)"', page)
        assert search is not None, page
        data = {"suche": search[1].replace("&amp;", "&"), "email": ADDRESS, "rhythm": "daily", "language": "de"}
        return self.client.post("/abo", data={**data, **fields}, headers={"Origin": self.origin})

    def letters(self) -> list[Any]:
        """Let everything that waits be sent; returns all letters that came."""
        while self.postbox.send_due():
            pass
        return self.mailbox.letters

    def link(self, kind: str) -> str:
        """The link of a kind in the newest letter, as a path."""
        body = self.letters()[-1].get_content().replace("\r\n", "\n")
        found = re.search(rf"{re.escape(self.origin)}(/abo/{kind}/\S+)", body)
        assert found is not None, body
        return found[1]

    def subscribe(self, **fields: str) -> None:
        """The whole way in."""
        assert self.ask(**fields).status_code == 303
        path = self.link("bestaetigen")
        assert self.client.get(path).status_code == 200
        assert self.client.post(path, headers={"Origin": self.origin}).status_code == 200

    def next_morning(self, *, days: int = 1) -> int:
        """Let the morning come on which letters are written; returns how many were."""
        here = datetime.fromtimestamp(self.party.clock.now(), ZONE)
        self.world.clock.time += days * 86_400 + 7 * 3600 + 60 - (here.hour * 3600 + here.minute * 60 + here.second)
        self.subscriptions.tidy()
        return tell_due(self.subscriptions)

    def rows(self, table: str) -> int:
        with self.party.db.read() as conn:
            return int(conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608

    def is_known_anywhere(self) -> list[str]:
        """Files that hold the address, after deleted rows were made unreadable."""
        assert self.party.db.scrub()
        return files_with(self.folder, ADDRESS)


@pytest.fixture
def world() -> Iterator[World]:
    world = World(("herten", "marl"))
    publish(world.nodes["marl"], "Fahrrad am Morgen")
    world.settle()
    yield world
    close_all(world)


@pytest.fixture(params=["herten", "hub"])
def reader(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Reader]:
    with mail_server() as mailbox:
        reader = Reader(world, tmp_path, request.param, mailbox)
        with reader.client:
            yield reader


def test_nothing_is_sent_before_the_owner_of_the_address_confirms(reader: Reader) -> None:
    asked = reader.ask()
    letter = reader.letters()[0]
    opened = reader.client.get(reader.link("bestaetigen"))  # as a program does that looks through mails
    publish(reader.city, "Fahrrad am Abend")
    reader.settle()

    assert (asked.status_code, asked.headers["Location"]) == (303, "/abo/gesendet")
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "Bitte bestätigen Sie Ihr Abo")
    assert "fahrrad" not in letter.get_content().replace("\r\n", "\n")  # nothing that a stranger typed
    assert "Ja, Abo bestätigen" in opened.text
    assert reader.next_morning() == 0
    assert len(reader.letters()) == 1


def test_letter_of_the_next_morning_names_new_and_ended_offers_and_the_one_after_comes_only_with_news(
    reader: Reader,
) -> None:
    old = publish(reader.city, "Fahrrad mit Kaffee")
    reader.settle()
    reader.subscribe()
    before_anything_changed = reader.next_morning()
    publish(reader.city, "Fahrrad am Abend")
    publish(reader.city, "Nähen für alle")
    withdraw(reader.city, old)
    reader.settle()

    told, told_again = reader.next_morning(), reader.next_morning()
    letter = reader.letters()[-1]
    text = letter.get_content().replace("\r\n", "\n")

    assert (before_anything_changed, told, told_again) == (0, 1, 0)
    assert "NEU (1)\n\n* Fahrrad am Abend\n  Stadt Marl\n" in text
    assert "BEENDET (1)\n\n* Fahrrad mit Kaffee (Stadt Marl)\n" in text
    assert "Nähen" not in text
    assert "„fahrrad“" in letter["Subject"]
    assert letter.get_content_type() == "text/plain"
    assert re.fullmatch(rf"<{reader.origin}/abo/ende/[\w-]{{43}}\?lang=de>", letter["List-Unsubscribe"])
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_offer_that_fits_no_more_is_not_called_ended(reader: Reader) -> None:
    rid = publish(reader.city, "Fahrrad mit Kaffee")
    reader.settle()
    reader.subscribe()
    publish(reader.city, "Kochen mit Kaffee", rid)
    reader.settle()
    reader.next_morning()

    text = reader.letters()[-1].get_content().replace("\r\n", "\n")

    assert "PASST NICHT MEHR ZU IHRER SUCHE (1)\n\n* Kochen mit Kaffee" in text
    assert "BEENDET" not in text


def test_offer_that_the_district_hides_is_passed_over_in_silence(reader: Reader) -> None:
    """Its title may be what is unlawful; and it has not ended."""
    rid = publish(reader.city, "Fahrrad mit Kaffee")
    reader.settle()
    reader.subscribe()
    day = datetime.fromtimestamp(reader.party.clock.now(), ZONE).date() + timedelta(days=30)
    wanted = Wanted("law", "Der Text wirbt für Gewalt gegen andere.", "", day.isoformat(), is_sure=True)
    made = notices.hide(reader.world.hub, rid, wanted)
    reader.settle()
    while_hidden = reader.next_morning()
    notices.lift(reader.world.hub, made.rid, "Der Text ist berichtigt.")
    reader.settle()
    after = reader.next_morning()

    assert (while_hidden, after) == (0, 1)
    assert "NEU (1)\n\n* Fahrrad mit Kaffee" in reader.letters()[-1].get_content().replace("\r", "")


def test_one_request_from_a_mail_program_ends_it_and_leaves_the_address_nowhere(reader: Reader) -> None:
    reader.subscribe()
    publish(reader.city, "Fahrrad am Abend")
    reader.settle()
    reader.next_morning()
    path = reader.letters()[-1]["List-Unsubscribe"].strip("<>").removeprefix(reader.origin)
    before = reader.is_known_anywhere()

    ended = reader.client.post(path, data={"List-Unsubscribe": "One-Click"})  # no page, so no origin

    assert before
    assert ended.status_code == 200
    assert "Das Abo ist beendet" in ended.text
    assert reader.is_known_anywhere() == []
    assert ADDRESS not in reader.log.getvalue()
    assert reader.client.post(path).status_code == 200
    assert reader.client.get(path).status_code == 404
    assert reader.next_morning() == 0


def test_page_behind_the_link_shows_what_is_stored_and_changes_nothing(reader: Reader) -> None:
    reader.subscribe()
    publish(reader.city, "Fahrrad am Abend")
    reader.settle()
    reader.next_morning()

    page = reader.client.get(reader.link("ende"))

    assert ADDRESS in page.text
    assert ADDRESS not in page.text.partition("</title>")[0]
    assert "„fahrrad“" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert reader.rows("subscription") == 1


def test_address_that_nobody_confirms_is_gone_after_two_days(reader: Reader) -> None:
    reader.ask()
    path = reader.link("bestaetigen")
    reader.ask(query="q=kochen")  # waits in the outbox still
    reader.world.clock.time += 48 * 3600 + 1
    late = reader.client.post(path, headers={"Origin": reader.origin})
    reader.subscriptions.tidy()

    assert late.status_code == 404
    assert (reader.rows("subscription"), reader.rows("mail")) == (0, 0)
    assert reader.is_known_anywhere() == []


def test_answer_is_the_same_for_a_known_address_and_confirming_again_replaces(reader: Reader) -> None:
    first = reader.ask()
    reader.client.post(reader.link("bestaetigen"), headers={"Origin": reader.origin})
    again = reader.ask(rhythm="weekly")
    reader.client.post(reader.link("bestaetigen"), headers={"Origin": reader.origin})
    publish(reader.city, "Fahrrad am Abend")
    reader.settle()

    assert (first.status_code, first.headers["Location"]) == (again.status_code, again.headers["Location"])
    assert reader.rows("subscription") == 1
    assert [reader.next_morning(days=days) for days in (1, 5, 1)] == [0, 0, 1]


def test_address_gets_few_letters_an_hour_and_a_network_may_send_few_forms(reader: Reader) -> None:
    answers = []
    for number in range(9):
        answers.append(reader.ask(query=f"q=wort{number}").status_code)
        reader.world.clock.time += 70

    assert answers[:5] == [303] * 5
    assert 429 in answers
    assert len(reader.letters()) == 6


def test_what_a_program_fills_in_is_thrown_away_and_answered_alike(reader: Reader) -> None:
    answer = reader.ask(website="https://spam.example")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/abo/gesendet")
    assert reader.rows("subscription") == 0


@pytest.mark.parametrize("address", ["niemand", "a@b@c", "ä@example.org", "a@example.org\r\nBcc: x@example.org", ""])
def test_what_is_no_address_is_said_at_its_field(reader: Reader, address: str) -> None:
    answer = reader.ask(email=address)

    assert answer.status_code == 422
    assert "Das ist keine E-Mail-Adresse." in answer.text
    assert reader.rows("subscription") == 0


def test_form_from_another_site_is_refused(reader: Reader) -> None:
    answer = reader.client.post("/abo", data={"email": ADDRESS}, headers={"Origin": "https://boese.example"})

    assert answer.status_code == 403


def test_news_wait_while_the_mail_server_is_down_and_nothing_is_lost(reader: Reader) -> None:
    reader.subscribe()
    reader.mailbox.answers = "451 later"
    for day in range(3):
        publish(reader.city, f"Fahrrad Gruppe {day}")
        reader.settle()
        reader.next_morning()
        reader.postbox.send_due()
    reader.mailbox.answers = "250 OK"
    reader.world.clock.time += 3601
    reader.letters()
    reader.next_morning()
    texts = "".join(letter.get_content().replace("\r\n", "\n") for letter in reader.letters()[1:])

    assert [texts.count(f"* Fahrrad Gruppe {day}\n") for day in range(3)] == [1, 1, 1]
    assert reader.rows("mail") == 0


def test_address_that_the_server_refuses_for_good_is_forgotten(reader: Reader) -> None:
    reader.subscribe()
    reader.mailbox.refuses = "550 unknown"
    publish(reader.city, "Fahrrad am Abend")
    reader.settle()
    reader.next_morning()
    reader.postbox.send_due()
    publish(reader.city, "Fahrrad am Mittag")
    reader.settle()
    reader.next_morning()

    assert (reader.rows("subscription"), reader.rows("mail")) == (0, 0)
    assert reader.is_known_anywhere() == []


def test_letter_to_a_subscriber_whose_sending_was_interrupted_is_sent_again(reader: Reader) -> None:
    reader.ask()
    with reader.party.db.write() as conn:
        conn.exec_driver_sql("UPDATE mail SET state = 'sending'")
    reader.world.clock.time += 121
    reader.postbox.tidy()

    assert len(reader.letters()) == 1


def test_language_that_is_none_of_ours_becomes_that_of_the_page(reader: Reader) -> None:
    reader.ask(language="xx")

    assert reader.link("bestaetigen").endswith("?lang=de")


def test_search_that_was_confirmed_before_there_was_an_index_tells_nothing_old(reader: Reader) -> None:
    assert reader.party.index_path is not None
    reader.ask()
    path = reader.link("bestaetigen")
    vars(reader.party).pop("finder").close()
    reader.party.index_path.unlink()
    reader.client.post(path, headers={"Origin": reader.origin})
    without_index = reader.next_morning()
    give_index(reader.party, reader.folder)

    assert (without_index, reader.next_morning()) == (0, 0)
    assert len(reader.letters()) == 1


def test_title_of_an_erased_version_is_not_told(reader: Reader) -> None:
    reader.subscribe()
    with reader.party.db.write() as conn:
        told = list(store.iterate_told(conn))
        conn.exec_driver_sql("INSERT INTO erased SELECT (SELECT min(id) FROM log), commitment, 0, 0 FROM told_offer")
    reader.subscriptions.tidy()

    assert [one["title"] for one in told] == ["Fahrrad am Morgen"]
    assert reader.rows("told_offer") == 0


def test_without_a_mail_server_the_page_says_so_and_offers_the_feed(world: World, tmp_path: Path) -> None:
    node = node_on_disk(world, "herten", tmp_path)
    node.settings = msgspec.structs.replace(node.settings, public_url="http://herten")
    with TestClient(app_of(node), base_url="http://herten") as client:
        page = client.get("/abo?q=fahrrad").text
        sent = client.post("/abo", data={"email": ADDRESS, "rhythm": "daily"}, headers={"Origin": "http://herten"})

    assert "E-Mails werden hier zurzeit nicht verschickt." in page
    assert "/angebote.atom?q=fahrrad" in page
    assert 'name="email"' not in page
    assert sent.status_code == 200
    assert "E-Mails werden hier zurzeit nicht verschickt." in sent.text


def test_erasing_a_person_finds_and_deletes_their_subscription(world: World, tmp_path: Path) -> None:
    with mail_server() as mailbox:
        reader = Reader(world, tmp_path, "herten", mailbox)
        node = reader.party
        assert isinstance(node, Node)
        with reader.client:
            reader.subscribe()
        found = [hit.where for hit in find(node, "Amina Beispiel")]
        erase(node, "Amina Beispiel")

    assert found == ["subscription"]
    assert reader.rows("subscription") == 0


def test_both_rooms_do_it_by_themselves(reader: Reader) -> None:
    reader.ask()
    for _ in range(3):
        reader.world.tick()
        reader.world.clock.time += 60

    assert len(reader.mailbox.letters) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mail_host": "mail.kreis.example"}, "gehören zusammen"),
        ({"mail_host": "m", "mail_sender": "niemand"}, "keine E-Mail-Adresse"),
        ({"mail_host": "m", "mail_sender": "a@b.example", "mail_security": "none", "mail_user": "ki"}, "mitgelesen"),
        ({"mail_port": 70_000}, "möglich ist 1 bis 65535"),
    ],
)
def test_hub_refuses_settings_that_cannot_send(world: World, values: dict[str, Any], said: str) -> None:
    from hub.settings import check_settings

    with pytest.raises(ConfigError, match=said):
        check_settings(msgspec.structs.replace(world.hub.settings, **values))
