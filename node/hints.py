"""Hints from outside that something in an own offer is wrong: taken, answered, closed, counted.

Decided here: what a hint may hold, how fast one network may write, and how long a contact is kept.  No address of a
visitor is stored: the pace is kept under a keyed hash of their network, for a day (`shared.accounts.guessing`).
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from node.city import load_city
from node.editing import newest_document
from node.party import Node
from node.store import hints
from node.store.hints import ANSWERED, CLOSED, OPEN, Hint
from node.workflow import Editor
from shared.accounts.guessing import Pace, begin_submission
from shared.errors import InputError, NotFoundError, RuleError
from shared.feed.inbox import FROM_DISTRICT, FROM_HUB, FROM_NODE
from shared.holdings import facts
from shared.mail import is_address
from shared.mailing.store import mails
from shared.model.hints import CONTACT_MAX, TEXT_MAX, Taken, find_problems
from shared.model.text import one_line, running_text

NOTE_MAX = 2000
STATES: Mapping[str, str] = {OPEN: "offen", ANSWERED: "beantwortet", CLOSED: "geschlossen"}
REASONS: Mapping[str, str] = {
    "changed": "Das Angebot ist berichtigt",
    "right": "Die Angaben stimmten",
    "unclear": "Unklar, und niemand war zu erreichen",
    "nonsense": "Werbung oder ohne Bezug",
}
"""Why a hint is closed."""
SOURCES: Mapping[str, str] = {
    "public": "öffentliche Seite",
    "link": "Antwort auf eine Erinnerung",
    FROM_HUB: "von der Seite des Kreises",
    FROM_NODE: "von der Seite einer anderen Stadt",
    FROM_DISTRICT: "vom Kreis",
}

PACE = Pace(free=5, first_wait_seconds=60, longest_wait_seconds=3600, most_per_hour=12)
"""A whole school may stand behind one address, but nobody finds more mistakes than this in an hour."""
OPEN_MAX = 1000
"""More open hints than a city can read are the work of a machine."""
_CONTACT_SECONDS = 30 * 86_400
_KEPT_SECONDS = 400 * 86_400
"""So long it can be seen whether the same thing is said of an offer again; readers may have named persons."""


def check_hint(text: str, contact: str) -> dict[str, list[str]]:
    """Return what is wrong with a hint by field, in German; nothing when it can be taken."""
    said = {
        ("text", "short"): "Bitte schreiben Sie kurz, was nicht stimmt.",
        ("text", "long"): f"Höchstens {TEXT_MAX} Zeichen; es sind {len(text)}.",
        ("contact", "long"): f"Höchstens {CONTACT_MAX} Zeichen.",
    }
    return {name: [said[name, word]] for name, word in find_problems(text, contact).items()}


def take_hint(
    node: Node, rid: bytes, text: str, contact: str = "", *, source: str = "public", address: str | None = None
) -> Taken:
    """Keep a hint about an own offer, or say how long to wait.

    Args:
        address: of the visitor, for the pace alone; None where a link of ours was the way in.
    Raises:
        RuleError: the text is missing or too long; carries every problem by field.
        NotFoundError: there is no such own offer.
    """
    text, contact = running_text(text), one_line(contact)
    if problems := check_hint(text, contact):
        raise RuleError("Der Hinweis ist so nicht vollständig", problems)
    now = node.clock.now()
    with node.db.write() as conn:
        doc = newest_document(node, conn, rid)
        if doc is None:
            raise NotFoundError(f"Ein eigenes Angebot {rid.hex()} gibt es hier nicht")
        if address is not None:
            wait = begin_submission(conn, node.dice, kind="hint", address=address, pace=PACE, now=now)
            wait = max(wait, PACE.longest_wait_seconds if hints.count_open(conn) >= OPEN_MAX else 0)
            if wait:
                return Taken(wait)
        title = str(doc.get("name", ""))
        hints.add_hint(conn, rid=rid, title=title, text=text, contact=contact, source=source, now=now)
    return Taken()


def take_passed(node: Node, conn: sa.Connection, ref: bytes, rid: bytes, written: tuple[str, str], source: str) -> bool:
    """Keep a hint that came by way of the hub, once; False where too many wait to be read, and it has to come again.

    One about an offer that was withdrawn meanwhile, or that says nothing, is dropped: nobody could do anything with it.

    Args:
        ref: the id under which the hub gave it.
        written: text and contact.
    """
    text, contact = running_text(written[0]), one_line(written[1])
    doc = newest_document(node, conn, rid)
    if doc is None or find_problems(text, contact) or hints.has_ref(conn, ref):
        return True
    if hints.count_open(conn) >= OPEN_MAX:
        return False
    hints.add_hint(
        conn, rid=rid, title=str(doc.get("name", "")), text=text, contact=contact, source=source,
        now=node.clock.now(), ref=ref,
    )  # fmt: skip
    return True


# --- at the desk -----------------------------------------------------------------------------------------------------


def list_hints(node: Node, editor: Editor) -> list[Hint]:
    """Return the hints that this editor may see, newest first."""
    with node.db.read() as conn:
        found = hints.load_hints(conn)
        if editor.organisations is None:
            return found
        docs = {one.rid: newest_document(node, conn, one.rid) for one in found}
    return [one for one in found if editor.owns(docs[one.rid] or {})]


def count_hints(found: list[Hint]) -> dict[str, int]:
    """Count hints by state, each state named."""
    return {state: sum(1 for one in found if one.state == state) for state in STATES}


def open_hint(node: Node, editor: Editor, number: int) -> Hint:
    """Return one hint; NotFoundError when there is none or it is not theirs to see."""
    with node.db.read() as conn:
        found = hints.load_hint(conn, number)
        doc = None if found is None else newest_document(node, conn, found.rid)
    if found is None or not editor.owns(doc or {}):
        raise NotFoundError("Diesen Hinweis gibt es hier nicht")
    return found


def note_hint(node: Node, editor: Editor, number: int, note: str) -> None:
    """Keep a note for colleagues."""
    found = open_hint(node, editor, number)
    with node.db.write() as conn:
        hints.change_hint(conn, found.id, note=running_text(note)[:NOTE_MAX], editor=editor.name)


def answer_hint(node: Node, editor: Editor, number: int, text: str) -> None:
    """Write to whoever sent a hint, through the outbox.

    Raises:
        InputError: there is no mail address, or no answer.
    """
    found, text = open_hint(node, editor, number), running_text(text)
    if not is_address(found.contact):
        raise InputError("Zu diesem Hinweis gibt es keine E-Mail-Adresse")
    if not text or len(text) > NOTE_MAX:
        raise RuleError("Die Antwort passt nicht", {"answer": [f"Schreiben Sie 1 bis {NOTE_MAX} Zeichen."]})
    city = load_city(node)
    foot = "\n".join(
        line for line in (city.office or node.settings.title, city.office_phone, city.office_email) if line
    )
    body = f"{text}\n\nIhr Hinweis war:\n{_quoted(found.text)}\n\n--\n{foot}\n"
    with node.db.write() as conn:
        mails.add_mail(
            conn, kind="answer", rid=found.rid, recipient=found.contact,
            subject=f"Ihr Hinweis zu „{found.title}“", body=body, now=node.clock.now(),
        )  # fmt: skip
        if found.state == OPEN:
            hints.change_hint(conn, found.id, state=ANSWERED, editor=editor.name)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def close_hint(node: Node, editor: Editor, number: int, reason: str) -> None:
    """Close a hint for a reason; how its writer can be reached is deleted 30 days later."""
    found = open_hint(node, editor, number)
    if reason not in REASONS:
        raise RuleError("Der Grund fehlt", {"reason": ["Wählen Sie einen Grund."]})
    with node.db.write() as conn:
        changes = {"state": CLOSED, "reason": reason, "editor": editor.name, "closed_at": node.clock.now()}
        hints.change_hint(conn, found.id, **changes)


def reopen_hint(node: Node, editor: Editor, number: int) -> None:
    """Open a closed hint again."""
    found = open_hint(node, editor, number)
    with node.db.write() as conn:
        hints.change_hint(conn, found.id, state=OPEN, reason="", editor=editor.name, closed_at=None)


def forget_old(node: Node) -> None:
    """Delete how the writers of hints can be reached, 30 days after these were closed, and hints 400 days after."""
    now = node.clock.now()
    with node.db.write() as conn:
        gone = hints.forget_contacts(conn, closed_before=now - _CONTACT_SECONDS)
        if gone + hints.drop_old(conn, before=now - _KEPT_SECONDS):
            facts.save_fact(conn, "scrub-due", 1)
