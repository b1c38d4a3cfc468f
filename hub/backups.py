"""What a backup of this hub holds, and what is made again after a restore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from hub.settings import FILE_NAME, HubSettings
from hub.store.migrate import migrations
from shared.backups.subject import Subject
from shared.clock import Clock
from shared.database import Database
from shared.holdings import papers
from shared.outputs.store import FILE_NAME as OUTPUTS_NAME
from shared.search.index import FILE_NAME as INDEX_NAME

LEGAL_FILES = ("impressum.md", "datenschutz.md", "barrierefreiheit.md")


def subject_of(settings: HubSettings, clock: Clock) -> Subject:
    """Return this hub as backups see it; its database is not opened."""
    return Subject(
        room="hub", name="hub", origin=settings.origin, home=Path(settings.home), db=Database(settings.database_url),
        clock=clock, files=(FILE_NAME, *LEGAL_FILES), derived=(INDEX_NAME, OUTPUTS_NAME), migrations=migrations(),
        show_nothing=_show_nothing, forget_erased=_forget_nothing,
    )  # fmt: skip


def bring_up_to_date(settings: HubSettings, clock: Clock, db: Database) -> None:
    """Bring a database up to this program, after a backup where one can be made; ConfigError as `upgrade` says."""
    subject = replace(subject_of(settings, clock), db=db)
    if subject.is_behind():
        from shared.backups.upgrading import upgrade

        upgrade(subject, settings)


def _show_nothing(conn: sa.Connection) -> None:
    """Without a note nothing is shown, and the next one is made only once every member has spoken."""
    papers.drop_notes_after(conn, -1)


def _forget_nothing(_conn: sa.Connection, _log_id: int) -> None:
    """The hub keeps no versions of records beside the holdings."""
