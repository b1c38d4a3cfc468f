"""The catalogue as a data set among others, for open-data portals: DCAT-AP.de 2.0 in JSON-LD.

One catalogue with one data set, a distribution for each format in which it is given out, and the HSDS API as a data
service.  Which properties must be there, and from which vocabularies: specification and conventions of DCAT-AP.de
(GovDataOfficial/DCAT-AP.de, `Releases/DCAT-AP.de V2.0`), conventions 1, 8 to 13, 31, 32, 35, 36 and 39 named below.
It names no offer.  While the public address of a party is unknown all addresses are relative to the file's own.

Known gaps: `dct:issued` is left out, since nobody keeps when a catalogue began; the vocabulary of file types has no
word for JSON lines, which are told as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

import msgspec

from shared.hsds.parts import DISTRICT_KEYS
from shared.model.district import Bounds, District
from shared.outputs.formats.format import Format, Offers
from shared.outputs.linked_data import TYPE
from shared.outputs.offered import About

Node = dict[str, Any]

_EU: Final = "http://publications.europa.eu/resource/authority"
_IANA: Final = "http://www.iana.org/assignments/media-types"
_CONTEXT: Final = {
    "adms": "http://www.w3.org/ns/adms#", "dcat": "http://www.w3.org/ns/dcat#",
    "dcatde": "http://dcat-ap.de/def/dcatde/", "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/", "gsp": "http://www.opengis.net/ont/geosparql#",
    "owl": "http://www.w3.org/2002/07/owl#", "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}  # fmt: skip
_LICENCES: Final = {
    "www.govdata.de/dl-de/by-2-0": "dl-by-de/2.0", "www.govdata.de/dl-de/zero-2-0": "dl-zero-de/2.0",
    "creativecommons.org/licenses/by/4.0": "cc-by/4.0", "creativecommons.org/licenses/by-sa/4.0": "cc-by-sa/4.0",
    "creativecommons.org/publicdomain/zero/1.0": "cc-zero",
}  # fmt: skip
"""Usual addresses of licences, without scheme and last slash, and their place in the list of DCAT-AP.de."""
_FILE_TYPES: Final = {
    "application/atom+xml": "ATOM", "application/json": "JSON", "application/ld+json": "JSON_LD",
    "application/rss+xml": "RSS", "application/x-ndjson": "JSON", "application/zip": "CSV", "text/calendar": "ICS",
    "text/csv": "CSV", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
}  # fmt: skip
"""By media type; the archive holds tables."""
_PACKED: Final = frozenset({"application/zip"})
_UNREGISTERED: Final = frozenset({"application/rss+xml", "application/x-ndjson"})
_MACROLANGUAGES: Final = {"arb": "ara", "pes": "fas"}
"""The vocabulary of languages names these as a whole."""
_TITLE: Final = ("Integrationsangebote", "Integration offers")
_ABOUT: Final = (
    (
        "Angebote für Zugewanderte: Kurse, Beratung, Treffpunkte und Hilfen, mit Zeiten, Orten, Kosten und Sprachen."
        " Jede Stadt pflegt ihre Angebote selbst und unterschreibt jede Änderung."
    ),
    (
        "Offers for newcomers: courses, counselling, meetings and help, with hours, places, costs and languages."
        " Each city keeps its own offers and signs every change."
    ),
)
_KEYWORDS: Final = ("Integration", "Migration", "Deutschkurse", "Beratung", "Soziales", "Open Referral", "HSDS")


@dataclass(frozen=True)
class Api:
    """A service that gives out the same data.

    Args:
        path: where it is.
        description: where a machine reads what it offers.
        guide: where a person does.
        conforms_to: address of its standard.
    """

    title: str
    title_en: str
    path: str
    description: str
    guide: str
    conforms_to: str


def describe(formats: Sequence[Format], api: Api) -> Format:
    """Return the format that describes the others to portals."""

    def write(offers: Offers, about: About, into: IO[bytes]) -> None:
        graph = _Description(about, _languages(offers)).graph(formats, api)
        into.write(msgspec.json.encode({"@context": _CONTEXT, "@graph": graph}) + b"\n")

    return Format(
        name="dcat",
        path="/dcat.jsonld",
        media_type=TYPE,
        title="Beschreibung des Katalogs für Datenportale (DCAT-AP.de)",
        title_en="Description of the catalogue for data portals (DCAT-AP.de)",
        write=write,
    )


class _Extension(msgspec.Struct, frozen=True):
    translations: Mapping[str, msgspec.Raw] = {}


class _Told(msgspec.Struct, frozen=True):
    """What is read of a finished service."""

    x_kreisweit: _Extension = _Extension()


def _languages(offers: Offers) -> set[str]:
    """Return the languages in which at least one offer is told beside German."""
    decoder = msgspec.json.Decoder(_Told)
    return {tag for service in offers.services() for tag in decoder.decode(service).x_kreisweit.translations}


class _Description:
    def __init__(self, about: About, languages: Iterable[str]) -> None:
        self._about = about
        self._base = about.base_url
        self._publisher = _id(f"{self._base}/#publisher")
        self._modified = {"@value": about.made.strftime("%Y-%m-%dT%H:%M:%SZ"), "@type": "xsd:dateTime"}
        self._licence = _licence(about.licence_url)
        self._languages = self._named_languages({"de", *languages})

    def graph(self, formats: Sequence[Format], api: Api) -> list[Node]:
        """Return all nodes, the catalogue first."""
        data_set, service = _id(f"{self._base}/#dataset"), _id(f"{self._base}{api.path}#service")
        distributions = [*(self._distribution(form) for form in formats), self._by_api(api, service)]
        return [
            self._catalogue(data_set, service),
            {
                **self._publisher, "@type": ["foaf:Organization", "foaf:Agent"], "foaf:name": self._about.publisher,
            },
            self._data_set(data_set, distributions, api),
            {**service, "@type": "dcat:DataService", **self._service(data_set, api)},
            *distributions,
        ]  # fmt: skip

    def _catalogue(self, data_set: Node, service: Node) -> Node:
        about = self._about
        return {
            "@id": f"{self._base}/#catalog", "@type": "dcat:Catalog", "dct:title": _german(about.title),
            "dct:description": _both(_ABOUT), "dct:publisher": self._publisher, "dct:modified": self._modified,
            "dct:language": self._languages, "foaf:homepage": _id(f"{self._base}/"),
            "dcat:themeTaxonomy": _id(f"{_EU}/data-theme"), "dct:spatial": _area(about.district),
            "dcat:dataset": data_set, "dcat:service": service, **self._licence,
        }  # fmt: skip

    def _data_set(self, own: Node, distributions: Sequence[Node], api: Api) -> Node:
        about, district = self._about, self._about.district
        return {
            **own, "@type": "dcat:Dataset", "dct:title": _both(_TITLE), "dct:description": _both(_ABOUT),
            "dct:identifier": f"kreisweit:{district.key}", "dct:publisher": self._publisher,
            "dcatde:maintainer": self._publisher, "dcat:contactPoint": self._contact(),
            "dct:modified": self._modified, "dct:language": self._languages,
            "dcat:keyword": [_german(word) for word in _KEYWORDS],
            "dcat:theme": [_id(f"{_EU}/data-theme/{theme}") for theme in ("SOCI", "EDUC")],
            "dct:accrualPeriodicity": _id(f"{_EU}/frequency/UPDATE_CONT"),
            "dct:accessRights": _id(f"{_EU}/access-right/PUBLIC"),
            "dcatde:politicalGeocodingLevelURI": _id(
                "http://dcat-ap.de/def/politicalGeocoding/Level/administrativeDistrict"
            ),
            "dcatde:politicalGeocodingURI": _area(district),
            "dcatde:geocodingDescription": _german(district.name),
            "dct:spatial": [_area(district), _rectangle(district.bounds)],
            "dcat:landingPage": _id(f"{self._base}/"), "foaf:page": _id(f"{self._base}{api.guide}"),
            "dcat:distribution": [_id(one["@id"]) for one in distributions],
            **({"owl:versionInfo": about.digest} if about.digest else {}),
            **({"dcatde:contributorID": _id(district.contributor)} if district.contributor else {}),
        }  # fmt: skip

    def _contact(self) -> Node:
        """Name the office, and where it is reached; an address must be there (convention 1)."""
        about, district = self._about, self._about.district
        mail = {"vcard:hasEmail": _id(f"mailto:{about.email}")} if about.email else {}
        return {
            "@type": ["vcard:Organization", "vcard:Kind"], "vcard:fn": about.publisher, **mail,
            "vcard:hasURL": _id(district.contact.url or f"{self._base}/"),
        }  # fmt: skip

    def _distribution(self, form: Format) -> Node:
        """A file is both the place of access and what is downloaded (convention 39)."""
        where, kind = f"{self._base}{form.path}", form.media_type.partition(";")[0].strip()
        about: Node = {
            "dcat:accessURL": _id(where), "dcat:downloadURL": _id(where), **self._terms(),
            "dct:title": _both((form.title, form.title_en)), "dct:language": self._languages,
            "dct:modified": self._modified,
        }  # fmt: skip
        if kind in _FILE_TYPES:
            about["dct:format"] = _id(f"{_EU}/file-type/{_FILE_TYPES[kind]}")
        if kind not in _UNREGISTERED:
            about["dcat:mediaType"] = _id(f"{_IANA}/{kind}")
        if kind in _PACKED:
            about["dcat:compressFormat"] = _id(f"{_IANA}/{kind}")
        return {"@id": f"{where}#distribution", "@type": "dcat:Distribution", **about}

    def _by_api(self, api: Api, service: Node) -> Node:
        where = f"{self._base}{api.path}"
        return {
            "@id": f"{where}#distribution", "@type": "dcat:Distribution", "dcat:accessURL": _id(where),
            "dcat:accessService": service, "dct:title": _both((api.title, api.title_en)),
            "dct:format": _id(f"{_EU}/file-type/JSON"), "dcat:mediaType": _id(f"{_IANA}/application/json"),
            "dct:conformsTo": _id(api.conforms_to), "dct:language": self._languages, "dct:modified": self._modified,
            **self._terms(),
        }  # fmt: skip

    def _service(self, data_set: Node, api: Api) -> Node:
        return {
            "dct:title": _both((api.title, api.title_en)), "dcat:endpointURL": _id(f"{self._base}{api.path}"),
            "dcat:endpointDescription": _id(f"{self._base}{api.description}"), "dcat:servesDataset": data_set,
            "dct:conformsTo": _id(api.conforms_to), "dct:publisher": self._publisher,
            "dcat:contactPoint": self._contact(), "foaf:page": _id(f"{self._base}{api.guide}"), **self._licence,
        }  # fmt: skip

    def _terms(self) -> Node:
        """Whoever must be named is named word for word (convention 35)."""
        named = {"dcatde:licenseAttributionByText": _german(self._about.publisher)} if self._licence else {}
        return {**self._licence, **named, "adms:status": _id("http://purl.org/adms/status/Completed")}

    def _named_languages(self, tags: Iterable[str]) -> list[Node]:
        terms = self._about.vocabularies["language"]
        codes = [term.iso639_3 for tag in tags if (term := terms.get(tag)) is not None and term.iso639_3]
        return [_id(f"{_EU}/language/{code.upper()}") for code in sorted({_MACROLANGUAGES.get(c, c) for c in codes})]


def _id(uri: str) -> Node:
    return {"@id": uri}


def _german(text: str) -> Node:
    return {"@value": text, "@language": "de"}


def _both(texts: tuple[str, str]) -> list[Node]:
    return [_german(texts[0]), {"@value": texts[1], "@language": "en"}]


def _licence(url: str) -> Node:
    """Name a licence as the list of DCAT-AP.de does (convention 32); one that is not in it by its own address."""
    if not url:
        return {}
    listed = _LICENCES.get(url.partition("://")[2].rstrip("/"))
    return {"dct:license": _id(f"http://dcat-ap.de/def/licenses/{listed}" if listed else url)}


def _area(district: District) -> Node:
    """The district by its key, as `dcatde:politicalGeocodingURI` and `dct:spatial` alike (conventions 8, 11)."""
    return _id(f"{DISTRICT_KEYS}{district.key}")


def _rectangle(bounds: Bounds) -> Node:
    """Where places are expected, longitude first, with the system of its coordinates (conventions 4 to 6)."""
    corners = [
        (bounds.west, bounds.south), (bounds.east, bounds.south), (bounds.east, bounds.north),
        (bounds.west, bounds.north), (bounds.west, bounds.south),
    ]  # fmt: skip
    ring = ", ".join(f"{east} {north}" for east, north in corners)
    polygon = f"<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POLYGON(({ring}))"
    return {"@type": "dct:Location", "dcat:bbox": {"@value": polygon, "@type": "gsp:wktLiteral"}}
