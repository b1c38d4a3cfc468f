"""What is measured of a node: what every party has (`shared.measures`), and how it talks with the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from node.backups import subject_of
from node.party import Node
from node.status import STATE_WORDS, state_word
from shared import measures
from shared.holdings import facts
from shared.measures import Measure, Part, Reading, one

PUSHED: Final = Measure(
    "kreisweit_last_push_timestamp_seconds", "when the own log was last delivered to the hub; 0 for never"
)
PULLED: Final = Measure("kreisweit_last_pull_timestamp_seconds", "when the hub's catalogue was last read; 0 for never")
OWN: Final = (PUSHED, PULLED)


def parts_of(node: Node) -> Mapping[str, Part]:
    """Return what is read at each scrape, by name."""
    settings, clock = node.settings, node.clock
    subject = subject_of(settings, clock)
    return {
        "build": lambda: measures.read_build(settings.name),
        "state": lambda: measures.read_state(state_word(node), STATE_WORDS),
        "work": lambda: measures.read_work(node.db, clock),
        "exchange": lambda: read_exchange(node),
        "catalogue": lambda: measures.read_catalogue(node.db, node.consumer.newest(), clock),
        "roster": lambda: measures.read_roster(node.book, clock),
        "disk": lambda: measures.read_disk(node.db, settings.home),
        "backups": lambda: measures.read_backups(subject, settings.backup_folder),
    }


def read_exchange(node: Node) -> Sequence[Reading]:
    """Return when the node last delivered and last read."""
    with node.db.read() as conn:
        return [
            one(PUSHED, facts.load_number(conn, "last-push")),
            one(PULLED, facts.load_number(conn, "last-pull")),
        ]
