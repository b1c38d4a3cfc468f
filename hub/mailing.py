"""What leaves the hub by mail: letters about searches, through the shared outbox.

The mail server stands in hub.toml; its password in a file of its own that only the hub's user can read.
"""

from __future__ import annotations

import ssl

from hub.notes import newest_note
from hub.party import Hub
from hub.settings import PASSWORD_FILE
from shared.consume import shown_origins
from shared.holdings import facts
from shared.mail import MailServer
from shared.mailing.outbox import Postbox
from shared.mailing.subscribing import Subscriptions
from shared.mailing.telling import tell_due
from shared.web.offer_words import load_words
from shared.web.public.subscription_letters import Letters

_TIDY_SECONDS = 60
_PORTS = {"tls": 465, "none": 25, "starttls": 587}


def mail_server(hub: Hub) -> MailServer | None:
    """Return the mail server that was set, or None."""
    settings = hub.settings
    if not settings.sends_mail:
        return None
    password = hub.home / PASSWORD_FILE
    return MailServer(
        host=settings.mail_host, port=settings.mail_port or _PORTS[settings.mail_security],
        security=settings.mail_security,
        user=settings.mail_user,
        password=password.read_text("utf-8").strip() if settings.mail_user and password.exists() else "",
        sender=settings.mail_sender,
        sender_name=settings.mail_sender_name or load_words(settings.district).district.name,
    )  # fmt: skip


def postbox_of(hub: Hub) -> Postbox:
    """Return the outbox of the hub."""
    return Postbox(hub.db, hub.clock, hub.dice, "hub", server=lambda: mail_server(hub))


def subscriptions_of(hub: Hub) -> Subscriptions:
    """Return the subscriptions of the hub."""
    return Subscriptions(
        hub.db, hub.clock, hub.dice,
        origins=lambda: _origins(hub),
        finder=lambda: hub.finder,
        moment=hub.moment,
        can_send=lambda: hub.settings.sends_mail,
        writer=Letters(
            load_words(hub.settings.district).district.name, lambda: hub.public_url,
            lambda: load_words(hub.settings.district, hub.vocabularies),
        ),
    )  # fmt: skip


def _origins(hub: Hub) -> list[str]:
    with hub.db.read() as conn:
        said = newest_note(conn)
    return [] if said is None else shown_origins(said)


def care(hub: Hub, *, trust: ssl.SSLContext | None = None) -> None:
    """Send what is due, one letter at a time; once a minute look for news and delete what is kept no longer.

    Nothing while recovering: what we hold may be old.
    """
    if hub.is_recovering():
        return
    postbox = postbox_of(hub)
    postbox.send_due(trust=trust)
    now = hub.clock.now()
    with hub.db.read() as conn:
        is_due = facts.has_passed(conn, "mail-cared-at", now=now, seconds=_TIDY_SECONDS)
    if not is_due:
        return
    with hub.db.write() as conn:
        facts.save_fact(conn, "mail-cared-at", now)
    postbox.tidy()
    subscriptions = subscriptions_of(hub)
    subscriptions.tidy()
    tell_due(subscriptions)
