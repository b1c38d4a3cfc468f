"""Programs of integrators that talk to a hub over HTTP, and a hub whose outputs they follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from hub.integrators import add_key
from hub.notes import newest_note
from hub.party import Hub
from node.party import Node
from shared.consume import shown_origins
from shared.holdings import logs
from tests.support.hostile_server import Question
from tests.support.searching import give_index
from tests.support.world import World, pending_of

LOOPBACK = ("127.0.0.0/8",)
MAIL = {"mail_host": "127.0.0.1", "mail_port": 1, "mail_security": "none", "mail_sender": "hub@kreis.example"}


def open_to_loopback(hub: Hub, folder: Path) -> None:
    """Let webhooks go to loopback, give the hub outputs, and a mail server where nobody answers."""
    hub.settings = msgspec.structs.replace(hub.settings, webhook_networks=LOOPBACK, **MAIL)
    give_index(hub, folder)


class Program:
    """One program, with the key of its integrator."""

    def __init__(self, client: TestClient[Litestar], hub: Hub, name: str = "") -> None:
        self.client = client
        self.name = name or f"App-{hub.dice.token(4).hex()}"
        self.key, self.made = add_key(hub, self.name, f"technik@{self.name.lower()}.example")

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send a request with the key; a body goes as JSON."""
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        return self.client.request(method, f"/subscribers{path}", json=body, headers=sent)

    def subscribe(self, url: str | None = None, **wish: object) -> dict[str, Any]:
        """Make a subscriber; returns what is said about it, with its secret."""
        answer = self.ask("POST", "", {"url": url, **wish})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def show(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is said about a subscriber now."""
        found: dict[str, Any] = self.ask("GET", f"/{made['id']}").json()
        return found

    def log(self, made: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return what was sent, newest first."""
        found: Sequence[Mapping[str, Any]] = self.ask("GET", f"/{made['id']}/deliveries").json()["deliveries"]
        return found


def settle(world: World) -> None:
    """Let the hub's note name all that the nodes wrote, the outputs follow, and a second pass in which it is told."""
    note_everything(world)
    follow(world.hub)
    world.tick()


def note_everything(world: World, most_seconds: int = 60) -> None:
    """Let time pass until the hub's note names all that the nodes wrote."""
    for _ in range(most_seconds):
        world.tick()
        with world.hub.db.read() as conn:
            said = newest_note(conn)
        noted = {} if said is None else {source.origin: source.size for source in said.sources}
        if all(
            not pending_of(node) and noted.get(node.settings.origin) == _size(node) for node in world.nodes.values()
        ):
            return
    raise AssertionError(f"not noted after {most_seconds} s: {world.describe()}")


def _size(node: Node) -> int:
    with node.db.read() as conn:
        return int(logs.load_log(conn, node.settings.origin).size)


def follow(hub: Hub) -> None:
    """Bring the outputs level with the note; nobody searches here, so the index stays as it is."""
    with hub.db.read() as conn:
        said = newest_note(conn)
    assert said is not None
    assert hub.outputs.keeper is not None
    hub.outputs.keeper.catch_up(shown_origins(said))


def headers_of(question: Question) -> dict[str, str]:
    """Return the headers of a request as it came."""
    lines = question.head.decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
