"""What a party makes from its catalogue and can make again at any time: the search index, the outputs for integrators.

Each stands in a file of its own beside the database, and follows what the party shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class DerivedFile(Protocol):
    """One derived file."""

    @property
    def path(self) -> Path:
        """Where it is."""

    def catch_up(self, origins: Sequence[str]) -> int:
        """Bring it level with what these logs show; returns how many records changed."""

    def rebuild(self, origins: Sequence[str]) -> int:
        """Make it anew; returns how many records that concerned."""

    def purge(self) -> bool:
        """Leave no remains of what left it in its files; False where it must be tried again."""


@dataclass(frozen=True)
class Derived:
    """All derived files of one party.

    Args:
        origins: returns the logs that are shown; none before the first catalogue note.
    """

    files: Sequence[DerivedFile]
    origins: Callable[[], Sequence[str]]

    def catch_up(self) -> int:
        """Bring all files level with the catalogue; one that fails keeps no other back.

        Returns:
            How many records changed in the file in which most did.
        """
        changed, failed = 0, None
        origins = self.origins()
        for file in self.files:
            try:
                changed = max(changed, file.catch_up(origins))
            except Exception as error:  # noqa: BLE001 - a full disk or a locked file; told once the others had their turn
                failed = failed or error
        if failed is not None:
            raise failed
        return changed

    def rebuild(self) -> int:
        """Make all files anew; returns how many records the first of them holds."""
        origins = self.origins()
        counts = [file.rebuild(origins) for file in self.files]
        return counts[0] if counts else 0

    def purge(self) -> bool:
        """Take out what is shown no more, and leave no remains of it; a file that was never made holds nothing.

        Returns:
            False where it must be tried again.
        """
        origins = self.origins()
        is_done = True
        for file in self.files:
            if file.path.exists():
                file.catch_up(origins)
                is_done = file.purge() and is_done
        return is_done
