"""Passing an offer on: plain links without anybody's script, and a code to photograph."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

from shared.web.languages import LINK, PARAMETER, PASSED_ON
from shared.web.messages import LANGUAGE
from shared.web.public.face import Face


@dataclass(frozen=True)
class Share:
    """Ways to pass a page on; its address names the language in which it is read now.

    `passed_url` is the same address with the word by which visits are counted that came by a link passed on.
    """

    url: str
    passed_url: str
    whatsapp: str
    mail: str


def address_of(face: Face, path: str) -> str:
    """Return the public address of a page in the language of the request; empty where our own address is unknown."""
    if not face.public_url:
        return ""
    return face.absolute(face.pages.link(path, [(PARAMETER, LANGUAGE.get())]))


def share(url: str, title: str) -> Share | None:
    """Return the links under which a page is passed on; None for a page without a public address."""
    if not url:
        return None
    passed = passed_on(url, LINK)
    text = quote(f"{title}\n{passed}", safe="")
    mail = f"mailto:?subject={quote(title, safe='')}&body={quote(passed, safe='')}"
    return Share(url, passed, f"https://wa.me/?text={text}", mail)


def passed_on(url: str, way: str) -> str:
    """Return an address that says how it was passed on: by a word that is the same for everybody."""
    return f"{url}{'&' if '?' in url else '?'}{PASSED_ON}={way}" if url else ""


def qr_svg(url: str) -> bytes:
    """Draw an address as a code to photograph, dark on white whatever the colours of the page."""
    import segno

    drawn = BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", scale=4, border=4, light="#fff", xmldecl=False)
    return drawn.getvalue()
