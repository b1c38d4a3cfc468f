"""Tells subscribers that the catalogue changed: one thin, signed message, the newest state only (PROTOCOL 9).

A message carries the hub's catalogue note and no record; what changed is asked for at `/changes`.  It is told once the
list of changes has what the note names.

Order of a sending: the message waits durably, is sent, and its end is kept after that.  A crash in between sends it
again under the same id.  While one waits for its next try, newer states take its place, under an id of their own.

Where messages may go is decided in `shared.net`: a name is looked up for each connection, all its addresses are
checked, and the connection goes to one of these; redirects are not followed.  Networks that are opened for members stay
closed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.integrator_letters import write_stopped
from hub.party import Hub
from hub.store import deliveries
from hub.store import subscribers as stored
from hub.store.deliveries import Delivery
from hub.store.subscribers import DISABLED, FAILING, GONE, Owned, Subscriber
from hub.subscribers import new_message
from hub.webhook_signature import signature_headers
from shared.errors import FetchError
from shared.feed import limits
from shared.holdings import papers
from shared.outputs.changes import ERASED, kinds_since
from shared.outputs.messages import catalogue_message
from shared.outputs.reading import NoOutputsError

RETRY_SECONDS: Final = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Waits between tries as Standard Webhooks recommends; the last one repeats."""
GIVEN_UP_SECONDS: Final = 5 * limits.DAY
"""Failing for so long ends it: a long weekend and a bad week are borne."""
KEPT_SECONDS: Final = 30 * limits.DAY
"""How long it is known what was sent."""
SPACING_SECONDS: Final = 5
"""Between two messages to one address; whatever happens meanwhile goes into the second."""
_JITTER = 0.2
_LONGEST_WAIT_SECONDS = int(RETRY_SECONDS[-1] * (1 + _JITTER)) + 1
_DEADLINE_SECONDS = 5.0
_ANSWER_MAX_BYTES = 64 * 1024


class Outcome(msgspec.Struct, frozen=True):
    """How an attempt ended; `error` is a kind of `FetchError`, empty for a success."""

    status: int
    error: str = ""
    retry_after_seconds: int = 0


def tell_due(hub: Hub) -> int:
    """Begin to send every message that is due; returns how many."""
    if hub.outputs_path is None:
        return 0
    with hub.db.read() as conn:
        if not stored.is_anyone_told(conn) or hub.is_recovering(conn):
            return 0
    _take_up_news(hub)
    with hub.db.read() as conn:
        due = stored.find_due(conn, now=hub.clock.now(), within=_LONGEST_WAIT_SECONDS)
    return hub.launch({f"tell {key.hex()}": partial(tell, hub, key) for key in due}, run=hub.run_telling)


def _take_up_news(hub: Hub) -> None:
    """Give everybody who wants to know of what came since it was looked last a message that waits."""
    stamp = hub.outputs.reader.stamp()
    with hub.db.read() as conn:
        unseen = list(stored.iterate_unseen(conn, stamp)) if stamp else []
    if not unseen:
        return
    try:
        found = {seen: kinds_since(hub.outputs.reader, seen) for seen in {row.seen for row in unseen}}
    except NoOutputsError:
        return
    with hub.db.write() as conn:
        for row in unseen:
            news = (
                {"message": new_message(hub), "message_time": hub.clock.now()} if _wants(row, found[row.seen]) else {}
            )
            stored.change_subscriber(conn, row.id, seen=stamp, **news)


def _wants(row: Subscriber, found: frozenset[str]) -> bool:
    """Erasures concern everybody, whatever else they wish to know."""
    return bool(found) and (not row.kinds or ERASED in found or not found.isdisjoint(row.kinds.split(",")))


# --- one subscriber --------------------------------------------------------------------------------------------------


