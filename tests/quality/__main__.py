"""`python -m tests.quality`: put every question to the search over the real offers and print how well it answers.

    python -m tests.quality [--misses] [--words "kurs marl"]

Exit code 1 when recall at ten is under the goal.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.quality.questions import Outcome, ask_all, by_group, load_questions, precision, recall
from tests.quality.real_offers import RealOffers, import_offers
from tests.support.world import World

GOAL = 0.95


def format_report(outcomes: Sequence[Outcome], *, misses: bool) -> str:
    """Return a table by class of question, and with `misses` every question that is not answered wholly."""
    lines = [f"{'class':<12}{'questions':>10}{'recall@10':>11}{'precision@10':>14}"]
    for group, members in [*by_group(outcomes).items(), ("all", list(outcomes))]:
        lines.append(f"{group:<12}{len(members):>10}{recall(members):>11.3f}{precision(members):>14.3f}")
    if misses:
        for outcome in sorted(outcomes, key=lambda outcome: outcome.recall):
            if outcome.recall < 1:
                asked = outcome.question
                missing = sorted(asked.rows.difference(outcome.found[:10]))
                lines.append(f"{outcome.recall:.2f} {asked.words!r}: missing {missing}, found {outcome.found[:10]}")
    return "\n".join(lines)


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="list questions that are not answered wholly")
    parser.add_argument("--words", help="put one question and print the rows found")
    asked = parser.parse_args()
    world = World()
    import_offers(world)
    with tempfile.TemporaryDirectory() as folder:
        offers = RealOffers(world, Path(folder))
        if asked.words:
            print(offers.ask(asked.words))
            return 0
        outcomes = ask_all(load_questions(), offers.ask)
    print(format_report(outcomes, misses=asked.misses))
    return 0 if recall(outcomes) >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
