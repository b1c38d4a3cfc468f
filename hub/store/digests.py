"""Which mailbox of a member gets the monthly letter, and for which month it was written last."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import digest


class DigestSetting(msgspec.Struct, frozen=True):
    """Where the letter about a member goes; `written` in Unix seconds, `mail` is its number in the outbox."""

    member: str
    address: str = ""
    is_on: bool = False
    month: str = ""
    written: int | None = None
    mail: int | None = None


def load_settings(conn: sa.Connection) -> dict[str, DigestSetting]:
    """Return what is set, by member."""
    return {row.member: DigestSetting(**row._mapping) for row in conn.execute(sa.select(digest))}


def load_setting(conn: sa.Connection, member: str) -> DigestSetting:
    """Return what is set for a member; nothing is on where nobody set anything."""
    row = conn.execute(sa.select(digest).where(digest.c.member == member)).first()
    return DigestSetting(member) if row is None else DigestSetting(**row._mapping)


def save_setting(conn: sa.Connection, setting: DigestSetting) -> None:
    """Keep what is set for a member."""
    values = msgspec.structs.asdict(setting)
    mine = digest.c.member == setting.member
    if not conn.execute(sa.update(digest).where(mine).values(**values)).rowcount:
        conn.execute(sa.insert(digest).values(**values))
