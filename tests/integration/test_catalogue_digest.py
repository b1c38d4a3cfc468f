"""The catalogue digest at the cost of what changed: equal to the plain computation, whatever happened before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.database import Database
from shared.feed.catalogue_note import catalogue_digest, digest_line
from shared.feed.entry import Entry, Erase, Hello, Publish, Withdraw, format_entry
from shared.feed.fold import NODE_KINDS
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.merkle import leaf_hash
from shared.feed.trusted_log import Keys
from shared.holdings import logs
from shared.holdings.digest import CatalogueDigester
from shared.holdings.growth import Rules, freeze_log, grow_log
from shared.holdings.tables import metadata

RIDS = tuple(hashlib.sha256(b"%d" % number).digest()[:16] for number in range(12))
COMMITMENTS = tuple(hashlib.sha256(b"commitment %d" % number).digest() for number in range(9))
MEMBERS = ("herten", "herten-west", "marl")


class Publisher:
    """A log as its entries say it is, folded here without any of the code under test."""

    def __init__(self, member: str) -> None:
        host = f"{member}.example"
        seeds = (hashlib.sha256(host.encode()).digest(), hashlib.sha256(b"w" + host.encode()).digest())
        log_key = SigningKey.from_seed(f"{host}/feed/g1", LOG, seeds[0]).verifying
        witness = SigningKey.from_seed(f"{host}/witness", WITNESS, seeds[1]).verifying
        self.keys = Keys(log_key.name, member, "05562020", 1, (log_key,), (witness,))
        self.begin()

    def begin(self) -> None:
        """Begin a history."""
        self.entries: list[Entry] = [Hello(self.keys.member, self.keys.ags, 1, 1)]
        self.fold: int | None = None

    def lines(self) -> list[bytes]:
        """Digest lines from the entries alone (PROTOCOL 7)."""
        dead = set()
        for index, entry in enumerate(self.entries):
            for target in entry.targets if isinstance(entry, Erase) else ():
                named = self.entries[target] if target < index else None
                if isinstance(named, Publish):
                    dead.add(named.commitment)
        newest: dict[bytes, bytes | None] = {}
        for entry in self.entries[: self.fold]:
            if isinstance(entry, Publish | Withdraw):
                newest[entry.id] = entry.commitment if isinstance(entry, Publish) else None
        return [digest_line(self.keys.member, i, c) for i, c in newest.items() if c is not None and c not in dead]

    def store(self, db: Database, conn: sa.Connection) -> None:
        """Bring the holdings to this log's present size, as a reader would."""
        row = logs.find_log(conn, self.keys.origin)
        log_id = logs.create_log(conn, self.keys, own=False) if row is None else row.id
        before = logs.state_of(logs.load_log(conn, self.keys.origin), self.keys.origin)
        new = [format_entry(entry) for entry in self.entries[before.size :]]
        leaves, frontier = [leaf_hash(data) for data in new], before.frontier.copy()
        frontier.extend(leaves)
        grow_log(
            db, conn, log_id, [(before.size, new, leaves)] if new else [], Rules(NODE_KINDS), signed_at=2**40,
            size_before=before.size, now=1,
        )  # fmt: skip
        after = type(before)(self.keys.origin, frontier.size, frontier.root(), frontier, 1, b"note", b"keys")
        logs.save_state(conn, log_id, after, expected_size=before.size, expected_time=before.time)

    def drop(self, conn: sa.Connection) -> None:
        """Forget the log and begin another history under the same name."""
        row = logs.find_log(conn, self.keys.origin)
        if row is not None:
            logs.drop_log(conn, row.id)
        self.begin()

    def freeze(self, conn: sa.Connection, fold: int | None) -> None:
        """Show the log as of `fold` entries; None shows all of it."""
        row = logs.load_log(conn, self.keys.origin)
        self.fold = fold
        logs.thaw_fold(conn, row.id) if fold is None else freeze_log(conn, row.id, fold, kinds=NODE_KINDS)


def plain_digest(publishers: list[Publisher]) -> bytes:
    return catalogue_digest(sorted(line for publisher in publishers for line in publisher.lines()))


def digest_of(digester: CatalogueDigester, conn: sa.Connection, publishers: list[Publisher]) -> bytes:
    return digester.digest(conn, {publisher.keys.origin: publisher.keys.member for publisher in publishers})


@contextmanager
def memory_database() -> Iterator[Database]:
    db = Database("sqlite://")
    metadata.create_all(db.engine)
    try:
        yield db
    finally:
        db.close()


def publishes(publisher: Publisher, *pairs: tuple[int, int]) -> None:
    for rid, commitment in pairs:
        publisher.entries.append(Publish("offer", RIDS[rid], None, 2, COMMITMENTS[commitment], 10))


