"""What is handed out about a member that was refused for two notes that contradict each other.

Everything in the file was signed by the member or by the root keys; nobody needs to believe the hub.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from hub.holds import find_member
from hub.party import Hub
from shared.clock import in_german_time
from shared.errors import NotFoundError
from shared.feed import limits
from shared.feed.evidence import PROOF_LINE
from shared.feed.note import parse_note
from shared.feed.outcomes import ABOUT, Code
from shared.feed.roster import parse_roster, rows_for_origin
from shared.holdings import logs, papers
from shared.verify.evidence import FORMAT, Case, Index, format_evidence

_PROVABLE = frozenset({Code.E_FORK, Code.E_ROLLBACK})
_ROSTER_NAME = "mitgliederliste.txt"


def count_evidence(conn: sa.Connection, name: str) -> int:
    """Return for how many cases there are notes of a member's logs, of all its generations."""
    return len(_cases(conn, name))


def _cases(conn: sa.Connection, name: str) -> list[sa.Row[tuple[object, ...]]]:
    origins = [log.origin for log in logs.load_logs(conn) if log.member == name]
    found = [row for origin in origins for row in papers.load_evidence(conn, origin)]
    return sorted((row for row in found if row.code in _PROVABLE), key=lambda row: (row.time, row.id))


def package_evidence(hub: Hub, name: str, origin: str = "") -> bytes:
    """Return a zip with every pair of notes kept of a member's log, the roster that names its keys, and a readme.

    Args:
        origin: which of its logs; the one with the newest case where it is empty.
    Raises:
        NotFoundError: no such member, or nothing is kept about it.
    """
    find_member(hub, name)
    with hub.db.read() as conn:
        cases = _cases(conn, name)
        if not cases:
            raise NotFoundError("Zu diesem Mitglied sind keine Beweise gespeichert")
        origin = origin or cases[-1].origin
        cases = [row for row in cases if row.origin == origin]
        roster = _roster_of(conn, origin)
    files: dict[str, bytes] = {_ROSTER_NAME: roster}
    named = []
    for number, row in enumerate(cases, 1):
        ours, theirs = f"{number}-gespeichert.txt", f"{number}-geliefert.txt"
        files |= {ours: bytes(row.ours), theirs: bytes(row.theirs)}
        named.append(Case(row.code, row.time, ours, theirs))
    newest = datetime.fromtimestamp(cases[-1].time, UTC)
    index = Index(FORMAT, origin, _ROSTER_NAME, tuple(named))
    return format_evidence(index, files, _readme(hub, name, index), time=tuple(newest.timetuple()[:6]))


def _roster_of(conn: sa.Connection, origin: str) -> bytes:
    """Return the newest roster that names the keys of a log: a later generation has others."""
    for _, note in reversed(papers.load_roster_notes(conn, 0)):
        roster = parse_roster(parse_note(note, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
        if rows_for_origin(roster, origin):
            return note
    raise NotFoundError("Keine vorhandene Mitgliederliste nennt die Schlüssel dieses Logs")


def _readme(hub: Hub, name: str, index: Index) -> str:
    cases = "\n".join(
        f"- {in_german_time(case.time)}: {case.code}. {ABOUT[Code(case.code)].text}\n"
        f"  {case.ours} hatte der Hub gespeichert, {case.theirs} kam danach."
        for case in index.cases
    )
    options = " ".join(f"--root '{root}'" for root in hub.settings.roots)
    threshold = f" --threshold {hub.settings.threshold}" if hub.settings.threshold > 1 else ""
    return f"""Beweise zu {name}, Log {index.origin}
Ausgegeben von {hub.settings.url}

WAS HIER LIEGT
{cases}
{_ROSTER_NAME} nennt die Schlüssel der Stadt und ist mit den Wurzelschlüsseln des Verbunds unterschrieben.
beweis.json nennt die Dateien für Programme.

WIE MAN ES PRÜFT
Das Programm „kreisweit“ installieren. Dann, ohne Netz:

  kreisweit-verify evidence DATEI.zip {options}{threshold}

Ergebnis 0 heißt: Die Stadt hat beides unterschrieben, und beides zusammen kann nicht stimmen. Die Wurzelschlüssel
vergleichen Sie bitte auf einem anderen Weg, etwa am Telefon; sie stehen auch unter {hub.public_url}/vertrauen

WAS ES BEDEUTET
E_FORK: Es gibt zwei Fassungen desselben Logs. Sind sie verschieden lang, steht hinter der gelieferten nach der Zeile
„{PROOF_LINE}“ der Beweis, dass die längere anders beginnt.
E_ROLLBACK: Das Log ist kürzer geworden. Das ist bewiesen, nicht aber der Grund: Oft ist es eine Rücksicherung.
Personen stehen in keiner dieser Dateien.
"""
