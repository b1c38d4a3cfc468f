"""Remembers for a test process what the web framework reads from the same functions again and again.

Tests make an application a thousand times; half of the time that takes goes into annotations of the same hundreds of
functions.  What is read is the same each time, as long as module, code, defaults and the names around are.
"""

from __future__ import annotations

from typing import Any

from litestar.utils.signature import ParsedSignature

_READ: dict[Any, ParsedSignature] = {}


def remember_signatures() -> None:
    """Read the signature of each handler once per process."""
    read = ParsedSignature.from_fn

    def from_fn(fn: Any, namespace: dict[str, Any]) -> ParsedSignature:
        try:
            named = tuple(sorted((name, id(value)) for name, value in namespace.items()))
            known = (fn.__module__, fn.__code__, fn.__defaults__, tuple((fn.__kwdefaults__ or {}).items()), named)
            found = _READ.get(known)
        except (AttributeError, TypeError):  # no plain function, or a default that cannot be compared
            return read(fn, namespace)
        if found is None:
            found = _READ[known] = read(fn, namespace)
        return found

    ParsedSignature.from_fn = from_fn  # type: ignore[method-assign,assignment]
