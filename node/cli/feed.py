"""Commands about the feed: seal, export, status, serve."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from node.cli.commands import main_group, opened
from shared.commands import FAILED, json_option, leave, print_json, print_ready, ready_option, remark, say
from shared.state_words import state_in_german


@main_group.command()
@click.option(
    "--offline", is_flag=True, help="Unterschreiben, ohne den Kreis zu fragen; nicht nach einer Wiederherstellung."
)
@json_option
@click.pass_obj
def seal(home: Path, offline: bool, as_json: bool) -> None:
    """Wartende Änderungen unterschreiben und dem Kreis liefern."""
    from node.sealing import seal_offline, seal_pending
    from node.status import in_german
    from node.upkeep import tidy
    from shared.clock import name_of_worker

    with opened(home) as node:
        outcome = seal_offline(node) if offline else seal_pending(node, name_of_worker("cli", node.dice))
        tidy(node)
        is_member = node.is_member
    is_done = outcome.delivered or outcome.sealed is not None
    if as_json:
        print_json(outcome)
    elif outcome.sealed is not None:
        say(f"{outcome.sealed.entries} Einträge unterschrieben, Größe {outcome.sealed.size}.")
    elif is_done:
        say("Nichts wartet; der Kreis hat alles.")
    if not is_member:
        remark("Dieser Knoten ist noch kein Mitglied; die Änderungen warten.")
    elif outcome.waits_for and not offline:
        remark(in_german(outcome.code, outcome.waits_for))
    if not is_done:
        leave(FAILED)


@main_group.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--own", is_flag=True, help="Nur das eigene Log, nicht was von anderen gehalten wird.")
@json_option
@click.pass_obj
def export(home: Path, folder: Path, own: bool, as_json: bool) -> None:
    """Den Feed als Dateien schreiben, für jeden Webserver oder Objektspeicher."""
    from node.exporting import export as export_tree

    with opened(home) as node:
        done = export_tree(node, folder, with_mirror=not own)
    if as_json:
        print_json(done)
    else:
        say(f"{done.files} Dateien geschrieben, {done.deleted} gelöscht, {done.logs} Logs.")


@main_group.command()
@json_option
@click.pass_obj
def status(home: Path, as_json: bool) -> None:
    """Zeigen, wie dieser Knoten steht."""
    from node.status import show_status

    with opened(home) as node:
        shown = show_status(node)
    if as_json:
        print_json(shown)
        return
    say(f"{shown.name}: {state_in_german(shown.state)}. {shown.message}")
    say(f"Log:     {shown.size} Einträge, Wurzel {shown.root}")
    say(f"Katalog: {shown.catalogue_records} Angebote, Prüfsumme {shown.catalogue_digest or '–'}")
    say(f"Letzte Lieferung {shown.last_push or '–'}, letzter Abruf {shown.last_pull or '–'}")
    if shown.recovered:
        counts = f"{shown.recovered['entries']} Einträge, {shown.recovered['payloads']} Inhalte"
        say(f"Wiederhergestellt {shown.recovered['at']}: {counts}")


@main_group.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse, auf der gelauscht wird.")
@click.option("--port", default=8101, show_default=True, type=click.IntRange(1, 65535), metavar="PORT", help="Port.")
@ready_option
@click.pass_obj
def serve(home: Path, host: str, port: int, as_json: bool) -> None:
    """Den Knoten betreiben: Seiten, Feed, Austausch mit dem Kreis."""
    import sys
    from functools import partial

    from node.app import create_app
    from shared.logs import open_log
    from shared.settings import verify_reach
    from shared.web.server import serve as serve_app

    with opened(home) as node:
        verify_reach(host, totp_required=node.settings.totp_required)
        log = open_log(sys.stderr, node.clock, party=node.settings.name)
        on_ready = partial(print_ready, node.settings.name) if as_json else None
        serve_app(create_app(node, with_link_check=True, log=log), log, host=host, port=port, on_ready=on_ready)


@main_group.group()
def index() -> None:
    """Der Suchindex: abgeleitet aus dem Katalog, jederzeit neu zu machen."""


@index.command(name="rebuild")
@json_option
@click.pass_obj
def rebuild(home: Path, as_json: bool) -> None:
    """Den Suchindex neu aufbauen; bis dahin wird im alten gesucht."""
    from node.derived import derived_of

    with opened(home) as node:
        entries = derived_of(node).rebuild()
    print_json({"entries": entries}) if as_json else say(f"Suchindex neu aufgebaut: {entries} Einträge.")
