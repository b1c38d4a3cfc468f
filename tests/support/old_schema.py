"""The migrations of an older program: those up to some revision, and no later one."""

from __future__ import annotations

import shutil
from importlib.resources.abc import Traversable
from pathlib import Path

from shared.holdings.migrating import revisions


def copy_until(migrations: Traversable, number: str, folder: Path) -> None:
    """Copy a room's migrations up to this number into a new folder."""
    shutil.copytree(Path(str(migrations)), folder)
    for later in (one for one in revisions(migrations) if one > number):
        for file in (folder / "versions").glob(f"r{later}_*.py"):
            file.unlink()
