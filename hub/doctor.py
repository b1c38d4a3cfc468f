"""Everything that must be right for this hub to run, from the settings outwards; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hub import overview
from hub.backups import subject_of
from hub.mailing import mail_server
from hub.opening import ROOT_KEY_NAME, load_signer
from hub.party import Hub
from hub.settings import HubSettings
from hub.store.migrate import migrations
from shared.backups.making import folder_of
from shared.clock import Clock, SystemDice
from shared.database import Database
from shared.doctor import computer, held, network
from shared.doctor.finding import Answer, Check, Finding, bad, good, look_at, warning
from shared.feed.outcomes import State
from shared.holdings.migrating import revisions
from shared.judges import judges
from shared.net.late import LateWeb
from shared.net.settings import NetSettings
from shared.search.index import FILE_NAME as INDEX_NAME

ROSTER_SOON_DAYS = 60
"""Whoever has the root key must be found, and every node must hear of it."""
_DAY = 86_400
_QUIET = frozenset({State.ACTIVE, State.INVITED, State.PAUSED, State.SUSPENDED, State.RETIRED})


def examine(settings: HubSettings, clock: Clock) -> list[Finding]:
    """Look at everything about a hub, whether or not it runs, and whether or not it can be opened."""
    db = Database(settings.database_url)
    web = LateWeb(NetSettings(settings.allow_networks, settings.proxy or None), clock)
    try:
        return look_at(_Patient(settings, clock, db, web).checks())
    finally:
        web.close()
        db.close()


class _Patient:
    def __init__(self, settings: HubSettings, clock: Clock, db: Database, web: LateWeb) -> None:
        self.settings = settings
        self.clock = clock
        self.db = db
        self.web = web
        self.home = Path(settings.home)

    def checks(self) -> Sequence[Check]:
        settings, db, now = self.settings, self.db, self.clock.now()
        subject = subject_of(settings, self.clock)
        folder = folder_of(self.home, settings.backup_folder)
        return [
            Check("python", "Programm", computer.look_at_python),
            Check("home", "Verzeichnis", lambda: computer.look_at_home(self.home)),
            Check("disk", "Platz", lambda: computer.look_at_disk(self.home)),
            Check("clock", "Uhr", computer.look_at_clock),
            Check("sqlite", "SQLite", lambda: computer.look_at_sqlite(db)),
            Check("keys", "Schlüssel", self._keys),
            Check("root-key", "Wurzelschlüssel", lambda: held.look_at_root_key(settings.key_folder / ROOT_KEY_NAME)),
            Check("schema", "Stand der Datenbank", lambda: held.look_at_schema(db, revisions(migrations())[-1])),
            Check("damage", "Datenbankdatei", lambda: held.look_for_damage(db)),
            Check("database", "Datenbankserver", lambda: network.look_at_database(settings.database)),
            Check("log", "Eigenes Log", lambda: computer.look_at_time_of_log(db, now)),
            Check("process", "Laufendes Programm", lambda: computer.look_at_process(db, now)),
            Check("recovery", "Abgleich", lambda: held.look_at_recovery(db, now)),
            Check("roster", "Mitgliederliste", self._roster),
            Check("name", "Eigener Name", lambda: network.look_at_name(settings.url, "")),
            Check("address", "Von außen erreichbar", lambda: network.look_at_peer(self.web, settings.url)),
            Check("members", "Mitglieder", self._members),
            Check(
                "backups", "Sicherungen",
                lambda: held.look_at_backups(subject, folder, settings.backup_recipient, settings.backup_keep_days),
            ),
            Check("mail", "Mailserver", lambda: network.look_at_mail(mail_server(self._hub()))),
            Check("index", "Suchindex", lambda: held.look_at_index(self.home / INDEX_NAME)),
        ]  # fmt: skip

    def _hub(self) -> Hub:
        """Return the hub over the database as it is; it is not migrated and nothing is written."""
        signer = load_signer(self.settings)
        return Hub(self.settings, self.db, signer, judges(), clock=self.clock, dice=SystemDice(), web=self.web)

    def _keys(self) -> Answer:
        signer = load_signer(self.settings)
        keys = [*signer.log_keys, signer.witness]
        return held.look_at_keys(keys, self.settings.origin, self.settings.host, self.settings.key_folder)

    def _roster(self) -> Answer:
        found = self._hub().book.newest()
        if found is None:
            return bad("Es gibt keine Mitgliederliste", "init aufrufen; nach einem Verlust kommt sie von den Knoten.")
        days = (found.roster.expires - self.clock.now()) // _DAY
        advice = "roster draft, roster sign mit dem Wurzelschlüssel, roster publish."
        if days < 0:
            return bad("Die Mitgliederliste ist abgelaufen; es wird nichts mehr verteilt", advice)
        if days < ROSTER_SOON_DAYS:
            return warning(f"Die Mitgliederliste läuft in {days} Tagen ab", advice)
        return good(f"Fassung {found.roster.version}, noch {days} Tage gültig")

    def _members(self) -> Answer:
        states = Counter(State(member.state) for member in overview.members(self._hub()))
        if troubled := sum(count for state, count in states.items() if state not in _QUIET):
            return warning(
                f"{troubled} von {states.total()} brauchen Aufmerksamkeit", "kreisweit-hub status, oder unter /pult."
            )
        return good(f"{states.total()}, keines braucht etwas")
