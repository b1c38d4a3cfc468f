"""Alarms are kept once per cause, from their first minute to their last, and told once by mail at each end."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hub import alarm_book, breach_draft
from hub.store.alarm_rows import AlarmRow
from hub.store.standings import update_standing
from shared.errors import NotFoundError, RuleError
from shared.holdings import facts
from shared.mailing.store import mails
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.world import World, publish

MARL = "marl.example/feed/g1"


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    world.settle()
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        yield desk


def be(desk: Desk, role: str) -> int:
    account_id = add_person(desk.node, role, role)
    desk.be(account_id)
    return account_id


def serve_mail(world: World, mailboxes: str = "ki@kreis.example\nit@kreis.example") -> None:
    """Set a mail server that nobody answers at: letters are written and wait."""
    world.hub.settings = msgspec.structs.replace(
        world.hub.settings, mail_host="mail.invalid", mail_sender="hub@kreis.example"
    )  # fmt: skip
    alarm_book.save_mailboxes(world.hub, mailboxes)


def fork(world: World, *, forked: bool = True) -> None:
    with world.hub.db.write() as conn:
        update_standing(conn, MARL, "marl", forked=forked, code="E_FORK" if forked else "OK")


def look(world: World, minutes: float = 1) -> None:
    """Let time pass and look at what is wrong each minute, without anybody else doing anything."""
    for _ in range(int(minutes)):
        world.clock.time += 60
        alarm_book.care(world.hub)


def lasting(world: World) -> list[tuple[str, str]]:
    return [(row.cause, row.name) for row in alarm_book.load_lasting(world.hub)]


def letters(world: World) -> list[mails.Mail]:
    with world.hub.db.read() as conn:
        return [letter for letter in mails.load_mails(conn) if letter.kind == alarm_book.KIND]


def one(world: World) -> AlarmRow:
    (row,) = alarm_book.load_lasting(world.hub)
    return row


def test_cause_is_kept_once_however_often_it_is_seen(world: World) -> None:
    fork(world)
    began = world.hub.clock.now()

    look(world, 20)

    row = one(world)
    assert (row.cause, row.name) == ("marl:forked", "marl")
    assert began < row.first_seen <= began + 60
    assert row.last_seen == world.hub.clock.now()


def test_two_causes_of_one_member_are_two_alarms(world: World) -> None:
    fork(world)
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "erased-served:marl", "http://marl/payload/00")

    look(world)

    assert sorted(cause for cause, _ in lasting(world)) == ["marl:erased-served", "marl:forked"]


def test_cause_that_is_gone_ends_and_stays_in_the_history(world: World) -> None:
    fork(world)
    look(world, 3)
    seen = world.hub.clock.now()
    fork(world, forked=False)

    look(world, 11)

    assert lasting(world) == []
    (row,) = alarm_book.load_history(world.hub)
    assert row.ended == seen


def test_cause_that_comes_back_within_ten_minutes_is_the_same_alarm(world: World) -> None:
    fork(world)
    look(world)
    number = one(world).id
    fork(world, forked=False)
    look(world, 5)
    fork(world)

    look(world, 10)

    assert one(world).id == number
    assert alarm_book.load_history(world.hub) == []


def test_cause_that_comes_back_later_is_another_alarm(world: World) -> None:
    fork(world)
    look(world)
    fork(world, forked=False)
    look(world, 15)
    fork(world)

    look(world)

    assert len(alarm_book.load_history(world.hub)) == 1
    assert lasting(world) == [("marl:forked", "marl")]


def test_one_letter_says_that_a_cause_began_and_one_that_it_ended(world: World) -> None:
    serve_mail(world)
    fork(world)

    look(world, 3)
    assert letters(world) == []  # most of what a restart brings is over by then
    look(world, 30)
    began = letters(world)
    fork(world, forked=False)
    look(world, 30)
    ended = [letter for letter in letters(world) if letter not in began]

    assert sorted(letter.recipient for letter in began) == ["it@kreis.example", "ki@kreis.example"]
    assert {letter.subject for letter in began} == {"kreisweit – Achtung: Stadt Marl"}
    assert "http://hub/pult/mitglieder/marl" in began[0].body
    assert {letter.subject for letter in ended} == {"kreisweit – Vorbei: Stadt Marl"}
    assert len(ended) == 2


def test_cause_of_a_moment_is_no_letter(world: World) -> None:
    serve_mail(world)
    fork(world)
    look(world, 2)
    fork(world, forked=False)

    look(world, 30)

    assert letters(world) == []


def test_many_causes_at_once_are_one_letter(world: World) -> None:
    serve_mail(world, "ki@kreis.example")
    fork(world)
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "erased-served:herten", "http://herten/payload/00")

    look(world, 30)

    (letter,) = letters(world)
    assert letter.subject.startswith("kreisweit – Achtung: ")
    assert letter.subject.endswith(" und 1 weitere")
    assert "Stadt Herten" in letter.body
    assert "Stadt Marl" in letter.body


def test_without_a_mailbox_nothing_counts_as_told_and_a_later_one_hears_of_it(world: World) -> None:
    serve_mail(world, "")
    fork(world)
    look(world, 10)
    assert letters(world) == []

    alarm_book.save_mailboxes(world.hub, "ki@kreis.example")
    look(world)

    assert [letter.recipient for letter in letters(world)] == ["ki@kreis.example"]


def test_recovering_hub_notes_no_alarm(world: World) -> None:
    fork(world)
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.hub.clock.now())

    look(world, 3)

    assert lasting(world) == []


def test_running_hub_looks_by_itself(world: World) -> None:
    fork(world)

    world.clock.time += 61
    world.tick()

    assert lasting(world) == [("marl:forked", "marl")]


@pytest.mark.parametrize("text", ["niemand", "a@b.example\nkeine", "\n".join(f"x{n}@b.example" for n in range(6))])
def test_mailboxes_that_cannot_be_are_refused(world: World, text: str) -> None:
    with pytest.raises(RuleError) as caught:
        alarm_book.save_mailboxes(world.hub, text)

    assert caught.value.problems["mailboxes"]
    assert alarm_book.load_mailboxes(world.hub) == []


# --- at the desk ------------------------------------------------------------------------------------------------------


def test_noted_alarm_says_who_and_can_be_taken_back(world: World, desk: Desk) -> None:
    fork(world)
    look(world)
    number = one(world).id
    be(desk, "betrieb")
    page = f"/pult/alarme/{number}"

    desk.submit(page, f"{page}/kenntnis")
    noted = desk.get(page).text
    desk.submit(page, f"{page}/kenntnis-zuruecknehmen")

    assert "(Person Betrieb)" in noted
    assert "noch von niemandem" in desk.get(page).text
    assert lasting(world) == [("marl:forked", "marl")]


def test_noted_alarm_stays_on_the_first_page_and_says_so(world: World, desk: Desk) -> None:
    fork(world)
    look(world)
    be(desk, "betrieb")
    before = desk.get("/pult").text
    alarm_book.note_alarm(world.hub, one(world).id, by=1)

    after = desk.get("/pult").text

    assert "zwei unterschriebene Fassungen" in before
    assert "Zur Kenntnis genommen." not in before
    assert "zwei unterschriebene Fassungen" in after
    assert "Zur Kenntnis genommen." in after


def test_page_of_a_member_lists_its_alarms(world: World, desk: Desk) -> None:
    fork(world)
    look(world)
    be(desk, "leser")

    assert f'href="/pult/alarme/{one(world).id}"' in desk.get("/pult/mitglieder/marl").text
    assert "Alarme dieses Mitglieds" not in desk.get("/pult/mitglieder/herten").text


def test_page_lists_what_lasts_what_is_over_and_the_mailboxes(world: World, desk: Desk) -> None:
    fork(world)
    look(world)
    be(desk, "betrieb")
    desk.submit("/pult/alarme", "/pult/alarme/postfaecher", mailboxes="ki@kreis.example")
    open_page = desk.get("/pult/alarme").text
    fork(world, forked=False)
    look(world, 12)
    page = desk.get("/pult/alarme").text

    assert "ki@kreis.example" in open_page
    assert "Kein Alarm ist offen." not in open_page
    assert "Ein Mailserver ist nicht eingerichtet" in open_page
    assert "Kein Alarm ist offen." in page
    assert "Alarme, die vorbei sind" in page


def test_wrong_mailbox_is_said_beside_the_field(desk: Desk) -> None:
    be(desk, "betrieb")

    answer = desk.submit("/pult/alarme", "/pult/alarme/postfaecher", mailboxes="niemand")

    assert answer.status_code == 422
    assert "„niemand“ ist keine E-Mail-Adresse." in answer.text


def test_reader_sees_alarms_and_decides_nothing(world: World, desk: Desk) -> None:
    fork(world)
    look(world)
    be(desk, "leser")

    page = desk.get(f"/pult/alarme/{one(world).id}").text

    assert "zwei unterschriebene Fassungen" in page
    assert "Zur Kenntnis genommen</span></button>" not in page


def test_unknown_alarm_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        alarm_book.open_alarm(world.hub, 99)


# --- the draft of a report --------------------------------------------------------------------------------------------


def test_draft_knows_what_the_hub_knows_and_marks_the_rest(world: World, desk: Desk) -> None:
    publish(world.nodes["marl"], "Sprachcafé")
    world.settle()
    fork(world)
    look(world)
    row = one(world)
    be(desk, "leser")

    page = desk.get(f"/pult/alarme/{row.id}/datenschutz").text
    file = desk.get(f"/pult/alarme/{row.id}/datenschutz.txt")

    draft = breach_draft.make_draft(world.hub, row)
    assert draft.deadline == row.first_seen + 72 * 3600
    assert "Angebote des Mitglieds im Katalog: 1, davon mit Ansprechperson: 0" in page
    assert "[bitte ergänzen: Zeitpunkt]" in page
    assert 'filename="art33-entwurf-' in file.headers["content-disposition"]
    assert "Stadt Marl" in file.text
    assert row.message in file.text


def test_draft_takes_over_since_when_a_person_knows(world: World) -> None:
    fork(world)
    look(world)
    alarm_book.note_alarm(world.hub, one(world).id, by=1)

    text = breach_draft.make_draft(world.hub, one(world)).text

    assert "Einem Menschen bekannt seit: [bitte" not in text


def test_cause_that_touches_nobody_has_no_draft(world: World, desk: Desk) -> None:
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "local-clock", world.hub.clock.now())
    look(world)
    be(desk, "leser")

    answer = desk.get(f"/pult/alarme/{one(world).id}/datenschutz")

    assert answer.status_code == 404
    assert "Entwurf der Meldung ansehen" not in desk.get(f"/pult/alarme/{one(world).id}").text


@pytest.mark.parametrize(
    ("changes", "has_draft"),
    [
        ({"quarantine": "E_SIG", "code": "E_SIG", "refusals": 3}, True),
        ({"quarantine": "E_ROOT", "code": "E_ROOT", "refusals": 3}, False),
        ({"rolled_back": True, "code": "E_ROLLBACK"}, False),
    ],
    ids=["wrong signature", "wrong root", "rolled back"],
)
def test_draft_is_for_what_can_touch_persons(world: World, changes: dict[str, object], has_draft: bool) -> None:
    with world.hub.db.write() as conn:
        update_standing(conn, MARL, "marl", **changes)

    look(world)

    assert breach_draft.touches_data(one(world)) is has_draft
