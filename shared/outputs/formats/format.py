"""What a format is to those who serve it, list it and describe it to portals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

from shared.outputs.offered import About, Offered

SCRATCH_PREFIX: Final = "kreisweit-"
"""Names of what is put down while a format is written begin so; what is left of a killed program is known by it."""


class Offers(Protocol):
    """All offers of one state, in the order of lists; may be gone through more than once."""

    @property
    def scratch(self) -> Path | None:
        """Where a format may put files while it is written; None: the system's own place for such files."""

    def __iter__(self) -> Iterator[Offered]:
        """Yield each offer with its document."""

    def services(self) -> Iterator[bytes]:
        """Yield the finished JSON of each compiled service: for formats that need nothing else, or read it alone."""

    def first_times(self, rids: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return when the first version of each of these offers was published, in seconds, as far as logs tell."""

    def organizations(self) -> Iterator[bytes]:
        """Yield the finished JSON of each organization that these offers name, once, as its newest offer has it."""


WriteOffers = Callable[[Offers, About, IO[bytes]], None]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format in which the whole catalogue is given out.

    Args:
        name: short and permanent, such as "csv".
        path: where it is served, such as "/catalog.csv".
        media_type: of the answer, with its charset where it is text.
        title: for people, in German.
        title_en: the same in English.
        write: writes all offers, one after the other, into a file that is open for bytes; keeps no more of them in
            memory than the format demands.
    """

    name: str
    path: str
    media_type: str
    title: str
    title_en: str
    write: WriteOffers

    def file_name(self, day: date) -> str:
        """Return how a copy of that day is called on somebody's disk; empty for what is not kept as a file."""
        path = PurePosixPath(self.path)
        return f"{path.stem}-{day.isoformat()}{path.suffix}" if path.suffix else ""
