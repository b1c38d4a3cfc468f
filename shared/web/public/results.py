"""The result page: what was asked, the offers found, the filters with counts, and a next step where none is found.

Everything is one plain GET form.  The page decides how an answer reads; what is found is decided in `shared.search`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.model.postcodes import TownPostcodes
from shared.model.text import one_line
from shared.search.asking import KEYS, ORDERS, Asked, parse_asked
from shared.search.found import Answer
from shared.web.languages import CHOSEN
from shared.web.messages import LANGUAGE, N_, translate, translate_plural
from shared.web.pages import Pages
from shared.web.public.cards import HitCard, hit_cards
from shared.web.public.face import Face
from shared.web.public.filters import (
    Chip,
    Distance,
    Group,
    NextStep,
    Value,
    chips,
    distances,
    flags,
    groups,
    next_steps,
)
from shared.web.public.question import RESULTS, QuestionWords, address, isolated, settle
from shared.web.public.search_words import follow_search

PER_PAGE = 20
_ORDERS: Mapping[str, str] = {
    "treffer": N_("Wichtigste zuerst"),
    "titel": N_("Nach Titel"),
    "neu": N_("Neueste zuerst"),
    "naehe": N_("Nächste zuerst"),
}


@dataclass(frozen=True)
class Town:
    """A town whose postcodes can be asked for."""

    name: str
    postcodes: Sequence[str]
    url: str


@dataclass(frozen=True)
class Results:
    """The result page as its template shows it."""

    asked: Asked
    total: int
    page: int
    pages: int
    heading: str
    cards: Sequence[HitCard]
    partly: Sequence[HitCard]  # meet only some of the words
    chips: Sequence[Chip]
    groups: Sequence[Group]
    flags: Sequence[tuple[str, Value]]
    distances: Sequence[Distance]
    orders: Sequence[tuple[str, str, bool]]  # value, text, chosen
    corrections: Sequence[tuple[str, str]]
    steps: Sequence[NextStep]
    typed_postcode: str
    wrong_postcode: str  # what is no postcode of the district
    towns: Sequence[Town]  # only for a wrong postcode
    language: str  # kept by the form; empty where the browser chose
    all_url: str
    url: str
    previous: str
    next: str


def result_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the route of the result page."""
    postcodes = face.words.district.town_postcodes()

    @get(RESULTS, sync_to_thread=True, include_in_schema=False)
    def results(request: Request[Any, Any, Any]) -> Response[str]:
        pairs = list(request.query_params.multi_items())
        asked = settle(parse_asked(pairs), face.words)
        typed = one_line(next((value for key, value in pairs if key == KEYS["postcode"]), ""))[:20].strip()
        wrong = "" if not typed or postcodes.get(asked.postcode) else typed
        if wrong:
            asked = asked.without("postcode", "kilometres")
        return respond_results(face, asked, postcodes, typed=typed, wrong=wrong)

    return [results]


def respond_results(face: Face, asked: Asked, postcodes: TownPostcodes, *, typed: str, wrong: str) -> Response[str]:
    """Return the page that answers a question."""
    answer = face.finder.find(asked, today=face.today(), per_page=PER_PAGE)
    shown = load_shown(face, answer)
    names = QuestionWords(face.words, face.finder.provider_names([c.value for c in answer.counts.get("providers", ())]))
    cards, partly = hit_cards(answer.hits, shown, face.words), hit_cards(answer.partly, shown, face.words)
    view = show_results(answer, cards, face, names, partly=partly, typed=typed)
    if wrong:
        view = replace(view, wrong_postcode=wrong, towns=_towns(postcodes, face.pages))
    response = face.pages.respond(
        "public/results.html",
        path=RESULTS,
        standing=face.standing(),
        view=view,
        office=face.texts().office,
        remarks=face.remarks(),
        canonical=face.absolute(view.url),
        follow=follow_search(face.pages, asked),
    )
    response.headers["X-Total-Count"] = str(answer.total)
    return response


def load_shown(face: Face, answer: Answer) -> Mapping[tuple[str, bytes], Shown]:
    """Return the records of the hits, in one query."""
    wanted = [hit.rid for hit in (*answer.hits, *answer.partly)]
    if not wanted:
        return {}
    origins = face.origins()
    with face.db.read() as conn:
        records = list(catalogue.find_many(conn, origins, wanted))
    return {(record.member, record.rid): record for record in records}


def show_results(
    answer: Answer, cards: Sequence[HitCard], face: Face, names: QuestionWords, *, partly: Sequence[HitCard] = (),
    typed: str = "",
) -> Results:  # fmt: skip
    """Return the page of an answer; `typed` is what stands in the field of the postcode."""
    asked, pages = answer.asked, face.pages
    return Results(
        asked=asked,
        total=answer.total,
        page=answer.page,
        pages=answer.pages,
        heading=_heading(answer, pages),
        cards=cards,
        partly=partly if answer.page == answer.pages else (),
        chips=chips(asked, names, pages),
        groups=groups(answer.counts, face.words, names),
        flags=flags(answer.counts, names),
        distances=distances(answer.counts, asked),
        orders=_orders(asked),
        corrections=[(isolated(word), isolated(instead)) for word, instead in answer.corrections],
        steps=next_steps(asked, answer.steps, names, pages),
        typed_postcode=typed or asked.postcode,
        wrong_postcode="",
        towns=(),
        language=LANGUAGE.get() if CHOSEN.get().is_explicit else "",
        all_url=address(pages, Asked()),
        url=address(pages, asked.on_page(answer.page)),
        previous=address(pages, asked.on_page(answer.page - 1)) if answer.page > 1 else "",
        next=address(pages, asked.on_page(answer.page + 1)) if answer.page < answer.pages else "",
    )


def _heading(answer: Answer, pages: Pages) -> str:
    given = {"n": pages.number(answer.total), "words": isolated(answer.asked.words)}
    if not answer.total:
        if answer.asked.is_empty:
            return translate("Noch keine Angebote")
        return translate("Keine Angebote gefunden")
    if answer.asked.words:
        text = translate_plural(
            "%(n)s Angebot für „%(words)s“", "%(n)s Angebote für „%(words)s“", answer.total
        )  # fmt: skip
        return text % given
    return translate_plural("%(n)s Angebot", "%(n)s Angebote", answer.total) % given


def _orders(asked: Asked) -> Sequence[tuple[str, str, bool]]:
    """Return the orders that mean something for this question; the first is taken where none is chosen."""
    useful = [
        name
        for name in ORDERS
        if (name != "treffer" or asked.words) and (name != "naehe" or asked.postcode)
    ]  # fmt: skip
    chosen = asked.order if asked.order in useful else useful[0]
    return [(name, translate(_ORDERS[name]), name == chosen) for name in useful]


def _towns(postcodes: TownPostcodes, pages: Pages) -> Sequence[Town]:
    """Return the towns of the district with their postcodes, each with the address of its offers."""
    codes: dict[str, list[str]] = {}
    for postcode in postcodes.postcodes:
        codes.setdefault(postcode.member, []).append(postcode.code)
    return [
        Town(postcodes.towns.get(member, member), found, address(pages, Asked(cities=(member,))))
        for member, found in codes.items()
    ]
