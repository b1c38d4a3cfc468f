"""The names under which work holds leases."""

from __future__ import annotations

import os

import pytest

from shared.clock import SystemDice, name_of_worker
from shared.database import Database
from shared.holdings import facts
from shared.holdings.tables import metadata


def test_two_workers_of_one_number_never_hold_one_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)  # as in every container
    first, second = (name_of_worker("cli", SystemDice()) for _ in range(2))
    db = Database("sqlite://")
    with db.write() as conn:
        metadata.create_all(conn)
        taken = [facts.take_lease(conn, "writer", name, now=1000, seconds=60) for name in (first, second, first)]
    db.close()

    assert taken == [True, False, True]
    assert first.startswith("cli-1-")
