"""Streets, sites and addresses of an offer in one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from shared.model.offer import OfferDoc
from shared.model.text import fold
from shared.search.spelling import fold_letters

_STREET_WORD: Final = re.compile(r"(?:stra(?:ss|ß)e|str\b\.?)", re.IGNORECASE)
_HOUSE: Final = re.compile(r"^(\D*?)\s*(\d+)\s*([a-z]?)\b")
# Of many, not of one provider; a town's or the district's own site is told by its name.
SHARED_HOSTS: Final = frozenset(
    {
        "facebook.com", "instagram.com", "youtube.com", "google.com", "google.de", "goo.gl", "maps.app.goo.gl",
        "linktr.ee", "wordpress.com", "jimdo.com", "jimdofree.com", "wixsite.com", "web.de", "gmx.de", "gmail.com",
        "googlemail.com", "t-online.de", "outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "yahoo.de",
        "yahoo.com", "freenet.de", "aol.com", "gmx.net", "icloud.com", "posteo.de", "mailbox.org", "wikipedia.org",
        "bamf.de", "meetup.com", "eventbrite.de", "nebenan.de", "whatsapp.com", "t.me", "zoom.us", "integreat.app",
    }
)  # fmt: skip


def identifiers_of(doc: OfferDoc) -> Iterator[str]:
    """Yield the numbers of the providers in registers, each with its register."""
    for provider in doc.providers:
        for one in provider.identifiers:
            yield f"{fold(one.identifier_type)}:{fold(one.identifier)}"


def mails_of(doc: OfferDoc) -> Iterator[str]:
    """Yield addresses of the offer and of its providers; persons' own are of no use here."""
    yield from (mail for mail in (doc.email, *(one.email for one in doc.providers)) if mail)


def host_of(url: str) -> str:
    """Return the host of an address without `www`; nothing for one that is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def pages_of(doc: OfferDoc) -> Iterator[str]:
    """Yield addresses of single pages; a site's first page says no more than its host."""
    for url in (doc.url, *(one.url for one in doc.additional_urls)):
        host, _, path = url.partition("://")[2].partition("/")
        if path.strip("/"):
            yield f"{host.removeprefix('www.')}/{path.rstrip('/')}"


def street_of(text: str) -> tuple[str, str]:
    """Return name and number of a street in one spelling."""
    plain = _STREET_WORD.sub("str ", fold_letters(text.partition(",")[0]))
    found = _HOUSE.match(plain)
    name, number = (found[1], found[2] + found[3]) if found else (plain, "")
    return re.sub(r"[\W_]+", "", name), number
