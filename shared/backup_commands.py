"""Commands about backups, the same for node and hub: backup key, now, keys, list; restore.

The passphrase is that of the backups' own key, never asked for while making one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shared.commands import json_option, print_json, remark, say
from shared.errors import ConfigError

if TYPE_CHECKING:
    from shared.backups.restoring import Checked
    from shared.backups.subject import BackupPlan, Subject

IDENTITY_NAME = "backup-identity.age"


OpenSubject = Callable[[Path], AbstractContextManager["tuple[Subject, BackupPlan]"]]
"""Opens a party as far as backups need it: from its settings alone, whatever its database is like."""
SaveRecipient = Callable[[Path, str], None]

_TO = click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False),
    help="Verzeichnis, in das gesichert wird [Vorgabe: die Einstellung backup_folder].",
)  # fmt: skip
_IDENTITY = click.option(
    "--identity", type=click.Path(path_type=Path, dir_okay=False), default=Path(IDENTITY_NAME), show_default=True,
    help="Schlüsseldatei der Sicherungen, etwa auf dem Datenträger im Tresor.",
)  # fmt: skip
_PASSPHRASE = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Datei mit der Passphrase dieser Schlüsseldatei; sonst wird am Terminal gefragt.",
)  # fmt: skip


def add_backup_commands(main: click.Group, opened: OpenSubject, save_recipient: SaveRecipient) -> None:
    """Add `backup` and `restore` to the commands of a party.

    Args:
        opened: opens its subject and plan from the settings in a home directory.
        save_recipient: writes the setting `backup_recipient`.
    """

    @main.group()
    def backup() -> None:
        """Sicherungen: anlegen, auflisten, ihren Schlüssel machen."""

    _add_key(backup, opened, save_recipient)
    _add_making(backup, opened)
    _add_restore(main, opened)


def _add_key(backup: click.Group, opened: OpenSubject, save_recipient: SaveRecipient) -> None:
    @backup.command(name="key")
    @click.option(
        "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path(IDENTITY_NAME), show_default=True,
        help="Datei, in die der Schlüssel geschrieben wird.",
    )  # fmt: skip
    @_PASSPHRASE
    @json_option
    @click.pass_obj
    def make_key(home: Path, out: Path, passphrase_file: Path | None, as_json: bool) -> None:
        """Den Schlüssel machen, mit dem sich Sicherungen öffnen lassen, und seinen Empfänger einstellen."""
        from shared.backups import locking
        from shared.clock import SystemDice

        with opened(home) as (_, plan):
            if plan.backup_recipient:
                raise ConfigError(
                    "Für die Sicherungen ist schon ein Empfänger eingestellt",
                    advice="Für einen neuen zuerst backup_recipient aus den Einstellungen nehmen; alte Sicherungen "
                    "öffnet nur der alte Schlüssel.",
                )
        recipient = locking.make_identity(out, _read_passphrase(passphrase_file, is_new=True), SystemDice())
        save_recipient(home, recipient)
        print_json({"identity": str(out), "recipient": recipient}) if as_json else say(
            f"Ab jetzt werden Sicherungen für {recipient} verschlossen."
        )
        remark(f"Der Schlüssel liegt in {out}. Bitte auf einen Datenträger verschieben, der nicht am Netz hängt,")
        remark("und die Passphrase getrennt davon aufbewahren. Ohne beides lässt sich keine Sicherung öffnen.")


def _add_making(backup: click.Group, opened: OpenSubject) -> None:
    @backup.command(name="now")
    @_TO
    @json_option
    @click.pass_obj
    def make_now(home: Path, folder: Path | None, as_json: bool) -> None:
        """Datenbank und Einstellungen sichern, auch im laufenden Betrieb; alte Sicherungen gehen."""
        from shared.backups.making import make_backup

        with opened(home) as (subject, plan):
            made = make_backup(subject, _folder(home, folder, plan), _recipient(plan), keep_days=plan.backup_keep_days)
        if as_json:
            print_json(made)
            return
        say(f"Gesichert: {made.path} ({_grouped(made.size)} Byte, {made.entries} Einträge im eigenen Log).")
        for path in made.dropped:
            say(f"Gelöscht, weil älter als {plan.backup_keep_days} Tage: {path}")

    @backup.command(name="keys")
    @_TO
    @json_option
    @click.pass_obj
    def make_keys(home: Path, folder: Path | None, as_json: bool) -> None:
        """Die Schlüssel dieser Stelle sichern; einmal nach dem Anlegen und nach jedem Wechsel."""
        from shared.backups.making import make_key_backup

        with opened(home) as (subject, plan):
            made = make_key_backup(subject, _folder(home, folder, plan), _recipient(plan))
        print_json(made) if as_json else say(f"Schlüssel gesichert: {made.path}")
        remark("Bitte an einem anderen Ort aufbewahren als die Sicherungen der Daten.")

    @backup.command(name="list")
    @_TO
    @json_option
    @click.pass_obj
    def list_made(home: Path, folder: Path | None, as_json: bool) -> None:
        """Zeigen, welche Sicherungen da sind."""
        from shared.backups.making import list_backups
        from shared.clock import in_german_time

        with opened(home) as (subject, plan):
            place = _folder(home, folder, plan)
            found = list_backups(subject, place)
        if as_json:
            print_json(found)
        elif not found:
            say(f"In {place} ist noch keine Sicherung.")
        for one in () if as_json else found:
            say(f"{in_german_time(one.made)}  {_grouped(one.size):>14} Byte  {one.path}")


def _add_restore(main: click.Group, opened: OpenSubject) -> None:
    @main.command(name="restore")
    @click.argument(
        "file", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="[DATEI]", required=False
    )
    @_IDENTITY
    @_PASSPHRASE
    @click.option("--check", "only_check", is_flag=True, help="Nur öffnen und prüfen; nichts ändern.")
    @click.option("--keys", "are_keys", is_flag=True, help="DATEI ist eine Sicherung der Schlüssel.")
    @json_option
    @click.pass_obj
    def restore_file(
        home: Path, file: Path | None, identity: Path, passphrase_file: Path | None, only_check: bool, are_keys: bool,
        as_json: bool,
    ) -> None:  # fmt: skip
        """Eine Sicherung zurückholen, ohne DATEI die jüngste. Das Programm muss dafür angehalten sein.

        Danach gleicht sich die Stelle mit den anderen ab: Was seit der Sicherung veröffentlicht wurde, kommt zurück;
        was gelöscht wurde, bleibt gelöscht. Bis dahin zeigt sie keine Personen.
        """
        from shared.backups import locking, restoring

        with opened(home) as (subject, plan):
            file = file or _newest(subject, _folder(home, None, plan), are_keys=are_keys)
            opener = locking.load_identity(identity, _read_passphrase(passphrase_file))
            if are_keys:
                names = restoring.restore_keys(subject, file, opener)
                print_json({"keys": names}) if as_json else say(
                    f"Zurückgeholt: {', '.join(names)}" if names else "Alle Schlüssel sind schon da; nichts geändert."
                )
                return
            if only_check:
                _tell_checked(
                    restoring.check_backup(subject, file, opener, newest_schema=subject.newest_schema), as_json
                )
                return
            done = restoring.restore(subject, file, opener, newest_schema=subject.newest_schema)
        remark(f"Genommen wurde {file}.")
        if as_json:
            print_json(done)
            return
        for text in restoring.remarks(done.checked):
            say(text)
        say("Zurückgeholt. Beim nächsten Start gleicht sich die Stelle mit den anderen ab.")
        if done.erased_again:
            say(
                f"{done.erased_again} seitdem gelöschte Fassungen sind auch in der zurückgeholten Datenbank vernichtet."
            )
        if not done.knew_before:
            remark("Die bisherige Datenbank war nicht lesbar. Bitte die Konten durchsehen: Wer seit der Sicherung")
            remark("gesperrt wurde, darf sich wieder anmelden. Was gelöscht wurde, wissen die anderen Stellen.")


def _newest(subject: Subject, folder: Path, *, are_keys: bool) -> Path:
    from shared.backups.making import list_backups

    if are_keys:
        raise ConfigError(
            "Welche Sicherung der Schlüssel?", advice="Die Datei nennen; sie liegt nicht bei denen der Daten."
        )
    found = list_backups(subject, folder)
    if not found:
        raise ConfigError(f"In {folder} liegt keine Sicherung", advice="Die Datei nennen, die zurückkommen soll.")
    return Path(found[0].path)


def _tell_checked(checked: Checked, as_json: bool) -> None:
    from shared.backups.restoring import remarks

    if as_json:
        print_json(checked)
        return
    say("Die Sicherung ist vollständig und lässt sich zurückholen.")
    for text in remarks(checked):
        say(text)


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _folder(home: Path, given: Path | None, plan: BackupPlan) -> Path:
    from shared.backups.making import folder_of

    return given or folder_of(home, plan.backup_folder)


def _recipient(plan: BackupPlan) -> str:
    from shared.backups.locking import verify_recipient

    if not plan.backup_recipient:
        raise ConfigError(
            "Es ist nicht eingestellt, für wen Sicherungen verschlossen werden",
            advice="Einmal „backup key“ aufrufen; es macht den Schlüssel und trägt den Empfänger ein.",
        )
    return verify_recipient(plan.backup_recipient)


def _read_passphrase(path: Path | None, *, is_new: bool = False) -> str:
    """Return the passphrase of the backups' key from a file or from the terminal, asked twice for a new one."""
    if path is not None:
        return path.read_text("utf-8").rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError(
            "Es ist kein Terminal da, um nach der Passphrase zu fragen.", advice="--passphrase-file DATEI"
        )
    text = "Passphrase für den Schlüssel der Sicherungen"
    return str(click.prompt(text, hide_input=True, confirmation_prompt=is_new, err=True))
