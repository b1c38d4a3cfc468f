"""A publisher that can lie: a member's feed on the real signing code, wrong in every way a test asks for.

The simulator steps into the place of a node that is already a member: it goes on with that node's log and keys, so what
it serves is refused for the one thing that is wrong with it and for nothing else.  `snapshot` and `restore` bring it
back to the truth, because most states of a member are left by telling it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from node.party import Node
from shared.errors import FetchError, ParseError
from shared.feed.base64s import encode_base64
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text
from shared.feed.entry import Erase, Publish, Withdraw, format_entry, parse_entry
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.merkle import Frontier, leaf_hash, reader_of
from shared.feed.note import Note, format_note, sign_line, sign_time_line
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.push import Holding, PayloadPart, PushAnswer, PushBody, SourcePart, format_answer, format_push
from shared.feed.tiles import HEIGHT, format_bundle, hash_tile, parse_tile_number, parse_tile_path
from shared.holdings import logs, payloads
from shared.seal import Signer
from tests.support.world import Answered, Exchange, SeededDice, World, offer_doc

WIDTH = 256
Lie = Callable[["NodeSimulator"], None]
Twist = Callable[[Answered], Answered]


class Told(msgspec.Struct, frozen=True):
    """Everything the simulator would serve at one moment."""

    entries: tuple[bytes, ...]
    bodies: dict[bytes, bytes]


class NodeSimulator:
    """Serves one member's log; every attribute may be bent.

    Attributes:
        entries: the log as it is told now.
        bodies: payloads by commitment, served whatever they are.
        clock_ahead: added to every time that is signed.
        fixed_note: served as the checkpoint instead of an honest one.
        claims: what it says it holds, when it is pushed to and in its own pushes.
        twists: changes the answer of one path below the prefix, such as `tile/entries/000.p/4`, or of all that begin
            with a word that ends in `*`.
    """

    def __init__(self, world: World, node: Node) -> None:
        self.world = world
        self.name = node.settings.name
        self.ags = node.settings.ags
        self.origin = node.settings.origin
        self.signer = node.signer
        self.clock_ahead = 0
        self.fixed_note: bytes | None = None
        self.claims: tuple[Holding, ...] = ()
        self.twists: dict[str, Twist] = {}
        self.asked: list[str] = []
        self._dice = SeededDice(f"simulator {self.name}")
        with node.db.read() as conn:
            row = logs.load_log(conn, self.origin)
            bundles = range((row.size + WIDTH - 1) // WIDTH)
            self.entries = [entry for number in bundles for entry in logs.load_entries(conn, row.id, number)]
            self.bodies = {c: body for _, c, body in payloads.iterate_payloads(conn, row.id)}

    @classmethod
    def replace(cls, world: World, name: str) -> NodeSimulator:
        """Take the place of one node of a world."""
        simulator = cls(world, world.nodes.pop(name))
        world.network.sites[name] = simulator
        return simulator

    # --- the log ------------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Entries told now."""
        return len(self.entries)

    @property
    def now(self) -> int:
        """The time that is signed now."""
        return int(self.world.clock.time) + self.clock_ahead

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` entries."""
        frontier = Frontier()
        frontier.extend([leaf_hash(entry) for entry in self.entries[:size]])
        return frontier.root()

    def append(self, *entries: bytes) -> int:
        """Append entries as they are; returns the index of the last."""
        self.entries += entries
        return self.size - 1

    def newest(self, rid: bytes) -> int | None:
        """Index of the newest publish or withdraw of a record."""
        found = None
        for index, data in enumerate(self.entries):
            try:
                entry = parse_entry(data)
            except ParseError:
                continue  # a lie that breaks the grammar names no record
            if isinstance(entry, Publish | Withdraw) and entry.id == rid:
                found = index
        return found

    def publish(self, title: str, rid: bytes | None = None, **bent: Any) -> bytes:
        """Publish an offer; returns its id.

        Args:
            bent: `doc` replaces fields of the document, `body` the whole payload line, `length` what the entry says,
                `served` what is served under the commitment (None = nothing), `kind`, `prev`.
        """
        rid = rid or self._dice.token(16)
        doc = offer_doc(rid, self.ags, title) | bent.get("doc", {})
        body: bytes = bent.get("body") or seal_payload(doc, self._dice.token(32))
        commitment = commitment_of(body)
        prev = bent.get("prev", self.newest(rid))
        length = bent.get("length", len(body))
        self.append(format_entry(Publish(bent.get("kind", "offer"), rid, prev, self.now, commitment, length)))
        served = bent.get("served", body)
        if served is not None:
            self.bodies[commitment] = served
        return rid

    def withdraw(self, rid: bytes) -> int:
        """Withdraw a record."""
        return self.append(format_entry(Withdraw("offer", rid, self.newest(rid) or 0, "ended", self.now)))

    def erase(self, *targets: int) -> int:
        """Erase entries by index; their payloads are gone here too."""
        for target in targets:
            if target < self.size and isinstance(entry := parse_entry(self.entries[target]), Publish):
                self.bodies.pop(entry.commitment, None)
        return self.append(format_entry(Erase(self.now, targets)))

    def ids(self) -> list[bytes]:
        """Ids of records in the order of their first publish."""
        parsed = [parse_entry(entry) for entry in self.entries]
        return list(dict.fromkeys(entry.id for entry in parsed if isinstance(entry, Publish)))

    # --- ready-made lies ----------------------------------------------------------------------------------------------

    def roll_back(self, entries: int) -> None:
        """Forget the last entries."""
        del self.entries[-entries:]

    def rewrite(self, index: int, title: str) -> None:
        """Tell another history: the entry at `index` becomes a publish that never was there."""
        del self.entries[index:]
        self.publish(title)

    def sign_with(self, *, log_key: str = "", witness_key: str = "") -> None:
        """Sign with keys that nobody knows, under the right names; only those that are named change."""
        log_keys, witness = self.signer.log_keys, self.signer.witness
        if log_key:
            log_keys = (_stranger(log_keys[0], log_key),)
        if witness_key:
            witness = _stranger(witness, witness_key)
        self.signer = Signer(log_keys, witness)

    def serve(self, path: str, twist: Twist) -> None:
        """Change what is answered at a path."""
        self.twists[path] = twist

    # --- what is served -----------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The honest text of the checkpoint."""
        return format_checkpoint_text(Checkpoint(self.origin, self.size, self.root()))

    def sign(self, text: str, *, log: bool = True, witness: bool = True, ahead: int = 0) -> bytes:
        """Sign any text at all, with either line left out."""
        lines = [sign_line(key, text) for key in self.signer.log_keys] if log else []
        if witness:
            lines.append(sign_time_line(self.signer.witness, text, self.now + ahead))
        return format_note(Note(text, tuple(lines)))

    def checkpoint(self) -> bytes:
        """The checkpoint as served."""
        return self.fixed_note if self.fixed_note is not None else self.sign(self.text())

    def answer(self, exchange: Exchange) -> Answered:
        """Answer the hub as a node does, with the twist of the path."""
        if exchange.method == "POST":
            return Answered(200, format_answer(PushAnswer("live", 1, self.claims)))
        path = exchange.path.removeprefix(f"/feed/{self.origin.rpartition('/')[2]}/")
        self.asked.append(path)
        answered = self.file(path)
        for name, twist in list(self.twists.items()):
            if path == name or (name.endswith("*") and path.startswith(name[:-1])):
                answered = twist(answered)
        if exchange.etag and exchange.etag == answered.etag:
            return Answered(304, etag=answered.etag)
        return answered

    def file(self, path: str) -> Answered:
        """One file below the prefix, told as the log stands now."""
        if path == "checkpoint":
            note = self.checkpoint()
            return Answered(200, note, f'"{hashlib.sha256(note).hexdigest()[:16]}"')
        word, _, name = path.partition("/")
        if word == "tile":
            return self._tile(path)
        if word == "payload":
            body = self.bodies.get(bytes.fromhex(name))
            return Answered(404) if body is None else Answered(200, body)
        if word == "payloads":
            return self._payloads(parse_tile_number(name))
        return Answered(404)

    def _tile(self, path: str) -> Answered:
        tile = parse_tile_path(path)
        level = 0 if tile.level == "entries" else tile.level
        if tile.n * WIDTH + tile.width > self.size >> (HEIGHT * level):
            return Answered(404)
        if tile.level == "entries":
            return Answered(200, format_bundle(self.entries[tile.n * WIDTH : tile.n * WIDTH + tile.width]))
        return Answered(200, hash_tile(level, tile.n, tile.width, reader_of([leaf_hash(e) for e in self.entries])))

    def _payloads(self, number: int) -> Answered:
        lines = []
        for data in self.entries[number * WIDTH : (number + 1) * WIDTH]:
            if data.startswith(b"kreisweit.feed/v1 publish\n"):
                entry = parse_entry(data)
                if isinstance(entry, Publish) and entry.commitment in self.bodies:
                    lines.append(self.bodies[entry.commitment] + b"\n")
        return Answered(200, b"".join(lines))

    # --- speaking by itself -------------------------------------------------------------------------------------------

    def push(
        self, *, sources: Sequence[SourcePart] = (), data: Sequence[PayloadPart] = (), note: bytes | None = None
    ) -> Answered:
        """Push to the hub: line 1 is this member's checkpoint, the rest whatever is given."""
        line = self.checkpoint() if note is None else note
        body = PushBody(line, "live", 1, self.claims, (), tuple(sources), tuple(data))
        request = Exchange(self.name, "hub", "POST", "/federation/push", format_push(body))
        return self.world.network.exchange(request)

    # --- back to the truth --------------------------------------------------------------------------------------------

    def snapshot(self) -> Told:
        """Remember what is told now."""
        return Told(tuple(self.entries), dict(self.bodies))

    def restore(self, told: Told, signer: Signer) -> None:
        """Tell that again, honestly signed and served."""
        self.entries, self.bodies = list(told.entries), dict(told.bodies)
        self.signer, self.clock_ahead, self.fixed_note = signer, 0, None
        self.twists.clear()


def _stranger(key: SigningKey, label: str) -> SigningKey:
    """A key with the same name and type that no roster names."""
    verifying = key.verifying
    kind = LOG if verifying.kind == LOG else WITNESS
    return SigningKey.from_seed(verifying.name, kind, hashlib.sha256(label.encode()).digest())


def altered(change: Callable[[bytes], bytes]) -> Twist:
    """A twist that changes the bytes of an answer of status 200."""
    return lambda answered: Answered(200, change(answered.body)) if answered.status == 200 else answered


def answers(status: int, body: bytes = b"") -> Twist:
    """A twist that answers something else altogether."""
    return lambda _: Answered(status, body)


def fails(kind: str) -> Twist:
    """A twist that lets the exchange fail, as `HttpClient` reports it."""

    def twist(_: Answered) -> Answered:
        raise FetchError(f"the exchange failed: {kind}", kind=kind)

    return twist


def misspelt_base64(data: bytes) -> str:
    """Spell 32 bytes in base64 with its two unused bits set: decodes to the same, is not the canonical spelling."""
    good = encode_base64(data)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return good[:-2] + alphabet[alphabet.index(good[-2]) + 1] + "="
