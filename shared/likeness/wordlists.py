"""Word lists of the comparison: what counts little in a title, what is written short, what people exchange.

They are about this domain and about German, not about one district.
"""

from __future__ import annotations

from typing import Final

from shared.search.spelling import fold_letters, split_words, stem

_GENERIC: Final = """
angebot angebote projekt programm offen offene offenes regional regionale regionales allgemein allgemeine neu neue
gemeinsam wöchentlich wöchentliches kostenlos kostenlose kostenfrei verschieden verschiedene stadt kreis kreisweit
deutschland örtlich vor ort durch rund weiterer weitere zwei drei vier fünf zweite dritte erste
"""
_WEAK: Final = """
kurs kurse gruppe treff treffen treffpunkt stelle dienst hilfe arbeit punkt zentrum haus büro stunde stunden lernen
nrw interkulturell interkulturelle interkulturelles servicestelle anlaufstelle fachdienst
regionale unterstützung verband verein gemeinde organisation institut referat
fachbereich amt abteilung bezirk werk gesellschaft region
"""
_AUDIENCE: Final = """
flüchtling flüchtlinge geflüchtete geflüchteter zugewanderte zuwanderer zuwanderung migrant migranten migration
migrationshintergrund asylsuchende asylbewerber asyl flucht frauen mädchen männer jungen kinder kind jugend jugendliche
eltern familie familien senior senioren erwachsene mutter mütter vater väter ehrenamt ehrenamtliche menschen personen
ältere junge anfänger einsteiger fortgeschrittene bedürftige
"""


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word.folded) for word in split_words(text))


GENERIC: Final = _stems(_GENERIC)
WEAK: Final = _stems(_WEAK)
AUDIENCE: Final = _stems(_AUDIENCE)

FRONTS: Final = ("fluchtlings", "migrations", "integrations")
# What people write short, folded, to what it stands for.
SHORT: Final = {
    "awo": "arbeiterwohlfahrt",
    "begleitg": "begleitung",
    "diakonie": "diakonisches werk",
    "dksb": "kinderschutzbund",
    "drk": "deutsches rotes kreuz",
    "dw": "diakonisches werk",
    "ev": "evangelisch",
    "evgl": "evangelisch",
    "evang": "evangelisch",
    "fbs": "familienbildungsstätte",
    "gfl": "geflüchtete",
    "hl": "heilige",
    "intern": "international",
    "jmd": "jugendmigrationsdienst",
    "jz": "jugendzentrum",
    "juz": "jugendzentrum",
    "kath": "katholisch",
    "ki": "kommunales integrationszentrum",
    "kim": "kommunales integrationsmanagement",
    "ksb": "kreissportbund",
    "mbe": "migrationsberatung erwachsene zuwanderer",
    "mgh": "mehrgenerationenhaus",
    "mso": "migrantenorganisation",
    "rk": "römisch katholisch",
    "skf": "sozialdienst katholischer frauen",
    "skm": "sozialdienst katholischer männer",
    "vhs": "volkshochschule",
    "stadtverwaltung": "stadt",
    "kreisverwaltung": "kreis",
}

# Words for the same people, whole or as parts of compounds.
SAME: Final = {
    stem(fold_letters(word)): stem(fold_letters(words.split()[0]))
    for words in (
        "geflüchtete flüchtling flüchtlinge asylsuchende asylbewerber asylsuchend flüchtend fluchterfahrung",
        "zugewanderte zuwanderer zuwanderung einwanderer eingewanderte einwanderung migrant migranten ausländer",
        "mutter mütter mama", "vater väter papa", "senioren rentner",
    )
    for word in words.split()
}  # fmt: skip
# Heads and subjects that people exchange without meaning another thing; nearer than the search's synonyms.
ALIKE: Final = tuple(
    frozenset(stem(fold_letters(word)) for word in words.split())
    for words in (
        "qualifizierung ausbildung schulung fortbildung weiterbildung lehrgang",
        "beratung sprechstunde beratungsstelle beratungsdienst",
        "kurs unterricht lehrgang",
        "hilfe unterstützung begleitung betreuung",
        "treff treffen treffpunkt begegnung",
        "gruppe kreis runde",
        "annahme abgabe sammlung",
        "sprache sprach deutsch",
        "rad fahrrad",
        "ausgabe kammer laden",
        "amt behörde",
        "anfänger einsteiger einstieg grundlagen",
        "pate patenschaft",
    )
)
