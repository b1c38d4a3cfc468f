"""Programs of integrators that talk to a hub over HTTP, and a hub whose outputs they follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from hub.derived import derived_of
from hub.integrators import add_key
from hub.party import Hub
from tests.support.hostile_server import Question
from tests.support.searching import give_index
from tests.support.world import World

LOOPBACK = ("127.0.0.0/8",)
MAIL = {"mail_host": "127.0.0.1", "mail_port": 1, "mail_security": "none", "mail_sender": "hub@kreis.example"}


def open_to_loopback(hub: Hub, folder: Path) -> None:
    """Let webhooks go to loopback, give the hub outputs, and a mail server that nobody answers at."""
    hub.settings = msgspec.structs.replace(hub.settings, webhook_networks=LOOPBACK, **MAIL)
    give_index(hub, folder)


class Program:
    """One program, with the key of its integrator."""

    def __init__(self, client: TestClient[Litestar], hub: Hub, name: str = "") -> None:
        self._client = client
        self.name = name or f"App-{hub.dice.token(4).hex()}"
        self.key, self.made = add_key(hub, self.name, f"technik@{self.name.lower()}.example")

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send a request with the key; a body goes as JSON."""
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        return self._client.request(method, f"/subscribers{path}", json=body, headers=sent)

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
    """Let everybody agree and the outputs follow, and let a second pass in which it is told."""
    world.settle()
    derived_of(world.hub).catch_up()
    world.tick()


def headers_of(question: Question) -> dict[str, str]:
    """Return the headers of a request as it came."""
    lines = question.head.decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
