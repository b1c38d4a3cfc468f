"""What the pages about duplicates say of offers, pairs and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub import undoing
from hub.deciding import Decided
from hub.disagreements import Member, load_members
from hub.duplicates import Candidate
from hub.side_by_side import Compared, Likeness
from hub.web.desk.room import DUPLICATES, Room
from shared.likeness.reasons import reasons_in_german
from shared.web.desk.guard import DeskRequest, signed_in

GRADES: Final[Mapping[str, str]] = {"certain": "fast sicher gleich", "likely": "vielleicht gleich"}
LIKENESS: Final[Mapping[Likeness, str]] = {
    Likeness.SAME: "gleich",
    Likeness.PARTLY: "zum Teil gleich",
    Likeness.DIFFERENT: "verschieden",
}
DECIDED: Final[Mapping[str, str]] = {
    "same": "Als dasselbe Angebot vermerkt",
    "apart": "Als verschieden vermerkt",
    "reopen": "Zurückgenommen, dass dies verschiedene Angebote sind",
    "display": "Die gezeigte Karte ist gewählt",
    "remove": "Aus der Gruppe genommen und als verschieden vermerkt",
    "dissolve": "Die Gruppe ist aufgelöst, ihre Angebote gelten als verschieden",
}
GONE: Final = "Angebot, das nicht mehr im Katalog steht"


@dataclass(frozen=True)
class Named:
    """One offer by its name; `city` is empty for one that is not shown any more."""

    id: str
    title: str
    city: str


@dataclass(frozen=True)
class PairLine:
    """One open pair in a list."""

    path: str
    a: Named
    b: Named
    grade: str
    reasons: Sequence[str]


@dataclass(frozen=True)
class Last:
    """What somebody decided last, and can take back."""

    number: int
    said: str
    offers: Sequence[Named]


def name_of(room: Room, rid: bytes, found: Mapping[bytes, Member]) -> Named:
    """Return what an offer is called."""
    one = found.get(rid)
    if one is None:
        return Named(rid.hex(), GONE, "")
    return Named(rid.hex(), one.title, room.words.publisher(one.member))


def in_order(one: Named) -> tuple[str, str]:
    """By city, so that a city stands on the same side of every pair."""
    return one.city, one.id


def pair_path(a: bytes, b: bytes) -> str:
    """Return where two offers stand side by side."""
    return f"{DUPLICATES}/paar/{a.hex()}/{b.hex()}"


def pair_line(room: Room, pair: Candidate) -> PairLine:
    """Return a pair as a list shows it."""
    sides = [Named(side.rid.hex(), side.title, room.words.publisher(side.member)) for side in (pair.a, pair.b)]
    a, b = sorted(sides, key=in_order)
    return PairLine(pair_path(pair.a.rid, pair.b.rid), a, b, pair.grade, reasons_in_german(pair.reasons))


def likeness_words(one: Compared, left: Named, right: Named) -> str:
    """Say in words how the values of a field stand to each other; empty where that says nothing."""
    if one.field.key == "last_modified":
        return ""
    if one.left and one.right:
        return LIKENESS.get(one.likeness, "verschieden")
    if left.city == right.city:
        return "nur beim ersten" if one.left else "nur beim zweiten"
    return f"nur {left.city}" if one.left else f"nur {right.city}"


def last_decision(room: Room, request: DeskRequest) -> Last | None:
    """Return what the person who asks decided last, if it can be taken back with one key."""
    found = undoing.last_of(room.hub, signed_in(request).account_id)
    return None if found is None else describe(room, found)


def describe(room: Room, decided: Decided) -> Last:
    """Say what was decided about which offers."""
    with room.hub.db.read() as conn:
        found = load_members(conn, [decided.a, decided.b])
    offers = [name_of(room, rid, found) for rid in dict.fromkeys([decided.a, decided.b])]
    told = {"same": 2, "apart": 2, "reopen": 2, "dissolve": 0}.get(decided.verb, 1)
    return Last(decided.number, DECIDED[decided.verb], offers[:told])
