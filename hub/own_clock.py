"""`clock reset`: the hub signed with a clock that ran ahead and may not sign until then (PROTOCOL 4 W4)."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from hub.party import UNREACHABLE, Hub
from shared.clock import in_german_time
from shared.consume import mirror_path
from shared.errors import ConflictError, FetchError, LogStateError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.catalogue_note import verify_catalogue_note
from shared.feed.note import parse_note
from shared.feed.roster import MemberRow
from shared.feed.trusted_log import LogState, TrustedLog
from shared.holdings import facts, logs, papers
from shared.net.fetcher import PrefixFetcher
from shared.sources import FetchedSource, Served

_FAR = 2**40
"""A reader's clock beyond any stored time: here the time of a line is what is asked for, not what is judged."""


def reset_clock(hub: Hub) -> int | None:
    """Sign the last checkpoint again with the present time, if no node has seen a later one.

    Asks every active node for the hub's log in its mirror, and for the catalogue note it has accepted.  Only the time
    line is new, never the root; catalogue notes from the future are dropped, so that a present one can be signed.

    Returns:
        That time; None where no stored time is ahead of the clock, so that there is nothing to do.
    Raises:
        ConflictError: a node has seen a time that is ahead; or no node answered.
        LogStateError: recovering.
    """
    now = hub.clock.now()
    with hub.db.read() as conn:
        own = logs.load_log(conn, hub.settings.origin)
        if facts.load_number(conn, "recovering-since"):
            raise LogStateError(
                "Der Hub gleicht seinen Stand noch ab; bis dahin wird nichts unterschrieben", code="E_RECOVERING"
            )
        active = [row for row in hub.members(conn) if row.status == "active"]
        note = papers.load_catalogue_note(conn)
    if max(own.time, note[0] if note else 0) <= now:
        return None
    seen = [time for row in active if (time := _time_seen_by(hub, row)) is not None]
    if active and not seen:
        raise ConflictError("Kein Knoten hat geantwortet.", advice="Später erneut versuchen, oder die Uhr abwarten.")
    if max(seen, default=0) > now:
        raise ConflictError(
            f"Ein Knoten kennt schon eine Unterschrift vom {in_german_time(max(seen))}, "
            f"die Uhr sagt {in_german_time(now)}.",
            advice="Die Uhr dieses Rechners prüfen; sonst hilft nur abwarten.",
        )
    with hub.db.write() as conn:
        row = logs.load_log(conn, hub.settings.origin)
        state = logs.state_of(row, row.origin)
        if row.time > now:
            newer = msgspec.structs.replace(state, note=hub.signer.sign(parse_note(state.note).text, now), time=now)
            logs.save_state(conn, row.id, newer, expected_size=own.size, expected_time=own.time)
        if papers.drop_notes_after(conn, now):
            facts.save_fact(conn, "note-to-push", 0)
            facts.bump_fact(conn, "catalogue-version")
        facts.delete_fact(conn, "seal-refused")
    return now


def _time_seen_by(hub: Hub, row: MemberRow) -> int | None:
    """Return the newest time of ours that a node has seen, in its mirror or note; None when it does not say."""
    keys = hub.book.keys_for(hub.settings.origin, as_mirror=False)
    if keys is None or row.url == UNREACHABLE:
        return None
    prefix = f"{row.url}/{mirror_path(hub.settings.origin)}"
    try:
        answer = FetchedSource(PrefixFetcher(hub.web, prefix), prefix).checkpoint("")
        if not isinstance(answer, Served):
            return None
        time = TrustedLog(LogState(hub.settings.origin), keys).admit(answer.body, now=_FAR).time
        return max(time, _note_time_seen_by(hub, row))
    except (FetchError, ParseError, VerificationError):
        return None


def _note_time_seen_by(hub: Hub, row: MemberRow) -> int:
    """Return the time of the catalogue note that a node has accepted, 0 for none."""
    answer = hub.web.get(
        f"{row.url}/catalogue",
        max_bytes=limits.LARGE_NOTE_MAX_BYTES,
        deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
    )
    if answer.status != HTTPStatus.OK:
        return 0
    return verify_catalogue_note(answer.body, hub.own_keys.log_keys[0]).time
