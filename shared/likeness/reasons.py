"""Why two offers look the same, or do not: codes with values, and what they mean in German.

Values are towns, percentages and names of groups; no telephone number, address or name, so that nothing personal is
kept beside a pair.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """One reason: its code, and what the sentence needs beside it (a percentage, a town); never personal data."""

    code: str
    value: str = ""

    @property
    def is_against(self) -> bool:
        """It speaks against the two being the same."""
        return self.code in AGAINST


FOR: Final = {
    "identifier": "gleiche Kennung des Trägers",
    "title": "Titel zu {} % gleich",
    "same_title": "gleicher Titel",
    "provider": "gleicher Träger",
    "like_provider": "Träger zu {} % gleich",
    "text": "ähnliche Beschreibung",
    "address": "gleiche Anschrift",
    "postcode": "gleiche Postleitzahl ({})",
    "town": "gleicher Ort ({})",
    "phone": "gleiche Telefonnummer",
    "mail": "gleiche E-Mail-Adresse",
    "page": "gleiche Internetseite",
    "host": "gleicher Internetauftritt",
}
AGAINST: Final = {
    "other_provider": "anderer Träger",
    "other_town": "andere Stadt ({})",
    "other_level": "andere Kursstufe ({})",
    "other_number": "andere Zahl im Titel ({})",
    "other_day": "anderer Wochentag im Titel ({})",
    "other_date": "anderes Datum ({})",
    "other_time": "andere Zeiten",
    "other_audience": "andere Zielgruppe ({})",
    "other_kind": "andere Art von Angebot ({})",
    "other_language": "andere Sprache",
    "other_word": "unterschiedliche Wörter im Titel",
    "other_topic": "anderes Thema",
    "other_address": "andere Straße",
    "other_place": "anderer Veranstaltungsort",
}
_NAMES: Final = {
    "frauen": "Frauen",
    "maenner": "Männer",
    "kinder": "Kinder",
    "jugend": "Jugendliche",
    "senioren": "ältere Menschen",
    "eltern": "Eltern",
    "flucht": "Geflüchtete",
    "zuwanderung": "Zugewanderte",
    "meeting": "Treff",
    "course": "Kurs",
    "advice": "Beratung",
    "exam": "Prüfung",
    "workshop": "Werkstatt",
    "goods": "Annahme und Ausgabe",
    "sponsors": "Patenschaft",
    "agency": "Agentur",
    "anfang": "Anfang",
    "fort": "Fortgeschrittene",
    "montag": "Montag",
    "dienstag": "Dienstag",
    "mittwoch": "Mittwoch",
    "donnerstag": "Donnerstag",
    "freitag": "Freitag",
    "samstag": "Samstag",
    "sonntag": "Sonntag",
}
_NAME: Final = re.compile(r"[a-z]+")


def reasons_in_german(reasons: Sequence[Reason]) -> list[str]:
    """Return what the desk says for reasons, in their order; a code that is not known stands for itself."""
    return [_sentence(one) for one in reasons]


def _sentence(reason: Reason) -> str:
    text = (FOR | AGAINST).get(reason.code, reason.code)
    value = reason.value
    if reason.code not in ("town", "other_town"):
        value = _NAME.sub(lambda found: _NAMES.get(found[0], found[0]), value)
    return text.format(value) if value else text.replace(" ({})", "")
