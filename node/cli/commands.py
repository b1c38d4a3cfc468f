"""The group with `--home`, and how results and errors reach people and programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shared.command_words import GermanGroup
from shared.commands import CONTEXT, run_command

if TYPE_CHECKING:
    from node.party import Node

_ROOMS = (
    "node.cli.identity",
    "node.cli.offers",
    "node.cli.feed",
    "node.cli.accounts",
    "node.cli.backups",
    "node.cli.doctor",
)


@click.group(cls=GermanGroup, context_settings=CONTEXT)
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=Path(), envvar="KREISWEIT_NODE_HOME",
    show_default="aktuelles Verzeichnis", help="Verzeichnis des Knotens: Datenbank, Schlüssel, Einstellungen.",
)  # fmt: skip
@click.pass_context
def main_group(context: click.Context, home: Path) -> None:
    """Knoten einer Stadt im kreisweiten Verzeichnis der Integrationsangebote.

    Ergebnis: 0 erledigt, 1 abgelehnt oder gescheitert (Grund auf der Fehlerausgabe), 2 falsch aufgerufen, 3 teilweise
    erledigt.
    """
    context.obj = home.absolute()


@contextmanager
def opened(home: Path) -> Iterator[Node]:
    """Open the node of `home` and close it again."""
    from node.opening import close_node, open_node

    node = open_node(home)
    try:
        yield node
    finally:
        close_node(node)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command(main_group, "kreisweit-node", _ROOMS, arguments)
