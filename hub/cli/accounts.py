"""Commands about the accounts of the district's desk."""

from __future__ import annotations

import rich_click as click

from hub.cli.commands import main_group, opened
from shared.account_commands import add_account_commands


@main_group.group()
def user() -> None:
    """Konten der Menschen, die beim Kreis mit dem Verzeichnis arbeiten."""


add_account_commands(
    user,
    opened,
    roles="leser, kurator, betrieb oder fallmanagement.",
    limit=click.option(
        "--city", "providers", multiple=True, help="Stadt des Fallmanagements, etwa waltrop; mehrfach möglich."
    ),
)
