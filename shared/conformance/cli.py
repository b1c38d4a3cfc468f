"""The command line of somebody who wrote a reader of the feed: `kreisweit-conformance --reader COMMAND`.

Exit codes: 0 every answer was right, 1 one was not, 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import rich_click as click
from click.exceptions import Exit

from shared.conformance.asking import Asker, Verdict
from shared.conformance.cases import KINDS, Case, choose, load_cases

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.command(context_settings=_CONTEXT)
@click.option("--reader", metavar="COMMAND", help="Your reader: a program with its arguments, started without a shell.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Ask only cases like this, such as 'log/*'; repeatable.")
@click.option("--skip", multiple=True, metavar="PATTERN", help="Leave out cases like this; repeatable.")
@click.option("--list", "lists", is_flag=True, help="List the cases with what is expected, and end.")
@click.option("--show", metavar="CASE", help="Print the line that a reader is given for one case, and end.")
@click.option("--fresh", is_flag=True, help="Start the reader anew for every case and close its input after the line.")
@click.option(
    "--timeout", "seconds", type=click.FloatRange(min=0.1), default=20.0, show_default=True,
    help="Seconds that one answer may take.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON value instead of lines for people.")
def main_command(
    reader: str | None, only: Sequence[str], skip: Sequence[str], lists: bool, show: str | None, fresh: bool,
    seconds: float, as_json: bool,
) -> None:  # fmt: skip
    """Ask a reader of the kreisweit feed, in any language, for its judgement of published cases.

    The reader is started once. It is given one case a line on its standard input, as JSON, and writes one line for
    each, in the same order, to its standard output, flushed at once:

    {"case": "log/rollback", "code": "E_ROLLBACK", "shown": ["e98d34…"], "refused": {}}

    "code" is the outcome in the words of PROTOCOL section 8. "shown" (kinds log and hub) lists the commitments of the
    records that are shown at the end, "refused" (kind log) the payloads that were refused, each with its code. Every
    case stands alone: the reader holds nothing when it begins. What it writes to its standard error is passed on.

    Kinds: entry (one log entry), roster (a chain), catalogue (the hub's note), record (the proof of one record), log
    (one log, read several times), hub (everything that a hub serves, read several times). The package's
    shared/conformance/README.md describes what each is given; kreisweit-conformance --show CASE prints a real line.

    A reader that ends, that takes too long or that answers something else has failed that case; the next one meets a
    new process. Exit code: 0 all right, 1 something wrong, 2 wrong usage.
    """
    cases = load_cases()
    if show is not None:
        _show(cases, show)
        return
    chosen = choose(cases, only, skip)
    if not chosen:
        raise click.UsageError("no case has such a name; --list names them all")
    if lists:
        _list(chosen, as_json=as_json)
        return
    command = shlex.split(reader or "")
    if not command:
        raise click.UsageError("name your reader with --reader, or use --list or --show")
    try:
        verdicts = asyncio.run(_ask(Asker(command, seconds=seconds, fresh=fresh), chosen, as_json=as_json))
    except OSError as error:
        raise click.UsageError(f"{command[0]} cannot be started: {error.strerror or error}") from error
    wrong = [verdict.case for verdict in verdicts if not verdict.is_right]
    if as_json:
        _print_json({"right": len(verdicts) - len(wrong), "wrong": wrong, "cases": verdicts})
    else:
        click.echo(f"{len(verdicts) - len(wrong)} of {len(verdicts)} right" + "".join(f"\n  {name}" for name in wrong))
    if wrong:
        raise Exit(1)


async def _ask(asker: Asker, cases: Sequence[Case], *, as_json: bool) -> list[Verdict]:
    verdicts = []
    async for verdict in asker.ask(cases):
        verdicts.append(verdict)
        if not as_json:
            _tell(verdict)
    return verdicts


def _tell(verdict: Verdict) -> None:
    if verdict.is_right:
        click.echo(f"ok    {verdict.case}")
        return
    click.echo(f"FAIL  {verdict.case}: {verdict.about}")
    for problem in verdict.problems:
        click.echo(f"      {problem}")


def _show(cases: Sequence[Case], name: str) -> None:
    found = next((case for case in cases if case.case == name), None)
    if found is None:
        raise click.UsageError(f"there is no case {name!r}; --list names them all")
    sys.stdout.write(found.question().decode())


def _list(cases: Sequence[Case], *, as_json: bool) -> None:
    if as_json:
        _print_json([{"case": case.case, "about": case.about, "expect": case.expect} for case in cases])
        return
    for kind in KINDS:
        for case in cases:
            if case.kind == kind:
                click.echo(f"{case.case:<44} {case.expect.code:<20} {case.about}")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))


def main() -> None:
    """Run the command and end with its exit code."""
    main_command(prog_name="kreisweit-conformance")


if __name__ == "__main__":
    main()
