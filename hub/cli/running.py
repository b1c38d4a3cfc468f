"""Commands about the hub itself: init, serve, worker, status, recover, clock."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from hub.cli.commands import main_group, opened, passphrase_option, read_passphrase
from shared.commands import json_option, print_json, print_ready, ready_option, remark, say
from shared.state_words import state_in_german


@main_group.command()
@click.option("--host", required=True, help="Name des Hubs im Verbund, etwa hub.kreisweit.example.")
@click.option("--url", required=True, help="Adresse, unter der Knoten und Nutzer den Hub erreichen.")
@click.option(
    "--district", default="", metavar="DATEI|NAME",
    help="Kreisprofil: eine Datei, oder der Name eines mitgelieferten [Vorgabe: recklinghausen].",
)  # fmt: skip
@click.option(
    "--allow-network", "networks", multiple=True, metavar="NETZ",
    help="Netz, in dem http und private Adressen erlaubt sind; mehrfach möglich.",
)  # fmt: skip
@click.option("--database", default="", metavar="URL", help="PostgreSQL-Datenbank [Vorgabe: SQLite im Verzeichnis].")
@click.option("--notice", default="", help="Hinweis, der auf jeder Seite steht.")
@passphrase_option
@json_option
@click.pass_obj
def init(  # noqa: PLR0913, PLR0917 - one parameter for each option
    home: Path, host: str, url: str, district: str, networks: tuple[str, ...], database: str, notice: str,
    passphrase_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Einen Hub anlegen: Schlüssel, Datenbank, Mitgliederliste, Vokabulare."""
    from hub.opening import ROOT_KEY_NAME, close_hub, init_hub, new_settings, refuse_existing
    from shared.settings import absolute_profile

    settings = new_settings(
        home, host, url, allow_networks=networks, database=database, notice=notice,
        district=absolute_profile(district),
    )  # fmt: skip
    refuse_existing(settings)
    hub = init_hub(settings, read_passphrase(passphrase_file, is_new=True))
    try:
        path = hub.settings.key_folder / ROOT_KEY_NAME
        if as_json:
            print_json({"origin": hub.settings.origin, "url": hub.settings.url, "root": hub.settings.roots[0]})
        else:
            say(f"Hub {hub.settings.host} ist angelegt in {home}.")
        remark(
            f"Der Wurzelschlüssel liegt in {path}. Bitte auf einen Datenträger verschieben, der nicht am Netz hängt;"
        )
        remark("zum Aufnehmen von Mitgliedern wird er mit --root-key DATEI wieder angegeben.")
    finally:
        close_hub(hub)


@main_group.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse, auf der gelauscht wird.")
@click.option("--port", default=8100, show_default=True, type=click.IntRange(1, 65535), metavar="PORT", help="Port.")
@click.option("--root-path", default="", help="Pfad, unter dem ein vorgeschalteter Server den Hub zeigt.")
@click.option("--without-jobs", is_flag=True, help="Nur Seiten und Feed; die Arbeit macht der Befehl worker.")
@ready_option
@click.pass_obj
def serve(home: Path, host: str, port: int, root_path: str, without_jobs: bool, as_json: bool) -> None:
    """Den Hub betreiben: Seiten, Feed, Spiegel, Anmeldung, und die Arbeit im Hintergrund."""
    import sys
    from functools import partial

    from hub.app import create_app
    from hub.enrolment import receive_join
    from hub.jobs import PARALLEL_ASKED, Parallel
    from shared.logs import open_log
    from shared.settings import verify_reach
    from shared.web.server import serve as serve_app

    with opened(home) as hub:
        verify_reach(host, totp_required=hub.settings.totp_required)
        log = open_log(sys.stderr, hub.clock, party="hub")
        app = create_app(hub, with_jobs=not without_jobs, join=lambda body: receive_join(hub, body), log=log)
        on_ready = partial(print_ready, "hub") if as_json else None
        hub.run_asked = asked = Parallel(log, PARALLEL_ASKED)
        try:
            serve_app(app, log, host=host, port=port, root_path=root_path, on_ready=on_ready)
        finally:
            asked.close()


