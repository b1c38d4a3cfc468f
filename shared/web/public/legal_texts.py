"""What the legal pages say where a party wrote nothing of its own: German Markdown, made from facts of this program.

The texts say what the program does; nobody's legal advice.  A party puts its own text in place of each, for which the
proposals are a beginning: what only the party knows is left as a gap, `[… ]` in square brackets.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from shared.web.public.face import Face, Office


class Check(msgspec.Struct, frozen=True):
    """One thing that was tested, and how."""

    what: str
    how: str


class Gap(msgspec.Struct, frozen=True):
    """One thing that is not accessible yet, and why."""

    what: str
    why: str


class State(msgspec.Struct, frozen=True):
    """Whom people in one state of Germany can turn to."""

    law: str
    body: str
    at: str
    street: str
    town: str
    email: str
    url: str
    privacy_body: str


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was tested for accessibility, and what is known to be missing."""

    tested_on: date
    method: str
    norm: str
    conformity: str
    checks: Sequence[Check]
    gaps: Sequence[Gap]
    states: Mapping[str, State]


@cache
def load_checklist() -> Checklist:
    """Return the checklist that ships with the program."""
    return msgspec.convert(tomllib.loads(_read("barrierefreiheit.toml")), Checklist)


@cache
def privacy_facts() -> str:
    """Return what this program does with data, without what only the party knows."""
    return _read("datenschutz.md")


def privacy_authority(state: str) -> str:
    """Return whom people in a state can complain to about the use of their data."""
    known = load_checklist().states.get(state)
    return known.privacy_body if known else "Datenschutzaufsicht Ihres Landes"


def _read(name: str) -> str:
    return (files("shared.web.public") / "texts" / name).read_text("utf-8")


def propose_imprint(title: str, office: Office) -> str:
    """Return a beginning of an Impressum; what only the party knows stands in square brackets."""
    return f"""\
### Angaben nach § 5 DDG

{title}\\
{office.name or "[Name der Dienststelle …]"}\\
{office.street or "[Straße und Hausnummer …]"}\\
{office.town or "[Postleitzahl und Ort …]"}

Vertreten durch: [Amt und Name der Vertretung …]

### Kontakt

Telefon: {office.phone or "[Telefon …]"}\\
E-Mail: {office.email or "[E-Mail …]"}

### Verantwortlich für den Inhalt nach § 18 Absatz 2 MStV

[Name und Anschrift der verantwortlichen Person …]

### Umsatzsteuer-Identifikationsnummer

[Nummer, oder diesen Absatz löschen …]

### Zu den Angeboten

Die Angebote stammen von den genannten Trägern und von den Städten des Kreises. Jede Stelle verantwortet, was sie selbst
einstellt; wer das ist, steht bei jedem Angebot.
"""


def propose_privacy(title: str, office: Office, state: str) -> str:
    """Return a beginning of a Datenschutzerklärung that says what this program does.

    Args:
        state: of the district, for the authority that people can turn to.
    """
    reach = ", ".join(part for part in (office.phone, office.email) if part) or "[Telefon und E-Mail …]"
    known = load_checklist().states.get(state)
    authority = known.privacy_body if known else "[Datenschutzaufsicht Ihres Landes …]"
    return f"""\
### Verantwortlich

{title}, {office.name or "[Name der Dienststelle …]"}, {reach}

Datenschutzbeauftragte Person: [Name und Erreichbarkeit …]

Der Webserver vor diesem Programm schreibt Zugriffe so mit: [was er aufzeichnet und wie lange …]

{privacy_facts()}
### Wenn Sie hier arbeiten

Für angemeldete Beschäftigte setzen wir ein Cookie, das mit der Abmeldung endet. Wer was geändert hat, wird hier
aufgezeichnet und verlässt dieses Haus nicht.

### Ihre Rechte

Sie haben das Recht auf Auskunft, Berichtigung, Löschung, Einschränkung und Widerspruch und können sich beschweren bei:
{authority}, [Anschrift prüfen …]
"""


def make_privacy(face: Face) -> str:
    """Return a Datenschutzerklärung for a party that wrote none."""
    authority = privacy_authority(face.words.district.state)
    return f"""\
### Verantwortlich

{_address(face)}

{privacy_facts()}
### Ihre Rechte

Sie haben das Recht auf Auskunft, Berichtigung, Löschung, Einschränkung und Widerspruch. Sie können sich beschweren
bei: {authority}.
"""


def make_accessibility(face: Face) -> str:
    """Return the accessibility statement of a party from the checklist (BITVNRW, section 4)."""
    made, state = load_checklist(), load_checklist().states.get(face.words.district.state)
    law = state.law if state else "Behindertengleichstellungsgesetz des Landes"
    checks = "\n".join(f"- {check.what}: {check.how}." for check in made.checks)
    gaps = "\n".join(f"- {gap.what} {gap.why}" for gap in made.gaps)
    return f"""\
{face.pages.shell.party} ist bemüht, diese Seiten barrierefrei zugänglich zu machen. Rechtsgrundlage: {law}.
Diese Erklärung gilt für {face.public_url or "das Verzeichnis der Integrationsangebote"}.

### Stand der Vereinbarkeit mit den Anforderungen

Die Seiten sind mit {made.norm} **{made.conformity}**; was noch fehlt, steht unten.

### Was geprüft wurde

{made.method}. Zuletzt am {made.tested_on:%d.%m.%Y}.

{checks}

### Was noch nicht barrierefrei ist

{gaps}

### Barrieren melden

Kommen Sie irgendwo nicht weiter? Schreiben Sie uns: [Rückmeldung]({face.pages.url("/rueckmeldung")}). Oder wenden Sie
sich an:

{_address(face)}

### Wenn wir Ihnen nicht helfen

{_enforcement(state)}
"""


def _enforcement(state: State | None) -> str:
    if state is None:
        return (
            "Antworten wir nicht oder unbefriedigend, können Sie sich an die Durchsetzungsstelle Ihres Landes wenden."
        )
    return f"""\
Antworten wir nicht oder unbefriedigend, können Sie sich an die Ombudsstelle wenden und dort ein Verfahren beantragen.

{state.body}\\
{state.at}\\
{state.street}\\
{state.town}\\
E-Mail: [{state.email}](mailto:{state.email})\\
[{state.url}]({state.url})"""


def _address(face: Face) -> str:
    office = face.texts().office
    reach = [f"Telefon: {office.phone}"] if office.phone else []
    reach += [f"E-Mail: [{office.email}](mailto:{office.email})"] if office.email else []
    reach += [f"[{office.url}]({office.url})"] if office.url else []
    lines = (face.pages.shell.party, office.name, office.street, office.town, *reach)
    return "\\\n".join(dict.fromkeys(line for line in lines if line))


def contact_of(face: Face) -> Office:
    """Return whom visitors of a party can ask: its own office, or the district's where it named none."""
    office, contact = face.texts().office, face.words.district.contact
    if office.is_reachable:
        return office
    return Office(
        name=contact.organisation, street=contact.street, town=f"{contact.postal_code} {contact.city}".strip(),
        phone=contact.phone, email=contact.email, url=contact.url,
    )  # fmt: skip


def reach_uris(office: Office) -> list[str]:
    """Return how an office can be reached, as addresses of the web: mail first, then its page, then telephone."""
    found = [f"mailto:{office.email}"] if office.email else []
    found += [office.url] if office.url.startswith("https://") else []
    digits = "".join(sign for sign in office.phone if sign.isdigit() or sign == "+")
    return found + ([f"tel:{digits}"] if digits else [])
