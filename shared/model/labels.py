"""German names of the offer's fields, as editors and reports show them."""

from __future__ import annotations

from typing import Final

FIELD_LABELS: Final = {
    "access": "Zugang",
    "accreditation": "Zulassung",
    "additional_urls": "Weitere Links",
    "address_confidential": "Anschrift geheim halten",
    "alert": "Aktueller Hinweis",
    "alert_until": "Hinweis gilt bis",
    "alternate_name": "Weiterer Name",
    "application_process": "So nehmen Sie teil",
    "assured_date": "Zuletzt geprüft am",
    "assurer": "Geprüft durch",
    "attachments": "Dateien",
    "body": "Beschreibung",
    "capacity": "Freie Plätze",
    "closed_on_holidays": "An Feiertagen geschlossen",
    "contacts": "Ansprechpersonen",
    "costs": "Kosten",
    "eligibility": "Voraussetzungen",
    "email": "E-Mail des Angebots",
    "especially_for": "Insbesondere für",
    "exceptions": "Abweichende Zeiten",
    "fees_text": "Hinweise zu Kosten",
    "funding": "Förderung",
    "id": "Kennung",
    "interpretation": "Sprachmittlung",
    "is_free": "Kostenfrei",
    "languages": "Sprachen",
    "last_modified": "Geändert am",
    "locations": "Orte",
    "maximum_age": "Alter bis",
    "minimum_age": "Alter von",
    "mode": "Durchführung",
    "name": "Titel des Angebots",
    "offer_type": "Art des Angebots",
    "owner": "Eigentümerin",
    "phones": "Telefon",
    "program": "Förderprogramm",
    "providers": "Träger",
    "required_documents": "Mitzubringen",
    "review_due": "Nächste Prüfung",
    "schedule_text": "Zeiten als Text",
    "schedules": "Beratungszeiten",
    "service_areas": "Gültig in",
    "status": "Zustand",
    "summary": "Kurzbeschreibung",
    "target_groups": "Offen für",
    "topics": "Themen",
    "translations": "Übersetzungen",
    "url": "Internetseite",
    "valid_from": "Laufzeit von",
    "valid_to": "Laufzeit bis",
}


def field_label(field: str) -> str:
    """The German name of a field, also of one inside (`phones[0].number` is named like `phones`)."""
    outer = field.partition("[")[0].partition(".")[0]
    return FIELD_LABELS.get(outer, outer)
