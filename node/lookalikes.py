"""Offers that look like the one somebody is writing: in the own node and in the kreisweit copy.

A hint and no more: nothing is merged here.  Compared are folded titles, as bags of words, and providers; a rebuilt
index is kept until the catalogue changes.
"""

from __future__ import annotations

import threading

import msgspec

from node.editing import own_offers
from node.party import Node
from shared.consume import shown_origins
from shared.holdings import catalogue, facts
from shared.holdings.catalogue import Shown
from shared.model.offer import OfferPayload
from shared.model.providers import match_key
from shared.model.text import fold

_SAME_TITLE = 90.0
_LIKE_TITLE = 72.0
_LIKE_PROVIDER = 88.0
_SHOWN = 5
_LEAST_LETTERS = 5
_OWN_STATES = frozenset({"pending", "published", "draft"})


class Lookalike(msgspec.Struct, frozen=True):
    """One offer that may be the same; `member` is who publishes it, `score` from 0 to 100."""

    id: str
    title: str
    provider: str
    member: str
    score: float


class _Known(msgspec.Struct, frozen=True):
    rid: str
    member: str
    title: str
    provider: str
    words: str
    key: str


class Lookalikes:
    """Finds lookalikes for one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._version = ""
        self._known: list[_Known] = []
        self._lock = threading.Lock()

    def find(self, title: str, provider: str = "", *, but: str = "") -> list[Lookalike]:
        """Return up to five offers that look like this one, the likeliest first; nothing for a very short title.

        Args:
            but: id of the offer that is being written.
        """
        words, key = fold(title), match_key(provider)
        if len(words) < _LEAST_LETTERS:
            return []
        found = [
            Lookalike(one.rid, one.title, one.provider, one.member, score)
            for one in self._index()
            if one.rid != but and (score := _score(words, key, one)) > 0
        ]
        return sorted(found, key=lambda one: (-one.score, one.title))[:_SHOWN]

    def _index(self) -> list[_Known]:
        said = self._node.consumer.shown()
        with self._lock:
            with self._node.db.read() as conn:
                version = f"{facts.load_fact(conn, 'catalogue-version')}/{said.time if said else 0}"
                if version == self._version:
                    return self._known
                found = [_known(one) for one in catalogue.iterate_shown(conn, shown_origins(said) if said else [])]
            seen = {one.rid for one in found}
            own = [row for row in own_offers(self._node) if row.state in _OWN_STATES and row.id not in seen]
            found += [_Known(row.id, row.member, row.title, "", fold(row.title), "") for row in own]
            self._known, self._version = found, version
            return found


def _known(one: Shown) -> _Known:
    doc = msgspec.json.decode(one.body, type=OfferPayload).doc
    lead = doc.providers[0].name if doc.providers else ""
    return _Known(one.rid.hex(), one.member, doc.name, lead, fold(doc.name), match_key(lead))


def _score(words: str, key: str, one: _Known) -> float:
    """Return how alike, 0 for not alike enough to be shown."""
    from rapidfuzz import fuzz

    title = fuzz.token_sort_ratio(words, one.words)
    if title >= _SAME_TITLE:
        return title
    title = max(title, fuzz.token_set_ratio(words, one.words) * 0.95)
    if title < _LIKE_TITLE or not key or not one.key:
        return 0.0
    provider = fuzz.token_set_ratio(key, one.key)
    return (title + provider) / 2 if provider >= _LIKE_PROVIDER else 0.0
