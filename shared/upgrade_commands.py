"""The command `upgrade`, the same for node and hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from shared.backup_commands import OpenSubject
from shared.commands import FAILED, PARTLY, json_option, leave, print_json, remark, say

if TYPE_CHECKING:
    from pathlib import Path

    from shared.backups.upgrading import Outlook


def add_upgrade_command(main: click.Group, opened: OpenSubject) -> None:
    """Add `upgrade` to the commands of a party.

    Args:
        opened: opens its subject and plan from the settings in a home directory.
    """

    @main.command(name="upgrade")
    @click.option("--check", "only_check", is_flag=True, help="Nur sagen, was geschähe und was im Weg ist.")
    @click.option("--without-backup", is_flag=True, help="Vorher nicht sichern.")
    @json_option
    @click.pass_obj
    def upgrade_database(home: Path, only_check: bool, without_backup: bool, as_json: bool) -> None:
        """Die Datenbank auf den Stand dieses Programms bringen; vorher wird gesichert.

        Geschieht beim Start von selbst. Ergebnis von --check: 0 es kann losgehen oder ist nichts zu tun, 1 etwas ist im
        Weg, 3 es würde vorher nicht gesichert.
        """
        from shared.backups.upgrading import look_ahead, upgrade

        with opened(home) as (subject, plan):
            if only_check:
                _tell_outlook(look_ahead(subject, plan), as_json)
                return
            done = upgrade(subject, plan, without_backup=without_backup)
        if as_json:
            print_json(done)
            return
        if done.backup:
            remark(f"Vorher gesichert: {done.backup}")
        say(
            f"Die Datenbank ist jetzt auf Stand {done.newest} ({len(done.steps)} Schritte)."
            if done.steps else f"Die Datenbank ist schon auf Stand {max(done.held, done.newest)}."
        )  # fmt: skip


def _tell_outlook(outlook: Outlook, as_json: bool) -> None:
    if as_json:
        print_json(outlook)
    else:
        _say_outlook(outlook)
    if outlook.blocked:
        leave(FAILED)
    if outlook.held and outlook.missing and not outlook.backup:
        leave(PARTLY)


def _say_outlook(outlook: Outlook) -> None:
    if not outlook.missing:
        say(f"Nichts zu tun: Die Datenbank ist auf Stand {outlook.held}, das Programm auf {outlook.newest}.")
        return
    say(f"Die Datenbank ist auf Stand {outlook.held or '–'}, das Programm auf {outlook.newest}.")
    say(f"Schritte:  {len(outlook.missing)}, jeder ganz oder gar nicht")
    say(f"Platz:     {outlook.free // 1_000_000} MB frei, gebraucht werden etwa {outlook.needed // 1_000_000}")
    say(f"Sicherung: vorher nach {outlook.backup}" if outlook.backup else "Sicherung: keine, denn backup key fehlt")
    for text in outlook.blocked:
        say(f"Im Weg:    {text}.")
