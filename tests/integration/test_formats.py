"""Every format of the whole catalogue: served alike, for one state, without persons and offers that went."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.party import Hub
from hub.viewing import newest
from shared.consume import shown_origins
from shared.feed.limits import LEASE_SECONDS
from shared.holdings import facts
from shared.outputs.everything import opened_offers
from shared.outputs.formats.all import FORMATS
from shared.outputs.formats.format import Format
from tests.support.catalogue import TUESDAY, publish_doc
from tests.support.loopback import app_of, close_all, erase, newest_commitment
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

PERSON, MARKER = "Mirjam Probst-Muster", "Zwölfzylinder"
FULL = {
    "contacts": [{"name": PERSON, "email": "probst-muster@traeger.example", "title": "Kursleitung"}],
    "schedules": [TUESDAY],
    "locations": [
        {"name": "Bürgerhaus", "address_1": "Musterweg 1", "postal_code": "45770", "city": "Marl",
         "latitude": 51.65, "longitude": 7.09}
    ],
}  # fmt: skip
each_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)


class Scene:
    """A hub and two cities after a life: offers that stay, one withdrawn, one erased; read at the hub and at a node."""

    def __init__(self, folder: Path) -> None:
        self.world = World(["herten", "marl"])
        herten = self.world.nodes["herten"]
        self.kept = publish_doc(herten, "Sprachcafé am Markt", **FULL)
        self.withdrawn = publish_doc(herten, "Lesekreis im Winter", **FULL)
        self.changed = publish_doc(herten, "Spielplatz", **FULL)
        self.erased = publish_doc(herten, f"Nähkurs {MARKER}", **FULL)
        self.folder = folder
        self.settle()
        self.hub = TestClient(app_of(self.world.hub))
        self.node = TestClient(app_of(self.world.nodes["marl"]))

    def settle(self) -> None:
        self.world.settle()
        give_index(self.world.hub, self.folder)
        give_index(self.world.nodes["marl"], self.folder)

    def close(self) -> None:
        for party in (self.world.hub, self.world.nodes["marl"]):
            party.finder.close()
            party.outputs.reader.close()
        close_all(self.world)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The scene while all three offers are shown."""
    scene = Scene(tmp_path_factory.mktemp("formats"))
    with scene.hub, scene.node:
        yield scene
    scene.close()


@pytest.fixture(scope="module")
def between(before: Scene) -> Scene:
    """The same scene for later tests: every format was asked for, one offer went, one changed; outputs lag behind."""
    for form in FORMATS:
        assert holds(content(before.hub, form), MARKER) == (form.name != "dcat")
    herten = before.world.nodes["herten"]
    withdraw(herten, before.withdrawn)
    publish(herten, "Spielplatztreff", before.changed)
    before.world.settle()
    return before


@pytest.fixture(scope="module")
def after(between: Scene) -> Scene:
    """The same scene for the tests that come last: one offer was erased, and the outputs have followed."""
    herten = between.world.nodes["herten"]
    erase(herten, newest_commitment(herten, between.erased))
    between.settle()
    return between


def content(client: TestClient[Litestar], form: Format) -> bytes:
    """Return what a format says, unpacked where it is an archive."""
    answer = client.get(form.path)
    assert answer.status_code == 200, answer.text
    if not answer.content.startswith(b"PK"):
        return answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return b"\n".join(archive.read(name) for name in archive.namelist())


def spellings(text: str) -> list[bytes]:
    """The ways in which the formats may write a text."""
    escaped = "".join(f"\\u{ord(letter):04x}" if ord(letter) > 126 else letter for letter in text)
    entities = "".join(f"&#{ord(letter)};" if ord(letter) > 126 else letter for letter in text)
    return [text.encode(), escaped.encode(), entities.encode()]


def holds(body: bytes, text: str) -> bool:
    return any(spelling in body.replace(b"\r\n ", b"") for spelling in spellings(text))


def test_formats_have_names_paths_and_titles_of_their_own() -> None:
    for values in zip(*[(one.name, one.path, one.title, one.title_en) for one in FORMATS], strict=True):
        assert len(set(values)) == len(FORMATS)
        assert all(values)


# --- serving ---------------------------------------------------------------------------------------------------------


