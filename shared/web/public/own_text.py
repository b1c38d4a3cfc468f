"""In which language the texts of an offer are shown: that of the page where there is a translation, else German."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import msgspec

from shared.model.offer import TRANSLATED_FIELDS, OfferDoc, translation_states
from shared.web.messages import LANGUAGE, N_, SOURCE_LANGUAGE, translate
from shared.web.offer_page import IN_GERMAN, Reading

NEAREST: Final = {"prs": "fa"}
"""Whose texts readers of a language understand where it has none of its own."""


@dataclass(frozen=True)
class OwnText:
    """An offer with its texts in the best language for the page, and what readers should know about them.

    `notice` is empty where there is nothing to know.  `is_older`: the German text is newer.
    """

    doc: OfferDoc
    reading: Reading
    notice: str = ""
    is_older: bool = False


_GERMAN_ONLY = N_("Dieses Angebot gibt es noch nicht in Ihrer Sprache. Der Text steht hier auf Deutsch.")
_NOTICES = {
    (False, False): "",
    (False, True): N_("Der deutsche Text ist neuer als diese Übersetzung."),
    (True, False): N_("Diese Übersetzung hat ein Programm gemacht; sie kann Fehler enthalten."),
    (True, True): N_(
        "Diese Übersetzung hat ein Programm gemacht; sie kann Fehler enthalten. Der deutsche Text ist inzwischen neuer."
    ),
}
"""What readers should know of a translation: is it of a machine, is it older than the German text."""


def own_text(doc: OfferDoc, reading: Reading = IN_GERMAN) -> OwnText:
    """Return the offer in the language of the request as far as it is there; a translation in work counts as none."""
    language = LANGUAGE.get()
    if language == SOURCE_LANGUAGE:
        return OwnText(doc, reading)
    states = translation_states(doc)
    tag = next((t for t in (language, NEAREST.get(language, "")) if states.get(t) in ("aktuell", "veraltet")), "")
    if not tag:
        return OwnText(doc, reading, translate(_GERMAN_ONLY))
    texts, is_older = doc.translations[tag], states[tag] == "veraltet"
    notice = _NOTICES[texts.origin == "machine", is_older]
    # What the German text dropped must not come back from a translation, such as an alert that is over.
    own = frozenset(name for name in TRANSLATED_FIELDS if getattr(texts, name) and getattr(doc, name))
    shown = msgspec.structs.replace(doc, **{name: getattr(texts, name) for name in own})
    return OwnText(shown, replace(reading, translated=own, language=tag, source=doc), translate(notice), is_older)
