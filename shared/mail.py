"""Sends letters by SMTP; the only place that speaks it.

Decided here: how a server is spoken to, that certificates are checked, that no conversation lasts longer than its
deadline, and what a refusal means in German.  When to send, and when again, is decided by who calls.

Known gap: a server that took the letter and whose answer was lost cannot be told from one that did not; that is said
(`MailError.is_unclear`), never guessed.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Literal

import msgspec

from shared.errors import KreisweitError, reason_of

Security = Literal["starttls", "tls", "none"]

_STEP_SECONDS = 10.0
_DEADLINE_SECONDS = 20.0
_ADDRESS = re.compile(r"[^\s@<>\",;:\\()\[\]\x00-\x1f\x7f]{1,64}@[^\s@<>\",;:\\()\[\]\x00-\x1f\x7f]{1,190}")
_LINE_MAX = 998  # RFC 5322
_UNFOLDED = policy.EmailPolicy(max_line_length=_LINE_MAX)
"""An address in a head is one word: folded at 78 characters it would be encoded, and no mail program would know it."""


class MailServer(msgspec.Struct, frozen=True):
    """Where letters are handed over, and in whose name; an empty `user` signs in nowhere."""

    host: str
    port: int
    security: Security
    user: str
    password: str
    sender: str
    sender_name: str


class Letter(msgspec.Struct, frozen=True):
    """One mail in plain text; `name` goes into its Message-ID, so that a second copy can be told as one.

    `unsubscribe` is an address at which one request ends what the letter belongs to (RFC 8058); empty for none.
    """

    name: str
    recipient: str
    subject: str
    body: str
    unsubscribe: str = ""


class MailError(KreisweitError):
    """A letter was not sent; the message is German and for the page.

    `is_final`: the server refused this letter for good.  `is_unclear`: the connection ended after the letter was
    handed over; it may have arrived.
    """

    def __init__(self, message: str, *, is_final: bool = False, is_unclear: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.is_unclear = is_unclear


def is_address(text: str) -> bool:
    """Tell whether a text can be one mail address, and nothing that would change a letter's head."""
    return _ADDRESS.fullmatch(text) is not None


