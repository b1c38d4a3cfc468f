"""Kreis Heinsberg beside Kreis Recklinghausen: a second federation, made by the commands' own functions on one network.

Only its profile is another one; every step is the one that a district and its cities take.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from hub import receiving as hub_receiving
from hub import upkeep as hub_upkeep
from hub.enrolment import approve, invite, receive_join
from hub.notes import newest_note
from hub.opening import close_hub, init_hub, new_settings, open_hub
from hub.party import Hub
from node import receiving as node_receiving
from node import upkeep as node_upkeep
from node.importing import ImportResult, import_table
from node.joining import join, poll_membership
from node.opening import close_node, init_node, open_node
from node.party import Node
from shared.model.district import District, DistrictMember
from shared.model.shipped import shipped_district
from shared.web.feed_files import FeedFiles
from tests.support.desk import make_passwords_cheap
from tests.support.enrolling import PASSPHRASE, root_of
from tests.support.searching import give_index
from tests.support.world import (
    Answered,
    Exchange,
    Network,
    NetworkAccess,
    PartySite,
    SeededDice,
    VirtualClock,
    node_digest,
    pending_of,
    recovering,
    signed_paths,
)

NAME: Final = "heinsberg"
OFFERS: Final = Path(__file__).parents[2] / "deploy" / "data" / "offers-heinsberg.csv"
HUB: Final = "hub-hs"
"""Host of the second hub on the common network; its members are `<name>-hs`."""


class _HubSite(PartySite):
    """Takes applications, too."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(_files(hub), lambda body: hub_receiving.receive_push(hub, body), signed_paths(hub))
        self._hub = hub

    def answer(self, exchange: Exchange) -> Answered:
        if exchange.method == "POST" and exchange.path == "/federation/join":
            status, members = receive_join(self._hub, exchange.body)
            return Answered(status, msgspec.json.encode(members))
        return super().answer(exchange)


def _files(party: Node | Hub) -> FeedFiles:
    return FeedFiles(party.db, party.book, party.clock, own_origin=party.settings.origin)


class SecondDistrict:
    """A hub and three members, enrolled; call `settle` to let everybody have everything.

    Args:
        folder: for their directories.
    """

    def __init__(self, folder: Path, network: Network, clock: VirtualClock) -> None:
        self.folder, self.network, self.clock = folder, network, clock
        self.district: District = shipped_district(NAME)
        self.hub = self._make_hub()
        self.nodes: dict[str, Node] = {}
        for member in self.district.members:
            self.nodes[member.name] = self._enrol(member)

    def _make_hub(self) -> Hub:
        home = self.folder / HUB
        settings = new_settings(home, "hub.heinsberg.example", f"http://{HUB}", district=NAME)
        close_hub(init_hub(settings, PASSPHRASE, clock=self.clock, dice=SeededDice("hs hub")))
        hub = open_hub(home, clock=self.clock, dice=SeededDice("hs hub 2"), web=NetworkAccess(self.network, HUB))
        make_passwords_cheap(hub)
        self.network.sites[HUB] = _HubSite(hub)
        hub_upkeep.start(hub)
        return hub

    def _enrol(self, member: DistrictMember) -> Node:
        """Invite, join and approve, as two people do over the telephone."""
        node = self.make_node(member)
        host = f"{member.name}-hs"
        joined = join(node, invite(self.hub, member.name, member.ags, member.title), f"http://{host}")
        approve(self.hub, member.name, root_of(self.hub), compared=joined.fingerprint)
        assert poll_membership(node) == "member"
        self.network.sites[host] = PartySite(
            _files(node),
            lambda body, node=node: node_receiving.receive_push(node, body),  # type: ignore[misc]
        )
        node_upkeep.start(node)
        return node

    def make_node(self, member: DistrictMember) -> Node:
        """A node of this district before it joins."""
        home = self.folder / f"{member.name}-hs"
        made = init_node(
            home, name=member.name, ags=member.ags, title=member.title, district=NAME,
            origin=f"{member.name}.heinsberg.example/feed/g1", clock=self.clock, dice=SeededDice(f"hs {member.name}"),
        )  # fmt: skip
        close_node(made)
        node = open_node(
            home, clock=self.clock, dice=SeededDice(f"hs {member.name} 2"),
            web=NetworkAccess(self.network, f"{member.name}-hs"),
        )  # fmt: skip
        node.settings = msgspec.structs.replace(node.settings, public_url=f"https://{member.name}.heinsberg.example")
        make_passwords_cheap(node)
        return node

    def import_offers(self) -> dict[str, ImportResult]:
        """Let every member read its own offers from the sample of this district."""
        data = OFFERS.read_bytes()
        return {name: import_table(node, data, own_only=True) for name, node in self.nodes.items()}

    def tick(self) -> None:
        """Let everybody do what is due; the clock is moved by somebody else."""
        hub_upkeep.tick(self.hub, "hub")
        for name, node in self.nodes.items():
            node_upkeep.tick(node, name)

    def settle(self, most_seconds: int = 120) -> None:
        """Let time pass until all have the same catalogue, and bring indexes and outputs level."""
        for _ in range(most_seconds):
            if self.is_level():
                break
            self.clock.time += 1
            self.tick()
        assert self.is_level()
        parties: list[Node | Hub] = [self.hub, *self.nodes.values()]
        for party in parties:
            give_index(party, self.folder)

    def is_level(self) -> bool:
        """All parties are live, nothing is pending, all digests are the note's."""
        parties: list[Node | Hub] = [self.hub, *self.nodes.values()]
        if any(pending_of(party) or recovering(party.db) for party in parties):
            return False
        with self.hub.db.read() as conn:
            said = newest_note(conn)
        if said is None or len(said.sources) <= len(self.nodes):
            return False
        return all(node_digest(node) == said.digest.hex() for node in self.nodes.values())

    def close(self) -> None:
        """Give back files and connections."""
        close_hub(self.hub)
        for node in self.nodes.values():
            close_node(node)
