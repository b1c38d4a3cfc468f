"""Names of providers: the key that finds one organisation under its many spellings, and cells that name several.

The key is for proposals to a person, never for merging silently.
"""

from __future__ import annotations

import re
from typing import Final

from shared.model.text import fold, one_line

_LEGAL_FORMS: Final = re.compile(
    r"\b(?:e\. ?v\.?|ev\.?(?= *$|,)|eingetragener verein|gemeinnützige gmbh|g?gmbh|ggmbh|gug|e\. ?g\.|kdör|mbh)(?!\w)",
    re.IGNORECASE,
)
_STREET: Final = re.compile(r"stra(?:ß|ss)e\b|str\b\.?", re.IGNORECASE)
_GENDER: Final = re.compile(r"(?<=\w)(?:[*:_·]|/-?)(?:innen|in)\b", re.IGNORECASE)
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-zäöüß])Innen")
_MIGRANT_ORGANISATION: Final = re.compile(
    r"\bmigrant(?:en|innen)?(?:-| )?(?:selbst-?)?organisation(?:en)?\b|\bms?os?\b", re.IGNORECASE
)
_FOLK_HIGH_SCHOOL: Final = re.compile(r"\bvhs\b", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r" / | und |, | mit (?:de[mrn] )?")
_SURE_SEPARATOR: Final = re.compile(r" / ")


def match_key(name: str) -> str:
    """Reduce a name so that spellings of one organisation become equal.

    Equal: `e.V.`, `e. V.` and no legal form; `Str.`, `Straße`, `Strasse`; gender star, colon, gap and inner capital;
    MO, MSO, Migrantenorganisation, Migrant*innenselbstorganisation; VHS, Volkshochschule; case, accents, punctuation.
    """
    text = _INNER_CAPITAL.sub("*innen", one_line(name))
    text = _GENDER.sub("innen", text)
    # "Migrant*innenorganisation": the gendered ending inside a compound.
    text = re.sub(r"(?<=\w)[*:_·/]-?innen(?=\w)", "innen", text, flags=re.IGNORECASE)
    text = _LEGAL_FORMS.sub(" ", text)
    text = _STREET.sub("str ", text)
    text = _MIGRANT_ORGANISATION.sub(" mo ", text)
    text = _FOLK_HIGH_SCHOOL.sub("volkshochschule", text)
    return fold(text)


def split_surely(cell: str) -> tuple[str, ...]:
    """Divide a cell at ` / ` only: what may be done without asking a person."""
    return _pieces(cell, _SURE_SEPARATOR)


def propose_split(cell: str) -> tuple[str, ...]:
    """Divide a cell at every separator that may stand between providers, outside brackets; a person decides.

    "Fachbereich Kinder, Jugend und Familie" is one provider, and nothing in the text says so.
    """
    return _pieces(cell, _SEPARATORS)


def _pieces(cell: str, separators: re.Pattern[str]) -> tuple[str, ...]:
    line = one_line(cell)
    pieces: list[str] = []
    start = 0
    for match in separators.finditer(line):
        before = line[: match.start()]
        if before.count("(") > before.count(")"):
            continue
        pieces.append(line[start : match.start()].strip())
        start = match.end()
    pieces.append(line[start:].strip())
    return tuple(piece for piece in pieces if piece)
