"""Subscriptions to searches and to the newsletter: asked for on a page, confirmed from a letter, ended from any letter.

Decided here: that nobody gets letters who did not confirm, how long an unconfirmed address stays (48 hours), how many
letters an address gets, and that ending deletes the address at once.  What letters say is decided by `Writer`; what is
told and when, by `telling`; how letters leave, by `outbox`.

Links: the one that confirms is random; the one that ends is made from a secret of this party and the number of the
subscription, so that every letter carries the same and old ones stay good.  Known gap: who reads the whole database
can make ending links; they read the addresses too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlencode

import msgspec
import sqlalchemy as sa

from shared.accounts.guessing import HOUR_SECONDS, Pace, network_of, wait_seconds
from shared.accounts.links import parse_token
from shared.clock import Clock, Dice
from shared.database import Database
from shared.errors import RuleError
from shared.holdings import catalogue, facts
from shared.holdings.catalogue import Shown
from shared.mail import is_address
from shared.mailing.store import mails
from shared.mailing.store import subscriptions as store
from shared.mailing.store.subscriptions import ACTIVE, DAILY, MONTHLY, WAITING, WEEKLY, Subscription, Told
from shared.search.asking import Asked, format_asked, parse_asked
from shared.search.found import Hit

RHYTHMS: Final = (DAILY, WEEKLY)
ADDRESS_MAX: Final = 254
CONFIRM_SECONDS: Final = 48 * 3600
"""An address that nobody confirmed is deleted after this time."""
PER_ADDRESS_MAX: Final = 20
NEWS_MAX: Final = 30
"""Offers that a letter names; of more it says how many."""
SEARCH_TOLD_FROM: Final = 3
"""A search that fewer people follow could tell who they are."""

NETWORK_PACE = Pace(free=5, first_wait_seconds=60, longest_wait_seconds=3600, most_per_hour=12)
"""A whole school may stand behind one address."""
LETTERS_PER_HOUR: Final = 6
"""Letters to one address, so that nobody is flooded by what others enter here."""
UNSEEN: Final = 0
"""When a subscription is due that was confirmed while there was no index: what is found first is no news."""
_WAITING_MAX = 2000
_MORNING = time(7)
_TITLE_SECONDS = 15 * 86_400
_VISIT_SECONDS = 86_400
_KEY_FACT = "subscription-key"


class Matches(Protocol):
    """Answers questions from the search index, without counts."""

    @property
    def stamp(self) -> int:
        """State of the index; 0 where there is none yet."""

    def matching(self, asked: Asked, *, today: date) -> list[Hit]:
        """Return all offers in order."""


class News(msgspec.Struct, frozen=True):
    """What changed in the answer of a search since the last letter; lists are cut, numbers are not."""

    new: Sequence[Shown] = ()
    new_count: int = 0
    ended: Sequence[Told] = ()
    ended_count: int = 0
    left: Sequence[Told] = ()
    """Offers that are still there and fit the search no more."""
    left_count: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to write about."""
        return not (self.new_count or self.ended_count or self.left_count)


class Writer(Protocol):
    """Says in the subscriber's language what a letter says; returns subject and text."""

    def confirmation(self, subscription: Subscription, token: bytes) -> tuple[str, str]:
        """Ask whether the owner of the address wants the letters."""

    def news(self, subscription: Subscription, news: News, token: bytes) -> tuple[str, str]:
        """Tell what is new and what ended; the token ends the subscription."""

    def end_url(self, subscription: Subscription, token: bytes) -> str:
        """Return the address that ends the subscription."""


class Counts(msgspec.Struct, frozen=True):
    """How many people follow something, and what many of them follow."""

    active: int
    waiting: int
    searches: Sequence[tuple[str, int]]


def query_of(asked: Asked) -> str:
    """Return a search as its one canonical query, without order and page."""
    return urlencode(format_asked(replace(asked, order="", page=1)))


def asked_of(query: str) -> Asked:
    """Read a search back."""
    return parse_asked(parse_qsl(query))


