"""Our own reader as `kreisweit-conformance` asks it: `python -m shared.verify.answering`.

One case a line on standard input, one answer a line on standard output; what is judged is the same code that nodes and
`kreisweit-verify` read with.  Its length is what an integrator's adapter comes to.
"""

from __future__ import annotations

import sys
import tempfile
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from shared.database import Database
from shared.errors import KreisweitError
from shared.feed.catalogue_note import verify_catalogue_note
from shared.feed.entry import parse_entry
from shared.feed.keys import parse_vkey
from shared.feed.outcomes import Code
from shared.feed.payload import minimal_schema
from shared.feed.record_proof import verify_bundle
from shared.feed.roster import Pins, verify_chain
from shared.feed.trusted_log import Keys
from shared.follow import Guards, Reader
from shared.holdings import catalogue, logs, payloads
from shared.holdings.tables import metadata
from shared.net.fetcher import Fetched, MappingFetcher
from shared.sources import FetchedSource
from shared.verify.copy import CopySettings, LocalCopy, make_copy

_HUB = "http://hub"
_FILE_MAX_BYTES = 64 * 1024 * 1024

Question = Mapping[str, Any]
Answer = dict[str, Any]


class _SetClock:
    """Shows the time that a case names."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return float(self.time)


class _Files:
    """What a case says that a hub serves, in the place of the web."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        path = url.removeprefix(f"{_HUB}/")
        return MappingFetcher(self.files).fetch(path, max_bytes=max_bytes, deadline_seconds=deadline_seconds, etag=etag)


class OwnReader:
    """Answers cases; every one begins with nothing held."""

    def __init__(self) -> None:
        self._db = Database("sqlite://")
        metadata.create_all(self._db.engine)
        self._judges: Mapping[str, Callable[[Question], Answer]] = {
            "entry": _entry, "roster": _roster, "catalogue": _catalogue, "record": _record, "log": self._log,
            "hub": _hub,
        }  # fmt: skip

    def close(self) -> None:
        """Close what cases were held in."""
        self._db.close()

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one case, as a line."""
        question = msgspec.json.decode(line)
        try:
            found = self._judges[question["kind"]](question)
        except KreisweitError as error:
            found = {"code": error.code or Code.E_FORMAT}
        return msgspec.json.encode({"case": question["case"], **found}) + b"\n"

    def _log(self, question: Question) -> Answer:
        clock, origin, code = _SetClock(), question["origin"], Code.OK
        reader = Reader(self._db, clock, minimal_schema)
        for read in question["reads"]:
            clock.time = read["now"]
            source = FetchedSource(MappingFetcher(_decoded(read["files"])), f"read at {clock.time}")
            code = reader.read(_keys(question), source, Guards()).code
        with self._db.write() as conn:
            shown = [found.commitment.hex() for found in catalogue.iterate_shown(conn, [origin], kind=None)]
            refused = {bytes(row.commitment).hex(): row.code for row in payloads.load_quarantine(conn)}
            for row in logs.load_logs(conn):
                logs.drop_log(conn, row.id)
        return {"code": code, "shown": sorted(shown), "refused": refused}


def _entry(question: Question) -> Answer:
    try:
        parse_entry(question["text"].encode())
    except KreisweitError:
        return {"code": Code.W_GRAMMAR}
    return {"code": Code.OK}


def _roster(question: Question) -> Answer:
    verify_chain([note.encode() for note in question["notes"]], _pins(question))
    return {"code": Code.OK}


def _catalogue(question: Question) -> Answer:
    verify_catalogue_note(question["note"].encode(), parse_vkey(question["hub"]))
    return {"code": Code.OK}


def _record(question: Question) -> Answer:
    verify_bundle(msgspec.json.encode(question["bundle"]), _pins(question))
    return {"code": Code.OK}


def _hub(question: Question) -> Answer:
    settings = CopySettings(_HUB, tuple(question["roots"]), question["threshold"])
    with tempfile.TemporaryDirectory(prefix="kreisweit-") as place:
        home, clock, files = Path(place) / "copy", _SetClock(), _Files()
        make_copy(home, settings)
        copy, code = LocalCopy(home, settings, clock, files, schema=minimal_schema), Code.OK
        try:
            for read in question["reads"]:
                clock.time, files.files = read["now"], _decoded(read["files"])
                code = copy.follow().code
            shown = sorted(found.commitment.hex() for found in copy.shown())
        finally:
            copy.close()
    return {"code": code, "shown": shown}


def _pins(question: Question) -> Pins:
    return Pins(tuple(parse_vkey(key) for key in question["roots"]), question["threshold"])


def _keys(question: Question) -> Keys:
    log_keys, witness_keys, hub_keys = (
        tuple(parse_vkey(key) for key in question[name]) for name in ("log_keys", "witness_keys", "hub_witness_keys")
    )
    return Keys(
        question["origin"], question["member"], question["ags"], question["generation"], log_keys, witness_keys,
        hub_keys, needs_hub_line=bool(hub_keys),
    )  # fmt: skip


def _decoded(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: b64decode(body) for path, body in files.items()}


def main() -> None:
    """Answer until the input ends."""
    reader = OwnReader()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(reader.answer(line))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
