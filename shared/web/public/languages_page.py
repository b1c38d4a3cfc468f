"""In which languages the pages exist, how far each translation is, and whom to tell about a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, Router, get

from shared.web.messages import SOURCE_LANGUAGE, Progress, direction_of, progress_of
from shared.web.own_languages import SIMPLE
from shared.web.public.face import Face
from shared.web.routers import OwnRouter

PATH = "/sprachen"


@dataclass(frozen=True)
class Row:
    """One language of the pages."""

    tag: str
    own_name: str
    name: str  # in the language of the page
    direction: str
    progress: Progress

    @property
    def is_source(self) -> bool:
        """Tell whether the texts were written in this language."""
        return self.tag == SOURCE_LANGUAGE


def list_languages(face: Face) -> Sequence[Row]:
    """Return the languages that visitors can choose, in that order."""
    return [
        Row(tag, own_name, face.words.label("language", tag), direction_of(tag), progress_of(tag))
        for tag, own_name in face.pages.languages.items()
    ]


def languages_routes(face: Face) -> Router:
    """Return the route of the page."""

    @get(PATH, sync_to_thread=True, include_in_schema=False)
    def languages() -> Response[str]:
        return face.pages.respond(
            "public/languages.html",
            path=PATH,
            standing=face.standing(),
            rows=list_languages(face),
            office=face.texts().office,
            offers_simple=SIMPLE in face.pages.languages,
        )

    return OwnRouter("/", route_handlers=[languages])
