"""When a node seals: only after a live answer that the hub holds exactly our log (PROTOCOL 4 W3, W5, W7)."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from node.erasing import renew_erasures
from node.exchange import NotAnsweredError, converse, hand_over
from node.party import Node
from node.recovery import fetch_lost_payloads, has_receipt
from shared.errors import FetchError, LogStateError, ParseError, VerificationError
from shared.feed import limits
from shared.holdings import edits, facts
from shared.seal import Seal

_LEASE_SECONDS = 120.0


class SealOutcome(msgspec.Struct, frozen=True):
    """What came of wanting to seal.  `waits_for` says in one line why edits are still pending."""

    sealed: Seal | None = None
    delivered: bool = False
    waits_for: str = ""
    code: str = ""


def seal_pending(node: Node, owner: str) -> SealOutcome:
    """Ask the hub, seal what is pending, deliver it.  Never raises for what the hub does.

    Args:
        owner: names this process in the writer's lease (W1).
    """
    if not node.is_member:
        return SealOutcome(waits_for="Dieser Knoten ist noch kein Mitglied", code="E_ROSTER")
    with node.db.write() as conn:
        if not facts.take_lease(conn, "writer", owner, now=node.clock.now(), seconds=_LEASE_SECONDS):
            return SealOutcome(waits_for="Gerade unterschreibt ein anderer Prozess dieses Knotens")
    try:
        return _ask_and_seal(node)
    except FetchError as error:
        return SealOutcome(waits_for=f"Der Kreis ist nicht erreichbar: {error.message}", code=error.code)
    except NotAnsweredError as error:
        return SealOutcome(waits_for=error.message, code="E_RECOVERING")
    except (VerificationError, ParseError, LogStateError) as error:
        return SealOutcome(waits_for=error.message, code=error.code)
    finally:
        with node.db.write() as conn:
            facts.release_lease(conn, "writer", owner)


def _ask_and_seal(node: Node) -> SealOutcome:
    answer = converse(node)
    fetch_lost_payloads(node)
    renew_erasures(node)
    with node.db.read() as conn:
        pending = edits.count_edits(conn)
    if not pending:
        _take_receipt(node)
        return SealOutcome(delivered=True)
    if not has_receipt(node):
        return SealOutcome(waits_for="Der Kreis hat den letzten Stand noch nicht bestätigt")
    sealed = node.sealer.seal(now=node.clock.now(), most=limits.PUSH_ENTRIES_MAX)
    try:
        hand_over(node, answer)
    except (FetchError, NotAnsweredError) as error:
        return SealOutcome(sealed, delivered=False, waits_for=f"Unterschrieben, noch nicht geliefert: {error.message}")
    _take_receipt(node)
    return SealOutcome(sealed, delivered=True)


def _take_receipt(node: Node) -> None:
    """Fetch the hub's cosignature, without which our own offers cannot be proven here; the next talk tries again."""
    with suppress(FetchError, VerificationError, ParseError):
        has_receipt(node)


def seal_offline(node: Node) -> SealOutcome:
    """Seal without asking anybody: an explicit decision of the operator, refused while recovering."""
    if not node.is_member:
        return SealOutcome(waits_for="Dieser Knoten ist noch kein Mitglied", code="E_ROSTER")
    with node.db.read() as conn:
        if not facts.load_number(conn, "asked-at"):
            # The first seal needs a live answer that the hub holds exactly our log (W7).
            return SealOutcome(waits_for="Der Kreis wurde noch nie nach diesem Log gefragt", code="E_RECOVERING")
    return SealOutcome(
        node.sealer.seal(now=node.clock.now()), delivered=False, waits_for="Unterschrieben, ohne den Kreis zu fragen"
    )
