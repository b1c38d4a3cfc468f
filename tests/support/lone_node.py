"""One node on a real disk, a member of a federation whose hub is a fake that only remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from node.opening import close_node, init_node, open_node
from node.party import Node
from node.sealing import seal_offline
from node.settings import Membership, save_membership
from shared.errors import FetchError
from shared.feed.join import (
    Invite,
    JoinRequest,
    format_invite,
    parse_join_request,
    verify_join_request,
    verify_rotation_request,
)
from shared.feed.keys import LOG, WITNESS, SigningKey, VerifyingKey
from shared.feed.roster import HubRow, MemberRow, Roster, format_roster, sign_roster
from shared.holdings import facts
from shared.net.fetcher import NO_HEADERS, Fetched, Posted
from tests.support.world import SeededDice, VirtualClock

HUB = "http://hub.example"
_DAY = 86_400


def _key(label: str, name: str, kind: int) -> SigningKey:
    return SigningKey.from_seed(name, kind, SeededDice(label).token(32))


class FakeHub:
    """Answers join requests and rosters as a hub would; `is_down` makes it unreachable, `refuse` gives a status."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.root = _key("root", "hub.example/root/a", LOG)
        self.log_key = _key("hub log", "hub.example/feed/g1", LOG)
        self.witness = _key("hub witness", "hub.example/witness", WITNESS)
        self.rosters: list[bytes] = []
        self.requests: list[JoinRequest] = []
        self.is_down = False
        self.refuse = 0
        self._rows: tuple[MemberRow, ...] = ()

    def invite(
        self, name: str = "herten", ags: str = "05562020", *, seconds: int = _DAY, token: bytes = b"t" * 32
    ) -> str:
        expires = self.clock.now() + seconds
        return format_invite(Invite(HUB, (self.root.verifying,), 1, name, ags, token, expires))

    def approve(self, request: JoinRequest, *more: VerifyingKey, generation: int = 1) -> None:
        """Sign the next roster with this member in it; `more` are further log keys of a rotation."""
        keys = (request.log_key, *more)
        self._rows = tuple(
            MemberRow("herten", "05562020", "active", generation, key, request.witness_key, request.url) for key in keys
        )
        now = self.clock.now()
        hub = HubRow(self.log_key.verifying, self.witness.verifying, HUB)
        version = len(self.rosters) + 1
        roster = Roster(version, now, now + 300 * _DAY, 1, (self.root.verifying,), hub, self._rows)
        self.rosters.append(sign_roster(format_roster(roster), self.root))

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        self._must_be_up()
        path = url.removeprefix(HUB)
        if path == "/roster" and self.rosters:
            return Fetched(200, self.rosters[-1])
        if path.startswith("/roster/") and 0 < (version := int(path.rpartition("/")[2])) <= len(self.rosters):
            return Fetched(200, self.rosters[version - 1])
        return Fetched(404)

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        self._must_be_up()
        if not url.endswith("/federation/join"):
            return Posted(404)
        if self.refuse:
            return Posted(self.refuse, json.dumps({"detail": "no"}).encode())
        request = parse_join_request(body)
        if request.token is None:
            verify_rotation_request(request, [row.log_key for row in self._rows])
        else:
            verify_join_request(request)
        self.requests.append(request)
        if any(row.log_key == request.log_key for row in self._rows):
            return Posted(200, json.dumps({"state": "member", "roster": len(self.rosters)}).encode())
        return Posted(202, json.dumps({"state": "waiting", "fingerprint": request.fingerprint}).encode())

    def _must_be_up(self) -> None:
        if self.is_down:
            raise FetchError("hub.example is down", kind="connect")


def make_node(home: Path, clock: VirtualClock, hub: FakeHub | None = None) -> Node:
    """A node before it joins."""
    init_node(
        home, name="herten", ags="05562020", title="Stadt Herten", clock=clock, dice=SeededDice("init")
    ).db.close()
    return open_node(home, clock=clock, dice=SeededDice("open"), web=hub or FakeHub(clock))


def reopen(node: Node) -> Node:
    """Close a node and open its directory again, as the next command does."""
    close_node(node)
    return open_node(node.home, clock=node.clock, dice=SeededDice("again"), web=node.web)


def make_member(home: Path, clock: VirtualClock) -> Node:
    """A node that the roster names, so that it may seal (offline)."""
    hub = FakeHub(clock)
    node = make_node(home, clock, hub)
    signer = node.signer
    hub.approve(
        JoinRequest(b"t" * 32, "herten", signer.log_keys[0].verifying, signer.witness.verifying, "http://herten", b"")
    )
    membership = Membership(HUB, (hub.root.verifying.vkey,), 1, "http://herten")
    save_membership(home, membership)
    node.membership = membership
    node.book.pin(membership.pins)
    with node.db.write() as conn:
        node.book.extend(conn, hub.rosters[0])
        facts.save_fact(conn, "asked-at", clock.now())  # the hub has answered once (W7)
    return node


def seal(node: Node) -> int:
    """Seal what is pending without asking; returns the size of the log."""
    with node.db.write() as conn:
        facts.save_fact(conn, "asked-at", node.clock.now())  # the hub has answered once (W7)
    outcome = seal_offline(node)
    assert outcome.sealed is not None, outcome.waits_for
    return outcome.sealed.size


def offer(title: str = "Sprachkurs am Vormittag", **fields: object) -> dict[str, object]:
    """A document that is fit to be published."""
    document: dict[str, object] = {
        "name": title, "summary": "Ein Angebot zum Mitmachen für alle.", "topics": ["sprache"],
        "providers": [{"name": "Volkshochschule Beispielstadt"}],
    }  # fmt: skip
    return document | fields


def files_with(home: Path, text: str) -> list[str]:
    """Names of all files below a directory that hold the text as UTF-8, in any of its usual escapes."""
    needles = (text.encode(), text.encode("utf-16-le"), json.dumps(text)[1:-1].encode())
    files = [path for path in home.rglob("*") if path.is_file()]
    return [str(path.relative_to(home)) for path in files if any(n in path.read_bytes() for n in needles)]


def states(rows: Sequence[msgspec.Struct]) -> Mapping[str, str]:
    """Title to state of listed offers."""
    plain = [msgspec.to_builtins(row) for row in rows]
    return {row["title"]: row["state"] for row in plain}
