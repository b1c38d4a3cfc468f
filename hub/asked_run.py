"""How far a read is that a person asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """How far a run is."""

    ASKS = "asks"
    READS = "reads"
    CONTENTS = "contents"
    DONE = "done"
    FAILED = "failed"


STEP_TEXTS: Mapping[Step, str] = {
    Step.ASKS: "fragt die Stadt nach ihrem Stand",
    Step.READS: "liest die Einträge und prüft die Unterschriften",
    Step.CONTENTS: "holt die Inhalte der Angebote",
    Step.DONE: "fertig",
    Step.FAILED: "abgebrochen",
}


@dataclass(frozen=True)
class Run:
    """One run.

    Args:
        began: when, Unix seconds.
        entries: how many of `all_entries` new entries were read.
        contents: for how many of `all_contents` offers their contents were asked for.
        said: what came of it, in words; empty before the end.
        is_good: nothing was wrong.
    """

    step: Step
    began: int
    entries: int = 0
    all_entries: int = 0
    contents: int = 0
    all_contents: int = 0
    said: str = ""
    is_good: bool = False

    @property
    def is_over(self) -> bool:
        """Nothing more will happen."""
        return self.step in (Step.DONE, Step.FAILED)
