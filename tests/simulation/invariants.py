"""The invariants of THREATS 3.13, judged by code of their own: what the product concludes is compared, never believed.

The reference fold here is written from PROTOCOL 2 and 7 alone: split the lines, keep the entry of the highest index,
strike out what an erase names.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from shared.consume import shown_origins
from shared.feed.merkle import Frontier, leaf_hash
from shared.holdings import facts, lease
from shared.holdings.catalogue import iterate_shown
from tests.simulation.disks import SimulatedDisk
from tests.simulation.federation import FOLLOWER, NAMES, Federation
from tests.simulation.ledger import own_entries
from tests.simulation.violations import ensure

if TYPE_CHECKING:
    from shared.feed.catalogue_note import CatalogueNote

_LEASE_SECONDS = 72 * 3600
_REVIVED = (
    "SELECT COUNT(*) FROM payload p JOIN erased e ON e.log_id = p.log_id AND e.commitment = p.commitment "
    "WHERE p.apart_until IS NULL"
)
_UNREFERENCED = "SELECT COUNT(*) FROM record r JOIN log l ON l.id = r.log_id WHERE r.position >= l.size"


def reference_fold(entries: list[bytes]) -> dict[str, tuple[int, str]]:
    """Return id → (index, commitment) of what one log puts into the catalogue."""
    newest: dict[str, tuple[int, str]] = {}
    published: dict[int, str] = {}
    erased: set[str] = set()
    for index, data in enumerate(entries):
        lines = data.decode("ascii", "replace").split("\n")[:-1]
        op, words = lines[0].rpartition(" ")[2], [line.split(" ") for line in lines[1:]]
        if op == "erase":
            erased |= {published[int(w[1])] for w in words if w[0] == "target" and int(w[1]) in published}
            continue
        named = {w[0]: w[1:] for w in words}
        if op in ("publish", "withdraw"):
            rid = named["id"][0]
            newest[rid] = (index, named["payload"][0] if op == "publish" else "")
        if op == "publish":
            published[index] = named["payload"][0]
    return {r: v for r, v in newest.items() if v[1] and v[1] not in erased}


def reference_digest(disk: SimulatedDisk, said: CatalogueNote) -> str:
    """Compute the catalogue digest of a note from the entries one disk holds."""
    lines = []
    for source in said.sources:
        if source.word in ("suspended", "dormant"):
            continue
        entries = [data for _, data in own_entries(disk, source.origin)][: source.size]
        whole = reference_fold(entries)
        if source.fold is not None:
            cut = reference_fold(entries[: source.fold])
            dead = _erased_in(entries)
            whole = {rid: value for rid, value in cut.items() if value[1] not in dead}
        lines += [f"{source.member} {rid} {commitment}\n" for rid, (_, commitment) in whole.items()]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _erased_in(entries: list[bytes]) -> set[str]:
    published: dict[int, str] = {}
    erased: set[str] = set()
    for index, data in enumerate(entries):
        for line in data.decode("ascii", "replace").split("\n"):
            words = line.split(" ")
            if words[0] == "payload":
                published[index] = words[1]
            elif words[0] == "target" and int(words[1]) in published:
                erased.add(published[int(words[1])])
    return erased


# --- after each step -------------------------------------------------------------------------------------------------


def check_quickly(disk: SimulatedDisk) -> None:
    """What one query tells about a disk: nothing erased came back (I8), no head beyond the log (I11)."""
    ensure("I8", disk.rows(_REVIVED)[0][0] == 0, f"{disk.name} holds bytes that it knows to be erased")
    ensure("I11", disk.rows(_UNREFERENCED)[0][0] == 0, f"{disk.name} has a record beyond the end of its log")


def check_atomic(disk: SimulatedDisk) -> None:
    """Checkpoint, entries and heads of every log belong together at every commit (I11, I3)."""
    for log_id, origin, size, root in disk.rows("SELECT id, origin, size, root FROM log"):
        entries = [data for _, data in own_entries(disk, origin)]
        ensure("I11", len(entries) == size, f"{disk.name}: {origin} has size {size} and {len(entries)} entries")
        if not size:
            continue
        frontier = Frontier()
        frontier.extend([leaf_hash(entry) for entry in entries])
        ensure("I3", frontier.root() == root, f"{disk.name}: entries of {origin} do not hash to its root")
        heads = disk.rows("SELECT rid, position, commitment FROM record WHERE log_id = ? AND live", log_id)
        dead = {row[0] for row in disk.rows("SELECT commitment FROM erased WHERE log_id = ?", log_id)}
        mine = {
            rid.hex(): (position, commitment.hex()) for rid, position, commitment in heads if commitment not in dead
        }
        ensure("I11", mine == reference_fold(entries), f"{disk.name}: heads of {origin} are not its entries'")


def check_masked(federation: Federation, name: str) -> None:
    """Persons of others are masked while a party is recovering, and when its note is older than the lease (I15)."""
    disk, now = federation.disk(name), federation.party(name).clock.now()
    kept = dict(disk.rows("SELECT name, value FROM fact WHERE name IN ('recovering-since', 'latest-time')"))
    newest = disk.rows("SELECT MAX(time) FROM catalogue_note")[0][0]
    is_overdue = newest is None or max(now, int(kept.get("latest-time", "0"))) - newest > _LEASE_SECONDS
    if is_overdue or kept.get("recovering-since", "0") != "0":
        with federation.party(name).db.read() as conn:
            ensure("I15", lease.masks_persons(conn, now=now, is_own=False), f"{name} shows persons, and may not")


# --- at the end ------------------------------------------------------------------------------------------------------


def check_prefixes(federation: Federation) -> None:
    """Everything ever signed and every copy held is a prefix of the longest copy (I1, I3)."""
    for name in (*federation.honest_nodes(), "hub"):
        origin = federation.origin(name)
        longest: list[bytes] = []
        for party in federation.honest():
            entries = [data for _, data in own_entries(federation.disk(party), origin)]
            longest = max(longest, entries, key=len)
        roots, frontier = {}, Frontier()
        for size, entry in enumerate(longest, 1):
            frontier.extend([leaf_hash(entry)])
            roots[size] = frontier.root()
        for size, root in federation.signed.roots.get(origin, {}).items():
            ensure("I1", roots.get(size) == root, f"{origin} signed another tree of size {size} than anybody holds")


def check_owners(federation: Federation) -> None:
    """Every record that anybody shows is its member's own (I4)."""
    owners = federation._ags | {"hub": "05562000"}
    for name in (*federation.honest_nodes(), FOLLOWER):
        consumer = federation.party(name).consumer  # type: ignore[union-attr]
        said = consumer.newest()
        if said is None:
            continue
        with federation.party(name).db.read() as conn:
            for shown in iterate_shown(conn, shown_origins(said), kind=None):
                owner = f'"owner":"{owners[shown.member]}"'.encode()
                ensure("I4", owner in shown.body, f"{name} shows a record of {shown.member} with another owner")
                ensure(
                    "I4", hashlib.sha256(shown.body).digest() == shown.commitment,
                    f"{name} shows bytes that {shown.member} did not commit to",
                )  # fmt: skip


