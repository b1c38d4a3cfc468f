"""Commands about who this node is: init, join, key, generation, clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from node.cli.commands import main_group, opened
from shared.commands import json_option, print_json, say

if TYPE_CHECKING:
    from node.joining import Joined


@main_group.command()
@click.option("--name", required=True, help="Name im Verbund, etwa herten.")
@click.option("--ags", required=True, help="Amtlicher Gemeindeschlüssel, acht Ziffern.")
@click.option("--title", required=True, help="Wie die Stadt heißt, etwa „Stadt Herten“.")
@click.option("--origin", help="Ursprung des Logs; üblich: NAME.kreisweit.example/feed/g1.")
@click.option("--public-url", default="", metavar="URL", help="Unter welcher Adresse die Seiten zu erreichen sind.")
@click.option("--allow-network", "networks", multiple=True, help="Netz, in dem http und private Adressen erlaubt sind.")
@click.option("--database", default="", help="SQLAlchemy-Adresse; leer = SQLite im Verzeichnis.")
@click.option("--notice", default="", help="Ständiger Hinweis auf allen Seiten.")
@click.option(
    "--district", default="", metavar="DATEI|NAME",
    help="Kreisprofil: eine Datei, oder der Name eines mitgelieferten [Vorgabe: recklinghausen].",
)  # fmt: skip
@json_option
@click.pass_obj
def init(  # noqa: PLR0913, PLR0917 - one argument for each option
    home: Path,
    name: str,
    ags: str,
    title: str,
    origin: str | None,
    public_url: str,
    networks: tuple[str, ...],
    database: str,
    notice: str,
    district: str,
    as_json: bool,
) -> None:
    """Einen Knoten anlegen: Einstellungen, Schlüssel, Datenbank, erster Eintrag."""
    from node.opening import close_node, init_node
    from shared.feed.join import fingerprint
    from shared.settings import absolute_profile

    node = init_node(
        home, name=name, ags=ags, title=title, origin=origin, allow_networks=networks, database=database, notice=notice,
        district=absolute_profile(district), public_url=public_url,
    )  # fmt: skip
    keys = fingerprint(node.signer.log_keys[0].verifying.vkey, node.signer.witness.verifying.vkey)
    close_node(node)
    if as_json:
        print_json({"name": name, "origin": node.settings.origin, "fingerprint": keys})
        return
    say(f"Knoten {name} angelegt in {home}")
    say(f"Log:           {node.settings.origin}")
    say(f"Fingerabdruck: {keys}")
    say("Weiter mit:    kreisweit-node join CODE --url URL")


@main_group.command()
@click.argument("code")
@click.option("--url", required=True, help="Adresse, unter der der Kreis diesen Knoten erreicht; - = nicht erreichbar.")
@json_option
@click.pass_obj
def join(home: Path, code: str, url: str, as_json: bool) -> None:
    """Mit einem Einladungscode dem Kreis beitreten."""
    from node.joining import join as join_hub

    with opened(home) as node:
        _tell_joined(join_hub(node, code, url), as_json)


def _tell_joined(joined: Joined, as_json: bool) -> None:
    if as_json:
        print_json(joined)
        return
    say("Mitglied." if joined.state == "member" else "Antrag gestellt; der Kreis muss noch zustimmen.")
    say(f"Fingerabdruck, am Telefon zu vergleichen: {joined.fingerprint}")


@main_group.group()
def key() -> None:
    """Schlüssel des Logs."""


@key.command()
@click.option(
    "--finish", is_flag=True, help="Den alten Schlüssel ablegen, sobald die Mitgliederliste nur den neuen nennt."
)
@json_option
@click.pass_obj
def rotate(home: Path, finish: bool, as_json: bool) -> None:
    """Einen neuen Schlüssel einführen; beide gelten, bis der Kreis den alten streicht."""
    from node.rotating import finish_rotation, rotate_key
    from shared.errors import LogStateError

    with opened(home) as node:
        if not finish:
            _tell_joined(rotate_key(node), as_json)
        elif not finish_rotation(node):
            raise LogStateError("Die Mitgliederliste nennt den alten Schlüssel noch; er wird noch gebraucht")
        elif as_json:
            print_json({"state": "finished"})
        else:
            say("Der alte Schlüssel ist abgelegt.")


@key.command()
@click.argument("code")
@json_option
@click.pass_obj
def replace(home: Path, code: str, as_json: bool) -> None:
    """Verlorene Schlüssel durch neue ersetzen (CODE: Einladung aus regenerate); das Log geht weiter."""
    from node.opening import make_lost_keys
    from node.rotating import replace_lost_keys

    make_lost_keys(home)
    with opened(home) as node:
        _tell_joined(replace_lost_keys(node, code), as_json)


@main_group.group()
def generation() -> None:
    """Generation des Logs."""


@generation.command(name="new")
@click.argument("code")
@json_option
@click.pass_obj
def generation_new(home: Path, code: str, as_json: bool) -> None:
    """Nach gestohlenem Schlüssel ein neues Log beginnen (CODE: Einladung aus regenerate); der Server muss stehen."""
    from node.rotating import new_generation
    from node.status import is_server_running
    from shared.errors import LogStateError

    with opened(home) as node:
        if is_server_running(node):
            raise LogStateError(
                "Der Server dieses Knotens läuft noch", advice="Ihn anhalten und den Befehl wiederholen."
            )
        _tell_joined(new_generation(node, code), as_json)


@main_group.group()
def clock() -> None:
    """Uhr und gespeicherte Zeiten."""


@clock.command()
@json_option
@click.pass_obj
def reset(home: Path, as_json: bool) -> None:
    """Nach einer falsch gehenden Uhr die gespeicherte Zeit zurücksetzen."""
    from node.own_clock import reset_clock
    from shared.clock import in_german_time

    with opened(home) as node:
        before, now = reset_clock(node), node.clock.now()
    if as_json:
        print_json({"before": before, "now": now})
    elif before > now:
        say(f"Die gespeicherte Zeit ist zurückgesetzt, vom {in_german_time(before)} auf den {in_german_time(now)}.")
    else:
        say("Die gespeicherte Zeit war in Ordnung; nichts geändert.")
