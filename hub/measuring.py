"""Measures the search for duplicates on labelled pairs: how often `certain` is right, how much of the same it finds.

Nothing of a hub is used but the rules: records come from a CSV file in the columns of an offer table with an `id`,
pairs from a second one (`id_a;id_b;same;why`).  What cannot be used is told with file and row, all of it at once, and
nothing is measured then: a measurement over half a file would be no measurement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import structs

from shared.errors import ParseError
from shared.likeness.profile import Profile, Profiler
from shared.likeness.reasons import Reason
from shared.likeness.scoring import score
from shared.model.columns import read_row
from shared.model.district import District
from shared.model.grid import Grid, GridRow, column_name, read_csv
from shared.model.offer import OfferDoc
from shared.model.shipped import shipped_vocabularies
from shared.model.table import ID_COLUMN, Row, read_table
from shared.model.text import one_line

PAIR_COLUMNS: Final = ("id_a", "id_b", "same", "why")
_MOST_TOLD: Final = 20


class BadFileError(ParseError):
    """A file cannot be used; `problems` are German sentences that name file and row."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Labelled:
    """One pair as a person labelled it."""

    row: int
    a: str
    b: str
    is_same: bool
    why: str


class Miss(msgspec.Struct, frozen=True):
    """A pair on which `certain` and the label differ."""

    row: int
    id_a: str
    id_b: str
    same: bool
    why: str
    title_a: str
    title_b: str
    provider_a: str
    provider_b: str
    grade: str
    score: float
    reasons: tuple[Reason, ...]


class Measured(msgspec.Struct, frozen=True):
    """The result; `grades` counts pairs by grade, the same ones and the others; None: there is nothing to divide."""

    pairs: int
    same: int
    precision: float | None
    recall: float | None
    grades: dict[str, dict[str, int]]
    errors: tuple[Miss, ...]


@dataclass(frozen=True)
class Record:
    """One record of the file, ready to be compared."""

    doc: OfferDoc
    profile: Profile


def measure(pairs: Sequence[Labelled], records: Mapping[str, Record]) -> Measured:
    """Score every pair and compare with its label: `certain` says that the two are the same, everything else not."""
    counts: Counter[tuple[str, bool]] = Counter()
    errors = []
    for pair in pairs:
        one, other = records[pair.a], records[pair.b]
        verdict = score(one.profile, other.profile)
        counts[verdict.grade or "none", pair.is_same] += 1
        if (verdict.grade == "certain") is not pair.is_same:
            errors.append(
                Miss(
                    pair.row, pair.a, pair.b, pair.is_same, pair.why, one.doc.name, other.doc.name, _lead(one.doc),
                    _lead(other.doc), verdict.grade or "none", verdict.score, verdict.reasons,
                )
            )  # fmt: skip
    right, wrong = counts["certain", True], counts["certain", False]
    same = sum(pair.is_same for pair in pairs)
    grades = {
        grade: {"same": counts[grade, True], "different": counts[grade, False]}
        for grade in ("certain", "likely", "none")
    }
    return Measured(len(pairs), same, _share(right, right + wrong), _share(right, same), grades, tuple(errors))


def _lead(doc: OfferDoc) -> str:
    return " / ".join(one.name for one in doc.providers)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


# --- reading --------------------------------------------------------------------------------------------------------


def read_pairs(data: bytes, name: str, known: Mapping[str, object]) -> list[Labelled]:
    """Read the labelled pairs.

    Args:
        data: the file.
        name: how messages call it.
        known: ids of the records.
    Raises:
        BadFileError: the first row does not name the columns, or a row cannot be used.
    """
    grid = _grid(data, name)
    header = next((row for row in grid.rows if row.has_text), GridRow(1, ()))
    names = [column_name(cell) for cell in header.cells]
    lacking = [column for column in PAIR_COLUMNS if column not in names]
    if lacking or header.is_broken:
        missing = f"In der ersten Zeile fehlen die Spalten {', '.join(lacking)}."
        raise BadFileError([f"{name}, Zeile {header.number}: {missing} Erwartet wird {';'.join(PAIR_COLUMNS)}."])
    found: list[Labelled] = []
    problems: list[str] = []
    for row in grid.rows:
        if row.number > header.number and row.has_text:
            told = list(_pair_problems(row, names, known))
            problems += [f"{name}, Zeile {row.number}: {problem}" for problem in told]
            if not told:
                cells = _cells(row, names)
                found.append(Labelled(row.number, cells["id_a"], cells["id_b"], cells["same"] == "1", cells["why"]))
    if not found and not problems:
        problems.append(f"{name}: Die Datei enthält keine Paare.")
    _refuse(problems)
    return found


