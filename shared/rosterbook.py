"""The roster chain as this party holds it, and the keys it names for each log (PROTOCOL 11).

Only root keys and threshold are pinned; everything else a peer says about itself is believed because the roster says
so.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from shared.database import Database
from shared.errors import VerificationError
from shared.feed import limits
from shared.feed.note import parse_note
from shared.feed.roster import HubRow, MemberRow, Pins, Roster, parse_roster, roster_sha256, verify_first, verify_next
from shared.feed.trusted_log import Keys
from shared.holdings import papers
from shared.ids import parse_generation


class HeldRoster(msgspec.Struct, frozen=True):
    """The newest verified roster with its note."""

    roster: Roster
    note: bytes

    @property
    def sha256(self) -> bytes:
        """Digest that catalogue notes name."""
        return roster_sha256(self.note)


class RosterBook:
    """Holds the chain; hands out keys.

    Every method takes the caller's connection where it is called inside a transaction, and opens its own otherwise.

    Args:
        pins: root keys and threshold of this installation; None before a node has joined (then no roster is accepted).
    """

    def __init__(self, db: Database, pins: Pins | None) -> None:
        self._db = db
        self._pins = pins
        self._held: HeldRoster | None = None

    def newest(self, conn: sa.Connection | None = None) -> HeldRoster | None:
        """Return the newest roster held, or None; parsed once per version."""
        if conn is None:
            with self._db.read() as own:
                return self.newest(own)
        found = papers.load_roster_note(conn)
        if found is None:
            self._held = None
        elif self._held is None or self._held.note != found[1]:
            note = parse_note(found[1], max_bytes=limits.LARGE_NOTE_MAX_BYTES)
            self._held = HeldRoster(parse_roster(note.text), found[1])
        return self._held

    def version(self, conn: sa.Connection | None = None) -> int:
        """Return the newest version held, 0 for none."""
        held = self.newest(conn)
        return 0 if held is None else held.roster.version

    def extend(self, conn: sa.Connection, note: bytes) -> bool:
        """Verify one roster note and keep it; True when it is newer than what was held.

        A version already held must be byte-identical; an older unknown one is ignored.

        Raises:
            VerificationError: E_ROSTER.
        """
        text = parse_note(note, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text
        version = parse_roster(text).version
        known = papers.load_roster_note(conn, version)
        if known is not None:
            if known[1] != note:
                raise VerificationError(
                    f"Hier liegt schon eine andere Mitgliederliste mit Fassung {version}", code="E_ROSTER"
                )
            return False
        held = self.newest(conn)
        if held is None:
            if self._pins is None:
                raise VerificationError("Noch sind keine Wurzelschlüssel bekannt", code="E_ROSTER")
            roster = verify_first(note, self._pins)
        elif version <= held.roster.version:
            return False
        else:
            roster = verify_next(held.roster, note)
        papers.save_roster_note(conn, roster.version, note)
        return True

    def verify_in_force(self, now: int, conn: sa.Connection | None = None) -> None:
        """Return while the newest roster is in force; nothing new is taken under an expired one (PROTOCOL 8).

        Raises:
            VerificationError: E_ROSTER, expired; the last state stays until the roster's holders publish the next one.
        """
        held = self.newest(conn)
        if held is not None and held.roster.expires <= now:
            raise VerificationError(
                f"Die Mitgliederliste (Fassung {held.roster.version}) ist abgelaufen", code="E_ROSTER",
                advice="Der Kreis unterschreibt die nächste: kreisweit-hub roster draft, sign, publish.",
            )  # fmt: skip

    def pin(self, pins: Pins) -> None:
        """Use these root keys from now on (a node that joins)."""
        self._pins = pins

    def hub(self, conn: sa.Connection | None = None) -> HubRow | None:
        """Return the hub's row of the newest roster."""
        held = self.newest(conn)
        return None if held is None else held.roster.hub

    def rows(self, name: str, conn: sa.Connection | None = None) -> tuple[MemberRow, ...]:
        """Return the rows of one member (several during a rotation)."""
        held = self.newest(conn)
        return () if held is None else tuple(row for row in held.roster.members if row.name == name)

    def site_of(self, name: str) -> str:
        """Return where a member's own pages are, without trailing slash; empty where nobody outside can reach them."""
        urls = [row.url for row in self.rows(name) if row.url.startswith(("http://", "https://"))]
        return urls[-1].rstrip("/") if urls else ""

    def sites(self) -> dict[str, str]:
        """Return where the pages of each member are; see `site_of`."""
        held = self.newest()
        return {} if held is None else {row.name: self.site_of(row.name) for row in held.roster.members}

    def members(self, conn: sa.Connection | None = None) -> tuple[MemberRow, ...]:
        """Return the first row of every member, by name."""
        held = self.newest(conn)
        if held is None:
            return ()
        first: dict[str, MemberRow] = {}
        for row in sorted(held.roster.members, key=lambda row: row.name):
            first.setdefault(row.name, row)
        return tuple(first.values())

    def keys_for(self, origin: str, *, as_mirror: bool, conn: sa.Connection | None = None) -> Keys | None:
        """Return the keys that may speak for a log, or None when the roster does not name it.

        Args:
            as_mirror: the reader is not the hub, so the hub's cosignature is needed too (PROTOCOL 6.4).
        """
        held = self.newest(conn)
        if held is None:
            return None
        hub = held.roster.hub
        if origin == hub.log_key.name:
            return Keys(
                origin=origin, member="hub", ags="", generation=parse_generation(origin), log_keys=(hub.log_key,),
                witness_keys=(hub.witness_key,), hub_witness=(hub.witness_key,), needs_hub_line=False,
            )  # fmt: skip
        rows = [row for row in held.roster.members if row.log_key.name == origin]
        if not rows:
            return None
        return Keys(
            origin=origin, member=rows[0].name, ags=rows[0].ags, generation=rows[0].generation,
            log_keys=tuple(dict.fromkeys(row.log_key for row in rows)),
            witness_keys=tuple(dict.fromkeys(row.witness_key for row in rows)),
            hub_witness=(hub.witness_key,), needs_hub_line=as_mirror,
        )  # fmt: skip

    def status_of(self, origin: str, conn: sa.Connection | None = None) -> str:
        """Return the roster status of a log's member: active, paused, suspended, retired, or `unknown`."""
        return self.statuses(conn).get(origin, "unknown")

    def statuses(self, conn: sa.Connection | None = None) -> dict[str, str]:
        """Return the roster status by log, for every log that the newest roster names."""
        held = self.newest(conn)
        if held is None:
            return {}
        named = {row.log_key.name: row.status for row in reversed(held.roster.members)}
        return {**named, held.roster.hub.log_key.name: "active"}
