"""Options and hooks for all suites; fixtures live beside the tests that use them or in `tests/support`."""

from __future__ import annotations

import gc

from tests.support.allowed_skips import pytest_addoption, pytest_configure
from tests.support.remembered import remember_signatures

__all__ = ["pytest_addoption", "pytest_collection_finish", "pytest_configure"]

_YOUNG_OBJECTS = 50_000


def pytest_collection_finish() -> None:
    """Spare tests what is the same for all: signatures to read, a million objects that stay to search for garbage."""
    remember_signatures()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
