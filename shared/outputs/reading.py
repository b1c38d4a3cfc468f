"""Reads the outputs: pages of services, places and organizations, one of them by its id, everything in one go.

Lists are in the order of their last change, then of their ids, so that a reader who goes on by time skips nothing.
All filters hold together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.database import sqlite_module
from shared.errors import LogStateError
from shared.hsds.localised import in_language
from shared.hsds.query import ListQuery
from shared.outputs.asking import (
    Condition,
    QueryTerms,
    organization_conditions,
    service_conditions,
    values_of,
    where_of,
)
from shared.outputs.store import FORMAT, Gone, connect, transaction

_STREAMED_AT_ONCE: Final = 200
_IDLE_MAX: Final = 8
_COUNTED_MAX: Final = 1000
"""Lists whose length is remembered within one state."""
_COUNTED_LENGTH_MAX: Final = 1000


class NoOutputsError(LogStateError):
    """There are no outputs yet, or the file was just thrown away; whoever asks comes back in a few seconds."""

    code = "not_ready"

    def __init__(self) -> None:
        super().__init__("the outputs are being made; come back in a few seconds")


@dataclass(frozen=True)
class Found:
    """One page of a list: finished JSON objects, how many there are in all, and when the outputs changed last."""

    contents: Sequence[bytes]
    total: int
    changed_at: str


@dataclass(frozen=True)
class State:
    """One state of the outputs.

    Args:
        stamp: differs from that of every other state.
        changed_at: when it came to be, as the model writes times; empty while there was nothing yet.
        sizes: how far each log is shown in it, by the short name of its origin.
    """

    stamp: str
    changed_at: str
    sizes: Mapping[bytes, int]


@dataclass
class Outputs:
    """The outputs of one path.  May be used from several threads; each question sees one state.

    Args:
        path: the file; it may not exist yet.  None: nothing is ever there.
        terms: what the words and places of a query mean here.
    """

    path: Path | None
    terms: QueryTerms
    _idle: list[tuple[tuple[int, int], Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counted: dict[tuple[str, tuple[Any, ...]], int] = field(default_factory=dict)
    _counted_in: str = ""

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """One state of the file for several reads.

        Raises:
            NoOutputsError: there is nothing to read.
        """
        identity, connection = self._take()
        is_whole = False
        try:
            with transaction(connection):
                yield connection
            is_whole = True
        finally:
            self._give_back(identity, connection, is_whole=is_whole)

    def close(self) -> None:
        """Give the file back; the next question opens it again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _take(self) -> tuple[tuple[int, int], Any]:
        try:
            if self.path is None:
                raise NoOutputsError
            found = self.path.stat()
        except OSError as error:
            self.close()
            raise NoOutputsError from error
        identity = (found.st_dev, found.st_ino)
        with self._lock:
            while self._idle:
                known, connection = self._idle.pop()
                if known == identity:
                    return identity, connection
                connection.close()
        connection = None
        try:
            connection = connect(self.path, is_writer=False)
            if connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone() == (FORMAT,):
                return identity, connection
        except sqlite_module().DatabaseError as error:
            if connection is not None:
                connection.close()
            raise NoOutputsError from error
        connection.close()
        raise NoOutputsError

    def _give_back(self, identity: tuple[int, int], connection: Any, *, is_whole: bool) -> None:
        with self._lock:
            if is_whole and len(self._idle) < _IDLE_MAX:
                self._idle.append((identity, connection))
                return
        connection.close()

    # --- states ------------------------------------------------------------------------------------------------------

    def stamp(self) -> str:
        """Return a text that changes with every change of the outputs; empty where there are none."""
        try:
            with self.opened() as conn:
                return _stamp(conn)
        except NoOutputsError:
            return ""

    def state(self) -> State:
        """Return what there is to say of the outputs as they are now.

        Raises:
            NoOutputsError: there is nothing to read.
        """
        with self.opened() as conn:
            row = conn.execute("SELECT sizes FROM state ORDER BY number DESC LIMIT 1").fetchone()
            sizes = {} if row is None else msgspec.msgpack.decode(row[0], type=dict[bytes, int])
            return State(_stamp(conn), str(_meta(conn, "changed-at") or ""), sizes)

    # --- lists -------------------------------------------------------------------------------------------------------

    def services(self, query: ListQuery, *, masks: bool) -> Found:
        """Return one page of services: whole ones, items or minimal ones, as the query says."""
        where = service_conditions(query, self.terms)
        with self.opened() as conn:
            total, changed_at = self._count(conn, "service s", where)
            rows = _page(conn, _columns(query, masks=masks), "service s", where, "s", query)
            return Found([_service(row, query) for row in rows], total, changed_at)

    def service_at_locations(self, query: ListQuery, *, masks: bool) -> Found:
        """Return one page of places, each with its service."""
        where = service_conditions(query, self.terms, of_places=True)
        tables = "place p JOIN service s ON s.rid = p.rid"
        with self.opened() as conn:
            total, changed_at = self._count(conn, tables, where)
            columns = f"p.body, {_columns(query, masks=masks)}"
            rows = _page(conn, columns, tables, where, "p", query)
            return Found([_place(row, query) for row in rows], total, changed_at)

    def organizations(self, query: ListQuery, *, masks: bool) -> Found:
        """Return one page of providers; with their services where the query asks for them."""
        where = organization_conditions(query)
        with self.opened() as conn:
            total, changed_at = self._count(conn, "organization o", where)
            rows = list(_page(conn, "o.id, o.body", "organization o", where, "o", query))
            if not (query.full or query.full_service):
                return Found([row[1] for row in rows], total, changed_at)
            return Found(
                [_with_services(conn, *row, whole=query.full_service, masks=masks) for row in rows], total, changed_at
            )

    def _count(self, conn: Any, tables: str, where: Sequence[Condition]) -> tuple[int, str]:
        """Return how many rows fit, and when the outputs changed last.

        Who walks through the pages of a list has its rows counted once.
        """
        meta = dict(conn.execute("SELECT name, value FROM meta WHERE name IN ('epoch', 'number', 'changed-at')"))
        state, changed_at = f"{meta['epoch'].hex()}.{meta['number']}", str(meta.get("changed-at") or "")
        sql, values = f"SELECT count(*) FROM {tables}{where_of(where)}", tuple(values_of(where))  # noqa: S608 - our own pieces
        with self._lock:
            if self._counted_in != state:
                self._counted, self._counted_in = {}, state
            known = self._counted.get((sql, values))
        if known is not None:
            return known, changed_at
        total = int(conn.execute(sql, values).fetchone()[0])
        if sum(len(value) for value in values if isinstance(value, str)) <= _COUNTED_LENGTH_MAX:
            with self._lock:
                if self._counted_in == state and len(self._counted) < _COUNTED_MAX:
                    self._counted[sql, values] = total
        return total, changed_at

    # --- single objects ----------------------------------------------------------------------------------------------

    def service(self, rid: bytes, *, masks: bool, lang: str = "") -> tuple[bytes, str] | None:
        """Return the compiled service and when it was modified; None if it is not shown.

        Args:
            masks: leave out what leads to a person.
            lang: language in which its texts are added.
        """
        column = "coalesce(masked, whole)" if masks else "whole"
        with self.opened() as conn:
            row = conn.execute(f"SELECT {column}, modified FROM service WHERE rid = ?", (rid,)).fetchone()  # noqa: S608 - a column of ours
        return None if row is None else (in_language(row[0], lang), row[1])

    def service_at_location(self, own: bytes, *, masks: bool, lang: str = "") -> tuple[bytes, str] | None:
        """Return a place with its service, and when it was modified; None if it is not shown."""
        column = "coalesce(s.masked, s.whole)" if masks else "s.whole"
        query = f"SELECT p.body, {column}, p.modified FROM place p JOIN service s ON s.rid = p.rid WHERE p.id = ?"  # noqa: S608 - a column of ours
        with self.opened() as conn:
            row = conn.execute(query, (own,)).fetchone()
        return None if row is None else (with_service(row[0], in_language(_inner(row[1]), lang)), row[2])

    def organization(self, own: bytes, *, whole: bool, masks: bool) -> tuple[bytes, str] | None:
        """Return a provider with its services, and when it was modified; None if no shown offer names it."""
        with self.opened() as conn:
            row = conn.execute("SELECT body, modified FROM organization WHERE id = ?", (own,)).fetchone()
            return None if row is None else (_with_services(conn, own, row[0], whole=whole, masks=masks), row[1])

    def gone(self, rid: bytes) -> Gone | None:
        """Return how a service ended that was shown once; None for any other."""
        with self.opened() as conn:
            row = conn.execute("SELECT rid, is_erased, reason, time FROM gone WHERE rid = ?", (rid,)).fetchone()
        return None if row is None else Gone(row[0], bool(row[1]), row[2], row[3])

    # --- everything --------------------------------------------------------------------------------------------------

    def all_services(self, query: ListQuery | None = None, *, masks: bool) -> Iterator[bytes]:
        """Yield every service of a query, in the order of lists, from one state of the outputs.

        While it is read the file's log cannot be emptied, so this is for those who read at full speed.
        """
        query = ListQuery(full=True) if query is None else query
        where = service_conditions(query, self.terms)
        yield from self._stream(_columns(query, masks=masks), "service s", where, query, _service)

    def all_places(self, query: ListQuery, *, masks: bool) -> Iterator[bytes]:
        """Yield every place of a query, each with its service."""
        where = service_conditions(query, self.terms, of_places=True)
        columns = f"p.body, {_columns(query, masks=masks)}"
        yield from self._stream(
            columns, "place p JOIN service s ON s.rid = p.rid", where, query, _place, order="p.modified, p.id"
        )

    def all_organizations(self, query: ListQuery, *, masks: bool) -> Iterator[bytes]:
        """Yield every provider of a query."""
        position = 0
        while True:
            found = self.organizations(
                msgspec.structs.replace(query, page=position + 1, per_page=_STREAMED_AT_ONCE), masks=masks
            )
            yield from found.contents
            position += 1
            if position * _STREAMED_AT_ONCE >= found.total:
                return

    def _stream(
        self,
        columns: str,
        tables: str,
        where: Sequence[Condition],
        query: ListQuery,
        make: Callable[[Any, ListQuery], bytes],
        *,
        order: str = "s.modified, s.rid",
    ) -> Iterator[bytes]:
        with self.opened() as conn:
            sql = f"SELECT {columns} FROM {tables}{where_of(where)} ORDER BY {order}"  # noqa: S608 - our own pieces
            rows = conn.execute(sql, values_of(where))
            while batch := rows.fetchmany(_STREAMED_AT_ONCE):
                for row in batch:
                    yield make(row, query)


