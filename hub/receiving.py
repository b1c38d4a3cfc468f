"""What a node pushes to the hub (PROTOCOL 9): its question, its delivery, and what a restored hub gets back."""

from __future__ import annotations

import msgspec

from hub import roster_keeping
from hub.party import UNREACHABLE, Hub
from hub.pulling import guards_for
from hub.recovery import doubts, has_spoken
from hub.states import record_report
from hub.store.standings import update_standing
from shared import deliver
from shared.errors import ParseError, VerificationError
from shared.feed import limits
from shared.feed.checkpoint import parse_checkpoint_text
from shared.feed.note import parse_note
from shared.feed.outcomes import Code
from shared.feed.push import Holding, PushAnswer, PushBody, SourcePart
from shared.feed.roster import MemberRow
from shared.feed.trusted_log import Admission, LogState, TrustedLog
from shared.follow import Report
from shared.holdings import facts, logs, papers, payloads

_SIGNED = frozenset({Code.E_FORK, Code.E_ROLLBACK, Code.E_CLOCK, Code.E_RATE})
"""What the member's own signature shows, whoever brings it."""

_FRESH_SECONDS = limits.RESIGN_AFTER_SECONDS + limits.SKEW_SECONDS
"""A member that lives signed its time line within this time."""


def receive_push(hub: Hub, body: PushBody) -> PushAnswer:
    """Take what a node sent; answer with what is held after that.  Every well-formed body is answered."""
    _take_rosters(hub, body)
    sender, signed = _identify(hub, body.note)
    if sender is not None and signed is not None:
        if _is_in_force(hub):
            _take_logs(hub, body, sender)
        _hear(hub, body, sender, signed)
        _read_soon(hub, sender)
    with hub.db.read() as conn:
        return deliver.answer_push(conn, hub.book.version(conn))


def _is_in_force(hub: Hub) -> bool:
    """Nothing new is taken under an expired roster; what is held stays as it is."""
    try:
        hub.book.verify_in_force(hub.clock.now())
    except VerificationError:
        return False
    return True


def _take_rosters(hub: Hub, body: PushBody) -> None:
    """A hub whose database was wiped gets its roster back from its nodes; the chain verifies itself."""
    for note in body.rosters:
        try:
            with hub.db.write() as conn:
                roster_keeping.take_roster(hub, conn, note)
        except (VerificationError, ParseError) as error:
            with hub.db.write() as conn:
                facts.save_fact(conn, "roster-refused", f"{error.code}: {error.message}")
                facts.save_fact(conn, "roster-refused-at", hub.clock.now())


def _identify(hub: Hub, note: bytes) -> tuple[MemberRow | None, Admission | None]:
    """Return the member whose keys signed the checkpoint in line 1, and what it signed.

    Or None: then nothing it says about itself counts.
    """
    origin = note.split(b"\n", 1)[0].decode("utf-8", "replace")
    keys = hub.book.keys_for(origin, as_mirror=False)
    if keys is None or origin == hub.settings.origin:
        return None, None
    try:
        admission = TrustedLog(LogState(origin), keys).admit(note, now=hub.clock.now())
    except (VerificationError, ParseError):
        return None, None
    with hub.db.read() as conn:
        held = logs.find_log(conn, origin)
    if held is not None and admission.time < held.time:
        return None, None
    return next((row for row in hub.members() if row.log_key.name == origin), None), admission


