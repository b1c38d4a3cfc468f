"""Texts in the language of the request: German in the code is the source, every other language is a `.po` file.

Decided here: how a language is named, written and read (script direction, dates, numbers), and where a text without a
translation falls back to (German).  Which language a request gets is decided in `languages`.

A `.po` file is read when its language is first asked for, and stays: it is part of the program, like its code.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE_LANGUAGE: Final = "de"
LANGUAGE: ContextVar[str] = ContextVar("kreisweit_language", default=SOURCE_LANGUAGE)
"""The language of the request being answered; set by `languages.Languages`, read while a page is made."""

REVIEWED: Final = "reviewed"
"""Translator's comment of a message that somebody whose language it is has confirmed; all others are unreviewed."""

_DOMAIN: Final = "kreisweit"
_LOCALES: Final = {"de-simple": "de", "prs": "fa_AF", "en": "en_GB", "kmr": "ku_TR"}
"""Languages that Babel knows by another name, or whose dates and numbers stand in for theirs.

English is that of Europe: 24 Nov 2026, and no month before the day.  Digits are Latin in every language, also in
Arabic, Persian and Dari, as telephone and house numbers are; that is Babel's rule too unless it is asked otherwise.
"""
_FALLBACKS: Final = {"prs": "fa", "de-simple": SOURCE_LANGUAGE}

Load = Callable[[str], NullTranslations]


def N_(text: str) -> str:  # noqa: N802 - the name under which message catalogues collect texts
    """Return the text itself; marks a German text that is translated where it is shown."""
    return text


def translate(text: str) -> str:
    """Return a German text in the language of the request, or in German where it has no translation."""
    return catalogue_of(LANGUAGE.get()).gettext(text) if text else ""


def translate_plural(one: str, many: str, number: int) -> str:
    """Return the form of a text that a number asks for, in the language of the request."""
    return catalogue_of(LANGUAGE.get()).ngettext(one, many, number)


def locale_of(language: str) -> Locale:
    """Return how a language writes dates and numbers."""
    return Locale.parse(_LOCALES.get(language, language), sep="_" if language in _LOCALES else "-")


def direction_of(language: str) -> str:
    """Return `rtl` for languages written from right to left, else `ltr`, also for a language that nobody knows."""
    try:
        return locale_of(language).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


def shipped_languages() -> tuple[str, ...]:
    """Return the languages that have a catalogue, German first."""
    folder = files("shared.web") / "locale"
    found = [item.name for item in folder.iterdir() if (item / "LC_MESSAGES" / f"{_DOMAIN}.po").is_file()]
    return (SOURCE_LANGUAGE, *sorted(found))


@cache
def catalogue_of(language: str) -> NullTranslations:
    """Return the translations of a language; German, and a language without a catalogue, translate to themselves."""
    catalogue = _read(language)
    if catalogue is None:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    found = Translations(compiled, domain=_DOMAIN)
    if (wider := _FALLBACKS.get(language)) is not None:
        found.add_fallback(catalogue_of(wider))
    return found


@dataclass(frozen=True)
class Progress:
    """How far the translation into one language is."""

    texts: int
    reviewed: int  # confirmed by somebody whose language it is

    @property
    def is_reviewed(self) -> bool:
        """Tell whether every text is confirmed."""
        return self.texts == self.reviewed


@cache
def progress_of(language: str) -> Progress:
    """Count the texts of a language, and those that bear the comment `# reviewed`; nothing for German, the source."""
    catalogue = _read(language)
    if catalogue is None:
        return Progress(0, 0)
    texts = [message for message in catalogue if message.id and message.string]
    return Progress(len(texts), sum(REVIEWED in message.user_comments for message in texts))


def _read(language: str) -> Catalog | None:
    file = files("shared.web") / "locale" / language / "LC_MESSAGES" / f"{_DOMAIN}.po"
    if language == SOURCE_LANGUAGE or not file.is_file():
        return None
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=None)
    catalogue.locale = locale_of(language)
    return catalogue
