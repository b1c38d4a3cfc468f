"""The catalogue as an HSDS tabular data package: a ZIP of one CSV file for each kind of object, and a description.

Each object stands once, with the ids of what it belongs to; so the files can be joined again.  What only this profile
knows (`x_kreisweit`) is not in it.  The files are for programs: cells are exactly the values, and are not guarded
against spreadsheets as `/catalog.csv` is.

While it is written each file lies on the disk without a name; in memory is one service.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any, Final

import msgspec

from shared.hsds.objects import OBJECTS
from shared.hsds.parts import Object
from shared.hsds.tabular import Row, columns, describe_package, rows
from shared.hsds.terms import Terms
from shared.outputs.formats.format import SCRATCH_PREFIX, Format, Offers
from shared.outputs.offered import About

_PIECE_BYTES: Final = 256 * 1024
_DESCRIPTION: Final = (
    "Offers of the cities, as Open Referral HSDS 3.2.3 in tabular form; times are local, see schedules"
)


def write_package(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write all offers into one archive."""
    with ExitStack() as stack:
        tables = {name: stack.enter_context(_Table(name, offers)) for name in OBJECTS}
        for name, row in _all_rows(offers, about):
            tables[name].write(row)
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_entry("datapackage.json", about), msgspec.json.format(_describe(about), indent=2))
            for name, table in tables.items():
                with archive.open(_entry(OBJECTS[name].file, about), "w") as target:
                    table.copy(target)


class _Table:
    """One CSV file after RFC 4180 while it is written."""

    def __init__(self, name: str, offers: Offers) -> None:
        self._file = tempfile.TemporaryFile(dir=offers.scratch, prefix=SCRATCH_PREFIX)  # noqa: SIM115 - closed in the end
        self._text = io.TextIOWrapper(self._file, "utf-8", newline="")
        self._columns = columns(name)
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow(self._columns)

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *error: object) -> None:
        self._text.close()

    def write(self, row: dict[str, Any]) -> None:
        self._writer.writerow([row.get(column, "") for column in self._columns])

    def copy(self, target: IO[bytes]) -> None:
        self._text.flush()
        self._file.seek(0)
        shutil.copyfileobj(self._file, target, _PIECE_BYTES)


def _all_rows(offers: Offers, about: About) -> Iterator[Row]:
    """Yield the rows of all files; organizations and terms once, however many offers name them."""
    terms = Terms(about.vocabularies)
    known = {term["id"] for term in terms.all_terms()}
    for taxonomy in terms.taxonomies.values():
        yield from rows("taxonomy", taxonomy)
    for term in terms.all_terms():
        yield from rows("taxonomy_term", term)
    for organization in offers.organizations():
        yield from _new_rows("organization", msgspec.json.decode(organization), known)
    for body in offers.services():
        service: Object = msgspec.json.decode(body)
        service.pop("organization", None)
        if "program" in service and "organization_id" in service:
            service["program"].setdefault("organization_id", service["organization_id"])
        yield from _new_rows("service", service, known)


def _new_rows(name: str, value: Object, known: set[str]) -> Iterator[Row]:
    """Yield the rows of an object, but for terms that were there before."""
    for kind, row in rows(name, value):
        if kind != "taxonomy_term":
            yield kind, row
        elif row["id"] not in known:
            known.add(row["id"])
            yield kind, row


def _describe(about: About) -> bytes:
    licence = {"path": about.licence_url, "title": about.licence_name} if about.licence_url else {}
    contributor = {"title": about.publisher, "role": "publisher"}
    if about.email:
        contributor["email"] = about.email
    found = describe_package(
        title=about.title, homepage=about.base_url, licence=licence, description=_DESCRIPTION,
        created=f"{about.made:%Y-%m-%dT%H:%M:%SZ}", contributors=[contributor],
        sources=[{"title": "kreisweit", "path": about.base_url}] if about.base_url else [],
        x_kreisweit={"digest": about.digest} if about.digest else {},
    )  # fmt: skip
    return msgspec.json.encode(found)


def _entry(name: str, about: About) -> zipfile.ZipInfo:
    """Return the entry of a file; its time is that of the state, since the same state gives the same bytes."""
    made = max(about.made.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    entry = zipfile.ZipInfo(name, made)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry


PACKAGE: Final = Format(
    name="hsds-zip",
    path="/hsds.zip",
    media_type="application/zip",
    title="Alle Angebote als HSDS-Tabellen mit Beschreibung (ZIP)",
    title_en="All offers as HSDS tables with their description (ZIP)",
    write=write_package,
)