def send(
    server: MailServer, letter: Letter, *, now: int, trust: ssl.SSLContext | None = None,
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> None:  # fmt: skip
    """Hand a letter over; it is the server's when this returns.

    The conversation has a thread of its own, so that a server which answers drop by drop holds nobody up longer than
    the deadline.

    Raises:
        MailError: it was not sent, or nobody can say whether it was.
    """
    message = compose(server, letter, now=now)
    talk = _Talk(server, message, trust or ssl.create_default_context())
    thread = threading.Thread(target=talk.run, name="smtp", daemon=True)
    thread.start()
    thread.join(deadline_seconds)
    if talk.is_done:
        return
    if thread.is_alive():
        talk.abandon()
        raise MailError(f"Der Mailserver {server.host} antwortet zu langsam.", is_unclear=talk.is_handed_over)
    if talk.failure is not None:
        raise talk.failure


def try_server(server: MailServer, *, trust: ssl.SSLContext | None = None) -> None:
    """Connect and sign in as for a letter, and hang up without one.

    Raises:
        MailError: that did not work.
    """
    try:
        connection = _connect(server, trust or ssl.create_default_context())
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
        connection.close()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failure(error, is_handed_over=False) from error


def _connect(
    server: MailServer, trust: ssl.SSLContext, opened: Callable[[smtplib.SMTP], None] = lambda _: None
) -> smtplib.SMTP:
    """Return a connection that is encrypted and signed in as the settings say.

    Args:
        opened: is given the connection before anything is said on it.
    """
    connection = (
        smtplib.SMTP_SSL(server.host, server.port, timeout=_STEP_SECONDS, context=trust)
        if server.security == "tls"
        else smtplib.SMTP(server.host, server.port, timeout=_STEP_SECONDS)
    )
    opened(connection)
    try:
        if server.security == "starttls":
            connection.starttls(context=trust)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def compose(server: MailServer, letter: Letter, *, now: int) -> EmailMessage:
    """Write a letter as a message; MailError where an address or the subject would break its head."""
    for address in (server.sender, letter.recipient):
        if not is_address(address):
            raise MailError("Die Adresse ist keine gültige E-Mail-Adresse.", is_final=True)
    message = EmailMessage(policy=_UNFOLDED) if letter.unsubscribe else EmailMessage()
    message["From"] = formataddr((" ".join(server.sender_name.split()), server.sender))
    message["To"] = letter.recipient
    message["Subject"] = " ".join(letter.subject.split())[:_LINE_MAX]
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = f"<{letter.name}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.body)
    return message


class _Talk:
    """One conversation with a server."""

    def __init__(self, server: MailServer, message: EmailMessage, trust: ssl.SSLContext) -> None:
        self._server = server
        self._message = message
        self._trust = trust
        self._connection: smtplib.SMTP | None = None
        self.failure: MailError | None = None
        self.is_handed_over = False
        self.is_done = False

    def run(self) -> None:
        """Speak; what goes wrong is left in `failure`."""
        try:
            self._speak()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.failure = _failure(error, is_handed_over=self.is_handed_over)

    def abandon(self) -> None:
        """Cut the connection, so that the thread ends."""
        if self._connection is not None and self._connection.sock is not None:
            self._connection.close()

    def _speak(self) -> None:
        connection = _connect(self._server, self._trust, self._keep)
        try:
            self._watch(connection)
            connection.send_message(self._message)
            self.is_done = True
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
        finally:
            connection.close()

    def _keep(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def _watch(self, connection: smtplib.SMTP) -> None:
        """Note when the text itself goes out: until then a broken connection has delivered nothing."""
        plain = connection.data

        def data(text: str | bytes) -> tuple[int, bytes]:
            self.is_handed_over = True
            return plain(text)

        connection.data = data  # type: ignore[method-assign, assignment]


_REFUSED: Sequence[tuple[type[Exception], str]] = (
    (smtplib.SMTPAuthenticationError, "Der Mailserver lehnt Benutzer oder Passwort ab."),
    (smtplib.SMTPSenderRefused, "Der Mailserver erlaubt diesen Absender nicht."),
    (smtplib.SMTPNotSupportedError, "Der Mailserver kann die eingestellte Sicherung oder diese Adresse nicht."),
    (ssl.SSLCertVerificationError, "Das Zertifikat des Mailservers gilt nicht."),
    (ssl.SSLError, "Die Verschlüsselung mit dem Mailserver kommt nicht zustande. Prüfen Sie Port und Sicherung."),
)
# After these nobody knows, if the letter was on its way.
_CUT: Sequence[tuple[type[Exception], str]] = (
    (smtplib.SMTPServerDisconnected, "Der Mailserver hat die Verbindung abgebrochen."),
    (TimeoutError, "Der Mailserver antwortet nicht."),
)


def _failure(error: Exception, *, is_handed_over: bool) -> MailError:
    """Say in German what went wrong."""
    for kind, text in _REFUSED:
        if isinstance(error, kind):
            return MailError(text)
    for kind, text in _CUT:
        if isinstance(error, kind):
            return MailError(text, is_unclear=is_handed_over)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        is_final = all(code >= 500 for code, _ in error.recipients.values())
        return MailError("Der Mailserver nimmt für diese Adresse nichts an.", is_final=is_final)
    if isinstance(error, smtplib.SMTPResponseException):
        return MailError(f"Der Mailserver lehnt ab (Antwort {error.smtp_code}).", is_final=error.smtp_code >= 500)
    if isinstance(error, OSError):
        return MailError(f"Der Mailserver ist nicht erreichbar: {reason_of(error)}.", is_unclear=is_handed_over)
    return MailError("Der Mailserver antwortet unverständlich.", is_unclear=is_handed_over)
