"""The list of changes as its readers walk through it: from a cursor to the next, each record once.

A walk that begins with a cursor of this list goes on after its number.  One that begins with a cursor of another list,
of a hub that was rebuilt or of another party, goes through this whole list once, and leaves out what its holder has by
the sizes in the cursor: shown records whose version stands below them.  What is gone is told to such a reader whether
he had it or not; carrying out a change twice does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.hsds.parts import dashed
from shared.outputs.cursor import Cursor
from shared.outputs.reading import NoOutputsError, Outputs

LIMIT, LIMIT_MAX = 200, 1000
CREATED, UPDATED, WITHDRAWN, ERASED = "created", "updated", "withdrawn", "erased"
KINDS: Final = (CREATED, UPDATED, WITHDRAWN, ERASED)
_SIZES: Final = dict[bytes, int]
_QUERY: Final = """
    SELECT number, rid, created, origin, position, erases, NULL, NULL FROM service WHERE number > ?
    UNION ALL
    SELECT number, rid, created, NULL, 0, is_erased, reason, time FROM gone WHERE number > ?
    ORDER BY number
"""


@dataclass(frozen=True)
class Changes:
    """One piece of a walk: finished JSON objects, the cursor after them, and whether more are there already."""

    entries: tuple[bytes, ...]
    cursor: Cursor
    is_more: bool


def read_changes(outputs: Outputs, cursor: Cursor, *, limit: int, masks: bool) -> Changes:
    """Return the changes that follow a cursor.

    Args:
        limit: most of them.
        masks: leave out what leads to a person.
    Raises:
        NoOutputsError: there is nothing to read.
    """
    with outputs.opened() as conn:
        epoch, top = _meta(conn, "epoch"), int(_meta(conn, "number"))
        walk = _walk(cursor, epoch, top)
        entries: list[bytes] = []
        number = walk.number
        for row in conn.execute(_QUERY, (walk.number, walk.number)):
            if len(entries) == limit:
                break
            number = int(row[0])
            if (entry := _entry(conn, row, walk, masks=masks)) is not None:
                entries.append(entry)
        else:
            number = top
        return Changes(tuple(entries), _after(conn, walk, number), number < top)


def number_of(outputs: Outputs, cursor: Cursor) -> int | None:
    """Return up to which change of this list a cursor's holder has carried out everything; None if that is unknown.

    Raises:
        NoOutputsError: there is nothing to read.
    """
    with outputs.opened() as conn:
        is_ours = cursor.epoch == _meta(conn, "epoch") and cursor.number <= int(_meta(conn, "number"))
    return cursor.number if is_ours and cursor.floor is None else None


def kinds_since(outputs: Outputs, stamp: str) -> frozenset[str]:
    """Return the kinds of the changes that came after a state of this list; all kinds where it was another list.

    A record that stays although versions of it were erased counts as updated and as erased.

    Args:
        stamp: of that state, as `Outputs.stamp` gave it.
    Raises:
        NoOutputsError: there is nothing to read.
    """
    epoch, _, number = stamp.partition(".")
    with outputs.opened() as conn:
        if epoch != _meta(conn, "epoch").hex():
            return frozenset(KINDS)
        since = int(number)
        shown = "SELECT max(created > ?), max(created <= ?), max(erases) FROM service WHERE number > ?"
        is_created, is_updated, erases = conn.execute(shown, (since, since, since)).fetchone()
        ended = "SELECT max(NOT is_erased), max(is_erased) FROM gone WHERE number > ? AND created <= ?"
        is_withdrawn, is_erased = conn.execute(ended, (since, since)).fetchone()
    found = {CREATED: is_created, UPDATED: is_updated, WITHDRAWN: is_withdrawn, ERASED: erases or is_erased}
    return frozenset(kind for kind, is_there in found.items() if is_there)


def newest_step(outputs: Outputs) -> tuple[bytes, int, float] | None:
    """Return epoch, number and time of the newest change that whoever keeps a copy must carry out; None: none yet."""
    try:
        with outputs.opened() as conn:
            row = conn.execute("SELECT value FROM meta WHERE name = 'newest-erasure'").fetchone()
            if row is None or row[0] is None:
                return None
            number, time = msgspec.msgpack.decode(row[0], type=tuple[int, float])
            return bytes(_meta(conn, "epoch")), number, time
    except NoOutputsError:
        return None


def _walk(cursor: Cursor, epoch: bytes, top: int) -> Cursor:
    """Return the place in this list from which a holder of the cursor goes on."""
    if not cursor.epoch:
        return Cursor(epoch)
    if cursor.epoch == epoch and cursor.number <= top:
        return cursor
    # A walk that was not over has given its holder no more than what he had before.
    known = cursor.sizes if cursor.floor is None else cursor.floor
    return Cursor(epoch, 0, known, floor=known, until=top)


def _entry(conn: Any, row: Any, walk: Cursor, *, masks: bool) -> bytes | None:
    """Return a change as JSON; None for one that its reader has, or that ended before he could have it."""
    number, rid, created, origin, position, erases, reason, time = row
    is_walk_of_another = walk.floor is not None and number <= walk.until
    if origin is None:
        if walk.floor is None and created > walk.number:
            return None
        kind = ERASED if erases else WITHDRAWN
        told = {"id": dashed(rid.hex()), "kind": kind, "modified": time, **({"reason": reason} if reason else {})}
        return msgspec.json.encode(told)
    if is_walk_of_another and position < (walk.floor or {}).get(origin, 0):
        return None
    column = "coalesce(masked, whole)" if masks else "whole"
    service, modified = conn.execute(f"SELECT {column}, modified FROM service WHERE rid = ?", (rid,)).fetchone()  # noqa: S608 - a column of ours
    is_new = created > walk.number and walk.floor is None
    head = {
        "id": dashed(rid.hex()), "kind": CREATED if is_new else UPDATED, "modified": modified,
        **({"erases": True} if erases else {}), "service": msgspec.Raw(service),
    }  # fmt: skip
    return msgspec.json.encode(head)


def _after(conn: Any, walk: Cursor, number: int) -> Cursor:
    if walk.floor is not None and number < walk.until:
        return msgspec.structs.replace(walk, number=number)
    row = conn.execute("SELECT sizes FROM state WHERE number <= ? ORDER BY number DESC LIMIT 1", (number,)).fetchone()
    sizes: Mapping[bytes, int] = {} if row is None else msgspec.msgpack.decode(row[0], type=_SIZES)
    return Cursor(walk.epoch, number, sizes)


def _meta(conn: Any, name: str) -> Any:
    return conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]
