"""Issues of the newsletter, the offers that each names, and what was new or changed in a span of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.store.tables import letter, letter_offer
from shared.holdings.catalogue import is_dead
from shared.holdings.tables import log, record

DRAFT, SENDING, SENT = "draft", "sending", "sent"
NEW, CHANGED = "new", "changed"


class Letter(msgspec.Struct, frozen=True):
    """One issue; times in Unix seconds, `released` None for a draft."""

    month: str
    state: str
    title: str
    intro: str
    closing: str
    revision: int
    changed: int
    released: int | None
    told_until: bytes
    recipients: int

    @property
    def is_released(self) -> bool:
        """Tell whether everybody may read it, and nobody may change it."""
        return self.state != DRAFT


class Chosen(msgspec.Struct, frozen=True):
    """One offer of an issue."""

    rid: bytes
    section: str


def _letter(row: sa.Row[Any]) -> Letter:
    return Letter(**{**row._mapping, "told_until": bytes(row.told_until)})


def load_letters(conn: sa.Connection) -> list[Letter]:
    """Return all issues, the newest month first."""
    return [_letter(row) for row in conn.execute(sa.select(letter).order_by(letter.c.month.desc()))]


def load_letter(conn: sa.Connection, month: str) -> Letter | None:
    """Return one issue, or None."""
    row = conn.execute(sa.select(letter).where(letter.c.month == month)).first()
    return None if row is None else _letter(row)


def find_sending(conn: sa.Connection) -> Letter | None:
    """Return the oldest issue whose copies are not all written, or None."""
    row = conn.execute(sa.select(letter).where(letter.c.state == SENDING).order_by(letter.c.month).limit(1)).first()
    return None if row is None else _letter(row)


def add_letter(conn: sa.Connection, row: Letter) -> None:
    """Keep a new issue."""
    conn.execute(sa.insert(letter).values(**msgspec.structs.asdict(row)))


def change_letter(conn: sa.Connection, month: str, **values: object) -> None:
    """Set columns of an issue."""
    conn.execute(sa.update(letter).where(letter.c.month == month).values(**values))


def drop_letter(conn: sa.Connection, month: str) -> None:
    """Delete an issue with its list of offers."""
    conn.execute(sa.delete(letter_offer).where(letter_offer.c.month == month))
    conn.execute(sa.delete(letter).where(letter.c.month == month))


def save_chosen(conn: sa.Connection, month: str, chosen: Sequence[Chosen]) -> None:
    """Keep the offers of an issue in this order, in place of those before."""
    conn.execute(sa.delete(letter_offer).where(letter_offer.c.month == month))
    rows = [
        {"month": month, "rid": one.rid, "section": one.section, "position": at} for at, one in enumerate(chosen)
    ]  # fmt: skip
    if rows:
        conn.execute(sa.insert(letter_offer), rows)


def load_chosen(conn: sa.Connection, month: str) -> list[Chosen]:
    """Return the offers of an issue in order."""
    query = sa.select(letter_offer).where(letter_offer.c.month == month).order_by(letter_offer.c.position)
    return [Chosen(bytes(row.rid), row.section) for row in conn.execute(query)]


def touched_between(
    conn: sa.Connection, origins: Sequence[str], *, start: int, end: int, most: int
) -> list[tuple[bytes, int]]:
    """Return (id, time) of the offers whose shown version was published in a span, newest first.

    Args:
        start: the first second of the span.
        end: the first second after it.
    """
    query = (
        sa.select(record.c.rid, record.c.time)
        .join(log, log.c.id == record.c.log_id)
        .where(
            log.c.origin.in_(origins), log.c.member != "hub", record.c.kind == "offer", record.c.live,
            ~is_dead(record), record.c.time >= start, record.c.time < end,
        )
        .order_by(record.c.time.desc(), record.c.rid)
        .limit(most)
    )  # fmt: skip
    return [(bytes(row.rid), row.time) for row in conn.execute(query)]
