"""Commands about the roster step by step, for root keys kept apart: show, draft, sign, publish, drop, new-root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from hub.cli.commands import load_root, main_group, opened, passphrase_option, read_passphrase, root_key_options
from shared.commands import json_option, print_json, remark, say

DRAFT_NAME = "roster-draft.txt"


def file_argument(command: Any) -> Any:
    """Add the optional FILE: the roster's next version on its way from key holder to key holder."""
    return click.argument(
        "file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, dir_okay=False)
    )(command)  # fmt: skip


@main_group.group()
def roster() -> None:
    """Die unterschriebene Mitgliederliste.

    Ohne FILE liegt der Entwurf als roster-draft.txt im Verzeichnis des Hubs.
    """


@roster.command()
@json_option
@click.pass_obj
def show(home: Path, as_json: bool) -> None:
    """Die geltende Fassung mit ihren Unterschriften."""
    from hub.roster_keeping import held_roster, pending_changes

    with opened(home) as hub:
        held = held_roster(hub)
        with hub.db.read() as conn:
            waiting = pending_changes(conn)
    found = held.roster
    if not as_json:
        say(held.note.decode().rstrip("\n"))
        return
    rows = [
        {
            "name": row.name, "ags": row.ags, "status": row.status, "generation": row.generation, "origin": row.origin,
            "log_vkey": row.log_key.vkey, "witness_vkey": row.witness_key.vkey, "url": row.url,
        }
        for row in found.members
    ]  # fmt: skip
    print_json(
        {
            "version": found.version, "issued": found.issued, "expires": found.expires, "threshold": found.threshold,
            "roots": [key.vkey for key in found.roots], "members": rows, "sha256": held.sha256.hex(),
            "pending": {name: str(change) for name, change in waiting.items()},
        }
    )  # fmt: skip


@roster.command()
@file_argument
@json_option
@click.pass_obj
def draft(home: Path, file: Path | None, as_json: bool) -> None:
    """Die nächste Fassung ohne Unterschriften in eine Datei schreiben, mit allen vorgemerkten Änderungen."""
    from hub.roster_keeping import draft as make_draft
    from hub.roster_keeping import pending_changes
    from shared.feed.roster import parse_roster

    path = file or home / DRAFT_NAME
    with opened(home) as hub:
        text = make_draft(hub)
        with hub.db.read() as conn:
            changes = pending_changes(conn)
    path.write_text(text, "utf-8", newline="\n")
    version = parse_roster(text).version
    if as_json:
        print_json({"file": str(path), "version": version})
    else:
        say(f"Fassung {version} liegt in {path}; unterschreiben mit: kreisweit-hub roster sign {path}")
    if not changes:
        remark("Keine Änderung ist vorgemerkt: Diese Fassung verlängert nur die Laufzeit der Mitgliederliste.")


@roster.command()
@file_argument
@root_key_options
@json_option
@click.pass_obj
def sign(
    home: Path, file: Path | None, root_key: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Den Entwurf mit einem Wurzelschlüssel unterschreiben; die Datei enthält danach auch diese Unterschrift.

    Mit --root-key geht das auf jedem Rechner, auch ohne Verzeichnis des Hubs und ohne Netz.
    """
    from hub.roster_keeping import sign as sign_draft
    from shared.keyring import load_root_key, write_private

    path = file or home / DRAFT_NAME
    data = _read(path)
    if root_key is not None and root_key.exists():
        key = load_root_key(root_key, read_passphrase(passphrase_file))
    else:
        with opened(home) as hub:
            key = load_root(hub, root_key, passphrase_file)
    write_private(path, sign_draft(data, key))
    if as_json:
        print_json({"file": str(path), "signed_by": key.verifying.name})
    else:
        say(f"{path} trägt jetzt die Unterschrift von {key.verifying.name}.")


@roster.command()
@file_argument
@json_option
@click.pass_obj
def publish(home: Path, file: Path | None, as_json: bool) -> None:
    """Die unterschriebene Fassung prüfen und in Kraft setzen."""
    from hub.notes import publish_note
    from hub.roster_keeping import publish as publish_roster

    path = file or home / DRAFT_NAME
    data = _read(path)
    with opened(home) as hub:
        version = publish_roster(hub, data)
        publish_note(hub)
    if as_json:
        print_json({"version": version})
    else:
        say(f"Fassung {version} gilt; sie geht mit dem nächsten Katalog an alle Knoten.")


@roster.command()
@click.argument("name")
@json_option
@click.pass_obj
def drop(home: Path, name: str, as_json: bool) -> None:
    """Eine vorgemerkte Änderung für ein Mitglied vergessen."""
    from hub.roster_keeping import cancel_change

    with opened(home) as hub, hub.db.write() as conn:
        cancel_change(conn, name)
    if as_json:
        print_json({"name": name})
    else:
        say(f"Für {name} ist nichts mehr vorgemerkt.")


@roster.command(name="new-root")
@click.argument("label")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@passphrase_option
@json_option
@click.pass_obj
def new_root(home: Path, label: str, file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Einen weiteren Wurzelschlüssel anlegen; er gilt, sobald eine Fassung der Liste seine Zeile enthält.

    LABEL unterscheidet die Schlüssel (a, b, c …). Die ausgegebene Zeile kommt in den Entwurf nach den vorhandenen
    root-Zeilen; dort steht auch, wie viele Unterschriften nötig sind (threshold).
    """
    from hub.opening import make_root_key

    with opened(home) as hub:
        name = f"{hub.settings.host}/root/{label}"
        key = make_root_key(file, name, read_passphrase(passphrase_file, is_new=True), hub.dice)
    if as_json:
        print_json({"file": str(file), "root": key.verifying.vkey})
    else:
        say(f"root {key.verifying.vkey}")


def _read(path: Path) -> bytes:
    from shared.errors import NotFoundError
    from shared.feed import limits

    if not path.is_file():
        raise NotFoundError(f"{path} gibt es nicht.", advice="kreisweit-hub roster draft schreibt den Entwurf.")
    with path.open("rb") as stream:
        return stream.read(limits.LARGE_NOTE_MAX_BYTES + 1)
