"""The monthly letter to a city: when it is written, once, to whom, and what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from hub import digests
from hub.freshness import Checks
from hub.store import reports
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.feed.report import Report, format_report
from tests.support.checked import let_send, publish_checked, publish_with
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.mail_server import Mailbox, mail_server
from tests.support.world import World

HERTEN = "integration@herten.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def world(mailbox: Mailbox) -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    let_send(world.hub, mailbox)
    publish_checked(world, "herten", "Sprachcafé", late=95)
    publish_checked(world, "herten", "Beratung", late=None)
    publish_checked(world, "marl", "Kurs in Marl", late=40)
    world.settle()
    return world


def go_to(world: World, *moment: int) -> None:
    """Let it be this moment in the district, and let a minute pass."""
    world.clock.time = datetime(*moment, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()  # type: ignore[arg-type,misc]
    world.tick(5)


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(letter["Subject"]) for letter in mailbox.letters]


def body_of(world: World, name: str = "herten") -> str:
    return digests.preview(world.hub, name, Checks(world.hub).offers())[1]


def test_letter_leaves_on_the_first_working_day_in_the_morning(world: World, mailbox: Mailbox) -> None:
    digests.save_digest(world.hub, "herten", HERTEN, is_on=True)

    go_to(world, 2026, 1, 2, 6, 58)
    early = subjects(mailbox)
    go_to(world, 2026, 1, 2, 7, 1)

    assert early == []
    assert subjects(mailbox) == ["Stadt Herten: Ihre Angebote im Januar 2026"]
    assert mailbox.letters[0]["To"] == HERTEN
    assert "Sprachcafé" in mailbox.letters[0].get_content()


def test_letter_comes_once_a_month_whatever_the_clock_does(world: World, mailbox: Mailbox) -> None:
    digests.save_digest(world.hub, "herten", HERTEN, is_on=True)

    for moment in [(2026, 1, 2, 8, 0), (2026, 1, 20, 8, 0), (2026, 3, 2, 8, 0), (2026, 1, 5, 8, 0), (2026, 2, 20, 8, 0),
                   (2026, 3, 2, 9, 0), (2026, 3, 31, 9, 0)]:  # fmt: skip
        go_to(world, *moment)

    assert subjects(mailbox) == [f"Stadt Herten: Ihre Angebote im {month} 2026" for month in ("Januar", "März")]


def test_restarted_hub_writes_nothing_again(world: World, mailbox: Mailbox) -> None:
    digests.save_digest(world.hub, "herten", HERTEN, is_on=True)
    go_to(world, 2026, 1, 2, 8, 0)

    world.restart("hub")
    let_send(world.hub, mailbox)
    world.settle()
    go_to(world, 2026, 1, 2, 9, 0)

    assert len(mailbox.letters) == 1


def test_missed_day_is_made_up_for(world: World, mailbox: Mailbox) -> None:
    digests.save_digest(world.hub, "herten", HERTEN, is_on=True)

    go_to(world, 2026, 1, 19, 8, 0)

    assert len(mailbox.letters) == 1


def test_switched_on_in_the_middle_of_a_month_begins_with_the_next(world: World, mailbox: Mailbox) -> None:
    go_to(world, 2026, 1, 12, 10, 0)

    digests.save_digest(world.hub, "herten", HERTEN, is_on=True)
    go_to(world, 2026, 1, 30, 10, 0)
    before = len(mailbox.letters)
    go_to(world, 2026, 2, 2, 7, 30)

    assert before == 0
    assert subjects(mailbox) == ["Stadt Herten: Ihre Angebote im Februar 2026"]


def test_nothing_is_written_where_it_is_off_or_no_server_is_set(world: World, mailbox: Mailbox) -> None:
    digests.save_digest(world.hub, "herten", HERTEN, is_on=False)
    go_to(world, 2026, 1, 2, 8, 0)
    digests.save_digest(world.hub, "marl", "ki@marl.example", is_on=True)
    world.hub.settings = type(world.hub.settings)(
        home="", origin=world.hub.settings.origin, url="http://hub", roots=world.hub.settings.roots
    )
    go_to(world, 2026, 2, 2, 8, 0)

    assert mailbox.letters == []
    assert [one.outcome for one in digests.list_digests(world.hub)] == ["", ""]


def test_letter_names_offers_with_links_and_who_acts_and_no_others(world: World) -> None:
    text = body_of(world)

    assert re.search(r"\* Sprachcafé \(fällig seit \d\d\.\d\d\.2025\)\n  http://hub/angebote/[0-9a-f]{32}\n", text)
    assert "PRÜFUNG SEIT 90 TAGEN ÜBERFÄLLIG\nWer handelt: Leitung." in text
    assert "NOCH NIE GEPRÜFT\n\n* Beratung\n" in text
    assert "Kurs in Marl" not in text
    assert "http://herten/pult/angebote" in text
    assert text.count("Angebote insgesamt: 2") == 1


def test_letter_names_no_person(world: World) -> None:
    publish_with(
        world.nodes["herten"], "Treff", contacts=[{"name": "Erika Mustermann", "email": "erika@herten.example"}],
        assurer="erika@herten.example",
    )  # fmt: skip
    world.settle()

    text = body_of(world)

    assert "* Treff\n" in text
    assert "Mustermann" not in text
    assert "erika@" not in text


def test_letter_tells_what_the_offers_lack_as_the_city_reported_it(world: World) -> None:
    report = Report(date(2025, 12, 31), offers=2, gaps=(("schedule_text", 2), ("languages", 1), ("assured_date", 2)))
    with world.hub.db.write() as conn:
        reports.save_report(conn, "herten", "2025-12-31", format_report(report).decode(), now=0)

    text = body_of(world)

    assert "WAS IN DEN ANGEBOTEN FEHLT\n\n* Zeiten fehlen: 2 Angebote\n* Sprachen fehlen: ein Angebot\n" in text
    assert "Nie geprüft oder" not in text


def test_long_list_is_cut_and_says_so(world: World) -> None:
    for number in range(33):
        publish_checked(world, "herten", f"Kurs {number}", late=10)
    world.settle()

    assert "und 4 weitere Angebote" in body_of(world)


def test_city_without_open_checks_is_thanked(world: World) -> None:
    world = World(["herten"])
    publish_checked(world, "herten", "Kurs", late=-3)
    world.settle()

    assert "Alle Prüfungen sind erledigt. Vielen Dank!" in body_of(world)


@pytest.mark.parametrize(("address", "said"), [("kein postfach", "keine E-Mail-Adresse"), ("", "ein Postfach ein")])
def test_wrong_mailbox_is_refused(world: World, address: str, said: str) -> None:
    with pytest.raises(RuleError) as error:
        digests.save_digest(world.hub, "herten", address, is_on=True)

    assert said in error.value.problems["address"][0]


def test_nobody_is_called_so(world: World) -> None:
    with pytest.raises(NotFoundError):
        digests.save_digest(world.hub, "bochum", HERTEN, is_on=True)


def test_sending_at_once_is_possible_once_a_day_and_leaves_the_monthly_one(world: World, mailbox: Mailbox) -> None:
    digests.save_digest(world.hub, "herten", HERTEN, is_on=True)

    digests.send_now(world.hub, "herten", Checks(world.hub).offers())
    with pytest.raises(ConflictError, match="Heute ging schon"):
        digests.send_now(world.hub, "herten", Checks(world.hub).offers())
    go_to(world, 2026, 1, 2, 8, 0)

    assert len(mailbox.letters) == 2
    assert world.hub.today() == date(2026, 1, 2)


# --- at the desk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        desk.be(add_person(desk.node, "betrieb", "betrieb"))
        yield desk


def test_mailbox_is_set_and_a_letter_sent_from_the_desk(world: World, desk: Desk, mailbox: Mailbox) -> None:
    page = "/pult/monatsmail/herten"

    desk.submit(page, page, address=HERTEN, is_on="1")
    saved = desk.get(page).text
    desk.submit(page, f"{page}/senden")
    sent = desk.get(page).text
    world.tick(2)
    after = desk.get(page).text

    assert "Gespeichert. Die Monatsmail ist eingeschaltet." in saved
    assert f"Die Mail an {HERTEN} liegt im Postausgang" in sent
    assert len(mailbox.letters) == 1
    assert "gesendet" in after
    assert HERTEN in desk.get("/pult/monatsmail").text


def test_preview_is_what_is_sent(world: World, desk: Desk, mailbox: Mailbox) -> None:
    page = "/pult/monatsmail/herten"
    desk.submit(page, page, address=HERTEN)

    shown = desk.get(page).text
    desk.submit(page, f"{page}/senden")
    world.tick(2)

    for line in mailbox.letters[0].get_content().splitlines():
        if line and "http" not in line:
            assert line.strip() in shown


def test_refused_letter_says_why_and_can_be_tried_again(world: World, desk: Desk, mailbox: Mailbox) -> None:
    page = "/pult/monatsmail/herten"
    desk.submit(page, page, address=HERTEN, is_on="1")
    mailbox.refuses = "550 kein Postfach"
    desk.submit(page, f"{page}/senden")
    world.tick(2)

    refused, start = desk.get(page).text, desk.get("/pult").text
    mailbox.refuses = ""
    desk.submit(page, f"{page}/wiederholen")
    world.tick(2)

    assert "nicht zustellbar. Der Mailserver nimmt für diese Adresse nichts an." in refused
    assert "Die Monatsmail kam nicht an bei: Stadt Herten." in start
    assert "kam nicht an" not in desk.get("/pult").text
    assert len(mailbox.letters) == 1


def test_wrong_mailbox_is_said_beside_the_field(desk: Desk) -> None:
    answer = desk.submit("/pult/monatsmail/herten", "/pult/monatsmail/herten", address="x y", is_on="1")

    assert answer.status_code == 422
    assert "Das ist keine E-Mail-Adresse" in answer.text
    assert 'value="x y"' in answer.text


def test_missing_mail_server_is_said(world: World, desk: Desk) -> None:
    world.hub.settings = type(world.hub.settings)(
        home="", origin=world.hub.settings.origin, url="http://hub", roots=world.hub.settings.roots
    )

    assert "Es ist kein Mailserver eingestellt" in desk.get("/pult/monatsmail").text
    desk.submit("/pult/monatsmail/herten", "/pult/monatsmail/herten/senden")
    assert "Es ist kein Mailserver eingestellt" in desk.get("/pult/monatsmail/herten").text


def test_reader_sees_and_changes_nothing(world: World) -> None:
    with at_desk(world.hub) as desk:
        desk.be(add_person(desk.node, "leser", "leser"))

        text = desk.get("/pult/monatsmail/herten").text

        assert "Jetzt senden" not in text
        assert "Vorschau" in text
