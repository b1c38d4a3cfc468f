"""The catalogue in the eyes of an open-data portal: DCAT-AP.de by its rules, checked by pyshacl, read by rdflib."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyshacl
import pytest
from rdflib import DCTERMS, FOAF, RDF, Graph, Literal, Namespace, URIRef

from shared.outputs.formats.all import FORMATS, HSDS_API
from shared.outputs.offered import About
from tests.support.offered import ABOUT, DISTRICT, SomeOffers, make_doc, offers_of, written

SHAPES = Path(__file__).parents[1] / "support" / "dcat_shapes.ttl"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"
BASE = ABOUT.base_url
DATASET = URIRef(f"{BASE}/#dataset")
DESCRIPTION = FORMATS[-1]
OFFERS = offers_of(make_doc(translations={"ar": {"name": "مقهى"}, "uk": {"name": "Кава"}}))


def graph_of(about: About = ABOUT, offers: SomeOffers = OFFERS, **options: Any) -> Graph:
    return Graph().parse(data=written(DESCRIPTION, offers, about), format="json-ld", **options)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of()


def broken_rules(data: Graph) -> list[str]:
    conforms, _, text = pyshacl.validate(data, shacl_graph=Graph().parse(SHAPES), inference="none")
    return [] if conforms else str(text).splitlines()


def test_description_keeps_the_rules_of_the_profile(graph: Graph) -> None:
    assert broken_rules(graph) == []


@pytest.mark.parametrize("missing", [DCTERMS.publisher, DCAT.contactPoint, DCTERMS.license, DCATDE.contributorID])
def test_rules_notice_what_is_missing(missing: URIRef) -> None:
    less = graph_of()
    less.remove((None, missing, None))

    assert broken_rules(less)


def test_every_format_and_the_api_are_distributions_of_one_data_set(graph: Graph) -> None:
    assert list(graph.subjects(RDF.type, DCAT.Dataset)) == [DATASET]
    downloads = {
        str(url) for one in graph.objects(DATASET, DCAT.distribution) for url in graph.objects(one, DCAT.downloadURL)
    }
    assert downloads == {f"{BASE}{form.path}" for form in FORMATS if form is not DESCRIPTION}
    (service,) = graph.subjects(RDF.type, DCAT.DataService)
    assert graph.value(service, DCAT.endpointURL) == URIRef(f"{BASE}{HSDS_API.path}")
    assert graph.value(service, DCAT.servesDataset) == DATASET
    assert graph.value(None, DCAT.accessService, service) in set(graph.objects(DATASET, DCAT.distribution))


def test_every_format_names_its_file_type(graph: Graph) -> None:
    kinds = {
        str(graph.value(one, DCAT.downloadURL)).removeprefix(BASE): str(graph.value(one, DCTERMS.format)).rpartition(
            "/"
        )[2]
        for one in graph.subjects(RDF.type, DCAT.Distribution)
        if graph.value(one, DCAT.downloadURL)
    }

    assert kinds == {
        "/catalog.csv": "CSV", "/catalog.xlsx": "XLSX", "/catalog.ndjson": "JSON", "/hsds.zip": "CSV",
        "/catalog.jsonld": "JSON_LD", "/catalog.atom": "ATOM", "/rss": "RSS", "/catalog.ics": "ICS",
        "/integreat/places.json": "JSON",
    }  # fmt: skip
    archive = graph.value(None, DCAT.downloadURL, URIRef(f"{BASE}/hsds.zip"))
    assert str(graph.value(archive, DCAT.compressFormat)).endswith("/application/zip")


def test_district_licence_languages_and_office_are_named(graph: Graph) -> None:
    area = URIRef("http://dcat-ap.de/def/politicalGeocoding/districtKey/05562")
    assert graph.value(DATASET, DCATDE.politicalGeocodingURI) == area
    assert (DATASET, DCTERMS.spatial, area) in graph
    licences = {graph.value(one, DCTERMS.license) for one in graph.objects(DATASET, DCAT.distribution)}
    assert licences == {URIRef("http://dcat-ap.de/def/licenses/dl-by-de/2.0")}
    languages = {str(one).removeprefix(f"{EU}language/") for one in graph.objects(DATASET, DCTERMS.language)}
    assert languages == {"DEU", "ARA", "UKR"}
    contact = graph.value(DATASET, DCAT.contactPoint)
    assert graph.value(contact, VCARD.hasEmail) == URIRef("mailto:ki@kreis.example")
    publisher = graph.value(DATASET, DCTERMS.publisher)
    assert graph.value(publisher, FOAF.name) == Literal(ABOUT.publisher)


def test_foreign_licence_goes_by_its_own_address_and_none_by_no_word() -> None:
    own = "https://lizenzen.example/eigene"
    foreign, none = (graph_of(replace(ABOUT, licence_url=url)) for url in (own, ""))

    assert set(foreign.objects(None, DCTERMS.license)) == {URIRef(own)}
    assert set(none.objects(None, DCTERMS.license)) == set()


def test_district_without_a_contributor_names_none() -> None:
    alone = replace(ABOUT, district=msgspec.structs.replace(DISTRICT, contributor=""))

    assert not list(graph_of(alone).objects(None, DCATDE.contributorID))


def test_party_without_a_known_address_describes_itself_relative_to_the_file() -> None:
    nowhere = replace(ABOUT, base_url="", email="")

    found = graph_of(nowhere, base="https://node.example/dcat.jsonld")

    assert broken_rules(found) == []
    urls = {str(url) for url in found.objects(None, DCAT.downloadURL)}
    assert "https://node.example/catalog.csv" in urls
    assert all(url.startswith("https://node.example/") for url in urls)


def test_description_names_no_offer() -> None:
    body = written(DESCRIPTION, OFFERS).decode()

    assert json.loads(body)["@graph"][0]["@type"] == "dcat:Catalog"
    assert "Sprachcafé" not in body
