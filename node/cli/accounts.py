"""Commands about accounts: user add, list, role, disable, enable, invite, reset.

Names are arguments, passwords never: a password comes from a file or is set by its person through a one-time link.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from node.cli.commands import main_group, opened
from shared.commands import json_option, print_json, remark, say

if TYPE_CHECKING:
    from node.party import Node
    from shared.accounts.keeping import Invited

_NAME = click.argument("name", metavar="NAME")
_PROVIDER = click.option(
    "--provider", "providers", multiple=True, help="Nur Angebote dieses Trägers; mehrfach möglich."
)


@main_group.group()
def user() -> None:
    """Konten der Menschen, die Angebote pflegen."""


@user.command()
@_NAME
@click.option("--display", required=True, help="Name der Person, etwa „Erika Mustermann“.")
@click.option("--role", required=True, help="leser, autor, redaktion, verwaltung oder traeger.")
@_PROVIDER
@click.option(
    "--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Erste Zeile ist das Passwort; ohne diese Angabe gibt es einen Link.",
)  # fmt: skip
@json_option
@click.pass_obj
def add(
    home: Path,
    name: str,
    display: str,
    role: str,
    providers: tuple[str, ...],
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Ein Konto anlegen; gibt den Link aus, mit dem die Person ihr Passwort festlegt."""
    from shared.accounts import keeping

    password = _read_password(password_file) if password_file else ""
    with opened(home) as node:
        profile = keeping.Profile(display, role, providers)
        invited = keeping.add(node.accounts, name, profile, by=keeping.COMMAND_LINE, password=password)
        _tell_invited(node, name, invited, as_json)


def _read_password(file: Path) -> str:
    from shared.errors import ConfigError

    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} ist kein Text in UTF-8") from error
    if not lines or not lines[0]:
        raise ConfigError(f"{file} ist leer", advice="In die erste Zeile gehört das Passwort.")
    return lines[0]


def _tell_invited(node: Node, name: str, invited: Invited, as_json: bool) -> None:
    link = node.settings.public_url + invited.path if invited.path else ""
    if as_json:
        print_json({"name": name, "link": link, "expires": invited.expires})
    elif link:
        from datetime import UTC, datetime

        until = datetime.fromtimestamp(invited.expires, UTC).strftime("%d.%m.%Y %H:%M UTC")
        say(f"Dieser Link gilt einmal, bis {until}; geben Sie ihn der Person selbst:")
        say(link)
        if not node.settings.public_url:
            remark("Davor gehört die Adresse, unter der dieser Knoten erreichbar ist (Einstellung public_url).")
    else:
        say("Das Konto ist angelegt; die zweite Sicherung wird bei der ersten Anmeldung eingerichtet.")


@user.command(name="list")
@json_option
@click.pass_obj
def list_users(home: Path, as_json: bool) -> None:
    """Alle Konten mit Rolle und Zustand zeigen."""
    from shared.accounts import keeping

    with opened(home) as node:
        listed = keeping.list_accounts(node.accounts)
    rows = [
        {
            "name": row.account.name,
            "display": row.account.display,
            "role": row.account.role,
            "providers": list(row.account.providers),
            "state": row.state,
            "second_factor": bool(row.account.totp_secret),
        }
        for row in listed
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row['name']!s:<24} {row['role']!s:<12} {row['state']!s:<17} {row['display']}")
    say(f"{len(rows)} Konten")


@user.command()
@_NAME
@click.argument("role")
@_PROVIDER
@json_option
@click.pass_obj
def role(home: Path, name: str, role: str, providers: tuple[str, ...], as_json: bool) -> None:
    """Einem Konto eine andere Rolle geben; es wird dabei überall abgemeldet."""
    from shared.accounts import keeping

    with opened(home) as node:
        account = keeping.find_by_name(node.accounts, name)
        profile = keeping.Profile(account.display, role, providers)
        keeping.change(node.accounts, account.id, profile, by=keeping.COMMAND_LINE)
    if as_json:
        print_json({"name": account.name, "role": role, "providers": list(providers)})
    else:
        say("Geändert.")


@user.command()
@_NAME
@json_option
@click.pass_obj
def disable(home: Path, name: str, as_json: bool) -> None:
    """Ein Konto sperren; es wird sofort überall abgemeldet."""
    from shared.accounts import keeping

    with opened(home) as node:
        account = keeping.find_by_name(node.accounts, name)
        keeping.disable(node.accounts, account.id, by=keeping.COMMAND_LINE)
    _tell_state(account.name, "disabled", "Gesperrt.", as_json)


@user.command()
@_NAME
@json_option
@click.pass_obj
def enable(home: Path, name: str, as_json: bool) -> None:
    """Ein gesperrtes Konto wieder freigeben."""
    from shared.accounts import keeping

    with opened(home) as node:
        account = keeping.find_by_name(node.accounts, name)
        keeping.enable(node.accounts, account.id, by=keeping.COMMAND_LINE)
    _tell_state(account.name, "enabled", "Freigegeben.", as_json)


def _tell_state(name: str, state: str, text: str, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "state": state})
    else:
        say(text)


@user.command()
@_NAME
@json_option
@click.pass_obj
def invite(home: Path, name: str, as_json: bool) -> None:
    """Einen neuen Link für ein Konto ausgeben, das noch kein Passwort hat."""
    from shared.accounts import keeping

    with opened(home) as node:
        account = keeping.find_by_name(node.accounts, name)
        _tell_invited(node, account.name, keeping.invite(node.accounts, account.id, by=keeping.COMMAND_LINE), as_json)


@user.command()
@_NAME
@click.option("--second-factor", is_flag=True, help="Auch die zweite Sicherung, weil das Telefon fehlt.")
@json_option
@click.pass_obj
def reset(home: Path, name: str, second_factor: bool, as_json: bool) -> None:
    """Das Passwort ungültig machen und einen Link für ein neues ausgeben."""
    from shared.accounts import keeping

    with opened(home) as node:
        account = keeping.find_by_name(node.accounts, name)
        by = keeping.COMMAND_LINE
        invited = keeping.reset(node.accounts, account.id, second_factor=second_factor, by=by)
        _tell_invited(node, account.name, invited, as_json)
