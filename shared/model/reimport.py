"""Which row of a file is which offer that was imported earlier, without keeping any text of the file.

The store keeps keyed hashes only (BLAKE2b): 16 bytes for the key of a row, 8 bytes per cell.  So an erased person is
not left behind in the traces of an import, and nobody without the key can test names against them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

from shared.model.table import COLUMNS, ID_COLUMN, KEY_COLUMNS
from shared.model.text import one_line, running_text

LEAST_EQUAL_CELLS: Final = 14
_CELL_BYTES: Final = 8
_KEY_BYTES: Final = 16

CellHashes = tuple[bytes, ...]
_NewT = TypeVar("_NewT", bound=Hashable)
_OldT = TypeVar("_OldT", bound=Hashable)


def source_key(cells: Mapping[str, str]) -> tuple[str, ...]:
    """What identifies a row: the column `id` if it is filled, else town, provider and title."""
    given = one_line(cells.get(ID_COLUMN, ""))
    if given:
        return (ID_COLUMN, given)
    return tuple(one_line(cells.get(column, "")) for column in KEY_COLUMNS)


def source_key_hash(cells: Mapping[str, str], key: bytes) -> bytes:
    """The key of a row as 16 bytes that only the holder of `key` can make again."""
    return _keyed("\0".join(source_key(cells)), b"key", key, _KEY_BYTES)


def cell_hashes(cells: Mapping[str, str], key: bytes) -> CellHashes:
    """One hash per column, in the order of `COLUMNS`; other spaces, line breaks or encodings change nothing."""
    return tuple(
        _keyed(running_text(cells.get(column, "")), column.encode("ascii"), key, _CELL_BYTES) for column in COLUMNS
    )


def match_moved_rows(
    new: Mapping[_NewT, CellHashes], old: Mapping[_OldT, CellHashes], *, least: int = LEAST_EQUAL_CELLS
) -> dict[_NewT, _OldT]:
    """Find earlier rows whose key cells changed: at least `least` equal cells, and one candidate only on either side.

    Args:
        new: rows of the file whose key is unknown.
        old: earlier rows whose key is not in the file any more.
    Returns:
        New row to old row; a row with no candidate or several is left out, and a person is told.
    """
    columns = _telling_columns(new, old, most_different=len(COLUMNS) - least)
    by_cell: dict[tuple[int, bytes], list[_OldT]] = {}
    for other, cells in old.items():
        for column in columns:
            by_cell.setdefault((column, cells[column]), []).append(other)
    candidates = {}
    for name, cells in new.items():
        near = dict.fromkeys(other for column in columns for other in by_cell.get((column, cells[column]), ()))
        candidates[name] = [other for other in near if _equal_cells(cells, old[other]) >= least]
    wanted = [other for found in candidates.values() for other in found]
    return {name: found[0] for name, found in candidates.items() if len(found) == 1 and wanted.count(found[0]) == 1}


def _telling_columns(
    new: Mapping[_NewT, CellHashes], old: Mapping[_OldT, CellHashes], *, most_different: int
) -> list[int]:
    """Choose one column more than may differ, so that rows to be matched share a cell in one of them.

    Those with the fewest equal pairs: 5,000 new rows are then compared with a few each instead of with 5,000.
    """
    pairs = {}
    for column in range(len(COLUMNS)):
        counts = Counter(cells[column] for cells in old.values())
        pairs[column] = sum(counts[cells[column]] for cells in new.values())
    return sorted(pairs, key=lambda column: pairs[column])[: most_different + 1]


def _equal_cells(one: CellHashes, other: CellHashes) -> int:
    return sum(left == right for left, right in zip(one, other, strict=True))


def _keyed(text: str, column: bytes, key: bytes, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=size, key=key, person=column).digest()
