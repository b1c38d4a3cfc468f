"""The catalogue as linked data: an RDF tool reads the triples that were meant, the page of an offer says the same."""

from __future__ import annotations

import json
import uuid

import pytest
from rdflib import RDF, BNode, Graph, Literal, Namespace, URIRef

from shared.outputs.formats.linked_data import LINKED_DATA
from shared.outputs.linked_data import CONTEXT, linked_data
from tests.support.offered import (
    ABOUT,
    DISTRICT,
    RID,
    VOCABULARIES,
    SomeOffers,
    make_doc,
    make_offered,
    offers_of,
    real_docs,
    written,
)

SCHEMA = Namespace("http://schema.org/")
PAGE = URIRef(f"https://katalog.example/angebote/{RID}")
WHOLE = make_doc(
    body="Mit **Kaffee**.\n\n<script>alert(1)</script>",
    providers=[{"name": "Stadt Herten", "org_type": "kommune", "website": "https://herten.example/"}],
    schedules=[
        {"byday": ["TU"], "opens_at": "14:00", "closes_at": "16:00", "freq": "WEEKLY", "valid_from": "2026-01-06"}
    ],
    is_free=True, service_areas=["05562020"], topics=["sprache.cafe"], languages=[{"code": "de"}, {"code": "uk"}],
    locations=[{"name": "Haus der Begegnung", "address_1": "Musterweg 1", "postal_code": "45699", "city": "Herten"}],
    contacts=[{"name": "Erika Mustermann", "email": "erika@example.org"}], email="cafe@herten.example",
    translations={"tr": {"name": "Dil kahvesi", "state": "aktuell"}},
)  # fmt: skip


def graph_of(offers: SomeOffers) -> Graph:
    return Graph().parse(data=written(LINKED_DATA, offers), format="json-ld")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(offers_of(WHOLE))


def test_offer_of_a_public_body_gives_the_triples_that_were_meant(graph: Graph) -> None:
    assert (PAGE, RDF.type, SCHEMA.GovernmentService) in graph
    assert set(graph.objects(PAGE, SCHEMA.name)) == {Literal("Sprachcafé", "de"), Literal("Dil kahvesi", "tr")}
    assert (PAGE, SCHEMA.category, Literal(VOCABULARIES["topic"].label("sprache.cafe"))) in graph
    provider = graph.value(PAGE, SCHEMA.provider)
    assert isinstance(provider, BNode)
    assert (provider, RDF.type, SCHEMA.GovernmentOrganization) in graph
    assert (provider, SCHEMA.url, URIRef("https://herten.example/")) in graph
    area = graph.value(PAGE, SCHEMA.areaServed)
    key = graph.value(area, SCHEMA.identifier)
    assert str(key) == "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/05562020"


def test_hours_price_and_place_are_found_from_the_offer(graph: Graph) -> None:
    hours, price = graph.value(PAGE, SCHEMA.hoursAvailable), graph.value(PAGE, SCHEMA.offers)
    channel = graph.value(PAGE, SCHEMA.availableChannel)
    place = graph.value(channel, SCHEMA.serviceLocation)

    assert (hours, SCHEMA.opens, Literal("14:00")) in graph
    assert (hours, SCHEMA.validFrom, Literal("2026-01-06", datatype=SCHEMA.Date)) in graph
    assert (price, SCHEMA.price, Literal(0)) in graph
    assert graph.value(graph.value(place, SCHEMA.address), SCHEMA.streetAddress) == Literal("Musterweg 1")
    assert set(graph.objects(channel, SCHEMA.availableLanguage)) == {Literal("de"), Literal("uk")}


def test_file_says_whose_it_is_and_how_it_may_be_used(graph: Graph) -> None:
    (data_set,) = graph.subjects(RDF.type, SCHEMA.Dataset)

    assert (data_set, SCHEMA.license, URIRef(ABOUT.licence_url)) in graph
    assert graph.value(graph.value(data_set, SCHEMA.publisher), SCHEMA.name) == Literal(ABOUT.publisher)
    assert (data_set, SCHEMA.dateModified, Literal("2026-03-02T06:30:00Z", datatype=SCHEMA.DateTime)) in graph


def test_page_of_an_offer_says_the_same_but_for_the_context() -> None:
    page = linked_data(WHOLE, DISTRICT, VOCABULARIES, url=str(PAGE), context=CONTEXT)

    things = json.loads(written(LINKED_DATA, offers_of(WHOLE)))["@graph"]

    assert {**things[1], "@context": CONTEXT} == page


def test_persons_and_a_confidential_address_are_in_no_triple() -> None:
    secret = make_doc(
        address_confidential=True, contacts=[{"name": "Erika Mustermann", "email": "erika@example.org"}],
        locations=[{"name": "Schutzhaus", "address_1": "Geheim 1", "postal_code": "45699", "city": "Herten",
                    "latitude": 51.59, "longitude": 7.13}],
    )  # fmt: skip

    body = written(LINKED_DATA, offers_of(secret)).decode()

    assert not [word for word in ("Mustermann", "erika@", "Geheim", "Schutzhaus", "51.59") if word in body]


def test_every_real_offer_is_one_named_thing_of_one_type() -> None:
    docs = real_docs()[::6]

    graph = graph_of(offers_of(*docs))

    kinds = {SCHEMA.Service, SCHEMA.GovernmentService}
    found = {str(subject) for kind in kinds for subject in graph.subjects(RDF.type, kind)}
    assert found == {f"https://katalog.example/angebote/{doc.id}" for doc in docs}


def test_offer_without_a_page_is_named_by_its_record() -> None:
    offered = make_offered(WHOLE)
    nowhere = type(offered.origin)("herten", "Herten", "05562020", "Stadt Herten")

    graph = graph_of(SomeOffers([type(offered)(offered.service, offered.doc, nowhere)]))

    assert (URIRef(uuid.UUID(RID).urn), RDF.type, SCHEMA.GovernmentService) in graph
