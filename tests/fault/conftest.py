"""Fixtures of the fault suite: a settled federation is built once and copied for every test."""

from __future__ import annotations

import pytest

from tests.fault.scenes import Scene, Settled, open_scene, open_world, settle_once
from tests.support.world import World


@pytest.fixture(scope="session")
def settled() -> Settled:
    return settle_once()


@pytest.fixture
def scene(settled: Settled) -> Scene:
    """Two honest members and one that lies when told to."""
    return open_scene(settled)


@pytest.fixture
def settled_world(settled: Settled) -> World:
    """Three honest members."""
    return open_world(settled)
