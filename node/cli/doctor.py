"""The command that looks at everything about a node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from node.cli.commands import main_group
from shared.doctor_commands import add_doctor_command

if TYPE_CHECKING:
    from shared.doctor.finding import Finding


def _examine(home: Path) -> Sequence[Finding]:
    from node.doctor import examine
    from node.settings import load_settings
    from shared.clock import SystemClock

    return examine(load_settings(home), SystemClock())


add_doctor_command(main_group, _examine)
