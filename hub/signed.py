"""Who sent a signed request of the back channel (PROTOCOL 14): the same check for every path."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from hub.party import Hub
from shared.errors import AccessError, SignatureError, VerificationError
from shared.feed import limits
from shared.feed.keys import VerifyingKey
from shared.feed.outcomes import Code
from shared.feed.request import Signed, verify_request
from shared.holdings import facts

MAY_ASK = frozenset({"active", "paused"})
"""Statuses of the roster whose members use the back channel."""


def identify(hub: Hub, conn: sa.Connection, path: str, signed: Signed, body: bytes) -> str:
    """Return the member whose log key signed a request that is new; what it says counts only after that.

    Raises:
        AccessError: the roster names no such log, or its member may not ask.
        VerificationError: another key, a time too far from ours, or a request to this path that came before.
    """
    keys = hub.book.keys_for(signed.origin, as_mirror=False, conn=conn)
    if keys is None or signed.origin == hub.settings.origin:
        raise AccessError("no member has this log")
    _verify_any(keys.log_keys, path, signed, body)
    if hub.book.status_of(signed.origin, conn) not in MAY_ASK:
        raise AccessError("this member is suspended or retired")
    if abs(hub.clock.now() - signed.time) > limits.SKEW_SECONDS:
        raise VerificationError("the time of the request is too far from the hub's", code=Code.E_CLOCK)
    fact = f"asked:{path.rpartition('/')[2]}:{signed.origin}"
    if signed.time <= facts.load_number(conn, fact):
        raise VerificationError("this request, or a later one, came before", code=Code.E_REPLAY)
    facts.save_fact(conn, fact, signed.time)
    return keys.member


def _verify_any(keys: Sequence[VerifyingKey], path: str, signed: Signed, body: bytes) -> None:
    for key in keys:
        try:
            verify_request(key, path, signed.time, body, signed.signature)
        except SignatureError:
            continue
        return
    raise SignatureError("no key of this log signed the request")
