"""An offer as one row of a table: first the cells of the cities' own lists, then what those have no column for.

The first columns are those that a node imports (`shared.model.table`), but for `quelle`, which is for a city's staff
alone; so with its `id` a row leads back to the offer that it came from.  A table says less than an offer: of several
places only the first has columns of its own, and translations, files and prices in parts stand in the HSDS outputs
only.  What is confidential stays out, as it does there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from shared.hsds.parts import Object
from shared.model.cells import cells_of
from shared.model.district import District
from shared.model.headers import COLUMN_LABELS
from shared.model.offer import OfferDoc
from shared.model.parts import Contact, Place
from shared.model.table import COLUMNS, ID_COLUMN
from shared.model.vocabulary.collection import Vocabularies
from shared.outputs.offered import Offered

Cell = str | int | float | date | None
SEPARATOR: Final = "|"
"""Between several values in one cell, as in the cities' column of topics."""


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        about: what stands in it, in German.
        width: on a sheet, in characters.
        is_link: its cells are addresses of the web.
    """

    name: str
    about: str
    width: int = 18
    is_link: bool = False


_WIDTHS: Final = {"traeger": 30, "angebot": 40, "beschreibung": 60, "zeiten": 30, "plz": 8, "web": 30, "email": 28}
_FIRST: Final = tuple(
    Column(name, COLUMN_LABELS[name], _WIDTHS.get(name, 18), is_link=name == "web")
    for name in COLUMNS
    if name != "quelle"
)
_MORE: Final = (
    Column(ID_COLUMN, "Kennung des Angebots, in allen Ausgaben dieselbe", 34),
    Column("kommune", "Name der Stadt, die das Angebot veröffentlicht"),
    Column("ags", "Amtlicher Gemeindeschlüssel dieser Stadt", 10),
    Column("geprueft", "Tag, an dem das Angebot zuletzt geprüft wurde; leer: noch nie", 12),
    Column("seite", "Seite des Angebots", 40, is_link=True),
    Column("nachweis", "Seite, auf der sich die Unterschrift der Stadt nachprüfen lässt", 40, is_link=True),
    Column("geaendert", "Tag der letzten Änderung", 12),
    Column("status", "active, inactive, defunct oder temporarily closed (HSDS)", 10),
    Column("hinweis", "Aktueller Hinweis", 30),
    Column("hinweis_bis", "Letzter Tag, an dem dieser Hinweis gilt", 12),
    Column("art", "Art des Angebots"),
    Column("offen_fuer", "Zielgruppen, denen das Angebot offensteht", 30),
    Column("insbesondere_fuer", "Zielgruppen, für die es besonders gedacht ist", 30),
    Column("alter_von", "Mindestalter in Jahren", 8),
    Column("alter_bis", "Höchstalter in Jahren", 8),
    Column("zugang", "Offen, nach Termin, mit Anmeldung oder auf Zuweisung"),
    Column("teilnahme", "So nehmen Sie teil", 40),
    Column("durchfuehrung", "Vor Ort, online, telefonisch oder aufsuchend"),
    Column("kostenfrei", "ja, nein, oder leer für unbekannt", 8),
    Column("mitzubringen", "Was mitgebracht werden soll", 30),
    Column("gueltig_in", "Städte, für die das Angebot gilt"),
    Column("laufzeit_von", "Erster Tag der Laufzeit", 12),
    Column("laufzeit_bis", "Letzter Tag der Laufzeit", 12),
    Column("ansprechpersonen", "Name, Funktion, Abteilung, E-Mail, Telefon", 40),
    Column("breitengrad", "Des ersten Ortes (WGS 84)", 10),
    Column("laengengrad", "Des ersten Ortes (WGS 84)", 10),
    Column("weitere_orte", "Alle Orte nach dem ersten", 40),
    Column("foerderung", "Förderprogramm und Förderung", 30),
)
PUBLIC_COLUMNS: Final[tuple[Column, ...]] = (*_FIRST, *_MORE)


class RowWriter:
    """Writes the rows of one district's catalogue."""

    def __init__(self, district: District, vocabularies: Vocabularies) -> None:
        self._district = district
        self._vocabularies = vocabularies
        self._zone = ZoneInfo(district.timezone)

    def cells(self, offered: Offered) -> list[Cell]:
        """Return the cells of an offer in the order of `PUBLIC_COLUMNS`."""
        doc = _without_confidential(offered.doc)
        found: dict[str, Cell] = {
            **cells_of(doc, district=self._district, vocabularies=self._vocabularies),
            **self._more(doc, offered),
        }
        return [found[column.name] for column in PUBLIC_COLUMNS]

    def _more(self, doc: OfferDoc, offered: Offered) -> dict[str, Cell]:
        service, place = offered.service, next(iter(doc.locations), Place())
        return {
            ID_COLUMN: doc.id, "kommune": offered.origin.city, "ags": offered.origin.ags,
            "geprueft": doc.assured_date, "seite": offered.origin.url, "nachweis": offered.origin.proof,
            "geaendert": self._day(doc.last_modified), "status": service["status"], "hinweis": doc.alert,
            "hinweis_bis": doc.alert_until, "art": _labels(service, "offer_type"),
            "offen_fuer": _labels(service, "target_group"), "insbesondere_fuer": _labels(service, "especially_for"),
            "alter_von": doc.minimum_age, "alter_bis": doc.maximum_age, "zugang": _labels(service, "access"),
            "teilnahme": doc.application_process, "durchfuehrung": _labels(service, "mode"),
            "kostenfrei": {True: "ja", False: "nein", None: ""}[doc.is_free],
            "mitzubringen": _joined(one.document for one in doc.required_documents),
            "gueltig_in": _joined(area["name"] for area in service.get("service_areas", [])),
            "laufzeit_von": doc.valid_from, "laufzeit_bis": doc.valid_to,
            "ansprechpersonen": _joined(_contact(one) for one in doc.contacts), "breitengrad": place.latitude,
            "laengengrad": place.longitude, "weitere_orte": _joined(_place(one) for one in doc.locations[1:]),
            "foerderung": _joined((doc.program, *doc.funding)),
        }  # fmt: skip

    def _day(self, instant: str) -> date | None:
        return datetime.fromisoformat(instant).astimezone(self._zone).date() if instant else None


def _without_confidential(doc: OfferDoc) -> OfferDoc:
    """Leave no more than the town of places whose address is not to be told."""
    if not doc.address_confidential:
        return doc
    return msgspec.structs.replace(doc, locations=tuple(Place(city=place.city) for place in doc.locations))


def _joined(values: Iterator[str] | tuple[str, ...]) -> str:
    return SEPARATOR.join(value.replace(SEPARATOR, "/") for value in values if value)


def _labels(service: Object, link_type: str) -> str:
    return _joined(one["label"] for one in service.get("attributes", []) if one["link_type"] == link_type)


def _contact(contact: Contact) -> str:
    said = (contact.name, contact.title, contact.department, contact.email, *(one.number for one in contact.phones))
    return ", ".join(text for text in said if text)


def _place(place: Place) -> str:
    town = " ".join(text for text in (place.postal_code, place.city) if text)
    return ", ".join(text for text in (place.name, place.address_1, town) if text)
