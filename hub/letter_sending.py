"""Writing the copies of a released newsletter: a batch a minute, each reader once.

Order of a batch: the copies in the outbox and the number of the last reader, in one transaction.  A crash before it
writes the batch again, one after it goes on behind it; so nobody gets an issue twice.
"""

from __future__ import annotations

from hub.letter_text import subject_of, write_text
from hub.letters import Issue, find_issue, load_issue
from hub.mailing import subscriptions_of
from hub.months import Month
from hub.party import Hub
from hub.store import letters as store
from hub.store.letters import SENT
from shared.errors import ConflictError, RuleError
from shared.holdings import facts
from shared.mail import is_address
from shared.mailing.store import mails, subscriptions

KIND = "letter"
_AT_ONCE = 200
_OUTBOX_MAX = 1000


def send_due(hub: Hub) -> int:
    """Write the next copies of the issue that is being sent; returns how many.

    Without a mail server nobody can have subscribed and been told; then the issue counts as sent.
    """
    with hub.db.read() as conn:
        letter = store.find_sending(conn)
        waiting = mails.count_mails(conn, to_subscribers=True).get(mails.WAITING, 0)
    if letter is None or waiting >= _OUTBOX_MAX:
        return 0
    party = subscriptions_of(hub)
    with hub.db.write() as conn:
        letter_now = store.load_letter(conn, letter.month)
        if letter_now != letter:
            return 0
        readers = subscriptions.load_newsletter(conn, after=letter.told_until, most=_AT_ONCE)
        if not readers or not party.can_send():
            store.change_letter(conn, letter.month, state=SENT)
            return 0
        issue, count = find_issue(conn, letter.month), 0
        for reader in readers:
            if mails.FAILED in mails.states_of_subscription(conn, reader.id):
                party.drop(conn, reader)  # the server refused the address for good
                continue
            end = party.writer.end_url(reader, party.end_token(conn, reader.id))
            text = (subject_of(issue), write_text(hub, issue, end_url=end))
            mails.add_to_subscriber(
                conn, reader.id, kind=KIND, recipient=reader.address, letter=text, unsubscribe=end, now=hub.clock.now()
            )
            subscriptions.change_subscription(conn, reader.id, told=hub.clock.now())
            count += 1
        store.change_letter(
            conn, letter.month, told_until=readers[-1].id, recipients=letter.recipients + count
        )  # fmt: skip
    return count


def count_unsent(hub: Hub) -> int:
    """Return how many copies have not left the outbox."""
    with hub.db.read() as conn:
        return mails.count_of_kind(conn, KIND)


def send_test(hub: Hub, month: Month, address: str) -> None:
    """Send an issue to one address, marked as a test.

    Raises:
        NotFoundError: there is no such issue.
        RuleError: this is no mail address; by field.
        ConflictError: there is no mail server.
    """
    issue = load_issue(hub, month)
    if not is_address(address):
        raise RuleError(
            "Die Adresse fehlt", {"address": ["Das ist keine E-Mail-Adresse. Beispiel: name@kreis.example"]}
        )
    if not hub.settings.sends_mail:
        raise ConflictError(
            "Es ist kein Mailserver eingestellt", advice="Das tut die IT in hub.toml: mail_host, mail_sender."
        )
    with hub.db.write() as conn:
        mails.add_mail(
            conn, kind="test", recipient=address, subject=f"[Test] {subject_of(issue)}", body=write_text(hub, issue),
            now=hub.clock.now(),
        )  # fmt: skip
        facts.save_fact(conn, "mail-retry", 0)


def preview(hub: Hub, issue: Issue) -> tuple[str, str]:
    """Return subject and text of the mail as readers get it; the link that ends it is each reader's own."""
    return subject_of(issue), write_text(hub, issue, end_url=f"{hub.public_url}/abo/ende/…")
