"""What was agreed about gaps."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import agreement


class AgreementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One agreement; `city` is empty for the whole district, `until` an ISO date or empty."""

    id: int = 0
    city: str
    topic: str
    what: str
    who: str
    until: str = ""
    state: str = "open"
    created: int = 0
    changed: int = 0


def add_agreement(conn: sa.Connection, row: AgreementRow) -> int:
    """Keep an agreement; returns its number."""
    values = msgspec.structs.asdict(row)
    del values["id"]
    return int(conn.execute(sa.insert(agreement).values(values).returning(agreement.c.id)).scalar_one())


def load_agreement(conn: sa.Connection, number: int) -> AgreementRow | None:
    """Return one agreement, or None."""
    row = conn.execute(sa.select(agreement).where(agreement.c.id == number)).first()
    return None if row is None else AgreementRow(**row._mapping)


def load_agreements(conn: sa.Connection) -> list[AgreementRow]:
    """Return all agreements, those due first, those without a date last."""
    query = sa.select(agreement).order_by(agreement.c.until == "", agreement.c.until, agreement.c.id)
    return [AgreementRow(**row._mapping) for row in conn.execute(query)]


def save_agreement(conn: sa.Connection, row: AgreementRow) -> None:
    """Change an agreement; when it was made stays."""
    values = msgspec.structs.asdict(row)
    del values["id"], values["created"]
    conn.execute(sa.update(agreement).where(agreement.c.id == row.id).values(values))
