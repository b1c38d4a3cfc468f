"""Keeping offers true: reminders of due reviews by mail, and the links in them with which anybody can answer.

Decided here: who is reminded when (once it is due, after 14 and after 30 days), and what a link may do.  A link is 32
random bytes of which the hash is kept; it names no person and works once, for 14 days.

Where people cannot reach this node, one link leads to a page of the hub with both answers, and the hub hands them on
(`relaying`); each answer works once.

Order of a confirmation: the link is used up, then the offer is published.  A crash in between loses the click, not the
offer; the next reminder asks again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from node import hints, operations
from node.city import City, load_city
from node.editing import newest_document
from node.offer_list import today_of
from node.party import Node
from node.store import reviews, versions
from node.store.reviews import Reminded
from node.workflow import Editor
from shared.accounts.links import format_token, parse_token
from shared.errors import ParseError, RuleError
from shared.holdings import edits, logs
from shared.mail import is_address
from shared.mailing.store import mails
from shared.model.hints import TEXT_MAX
from shared.model.offer import OfferDoc, offer_from_builtins
from shared.model.rules import default_review_due, is_review_overdue
from shared.model.text import running_text

CONFIRM, CHANGE, RELAY = "confirm", "change", "relay"
PATHS = {CONFIRM: "/bestaetigen", CHANGE: "/aendern"}
LINK_EDITOR = Editor("per Mail-Link", may_publish=True)

_LINK_SECONDS = 14 * 86_400
_RELAY_SECONDS = 7 * 86_400  # so long an answer may be on its way through the hub
_TOLD_SECONDS = 60 * 86_400  # so long an old link says why it no longer works
_AGAIN_SECONDS = (0, 14 * 86_400, 30 * 86_400)
_MOST_A_DAY = 50  # after a first import hundreds are due at once; nobody should get them all on one morning


class Asked(msgspec.Struct, frozen=True):
    """What a link leads to: an offer, or in `problem` why not (used, expired, unknown, gone)."""

    rid: bytes = b""
    doc: Mapping[str, Any] | None = None
    problem: str = ""


# --- reminding -------------------------------------------------------------------------------------------------------


def published_documents(node: Node, conn: sa.Connection) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield (id, document) of every own offer that the catalogue shows, or will after the next seal."""
    row = logs.find_log(conn, node.settings.origin)
    records = {} if row is None else versions.load_own_records(conn, row.id)
    shown = {rid for rid, known in records.items() if known.live}
    for edit in edits.load_edits(conn):
        if edit.rid is not None:
            shown = shown | {edit.rid} if edit.op == "publish" else shown - {edit.rid}
    for rid in sorted(shown):
        doc = newest_document(node, conn, rid)
        if doc is not None:
            yield rid, doc


def mailbox_of(doc: Mapping[str, Any]) -> str:
    """Return the function mailbox of an offer: who checks it, else its own address, else its provider's."""
    providers = doc.get("providers") or [{}]
    lead = providers[0].get("email") if isinstance(providers[0], dict) else ""
    found = (str(address or "") for address in (doc.get("assurer"), doc.get("email"), lead))
    return next((address for address in found if is_address(address)), "")


def remind(node: Node) -> int:
    """Write the reminders that are due today into the outbox; returns how many."""
    city, today, count = load_city(node), today_of(node), 0
    if city.reminders != "yes":
        return 0
    with node.db.read() as conn:
        known = reviews.load_reminded(conn)
        due = [(rid, doc) for rid, doc in published_documents(node, conn) if _is_overdue(rid, doc, today)]
    with node.db.write() as conn:
        for rid in known.keys() - {rid for rid, _ in due}:
            reviews.drop_reminded(conn, rid)
    for rid, doc in due:
        step = _next_step(known.get(rid), _due_text(rid, doc), node.clock.now())
        if step is not None and mailbox_of(doc) and count < _MOST_A_DAY:
            _write_reminder(node, city, rid, doc, step)
            count += 1
    return count


