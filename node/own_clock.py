"""After a clock that ran ahead: when the stored time of our own log may be set back (PROTOCOL 4 W4)."""

from __future__ import annotations

from node.party import Node
from node.recovery import hub_source
from shared.clock import in_german_time
from shared.errors import LogStateError
from shared.feed.note import parse_note
from shared.feed.trusted_log import LogState, TrustedLog
from shared.holdings import facts, logs
from shared.sources import NotModified


def reset_clock(node: Node) -> int:
    """Set the time of our last signature back to now, if what others hold of it is not from the future either.

    The time line of the same tree is signed anew; never another root for a size.  Before joining nobody else holds it.

    Returns:
        The time that was stored before.
    Raises:
        FetchError: the hub was not reached, so it is not known what others hold.
        LogStateError: E_OWN_CLOCK, others hold a time later than our clock; E_RECOVERING.
    """
    theirs, now = _time_at_hub(node) if node.is_member else 0, node.clock.now()
    if theirs > now:
        raise LogStateError(
            f"Beim Kreis liegt unsere Unterschrift vom {in_german_time(theirs)}; die Uhr zeigt {in_german_time(now)}",
            code="E_OWN_CLOCK",
            advice="Die Uhr des Rechners stellen, oder warten, bis diese Zeit erreicht ist.",
        )  # fmt: skip
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        if facts.load_number(conn, "recovering-since"):
            raise LogStateError("Der Stand wird noch mit dem Kreis abgeglichen", code="E_RECOVERING")
        if row.time > now:
            note = node.signer.sign(parse_note(bytes(row.note)).text, now)
            logs.save_columns(conn, row.id, time=now, note=note)
        facts.delete_fact(conn, "seal-refused")
    return int(row.time)


def _time_at_hub(node: Node) -> int:
    """The time line under the checkpoint that the hub's mirror shows."""
    keys = node.book.keys_for(node.settings.origin, as_mirror=True)
    answer = hub_source(node, node.settings.origin).checkpoint("")
    if keys is None or isinstance(answer, NotModified):
        return 0
    # Judged as of the far future: a time ahead of our clock is what is asked for here, not a reason to refuse it.
    return TrustedLog(LogState(node.settings.origin), keys).admit(answer.body, now=2**53).time
