"""Who is looked at: a party over its settings, whether or not it runs, and what every party must have in order.

A room's doctor adds its own looks; nothing is changed and nothing is migrated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from shared.backups.making import folder_of
from shared.backups.subject import BackupPlan, Subject
from shared.clock import Clock
from shared.database import Database
from shared.doctor import computer, held, network
from shared.doctor.finding import Answer, Check, Finding, look_at
from shared.net.late import LateWeb
from shared.net.settings import NetSettings
from shared.seal import Signer
from shared.search.index import FILE_NAME as INDEX_NAME


class PartySettings(BackupPlan, Protocol):
    """What a doctor asks of the settings of a party; each room's have it."""

    @property
    def home(self) -> str:
        """Directory of database, keys and settings."""

    @property
    def origin(self) -> str:
        """Origin of the party's own log."""

    @property
    def host(self) -> str:
        """Host part of the origin."""

    @property
    def key_folder(self) -> Path:
        """Where the key files are."""

    @property
    def database(self) -> str:
        """URL of the database as it was set; empty = a file."""

    @property
    def database_url(self) -> str:
        """Where the database is."""

    @property
    def allow_networks(self) -> Sequence[str]:
        """Networks in which http and private addresses are allowed."""

    @property
    def proxy(self) -> str:
        """Proxy for outgoing https; empty for none."""


class Patient:
    """One party, as far as all are alike.

    Args:
        subject: the party as backups see it.
        load_signer: reads its keys; ConfigError when one is missing.
    """

    def __init__(
        self, settings: PartySettings, clock: Clock, subject: Subject, load_signer: Callable[[], Signer]
    ) -> None:
        self.home = Path(settings.home)
        self.db = Database(settings.database_url)
        self.web = LateWeb(NetSettings(tuple(settings.allow_networks), settings.proxy or None), clock)
        self._settings = settings
        self._now = clock.now()
        self._subject = subject
        self._load_signer = load_signer

    def examine(self, checks: Sequence[Check]) -> list[Finding]:
        """Look at everything, in order, and let go of the party."""
        try:
            return look_at(checks)
        finally:
            self.web.close()
            self.db.close()
            self._subject.db.close()

    def computer_checks(self) -> list[Check]:
        """Return what must be right before there is any party."""
        return [
            Check("python", "Programm", computer.look_at_python),
            Check("home", "Verzeichnis", lambda: computer.look_at_home(self.home)),
            Check("disk", "Platz", lambda: computer.look_at_disk(self.home)),
            Check("clock", "Uhr", computer.look_at_clock),
            Check("sqlite", "SQLite", lambda: computer.look_at_sqlite(self.db)),
        ]

    def holding_checks(self) -> list[Check]:
        """Return what a party holds, and whether it works on it."""
        db, newest = self.db, self._subject.newest_schema
        return [
            Check("keys", "Schlüssel", self._keys),
            Check("schema", "Stand der Datenbank", lambda: held.look_at_schema(db, newest)),
            Check("damage", "Datenbankdatei", lambda: held.look_for_damage(db)),
            Check("database", "Datenbankserver", lambda: network.look_at_database(self._settings.database)),
            Check("log", "Eigenes Log", lambda: computer.look_at_time_of_log(db, self._now)),
            Check("process", "Laufendes Programm", lambda: computer.look_at_process(db, self._now)),
            Check("recovery", "Abgleich", lambda: held.look_at_recovery(db, self._now)),
        ]

    def copy_checks(self) -> list[Check]:
        """Return what is made from what a party holds: backups and the index."""
        plan, folder = self._settings, folder_of(self.home, self._settings.backup_folder)
        return [
            Check(
                "backups", "Sicherungen",
                lambda: held.look_at_backups(self._subject, folder, plan.backup_recipient, plan.backup_keep_days),
            ),
            Check("index", "Suchindex", lambda: held.look_at_index(self.home / INDEX_NAME)),
        ]  # fmt: skip

    def _keys(self) -> Answer:
        signer = self._load_signer()
        keys = [*signer.log_keys, signer.witness]
        return held.look_at_keys(keys, self._settings.origin, self._settings.host, self._settings.key_folder)
