"""The catalogue as linked data (schema.org): one graph, an offer a line, so that it can be read as a stream too.

The context stands in the file: who reads it as RDF asks nobody for one.  It says what that of schema.org says of the
names used here; so the same offer gives the same triples from here and from its page.
"""

from __future__ import annotations

from typing import IO, Any, Final

import msgspec

from shared.outputs.formats.format import Format, Offers
from shared.outputs.linked_data import TYPE, Thing, linked_data
from shared.outputs.offered import About

_LINKS: Final = ("license", "logo", "sameAs", "serviceUrl", "url")
_DAYS: Final = ("validFrom", "validThrough")
_CONTEXT: Final[dict[str, Any]] = {
    "@vocab": "http://schema.org/",
    **{name: {"@type": "@id"} for name in _LINKS},
    **{name: {"@type": "Date"} for name in _DAYS},
    "dateModified": {"@type": "DateTime"},
}


def write_linked_data(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write one JSON-LD document: the data set, then every offer."""
    into.write(b'{"@context":' + msgspec.json.encode(_CONTEXT) + b',"@graph":[\n')
    into.write(msgspec.json.encode(_data_set(about)))
    for offered in offers:
        name = offered.origin.url or f"urn:uuid:{offered.service['id']}"
        thing = linked_data(offered.doc, about.district, about.vocabularies, url=name)
        into.write(b",\n" + msgspec.json.encode(thing))
    into.write(b"\n]}\n")


def _data_set(about: About) -> Thing:
    """Say whose offers these are, and under which terms they may be used."""
    where = {"@id": f"{about.base_url}/catalog.jsonld", "url": about.base_url} if about.base_url else {}
    return {
        "@type": "Dataset", **where, "name": about.title, "license": about.licence_url, "version": about.digest,
        "dateModified": about.made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "publisher": {"@type": "Organization", "name": about.publisher},
    }  # fmt: skip


LINKED_DATA: Final = Format(
    name="linked-data",
    path="/catalog.jsonld",
    media_type=TYPE,
    title="Alle Angebote als verknüpfte Daten (schema.org in JSON-LD)",
    title_en="All offers as linked data (schema.org in JSON-LD)",
    write=write_linked_data,
)
