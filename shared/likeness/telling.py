"""What the words of an offer tell of it: level, number, weekday, audience, kind.

These tell two offers of one provider apart, so they are read by name and never guessed from likeness.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from shared.likeness.bags import Bag
from shared.model.parts import Schedule
from shared.search.spelling import fold_letters, plain_gender, stem

_LEAST_HEAD: Final = 4
_LEVEL: Final = re.compile(r"(?<![A-Za-z0-9])([ABC][12])(?![0-9A-Za-z])")
_NUMBER: Final = re.compile(r"\d+")
_ORDINAL: Final = re.compile(
    r"(?<![^\W\d_])(?:teil|gruppe|modul|stufe|kurs)\s+([ivx]{1,4}|[a-h])(?![^\W_])", re.IGNORECASE
)
_DAYS: Final = {
    "mo": "montag", "di": "dienstag", "mi": "mittwoch", "do": "donnerstag", "fr": "freitag", "sa": "samstag",
    "so": "sonntag", "sonnabend": "samstag",
}  # fmt: skip
_DAY: Final = re.compile(
    r"(?<![^\W_])(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)", re.IGNORECASE
)
_SHORT_DAY: Final = re.compile(
    r"(?<![^\W_])(Mo|Di|Mi|Do|Fr|Sa|So)(?![^\W_])(?:\.?\s*(?:[-–]|bis)\s*(Mo|Di|Mi|Do|Fr|Sa|So)(?![^\W_]))?"
)
_WEEK: Final = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_BYDAY: Final = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), _WEEK, strict=True))
_MONTHS: Final = (
    "januar", "februar", "marz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
    "dezember",
)  # fmt: skip
_DATE: Final = re.compile(rf"(?<![\d.:])(\d{{1,2}})\.\s?(?:(\d{{1,2}})\.|({'|'.join(_MONTHS)}))")
_MONTH: Final = re.compile(rf"(?<![^\W_])({'|'.join(_MONTHS)})\s+(\d{{4}})")
_HALF: Final = {
    "vormittag": re.compile(r"vormittag|morgens|fruh(?:kurs|gruppe)"),
    "nachmittag": re.compile(r"nachmittag"),
    "abend": re.compile(r"(?<!begegnungs)(?<!gesprachs)abend(?!brot|land)"),
}
AUDIENCES: Final = {
    "frauen": r"frauen(?!haus|berat)|mutter|madchen|damen|schwanger",
    "maenner": r"manner|vater|jungen\b|jungs|herren",
    "kinder": r"grundschul|kinder(?!betreuung|schutz|klinik|garten|hospiz)|kids|kleinkind|babys?|schulkind|sauglinge?",
    "jugend": r"jugend(?!amt|herberge)|jungen? (?:menschen|zugewanderte|leute|erwachsene)|teenager|madchen"
    r"|(?<!grund)schuler|berufskolleg",
    "senioren": r"senior|altere|rentner|lebensabend|generation 60|ab 60|ab 65",
    "eltern": r"eltern|familie|mutter|vater",
    "flucht": r"fluchtling|gefluchtet|asyl|ukrain",
    "zuwanderung": r"migrationsberatung|eu-(?:burger|zugewandert)|zuwander|zugewandert|einwander",
}
_AUDIENCE_PATTERNS: Final = {name: re.compile(rf"(?<![^\W_])(?:\w*?)(?:{words})") for name, words in AUDIENCES.items()}
_SKILLS: Final = {
    "anfang": re.compile(r"anfanger|einsteiger|einstieg|grundkurs|grundlagen|grundstufe|basis"),
    "fort": re.compile(r"fortgeschritten|aufbaukurs|aufbaustufe"),
}
_KINDS: Final = {
    kind: frozenset(stem(fold_letters(word)) for word in words.split())
    for kind, words in {
        "meeting": "café treff treffen treffpunkt begegnung frühstück erzählcafé stammtisch",
        "course": "kurs unterricht lehrgang training schulung workshop seminar qualifizierung ausbildung",
        "advice": "beratung sprechstunde hotline beratungsstelle",
        "exam": "test prüfung einstufung",
        "workshop": "werkstatt",
        "goods": "annahme ausgabe kammer laden shop tafel kleidung",
        "sponsors": "patenschaft pate paten",
        "agency": "agentur",
    }.items()
}
"""What an offer is at its core, by the heads of its title; a group or a project may be anything."""


def plain_of(text: str) -> str:
    """Return a text in the one spelling in which skills and audiences are looked for."""
    return fold_letters(plain_gender(text))


def levels_of(text: str) -> frozenset[str]:
    """Return the levels of the European framework that a text names."""
    return frozenset(_LEVEL.findall(text))


def skills_of(plain: str) -> frozenset[str]:
    """Tell whether a text (see `plain_of`) is for those who begin, or for those who go on."""
    return frozenset(name for name, pattern in _SKILLS.items() if pattern.search(plain))


def numbers_of(title: str) -> frozenset[str]:
    """Return the numbers of a title, and the letters that count its parts; levels are none."""
    plain = frozenset(number.lstrip("0") for number in _NUMBER.findall(_LEVEL.sub(" ", title)))
    return plain | {found.casefold() for found in _ORDINAL.findall(title)}


def days_of(text: str, schedules: Iterable[Schedule] = ()) -> frozenset[str]:
    """Return the weekdays that a text names, and those of the rules beside it."""
    return frozenset(_days(text)) | {_BYDAY[day[-2:]] for rule in schedules for day in rule.byday}


def _days(text: str) -> Iterator[str]:
    for found in _DAY.findall(text):
        yield _DAYS.get(found.casefold(), found.casefold())
    for first, last in _SHORT_DAY.findall(text):
        at = _WEEK.index(_DAYS[first.lower()])
        end = _WEEK.index(_DAYS[last.lower()]) if last else at
        yield from _WEEK[at : max(at, end) + 1]


def dates_of(text: str) -> frozenset[str]:
    """Return the days of a year that a text names, and months with their year."""
    plain = fold_letters(text)
    months = {name: str(number) for number, name in enumerate(_MONTHS, 1)}
    days = {f"{int(day)}.{(month or months[name]).lstrip('0')}." for day, month, name in _DATE.findall(plain)}
    return frozenset(days or {f"{months[name]}/{year}" for name, year in _MONTH.findall(plain)})


def halves_of(text: str) -> frozenset[str]:
    """Return the parts of the day that a text names."""
    plain = fold_letters(text)
    return frozenset(name for name, pattern in _HALF.items() if pattern.search(plain))


def audience_of(plain: str) -> frozenset[str]:
    """Return whom a text (see `plain_of`) is for, as far as that sets offers apart."""
    return frozenset(name for name, pattern in _AUDIENCE_PATTERNS.items() if pattern.search(plain))


def kinds_of(title: Bag) -> frozenset[str]:
    """Return what an offer is at its core, by the heads of its title."""
    return frozenset(
        kind for kind, heads in _KINDS.items() if heads & (title.parts | title.stems) or _ends(title, heads)
    )


def _ends(title: Bag, heads: frozenset[str]) -> bool:
    return any(name.endswith(head) for name in title.stems for head in heads if len(head) > _LEAST_HEAD)
