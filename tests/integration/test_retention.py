"""What running parties delete by themselves, and not a day too early: one row on each side of every limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.party import Hub
from hub.store.migrate import hub_metadata
from node.party import Node
from node.store.migrate import node_metadata
from tests.support.loopback import close_all
from tests.support.world import World

HOUR, DAY = 3600, 86_400
YEARS_3 = 3 * 366 * DAY
MONTHS_13 = 13 * 31 * DAY
ACCOUNT = 7


@dataclass(frozen=True)
class Kept:
    """So long a row of a table stays, counted from the time in a column; `values` say which rows are meant."""

    table: str
    column: str
    seconds: int
    values: Mapping[str, Any] = field(default_factory=dict)


AT_BOTH = [
    Kept("account_session", "created", 24 * HOUR, {"seen": -1, "account_id": ACCOUNT}),
    Kept("account_session", "seen", 8 * HOUR, {"created": -1, "account_id": ACCOUNT}),
    Kept("invitation", "expires", 0, {"account_id": ACCOUNT}),
    Kept("login_attempt", "time", DAY),
    Kept("account_change", "time", YEARS_3, {"account_id": ACCOUNT}),
    Kept("mail", "time", 30 * DAY, {"state": "sent"}),
    Kept("mail", "time", 30 * DAY, {"state": "expired"}),
    Kept("mail", "time", 90 * DAY, {"state": "failed"}),
    Kept("mail", "time", 90 * DAY, {"state": "unclear"}),
    Kept("mail", "time", 90 * DAY, {"state": "waiting", "expires": None}),
]
AT_NODE = [
    *AT_BOTH,
    Kept("upload", "time", DAY),
    Kept("hint", "closed_at", 400 * DAY, {"state": "closed", "contact": ""}),
    Kept("hint", "time", 400 * DAY, {"state": "answered", "closed_at": None}),
    Kept("hint_out", "created", 30 * DAY),
    Kept("review_link", "expires", 46 * DAY),
]
AT_HUB = [
    *AT_BOTH,
    Kept("subscription", "created", 48 * HOUR, {"state": "waiting", "confirmed": None}),
    Kept("subscription_visit", "time", DAY),
    Kept("told_offer", "time", 15 * DAY),
    Kept("inbox", "created", 30 * DAY, {"member": "marl", "kind": "hint"}),
    Kept("report", "day", MONTHS_13),
    Kept("need", "created", 731 * DAY),
    Kept("told_refusal", "time", 400 * DAY, {"member": "herten"}),
    Kept("decision", "time", 90 * DAY),
    Kept("skipped_pair", "time", 12 * HOUR),
    Kept("delivery", "time", 30 * DAY, {"subscriber_id": b"s" * 16}),
    Kept("member_day", "day", 400 * DAY),
    Kept("freshness", "day", MONTHS_13),
    Kept("alarm", "ended", YEARS_3, {"mailed": None}),
]


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    yield world
    close_all(world)


def wait_for_noon(world: World) -> None:
    """Nothing is due at noon that was done in the morning before: all rounds of the day begin with the next tick."""
    noon = datetime.fromtimestamp(world.clock.time, UTC).replace(hour=12, minute=0, second=0) + timedelta(days=1)
    world.clock.time = noon.timestamp()


class Aged:
    """Rows of one party, a younger and an older one for each limit."""

    def __init__(self, party: Node | Hub, limits: list[Kept]) -> None:
        self._party = party
        self._limits = limits
        self._tables = (hub_metadata() if isinstance(party, Hub) else node_metadata()).tables
        self._count = 0
        self._rows: dict[tuple[int, bool], tuple[sa.Table, dict[str, Any]]] = {}

    def add(self) -> None:
        now = self._party.clock.now()
        with self._party.db.write() as conn:
            self._insert(conn, "account", {"id": ACCOUNT})
            if "subscriber" in self._tables:
                self._insert(conn, "integrator", {"id": 1})
                self._insert(conn, "subscriber", {"id": b"s" * 16, "integrator_id": 1, "state": "paused"})
            for number, limit in enumerate(self._limits):
                # A day is kept to its end, and either side of a limit may have the minute of the next round.
                margin = 2 * DAY if limit.column == "day" else 600
                for is_old in (False, True):
                    age = limit.seconds + (margin if is_old else -margin)
                    values = {key: now if value == -1 else value for key, value in limit.values.items()}
                    values[limit.column] = self._time(limit.column, now - age)
                    self._rows[number, is_old] = self._insert(conn, limit.table, values)

    def standing(self) -> dict[str, list[str]]:
        """Which rows are there, by age."""
        found: dict[str, list[str]] = {"young": [], "old": []}
        with self._party.db.read() as conn:
            for (number, is_old), (table, values) in self._rows.items():
                keys = [column == values[column.name] for column in table.primary_key.columns]
                if conn.execute(sa.select(sa.func.count()).select_from(table).where(*keys)).scalar_one():
                    limit = self._limits[number]
                    found["old" if is_old else "young"].append(f"{number} {limit.table}.{limit.column}")
        return found

    @staticmethod
    def _time(column: str, time: int) -> int | str:
        return datetime.fromtimestamp(time, UTC).date().isoformat() if column == "day" else time

    def _insert(self, conn: sa.Connection, name: str, values: Mapping[str, Any]) -> tuple[sa.Table, dict[str, Any]]:
        table = self._tables[name]
        self._count += 1
        whole = {column.name: values.get(column.name, self._filled(column)) for column in table.columns}
        conn.execute(sa.insert(table).values(**whole))
        return table, whole

    def _filled(self, column: sa.Column[Any]) -> object:
        """Something that the column takes, another for every row."""
        if column.nullable:
            return None
        if isinstance(column.type, sa.LargeBinary):
            return self._count.to_bytes(column.type.length or 16, "big")
        if isinstance(column.type, sa.Boolean):
            return False
        if isinstance(column.type, sa.String | sa.Text):
            return f"x{self._count}"
        return 1000 + self._count if column.primary_key else 0


def test_running_parties_delete_everything_when_its_time_is_over_and_nothing_before(world: World) -> None:
    wait_for_noon(world)
    aged = {"node": Aged(world.nodes["herten"], AT_NODE), "hub": Aged(world.hub, AT_HUB)}
    for rows in aged.values():
        rows.add()
    before = {name: rows.standing() for name, rows in aged.items()}

    world.tick(3)

    for name, rows in aged.items():
        assert rows.standing() == {"young": before[name]["young"], "old": []}, name
        limits = len(AT_NODE if name == "node" else AT_HUB)
        assert [len(found) for found in before[name].values()] == [limits, limits]


def test_contact_of_a_closed_hint_goes_long_before_the_hint(world: World) -> None:
    node = world.nodes["herten"]
    aged = Aged(node, [Kept("hint", "closed_at", 30 * DAY, {"state": "closed", "contact": "leser@example.org"})])
    wait_for_noon(world)
    aged.add()

    world.tick(3)

    with node.db.read() as conn:
        hint = node_metadata().tables["hint"]
        contacts = [row.contact for row in conn.execute(sa.select(hint.c.contact).order_by(hint.c.closed_at.desc()))]
    assert contacts == ["leser@example.org", ""]
