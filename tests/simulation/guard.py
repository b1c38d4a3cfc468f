"""Nothing of the outside may reach a simulated run: real time, sockets, threads, files and real dice end it at once.

An audit hook cannot be taken away again, so one is installed for good and acts only while a run is going on.  What has
no audit event (clocks, dice) is replaced for the time of a run, and refuses only calls that come from the product's own
code.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from node import ballast

_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.fork", "os.exec", "_thread.start_new_thread", "tempfile.")
_OURS = ("shared", "node", "hub")
_CLOCKS_AND_DICE: tuple[tuple[Any, str], ...] = (
    (time, "time"), (time, "time_ns"), (time, "monotonic"), (time, "sleep"), (os, "urandom"),
    (secrets, "token_bytes"), (secrets, "token_hex"),
)  # fmt: skip


class OutsideTouchedError(BaseException):
    """The code under simulation reached for the real world; the run means nothing."""


class _Watch:
    """The switch of the audit hook."""

    def __init__(self) -> None:
        self.is_on = False
        self.is_installed = False

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event.startswith(_FORBIDDEN) or (event == "open" and _is_writing(arguments)):
            raise OutsideTouchedError(f"{event} {arguments!r}"[:200])


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    mode = arguments[1] if len(arguments) > 1 else None
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


_WATCH = _Watch()


def _refusing(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        if caller.partition(".")[0] in _OURS:
            raise OutsideTouchedError(f"{name} called by {caller}")
        return original(*args, **options)

    return call


def _room_enough(_home: object) -> bool:
    return True


def _write_anyway(_home: object, write: Callable[[], Any]) -> Any:
    return write()


@contextmanager
def sealed_off() -> Iterator[None]:
    """Run the block without any way out of the process."""
    if not _WATCH.is_installed:
        sys.addaudithook(_WATCH.hear)
        _WATCH.is_installed = True
    patches = [
        mock.patch.object(owner, name, _refusing(getattr(owner, name), f"{owner.__name__}.{name}"))
        for owner, name in _CLOCKS_AND_DICE
    ]
    # The disks of a simulation are in memory and never full, so there is no ballast file to drop.
    patches.append(mock.patch.object(ballast, "write_even_when_full", _write_anyway))
    patches.append(mock.patch.object(ballast, "load_ballast", _room_enough))
    for patch in patches:
        patch.start()
    was_on, _WATCH.is_on = _WATCH.is_on, True
    try:
        yield
    finally:
        _WATCH.is_on = was_on
        for patch in reversed(patches):
            patch.stop()
