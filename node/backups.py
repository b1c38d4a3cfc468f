"""What a backup of this node holds, and what is made again after a restore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from node.history import forget_erased
from node.settings import FILE_NAME, MEMBERSHIP_NAME, NodeSettings
from node.store.migrate import migrations
from shared.backups.subject import Subject
from shared.clock import Clock
from shared.database import Database
from shared.holdings import facts
from shared.holdings.carrying import ERASURES_UNKNOWN
from shared.outputs.store import FILE_NAME as OUTPUTS_NAME
from shared.search.index import FILE_NAME as INDEX_NAME


def subject_of(settings: NodeSettings, clock: Clock) -> Subject:
    """Return this node as backups see it; its database is not opened."""
    return Subject(
        room="node", name=settings.name, origin=settings.origin, home=Path(settings.home),
        db=Database(settings.database_url), clock=clock, files=(FILE_NAME, MEMBERSHIP_NAME),
        derived=(INDEX_NAME, OUTPUTS_NAME), migrations=migrations(),
        show_nothing=_show_nothing, forget_erased=forget_erased,
    )  # fmt: skip


def bring_up_to_date(settings: NodeSettings, clock: Clock, db: Database) -> None:
    """Bring a database up to this program, after a backup where one can be made; ConfigError as `upgrade` says."""
    subject = replace(subject_of(settings, clock), db=db)
    if subject.is_behind():
        from shared.backups.upgrading import upgrade

        upgrade(subject, settings)


def _show_nothing(conn: sa.Connection) -> None:
    facts.save_fact(conn, ERASURES_UNKNOWN, 1)
