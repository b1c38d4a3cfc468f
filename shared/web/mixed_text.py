"""Text in another language or direction than the page around it.

Everything gives plain text while page and text agree, as they always do at the desk, and safe markup elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE, direction_of

_GERMAN_ADDRESS: Final = re.compile(r"[\x21-\x7eäöüß]*", re.IGNORECASE)
_REGISTERED: Final = re.compile(r"[A-Za-z0-9._:-]+")
_HOST: Final = re.compile(r"(https?://)([^/?#]*)(.*)", re.DOTALL | re.IGNORECASE)


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


def shown_address(url: str) -> str:
    """Write a web address as people should see it, its host in the registered form where letters may deceive.

    A host in letters that German has is shown as it is; any other in ASCII (`xn--…`), since Cyrillic and Greek have
    letters that look like ours.  Where the address leads is not changed.
    """
    parts = _HOST.fullmatch(url)
    if parts is None or _GERMAN_ADDRESS.fullmatch(parts[2]):
        return url
    try:
        host = parts[2].encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not _REGISTERED.fullmatch(host):  # nothing that could be registered; a sign may have become a slash
        host = parts[2].encode("ascii", "backslashreplace").decode("ascii")
    return f"{parts[1]}{host}{parts[3]}"


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
