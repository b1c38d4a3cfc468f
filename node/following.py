"""Letters about searches: what a node brings to the shared subscriptions, and when it looks for news."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from node.city import load_city
from node.party import Node
from shared.consume import shown_origins
from shared.mailing.subscribing import Subscriptions
from shared.mailing.telling import tell_due
from shared.web.offer_words import load_words
from shared.web.public.subscription_letters import Letters

_ZONE = ZoneInfo("Europe/Berlin")


def subscriptions_of(node: Node) -> Subscriptions:
    """Return the subscriptions of a node."""
    settings = node.settings
    return Subscriptions(
        node.db, node.clock, node.dice,
        origins=lambda: _origins(node),
        finder=lambda: node.finder,
        moment=lambda: datetime.fromtimestamp(node.clock.now(), _ZONE),
        can_send=lambda: bool(settings.public_url) and load_city(node).sends_mail,
        writer=Letters(settings.title, lambda: settings.public_url, lambda: load_words(settings.district)),
    )  # fmt: skip


def _origins(node: Node) -> list[str]:
    said = node.consumer.newest()
    return [] if said is None else shown_origins(said)


def follow(node: Node) -> None:
    """Write the letters whose time has come, and delete what is kept no longer; once a minute."""
    subscriptions = subscriptions_of(node)
    subscriptions.tidy()
    tell_due(subscriptions)
