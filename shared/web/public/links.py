"""Addresses of public pages that other public pages lead to."""

from __future__ import annotations

from shared.search.facts import provider_key


def offer_path(rid: str) -> str:
    """Return the path of an offer's page."""
    return f"/angebote/{rid}"


def provider_path(name: str) -> str:
    """Return the path of a provider's page."""
    return f"/traeger/{provider_key(name)}"
