"""Addresses of public pages that other public pages lead to."""

from __future__ import annotations

import re
from urllib.parse import quote

from shared.model.text import fold

_SPELLED = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))


def offer_path(rid: str) -> str:
    """Return the path of an offer's page."""
    return f"/angebote/{rid}"


def provider_path(name: str) -> str:
    """Return the path of a provider's page."""
    text = name.casefold()
    for letter, spelled in _SPELLED:
        text = text.replace(letter, spelled)
    return "/traeger/" + quote(re.sub(r"\s+", "-", fold(text))[:64].strip("-"))
