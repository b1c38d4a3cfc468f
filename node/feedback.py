"""Messages of visitors about the pages themselves: a letter to the city's office, through the outbox.

Decided here: when they can be taken (the city sends mail and has an address), and how fast.  Nothing else is kept.
"""

from __future__ import annotations

from node.city import load_city
from node.party import Node
from shared.accounts.guessing import Pace, begin_submission
from shared.mailing.store import mails
from shared.model.text import one_line, running_text

PACE = Pace(free=3, first_wait_seconds=60, longest_wait_seconds=3600, most_per_hour=10)
WAITING_MAX = 200
"""More letters that wait are the work of a machine, or of a mail server that is away."""


def takes_feedback(node: Node) -> bool:
    """Tell whether a message would reach somebody."""
    city = load_city(node)
    return city.sends_mail and bool(city.office_email)


def take_feedback(node: Node, text: str, contact: str, *, address: str) -> int:
    """Write a message to the office; returns how many seconds to wait first, 0 when it was taken."""
    city, now = load_city(node), node.clock.now()
    contact = one_line(contact)
    body = f"{running_text(text)}\n\nKontakt für Rückfragen: {contact or 'keiner angegeben'}\n"
    with node.db.write() as conn:
        wait = begin_submission(conn, node.dice, kind="feedback", address=address, pace=PACE, now=now)
        is_full = mails.count_mails(conn).get(mails.WAITING, 0) >= WAITING_MAX
        if wait or is_full:
            return max(wait, PACE.longest_wait_seconds if is_full else 0)
        mails.add_mail(
            conn, kind="feedback", recipient=city.office_email, now=now, body=body,
            subject=f"Rückmeldung zum Verzeichnis: {node.settings.title}",
        )  # fmt: skip
    return 0
