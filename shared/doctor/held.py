"""What a party holds: keys, database, the files made from it, backups."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.backups.making import list_backups
from shared.backups.subject import Subject
from shared.database import Database
from shared.doctor.finding import Answer, bad, good, skipped, warning
from shared.feed.keys import SigningKey
from shared.holdings import facts
from shared.holdings.copying import find_damage
from shared.holdings.migrating import schema_of

BACKUP_LATE_SECONDS: Final = 36 * 3600
DAY: Final = 86_400


def look_at_keys(keys: Sequence[SigningKey], origin: str, host: str, folder: Path) -> Answer:
    """Whether the keys are there, belong to this log, and nobody else can read them."""
    names = {key.verifying.name for key in keys}
    if names != {origin, f"{host}/witness"}:
        return bad(
            f"Die Schlüssel sind von {', '.join(sorted(names))}, nicht von {origin}",
            "Sind es die Schlüssel einer anderen Stelle? Die richtigen aus der Sicherung zurückholen.",
        )
    open_ones = [path.name for path in folder.glob("*.key") if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_ones:
        return bad(f"Auch andere dürfen lesen: {', '.join(sorted(open_ones))}", f"chmod 600 {folder}/*.key")
    return good(f"Schlüssel von {origin}")


def look_at_root_key(path: Path) -> Answer:
    """Whether the root key was moved to where nobody who takes this computer finds it."""
    if path.exists():
        return warning(
            f"Der Wurzelschlüssel liegt noch in {path.parent}",
            "Auf einen Datenträger verschieben, der nicht am Netz hängt; mit --root-key DATEI wird er angegeben.",
        )
    return good("Der Wurzelschlüssel liegt nicht auf diesem Rechner")


def look_at_schema(db: Database, newest: str) -> Answer:
    """Whether database and program belong together."""
    held = schema_of(db)
    if not held:
        return bad("Die Datenbank ist leer", "Eine Sicherung zurückholen, oder init aufrufen.")
    if held > newest:
        return bad(
            f"Die Datenbank ist von einem neueren Programm (Stand {held}, das Programm kennt {newest})",
            "Das Programm auf die neuere Fassung bringen.",
        )
    if held < newest:
        return warning(
            f"Die Datenbank ist auf Stand {held}, das Programm auf {newest}",
            "Den Befehl upgrade aufrufen; beim nächsten Start geschieht es von selbst.",
        )
    return good(f"Stand {held}")


def look_for_damage(db: Database) -> Answer:
    """Whether the file is whole; reads all of it."""
    if found := find_damage(db):
        return bad(
            f"Die Datenbank ist beschädigt: {found}",
            "Anhalten, Sicherung zurückholen (restore); was fehlt, kommt aus dem Verbund zurück.",
        )
    return good("unversehrt")


def look_at_recovery(db: Database, now: int) -> Answer:
    """Whether the party knows what others hold of its log (PROTOCOL 4 W6)."""
    with db.read() as conn:
        since = facts.load_number(conn, "recovering-since")
        forked = facts.load_fact(conn, "forked")
    if forked:
        return bad("Vom eigenen Log gibt es zwei unterschriebene Fassungen", "Nichts löschen; den Kreis anrufen.")
    if since:
        minutes = max(0, now - since) // 60
        text = (
            f"Der Stand wird seit {minutes} Minuten mit den anderen abgeglichen; bis dahin wird nichts unterschrieben"
        )
        return warning(text, "Warten. Dauert es über eine Stunde: Ist die Gegenseite zu erreichen?")
    return good("abgeglichen")


def look_at_backups(subject: Subject, folder: Path, recipient: str, keep_days: int) -> Answer:
    """Whether there is a fresh backup, and none that should be gone."""
    if not recipient:
        return bad("Es wird nicht gesichert", "Einmal: backup key; dann den Zeitgeber einschalten (deploy/README.md).")
    found = list_backups(subject, folder)
    if not found:
        return bad(f"In {folder} liegt keine Sicherung", "backup now aufrufen und den Zeitgeber einschalten.")
    age = subject.clock.now() - found[0].made
    if age > BACKUP_LATE_SECONDS:
        return bad(f"Die letzte Sicherung ist {age // 3600} Stunden alt", "Läuft der Zeitgeber? systemctl list-timers")
    if subject.clock.now() - found[-1].made > (keep_days + 1) * DAY:
        return warning(
            "Es liegen Sicherungen da, die gelöscht sein müssten", "backup now löscht sie; sonst von Hand löschen."
        )
    on_same_disk = folder.stat().st_dev == subject.home.stat().st_dev
    text = f"{len(found)}, die letzte vor {age // 3600} Stunden"
    if on_same_disk:
        return warning(f"{text}; auf derselben Platte wie die Datenbank", "backup_folder auf eine andere Platte legen.")
    return good(text)


def look_at_index(path: Path | None) -> Answer:
    """Whether the search index is there."""
    if path is None:
        return skipped("Diese Stelle hat keinen Suchindex")
    if not path.exists():
        return warning("Der Suchindex fehlt noch", "Er entsteht beim Start von selbst; sonst: index rebuild")
    return good(f"{path.stat().st_size // 1024} kB")
