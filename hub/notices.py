"""Takedowns: the district hides an offer kreisweit for a legal reason, openly, and looks at it again (kind `notice`).

Decided here: what may stand in a notice (no personal data; a reason that readers understand; a review within a year),
its number, and that lifting one is a new version of it, so that every party has the history.  What it hides, and that
no log is censored by it, is decided in `shared.holdings.notices`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import msgspec
import sqlalchemy as sa

from hub import own_records
from hub.notes import newest_note
from hub.own_records import OwnRecord
from hub.party import Hub
from shared.consume import shown_origins
from shared.errors import ConflictError, NotFoundError, ParseError, RuleError
from shared.holdings import catalogue
from shared.holdings.catalogue import Named
from shared.model.notice import BASIS_MAX, LIFTED_MAX, REASONS, NoticeDoc, find_text_problem, notice_from_builtins
from shared.model.offer import OfferDoc, read_offer_line
from shared.model.text import fold, one_line, running_text

REVIEW_DAYS: Final = 91
"""How long a notice stands before somebody looks at it again, unless another day is chosen: three months."""
REVIEW_MAX_DAYS: Final = 366
FOUND_MAX: Final = 30
_LEAST_LETTERS: Final = 2
_ID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_WRONG: Final[Mapping[str, str]] = {
    "mail": "Bitte keine E-Mail-Adresse: Diesen Text liest jeder.",
    "phone": "Bitte keine Telefonnummer: Diesen Text liest jeder.",
    "name": "Bitte keine Namen von Personen: Diesen Text liest jeder.",
}


@dataclass(frozen=True)
class Kept:
    """One notice as the desk shows it.

    Args:
        is_pending: decided, and not yet signed and distributed.
        is_due: its review date has come.
    """

    rid: bytes
    doc: NoticeDoc
    is_pending: bool
    is_due: bool


@dataclass(frozen=True)
class Candidate:
    """An offer that may be hidden, as it is shown now."""

    rid: bytes
    member: str
    title: str
    doc: OfferDoc | None


@dataclass(frozen=True)
class Wanted:
    """What a person decided about an offer; days as forms send them."""

    reason: str
    text: str
    basis: str
    review: str
    hides_title: bool = False
    is_sure: bool = False


def default_review(hub: Hub) -> date:
    """Return the review date that is proposed."""
    return hub.today() + timedelta(days=REVIEW_DAYS)


# --- looking ---------------------------------------------------------------------------------------------------------


def list_notices(hub: Hub) -> list[Kept]:
    """Return all notices: those that hide by review date, then the lifted ones, newest first."""
    with hub.db.read() as conn:
        found = _load(hub, conn)
    return sorted(found, key=_order)


def _order(one: Kept) -> tuple[bool, int, str]:
    day = one.doc.review if one.doc.hides else one.doc.lifted
    ordinal = (day or date.min).toordinal()
    return not one.doc.hides, ordinal if one.doc.hides else -ordinal, one.doc.number


def one_notice(hub: Hub, rid: bytes) -> Kept:
    """Return one notice by its own id.

    Raises:
        NotFoundError: there is none.
    """
    with hub.db.read() as conn:
        return _find(hub, conn, rid)


def overdue(hub: Hub, conn: sa.Connection) -> list[NoticeDoc]:
    """Return the notices that should have been looked at again by now, the oldest first."""
    return [one.doc for one in sorted(_load(hub, conn), key=_order) if one.is_due]


def search_offers(hub: Hub, text: str) -> list[Named]:
    """Return shown offers whose title holds these words, or the one whose id or address was pasted."""
    words, named = fold(text), _ID.search(text.lower())
    with hub.db.read() as conn:
        origins = _origins(conn)
        if named is not None:
            return catalogue.load_named(conn, origins, [bytes.fromhex(named[0].replace("-", ""))])
        if len(words) < _LEAST_LETTERS:
            return []
        return catalogue.find_titled(conn, origins, words, most=FOUND_MAX)


def candidate(hub: Hub, rid: bytes) -> Candidate:
    """Return an offer that may be hidden.

    Raises:
        NotFoundError: none is shown under this id: it may be hidden already, or has ended.
    """
    with hub.db.read() as conn:
        return _candidate(hub, conn, rid)


def _candidate(hub: Hub, conn: sa.Connection, rid: bytes) -> Candidate:
    shown = catalogue.find_shown(conn, _origins(conn), rid)
    if shown is None or shown.kind != "offer":
        raise NotFoundError(
            "Ein Angebot mit dieser Kennung ist nicht im Verzeichnis",
            advice="Vielleicht ist es schon ausgeblendet oder beendet. Suchen Sie unter „Ausblendungen“ noch einmal.",
        )
    return Candidate(rid, shown.member, shown.title, read_offer_line(shown.body))


def _origins(conn: sa.Connection) -> list[str]:
    said = newest_note(conn)
    return [] if said is None else shown_origins(said)


def _load(hub: Hub, conn: sa.Connection) -> list[Kept]:
    found = []
    for record in own_records.load_records(hub, conn, "notice"):
        try:
            found.append(_kept(hub, record))
        except ParseError:  # not of this program: nobody here can change it, and it hides nothing
            continue
    return found


def _find(hub: Hub, conn: sa.Connection, rid: bytes) -> Kept:
    record = own_records.find_record(hub, conn, "notice", rid)
    if record is None:
        raise NotFoundError("Diese Ausblendung gibt es nicht", advice="Alle stehen unter „Ausblendungen“.")
    return _kept(hub, record)


def _kept(hub: Hub, record: OwnRecord) -> Kept:
    doc = notice_from_builtins(record.doc)
    is_due = doc.hides and doc.review is not None and doc.review <= hub.today()
    return Kept(record.rid, doc, record.is_pending, is_due)


# --- deciding --------------------------------------------------------------------------------------------------------


def hide(hub: Hub, rid: bytes, wanted: Wanted) -> Kept:
    """Hide a shown offer kreisweit with the next seal; returns the notice.

    Raises:
        NotFoundError: no offer is shown under this id.
        ConflictError: it is being hidden already.
        RuleError: what is written cannot stand, by field.
    """
    with hub.db.write() as conn:
        offer = _candidate(hub, conn, rid)
        if any(one.doc.hides and one.doc.rid == rid for one in _load(hub, conn)):
            raise ConflictError(f"„{offer.title}“ wird schon ausgeblendet.")
        fields = _checked(hub, offer, wanted)
        number = _next_number(hub, conn)
        made = own_records.publish_record(hub, conn, "notice", {**fields, "number": number})
        return _find(hub, conn, made)


def extend(hub: Hub, rid: bytes, review: str) -> Kept:
    """Look at a notice again on another day.

    Raises:
        NotFoundError: there is no such notice.
        ConflictError: it is lifted.
        RuleError: the day cannot be, by field.
    """
    with hub.db.write() as conn:
        kept = _standing(_find(hub, conn, rid))
        day, wrong = _read_review(hub, review)
        if day is None:
            raise RuleError("Das Datum passt nicht", {"ueberpruefung": [wrong]})
        return _renew(hub, conn, kept, review=day)


def lift(hub: Hub, rid: bytes, because: str) -> Kept:
    """Show the offer again with the next seal; the notice stays in the history.

    Raises:
        NotFoundError: there is no such notice.
        ConflictError: it is lifted already.
        RuleError: the reason cannot stand.
    """
    because = one_line(because)
    with hub.db.write() as conn:
        kept = _standing(_find(hub, conn, rid))
        problem = find_text_problem(because, _persons(hub, conn, kept.doc.rid), least=5, most=LIFTED_MAX)
        if problem is not None:
            wrong = _WRONG.get(problem, f"Schreiben Sie in 5 bis {LIFTED_MAX} Zeichen, warum.")
            raise RuleError("Die Begründung passt nicht", {"warum": [wrong]})
        return _renew(hub, conn, kept, lifted=hub.today(), lifted_because=because)


def hide_again(hub: Hub, rid: bytes) -> Kept:
    """Undo that a notice was lifted: it hides as before, and is looked at again in three months.

    Raises:
        NotFoundError: there is no such notice.
        ConflictError: it is not lifted, or another one hides the offer by now.
    """
    with hub.db.write() as conn:
        kept = _find(hub, conn, rid)
        if any(one.doc.hides and one.doc.record == kept.doc.record for one in _load(hub, conn)):
            raise ConflictError("Das Angebot ist schon ausgeblendet.")
        return _renew(hub, conn, kept, lifted=None, lifted_because="", review=default_review(hub))


def _standing(kept: Kept) -> Kept:
    if not kept.doc.hides:
        raise ConflictError("Die Ausblendung ist schon aufgehoben.")
    return kept


def _renew(hub: Hub, conn: sa.Connection, kept: Kept, **changes: object) -> Kept:
    doc = msgspec.structs.replace(kept.doc, **changes)
    own_records.publish_record(hub, conn, "notice", msgspec.to_builtins(doc), rid=kept.rid)
    return _find(hub, conn, kept.rid)


def _persons(hub: Hub, conn: sa.Connection, rid: bytes) -> list[str]:
    """Return the persons whom an offer names, also while it is hidden; nobody where it cannot be read here."""
    said = newest_note(conn)
    # Without the hub's own log among them no notice counts, so that the record itself is found.
    origins = [] if said is None else [one for one in shown_origins(said) if one != hub.settings.origin]
    shown = catalogue.find_shown(conn, origins, rid)
    doc = None if shown is None else read_offer_line(shown.body)
    return [] if doc is None else [contact.name for contact in doc.contacts if contact.name]


def _checked(hub: Hub, offer: Candidate, wanted: Wanted) -> dict[str, object]:
    """Return the fields of a new notice; RuleError with everything that is wrong."""
    text, basis = running_text(wanted.text), one_line(wanted.basis)
    names = [] if offer.doc is None else [contact.name for contact in offer.doc.contacts if contact.name]
    review, wrong_review = _read_review(hub, wanted.review)
    problems = {
        "grund": "" if wanted.reason in REASONS else "Wählen Sie, worauf sich die Ausblendung stützt.",
        "text": _wrong_text(text, names),
        "rechtsgrundlage": "" if len(basis) <= BASIS_MAX else f"Höchstens {BASIS_MAX} Zeichen.",
        "ueberpruefung": wrong_review,
        "sicher": "" if wanted.is_sure else "Bestätigen Sie, dass Sie das Angebot kreisweit ausblenden wollen.",
    }
    if any(problems.values()):
        raise RuleError("Die Angaben passen nicht", {name: [said] for name, said in problems.items() if said})
    doc = NoticeDoc(
        id="0" * 32, owner=hub.district.ags, record=offer.rid.hex(), member=offer.member, reason=wanted.reason,
        text=text, basis=basis, since=hub.today(), review=review,
        title="" if wanted.hides_title else offer.title[:160],
    )  # fmt: skip
    return dict(msgspec.to_builtins(doc))


def _wrong_text(text: str, names: Sequence[str]) -> str:
    problem = find_text_problem(text, names)
    if problem == "short":
        return "Begründen Sie die Ausblendung so, dass Leser sie verstehen: mindestens 20 Zeichen."
    if problem == "long":
        return f"Höchstens 1.000 Zeichen; es sind {len(text)}."
    return "" if problem is None else _WRONG[problem]


def _read_review(hub: Hub, text: str) -> tuple[date | None, str]:
    """Read a review date as a form sends it; the day, or what is wrong with it."""
    today = hub.today()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, "Wählen Sie einen Tag, an dem Sie die Ausblendung überprüfen."
    if not today < day <= today + timedelta(days=REVIEW_MAX_DAYS):
        return None, "Wählen Sie einen Tag ab morgen, spätestens in einem Jahr."
    return day, ""


def _next_number(hub: Hub, conn: sa.Connection) -> str:
    year = hub.today().year
    taken = [one.doc.number.partition("/") for one in _load(hub, conn)]
    numbers = [int(number) for number, _, of in taken if of == str(year) and number.isdecimal()]
    return f"{max(numbers, default=0) + 1}/{year}"
