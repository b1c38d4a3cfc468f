"""A hub that lies: a real hub behind a site that bends its answers, and signs any catalogue note a test asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from hub.notes import newest_note
from shared.feed.catalogue_note import CatalogueNote, Source, format_catalogue_text
from shared.feed.keys import SigningKey
from shared.feed.note import Note, format_note, sign_line
from tests.support.node_simulator import Twist
from tests.support.world import Answered, Exchange, Site, World


def mirror(origin: str) -> str:
    """Path of the hub's mirror of a log, without trailing slash."""
    return f"/mirror/{hashlib.sha256(origin.encode()).hexdigest()}"


class HubSimulator:
    """Stands before the real hub of a world; every answer may be bent.

    Attributes:
        twists: changes the answer of one path, or of all that begin with a word that ends in `*`.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._real: Site = world.network.sites["hub"]
        self.twists: dict[str, Twist] = {}
        world.network.sites["hub"] = self

    def answer(self, exchange: Exchange) -> Answered:
        """Answer as the real hub, then twist."""
        found = [t for p, t in self.twists.items() if p == exchange.path or _is_below(p, exchange.path)]
        # A bent answer is never "not modified".
        asked = msgspec.structs.replace(exchange, etag="") if found else exchange
        answered = self._real.answer(asked)
        for twist in found:
            answered = twist(answered)
        return answered

    def note(self) -> CatalogueNote:
        """The newest honest note."""
        with self._world.hub.db.read() as conn:
            found = newest_note(conn)
        assert found is not None
        return found

    def sign(self, said: CatalogueNote, keys: Sequence[SigningKey] | None = None) -> bytes:
        """Sign any catalogue note."""
        text = format_catalogue_text(said)
        signing = self._world.hub.signer.log_keys if keys is None else keys
        return format_note(Note(text, tuple(sign_line(key, text) for key in signing)))

    def tell(self, change: Callable[[CatalogueNote], CatalogueNote], *, later: int = 1) -> bytes:
        """Serve a properly signed note that differs from the newest by `change`; returns it."""
        honest = self.note()
        told = self.sign(change(msgspec.structs.replace(honest, time=honest.time + later)))
        self.twists["/catalogue"] = lambda _: Answered(200, told)
        return told

    def tell_truth(self) -> None:
        """No more lies."""
        self.twists.clear()


def with_source(origin: str, **values: object) -> Callable[[CatalogueNote], CatalogueNote]:
    """Change the line of one log in a note."""

    def change(said: CatalogueNote) -> CatalogueNote:
        return msgspec.structs.replace(said, sources=tuple(_changed(s, origin, values) for s in said.sources))

    return change


def without_source(origin: str) -> Callable[[CatalogueNote], CatalogueNote]:
    """Leave one log out of a note."""
    return lambda said: msgspec.structs.replace(said, sources=tuple(s for s in said.sources if s.origin != origin))


def _changed(source: Source, origin: str, values: dict[str, object]) -> Source:
    return msgspec.structs.replace(source, **values) if source.origin == origin else source


def _is_below(pattern: str, path: str) -> bool:
    return pattern.endswith("*") and path.startswith(pattern[:-1])
