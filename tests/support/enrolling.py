"""A hub in a directory as `init` makes it, and cities that only hold keys and know how to apply."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hub.opening import ROOT_KEY_NAME, init_hub, new_settings
from hub.party import Hub
from shared.feed.join import (
    JoinRequest,
    format_join_request,
    make_join_request,
    make_rotation_request,
    parse_invite,
)
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.keyring import load_root_key
from tests.support.world import SeededDice, VirtualClock

PASSPHRASE = b"nur fuer Tests gedacht"


def make_hub(home: Path, clock: VirtualClock) -> Hub:
    """Make a hub on SQLite with a root key of its own."""
    settings = new_settings(home, "hub.example", "http://127.0.0.1:8100", allow_networks=("127.0.0.0/8",))
    return init_hub(settings, PASSPHRASE, clock=clock, dice=SeededDice("hub"))


def root_of(hub: Hub) -> SigningKey:
    """Open the hub's root key."""
    return load_root_key(hub.settings.key_folder / ROOT_KEY_NAME, PASSPHRASE)


class City:
    """The keys of one city, and the requests that it sends."""

    def __init__(self, name: str, *, generation: int = 1, seed: str = "") -> None:
        dice = SeededDice(f"{name} {generation} {seed}")
        self.name = name
        self.url = f"http://127.0.0.1:8101/{name}"
        self.log_key = SigningKey.from_seed(f"{name}.example/feed/g{generation}", LOG, dice.token(32))
        self.next_log_key = SigningKey.from_seed(f"{name}.example/feed/g{generation}", LOG, dice.token(32))
        self.witness_key = SigningKey.from_seed(f"{name}.example/witness", WITNESS, dice.token(32))

    def request(self, code: str, *, time: int = 1) -> JoinRequest:
        """Return the join request for an invite code."""
        return make_join_request(
            token=parse_invite(code).token, name=self.name, log_key=self.log_key, witness_key=self.witness_key,
            url=self.url, time=time,
        )  # fmt: skip

    def application(self, code: str) -> bytes:
        """Return the body of the join request for an invite code."""
        return format_join_request(self.request(code))

    def rotation(self) -> bytes:
        """Return the body that announces the next log key."""
        return format_join_request(
            make_rotation_request(
                name=self.name, old_log_key=self.log_key, log_key=self.next_log_key, witness_key=self.witness_key,
                url=self.url, time=1,
            )
        )  # fmt: skip

    def with_broken_proof(self, code: str) -> bytes:
        """Return a request whose proof signs another URL than it names."""
        request = msgspec.structs.replace(self.request(code), url="http://127.0.0.1:9999")
        return format_join_request(request)