def _grid(data: bytes, name: str) -> Grid:
    try:
        return read_csv(data, known=PAIR_COLUMNS)
    except ParseError as error:
        raise BadFileError([f"{name}: {error.message}"]) from error


def _cells(row: GridRow, names: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, map(one_line, row.cells), strict=False))


def _pair_problems(row: GridRow, names: Sequence[str], known: Mapping[str, object]) -> Iterator[str]:
    if row.is_broken:
        yield "Anführungszeichen sind nicht richtig gesetzt."
        return
    if len(row.cells) != len(names):
        yield f"{len(row.cells)} Zellen statt {len(names)}."
        return
    cells = _cells(row, names)
    for column in ("id_a", "id_b"):
        if cells[column] not in known:
            yield f"{column} „{cells[column]}“ gibt es unter den Angeboten nicht."
    if cells["same"] not in ("0", "1"):
        yield f"same ist „{cells['same']}“; erlaubt sind 1 (gleich) und 0 (verschieden)."


def read_records(data: bytes, name: str, district: District) -> tuple[dict[str, Record], list[str]]:
    """Read the records, as an import reads them.

    A row whose town is not of the district is read as one of the district itself, and told.

    Returns:
        The records by id, and remarks.
    Raises:
        BadFileError: the file cannot be read, a row cannot be used, an id is missing or stands twice.
    """
    try:
        table = read_table(data)
    except ParseError as error:
        raise BadFileError([f"{name}: {error.message}"]) from error
    if not any(ID_COLUMN in row.cells for row in table.rows):
        raise BadFileError([f"{name}, Zeile 1: Die Spalte „{ID_COLUMN}“ fehlt."])
    problems = [f"{name}, Zeile {one.row}: {one.message}." for one in table.problems if one.effect == "refused"]
    own = next((one.title for one in district.members if not one.town), district.members[0].title)
    from shared.search.lexicon import load_lexicon

    vocabularies = shipped_vocabularies()
    profiler = Profiler(load_lexicon(vocabularies, district), district)
    records: dict[str, Record] = {}
    rows: dict[str, int] = {}
    remarks = []
    for row in table.rows:
        rid = one_line(row.cells[ID_COLUMN])
        if not rid:
            problems.append(f"{name}, Zeile {row.number}: Die Spalte „{ID_COLUMN}“ ist leer.")
        elif rid in rows:
            problems.append(f"{name}, Zeile {row.number}: Die id „{rid}“ steht schon in Zeile {rows[rid]}.")
        else:
            rows[rid] = row.number
            town = row.cells["stadt"]
            if district.member_by_text(one_line(town)) is None:
                remarks.append(f"{name}, Zeile {row.number}: „{town}“ gehört nicht zu {district.name}")
                row = Row(row.number, row.cells | {"stadt": own})  # noqa: PLW2901 - the row as it is read
            draft = read_row(row, district=district, vocabularies=vocabularies)
            doc = structs.replace(draft.template, id="0" * 32)
            records[rid] = Record(doc, profiler.profile_of(doc, draft.member))
    _refuse(problems)
    return records, remarks


def _refuse(problems: Sequence[str]) -> None:
    if not problems:
        return
    told = list(problems[:_MOST_TOLD])
    if len(problems) > _MOST_TOLD:
        told.append(f"… und {len(problems) - _MOST_TOLD} weitere.")
    raise BadFileError(told)
