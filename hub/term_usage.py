"""Who uses a term of the vocabularies: how many offers of each city, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from hub.notes import newest_note
from hub.party import Hub
from shared.consume import shown_origins
from shared.holdings import catalogue
from shared.search.asking import Asked

SHOWN_MAX: Final = 200
"""Offers that are listed; the numbers count all."""
_FIELDS: Final = {"topic": ("topics",), "target_group": ("target_groups", "especially_for")}
_ASKED: Final = {"topic": "topics", "target_group": "open_to"}


@dataclass(frozen=True)
class UsedBy:
    """One offer that names a term."""

    rid: bytes
    member: str
    title: str


@dataclass(frozen=True)
class Usage:
    """Who names a term: numbers by member, most first, and the first offers by title."""

    total: int = 0
    by_member: Sequence[tuple[str, int]] = ()
    offers: Sequence[UsedBy] = ()


class _Codes(msgspec.Struct):
    topics: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    especially_for: tuple[str, ...] = ()


class _Line(msgspec.Struct):
    doc: _Codes = field(default_factory=_Codes)


_LINES: Final = msgspec.json.Decoder(_Line)


def usage_of(hub: Hub, name: str, code: str) -> Usage:
    """Return which shown offers name a term itself; those that name one below it are not meant."""
    with hub.db.read() as conn:
        said = newest_note(conn)
    if said is None or name not in _FIELDS:
        return Usage()
    origins = shown_origins(said)
    candidates = _candidates(hub, origins, name, code)
    with hub.db.read() as conn:
        found = [
            UsedBy(shown.rid, shown.member, shown.title)
            for shown in catalogue.find_many(conn, origins, candidates)
            if shown.kind == "offer" and code in _codes(shown.body, name)
        ]
    found.sort(key=lambda one: (one.title.casefold(), one.rid))
    return Usage(len(found), Counter(one.member for one in found).most_common(), found[:SHOWN_MAX])


def _candidates(hub: Hub, origins: Sequence[str], name: str, code: str) -> list[bytes]:
    """Return offers among which those with the term are: what the index finds, all while there is none."""
    if hub.finder.stamp:
        hits = hub.finder.matching(_question(name, code), today=hub.today())
        return list(dict.fromkeys(rid for hit in hits for rid in (hit.rid, *(rid for _, rid in hit.others))))
    with hub.db.read() as conn:
        return [mark.rid for mark in catalogue.iterate_marks(conn, origins)]


def counts_of(hub: Hub, name: str) -> dict[str, int]:
    """Return how many shown offers stand under each term, those below it included."""
    if name not in _ASKED:
        return {}
    answer = hub.finder.find(Asked(), today=hub.today(), per_page=1)
    return {count.value: count.number for count in answer.counts.get(_ASKED[name], ())}


def _question(name: str, code: str) -> Asked:
    given: dict[str, Any] = {_ASKED[name]: (code,)}
    return Asked(**given)


def _codes(body: bytes, name: str) -> frozenset[str]:
    try:
        doc = _LINES.decode(body).doc
    except msgspec.MsgspecError:
        return frozenset()
    return frozenset(code for one in _FIELDS[name] for code in getattr(doc, one))
