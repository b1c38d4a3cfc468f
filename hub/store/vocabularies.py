"""Drafts of the vocabularies, and the history of what was published of them."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import vocabulary_draft, vocabulary_version


class Draft(msgspec.Struct, frozen=True):
    """What is being changed; `version` is the one that it is a change of, `content` JSON."""

    name: str
    version: int
    content: str
    editor: str
    changed: int


class Version(msgspec.Struct, frozen=True):
    """One version that was published, without its content."""

    version: int
    note: str
    editor: str
    time: int


def load_draft(conn: sa.Connection, name: str) -> Draft | None:
    """Return the draft of a list, or None."""
    row = conn.execute(sa.select(vocabulary_draft).where(vocabulary_draft.c.name == name)).first()
    return None if row is None else Draft(row.name, row.version, row.content, row.editor, row.changed)


def save_draft(conn: sa.Connection, draft: Draft) -> None:
    """Keep a draft in place of the one before."""
    drop_draft(conn, draft.name)
    conn.execute(sa.insert(vocabulary_draft).values(msgspec.structs.asdict(draft)))


def drop_draft(conn: sa.Connection, name: str) -> bool:
    """Forget a draft; False where there is none."""
    return bool(conn.execute(sa.delete(vocabulary_draft).where(vocabulary_draft.c.name == name)).rowcount)


def load_versions(conn: sa.Connection, name: str) -> list[Version]:
    """Return what was published of a list, newest first."""
    columns = [vocabulary_version.c[field] for field in Version.__struct_fields__]
    query = sa.select(*columns).where(vocabulary_version.c.name == name).order_by(vocabulary_version.c.version.desc())
    return [Version(*row) for row in conn.execute(query)]


def load_content(conn: sa.Connection, name: str, version: int) -> str | None:
    """Return the content of one version (JSON), or None."""
    of = sa.and_(vocabulary_version.c.name == name, vocabulary_version.c.version == version)
    return conn.execute(sa.select(vocabulary_version.c.content).where(of)).scalar()


def add_version(conn: sa.Connection, name: str, version: Version, content: str) -> None:
    """Keep what was published."""
    conn.execute(sa.insert(vocabulary_version).values(name=name, content=content, **msgspec.structs.asdict(version)))
