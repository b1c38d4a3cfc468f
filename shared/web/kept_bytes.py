"""A bounded memory for answers: so many bytes in all, what was asked for longest ago leaves first.

Used on the event loop alone, so it needs no lock.  What is kept can always be made again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

_ENTRY_COST = 512
"""What an entry costs beside its bytes: key, headers, the mapping itself."""


class _Sized(Protocol):
    def __len__(self) -> int: ...


K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=_Sized)


class KeptBytes(Generic[K, V]):
    """Keeps values by key within a number of bytes.

    Args:
        total_max: bytes of all entries together, each counted with what it costs beside its content.
        entry_max: a larger value is not kept at all.
    """

    def __init__(self, *, total_max: int, entry_max: int) -> None:
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._total_max = total_max
        self._entry_max = entry_max
        self._total = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def total(self) -> int:
        """Bytes in use."""
        return self._total

    def find(self, key: K) -> V | None:
        """Return what is kept under a key, or None; it counts as asked for now."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def keep(self, key: K, value: V) -> None:
        """Keep a value; others leave as far as there is no room."""
        self.drop(key)
        if len(value) > self._entry_max:
            return
        self._entries[key] = value
        self._total += _ENTRY_COST + len(value)
        while self._total > self._total_max:
            _, oldest = self._entries.popitem(last=False)
            self._total -= _ENTRY_COST + len(oldest)

    def drop(self, key: K) -> None:
        """Forget what is kept under a key, if anything is."""
        value = self._entries.pop(key, None)
        if value is not None:
            self._total -= _ENTRY_COST + len(value)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._total = 0
