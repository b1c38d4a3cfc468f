"""A small web server on loopback that misbehaves as told: byte-exact, by path and by count.

A `Play` is what the server does with one question.  Nothing here knows HTTP beyond finding the end of a question, so
every answer can be as wrong as a test needs it.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """One request as it came."""

    method: str
    path: str
    head: bytes
    body: bytes


@dataclass
class Talk:
    """The server's side of one connection."""

    sock: socket.socket
    stopped: threading.Event
    is_kept: bool = False

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def keep(self) -> None:
        """Wait for the next question on this connection instead of closing it."""
        self.is_kept = True

    def hang(self) -> None:
        """Do nothing until the server stops or the client goes away."""
        while not self.stopped.wait(0.05):
            if self._is_client_gone():
                return

    def sleep(self, seconds: float) -> bool:
        """Wait; False once the server is to stop."""
        return not self.stopped.wait(seconds)

    def _is_client_gone(self) -> bool:
        self.sock.settimeout(0.001)
        try:
            return self.sock.recv(65536) == b""
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(None)


Play = Callable[[Talk], None]


def answer(
    body: bytes, *, status: str = "200 OK", content_type: str = "text/plain", extra: bytes = b"", keep: bool = True
) -> Play:
    """A proper answer."""
    return raw(format_answer(body, status=status, content_type=content_type, extra=extra), keep=keep)


def format_answer(
    body: bytes, *, status: str = "200 OK", content_type: str = "text/plain", extra: bytes = b""
) -> bytes:
    """The bytes of a proper answer; `extra` are whole header lines."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + extra + b"\r\n" + body


def raw(data: bytes, *, keep: bool = False, hang: bool = False) -> Play:
    """Send exactly these bytes, then close, wait for the next question, or hang."""

    def play(talk: Talk) -> None:
        talk.send(data)
        if hang:
            talk.hang()
        elif keep:
            talk.keep()

    return play


def silence(talk: Talk) -> None:
    """Take the question and never answer."""
    talk.hang()


def drip(start: bytes, rest: bytes, *, every_seconds: float = 0.05) -> Play:
    """Send `start` at once and `rest` byte by byte."""

    def play(talk: Talk) -> None:
        talk.send(start)
        for position in range(len(rest)):
            if not talk.sleep(every_seconds):
                return
            talk.send(rest[position : position + 1])

    return play


def endless(start: bytes, block: bytes) -> Play:
    """Send `start`, then `block` again and again until the client goes away."""

    def play(talk: Talk) -> None:
        talk.send(start)
        while not talk.stopped.is_set():
            talk.send(block)

    return play


@dataclass
class HostileServer:
    """Listens on a free port of 127.0.0.1; use as a context manager.

    `script(path, play, …)`: the first question for `path` gets the first play and so on, the last play repeats.
    `tls`: talks TLS with this context.  `on_accept`: does this with every connection instead of reading a question.
    """

    tls: ssl.SSLContext | None = None
    on_accept: Play | None = None
    connections: int = 0
    questions: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._plays: dict[str, list[Play]] = defaultdict(list)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Without trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def script(self, path: str, *plays: Play) -> str:
        """Set what happens on questions for `path`; returns the whole URL."""
        with self._lock:
            self._plays[path] = list(plays)
        return self.url + path

    def stop(self) -> None:
        """Close everything and wait for all threads."""
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._sockets:
                _shut(sock)
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(sock)
            self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self.on_accept is not None:
                self.on_accept(Talk(sock, self._stopped))
                return
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            is_open = True
            while is_open and (question := _read_question(sock)) is not None:
                talk = Talk(sock, self._stopped)
                self._play_for(question)(talk)
                is_open = talk.is_kept
        except OSError:
            pass  # the client went away or refused our TLS: what most of these tests are about
        finally:
            _shut(sock)
            sock.close()

    def _play_for(self, question: Question) -> Play:
        with self._lock:
            self.questions.append(question)
            plays = self._plays[question.path]
            if not plays:
                return answer(b"", status="404 Not Found")
            return plays.pop(0) if len(plays) > 1 else plays[0]


def _read_question(sock: socket.socket) -> Question | None:
    """Read one request; None when the client closes."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    while length and len(body) < int(length[1]):
        body += sock.recv(65536)
    method, path = head.split(b" ", 2)[:2]
    return Question(method.decode(), path.decode(), head, body)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # already closed by the other side
        sock.shutdown(socket.SHUT_RDWR)
