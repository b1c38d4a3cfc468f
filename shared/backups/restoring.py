"""Puts a backup in place of a party's database, and sees that nothing comes back that must not.

Before the first byte is served: what the replaced database knew to be erased is destroyed again, sessions and
invitations end, accounts stand as they stood last, and the party is recovering, so that what others know to be erased
is heard first (PROTOCOL 4 W6, 10.6; pages mask persons until then).  Where the replaced database cannot be read, the
party shows nothing at all until it has heard.

Order (SQLite): unpack beside the database, verify, make ready there, one rename, derived files go.  A crash before the
rename changes nothing; after it the party is a restored one.  What a crash left unpacked goes when the restore is
repeated, or with the next backup.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.accounts.store.carrying import carry_accounts, end_all_access, load_standing_accounts
from shared.backups import archive, locking
from shared.backups.archive import Contents
from shared.backups.making import WORK_PREFIX, drop_leftovers
from shared.backups.subject import Subject
from shared.clock import in_german_time
from shared.database import Database
from shared.errors import ConfigError, ConflictError
from shared.holdings import edits, facts
from shared.holdings.carrying import KnownErasure, apply_known_erasures, has_tables, load_known_erasures
from shared.holdings.copying import POSTGRES_NAME, check_copy, put_in_place
from shared.holdings.edits import Edit
from shared.holdings.migrating import migrate
from shared.keyring import write_private
from shared.settings import KEEP_DAYS_MAX

_DAY = 86_400


class Checked(msgspec.Struct, frozen=True):
    """What is in a backup that can be put back."""

    name: str
    made: int
    version: str
    schema: str
    entries: int
    age_days: int
    files: tuple[str, ...]


class Restored(msgspec.Struct, frozen=True):
    """What a restore did.

    `knew_before` is False where the replaced database could not be read: then nobody knows here what was erased, or
    who was locked out, since the backup.
    """

    checked: Checked
    knew_before: bool
    erased_again: int
    settings: tuple[str, ...]


class _Standing(msgspec.Struct, frozen=True):
    """What the replaced database knew that the backup may not."""

    erasures: Sequence[KnownErasure]
    pending: Sequence[Edit]  # erasures that were not sealed yet
    accounts: dict[str, dict[str, Any]]


def check_backup(subject: Subject, file: Path, identity: Any, *, newest_schema: str) -> Checked:
    """Open a backup and verify everything in it, without changing anything.

    Raises:
        ConfigError: it cannot be opened, is damaged, of another party, or of a newer program.
    """
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=subject.home) as work:
        contents = _open(subject, file, identity, Path(work), newest_schema)
    return _checked(subject, contents)


def restore(subject: Subject, file: Path, identity: Any, *, newest_schema: str) -> Restored:
    """Put a backup in place of the database.  The party must not be running.

    Settings files that are missing come back; those that are there stay.

    Raises:
        ConfigError: see `check_backup`.
        ConflictError: the party is running.
    """
    standing = _load_standing(subject)
    drop_leftovers(subject.home, f"{WORK_PREFIX}*")  # nobody else works there: the party is not running
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=subject.home) as name:
        work = Path(name)
        contents = _open(subject, file, identity, work, newest_schema)
        copy = work / contents.database
        again = 0
        if subject.db.is_sqlite:
            again = _make_ready(subject, Database(f"sqlite:///{copy}"), standing)
        put_in_place(copy, subject.db)
        if not subject.db.is_sqlite:
            again = _make_ready(subject, subject.db, standing)
        _drop_derived(subject)
        settings = tuple(
            one for one in contents.files if one.name in subject.files and _put_back(subject, work, one.name)
        )
    names = tuple(one.name for one in settings)
    return Restored(_checked(subject, contents), standing is not None, again, names)


def restore_keys(subject: Subject, file: Path, identity: Any) -> tuple[str, ...]:
    """Put back key files that are missing; returns their names.  A key that is there is never replaced.

    Raises:
        ConfigError: it cannot be opened, or is no backup of the keys of this party.
    """
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=subject.home) as name:
        work = Path(name)
        contents = _unlock(file, identity, work)
        _verify_whose(subject, contents)
        if contents.database:
            raise ConfigError(f"{file} ist eine Sicherung der Daten, nicht der Schlüssel")
        missing = [one.name for one in contents.files if not (subject.keys / one.name).exists()]
        for key in missing:
            write_private(subject.keys / key, (work / key).read_bytes())
    return tuple(missing)


def _open(subject: Subject, file: Path, identity: Any, work: Path, newest_schema: str) -> Contents:
    contents = _unlock(file, identity, work)
    _verify_whose(subject, contents)
    if not contents.database:
        raise ConfigError(f"{file} ist eine Sicherung der Schlüssel", advice="Dafür gibt es --keys.")
    if (contents.database == POSTGRES_NAME) == subject.db.is_sqlite:
        raise ConfigError(
            "Die Sicherung ist von einer anderen Art Datenbank als der, die eingestellt ist",
            advice="Die Einstellung database so setzen, wie sie zur Zeit der Sicherung war.",
        )
    if contents.schema > newest_schema:
        raise ConfigError(
            f"Die Sicherung ist von einem neueren Programm ({contents.version}, Stand {contents.schema})",
            advice="Zuerst das Programm auf diese Fassung bringen.",
        )
    check_copy(work / contents.database)
    return contents


def _unlock(file: Path, identity: Any, work: Path) -> Contents:
    if not file.is_file():
        raise ConfigError(f"Die Sicherung {file} gibt es nicht")
    packed = work / "packed"
    with file.open("rb") as locked, packed.open("xb") as plain:
        packed.chmod(0o600)
        locking.unlock(locked, plain, identity)
    with packed.open("rb") as plain:
        contents = archive.unpack(plain, work)
    packed.unlink()
    return contents


def _verify_whose(subject: Subject, contents: Contents) -> None:
    if (contents.room, contents.name) != (subject.room, subject.name):
        raise ConfigError(
            f"Die Sicherung ist von {contents.name} ({contents.room}), nicht von {subject.name} ({subject.room})",
            advice="Die richtige Datei angeben; Sicherungen werden nie in eine andere Stelle eingespielt.",
        )


def _checked(subject: Subject, contents: Contents) -> Checked:
    age = max(0, subject.clock.now() - contents.made) // _DAY
    names = tuple(one.name for one in contents.files)
    return Checked(
        contents.name, contents.made, contents.version, contents.schema, contents.size, age, names
    )  # fmt: skip


def remarks(checked: Checked) -> list[str]:
    """Say what a person should know about a backup before it is put back."""
    found = [f"Gesichert am {in_german_time(checked.made)}, {checked.entries} Einträge im eigenen Log."]
    if checked.age_days > KEEP_DAYS_MAX:
        found.append(f"Sie ist {checked.age_days} Tage alt und hätte nach {KEEP_DAYS_MAX} Tagen gelöscht sein müssen.")
    return found


def _load_standing(subject: Subject) -> _Standing | None:
    """Return what the database that is to be replaced knows; None where it cannot be read.

    Raises:
        ConflictError: a process has its lease now.
    """
    try:
        with subject.db.read() as conn:
            if not has_tables(conn):
                return None
            if facts.is_leased(conn, "jobs", now=subject.clock.now()):
                raise ConflictError(
                    "Das Programm läuft noch", advice="Zuerst anhalten (systemctl stop …), dann noch einmal."
                )
            pending = [edit for edit in edits.load_edits(conn) if edit.op == "erase"]
            return _Standing(load_known_erasures(conn), pending, load_standing_accounts(conn))
    except sa.exc.DBAPIError:
        return None
    finally:
        subject.db.close()


def _make_ready(subject: Subject, db: Database, standing: _Standing | None) -> int:
    """Destroy, lock and mark in the restored database; returns how many versions were erased again."""
    now, again = subject.clock.now(), 0
    try:
        migrate(db, subject.migrations)
        with db.write() as conn:
            end_all_access(conn)
            if standing is None:
                subject.show_nothing(conn)
            else:
                carry_accounts(conn, standing.accounts, now=now)
                found = apply_known_erasures(conn, standing.erasures)
                for edit in standing.pending:
                    edits.add_edit(conn, edit)
                for log_id in found:
                    subject.forget_erased(conn, log_id)
                again = sum(found.values())
            facts.save_fact(conn, "recovering-since", now)
            facts.save_fact(conn, "restored-at", now)
        db.scrub()
    finally:
        db.close()
    return again


def _drop_derived(subject: Subject) -> None:
    for name in subject.derived:
        for path in subject.home.glob(f"{name}*"):
            path.unlink(missing_ok=True)


def _put_back(subject: Subject, work: Path, name: str) -> bool:
    target = subject.home / name
    if target.exists():
        return False
    os.replace(work / name, target)  # noqa: PTH105 - atomic by intent
    return True
