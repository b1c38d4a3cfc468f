"""The guide for integrators as pages: the Markdown that ships with the program, in German and English.

Everything on these pages but what surrounds them is in the language of the guide, whatever the visitor's is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from shared.web.public.face import Face

SCHNITTSTELLE: Final = "/schnittstelle"
EXAMPLE_HUB: Final = "https://hub.kreisweit.example"
"""Stands for the hub in the text; a hub puts its own address there, so that examples run as they are copied."""
_TABLE: Final = {
    "table_open": ("kern-table kern-table--small kw-table", "table"),
    "thead_open": ("kern-table__head", "rowgroup"),
    "tbody_open": ("kern-table__body", "rowgroup"),
    "tr_open": ("kern-table__row", "row"),
    "th_open": ("kern-table__header", "columnheader"),
    "td_open": ("kern-table__cell", "cell"),
}
"""Classes and roles of tables, which are shown as cards on a narrow screen."""


@dataclass(frozen=True)
class Edition:
    """One language of the guide."""

    file: str
    path: str
    language: str
    name: str
    contents: str


EDITIONS: Final = (
    Edition("ANLEITUNG.md", f"{SCHNITTSTELLE}/anleitung", "de", "Anleitung auf Deutsch", "Auf dieser Seite"),
    Edition("GUIDE.md", f"{SCHNITTSTELLE}/guide", "en", "Guide in English", "On this page"),
)


@dataclass(frozen=True)
class Section:
    """A heading of the guide; `level` 2 or 3."""

    id: str
    text: str
    level: int


@dataclass(frozen=True)
class Guide:
    """A guide ready to be shown."""

    title: str
    sections: Sequence[Section]
    body: Markup


def guide_routes(face: Face) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the guide in each of its languages."""
    return [_route(face, edition) for edition in EDITIONS]


def _route(face: Face, edition: Edition) -> HTTPRouteHandler:
    hub = face.public_url if face.member == "hub" else ""

    @get(edition.path, sync_to_thread=True, include_in_schema=False)
    def guide_page() -> Response[str]:
        return face.pages.respond(
            "public/guide.html", path=edition.path, standing=face.standing(), edition=edition, editions=EDITIONS,
            guide=read_guide(edition.file, hub),
        )  # fmt: skip

    return guide_page


@cache
def read_guide(file: str, hub: str = "") -> Guide:
    """Return a guide that ships with the program.

    Args:
        hub: origin under which the hub is reached; empty keeps the example.
    """
    text = (files("shared.outputs") / file).read_text("utf-8")
    return render_guide(text.replace(EXAMPLE_HUB, hub.rstrip("/")) if hub else text)


def render_guide(text: str) -> Guide:
    """Render Markdown of our own whose first line is its title; HTML in it stays text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    for name, rule in (
        ("fence", _fence), ("table_open", _table_open), ("table_close", _table_close), ("td_open", _cell_open),
        ("td_close", _cell_close),
    ):  # fmt: skip
        markdown.add_render_rule(name, rule)
    tokens = markdown.parse(text)
    title, rest = tokens[1].content, tokens[3:]
    _dress_tables(rest)
    sections = list(_name_headings(rest))
    body = markdown.renderer.render(rest, markdown.options, {})
    return Guide(title, sections, Markup(body))  # noqa: S704 - the renderer escapes all text, and lets no HTML through


def _name_headings(tokens: Sequence[Token]) -> list[Section]:
    """Give each heading the id that links in the text use."""
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(char for char in inline.content.lower() if char.isalnum() or char in " -")
            section = Section(words.replace(" ", "-"), inline.content, int(opening.tag[1:]))
            opening.attrSet("id", section.id)
            found.append(section)
    return found


def _dress_tables(tokens: Sequence[Token]) -> None:
    """Give the parts of tables their classes, and each cell the name of its column."""
    headers: list[str] = []
    column = 0
    for token, following in pairwise(tokens):
        if token.type not in _TABLE:
            continue
        name, role = _TABLE[token.type]
        token.attrSet("class", name)
        token.attrSet("role", role)
        if token.type == "table_open":
            headers = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            token.attrSet("scope", "col")
            headers.append(following.content)
        elif token.type == "td_open":
            token.attrSet("data-label", headers[column])
            column += 1


def _table_open(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return '<div class="kw-table-frame">' + self.renderToken(tokens, at, options, env)


def _table_close(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return self.renderToken(tokens, at, options, env) + "</div>\n"


def _cell_open(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return self.renderToken(tokens, at, options, env) + "<span>"


def _cell_close(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return "</span>" + self.renderToken(tokens, at, options, env)


def _fence(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Show code below the name of its file; it can be scrolled with the keyboard, and is not translated."""
    _, _, name = tokens[at].info.strip().partition(" ")
    caption = f"<figcaption><code>{escape(name)}</code></figcaption>" if name else ""
    code = f'<code lang="en" translate="no">{escape(tokens[at].content)}</code>'
    return f'<figure class="kw-code">{caption}<pre tabindex="0">{code}</pre></figure>\n'
