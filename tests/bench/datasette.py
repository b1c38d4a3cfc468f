"""Datasette as the peer of the outputs: installed beside the project, over the same services as rows of a table.

It is no part of the project's environment: `uv` puts it into a folder that is thrown away.  Where that does not work
(no network, no `uv`), the comparison is left out and says why.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.floor import sqlite_driver
from tests.bench.measure import Started

VERSION = "0.65.5"
PAGE = "/db/services.json?_size=50&_shape=array&_nofacet=1"
_START_SECONDS = 60
_COLUMNS = ("id", "organization_id", "name", "status", "last_modified", "assured_date", "description", "more")


class NoDatasetteError(Exception):
    """It cannot be had here; says why."""


def install(folder: Path) -> Path:
    """Return the program, installed below a folder.

    Raises:
        NoDatasetteError: it cannot be had here.
    """
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    python = folder / "bin" / "python"
    commands = (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), f"datasette=={VERSION}"],
    )
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoDatasetteError(str(error)) from error
        if done.returncode:
            raise NoDatasetteError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "uv failed")
    return folder / "bin" / "datasette"


def make_database(path: Path, items: Iterable[bytes]) -> list[str]:
    """Write services as rows; a row as JSON is as long as its service.  Returns the ids in their order."""
    path.unlink(missing_ok=True)
    rows = sorted(_row(msgspec.json.decode(item), len(item)) for item in items)
    with closing(sqlite_driver().connect(path)) as connection, connection:
        columns = ", ".join(f"{name} TEXT{' PRIMARY KEY' if name == 'id' else ''}" for name in _COLUMNS)
        connection.execute(f"CREATE TABLE services ({columns})")
        connection.executemany(f"INSERT INTO services VALUES ({', '.join('?' * len(_COLUMNS))})", rows)
    return [row[0] for row in rows]


def _row(service: dict[str, Any], length: int) -> tuple[str, ...]:
    """A service's own texts, and in the last column of what else it holds as much as makes the row equally long."""
    known = [str(service.get(name, "")) for name in _COLUMNS[:-2]]
    description = str(service.get("description", ""))
    rest = json.dumps({name: service[name] for name in service if name not in _COLUMNS}).replace('"', "'")
    rest = rest.replace("\\", "/")
    room = length - _length([*known, "", ""])
    if len(json.dumps(description)) - 2 > room:
        description = description.encode("ascii", "replace").decode().replace("\n", " ").replace('"', "'")[:room]
    room -= len(json.dumps(description)) - 2
    return (*known, description, rest[:room].ljust(room))


def _length(values: Iterable[str]) -> int:
    return len(json.dumps(dict(zip(_COLUMNS, values, strict=True))))


@contextmanager
def served(program: Path, database: Path, cores: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Serve a database; yields port and process."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    started = Started([str(program), "serve", "-p", str(port), str(database)], cores=cores)
    try:
        _wait_for(port)
        yield port, started.pid
    finally:
        started.stopped()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def cold_pages(ids: list[str]) -> list[str]:
    """Every page of the table once, in no order: it keeps none of them."""
    return [PAGE] + [f"{PAGE}&_next={ids[at - 1]}" for at in range(50, len(ids), 50)]