def _typed(rid: bytes, doc: Mapping[str, Any]) -> OfferDoc | None:
    try:
        return offer_from_builtins({**doc, "id": rid.hex()})
    except ParseError:
        return None


def _is_overdue(rid: bytes, doc: Mapping[str, Any], today: date) -> bool:
    typed = _typed(rid, doc)
    return typed is not None and is_review_overdue(typed, today)


def _due_text(rid: bytes, doc: Mapping[str, Any]) -> str:
    typed = _typed(rid, doc)
    due = None if typed is None else typed.review_due or default_review_due(typed)
    return "" if due is None else due.isoformat()


def _next_step(known: Reminded | None, due: str, now: int) -> Reminded | None:
    """Return what is to be noted with the next reminder; None while it is too early, or all were sent."""
    if known is None or known.due != due:
        return Reminded(due, now, 1)
    if known.step >= len(_AGAIN_SECONDS) or now - known.first_at < _AGAIN_SECONDS[known.step]:
        return None
    return msgspec.structs.replace(known, step=known.step + 1)


def _write_reminder(node: Node, city: City, rid: bytes, doc: Mapping[str, Any], step: Reminded) -> None:
    """Letter, links and note in one transaction."""
    expires, hub_url = node.clock.now() + _LINK_SECONDS, relay_url(node)
    with node.db.write() as conn:
        links = _make_links(node, conn, rid, expires, hub_url)
        mails.drop_of_offer(conn, rid, "review")
        mails.add_mail(
            conn, kind="review", rid=rid, recipient=mailbox_of(doc), now=node.clock.now(),
            subject=f"Stimmt das noch? {doc.get('name', '')}", body=_reminder(node, city, rid, doc, links, expires),
            expires=expires if links else None,
        )  # fmt: skip
        reviews.save_reminded(conn, rid, step)


def relay_url(node: Node) -> str:
    """Return the hub's address where answers go through it: people cannot reach this member; else nothing."""
    if node.settings.public_url or node.membership is None or not node.is_member:
        return ""
    return node.hub_url.rstrip("/")


def _make_links(node: Node, conn: sa.Connection, rid: bytes, expires: int, hub_url: str) -> dict[str, str]:
    links = {}
    if node.settings.public_url:
        for purpose, path in PATHS.items():
            token = node.dice.token(32)
            reviews.add_link(conn, _hashed(token), rid, purpose, expires)
            links[purpose] = f"{node.settings.public_url}{path}/{format_token(token)}"
    elif hub_url:
        token = node.dice.token(32)
        for purpose in PATHS:
            part = relayed_token(token, purpose)
            reviews.add_link(conn, _hashed(part), rid, purpose, expires + _RELAY_SECONDS, relayed=True)
        links[RELAY] = f"{hub_url}/antwort/{rid.hex()}/{format_token(token)}"
    return links


def relayed_token(token: bytes, purpose: str) -> bytes:
    """Return what stands for one of the two answers behind a link to the hub."""
    return hashlib.sha256(purpose.encode() + token).digest()


def _reminder(
    node: Node, city: City, rid: bytes, doc: Mapping[str, Any], links: Mapping[str, str], expires: int
) -> str:
    checked = doc.get("assured_date")
    last = date.fromisoformat(str(checked)).strftime("%d.%m.%Y") if checked else "noch nie"
    office = [city.office or f"Integrationsstelle, {node.settings.title}", city.office_phone, city.office_email]
    lines = [
        "Guten Tag,", "",
        f"im Verzeichnis der Integrationsangebote ({node.settings.title}) steht Ihr Angebot",
        f"„{doc.get('name', '')}“. Zuletzt geprüft: {last}.", "",
    ]  # fmt: skip
    until = datetime.fromtimestamp(expires, UTC).strftime("%d.%m.%Y")
    if RELAY in links:
        lines += [
            "Stimmt alles noch, oder hat sich etwas geändert? Beides sagen Sie uns auf dieser Seite des Kreises:",
            links[RELAY], "",
            f"Der Link gilt bis zum {until}, jede der beiden Antworten einmal. Anmelden müssen Sie sich nicht.",
            "Der Kreis reicht Ihre Antwort an uns weiter.", "",
        ]  # fmt: skip
    elif links:
        lines += [
            "Stimmt alles noch? Dann genügt ein Klick:", links[CONFIRM], "",
            "Es hat sich etwas geändert? Schreiben Sie uns kurz, was:", links[CHANGE], "",
            f"Beide Links gelten bis zum {until} und nur einmal. Anmelden müssen Sie sich nicht.",
            f"So steht es im Verzeichnis: {node.settings.public_url}/angebote/{rid.hex()}", "",
        ]  # fmt: skip
    else:
        lines += ["Stimmt alles noch, oder hat sich etwas geändert? Bitte sagen Sie uns kurz Bescheid:", ""]
    return "\n".join([*lines, "Vielen Dank.", "", "--", *(line for line in office if line), ""])


