"""What the doors beside the search have in common: the offers in short, cards for some of them, the frame of a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request, Response

from shared.holdings import catalogue
from shared.search.asking import Asked, parse_asked
from shared.search.found import Hit
from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE
from shared.web.public.cards import HitCard, Said, hit_cards
from shared.web.public.face import Face
from shared.web.public.gathered import Gathered, Gatherer, Short
from shared.web.public.question import settle

_NEAREST: Final = {"prs": "fa"}


@dataclass(frozen=True)
class Doors:
    """One party's face with what its doors read."""

    face: Face
    gatherer: Gatherer

    def gathered(self) -> Gathered:
        """Return all shown offers in short."""
        return self.gatherer.now()

    def asked(self, request: Request[Any, Any, Any]) -> Asked:
        """Return the question in the query of a request; values that nobody knows are left out."""
        return settle(parse_asked(request.query_params.multi_items()), self.face.words)

    def cards(self, hits: Iterable[Hit]) -> list[HitCard]:
        """Return the cards of offers in the order given."""
        wanted, origins = list(hits), self.face.origins()
        with self.face.db.read() as conn:
            shown = list(catalogue.find_many(conn, origins, [hit.rid for hit in wanted]))
        return hit_cards(wanted, {(record.member, record.rid): record for record in shown}, self.face.words)

    def respond(self, template: str, *, path: str = "", **context: Any) -> Response[str]:
        """Return a page with the state of the catalogue and what visitors should know."""
        face = self.face
        given: dict[str, Any] = {"standing": face.standing(), "remarks": face.remarks(), "words": face.words}
        return face.pages.respond(template, path=path, **{**given, **context})

    def missing(self, heading: str, advice: str, way_out: str, link_text: str) -> Response[str]:
        """Return the page for what is not here, with a link to where everything of its kind is."""
        return self.face.pages.respond(
            "public/missing.html", status_code=404, heading=heading, advice=advice, way_out=way_out, link_text=link_text
        )


def open_doors(face: Face) -> Doors:
    """Return what the doors of one party share."""
    return Doors(face, Gatherer(face))


def hits_of(shorts: Iterable[Short]) -> list[Hit]:
    """Return offers as hits that nobody searched for."""
    return [Hit(short.rid, short.member) for short in shorts]


def title_of(short: Short) -> Said:
    """Return the title of an offer in the language of the request, else in German."""
    language = LANGUAGE.get()
    for tag in (language, _NEAREST.get(language, "")):
        if tag in short.titles:
            return Said(short.titles[tag], "" if tag == language else tag)
    return Said(short.title, "" if language == SOURCE_LANGUAGE else SOURCE_LANGUAGE)
