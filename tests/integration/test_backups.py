"""Backups of a node: made while it runs, locked, checked, put back; what was erased or locked out since stays so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyrage
import pytest

from node.backups import subject_of
from node.editing import own_offers, save_offer
from node.erasing import erase
from node.opening import close_node, open_node
from node.party import Node
from node.store.migrate import migrate_database
from shared.accounts import keeping
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.store import accounts
from shared.backups import locking
from shared.backups.making import Made, list_backups, make_backup, make_key_backup
from shared.backups.restoring import Restored, check_backup, restore, restore_keys
from shared.backups.subject import Subject
from shared.clock import SystemDice
from shared.database import Database
from shared.errors import ConfigError, ConflictError
from shared.holdings import edits, facts, logs
from shared.holdings.copying import copy_database, put_in_place
from tests.support.desk import add_person, make_passwords_cheap
from tests.support.lone_node import files_with, make_member, offer, seal, states
from tests.support.postgres import fresh_database, postgres_server, tools_folder
from tests.support.world import SeededDice, VirtualClock, recovering

__all__ = ["postgres_server"]

PERSON = "Erika Mustermann"
SUMMARY = f"Fragen beantwortet {PERSON} montags am Vormittag."
NEWEST = "9999"


@cache
def identity() -> Any:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", clock)
    make_passwords_cheap(node)
    yield node
    close_node(node)


def subject(node: Node) -> Subject:
    return subject_of(node.settings, node.clock)


def back_up(node: Node, folder: Path, *, keep_days: int = 14) -> Made:
    return make_backup(subject(node), folder, str(identity().to_public()), keep_days=keep_days)


def put_back(node: Node, made: Made) -> tuple[Node, Restored]:
    """Restore as the command does, with the node closed; and open it again."""
    close_node(node)
    done = restore(subject(node), Path(made.path), identity(), newest_schema=NEWEST)
    return open_node(node.home, clock=node.clock, dice=SeededDice("later"), web=node.web), done


def test_restored_node_has_what_it_had_when_it_was_backed_up(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer("Erstes"))
    seal(node)
    save_offer(node, offer("Zweites, noch nicht unterschrieben"))
    made = back_up(node, tmp_path / "away")
    save_offer(node, offer("Drittes, nach der Sicherung"))
    seal(node)

    restored, done = put_back(node, made)

    assert states(own_offers(restored)) == {"Erstes": "published", "Zweites, noch nicht unterschrieben": "pending"}
    assert (done.knew_before, done.erased_again, done.checked.entries) == (True, 0, made.entries)
    assert recovering(restored.db)


def test_backup_is_read_by_nobody_without_its_key(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer(summary=SUMMARY))
    made = back_up(node, tmp_path / "away")

    assert files_with(tmp_path / "away", "Erika") == []
    with pytest.raises(ConfigError, match="lässt sich mit diesem Schlüssel nicht öffnen"):
        check_backup(subject(node), Path(made.path), pyrage.x25519.Identity.generate(), newest_schema=NEWEST)


def test_nothing_unlocked_is_left_beside_the_database(node: Node, tmp_path: Path) -> None:
    (node.home / ".backup-left").mkdir()
    (node.home / ".backup-left" / "database.db").write_bytes(b"left by a crash")

    back_up(node, tmp_path / "away")

    assert list(node.home.glob(".backup-*")) == []


def test_what_was_erased_since_the_backup_stays_erased(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer(summary=SUMMARY))
    seal(node)
    made = back_up(node, tmp_path / "away")
    erase(node, PERSON)
    seal(node)

    restored, done = put_back(node, made)

    assert done.erased_again == 1
    assert files_with(restored.home, "Fragen beantwortet Erika") == []


def test_erasure_that_waits_for_its_signature_is_not_lost(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer(summary=SUMMARY))
    seal(node)
    made = back_up(node, tmp_path / "away")
    erase(node, PERSON)

    restored, _ = put_back(node, made)

    with restored.db.read() as conn:
        assert [(edit.op, edit.person) for edit in edits.load_edits(conn)] == [("erase", PERSON)]


def test_person_who_was_locked_out_since_stays_out_and_sessions_end(node: Node, tmp_path: Path) -> None:
    add_person(node, "vera")
    erika, ayla = add_person(node, "erika"), add_person(node, "ayla", "autor")
    made = back_up(node, tmp_path / "away")
    keeping.disable(node.accounts, erika, by=COMMAND_LINE)
    keeping.change(node.accounts, ayla, Profile("Ayla", "leser"), by=COMMAND_LINE)

    restored, _ = put_back(node, made)

    with restored.db.read() as conn:
        found = {row.name: (row.is_enabled, row.role) for row in accounts.list_accounts(conn)}
    assert found == {"vera": (True, "verwaltung"), "erika": (False, "verwaltung"), "ayla": (True, "leser")}


def test_account_that_was_made_since_is_kept(node: Node, tmp_path: Path) -> None:
    made = back_up(node, tmp_path / "away")
    add_person(node, "erika")

    restored, _ = put_back(node, made)

    with restored.db.read() as conn:
        assert [row.name for row in accounts.list_accounts(conn)] == ["erika"]


def test_damaged_database_is_replaced_and_that_is_said(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer("Erstes"))
    seal(node)
    made = back_up(node, tmp_path / "away")
    close_node(node)
    (node.home / "node.db").write_bytes(b"no database any more" * 1000)

    restored, done = put_back(node, made)

    assert not done.knew_before
    assert states(own_offers(restored)) == {"Erstes": "published"}


def test_everything_lost_but_the_backups_is_put_back(node: Node, tmp_path: Path) -> None:
    save_offer(node, offer("Erstes"))
    seal(node)
    made = back_up(node, tmp_path / "away")
    keys = make_key_backup(subject(node), tmp_path / "elsewhere", str(identity().to_public()))
    close_node(node)
    for path in [*node.home.glob("node.db*"), *(node.home / "keys").iterdir(), node.home / "membership.json"]:
        path.unlink()

    names = restore_keys(subject(node), Path(keys.path), identity())
    restored, done = put_back(node, made)

    assert names == ("log-g1.key", "witness.key")
    assert done.settings == ("membership.json",)
    assert states(own_offers(restored)) == {"Erstes": "published"}


def test_key_that_is_there_is_never_replaced(node: Node, tmp_path: Path) -> None:
    keys = make_key_backup(subject(node), tmp_path, str(identity().to_public()))
    before = (node.home / "keys" / "log-g1.key").read_bytes()

    assert restore_keys(subject(node), Path(keys.path), identity()) == ()
    assert (node.home / "keys" / "log-g1.key").read_bytes() == before


def test_running_node_is_not_replaced(node: Node, tmp_path: Path) -> None:
    made = back_up(node, tmp_path / "away")
    with node.db.write() as conn:
        facts.take_lease(conn, "jobs", "somebody", now=node.clock.now(), seconds=10)

    with pytest.raises(ConflictError, match="läuft noch"):
        restore(subject(node), Path(made.path), identity(), newest_schema=NEWEST)


@pytest.mark.parametrize("at", [0, 50, 400, 3000, -1])
def test_file_that_was_changed_anywhere_is_refused_and_changes_nothing(node: Node, tmp_path: Path, at: int) -> None:
    made = Path(back_up(node, tmp_path / "away").path)
    before = (node.home / "node.db").read_bytes()
    data = bytearray(made.read_bytes())
    data[at] ^= 1
    made.write_bytes(data)

    with pytest.raises(ConfigError):
        restore(subject(node), made, identity(), newest_schema=NEWEST)

    assert (node.home / "node.db").read_bytes() == before


def test_file_that_was_cut_short_is_refused(node: Node, tmp_path: Path) -> None:
    made = Path(back_up(node, tmp_path / "away").path)
    made.write_bytes(made.read_bytes()[:-20])

    with pytest.raises(ConfigError, match="nicht öffnen"):
        check_backup(subject(node), made, identity(), newest_schema=NEWEST)


def test_backup_of_another_party_is_refused(node: Node, tmp_path: Path) -> None:
    made = back_up(node, tmp_path / "away")
    other = Subject(**{**vars(subject(node)), "name": "marl"})

    with pytest.raises(ConfigError, match=r"von herten .*, nicht von marl"):
        restore(other, Path(made.path), identity(), newest_schema=NEWEST)


def test_backup_of_a_newer_program_is_refused(node: Node, tmp_path: Path) -> None:
    made = back_up(node, tmp_path / "away")

    with pytest.raises(ConfigError, match="neueren Programm") as refused:
        restore(subject(node), Path(made.path), identity(), newest_schema="0000")

    assert refused.value.advice == "Zuerst das Programm auf diese Fassung bringen."


def test_keys_and_data_are_not_mistaken_for_each_other(node: Node, tmp_path: Path) -> None:
    made = back_up(node, tmp_path)
    keys = make_key_backup(subject(node), tmp_path, str(identity().to_public()))

    with pytest.raises(ConfigError, match="Sicherung der Schlüssel"):
        restore(subject(node), Path(keys.path), identity(), newest_schema=NEWEST)
    with pytest.raises(ConfigError, match="Sicherung der Daten"):
        restore_keys(subject(node), Path(made.path), identity())


def test_old_backups_go_and_other_files_stay(node: Node, tmp_path: Path, clock: VirtualClock) -> None:
    away = tmp_path / "away"
    first = back_up(node, away)
    (away / "kreisweit-marl-20250101T000000Z.backup.age").write_bytes(b"of another node")
    (away / "Notizen.txt").write_bytes(b"kept")
    clock.time += 8 * 86_400
    second = back_up(node, away, keep_days=7)

    assert second.dropped == (first.path,)
    assert [one.path for one in list_backups(subject(node), away)] == [second.path]
    assert {path.name for path in away.iterdir()} == {
        Path(second.path).name, "Notizen.txt", "kreisweit-marl-20250101T000000Z.backup.age",
    }  # fmt: skip


def test_nobody_keeps_backups_longer_than_thirty_days(node: Node, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="30 Tage"):
        back_up(node, tmp_path, keep_days=31)


def test_backups_are_readable_by_their_owner_alone(node: Node, tmp_path: Path) -> None:
    made = Path(back_up(node, tmp_path / "away").path)

    assert made.stat().st_mode & 0o777 == 0o600
    assert made.parent.stat().st_mode & 0o777 == 0o700


def test_identity_file_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    recipient = locking.make_identity(tmp_path / "identity.age", "eine lange Passphrase", SystemDice())

    assert str(locking.load_identity(tmp_path / "identity.age", "eine lange Passphrase").to_public()) == recipient
    with pytest.raises(ConfigError, match="lässt sich nicht öffnen"):
        locking.load_identity(tmp_path / "identity.age", "eine andere Passphrase")
    with pytest.raises(ConfigError, match="kürzer als 12 Zeichen"):
        locking.make_identity(tmp_path / "other.age", "kurz", SystemDice())


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> str:
    return fresh_database(request.getfixturevalue("postgres_server"))


@pytest.mark.postgres
def test_postgresql_is_copied_and_put_back_by_its_own_tools(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tools_folder()}{os.pathsep}{os.environ['PATH']}")
    db = Database(postgres)
    migrate_database(db)
    with db.write() as conn:
        facts.save_fact(conn, "kept", "before")

    copy_database(db, tmp_path / "database.dump")
    with db.write() as conn:
        facts.save_fact(conn, "kept", "after")
    put_in_place(tmp_path / "database.dump", db)

    with db.read() as conn:
        assert facts.load_fact(conn, "kept") == "before"
        assert logs.load_own_log(conn) is None
    db.close()
