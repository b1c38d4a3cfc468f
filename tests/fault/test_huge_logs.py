"""A log that claims to be huge: the reader stops in time, with little memory, and still tells a fork (PROTOCOL 6)."""

from __future__ import annotations

import tracemalloc

import pytest

from shared.database import Database
from shared.errors import FetchError
from shared.feed import limits
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text
from shared.feed.entry import Hello, format_entry
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.merkle import HashReader, frontier_from, leaf_hash, reader_of
from shared.feed.outcomes import Code
from shared.feed.payload import minimal_schema
from shared.feed.tiles import WIDTH, format_bundle, hash_tile, parse_tile_path
from shared.feed.trusted_log import Keys
from shared.follow import Guards, Reader, Report, _Spool
from shared.holdings import logs
from shared.holdings.tables import metadata
from shared.net.fetcher import Fetched
from shared.seal import Signer
from shared.sources import FetchedSource
from tests.support.world import SeededDice, VirtualClock

ORIGIN = "herten.example/feed/g1"
SIGNER = Signer(
    (SigningKey.from_seed(ORIGIN, LOG, SeededDice("log").token(32)),),
    SigningKey.from_seed("herten.example/witness", WITNESS, SeededDice("witness").token(32)),
)
KEYS = Keys(
    ORIGIN, "herten", "05562020", 1, (SIGNER.log_keys[0].verifying,), (SIGNER.witness.verifying,),
)  # fmt: skip
RATED = Guards(rate=True, erasures=True, withdrawals=True)


class Publisher:
    """Serves entries without end, and whatever size it signs; notes every request.

    Attributes:
        history: tells one log from another.
        claims: the size that is signed.
        spoils: the bundles are not those that were signed.
    """

    def __init__(self, clock: VirtualClock, claims: int) -> None:
        self.clock = clock
        self.claims = claims
        self.history = "true"
        self.spoils = False
        self.root = b""
        self.asked: list[str] = []

    def entry(self, index: int) -> bytes:
        if index == 0:
            return format_entry(Hello("herten", "05562020", 1, self.clock.now()))
        return f"{self.history} {index}\n".encode()

    def tree(self) -> HashReader:
        return reader_of([leaf_hash(self.entry(index)) for index in range(self.claims)])

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        self.asked.append(path)
        body = self._checkpoint() if path == "checkpoint" else self._tile(path)
        if len(body) > max_bytes:
            raise FetchError(f"{path} is too large", kind="oversize")
        return Fetched(200, body)

    def _checkpoint(self) -> bytes:
        root = self.root or frontier_from(self.claims, self.tree()).root()
        return SIGNER.sign(format_checkpoint_text(Checkpoint(ORIGIN, self.claims, root)), self.clock.now())

    def _tile(self, path: str) -> bytes:
        tile = parse_tile_path(path)
        if tile.level != "entries":
            return hash_tile(tile.level, tile.n, tile.width, self.tree())
        entries = [self.entry(tile.n * WIDTH + offset) for offset in range(tile.width)]
        return format_bundle(entries if not self.spoils else [*entries[:-1], b"spoiled\n"])


class Shelf:
    """One reader with its holdings."""

    def __init__(self, clock: VirtualClock) -> None:
        self.db = Database("sqlite://")
        metadata.create_all(self.db.engine)
        self._reader = Reader(self.db, clock, minimal_schema)

    def read(self, publisher: Publisher, guards: Guards | None = None) -> Report:
        publisher.asked.clear()
        return self._reader.read(KEYS, FetchedSource(publisher, "herten"), guards or Guards())

    def size(self) -> int:
        with self.db.read() as conn:
            row = logs.find_log(conn, ORIGIN)
        return 0 if row is None else int(row.size)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.mark.parametrize("claims", [limits.GROWTH_PER_READ + 1, limits.TREE_SIZE_MAX])
def test_claimed_growth_that_nobody_confirmed_is_refused_after_the_checkpoint_alone(
    clock: VirtualClock, claims: int
) -> None:
    publisher, shelf = Publisher(clock, claims), Shelf(clock)
    publisher.root = bytes(32)

    report = shelf.read(publisher, RATED)

    assert report.code == Code.E_RATE
    assert publisher.asked == ["checkpoint"]
    assert shelf.size() == 0


@pytest.mark.parametrize(("history", "code"), [("another", Code.E_FORK), ("true", Code.E_ROOT)])
def test_long_log_is_diagnosed_with_a_handful_of_tiles(clock: VirtualClock, history: str, code: Code) -> None:
    publisher, shelf = Publisher(clock, 5_000), Shelf(clock)
    assert shelf.read(publisher).code == Code.OK
    publisher.claims, publisher.history, publisher.spoils = 12_000, history, True

    report = shelf.read(publisher)

    tiles = [path for path in publisher.asked if path.startswith("tile/") and "entries" not in path]
    assert report.code == code
    assert len(set(tiles)) == len(tiles) <= 4  # 47 bundles of leaves in two rows
    assert shelf.size() == 5_000


def test_hash_tile_that_does_not_end_is_cut_off(clock: VirtualClock) -> None:
    class Endless(Publisher):
        def _tile(self, path: str) -> bytes:
            return super()._tile(path) if "entries" in path else bytes(limits.HASH_TILE_MAX_BYTES + 1)

    publisher, shelf = Endless(clock, 10), Shelf(clock)
    shelf.read(publisher)
    publisher.claims, publisher.spoils = 20, True

    assert shelf.read(publisher).code == Code.E_ROOT


def test_entries_that_wait_for_their_root_take_no_memory_but_that_of_the_spool() -> None:
    bundles = 1_500
    batches = ([b"%d %d" % (number, index) for index in range(WIDTH)] for number in range(bundles))
    with _Spool(0) as spool:
        tracemalloc.start()
        for entries in batches:
            spool.add(entries, [entry.ljust(32) for entry in entries])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        first, last, leaves = list(spool.read())[-1]

    assert bundles * WIDTH * 32 > 10 * 1024 * 1024
    assert peak < 6 * 1024 * 1024
    assert (first, last[3], leaves[3]) == ((bundles - 1) * WIDTH, b"1499 3", b"1499 3".ljust(32))
