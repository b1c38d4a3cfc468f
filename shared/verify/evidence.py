"""A file of evidence: what a hub hands out about a member that it refused, and what anybody finds in it offline.

The file is a zip.  `beweis.json` names the cases, beside it lie the notes as they were signed and the roster.  Nothing
in it is believed: `judge_evidence` checks everything down to the root keys.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from shared.errors import KreisweitError, ParseError
from shared.feed import limits
from shared.feed.evidence import Judged, judge_evidence
from shared.feed.keys import parse_vkey
from shared.feed.note import parse_note
from shared.feed.roster import Pins, parse_roster

INDEX = "beweis.json"
FORMAT = "kreisweit.evidence/v1"
FILE_MAX_BYTES = 4 * 1024 * 1024
_CASES_MAX = 100


class Case(msgspec.Struct, frozen=True):
    """Two notes in files of the zip, and what they are said to prove."""

    code: str
    time: int
    ours: str
    theirs: str


class Index(msgspec.Struct, frozen=True):
    """What `beweis.json` holds: whose log, the file of the roster, the cases."""

    format: str
    origin: str
    roster: str
    cases: tuple[Case, ...]


class Verdict(msgspec.Struct, frozen=True):
    """What became of one case; `judged` is None where it proves nothing, and `why` says why."""

    code: str
    judged: Judged | None
    why: str


def format_evidence(index: Index, files: dict[str, bytes], readme: str, *, time: tuple[int, ...]) -> bytes:
    """Return the zip; the same content gives the same bytes.

    Args:
        files: by the names that `index` uses.
        time: year to second, set on every file.
    """
    stream = io.BytesIO()
    everything = {"LIESMICH.txt": readme.encode(), INDEX: msgspec.json.format(msgspec.json.encode(index)), **files}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in everything.items():
            archive.writestr(zipfile.ZipInfo(name, (time[0], *time[1:6])), content)  # type: ignore[arg-type]
    return stream.getvalue()


def verify_evidence(path: Path, roots: Sequence[str], threshold: int) -> tuple[list[Verdict], Pins]:
    """Judge every case of a file; returns the verdicts and the root keys by which they were judged.

    Args:
        roots: root keys; without any those that the roster in the file names itself are taken, which shows that the
            file agrees with itself and no more.
    Raises:
        ParseError: the file is none of evidence.
    """
    index, files = _read(path)
    roster = files[index.roster]
    pins = Pins(tuple(parse_vkey(key) for key in roots), threshold) if roots else _own_pins(roster)
    verdicts = []
    for case in index.cases:
        try:
            judged = judge_evidence(roster, pins, case.code, files[case.ours], files[case.theirs])
            verdicts.append(Verdict(case.code, judged, ""))
        except KreisweitError as error:
            verdicts.append(Verdict(case.code, None, f"{error.code or ''} {error.message}".strip()))
    return verdicts, pins


def _own_pins(roster: bytes) -> Pins:
    return parse_roster(parse_note(roster, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text).pins


def _read(path: Path) -> tuple[Index, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > FILE_MAX_BYTES:
                raise ParseError("Die Datei ist größer, als Beweise es sind")
            files = {name: archive.read(name) for name in archive.namelist()}
        index = msgspec.json.decode(files[INDEX], type=Index)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        raise ParseError("Die Datei ist keine mit Beweisen von kreisweit") from error
    named = {index.roster, *(name for case in index.cases for name in (case.ours, case.theirs))}
    if index.format != FORMAT or not 0 < len(index.cases) <= _CASES_MAX or named - set(files):
        raise ParseError("Die Datei mit Beweisen ist unvollständig, oder ihre Form ist unbekannt")
    return index, files
