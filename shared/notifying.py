"""Tells systemd how a long-running process is: ready, alive, about to end (sd_notify(3)).

Without systemd (no NOTIFY_SOCKET) nothing is told.  The library for this is from 2017, and all it does is one datagram.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """The way to the manager that started this process.

    Args:
        address: path of its socket; one that begins with `@` is abstract; empty for none.
        watchdog_seconds: a process that is silent for so long counts as hung and is started anew; 0 = not watched.
    """

    def __init__(self, address: str = "", watchdog_seconds: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_seconds = watchdog_seconds

    @property
    def beat_seconds(self) -> float:
        """How often to say that one is alive: twice in the time after which one is taken for hung; 0 for never."""
        return self.watchdog_seconds / 2

    def ready(self) -> None:
        """The work has begun."""
        self._tell("READY=1")

    def alive(self) -> None:
        """The process still answers; to be said from its event loop, so that a blocked one is silent."""
        if self.watchdog_seconds:
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The process was told to end and does."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        # A manager that is gone is nobody's trouble here.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way,
        ):
            way.connect(self._address)
            way.sendall(text.encode())


def notifier_from_environment(environment: Mapping[str, str] | None = None) -> Notifier:
    """Return the way to the manager that the environment names; what it cannot mean is left out."""
    given = os.environ if environment is None else environment
    micros = given.get("WATCHDOG_USEC", "")
    is_meant = given.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    seconds = int(micros) / 1e6 if micros.isdecimal() and is_meant else 0.0
    return Notifier(given.get("NOTIFY_SOCKET", ""), seconds)
