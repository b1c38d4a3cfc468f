"""The catalogue as NDJSON: one compiled HSDS service in each line, copied as the outputs hold it."""

from __future__ import annotations

from typing import IO, Final

from shared.outputs.formats.format import Format, Offers
from shared.outputs.offered import About


def write_lines(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write all offers."""
    del about  # A line is a service and nothing else.
    into.writelines(service + b"\n" for service in offers.services())


LINES: Final = Format(
    name="ndjson",
    path="/catalog.ndjson",
    media_type="application/x-ndjson",
    title="Alle Angebote als HSDS-Dienste, einer je Zeile (NDJSON)",
    title_en="All offers as HSDS services, one per line (NDJSON)",
    write=write_lines,
)
