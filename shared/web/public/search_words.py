"""A search in a few words, for titles of feeds, letters and pages; and where it can be followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from shared.search.asking import Asked
from shared.web.messages import translate
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.public.question import QuestionWords, address

FEED: Final = "/angebote.atom"
SUBSCRIBE: Final = "/abo"


@dataclass(frozen=True)
class Follow:
    """Where the answer of a search can be followed; links of the page, with its language."""

    feed_url: str
    subscribe_url: str


def follow_search(pages: Pages, asked: Asked) -> Follow:
    """Return where a search can be followed; order and page play no part."""
    asked = replace(asked, order="", page=1)
    return Follow(address(pages, asked, FEED), address(pages, asked, SUBSCRIBE))


def describe_search(asked: Asked, words: Words) -> str:
    """Return a search in words, in the language of the request: „Deutsch“ · Herten · kostenfrei."""
    names = QuestionWords(words)
    parts = [translate("„%(words)s“") % {"words": asked.words}] if asked.words else []
    for field in asked.active():
        if field != "kilometres":  # said with the postcode
            parts += names.values(asked, field)
    return " · ".join(parts) or translate("Alle Angebote")
