"""Held payloads: what is wanted, what is held, what died.

A payload is keyed by (log, commitment).  An erased commitment is dead in its log for ever: its bytes are deleted in the
transaction that takes the erase entry, and bytes that arrive for it later are refused (PROTOCOL 3 and 6.11).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.database import Database, in_chunks, select_among
from shared.feed import limits
from shared.feed.fold import Head
from shared.holdings.prepared import Prepared
from shared.holdings.tables import erased, frozen, log, payload, record, wanted
from shared.model.text import fold


class Want(msgspec.Struct, frozen=True, gc=False):
    """A payload to be fetched: the record, the entry that names it, what its bytes must hash to."""

    rid: bytes
    position: int
    commitment: bytes
    length: int
    kind: str = "offer"


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A payload that verified."""

    want: Want
    title: str
    body: bytes


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A payload that did not come, or did not verify; the record keeps its last good version."""

    want: Want
    code: str
    message: str


_ANY_ERASED = Prepared(sa.select(erased.c.position).where(erased.c.log_id == sa.bindparam("of")).limit(1))
_BODY = Prepared(
    sa.select(payload.c.body).where(
        payload.c.log_id == sa.bindparam("of"), payload.c.commitment == sa.bindparam("asked"),
        payload.c.apart_until.is_(None),
    )
)  # fmt: skip
_PAYLOAD_COLUMNS = ("log_id", "commitment", "rid", "title", "sort_key", "superseded_at", "apart_until", "body")


def dead_among(conn: sa.Connection, log_id: int, commitments: Collection[bytes]) -> set[bytes]:
    """Return those of `commitments` that are erased in this log."""
    rows = select_among(conn, erased, ("commitment",), log_id, "commitment", list(commitments))
    return {commitment for (commitment,) in rows}


def erased_anywhere(conn: sa.Connection, commitments: Collection[bytes]) -> set[bytes]:
    """Return those of `commitments` that are erased in any log."""
    found: set[bytes] = set()
    for piece in in_chunks(list(commitments)):
        rows = conn.execute(sa.select(erased.c.commitment).where(erased.c.commitment.in_(piece)))
        found.update(bytes(row.commitment) for row in rows)
    return found


def has_erased(conn: sa.Connection, log_id: int) -> bool:
    """Tell whether anything was ever erased in this log."""
    return _ANY_ERASED.run(conn, of=log_id).first() is not None


def held_among(conn: sa.Connection, log_id: int, commitments: Collection[bytes]) -> set[bytes]:
    """Return those of `commitments` whose bytes are held and not kept apart."""
    rows = select_among(conn, payload, ("commitment", "apart_until"), log_id, "commitment", list(commitments))
    return {commitment for commitment, apart_until in rows if apart_until is None}


def held_live_among(
    conn: sa.Connection, log_id: int, commitments: Collection[bytes], replaced: Collection[bytes]
) -> set[bytes]:
    """Return those of `commitments` that are held and newest, or were until this read `replaced` them."""
    columns = ("commitment", "apart_until", "superseded_at")
    rows = select_among(conn, payload, columns, log_id, "commitment", list(commitments))
    return {c for c, apart_until, since in rows if apart_until is None and (since is None or c in replaced)}


def load_payload(conn: sa.Connection, log_id: int, commitment: bytes) -> bytes | None:
    """Return the payload's bytes as received, or None when they are not held or kept apart."""
    body = _BODY.run(conn, of=log_id, asked=commitment).scalar()
    return None if body is None else bytes(body)


