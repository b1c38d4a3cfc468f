"""One hit as a card: what helps to decide whether to open it, in the language of the request as far as it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from babel.numbers import format_decimal
from markupsafe import Markup

from shared.holdings.catalogue import Shown
from shared.model.offer import OfferDoc, translation_states
from shared.model.vocabulary.terms import UNKNOWN
from shared.search.found import Hit, Reason
from shared.web.messages import LANGUAGE, N_, SOURCE_LANGUAGE, locale_of, translate, translate_plural
from shared.web.offer_page import read_offer
from shared.web.offer_words import Words
from shared.web.public.question import isolated
from shared.web.public.short_times import short_times

_TOPICS: Final = 2
_PROVIDERS: Final = 2
_LANGUAGES: Final = 6
_REASONS: Final = 3
_TEXT_MAX: Final = 160
_NEAREST: Final = {"prs": "fa"}
"""Whose texts readers of a language understand where it has none of its own."""
_WHERE: Final[Mapping[str, str]] = {
    "title": N_("Titel"), "topic": N_("Thema"), "target": N_("Zielgruppe"), "provider": N_("Träger"),
    "summary": N_("Kurzbeschreibung"), "place": N_("Ort"), "text": N_("Beschreibung"),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A text and its language; empty where it is that of the page."""

    text: str
    lang: str = ""


@dataclass(frozen=True)
class HitCard:
    """One offer of an answer, as its card shows it."""

    id: str
    title: Said
    summary: Said
    translation_note: str  # what readers of a translation should know
    topics: str
    providers: str
    publishers: list[str]  # all cities of the cluster
    place: str
    kilometres: str
    times: Markup  # of the slots, else empty
    times_text: Said  # what stands in place of slots
    badges: list[str]
    languages: str
    is_in_review: bool
    reasons: list[str]


def hit_cards(hits: Sequence[Hit], shown: Mapping[tuple[str, bytes], Shown], words: Words) -> list[HitCard]:
    """Return the cards of hits in their order; a record that went away since the index was made is left out."""
    return [_card(hit, shown[hit.member, hit.rid], words) for hit in hits if (hit.member, hit.rid) in shown]


def _card(hit: Hit, record: Shown, words: Words) -> HitCard:
    doc = read_offer(record.body)
    title, summary, note = _texts(doc, record.title)
    members = dict.fromkeys((hit.member, *(member for member, _ in hit.others)))
    return HitCard(
        id=hit.rid.hex(),
        title=title,
        summary=summary,
        translation_note=note,
        topics=words.labels("topic", doc.topics[:_TOPICS]),
        providers=", ".join(provider.name for provider in doc.providers[:_PROVIDERS] if provider.name),
        publishers=[words.publisher(member) for member in members],
        place=_place(doc),
        kilometres=_kilometres(hit.kilometres),
        times=short_times(doc.schedules),
        times_text=_in_german(" ".join(doc.schedule_text.split())),
        badges=_badges(doc),
        languages=_languages(doc, words),
        is_in_review=hit.is_stale,
        reasons=[*reasons_in_words(hit.reasons, words), *(_lacking(word) for word in hit.lacking)],
    )


def _texts(doc: OfferDoc, held_title: str) -> tuple[Said, Said, str]:
    """Return title and summary in the language of the request, else in German; an unfinished text is never shown."""
    language, note, name = LANGUAGE.get(), "", doc.name or held_title
    title = _in_german(name) if name else Said(translate("Angebot ohne Titel"))
    summary = _in_german(doc.summary)
    tag = next((tag for tag in (language, _NEAREST.get(language, "")) if tag in doc.translations), "")
    if not tag or (state := translation_states(doc)[tag]) == "in_arbeit":
        return title, summary, note
    text, lang = doc.translations[tag], "" if tag == language else tag
    title = Said(text.name, lang) if text.name else title
    summary = Said(_cut(text.summary), lang) if text.summary else summary
    if (text.name or text.summary) and text.origin == "machine":
        note = translate("maschinell übersetzt")
    elif (text.name or text.summary) and state == "veraltet":
        note = translate("Übersetzung nicht auf dem neuesten Stand")
    return title, summary, note


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1].rstrip() + "…"


def _place(doc: OfferDoc) -> str:
    towns = list(dict.fromkeys(place.city for place in doc.locations if place.city))
    if len(towns) < 2:
        return "".join(towns)
    more = translate_plural("%(town)s und %(n)s weiterer Ort", "%(town)s und %(n)s weitere Orte", len(towns) - 1)
    return more % {"town": isolated(towns[0]), "n": len(towns) - 1}


def _kilometres(distance: float | None) -> str:
    if distance is None:
        return ""
    if distance < 1:
        return translate("weniger als 1 km")
    number = format_decimal(distance, "0.0" if distance < 10 else "0", locale=locale_of(LANGUAGE.get()))
    return translate("%(n)s km") % {"n": number}


def _in_german(text: str) -> Said:
    return Said(_cut(text), "" if LANGUAGE.get() == SOURCE_LANGUAGE else SOURCE_LANGUAGE)


def _badges(doc: OfferDoc) -> list[str]:
    given = (
        (doc.is_free is True, N_("kostenfrei")),
        ("offen" in doc.access, N_("ohne Anmeldung")),
        (bool({"online", "hybrid"} & set(doc.mode)), N_("online")),
        (any(place.accessibility.get("stufenlos") for place in doc.locations), N_("barrierefrei")),
    )
    return [translate(text) for holds, text in given if holds]


def _languages(doc: OfferDoc, words: Words) -> str:
    codes = [lang.code for lang in doc.languages if lang.code != UNKNOWN]
    names = [words.label("language", code) for code in dict.fromkeys(codes)]
    return ", ".join(names[:_LANGUAGES]) + (" …" if len(names) > _LANGUAGES else "")


def reasons_in_words(reasons: Sequence[Reason], words: Words) -> list[str]:
    """Return why an offer was found, each reason once and the most telling ones only."""
    return list(dict.fromkeys(_reason(reason, words) for reason in reasons))[:_REASONS]


def _lacking(word: str) -> str:
    return translate("ohne „%(word)s“") % {"word": isolated(word)}


def _reason(reason: Reason, words: Words) -> str:
    met, is_term = reason.met, False
    if met and reason.where in ("topic", "target"):
        vocabulary = "topic" if reason.where == "topic" else "target_group"
        is_term = words.vocabularies[vocabulary].get(met) is not None
        met = words.label(vocabulary, met) if is_term else met
    if reason.how in ("synonym", "language", "typo") and met:
        return translate("„%(word)s“ → „%(met)s“") % {"word": isolated(reason.word), "met": isolated(met)}
    if is_term and reason.where == "topic":
        return translate("Thema „%(topic)s“") % {"topic": isolated(met)}
    return translate("gefunden: %(where)s") % {"where": translate(_WHERE[reason.where])}
