"""A node's outbox of letters: the shared one, with the mail server that the city set."""

from __future__ import annotations

import ssl

from node.city import load_city, mail_server
from node.party import Node
from shared.mailing.outbox import STATES, Postbox
from shared.mailing.store.mails import Mail

__all__ = ["KINDS", "STATES"]

KINDS = {
    "review": "Erinnerung an die Prüfung", "answer": "Antwort auf einen Hinweis", "test": "Probe",
    "feedback": "Rückmeldung",
}  # fmt: skip
"""What letters are for."""


def postbox_of(node: Node) -> Postbox:
    """Return the outbox of a node."""
    return Postbox(
        node.db, node.clock, node.dice, node.settings.name, server=lambda: mail_server(node, load_city(node))
    )


def send_due(node: Node, *, trust: ssl.SSLContext | None = None) -> bool:
    """Send the letter that is due, at most one; whoever calls holds the lease.  Returns whether one was tried."""
    return postbox_of(node).send_due(trust=trust)


def tidy(node: Node) -> None:
    """Say of interrupted sendings that nobody knows; delete letters 30 days after they left, others after 90."""
    postbox_of(node).tidy()


def list_mails(node: Node) -> list[Mail]:
    """Return the letters of the outbox, newest first."""
    return postbox_of(node).list_mails()


def count_troubled(node: Node) -> int:
    """Return how many letters a person has to look at."""
    return postbox_of(node).count_troubled()


def open_mail(node: Node, number: int) -> Mail:
    """Return one letter; NotFoundError when there is none."""
    return postbox_of(node).open_mail(number)


def send_again(node: Node, number: int) -> None:
    """Let a letter be tried at once; ConflictError for one that left or is leaving."""
    postbox_of(node).send_again(number)


def delete_mail(node: Node, number: int) -> None:
    """Delete a letter for good; ConflictError while it is leaving."""
    postbox_of(node).delete_mail(number)


def write_test(node: Node, recipient: str) -> int:
    """Put a letter into the outbox that says that sending works; InputError for what is no address."""
    return postbox_of(node).write_test(recipient, f"Probe aus dem Verzeichnis: {node.settings.title}")
