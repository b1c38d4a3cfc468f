"""Databases as a released version left them: recorded once with each release, opened by every later program.

    python -m tests.support.released

records this version from a hub and a node with their sample offers, as real processes made them.  Keys and names are
invented; nothing of them is in use anywhere.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from deploy.federation import Federation, is_level
from hub.opening import close_hub, open_hub
from node.opening import close_node, open_node
from shared.holdings import logs
from shared.holdings.catalogue import iterate_shown
from shared.version import VERSION
from tests.support.loopback import free_ports

FOLDER = Path(__file__).parents[1] / "integration" / "released"
MEMBER = "oer-erkenschwick"
"""The city with the fewest sample offers."""
_LEFT_OUT = ("ballast", "serve.log", "search.db", "outputs.db", "backups")


def versions() -> list[str]:
    """Return the versions of which there are databases, oldest first."""
    return sorted(file.name.removesuffix(".tar.gz") for file in FOLDER.glob("*.tar.gz"))


def unpack(version: str, folder: Path) -> dict[str, Any]:
    """Put the directories `hub` and `node` of a version into a folder; returns what the parties said of themselves."""
    with tarfile.open(FOLDER / f"{version}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    said: dict[str, Any] = json.loads((folder / "said.json").read_text("utf-8"))
    return said


def describe(folder: Path) -> dict[str, Any]:
    """Return what hub and node of a folder hold: their own logs, what they show, and the catalogue they agree on."""
    hub, node = open_hub(folder / "hub"), open_node(folder / "node")
    try:
        found: dict[str, Any] = {"digest": _digest(node), "time": node.clock.now()}
        for name, party in (("hub", hub), ("node", node)):
            with party.db.read() as conn:
                own = logs.load_log(conn, party.settings.origin)
                origins = [row.origin for row in logs.load_logs(conn)]
                titles = sorted(one.title for one in iterate_shown(conn, origins) if one.kind == "offer")
            found[name] = {"size": own.size, "root": own.root.hex(), "titles": titles}
        return found
    finally:
        close_node(node)
        close_hub(hub)


def _digest(node: Any) -> str:
    standing = node.consumer.standing()
    return standing.digest if standing is not None and standing.agrees else ""


def record() -> Path:
    """Make the databases of this version; returns the file."""
    with tempfile.TemporaryDirectory() as made:
        federation = Federation(Path(made) / "data", free_ports(3), [MEMBER])
        federation.folder.mkdir()
        try:
            federation.start_all()
            if not is_level(federation.wait_until_level()):
                raise SystemExit("the federation did not become level")
        finally:
            federation.stop_all()
        federation.home(MEMBER).rename(federation.folder / "node")
        target = FOLDER / f"{VERSION}.tar.gz"
        FOLDER.mkdir(exist_ok=True)
        _pack(target, federation.folder, describe(federation.folder))
    return target


def _pack(target: Path, folder: Path, said: dict[str, Any]) -> None:
    with tarfile.open(target, "w:gz") as archive:
        for room in ("hub", "node"):
            for file in sorted((folder / room).rglob("*")):
                if file.is_file() and not file.name.startswith(_LEFT_OUT):
                    archive.add(file, f"{room}/{file.relative_to(folder / room)}")
        data = json.dumps(said, ensure_ascii=False, indent=1).encode()
        entry = tarfile.TarInfo("said.json")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    sys.stdout.write(f"{record()}\n")
