"""Uploaded files on their way into the offers, and which heading meant which column; all of it for a while only."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from node.store.tables import column_choice, upload

_COLUMNS = ("id", "account_id", "name", "time", "grid", "choices", "outcome")


class StoredUpload(msgspec.Struct, frozen=True):
    """An upload without the file itself."""

    id: bytes
    account_id: int
    name: str
    time: int
    grid: bytes
    choices: bytes
    outcome: bytes | None = None


def add_upload(conn: sa.Connection, found: StoredUpload, content: bytes, *, most: int) -> None:
    """Keep an uploaded file; of one account only the newest `most` stay."""
    conn.execute(sa.insert(upload).values(content=content, **{n: getattr(found, n) for n in _COLUMNS}))
    others = sa.select(upload.c.id).where(upload.c.account_id == found.account_id, upload.c.id != found.id)
    older = conn.execute(others.order_by(upload.c.time.desc()).offset(most - 1)).scalars().all()
    conn.execute(sa.delete(upload).where(upload.c.id.in_(older)))


def load_upload(conn: sa.Connection, number: bytes, account_id: int) -> StoredUpload | None:
    """Return an upload of this account, or None."""
    query = sa.select(*(upload.c[n] for n in _COLUMNS)).where(upload.c.id == number, upload.c.account_id == account_id)
    row = conn.execute(query).first()
    return None if row is None else _stored(row)


def load_uploads(conn: sa.Connection, account_id: int) -> list[StoredUpload]:
    """Return the uploads of an account, newest first."""
    query = sa.select(*(upload.c[n] for n in _COLUMNS)).where(upload.c.account_id == account_id)
    return [_stored(row) for row in conn.execute(query.order_by(upload.c.time.desc()))]


def load_content(conn: sa.Connection, number: bytes) -> bytes:
    """Return the file as it came."""
    return bytes(conn.execute(sa.select(upload.c.content).where(upload.c.id == number)).scalar_one())


def save_grid(conn: sa.Connection, number: bytes, grid: bytes, choices: bytes) -> None:
    """Put other cells and choices in place."""
    conn.execute(sa.update(upload).where(upload.c.id == number).values(grid=grid, choices=choices))


def save_choices(conn: sa.Connection, number: bytes, choices: bytes) -> None:
    """Put other choices in place."""
    conn.execute(sa.update(upload).where(upload.c.id == number).values(choices=choices))


def finish_upload(conn: sa.Connection, number: bytes, outcome: bytes) -> bool:
    """Keep what the import did, and the file no longer; False when that happened before or the upload is gone."""
    query = sa.update(upload).where(upload.c.id == number, upload.c.outcome.is_(None))
    return bool(conn.execute(query.values(content=b"", grid=b"", choices=b"", outcome=outcome)).rowcount)


def drop_upload(conn: sa.Connection, number: bytes) -> None:
    """Forget an upload."""
    conn.execute(sa.delete(upload).where(upload.c.id == number))


def drop_uploads(conn: sa.Connection, *, until: int | None = None) -> int:
    """Forget all uploads up to a time, or all there are; returns how many."""
    query = sa.delete(upload) if until is None else sa.delete(upload).where(upload.c.time <= until)
    return conn.execute(query).rowcount


def load_columns(conn: sa.Connection, headings: bytes) -> str | None:
    """Return which columns these headings meant the last time, or None."""
    return conn.execute(sa.select(column_choice.c.columns).where(column_choice.c.headings == headings)).scalar()


def save_columns(conn: sa.Connection, headings: bytes, columns: str, *, now: int) -> None:
    """Remember which columns these headings mean."""
    conn.execute(sa.delete(column_choice).where(column_choice.c.headings == headings))
    conn.execute(sa.insert(column_choice).values(headings=headings, columns=columns, time=now))


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredUpload:
    values = dict(row._mapping)
    blobs = {name: bytes(values[name]) for name in ("id", "grid", "choices")}
    outcome = values["outcome"]
    return StoredUpload(**{**values, **blobs, "outcome": None if outcome is None else bytes(outcome)})
