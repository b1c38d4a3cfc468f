"""The computer: clock, disk, directory, SQLite, whether the program runs and how often."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from pathlib import Path
from typing import Final

from shared.database import SQLITE_OLDEST, Database, sqlite_module
from shared.doctor.finding import Answer, bad, good, skipped, warning
from shared.holdings import facts
from shared.room import ADVICE, GOOD_BYTES, measure_room

_UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of adjtimex(2)."""
_CONTAINER_MARKS: Final = (Path("/run/systemd/container"), Path("/run/.containerenv"), Path("/.dockerenv"))
"""What systemd, Podman and Docker leave in a container, which may not set the clock."""


def look_at_python() -> Answer:
    """The interpreter, and who runs it."""
    version = ".".join(map(str, sys.version_info[:3]))
    if os.geteuid() == 0:
        return warning(
            f"Python {version}; der Befehl läuft als root",
            "Als Benutzer des Dienstes aufrufen: sudo -u kreisweit-node … oder -hub …; sonst gehören Dateien root.",
        )
    return good(f"Python {version}")


def look_at_sqlite(db: Database) -> Answer:
    """Whether the library under the database is one whose faults are mended."""
    if not db.is_sqlite:
        return good("Die Datenbank ist PostgreSQL")
    found = sqlite_module().sqlite_version_info
    text, least = ".".join(map(str, found)), ".".join(map(str, SQLITE_OLDEST))
    if tuple(found) < SQLITE_OLDEST:
        return bad(f"SQLite {text} kann Datenbanken beschädigen", f"Mindestens {least}: die Pakete neu einspielen.")
    return good(f"SQLite {text}")


def look_at_home(home: Path) -> Answer:
    """Whether the directory is ours, and nobody else's."""
    if not home.is_dir():
        return bad(f"Das Verzeichnis {home} gibt es nicht", "Mit --home DIR das richtige angeben.")
    found = home.stat()
    if found.st_uid != os.geteuid():
        return bad(
            f"{home} gehört einem anderen Benutzer", f"Als dieser aufrufen, oder: chown -R {os.geteuid()} {home}"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        return warning(f"{home} dürfen auch andere öffnen", f"chmod 700 {home}")
    if not os.access(home, os.W_OK):
        return bad(f"In {home} darf nicht geschrieben werden", "Ist die Platte nur lesbar eingehängt?")
    return good(f"{home}, nur für den Benutzer des Dienstes")


def look_at_disk(home: Path) -> Answer:
    """Room on the disk of the directory, and for files on it."""
    found = measure_room(home)
    if found.is_short:
        return bad(found.in_german(), ADVICE)
    return good(found.in_german()) if found.bytes >= GOOD_BYTES else warning(found.in_german(), ADVICE)


def look_at_clock() -> Answer:
    """Whether something keeps the clock right: a wrong one stops signing."""
    if not hasattr(ctypes.CDLL(None), "adjtimex"):
        return warning("Ob die Uhr gestellt wird, ist hier nicht zu erfahren", "Zeitabgleich (NTP) prüfen.")
    buffer = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None).adjtimex(buffer)
    status = int.from_bytes(buffer.raw[5 * 8 : 5 * 8 + 4], sys.byteorder)
    if state < 0 or status & _UNSYNCHRONISED:
        if any(mark.exists() for mark in _CONTAINER_MARKS):
            return skipped("Die Uhr gehört dem Rechner, auf dem dieser Container läuft; dort nachsehen")
        return warning(
            "Die Uhr wird nicht abgeglichen", "Zeitabgleich einschalten: apt install systemd-timesyncd, oder chrony."
        )
    return good("Die Uhr wird abgeglichen")


def look_at_process(db: Database, now: int) -> Answer:
    """Whether a process of this party works now."""
    with db.read() as conn:
        owner = facts.lease_owner(conn, "jobs", now=now)
    if not owner:
        return warning("Das Programm läuft nicht", "Starten: systemctl start kreisweit-node@… oder kreisweit-hub.")
    return good(f"Es arbeitet: {owner}")


def look_at_time_of_log(db: Database, now: int) -> Answer:
    """Whether our own last signature lies in the past (PROTOCOL 4 W4)."""
    from shared.holdings import logs

    with db.read() as conn:
        own = logs.load_own_log(conn)
    if own is None or not own.size:
        return bad("Das eigene Log ist leer", "init aufrufen; nach einem Verlust kommt es aus dem Verbund zurück.")
    if own.time > now:
        return bad(
            f"Die letzte Unterschrift liegt {own.time - now} s in der Zukunft; es wird nichts unterschrieben",
            "Die Uhr stellen; geht sie richtig: clock reset.",
        )
    return good(f"{own.size} Einträge, zuletzt unterschrieben vor {(now - own.time) // 60} Minuten")
