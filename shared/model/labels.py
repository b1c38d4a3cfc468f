"""German names of the offer's fields, as editors, reports and pages show them; pages translate them."""

from __future__ import annotations

from typing import Final


def N_(text: str) -> str:  # noqa: N802 - the name under which message catalogues collect texts
    """Return the text itself; marks it for the translators, while the model knows one language only."""
    return text


FIELD_LABELS: Final = {
    "access": N_("Zugang"),
    "accreditation": N_("Zulassung"),
    "additional_urls": N_("Weitere Links"),
    "address_confidential": N_("Anschrift geheim halten"),
    "alert": N_("Aktueller Hinweis"),
    "alert_until": N_("Hinweis gilt bis"),
    "alternate_name": N_("Weiterer Name"),
    "application_process": N_("So nehmen Sie teil"),
    "assured_date": N_("Zuletzt geprüft am"),
    "assurer": N_("Geprüft durch"),
    "attachments": N_("Dateien"),
    "body": N_("Beschreibung"),
    "capacity": N_("Freie Plätze"),
    "closed_on_holidays": N_("An Feiertagen geschlossen"),
    "contacts": N_("Ansprechpersonen"),
    "costs": N_("Kosten"),
    "eligibility": N_("Voraussetzungen"),
    "email": N_("E-Mail des Angebots"),
    "especially_for": N_("Insbesondere für"),
    "exceptions": N_("Abweichende Zeiten"),
    "fees_text": N_("Hinweise zu Kosten"),
    "funding": N_("Förderung"),
    "id": N_("Kennung"),
    "interpretation": N_("Sprachmittlung"),
    "is_free": N_("Kostenfrei"),
    "languages": N_("Sprachen"),
    "last_modified": N_("Geändert am"),
    "locations": N_("Orte"),
    "maximum_age": N_("Alter bis"),
    "minimum_age": N_("Alter von"),
    "mode": N_("Durchführung"),
    "name": N_("Titel des Angebots"),
    "offer_type": N_("Art des Angebots"),
    "owner": N_("Eigentümerin"),
    "phones": N_("Telefon"),
    "program": N_("Förderprogramm"),
    "providers": N_("Träger"),
    "required_documents": N_("Mitzubringen"),
    "review_due": N_("Nächste Prüfung"),
    "schedule_text": N_("Zeiten als Text"),
    "schedules": N_("Beratungszeiten"),
    "service_areas": N_("Gültig in"),
    "status": N_("Zustand"),
    "summary": N_("Kurzbeschreibung"),
    "target_groups": N_("Offen für"),
    "topics": N_("Themen"),
    "translations": N_("Übersetzungen"),
    "url": N_("Internetseite"),
    "valid_from": N_("Laufzeit von"),
    "valid_to": N_("Laufzeit bis"),
}


def field_label(field: str) -> str:
    """The German name of a field, also of one inside (`phones[0].number` is named like `phones`)."""
    outer = field.partition("[")[0].partition(".")[0]
    return FIELD_LABELS.get(outer, outer)
