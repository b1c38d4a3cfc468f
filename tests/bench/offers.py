"""Synthetic German offers, the same for the same seed everywhere; every name in them is invented.

An offer depends on the seed and its own number only, so the first thousand offers are the same at every size.  Fields
are those of the offer model; canonical JSON of an offer has about 3 KB, between 2.4 and 4.4 with its places and
translations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

Offer = dict[str, Any]


@dataclass(frozen=True)
class _Subject:
    """What an offer of one topic talks about."""

    topic: str
    offer_type: str
    titles: tuple[str, ...]
    sentences: tuple[str, ...]


_SUBJECTS = (
    _Subject(
        "sprache.kurs",
        "kurs",
        ("Sprachkurs B1 am Vormittag", "Integrationskurs mit Alphabetisierung", "Deutsch für den Einstieg"),
        (
            "Der Kurs führt in kleinen Gruppen von den ersten Sätzen bis zur Prüfung.",
            "Geübt wird, was im Alltag gebraucht wird: einkaufen, telefonieren, Briefe verstehen.",
            "Vor dem Beginn gibt es einen kurzen Einstufungstest, der nichts kostet.",
            "Während des Unterrichts ist eine Betreuung für Kinder ab zwei Jahren möglich.",
        ),
    ),
    _Subject(
        "beratung.migration",
        "beratung",
        ("Migrationsberatung für Erwachsene", "Beratung zu Aufenthalt und Familie", "Offene Sprechstunde"),
        (
            "Wir beraten vertraulich zu Aufenthalt, Arbeit, Familie und Wohnen.",
            "Auf Wunsch begleiten wir zu Terminen beim Jobcenter und bei der Ausländerbehörde.",
            "Eine Dolmetscherin oder ein Dolmetscher kann zum Gespräch dazukommen.",
            "Bitte bringen Sie Bescheide und Briefe mit, die Sie nicht verstehen.",
        ),
    ),
    _Subject(
        "arbeit.anerkennung",
        "beratung",
        ("Anerkennung ausländischer Abschlüsse", "Bewerbungswerkstatt", "Ausbildungslotsen vor Ort"),
        (
            "Gemeinsam klären wir, ob und wie ein Abschluss anerkannt werden kann.",
            "In der Werkstatt entstehen Lebenslauf und Anschreiben am eigenen Laptop.",
            "Betriebe aus der Umgebung stellen sich an jedem ersten Donnerstag vor.",
            "Wer mag, probiert einen Beruf in einem Praktikum von zwei Wochen aus.",
        ),
    ),
    _Subject(
        "familie",
        "gruppe",
        ("Elterncafé im Stadtteil", "Spielgruppe mit Sprachförderung", "Rucksack-Elterngruppe"),
        (
            "Eltern treffen sich bei Kaffee und Tee, die Kinder spielen im Nebenraum.",
            "Jede Woche gibt es ein anderes Thema, von der Einschulung bis zur Zahnpflege.",
            "Die Gruppe wird von einer Elternbegleiterin aus der Nachbarschaft geleitet.",
            "Niemand muss sich anmelden, und niemand muss schon gut Deutsch sprechen.",
        ),
    ),
    _Subject(
        "sport",
        "gruppe",
        ("Schwimmen für Frauen", "Fußball für alle", "Radfahren lernen auf dem Schulhof"),
        (
            "Trainiert wird in einer Halle mit getrennten Umkleiden und ohne Zuschauer.",
            "Räder, Helme und Bälle sind vorhanden und werden kostenlos verliehen.",
            "Nach dem Training sitzt die Gruppe oft noch zusammen und plant Ausflüge.",
            "Anfängerinnen und Anfänger sind ausdrücklich willkommen.",
        ),
    ),
    _Subject(
        "ehrenamt",
        "begleitung",
        ("Patenschaften für Neuzugewanderte", "Lesepatinnen und Lesepaten", "Werkstatt für Nachbarn"),
        (
            "Patinnen und Paten treffen sich einmal in der Woche mit einer Familie.",
            "Vor dem ersten Treffen steht ein Gespräch, damit beide Seiten zusammenpassen.",
            "Fortbildungen zu Asylrecht und Gesprächsführung sind Teil des Angebots.",
            "Fahrkosten werden erstattet, eine Versicherung besteht über den Träger.",
        ),
    ),
)
_GENERAL = (
    "Die Räume liegen im Erdgeschoss und sind mit Rollstuhl und Kinderwagen gut zu erreichen.",
    "Das Angebot richtet sich an alle Menschen im Kreis, unabhängig von Herkunft und Aufenthaltsstatus.",
    "In den Schulferien findet das Angebot nicht statt; die Termine danach stehen auf der Internetseite.",
    "Fragen beantwortet das Sekretariat am Telefon oder per E-Mail, auch auf Englisch und Arabisch.",
    "Das Angebot wird mit Mitteln des Landes gefördert und jährlich gemeinsam ausgewertet.",
    "Wer nicht kommen kann, wird auf Wunsch zurückgerufen oder zu Hause besucht.",
    "Neue Gruppen beginnen im Februar und im September, ein späterer Einstieg ist möglich.",
)
_CITIES = (
    ("05562020", "Herten", "45699", 51.595, 7.135),
    ("05562024", "Marl", "45768", 51.656, 7.090),
    ("05562032", "Recklinghausen", "45657", 51.614, 7.197),
    ("05562012", "Dorsten", "46282", 51.660, 6.964),
    ("05562036", "Waltrop", "45731", 51.622, 7.397),
)
_STREETS = ("Musterweg", "Beispielstraße", "Am Lindenhof", "Zechenallee", "Alter Markt", "Schulgasse")
_PROVIDERS = ("Nachbarschaftshaus", "Bildungswerk", "Verein Brücke", "Begegnungszentrum", "Sprachschule")
_FIRST_NAMES = ("Erika", "Max", "Ayla", "Jonas", "Mirjam", "Olena")
_LAST_NAMES = ("Mustermann", "Beispiel", "Musterfrau", "Testmann", "Probst-Muster")
_TRANSLATED = {
    "ar": ("دورة ومشورة في الحي", "عرض مجاني للوافدين الجدد، لا حاجة إلى التسجيل المسبق."),
    "tr": ("Mahallede kurs ve danışmanlık", "Yeni gelenler için ücretsiz teklif, kayıt gerekmez."),
    "uk": ("Курс і консультація в районі", "Безкоштовна пропозиція для новоприбулих, без запису."),
}
_DAYS = ("MO", "TU", "WE", "TH", "FR")
_DAY_NAMES = dict(zip(_DAYS, ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"), strict=True))
_FIRST_DAY = date(2026, 1, 5)


def generate(n: int, seed: int) -> Iterator[Offer]:
    """The first n offers of a seed, one owner each of five cities in turn."""
    return (offer(number, seed) for number in range(n))


def offer(number: int, seed: int) -> Offer:
    """One offer; `owner` goes by its number, so all offers of one city are `number % 5` of a kind."""
    dice = Random(f"kreisweit bench {seed} {number}")
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    ags, city, postcode, latitude, longitude = _CITIES[number % len(_CITIES)]
    checked = _FIRST_DAY - timedelta(days=dice.randrange(200))
    days = sorted(dice.sample(_DAYS, k=dice.randint(1, 3)), key=_DAYS.index)
    opens, closes = dice.choice((("09:00", "11:30"), ("10:00", "12:00"), ("14:00", "16:30"), ("17:30", "19:00")))
    title = f"{dice.choice(subject.titles)} {city} {number + 1}"
    document: Offer = {
        "access": [dice.choice(("offen", "termin", "anmeldung"))],
        "application_process": f"Melden Sie sich bei uns, {_DAY_NAMES[days[0]]}s zwischen {opens} und {closes} Uhr.",
        "assured_date": checked.isoformat(),
        "body": _body(subject, dice),
        "contacts": [_contact(number, dice)],
        "email": f"angebot{number}@traeger.example",
        "especially_for": ["neu"],
        "id": hashlib.sha256(f"id {seed} {number}".encode()).hexdigest()[:32],
        "is_free": dice.random() < 0.8,
        "languages": [
            {"code": code} for code in dice.sample(("de", "en", "ar", "tr", "uk", "ru"), k=dice.randint(1, 4))
        ],
        "last_modified": f"{checked.isoformat()}T08:{dice.randrange(60):02d}:00.000Z",
        "locations": [_place(city, postcode, latitude, longitude, dice) for _ in range(dice.choice((1, 1, 1, 2, 3)))],
        "mode": [dice.choice(("vor_ort", "hybrid", "telefon"))],
        "name": title,
        "offer_type": subject.offer_type,
        "owner": ags,
        "phones": [_phone(dice)],
        "providers": [_provider(number, city, dice)],
        "review_due": (checked + timedelta(days=90 if subject.offer_type == "kurs" else 180)).isoformat(),
        "schedule_text": f"{', '.join(_DAY_NAMES[day] for day in days)} {opens} bis {closes} Uhr, nicht in den Ferien",
        "schedules": [
            {"byday": [day], "closes_at": closes, "freq": "WEEKLY", "kind": "kurszeit", "opens_at": opens}
            for day in days
        ],
        "service_areas": [ags] if dice.random() < 0.6 else ["05562"],
        "status": "active",
        "summary": f"{dice.choice(subject.sentences)} In {city} und Umgebung, kostenlos und ohne lange Wartezeit.",
        "target_groups": ["migration", "neu", *dice.sample(("eltern", "frauen", "jugend", "gefluechtet"), k=2)],
        "topics": [subject.topic],
        "url": f"https://traeger.example/angebote/{number}",
    }
    if dice.random() < 0.7:
        document["translations"] = _translations(title, checked, dice)
    if not document["is_free"]:
        document["costs"] = [{"amount": dice.randint(2, 60), "amount_description": "pro Monat", "currency": "EUR"}]
    return document


def revised(document: Offer, revision: int) -> Offer:
    """The same offer after an edit of its texts; another one for each revision."""
    changed = f"{document['summary'].partition(' In ')[0]} Neue Zeiten ab Woche {revision}."
    return {**document, "last_modified": f"2026-02-01T08:{revision % 60:02d}:00.000Z", "summary": changed}


def _body(subject: _Subject, dice: Random) -> str:
    """Three or four paragraphs of Markdown with a list."""
    own = dice.sample(subject.sentences, k=len(subject.sentences))
    general = dice.sample(_GENERAL, k=dice.randint(4, len(_GENERAL)))
    items = "\n".join(f"- {sentence}" for sentence in general[2:])
    return f"{own[0]} {own[1]}\n\n{own[2]} {own[3]} {general[0]}\n\n**Gut zu wissen**\n\n{items}\n\n{general[1]}"


def _phone(dice: Random) -> Offer:
    return {"number": f"+49 2361 {dice.randrange(100_000, 999_999)}"}


def _contact(number: int, dice: Random) -> Offer:
    return {
        "department": "Fachdienst Integration",
        "email": f"kontakt{number}@traeger.example",
        "name": f"{dice.choice(_FIRST_NAMES)} {dice.choice(_LAST_NAMES)}",
        "phones": [_phone(dice)],
        "title": dice.choice(("Kursleitung", "Beratung", "Koordination")),
    }


def _place(city: str, postcode: str, latitude: float, longitude: float, dice: Random) -> Offer:
    return {
        "accessibility": {"aufzug": dice.random() < 0.5, "stufenlos": dice.random() < 0.7, "wc": dice.random() < 0.6},
        "address_1": f"{dice.choice(_STREETS)} {dice.randint(1, 120)}",
        "city": city,
        "kind": "physical",
        "latitude": round(latitude + dice.randrange(1, 1500) / 100_000, 5),
        "longitude": round(longitude + dice.randrange(1, 1500) / 100_000, 5),
        "name": f"Haus {dice.choice(('der Begegnung', 'am Park', 'der Vielfalt', 'der Bildung'))}",
        "postal_code": postcode,
        "transportation": f"Bus {dice.randint(200, 299)}, Haltestelle {city} Mitte, dann drei Minuten zu Fuß",
    }


def _provider(number: int, city: str, dice: Random) -> Offer:
    kind = dice.choice(_PROVIDERS)
    return {
        "description": f"{kind} in {city} mit Kursen, Beratung und Treffpunkten für Menschen aus vielen Ländern.",
        "email": f"info{number % 40}@traeger.example",
        "id": hashlib.sha256(f"provider {city} {kind}".encode()).hexdigest()[:32],
        "name": f"{kind} {city} e. V.",
        "org_type": "verein",
        "website": "https://traeger.example/",
    }


def _translations(title: str, checked: date, dice: Random) -> Offer:
    texts: Offer = {}
    for tag in sorted(dice.sample(sorted(_TRANSLATED), k=dice.randint(1, 2))):
        name, summary = _TRANSLATED[tag]
        texts[tag] = {
            "name": name,
            "origin": dice.choice(("human", "machine")),
            "source_sha256": hashlib.sha256(title.encode()).hexdigest(),
            "state": "aktuell",
            "summary": summary,
            "updated": checked.isoformat(),
        }
    return texts
