"""How complete an offer is: a score from 0 to 100 and the gaps by name.

Nothing here prevents publishing.  A gap counts only where it can be filled: an online offer lacks no street, a refuge
with a confidential address lacks none either.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from shared.model.offer import OfferDoc
from shared.model.rules import is_review_overdue
from shared.model.vocabulary.terms import UNKNOWN

_WITHOUT_PLACE = frozenset({"online", "telefon", "aufsuchend"})


class Gap(msgspec.Struct, frozen=True):
    """Something a reader would like to know and cannot find; `weight` says how much it matters."""

    field: str
    label_de: str
    weight: int


class Completeness(msgspec.Struct, frozen=True):
    """Score and gaps, the weightiest first."""

    score: int
    gaps: tuple[Gap, ...]


def completeness(doc: OfferDoc, today: date) -> Completeness:
    """Score a document: the weight of what is there as a share of what could be there, rounded down."""
    judged = list(_judge(doc, today))
    possible = sum(gap.weight for gap, _ in judged)
    reached = sum(gap.weight for gap, is_filled in judged if is_filled)
    gaps = sorted((gap for gap, is_filled in judged if not is_filled), key=lambda gap: (-gap.weight, gap.field))
    return Completeness(100 * reached // possible, tuple(gaps))


def _judge(doc: OfferDoc, today: date) -> Iterator[tuple[Gap, bool]]:
    can_be_reached = bool(doc.phones or doc.email or doc.url or doc.contacts or doc.application_process)
    yield (
        Gap("contacts", "Kein Weg zum Angebot: Telefon, E-Mail, Internetseite oder Ansprechperson", 16),
        can_be_reached,
    )
    yield Gap("schedule_text", "Zeiten fehlen", 14), bool(doc.schedule_text or doc.schedules)
    yield Gap("assured_date", "Nie geprüft oder Prüfung überfällig", 12), not is_review_overdue(doc, today)
    yield Gap("languages", "Sprachen fehlen", 9), bool(doc.languages or doc.interpretation)
    yield Gap("target_groups", "Zielgruppe fehlt", 9), bool(doc.target_groups or doc.eligibility)
    yield Gap("access", "Zugang unbekannt", 7), _is_known(doc.access)
    yield Gap("is_free", "Nicht bekannt, ob kostenfrei", 7), doc.is_free is not None or bool(doc.costs)
    yield Gap("mode", "Durchführung unbekannt", 5), _is_known(doc.mode)
    yield Gap("offer_type", "Art des Angebots unbekannt", 5), doc.offer_type not in (None, UNKNOWN)
    yield Gap("body", "Ausführliche Beschreibung fehlt", 3), bool(doc.body)
    yield Gap("translations", "Keine Übersetzung", 3), bool(doc.translations)
    if _has_place(doc):
        yield from _judge_places(doc)


def _judge_places(doc: OfferDoc) -> Iterator[tuple[Gap, bool]]:
    has_street = any(place.address_1 and place.postal_code and place.city for place in doc.locations)
    if not doc.address_confidential:
        yield Gap("locations", "Vollständige Anschrift fehlt", 7), has_street
        yield (
            Gap("locations.accessibility", "Angaben zur Barrierefreiheit fehlen", 3),
            any(place.accessibility for place in doc.locations),
        )


def _has_place(doc: OfferDoc) -> bool:
    return bool(doc.locations) or not doc.mode or not set(doc.mode) <= _WITHOUT_PLACE


def _is_known(codes: tuple[str, ...]) -> bool:
    return bool(codes) and UNKNOWN not in codes
