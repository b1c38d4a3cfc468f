"""What the pages of a party depend on, as one small value: it differs whenever a page may differ.

Asked for every time the database may have changed, so it is one short query: logs have few rows, and of large tables
only the newest row is looked at.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import sqlalchemy as sa

from shared.holdings.tables import catalogue_note, fact, log, outbox, payload, roster, wanted


def _newest(column: sa.Column[int]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.max(column)).scalar_subquery()


_LOGS = sa.select(log.c.origin, log.c.size, log.c.fold, log.c.payloads_from, log.c.time).order_by(log.c.origin)
_REST = sa.select(
    _newest(catalogue_note.c.time),
    _newest(roster.c.version),
    # A payload that arrives late has no new entry; it leaves the list of what is missing.
    _newest(payload.c.id),
    sa.select(sa.func.count()).select_from(wanted).scalar_subquery(),
    _newest(outbox.c.id),
    sa.select(sa.func.count()).select_from(outbox).scalar_subquery(),
)
_FACTS = sa.select(fact.c.name, fact.c.value).where(fact.c.name.in_(sa.bindparam("names", expanding=True)))


def shown_state(conn: sa.Connection, names: Sequence[str] = ()) -> Hashable:
    """Return a value for everything that is held and shown.

    Args:
        names: further facts that pages depend on.
    """
    held = tuple(tuple(row) for row in conn.execute(_LOGS))
    rest = tuple(conn.execute(_REST).one())
    said = conn.execute(_FACTS, {"names": ["recovering-since", *names]})
    return held, rest, frozenset(tuple(row) for row in said)
