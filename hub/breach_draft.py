"""A draft of what Art. 33 GDPR asks for, where an alarm touches data of persons.

The hub writes down what it knows and marks what only people know; it sends nothing, and whether there is anything to
report is for the data protection officer to say.  The time of 72 hours runs from when somebody knew, at the earliest
from when the hub noticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.party import Hub
from hub.store.alarm_rows import AlarmRow
from shared.clock import in_german_time
from shared.feed.payload import parse_payload
from shared.holdings import catalogue

DEADLINE_SECONDS = 72 * 3600
_BLANK = "[bitte ergänzen: {}]"


@dataclass(frozen=True)
class _Kind:
    """What is known beforehand of a cause: what it is, what may follow, what the program did."""

    what: str
    consequences: str
    done: Sequence[str]
    to_do: Sequence[str]


@dataclass(frozen=True)
class Draft:
    """A draft in sections of (heading, paragraphs), and until when it would have to be sent."""

    title: str
    deadline: int
    sections: Sequence[tuple[str, Sequence[str]]]

    @property
    def text(self) -> str:
        """The draft as plain text."""
        parts = [self.title, f"Frist: {in_german_time(self.deadline)}"]
        for heading, paragraphs in self.sections:
            parts.append("\n".join([heading.upper(), *(f"- {one}" for one in paragraphs)]))
        return "\n\n".join(parts) + "\n"


_ERASED = _Kind(
    "Daten, die eine Stadt gelöscht hat, sind unter einer Adresse des Verbunds noch abrufbar.",
    "Wer die Adresse kennt, kann Gelöschtes lesen, möglicherweise Namen und Erreichbarkeit von Ansprechpersonen.",
    ("Der Katalog zeigt die Daten nicht mehr; die Löschung ist an alle Mitglieder verteilt.",),
    ("Den Betreiber der Adresse anrufen: Daten und Zwischenspeicher löschen.", "Danach prüfen, ob der Alarm endet."),
)
_BEHIND = _Kind(
    "Ein Abnehmer des Katalogs hat eine Löschung nicht innerhalb von 72 Stunden bestätigt.",
    "Auf seiner Website oder in seiner App können gelöschte Angaben noch stehen.",
    ("Der Abnehmer wurde, soweit ein Mailserver eingerichtet ist, angeschrieben.",),
    ("Den Abnehmer anrufen und die Löschung bestätigen lassen.", "Bleibt sie aus: seinen Schlüssel sperren."),
)
_KEY = _Kind(
    "Unter dem Namen einer Stadt sind Daten aufgetaucht, die sich widersprechen oder falsch unterschrieben sind. "
    "Möglich sind eine misslungene Rücksicherung oder ein gestohlener Schlüssel.",
    "Mit einem gestohlenen Schlüssel lassen sich falsche Angaben im Namen der Stadt veröffentlichen. Lesen lässt "
    "sich damit nichts, was nicht ohnehin öffentlich ist.",
    ("Gezeigt wird der letzte gute Stand; Neues wird nicht übernommen.", "Die Beweise sind gespeichert."),
    ("Mit der Stadt klären, ob der Schlüssel gestohlen ist.", "Im Verdachtsfall sperren; danach neue Generation."),
)
_FOREIGN = _Kind(
    "Eine Stadt hat ein Angebot veröffentlicht, das eine andere Stadt als Eigentümerin nennt.",
    "Angaben können der falschen Stelle zugeordnet sein, möglicherweise auch Ansprechpersonen.",
    ("Die Fassung ist abgelehnt und wird nicht gezeigt.",),
    ("Die Stadt anrufen; sie nimmt das Angebot zurück.",),
)
_KINDS: Mapping[str, _Kind] = {
    "erased-served": _ERASED, "erasure-behind": _BEHIND, "foreign-owner": _FOREIGN, "forked": _KEY, "signature": _KEY,
}  # fmt: skip
"""By the kind of the alarm."""


def touches_data(row: AlarmRow) -> bool:
    """Tell whether a cause can touch data of persons, so that a report has to be thought of."""
    return row.kind in _KINDS


def make_draft(hub: Hub, row: AlarmRow) -> Draft:
    """Return the draft about an alarm for which `touches_data` holds."""
    kind = _KINDS[row.kind]
    titles = {member.name: member.title for member in hub.district.members}
    who = titles.get(row.name, row.name) if row.is_about_member else "Hub des Kreises"
    end = f"beendet {in_german_time(row.ended)}" if row.ended is not None else "dauert an"
    contact = hub.district.contact
    return Draft(
        title=f"Entwurf: Meldung einer Verletzung des Schutzes personenbezogener Daten (Art. 33 DSGVO) – {who}",
        deadline=row.first_seen + DEADLINE_SECONDS,
        sections=(
            ("Verantwortliche Stelle", (
                f"{contact.organisation}, {contact.street}, {contact.postal_code} {contact.city}".strip(" ,"),
                f"Betroffenes Mitglied: {who}",
                "Datenschutzbeauftragte Person und Anlaufstelle: " + _BLANK.format("Name, Telefon, E-Mail"),
            )),
            ("Was ist geschehen?", (kind.what, f"Meldung des Hubs: {row.message}")),
            ("Wann?", (
                f"Vom Hub bemerkt: {in_german_time(row.first_seen)}; {end}",
                "Einem Menschen bekannt seit: " + (
                    in_german_time(row.noted) if row.noted is not None else _BLANK.format("Zeitpunkt")
                ),
                "Beginn der Verletzung: " + _BLANK.format("Zeitpunkt, soweit bekannt"),
            )),
            ("Welche Daten, wie viele?", _extent(hub, row)),
            ("Wahrscheinliche Folgen", (kind.consequences, _BLANK.format("Einschätzung des Risikos für die Personen"))),
            ("Was ist schon getan?", (*kind.done, _BLANK.format("was Menschen getan haben, mit Zeitpunkt"))),
            ("Was ist noch zu tun?", kind.to_do),
            ("Entscheidung", (
                _BLANK.format("Meldung an die Aufsichtsbehörde: ja oder nein, mit Begründung"),
                _BLANK.format("Benachrichtigung der betroffenen Personen nach Art. 34: ja oder nein, mit Begründung"),
                "Auch ohne Meldung ist der Vorfall zu dokumentieren (Art. 33 Absatz 5).",
            )),
        ),
    )  # fmt: skip


def _extent(hub: Hub, row: AlarmRow) -> tuple[str, ...]:
    """Say how many records can be touched, as far as the hub knows; it holds no other data of persons."""
    categories = "Arten von Daten: Angaben zu Angeboten, bei einem Teil Name, Funktion, Telefon und E-Mail von Personen"
    if not row.is_about_member:
        return (categories, "Betroffene Datensätze: " + _BLANK.format("welche Löschungen, siehe „Integratoren“"))
    offers, with_contact = _count_offers(hub, row.name)
    return (
        categories,
        f"Angebote des Mitglieds im Katalog: {offers}, davon mit Ansprechperson: {with_contact} (Obergrenze)",
        "Tatsächlich betroffene Datensätze und Personen: " + _BLANK.format("Anzahl"),
    )


def _count_offers(hub: Hub, name: str) -> tuple[int, int]:
    origins = [row.origin for row in hub.book.rows(name)]
    offers = with_contact = 0
    with hub.db.read() as conn:
        for shown in catalogue.iterate_shown(conn, origins, kind="offer"):
            offers += 1
            with_contact += bool(parse_payload(shown.body).doc.get("contacts"))
    return offers, with_contact
