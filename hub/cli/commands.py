"""The group with `--home`, and how results, secrets and errors pass between the program and people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from shared.command_words import GermanGroup
from shared.commands import CONTEXT, FAILED, PARTLY, leave, run_command
from shared.errors import ConfigError

if TYPE_CHECKING:
    from hub.party import Hub
    from shared.feed.keys import SigningKey

_ROOMS = (
    "hub.cli.accounts", "hub.cli.running", "hub.cli.membership", "hub.cli.exchange", "hub.cli.reports",
    "hub.cli.roster", "hub.cli.integrators", "hub.cli.duplicates", "hub.cli.vocabulary", "hub.cli.backups",
    "hub.cli.doctor",
)  # fmt: skip
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group(cls=GermanGroup, context_settings=CONTEXT)
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=Path(), envvar="KREISWEIT_HUB_HOME",
    show_default="aktuelles Verzeichnis", help="Verzeichnis des Hubs: Datenbank, Schlüssel, Einstellungen.",
)  # fmt: skip
@click.pass_context
def main_group(context: click.Context, home: Path) -> None:
    """Hub des Kreises im kreisweiten Verzeichnis der Integrationsangebote.

    Ergebnis: 0 erledigt, 1 abgelehnt oder gescheitert (Grund auf der Fehlerausgabe), 2 falsch aufgerufen, 3 teilweise
    erledigt.
    """
    context.obj = home.absolute()


# --- options that several commands share ---------------------------------------------------------------------------


def passphrase_option(command: _Command) -> _Command:
    """Add `--passphrase-file` to a command."""
    return click.option(
        "--passphrase-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="Datei mit der Passphrase des Wurzelschlüssels; sonst wird am Terminal gefragt.",
    )(command)  # fmt: skip


def root_key_options(command: _Command) -> _Command:
    """Add `--root-key` and `--passphrase-file` to a command."""
    return passphrase_option(
        click.option(
            "--root-key", type=click.Path(path_type=Path, dir_okay=False),
            help="Datei des Wurzelschlüssels, etwa auf dem Datenträger im Tresor [Vorgabe: keys/root.key].",
        )(command)
    )  # fmt: skip


# --- opening -------------------------------------------------------------------------------------------------------


@contextmanager
def opened(home: Path) -> Iterator[Hub]:
    """Open the hub of `home` and close it again."""
    from hub.opening import close_hub, open_hub

    hub = open_hub(home)
    try:
        yield hub
    finally:
        close_hub(hub)


def read_passphrase(path: Path | None, *, is_new: bool = False) -> bytes:
    """Return the passphrase from a file (without its line end) or from the terminal, asked twice for a new key."""
    if path is not None:
        return path.read_bytes().rstrip(b"\r\n")
    if not sys.stdin.isatty():
        raise ConfigError(
            "Es ist kein Terminal da, um nach der Passphrase zu fragen.", advice="--passphrase-file DATEI"
        )
    answer = click.prompt("Passphrase des Wurzelschlüssels", hide_input=True, confirmation_prompt=is_new, err=True)
    return str(answer).encode()


def load_root(hub: Hub, root_key: Path | None, passphrase_file: Path | None) -> SigningKey:
    """Open the root key; the passphrase is not asked for where the file is not there."""
    from hub.opening import ROOT_KEY_NAME
    from shared.keyring import load_root_key

    path = root_key or hub.settings.key_folder / ROOT_KEY_NAME
    if not path.exists():
        raise ConfigError(
            f"Der Wurzelschlüssel {path} ist nicht da.", advice="Den Datenträger einlegen und --root-key DATEI angeben."
        )
    return load_root_key(path, read_passphrase(passphrase_file))


# --- results and errors --------------------------------------------------------------------------------------------


def leave_by(good: int, all_of_them: int) -> None:
    """End with 0 where all succeeded, 3 where some did, 1 where none did."""
    if good < all_of_them:
        leave(PARTLY if good else FAILED)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command(main_group, "kreisweit-hub", _ROOMS, arguments)
