"""The outbox of letters: what leaves by mail waits here, visibly, until a server took it.

Order of a sending: `sending` is durable before the server is asked, the outcome after.  A crash in between leaves
`sending`; two minutes later `tidy` says of it that nobody knows, and a person decides: nothing is sent twice by itself.

A refusal of one letter concerns that letter; a server that cannot be reached makes all of them wait.
"""

from __future__ import annotations

import ssl

from node.city import load_city, mail_server
from node.party import Node
from node.store import mails
from node.store.mails import Mail
from shared.errors import ConflictError, InputError, NotFoundError
from shared.holdings import facts
from shared.mail import Letter, MailError, MailServer, is_address, send
from shared.net.retry import backoff_seconds

STATES = {
    mails.WAITING: "wartet",
    mails.SENDING: "wird gesendet",
    mails.SENT: "gesendet",
    mails.FAILED: "nicht zustellbar",
    mails.UNCLEAR: "ungewiss",
    mails.EXPIRED: "verfallen",
}
"""The states of a letter, as the page says them."""
KINDS = {
    "review": "Erinnerung an die Prüfung",
    "answer": "Antwort auf einen Hinweis",
    "test": "Probe",
    "feedback": "Rückmeldung",
}
"""What letters are for."""

_KEPT_SECONDS = 30 * 86_400
_INTERRUPTED_SECONDS = 120  # no sending lasts so long, see shared.mail
_FIRST_WAIT_SECONDS = 60
_LONGEST_WAIT_SECONDS = 3600
_TRIES_MAX = 12
_RETRY_FACT = "mail-retry"
_FAILURES_FACT = "mail-failures"
_MAYBE = "Die Mail kann angekommen sein. Fragen Sie nach, oder senden Sie sie noch einmal."
_INTERRUPTED = f"Das Senden wurde unterbrochen. {_MAYBE}"


def send_due(node: Node, *, trust: ssl.SSLContext | None = None) -> bool:
    """Send the letter that is due, at most one; whoever calls holds the lease.  Returns whether one was tried.

    Only one at a time, so that everything else that is due each second goes on.
    """
    now = node.clock.now()
    with node.db.read() as conn:
        letter = mails.find_due(conn, now)
        is_rested = facts.is_due(conn, _RETRY_FACT, now=now, within=_LONGEST_WAIT_SECONDS)
    if letter is None:
        return False
    if letter.expires is not None and letter.expires <= now:
        _set(node, letter, state=mails.EXPIRED, body="", error="Der Link darin gilt nicht mehr.")
        return False
    server = mail_server(node, load_city(node)) if is_rested else None
    if server is None:
        return False
    _set(node, letter, state=mails.SENDING, tries=letter.tries + 1, next_try=now)
    _try(node, server, letter, trust)
    return True


def _try(node: Node, server: MailServer, letter: Mail, trust: ssl.SSLContext | None) -> None:
    name = f"{letter.id}.{letter.time}.{node.settings.name}"
    try:
        send(server, Letter(name, letter.recipient, letter.subject, letter.body), now=node.clock.now(), trust=trust)
    except MailError as error:
        _note_failure(node, letter, error)
    else:
        _set(node, letter, state=mails.SENT, body="", error="", time=node.clock.now())
        with node.db.write() as conn:
            facts.save_fact(conn, _FAILURES_FACT, 0)
            facts.save_fact(conn, "scrub-due", 1)


def _note_failure(node: Node, letter: Mail, error: MailError) -> None:
    now = node.clock.now()
    if error.is_unclear:
        _set(node, letter, state=mails.UNCLEAR, error=f"{error.message} {_MAYBE}")
    elif error.is_final or letter.tries + 1 >= _TRIES_MAX:
        _set(node, letter, state=mails.FAILED, error=error.message)
    else:
        with node.db.write() as conn:
            failures = facts.bump_fact(conn, _FAILURES_FACT)
            jitter = node.dice.token(1)[0] / 255
            wait = backoff_seconds(failures, base=_FIRST_WAIT_SECONDS, cap=_LONGEST_WAIT_SECONDS, jitter=jitter)
            facts.save_fact(conn, _RETRY_FACT, now + wait)
            mails.change_mail(conn, letter.id, state=mails.WAITING, next_try=now + wait, error=error.message)


def _set(node: Node, letter: Mail, **values: object) -> None:
    with node.db.write() as conn:
        mails.change_mail(conn, letter.id, **values)


def tidy(node: Node) -> None:
    """Say of interrupted sendings that nobody knows; delete letters that are done with, 30 days after."""
    now = node.clock.now()
    with node.db.write() as conn:
        mails.mark_interrupted(conn, _INTERRUPTED, before=now - _INTERRUPTED_SECONDS)
        if mails.drop_old(conn, before=now - _KEPT_SECONDS):
            facts.save_fact(conn, "scrub-due", 1)


# --- what staff do ---------------------------------------------------------------------------------------------------


def list_mails(node: Node) -> list[Mail]:
    """Return the letters of the outbox, newest first."""
    with node.db.read() as conn:
        return mails.load_mails(conn)


def count_troubled(node: Node) -> int:
    """Return how many letters a person has to look at."""
    with node.db.read() as conn:
        counts = mails.count_mails(conn)
    return counts.get(mails.FAILED, 0) + counts.get(mails.UNCLEAR, 0)


def open_mail(node: Node, number: int) -> Mail:
    """Return one letter; NotFoundError when there is none."""
    with node.db.read() as conn:
        found = mails.load_mail(conn, number)
    if found is None:
        raise NotFoundError("Diese Mail gibt es nicht mehr", advice="Gesendete Mails werden nach 30 Tagen gelöscht.")
    return found


def send_again(node: Node, number: int) -> None:
    """Let a letter be tried at once; ConflictError for one that left or is leaving."""
    found = open_mail(node, number)
    if found.state in (mails.SENT, mails.SENDING, mails.EXPIRED):
        raise ConflictError(f"Diese Mail ist schon {STATES[found.state]}", advice="Laden Sie die Seite neu.")
    now = node.clock.now()
    with node.db.write() as conn:
        mails.change_mail(conn, number, state=mails.WAITING, tries=0, next_try=now, error="")
        facts.save_fact(conn, _RETRY_FACT, 0)


def delete_mail(node: Node, number: int) -> None:
    """Delete a letter for good; ConflictError while it is leaving."""
    if open_mail(node, number).state == mails.SENDING:
        raise ConflictError("Diese Mail wird gerade gesendet", advice="Warten Sie einen Augenblick.")
    with node.db.write() as conn:
        mails.drop_mails(conn, [number])
        facts.save_fact(conn, "scrub-due", 1)


def write_test(node: Node, recipient: str) -> int:
    """Put a letter into the outbox that says that sending works; InputError for what is no address."""
    if not is_address(recipient):
        raise InputError("Das ist keine E-Mail-Adresse", advice="Beispiel: integration@stadt.example")
    with node.db.write() as conn:
        facts.save_fact(conn, _RETRY_FACT, 0)
        return mails.add_mail(
            conn, kind="test", recipient=recipient, subject=f"Probe aus dem Verzeichnis: {node.settings.title}",
            body="Diese Mail zeigt, dass der Versand funktioniert. Sie müssen nichts tun.\n", now=node.clock.now(),
        )  # fmt: skip
