"""The start page: one field to search, the topics, who it is for, what is near, and whom to ask.

A node counts for its own city first; a search is for the whole district everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from shared.model.vocabulary.terms import UNKNOWN
from shared.search.asking import DISTANCES, Asked, parse_asked
from shared.search.found import Answer, Count
from shared.web.languages import CHOSEN
from shared.web.messages import LANGUAGE
from shared.web.offer_words import Words
from shared.web.public.face import Face
from shared.web.public.question import QuestionWords, address, settle


@dataclass(frozen=True)
class Tile:
    """A way into the offers: how many there are, and how many in the party's own city."""

    text: str
    url: str
    total: int
    own: int | None = None  # None where the party has no city


@dataclass(frozen=True)
class Start:
    """The start page as its template shows it."""

    total: int
    cities: int
    own: Tile | None
    all_url: str
    topics: Sequence[Tile]
    especially: Sequence[Tile]
    towns: Sequence[Tile]
    distances: Sequence[int]
    language: str


def start_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the route of the start page."""

    @get("/", sync_to_thread=True, include_in_schema=False)
    def start(request: Request[Any, Any, Any]) -> Response[Any]:
        asked = settle(parse_asked(list(request.query_params.multi_items())), face.words)
        if asked != Asked():
            return Redirect(address(face.pages, asked), status_code=302)
        return face.pages.respond(
            "public/start.html",
            path="/",
            standing=face.standing(),
            view=show_start(face),
            texts=face.texts(),
            remarks=face.remarks(),
            canonical=face.absolute(face.pages.url("/")),
        )

    return [start]


def show_start(face: Face) -> Start:
    """Return the start page of a party."""
    today = face.today()
    everywhere = face.finder.find(Asked(), today=today, per_page=1)
    here = face.finder.find(Asked(cities=(face.own_city,)), today=today, per_page=1) if face.own_city else None
    return lay_out_start(face, everywhere, here)


def lay_out_start(face: Face, everywhere: Answer, here: Answer | None) -> Start:
    """Return the start page of what there is in the district, and of what there is in the party's own city."""
    names, pages = QuestionWords(face.words), face.pages

    def tiles(field: str, counts: Sequence[Count], *, beside: Answer | None = here) -> list[Tile]:
        own = None if beside is None else _numbers(beside, field)
        return [
            Tile(
                names.value(field, count.value),
                address(pages, Asked(**{field: (count.value,)})),  # type: ignore[arg-type]
                count.number,
                None if own is None else own.get(count.value, 0),
            )
            for count in counts
            if count.number and count.value != UNKNOWN
        ]

    cities = everywhere.counts.get("cities", ())
    towns = [count for count in cities if (member := face.words.district.member(count.value)) and member.town]
    return Start(
        total=everywhere.total,
        cities=sum(count.number > 0 for count in towns),
        own=None if here is None else _own_city(face, names, here),
        all_url=address(pages, Asked()),
        topics=tiles("topics", _most_used(_top_level(everywhere.counts.get("topics", ()), face.words))),
        especially=tiles("especially", _most_used(everywhere.counts.get("especially", ()))),
        towns=tiles("cities", sorted(towns, key=lambda count: names.city(count.value)), beside=None),
        distances=DISTANCES,
        language=LANGUAGE.get() if CHOSEN.get().is_explicit else "",
    )


def _own_city(face: Face, names: QuestionWords, here: Answer) -> Tile:
    return Tile(names.city(face.own_city), address(face.pages, Asked(cities=(face.own_city,))), here.total, here.total)


def _numbers(answer: Answer, field: str) -> Mapping[str, int]:
    return {count.value: count.number for count in answer.counts.get(field, ())}


def _most_used(counts: Sequence[Count]) -> Sequence[Count]:
    return sorted(counts, key=lambda count: -count.number)


def _top_level(counts: Sequence[Count], words: Words) -> Sequence[Count]:
    below = {term.code for term in words.vocabularies["topic"].terms if term.parent is not None}
    return [count for count in counts if count.value not in below]
