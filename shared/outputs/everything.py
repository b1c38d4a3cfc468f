"""The whole catalogue for those who write it down in one go: every shown offer, from one state of the outputs.

Which offers there are, in which order, and their finished JSON come from the outputs; their documents from the
holdings, in batches, so that no more than one batch is in memory.  Between the two lies a moment: an offer that has
left the holdings meanwhile, withdrawn or erased, is left out; one with a newer version is written as that version.
One that cannot be read here has no document and is left out, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.database import Database
from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.holdings.changes import load_first_times
from shared.hsds.parts import Object
from shared.model.offer import OfferDoc, read_offer_line
from shared.outputs.making import RowMaker, without_persons
from shared.outputs.offered import Offered
from shared.outputs.reading import Outputs

BATCH: Final = 200


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """One row as the outputs hold it."""

    rid: bytes
    commitment: bytes
    modified: str
    service: bytes


class _Extension(msgspec.Struct, frozen=True):
    same_as: tuple[str, ...] = ()


class _Clustered(msgspec.Struct, frozen=True):
    """What a finished service says of its cluster."""

    x_kreisweit: _Extension = _Extension()


class AllOffers:
    """Every shown offer in the order of lists; may be gone through several times, each time the same.

    Made by `opened_offers`, and used while that is open.
    """

    def __init__(
        self, conn: Any, db: Database, origins: Sequence[str], maker: RowMaker, *, masks: bool, scratch: Path | None
    ) -> None:
        self.scratch = scratch
        self._conn = conn
        self._db = db
        self._origins = origins
        self._maker = maker
        self._masks = masks

    def __iter__(self) -> Iterator[Offered]:
        """Yield each offer with its document."""
        for batch in self._batches():
            with self._db.read() as conn:
                found = catalogue.find_many(conn, self._origins, [kept.rid for kept in batch])
                shown = {one.rid: one for one in found if one.kind == "offer"}
            for kept in batch:
                if (offered := self._offered(kept, shown.get(kept.rid))) is not None:
                    yield offered

    def services(self) -> Iterator[bytes]:
        """Yield the finished JSON of each compiled service, without reading anything in it."""
        for batch in self._batches():
            for kept in batch:
                yield kept.service

    def first_times(self, rids: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return when the first version of each of these offers was published, in seconds, as far as logs tell."""
        with self._db.read() as conn:
            return load_first_times(conn, self._origins, rids)

    def organizations(self) -> Iterator[bytes]:
        """Yield the finished JSON of each organization that these offers name, without its services."""
        rows = self._conn.execute("SELECT body FROM organization ORDER BY modified, id")
        while batch := rows.fetchmany(BATCH):
            for (body,) in batch:
                yield body

    def _batches(self) -> Iterator[list[_Kept]]:
        column = "coalesce(masked, whole)" if self._masks else "whole"
        rows = self._conn.execute(
            f"SELECT rid, commitment, modified, {column} FROM service ORDER BY modified, rid"  # noqa: S608 - a column of ours
        )
        while batch := rows.fetchmany(BATCH):
            yield [_Kept(*row) for row in batch]

    def _offered(self, kept: _Kept, shown: Shown | None) -> Offered | None:
        doc = None if shown is None else read_offer_line(shown.body)
        if shown is None or doc is None:
            return None
        if shown.commitment != kept.commitment:
            return self._newer(kept, shown.member, doc)
        doc = msgspec.structs.replace(without_persons(doc) if self._masks else doc, last_modified=kept.modified)
        service: Object = msgspec.json.decode(kept.service)
        return Offered(service, doc, self._maker.origin(shown.member, kept.rid))

    def _newer(self, kept: _Kept, member: str, doc: OfferDoc) -> Offered:
        known = msgspec.json.decode(kept.service, type=_Clustered).x_kreisweit
        same_as = [bytes.fromhex(other.replace("-", "")) for other in known.same_as]
        return self._maker.offered(member, doc, modified=kept.modified, same_as=same_as, masks=self._masks)


@contextmanager
def opened_offers(
    outputs: Outputs,
    db: Database,
    origins: Callable[[], Sequence[str]],
    maker: RowMaker,
    *,
    masks: bool,
    scratch: Path | None = None,
) -> Iterator[AllOffers]:
    """Open all offers for reading; while this is open the log of the file cannot be emptied.

    Args:
        origins: returns the logs whose records are shown.
        masks: leave out what leads to a person.
        scratch: where formats may put files while they are written; None: the system's own place.
    Raises:
        NoOutputsError: there is nothing to read.
    """
    with outputs.opened() as conn:
        yield AllOffers(conn, db, origins(), maker, masks=masks, scratch=scratch)
