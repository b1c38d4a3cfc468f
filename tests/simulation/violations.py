"""What ends a run: an invariant that did not hold."""

from __future__ import annotations


class Violation(BaseException):
    """An invariant is broken; a `BaseException`, so that no handler of the product hides it."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant


def ensure(invariant: str, holds: object, message: str) -> None:
    """Raise `Violation` unless `holds`."""
    if not holds:
        raise Violation(invariant, message)
