"""Proposals for Impressum and Datenschutz, with what only the city knows left as gaps: `[… ]` in square brackets.

They are a beginning for the people who answer for the text, not legal advice; the page says so.
"""

from __future__ import annotations

from node.city import City
from node.party import Node
from shared.web.public.legal_texts import privacy_facts


def propose_imprint(node: Node, city: City) -> str:
    """Return a beginning of an Impressum."""
    street = city.office_street or "[Straße und Hausnummer …]"
    town = city.office_town or "[Postleitzahl und Ort …]"
    return f"""\
### Angaben nach § 5 DDG

{node.settings.title}\\
{city.office or "[Name der Dienststelle …]"}\\
{street}\\
{town}

Vertreten durch: [Amt und Name der Vertretung …]

### Kontakt

Telefon: {city.office_phone or "[Telefon …]"}\\
E-Mail: {city.office_email or "[E-Mail …]"}

### Verantwortlich für den Inhalt nach § 18 Absatz 2 MStV

[Name und Anschrift der verantwortlichen Person …]

### Umsatzsteuer-Identifikationsnummer

[Nummer, oder diesen Absatz löschen …]

### Zu den Angeboten

Die Angebote stammen von den genannten Trägern und von den Städten des Kreises. Jede Stelle verantwortet, was sie selbst
einstellt; wer das ist, steht bei jedem Angebot.
"""


def propose_privacy(node: Node, city: City, authority: str) -> str:
    """Return a beginning of a Datenschutzerklärung that says what this program does."""
    reach = ", ".join(part for part in (city.office_phone, city.office_email) if part) or "[Telefon und E-Mail …]"
    return f"""\
### Verantwortlich

{node.settings.title}, {city.office or "[Name der Dienststelle …]"}, {reach}

Datenschutzbeauftragte Person: [Name und Erreichbarkeit …]

Der Webserver vor diesem Programm schreibt Zugriffe so mit: [was er aufzeichnet und wie lange …]

{privacy_facts()}
### Wenn Sie hier arbeiten

Für angemeldete Beschäftigte setzen wir ein Cookie, das mit der Abmeldung endet. Wer was geändert hat, wird hier
aufgezeichnet und verlässt dieses Haus nicht.

### Ihre Rechte

Sie haben das Recht auf Auskunft, Berichtigung, Löschung, Einschränkung und Widerspruch und können sich beschweren bei:
{authority} [Anschrift prüfen …]
"""
