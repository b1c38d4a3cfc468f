"""An offer as the seventeen cells of a table: what `columns.py` reads, written again.

A table says less than an offer.  So a table that was written here and comes back is compared with what would be
written now, cell by cell, and only cells that differ say anything (`node/importing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from shared.model.columns import FREE_WORDS, THEMES
from shared.model.district import District
from shared.model.offer import OfferDoc
from shared.model.parts import Cost, Phone
from shared.model.text import fold
from shared.model.vocabulary.terms import Vocabulary

_THEMES_BY_LENGTH: Final = sorted(THEMES.items(), key=lambda theme: -len(theme[1]))
_PHONE_LABELS: Final[Mapping[str, str]] = {"fax": "Fax ", "text": "SMS "}


def cells_of(
    doc: OfferDoc, *, district: District, vocabularies: Mapping[str, Vocabulary], source: str = ""
) -> dict[str, str]:
    """Return the cells of an offer by column; only the first of several places has room.

    Args:
        source: where the offer comes from, as its staff noted it.
    """
    place = next(iter(doc.locations), None)
    return {
        "stadt": district.title(doc.owner),
        "traeger": " / ".join(provider.name for provider in doc.providers),
        "angebot": doc.name,
        "beschreibung": _description(doc),
        "thema": "|".join(_themes(doc.topics, vocabularies["topic"])),
        "zielgruppe": doc.eligibility,
        "sprachen": _languages(doc, vocabularies["language"]),
        "ort_name": place.name if place else "",
        "strasse": place.address_1 if place else "",
        "plz": place.postal_code if place else "",
        "ort": place.city if place else "",
        "telefon": "; ".join(map(_phone, doc.phones)),
        "email": doc.email,
        "web": " ".join(url for url in (doc.url, *(link.url for link in doc.additional_urls)) if url),
        "zeiten": doc.schedule_text or "; ".join(slot.description for slot in doc.schedules if slot.description),
        "kosten": _costs(doc),
        "quelle": source,
    }


def _description(doc: OfferDoc) -> str:
    # A summary that had to be cut from the first sentence stands in the text once more.
    if doc.summary.endswith("…") and doc.body.startswith(doc.summary[:-1]):
        return doc.body
    return "\n".join(text for text in (doc.summary, doc.body) if text)


def _themes(topics: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """Name topics by the themes of tables where these say the same, else by their own names."""
    words, at = [], 0
    while at < len(topics):
        theme = next((t for t, codes in _THEMES_BY_LENGTH if tuple(topics[at : at + len(codes)]) == codes), None)
        words.append(theme or vocabulary.label(topics[at]))
        at += len(THEMES[theme]) if theme else 1
    return words


def _languages(doc: OfferDoc, vocabulary: Vocabulary) -> str:
    names = {code: term.label for term in vocabulary.terms for code in (term.iso639_3, term.iso639_1) if code}
    spoken = ", ".join(language.name or names.get(language.code, language.code) for language in doc.languages)
    return "; ".join(text for text in (spoken, doc.interpretation) if text)


def _phone(phone: Phone) -> str:
    return f"{_PHONE_LABELS.get(phone.type or '', '')}{phone.number}"


def _costs(doc: OfferDoc) -> str:
    text = doc.fees_text or "; ".join(filter(None, map(_cost, doc.costs)))
    is_said = fold(text.partition(",")[0]) in FREE_WORDS
    return ", ".join(part for part in ("kostenlos", text) if part) if doc.is_free and not is_said else text


def _cost(cost: Cost) -> str:
    amount = "" if cost.amount is None else f"{cost.amount} EUR"
    return " ".join(part for part in (cost.option, amount, cost.amount_description) if part)
