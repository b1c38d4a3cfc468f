"""Statements that every exchange runs by the dozen: compiled once, then run by the driver itself.

Core builds, looks up and wraps each statement anew; that costs ten times what SQLite needs to answer such a small
question.  Here all of it is done at the first run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.expression import UpdateBase

from shared.database import as_database_error


class _Form(msgspec.Struct, frozen=True):
    """A statement in the words of one kind of database."""

    text: str
    constants: dict[str, Any]
    order: tuple[str, ...] | None
    """Names of the parameters where they are told apart by their place; None where they have names."""
    rows: SimpleResultMetaData

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        named = {**self.constants, **values}
        return named if self.order is None else tuple([named[name] for name in self.order])


_Processors = tuple[tuple[int, Callable[[Any], Any]], ...]


def _typed(rows: Sequence[tuple[Any, ...]], processors: _Processors) -> Iterator[tuple[Any, ...]]:
    """Give the values the types of their columns: SQLite knows no booleans."""
    if not processors:
        return iter(rows)
    typed = []
    for row in rows:
        values = list(row)
        for index, process in processors:
            values[index] = process(values[index])
        typed.append(tuple(values))
    return iter(typed)


class Prepared:
    """One statement of Core, to be run often and with small answers.

    Args:
        statement: what differs from run to run is a `bindparam` without a value; lists for IN are constant.
    """

    def __init__(self, statement: sa.Select[Any] | UpdateBase) -> None:
        self._statement = statement
        self._columns = list(getattr(statement, "selected_columns", ()))
        self._forms: dict[str, _Form] = {}
        self._processors: dict[str, _Processors] = {}

    def run(self, conn: sa.Connection, **values: Any) -> sa.Result[Any]:
        """Run it in the caller's transaction; returns its rows, all of them fetched."""
        form = self._form(conn)
        with _Cursor(conn, form) as cursor:
            cursor.execute(form.text, form.parameters(values))
            rows = cursor.fetchall()
            processors = self._processors.get(conn.dialect.name)
            if processors is None:
                processors = self._processors[conn.dialect.name] = self._choose_processors(conn.dialect, cursor)
        return IteratorResult(form.rows, _typed(rows, processors))

    def touch(self, conn: sa.Connection, **values: Any) -> int:
        """Run it in the caller's transaction; returns how many rows it changed."""
        form = self._form(conn)
        with _Cursor(conn, form) as cursor:
            cursor.execute(form.text, form.parameters(values))
            return int(cursor.rowcount)

    def touch_each(self, conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once with each of these values."""
        form = self._form(conn)
        with _Cursor(conn, form) as cursor:
            cursor.executemany(form.text, [form.parameters(values) for values in rows])

    def _form(self, conn: sa.Connection) -> _Form:
        form = self._forms.get(conn.dialect.name)
        if form is None:
            form = self._forms[conn.dialect.name] = self._compile(conn.dialect)
        return form

    def _compile(self, dialect: sa.Dialect) -> _Form:
        compiled = self._statement.compile(dialect=dialect)
        asked = {bind.key: None for bind in compiled.binds.values() if bind.required}
        state = compiled.construct_expanded_state(asked)
        return _Form(
            text=state.statement,
            constants={name: value for name, value in state.parameters.items() if name not in asked},
            order=None if state.positiontup is None else tuple(state.positiontup),
            rows=SimpleResultMetaData([column.key for column in self._columns]),
        )

    def _choose_processors(self, dialect: sa.Dialect, cursor: Any) -> _Processors:
        processors = [
            column.type.dialect_impl(dialect).result_processor(dialect, described[1])
            for column, described in zip(self._columns, cursor.description, strict=True)
        ]
        return tuple((index, process) for index, process in enumerate(processors) if process is not None)


class _Cursor:
    """The driver's cursor, its errors as Core would have raised them."""

    __slots__ = ("_conn", "_cursor", "_form")

    def __init__(self, conn: sa.Connection, form: _Form) -> None:
        self._conn = conn
        self._form = form
        if not conn.in_transaction():
            conn.begin()
        self._cursor = conn.connection.cursor()

    def __enter__(self) -> Any:
        return self._cursor

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        self._cursor.close()
        if isinstance(error, self._conn.dialect.loaded_dbapi.Error):
            raise as_database_error(self._conn, self._form.text, error) from error
