"""What systemd is told: one datagram for each word, nothing where nobody listens."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.notifying import Notifier, notifier_from_environment


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def test_manager_hears_ready_alive_and_stopping(manager: socket.socket) -> None:
    notifier = Notifier(manager.getsockname(), 30)

    notifier.ready()
    notifier.alive()
    notifier.stopping()

    assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0kreisweit-test-{os.getpid()}")
        listening.settimeout(5)

        Notifier(f"@kreisweit-test-{os.getpid()}").ready()

        assert listening.recv(100) == b"READY=1"


def test_unwatched_process_sends_no_beat(manager: socket.socket) -> None:
    notifier = Notifier(manager.getsockname())

    notifier.alive()
    notifier.ready()

    assert manager.recv(100) == b"READY=1"
    assert notifier.beat_seconds == 0


def test_nobody_listening_is_no_error(tmp_path: Path) -> None:
    Notifier().ready()
    Notifier(str(tmp_path / "gone")).ready()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_watchdog_is_read_from_the_environment(environment: dict[str, str], seconds: float) -> None:
    assert notifier_from_environment(environment).watchdog_seconds == seconds
