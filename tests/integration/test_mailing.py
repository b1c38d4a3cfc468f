"""The outbox of letters against a real mail server: sent once, kept visibly, in German when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node import mailing
from node.city import PASSWORD_FILE, save_city, save_password
from node.erasing import erase, find
from node.party import Node
from shared.errors import ConflictError, InputError
from shared.mailing.store import mails
from shared.mailing.store.mails import Mail
from tests.support.certificates import Authority
from tests.support.desk import add_person, at_desk, make_desk_node
from tests.support.lone_node import files_with
from tests.support.mail_server import PASSWORD, Mailbox, mail_server
from tests.support.world import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten", clock)
    yield node
    node.db.close()


@pytest.fixture
def mailbox(node: Node) -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        use(node, mailbox.port)
        yield mailbox


def use(node: Node, port: int, **more: str) -> None:
    save_city(node, {
        "mail_host": "127.0.0.1", "mail_port": str(port), "mail_security": "none", "mail_sender": "ki@herten.example",
        **more,
    })  # fmt: skip


def write(node: Node, *, recipient: str = "vhs@example.org", expires: int | None = None, body: str = "Text\n") -> int:
    with node.db.write() as conn:
        return mails.add_mail(
            conn,
            kind="answer",
            recipient=recipient,
            subject="Betreff",
            body=body,
            now=node.clock.now(),
            expires=expires,
        )


def only(node: Node) -> Mail:
    found = mailing.list_mails(node)
    assert len(found) == 1
    return found[0]


def test_letter_is_sent_once_and_its_text_is_forgotten(node: Node, mailbox: Mailbox) -> None:
    write(node)

    tried = [mailing.send_due(node) for _ in range(3)]

    assert tried == [True, False, False]
    assert [letter["To"] for letter in mailbox.letters] == ["vhs@example.org"]
    assert mailbox.letters[0]["From"] == "Stadt Herten <ki@herten.example>"
    assert (only(node).state, only(node).body) == (mails.SENT, "")


def test_letters_wait_without_a_server(node: Node) -> None:
    write(node)

    assert mailing.send_due(node) is False
    assert only(node).state == mails.WAITING


def test_server_that_cannot_be_reached_is_asked_again_later(node: Node, mailbox: Mailbox, clock: VirtualClock) -> None:
    use(node, 9)
    write(node)

    assert mailing.send_due(node) is True
    first = only(node)
    use(node, mailbox.port)
    too_early = mailing.send_due(node)
    clock.time += 61
    later = mailing.send_due(node)

    assert (first.state, first.tries) == (mails.WAITING, 1)
    assert "nicht erreichbar: dort nimmt niemand Verbindungen an" in first.error
    assert (too_early, later) == (False, True)
    assert only(node).state == mails.SENT


def test_address_that_the_server_refuses_is_not_tried_again(node: Node, mailbox: Mailbox, clock: VirtualClock) -> None:
    mailbox.refuses = "550 unknown"
    write(node)
    mailing.send_due(node)
    clock.time += 7200

    assert mailing.send_due(node) is False
    assert (only(node).state, only(node).error) == (mails.FAILED, "Der Mailserver nimmt für diese Adresse nichts an.")


def test_server_that_is_busy_is_tried_again(node: Node, mailbox: Mailbox) -> None:
    mailbox.answers = "451 later"
    write(node)
    mailing.send_due(node)

    assert (only(node).state, only(node).error) == (mails.WAITING, "Der Mailserver lehnt ab (Antwort 451).")


def test_interrupted_sending_is_left_to_a_person(node: Node, mailbox: Mailbox, clock: VirtualClock) -> None:
    number = write(node)
    with node.db.write() as conn:
        mails.change_mail(conn, number, state=mails.SENDING, next_try=clock.now())

    mailing.tidy(node)
    while_sending = only(node).state
    clock.time += 121
    mailing.tidy(node)
    sent_by_itself = mailing.send_due(node)

    assert (while_sending, only(node).state, sent_by_itself) == (mails.SENDING, mails.UNCLEAR, False)
    assert "kann angekommen sein" in only(node).error
    mailing.send_again(node, number)
    assert mailing.send_due(node) is True
    assert len(mailbox.letters) == 1


def test_letter_whose_link_is_dead_is_not_sent(node: Node, mailbox: Mailbox, clock: VirtualClock) -> None:
    write(node, expires=clock.now() + 10)
    clock.time += 11

    mailing.send_due(node)

    assert (only(node).state, mailbox.letters) == (mails.EXPIRED, [])


def test_sent_letters_leave_the_list_after_thirty_days(node: Node, mailbox: Mailbox, clock: VirtualClock) -> None:
    write(node)
    mailing.send_due(node)
    clock.time += 31 * 86_400

    mailing.tidy(node)

    assert mailing.list_mails(node) == []


def test_starttls_with_password_and_checked_certificate(node: Node, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with mail_server(authority.server_context("127.0.0.1")) as mailbox:
        use(node, mailbox.port, mail_security="starttls", mail_user="ki")
        save_password(node, PASSWORD)
        write(node)
        assert mailing.send_due(node, trust=authority.client_context())

        assert only(node).state == mails.SENT
        write(node)
        mailing.send_due(node)
        assert mailing.list_mails(node)[0].error == "Das Zertifikat des Mailservers gilt nicht."
        assert len(mailbox.letters) == 1


def test_wrong_password_is_said_in_german(node: Node, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with mail_server(authority.server_context("127.0.0.1")) as mailbox:
        use(node, mailbox.port, mail_security="starttls", mail_user="ki")
        save_password(node, "falsch")
        write(node)
        mailing.send_due(node, trust=authority.client_context())

        assert only(node).error == "Der Mailserver lehnt Benutzer oder Passwort ab."


def test_password_stands_in_a_private_file_and_in_no_other(node: Node) -> None:
    save_password(node, PASSWORD)

    assert files_with(node.home, PASSWORD) == [PASSWORD_FILE]
    assert (node.home / PASSWORD_FILE).stat().st_mode & 0o777 == 0o600


def test_letters_that_name_an_erased_person_are_deleted(node: Node) -> None:
    write(node, body="Frau Erika Mustermann hat gefragt.")
    write(node, recipient="erika.mustermann@example.org")
    write(node, body="Etwas anderes.")

    assert [hit.where for hit in find(node, "Erika Mustermann")] == ["mail", "mail"]
    erase(node, "Erika Mustermann")

    assert only(node).body == "Etwas anderes."
    assert files_with(node.home, "Mustermann") == []


def test_what_left_is_neither_sent_again_nor_written_to_nobody(node: Node, mailbox: Mailbox) -> None:
    number = write(node)
    mailing.send_due(node)

    with pytest.raises(ConflictError):
        mailing.send_again(node, number)
    with pytest.raises(InputError):
        mailing.write_test(node, "niemand")


def test_outbox_shows_no_text_to_readers_and_lets_only_the_keeper_act(node: Node) -> None:
    number = write(node, body="Ein vertraulicher Satz.")
    with at_desk(node) as desk:
        desk.be(add_person(node, "leserin", "leser"))
        listed, opened = desk.get("/pult/postausgang").text, desk.get(f"/pult/postausgang/{number}")
        desk.be(add_person(node, "club", "traeger"))
        foreign = desk.get("/pult/postausgang").status_code
        desk.be(add_person(node))
        full = desk.get(f"/pult/postausgang/{number}").text
        deleted = desk.submit(f"/pult/postausgang/{number}", f"/pult/postausgang/{number}/loeschen")

    assert "Betreff" in listed
    assert "vertraulicher" not in listed
    assert "kein Mailserver eingerichtet" in listed
    assert (opened.status_code, foreign) == (403, 404)
    assert "Ein vertraulicher Satz." in full
    assert deleted.status_code == 303
    assert mailing.list_mails(node) == []