def with_service(place: bytes, service: bytes) -> bytes:
    """Return a place with its service in it; both are finished JSON objects."""
    return place[:-1] + b',"service":' + service + b"}"


def _inner(service: bytes) -> bytes:
    """Return a service as it stands within a place: without its places, which would hold themselves."""
    if b'"service_at_locations":' not in service:
        return service
    value = msgspec.json.decode(service, type=dict[str, msgspec.Raw])
    value.pop("service_at_locations", None)
    return msgspec.json.encode(value)


def _columns(query: ListQuery, *, masks: bool) -> str:
    if query.full and not query.minimal:
        return "coalesce(s.masked, s.whole)" if masks else "s.whole"
    return "s.item"


class _Known(msgspec.Struct):
    """What is needed of an item to know it again."""

    id: str
    name: str
    status: str
    last_modified: str = ""


def _service(row: Sequence[bytes], query: ListQuery) -> bytes:
    if not query.minimal:
        return in_language(row[0], query.lang)
    known = msgspec.json.decode(row[0], type=_Known)
    return msgspec.json.encode({**msgspec.structs.asdict(known), "modified_date": known.last_modified})


def _place(row: Sequence[bytes], query: ListQuery) -> bytes:
    return with_service(row[0], in_language(_inner(row[1]), query.lang))


