"""A visitor's question on pages: how its parts are called in the language of the request, and where its answer stands.

Decided here: titles of filters, names of their values, which values a question may name, addresses.  Which offers an
answer has is decided in `shared.search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from babel.dates import get_day_names

from shared.model.hours import DAYS
from shared.model.vocabulary.terms import UNKNOWN
from shared.search.asking import PARTS, VOCABULARIES, Asked, current_asked, format_asked, keep_known
from shared.web.messages import LANGUAGE, N_, direction_of, locale_of, translate
from shared.web.offer_words import Words
from shared.web.pages import Pages

RESULTS: Final = "/angebote"

TITLES: Final[Mapping[str, str]] = {
    "cities": N_("Ort"),
    "topics": N_("Thema"),
    "especially": N_("Insbesondere für"),
    "open_to": N_("Offen für"),
    "languages": N_("Sprache"),
    "days": N_("Tag"),
    "parts": N_("Tageszeit"),
    "modes": N_("Vor Ort, online oder telefonisch"),
    "offer_types": N_("Art des Angebots"),
    "providers": N_("Träger"),
    "age": N_("Alter"),
    "postcode": N_("Umkreis"),
    "kilometres": N_("Umkreis"),
}
FLAGS: Final[Mapping[str, str]] = {
    "is_free": N_("kostenfrei"),
    "needs_no_registration": N_("ohne Anmeldung"),
    "accessible": N_("barrierefrei"),
}
_PARTS: Final = dict(
    zip(
        PARTS, (N_("vormittags (bis 12 Uhr)"), N_("nachmittags (12 bis 17 Uhr)"), N_("abends (ab 17 Uhr)")), strict=True
    )
)


def address(pages: Pages, asked: Asked, path: str = RESULTS) -> str:
    """Return the link to the answer of a question; a language that was asked for stays."""
    query: dict[str, list[str]] = {}
    for key, value in format_asked(asked):
        query.setdefault(key, []).append(value)
    return pages.url(path, **query)


def known_values(words: Words) -> Mapping[str, frozenset[str]]:
    """Return which values the filters of the vocabularies may have; languages and providers are not bound to a list."""
    codes = {
        field: words.vocabularies[name].codes() - {UNKNOWN}
        for field, name in VOCABULARIES.items()
        if field != "languages"  # an offer may name any language that has a code
    }
    return {"cities": frozenset(member.name for member in words.district.members), **codes}


def settle(asked: Asked, words: Words) -> Asked:
    """Return a question with only those values that exist now; a term that was replaced is asked for by its new one."""
    return keep_known(current_asked(asked, words.vocabularies), known_values(words))


class QuestionWords:
    """Names the parts of questions.

    Args:
        words: the district and its vocabularies.
        providers: keys of providers with their names, as far as a page knows them.
    """

    def __init__(self, words: Words, providers: Mapping[str, str] | None = None) -> None:
        self._words = words
        self._providers = providers or {}

    def title(self, field: str) -> str:
        """Return what a filter is called."""
        return translate(TITLES[field])

    def value(self, field: str, code: str) -> str:
        """Return how one value of a filter reads, by itself."""
        if field in VOCABULARIES:
            return self._words.label(VOCABULARIES[field], code)
        if field in FLAGS:
            return translate(FLAGS[field])
        if field == "cities":
            return self.city(code)
        if field == "days":
            return day_name(code)
        if field == "parts":
            return translate(_PARTS[code])
        if field == "kilometres":
            return translate("%(n)s km") % {"n": code}
        return self._providers.get(code, code) if field == "providers" else code

    def values(self, asked: Asked, field: str) -> list[str]:
        """Return how the chosen values of a filter read, by themselves."""
        chosen = getattr(asked, field)
        if field in FLAGS:
            return [self.value(field, "ja")]
        if isinstance(chosen, tuple):
            return [self.value(field, code) for code in chosen]
        return [self.circle(asked) if field in ("postcode", "kilometres") else self.value(field, str(chosen))]

    def circle(self, asked: Asked) -> str:
        """Return around which postcode, and how far, is searched."""
        if asked.kilometres is None:
            return translate("um %(postcode)s") % {"postcode": asked.postcode}
        given = {"km": asked.kilometres, "postcode": asked.postcode}
        return translate("%(km)s km um %(postcode)s") % given

    def city(self, name: str) -> str:
        """Return the town of a member; the district says that it means all of it."""
        member = self._words.district.member(name)
        if member is None:
            return name
        return member.town or translate("Ganzer Kreis")


def isolated(text: str) -> str:
    """Return a word or name of any script so that it keeps its order within a sentence from right to left.

    Sentences that are no markup take the characters FSI and PDI in place of `<bdi>`.
    """
    return f"\u2068{text}\u2069" if direction_of(LANGUAGE.get()) == "rtl" else text


def day_name(code: str, width: str = "wide") -> str:
    """Return the name of a weekday; `width` is `wide` or `abbreviated`."""
    names = get_day_names(width, "stand-alone", locale_of(LANGUAGE.get()))  # type: ignore[arg-type]
    return str(names[DAYS.index(code)])
