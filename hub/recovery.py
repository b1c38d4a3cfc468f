"""A hub that starts does not know yet what others hold of the logs: it is recovering until they told (PROTOCOL 4 W6).

Recovering: takes pushes, signs and co-signs nothing.  It ends when every active node has sent its holdings since the
start and the hub holds what they name; after one hour more than half suffices.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.party import UNREACHABLE, Hub
from hub.pulling import guards_for, pull_member
from hub.store.standings import forget_heard, load_standing
from shared.consume import mirror_path
from shared.feed import limits
from shared.feed.roster import MemberRow
from shared.follow import Guards
from shared.holdings import facts, logs, papers
from shared.net.fetcher import PrefixFetcher
from shared.sources import FetchedSource

_ASK_AGAIN_SECONDS = 30


def begin_recovery(hub: Hub) -> None:
    """A long-running process starts: what others hold must be heard anew."""
    hub.ensure_own_log()
    hub.push_attempts.clear()
    with hub.db.write() as conn:
        wait_for_members(conn, hub.clock.now())
        if papers.load_catalogue_note(conn) is not None:
            facts.save_fact(conn, "note-to-push", hub.clock.now())


def wait_for_members(conn: sa.Connection, now: int) -> None:
    """Be recovering until every active member has said, from now on, what it holds.

    Who has spoken is kept as a mark, not compared with a time: the clock may be what is wrong.
    """
    facts.save_fact(conn, "recovering-since", now)
    forget_heard(conn)


def active_members(hub: Hub, conn: sa.Connection) -> list[MemberRow]:
    """Members whose word is needed: active in the roster and read at least once, or known to hold something."""
    return [row for row in hub.members(conn) if row.status == "active"]


def try_finish(hub: Hub, owner: str) -> bool:
    """Fetch what members say they hold more of, and end the recovery when nothing is left to wait for."""
    catch_up(hub, owner)
    now = hub.clock.now()
    with hub.db.write() as conn:
        if not facts.load_number(conn, "recovering-since"):
            return True
        claimants = {claim.member for claims in _behind(hub, conn).values() for claim in claims}
        active = active_members(hub, conn)
        excused = set(facts.load_facts(conn, "recover-without:"))
        missing = [
            row
            for row in active
            if row.name not in excused
            and _was_member(conn, row)
            and (row.name in claimants or not has_spoken(conn, row))
        ]
        waited = facts.has_passed(conn, "recovering-since", now=now, seconds=limits.RECOVERY_MAJORITY_AFTER_SECONDS)
        if missing and not (waited and len(missing) * 2 < len(active)):
            return False
        own = logs.load_log(conn, hub.settings.origin)
        if not own.size:
            return False
        facts.save_fact(conn, "recovering-since", 0)
        # What was taken in the meantime could not be receipted then, and its owner may never come back.
        hub.reader.cosign_held(conn, now=now)
        for name in excused:
            facts.delete_fact(conn, f"recover-without:{name}")
        # Named until the next recovery: the alarm, and whose claims about our own log start none (see `doubts`).
        facts.save_fact(conn, "recovered-without", " ".join(row.name for row in missing))
        facts.bump_fact(conn, "catalogue-version")
    return True


def has_spoken(conn: sa.Connection, row: MemberRow) -> bool:
    """Tell whether this member has said what it holds since the recovery began."""
    return bool(load_standing(conn, row.log_key.name, row.name)["heard_at"])


def _was_member(conn: sa.Connection, row: MemberRow) -> bool:
    """A member that was approved but has never delivered anything has nothing to say yet.

    After a wiped database nobody is known to have delivered, so then everybody counts.
    """
    return bool(load_standing(conn, row.log_key.name, row.name)["is_established"]) or _is_wiped(conn)


def _is_wiped(conn: sa.Connection) -> bool:
    return papers.load_catalogue_note(conn) is None


def doubts(conn: sa.Connection, member: str) -> bool:
    """Tell whether the last recovery ended without what this member claims to hold."""
    return member in facts.load_fact(conn, "recovered-without").split()


def still_missing(hub: Hub, conn: sa.Connection) -> list[str]:
    """Name those without whose word the last recovery ended, while they are silent or claim more than was found."""
    if facts.load_number(conn, "recovering-since"):
        return []
    without = facts.load_fact(conn, "recovered-without").split()
    claimants = {claim.member for claims in _behind(hub, conn).values() for claim in claims} if without else set()
    rows = [row for row in active_members(hub, conn) if row.name in without]
    return [row.name for row in rows if row.name in claimants or not has_spoken(conn, row)]


class _Claim(msgspec.Struct, frozen=True, order=True):
    """A member says it holds so many entries of a log."""

    size: int
    member: str


def _behind(hub: Hub, conn: sa.Connection) -> dict[str, list[_Claim]]:
    """Return, by log, who claims to hold more of it than we do; the largest claim first."""
    found: dict[str, list[_Claim]] = {}
    held = {row.origin: row.size for row in logs.load_logs(conn)}
    statuses = hub.book.statuses(conn)
    for row in active_members(hub, conn):
        for origin, holding in papers.load_holder(conn, row.name).items():
            is_over = statuses.get(origin, "unknown") in ("retired", "unknown")
            if not is_over and holding.size > held.get(origin, 0):
                found.setdefault(origin, []).append(_Claim(holding.size, row.name))
    return {origin: sorted(claims, reverse=True) for origin, claims in found.items()}


def catch_up(hub: Hub, owner: str) -> None:
    """Read logs of which somebody holds more than we do: from the owner first, then from whoever still claims more."""
    with hub.db.write() as conn:
        behind = _behind(hub, conn)
        if not _is_worth_asking(conn, behind, hub.clock.now()):
            return
    rows = {row.name: row for row in hub.members()}
    by_origin = {row.log_key.name: row for row in rows.values()}
    for origin, claims in behind.items():
        _read_from_owner(hub, by_origin.get(origin), owner)
        for claim in claims:
            if rows[claim.member].url != UNREACHABLE and _held_size(hub, origin) < claim.size:
                _read_from_holder(hub, origin, rows[claim.member])


def _is_worth_asking(conn: sa.Connection, behind: dict[str, list[_Claim]], now: int) -> bool:
    """What was asked for in vain is asked for again only after half a minute; anything new at once."""
    asked = " ".join(f"{origin} {claim.size} {claim.member}" for origin, cs in sorted(behind.items()) for claim in cs)
    time, _, before = facts.load_fact(conn, "asked-for").partition(" ")
    if before == asked and asked and abs(now - int(time)) < _ASK_AGAIN_SECONDS:
        return False
    if asked or before:
        facts.save_fact(conn, "asked-for", f"{now} {asked}")
    return bool(asked)


def _held_size(hub: Hub, origin: str) -> int:
    with hub.db.read() as conn:
        row = logs.find_log(conn, origin)
    return 0 if row is None else int(row.size)


def _read_from_owner(hub: Hub, row: MemberRow | None, owner: str) -> bool:
    if row is None or row.url == UNREACHABLE or row.status != "active":
        return False
    return pull_member(hub, row, owner).is_good


def _read_from_holder(hub: Hub, origin: str, holder: MemberRow) -> bool:
    """Read a log from another member's mirror; our own comes back this way."""
    keys = hub.book.keys_for(origin, as_mirror=False)
    if keys is None:
        return False
    prefix = f"{holder.url}/{mirror_path(origin)}"
    guards = Guards() if origin == hub.settings.origin else guards_for(hub, origin)
    return hub.reader.read(keys, FetchedSource(PrefixFetcher(hub.web, prefix), prefix), guards).is_good


def is_receipted(hub: Hub, conn: sa.Connection) -> bool:
    """The hub's own last checkpoint is held by more than half of the active nodes (W3), so the next may be sealed."""
    own = logs.load_log(conn, hub.settings.origin)
    active = [
        row for row in active_members(hub, conn) if load_standing(conn, row.log_key.name, row.name)["is_established"]
    ]
    holders = papers.load_holders_of(conn, own.origin)
    level = sum(
        1
        for row in active
        if (held := holders.get(row.name)) is not None and held.size == own.size and held.root == bytes(own.root)
    )
    return level * 2 > len(active) or not active