@dataclass(frozen=True)
class Subscriptions:
    """The subscriptions of one party.

    Args:
        origins: the logs whose records are shown; none while that is not known.
        moment: the time on the district's clocks.
        can_send: tells whether a mail server is set and people can reach the links in letters.
    """

    db: Database
    clock: Clock
    dice: Dice
    origins: Callable[[], Sequence[str]]
    finder: Callable[[], Matches]
    moment: Callable[[], datetime]
    can_send: Callable[[], bool]
    writer: Writer

    # --- what visitors do --------------------------------------------------------------------------------------------

    def subscribe(self, asked: Asked, address: str, language: str, rhythm: str, *, network: str) -> int:
        """Ask the owner of an address whether they want letters; returns seconds to wait first, 0 when it was taken.

        Nothing that is returned tells whether the address is known.  An address that got many letters in the last
        hour, or has many subscriptions, gets no further letter; the page says so of all.

        Args:
            network: the visitor's address, for the pace alone.
        Raises:
            RuleError: this is no mail address, or no rhythm was chosen; by field.
        """
        if problems := _problems(address, rhythm):
            raise RuleError("Das Abo ist so nicht vollständig", problems)
        return self._begin(query_of(asked), address, language, rhythm, network=network)

    def subscribe_newsletter(self, address: str, language: str, *, network: str) -> int:
        """Ask the owner of an address whether they want the newsletter; otherwise as `subscribe`.

        Raises:
            RuleError: this is no mail address; by field.
        """
        if problems := _problems(address, DAILY):
            raise RuleError("Das Abo ist so nicht vollständig", problems)
        return self._begin("", address, language, MONTHLY, network=network)

    def _begin(self, query: str, address: str, language: str, rhythm: str, *, network: str) -> int:
        now = self.clock.now()
        with self.db.write() as conn:
            key = self._keyed(conn, f"network:{network_of(network)}")
            wait = wait_seconds(store.visit_times(conn, key, since=now - HOUR_SECONDS), NETWORK_PACE, now=now)
            if not wait and store.count_subscriptions(conn).get(WAITING, 0) >= _WAITING_MAX:
                wait = NETWORK_PACE.longest_wait_seconds
            if wait:
                return wait
            store.add_visit(conn, key, now)
            held = store.load_of_address(conn, address)
            if len([one for one in held if one.state == ACTIVE]) < PER_ADDRESS_MAX and self.count_letter(conn, address):
                self._ask(conn, Subscription(
                    id=self.dice.token(16), address=address, query=query, language=language, rhythm=rhythm,
                    state=WAITING, confirm_hash=b"", end_hash=b"", created=now, confirmed=None, told=None, due=now,
                    seen=b"",
                ), held)  # fmt: skip
        return 0

    def _ask(self, conn: sa.Connection, row: Subscription, held: Sequence[Subscription]) -> None:
        """Keep an unconfirmed subscription in place of an older one for the same, and write the letter."""
        older = [one.id for one in held if one.state == WAITING and _is_same(one, row)]
        store.drop_subscriptions(conn, older)
        token, end = self.dice.token(32), self.end_token(conn, row.id)
        row = msgspec.structs.replace(row, confirm_hash=_hashed(token), end_hash=_hashed(end))
        store.add_subscription(conn, row)
        mails.add_to_subscriber(
            conn, row.id, kind="confirm", recipient=row.address, letter=self.writer.confirmation(row, token),
            unsubscribe=self.writer.end_url(row, end), now=row.created, expires=row.created + CONFIRM_SECONDS,
        )  # fmt: skip

    def find_waiting(self, text: str) -> Subscription | None:
        """Return what a link would confirm, or has confirmed; None when it says nothing any more."""
        token = parse_token(text)
        if token is None:
            return None
        with self.db.read() as conn:
            found = store.find_by_confirmation(conn, _hashed(token))
        return found if found is not None and (found.state == ACTIVE or self._is_young(found)) else None

    def _is_young(self, row: Subscription) -> bool:
        return self.clock.now() - row.created < CONFIRM_SECONDS

    def confirm(self, text: str) -> Subscription | None:
        """Begin a subscription; one for the same search ends with it.  Confirming twice changes nothing."""
        found = self.find_waiting(text)
        if found is None or found.state == ACTIVE:
            return found
        found_now = [] if found.is_newsletter else self.groups(found.query)
        groups, origins = found_now or [], self.origins()
        with self.db.write() as conn:
            again = store.load_subscription(conn, found.id)
            if again is None or again.state == ACTIVE:
                return again
            before = [one for one in store.load_of_address(conn, found.address) if _is_same(one, found)]
            active = next((one for one in before if one.state == ACTIVE), None)
            store.drop_subscriptions(conn, [one.id for one in before if one.id != found.id])
            here = catalogue.load_named(conn, origins, sorted({rid for group in groups for rid in group}))
            store.save_told(conn, [told_of(one) for one in here], now=self.clock.now())
            due = UNSEEN if found_now is None else self.next_due(found.rhythm)
            changes: dict[str, object] = {
                "state": ACTIVE, "confirmed": self.clock.now(), "due": due,
                "seen": packed(groups) if active is None else active.seen,
            }  # fmt: skip
            store.change_subscription(conn, found.id, **changes)
            return store.load_subscription(conn, found.id)

    def find_running(self, text: str) -> Subscription | None:
        """Return what a link would end, or None."""
        token = parse_token(text)
        if token is None:
            return None
        with self.db.read() as conn:
            return store.find_by_end(conn, _hashed(token))

    def end(self, text: str) -> bool:
        """End a subscription and delete the address at once; False when there was none."""
        found = self.find_running(text)
        if found is None:
            return False
        with self.db.write() as conn:
            self.drop(conn, found)
        return True

    def drop(self, conn: sa.Connection, row: Subscription) -> None:
        store.drop_subscriptions(conn, [row.id])
        facts.save_fact(conn, "scrub-due", 1)

    # --- by itself ---------------------------------------------------------------------------------------------------

    def groups(self, query: str) -> list[tuple[bytes, ...]] | None:
        """Return the ids of the offers that a search finds, those of one cluster together; None without an index."""
        finder = self.finder()
        if not finder.stamp:
            return None
        hits = finder.matching(asked_of(query), today=self.moment().date())
        return [(hit.rid, *(rid for _, rid in hit.others)) for hit in hits]

    def next_due(self, rhythm: str) -> int:
        """Return the next morning, or that of the same day of next week."""
        here = self.moment()
        days = 7 if rhythm == WEEKLY else int(here.time() >= _MORNING)
        morning = datetime.combine(here.date() + timedelta(days=days), _MORNING, here.tzinfo)
        return int(morning.timestamp())

    def tidy(self) -> None:
        """Delete addresses that nobody confirmed in time, titles that nobody needs, and traces of who asked."""
        now = self.clock.now()
        with self.db.write() as conn:
            old = store.unconfirmed_before(conn, now - CONFIRM_SECONDS)
            store.drop_subscriptions(conn, old)
            store.drop_visits(conn, before=now - _VISIT_SECONDS, now=now)
            if store.drop_told(conn, before=now - _TITLE_SECONDS) or old:
                facts.save_fact(conn, "scrub-due", 1)

    def count(self) -> Counts:
        """Return how many people follow something; of what, only where many do."""
        with self.db.read() as conn:
            counts = store.count_subscriptions(conn)
            searches = store.count_searches(conn, least=SEARCH_TOLD_FROM, most=20)
        return Counts(counts.get(ACTIVE, 0), counts.get(WAITING, 0), searches)

    # --- secrets -----------------------------------------------------------------------------------------------------

    def count_letter(self, conn: sa.Connection, address: str) -> bool:
        """Count a letter to an address; False when it had as many as it may get in an hour."""
        now, key = self.clock.now(), self._keyed(conn, f"address:{address.lower()}")
        if len(store.visit_times(conn, key, since=now - HOUR_SECONDS)) >= LETTERS_PER_HOUR:
            return False
        store.add_visit(conn, key, now)
        return True

    def end_token(self, conn: sa.Connection, number: bytes) -> bytes:
        return hmac.new(self._secret(conn), b"end:" + number, hashlib.sha256).digest()

    def _keyed(self, conn: sa.Connection, text: str) -> bytes:
        return hmac.new(self._secret(conn), text.encode(), hashlib.sha256).digest()[:16]

    def _secret(self, conn: sa.Connection) -> bytes:
        text = facts.load_fact(conn, _KEY_FACT)
        if not text:
            text = self.dice.token(32).hex()
            facts.save_fact(conn, _KEY_FACT, text)
        return bytes.fromhex(text)


def _is_same(one: Subscription, other: Subscription) -> bool:
    """Tell whether two subscriptions are for the same search, or both for the newsletter."""
    return one.query == other.query and one.is_newsletter == other.is_newsletter


def _problems(address: str, rhythm: str) -> dict[str, list[str]]:
    problems = {}
    if len(address) > ADDRESS_MAX or not is_address(address) or not address.isascii():
        problems["email"] = ["address"]
    if rhythm not in RHYTHMS:
        problems["rhythm"] = ["rhythm"]
    return problems


def told_of(named: catalogue.Named) -> Told:
    """Return what subscribers know of a shown offer."""
    return Told(named.rid, named.member, named.title, named.commitment)


def packed(groups: Sequence[Sequence[bytes]]) -> bytes:
    """Return the ids of what was found as `Subscription.seen` holds them."""
    return b"".join(sorted({rid for group in groups for rid in group}))


def _hashed(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
