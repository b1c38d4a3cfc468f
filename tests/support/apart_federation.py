"""A federation of real processes, each in a network namespace of its own, whose network a test can break."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from deploy.federation import Federation, is_level
from hub.enrolment import approve, invite
from hub.opening import close_hub, init_hub, new_settings, open_hub
from hub.party import Hub
from node.importing import import_table
from node.joining import join
from node.opening import close_node, init_node, open_node
from node.party import Node
from node.settings import save_settings
from shared.clock import SystemClock
from shared.holdings import logs
from shared.keyring import load_root_key
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from shared.verify.copy import CopySettings, LocalCopy, make_copy, opened_copy
from tests.support.namespaces import NETWORK, Network
from tests.support.world import publish

INTEGRATOR = "integrator"
_PASSPHRASE = b"invented for these tests"
_PORT = 8100
_POLL_MINUTES = 1
CYCLE_SECONDS = 60 * _POLL_MINUTES

Held = Mapping[str, tuple[int, bytes]]
"""Size and root of every log that a party holds, by origin."""


class ApartFederation(Federation):
    """Hub and nodes with short intervals, one namespace each, and one more for an integrator."""

    def __init__(self, folder: Path, network: Network, names: tuple[str, ...]) -> None:
        super().__init__(folder, _PORT, names)
        self.network = network
        self.names = names
        for name in (*self.parties, INTEGRATOR):
            network.add(name)

    # --- set-up ------------------------------------------------------------------------------------------------------

    def host(self, name: str) -> str:
        return self.network.address(name)

    def start(self, name: str) -> None:
        with self.network.inside(name):
            super().start(name)

    def _answers(self, name: str) -> bool:
        with self.network.inside(name):
            return super()._answers(name)

    def make(self) -> None:
        """Enrol every node and import its offers."""
        settings = new_settings(
            self.home("hub"), "hub.kreisweit.example", self.url("hub"), allow_networks=[NETWORK],
            poll_minutes=_POLL_MINUTES, seal_interval_seconds=1,
        )  # fmt: skip
        hub = init_hub(settings, _PASSPHRASE)
        self.start("hub")
        self.wait_for("hub")
        root = load_root_key(self.home("hub") / "keys" / "root.key", _PASSPHRASE)
        for member in self.members:
            node = init_node(
                self.home(member.name), name=member.name, ags=member.ags, title=member.title, allow_networks=[NETWORK]
            )
            save_settings(msgspec.structs.replace(node.settings, poll_minutes=_POLL_MINUTES, seal_interval_seconds=1))
            with self.network.inside(member.name):
                join(node, invite(hub, member.name, member.ags, member.title), self.url(member.name))
            import_table(node, self.offers, own_only=True)
            close_node(node)
            approve(hub, member.name, root)
        close_hub(hub)

    # --- what people do and see --------------------------------------------------------------------------------------

    def publish(self, name: str, title: str) -> None:
        """Somebody at this node publishes an offer."""
        with self.opened(name) as node:
            assert isinstance(node, Node)
            publish(node, title)

    def page(self, name: str, path: str, seconds: float = 5) -> str:
        """What a visitor in the same building as this party sees."""
        with (
            self.network.inside(name),
            closing(http.client.HTTPConnection(self.host(name), self.port(name), timeout=seconds)) as connection,
        ):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200, f"{name} {path}: {answer.status}"
            return answer.read().decode()

    def shows(self, name: str, title: str) -> bool:
        """Tell whether a search at this party finds an offer of this title."""
        return f">{title}<" in self.page(name, f"/angebote?q={quote(title)}")

    def held(self, name: str) -> Held:
        """Every log that a party holds."""
        with self.opened(name) as party, party.db.read() as conn:
            return {row.origin: (row.size, bytes(row.root)) for row in logs.load_logs(conn)}

    @contextmanager
    def opened(self, name: str) -> Iterator[Hub | Node]:
        """The party's directory, opened as every command of it does."""
        if name == "hub":
            hub = open_hub(self.home(name))
            try:
                yield hub
            finally:
                close_hub(hub)
            return
        node = open_node(self.home(name))
        try:
            yield node
        finally:
            close_node(node)

    @contextmanager
    def verified_copy(self, folder: Path) -> Iterator[LocalCopy]:
        """The copy of an integrator who trusts the root keys alone; `follow` it inside its namespace."""
        with self.opened("hub") as hub:
            assert isinstance(hub, Hub)
            settings = CopySettings(self.url("hub"), hub.settings.roots, 1, (NETWORK,))
        clock = SystemClock()
        make_copy(folder, settings)
        web = HttpClient(NetSettings(allow_networks=(NETWORK,)), clock)
        try:
            with opened_copy(folder, settings, clock, web) as copy:
                yield copy
        finally:
            web.close()

    @property
    def parties(self) -> tuple[str, ...]:
        return ("hub", *self.names)

    def wait_until_all_show(self, *titles: str, seconds: float) -> float:
        """Wait until all parties hold the same complete catalogue and every one shows these; how long it took."""

        def is_whole() -> bool:
            return is_level(self.lines()) and all(self.shows(name, title) for name in self.parties for title in titles)

        return wait_for(is_whole, seconds=seconds)


def wait_for(claim: Callable[[], bool], *, seconds: float) -> float:
    """Wait until the claim holds; returns how long it took."""
    began = time.monotonic()
    while not claim():
        assert time.monotonic() - began < seconds, f"it did not happen within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - began
