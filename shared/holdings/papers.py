"""Signed papers and what peers say they hold: roster chain, catalogue notes, holdings of others, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from shared.feed.push import Holding
from shared.holdings.prepared import Prepared
from shared.holdings.tables import catalogue_note, evidence, holder, log, roster

_EVIDENCE_PER_ORIGIN = 20

# Every look at a key begins with the newest roster.
_ROSTER = sa.select(roster.c.version, roster.c.note)
_NEWEST_ROSTER = Prepared(_ROSTER.order_by(roster.c.version.desc()).limit(1))
_ONE_ROSTER = Prepared(_ROSTER.where(roster.c.version == sa.bindparam("asked")))
_NEWER_ROSTERS = Prepared(_ROSTER.where(roster.c.version > sa.bindparam("after")).order_by(roster.c.version))

_NEWEST_NOTE = Prepared(sa.select(catalogue_note).order_by(catalogue_note.c.time.desc()).limit(1))
_ADD_NOTE = Prepared(sa.insert(catalogue_note))
_NEWEST_TWO = sa.select(catalogue_note.c.time).order_by(catalogue_note.c.time.desc()).limit(2).subquery()
_DROP_OLD_NOTES = Prepared(sa.delete(catalogue_note).where(catalogue_note.c.time.not_in(sa.select(_NEWEST_TWO.c.time))))

_HOLDINGS = Prepared(sa.select(log.c.origin, log.c.size, log.c.root).where(log.c.size > 0).order_by(log.c.origin))
_HOLDER = Prepared(sa.select(holder).where(holder.c.member == sa.bindparam("asked")))
_HOLDERS_OF = Prepared(sa.select(holder).where(holder.c.origin == sa.bindparam("asked")))
_DROP_HOLDER = Prepared(sa.delete(holder).where(holder.c.member == sa.bindparam("asked")))
_ADD_HOLDER = Prepared(sa.insert(holder))


def load_roster_note(conn: sa.Connection, version: int | None = None) -> tuple[int, bytes] | None:
    """Return (version, note) of the newest roster held, or of one version."""
    found = _NEWEST_ROSTER.run(conn) if version is None else _ONE_ROSTER.run(conn, asked=version)
    row = found.first()
    return None if row is None else (row.version, bytes(row.note))


def load_roster_notes(conn: sa.Connection, after: int) -> list[tuple[int, bytes]]:
    """Return all rosters newer than version `after`, in order."""
    return [(row.version, bytes(row.note)) for row in _NEWER_ROSTERS.run(conn, after=after)]


def save_roster_note(conn: sa.Connection, version: int, note: bytes) -> None:
    """Keep a verified roster; a version's file never changes."""
    conn.execute(sa.insert(roster).values(version=version, note=note))


def load_catalogue_note(conn: sa.Connection) -> tuple[int, bytes] | None:
    """Return (time, bytes) of the newest catalogue note made or accepted here."""
    row = _NEWEST_NOTE.run(conn).first()
    return None if row is None else (row.time, bytes(row.note))


def save_catalogue_note(conn: sa.Connection, time: int, note: bytes) -> None:
    """Keep a catalogue note as the newest one; the one before stays as evidence of what was said."""
    _ADD_NOTE.touch(conn, time=time, note=note)
    _DROP_OLD_NOTES.touch(conn)


def drop_notes_after(conn: sa.Connection, time: int) -> int:
    """Forget catalogue notes that are later than `time`; returns how many there were."""
    return int(conn.execute(sa.delete(catalogue_note).where(catalogue_note.c.time > time)).rowcount)


def load_holdings(conn: sa.Connection) -> list[Holding]:
    """Return what this party holds: origin, size, root of every log, sorted."""
    return [Holding(row.origin, row.size, bytes(row.root)) for row in _HOLDINGS.run(conn)]


def save_holder(conn: sa.Connection, member: str, holdings: Sequence[Holding], *, now: int) -> None:
    """Replace what `member` says it holds."""
    _DROP_HOLDER.touch(conn, asked=member)
    rows = [{"member": member, "origin": h.origin, "size": h.size, "root": h.root, "time": now} for h in holdings]
    _ADD_HOLDER.touch_each(conn, rows)


def load_holder(conn: sa.Connection, member: str) -> dict[str, Holding]:
    """Return what `member` said it holds, by origin."""
    rows = _HOLDER.run(conn, asked=member)
    return {row.origin: Holding(row.origin, row.size, bytes(row.root)) for row in rows}


def load_holders_of(conn: sa.Connection, origin: str) -> dict[str, Holding]:
    """Return what each member said it holds of one log."""
    rows = _HOLDERS_OF.run(conn, asked=origin)
    return {row.member: Holding(row.origin, row.size, bytes(row.root)) for row in rows}


def save_evidence(conn: sa.Connection, origin: str, code: str, ours: bytes, theirs: bytes, *, now: int) -> None:
    """Keep the bytes of a refusal so that an offline verifier can judge them again."""
    same = sa.select(evidence.c.id).where(
        evidence.c.origin == origin, evidence.c.code == code, evidence.c.theirs == theirs
    )
    if conn.execute(same).first() is not None:
        return
    conn.execute(sa.insert(evidence).values(origin=origin, code=code, time=now, ours=ours, theirs=theirs))
    newest = (
        sa.select(evidence.c.id)
        .where(evidence.c.origin == origin)
        .order_by(evidence.c.id.desc())
        .limit(_EVIDENCE_PER_ORIGIN)
    )
    conn.execute(sa.delete(evidence).where(evidence.c.origin == origin, evidence.c.id.not_in(newest)))


def load_evidence(conn: sa.Connection, origin: str) -> Sequence[sa.Row[Any]]:
    """Return kept refusals of one log, newest first."""
    return conn.execute(sa.select(evidence).where(evidence.c.origin == origin).order_by(evidence.c.id.desc())).all()
