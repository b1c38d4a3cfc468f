"""Compares the offers that the hub shows, each with those that share a key with it, and keeps what may be the same.

Only records whose shown version changed are compared, so that a pull costs what it brought.  Order of writing: keys of
all changed records; then, batch by batch, pairs together with the versions compared; the mark of the catalogue last.  A
crash in between leaves records that count as not compared, and the next run takes them up.

Two offers are joined here without a person only if their provider has the same identifier in a register, and title and
town are equal, and nothing speaks against it: one identifier alone says who offers, not what.  Whatever somebody has
decided before stays as it is; nothing is joined while the hub is recovering its log.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import Final

import msgspec
import sqlalchemy as sa

from hub import own_records
from hub.clusters import Verdicts, load_verdicts
from hub.notes import newest_note
from hub.party import Hub
from hub.store import candidates
from hub.store.candidates import Pair
from shared.consume import shown_origins
from shared.database import in_chunks
from shared.holdings import catalogue, facts
from shared.likeness import RULES
from shared.likeness.blocks import MOST_IN_BLOCK, MOST_PARTNERS, block_keys
from shared.likeness.profile import Profile
from shared.likeness.reasons import Reason
from shared.likeness.scoring import Verdict, score
from shared.model.cluster import MEMBERS_MAX
from shared.model.offer import read_offer_line
from shared.search.lexicon import VERSION

MOST_PER_RECORD: Final = 25
"""Pairs that are kept of one record, the best ones: an offer that is like a hundred others is like none."""
_REMEMBERED: Final = 2000
"""Profiles that are kept at hand in a run, some 20 KB each."""
_MARK: Final = "likeness-mark"
_RULES: Final = "likeness-rules"
_JOINED_REASON: Final = "Gleiche Kennung des Trägers, gleicher Titel, gleicher Ort: ohne Rückfrage verbunden"
_ENOUGH: Final = frozenset({"identifier", "same_title"})


def catch_up(hub: Hub) -> int:
    """Bring the pairs level with what the hub shows; returns how many records were compared anew.

    Nothing is done while the hub is recovering: then its own decisions are not known.
    """
    with hub.db.read() as conn:
        said = newest_note(conn)
        if said is None or hub.is_recovering(conn):
            return 0
        origins = shown_origins(said)
        mark = _mark(conn, origins)
        is_level = facts.load_fact(conn, _MARK) == mark
        same_rules = facts.load_fact(conn, _RULES) == _rules()
    if is_level and same_rules:
        return 0
    if not same_rules:
        with hub.db.write() as conn:
            candidates.drop_all(conn)
            facts.save_fact(conn, _RULES, _rules())
    count = _Comparison(hub, origins).run()
    with hub.db.write() as conn:
        facts.save_fact(conn, _MARK, mark)
    return count


def _mark(conn: sa.Connection, origins: Sequence[str]) -> str:
    text = f"{catalogue.change_mark(conn)}/{'+'.join(sorted(origins))}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _rules() -> str:
    return f"{RULES}.{VERSION}"


class _Comparison:
    """One run over what changed."""

    def __init__(self, hub: Hub, origins: Sequence[str]) -> None:
        self._hub = hub
        self._origins = origins
        self._profiles: OrderedDict[bytes, Profile] = OrderedDict()
        self._frequent: set[bytes] = set()
        self._order: dict[bytes, tuple[str, str]] = {}

    def run(self) -> int:
        with self._hub.db.read() as conn:
            shown = {one.rid: one for one in catalogue.iterate_marks(conn, self._origins)}
            compared = candidates.load_compared(conn)
        gone = sorted(compared.keys() - shown.keys())
        changed = [one for one in shown.values() if compared.get(one.rid) != one.commitment]
        if gone:
            with self._hub.db.write() as conn:
                candidates.drop_records(conn, gone)
        for batch in in_chunks(changed):
            self._save_blocks(batch)
        # Partners stand together then, so their profiles are still at hand.
        changed.sort(key=lambda one: self._order.get(one.rid, ("", "")))
        later = {one.rid for one in changed}
        for batch in in_chunks(changed):
            later -= {one.rid for one in batch}
            self._compare(batch, later)
        return len(changed) + len(gone)

    def _save_blocks(self, batch: Sequence[catalogue.Mark]) -> None:
        profiles = self._load([one.rid for one in batch])
        blocks = {rid: block_keys(profile) for rid, profile in profiles.items()}
        self._order |= {rid: (min(p.towns or p.nearby, default=""), p.title_key) for rid, p in profiles.items()}
        # A record that cannot be read has no keys; it is not looked at again.
        blocks |= {one.rid: frozenset() for one in batch if one.rid not in blocks}
        with self._hub.db.write() as conn:
            candidates.save_blocks(self._hub.db, conn, blocks, {one.rid: one.member for one in batch})

    def _compare(self, batch: Sequence[catalogue.Mark], later: Collection[bytes]) -> None:
        """Find the partners of some records, and keep the pairs that are alike; those of a later turn wait for it."""
        own = self._load([one.rid for one in batch])
        blocks = {rid: block_keys(profile) for rid, profile in own.items()}
        with self._hub.db.read() as conn:
            shared = candidates.load_partners(conn, blocks, most=MOST_IN_BLOCK, frequent=self._frequent)
        partners = {
            (min(rid, other), max(rid, other))
            for rid, beside in shared.items()
            for other in nlargest(MOST_PARTNERS, beside, key=lambda one: (beside[one], one))
            if other not in later
        }
        pairs = self._best(list(self._scored(partners, own)), own)
        with self._hub.db.write() as conn:
            versions = {one.rid: one.commitment for one in batch}
            candidates.save_pairs(self._hub.db, conn, versions, [pair for pair, _ in pairs])
            self._join(conn, [(pair, verdict) for pair, verdict in pairs if pair.is_across])

    def _scored(
        self, partners: set[tuple[bytes, bytes]], own: Mapping[bytes, Profile]
    ) -> Iterator[tuple[Pair, Verdict]]:
        for some in in_chunks(sorted(partners)):
            others = {rid for pair in some for rid in pair} - own.keys()
            profiles = {**own, **self._load(sorted(others))}
            for a, b in some:
                if a not in profiles or b not in profiles:
                    continue
                verdict = score(profiles[a], profiles[b])
                if verdict.grade:
                    is_across = profiles[a].member != profiles[b].member
                    reasons = msgspec.json.encode(verdict.reasons).decode()
                    yield Pair(a, b, verdict.score, verdict.grade, is_across, reasons), verdict

    @staticmethod
    def _best(found: list[tuple[Pair, Verdict]], own: Mapping[bytes, Profile]) -> list[tuple[Pair, Verdict]]:
        """Leave out pairs of a record that has many better ones."""
        counts: dict[bytes, int] = {}
        kept = []
        for pair, verdict in sorted(found, key=lambda one: (-one[0].is_across, -one[0].score, one[0].a, one[0].b)):
            mine = [rid for rid in (pair.a, pair.b) if rid in own]
            if all(counts.get(rid, 0) < MOST_PER_RECORD for rid in mine):
                kept.append((pair, verdict))
                for rid in mine:
                    counts[rid] = counts.get(rid, 0) + 1
        return kept

    def _load(self, rids: Sequence[bytes]) -> dict[bytes, Profile]:
        """Return the profiles of records that can be read, from memory or from the catalogue."""
        found = {rid: self._profiles[rid] for rid in rids if rid in self._profiles}
        missing = [rid for rid in rids if rid not in found]
        if missing:
            with self._hub.db.read() as conn:
                for one in catalogue.find_many(conn, self._origins, missing):
                    doc = read_offer_line(one.body)
                    if doc is not None:
                        found[one.rid] = self._profiles[one.rid] = self._hub.profiler.profile_of(doc, one.member)
        while len(self._profiles) > _REMEMBERED:
            self._profiles.popitem(last=False)
        return found

    # --- joining without a person ------------------------------------------------------------------------------------

    def _join(self, conn: sa.Connection, pairs: Sequence[tuple[Pair, Verdict]]) -> None:
        sure = [pair for pair, verdict in pairs if _is_sure(verdict)]
        for pair in sure:
            verdicts = load_verdicts(self._hub, conn)
            if not verdicts.settles(pair.a, pair.b):
                self._join_one(conn, verdicts, pair)

    def _join_one(self, conn: sa.Connection, verdicts: Verdicts, pair: Pair) -> None:
        """Put two records into one cluster: a new one, or that of one of them; two clusters are a person's business."""
        clusters = [found for rid in (pair.a, pair.b) if (found := verdicts.cluster_of(rid)) is not None]
        if len(clusters) > 1:
            return
        if not clusters:
            fields = {"members": [pair.a.hex(), pair.b.hex()], "reason": _JOINED_REASON}
            own_records.publish_record(self._hub, conn, "cluster", fields)
            return
        rids = list(dict.fromkeys([*clusters[0].members, pair.a, pair.b]))
        if len(rids) <= MEMBERS_MAX:
            kept = own_records.find_record(self._hub, conn, "cluster", clusters[0].rid)
            wider = {**(own_records.fields_of(kept) or {}), "members": [rid.hex() for rid in rids]}
            own_records.publish_record(self._hub, conn, "cluster", wider, rid=clusters[0].rid)


def _is_sure(verdict: Verdict) -> bool:
    codes = {reason.code for reason in verdict.reasons}
    return verdict.grade == "certain" and codes >= _ENOUGH and _is_same_town(codes) and not _against(verdict.reasons)


def _is_same_town(codes: set[str]) -> bool:
    return bool(codes & {"address", "postcode", "town"})


def _against(reasons: Sequence[Reason]) -> bool:
    return any(reason.is_against for reason in reasons)
