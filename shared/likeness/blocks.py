"""Which offers are compared at all: those that share a key that few others have.

Keys: identifiers, telephone number, e-mail address; web host; postcode; the folded title as a whole; and parts of the
title with the town or the provider.  A key that many offers share says nothing and is left out by who uses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from shared.likeness.bags import TELLING
from shared.likeness.profile import Profile

MOST_IN_BLOCK: Final = 50
"""A key that more offers have is dropped: what is the same shares a rarer one too."""
MOST_PARTNERS: Final = 8
"""With so many an offer is compared, with those first that share the most and the rarest keys."""
_KEY_BYTES: Final = 8
_NOWHERE: Final = "-"


def block_keys(profile: Profile) -> frozenset[bytes]:
    """Return the digests of an offer's keys."""
    return frozenset(hashlib.blake2b(key.encode(), digest_size=_KEY_BYTES).digest() for key in set(_keys(profile)))


def _keys(profile: Profile) -> Iterator[str]:
    yield from (f"identifier {one}" for one in profile.identifiers)
    yield from (f"phone {one}" for one in profile.phones)
    yield from (f"mail {one}" for one in profile.mails)
    yield from (f"postcode {one}" for one in profile.postcodes)
    words = sorted(
        {part.stem for term in profile.plain.terms for part in term.parts if part.weight >= TELLING}
        | {term.stem for term in profile.plain.terms}
    )
    towns = sorted(profile.towns or profile.nearby) or [_NOWHERE]
    providers = sorted({name for body in profile.bodies for name in _names(body.bag.stems)})
    if profile.title_key:
        yield f"title {profile.title_key}"
        yield from (f"title {profile.title_key} in {town}" for town in towns)
    for host in profile.hosts:
        yield f"host {host}"
        yield from (f"host {host} {word}" for word in words)
    for town in towns:
        yield from (f"town {town} {word}" for word in words)
        yield from (f"town {town} by {name}" for name in providers)
        yield from (f"town {town} {word} by {name}" for word in words for name in providers)
    yield from (f"{word} by {name}" for word in words for name in providers)


def _names(stems: frozenset[str]) -> frozenset[str]:
    return frozenset(stem for stem in stems if len(stem) > 2)
