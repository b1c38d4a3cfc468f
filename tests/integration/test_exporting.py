"""The static feed tree: what a reader of the directory verifies, and what it must never find there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from node.editing import save_offer
from node.erasing import erase
from node.exporting import export
from node.party import Node
from shared.database import Database
from shared.errors import InputError, LogStateError
from shared.feed.tiles import format_tile_path, tiles_of
from shared.follow import Guards, Reader
from shared.holdings import facts, logs
from shared.holdings.catalogue import iterate_shown
from shared.holdings.tables import metadata
from shared.judges import judges
from shared.net.directory import DirectoryFetcher
from shared.sources import FetchedSource
from shared.web.feed_files import FeedFiles
from tests.support.lone_node import files_with, make_member, offer, seal
from tests.support.world import VirtualClock

PERSON = "Erika Mustermann"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return make_member(tmp_path / "herten", VirtualClock())


def feed(folder: Path) -> Path:
    return folder / "feed" / "g1"


def titles_read_from(folder: Path, node: Node) -> list[str]:
    """What somebody shows who reads only the directory and knows the keys."""
    db = Database("sqlite://")
    metadata.create_all(db.engine)
    reader = Reader(db, node.clock, judges().schema)
    report = reader.read(node.own_keys, FetchedSource(DirectoryFetcher(feed(folder)), "export"), Guards())
    assert report.is_good, report.message
    with db.read() as conn:
        return [shown.title for shown in iterate_shown(conn, [node.settings.origin])]


def test_reader_of_the_directory_verifies_the_log_and_shows_its_offers(node: Node, tmp_path: Path) -> None:
    for number in range(300):
        save_offer(node, offer(f"Angebot {number:03}"))
    seal(node)

    export(node, tmp_path / "out")

    assert titles_read_from(tmp_path / "out", node) == [f"Angebot {number:03}" for number in range(300)]


def test_files_are_what_is_served(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer())
    size = seal(node)

    export(node, tmp_path / "out")

    served = FeedFiles(node.db, node.book, node.clock, own_origin=node.settings.origin)
    files = {str(p.relative_to(tmp_path / "out")): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert {f"feed/g1/{format_tile_path(path)}" for path in tiles_of(size)} <= files.keys()
    assert {"feed/g1/checkpoint", "feed/g1/payloads/000", "roster/1"} <= files.keys()
    for path, data in files.items():
        assert served.get(f"/{path}").body == data, path


def test_export_again_adds_new_tiles_and_keeps_the_old_partial_ones(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer("Erstes"))
    first = seal(node)
    export(node, tmp_path / "out")
    save_offer(node, offer("Zweites"))
    seal(node)

    export(node, tmp_path / "out")
    unchanged = export(node, tmp_path / "out")

    assert (feed(tmp_path / "out") / f"tile/0/000.p/{first}").exists()
    assert titles_read_from(tmp_path / "out", node) == ["Erstes", "Zweites"]
    assert unchanged.files == 0


def test_erased_payload_is_taken_out_of_the_directory(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer(summary=f"Fragen beantwortet {PERSON} montags."))
    seal(node)
    export(node, tmp_path / "out")
    held = files_with(tmp_path / "out", PERSON)
    erase(node, PERSON)
    seal(node)

    done = export(node, tmp_path / "out")

    assert len(held) == 2
    assert done.deleted == 1
    assert files_with(tmp_path / "out", PERSON) == []
    assert titles_read_from(tmp_path / "out", node) == ["Sprachkurs am Vormittag"]


def test_checkpoint_is_written_last(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_offer(node, offer("Erstes"))
    seal(node)
    export(node, tmp_path / "out")
    save_offer(node, offer("Zweites"))
    size = seal(node)
    honest = FeedFiles.get

    def broken(files: FeedFiles, path: str, *, if_none_match: str = "") -> object:
        if path.endswith(f"tile/0/000.p/{size}"):
            raise OSError("pulled plug")
        return honest(files, path, if_none_match=if_none_match)

    monkeypatch.setattr(FeedFiles, "get", broken)
    with pytest.raises(OSError, match="pulled plug"):
        export(node, tmp_path / "out")

    assert titles_read_from(tmp_path / "out", node) == ["Erstes"]


def test_recovering_node_exports_nothing(node: Node, tmp_path: Path) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, "recovering-since", 1)

    with pytest.raises(LogStateError) as caught:
        export(node, tmp_path / "out")

    assert caught.value.code == "E_RECOVERING"
    assert not (tmp_path / "out").exists()


def test_own_directory_is_refused(node: Node) -> None:
    with pytest.raises(InputError):
        export(node, node.home / "out")


def test_held_logs_of_others_are_exported_as_mirrors(node: Node, tmp_path: Path) -> None:
    with node.db.write() as conn:
        keys = msgspec.structs.replace(node.own_keys, origin="marl.example/feed/g1", member="marl")
        log_id = logs.create_log(conn, keys, own=False)
        logs.save_columns(conn, log_id, size=0)

    done = export(node, tmp_path / "out")

    assert done.logs == 1  # an empty log has nothing to serve
