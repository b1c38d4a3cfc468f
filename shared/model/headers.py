"""Headings as people write them, to the columns of an offer table: proposed by known words, then by likeness.

A person sees every proposal and may change it; so a good guess is better here than none, and no column is proposed
twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from shared.model.grid import Grid, GridRow, column_name
from shared.model.table import COLUMNS, ID_COLUMN

COLUMN_LABELS: Final[Mapping[str, str]] = {
    "stadt": "Stadt",
    "traeger": "Träger",
    "angebot": "Titel des Angebots",
    "beschreibung": "Beschreibung",
    "thema": "Themen",
    "zielgruppe": "Zielgruppe",
    "sprachen": "Sprachen",
    "ort_name": "Name des Ortes oder Gebäudes",
    "strasse": "Straße und Hausnummer",
    "plz": "Postleitzahl",
    "ort": "Ort",
    "telefon": "Telefon",
    "email": "E-Mail",
    "web": "Internetseite",
    "zeiten": "Zeiten",
    "kosten": "Kosten",
    "quelle": "Quelle (nur intern)",
    ID_COLUMN: "Kennung (id)",
}
"""What the columns are called on a page."""

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "stadt": ("Kommune", "Gemeinde", "Stadt/Gemeinde"),
    "traeger": (
        "Anbieter", "Organisation", "Institution", "Einrichtung", "Verein", "Veranstalter", "Träger des Angebots",
        "Anbieterin", "Trägerschaft",
    ),
    "angebot": (
        "Titel", "Name", "Bezeichnung", "Angebotsname", "Name des Angebots", "Titel des Angebots", "Angebotstitel",
        "Projekt", "Maßnahme", "Veranstaltung", "Kurs",
    ),
    "beschreibung": ("Kurzbeschreibung", "Inhalt", "Text", "Info", "Informationen", "Beschreibungstext", "Details"),
    "thema": ("Themen", "Kategorie", "Kategorien", "Bereich", "Themenbereich", "Handlungsfeld", "Rubrik"),
    "zielgruppe": ("Zielgruppen", "für wen", "Teilnehmende", "Adressaten", "richtet sich an"),
    "sprachen": ("Sprache", "Fremdsprachen", "angebotene Sprachen"),
    "ort_name": (
        "Ort/Gebäude", "Gebäude", "Veranstaltungsort", "Treffpunkt", "Raum", "Name des Ortes", "Haus", "Standort",
    ),
    "strasse": ("Straße", "Adresse", "Anschrift", "Straße und Hausnummer", "Straße, Hausnummer", "Str.", "Straße Nr."),
    "plz": ("Postleitzahl", "PLZ"),
    "ort": ("Ort", "Wohnort", "Stadtteil", "PLZ Ort", "PLZ/Ort"),
    "telefon": ("Telefonnummer", "Tel.", "Tel", "Telefonnr.", "Fon", "Rufnummer", "Telefon/Mobil", "Handy", "Mobil"),
    "email": ("E-Mail", "Mail", "E-Mail-Adresse", "Mailadresse", "Email-Adresse"),
    "web": ("Internet", "Internetseite", "Website", "Webseite", "Homepage", "URL", "Link", "www"),
    "zeiten": (
        "Zeit", "Uhrzeit", "Termine", "Öffnungszeiten", "Sprechzeiten", "Wann", "Beratungszeiten", "Termin", "Zeitraum",
    ),
    "kosten": ("Kosten", "Gebühr", "Preis", "Teilnahmegebühr", "Beitrag", "Eintritt", "Entgelt"),
    "quelle": ("Quellenangabe", "Herkunft", "Fundstelle", "Stand"),
    ID_COLUMN: ("Kennung", "Angebots-ID"),
}  # fmt: skip
_LEAST_LIKENESS: Final = 84  # of 100: "Telefonummer" is telefon, "Telefax" is not
_HEADER_WITHIN: Final = 20  # rows that a title and remarks may take above the headings


def _known() -> dict[str, str]:
    names = {column_name(column): column for column in (*COLUMNS, ID_COLUMN)}
    names |= {column_name(COLUMN_LABELS[column]): column for column in COLUMN_LABELS}
    for column, words in ALIASES.items():
        names |= {column_name(word): column for word in words if column_name(word) not in names}
    return names


_KNOWN: Final = _known()


def find_header(grid: Grid) -> GridRow:
    """Return the row that holds the headings: the one near the top with the most known words, else the first."""
    rows = [row for row in grid.rows[:200] if row.has_text and not row.is_broken][:_HEADER_WITHIN]
    best = max(rows, key=lambda row: sum(column_name(cell) in _KNOWN for cell in row.cells), default=GridRow(1, ()))
    return best if sum(column_name(cell) in _KNOWN for cell in best.cells) > 1 else next(iter(rows), best)


def headings_of(row: GridRow) -> list[str]:
    """Return the headings of a row without the empty cells at its end."""
    names = [cell.strip() for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    return names


def propose_columns(headings: Sequence[str]) -> list[str]:
    """Return the column of each heading, empty for none; each column once, the exact word before the likely one."""
    names = [column_name(heading) for heading in headings]
    found = [""] * len(names)
    exact = {column_name(column): column for column in (*COLUMNS, ID_COLUMN)}
    for words in (exact, _KNOWN):
        for at, name in enumerate(names):
            column = words.get(name, "")
            if column and column not in found and not found[at]:
                found[at] = column
    for at, name in enumerate(names):
        column = "" if found[at] or len(name) < 4 else _likely(name)
        if column and column not in found:
            found[at] = column
    return found


def _likely(name: str) -> str:
    from rapidfuzz import fuzz

    likeness, word = max((fuzz.ratio(name, word), word) for word in _KNOWN)
    return _KNOWN[word] if likeness >= _LEAST_LIKENESS else ""
