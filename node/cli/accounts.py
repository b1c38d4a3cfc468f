"""Commands about the accounts of a node's desk."""

from __future__ import annotations

import rich_click as click

from node.cli.commands import main_group, opened
from shared.account_commands import add_account_commands


@main_group.group()
def user() -> None:
    """Konten der Menschen, die Angebote pflegen."""


add_account_commands(
    user,
    opened,
    roles="leser, autor, redaktion, verwaltung oder traeger.",
    limit=click.option("--provider", "providers", multiple=True, help="Nur Angebote dieses Trägers; mehrfach möglich."),
)
