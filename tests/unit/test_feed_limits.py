"""Limits: the figures of the protocol, each with its reason."""

from __future__ import annotations

import ast
from pathlib import Path

from shared.feed import limits
from shared.feed.entry import Erase, format_entry


def test_figures_are_those_of_the_protocol() -> None:
    kib = 1024

    assert (16 * kib, 64 * kib, 2048) == (limits.NOTE_MAX_BYTES, limits.LARGE_NOTE_MAX_BYTES, limits.ENTRY_MAX_BYTES)
    assert (256 * kib, 32 * kib * kib) == (limits.PAYLOAD_MAX_BYTES, limits.PAYLOADS_MAX_BYTES)
    assert (8 * kib * kib, 600 * kib, 256) == (limits.PUSH_MAX_BYTES, limits.BUNDLE_MAX_BYTES, limits.BUNDLE_WIDTH)
    assert (limits.GROWTH_PER_READ, limits.GROWTH_PER_DAY, limits.FETCHES_PER_MEMBER) == (50_000, 20_000, 4)
    assert (limits.JSON_MAX_DEPTH, limits.JSON_MAX_INT, limits.ERASE_TARGETS_MAX) == (32, 2**53, 64)
    assert (limits.MEMBER_FRESH_SECONDS, limits.HUB_FRESH_SECONDS, limits.SKEW_SECONDS) == (86_400, 3_600, 300)
    assert (limits.SUPERSEDED_GRACE_SECONDS, limits.LEASE_SECONDS) == (3_600, 259_200)


def test_every_limit_has_a_reason() -> None:
    body = ast.parse(Path(limits.__file__).read_text("utf-8")).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) not in ("MINUTE", "HOUR", "DAY"):
            reason = following.value if isinstance(following, ast.Expr) else None
            assert isinstance(reason, ast.Constant), ast.unparse(statement)
            assert str(reason.value).endswith("."), ast.unparse(statement)


def test_limits_fit_each_other() -> None:
    largest = Erase(limits.TREE_SIZE_MAX, tuple(range(limits.TREE_SIZE_MAX - 63, limits.TREE_SIZE_MAX + 1)))

    assert len(format_entry(largest)) <= limits.ENTRY_MAX_BYTES
    assert limits.BUNDLE_WIDTH * (limits.ENTRY_MAX_BYTES + 2) <= limits.BUNDLE_MAX_BYTES
    assert limits.TREE_SIZE_MAX.bit_length() == limits.FRONTIER_MAX_HASHES
    assert 2 * -(-limits.FRONTIER_MAX_HASHES // 8) == limits.DIAGNOSIS_TILES_MAX
    assert limits.GROWTH_PER_DAY < limits.GROWTH_PER_READ
