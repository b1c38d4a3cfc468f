"""What languages are called in the language of the page.

Our own vocabulary goes before Babel's list: that one lacks some languages, calls Kurmancî and Sorani both Kurdish, and
has names that the people who speak a language do not use.  German names are always the vocabulary's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.model.vocabulary.terms import Vocabulary
from shared.web.messages import SOURCE_LANGUAGE, locale_of

_NAMES_IN_BABEL: Final[Mapping[str, str]] = MappingProxyType({"prs": "fa_AF"})


def language_name(languages: Vocabulary, code: str, page_language: str) -> str:
    """Return the name of a language as a heading or list shows it; its own name, then the code, where none is known."""
    term = languages.get(code)
    if term is not None and page_language in term.labels:
        return term.labels[page_language]
    locale = locale_of(page_language)
    if term is not None and locale.language == SOURCE_LANGUAGE:
        return term.label
    name = str(locale.languages.get(_NAMES_IN_BABEL.get(code, code), ""))
    if name:
        return name[0].upper() + name[1:]
    return (term and term.own_name) or code