def _with_services(conn: Any, own: bytes, body: bytes, *, whole: bool, masks: bool) -> bytes:
    column = ("coalesce(s.masked, s.whole)" if masks else "s.whole") if whole else "s.item"
    query = (
        f"SELECT {column} FROM provider p JOIN service s ON s.rid = p.rid WHERE p.organization = ?"  # noqa: S608 - a column of ours
        " ORDER BY s.modified, s.rid"
    )
    services = [row[0] for row in conn.execute(query, (own,))]
    return body[:-1] + b',"services":[' + b",".join(services) + b"]}"


def _page(
    conn: Any, columns: str, tables: str, where: Sequence[Condition], listed: str, query: ListQuery
) -> Iterator[Any]:
    """Yield the rows of a page.  Bodies are read of these rows alone, not of those before them.

    Args:
        tables: what is read, the listed table first.
        listed: letter of the table whose rows are listed.
    """
    order = f"{listed}.modified, {listed}.{'rid' if listed == 's' else 'id'}"
    chosen = f"SELECT {listed}.rowid AS chosen FROM {tables}{where_of(where)} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608 - our own pieces
    joined = tables.replace(" JOIN ", " CROSS JOIN ")
    sql = f"SELECT {columns} FROM ({chosen}) CROSS JOIN {joined} WHERE {listed}.rowid = chosen ORDER BY {order}"  # noqa: S608 - our own pieces
    return iter(conn.execute(sql, [*values_of(where), query.per_page, (query.page - 1) * query.per_page]))


def _stamp(conn: Any) -> str:
    return f"{_meta(conn, 'epoch').hex()}.{_meta(conn, 'number')}"


def _meta(conn: Any, name: str) -> Any:
    row = conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]
