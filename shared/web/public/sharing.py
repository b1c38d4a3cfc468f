"""Passing an offer on: plain links without anybody's script, and a code to photograph."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

from shared.web.languages import PARAMETER
from shared.web.messages import LANGUAGE
from shared.web.public.face import Face


@dataclass(frozen=True)
class Share:
    """Ways to pass a page on; its address names the language in which it is read now."""

    url: str
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
    text = quote(f"{title}\n{url}", safe="")
    mail = f"mailto:?subject={quote(title, safe='')}&body={quote(url, safe='')}"
    return Share(url, f"https://wa.me/?text={text}", mail)


def qr_svg(url: str) -> bytes:
    """Draw an address as a code to photograph, dark on white whatever the colours of the page."""
    import segno

    drawn = BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", scale=4, border=4, light="#fff", xmldecl=False)
    return drawn.getvalue()
