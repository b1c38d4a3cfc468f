"""The proof of one offer as a file: what a city published, to be checked anywhere with the root keys (PROTOCOL 12).

Its bytes are the signed ones, so nothing can be left out of it.  Decided here: while no payload may be given out, or
persons of its record are hidden, there is no proof either (PROTOCOL 4 W6 and 10.5).  Its cost is bounded: a path of at
most 54 hashes, one payload, rosters up to a limit that are read once for each version; and like a page it is made once
until something changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from shared.errors import LogStateError, NotFoundError
from shared.feed.checkpoint import parse_checkpoint_text
from shared.feed.entry import Publish, Withdraw, parse_entry
from shared.feed.merkle import inclusion_proof
from shared.feed.note import is_line_by, parse_note
from shared.feed.proof import Proof, format_proof
from shared.feed.record_proof import format_bundle, needed_rosters
from shared.feed.roster import HubRow
from shared.holdings import catalogue, facts, logs, papers
from shared.holdings.catalogue import Shown
from shared.rosterbook import RosterBook
from shared.web.offer_page import hide_persons, read_offer
from shared.web.public.face import Face
from shared.web.public.links import offer_path
from shared.web.public.offer import answer

_VERSIONS_BACK = 64
"""How far a version that is shown although newer ones were announced is looked for."""


def proof_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the route of the proof."""
    prover = _Prover(face)

    @get("/angebote/{rid:str}/nachweis", sync_to_thread=True, include_in_schema=False)
    def offer_proof(request: Request[Any, Any, Any], rid: FromPath[str]) -> Response[Any]:
        return answer(face, request, rid, lambda key: _respond(prover.prove(key), key))

    return [offer_proof]


def proof_path(rid: str) -> str:
    """Return the path of the proof of an offer."""
    return f"{offer_path(rid)}/nachweis"


def _respond(bundle: bytes, key: bytes) -> Response[bytes]:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Disposition": f'attachment; filename="nachweis-{key.hex()[:8]}.json"',
        "Access-Control-Allow-Origin": "*",
        "X-Robots-Tag": "noindex",
    }
    return Response(bundle, media_type="application/json", headers=headers)


@dataclass
class _Prover:
    """Makes proofs of one party's shown offers."""

    face: Face
    book: RosterBook = field(init=False)
    _rosters: tuple[int, list[bytes]] = (0, [])

    def __post_init__(self) -> None:
        self.book = RosterBook(self.face.db, None)

    def prove(self, rid: bytes) -> bytes:
        """Return the bundle of an offer that is shown.

        Raises:
            NotFoundError: none is.
            LogStateError: not now: the party is recovering, persons are hidden, or the hub has not witnessed it yet.
        """
        face = self.face
        origins = face.origins()
        with face.db.read() as conn:
            if facts.load_number(conn, "recovering-since"):
                raise LogStateError("what may be shown is being compared with others", code="E_RECOVERING")
            shown = catalogue.find_shown(conn, origins, rid)
        if shown is None or shown.kind != "offer":
            raise NotFoundError(f"Ein Angebot {rid.hex()} wird nicht gezeigt")
        self._refuse_hidden(shown)
        with face.db.read() as conn:
            rosters = self._needed(conn)
            row = _log_of(conn, origins, shown)
            index = _index_of(conn, row.id, shown)
            note = _witnessed(row, index, self.book.hub(conn))
            size = parse_checkpoint_text(parse_note(note).text).size
            path = inclusion_proof(index, size, logs.TreeReader(conn, row.id))
            proof = format_proof(Proof(logs.load_entry(conn, row.id, index), index, tuple(path), note))
        return format_bundle(shown.body, proof, rosters)

    def _refuse_hidden(self, shown: Shown) -> None:
        """A record is signed as a whole: where a person must be hidden, it cannot be given out."""
        if not self.face.hides(shown.member):
            return
        doc = read_offer(shown.body)
        if hide_persons(doc) != doc:
            raise LogStateError("persons of this record are hidden until the hub was heard", code="E_HUB_STALE")

    def _needed(self, conn: sa.Connection) -> list[bytes]:
        version = self.book.version(conn)
        if self._rosters[0] != version:
            self._rosters = (version, needed_rosters([note for _, note in papers.load_roster_notes(conn, 0)]))
        return self._rosters[1]


def _log_of(conn: sa.Connection, origins: Sequence[str], shown: Shown) -> sa.Row[Any]:
    rows = (row for row in logs.load_logs(conn) if row.origin in origins and row.member == shown.member)
    for row in rows:
        if shown.rid in logs.load_heads(conn, row.id, [shown.rid]):
            return row
    raise NotFoundError(f"Ein Angebot {shown.rid.hex()} wird nicht gezeigt")


def _index_of(conn: sa.Connection, log_id: int, shown: Shown) -> int:
    """Return the index of the version that is shown: the newest, or an older one until its successor is held."""
    index: int | None = shown.position
    for _ in range(_VERSIONS_BACK):
        if index is None:
            break
        entry = parse_entry(logs.load_entry(conn, log_id, index))
        if isinstance(entry, Publish) and entry.commitment == shown.commitment:
            return index
        index = entry.prev if isinstance(entry, Publish | Withdraw) else None
    raise NotFoundError(f"the entry of {shown.rid.hex()} is not found")


def _witnessed(row: sa.Row[Any], index: int, hub: HubRow | None) -> bytes:
    """Return the checkpoint that the hub has cosigned and that covers the entry."""
    note = bytes(row.receipt) if index < row.receipt_size else bytes(row.note)
    is_cosigned = hub is not None and any(is_line_by(hub.witness_key, line) for line in parse_note(note).signatures)
    if not is_cosigned:
        raise LogStateError("the hub has not witnessed this version yet")
    return note
