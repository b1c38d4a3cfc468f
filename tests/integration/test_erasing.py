"""A person is erased: out of every file at once, out of every holder with the seal; offers stay, cleaned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from node import ballast
from node.editing import open_offer, own_offers, save_offer
from node.erasing import erase, find, scrub
from node.importing import import_table
from node.party import Node
from node.store.drafts import Draft, save_drafts
from shared.database import Database
from shared.errors import RuleError
from shared.feed.entry import Erase
from shared.feed.fold import parse_entries
from shared.holdings import edits, facts, logs
from shared.holdings.edits import NEW, Edit
from tests.integration.test_importing import ROW, table
from tests.support.lone_node import files_with, make_member, offer, reopen, seal, states
from tests.support.world import VirtualClock, World, publish, titles

PERSON = "Erika Mustermann"
SUMMARY = f"Fragen beantwortet {PERSON} montags am Vormittag."


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return make_member(tmp_path / "herten", VirtualClock())


def erased_positions(node: Node) -> list[int]:
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        parsed = parse_entries(logs.load_entries(conn, row.id, 0))
    return [target for entry in parsed if isinstance(entry, Erase) for target in entry.targets]


def test_find_lists_every_version_and_every_other_place(node: Node) -> None:
    rid = save_offer(node, offer(summary=SUMMARY))
    seal(node)
    save_offer(node, offer(summary=SUMMARY, body="Neu."), rid)
    seal(node)
    save_offer(node, offer("Zweites Angebot", contacts=[{"name": PERSON.upper()}]))
    with node.db.write() as conn:
        body = edits.load_edits(conn)[0].body
        edits.add_conflict(conn, Edit("publish", "offer", bytes(16), NEW, 1, body=body), "stale")
        save_drafts(node.db, conn, [Draft(b"d" * 16, b'{"name":"Erika  Mustermann hilft"}', 1, 1)])

    hits = find(node, PERSON)

    assert [(hit.where, hit.version) for hit in hits] == [
        ("version", 1), ("version", 2), ("outbox", None), ("conflict", None), ("draft", None),
        ("history", None), ("history", None), ("history", None),
    ]  # fmt: skip
    assert [hit.fields[0] for hit in hits] == [
        "summary", "summary", "contacts.name", "contacts.name", "name", "summary", "summary", "contacts.name"
    ]  # fmt: skip


def test_erased_person_is_in_no_file_even_before_the_seal_but_for_the_pending_erasure(node: Node) -> None:
    rid = save_offer(node, offer(summary=SUMMARY))
    seal(node)

    done = erase(node, PERSON)

    assert (done.offers, done.versions, done.cleaned, done.is_scrubbed) == (1, 1, 1, True)
    assert find(node, PERSON) == []
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "pending"}
    assert open_offer(node, rid).doc["summary"] == "Fragen beantwortet [Name entfernt] montags am Vormittag."
    assert files_with(node.home, "Fragen beantwortet Erika") == []


def test_sealed_erasure_names_all_versions_and_leaves_the_name_in_no_file(node: Node) -> None:
    rid = save_offer(node, offer(summary=SUMMARY))
    seal(node)
    save_offer(node, offer(summary=SUMMARY, body="Zweite Fassung."), rid)
    seal(node)
    save_offer(node, offer(body="Dritte Fassung, ohne die Person."), rid)
    seal(node)

    erase(node, PERSON)
    seal(node)
    scrub(node)

    assert erased_positions(node) == [1, 2]
    assert files_with(node.home, PERSON) == files_with(node.home, "Mustermann") == []
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "published"}
    assert open_offer(reopen(node), rid).doc["body"] == "Dritte Fassung, ohne die Person."


def test_newest_version_with_the_person_gets_a_cleaned_successor_in_the_same_checkpoint(node: Node) -> None:
    rid = save_offer(node, offer(summary=SUMMARY))
    size = seal(node)

    erase(node, PERSON)

    assert seal(node) == size + 2
    assert own_offers(node)[0].base == size
    assert open_offer(node, rid).doc["summary"].startswith("Fragen beantwortet [Name entfernt]")


def test_pending_conflicting_and_drafted_texts_are_cleaned_with_fresh_salts(node: Node) -> None:
    save_offer(node, offer(summary=SUMMARY))
    with node.db.write() as conn:
        before = edits.load_edits(conn)[0]
        edits.add_conflict(conn, Edit("publish", "offer", bytes(16), NEW, 1, body=before.body), "stale")
        save_drafts(node.db, conn, [Draft(b"d" * 16, b'{"name":"Erika Mustermann hilft"}', 1, 1)])

    erase(node, PERSON)

    with node.db.read() as conn:
        after = edits.load_edits(conn)[0]
    assert after.commitment != before.commitment
    assert find(node, PERSON) == []
    seal(node)
    scrub(node)
    assert files_with(node.home, "Mustermann") == []


def test_person_of_an_import_leaves_no_trace_either(node: Node) -> None:
    import_table(node, table(ROW | {"beschreibung": SUMMARY, "quelle": f"Gespräch mit {PERSON}"}))
    seal(node)

    erase(node, PERSON)
    seal(node)
    scrub(node)

    assert files_with(node.home, "Mustermann") == []


def test_offer_withdrawn_before_gets_no_successor(node: Node) -> None:
    rid = save_offer(node, offer(summary=SUMMARY))
    seal(node)
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("withdraw", "offer", rid, 1, 1, reason="ended"))
    size = seal(node)

    erase(node, PERSON)

    assert seal(node) == size + 1
    assert erased_positions(node) == [1]


def test_nobody_of_that_name_changes_nothing(node: Node) -> None:
    save_offer(node, offer())
    size = seal(node)

    done = erase(node, PERSON)

    assert (done.offers, done.versions, seal(node)) == (0, 0, size)


def test_text_too_short_to_search_for_is_refused(node: Node) -> None:
    with pytest.raises(RuleError):
        find(node, "Al")


class FullDisk(Database):
    """A disk that is full as long as the ballast lies on it."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url)
        self._home = home

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        with super().write() as conn:
            yield conn
            if (self._home / ballast.FILE_NAME).exists():
                raise sa.exc.OperationalError("COMMIT", {}, Exception("database or disk is full"))


