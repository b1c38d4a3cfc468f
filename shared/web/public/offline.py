"""Installable, and readable without a network: the manifest, the service worker, and the page that stands in.

The worker itself is `static/sw.js`; here it gets the list of files that a kept page needs.  The list names versions, so
another deployment is another worker, which browsers fetch anew: they ask for it with each visit, at most a day apart.

To take the worker back from every browser, serve under `/sw.js` one that does nothing but this (shared/README.md):

    addEventListener("install", () => skipWaiting());
    addEventListener("activate", () => registration.unregister());
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.web.messages import N_, SOURCE_LANGUAGE, catalogue_of, direction_of, translate
from shared.web.public.face import Face

NEEDED = ("vendor/kern/kern.min.css", "kreisweit.css", "search.css", "register.js", "kreisweit.svg")
"""Static files that every page for visitors links to."""
_NAME = N_("Integrationsangebote: %(party)s")
_NO_NETWORK = N_("Ohne Internet sehen Sie hier nur Seiten, die Sie auf diesem Gerät schon geöffnet haben.")
_ASK_AGAIN = {"Cache-Control": "no-cache"}


def offline_routes(face: Face) -> Sequence[HTTPRouteHandler]:
    """Return the routes of what browsers need to install the pages and to keep them."""
    pages = face.pages

    @get("/manifest.webmanifest", sync_to_thread=True, include_in_schema=False)
    def manifest() -> Response[bytes]:
        body = msgspec.json.encode(make_manifest(face))
        headers = {**_ASK_AGAIN, "Vary": "Accept-Language"}
        return Response(body, media_type="application/manifest+json", headers=headers)

    @get("/sw.js", sync_to_thread=True, include_in_schema=False)
    def worker() -> Response[str]:
        # Never from a cache of the browser: a worker that stays old would keep everything else old.
        return Response(make_worker(face), media_type="text/javascript", headers=_ASK_AGAIN)

    @get("/offline", sync_to_thread=True, include_in_schema=False)
    def offline_page() -> Response[str]:
        return pages.respond("public/offline.html", path="/offline", lines=say_in_all(pages.languages))

    return [manifest, worker, offline_page]


def say_in_all(languages: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (language, direction, text) for each language in which the page says what it is; German for a gap.

    The browser keeps one such page, whatever language its owner reads in.
    """
    lines: dict[str, str] = {}
    for tag in languages:
        text = catalogue_of(tag).gettext(_NO_NETWORK)
        lines.setdefault(text, SOURCE_LANGUAGE if text == _NO_NETWORK else tag)
    return [(tag, direction_of(tag), text) for text, tag in lines.items()]


def make_worker(face: Face) -> str:
    """Return the service worker with the files that it fetches at once, relative to where it is served."""
    found = [face.pages.assets.versioned_path(name).removeprefix("/") for name in NEEDED]
    return f"const FILES = {json.dumps(['offline', *found])};\n{face.pages.assets.text('sw.js')}"


def make_manifest(face: Face) -> dict[str, object]:
    """Return what a device shows of the installed pages (W3C Web Application Manifest)."""
    pages, colours = face.pages, face.words.district.colours
    start = pages.url("/")
    icons = [
        {"src": pages.asset("kreisweit.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {"src": pages.asset(f"icons/{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
            for size in (192, 512)
            for use in ("any", "maskable")
        ),
    ]
    return {
        "id": pages.shell.prefix + "/",
        "name": translate(_NAME) % {"party": pages.shell.party},
        "short_name": pages.shell.party,
        "start_url": start,
        "scope": pages.shell.prefix + "/",
        "display": "minimal-ui",
        "background_color": colours.on_accent,
        "theme_color": colours.accent,
        "icons": icons,
    }
