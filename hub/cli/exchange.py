"""Commands about what comes in and goes out: pull, push, hold, quarantine, catalogue."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from hub.cli.commands import leave_by, main_group, opened
from shared.commands import explain, json_option, print_json, remark, say
from shared.state_words import state_in_german

if TYPE_CHECKING:
    from hub.party import Hub
    from hub.pulling import Pull

_NOTE_GAP_SECONDS = 1.05
"""Two catalogue notes never carry the same second."""
_GOOD = frozenset({"ok", "unchanged", "held"})


def _owner(hub: Hub) -> str:
    from shared.clock import name_of_worker

    return name_of_worker("cli", hub.dice)


def _renew_note(hub: Hub) -> None:
    """Let the catalogue note name what was just read; waits a second where one was signed in this very second."""
    from hub.notes import newest_note, publish_note

    if publish_note(hub):
        return
    with hub.db.read() as conn:
        note = newest_note(conn)
    if note is not None and note.time == hub.clock.now():
        time.sleep(_NOTE_GAP_SECONDS)
        publish_note(hub)


@main_group.command()
@click.argument("names", metavar="[NAME]…", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Alle Mitglieder, die der Hub erreicht (auch ohne Namen).")
@json_option
@click.pass_obj
def pull(home: Path, names: tuple[str, ...], everyone: bool, as_json: bool) -> None:
    """Die Feeds von Mitgliedern jetzt lesen und prüfen."""
    from hub.pulling import pull_named

    if names and everyone:
        raise click.UsageError("Entweder Namen oder --all.")
    with opened(home) as hub:
        pulls = pull_named(hub, names, _owner(hub))
        _renew_note(hub)
    if as_json:
        print_json(pulls)
    else:
        for line in pulls:
            remarks = f"  {line.message}" if line.outcome in _GOOD else ""
            say(f"{line.name:<20} {state_in_german(line.outcome):<16} {line.from_} → {line.size}{remarks.rstrip()}")
    for line in pulls:
        if line.outcome not in _GOOD:
            remark(f"{line.name}: {_reason(line)}")
    leave_by(sum(line.outcome in _GOOD for line in pulls), len(pulls))


def _reason(pull: Pull) -> str:
    """Why a member was not read; who cannot be reached says it better than the sentence on the code."""
    if pull.outcome == "unreachable" and pull.message:
        return f"{pull.message} [{pull.code}]"
    return f"{explain(pull.code or '', pull.message)} [{pull.code}]"


@main_group.command()
@click.argument("names", metavar="[NAME]…", nargs=-1)
@json_option
@click.pass_obj
def push(home: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Den Katalog jetzt an die Knoten geben, mit allem, was ihnen fehlt."""
    from hub.holds import find_member
    from hub.pushing import push_member
    from hub.states import is_pollable
    from shared.holdings import facts

    with opened(home) as hub:
        _renew_note(hub)
        rows = [find_member(hub, name) for name in names] or [row for row in hub.members() if is_pollable(row)]
        lines = []
        for row in rows:
            answer = push_member(hub, row) if is_pollable(row) else None
            with hub.db.read() as conn:
                failure = facts.load_fact(conn, f"push-failure:{row.name}") if answer is None else ""
            lines.append(
                {"name": row.name, "outcome": "unreachable" if answer is None else "ok", "message": failure}
            )  # fmt: skip
    if as_json:
        print_json(lines)
    else:
        for line in lines:
            say(f"{line['name']:<20} {state_in_german(line['outcome'])}")
    for line in lines:
        if line["outcome"] != "ok":
            remark(f"{line['name']}: {line['message'] or 'Der Hub erreicht diesen Knoten nicht von sich aus.'}")
    leave_by(sum(line["outcome"] == "ok" for line in lines), len(lines))


@main_group.group()
def hold() -> None:
    """Über das entscheiden, was eine Schutzregel angehalten hat."""


@hold.command()
@click.argument("name")
@json_option
@click.pass_obj
def confirm(home: Path, name: str, as_json: bool) -> None:
    """Bestätigen: viele Rücknahmen oder Löschungen gelten, viele neue Einträge werden gelesen."""
    from hub.holds import confirm as confirm_hold

    with opened(home) as hub:
        decision = confirm_hold(hub, name)
        state = _state_of(hub, name)
        _renew_note(hub)
    if as_json:
        print_json({"name": name, "state": state, "destroyed": decision.destroyed, "let_pass": decision.let_pass})
    else:
        say(f"{name}: bestätigt, Zustand {state_in_german(state)}.")


@hold.command()
@click.argument("name")
@json_option
@click.pass_obj
def reject(home: Path, name: str, as_json: bool) -> None:
    """Ablehnen: der Stand davor bleibt, bis die Stadt ihn ändert."""
    from hub.holds import reject as reject_hold

    with opened(home) as hub:
        reject_hold(hub, name)
        state = _state_of(hub, name)
        _renew_note(hub)
    if as_json:
        print_json({"name": name, "state": state})
    else:
        say(f"{name}: abgelehnt, Zustand {state_in_german(state)}.")


def _state_of(hub: Hub, name: str) -> str:
    from hub.overview import members

    return next(member.state for member in members(hub) if member.name == name)


@main_group.command()
@json_option
@click.pass_obj
def quarantine(home: Path, as_json: bool) -> None:
    """Angebote, deren neueste Fassung nicht angenommen wurde, mit Grund."""
    from hub.overview import quarantine as read_quarantine

    with opened(home) as hub:
        lines = read_quarantine(hub)
    if as_json:
        print_json(lines)
        return
    for line in lines:
        say(f"{line.member:<20} {line.id}  Eintrag {line.index}  {line.code}: {line.message}")
    if not lines:
        say("Nichts in Quarantäne.")


@main_group.command()
@json_option
@click.pass_obj
def catalogue(home: Path, as_json: bool) -> None:
    """Der kreisweite Katalog: Prüfsumme, Anzahl, und der Stand jedes Logs."""
    from hub.overview import catalogue_state

    with opened(home) as hub:
        shown = catalogue_state(hub)
    if as_json:
        print_json(shown)
        return
    say(f"{shown.records} Angebote, {shown.other} andere Einträge, Prüfsumme {shown.digest or '–'}")
    for source in shown.sources:
        say(f"{source.member:<20} {state_in_german(source.state):<20} {source.size:>8}  {source.origin}")


@main_group.command(name="verify-evidence")
@click.argument("file", metavar="DATEI", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--root", "roots", multiple=True, metavar="SCHLÜSSEL",
    help="Wurzelschlüssel der Mitgliederliste; mehrfach möglich [Vorgabe: die der Datei].",
)  # fmt: skip
@click.option("--threshold", type=int, help="Wie viele Wurzelschlüssel unterschreiben müssen.")
@json_option
def verify_evidence(file: Path, roots: tuple[str, ...], threshold: int | None, as_json: bool) -> None:
    """Eine Datei mit Beweisen prüfen, ohne Netz und ohne Verzeichnis des Hubs; 0, wenn jeder Fall bewiesen ist."""
    from shared.commands import leave
    from shared.verify.cli import judge_file

    leave(judge_file(file, roots, threshold, as_json=as_json))
