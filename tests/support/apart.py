"""Runs something in a thread of its own, where no event loop runs: an open browser keeps one running in the tests'."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


def apart(work: Callable[[], _Result]) -> _Result:
    """Return what the work returns; what it raises is raised here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
