"""Commands about members: invite, approve, members, and what the roster says about one of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from hub.cli.commands import load_root, main_group, opened, root_key_options
from shared.commands import ask, json_option, print_json, remark, say
from shared.state_words import state_in_german

if TYPE_CHECKING:
    from hub.enrolment import Application
    from hub.party import Hub


@main_group.command()
@click.argument("name")
@click.option("--ags", required=True, help="Amtlicher Gemeindeschlüssel, acht Ziffern.")
@click.option("--title", required=True, help="Bezeichnung, etwa „Stadt Herten“.")
@json_option
@click.pass_obj
def invite(home: Path, name: str, ags: str, title: str, as_json: bool) -> None:
    """Eine Stadt einladen; gibt den Einladungscode aus."""
    from hub.enrolment import invite as make_invite

    with opened(home) as hub:
        _print_code(name, make_invite(hub, name, ags, title), as_json)


@main_group.command()
@click.argument("name")
@json_option
@click.pass_obj
def regenerate(home: Path, name: str, as_json: bool) -> None:
    """Ein Mitglied zu neuen Schlüsseln einladen: neue Generation, oder verlorener Schlüssel."""
    from hub.enrolment import regenerate as make_invite

    with opened(home) as hub:
        _print_code(name, make_invite(hub, name), as_json)


def _print_code(name: str, code: str, as_json: bool) -> None:
    """Print the code alone, so that it can be piped; when it ends is said beside it."""
    from shared.feed.join import parse_invite

    if as_json:
        print_json({"name": name, "code": code, "expires": parse_invite(code).expires})
    else:
        say(code)
        remark("Der Code gilt 14 Tage und einmal. Auf sicherem Weg weitergeben, nicht öffentlich.")


@main_group.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Nicht nach dem Fingerabdruck fragen; er wurde schon verglichen.")
@root_key_options
@json_option
@click.pass_obj
def approve(
    home: Path, name: str, yes: bool, root_key: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Eine Anmeldung annehmen, nachdem der Fingerabdruck am Telefon verglichen wurde."""
    from hub.enrolment import approve as approve_application
    from hub.enrolment import find_waiting, verify_compared
    from hub.roster_keeping import Change, held_roster, request_change

    with opened(home) as hub:
        waiting = find_waiting(hub, name)
        _show_application(waiting)
        if not yes:
            ask("Stimmt der Fingerabdruck mit dem der Stadt überein?")
        version = None
        if held_roster(hub).roster.threshold == 1:
            key = load_root(hub, root_key, passphrase_file)
            version = approve_application(hub, name, key, compared=waiting.fingerprint)
            _renew(hub)
        else:
            verify_compared(hub, name, waiting.fingerprint)
            request_change(hub, name, Change.APPROVE)
    if as_json:
        state = "member" if version else "pending"
        print_json({"name": name, "fingerprint": waiting.fingerprint, "state": state, "roster": version})
    else:
        _say_version(name, version)


def _show_application(waiting: Application) -> None:
    what = "Neuer Schlüssel für" if waiting.purpose == "rotate" else "Anmeldung von"
    remark(f"{what} {waiting.name} ({waiting.title}, AGS {waiting.ags}), {waiting.url}")
    remark(f"Fingerabdruck: {waiting.fingerprint}")


def _say_version(name: str, version: int | None) -> None:
    if version is None:
        say(f"Die Änderung für {name} ist vorgemerkt; nötig sind noch Unterschriften: roster draft, sign, publish.")
    else:
        say(f"{name}: erledigt, die Mitgliederliste hat jetzt Fassung {version}.")


def _renew(hub: Hub) -> None:
    from hub.notes import publish_note

    publish_note(hub)


@main_group.command()
@click.argument("name")
@json_option
@click.pass_obj
def dismiss(home: Path, name: str, as_json: bool) -> None:
    """Eine Anmeldung ablehnen, etwa weil der Fingerabdruck nicht stimmt."""
    from hub.enrolment import dismiss as dismiss_application

    with opened(home) as hub:
        dismiss_application(hub, name)
    if as_json:
        print_json({"name": name, "state": "dismissed"})
    else:
        say(f"Die Anmeldung von {name} ist abgelehnt.")


@main_group.command()
@json_option
@click.pass_obj
def members(home: Path, as_json: bool) -> None:
    """Alle Mitglieder mit Zustand, Rückstand und letztem Fehler."""
    from hub.enrolment import applications
    from hub.overview import members as read_members

    with opened(home) as hub:
        shown, waiting = read_members(hub), applications(hub)
    if as_json:
        print_json(shown)
        return
    for member in shown:
        state = state_in_german(member.state)
        say(f"{member.name:<20} {state:<22} {member.size:>8}  Rückstand {member.lag:<6} {member.message}")
    if not shown:
        say("Noch keine Mitglieder.")
    for application in waiting:
        say(f"{application.name:<20} {'Anmeldung':<22} Fingerabdruck {application.fingerprint}")


def _change(
    home: Path, name: str, word: str, root_key: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Change what the roster says about a member, or note it where more than one signature is needed."""
    from hub.roster_keeping import Change, change_now, held_roster, is_said_already, request_change

    with opened(home) as hub:
        version, held = None, held_roster(hub).roster
        is_idle = is_said_already(hub, name, Change(word))
        if is_idle:
            version = held.version
        elif held.threshold == 1:
            version = change_now(hub, name, Change(word), load_root(hub, root_key, passphrase_file))
            _renew(hub)
        else:
            request_change(hub, name, Change(word))
        rows = hub.book.rows(name)
    if as_json:
        print_json({"name": name, "change": word, "status": rows[0].status if rows else None, "roster": version})
    elif is_idle:
        say(f"{name} ist schon {state_in_german(rows[0].status)}; die Mitgliederliste bleibt bei Fassung {version}.")
    else:
        _say_version(name, version)


_CHANGES = {
    "pause": "Ein Mitglied pausiert: sein letzter Stand bleibt sichtbar und wird nicht mehr gelesen, bis resume.",
    "suspend": "Ein Mitglied sperren: seine Angebote werden ausgeblendet, bis resume.",
    "resume": "Ein pausiertes, gesperrtes oder ausgeschiedenes Mitglied wieder führen.",
    "retire": "Ein Mitglied scheidet aus: alle löschen seine Daten.",
    "finish-rotation": "Den alten Schlüssel eines Mitglieds streichen, frühestens sieben Tage nach dem neuen.",
}


def _add_change(word: str, text: str) -> None:
    @main_group.command(name=word, help=text)
    @click.argument("name")
    @click.option("--yes", is_flag=True, help="Nicht nachfragen.")
    @root_key_options
    @json_option
    @click.pass_obj
    def change(
        home: Path, name: str, yes: bool, root_key: Path | None, passphrase_file: Path | None, as_json: bool
    ) -> None:
        if word == "retire" and not yes and sys.stdin.isatty():
            # Asked of people only: what they cannot take back.
            ask(f"{name} scheidet aus, und alle löschen die Daten von {name}. Fortfahren?")
        _change(home, name, word, root_key, passphrase_file, as_json)


for _word, _text in _CHANGES.items():
    _add_change(_word, _text)
