"""Text in another language or direction than the page around it.

Everything gives plain text while page and text agree, as they always do at the desk, and safe markup elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE, direction_of


def german(text: str) -> str:
    """Mark a text that is German whatever the language of the page; empty stays empty."""
    return in_language(text, SOURCE_LANGUAGE)


def in_language(text: str, language: str) -> str:
    """Mark a text that is in this language; nothing is marked where the page is in it too."""
    if not text or language == LANGUAGE.get():
        return text
    return Markup('<span lang="{}" dir="{}">{}</span>').format(language, direction_of(language), text)


def block_in_language(html: Markup, language: str) -> Markup:
    """Mark paragraphs that are in this language."""
    if not html or language == LANGUAGE.get():
        return html
    return Markup('<div lang="{}" dir="{}">{}</div>').format(language, direction_of(language), html)


def ltr(text: str) -> str:
    """Keep a number, a time or an address in its order on a page that reads from right to left."""
    if not text or direction_of(LANGUAGE.get()) == "ltr":
        return text
    return Markup('<bdi dir="ltr">{}</bdi>').format(text)


def bdi(text: str) -> str:
    """Keep a text whose direction follows from its first letter apart from a page that reads from right to left."""
    if not text or direction_of(LANGUAGE.get()) == "ltr":
        return text
    return Markup("<bdi>{}</bdi>").format(text)


def fill(text: str, **values: object) -> Markup:
    """Put values into a translated text; both are escaped unless they are markup."""
    return Markup(escape(text) % values)  # noqa: S704 - Markup escapes what it is filled with


def join(separator: str, parts: Iterable[str]) -> Markup:
    """Join those parts that are not empty; each is escaped unless it is markup."""
    return Markup(escape(separator)).join([part for part in parts if part])  # noqa: S704 - escaped on the spot