# --- answering -------------------------------------------------------------------------------------------------------


def _hashed(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def look_up(node: Node, text: str, purpose: str) -> Asked:
    """Return what a link leads to, without using it up: programs that look at mails open links too."""
    token = parse_token(text)
    with node.db.read() as conn:
        link = None if token is None else reviews.load_link(conn, _hashed(token))
        if link is None or link.purpose != purpose:
            return Asked(problem="unknown")
        if link.used_at is not None:
            return Asked(link.rid, problem="used")
        if link.expires <= node.clock.now():
            return Asked(link.rid, problem="expired")
        shown = dict(published_document(node, conn, link.rid) or {})
    return Asked(link.rid, shown) if shown else Asked(link.rid, problem="gone")


def published_document(node: Node, conn: sa.Connection, rid: bytes) -> dict[str, Any] | None:
    """Return the document of an own offer if the catalogue shows it, or will after the next seal."""
    edit, row = edits.find_edit(conn, rid), logs.find_log(conn, node.settings.origin)
    head = None if row is None else logs.load_heads(conn, row.id, [rid]).get(rid)
    is_shown = edit.op == "publish" if edit is not None else head is not None and head.live
    return newest_document(node, conn, rid) if is_shown else None


def confirm(node: Node, text: str) -> Asked:
    """Note that an offer was checked today, and publish that at once; uses the link up.

    Where somebody is writing on the offer, or it breaks a rule by now, the confirmation becomes a hint for the staff.
    """
    asked = _use(node, text, CONFIRM)
    if asked.problem or asked.doc is None:
        return asked
    done = operations.mark_checked(node, LINK_EDITOR, [asked.rid], today_of(node))
    if done.left:
        said = f"Bestätigt per Mail-Link: „Das stimmt noch“. Nicht übernommen: Das Angebot {done.left[0].reason}."
        hints.take_hint(node, asked.rid, said[:TEXT_MAX], source="link")
    with node.db.write() as conn:
        reviews.drop_reminded(conn, asked.rid)
        mails.drop_of_offer(conn, asked.rid, "review")
    return asked


def report_change(node: Node, text: str, words: str) -> Asked:
    """Take what has changed as a hint; uses the link up.

    Raises:
        RuleError: nothing was written, or too much; the link still works.
    """
    if problems := hints.check_hint(running_text(words), ""):
        raise RuleError("Der Hinweis ist so nicht vollständig", problems)
    asked = _use(node, text, CHANGE)
    if not asked.problem and asked.doc is not None:
        hints.take_hint(node, asked.rid, words, mailbox_of(asked.doc), source="link")
    return asked


def _use(node: Node, text: str, purpose: str) -> Asked:
    asked, token = look_up(node, text, purpose), parse_token(text)
    if asked.problem or token is None:
        return asked
    with node.db.write() as conn:
        is_first = reviews.use_link(conn, _hashed(token), node.clock.now())
    return asked if is_first else Asked(asked.rid, problem="used")


def forget_links(node: Node) -> None:
    """Forget links that ended long ago."""
    with node.db.write() as conn:
        reviews.drop_old_links(conn, before=node.clock.now() - _TOLD_SECONDS + _LINK_SECONDS)
