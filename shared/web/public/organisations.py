"""Providers and migrant organisations as the offers that name them describe them; nobody keeps a register.

Decided here: which words of which offer are shown, and who counts as a migrant organisation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.model.parts import Provider
from shared.model.text import sort_key
from shared.model.vocabulary.terms import UNKNOWN

MIGRANT_ORGANISATION = "mo"
"""Both the kind of provider and the topic; one of them is enough, since few offers state the kind."""
_WEBSITES_MAX = 6


@dataclass(frozen=True, slots=True)
class Mention:
    """One offer that names a provider."""

    rid: bytes
    member: str
    modified: str  # RFC 3339; empty sorts first
    provider: Provider
    is_mo_topic: bool


@dataclass(frozen=True)
class Organisation:
    """One provider; `offers` newest first, `members` the cities that publish them with how many."""

    key: str
    name: str
    other_names: tuple[str, ...]
    org_type: str
    description: str
    legal_status: str
    email: str
    websites: tuple[str, ...]
    offers: tuple[bytes, ...]
    members: Mapping[str, int]
    is_migrant_organisation: bool

    @property
    def letter(self) -> str:
        """The letter under which it stands; everything that begins with none stands under `#`."""
        first = sort_key(self.name)[0][:1].upper()
        return first if "A" <= first <= "Z" else "#"


def merge(key: str, mentions: Sequence[Mention]) -> Organisation:
    """Join what offers say of one provider: of each statement the newest that is made."""
    ordered = sorted(mentions, key=lambda mention: (mention.modified, mention.rid), reverse=True)
    told = [mention.provider for mention in ordered]
    name = told[0].name
    others = dict.fromkeys(other for one in told for other in (one.alternate_name, one.name) if other)
    websites = dict.fromkeys(url for one in told for url in (one.website, *one.additional_websites) if url)
    kinds = [one.org_type for one in told if one.org_type not in (None, UNKNOWN)]
    return Organisation(
        key=key,
        name=name,
        other_names=tuple(other for other in others if other != name),
        org_type=kinds[0] or "" if kinds else "",
        description=_newest(told, lambda one: one.description),
        legal_status=_newest(told, lambda one: one.legal_status),
        email=_newest(told, lambda one: one.email),
        websites=tuple(websites)[:_WEBSITES_MAX],
        offers=tuple(mention.rid for mention in ordered),
        members=Counter(mention.member for mention in ordered),
        is_migrant_organisation=MIGRANT_ORGANISATION in kinds or any(mention.is_mo_topic for mention in ordered),
    )


def _newest(told: Iterable[Provider], read: Callable[[Provider], str]) -> str:
    return next((text for one in told if (text := read(one))), "")


def by_letter(organisations: Iterable[Organisation]) -> dict[str, list[Organisation]]:
    """Return the organisations under their letters, both in the order of a German list; `#` last."""
    letters: dict[str, list[Organisation]] = {}
    for one in sorted(organisations, key=lambda one: sort_key(one.name)):
        letters.setdefault(one.letter, []).append(one)
    return dict(sorted(letters.items(), key=lambda pair: (pair[0] == "#", pair[0])))
