"""Decisions about offers that may be the same: joined, kept apart, put off.

A decision is a record in the hub's log, or a new version of one, so that every node follows it and no edit or new
reading of an offer undoes it.  No record names a person, nor the title of an offer, which could: an erasure at an owner
could not reach it there.  Who decided stands in a journal of the hub's own, for 90 days, with how the records stood
before (taken back: `undoing`; changes to a cluster: `regrouping`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final, Literal

import msgspec
import sqlalchemy as sa

from hub.clusters import Rejection, load_verdicts
from hub.notes import newest_note
from hub.own_records import Reason, fields_of, find_record, publish_record, withdraw_record
from hub.party import Hub
from hub.store import decisions
from hub.store.decisions import Step
from shared.consume import shown_origins
from shared.errors import ConflictError, InputError, NotFoundError
from shared.holdings import catalogue
from shared.holdings.catalogue import Named
from shared.model.cluster import MEMBERS_MAX
from shared.model.completeness import completeness
from shared.model.offer import read_offer_line

Verb = Literal["same", "apart", "reopen", "display", "remove", "dissolve"]
_SKIPPED_SECONDS: Final = 12 * 3600
_KEPT_SECONDS: Final = 90 * 86_400
_NOT_SHOWN: Final = "Dieses Angebot steht nicht mehr im Katalog"
TO_LIST: Final = "Die offenen Paare stehen unter „Doppelte Angebote“."

Fields = Mapping[str, object]


class Decided(msgspec.Struct, frozen=True):
    """A decision that was made: its number, for taking it back, and the two offers it was about."""

    number: int
    verb: str
    a: bytes
    b: bytes


class Decider(msgspec.Struct, frozen=True):
    """Who decides: the number of the account, for the journal here, and the role, for the record."""

    account_id: int = 0
    role: str = ""


class Change:
    """One decision under way: what it writes, and how that stood before."""

    def __init__(self, hub: Hub, conn: sa.Connection, by: Decider) -> None:
        self.verdicts = load_verdicts(hub, conn)
        self.hub = hub
        self.conn = conn
        self._by = by
        self._before: dict[str, Fields | None] = {}

    def reason(self) -> str:
        """Say for the log who decided when, without a name."""
        return f"{self.hub.district.name}{f', {self._by.role}' if self._by.role else ''}, {self.hub.today():%d.%m.%Y}"

    def put(self, fields: Fields, rid: bytes | None = None) -> None:
        """Write a record, or a new version of one."""
        if rid is not None:
            self._keep(rid)
        made = publish_record(self.hub, self.conn, "cluster", fields, rid=rid)
        self._before.setdefault(made.hex(), None)

    def drop(self, rid: bytes, reason: Reason = "other") -> None:
        """Take a record back."""
        self._keep(rid)
        withdraw_record(self.hub, self.conn, "cluster", rid, reason)

    def _keep(self, rid: bytes) -> None:
        self._before.setdefault(rid.hex(), fields_of(find_record(self.hub, self.conn, "cluster", rid)))

    def standing(self, rid: bytes) -> dict[str, object]:
        """Return the document of a record as it stands."""
        return fields_of(find_record(self.hub, self.conn, "cluster", rid)) or {}

    def done(self, verb: Verb, a: bytes, b: bytes) -> Decided:
        """Write the decision into the journal."""
        now = self.hub.clock.now()
        after = {
            rid: fields_of(find_record(self.hub, self.conn, "cluster", bytes.fromhex(rid))) for rid in self._before
        }
        decisions.drop_skipped(self.conn, self._by.account_id, *_ordered(a, b))
        number = decisions.add_step(
            self.conn, Step(self._by.account_id, now, verb, a, b, _json(self._before), _json(after))
        )  # fmt: skip
        return Decided(number, verb, a, b)


def _json(states: Mapping[str, Fields | None]) -> str:
    return msgspec.json.encode(states).decode()


def _ordered(a: bytes, b: bytes) -> tuple[bytes, bytes]:
    return (a, b) if a <= b else (b, a)


def _named(hub: Hub, conn: sa.Connection, offers: Sequence[bytes]) -> dict[bytes, Named]:
    said = newest_note(conn)
    origins = [] if said is None else shown_origins(said)
    return {one.rid: one for one in catalogue.load_named(conn, origins, list(offers))}


def _title_of(named: Mapping[bytes, Named], offer: bytes) -> str:
    one = named.get(offer)
    return "ein Angebot, das nicht mehr im Katalog steht" if one is None else f"„{one.title}“"


# --- deciding --------------------------------------------------------------------------------------------------------


def same(hub: Hub, a: bytes, b: bytes, *, by: Decider) -> Decided:
    """Decide that two offers are the same; clusters that they belong to already become one.

    Raises:
        InputError: it is one offer.
        NotFoundError: one of them is not shown any more.
        ConflictError: they are joined already, a rejection stands against it, or the cluster would be too large.
    """
    with hub.db.write() as conn:
        change = Change(hub, conn, by)
        members = _joined(hub, change, a, b)
        first, second = (change.verdicts.cluster_of(one) for one in (a, b))
        kept = first or second
        display = kept.members[0] if kept else _fuller(hub, conn, a, b)
        fields: dict[str, object] = change.standing(kept.rid) if kept else {}
        if first and second:
            change.drop(second.rid, "duplicate")
        change.put(cluster_fields(change, fields, members, display), kept.rid if kept else None)
        return change.done("same", a, b)


def _joined(hub: Hub, change: Change, a: bytes, b: bytes) -> list[bytes]:
    """Return the offers of the cluster to be, or say why there must be none."""
    verdicts = change.verdicts
    _check_shown(hub, change.conn, a, b)
    if verdicts.are_same(a, b):
        raise ConflictError("Diese beiden Angebote gehören schon zusammen", advice=TO_LIST)
    if (found := verdicts.between(a, b)) is not None:
        raise _contradiction(change, found, {a, b})
    members = list(dict.fromkeys([*verdicts.group_of(a), *verdicts.group_of(b)]))
    if len(members) > MEMBERS_MAX:
        raise ConflictError(
            f"Zusammen wären es {len(members)} Angebote; eine Gruppe hat höchstens {MEMBERS_MAX}",
            advice="Prüfen Sie, ob wirklich alle dasselbe Angebot sind.",
        )
    return members


def _contradiction(change: Change, found: Rejection, asked: Set[bytes]) -> ConflictError:
    named = _named(change.hub, change.conn, [found.a, found.b])
    pair = f"{_title_of(named, found.a)} und {_title_of(named, found.b)}"
    if {found.a, found.b} == asked:
        message = f"{pair} sind als verschieden vermerkt"
    else:
        message = f"Das widerspricht einer früheren Entscheidung: {pair} sind als verschieden vermerkt"
    return ConflictError(message, advice="Unter „Verschieden“ können Sie diese Entscheidung zurücknehmen.")


def _check_shown(hub: Hub, conn: sa.Connection, a: bytes, b: bytes) -> None:
    if a == b:
        raise InputError("Ein Angebot lässt sich nicht mit sich selbst vergleichen")
    if len(_named(hub, conn, [a, b])) < 2:
        raise NotFoundError(_NOT_SHOWN, advice=TO_LIST)


def _fuller(hub: Hub, conn: sa.Connection, a: bytes, b: bytes) -> bytes:
    """Return which of two offers says more to readers; its card is shown unless somebody chooses the other."""
    said = newest_note(conn)
    scores = {a: 0, b: 0}
    for shown in catalogue.find_many(conn, [] if said is None else shown_origins(said), [a, b]):
        doc = read_offer_line(shown.body)
        scores[shown.rid] = 0 if doc is None else completeness(doc, hub.today()).score
    return b if scores[b] > scores[a] else a


def cluster_fields(change: Change, fields: Fields, members: Sequence[bytes], display: bytes) -> dict[str, object]:
    """Return the document of a cluster; what a later version of this program wrote into `fields` stays."""
    return {
        **fields,
        "display": display.hex(),
        "members": [one.hex() for one in members],
        "reason": change.reason(),
        "title": f"Gleiches Angebot: {_cities(change, members)}",
    }


def _cities(change: Change, offers: Sequence[bytes]) -> str:
    """Name whose offers these are: the only thing about them that is never personal."""
    named = _named(change.hub, change.conn, offers)
    members = dict.fromkeys(named[one].member for one in offers if one in named)
    found = [change.hub.district.member(name) for name in members]
    text = ", ".join(known.title if known else name for known, name in zip(found, members, strict=True))
    return text if len(text) <= 120 else text[:119] + "…"


def apart(hub: Hub, a: bytes, b: bytes, *, by: Decider) -> Decided:
    """Decide that two offers are not the same.

    Raises:
        InputError: it is one offer.
        NotFoundError: one of them is not shown any more.
        ConflictError: they are joined, directly or through others, or this was decided before.
    """
    with hub.db.write() as conn:
        change = Change(hub, conn, by)
        _check_shown(hub, conn, a, b)
        if change.verdicts.are_same(a, b):
            raise ConflictError(
                "Diese beiden Angebote gehören zu einer Gruppe",
                advice="Nehmen Sie unter „Zusammengeführt“ zuerst eines von beiden aus der Gruppe.",
            )
        if change.verdicts.between(a, b) is not None:
            raise ConflictError("Diese beiden Angebote sind schon als verschieden vermerkt", advice=TO_LIST)
        change.put(apart_fields(change, a, b))
        return change.done("apart", a, b)


def apart_fields(change: Change, a: bytes, b: bytes) -> dict[str, object]:
    """Return the document that keeps two offers apart."""
    title = f"Verschiedene Angebote: {_cities(change, [a, b])}"
    return {"apart": [a.hex(), b.hex()], "reason": change.reason(), "title": title}


def reopen(hub: Hub, rid: bytes, *, by: Decider) -> Decided:
    """Take a rejection back; the pair is asked about again.  NotFoundError where none stands."""
    with hub.db.write() as conn:
        change = Change(hub, conn, by)
        found = change.verdicts.rejections.get(rid)
        if found is None:
            raise NotFoundError("Diese Entscheidung ist schon zurückgenommen", advice=TO_LIST)
        change.drop(rid, "mistake")
        return change.done("reopen", found.a, found.b)


def skip(hub: Hub, a: bytes, b: bytes, *, by: Decider) -> None:
    """Put a pair behind all others for one person, for half a day; nothing is decided."""
    now = hub.clock.now()
    with hub.db.write() as conn:
        decisions.add_skipped(conn, by.account_id, *_ordered(a, b), now)


def skipped(hub: Hub, account_id: int) -> list[tuple[bytes, bytes]]:
    """Return the pairs that somebody put off, the first one first; of each the smaller id first."""
    with hub.db.read() as conn:
        return decisions.load_skipped(conn, account_id, since=hub.clock.now() - _SKIPPED_SECONDS)


def forget_old(conn: sa.Connection, *, now: int) -> None:
    """Forget who decided what 90 days ago, and what was put off half a day ago; the records in the log stay."""
    decisions.drop_old_steps(conn, until=now - _KEPT_SECONDS)
    decisions.drop_old_skipped(conn, until=now - _SKIPPED_SECONDS)
