"""`python -m node` is `kreisweit-node`."""

from __future__ import annotations

import sys

from node.cli import run


def main() -> None:
    """Run one command."""
    sys.exit(run())


if __name__ == "__main__":
    main()
