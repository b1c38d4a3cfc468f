"""What was seen at the links of own offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import sqlalchemy as sa

from node.store.tables import link_state


class LinkState(msgspec.Struct, frozen=True):
    """One link; times in Unix seconds, see `node.store.tables.link_state`."""

    key: bytes
    url: str
    result: str
    detail: str
    checked_at: int | None
    first_failed_at: int | None
    failures: int
    due_at: int
    ignored_until: int | None


def load_urls(conn: sa.Connection) -> dict[bytes, str]:
    """Return the address of every link that is known."""
    return {bytes(row.key): row.url for row in conn.execute(sa.select(link_state.c.key, link_state.c.url))}


def add_links(conn: sa.Connection, urls: Mapping[bytes, str]) -> None:
    """Keep links that are new; they are due at once."""
    for key, url in urls.items():
        conn.execute(sa.insert(link_state).values(key=key, url=url, result="", detail="", failures=0, due_at=0))


def drop_links(conn: sa.Connection, keys: Iterable[bytes]) -> None:
    """Forget links."""
    for key in keys:
        conn.execute(sa.delete(link_state).where(link_state.c.key == key))


def next_due(conn: sa.Connection, now: int) -> LinkState | None:
    """Return the link to check next: one that somebody asked for, else the longest due, new ones last; None for none.

    One that was checked in the future is due: the clock was wrong then.
    """
    is_due = sa.or_(link_state.c.due_at <= now, link_state.c.checked_at > now)
    order = (link_state.c.checked_at.is_(None), link_state.c.due_at, link_state.c.key)
    row = conn.execute(sa.select(link_state).where(is_due).order_by(*order).limit(1)).first()
    return None if row is None else _state(row)


def load_failed(conn: sa.Connection) -> list[LinkState]:
    """Return every link whose last check failed."""
    failed = link_state.c.first_failed_at.is_not(None)
    return [_state(row) for row in conn.execute(sa.select(link_state).where(failed).order_by(link_state.c.url))]


def count_links(conn: sa.Connection) -> dict[str, int]:
    """Count links by their last result; those never checked stand under ""."""
    rows = conn.execute(sa.select(link_state.c.result, sa.func.count()).group_by(link_state.c.result))
    return {row[0]: row[1] for row in rows}


def change_link(conn: sa.Connection, key: bytes, **changes: object) -> None:
    """Change columns of one link; one that was forgotten meanwhile stays forgotten."""
    conn.execute(sa.update(link_state).where(link_state.c.key == key).values(**changes))


def _state(row: sa.Row[tuple[object, ...]]) -> LinkState:
    return LinkState(**{**row._mapping, "key": bytes(row.key)})
