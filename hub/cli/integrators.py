"""Commands about integrators: their keys, their subscribers, and who is behind an erasure."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from hub.cli.commands import main_group, opened
from shared.clock import in_german_time
from shared.commands import ask, json_option, print_json, remark, say


@main_group.group()
def integrators() -> None:
    """Wer den Katalog weiterverwendet: Schlüssel, Abnehmer, offene Löschungen."""


@integrators.command(name="list")
@json_option
@click.pass_obj
def list_all(home: Path, as_json: bool) -> None:
    """Alle Integratoren mit ihren Abnehmern: Adresse, Zustand, letzte Bestätigung."""
    from hub.integrators import list_integrators, list_subscribers

    with opened(home) as hub:
        everyone, found = list_integrators(hub), list_subscribers(hub)
    if as_json:
        print_json(
            [
                {"name": one.name, "email": one.email, "subscribers": [copy for copy in found if copy.name == one.name]}
                for one in everyone
            ]
        )
        return
    for one in everyone:
        say(f"{one.name}  {one.email}")
        for copy in (copy for copy in found if copy.name == one.name):
            told = "fragt selbst ab" if not copy.url else f"{_STATES[copy.state]}: {copy.url}"
            confirmed = "nie" if copy.acknowledged is None else in_german_time(copy.acknowledged)
            say(f"  {copy.subscriber[:8]}  {copy.description or 'ohne Bezeichnung'}  {told}  bestätigt: {confirmed}")
    if not everyone:
        say("Noch keine Integratoren.")


_STATES = {"active": "wird benachrichtigt", "paused": "pausiert", "disabled": "abgestellt"}


@integrators.command()
@json_option
@click.pass_obj
def behind(home: Path, as_json: bool) -> None:
    """Wer eine Löschung nicht rechtzeitig bestätigt hat (Art. 19 DSGVO)."""
    from hub.erasure_duty import list_behind

    with opened(home) as hub:
        found = list_behind(hub)
    if as_json:
        print_json(found)
        return
    for one in found:
        confirmed = "noch nie bestätigt" if one.acknowledged is None else f"zuletzt {in_german_time(one.acknowledged)}"
        say(
            f"{one.name} ({one.description or 'ohne Bezeichnung'}, {one.subscriber[:8]})  {one.email}  "
            f"Löschung vom {in_german_time(one.since)}, fällig {in_german_time(one.due)}  {confirmed}"
        )
    if not found:
        say("Alle bekannten Kopien haben alle Löschungen bestätigt.")


@integrators.group()
def key() -> None:
    """Schlüssel, mit denen Integratoren ihre Abnehmer selbst verwalten."""


@key.command(name="add")
@click.argument("name")
@click.option("--email", required=True, help="Funktionspostfach, an das Hinweise gehen; keine Adresse einer Person.")
@json_option
@click.pass_obj
def add_key(home: Path, name: str, email: str, as_json: bool) -> None:
    """Einen Schlüssel für eine Organisation anlegen; er wird nur dieses eine Mal gezeigt."""
    from hub.integrators import add_key as make_key

    with opened(home) as hub:
        text, made = make_key(hub, name, email)
    if as_json:
        print_json({"id": made.id, "name": made.name, "email": made.email, "key": text})
        return
    say(text)
    remark(
        f"Schlüssel {made.id} für {made.name}. Auf sicherem Weg weitergeben; er lässt sich nicht noch einmal zeigen."
    )


@key.command(name="list")
@json_option
@click.pass_obj
def list_keys(home: Path, as_json: bool) -> None:
    """Alle Schlüssel: wem sie gehören und wann sie zuletzt benutzt wurden."""
    from hub.integrators import list_keys as read_keys

    with opened(home) as hub:
        found = read_keys(hub)
    if as_json:
        print_json(found)
        return
    for one in found:
        used = "nie benutzt" if one.used is None else f"zuletzt {in_german_time(one.used)}"
        state = used if one.revoked is None else f"gesperrt seit {in_german_time(one.revoked)}"
        say(f"{one.id:>4}  {one.name:<30} {one.beginning}…  {state}  {one.email}")
    if not found:
        say("Noch keine Schlüssel.")


@key.command(name="revoke")
@click.argument("number", type=click.IntRange(1), metavar="NUMMER")
@json_option
@click.pass_obj
def revoke(home: Path, number: int, as_json: bool) -> None:
    """Einen Schlüssel sperren; er gilt sofort nicht mehr."""
    from hub.integrators import revoke_key

    with opened(home) as hub:
        known = revoke_key(hub, number)
    if as_json:
        print_json({"id": known.id, "name": known.name, "state": "revoked"})
    else:
        say(f"Der Schlüssel {known.id} von {known.name} ist gesperrt.")


@integrators.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Nicht nachfragen.")
@json_option
@click.pass_obj
def remove(home: Path, name: str, yes: bool, as_json: bool) -> None:
    """Einen Integrator mit Schlüsseln und Abnehmern löschen, etwa wenn er alle Kopien gelöscht hat."""
    from hub.integrators import remove_integrator

    with opened(home) as hub:
        if not yes and sys.stdin.isatty():
            ask(f"{name} wird gelöscht, auch aus der Liste der offenen Löschungen. Fortfahren?")
        remove_integrator(hub, name)
    if as_json:
        print_json({"name": name, "state": "removed"})
    else:
        say(f"{name} ist gelöscht.")