entries = st.one_of(
    st.builds(
        lambda i, c: Publish("offer", RIDS[i], None, 2, COMMITMENTS[c], 10), st.integers(0, 11), st.integers(0, 8)
    ),
    st.builds(lambda i: Withdraw("offer", RIDS[i], 0, "ended", 2), st.integers(0, 11)),
    st.builds(lambda targets: Erase(2, tuple(sorted(targets))), st.sets(st.integers(0, 9), min_size=1, max_size=3)),
)
operations = st.one_of(
    st.tuples(st.just("grow"), st.integers(0, 2), st.lists(entries, min_size=1, max_size=8)),
    st.tuples(st.just("grow"), st.integers(0, 2), st.lists(entries, min_size=1, max_size=8)),
    st.tuples(st.just("freeze"), st.integers(0, 2), st.integers(0, 20)),
    st.tuples(st.just("thaw"), st.integers(0, 2), st.none()),
    st.tuples(st.just("drop"), st.integers(0, 2), st.none()),
    st.tuples(st.just("roll back"), st.integers(0, 2), st.lists(entries, min_size=1, max_size=8)),
    st.tuples(st.just("restart"), st.just(0), st.none()),
    st.tuples(st.just("look"), st.just(0), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(operations, max_size=25), st.sampled_from([0, 500, 10**6]))
def test_digest_equals_the_plain_computation_after_any_operations(
    steps: list[tuple[str, int, object]], remembered_bytes: int
) -> None:
    publishers = [Publisher(member) for member in MEMBERS]
    digester = CatalogueDigester(remembered_bytes=remembered_bytes)
    with memory_database() as db:
        with db.write() as conn:
            for publisher in publishers:
                publisher.store(db, conn)
        for operation, which, argument in [*steps, ("look", 0, None)]:
            if operation == "restart":
                digester = CatalogueDigester(remembered_bytes=remembered_bytes)
            elif operation == "look":
                with db.read() as conn:
                    assert digest_of(digester, conn, publishers) == plain_digest(publishers)
            else:
                change(db, digester, publishers, operation, which, argument)


def change(
    db: Database, digester: CatalogueDigester, publishers: list[Publisher], operation: str, which: int, argument: object
) -> None:
    publisher = publishers[which]
    if operation == "roll back":
        grown = list(publisher.entries)
        with db.engine.connect() as conn, conn.begin() as transaction:
            publisher.entries += argument  # type: ignore[arg-type]
            publisher.store(db, conn)
            assert digest_of(digester, conn, publishers) == plain_digest(publishers)
            transaction.rollback()
        publisher.entries = grown
        return
    with db.write() as conn:
        if operation == "grow":
            publisher.entries += argument  # type: ignore[arg-type]
        elif operation == "drop":
            publisher.drop(conn)
        publisher.store(db, conn)
        if operation == "freeze":
            publisher.freeze(conn, min(int(str(argument)), len(publisher.entries)))
        elif operation == "thaw":
            publisher.freeze(conn, None)


def test_digest_sees_what_another_process_committed(tmp_path: Path) -> None:
    publisher, digester = Publisher("herten"), CatalogueDigester()
    here, there = (Database(f"sqlite:///{tmp_path / 'hub.db'}") for _ in range(2))
    metadata.create_all(here.engine)
    publishes(publisher, (0, 0), (1, 1))
    with here.write() as conn:
        publisher.store(here, conn)
        digest_of(digester, conn, [publisher])

    publishes(publisher, (1, 2), (2, 3))
    with there.write() as conn:
        publisher.store(there, conn)

    with here.read() as conn:
        assert digest_of(digester, conn, [publisher]) == plain_digest([publisher])
    here.close()
    there.close()


def test_digest_in_an_older_snapshot_is_that_of_the_snapshot(tmp_path: Path) -> None:
    publisher, digester = Publisher("herten"), CatalogueDigester()
    db = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    metadata.create_all(db.engine)
    publishes(publisher, (0, 0))
    with db.write() as conn:
        publisher.store(db, conn)
    before = plain_digest([publisher])

    with db.read() as old:
        assert digest_of(digester, old, [publisher]) == before
        publishes(publisher, (0, 1))
        with db.write() as conn:
            publisher.store(db, conn)
            assert digest_of(digester, conn, [publisher]) == plain_digest([publisher])
        assert digest_of(digester, old, [publisher]) == before
    with db.read() as conn:
        assert digest_of(digester, conn, [publisher]) == plain_digest([publisher])
    db.close()


def test_digest_of_another_history_of_the_same_log_is_its_own() -> None:
    publisher, digester = Publisher("herten"), CatalogueDigester()
    publishes(publisher, (0, 0), (1, 1))
    with memory_database() as db, db.write() as conn:
        publisher.store(db, conn)
        digest_of(digester, conn, [publisher])

        publisher.drop(conn)
        publishes(publisher, (3, 3), (4, 4), (5, 5))
        publisher.store(db, conn)

        assert digest_of(digester, conn, [publisher]) == plain_digest([publisher])


def test_two_logs_of_one_member_are_sorted_together() -> None:
    first, later = Publisher("herten"), Publisher("marl")
    publishes(first, (0, 0), (2, 1), (4, 2))
    publishes(later, (1, 3), (3, 4), (5, 5))
    with memory_database() as db, db.write() as conn:
        first.store(db, conn)
        later.store(db, conn)

        digest = CatalogueDigester().digest(conn, {first.keys.origin: "herten", later.keys.origin: "herten"})

    lines = [line.replace(b"marl ", b"herten ") for line in (*first.lines(), *later.lines())]
    assert digest == catalogue_digest(sorted(lines))


def test_small_change_does_not_read_the_catalogue_again() -> None:
    publisher, digester = Publisher("herten"), CatalogueDigester()
    for number in range(2000):
        rid = hashlib.sha256(b"many %d" % number).digest()
        publisher.entries.append(Publish("offer", rid[:16], None, 2, rid, 10))
    with memory_database() as db:
        with db.write() as conn:
            publisher.store(db, conn)
            digest_of(digester, conn, [publisher])
        publisher.entries.append(Publish("offer", RIDS[0], None, 2, COMMITMENTS[0], 10))
        publisher.entries.append(Withdraw("offer", publisher.entries[5].id, 5, "ended", 2))  # type: ignore[union-attr]
        with db.write() as conn:
            publisher.store(db, conn)

        with db.read() as conn:
            statements: list[str] = []
            sa.event.listen(conn, "before_cursor_execute", lambda *args: statements.append(args[2]))
            found = digest_of(digester, conn, [publisher])

    assert found == plain_digest([publisher])
    assert not [statement for statement in statements if "ORDER BY record.rid" in statement]
