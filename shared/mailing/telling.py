"""Telling subscribers what is new and what ended.

Order of telling: the letter, and what was told with it, in one transaction.  A crash before it tells later, one after
it tells nothing twice; with a full outbox or without a mail server nothing is told and nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.holdings import catalogue
from shared.holdings.catalogue import Named
from shared.holdings.notices import hidden_records
from shared.mailing.store import mails
from shared.mailing.store import subscriptions as store
from shared.mailing.store.subscriptions import ACTIVE, Subscription, Told
from shared.mailing.subscribing import NEWS_MAX, UNSEEN, News, Subscriptions, packed, told_of

_OUTBOX_MAX = 1000
_AT_ONCE = 50
_LATER_SECONDS = 3600
_LONGEST_SECONDS = 8 * 86_400
_FRESH_SECONDS = 86_400
_RID = 16


def tell_due(party: Subscriptions) -> int:
    """Write the letters whose time has come, a few at a time; returns how many were written.

    Nothing is told while nothing can be sent, or while what is shown is not known: it would all seem to have ended.
    """
    now = party.clock.now()
    with party.db.read() as conn:
        due = store.load_due(conn, now=now, within=_LONGEST_SECONDS, most=_AT_ONCE)
        is_full = due and mails.count_mails(conn, to_subscribers=True).get(mails.WAITING, 0) >= _OUTBOX_MAX
    if not due or is_full or not party.can_send() or not party.origins():
        return 0
    found = {query: party.groups(query) for query in dict.fromkeys(row.query for row in due)}
    return sum(_tell(party, row, groups) for row in due if (groups := found[row.query]) is not None)


def _tell(party: Subscriptions, row: Subscription, groups: Sequence[Sequence[bytes]]) -> int:
    news, fresh = _compare(party, row, groups)
    now = party.clock.now()
    with party.db.write() as conn:
        row_now = store.load_subscription(conn, row.id)
        if row_now is None or row_now.state != ACTIVE:
            return 0
        store.save_told(conn, fresh, now=now)
        later = {"due": party.next_due(row.rhythm), "seen": packed(groups)}
        states = mails.states_of_subscription(conn, row.id)
        if mails.FAILED in states:  # the server refused the address for good
            party.drop(conn, row)
            return 0
        if news.is_empty or row.due == UNSEEN:
            store.change_subscription(conn, row.id, **later)
            return 0
        if states or not party.count_letter(conn, row.address):
            store.change_subscription(conn, row.id, due=now + _LATER_SECONDS)
            return 0
        store.change_subscription(conn, row.id, told=now, **later)
        end = party.end_token(conn, row.id)
        mails.add_to_subscriber(
            conn, row.id, kind="news", recipient=row.address, letter=party.writer.news(row, news, end),
            unsubscribe=party.writer.end_url(row, end), now=now,
        )  # fmt: skip
    return 1


def _compare(party: Subscriptions, row: Subscription, groups: Sequence[Sequence[bytes]]) -> tuple[News, list[Told]]:
    """Return what changed since the last letter, and titles that are to be noted."""
    seen = {row.seen[at : at + _RID] for at in range(0, len(row.seen), _RID)}
    here = {rid for group in groups for rid in group}
    new = [group[0] for group in groups if seen.isdisjoint(group)]
    origins = party.origins()
    with party.db.read() as conn:
        named = {one.rid: one for one in catalogue.load_named(conn, origins, sorted(here | seen))}
        known = store.load_told(conn, sorted(here | seen))
        shown = {one.rid: one for one in catalogue.find_many(conn, origins, new[:NEWS_MAX])}
        # What a notice hides has not ended, and its title may be what is unlawful: it is passed over in silence.
        hidden = {rid for _, rid in hidden_records(conn, origins)}
    gone = seen - here - hidden
    ended = sorted((known[rid][0] for rid in gone - named.keys() if rid in known), key=lambda one: one.title)
    left = [told_of(named[rid]) for rid in sorted(gone & named.keys())]
    now = party.clock.now()
    fresh = [told_of(named[rid]) for rid in sorted(here & named.keys()) if _is_stale(named[rid], known, now)]
    news = News(
        [shown[rid] for rid in new[:NEWS_MAX] if rid in shown], len(new), ended[:NEWS_MAX], len(gone - named.keys()),
        left[:NEWS_MAX], len(left),
    )  # fmt: skip
    return news, fresh


def _is_stale(named: Named, known: Mapping[bytes, tuple[Told, int]], now: int) -> bool:
    held = known.get(named.rid)
    return held is None or held[0] != told_of(named) or now - held[1] > _FRESH_SECONDS
