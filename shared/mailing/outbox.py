"""The outbox of letters: what leaves by mail waits here, visibly, until a server took it.

Order of a sending: `sending` is durable before the server is asked, the outcome after.  A crash in between leaves
`sending`; two minutes later `tidy` says of it that nobody knows, and a person decides: nothing is sent twice by itself.

A refusal of one letter concerns that letter; a server that cannot be reached makes all of them wait.

Letters to subscribers are different in three ways: nobody sees them, so they are tried until the server takes or
refuses them for good, and one whose fate is unknown is sent again; the row is deleted as soon as it left.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from shared.clock import Clock, Dice
from shared.database import Database
from shared.errors import ConflictError, InputError, NotFoundError
from shared.holdings import facts
from shared.mail import Letter, MailError, MailServer, is_address, send
from shared.mailing.store import mails
from shared.mailing.store.mails import Mail
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

_KEPT_SECONDS = 30 * 86_400
_UNSENT_KEPT_SECONDS = 90 * 86_400
"""Of a letter that nobody could deliver, nobody looked at, or that has no server: what it says is no news any more."""
_INTERRUPTED_SECONDS = 120  # no sending lasts so long, see shared.mail
_FIRST_WAIT_SECONDS = 60
_LONGEST_WAIT_SECONDS = 3600
_TRIES_MAX = 12
_RETRY_FACT = "mail-retry"
_FAILURES_FACT = "mail-failures"
_MAYBE = "Die Mail kann angekommen sein. Fragen Sie nach, oder senden Sie sie noch einmal."
_INTERRUPTED = f"Das Senden wurde unterbrochen. {_MAYBE}"


@dataclass(frozen=True)
class Postbox:
    """Where a party's letters wait, and how they leave.

    Args:
        name: of the party, for the Message-ID.
        server: asked at each letter; None where none is set.
    """

    db: Database
    clock: Clock
    dice: Dice
    name: str
    server: Callable[[], MailServer | None]

    # --- by itself ---------------------------------------------------------------------------------------------------

    def send_due(self, *, trust: ssl.SSLContext | None = None) -> bool:
        """Send the letter that is due, at most one; whoever calls holds the lease.  Returns whether one was tried.

        Only one at a time, so that everything else that is due each second goes on.
        """
        now = self.clock.now()
        with self.db.read() as conn:
            letter = mails.find_due(conn, now)
            is_rested = facts.is_due(conn, _RETRY_FACT, now=now, within=_LONGEST_WAIT_SECONDS)
        if letter is None:
            return False
        if letter.expires is not None and letter.expires <= now:
            self._end(letter, mails.EXPIRED, "Der Link darin gilt nicht mehr.")
            return False
        server = self.server() if is_rested else None
        if server is None:
            return False
        self._set(letter, state=mails.SENDING, tries=letter.tries + 1, next_try=now)
        self._try(server, letter, trust)
        return True

    def _try(self, server: MailServer, letter: Mail, trust: ssl.SSLContext | None) -> None:
        name = f"{letter.id}.{letter.time}.{self.name}"
        sent = Letter(name, letter.recipient, letter.subject, letter.body, letter.unsubscribe)
        try:
            send(server, sent, now=self.clock.now(), trust=trust)
        except MailError as error:
            self._note_failure(letter, error)
        else:
            self._end(letter, mails.SENT, "", time=self.clock.now())
            with self.db.write() as conn:
                facts.save_fact(conn, _FAILURES_FACT, 0)
                facts.save_fact(conn, "scrub-due", 1)

    def _note_failure(self, letter: Mail, error: MailError) -> None:
        is_seen = letter.subscription is None
        if error.is_unclear and is_seen:
            self._set(letter, state=mails.UNCLEAR, error=f"{error.message} {_MAYBE}")
        elif error.is_final or (is_seen and letter.tries + 1 >= _TRIES_MAX):
            self._set(letter, state=mails.FAILED, error=error.message)
        else:
            self._wait(letter, error)

    def _wait(self, letter: Mail, error: MailError) -> None:
        now = self.clock.now()
        with self.db.write() as conn:
            failures = facts.bump_fact(conn, _FAILURES_FACT)
            jitter = self.dice.token(1)[0] / 255
            wait = backoff_seconds(failures, base=_FIRST_WAIT_SECONDS, cap=_LONGEST_WAIT_SECONDS, jitter=jitter)
            facts.save_fact(conn, _RETRY_FACT, now + wait)
            mails.change_mail(conn, letter.id, state=mails.WAITING, next_try=now + wait, error=error.message)

    def _end(self, letter: Mail, state: str, error: str, **more: object) -> None:
        """A letter is done with: its text goes; of one to a subscriber nothing stays."""
        if letter.subscription is None:
            self._set(letter, state=state, body="", error=error, **more)
            return
        with self.db.write() as conn:
            mails.drop_mails(conn, [letter.id])
            facts.save_fact(conn, "scrub-due", 1)

    def _set(self, letter: Mail, **values: object) -> None:
        with self.db.write() as conn:
            mails.change_mail(conn, letter.id, **values)

    def tidy(self) -> None:
        """Say of interrupted sendings that nobody knows; delete letters 30 days after they left, others after 90."""
        now = self.clock.now()
        with self.db.write() as conn:
            mails.mark_interrupted(conn, _INTERRUPTED, before=now - _INTERRUPTED_SECONDS)
            if mails.drop_old(conn, before=now - _KEPT_SECONDS, any_before=now - _UNSENT_KEPT_SECONDS):
                facts.save_fact(conn, "scrub-due", 1)

    # --- what staff do -----------------------------------------------------------------------------------------------

    def list_mails(self) -> list[Mail]:
        """Return the letters of the outbox, newest first; those to subscribers are only counted."""
        with self.db.read() as conn:
            return mails.load_mails(conn)

    def count_troubled(self) -> int:
        """Return how many letters a person has to look at."""
        with self.db.read() as conn:
            counts = mails.count_mails(conn)
        return counts.get(mails.FAILED, 0) + counts.get(mails.UNCLEAR, 0)

    def count_to_subscribers(self) -> dict[str, int]:
        """Return how many letters to subscribers have not left, by state."""
        with self.db.read() as conn:
            return mails.count_mails(conn, to_subscribers=True)

    def open_mail(self, number: int) -> Mail:
        """Return one letter; NotFoundError when there is none."""
        with self.db.read() as conn:
            found = mails.load_mail(conn, number)
        if found is None:
            advice = "Gesendete Mails werden nach 30 Tagen gelöscht."
            raise NotFoundError("Diese Mail gibt es nicht mehr", advice=advice)
        return found

    def send_again(self, number: int) -> None:
        """Let a letter be tried at once; ConflictError for one that left or is leaving."""
        found = self.open_mail(number)
        if found.state in (mails.SENT, mails.SENDING, mails.EXPIRED):
            raise ConflictError(f"Diese Mail ist schon {STATES[found.state]}", advice="Laden Sie die Seite neu.")
        now = self.clock.now()
        with self.db.write() as conn:
            mails.change_mail(conn, number, state=mails.WAITING, tries=0, next_try=now, error="")
            facts.save_fact(conn, _RETRY_FACT, 0)

    def delete_mail(self, number: int) -> None:
        """Delete a letter for good; ConflictError while it is leaving."""
        if self.open_mail(number).state == mails.SENDING:
            raise ConflictError("Diese Mail wird gerade gesendet", advice="Warten Sie einen Augenblick.")
        with self.db.write() as conn:
            mails.drop_mails(conn, [number])
            facts.save_fact(conn, "scrub-due", 1)

    def write_test(self, recipient: str, subject: str) -> int:
        """Put a letter into the outbox that says that sending works; InputError for what is no address."""
        if not is_address(recipient):
            raise InputError("Das ist keine E-Mail-Adresse", advice="Beispiel: integration@stadt.example")
        body = "Diese Mail zeigt, dass der Versand funktioniert. Sie müssen nichts tun.\n"
        with self.db.write() as conn:
            facts.save_fact(conn, _RETRY_FACT, 0)
            return mails.add_mail(
                conn, kind="test", recipient=recipient, subject=subject, body=body, now=self.clock.now()
            )
