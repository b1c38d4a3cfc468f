"""The Markdown of offers as HTML, for pages and for formats that demand HTML: one way, so that all are equally safe."""

from __future__ import annotations

from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS: Final = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}


def markdown(text: str) -> Markup:
    """Render Markdown without HTML, pictures or scripts; headings begin below those of the page."""
    html = _parser().render(text)
    for level in (2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    clean = nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES)
    return Markup(clean)  # noqa: S704 - nh3 let only the tags above through


@cache
def _parser() -> MarkdownIt:
    """Made once; it keeps nothing of what it renders."""
    return MarkdownIt("commonmark", {"html": False}).disable("image")
