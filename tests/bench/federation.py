"""The parties of the bench on disk: a hub and the district's eleven members, made as `init` makes them, on loopback.

Enrolment is not measured, so the roster that it would lead to is written and signed here.  One member publishes, the
others hold their hello only.  Ports are chosen when the parties are made, since the roster names them.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from hub.opening import ROOT_KEY_NAME, close_hub, init_hub, new_settings, open_hub
from hub.party import Hub
from node.opening import close_node, init_node, open_node
from node.party import Node
from node.settings import Membership, save_membership
from shared.feed.roster import MemberRow, format_roster, sign_roster
from shared.holdings import logs
from shared.keyring import load_root_key
from tests.bench.material import OWNER
from tests.support.world import CITIES

NAMES = tuple(name for name, _ in CITIES)
PUBLISHER = next(name for name, ags in CITIES if ags == OWNER)
SECOND = "marl"
LOOPBACK = "127.0.0.0/8"
_PASSPHRASE = b"invented for the bench"
_PORTS = "ports.json"
_PRISTINE = "pristine"


def make_federation(directory: Path) -> None:
    """Make twelve homes below `directory`; every member knows the roster, nothing is published or read yet."""
    ports = _free_ports(["hub", *NAMES, "control"])
    (directory / _PORTS).write_text(json.dumps(ports), encoding="ascii")
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    settings = new_settings(directory / "hub", "hub.kreisweit.example", urls["hub"], allow_networks=(LOOPBACK,))
    hub = init_hub(settings, _PASSPHRASE)
    with ExitStack() as opened:
        opened.callback(close_hub, hub)
        nodes = [_init_member(directory, name, ags, opened) for name, ags in CITIES]
        note = _sign_roster(hub, nodes, urls)
        parties: list[Hub | Node] = [hub, *nodes]
        for party in parties:
            if isinstance(party, Node):
                _make_member(party, hub, urls)
            with party.db.write() as conn:
                for held in (_first_roster(hub), note):
                    party.book.extend(conn, held)


def _init_member(directory: Path, name: str, ags: str, opened: ExitStack) -> Node:
    node = init_node(directory / name, name=name, ags=ags, title=name.title(), allow_networks=[LOOPBACK])
    opened.callback(close_node, node)
    return node


def _make_member(node: Node, hub: Hub, urls: dict[str, str]) -> None:
    membership = Membership(urls["hub"], hub.settings.roots, 1, urls[node.settings.name])
    save_membership(node.home, membership)
    node.book.pin(membership.pins)


def _first_roster(hub: Hub) -> bytes:
    from shared.holdings.papers import load_roster_note

    with hub.db.read() as conn:
        held = load_roster_note(conn, 1)
    if held is None:
        raise RuntimeError("the hub has no roster")
    return held[1]


def _sign_roster(hub: Hub, nodes: list[Node], urls: dict[str, str]) -> bytes:
    """Version 2 of the roster, with all members in it."""
    held = hub.book.newest()
    if held is None:
        raise RuntimeError("the hub has no roster")
    rows = tuple(
        MemberRow(
            node.settings.name, node.settings.ags, "active", 1, node.signer.log_keys[0].verifying,
            node.signer.witness.verifying, urls[node.settings.name],
        )
        for node in nodes
    )  # fmt: skip
    root = load_root_key(hub.settings.key_folder / ROOT_KEY_NAME, _PASSPHRASE)
    return sign_roster(format_roster(msgspec.structs.replace(held.roster, version=2, members=rows)), root)


def _free_ports(names: list[str]) -> dict[str, int]:
    """Ports nobody listens on now, all different because all are held until the last is found."""
    with ExitStack() as held:
        ports = {}
        for name in names:
            found = held.enter_context(socket.socket())
            found.bind(("127.0.0.1", 0))
            ports[name] = int(found.getsockname()[1])
        return ports


def load_ports(directory: Path) -> dict[str, int]:
    """Port of each party, and of the bench's own control."""
    ports: dict[str, int] = json.loads((directory / _PORTS).read_text(encoding="ascii"))
    return ports


@contextmanager
def opened_hub(directory: Path) -> Iterator[Hub]:
    """The hub, opened as every command of it does."""
    hub = open_hub(directory / "hub")
    try:
        yield hub
    finally:
        close_hub(hub)


@contextmanager
def opened_node(directory: Path, name: str) -> Iterator[Node]:
    """A node, opened as every command of it does."""
    node = open_node(directory / name)
    try:
        yield node
    finally:
        close_node(node)


def keep_pristine(directory: Path, *names: str) -> None:
    """Remember how these parties' homes are now, for `restore`."""
    for name in names:
        shutil.copytree(directory / name, directory / _PRISTINE / name, dirs_exist_ok=True)


def restore(directory: Path, *names: str) -> None:
    """Put these parties' homes back to how they were remembered, so that every round begins alike."""
    for name in names:
        shutil.rmtree(directory / name)
        shutil.copytree(directory / _PRISTINE / name, directory / name)


def log_size(party: Hub | Node, origin: str) -> int:
    """How many entries of a log a party holds."""
    with party.db.read() as conn:
        row = logs.find_log(conn, origin)
    return 0 if row is None else int(row.size)
