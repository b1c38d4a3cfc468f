"""What is measured of a party for those who watch it: numbers about the program and its stock, never about persons.

Decided here: names, meanings and labels of what node and hub have in common, and how it is read.  What only one of them
has stands in its own room; how it is written down for Prometheus is `shared.web.metrics`' matter.  Labels are words of
ours and names of members, nothing that somebody typed.

Names end in their unit (`_seconds`, `_bytes`, `_timestamp_seconds`), what only grows in `_total`.  A time that never
was is 0, so that a rule about its age speaks up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from shared.backups.making import folder_of, list_backups
from shared.backups.subject import Subject
from shared.clock import Clock
from shared.consume import shown_origins
from shared.database import Database
from shared.feed.catalogue_note import CatalogueNote
from shared.holdings import catalogue, edits, facts, logs, payloads
from shared.mailing.store import mails
from shared.rosterbook import RosterBook
from shared.ticking import LEASE
from shared.version import VERSION


class Measure(NamedTuple):
    """One thing that is measured: its name for Prometheus, what it means, its labels."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()


class Reading(NamedTuple):
    """A measure with its numbers, each with a value for every label."""

    measure: Measure
    samples: Sequence[tuple[tuple[str, ...], float]]


Part = Callable[[], Sequence[Reading]]
"""Reads a few measures that belong together; when one part cannot be read the others still are."""

BUILD: Final = Measure("kreisweit_build_info", "always 1; which program runs, and whose it is", ("version", "party"))
STATE: Final = Measure("kreisweit_state", "1 for the state that the party is in, 0 for the others", ("state",))
JOBS: Final = Measure("kreisweit_jobs_running", "1 while a process does the work beside the pages")
LOG_ENTRIES: Final = Measure("kreisweit_log_entries", "entries of the own log")
OUTBOX: Final = Measure("kreisweit_outbox_edits", "own changes that wait for their signature")
CONFLICTS: Final = Measure("kreisweit_conflicts", "own changes that a person must decide about")
OFFERS: Final = Measure("kreisweit_catalogue_offers", "offers in the catalogue that is shown")
MISSING: Final = Measure("kreisweit_missing_payloads", "offers of the catalogue whose data are not held here")
NOTE_AGE: Final = Measure("kreisweit_catalogue_age_seconds", "age of the newest signed catalogue note")
ROSTER: Final = Measure("kreisweit_roster_remaining_seconds", "until the list of members expires; below 0 it has")
LETTERS_WAITING: Final = Measure("kreisweit_letters_waiting", "letters that have not left yet")
LETTERS_GIVEN_UP: Final = Measure(
    "kreisweit_letters_given_up", "letters that never left, or may not have, until they are deleted"
)
DATABASE: Final = Measure("kreisweit_database_bytes", "size of the database")
WAL: Final = Measure("kreisweit_wal_bytes", "size of the write-ahead log of a SQLite database")
DISK_BYTES: Final = Measure("kreisweit_disk_free_bytes", "room on the disk of the home directory")
DISK_INODES: Final = Measure("kreisweit_disk_free_inodes", "files that can still be made on that disk")
BACKUP: Final = Measure("kreisweit_last_backup_timestamp_seconds", "when the newest backup was made; 0 for none")

COMMON: Final = (
    BUILD, STATE, JOBS, LOG_ENTRIES, OUTBOX, CONFLICTS, OFFERS, MISSING, NOTE_AGE, ROSTER, LETTERS_WAITING,
    LETTERS_GIVEN_UP, DATABASE, WAL, DISK_BYTES, DISK_INODES, BACKUP,
)  # fmt: skip


def one(measure: Measure, value: float) -> Reading:
    """Return the reading of a measure without labels."""
    return Reading(measure, [((), value)])


def by_label(measure: Measure, values: Mapping[str, float]) -> Reading:
    """Return the reading of a measure with one label."""
    return Reading(measure, [((label,), value) for label, value in values.items()])


def read_build(party: str) -> Sequence[Reading]:
    """Return which program runs."""
    return [Reading(BUILD, [((VERSION, party), 1)])]


def read_state(now: str, states: Iterable[str]) -> Sequence[Reading]:
    """Return the state of the party as one number for each state that there is."""
    return [by_label(STATE, {state: float(state == now) for state in states})]


def read_work(db: Database, clock: Clock) -> Sequence[Reading]:
    """Return what the party holds of its own, and what waits."""
    with db.read() as conn:
        own = logs.load_own_log(conn)
        letters = mails.count_mails(conn)
        to_subscribers = mails.count_mails(conn, to_subscribers=True)
        return [
            one(JOBS, float(facts.is_leased(conn, LEASE, now=clock.now()))),
            one(LOG_ENTRIES, 0 if own is None else own.size),
            one(OUTBOX, edits.count_edits(conn)),
            one(CONFLICTS, edits.count_conflicts(conn)),
            one(LETTERS_WAITING, _sum((letters, to_subscribers), (mails.WAITING, mails.SENDING))),
            one(LETTERS_GIVEN_UP, _sum((letters, to_subscribers), (mails.FAILED, mails.UNCLEAR, mails.EXPIRED))),
        ]


def _sum(counts: Iterable[Mapping[str, int]], states: Sequence[str]) -> int:
    return sum(found.get(state, 0) for found in counts for state in states)


def read_catalogue(db: Database, said: CatalogueNote | None, clock: Clock) -> Sequence[Reading]:
    """Return how much of the catalogue is shown and held, and how old it is; nothing before the first one.

    Args:
        said: the newest catalogue note.
    """
    if said is None:
        return []
    shown = shown_origins(said)
    with db.read() as conn:
        offers = sum(catalogue.count_shown(conn, shown, kind="offer").values())
        held = {row.origin: row.id for row in logs.load_logs(conn)}
        missing = sum(payloads.count_missing(conn, held[origin]) for origin in shown if origin in held)
    return [one(OFFERS, offers), one(MISSING, missing), one(NOTE_AGE, clock.now() - said.time)]


def read_roster(book: RosterBook, clock: Clock) -> Sequence[Reading]:
    """Return how long the list of members holds; nothing before the first one."""
    found = book.newest()
    return [] if found is None else [one(ROSTER, found.roster.expires - clock.now())]


def read_disk(db: Database, home: str) -> Sequence[Reading]:
    """Return how much room the database takes and how much there is; a party without files has no disk."""
    found = [one(DATABASE, db.size_bytes())]
    if (wal := db.wal_bytes()) is not None:
        found.append(one(WAL, wal))
    if home:
        disk = os.statvfs(home)
        found += [one(DISK_BYTES, disk.f_bavail * disk.f_frsize), one(DISK_INODES, disk.f_favail)]
    return found


def read_backups(subject: Subject, chosen: str) -> Sequence[Reading]:
    """Return when the newest backup was made.

    Args:
        chosen: the folder of the settings; empty for the one in the home directory.
    """
    found = list_backups(subject, folder_of(Path(subject.home), chosen))
    return [one(BACKUP, found[0].made if found else 0)]