def _take_logs(hub: Hub, body: PushBody, sender: MemberRow) -> None:
    """Feed everything in the body to the reader; what the body lacks is pulled by the next tick, never in this request.

    So a member that pushes and does not answer keeps nobody waiting.
    """
    with hub.db.read() as conn:
        held = {row.origin: row for row in logs.load_logs(conn) if row.size}
    rows = {row.log_key.name: row for row in hub.members()}
    readable = {origin for origin, row in rows.items() if row.status == "active"} | {hub.settings.origin}
    own = sender.log_key.name
    sources = [part for part in body.sources if part.origin in readable]
    if own not in {part.origin for part in sources} and own in readable:
        sources.append(SourcePart(own, held[own].size if own in held else 0, body.note, ()))
    complete = tuple(
        part for part in sources if _is_complete(part, held[part.origin].size if part.origin in held else 0)
    )
    recovering = hub.is_recovering()
    intake = deliver.Intake(
        hub.reader,
        keys_for=lambda origin: hub.book.keys_for(origin, as_mirror=False),
        guards_for=lambda origin: guards_for(hub, origin),
        fallback_for=lambda _: None,
        may_cosign=lambda origin: not recovering and origin != hub.settings.origin,
    )
    wanted = msgspec.structs.replace(
        body, sources=complete, payloads=tuple(part for part in body.payloads if part.origin in readable)
    )
    stored = {origin: bytes(row.note) for origin, row in held.items()}
    for report in intake.take(stored, wanted, sender=sender.name):
        _record(hub, rows.get(report.origin), report, sender)


def _is_complete(part: SourcePart, size: int) -> bool:
    """The part brings every entry between what we hold and what its checkpoint says.

    True also where the checkpoint cannot be read: then it is the reader's to refuse it.
    """
    try:
        offered = parse_checkpoint_text(parse_note(part.checkpoint).text).size
    except ParseError:
        return True
    return offered <= size or (part.start <= size and part.start + len(part.entries) >= offered)


def _read_soon(hub: Hub, sender: MemberRow) -> None:
    """Let the next tick read a sender that has more than it sent; one that cannot be reached pushes again."""
    if sender.url == UNREACHABLE:
        return
    origin = sender.log_key.name
    with hub.db.write() as conn:
        row = logs.find_log(conn, origin)
        said = next((h.size for h in papers.load_holder(conn, sender.name).values() if h.origin == origin), 0)
        if row is None or said > row.size or payloads.count_wanted(conn, row.id):
            update_standing(conn, origin, sender.name, next_poll=0)


def _record(hub: Hub, row: MemberRow | None, report: Report, sender: MemberRow) -> None:
    """Keep the outcome for the member whose log it is; another's failing push says nothing about that member.

    Nor does its own, where line 1 was only its public checkpoint: a member that can be asked is read at its address,
    and what is wrong there counts.  A fork, a rollback and a clock ahead carry the member's own signature.
    """
    if row is None or (row.name != sender.name and not report.is_good):
        return
    if report.is_good or report.code in _SIGNED or row.url == UNREACHABLE:
        record_report(hub, row, report, is_poll=False, jitter=0.5)
        return
    with hub.db.write() as conn:
        update_standing(conn, row.log_key.name, row.name, next_poll=0)


def _hear(hub: Hub, body: PushBody, sender: MemberRow, signed: Admission) -> None:
    """Keep what the sender says it holds, and ask it ourselves where more depends on it.

    A checkpoint in line 1 is public, so anybody can put it before words of his own.  What the sender signed counts at
    once, its holdings count for lag; that a recovery ends, or begins, hangs on the answer at the address of the roster
    (`pushing.hear`), and of a member that cannot be asked on a signature made since.
    """
    now, origin = hub.clock.now(), sender.log_key.name
    holdings = {holding.origin: holding for holding in body.holdings}
    said = holdings.get(origin)
    if said is None or said.size < signed.checkpoint.size:
        holdings[origin] = Holding(origin, signed.checkpoint.size, signed.checkpoint.root)
    with hub.db.write() as conn:
        papers.save_holder(conn, sender.name, list(holdings.values()), now=now)
        facts.save_fact(conn, f"roster-of:{sender.name}", body.roster_version)
        own = logs.load_log(conn, hub.settings.origin)
        ours = holdings.get(own.origin)
        is_larger = ours is not None and ours.size > own.size and not doubts(conn, sender.name)
        since = facts.load_number(conn, "recovering-since")
        if sender.url != UNREACHABLE:
            if is_larger or (since and not has_spoken(conn, sender)):
                hub.push_attempts.pop(sender.name, None)
                facts.save_fact(conn, f"ask:{sender.name}", 1)
        elif not since or signed.time >= since - _FRESH_SECONDS:
            update_standing(conn, origin, sender.name, heard_at=now)