def tell(hub: Hub, key: bytes) -> None:
    """Send a subscriber what waits for it, a test first, and keep how that ended."""
    now = hub.clock.now()
    with hub.db.read() as conn:
        row = stored.load_subscriber(conn, key)
        note = papers.load_catalogue_note(conn)
    if row is None or note is None:
        return
    is_test = bool(row.test)
    message = row.test or row.message
    if not message or not row.url:
        return
    body = catalogue_message(note[1], now if is_test else row.message_time)
    headers = signature_headers(_secrets(row, now), message, seconds=now, body=body)
    begun = hub.clock.monotonic()
    outcome = _post(hub, row.url, body, headers)
    took = round((hub.clock.monotonic() - begun) * 1000)
    attempt = 1 if is_test else row.failures + 1
    kept = Delivery(message, is_test, attempt, now, outcome.status, outcome.error, took)
    with hub.db.write() as conn:
        _keep(hub, conn, row, kept, outcome)


def _secrets(row: Subscriber, now: int) -> Sequence[bytes]:
    if row.old_secret is None or now >= row.old_secret_until:
        return (row.secret,)
    return row.secret, row.old_secret


def _post(hub: Hub, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """Send; every 2xx is a success, whatever comes with it."""
    try:
        posted = hub.egress.post(
            url, body, content_type="application/json", max_bytes=_ANSWER_MAX_BYTES,
            deadline_seconds=_DEADLINE_SECONDS, headers=headers,
        )  # fmt: skip
    except FetchError as error:
        if HTTPStatus.OK <= error.status < HTTPStatus.MULTIPLE_CHOICES:
            return Outcome(error.status)
        return Outcome(error.status, error.kind, error.retry_after_seconds)
    is_taken = posted.status < HTTPStatus.MULTIPLE_CHOICES
    return Outcome(posted.status, "" if is_taken else "status")


def _keep(hub: Hub, conn: sa.Connection, sent: Subscriber, kept: Delivery, outcome: Outcome) -> None:
    """Write down how an attempt ended; what was changed meanwhile counts: another address begins anew."""
    row = stored.load_subscriber(conn, sent.id)
    if row is None:
        return
    deliveries.add_delivery(conn, row.id, kept)
    if kept.is_test:
        stored.change_subscriber(conn, row.id, test="")
    elif not outcome.error:
        waiting = "" if row.message == kept.message else row.message
        stored.change_subscriber(
            conn, row.id, message=waiting, failures=0, failing_since=None, next_try=hub.clock.now() + SPACING_SECONDS
        )
    elif row.url == sent.url:
        _keep_failure(hub, conn, row, outcome)


def _keep_failure(hub: Hub, conn: sa.Connection, row: Subscriber, outcome: Outcome) -> None:
    now = hub.clock.now()
    since = row.failing_since if row.failing_since is not None and row.failing_since <= now else now
    if outcome.status == HTTPStatus.GONE or now - since >= GIVEN_UP_SECONDS:
        _stop(hub, conn, row, GONE if outcome.status == HTTPStatus.GONE else FAILING)
        return
    wait = max(retry_seconds(row.failures, hub.dice.token(1)[0] / 255), outcome.retry_after_seconds)
    stored.change_subscriber(conn, row.id, failures=row.failures + 1, failing_since=since, next_try=now + wait)


def _stop(hub: Hub, conn: sa.Connection, row: Subscriber, reason: str) -> None:
    # The message stays: it is sent when the integrator begins anew.
    stored.change_subscriber(conn, row.id, state=DISABLED, reason=reason)
    owned = next(one for one in stored.load_all(conn) if one.subscriber.id == row.id)
    write_stopped(hub, conn, owned, reason=reason)


def retry_seconds(failures: int, jitter: float) -> int:
    """Return how long to wait after a failure.

    Args:
        failures: in a row before this one.
        jitter: 0 to 1, so that those who failed together do not come back together.
    """
    return round(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)] * (1 + _JITTER * jitter))


# --- by itself, and for the district ---------------------------------------------------------------------------------


def forget_old(conn: sa.Connection, *, now: int) -> int:
    """Delete what was sent more than a month ago; returns how many rows went."""
    return deliveries.drop_old(conn, before=now - KEPT_SECONDS)


def find_stopped(conn: sa.Connection) -> list[Owned]:
    """Return the subscribers that were given up because their address did not answer."""
    return [owned for owned in stored.load_all(conn) if owned.subscriber.reason == FAILING]
