"""What integrators do with their subscribers; each sees its own alone, and another's is as unknown as none.

A subscriber is one copy of the catalogue: it may be told of changes at an address (`webhooks`), and it says which
changes it has carried out (`erasure_duty`).  Texts are for programs, so they are English.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.erasure_duty import last_step
from hub.party import Hub
from hub.store import deliveries
from hub.store import subscribers as stored
from hub.store.deliveries import Delivery
from hub.store.subscribers import ACTIVE, PAUSED, Subscriber
from hub.webhook_signature import SECRET_BYTES
from shared.accounts.links import format_token
from shared.errors import ConflictError, FetchError, NotFoundError, RuleError
from shared.feed import limits
from shared.holdings import facts
from shared.model.text import one_line, text_problems
from shared.net.addresses import AddressGuard, parse_url
from shared.outputs.changes import KINDS

SUBSCRIBERS_MAX: Final = 20
"""Of one integrator: systems, test systems and a few mistakes."""
OLD_SECRET_SECONDS: Final = limits.DAY
TEST_EVERY_SECONDS: Final = 10
DESCRIPTION_MAX: Final = 200
_ID_BYTES = 16
_HTTPS_PORT = 443


class TargetForbiddenError(RuleError):
    """An address to which nothing is ever sent."""

    code = "target_forbidden"


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a subscriber is to be; what is not named stays, or is empty at a new one."""

    url: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    kinds: list[str] | msgspec.UnsetType = msgspec.UNSET
    paused: bool | msgspec.UnsetType = msgspec.UNSET


def create(hub: Hub, owner: int, wish: Wish) -> Subscriber:
    """Make a subscriber that owes nothing yet and is told of what comes from now on.

    Raises:
        RuleError: by field, what cannot be.
        ConflictError: the integrator has as many as it may have.
    """
    values = _checked(hub, wish)
    now = hub.clock.now()
    stamp = hub.outputs.reader.stamp()
    with hub.db.write() as conn:
        if len(stored.load_own(conn, owner)) >= SUBSCRIBERS_MAX:
            raise ConflictError(f"there are {SUBSCRIBERS_MAX} subscribers already, and no more are possible")
        row = Subscriber(
            id=hub.dice.token(_ID_BYTES), integrator_id=owner, url=values.get("url", ""),
            description=values.get("description", ""), kinds=values.get("kinds", ""),
            secret=hub.dice.token(SECRET_BYTES), old_secret=None, old_secret_until=0, created=now,
            state=PAUSED if wish.paused is True else ACTIVE, reason="", seen=stamp, message="", message_time=0,
            next_try=0, failures=0, failing_since=None, test="", done_step=last_step(hub, conn), acknowledged=None,
            warned_step=0,
        )  # fmt: skip
        stored.add_subscriber(conn, row)
    return row


def list_own(hub: Hub, owner: int) -> list[Subscriber]:
    """Return the subscribers of an integrator."""
    with hub.db.read() as conn:
        return stored.load_own(conn, owner)


def find_own(hub: Hub, owner: int, key: bytes) -> Subscriber:
    """Return one subscriber of an integrator; NotFoundError for any other."""
    with hub.db.read() as conn:
        return _own(conn, owner, key)


def change(hub: Hub, owner: int, key: bytes, wish: Wish) -> Subscriber:
    """Change what is named; a new address, and `paused` set to false, begin anew where we had given up.

    Raises:
        RuleError: by field, what cannot be.
        NotFoundError: the integrator has no such subscriber.
    """
    values: dict[str, object] = dict(_checked(hub, wish))
    with hub.db.write() as conn:
        row = _own(conn, owner, key)
        if wish.paused is True:
            values["state"] = PAUSED
        elif wish.paused is False or (values.get("url", row.url) != row.url and row.state != PAUSED):
            values |= {"state": ACTIVE, "reason": "", "failures": 0, "failing_since": None, "next_try": 0}
        if values:
            stored.change_subscriber(conn, key, **values)
        return _own(conn, owner, key)


def delete(hub: Hub, owner: int, key: bytes) -> None:
    """Delete a subscriber; NotFoundError for any other integrator's."""
    with hub.db.write() as conn:
        _own(conn, owner, key)
        stored.drop_subscriber(conn, key)
        facts.save_fact(conn, "scrub-due", 1)


