"""How a member stands: conditions kept apart, one state shown, when it is read next (PROTOCOL 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.party import UNREACHABLE, Hub
from hub.store.standings import (
    fresh_standing,
    load_standing,
    load_standings,
    release_from_quarantine,
    save_standing,
)
from shared.feed import limits
from shared.feed.outcomes import Code, State, format_state, shown_state
from shared.feed.roster import MemberRow
from shared.follow import Report
from shared.holdings import facts, logs, payloads
from shared.holdings.growth import count_withdrawn_since_freeze, thaw_log
from shared.net.retry import backoff_seconds

_QUARANTINING = frozenset(
    {Code.E_FORMAT, Code.E_ORIGIN, Code.E_SIG, Code.E_CLOCK, Code.E_ROOT, Code.E_IDENTITY}
)  # fmt: skip
_OVERSIZES_TO_QUARANTINE = 3
_GRACE_OF_LATE_ALARM = limits.MEMBER_LATE_ALARM_SECONDS


class Standing(msgspec.Struct, frozen=True):
    """A member as the hub shows it."""

    row: MemberRow
    state: State
    fold: int | None
    size: int
    root: bytes
    time: int
    code: str
    message: str
    is_established: bool
    hold: str
    failures: int
    next_poll: int
    heard_at: int
    oddities: str

    @property
    def word(self) -> str:
        """The state word of the catalogue note."""
        return format_state(self.state, self.fold)


def standing_of(conn: sa.Connection, row: MemberRow, *, now: int) -> Standing:
    """Derive the shown state of a member from its conditions."""
    origin = row.log_key.name
    return _derive(row, load_standing(conn, origin, row.name), logs.find_log(conn, origin), now)


def standings_of(conn: sa.Connection, rows: Sequence[MemberRow], *, now: int) -> list[Standing]:
    """Derive the shown states of several members, in their order."""
    known, held = load_standings(conn), {log.origin: log for log in logs.load_logs(conn)}
    return [
        _derive(row, known.get(origin) or fresh_standing(origin, row.name), held.get(origin), now)
        for row, origin in ((row, row.log_key.name) for row in rows)
    ]


def _derive(row: MemberRow, kept: dict[str, Any], log: sa.Row[Any] | None, now: int) -> Standing:
    fold = None if log is None else log.fold
    conditions = set(_conditions(kept, log, row, now))
    return Standing(
        row=row, state=shown_state(conditions), fold=fold, size=0 if log is None else log.size,
        root=b"" if log is None else bytes(log.root), time=0 if log is None else log.time, code=kept["code"],
        message=kept["message"], is_established=kept["is_established"], hold=kept["hold"], failures=kept["failures"],
        next_poll=kept["next_poll"], heard_at=kept["heard_at"], oddities=kept["oddities"],
    )  # fmt: skip


def _conditions(kept: dict[str, Any], log: sa.Row[Any] | None, row: MemberRow, now: int) -> list[State]:
    found = [State(row.status)] if row.status != "active" else []
    if not kept["is_established"]:
        found.append(State.INVITED)
    if kept["forked"]:
        found.append(State.FORKED)
    if kept["rolled_back"]:
        found.append(State.ROLLED_BACK)
    if kept["quarantine"]:
        found.append(State.QUARANTINED)
    if log is not None and log.fold is not None:
        found.append(State.HELD)
    if now < kept["throttled_until"] <= now + limits.DAY:
        found.append(State.THROTTLED)
    if log is not None and log.size:
        age = now - log.time
        if age > limits.MEMBER_FRESH_SECONDS + limits.DORMANT_AFTER_SECONDS:
            found.append(State.DORMANT)
        elif age > limits.MEMBER_FRESH_SECONDS:
            found.append(State.STALE)
    return found


def record_report(hub: Hub, row: MemberRow, report: Report, *, is_poll: bool, jitter: float) -> None:
    """Turn the outcome of one read into conditions, and set the time of the next read.

    Args:
        is_poll: the hub asked (not a push); sets the next poll.
        jitter: 0 to 1, spreads polls.
    """
    now = hub.clock.now()
    with hub.db.write() as conn:
        kept = load_standing(conn, row.log_key.name, row.name)
        before = dict(kept)
        _apply_code(conn, kept, report, now)
        log = logs.find_log(conn, row.log_key.name)
        if log is not None and not kept["is_established"] and log.size and log.payloads_from >= log.size:
            kept["is_established"] = not _unasked(conn, log.id)
        if log is not None and log.fold is not None:
            _review_hold(conn, kept, log)
        if is_poll:
            kept["last_poll"] = now
            state = shown_state(_conditions(kept, log, row, now))
            kept["next_poll"] = now + _interval(hub, kept, state, report, jitter)
        if kept != before:
            save_standing(conn, kept)
            facts.bump_fact(conn, "standings-version")


def _unasked(conn: sa.Connection, log_id: int) -> bool:
    """Some payload was neither held nor refused yet (a push that goes on)."""
    return bool(payloads.refused_wants(conn, log_id, code=""))


def _apply_code(conn: sa.Connection, kept: dict[str, Any], report: Report, now: int) -> None:
    code = report.code
    if code in (Code.E_FETCH, Code.E_OVERSIZE):
        kept["failures"] += 1
        kept["oversizes"] = kept["oversizes"] + 1 if code == Code.E_OVERSIZE else 0
        if kept["oversizes"] >= _OVERSIZES_TO_QUARANTINE:
            kept["quarantine"] = str(code)
    elif report.is_good:
        kept |= {
            "failures": 0, "refusals": 0, "oversizes": 0, "quarantine": "", "rolled_back": False, "throttled_until": 0,
            "last_good": now,
        }  # fmt: skip
        _save_ahead(conn, {o: t for o, t in _load_ahead(conn).items() if o != kept["origin"]})
        # Not `forked`: which of two signed histories is shown now proves nothing.  It is left by a new generation,
        # whose
        # other origin has a standing of its own (PROTOCOL 8).
    else:
        kept["failures"] = 0
        kept["refusals"] += 1
    if code == Code.E_CLOCK and _is_our_clock(conn, kept["origin"], now):
        code = Code.E_LOCAL_CLOCK
        kept["quarantine"] = "" if kept["quarantine"] == Code.E_CLOCK else kept["quarantine"]
    elif code in _QUARANTINING:
        kept["quarantine"] = str(code)
    elif code == Code.E_ROLLBACK:
        kept["rolled_back"] = True
    elif code == Code.E_FORK:
        kept["forked"] = True
    elif code == Code.E_RATE:
        kept["throttled_until"] = now + limits.DAY
    kept["code"] = str(code)
    kept["message"] = report.message
    if report.oddities:
        kept["oddities"] = "\n".join(report.oddities[:20])


def _is_our_clock(conn: sa.Connection, origin: str, now: int) -> bool:
    """Three members or more ahead of us at once: it is our clock (E_LOCAL_CLOCK), so nobody is quarantined for it.

    Those that were quarantined for it before the third came are released.
    """
    ahead = {o: t for o, t in _load_ahead(conn).items() if abs(now - t) < limits.HUB_FRESH_SECONDS} | {origin: now}
    _save_ahead(conn, ahead)
    if len(ahead) < limits.LOCAL_CLOCK_MEMBERS:
        return False
    facts.save_fact(conn, "local-clock", now)
    for other in ahead:
        release_from_quarantine(conn, other, str(Code.E_CLOCK), as_code=str(Code.E_LOCAL_CLOCK))
    return True


def _load_ahead(conn: sa.Connection) -> dict[str, int]:
    """Return which logs were last seen ahead of our clock, and when."""
    parts = (part.partition("=") for part in facts.load_fact(conn, "ahead").split())
    return {origin: int(time) for origin, _, time in parts}


def _save_ahead(conn: sa.Connection, ahead: dict[str, int]) -> None:
    text = " ".join(f"{origin}={time}" for origin, time in sorted(ahead.items()))
    if text != facts.load_fact(conn, "ahead"):
        facts.save_fact(conn, "ahead", text)


def _review_hold(conn: sa.Connection, kept: dict[str, Any], log: sa.Row[Any]) -> None:
    """A rejected hold ends when the log again withdraws no more than the guard allows (PROTOCOL 6.12)."""
    if not kept["hold"]:
        kept["hold"] = "open"
    gone, shown = count_withdrawn_since_freeze(conn, log.id)
    if kept["hold"] == "rejected" and gone <= max(limits.HOLD_GUARD_MIN, limits.GUARD_SHARE * shown):
        thaw_log(conn, log.id)
        kept["hold"] = ""
        facts.bump_fact(conn, "catalogue-version")


_MINUTE = 60


def _interval(hub: Hub, kept: dict[str, Any], state: State, report: Report, jitter: float) -> int:
    """Seconds to the next read (PROTOCOL 8, column poll)."""
    normal = hub.settings.poll_minutes * _MINUTE
    if kept["failures"]:
        cap = {State.STALE: 30 * _MINUTE, State.DORMANT: 360 * _MINUTE}.get(state, normal)
        wait = backoff_seconds(kept["failures"], base=5, cap=cap, jitter=jitter)
        return max(wait, report.retry_after_seconds)
    if state is State.QUARANTINED:
        return backoff_seconds(kept["refusals"], base=normal, cap=60 * _MINUTE, jitter=jitter)
    fixed = {State.FORKED: 60, State.DORMANT: 360, State.INVITED: 15, State.THROTTLED: 60}.get(state)
    if fixed is not None:
        return fixed * _MINUTE
    return int(normal * (0.8 + 0.4 * jitter))


_LONGEST_WAIT = max(360, 1440 * 6 // 5) * _MINUTE


def is_read_due(kept: dict[str, Any], now: int) -> bool:
    """Tell whether the time of the next read has come; one beyond every interval was set by a clock that ran ahead."""
    return not now < kept["next_poll"] <= now + _LONGEST_WAIT or kept["last_poll"] > now


def is_pollable(row: MemberRow) -> bool:
    """Tell whether the hub reads this member by itself."""
    return row.status == "active" and row.url != UNREACHABLE
