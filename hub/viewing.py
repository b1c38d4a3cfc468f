"""What the pages of the hub show beyond `overview`: counts beside each member."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hub import overview
from hub.notes import newest_note
from hub.overview import Member
from hub.party import Hub
from hub.store.standings import load_standings
from shared.consume import shown_origins
from shared.feed.catalogue_note import CatalogueNote
from shared.holdings import catalogue


@dataclass(frozen=True)
class MemberView:
    """One member with how many of its offers are shown, and how many records were refused."""

    member: Member
    offers: int
    refused: int


def newest(hub: Hub) -> CatalogueNote | None:
    """Return the newest catalogue note made here."""
    with hub.db.read() as conn:
        return newest_note(conn)


def last_heard(hub: Hub) -> int | None:
    """Return when a member was last read or spoke to the hub; None for never."""
    with hub.db.read() as conn:
        times = [max(row["last_good"], row["heard_at"]) for row in load_standings(conn).values()]
    return max(times, default=0) or None


def show_members(hub: Hub) -> list[MemberView]:
    """Return all members by name."""
    said = newest(hub)
    with hub.db.read() as conn:
        offers = catalogue.count_shown(conn, shown_origins(said)) if said else {}
    refused = Counter(record.member for record in overview.quarantine(hub))
    return [MemberView(m, offers.get(m.name, 0), refused[m.name]) for m in overview.members(hub)]
