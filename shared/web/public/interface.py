"""The overview for developers: what programs can read here, on which terms, and where more is said.

German for readers of German, English for all others; what surrounds it is in the language of the visitor.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.hsds.openapi.document import VERSION
from shared.outputs.formats.all import FORMATS
from shared.web.messages import LANGUAGE
from shared.web.public.face import Face
from shared.web.public.guide import SCHNITTSTELLE, Guide, render_guide

GERMAN, ENGLISH = "de", "en"
_READ_GERMAN: Final = (GERMAN, "de-simple")
_TEXTS: Final = {GERMAN: "schnittstelle.md", ENGLISH: "schnittstelle.en.md"}
_NO_LICENCE: Final = {GERMAN: "noch nicht festgelegt", ENGLISH: "not decided yet"}
_PAGES: Final = (SCHNITTSTELLE, "/vertrauen")
_OWN_LINK: Final = re.compile(r"\]\((/[^)]*)\)")


def interface_route(face: Face) -> HTTPRouteHandler:
    """Return the route of the page."""

    @get(SCHNITTSTELLE, sync_to_thread=True, include_in_schema=False)
    def interface_page() -> Response[str]:
        language = GERMAN if LANGUAGE.get() in _READ_GERMAN else ENGLISH
        return face.pages.respond(
            "public/interface.html", path=SCHNITTSTELLE, standing=face.standing(), text=make_interface(face, language),
            own=language, other=ENGLISH if language == GERMAN else GERMAN,
        )  # fmt: skip

    return interface_page


def make_interface(face: Face, language: str) -> Guide:
    """Return the text in German or English, with the formats that are given out and the district's licence."""
    text = (files("shared.web.public") / "texts" / _TEXTS[language]).read_text("utf-8")
    titles = [one.title if language == GERMAN else one.title_en for one in FORMATS]
    rows = [
        f"| {title} | [{one.path}]({one.path}) | `{_plain(one.media_type)}` |"
        for title, one in zip(titles, FORMATS, strict=True)
    ]
    licence = face.words.district.licence
    terms = f"[{licence.name}]({licence.url})" if licence.url else licence.name or _NO_LICENCE[language]
    told = {"formats": "\n".join(rows), "licence": terms, "version": VERSION}
    for name, value in told.items():
        text = text.replace(f"{{{name}}}", value)
    return render_guide(_OWN_LINK.sub(lambda found: f"]({_address(face, found[1])})", text))


def _address(face: Face, path: str) -> str:
    """Return a link to a path of ours: pages stay in the language that was chosen, programs have none."""
    return face.pages.url(path) if path.startswith(_PAGES) else face.pages.link(path, ())


def _plain(media_type: str) -> str:
    """Return a media type without its parameters."""
    return media_type.partition(";")[0]
