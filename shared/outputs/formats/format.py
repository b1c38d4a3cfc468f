"""What a format is to those who serve it, list it and describe it to portals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO

from shared.outputs.offered import About, Offered

WriteOffers = Callable[[Iterable[Offered], About, IO[bytes]], None]


@dataclass(frozen=True)
class Format:
    """One format in which the whole catalogue is given out.

    Args:
        name: short and permanent, such as "csv".
        path: where it is served, such as "/catalog.csv".
        media_type: of the answer, with its charset where it is text.
        title: for people, in German.
        write: writes all offers, one after the other, into a file that is open for bytes; keeps no more of them in
            memory than the format demands.
    """

    name: str
    path: str
    media_type: str
    title: str
    write: WriteOffers
