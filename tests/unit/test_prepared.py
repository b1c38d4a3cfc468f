"""Prepared statements give what Core gives, and fail as Core fails."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shared.database import Database, describe_trouble
from shared.holdings.prepared import Prepared

_METADATA = sa.MetaData()
_THING = sa.Table(
    "thing",
    _METADATA,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("is_new", sa.Boolean, nullable=True),
    sa.Column("data", sa.LargeBinary, nullable=True),
    sa.Column("number", sa.Integer, nullable=False),
)
_ROWS: list[dict[str, Any]] = [
    {"name": "a", "is_new": True, "data": b"\x00\xff", "number": 1},
    {"name": "b", "is_new": False, "data": None, "number": 2},
    {"name": "c", "is_new": None, "data": b"", "number": 3},
]
_ADD = Prepared(sa.insert(_THING))


@pytest.fixture
def db() -> Database:
    made = Database("sqlite://")
    _METADATA.create_all(made.engine)
    with made.write() as conn:
        _ADD.touch_each(conn, _ROWS)
    return made


def test_rows_are_those_of_core_with_their_types_and_names(db: Database) -> None:
    query = sa.select(_THING).order_by(_THING.c.name)

    with db.read() as conn:
        found = Prepared(query).run(conn).all()
        expected = conn.execute(query).all()

    assert [(row.name, row.is_new, row.data, row.number) for row in found] == [tuple(row) for row in expected]
    assert [type(row.is_new) for row in found] == [bool, bool, type(None)]
    assert [dict(row._mapping) for row in found] == _ROWS


def test_constants_lists_and_named_values_stand_in_their_places(db: Database) -> None:
    query = Prepared(
        sa.select(_THING.c.name)
        .where(_THING.c.number > sa.bindparam("least"), _THING.c.name.not_in(("a", "c")))
        .limit(sa.bindparam("most"))
    )

    with db.read() as conn:
        assert query.run(conn, least=0, most=5).scalars().all() == ["b"]
        assert query.run(conn, least=0, most=0).scalars().all() == []
        assert query.run(conn, least=2, most=5).first() is None


def test_changes_tell_how_many_rows_and_are_rolled_back_with_the_transaction(db: Database) -> None:
    change = Prepared(
        sa.update(_THING).where(_THING.c.number >= sa.bindparam("least")).values(is_new=sa.bindparam("new"))
    )
    query = sa.select(_THING.c.is_new).order_by(_THING.c.name)

    with db.engine.connect() as conn:
        touched = change.touch(conn, least=2, new=True)
        within = conn.execute(query).scalars().all()
        conn.rollback()
        after = conn.execute(query).scalars().all()

    assert touched == 2
    assert within == [True, True, True]
    assert after == [True, False, None]


def test_statement_outside_a_transaction_begins_one(db: Database) -> None:
    with db.engine.connect() as conn:
        _ADD.touch(conn, name="d", is_new=None, data=None, number=4)
        conn.rollback()
        found = conn.execute(sa.select(sa.func.count()).select_from(_THING)).scalar_one()

    assert found == 3


def test_error_is_cores_and_names_no_value(db: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError) as caught, db.write() as conn:
        _ADD.touch(conn, name="a", is_new=None, data=b"secret", number=4)

    assert describe_trouble(caught.value)
    assert "secret" not in str(caught.value)


def test_value_that_is_not_given_is_an_error(db: Database) -> None:
    with pytest.raises(KeyError), db.write() as conn:
        _ADD.touch(conn, name="e")


def test_busy_database_is_reported_at_begin(tmp_path: object) -> None:
    first, second = (Database(f"sqlite:///{tmp_path}/party.sqlite") for _ in range(2))
    with second.read() as conn:
        conn.connection.cursor().execute("PRAGMA busy_timeout=10")

    with first.write(), pytest.raises(sa.exc.OperationalError) as caught, second.write():
        pass
    first.close()
    second.close()

    assert describe_trouble(caught.value) == (
        "Die Datenbank ist gerade belegt.",
        "Gleich noch einmal versuchen; läuft ein anderer Befehl oder eine Sicherung?",
    )
