"""What a query of the HSDS API means: conditions on the tables of the outputs, all of which must hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.hsds.query import ListQuery

_METRES_PER_DEGREE: Final = 111_195.0


@dataclass(frozen=True)
class QueryTerms:
    """What words and places mean here.

    Args:
        find_words: returns the records that a search text finds.
        locate: returns latitude and longitude of the centre of a postcode; None outside the district.
        areas_of: returns the keys of the areas that cover a postcode: its municipality, the district.
    """

    find_words: Callable[[str], Collection[bytes]]
    locate: Callable[[str], tuple[float, float] | None]
    areas_of: Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Condition:
    """A piece of SQL with its values."""

    sql: str
    values: tuple[Any, ...] = ()


def service_conditions(query: ListQuery, terms: QueryTerms, *, of_places: bool = False) -> list[Condition]:
    """Return what must hold of a service `s`, and of its place `p` where places are asked for."""
    found = [
        *(_linked(kind, values) for kind, values in _links(query)),
        *_ages(query),
        *_hours(query),
        *_near(query, terms, of_places=of_places),
    ]
    if query.modified_after:
        found.append(Condition("s.modified >= ?", (query.modified_after,)))
    if query.free:
        found.append(Condition("s.free = 1"))
    if query.search:
        rids = msgspec.json.encode([rid.hex() for rid in terms.find_words(query.search)]).decode()
        found.append(Condition("lower(hex(s.rid)) IN (SELECT value FROM json_each(?))", (rids,)))
    return found


def _near(query: ListQuery, terms: QueryTerms, *, of_places: bool) -> Iterator[Condition]:
    """A postcode alone asks what holds there; with a distance, what takes place within it."""
    if not query.postcode:
        return
    if query.proximity is None:
        yield _linked("area", tuple(terms.areas_of(query.postcode)))
        return
    centre = terms.locate(query.postcode)
    if centre is None:
        yield Condition("0")
        return
    latitude, longitude = centre
    metres_east = _METRES_PER_DEGREE * math.cos(math.radians(latitude))
    own = "p" if of_places else "q"
    within = (
        f"(({own}.latitude - ?) * ?) * (({own}.latitude - ?) * ?)"
        f" + (({own}.longitude - ?) * ?) * (({own}.longitude - ?) * ?) <= ?"
    )
    north, east = (latitude, _METRES_PER_DEGREE), (longitude, metres_east)
    values = (*north, *north, *east, *east, float(query.proximity) ** 2)
    if of_places:
        yield Condition(within, values)
    else:
        yield Condition(f"EXISTS (SELECT 1 FROM place q WHERE q.rid = s.rid AND {within})", values)  # noqa: S608 - columns of ours


def organization_conditions(query: ListQuery) -> list[Condition]:
    """Return what must hold of a provider `o`; it has the terms of the offers that name it."""
    found = []
    kinds = (("term", query.taxonomy_term_id), ("taxonomy", (query.taxonomy_id,) if query.taxonomy_id else ()))
    for kind, values in kinds:
        if values:
            linked = _linked(kind, values, rid="p.rid")
            sql = f"EXISTS (SELECT 1 FROM provider p WHERE p.organization = o.id AND {linked.sql})"  # noqa: S608 - our own piece
            found.append(Condition(sql, linked.values))
    words = query.search.split()
    return found + [Condition("o.name LIKE ? ESCAPE '\\'", (f"%{_like(word)}%",)) for word in words]


def _like(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _links(query: ListQuery) -> Iterator[tuple[str, Sequence[str]]]:
    given = {
        "term": query.taxonomy_term_id, "taxonomy": (query.taxonomy_id,) if query.taxonomy_id else (),
        "organization": (query.organization_id,) if query.organization_id else (), "target_group": query.target_group,
        "especially_for": query.especially_for, "language": query.language, "city": query.city, "access": query.access,
        "mode": query.mode,
    }  # fmt: skip
    yield from ((kind, values) for kind, values in given.items() if values)


def _linked(kind: str, values: Sequence[str], *, rid: str = "s.rid") -> Condition:
    marks = ", ".join("?" * len(values))
    return Condition(
        f"EXISTS (SELECT 1 FROM link l WHERE l.rid = {rid} AND l.kind = ? AND l.value IN ({marks}))",  # noqa: S608 - marks only
        (kind, *values),
    )


def _ages(query: ListQuery) -> Iterator[Condition]:
    """Asked for is a span of ages; found is what is open to somebody of it."""
    if query.minimum_age is not None:
        yield Condition("s.oldest >= ?", (query.minimum_age,))
    if query.maximum_age is not None:
        yield Condition("s.youngest <= ?", (query.maximum_age,))


def _hours(query: ListQuery) -> Iterator[Condition]:
    """One slot must fulfil all: on this day, not before the one time, not after the other."""
    parts: list[str] = []
    values: list[str] = []
    if query.day:
        parts.append(f"t.day IN ({', '.join('?' * len(query.day))})")
        values += query.day
    if query.start_time:
        parts.append("t.opens >= ?")
        values.append(query.start_time)
    if query.end_time:
        parts.append("t.closes != '' AND t.closes <= ?")
        values.append(query.end_time)
    if parts:
        yield Condition(
            f"EXISTS (SELECT 1 FROM slot t WHERE t.rid = s.rid AND {' AND '.join(parts)})",  # noqa: S608 - our own pieces
            tuple(values),
        )


def where_of(conditions: Sequence[Condition]) -> str:
    """Return the WHERE of conditions that all must hold; empty for none."""
    return f" WHERE {' AND '.join(one.sql for one in conditions)}" if conditions else ""


def values_of(conditions: Sequence[Condition]) -> list[Any]:
    """Return the values of conditions, in their order."""
    return [value for one in conditions for value in one.values]
