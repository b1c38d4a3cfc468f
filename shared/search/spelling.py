"""One spelling for every word: what a visitor types and what an offer says are reduced the same way.

Decided here: letters (case, accents, umlauts and their two spellings, Arabic, Cyrillic and Turkish variants), which
characters make a word, gendered spellings, and the German plural and inflection rule.  Compounds, synonyms and terms of
other languages are `lexicon`'s.

The rule for endings is our own: Snowball maps Kurs to `kur` but Kurse to `kurs`.  Here endings are taken off until none
is left, so that a word and the same word with an ending always meet; stems are keys to compare, not words to show.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

WORD_MAX: Final = 64
"""Characters of a word that are read (THREATS T36)."""

_GENDER_INSIDE: Final = re.compile(r"(?<=[a-zäöüß])[*:_]innen(?=[a-zäöüß]{4})")
"""Within a compound: a Migrant*innenorganisation is a Migrantenorganisation."""
_GENDER: Final = re.compile(r"(?<=\w)(?:[*:_·]|/-?|\()-?(?=innen|in\b)", re.IGNORECASE)
_GENDER_CLOSE: Final = re.compile(r"(?<=innen)\)|(?<=in)\)")
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-zäöüß])I(?=n(?:nen)?(?![a-zäöüß]*[A-ZÄÖÜ]))")
# A letter or digit of any script; marks stand behind letters in Arabic and in decomposed texts.
_WORD: Final = re.compile(r"[^\W_]+")
_SPECIAL: Final = str.maketrans(
    {
        "ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "a", "œ": "o", "ґ": "г", "ё": "е", "'": "", "’": "", "ʼ": "",
        # Arabic and Persian: one alef, one ya, one kaf, one ha; no stretching, no joiners.
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه",
        "ہ": "ه", "ھ": "ه", "ە": "ه", "ؤ": "و", "ـ": "", "\u200c": "", "\u200d": "", "\u200e": "", "\u200f": "",
        "\u00ad": "",
    }
)  # fmt: skip
_TWO_LETTERS: Final = re.compile(r"ae|oe|(?<![aeq])ue")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_ARTICLES: Final = ("وال", "بال", "لل", "ال")
_LATIN: Final = re.compile(r"[a-z]+")
_FEMININE: Final = re.compile(r"(?<=er|nt|or|st|at|rt|um|de)(?:innen|in)$")
# Longest first; the number is the least length of what must be left.
_ENDINGS: Final = (("ern", 3), ("em", 4), ("en", 3), ("er", 3), ("es", 3), ("e", 3), ("n", 3), ("s", 4))
_WHOLE: Final = {"jobs": "job", "unis": "uni", "kids": "kid", "bus": "bus", "busse": "bus", "eltern": "eltern"}


class Word(NamedTuple):
    """One word of a text: as it is written, and in the one spelling."""

    shown: str
    folded: str


def fold_letters(text: str) -> str:
    """Return the text with one spelling for each letter; words stay apart as they were."""
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded.translate(_SPECIAL))
        folded = "".join(mark for mark in folded if not unicodedata.combining(mark)).translate(_SPECIAL)
    return _TWO_LETTERS.sub(_first_letter, folded)


def _first_letter(match: re.Match[str]) -> str:
    return match[0][0]


def plain_gender(text: str) -> str:
    """Return the text with `Migrant*innen`, `Senior:innen`, `Teilnehmer/-innen`, `LehrerInnen` written as one word."""
    if "in" in text or "In" in text:
        text = _GENDER_INSIDE.sub("en", text)
        text = _GENDER_CLOSE.sub("", _INNER_CAPITAL.sub("i", _GENDER.sub("", text)))
    return text


def written_words(text: str) -> list[str]:
    """Return the words of a text as they are written, in their order."""
    text = plain_gender(text.replace("\u00ad", "").replace("’", "'").replace("'", ""))
    if not text.isascii():
        text = _joined(unicodedata.normalize("NFC", text))
    return _WORD.findall(text)


def split_words(text: str) -> list[Word]:
    """Return the words of a text, in their order."""
    return [Word(word[:WORD_MAX], fold_letters(word)[:WORD_MAX]) for word in written_words(text)]


def _joined(text: str) -> str:
    """Arabic marks stand between letters and are no letters: without them a word stays one word."""
    if not _ARABIC.search(text):
        return text
    return "".join(c for c in text if unicodedata.category(c) != "Mn" and c not in "\u200c\u200d\u0640")


def stem(folded: str) -> str:
    """Return the key under which all forms of a folded word meet."""
    if _LATIN.fullmatch(folded):
        return _WHOLE.get(folded) or _german_stem(folded)
    if _ARABIC.match(folded):
        return _arabic_stem(folded)
    return folded


def _german_stem(word: str) -> str:
    word = _FEMININE.sub("", word)
    while True:
        for ending, least in _ENDINGS:
            if len(word) - len(ending) >= least and word.endswith(ending) and not (ending == "s" and word[-2] == "s"):
                word = word[: -len(ending)]
                break
        else:
            return word


def _arabic_stem(word: str) -> str:
    for article in _ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= 3:
            return word[len(article) :]
    return word
