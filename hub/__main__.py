"""`python -m hub` is `kreisweit-hub`."""

from __future__ import annotations

import sys

from hub.cli import run


def main() -> None:
    """Run one command."""
    sys.exit(run())


if __name__ == "__main__":
    main()