@each_format
def test_answer_says_what_it_is(before: Scene, form: Format) -> None:
    answer = before.hub.get(form.path, headers={"Origin": "https://app.example"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == form.media_type
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert int(answer.headers["Content-Length"]) == len(answer.content) > 0
    assert answer.headers["Last-Modified"].endswith("GMT")
    if "." in form.path:
        suffix = form.path.rpartition(".")[2]
        assert answer.headers["Content-Disposition"].endswith(f'-2026-01-01.{suffix}"')


@each_format
def test_known_state_is_not_sent_again(before: Scene, form: Format) -> None:
    first = before.hub.get(form.path)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    same = before.hub.get(form.path, headers={"If-None-Match": tag})
    since = before.hub.get(form.path, headers={"If-Modified-Since": modified})
    other = before.hub.get(form.path, headers={"If-None-Match": '"other"', "If-Modified-Since": modified})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert since.status_code == 304
    assert (other.status_code, other.content) == (200, first.content)


@each_format
def test_head_tells_what_get_would(before: Scene, form: Format) -> None:
    got, told = before.hub.get(form.path), before.hub.head(form.path)

    assert told.status_code == 200
    assert told.content == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified"):
        assert told.headers[name] == got.headers[name]


@each_format
def test_formats_cannot_be_written_to(before: Scene, form: Format) -> None:
    assert before.hub.post(form.path, content=b"x").status_code == 405


@each_format
def test_node_gives_out_what_the_hub_does(before: Scene, form: Format) -> None:
    if form.name != "dcat":  # Describes the catalogue, names no offer.
        assert holds(content(before.node, form), "Sprachcafé am Markt")


@each_format
def test_nothing_is_given_out_while_recovering(before: Scene, form: Format) -> None:
    known = before.hub.get(form.path).headers["ETag"]
    with recovering(before.world.hub):
        answers = [before.hub.get(form.path, headers={"If-None-Match": known}), before.hub.head(form.path)]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert "Retry-After" in answers[0].headers
    assert not holds(answers[0].content, PERSON)


@contextmanager
def recovering(hub: Hub) -> Iterator[None]:
    with hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", hub.clock.now())
    yield
    with hub.db.write() as conn:
        facts.delete_fact(conn, "recovering-since")


# --- between catalogue and outputs ------------------------------------------------------------------------------------


def test_offers_that_left_the_holdings_are_left_out_before_the_outputs_follow(between: Scene) -> None:
    hub = between.world.hub
    with opened_offers(hub.outputs.reader, hub.db, lambda: origins(hub), hub.outputs.makers(), masks=False) as offers:
        found = {offered.doc.name: offered for offered in offers}
        again = [offered.doc.name for offered in offers]
        lines = list(offers.services())

    assert sorted(found) == sorted(again) == [f"Nähkurs {MARKER}", "Spielplatztreff", "Sprachcafé am Markt"]
    assert len(lines) == 4
    assert not holds(b"".join(lines), "Spielplatztreff")
    for offered in found.values():
        assert offered.service["name"] == offered.doc.name
        assert offered.service["last_modified"] == offered.doc.last_modified
        assert offered.origin.node == "herten"


def origins(hub: Hub) -> list[str]:
    said = newest(hub)
    assert said is not None
    return shown_origins(said)


def test_persons_are_left_out_of_newer_versions_too(between: Scene) -> None:
    hub = between.world.hub
    with opened_offers(hub.outputs.reader, hub.db, lambda: origins(hub), hub.outputs.makers(), masks=True) as offers:
        for offered in offers:
            assert PERSON not in repr(offered)
            assert offered.doc.name


# --- what must not be there ------------------------------------------------------------------------------------------


@each_format
def test_withdrawn_and_erased_offers_leave_the_format(after: Scene, form: Format) -> None:
    body = content(after.hub, form)

    assert not holds(body, MARKER)
    for rid in (after.withdrawn, after.erased):
        assert rid.hex().encode() not in body
        assert str(UUID(bytes=rid)).encode() not in body


@each_format
def test_no_person_where_persons_are_left_out(after: Scene, form: Format) -> None:
    marl, world = after.world.nodes["marl"], after.world
    seen = content(after.node, form)
    tag = after.node.get(form.path).headers["ETag"]
    before_lease = world.clock.time

    world.clock.time += LEASE_SECONDS + 3600
    try:
        assert marl.consumer.newest() is not None
        answer = after.node.get(form.path, headers={"If-None-Match": tag})
        body = content(after.node, form)
    finally:
        world.clock.time = before_lease

    assert answer.status_code == 200
    assert "Last-Modified" not in answer.headers
    assert not holds(body, PERSON)
    assert not holds(body, "probst-muster@")
    assert holds(body, "Sprachcafé am Markt") == holds(seen, "Sprachcafé am Markt")
