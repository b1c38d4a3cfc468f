"""Proposals for Impressum and Datenschutz, with what only the city knows left as gaps: `[… ]` in square brackets.

They are a beginning for the people who answer for the text, not legal advice; the page says so.
"""

from __future__ import annotations

from node.city import City
from node.party import Node


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


def propose_privacy(node: Node, city: City) -> str:
    """Return a beginning of a Datenschutzerklärung that says what this program does."""
    reach = ", ".join(part for part in (city.office_phone, city.office_email) if part) or "[Telefon und E-Mail …]"
    return f"""\
### Verantwortlich

{node.settings.title}, {city.office or "[Name der Dienststelle …]"}, {reach}

Datenschutzbeauftragte Person: [Name und Erreichbarkeit …]

### Wenn Sie suchen und lesen

Diese Seiten setzen keine Cookies und binden nichts von anderen Anbietern ein. Was Sie suchen, wird nicht gespeichert.
Der Webserver schreibt Zugriffe so mit: [was der Webserver aufzeichnet und wie lange …]

### Wenn Sie uns einen Hinweis schreiben

Wir speichern Ihren Text und, wenn Sie sie angeben, Ihre E-Mail-Adresse oder Telefonnummer, um nachzufragen und zu
antworten. Die Kontaktangabe löschen wir 30 Tage, nachdem der Hinweis erledigt ist. Ihre IP-Adresse speichern wir dabei
nicht. Gegen massenhafte Einträge merken wir uns einen Tag lang eine nicht umkehrbare Kennzahl Ihres Netzes.

### Ansprechpersonen in Angeboten

Namen und Kontaktdaten von Ansprechpersonen stehen im Verzeichnis, weil es zu ihrer Aufgabe gehört oder weil sie
eingewilligt haben (Artikel 6 Absatz 1 DSGVO). Das Verzeichnis wird von allen Städten im Kreis gemeinsam gezeigt. Wird
eine Person gelöscht, so löschen auch die anderen Städte ihre Angaben.

### Erinnerungen an Träger

An die Adresse, die zu einem Angebot hinterlegt ist, senden wir Mails mit der Frage, ob die Angaben noch stimmen.

### Wenn Sie hier arbeiten

Für angemeldete Beschäftigte setzen wir ein Cookie, das mit der Abmeldung endet. Wer was geändert hat, wird hier
aufgezeichnet und verlässt dieses Haus nicht.

### Ihre Rechte

Sie haben das Recht auf Auskunft, Berichtigung, Löschung, Einschränkung und Widerspruch und können sich beschweren bei:
Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen, [Anschrift prüfen …]
"""
