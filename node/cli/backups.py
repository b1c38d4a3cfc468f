"""Commands about backups of a node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from node.cli.commands import main_group
from shared.backup_commands import add_backup_commands
from shared.upgrade_commands import add_upgrade_command

if TYPE_CHECKING:
    from shared.backups.subject import BackupPlan, Subject


@contextmanager
def _opened(home: Path) -> Iterator[tuple[Subject, BackupPlan]]:
    """Open what backups need from the settings alone: the database may be damaged or missing."""
    from node.backups import subject_of
    from node.settings import load_settings
    from shared.clock import SystemClock

    settings = load_settings(home)
    subject = subject_of(settings, SystemClock())
    try:
        yield subject, settings
    finally:
        subject.db.close()


def _save_recipient(home: Path, recipient: str) -> None:
    import msgspec

    from node.settings import load_settings, save_settings

    save_settings(msgspec.structs.replace(load_settings(home), backup_recipient=recipient))


add_backup_commands(main_group, _opened, _save_recipient)
add_upgrade_command(main_group, _opened)
