"""Which fields of an offer come from which cells of a table's row: for merging a changed row, and after an erasure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.model.reimport import CellHashes
from shared.model.table import COLUMNS

FIELDS_OF_COLUMN: Mapping[str, tuple[str, ...]] = {
    "traeger": ("providers",),
    "angebot": ("name",),
    "beschreibung": ("summary", "body"),
    "thema": ("topics",),
    "zielgruppe": ("eligibility",),
    "sprachen": ("languages", "interpretation"),
    "ort_name": ("locations",),
    "strasse": ("locations",),
    "plz": ("locations",),
    "ort": ("locations", "phones"),
    "telefon": ("phones",),
    "email": ("email", "application_process"),
    "web": ("url", "additional_urls", "application_process"),
    "zeiten": ("schedule_text",),
    "kosten": ("is_free", "fees_text"),
}
"""A changed cell replaces these fields; the town counts for numbers written without area code."""

_COLUMN_OF_TEXT: Mapping[str, str] = {
    "name": "angebot",
    "summary": "beschreibung",
    "body": "beschreibung",
    "providers": "traeger",
    "eligibility": "zielgruppe",
    "interpretation": "sprachen",
    "locations.name": "ort_name",
    "locations.address_1": "strasse",
    "locations.city": "ort",
    "phones": "telefon",
    "email": "email",
    "url": "web",
    "additional_urls": "web",
    "schedule_text": "zeiten",
    "fees_text": "kosten",
    "source": "quelle",
}
_INDEX = re.compile(r"\[[0-9]+\]")


def mask_of(paths: Iterable[str]) -> int:
    """Return the cells that the texts at these paths (`locations[0].name`) come from, one bit for each column."""
    names = set()
    for path in paths:
        plain = _INDEX.sub("", path)
        names.add(_COLUMN_OF_TEXT.get(plain) or _COLUMN_OF_TEXT.get(plain.partition(".")[0]))
    return sum(1 << at for at, column in enumerate(COLUMNS) if column in names)


def columns_in(mask: int) -> list[str]:
    """Return the columns of a mask."""
    return [column for at, column in enumerate(COLUMNS) if mask >> at & 1]


def unchanged_in(mask: int, before: CellHashes, after: CellHashes) -> list[str]:
    """Return the columns of a mask whose cells are as they were."""
    return [column for at, column in enumerate(COLUMNS) if mask >> at & 1 and before[at] == after[at]]


def merge_row(
    current: dict[str, Any] | None, wanted: dict[str, Any], before: CellHashes, after: CellHashes
) -> dict[str, Any]:
    """Put the fields of changed cells into a document as it stands.

    Args:
        current: the document; None where none is held: then the row says everything.
        wanted: what the row as it is now says.
        before: hashes of the row's cells at the last import; empty where nothing is known of it: then every field that
            a table can say comes from the row.
    """
    if current is None:
        return wanted
    changed = [c for c, old, new in zip(COLUMNS, before, after, strict=True) if old != new] if before else COLUMNS
    replaced = {field for column in changed for field in FIELDS_OF_COLUMN.get(column, ())}
    merged = {name: value for name, value in current.items() if name not in replaced}
    merged |= {name: wanted[name] for name in replaced if name in wanted}
    return merged if before else {**wanted, **merged}


def content(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without the time of its change, for comparing."""
    return {name: value for name, value in document.items() if name != "last_modified"}
