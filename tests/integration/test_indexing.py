"""The search index follows what a party shows: published, changed, withdrawn, erased, restored, made anew."""

from __future__ import annotations

import io
import json
import threading
from datetime import date
from pathlib import Path

import pytest

from hub.derived import derived_of as derived_of_hub
from hub.party import Hub
from node.cli import run
from node.derived import derived_of
from node.erasing import erase
from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from shared.indexing import IndexKeeper
from shared.logs import open_log
from shared.search.asking import Asked
from tests.support.searching import give_index
from tests.support.world import VirtualClock, World, publish, withdraw

TODAY = date(2026, 1, 10)


@pytest.fixture
def world() -> World:
    return World(["herten", "marl"])


def found(party: Node, words: str = "") -> int:
    return party.finder.find(Asked(words=words), today=TODAY).total


def test_index_follows_the_catalogue(world: World, tmp_path: Path) -> None:
    marl, herten = world.nodes["marl"], world.nodes["herten"]
    rid = publish(herten, "Sprachcafé")
    publish(marl, "Ämterlotsen")
    world.settle()
    give_index(marl, tmp_path)
    before = found(marl, "sprachcafe"), found(marl)

    withdraw(herten, rid)
    world.settle()
    changed = derived_of(marl).catch_up()

    assert (before, changed) == ((1, 2), 1)
    assert (found(marl, "sprachcafe"), found(marl)) == (0, 1)


def test_nothing_is_done_while_nothing_changes(world: World, tmp_path: Path) -> None:
    publish(world.nodes["marl"], "Ämterlotsen")
    world.settle()
    give_index(world.nodes["marl"], tmp_path)
    stamp = world.nodes["marl"].finder.stamp

    assert derived_of(world.nodes["marl"]).catch_up() == 0
    assert world.nodes["marl"].finder.stamp == stamp != 0


def test_party_without_an_index_finds_nothing_and_breaks_nothing(world: World) -> None:
    answer = world.nodes["marl"].finder.find(Asked(words="kurs"), today=TODAY)

    assert (answer.total, answer.stamp) == (0, 0)


def settle_hub(world: World) -> None:
    """Let time pass until the hub has sealed its own records."""
    waiting = 1
    while waiting:
        world.tick()
        with world.hub.db.read() as conn:
            waiting = edits.count_edits(conn)
    world.settle()


def entries_of(party: Node | Hub) -> list[tuple[bytes, str]]:
    return [(hit.rid, hit.member) for hit in party.finder.matching(Asked(), today=TODAY)]


def test_changed_offer_is_found_by_its_new_words_only(world: World, tmp_path: Path) -> None:
    herten, marl = world.nodes["herten"], world.nodes["marl"]
    rid = publish(herten, "Yoga")
    world.settle()
    give_index(marl, tmp_path)

    publish(herten, "Schwimmen", rid=rid)
    world.settle()
    derived_of(marl).catch_up()

    assert (found(marl, "yoga"), found(marl, "schwimmen")) == (0, 1)


def test_rebuilt_index_answers_as_the_one_that_followed(world: World, tmp_path: Path) -> None:
    herten = world.nodes["herten"]
    give_index(herten, tmp_path)
    rids = [publish(herten, f"Kurs {number}") for number in range(8)]
    world.settle()
    derived_of(herten).catch_up()
    withdraw(herten, rids[3])
    publish(world.nodes["marl"], "Nähstube")
    world.settle()
    derived_of(herten).catch_up()
    followed = entries_of(herten), found(herten, "kurs"), found(herten, "nähen")

    assert derived_of(herten).rebuild() == 8
    assert (entries_of(herten), found(herten, "kurs"), found(herten, "nähen")) == followed


def test_hub_shows_the_same_offers(world: World, tmp_path: Path) -> None:
    publish(world.nodes["herten"], "Sprachcafé")
    publish(world.nodes["marl"], "Ämterlotsen")
    world.settle()
    give_index(world.hub, tmp_path)
    give_index(world.nodes["marl"], tmp_path)

    assert entries_of(world.hub) == entries_of(world.nodes["marl"]) != []


def test_lost_and_damaged_files_are_made_anew(world: World, tmp_path: Path) -> None:
    marl = world.nodes["marl"]
    publish(marl, "Ämterlotsen")
    world.settle()
    give_index(marl, tmp_path)
    assert marl.index_path is not None
    answers: list[int] = []

    for spoil in (marl.index_path.unlink, lambda: marl.index_path.write_bytes(b"damaged" * 5000)):
        marl.finder.close()
        spoil()
        publish(marl, f"Kurs {len(answers)}")
        world.settle()
        derived_of(marl).catch_up()
        answers.append(found(marl))

    assert answers == [2, 3]


def test_erased_text_leaves_the_index_files(world: World, tmp_path: Path) -> None:
    marl = world.nodes["marl"]
    publish(marl, "Gesprächskreis Zwitschermann")
    publish(marl, "Ämterlotsen")
    world.settle()
    give_index(marl, tmp_path)
    before = found(marl, "zwitschermann")
    marl.finder.close()

    done = erase(marl, "Zwitschermann")

    assert (before, done.is_scrubbed) == (1, True)
    assert found(marl, "zwitschermann") == 0
    held = [path.name for path in tmp_path.iterdir() if b"zwitscher" in path.read_bytes().lower()]
    assert held == []


def test_cluster_is_one_card_that_names_all_its_records(world: World, tmp_path: Path) -> None:
    first = publish(world.nodes["herten"], "Frauencafé")
    second = publish(world.nodes["marl"], "Café für Frauen")
    world.settle()
    give_index(world.hub, tmp_path)
    doc = {"id": "c" * 32, "owner": "05562000", "members": [first.hex(), second.hex()], "display": second.hex()}
    body = seal_payload(doc, bytes(32))
    with world.hub.db.write() as conn:
        edit = Edit(
            "publish", "cluster", bytes.fromhex("c" * 32), NEW, world.hub.clock.now(), commitment_of(body), body
        )
        edits.add_edit(conn, edit)
    settle_hub(world)
    derived_of_hub(world.hub).catch_up()

    hits = world.hub.finder.find(Asked(), today=TODAY).hits
    withdraw(world.nodes["herten"], first)
    world.settle()
    derived_of_hub(world.hub).catch_up()

    assert [(hit.rid, hit.others) for hit in hits] == [(second, (("herten", first),))]
    assert [(hit.rid, hit.others) for hit in world.hub.finder.find(Asked(), today=TODAY).hits] == [(second, ())]


class Ended(Exception):  # noqa: N818 - an end, not an error
    """The catalogue could not be read this time."""


def test_keeper_goes_on_after_a_failure_and_stops_when_told() -> None:
    called = threading.Semaphore(0)
    calls: list[int] = []

    def catch_up() -> None:
        calls.append(len(calls))
        called.release()
        if len(calls) < 3:
            raise Ended

    lines = io.StringIO()
    keeper = IndexKeeper(catch_up, lambda: True, open_log(lines, VirtualClock(), party="marl"), idle_seconds=0.001)
    keeper.start()
    for _ in range(4):
        called.acquire()
    keeper.stop()

    assert lines.getvalue().count("index_failed") == 1


def test_index_is_rebuilt_by_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "herten")
    run(["--home", home, "init", "--name", "herten", "--ags", "05562020", "--title", "Stadt Herten"])
    capsys.readouterr()

    code = run(["--home", home, "index", "rebuild", "--json"])

    assert (code, json.loads(capsys.readouterr().out)) == (0, {"entries": 0})
    assert (tmp_path / "herten" / "search.db").stat().st_mode & 0o077 == 0
