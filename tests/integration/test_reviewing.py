"""Keeping offers true: reminders on their days, and answers by links that work once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from node import hints, mailing, reviewing, workflow
from node.city import save_city
from node.editing import open_offer, save_offer
from node.history import list_versions
from node.party import Node
from node.reviewing import CONFIRM
from node.workflow import Editor
from shared.errors import RuleError
from tests.support.desk import Desk, at_desk, make_desk_node
from tests.support.lone_node import offer
from tests.support.world import VirtualClock

DAY = 86_400
CHIEF = Editor("Rita", may_publish=True)
SITE = "http://testserver.local"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_767_225_600 + 200 * DAY)


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten", clock)
    node.settings = msgspec.structs.replace(node.settings, public_url=SITE)
    yield node
    node.db.close()


@pytest.fixture
def visitor(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        yield desk


def day(clock: VirtualClock, days: int) -> str:
    return (datetime.fromtimestamp(clock.now(), UTC) + timedelta(days=days)).date().isoformat()


def overdue(node: Node, **fields: object) -> bytes:
    checked: dict[str, object] = {"assured_date": "2026-01-01", "email": "vhs@example.org"}
    return save_offer(node, offer() | checked | fields)


def letters(node: Node) -> list[str]:
    return [mail.body for mail in mailing.list_mails(node)]


def links(node: Node) -> dict[str, str]:
    found = re.findall(rf"{SITE}(/(bestaetigen|aendern)/\S+)", letters(node)[0])
    return {kind: path for path, kind in found}


def test_due_offer_gets_a_letter_with_two_links_that_name_nobody(node: Node) -> None:
    rid = overdue(node)

    assert reviewing.remind(node) == 1

    mail = mailing.list_mails(node)[0]
    assert (mail.recipient, mail.subject) == ("vhs@example.org", "Stimmt das noch? Sprachkurs am Vormittag")
    assert "Zuletzt geprüft: 01.01.2026" in mail.body
    assert set(links(node)) == {"bestaetigen", "aendern"}
    assert rid.hex() not in "".join(links(node).values())


@pytest.mark.parametrize(
    ("fields", "mailbox"),
    [
        ({"assurer": "team@vhs.example", "email": "vhs@example.org"}, "team@vhs.example"),
        ({"email": "", "providers": [{"name": "VHS Beispiel", "email": "info@vhs.example"}]}, "info@vhs.example"),
        ({"email": ""}, ""),
    ],
)
def test_letter_goes_to_the_function_mailbox(node: Node, fields: dict[str, object], mailbox: str) -> None:
    overdue(node, **fields)
    reviewing.remind(node)

    assert [mail.recipient for mail in mailing.list_mails(node)] == ([mailbox] if mailbox else [])


def test_reminders_come_at_once_after_14_and_after_30_days_and_then_no_more(node: Node, clock: VirtualClock) -> None:
    overdue(node)
    start, on = clock.time, []
    for number in range(60):
        clock.time = start + number * DAY
        if reviewing.remind(node):
            on.append(number)

    assert on == [0, 14, 30]
    assert len(mailing.list_mails(node)) == 1  # what never left is replaced


def test_offer_that_is_not_due_or_not_public_is_left_alone(node: Node, clock: VirtualClock) -> None:
    overdue(node, assured_date=day(clock, -10))
    workflow.save_draft(node, CHIEF, offer(email="vhs@example.org"))

    assert reviewing.remind(node) == 0


def test_no_reminders_where_the_city_wants_none(node: Node) -> None:
    overdue(node)
    save_city(node, {"reminders": "no"})

    assert reviewing.remind(node) == 0


def test_at_most_fifty_letters_on_one_morning(node: Node) -> None:
    for number in range(52):
        overdue(node, name=f"Angebot {number:02}")

    assert [reviewing.remind(node), reviewing.remind(node), reviewing.remind(node)] == [50, 2, 0]


def test_without_public_address_the_letter_asks_for_an_answer(node: Node) -> None:
    node.settings = msgspec.structs.replace(node.settings, public_url="")
    save_city(node, {"office_phone": "02366 303000"})
    overdue(node)
    reviewing.remind(node)

    assert "http" not in letters(node)[0]
    assert "Bitte sagen Sie uns kurz Bescheid" in letters(node)[0]
    assert "02366 303000" in letters(node)[0]


def test_link_confirms_once_and_publishes_today(node: Node, visitor: Desk, clock: VirtualClock) -> None:
    rid = overdue(node)
    reviewing.remind(node)
    path = links(node)["bestaetigen"]

    looked = visitor.get(path)
    untouched = open_offer(node, rid).doc["assured_date"]
    done = visitor.post(path)
    again, reopened = visitor.post(path), visitor.get(path)

    assert "Das stimmt noch" in looked.text
    assert "set-cookie" not in looked.headers
    assert looked.headers["cache-control"] == "no-store"
    assert untouched == "2026-01-01"
    assert (done.status_code, again.status_code, reopened.status_code) == (200, 410, 410)
    assert "schon benutzt" in reopened.text
    assert open_offer(node, rid).doc["assured_date"] == day(clock, 0)
    newest = list_versions(node, rid)[0]
    assert (newest.action, newest.editor) == ("veröffentlicht", "per Mail-Link")
    assert mailing.list_mails(node) == []
    assert reviewing.remind(node) == 0


def test_link_ends_after_14_days(node: Node, visitor: Desk, clock: VirtualClock) -> None:
    rid = overdue(node)
    reviewing.remind(node)
    path = links(node)["bestaetigen"]
    clock.time += 14 * DAY

    answer = visitor.post(path)

    assert (answer.status_code, "gilt nicht mehr" in answer.text) == (410, True)
    assert open_offer(node, rid).doc["assured_date"] == "2026-01-01"


def test_links_that_nobody_wrote_and_of_the_other_kind_lead_nowhere(node: Node, visitor: Desk) -> None:
    overdue(node)
    reviewing.remind(node)
    token = links(node)["aendern"].rpartition("/")[2]

    answers = [visitor.get(f"/bestaetigen/{text}") for text in (token, "x", "A" * 43)]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "Diesen Link gibt es nicht" in answers[0].text


def test_tokens_are_kept_as_hashes_only(node: Node) -> None:
    overdue(node)
    reviewing.remind(node)
    token = links(node)["bestaetigen"].rpartition("/")[2]

    with node.db.read() as conn:
        rows = conn.exec_driver_sql("SELECT * FROM review_link").all()

    assert len(rows) == 2
    assert token not in str(rows)


def test_change_becomes_a_hint_and_an_empty_form_keeps_the_link(node: Node, visitor: Desk) -> None:
    rid = overdue(node)
    reviewing.remind(node)
    path = links(node)["aendern"]

    empty = visitor.post(path, {"text": ""})
    sent = visitor.post(path, {"text": "Der Kurs ist jetzt dienstags."})

    assert (empty.status_code, sent.status_code) == (422, 200)
    assert "was nicht stimmt" in empty.text
    found = hints.list_hints(node, CHIEF)[0]
    assert (found.rid, found.text, found.contact) == (rid, "Der Kurs ist jetzt dienstags.", "vhs@example.org")
    assert visitor.post(path, {"text": "Noch einmal etwas."}).status_code == 410
    with pytest.raises(RuleError):
        reviewing.report_change(node, path.rpartition("/")[2], "")


def test_confirmation_of_an_offer_that_somebody_writes_on_reaches_the_staff(node: Node) -> None:
    rid = overdue(node)
    reviewing.remind(node)
    workflow.save_draft(node, CHIEF, open_offer(node, rid).doc | {"body": "In Arbeit."}, rid)

    reviewing.confirm(node, links(node)["bestaetigen"].rpartition("/")[2])

    assert "Das stimmt noch" in hints.list_hints(node, CHIEF)[0].text
    assert open_offer(node, rid).doc["body"] == "In Arbeit."


def test_answer_from_another_site_is_refused(node: Node, visitor: Desk) -> None:
    overdue(node)
    reviewing.remind(node)

    answer = visitor.client.post(links(node)["bestaetigen"], headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_link_of_a_withdrawn_offer_says_so(node: Node) -> None:
    rid = overdue(node)
    reviewing.remind(node)
    workflow.withdraw_for(node, CHIEF, rid, "beendet")

    assert reviewing.look_up(node, links(node)["bestaetigen"].rpartition("/")[2], CONFIRM).problem == "gone"