def check_erased(federation: Federation) -> None:
    """The bytes of erased persons are in no file of any party (I8)."""
    images = {name: federation.disk(name).image() for name in federation.honest()}
    for erasure in federation.ledger.erasures:
        if erasure.is_excused:
            continue
        for name, image in images.items():
            ensure("I8", erasure.person.encode() not in image, f"{name} still has {erasure.person} in its files")


def stuck(federation: Federation) -> str:
    """Say what is not settled yet (I13): pending edits and recoveries of honest parties; empty when nothing is."""
    for name in (*federation.honest_nodes(), "hub"):
        disk = federation.disk(name)
        pending = disk.rows("SELECT COUNT(*) FROM outbox")[0][0]
        facts_of = dict(disk.rows("SELECT name, value FROM fact"))
        code = facts_of.get("talk-failure") or facts_of.get("seal-refused") or facts_of.get("pull-failure") or "no code"
        if facts_of.get("recovering-since", "0") != "0":
            return f"{name} is still recovering ({code})"
        if pending:
            return f"{name} has {pending} pending edits ({code})"
        if facts_of.get("forked"):
            return f"{name} thinks that it is forked ({code})"
    return ""


def apart(federation: Federation) -> str:
    """Say who does not have the hub's catalogue yet (I6); empty when all honest parties have it."""
    disk = federation.disk("hub")
    with federation.hub.db.read() as conn:
        from hub.notes import newest_note

        said = newest_note(conn)
        recovering = facts.load_number(conn, "recovering-since")
    if said is None or recovering:
        return "the hub says nothing"
    sizes = dict(disk.rows("SELECT origin, size FROM log"))
    if any(sizes.get(source.origin) != source.size for source in said.sources):
        return "the hub's note is not its own state"
    named = {source.member for source in said.sources}
    if absent := [name for name in (*federation.honest_nodes(), "hub") if name not in named]:
        return f"the hub's note does not name {absent[0]}"
    for name in (*federation.honest_nodes(), FOLLOWER):
        standing = federation.party(name).consumer.standing()  # type: ignore[union-attr]
        if standing is None or not standing.is_level:
            return f"{name} is not level with the hub's note"
        if standing.note_time != said.time and standing.digest != said.digest.hex():
            return f"{name} follows an older note"
        if standing.missing and not _missing_is_the_liars(federation, name):
            return f"{name} lacks {standing.missing} payloads"
        if not standing.agrees:
            return f"{name} computes another digest than the hub"
    return ""


def _missing_is_the_liars(federation: Federation, name: str) -> bool:
    rows = federation.disk(name).rows(
        "SELECT l.origin FROM record r JOIN log l ON l.id = r.log_id LEFT JOIN payload p ON p.log_id = r.log_id AND "
        "p.commitment = r.commitment LEFT JOIN erased e ON e.log_id = r.log_id AND e.commitment = r.commitment "
        "WHERE r.live AND p.id IS NULL AND e.commitment IS NULL"
    )
    return {row[0] for row in rows} <= {federation.origin(federation.liar)}


def check_reference_digest(federation: Federation) -> None:
    """The hub's digest is the one that the entries give by the text of the protocol (I6)."""
    from hub.notes import newest_note

    with federation.hub.db.read() as conn:
        said = newest_note(conn)
    assert said is not None
    expected = reference_digest(federation.disk("hub"), said)
    ensure("I6", said.digest.hex() == expected, "the hub's digest is not the one of its entries")


def check_ledger(federation: Federation) -> None:
    """Nothing acknowledged is lost (I2, I5)."""
    for name in (*(n for n in NAMES if n != federation.liar), "hub"):
        if federation.is_up(name):
            federation.check_ledger_of(name)
