"""Offers with the day of their last check, and a hub that can send letters."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from hub.party import Hub
from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from tests.support.mail_server import Mailbox
from tests.support.world import World, offer_doc

SENDER = "ki@kreis.example"


def publish_with(node: Node, title: str, rid: bytes | None = None, **fields: object) -> bytes:
    """Put an offer with these fields into a node's outbox; returns its id."""
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        head = None if rid is None else logs.load_heads(conn, row.id, [rid]).get(rid)
        rid = rid or node.dice.token(16)
        doc = offer_doc(rid, node.settings.ags, title) | fields
        body = seal_payload(doc, node.dice.token(32))
        base = NEW if head is None else head.position
        edits.add_edit(conn, Edit("publish", "offer", rid, base, node.clock.now(), commitment_of(body), body))
    return rid


def publish_checked(world: World, name: str, title: str, *, late: int | None) -> bytes:
    """Put an offer into a city's outbox whose check has been due for so many days; None: it was never checked."""
    if late is None:
        return publish_with(world.nodes[name], title)
    due = world.hub.today() - timedelta(days=late)
    checked = due - timedelta(days=180)
    return publish_with(world.nodes[name], title, assured_date=_text(checked), review_due=_text(due))


def _text(day: date) -> str:
    return day.isoformat()


def let_send(hub: Hub, mailbox: Mailbox) -> None:
    """Give the hub a mail server."""
    hub.settings = msgspec.structs.replace(
        hub.settings, mail_host="127.0.0.1", mail_port=mailbox.port, mail_security="none", mail_sender=SENDER
    )
