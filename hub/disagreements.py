"""Where members say different things about one and the same offer, and cannot both be right; their owners are told.

Derived from the clusters and the records whenever these changed, never stored; the hub changes no record.  Compared is
what an institution says of itself alone (`side_by_side.institutional`).  Owners are told of a difference once: it is
known by a hash of cluster, field and values, so a changed value makes a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.clusters import Cluster, load_verdicts, state_of_records, verdicts_now
from hub.notes import newest_note
from hub.party import Hub
from hub.relaying import TEXT_MAX, tell_owner
from hub.side_by_side import Field, all_fields, institutional
from hub.store import decisions
from shared.consume import shown_origins
from shared.errors import ConflictError, NotFoundError
from shared.holdings import catalogue
from shared.model.offer import OfferDoc, read_offer_line
from shared.web.offer_words import Words

_VALUE_MAX: Final = 120
_OTHERS_MAX: Final = 4
"""Of so many other cities a hint tells what they say; more would not fit into one."""
_LABELS: Final = {
    "schedules": "Zeiten", "locations": "Anschrift", "email": "E-Mail", "url": "Internetseite", "ages": "Alter",
}  # fmt: skip
_FOOT: Final = (
    "Bitte prüfen Sie, was stimmt. Ist Ihre Angabe falsch, berichtigen Sie das Angebot. Ist sie richtig, schließen Sie "
    "diesen Hinweis."
)


@dataclass(frozen=True)
class Member:
    """One offer of a cluster, as the catalogue shows it."""

    rid: bytes
    member: str
    title: str
    doc: OfferDoc


@dataclass(frozen=True)
class Difference:
    """One field of which two offers of a cluster cannot both be right.

    Args:
        said: what each offer that says something says, by its id.
        mark: tells it from every other difference, and from the same field with other values.
        told: when the owners were told of it, Unix seconds; None for never.
    """

    key: str
    label: str
    said: Mapping[bytes, Sequence[str]]
    mark: bytes
    told: int | None = None


@dataclass(frozen=True)
class Disputed:
    """A cluster with differences."""

    cluster: bytes
    members: Sequence[Member]
    differences: Sequence[Difference]

    @property
    def untold(self) -> Sequence[Difference]:
        """Of these the owners were not told yet."""
        return [one for one in self.differences if one.told is None]


class _Held:
    """The state of the holdings, and what was found of it last."""

    def __init__(self, _hub: Hub) -> None:
        self.last: tuple[str, Sequence[Disputed]] = "", ()


def find_disputed(hub: Hub) -> list[Disputed]:
    """Return the clusters whose members disagree: first those whose owners do not know yet, then by title."""
    with hub.db.read() as conn:
        held, state = hub.kept(_Held), state_of_records(conn)
        known, found = held.last
        if known != state:
            found = _disputed(hub, conn, verdicts_now(hub, conn).clusters.values())
            held.last = state, found
        found = _with_told(conn, found)
    return sorted(found, key=lambda one: (not one.untold, one.members[0].title.casefold(), one.cluster))


def count_untold(hub: Hub) -> int:
    """Count the clusters with differences of which their owners do not know yet."""
    return sum(1 for one in find_disputed(hub) if one.untold)


def _disputed(hub: Hub, conn: sa.Connection, clusters: Iterable[Cluster]) -> list[Disputed]:
    clusters = list(clusters)
    shown = load_members(conn, [rid for one in clusters for rid in one.members])
    fields = [one for one in all_fields(Words(hub.district, hub.vocabularies)) if one.clash is not None]
    found = []
    for cluster in clusters:
        members = [shown[rid] for rid in cluster.members if rid in shown]
        if differences := [*_differences(cluster.rid, members, fields)]:
            found.append(Disputed(cluster.rid, members, differences))
    return found


def _with_told(conn: sa.Connection, found: Sequence[Disputed]) -> list[Disputed]:
    """Say of each difference when its owners were told of it."""
    told = decisions.load_told(conn, [one.mark for disputed in found for one in disputed.differences])
    return [
        replace(disputed, differences=[replace(one, told=told.get(one.mark)) for one in disputed.differences])
        for disputed in found
    ]


def load_members(conn: sa.Connection, rids: Sequence[bytes]) -> dict[bytes, Member]:
    """Return those of the offers that are shown and can be read."""
    said = newest_note(conn)
    found = {}
    for one in catalogue.find_many(conn, [] if said is None else shown_origins(said), rids):
        doc = read_offer_line(one.body)
        if one.kind == "offer" and doc is not None:
            found[one.rid] = Member(one.rid, one.member, doc.name or one.title, doc)
    return found


def _differences(cluster: bytes, members: Sequence[Member], fields: Sequence[Field]) -> Iterator[Difference]:
    docs = {one.rid: institutional(one.doc) for one in members}
    for field in fields:
        keys = [field.keys(doc) for doc in docs.values()]
        if field.clash is not None and any(field.clash(a, b) for a, b in combinations(keys, 2)):
            said = {rid: lines for rid, doc in docs.items() if (lines := field.said(doc))}
            yield Difference(field.key, _LABELS.get(field.key, field.label), said, _mark(cluster, field, said))


def _mark(cluster: bytes, field: Field, said: Mapping[bytes, Sequence[str]]) -> bytes:
    values = sorted((rid.hex(), list(lines)) for rid, lines in said.items())
    return hashlib.sha256(msgspec.json.encode([cluster.hex(), field.key, values])).digest()


# --- telling ---------------------------------------------------------------------------------------------------------


def tell_owners(hub: Hub, cluster: bytes) -> list[str]:
    """Send what the owners of a cluster do not know yet to each of them, all or none; returns the members told.

    Raises:
        NotFoundError: there is nothing to tell any more.
        ConflictError: they know already, or one of them cannot be told now.
    """
    with hub.db.write() as conn:
        known = load_verdicts(hub, conn).clusters.get(cluster)
        found = _with_told(conn, _disputed(hub, conn, [] if known is None else [known]))
        if not found:
            raise NotFoundError(
                "Diese Abweichung besteht nicht mehr",
                advice="Die Angaben wurden geändert, oder die Gruppe ist aufgelöst.",
            )
        disputed = found[0]
        if not disputed.untold:
            raise ConflictError("Die Städte haben diesen Hinweis schon")
        words = Words(hub.district, hub.vocabularies)
        told = [one for one in disputed.members if _tell(hub, conn, disputed, one, words)]
        decisions.save_told(conn, [one.mark for one in disputed.untold], hub.clock.now())
        return list(dict.fromkeys(one.member for one in told))


def _tell(hub: Hub, conn: sa.Connection, disputed: Disputed, member: Member, words: Words) -> bool:
    """Tell one owner; False where nothing concerns it."""
    texts = hint_texts(disputed, member, words)
    for text in texts:
        if not tell_owner(hub, conn, member.rid, text):
            raise ConflictError(
                f"{words.publisher(member.member)} kann zurzeit keinen Hinweis zu „{member.title}“ bekommen",
                advice="Entweder warten dort schon zu viele Hinweise zu diesem Angebot, oder die Stadt ist gesperrt. "
                "Versuchen Sie es später noch einmal, oder rufen Sie dort an.",
            )
    return bool(texts)


def hint_texts(disputed: Disputed, member: Member, words: Words) -> list[str]:
    """Write the hints for one owner: as few as the length of a hint allows."""
    others = dict.fromkeys(words.publisher(one.member) for one in disputed.members if one.rid != member.rid)
    head = (
        f"Dieses Angebot steht auch bei: {', '.join(others)}. Der Kreis hat die Einträge verglichen. "
        "Diese Angaben passen nicht zusammen:"
    )
    blocks = [_block(disputed, member, one, words) for one in disputed.untold if member.rid in one.said]
    texts: list[list[str]] = []
    for block in blocks:
        if not texts or len("\n\n".join([head, *texts[-1], block, _FOOT])) > TEXT_MAX:
            texts.append([])
        texts[-1].append(block)
    return ["\n\n".join([head, *some, _FOOT]) for some in texts]


def _block(disputed: Disputed, member: Member, difference: Difference, words: Words) -> str:
    others = [one for one in disputed.members if one.rid != member.rid and one.rid in difference.said]
    lines = [f"– {words.publisher(one.member)}: {_short(difference.said[one.rid])}" for one in others]
    own = f"– bei Ihnen: {_short(difference.said[member.rid])}"
    return "\n".join([difference.label, own, *lines[:_OTHERS_MAX]])


def _short(lines: Sequence[str]) -> str:
    text = "; ".join(lines)
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1].rstrip() + "…"
