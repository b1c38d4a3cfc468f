"""Letters about searches: what a node brings to the shared subscriptions, and when it looks for news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from node.city import load_city
from node.mailing import postbox_of
from node.party import Node
from shared.consume import shown_origins
from shared.mailing.store.mails import FAILED, SENDING, WAITING
from shared.mailing.subscribing import Subscriptions, asked_of
from shared.mailing.telling import tell_due
from shared.web.offer_words import Words, load_words
from shared.web.public.search_words import describe_search
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
        can_send=lambda: bool(node.settings.public_url) and load_city(node).sends_mail,
        writer=Letters(settings.title, lambda: node.settings.public_url, lambda: _words(node)),
    )  # fmt: skip


def _words(node: Node) -> Words:
    return load_words(node.settings.district, node.vocabularies)


def _origins(node: Node) -> list[str]:
    said = node.consumer.newest()
    return [] if said is None else shown_origins(said)


@dataclass(frozen=True)
class Followed:
    """What the desk sees of subscriptions: numbers, and searches that many follow; never an address."""

    active: int
    waiting: int
    searches: Sequence[tuple[str, str, int]]  # in words, as a query, how many people
    letters_waiting: int
    letters_refused: int


def count_followers(node: Node) -> Followed:
    """Return how many people follow a search, and which ones many do."""
    counts, letters = subscriptions_of(node).count(), postbox_of(node).count_to_subscribers()
    words = _words(node) if counts.searches else None
    searches = [(describe_search(asked_of(query), words), query, number) for query, number in counts.searches if words]
    waiting = letters.get(WAITING, 0) + letters.get(SENDING, 0)
    return Followed(counts.active, counts.waiting, searches, waiting, letters.get(FAILED, 0))


def follow(node: Node) -> None:
    """Write the letters whose time has come, and delete what is kept no longer; once a minute."""
    subscriptions = subscriptions_of(node)
    subscriptions.tidy()
    tell_due(subscriptions)