def load_payloads(conn: sa.Connection, log_id: int, commitments: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the held bytes of those `commitments`."""
    rows = select_among(conn, payload, ("commitment", "apart_until", "body"), log_id, "commitment", commitments)
    return {commitment: body for commitment, apart_until, body in rows if apart_until is None}


def iterate_payloads(conn: sa.Connection, log_id: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (rid, commitment, bytes) of every version held of a log, the owner's search for a person included."""
    query = sa.select(payload.c.rid, payload.c.commitment, payload.c.body).where(payload.c.log_id == log_id)
    # Options of the statement, never of the connection: there they would stay for every later statement.
    rows = conn.execute(query, execution_options={"yield_per": 200})
    for row in rows:
        yield bytes(row.rid), bytes(row.commitment), bytes(row.body)


def want_frozen(conn: sa.Connection, log_id: int, heads: Mapping[bytes, Head]) -> None:
    """Ask for what a frozen fold shows and is not held, as with a party that comes while the fold is frozen."""
    shown = {head.commitment: (rid, head) for rid, head in heads.items() if head.live and head.commitment is not None}
    known = held_among(conn, log_id, shown) | dead_among(conn, log_id, shown)
    listed = {rid for (rid,) in select_among(conn, wanted, ("rid",), log_id, "rid", list(heads))}
    rows = [
        {
            "log_id": log_id, "rid": rid, "position": head.position, "commitment": commitment, "length": head.length,
            "code": "", "message": "", "tries": 0, "next_try": 0, "first_seen": 0,
        }
        for commitment, (rid, head) in shown.items()
        if commitment not in known and rid not in listed
    ]  # fmt: skip
    if rows:
        conn.execute(sa.insert(wanted), rows)


def forget_stale_wants(conn: sa.Connection, log_id: int) -> None:
    """Strike what is no longer the newest version of its record."""
    newest = sa.select(sa.literal(1)).where(
        record.c.log_id == wanted.c.log_id, record.c.rid == wanted.c.rid, record.c.live,
        record.c.commitment == wanted.c.commitment,
    )  # fmt: skip
    conn.execute(sa.delete(wanted).where(wanted.c.log_id == log_id, ~sa.exists(newest)))


def _frozen_commitments(conn: sa.Connection, log_id: int, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(select_among(conn, frozen, ("rid", "commitment"), log_id, "rid", ids))


def store_payloads(db: Database, conn: sa.Connection, log_id: int, arrivals: Sequence[Arrival]) -> int:
    """Keep verified payloads that are still wanted: newest live or frozen version, not erased, not yet held.

    Returns:
        How many were stored.
    """
    heads = _newest_commitments(conn, log_id, [arrival.want.rid for arrival in arrivals])
    dead = dead_among(conn, log_id, [a.want.commitment for a in arrivals]) if has_erased(conn, log_id) else set()
    others = [a.want.rid for a in arrivals if heads.get(a.want.rid) != a.want.commitment]
    still = _frozen_commitments(conn, log_id, others) if others else {}
    useful = [
        a
        for a in arrivals
        if a.want.commitment in (heads.get(a.want.rid), still.get(a.want.rid)) and a.want.commitment not in dead
    ]
    present = select_among(conn, payload, ("commitment",), log_id, "commitment", [a.want.commitment for a in useful])
    held = {commitment for (commitment,) in present}
    rows = {
        a.want.commitment: _payload_row(log_id, a.want.commitment, a.want.rid, a.title, a.body)
        for a in useful
        if a.want.commitment not in held
    }
    db.insert_rows(conn, payload, _PAYLOAD_COLUMNS, [rows[commitment] for commitment in sorted(rows)])
    return len(rows)


def _payload_row(log_id: int, commitment: bytes, rid: bytes, title: str, body: bytes) -> tuple[Any, ...]:
    return (log_id, commitment, rid, title, fold(title), None, None, body)


def _newest_commitments(conn: sa.Connection, log_id: int, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    rows = select_among(conn, record, ("rid", "live", "commitment"), log_id, "rid", ids)
    return {rid: commitment for rid, live, commitment in rows if live}


def keep_versions(
    db: Database, conn: sa.Connection, log_id: int, versions: Sequence[tuple[bytes, bytes, str, bytes]]
) -> None:
    """Keep payloads this party made itself: (commitment, record id, title, bytes)."""
    rows = [_payload_row(log_id, commitment, rid, title, body) for commitment, rid, title, body in versions]
    db.insert_rows(conn, payload, _PAYLOAD_COLUMNS, rows)


def supersede(conn: sa.Connection, log_id: int, commitments: Collection[bytes], *, now: int) -> None:
    """Mark payloads of versions that are no longer the newest; `purge_superseded` deletes them after the grace."""
    for piece in in_chunks(list(commitments)):
        conn.execute(
            sa.update(payload)
            .where(payload.c.log_id == log_id, payload.c.commitment.in_(piece), payload.c.superseded_at.is_(None))
            .values(superseded_at=now)
        )


def purge_superseded(conn: sa.Connection, *, now: int) -> int:
    """Delete superseded and withdrawn payloads of others after one hour, unless they are still what is shown."""
    return _PURGE.touch(conn, before=now - limits.SUPERSEDED_GRACE_SECONDS)


def _purge() -> sa.Delete:
    newest = payload.alias("newest")
    successor = sa.select(sa.literal(1)).where(
        newest.c.log_id == record.c.log_id, newest.c.commitment == record.c.commitment, newest.c.apart_until.is_(None)
    )
    is_last_good = sa.and_(record.c.fallback == payload.c.commitment, ~sa.exists(successor))
    head = sa.select(sa.literal(1)).where(
        record.c.log_id == payload.c.log_id,
        record.c.rid == payload.c.rid,
        record.c.live,
        sa.or_(record.c.commitment == payload.c.commitment, is_last_good),
    )
    shown_frozen = sa.select(sa.literal(1)).where(
        frozen.c.log_id == payload.c.log_id,
        frozen.c.rid == payload.c.rid,
        frozen.c.commitment == payload.c.commitment,
    )
    foreign = sa.select(log.c.id).where(~log.c.own)
    return sa.delete(payload).where(
        payload.c.superseded_at < sa.bindparam("before"),
        payload.c.log_id.in_(foreign),
        ~sa.exists(head),
        ~sa.exists(shown_frozen),
    )


_PURGE = Prepared(_purge())


# --- erasure ---------------------------------------------------------------------------------------------------------


def mark_erased(conn: sa.Connection, log_id: int, dead: Sequence[tuple[bytes, int, int]]) -> None:
    """Remember (commitment, index of the erase, its time): dead for ever in this log."""
    known = dead_among(conn, log_id, [commitment for commitment, _, _ in dead])
    rows = {
        commitment: {"log_id": log_id, "commitment": commitment, "position": position, "time": time}
        for commitment, position, time in dead
        if commitment not in known
    }
    if rows:
        conn.execute(sa.insert(erased), list(rows.values()))


def newest_erasures(conn: sa.Connection, *, before: int, most: int) -> list[tuple[str, bytes]]:
    """Return (origin, commitment) of the newest erasures whose entry is older than `before`."""
    rows = conn.execute(
        sa.select(log.c.origin, erased.c.commitment)
        .join(log, log.c.id == erased.c.log_id)
        .where(erased.c.time < before)
        .order_by(erased.c.time.desc())
        .limit(most)
    )
    return [(row.origin, bytes(row.commitment)) for row in rows]


def destroy_payloads(conn: sa.Connection, log_id: int, commitments: Collection[bytes]) -> int:
    """Delete the bytes (and salts) of these commitments; returns how many were held."""
    destroyed = 0
    for piece in in_chunks(list(commitments)):
        result = conn.execute(sa.delete(payload).where(payload.c.log_id == log_id, payload.c.commitment.in_(piece)))
        destroyed += result.rowcount
        conn.execute(sa.delete(wanted).where(wanted.c.log_id == log_id, wanted.c.commitment.in_(piece)))
    return destroyed


def set_apart(conn: sa.Connection, log_id: int, commitments: Collection[bytes], *, until: int) -> None:
    """Keep erased bytes apart instead of deleting them: never served, never shown, gone at `until` (PROTOCOL 6.11)."""
    for piece in in_chunks(list(commitments)):
        conn.execute(
            sa.update(payload)
            .where(payload.c.log_id == log_id, payload.c.commitment.in_(piece))
            .values(apart_until=until)
        )
        conn.execute(sa.delete(wanted).where(wanted.c.log_id == log_id, wanted.c.commitment.in_(piece)))


def purge_apart(conn: sa.Connection, *, now: int, log_id: int | None = None) -> int:
    """Destroy what was kept apart: all that is due, or everything of one log when a person confirmed."""
    due = payload.c.apart_until <= now if log_id is None else payload.c.log_id == log_id
    result = conn.execute(sa.delete(payload).where(payload.c.apart_until.is_not(None), due))
    return int(result.rowcount)


def drop_payloads(conn: sa.Connection, log_id: int) -> int:
    """Delete every payload of a log (member retired, generation replaced)."""
    conn.execute(sa.delete(wanted).where(wanted.c.log_id == log_id))
    return int(conn.execute(sa.delete(payload).where(payload.c.log_id == log_id)).rowcount)


def count_held_live(conn: sa.Connection, log_id: int) -> int:
    """Return how many payloads of newest live versions are held."""
    query = (
        sa.select(sa.func.count())
        .select_from(record.join(payload, _newest_payload()))
        .where(record.c.log_id == log_id, record.c.live, payload.c.apart_until.is_(None))
    )
    return int(conn.execute(query).scalar_one())


def _newest_payload() -> sa.ColumnElement[bool]:
    return sa.and_(payload.c.log_id == record.c.log_id, payload.c.commitment == record.c.commitment)


# --- what is missing -------------------------------------------------------------------------------------------------


_LONGEST_WAIT_SECONDS = 6 * limits.HOUR
_MAY_BE_ASKED = sa.or_(wanted.c.next_try <= sa.bindparam("now"), wanted.c.next_try > sa.bindparam("no_later"))
"""Its time has come, or lies further ahead than it could have been set: by a clock that ran ahead."""
_DUE = Prepared(
    sa.select(wanted, record.c.kind)
    .join(record, sa.and_(record.c.log_id == wanted.c.log_id, record.c.rid == wanted.c.rid))
    .where(wanted.c.log_id == sa.bindparam("of"), _MAY_BE_ASKED)
    .order_by(wanted.c.position)
    .limit(sa.bindparam("most"))
)


def due_wants(conn: sa.Connection, log_id: int, *, now: int, most: int = 2048) -> list[Want]:
    """Return payloads that were missing or refused and may be asked for again."""
    rows = _DUE.run(conn, of=log_id, now=now, no_later=now + _LONGEST_WAIT_SECONDS, most=most)
    return [Want(bytes(r.rid), r.position, bytes(r.commitment), r.length, r.kind) for r in rows]


def wants_among(conn: sa.Connection, log_id: int, commitments: Collection[bytes]) -> list[Want]:
    """Return those listed as missing or refused whose commitment is one of `commitments`, however lately asked for."""
    found: list[Want] = []
    for piece in in_chunks(list(commitments)):
        rows = conn.execute(
            sa.select(wanted, record.c.kind)
            .join(record, sa.and_(record.c.log_id == wanted.c.log_id, record.c.rid == wanted.c.rid))
            .where(wanted.c.log_id == log_id, wanted.c.commitment.in_(piece))
        )
        found += [Want(bytes(r.rid), r.position, bytes(r.commitment), r.length, r.kind) for r in rows]
    return found


def refused_wants(conn: sa.Connection, log_id: int, *, code: str) -> list[Want]:
    """Return what is listed with this code, oldest first."""
    rows = conn.execute(
        sa.select(wanted, record.c.kind)
        .join(record, sa.and_(record.c.log_id == wanted.c.log_id, record.c.rid == wanted.c.rid))
        .where(wanted.c.log_id == log_id, wanted.c.code == code)
        .order_by(wanted.c.position)
    )
    return [Want(bytes(r.rid), r.position, bytes(r.commitment), r.length, r.kind) for r in rows]


_FINAL = ("E_SCHEMA", "E_OWNER")
"""What is refused for one of these is refused for good: only a newer version helps."""


def has_due_wants(conn: sa.Connection, *, now: int) -> bool:
    """Tell whether payloads of others' logs that were missing may be asked for again."""
    return _ANY_DUE.run(conn, now=now, no_later=now + _LONGEST_WAIT_SECONDS).first() is not None


_ANY_DUE = Prepared(
    sa.select(wanted.c.position)
    .join(log, log.c.id == wanted.c.log_id)
    .where(~log.c.own, _MAY_BE_ASKED, wanted.c.code.not_in(_FINAL))
    .limit(1)
)

# Every exchange asks for each log.
_PROGRESS = Prepared(sa.select(log.c.payloads_from, log.c.size).where(log.c.id == sa.bindparam("asked")))
_WANTED = Prepared(
    sa.select(sa.func.count())
    .select_from(wanted)
    .where(wanted.c.log_id == sa.bindparam("asked"), wanted.c.code.not_in(_FINAL))
)


def count_wanted(conn: sa.Connection, log_id: int) -> int:
    """Return how many payloads of a log are still wanted: missing, or refused for reasons that may pass."""
    row = _PROGRESS.run(conn, asked=log_id).one()
    if row.payloads_from < row.size:
        return count_missing(conn, log_id)
    return int(_WANTED.run(conn, asked=log_id).scalar_one())


_FORGET_WANT = Prepared(
    sa.delete(wanted).where(wanted.c.log_id == sa.bindparam("of"), wanted.c.rid == sa.bindparam("asked"))
)


def forget_wants(conn: sa.Connection, log_id: int, ids: Sequence[bytes]) -> None:
    """The records' newest version arrived, or is no longer wanted."""
    _FORGET_WANT.touch_each(conn, [{"of": log_id, "asked": rid} for rid in ids])


def _next_try(code: str, tries: int, now: int) -> int:
    """What was not part of a push, or did not come once, is asked for at the next poll; all else after a while."""
    if not code or (code == "E_FETCH" and tries == 1):
        return 0
    wait: int = min(30 * 2 ** min(tries, 10), _LONGEST_WAIT_SECONDS)
    return now + wait


def note_refusals(conn: sa.Connection, log_id: int, refusals: Sequence[Refusal], *, now: int) -> None:
    """List records whose payload did not come, and when to ask again: 1, 2, 4 … minutes, at most 6 hours."""
    ids = [refusal.want.rid for refusal in refusals]
    known: dict[bytes, Any] = {}
    for piece in in_chunks(ids):
        rows = conn.execute(sa.select(wanted).where(wanted.c.log_id == log_id, wanted.c.rid.in_(piece)))
        known.update({bytes(row.rid): row for row in rows})
    forget_wants(conn, log_id, ids)
    rows_to_add = {}
    for refusal in refusals:
        want, before = refusal.want, known.get(refusal.want.rid)
        same = before is not None and bytes(before.commitment) == want.commitment
        tries = before.tries + 1 if before is not None and same else 1
        rows_to_add[want.rid] = {
            "log_id": log_id, "rid": want.rid, "position": want.position, "commitment": want.commitment,
            "length": want.length, "code": refusal.code, "message": refusal.message, "tries": tries,
            "next_try": _next_try(refusal.code, tries, now),
            "first_seen": before.first_seen if before is not None and same else now,
        }  # fmt: skip
    if rows_to_add:
        conn.execute(sa.insert(wanted), list(rows_to_add.values()))


def ask_again(conn: sa.Connection, log_id: int) -> None:
    """Let every missing payload of a log be asked for at once."""
    conn.execute(sa.update(wanted).where(wanted.c.log_id == log_id).values(next_try=0))


def count_missing(conn: sa.Connection, log_id: int) -> int:
    """Return how many versions that a log shows have no held payload (erased ones do not count).

    Those are the newest live ones, and while its fold is frozen the frozen ones as well.
    """
    newest = int(_MISSING.run(conn, of=log_id).scalar_one())
    return newest + int(_MISSING_FROZEN.run(conn, of=log_id).scalar_one())


def missing_wants(conn: sa.Connection, log_id: int, *, most: int = 1000) -> list[Want]:
    """Return newest live versions without a held payload, oldest first."""
    rows = conn.execute(
        sa.select(record.c.rid, record.c.position, record.c.commitment, record.c.length, record.c.kind)
        .select_from(record.outerjoin(payload, _newest_payload()))
        .where(record.c.log_id == log_id, record.c.live, payload.c.id.is_(None), ~_is_erased())
        .order_by(record.c.position)
        .limit(most)
    )
    return [Want(bytes(r.rid), r.position, bytes(r.commitment), r.length, r.kind) for r in rows]


def _is_erased(versions: sa.Table = record) -> sa.ColumnElement[bool]:
    same = sa.and_(erased.c.log_id == versions.c.log_id, erased.c.commitment == versions.c.commitment)
    return sa.exists(sa.select(sa.literal(1)).where(same))


_MISSING = Prepared(
    sa.select(sa.func.count())
    .select_from(record.outerjoin(payload, _newest_payload()))
    .where(record.c.log_id == sa.bindparam("of"), record.c.live, payload.c.id.is_(None), ~_is_erased())
)
_HERE = sa.and_(payload.c.log_id == frozen.c.log_id, payload.c.commitment == frozen.c.commitment)
_MISSING_FROZEN = Prepared(
    sa.select(sa.func.count())
    .select_from(frozen.outerjoin(payload, _HERE))
    .where(frozen.c.log_id == sa.bindparam("of"), payload.c.id.is_(None), ~_is_erased(frozen))
)


def load_quarantine(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return refused records with their member, newest version's index, code and message."""
    return conn.execute(
        sa.select(log.c.member, log.c.origin, wanted)
        .join(log, log.c.id == wanted.c.log_id)
        .where(wanted.c.code.not_in(("", "E_FETCH")))
        .order_by(log.c.member, wanted.c.position)
    ).all()
