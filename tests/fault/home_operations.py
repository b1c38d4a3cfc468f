"""What is killed (`dying`): the backup of a node in use, and the restore of one, in a real directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage

from node.backups import subject_of
from node.editing import own_offers, save_offer
from node.erasing import erase
from node.opening import close_node, open_node
from node.party import Node
from shared.backups.making import Made, list_backups, make_backup
from shared.backups.restoring import check_backup, restore
from shared.backups.subject import Subject
from shared.holdings import facts
from tests.support.lone_node import FakeHub, files_with, make_member, offer, seal
from tests.support.wholeness import check_whole
from tests.support.world import SeededDice, VirtualClock

PERSON = "Erika Mustermann"
MARK = f"Fragen beantwortet {PERSON} gern"
HOME, AWAY = "herten", "away"
_BEGIN = 1_767_225_600.0
_NEWEST = "9999"
_KEEP_DAYS = 14
_BEFORE = ["Danach pending", "Mit Person published", "Wartet published"]
_RESTORED = [" erased", "Wartet pending"]  # its later version comes back from the hub


def _clock(seconds: int = 0) -> VirtualClock:
    return VirtualClock(_BEGIN + seconds)


def _open(folder: Path, clock: VirtualClock) -> Node:
    return open_node(folder / HOME, clock=clock, dice=SeededDice(str(clock.time)), web=FakeHub(clock))


def _subject(node: Node) -> Subject:
    return subject_of(node.settings, node.clock)


def _identity(folder: Path) -> Any:
    return pyrage.x25519.Identity.from_str((folder / "identity").read_text("ascii"))


def _back_up(folder: Path, node: Node) -> Made:
    return make_backup(_subject(node), folder / AWAY, str(_identity(folder).to_public()), keep_days=_KEEP_DAYS)


def _make_home(folder: Path) -> Node:
    """A node with an offer that is signed and one that waits; the key of its backups lies beside it."""
    (folder / "identity").write_text(str(pyrage.x25519.Identity.generate()), "ascii")
    (folder / AWAY).mkdir()
    node = make_member(folder / HOME, _clock())
    (folder / HOME / "ballast").unlink()  # eight megabytes for each trial; an erasure works without
    save_offer(node, offer("Mit Person", summary=f"{MARK}."))
    seal(node)
    save_offer(node, offer("Wartet"))
    return node


def _names(node: Node) -> list[str]:
    return sorted(f"{row.title} {row.state}" for row in own_offers(node))


def _leftovers(folder: Path) -> list[str]:
    """Copies that are not locked, and drafts of backups."""
    return [path.name for path in [*(folder / HOME).glob(".backup-*"), *(folder / AWAY).glob("*.part")]]


class Backup:
    """A backup made while the node is in use."""

    watched = ""
    most = 30

    def make(self, folder: Path) -> None:
        node = _make_home(folder)
        _back_up(folder, node)
        close_node(node)

    def act(self, folder: Path, arm: Callable[[], None], disarm: Callable[[], None]) -> None:
        node = _open(folder, _clock(86_400))
        arm()
        _back_up(folder, node)
        disarm()
        close_node(node)

    def go_on(self, folder: Path) -> None:
        """Every file that is called a backup is one, the earlier one too; the next run leaves nothing unlocked."""
        node = _open(folder, _clock(2 * 86_400))
        assert check_whole(node.db) == []
        assert _names(node) == ["Mit Person published", "Wartet pending"]
        made = _back_up(folder, node)
        kept = list_backups(_subject(node), folder / AWAY)
        assert len(kept) in (2, 3, 4)
        assert kept[-1].made == _BEGIN
        assert kept[0].path == made.path
        for one in kept:
            check_backup(_subject(node), Path(one.path), _identity(folder), newest_schema=_NEWEST)
        assert _leftovers(folder) == []
        close_node(node)


class Restore:
    """A backup put back; since it was made a person was erased and an offer came."""

    watched = HOME
    most = 20

    def make(self, folder: Path) -> None:
        node = _make_home(folder)
        _back_up(folder, node)
        erase(node, PERSON)
        seal(node)
        save_offer(node, offer("Danach"))
        close_node(node)

    def act(self, folder: Path, arm: Callable[[], None], disarm: Callable[[], None]) -> None:
        node = _open(folder, _clock(3600))
        close_node(node)
        arm()
        self._put_back(folder, node)
        disarm()

    def _put_back(self, folder: Path, node: Node) -> None:
        backup = list_backups(_subject(node), folder / AWAY)[0]
        restore(_subject(node), Path(backup.path), _identity(folder), newest_schema=_NEWEST)

    def go_on(self, folder: Path) -> None:
        """As before or restored, never between; nobody who was erased is shown again; then it is simply repeated."""
        node = _open(folder, _clock(7200))
        assert check_whole(node.db) == []
        with node.db.read() as conn:
            is_restored = bool(facts.load_number(conn, "restored-at"))
            is_recovering = bool(facts.load_number(conn, "recovering-since"))
        assert is_recovering == is_restored
        assert (_names(node) == _BEFORE) != is_restored, _names(node)
        close_node(node)
        assert not [name for name in files_with(folder / HOME, MARK) if name.startswith("node.db")]

        self._put_back(folder, node)

        again = _open(folder, _clock(7300))
        assert check_whole(again.db) == []
        assert _names(again) == _RESTORED
        close_node(again)
        assert files_with(folder / HOME, MARK) == []
        assert _leftovers(folder) == []
