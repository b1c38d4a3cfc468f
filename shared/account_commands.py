"""Commands about accounts, the same for every party with a desk: user add, list, role, disable, enable, invite, reset.

Names are arguments, passwords never: a password comes from a file or is set by its person through a one-time link.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import rich_click as click

from shared.commands import json_option, print_json, remark, say

if TYPE_CHECKING:
    from shared.accounts.keeping import Invited
    from shared.accounts.registry import Registry


class DeskParty(Protocol):
    """What the commands need of a party."""

    @property
    def accounts(self) -> Registry:
        """Its accounts."""

    @property
    def public_url(self) -> str:
        """Where people reach it; empty if unknown."""


OpenParty = Callable[[Path], AbstractContextManager[DeskParty]]
_Command = Callable[..., Any]

_NAME = click.argument("name", metavar="NAME")


def _no_limit(command: _Command) -> _Command:
    return command


def add_account_commands(
    user: click.Group, opened: OpenParty, *, roles: str, limit: Callable[[_Command], _Command] = _no_limit
) -> None:
    """Add the commands to the group `user` of a party.

    Args:
        opened: opens the party of a home directory for one command.
        roles: the roles there are, for the help.
        limit: adds the option that names what an account is limited to, passed as `providers`; by default none is.
    """
    _add_making(user, opened, roles, limit)
    _add_listing(user, opened)
    _add_states(user, opened)
    _add_links(user, opened)


def _add_making(user: click.Group, opened: OpenParty, roles: str, limit: Callable[[_Command], _Command]) -> None:
    @user.command()
    @_NAME
    @click.option("--display", required=True, help="Name der Person, etwa „Erika Mustermann“.")
    @click.option("--role", required=True, help=roles)
    @limit
    @click.option(
        "--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Erste Zeile ist das Passwort; ohne diese Angabe gibt es einen Link.",
    )  # fmt: skip
    @json_option
    @click.pass_obj
    def add(
        home: Path, name: str, display: str, role: str, password_file: Path | None, as_json: bool,
        providers: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Ein Konto anlegen; gibt den Link aus, mit dem die Person ihr Passwort festlegt."""
        from shared.accounts import keeping

        password = _read_password(password_file) if password_file else ""
        with opened(home) as party:
            profile = keeping.Profile(display, role, providers)
            invited = keeping.add(party.accounts, name, profile, by=keeping.COMMAND_LINE, password=password)
            _tell_invited(party, name, invited, as_json)

    @user.command()
    @_NAME
    @click.argument("role")
    @limit
    @json_option
    @click.pass_obj
    def role(home: Path, name: str, role: str, as_json: bool, providers: tuple[str, ...] = ()) -> None:
        """Einem Konto eine andere Rolle geben; es wird dabei überall abgemeldet."""
        from shared.accounts import keeping

        with opened(home) as party:
            account = keeping.find_by_name(party.accounts, name)
            profile = keeping.Profile(account.display, role, providers)
            keeping.change(party.accounts, account.id, profile, by=keeping.COMMAND_LINE)
        if as_json:
            print_json({"name": account.name, "role": role, "providers": list(providers)})
        else:
            say("Geändert.")


def _read_password(file: Path) -> str:
    from shared.errors import ConfigError

    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} ist kein Text in UTF-8") from error
    if not lines or not lines[0]:
        raise ConfigError(f"{file} ist leer", advice="In die erste Zeile gehört das Passwort.")
    return lines[0]


def _tell_invited(party: DeskParty, name: str, invited: Invited, as_json: bool) -> None:
    link = party.public_url + invited.path if invited.path else ""
    if as_json:
        print_json({"name": name, "link": link, "expires": invited.expires})
    elif link:
        from datetime import UTC, datetime

        until = datetime.fromtimestamp(invited.expires, UTC).strftime("%d.%m.%Y %H:%M UTC")
        say(f"Dieser Link gilt einmal, bis {until}; geben Sie ihn der Person selbst:")
        say(link)
        if not party.public_url:
            remark("Davor gehört die Adresse, unter der dieser Knoten erreichbar ist (Einstellung public_url).")
    else:
        say("Das Konto ist angelegt; die zweite Sicherung wird bei der ersten Anmeldung eingerichtet.")


def _add_listing(user: click.Group, opened: OpenParty) -> None:
    @user.command(name="list")
    @json_option
    @click.pass_obj
    def list_users(home: Path, as_json: bool) -> None:
        """Alle Konten mit Rolle und Zustand zeigen."""
        from shared.accounts import keeping

        with opened(home) as party:
            listed = keeping.list_accounts(party.accounts)
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


def _add_states(user: click.Group, opened: OpenParty) -> None:
    @user.command()
    @_NAME
    @json_option
    @click.pass_obj
    def disable(home: Path, name: str, as_json: bool) -> None:
        """Ein Konto sperren; es wird sofort überall abgemeldet."""
        from shared.accounts import keeping

        with opened(home) as party:
            account = keeping.find_by_name(party.accounts, name)
            keeping.disable(party.accounts, account.id, by=keeping.COMMAND_LINE)
        _tell_state(account.name, "disabled", "Gesperrt.", as_json)

    @user.command()
    @_NAME
    @json_option
    @click.pass_obj
    def enable(home: Path, name: str, as_json: bool) -> None:
        """Ein gesperrtes Konto wieder freigeben."""
        from shared.accounts import keeping

        with opened(home) as party:
            account = keeping.find_by_name(party.accounts, name)
            keeping.enable(party.accounts, account.id, by=keeping.COMMAND_LINE)
        _tell_state(account.name, "enabled", "Freigegeben.", as_json)


def _tell_state(name: str, state: str, text: str, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "state": state})
    else:
        say(text)


def _add_links(user: click.Group, opened: OpenParty) -> None:
    @user.command()
    @_NAME
    @json_option
    @click.pass_obj
    def invite(home: Path, name: str, as_json: bool) -> None:
        """Einen neuen Link für ein Konto ausgeben, das noch kein Passwort hat."""
        from shared.accounts import keeping

        with opened(home) as party:
            account = keeping.find_by_name(party.accounts, name)
            invited = keeping.invite(party.accounts, account.id, by=keeping.COMMAND_LINE)
            _tell_invited(party, account.name, invited, as_json)

    @user.command()
    @_NAME
    @click.option("--second-factor", is_flag=True, help="Auch die zweite Sicherung, weil das Telefon fehlt.")
    @json_option
    @click.pass_obj
    def reset(home: Path, name: str, second_factor: bool, as_json: bool) -> None:
        """Das Passwort ungültig machen und einen Link für ein neues ausgeben."""
        from shared.accounts import keeping

        with opened(home) as party:
            account = keeping.find_by_name(party.accounts, name)
            by = keeping.COMMAND_LINE
            invited = keeping.reset(party.accounts, account.id, second_factor=second_factor, by=by)
            _tell_invited(party, account.name, invited, as_json)
