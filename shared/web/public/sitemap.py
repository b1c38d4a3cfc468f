"""For search engines: every public page in every language (`/sitemap.xml`), and what they should leave (`/robots.txt`).

A file of the sitemap may have 50,000 addresses and 50 MB; with a line for each language the bytes come first.  Files
here are far smaller, so that none takes long to make: beyond one file there is an index of parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from shared.accounts.links import DESK
from shared.errors import NotFoundError
from shared.web.languages import PARAMETER
from shared.web.public.calls import CALLS
from shared.web.public.doors import Doors
from shared.web.public.providers import PROVIDERS
from shared.web.public.question import RESULTS
from shared.web.public.towns import TOWNS

SITEMAP = "/sitemap.xml"
PER_FILE = 2500
_HOUR = {"Cache-Control": "public, max-age=3600"}
_FORMS = ("/bestaetigen/", "/aendern/", "/angebote/*/hinweis", "/angebote/karte")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

Entry = tuple[str, str]
"""Path of a page, and the day of its last change or the empty text."""


def sitemap_routes(doors: Doors) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the sitemap and of robots.txt."""
    face = doors.face

    @get(SITEMAP, sync_to_thread=True, include_in_schema=False)
    def sitemap(teil: FromQuery[str | None] = None) -> Response[str]:
        if not face.public_url:
            raise NotFoundError("the public address of these pages is not set")
        entries = list(public_pages(doors))
        parts = -(-len(entries) // PER_FILE)
        if teil is None and parts > 1:
            return Response(_index(doors, parts), media_type="application/xml; charset=utf-8", headers=_HOUR)
        number = int(teil) if teil and teil.isascii() and teil.isdigit() and len(teil) <= 6 else 1
        if not 1 <= number <= max(1, parts):
            raise NotFoundError(f"the sitemap has {parts} parts")
        shown = entries[(number - 1) * PER_FILE : number * PER_FILE]
        return Response(format_sitemap(doors, shown), media_type="application/xml; charset=utf-8", headers=_HOUR)

    @get("/robots.txt", sync_to_thread=False, include_in_schema=False)
    def robots() -> Response[str]:
        lines = ["User-agent: *", *(f"Disallow: {path}" for path in (DESK, *_FORMS)), "Allow: /"]
        if face.public_url:
            lines += ["", f"Sitemap: {face.absolute(SITEMAP)}"]
        return Response("\n".join(lines) + "\n", media_type="text/plain", headers=_HOUR)

    return [sitemap, robots]


def public_pages(doors: Doors) -> Iterator[Entry]:
    """Yield every public page: those of navigation and footer, towns, providers, offers."""
    face, gathered = doors.face, doors.gathered()
    shell = face.pages.shell
    links = [link.path for link in (*shell.navigation, *shell.footer)]
    for path in dict.fromkeys(("/", RESULTS, "/termine", TOWNS, PROVIDERS, CALLS, *links)):
        yield path, ""
    for path in face.more_paths():
        yield path, ""
    for member in face.words.district.members:
        yield f"{TOWNS}/{member.name}", ""
    for key in gathered.organisations:
        yield f"{PROVIDERS}/{quote(key)}", ""
    for rid, short in gathered.offers.items():
        yield f"{RESULTS}/{rid.hex()}", short.modified[:10]


def format_sitemap(doors: Doors, entries: Sequence[Entry]) -> str:
    """Write one file: each page once, with its addresses in all languages."""
    face = doors.face
    lines = [f'{_HEAD}<urlset {_SCHEMA} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n']
    for path, changed in entries:
        where = face.absolute(path)
        alternates = [(tag, f"{where}?{PARAMETER}={tag}") for tag in face.pages.languages]
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang={quoteattr(tag)} href={quoteattr(url)}/>\n'
            for tag, url in (*alternates, ("x-default", where))
        )
        day = f"<lastmod>{escape(changed)}</lastmod>" if changed else ""
        lines.append(f"<url><loc>{escape(where)}</loc>{day}\n{links}</url>\n")
    return "".join([*lines, "</urlset>\n"])


def _index(doors: Doors, parts: int) -> str:
    where = doors.face.absolute(SITEMAP)
    rows = "".join(f"<sitemap><loc>{escape(f'{where}?teil={n}')}</loc></sitemap>\n" for n in range(1, parts + 1))
    return f"{_HEAD}<sitemapindex {_SCHEMA}>\n{rows}</sitemapindex>\n"
