"""Options and hooks for all suites; fixtures live beside the tests that use them or in `tests/support`."""

from __future__ import annotations

from tests.support.allowed_skips import pytest_addoption, pytest_configure

__all__ = ["pytest_addoption", "pytest_configure"]
