"""How a bug is put into the product for the time of a run, and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import msgspec

Patches = Sequence[Any]


class Planted(msgspec.Struct, frozen=True):
    """One bug.

    Attributes:
        patches: what puts it in place.
        faults: kinds of fault under which it shows.
        first: seed to begin with.
        steps: how long a run is; where a bug shows only at the end, a short one costs less.
    """

    name: str
    patches: Callable[[], Patches]
    faults: tuple[str, ...]
    first: int = 0
    steps: int | None = None


@contextmanager
def in_place(planted: Planted) -> Iterator[None]:
    """Run the block with the bug."""
    with ExitStack() as stack:
        for patch in planted.patches():
            stack.enter_context(patch)
        yield


def replace(owner: object, name: str, new: object) -> Any:
    """Return the patch that puts something else under a name."""
    return mock.patch.object(owner, name, new)
