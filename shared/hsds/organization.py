"""A provider as HSDS `organization`.

A provider has no record of its own: it stands in the offers that name it.  So its id follows from its owner and its
name (without case and punctuation), unless the owner gave it one, and what it says of itself is taken from the offer
that was changed last.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from shared.hsds.parts import Object, attribute, child, dashed, filled, keyed, known
from shared.hsds.terms import Terms
from shared.ids import named_id
from shared.model.parts import Provider
from shared.model.text import fold

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://kreisweit.example/hsds/organization").bytes


def organization_id(owner: str, provider: Provider) -> str:
    """Return the id of a provider, 32 hex digits: the one it was given, else one that follows from its name."""
    return provider.id or named_id(_NAMESPACE, f"{owner}:{fold(provider.name)}")


def organization(owner: str, provider: Provider, terms: Terms) -> Object:
    """Return a provider; `description` falls back to its name, which HSDS requires and the profile says."""
    own = organization_id(owner, provider)
    return {
        "id": dashed(own), "name": provider.name, "description": provider.description or provider.name,
        **filled(
            alternate_name=provider.alternate_name, email=provider.email, website=provider.website,
            additional_websites=_websites(own, provider.additional_websites), legal_status=provider.legal_status,
            logo=provider.logo,
            parent_organization_id=dashed(provider.parent_organization_id) if provider.parent_organization_id else "",
            organization_identifiers=_identifiers(own, provider),
            attributes=[
                attribute(own, "organization", "org_type", terms.term("org_type", code))
                for code in known([provider.org_type])
            ],
        ),
    }  # fmt: skip


def _websites(own: str, urls: Sequence[str]) -> list[Object]:
    return [child(own, "website", key, url=url) for key, url in keyed((url, url) for url in urls)]


def _identifiers(own: str, provider: Provider) -> list[Object]:
    given = keyed((f"{one.identifier_type}|{one.identifier}", one) for one in provider.identifiers)
    return [
        child(
            own, "identifier", key, organization_id=dashed(own), identifier_type=entry.identifier_type,
            identifier=entry.identifier,
        )
        for key, entry in given
    ]  # fmt: skip
