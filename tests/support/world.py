"""A small federation in one process: real nodes and a real hub over an in-memory network and in-memory databases.

Time is virtual, dice are seeded, every exchange goes through `Network.exchange`, where tests and the simulation put
faults.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from hub import notes, relaying, reporting
from hub import receiving as hub_receiving
from hub import upkeep as hub_upkeep
from hub.party import Hub
from hub.settings import HubSettings
from hub.store.migrate import migrations as hub_migrations
from node import receiving as node_receiving
from node import upkeep as node_upkeep
from node.party import Node
from node.settings import Membership, NodeSettings
from node.store.migrate import migrations as node_migrations
from shared.database import Database
from shared.errors import AccessError, FetchError, InputError, ParseError, VerificationError
from shared.feed import inbox, passed_hints, report
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.push import PushAnswer, PushBody, format_answer, parse_push
from shared.feed.request import HEADER
from shared.feed.roster import HubRow, MemberRow, Roster, format_roster, sign_roster
from shared.holdings import edits, facts, logs
from shared.holdings.edits import NEW, Edit
from shared.holdings.migrating import VERSION_TABLE, revisions
from shared.holdings.tables import metadata
from shared.judges import judges
from shared.net.fetcher import NO_HEADERS, Fetched, Posted
from shared.seal import Signer, begin_log
from shared.web.feed_files import FeedFiles

START = 1_767_225_600
CITIES = (
    ("castrop-rauxel", "05562004"), ("datteln", "05562008"), ("dorsten", "05562012"), ("gladbeck", "05562014"),
    ("haltern-am-see", "05562016"), ("herten", "05562020"), ("marl", "05562024"), ("oer-erkenschwick", "05562028"),
    ("recklinghausen", "05562032"), ("waltrop", "05562036"), ("kreis", "05562000"),
)  # fmt: skip


class VirtualClock:
    """Time that moves when told; `skew` is added for one party."""

    def __init__(self, now: float = START) -> None:
        self.time = now
        self.skew = 0

    def now(self) -> int:
        return int(self.time) + self.skew

    def monotonic(self) -> float:
        return self.time


class SharedClock:
    """One party's view of the world's clock."""

    def __init__(self, world_clock: VirtualClock) -> None:
        self._world = world_clock
        self.skew = 0

    def now(self) -> int:
        return int(self._world.time) + self.skew

    def monotonic(self) -> float:
        return self._world.time


class SeededDice:
    """Repeatable bytes."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)

    def token(self, size: int) -> bytes:
        return self._random.randbytes(size)


class Exchange(msgspec.Struct, frozen=True):
    """One request on the way."""

    sender: str
    receiver: str
    method: str
    path: str
    body: bytes = b""
    etag: str = ""
    headers: Mapping[str, str] = NO_HEADERS