@main_group.command()
@ready_option
@click.pass_obj
def worker(home: Path, as_json: bool) -> None:
    """Nur die Arbeit im Hintergrund: lesen, unterschreiben, verteilen."""
    from functools import partial

    from hub.jobs import run_worker

    with opened(home) as hub:
        run_worker(hub, on_ready=partial(print_ready, "hub", hub.settings.url) if as_json else None)


@main_group.command()
@json_option
@click.pass_obj
def status(home: Path, as_json: bool) -> None:
    """Zeigen, wie der Hub steht und was ein Mensch entscheiden muss."""
    from hub.overview import status as read_status

    with opened(home) as hub:
        shown = read_status(hub)
    if as_json:
        print_json(shown)
        return
    say(f"{shown.url}: {state_in_german(shown.state)}. {shown.message}".rstrip())
    say(f"Log:        {shown.size} Einträge, Wurzel {shown.root}")
    say(f"Katalog:    {shown.records} Angebote, Prüfsumme {shown.digest or '–'}, es fehlen {shown.missing}")
    say(
        "Mitglieder: "
        + (", ".join(f"{count} {state_in_german(state)}" for state, count in shown.members.items()) or "noch keine")
    )
    if shown.roster is not None:
        say(f"Liste:      Fassung {shown.roster.version}, gültig bis {_day(shown.roster.expires)}")
    for waiting in shown.applications:
        say(f"Anmeldung:  {waiting.name}, Fingerabdruck {waiting.fingerprint}")
    for alarm in shown.alarms:
        say(f"Achtung:    {alarm.name}: {alarm.message}{f' Befehl: {alarm.command}' if alarm.command else ''}")


def _day(time: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time, UTC).strftime("%d.%m.%Y")


@main_group.command()
@click.option(
    "--without", "names", multiple=True, required=True, metavar="NAME", help="Auf dieses Mitglied nicht warten."
)
@json_option
@click.pass_obj
def recover(home: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Den Abgleich nach dem Start ohne ein Mitglied beenden, das länger nicht antworten kann."""
    from hub.holds import excuse_members

    with opened(home) as hub:
        excuse_members(hub, names)
        state = "recovering" if hub.is_recovering() else "live"
    if as_json:
        print_json({"state": state, "without": list(names)})
    else:
        say(f"Auf {', '.join(names)} wird nicht mehr gewartet; der laufende Hub setzt den Abgleich fort.")


@main_group.group()
def clock() -> None:
    """Nach einer falsch gehenden Uhr."""


@clock.command(name="reset")
@json_option
@click.pass_obj
def reset(home: Path, as_json: bool) -> None:
    """Den letzten Stand mit der jetzigen Zeit neu unterschreiben, wenn kein Knoten einen späteren kennt."""
    from hub.own_clock import reset_clock
    from shared.clock import in_german_time

    with opened(home) as hub:
        time = reset_clock(hub)
    if as_json:
        print_json({"time": time})
    elif time is None:
        say("Die gespeicherte Zeit war in Ordnung; nichts geändert.")
    else:
        say(f"Der letzte Stand ist neu unterschrieben, vom {in_german_time(time)}.")


@main_group.group()
def index() -> None:
    """Der Suchindex: abgeleitet aus dem Katalog, jederzeit neu zu machen."""


@index.command(name="rebuild")
@json_option
@click.pass_obj
def rebuild(home: Path, as_json: bool) -> None:
    """Den Suchindex neu aufbauen; bis dahin wird im alten gesucht."""
    from hub.derived import derived_of

    with opened(home) as hub:
        entries = derived_of(hub).rebuild()
    print_json({"entries": entries}) if as_json else say(f"Suchindex neu aufgebaut: {entries} Einträge.")
