"""The root key of a world in a file, as it lies on the hub's computer while members are admitted."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hub.opening import ROOT_KEY_NAME
from shared.keyring import save_root_key
from tests.support.world import SeededDice, World

PASSPHRASE = "nur fuer Tests gedacht"


def lay_down_root_key(world: World, home: Path) -> Path:
    """Give the world's hub a directory with its root key in it; returns the file."""
    world.hub.settings = msgspec.structs.replace(world.hub.settings, home=str(home))
    path = world.hub.settings.key_folder / ROOT_KEY_NAME
    save_root_key(path, world.root, PASSPHRASE.encode(), SeededDice(f"{world.seed} root key file"))
    return path
