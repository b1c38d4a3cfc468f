"""A person asks for a member to be read now, and sees how far it is.

A run goes beside the request that began it, one at a time for each member; how far each is stands in memory, since it
is worth nothing after a restart.  Reading itself is `pulling`'s, and the lease there keeps two readers apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from hub.asked_run import Run, Step
from hub.notes import publish_note
from hub.party import UNREACHABLE, Hub
from hub.pulling import Pull, pull_with
from hub.store.standings import load_standing
from shared.errors import ConflictError, NotFoundError
from shared.feed.outcomes import ABOUT, Code
from shared.feed.roster import MemberRow
from shared.feed.tiles import TilePath
from shared.holdings.payloads import Want
from shared.sources import FetchedSource, Found, NotModified, Served
from shared.state_words import state_in_german

_GOOD = frozenset({"ok", "unchanged", "held"})


class WatchedSource:
    """A source that says what is asked of it; everything else is the source's own."""

    def __init__(self, source: FetchedSource, hub: Hub, name: str) -> None:
        self._source = source
        self._hub = hub
        self._member = name
        self.name = source.name
        self.is_complete = source.is_complete
        self.offered = source.offered

    def _note(self, **changes: Any) -> None:
        run = self._hub.asked_runs[self._member]
        self._hub.asked_runs[self._member] = dataclasses.replace(run, **changes)

    def checkpoint(self, etag: str) -> Served | NotModified:
        """Return the checkpoint."""
        self._note(step=Step.ASKS)
        return self._source.checkpoint(etag)

    def entries(self, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        """Yield the entries, counting them."""
        self._note(step=Step.READS, entries=0, all_entries=end - start)
        for first, entries in self._source.entries(start, end):
            self._note(entries=min(first + len(entries), end) - start)
            yield first, entries

    def hash_tile(self, path: TilePath) -> bytes:
        """Return a tile for a diagnosis."""
        return self._source.hash_tile(path)

    def payloads(self, wants: Sequence[Want], bundle: int | None) -> Found:
        """Return payloads, counting what is asked for."""
        run = self._hub.asked_runs[self._member]
        self._note(step=Step.CONTENTS, all_contents=run.all_contents + len(wants))
        found = self._source.payloads(wants, bundle)
        self._note(contents=self._hub.asked_runs[self._member].contents + len(wants))
        return found


def begin(hub: Hub, name: str) -> Run:
    """Begin to read a member now; one that is being read goes on.

    Raises:
        NotFoundError: no such member.
        ConflictError: it delivers by itself, or it is not read in this state.
    """
    row = next((row for row in hub.members() if row.name == name), None)
    if row is None:
        raise NotFoundError("Ein Mitglied mit diesem Namen gibt es nicht")
    if row.url == UNREACHABLE:
        raise ConflictError("Dieses Mitglied liefert von sich aus; hier gibt es nichts abzurufen")
    if row.status != "active":
        raise ConflictError("Dieses Mitglied wird zurzeit nicht gelesen")
    running = hub.asked_runs.get(name)
    if running is not None and not running.is_over:
        return running
    hub.asked_runs[name] = Run(Step.ASKS, hub.clock.now())
    if not hub.launch({f"asked {name}": partial(_pull, hub, row)}, run=hub.run_asked) and running is not None:
        hub.asked_runs[name] = running  # it ends at this very moment
    return hub.asked_runs[name]


def find_run(hub: Hub, name: str) -> Run | None:
    """Return the last run that somebody asked for since the program started, or None."""
    return hub.asked_runs.get(name)


def _pull(hub: Hub, row: MemberRow) -> None:
    said, is_good, step = "Der Abruf ist abgebrochen. Versuchen Sie es noch einmal.", False, Step.FAILED
    try:
        source = hub.member_source(row)
        if source is not None:
            done = pull_with(hub, row, WatchedSource(source, hub, row.name), "desk")
            publish_note(hub)
            said, is_good, step = say_outcome(done), done.outcome in _GOOD, Step.DONE
    finally:
        run = hub.asked_runs[row.name]
        hub.asked_runs[row.name] = dataclasses.replace(run, step=step, said=said, is_good=is_good)


def say_outcome(done: Pull) -> str:
    """Say what came of a pull in one or two sentences."""
    count = done.size - done.from_
    if done.outcome == "ok":
        return f"Abgerufen: {count} neue Einträge." if count != 1 else "Abgerufen: ein neuer Eintrag."
    if done.outcome == "unchanged":
        return f"Es gab nichts Neues. {done.message}".strip()
    # What the reader says beyond the code is for people who know the protocol; the member's page keeps it for them.
    reason = ABOUT[Code(done.code)].text if done.code else done.message
    return f"{state_in_german(done.outcome).capitalize()}. {reason}".strip()


def is_established(hub: Hub, row: MemberRow) -> bool:
    """Tell whether a member was read in full once, so that its offers are shown."""
    with hub.db.read() as conn:
        return bool(load_standing(conn, row.origin, row.name)["is_established"])