def test_erasure_works_on_a_full_disk_and_the_room_is_kept_again_afterwards(node: Node) -> None:
    save_offer(node, offer(summary=SUMMARY))
    seal(node)
    node.db.close()
    node.db = FullDisk(node.settings.database_url, node.home)

    done = erase(node, PERSON)

    assert done.versions == 1
    assert find(node, PERSON) == []
    assert (node.home / ballast.FILE_NAME).stat().st_size == ballast.SIZE_BYTES


def test_other_failures_keep_the_ballast(tmp_path: Path) -> None:
    ballast.load_ballast(tmp_path)

    def fail() -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("database is locked"))

    with pytest.raises(sa.exc.OperationalError):
        ballast.write_even_when_full(tmp_path, fail)

    assert (tmp_path / ballast.FILE_NAME).exists()


def test_failing_erasure_changes_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    save_offer(node, offer(summary=SUMMARY))
    seal(node)

    def fail(*_: object) -> None:
        raise ValueError("stop")

    monkeypatch.setattr("node.erasing.facts.bump_fact", fail)
    with pytest.raises(ValueError, match="stop"):
        erase(node, PERSON)

    assert [(hit.where, hit.version) for hit in find(node, PERSON)] == [("version", 1), ("history", None)]
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "published"}


def test_person_is_gone_from_hub_and_other_nodes_once_it_is_sealed() -> None:
    world = World(("herten", "marl"))
    node = world.nodes["herten"]
    save_offer(node, offer(summary=SUMMARY))
    world.settle()
    before = [PERSON.encode() in world.image(name) for name in ("herten", "marl", "hub")]

    erase(node, PERSON)
    world.settle()

    assert before == [True, True, True]
    assert [PERSON.encode() in world.image(name) for name in ("herten", "marl", "hub")] == [False, False, False]
    assert world.is_level()


def test_pending_erasure_of_an_older_copy_also_names_versions_that_come_back() -> None:
    world = World(("herten", "marl"))
    node = world.nodes["herten"]
    rid = save_offer(node, offer(summary=SUMMARY))
    world.settle()
    old = world.image("herten")
    save_offer(node, offer(summary=SUMMARY, body="Zweite Fassung."), rid)
    world.settle()
    world.resume("herten", old)

    erase(node, PERSON)
    world.restart("herten", world.image("herten"))
    world.settle()

    assert erased_positions(world.nodes["herten"]) == [1, 2]
    assert [PERSON.encode() in world.image(name) for name in ("herten", "marl", "hub")] == [False, False, False]


@pytest.mark.slow  # SQLite waits ten seconds for the reader
def test_scrub_is_due_until_nobody_reads(node: Node) -> None:
    save_offer(node, offer(summary=SUMMARY))
    seal(node)

    with node.db.read() as conn:
        logs.load_logs(conn)
        done = erase(node, PERSON)
    with node.db.read() as conn:
        due = facts.load_number(conn, "scrub-due")

    assert (done.is_scrubbed, due) == (False, 1)
    assert scrub(node)


def test_offer_whose_newest_version_came_back_from_the_mirror_is_cleaned_and_stays() -> None:
    world = World(["herten", "marl"])
    herten = world.nodes["herten"]
    rid = publish(herten, "Kommt wieder")
    world.settle()
    old = world.image("herten")
    publish(herten, "Kommt wieder", rid, summary="Ansprechpartnerin ist Erika Mustermann, bitte anrufen.")
    world.tick(10)
    world.settle()
    world.resume("herten", old)

    erase(herten, "Erika Mustermann")
    world.settle()

    assert titles(world.nodes["marl"]) == ["Kommt wieder"]
    assert all(b"Erika" not in world.image(name) for name in ("herten", "marl", "hub"))
