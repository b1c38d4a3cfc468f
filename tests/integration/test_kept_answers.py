"""Answers for integrators are kept whole: until the catalogue changes, and for nobody who brings a cookie or a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.derived import derived_of
from hub.party import Hub
from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits, facts
from shared.holdings.edits import NEW, Edit
from shared.web.kept_bytes import KeptBytes
from shared.web.outputs.kept_answers import TOTAL_BYTES, KeptAnswers
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.world import World, offer_doc, publish, withdraw

LIST = "/hsds/services?per_page=50"
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(["herten"])
    for number in range(3):
        publish(world.nodes["herten"], f"Sprachcafé {number}")
    world.settle()
    give_index(world.hub, tmp_path_factory.mktemp("kept"))
    yield world
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


@pytest.fixture
def app(world: World) -> Litestar:
    return app_of(world.hub)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app) as client:
        yield client


def settle(world: World) -> None:
    world.settle()
    derived_of(world.hub).catch_up()


def kept_by(app: Litestar) -> KeptAnswers:
    assert isinstance(app.asgi_handler, KeptAnswers)
    return app.asgi_handler


class Reads:
    """Counts how often the outputs were opened."""

    def __init__(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        reader = hub.outputs.reader
        opened = reader.opened

        def counted() -> object:
            self.count += 1
            return opened()

        monkeypatch.setattr(reader, "opened", counted)


def test_who_asks_again_gets_the_same_answer_without_a_look_into_the_outputs(
    world: World, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(LIST)
    reads = Reads(world.hub, monkeypatch)

    again, head = client.get(LIST), client.head(LIST)
    known = client.get(LIST, headers={"If-None-Match": first.headers["etag"]})

    assert reads.count == 0
    assert (again.content, again.headers) == (first.content, first.headers)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
    assert head.headers["content-length"] == first.headers["content-length"]
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["x-content-type-options"] == "nosniff"


def test_encodings_have_answers_of_their_own(client: TestClient[Litestar]) -> None:
    packed, plain = client.get(LIST), client.get(LIST, headers=PLAIN)

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert client.get(LIST).headers["etag"] == packed.headers["etag"] != plain.headers["etag"]
    assert client.get(LIST, headers=PLAIN).headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize("headers", [{"Cookie": "kreisweit=1"}, {"Authorization": "Bearer x"}])
def test_who_brings_a_cookie_or_a_key_neither_reads_nor_fills_the_memory(
    app: Litestar, client: TestClient[Litestar], headers: dict[str, str]
) -> None:
    kept = kept_by(app).pages.kept
    client.get(LIST, headers=headers)
    assert len(kept) == 0
    anonymous = client.get(LIST)
    size = len(kept)

    known = client.get(f"{LIST}&page=2", headers=headers)

    assert (size, len(kept), known.status_code) == (1, 1, 200)
    assert client.get(LIST, headers=headers).content == anonymous.content


def test_changed_and_withdrawn_offers_are_seen_at_once_and_old_tags_no_more(
    world: World, client: TestClient[Litestar]
) -> None:
    before = client.get(LIST)
    rid = publish(world.nodes["herten"], "Nähkurs")
    settle(world)
    after = client.get(LIST, headers={"If-None-Match": before.headers["etag"]})
    withdraw(world.nodes["herten"], rid)
    settle(world)

    assert after.status_code == 200
    assert "Nähkurs" in after.text
    assert "Nähkurs" not in client.get(LIST).text
    assert client.get("/hsds/services?search=N%C3%A4hkurs").json()["total_items"] == 0


def test_minute_alone_changes_nothing(
    world: World, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(LIST)
    world.clock.time += 180
    client.get("/livez")
    reads = Reads(world.hub, monkeypatch)

    assert client.get(LIST).headers == first.headers
    assert reads.count <= 1  # the stamp


def test_recovering_party_gives_out_nothing_that_it_kept(world: World, client: TestClient[Litestar]) -> None:
    first = client.get(LIST)
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", 1)
    try:
        refused = client.get(LIST, headers={"If-None-Match": first.headers["etag"]})
        again = client.get(LIST)
    finally:
        with world.hub.db.write() as conn:
            facts.save_fact(conn, "recovering-since", 0)

    assert [refused.status_code, again.status_code] == [503, 503]
    assert client.get(LIST).status_code == 200


def test_errors_and_whole_copies_are_not_kept(app: Litestar, client: TestClient[Litestar]) -> None:
    kept = kept_by(app).pages.kept
    for path in ("/hsds/services?page=x", "/hsds/services/00000000-0000-0000-0000-000000000000", "/catalog.ndjson"):
        client.get(path)
    client.get("/hsds/services?format=ndjson")

    assert len(kept) == 0


def test_memory_is_bounded(app: Litestar, client: TestClient[Litestar]) -> None:
    size = 2 * len(client.get(LIST, headers=PLAIN).content)
    pages = kept_by(app).pages
    pages.kept = KeptBytes(total_max=3 * size, entry_max=size)
    for number in range(30):
        client.get(f"{LIST}&page=1&ignored={number}", headers=PLAIN)

    assert 0 < pages.kept.total <= 3 * size
    assert 0 < len(pages.kept) < 30


def test_larger_answers_than_are_kept_are_answered_all_the_same(app: Litestar, client: TestClient[Litestar]) -> None:
    pages = kept_by(app).pages
    pages.kept = KeptBytes(total_max=TOTAL_BYTES, entry_max=100)

    assert client.get(LIST).json()["total_items"] == 3
    assert len(pages.kept) == 0


def test_state_of_the_hub_is_not_a_visitor_s_language(app: Litestar, client: TestClient[Litestar]) -> None:
    for language in ("de", "en", "ar"):
        client.get(LIST, headers={"Accept-Language": language})

    assert len(kept_by(app).pages.kept) == 1


def test_node_whose_copy_is_overdue_keeps_persons_out_of_what_it_kept(tmp_path: Path) -> None:
    world = World(["herten", "marl"])
    publish_with_person(world.nodes["herten"], "Rita Muster")
    world.settle()
    marl = world.nodes["marl"]
    give_index(marl, tmp_path)
    with TestClient(app_of(marl)) as client:
        (before,) = client.get("/hsds/services?full=true").json()["contents"]
        world.clock.time += 60 * 24 * 3600
        (after,) = client.get("/hsds/services?full=true").json()["contents"]
    marl.outputs.reader.close()
    marl.finder.close()
    close_all(world)

    assert before["contacts"][0]["name"] == "Rita Muster"
    assert "Rita" not in str(after)
    assert after["contacts"][0]["title"] == before["contacts"][0]["title"] == "Beratung"
    assert {**before, "contacts": []} == {**after, "contacts": []}


def publish_with_person(node: Node, name: str) -> None:
    """Put an offer into a node's outbox that names somebody as its contact."""
    rid = node.dice.token(16)
    doc = {**offer_doc(rid, node.settings.ags, "Sprachcafé", "Deutsch sprechen bei Kaffee."), "contacts": [
        {"name": name, "title": "Beratung", "email": "rita@traeger.example"}
    ]}  # fmt: skip
    body = seal_payload(doc, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))


@pytest.mark.parametrize(
    "path",
    [
        LIST, "/hsds/organizations", "/hsds/service_at_locations?full=true", f"{LIST}&minimal=true",
        f"{LIST}&unknown=1", "/hsds/services?page=x", "/hsds/services?per_page=7&page=9",
        "/hsds/services?search=%FF", "/hsds/services?format=ndjson", "/hsds/nowhere",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_answer_before_the_routing_is_the_one_that_comes_after_it(
    client: TestClient[Litestar], path: str, encoding: str
) -> None:
    early = client.get(path, headers={"Accept-Encoding": encoding})
    late = client.get(path, headers={"Accept-Encoding": encoding, "Cookie": "a=b"})

    assert (early.status_code, early.content) == (late.status_code, late.content)
    assert dict(early.headers) == dict(late.headers)