class Answered(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes = b""
    etag: str = ""


class Site(Protocol):
    """A party that answers requests."""

    def answer(self, exchange: Exchange) -> Answered:
        """Answer one request."""


class Network:
    """Carries requests between sites by host name; `meddle` may fail, change, repeat or delay them."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.meddle: Callable[[Exchange, Callable[[], Answered]], Answered] | None = None
        self.log: list[tuple[str, str, str, str, int]] = []

    def exchange(self, request: Exchange) -> Answered:
        """Deliver one request and return its answer; FetchError where there is none."""

        def deliver() -> Answered:
            site = self.sites.get(request.receiver)
            if site is None:
                raise FetchError(f"{request.receiver} is down", kind="connect")
            return site.answer(request)

        answered = deliver() if self.meddle is None else self.meddle(request, deliver)
        self.log.append((request.sender, request.receiver, request.method, request.path, answered.status))
        return answered


class NetworkAccess:
    """The `WebAccess` of one party in the world."""

    def __init__(self, network: Network, sender: str) -> None:
        self._network = network
        self._sender = sender

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        host, _, path = url.removeprefix("http://").partition("/")
        answered = self._network.exchange(Exchange(self._sender, host, "GET", "/" + path, etag=etag))
        if answered.status not in (200, 304, 404, 410):
            raise FetchError(f"{url} answered {answered.status}", kind="status", status=answered.status)
        if len(answered.body) > max_bytes and answered.status == 200:
            raise FetchError(f"{url}: more than {max_bytes} bytes", kind="oversize")
        return Fetched(answered.status, answered.body, answered.etag)

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        host, _, path = url.removeprefix("http://").partition("/")
        answered = self._network.exchange(Exchange(self._sender, host, "POST", "/" + path, body=body, headers=headers))
        if answered.status in (429, 503) or answered.status >= 500:
            raise FetchError(f"{url} answered {answered.status}", kind="status", status=answered.status)
        return Posted(answered.status, answered.body, "text/plain")


class PartySite:
    """Serves one party's feed files and takes pushes, as its web application does."""

    def __init__(
        self,
        files: FeedFiles,
        receive: Callable[[PushBody], PushAnswer],
        signed: Mapping[str, Callable[[str, bytes], bytes]] | None = None,
    ) -> None:
        self._files = files
        self._receive = receive
        self._signed = dict(signed or {})

    def answer(self, exchange: Exchange) -> Answered:
        if exchange.method == "POST" and exchange.path in self._signed:
            try:
                return Answered(200, self._signed[exchange.path](exchange.headers.get(HEADER, ""), exchange.body))
            except (InputError, AccessError, VerificationError):
                return Answered(422)
        if exchange.method == "POST" and exchange.path == "/federation/push":
            try:
                body = parse_push(exchange.body)
            except ParseError:
                return Answered(400)
            return Answered(200, format_answer(self._receive(body)))
        if exchange.method != "GET":
            return Answered(405)
        answer = self._files.get(exchange.path, if_none_match=exchange.etag)
        return Answered(answer.status, answer.body, answer.headers.get("ETag", ""))


def signed_paths(hub: Hub) -> Mapping[str, Callable[[str, bytes], bytes]]:
    """What the hub answers to signed requests, by path."""
    return {
        inbox.PATH: lambda header, body: relaying.receive_inbox(hub, header, body),
        passed_hints.PATH: lambda header, body: relaying.receive_hints(hub, header, body),
        report.PATH: lambda header, body: reporting.receive_report(hub, header, body),
    }


_first_engines: dict[object, sa.Engine] = {}
"""By driver: the first engine that was made in this process."""


class SharingDatabase(Database):
    """A SQLite database whose statements are compiled once for all such databases of this process."""

    def _sqlite_engine(self, durable: bool) -> sa.Engine:
        engine = super()._sqlite_engine(durable)
        first = _first_engines.get(engine.dialect.dbapi)
        if first is None:
            with engine.connect():  # asks the driver what it can do
                first = _first_engines[engine.dialect.dbapi] = engine
        # What is compiled belongs to its dialect.
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        return engine


class MemoryDatabase(SharingDatabase):
    """A database in memory."""

    def __init__(self) -> None:
        super().__init__("sqlite://")


def make_tables(db: Database) -> None:
    """Make the tables of a party in an empty database."""
    if isinstance(db, MemoryDatabase):
        load_image(db, _empty_tables(frozenset(metadata.tables)))
    else:
        _make_tables(db)


@cache
def _empty_tables(_names: frozenset[str]) -> bytes:
    """The disk of a party that holds nothing yet; made again when a module has brought further tables."""
    db = MemoryDatabase()
    _make_tables(db)
    image = disk_image(db)
    db.close()
    return image


def _make_tables(db: Database) -> None:
    """Make the tables of both rooms at once, and say that no migration is missing."""
    metadata.create_all(db.engine)
    newest = max(*revisions(hub_migrations()), *revisions(node_migrations()))
    with db.write() as conn:
        conn.execute(sa.text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        conn.execute(sa.insert(sa.table(VERSION_TABLE, sa.column("version_num"))).values(version_num=newest))


class World:
    """A hub and nodes, enrolled and empty.

    Args:
        names: which of the eleven publishers take part.
        seed: of keys and dice.
        push_only: members that the hub cannot reach.
        network: carries the exchanges; a simulation brings one with faults.
        disks: images of an earlier world of the same names and keys, to go on from instead of beginning empty.
        dice_seed: of the dice alone, where the keys must be those of `disks`.
    """

    def __init__(
        self,
        names: Sequence[str] | None = None,
        *,
        seed: int = 1,
        push_only: Sequence[str] = (),
        clock: VirtualClock | None = None,
        network: Network | None = None,
        disks: Mapping[str, bytes] | None = None,
        dice_seed: int | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.network = network or Network()
        self.seed = seed
        self._dice_seed = seed if dice_seed is None else dice_seed
        self._ags = dict(CITIES)
        self._clocks: dict[str, SharedClock] = {}
        self.names = tuple(names if names is not None else (name for name, _ in CITIES))
        self.push_only = frozenset(push_only)
        self.root = SigningKey.from_seed("hub.example/root/a", LOG, SeededDice(f"{seed} root").token(32))
        self._signers = {name: self._make_signer(name) for name in (*self.names, "hub")}
        self.roster_note = self._make_roster()
        self.nodes: dict[str, Node] = {}
        self._restarts = 0
        self._dice_count = 0
        self.hub = self._open_hub(self._disk("hub", disks), is_new=disks is None)
        for name in self.names:
            self.nodes[name] = self._open_node(name, self._disk(name, disks), is_new=disks is None)
        if disks is None:
            self.start_all()

    def make_database(self, name: str) -> Database:
        """Return an empty in-memory database for a party; a simulation returns one that can crash."""
        return MemoryDatabase()

    def _disk(self, name: str, disks: Mapping[str, bytes] | None) -> Database:
        db = self.make_database(name)
        if disks is not None:
            load_image(db, disks[name])
        return db

    # --- making ------------------------------------------------------------------------------------------------------

    def _make_signer(self, name: str) -> Signer:
        dice = SeededDice(f"{self.seed} keys {name}")
        host = f"{name}.example"
        return Signer(
            (SigningKey.from_seed(f"{host}/feed/g1", LOG, dice.token(32)),),
            SigningKey.from_seed(f"{host}/witness", WITNESS, dice.token(32)),
        )

    def _make_roster(self) -> bytes:
        hub = self._signers["hub"]
        rows = tuple(
            MemberRow(
                name, self._ags[name], "active", 1, self._signers[name].log_keys[0].verifying,
                self._signers[name].witness.verifying, "-" if name in self.push_only else f"http://{name}",
            )
            for name in self.names
        )  # fmt: skip
        roster = Roster(
            1, START - 100, START + 300 * 86_400, 1, (self.root.verifying,),
            HubRow(hub.log_keys[0].verifying, hub.witness.verifying, "http://hub"), rows,
        )  # fmt: skip
        return sign_roster(format_roster(roster), self.root)

    def _dice(self, name: str) -> SeededDice:
        self._dice_count += 1
        return SeededDice(f"{self._dice_seed} dice {name} {self._dice_count}")

    def _open_hub(self, db: Database, *, is_new: bool = False) -> Hub:
        clock = self._clocks.setdefault("hub", SharedClock(self.clock))
        settings = HubSettings(
            home="", origin="hub.example/feed/g1", url="http://hub", roots=(self.root.verifying.vkey,)
        )  # fmt: skip
        hub = Hub(
            settings, db, self._signers["hub"], judges(), clock=clock, dice=self._dice("hub"),
            web=NetworkAccess(self.network, "hub"),
        )  # fmt: skip
        if is_new:
            make_tables(db)
            with db.write() as conn:
                begin_log(db, conn, msgspec.structs.replace(hub.own_keys, ags="05562000"), hub.signer, now=clock.now())
                hub.book.extend(conn, self.roster_note)
        self.network.sites["hub"] = PartySite(
            self._files(hub, "hub"),
            lambda body: hub_receiving.receive_push(hub, body),
            signed_paths(hub),
        )
        return hub

    def _open_node(self, name: str, db: Database, *, is_new: bool = False) -> Node:
        clock = self._clocks.setdefault(name, SharedClock(self.clock))
        settings = NodeSettings(
            home="", name=name, ags=self._ags[name], title=name.title(), origin=f"{name}.example/feed/g1"
        )
        membership = Membership(
            "http://hub", (self.root.verifying.vkey,), 1, "-" if name in self.push_only else f"http://{name}"
        )
        node = Node(
            settings, db, self._signers[name], judges(), membership, clock=clock, dice=self._dice(name),
            web=NetworkAccess(self.network, name),
        )  # fmt: skip
        if is_new:
            make_tables(db)
            with db.write() as conn:
                begin_log(db, conn, node.own_keys, node.signer, now=clock.now())
                node.book.extend(conn, self.roster_note)
        if name not in self.push_only:
            self.network.sites[name] = PartySite(
                self._files(node, name), lambda body: node_receiving.receive_push(node, body)
            )
        return node

    @staticmethod
    def _files(party: Node | Hub, name: str) -> FeedFiles:
        return FeedFiles(party.db, party.book, party.clock, own_origin=party.settings.origin)

    # --- running -----------------------------------------------------------------------------------------------------

    def start_all(self) -> None:
        """Start every party, as `serve` does."""
        hub_upkeep.start(self.hub)
        for node in self.nodes.values():
            node_upkeep.start(node)

    def tick(self, seconds: int = 1) -> None:
        """Let time pass second by second; every party does what is due."""
        for _ in range(seconds):
            self.clock.time += 1
            if "hub" in self.network.sites:
                hub_upkeep.tick(self.hub, "hub")
            for name, node in self.nodes.items():
                if name in self.network.sites or name in self.push_only:
                    node_upkeep.tick(node, name)

    def settle(self, most_seconds: int = 120) -> int:
        """Let time pass until all catalogues are equal and nothing is pending; returns the seconds it took."""
        for second in range(most_seconds):
            if self.is_level():
                return second
            self.tick()
        raise AssertionError(f"not level after {most_seconds} s: {self.describe()}")

    def is_level(self) -> bool:
        """All parties are live, nothing is pending, all digests are the note's and nothing is missing."""
        parties: list[Node | Hub] = [self.hub, *self.nodes.values()]
        if self.hub.is_recovering() or any(pending_of(party) or recovering(party.db) for party in parties):
            return False
        said = self._hub_digest()
        return bool(said) and all(node_digest(node) == said for node in self.nodes.values())

    def digests(self) -> dict[str, str]:
        """Catalogue digest by party; empty where it is not level with the hub's newest note."""
        return {"hub": self._hub_digest(), **{name: node_digest(node) for name, node in self.nodes.items()}}

    def _hub_digest(self) -> str:
        with self.hub.db.read() as conn:
            note = notes.newest_note(conn)
            own_sizes = {row.origin: row.size for row in logs.load_logs(conn)}
        current = note is not None and all(source.size == own_sizes[source.origin] for source in note.sources)
        return note.digest.hex() if note is not None and current else ""

    def describe(self) -> dict[str, Any]:
        """What keeps the world from being level."""
        described: dict[str, Any] = {"digests": {n: d[:8] for n, d in self.digests().items()}}
        for name, node in self.nodes.items():
            with node.db.read() as conn:
                described[name] = {
                    "facts": facts.load_facts(conn, ""), "pending": edits.count_edits(conn),
                    "sizes": {row.origin: row.size for row in logs.load_logs(conn)},
                }  # fmt: skip
        with self.hub.db.read() as conn:
            described["hub"] = {
                "facts": facts.load_facts(conn, ""),
                "sizes": {row.origin: row.size for row in logs.load_logs(conn)},
            }
        return described

    # --- disks -------------------------------------------------------------------------------------------------------

    def image(self, name: str) -> bytes:
        """Copy a party's disk."""
        return disk_image(self._party(name).db)

    def restart(self, name: str, image: bytes | None = None) -> None:
        """Stop a party's process and start a new one, on its own disk or on an older image of it."""
        data = disk_image(self._party(name).db) if image is None else image
        db = self.make_database(name)
        load_image(db, data)
        self.start_on(name, db)

    def start_on(self, name: str, db: Database) -> None:
        """Stop a party's process and start a new one on this database."""
        self._party(name).db.close()
        if name == "hub":
            self.hub = self._open_hub(db)
            hub_upkeep.start(self.hub)
        else:
            self.nodes[name] = self._open_node(name, db)
            node_upkeep.start(self.nodes[name])

    def resume(self, name: str, image: bytes) -> None:
        """Put an older disk under the running process: a snapshot resumed without a start."""
        load_image(self._party(name).db, image)

    def wipe(self, name: str) -> None:
        """Start a party with keys and an empty database."""
        db = self.make_database(name)
        make_tables(db)
        self.start_on(name, db)

    def stop(self, name: str) -> None:
        """Take a party off the network."""
        self.network.sites.pop(name, None)

    def _party(self, name: str) -> Node | Hub:
        return self.hub if name == "hub" else self.nodes[name]

    def clock_of(self, name: str) -> SharedClock:
        """One party's clock, to be skewed."""
        return self._clocks[name]


def disk_image(db: Database) -> bytes:
    """Serialize an in-memory database."""
    connection = db.engine.raw_connection()
    try:
        return bytes(connection.driver_connection.serialize())  # type: ignore[union-attr]
    finally:
        connection.close()


def load_image(db: Database, data: bytes) -> None:
    """Replace an in-memory database by an image."""
    connection = db.engine.raw_connection()
    try:
        connection.driver_connection.deserialize(data)  # type: ignore[union-attr]
        for pragma in ("secure_delete=ON", "foreign_keys=ON"):  # deserialize sets them back
            connection.driver_connection.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
    finally:
        connection.close()


def node_digest(node: Node) -> str:
    """Catalogue digest of a node; empty where it is not level with the hub's newest note."""
    standing = node.consumer.standing()
    level = standing is not None and standing.agrees and not standing.missing
    return standing.digest if standing is not None and level else ""


def pending_of(node: Node | Hub) -> int:
    """Edits that are not in the log yet."""
    with node.db.read() as conn:
        return edits.count_edits(conn)


def recovering(db: Database) -> bool:
    """Whether the party is recovering."""
    with db.read() as conn:
        return bool(facts.load_number(conn, "recovering-since"))


def offer_doc(
    rid: bytes, ags: str, title: str, summary: str = "Ein Angebot zum Mitmachen für alle."
) -> dict[str, object]:
    """A small valid offer."""
    return {
        "id": rid.hex(), "owner": ags, "name": title, "summary": summary, "topics": ["sprache"],
        "providers": [{"name": "Volkshochschule Beispielstadt"}],
    }  # fmt: skip


def publish(
    node: Node,
    title: str,
    rid: bytes | None = None,
    *,
    summary: str = "Ein Angebot zum Mitmachen für alle.",
    **fields: object,
) -> bytes:
    """Put an offer into a node's outbox; returns its id.

    Args:
        fields: further fields of the document.
    """
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        base = NEW
        if rid is not None:
            head = logs.load_heads(conn, row.id, [rid]).get(rid)
            base = NEW if head is None else head.position
        rid = rid or node.dice.token(16)
        body = seal_payload({**offer_doc(rid, node.settings.ags, title, summary), **fields}, node.dice.token(32))
        edits.add_edit(conn, Edit("publish", "offer", rid, base, node.clock.now(), commitment_of(body), body))
    return rid


def withdraw(node: Node, rid: bytes, reason: str = "ended") -> None:
    """Put a withdrawal into a node's outbox."""
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        head = logs.load_heads(conn, row.id, [rid])[rid]
        edits.add_edit(conn, Edit("withdraw", "offer", rid, head.position, node.clock.now(), reason=reason))


def titles(node: Node) -> list[str]:
    """Titles of the kreisweit offers a node shows."""
    from shared.consume import shown_origins
    from shared.holdings.catalogue import iterate_shown

    said = node.consumer.newest()
    if said is None:
        return []
    with node.db.read() as conn:
        return sorted(shown.title for shown in iterate_shown(conn, shown_origins(said)))
