"""„Vertrauen prüfen“ at hub and node: keys, checkpoints and digest as they are, and the ways to check them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from httpx import Response
from litestar.testing import TestClient

from hub.party import Hub
from node.party import Node
from shared.feed.checkpoint import parse_checkpoint_text
from shared.feed.join import fingerprint
from shared.feed.note import parse_note
from shared.feed.outcomes import Code
from shared.verify.copy import CopySettings, LocalCopy, make_copy
from tests.support.loopback import app_of, close_all
from tests.support.world import NetworkAccess, World, publish

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Sprachcafé")
    publish(world.nodes["marl"], "Nähkurs")
    world.settle()
    yield world
    close_all(world)


def get(party: Hub | Node, path: str, **headers: str) -> Response:
    with TestClient(app_of(party)) as client:
        answer: Response = client.get(path, headers={**HTML, **headers})
        return answer


def party_of(world: World, who: str) -> Hub | Node:
    return world.hub if who == "hub" else world.nodes[who]


@pytest.mark.parametrize("who", ["hub", "herten"])
def test_data_tell_keys_and_checkpoints_as_they_are(world: World, who: str) -> None:
    party = party_of(world, who)

    said = get(party, "/vertrauen.json").json()

    roster = party.book.newest()
    assert roster is not None
    assert (said["roots"], said["threshold"]) == ([world.root.verifying.vkey], 1)
    assert said["digest"] == world.digests()["hub"]
    assert [log["member"] for log in said["logs"]] == ["herten", "marl", "hub"]
    for log in said["logs"]:
        checkpoint = parse_checkpoint_text(parse_note(get(party, log["checkpoint"]).content).text)
        assert (checkpoint.origin, checkpoint.size) == (log["origin"], log["size"])
        assert log["signed"] <= world.clock.now()
        assert log["witnessed"] >= log["signed"] - 1
    row = roster.roster.rows("marl")[0]
    assert said["logs"][1]["keys"] == [
        {
            "log": row.log_key.vkey,
            "witness": row.witness_key.vkey,
            "fingerprint": fingerprint(row.log_key.vkey, row.witness_key.vkey),
        }
    ]


@pytest.mark.parametrize("who", ["hub", "marl"])
def test_page_shows_them_and_leads_to_what_it_names(world: World, who: str) -> None:
    party = party_of(world, who)
    said = get(party, "/vertrauen.json").json()

    page = get(party, "/vertrauen").text

    for shown in (said["digest"], *said["roots"], *(log["keys"][0]["fingerprint"] for log in said["logs"])):
        assert shown in page
    assert f"--root &#39;{said['roots'][0]}&#39;" in page or f"--root '{said['roots'][0]}'" in page
    for path in {*re.findall(r'href="(/(?:roster|catalogue|vertrauen\.json|mirror/[^"]+|feed/[^"]+))"', page)}:
        assert get(party, path).status_code == 200, path
    assert page.count("/checkpoint") == 3


def test_roots_that_the_data_name_are_enough_to_verify_the_hub(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    said = get(world.nodes["marl"], "/vertrauen.json").json()
    home = tmp_path_factory.mktemp("copy") / "copy"
    settings = CopySettings("http://hub", tuple(said["roots"]), said["threshold"])
    make_copy(home, settings)
    copy = LocalCopy(home, settings, world.clock, NetworkAccess(world.network, "integrator"))
    try:
        followed = copy.follow()
    finally:
        copy.close()

    assert (followed.code, followed.digest) == (Code.OK, said["digest"])


def test_offers_and_footers_lead_to_the_page(world: World) -> None:
    rid = publish(world.nodes["herten"], "Beratung").hex()
    world.settle()

    assert get(world.hub, f"/angebote/{rid}").text.count('href="/vertrauen"') == 2
    assert 'href="/vertrauen"' in get(world.nodes["marl"], "/").text


def test_browsers_of_other_sites_may_read_the_data(world: World) -> None:
    assert get(world.hub, "/vertrauen.json").headers["access-control-allow-origin"] == "*"


def test_page_of_a_node_that_belongs_to_nobody_yet() -> None:
    world = World(["herten"])
    node = world.nodes["herten"]
    with node.db.write() as conn:
        conn.exec_driver_sql("DELETE FROM roster")
    try:
        page, data = get(node, "/vertrauen"), get(node, "/vertrauen.json")
    finally:
        close_all(world)

    assert page.status_code == 200
    assert "noch nicht abgeglichen" in page.text
    assert data.json() is None