def rotate_secret(hub: Hub, owner: int, key: bytes) -> Subscriber:
    """Make a new secret; the one before signs beside it for a day, an even older one no more."""
    now = hub.clock.now()
    with hub.db.write() as conn:
        row = _own(conn, owner, key)
        stored.change_subscriber(
            conn, key, secret=hub.dice.token(SECRET_BYTES), old_secret=row.secret,
            old_secret_until=now + OLD_SECRET_SECONDS,
        )  # fmt: skip
        return _own(conn, owner, key)


def ask_for_test(hub: Hub, owner: int, key: bytes) -> tuple[str, int]:
    """Let the present state be sent once, whatever state the subscriber is in.

    Returns:
        The id of the message, and how many seconds to wait first where it is too early; 0 when it will be sent.
    Raises:
        ConflictError: the subscriber has no address.
    """
    now = hub.clock.now()
    with hub.db.write() as conn:
        row = _own(conn, owner, key)
        if not row.url:
            raise ConflictError("the subscriber has no url", advice="PATCH a url first")
        if row.test:
            return row.test, 0
        last = deliveries.newest_test(conn, key)
        if last is not None and 0 <= now - last < TEST_EVERY_SECONDS:
            return "", last + TEST_EVERY_SECONDS - now
        message = new_message(hub)
        stored.change_subscriber(conn, key, test=message)
    return message, 0


def new_message(hub: Hub) -> str:
    """Return an id for a message."""
    return "msg_" + format_token(hub.dice.token(_ID_BYTES))


def list_deliveries(hub: Hub, owner: int, key: bytes, *, before: int | None, most: int) -> list[Delivery]:
    """Return what was sent to a subscriber, newest first; with `before`, what was sent before that attempt."""
    with hub.db.read() as conn:
        _own(conn, owner, key)
        return deliveries.load_deliveries(conn, key, before=before, most=most)


def _own(conn: sa.Connection, owner: int, key: bytes) -> Subscriber:
    row = stored.load_subscriber(conn, key)
    if row is None or row.integrator_id != owner:
        raise NotFoundError(f"there is no subscriber {key.hex()}")
    return row


# --- what can be -----------------------------------------------------------------------------------------------------


def _checked(hub: Hub, wish: Wish) -> dict[str, str]:
    """Return the named columns as they are stored."""
    values: dict[str, str] = {}
    problems: dict[str, list[str]] = {}
    if wish.url is not msgspec.UNSET:
        values["url"] = wish.url or ""
        if values["url"]:
            _check_url(hub, values["url"], problems)
    if wish.description is not msgspec.UNSET:
        values["description"] = one_line(wish.description)
        if len(values["description"]) > DESCRIPTION_MAX or text_problems(values["description"], is_name=True):
            problems["description"] = [f"is not one line of at most {DESCRIPTION_MAX} visible characters"]
    if wish.kinds is not msgspec.UNSET:
        values["kinds"] = ",".join(kind for kind in KINDS if kind in wish.kinds)
        if not wish.kinds or set(wish.kinds) - set(KINDS):
            problems["kinds"] = [f"is not a list of some of {', '.join(KINDS)}"]
    if problems:
        raise RuleError("the subscriber cannot be like this", problems)
    return values


def _check_url(hub: Hub, url: str, problems: dict[str, list[str]]) -> None:
    """Refuse what can be told from the URL alone; where a name leads is looked at each time something is sent.

    Raises:
        TargetForbiddenError: it leads to an address that is not public.
    """
    networks: Sequence[str] = hub.settings.webhook_networks
    try:
        target = parse_url(url)
    except FetchError:
        problems["url"] = ["is not a plain address such as https://app.example/hook: no user, fragment or odd spelling"]
        return
    if not networks and (target.is_plain or target.port != _HTTPS_PORT):
        problems["url"] = ["is not https at port 443"]
        return
    if target.literal is not None:
        try:
            AddressGuard(networks).verify_addresses(target.host, [target.host], is_plain=target.is_plain)
        except FetchError as error:
            text = f"leads to {target.host}, which is not a public address"
            raise TargetForbiddenError("nothing is sent to this address", {"url": [text]}) from error
