"""The command line of the hub: `kreisweit-hub --home DIR COMMAND …`.

Exit codes: 0 done, 1 refused or failed with the reason on stderr, 2 wrong usage, 3 partly done.  Heavy modules are
loaded inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

from hub.cli.commands import main_group, run

__all__ = ["main_group", "run"]
