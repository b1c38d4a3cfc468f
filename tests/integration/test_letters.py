"""The newsletter: put together from a month, released once, sent to those who confirmed, read by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from hub import letter_sending, letters
from hub.letters import Draft
from hub.mailing import subscriptions_of
from hub.store.letters import CHANGED, NEW
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.holdings import facts
from tests.support.checked import let_send, publish_with
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.loopback import app_of
from tests.support.mail_server import Mailbox, mail_server
from tests.support.world import World, withdraw

MONTH = "2026-02"
PAGE = f"/pult/rundbrief/{MONTH}"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def world(mailbox: Mailbox) -> World:
    """Two offers of January, one of them changed in February, and two new ones of February."""
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    let_send(world.hub, mailbox)
    old = publish_with(world.nodes["herten"], "Altes Café")
    publish_with(world.nodes["herten"], "Stilles Café")
    world.settle()
    world.clock.time = datetime(2026, 2, 10, 9, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    world.settle()
    publish_with(world.nodes["herten"], "Altes Café, neue Zeiten", old)
    publish_with(world.nodes["marl"], "Deutsch für Eltern")
    publish_with(world.nodes["herten"], "Fahrradwerkstatt", summary="Räder reparieren, gemeinsam.")
    world.settle()
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        desk.be(add_person(desk.node, "kurator", "kurator"))
        yield desk


def rids(world: World) -> dict[str, bytes]:
    return {one.title: one.rid for one in letters.candidates(world.hub, MONTH)}


def titles(world: World, *, month: str = MONTH) -> list[str]:
    return [one.title for _, items in letters.load_issue(world.hub, month).sections for one in items]


def draft(world: World, *names: str, **texts: str) -> Draft:
    known = rids(world)
    return Draft(
        texts.get("title", "Neues im Februar"), texts.get("intro", ""), texts.get("closing", ""),
        [known[name] for name in names], 1,
    )  # fmt: skip


def release(world: World) -> None:
    letters.begin(world.hub, MONTH)
    letters.release(world.hub, MONTH, letters.load_issue(world.hub, MONTH).letter.revision)


# --- putting together ------------------------------------------------------------------------------------------------


def test_candidates_are_what_was_new_and_what_changed_in_the_month(world: World) -> None:
    found = letters.candidates(world.hub, MONTH)

    assert {(one.section, one.title) for one in found} == {
        (NEW, "Deutsch für Eltern"), (NEW, "Fahrradwerkstatt"), (CHANGED, "Altes Café, neue Zeiten"),
    }  # fmt: skip
    assert {one.title for one in letters.candidates(world.hub, "2026-01")} == {"Stilles Café"}


def test_issue_begins_with_everything_new_and_nothing_else(world: World) -> None:
    letters.begin(world.hub, MONTH)
    letters.begin(world.hub, MONTH)

    assert sorted(titles(world)) == ["Deutsch für Eltern", "Fahrradwerkstatt"]
    assert letters.load_issue(world.hub, MONTH).letter.title == "Neues im Februar 2026"


@pytest.mark.parametrize("month", ["2025-11", "2026-03", "2026-2", "x", ""])
def test_issue_of_a_month_that_is_over_long_ago_or_not_begun_cannot_be_begun(world: World, month: str) -> None:
    with pytest.raises(NotFoundError):
        letters.begin(world.hub, month)


def test_choice_and_order_are_kept(world: World) -> None:
    letters.begin(world.hub, MONTH)

    letters.save(world.hub, MONTH, draft(world, "Altes Café, neue Zeiten", "Fahrradwerkstatt", "Deutsch für Eltern"))

    assert titles(world) == ["Fahrradwerkstatt", "Deutsch für Eltern", "Altes Café, neue Zeiten"]
    assert [heading for heading, _ in letters.load_issue(world.hub, MONTH).sections] == [
        "Neue Angebote", "Geänderte Angebote",
    ]  # fmt: skip


def test_offers_of_nowhere_are_not_taken(world: World) -> None:
    letters.begin(world.hub, MONTH)

    letters.save(world.hub, MONTH, Draft("T", "", "", [b"x" * 16, *rids(world).values()], 1))

    assert len(titles(world)) == 3


@pytest.mark.parametrize(
    ("texts", "field"), [({"title": ""}, "title"), ({"title": "x" * 121}, "title"), ({"intro": "x" * 4001}, "intro")]
)
def test_issue_that_says_too_little_or_too_much_is_refused(world: World, texts: dict[str, str], field: str) -> None:
    letters.begin(world.hub, MONTH)

    with pytest.raises(RuleError) as error:
        letters.save(world.hub, MONTH, draft(world, **texts))

    assert list(error.value.problems) == [field]


def test_change_over_the_change_of_somebody_else_is_refused(world: World) -> None:
    letters.begin(world.hub, MONTH)
    letters.save(world.hub, MONTH, draft(world, title="Von Ayla"))

    with pytest.raises(ConflictError, match="Jemand anders"):
        letters.save(world.hub, MONTH, draft(world, title="Von Rita"))

    assert letters.load_issue(world.hub, MONTH).letter.title == "Von Ayla"


# --- releasing -------------------------------------------------------------------------------------------------------


def test_released_issue_never_changes(world: World) -> None:
    release(world)

    for act in (
        lambda: letters.save(world.hub, MONTH, draft(world)),
        lambda: letters.drop(world.hub, MONTH),
        lambda: letters.release(world.hub, MONTH, 1),
    ):
        with pytest.raises(ConflictError, match="ändert sich nicht mehr"):
            act()


def test_empty_issue_and_one_that_was_changed_meanwhile_are_not_released(world: World) -> None:
    letters.begin(world.hub, MONTH)
    letters.save(world.hub, MONTH, draft(world))

    with pytest.raises(ConflictError, match="inzwischen geändert"):
        letters.release(world.hub, MONTH, 1)
    with pytest.raises(ConflictError, match="leer"):
        letters.release(world.hub, MONTH, 2)


def test_what_a_city_takes_back_is_gone_from_a_released_issue(world: World) -> None:
    release(world)
    before = sorted(titles(world))

    withdraw(world.nodes["marl"], rids(world)["Deutsch für Eltern"])
    world.settle()

    assert before == ["Deutsch für Eltern", "Fahrradwerkstatt"]
    assert titles(world) == ["Fahrradwerkstatt"]


# --- subscribing and sending -----------------------------------------------------------------------------------------


class Reader:
    """Somebody with a browser and a mailbox."""

    def __init__(self, world: World, mailbox: Mailbox) -> None:
        self.world, self.mailbox = world, mailbox
        self.client: TestClient[Any] = TestClient(app_of(world.hub), base_url="http://hub")
        self.client.follow_redirects = False

    def order(self, address: str, language: str = "de", **fields: str) -> httpx.Response:
        return self.client.post(
            f"/rundbrief?lang={language}", data={"email": address, **fields}, headers={"Origin": "http://hub"}
        )

    def newest(self) -> str:
        self.world.tick(3)
        return str(self.mailbox.letters[-1].get_content())

    def confirm(self, letter: str) -> httpx.Response:
        found = re.search(r"http://hub(/abo/bestaetigen/\S+)", letter)
        assert found is not None
        return self.client.post(found[1], headers={"Origin": "http://hub"})


@pytest.fixture
def reader(world: World, mailbox: Mailbox) -> Reader:
    return Reader(world, mailbox)


def follow(reader: Reader, address: str = "ayse@example.org", language: str = "de") -> None:
    assert reader.order(address, language).status_code == 303
    assert reader.confirm(reader.newest()).status_code == 200


def sent_to(mailbox: Mailbox, subject: str = "Neues im Februar 2026") -> list[str]:
    return sorted(str(letter["To"]) for letter in mailbox.letters if letter["Subject"] == subject)


def test_newsletter_is_ordered_and_confirmed_in_the_language_of_the_page(reader: Reader) -> None:
    answer = reader.order("ayse@example.org", "en")
    letter = reader.newest()
    page = reader.confirm(letter)

    assert answer.headers["location"] == "/abo/gesendet?lang=en"
    assert "newsletter" in letter
    assert "newsletter" in page.text
    assert letters.count_readers(reader.world.hub) == 1


def test_nobody_gets_an_issue_without_having_confirmed(reader: Reader, world: World, mailbox: Mailbox) -> None:
    reader.order("ayse@example.org")
    release(world)

    world.tick(130)

    assert sent_to(mailbox) == []


def test_issue_reaches_every_reader_once_with_a_link_that_ends_it(
    reader: Reader, world: World, mailbox: Mailbox
) -> None:
    for name in ("a", "b", "c"):
        follow(reader, f"{name}@example.org")
    release(world)

    world.tick(200)

    assert sent_to(mailbox) == ["a@example.org", "b@example.org", "c@example.org"]
    letter = mailbox.letters[-1]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Unsubscribe"].strip("<>") in letter.get_content()
    lines = str(letter.get_content()).splitlines()
    at = lines.index("* Fahrradwerkstatt (Stadt Herten)")
    assert lines[at + 1] == "  Räder reparieren, gemeinsam."
    assert re.fullmatch(r"  http://hub/angebote/[0-9a-f]{32}", lines[at + 2])
    found = letters.load_issue(world.hub, MONTH).letter
    assert (found.state, found.recipients) == ("sent", 3)


def test_one_click_ends_it_and_deletes_the_address(reader: Reader, world: World, mailbox: Mailbox) -> None:
    follow(reader)
    release(world)
    world.tick(130)

    end = mailbox.letters[-1]["List-Unsubscribe"].strip("<>").removeprefix("http://hub")
    answer = reader.client.post(end, content="List-Unsubscribe=One-Click")

    assert "Es kommt kein Rundbrief mehr." in answer.text
    assert letters.count_readers(world.hub) == 0
    with world.hub.db.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM subscription").scalar_one() == 0


def test_hub_that_dies_in_the_middle_sends_nothing_twice(
    reader: Reader, world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letter_sending, "_AT_ONCE", 2)
    for name in ("a", "b", "c", "d", "e"):
        follow(reader, f"{name}@example.org")
    release(world)
    written = letter_sending.send_due(world.hub)

    world.restart("hub")
    let_send(world.hub, mailbox)
    world.settle()
    world.tick(300)

    assert written == 2
    assert sent_to(mailbox) == [f"{name}@example.org" for name in "abcde"]


def test_who_orders_twice_gets_one(reader: Reader, world: World, mailbox: Mailbox) -> None:
    follow(reader)
    follow(reader)
    release(world)

    world.tick(200)

    assert sent_to(mailbox) == ["ayse@example.org"]


def test_newsletter_and_a_search_for_everything_are_two_subscriptions(reader: Reader, world: World) -> None:
    follow(reader)
    reader.client.post(
        "/abo", data={"suche": "", "email": "ayse@example.org", "rhythm": "daily"}, headers={"Origin": "http://hub"}
    )
    page = reader.confirm(reader.newest())

    assert page.status_code == 200
    assert letters.count_readers(world.hub) == 1
    assert subscriptions_of(world.hub).count().active == 2


def test_newsletter_is_never_told_as_a_search(reader: Reader, world: World, mailbox: Mailbox) -> None:
    follow(reader)
    before = len(mailbox.letters)

    world.clock.time += 10 * 86_400
    world.tick(130)

    assert len(mailbox.letters) == before
    assert letters.count_readers(world.hub) == 1


def test_nobody_can_take_the_rhythm_of_the_newsletter_for_a_search(reader: Reader) -> None:
    answer = reader.client.post(
        "/abo", data={"suche": "", "email": "ayse@example.org", "rhythm": "monthly"}, headers={"Origin": "http://hub"}
    )

    assert answer.status_code == 422


def test_wrong_address_is_said_and_programs_are_answered_like_people(reader: Reader, mailbox: Mailbox) -> None:
    wrong, program = reader.order("keine adresse"), reader.order("a@example.org", website="https://spam.example")

    assert wrong.status_code == 422
    assert "Das ist keine E-Mail-Adresse." in wrong.text
    assert program.status_code == 303
    assert mailbox.letters == []


def test_form_of_another_site_is_refused(reader: Reader) -> None:
    answer = reader.client.post("/rundbrief", data={"email": "a@b.example"}, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403


# --- everybody's pages -----------------------------------------------------------------------------------------------


def test_drafts_are_nobodys_to_read(reader: Reader, world: World) -> None:
    letters.begin(world.hub, MONTH)

    assert reader.client.get(f"/rundbrief/{MONTH}").status_code == 404
    assert "Noch ist kein Rundbrief erschienen." in reader.client.get("/rundbrief").text
    assert ET.fromstring(reader.client.get("/rundbrief/feed").content).findall(f"{ATOM}entry") == []  # noqa: S314


def test_released_issue_stands_in_archive_feed_and_sitemap(reader: Reader, world: World) -> None:
    letters.begin(world.hub, MONTH)
    text = "Liebe Leserinnen,\n\n<b>mehr</b> unter https://kreis.example/mehr"
    letters.save(world.hub, MONTH, draft(world, "Fahrradwerkstatt", intro=text))
    letters.release(world.hub, MONTH, 2)

    archive, issue = reader.client.get("/rundbrief").text, reader.client.get(f"/rundbrief/{MONTH}?lang=ar").text
    feed = ET.fromstring(reader.client.get("/rundbrief/feed").content)  # noqa: S314

    assert f'href="/rundbrief/{MONTH}"' in archive
    assert '<h1 lang="de" dir="ltr">Neues im Februar</h1>' in issue
    assert 'href="https://kreis.example/mehr"' in issue
    assert "&lt;b&gt;mehr&lt;/b&gt;" in issue
    assert "Fahrradwerkstatt" in issue
    rss = ET.fromstring(reader.client.get("/rundbrief/rss").content)  # noqa: S314
    assert [item.findtext("title") for item in rss.iter("item")] == ["Neues im Februar"]
    entry = feed.findall(f"{ATOM}entry")[0]
    assert entry.findtext(f"{ATOM}title") == "Neues im Februar"
    assert "Fahrradwerkstatt" in (entry.findtext(f"{ATOM}content") or "")
    assert f"http://hub/rundbrief/{MONTH}" in reader.client.get("/sitemap.xml").text


def test_pages_without_a_mail_server_offer_the_feed_alone(world: World) -> None:
    world.hub.settings = msgspec.structs.replace(world.hub.settings, mail_host="", mail_sender="")
    release(world)
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "calendar-cared-at", 0)
    world.tick(2)

    with TestClient(app_of(world.hub), base_url="http://hub") as client:
        text = client.get("/rundbrief").text

    assert "E-Mails werden hier zurzeit nicht verschickt." in text
    assert 'name="email"' not in text
    assert letters.load_issue(world.hub, MONTH).letter.state == "sent"


@pytest.mark.parametrize("path", ["/rundbrief/2026-01", "/rundbrief/x", "/rundbrief/2026-13", "/rundbrief/%00"])
def test_unknown_issue_is_not_found(reader: Reader, path: str) -> None:
    assert reader.client.get(path).status_code in (400, 404)


# --- at the desk -----------------------------------------------------------------------------------------------------


def test_issue_is_put_together_looked_at_and_released_at_the_desk(world: World, desk: Desk) -> None:
    desk.submit("/pult/rundbrief", "/pult/rundbrief", month=MONTH)
    known = rids(world)
    first, second = known["Deutsch für Eltern"].hex(), known["Fahrradwerkstatt"].hex()
    form = desk.get(PAGE).text
    places = {f"platz-{first}": "2", f"platz-{second}": "1"}
    saved = desk.submit(
        PAGE, PAGE, title="Unser Februar", intro="Guten Tag!", closing="", revision="1", weiter="vorschau",
        chosen=[first, second], **places,
    )  # fmt: skip
    preview = desk.get(saved.headers["location"]).text
    desk.submit(f"{PAGE}/vorschau", f"{PAGE}/senden", revision="2", sure="1")
    done = desk.get("/pult/rundbrief").text

    assert form.count(" checked") == 2
    assert saved.headers["location"] == f"{PAGE}/vorschau"
    assert preview.index("Fahrradwerkstatt") < preview.index("Deutsch für Eltern")
    assert "Noch hat ihn niemand bestellt." in done
    assert desk.get(PAGE).status_code == 303


def test_nothing_is_released_without_saying_that_it_is_done(world: World, desk: Desk) -> None:
    letters.begin(world.hub, MONTH)

    answer = desk.submit(f"{PAGE}/vorschau", f"{PAGE}/senden", revision="1")

    assert answer.status_code == 422
    assert "Bestätigen Sie, dass der Rundbrief fertig ist." in answer.text
    assert not letters.load_issue(world.hub, MONTH).letter.is_released


def test_what_was_typed_stays_when_it_cannot_be_kept(world: World, desk: Desk) -> None:
    letters.begin(world.hub, MONTH)
    letters.save(world.hub, MONTH, draft(world, title="Von Rita"))

    late = desk.submit(PAGE, PAGE, title="Von Ayla", intro="Mein Text", closing="", revision="1")
    empty = desk.submit(PAGE, PAGE, title="", intro="Mein Text", closing="", revision="2")

    assert (late.status_code, empty.status_code) == (409, 422)
    assert "Jemand anders hat diesen Rundbrief inzwischen geändert" in late.text
    assert 'value="Von Ayla"' in late.text
    assert "Mein Text" in empty.text
    assert "Der Titel fehlt." in empty.text


def test_test_mail_goes_to_one_address_and_ends_nobodys_subscription(
    world: World, desk: Desk, mailbox: Mailbox
) -> None:
    letters.begin(world.hub, MONTH)

    desk.submit(f"{PAGE}/vorschau", f"{PAGE}/test", address="kim@kreis.example")
    world.tick(2)
    wrong = desk.submit(f"{PAGE}/vorschau", f"{PAGE}/test", address="kim")

    assert sent_to(mailbox, "[Test] Neues im Februar 2026") == ["kim@kreis.example"]
    assert mailbox.letters[0]["List-Unsubscribe"] is None
    assert wrong.status_code == 422


def test_draft_can_be_thrown_away_and_begun_anew(world: World, desk: Desk) -> None:
    letters.begin(world.hub, MONTH)

    desk.submit(PAGE, f"{PAGE}/verwerfen")
    page = desk.get("/pult/rundbrief").text

    assert "Der Entwurf für Februar 2026 ist verworfen." in page
    assert "Für Februar 2026 beginnen" in page


def test_reader_of_the_desk_sees_and_changes_nothing(world: World) -> None:
    letters.begin(world.hub, MONTH)
    with at_desk(world.hub) as desk:
        desk.be(add_person(desk.node, "leser", "leser"))

        pages = [desk.get(path).text for path in ("/pult/rundbrief", PAGE, f"{PAGE}/vorschau")]

    assert not [page for page in pages if "Veröffentlichen und senden" in page or "Speichern" in page]
