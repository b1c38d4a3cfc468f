"""A node that lies: with its own real keys, beside the real code it also runs.

What it says about itself may cost itself everything; what it says about others must change nothing (I12).
"""

from __future__ import annotations

import random

import msgspec

from node.editing import publish_edit
from node.party import Node
from shared import deliver
from shared.errors import FetchError, KreisweitError
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text
from shared.feed.entry import Publish, Withdraw, format_entry
from shared.feed.note import parse_note
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.push import (
    Holding,
    PayloadPart,
    PushAnswer,
    PushBody,
    SourcePart,
    format_answer,
    format_push,
    parse_answer,
)
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from tests.simulation.disks import SimulatedDisk
from tests.simulation.federation import NAMES, Federation
from tests.support.world import Answered, Exchange, PartySite, offer_doc

_LIES = ("fork", "rollback", "oversize", "drop", "alter", "garbage", "ahead", "other", "truth", "truth", "truth")


class Liar:
    """Stands before the real node's site and speaks beside its real ticks."""

    def __init__(self, federation: Federation, name: str, dice: random.Random) -> None:
        self._federation = federation
        self._dice = dice
        self.name = name
        self.origin = federation.origin(name)
        self._old: PartySite | None = None
        self._fork_node: Node | None = None
        self._fork_site: PartySite | None = None

    @property
    def node(self) -> Node:
        return self._federation.nodes[self.name]

    def take_place(self) -> None:
        """Answer in the node's place from now on (again after each start of it)."""
        site = self._federation.network.sites.get(self.name)
        if isinstance(site, PartySite):
            self._federation.network.sites[self.name] = _LyingSite(self, site)

    # --- preparing lies --------------------------------------------------------------------------------------------

    def act(self) -> str:
        """Do one of the things that a liar does by itself."""
        deed = self._dice.choice(
            ("remember", "fork", "foreign owner", "bad payload", "push fork", "claim", "forge", "withdraw all")
        )
        self._federation.attempt(self.name, getattr(self, "_" + deed.replace(" ", "_")))
        return f"the liar: {deed}"

    def _remember(self) -> None:
        """Keep today's state, to serve it when it is old."""
        self._old = self._site_on(self._federation.disk(self.name).image())[1]

    def _site_on(self, image: bytes) -> tuple[Node, PartySite]:
        disk = SimulatedDisk(self.name, lambda _disk, _moment: None)
        disk.load(image)
        real = self.node
        node = Node(
            real.settings, disk, real.signer, real.judges, real.membership, clock=real.clock, dice=real.dice,
            web=real.web,
        )  # fmt: skip
        return node, PartySite(self._federation._files(node, self.name), lambda _body: PushAnswer("live", 1))

    def _edit(self, node: Node, title: str) -> None:
        rid = node.dice.token(16)
        with node.db.write() as conn:
            edits.add_edit(conn, publish_edit(node, offer_doc(rid, node.settings.ags, title), rid, NEW))

    def _fork(self) -> None:
        """Sign a second history with the real keys."""
        node, site = self._site_on(self._federation.disk(self.name).image())
        for number in range(self._dice.randrange(1, 4)):
            self._edit(node, f"Abzweig {number}")
        try:
            with node.db.write() as conn:
                conn.exec_driver_sql("DELETE FROM fact WHERE name = 'recovering-since'")
            node.sealer.seal(now=node.clock.now())
        except KreisweitError:
            return
        self._fork_node, self._fork_site = node, site

    def _foreign_owner(self) -> None:
        """Publish a record that says it belongs to another city."""
        self._publish(offer_doc(self.node.dice.token(16), "05562004", "Fremdes Angebot"))

    def _bad_payload(self) -> None:
        rid = self.node.dice.token(16)
        self._publish({"id": rid.hex(), "owner": self.node.settings.ags, "name": 7, "summary": ["nichts"]})

    def _publish(self, doc: dict[str, object]) -> None:
        body = seal_payload(doc, self.node.dice.token(32))
        with self.node.db.write() as conn:
            rid = bytes.fromhex(str(doc["id"]))
            edits.add_edit(conn, Edit("publish", "offer", rid, NEW, self.node.clock.now(), commitment_of(body), body))

    def _withdraw_all(self) -> None:
        with self.node.db.write() as conn:
            row = logs.load_log(conn, self.origin)
            for rid, head in _live_heads(self._federation.disk(self.name), row.id):
                edits.add_edit(conn, Edit("withdraw", "offer", rid, head, self.node.clock.now(), reason="other"))

    # --- speaking --------------------------------------------------------------------------------------------------

    def _push_fork(self) -> None:
        if self._fork_node is None:
            self._fork()
        if self._fork_node is not None:
            self._push(self._fork_node, known={})

    def _claim(self) -> None:
        """Say that it holds more of everybody's log than there is."""
        with self.node.db.read() as conn:
            row = logs.load_log(conn, self.origin)
            parcel = deliver.pack(conn, note=bytes(row.note), roster_version=1, known=None)
        self._send(msgspec.structs.replace(parcel.body, holdings=self.inflated(parcel.body.holdings)))

    def inflated(self, holdings: tuple[Holding, ...]) -> tuple[Holding, ...]:
        return tuple(Holding(h.origin, h.size + self._dice.randrange(0, 9), self._dice.randbytes(32)) for h in holdings)

    def _forge(self) -> None:
        """Deliver entries and payloads of another city's log, signed by the wrong key."""
        victim = self._dice.choice([name for name in (*NAMES, "hub") if name != self.name])
        origin = self._federation.origin(victim)
        now = self.node.clock.now()
        body = seal_payload(offer_doc(b"\7" * 16, "05562004", "Untergeschoben"), b"\1" * 32)
        forged = (
            format_entry(Publish("offer", b"\7" * 16, None, now, commitment_of(body), len(body))),
            format_entry(Withdraw("offer", b"\7" * 16, 0, "other", now)),
        )
        with self.node.db.read() as conn:
            row = logs.load_log(conn, self.origin)
            held = logs.find_log(conn, origin)
            size = 1 if held is None else int(held.size)
            parcel = deliver.pack(conn, note=bytes(row.note), roster_version=1, known=None)
        text = format_checkpoint_text(Checkpoint(origin, size + 2, self._dice.randbytes(32)))
        note = self.node.signer.sign(text, now)
        if held is not None and self._dice.random() < 0.5:
            note = bytes(held.note)
        self._send(
            msgspec.structs.replace(
                parcel.body,
                sources=(SourcePart(origin, size, note, forged),),
                payloads=(PayloadPart(origin, body),),
                rosters=(note,),
            )
        )

    def _push(self, node: Node, *, known: dict[str, Holding]) -> None:
        with node.db.read() as conn:
            row = logs.load_log(conn, self.origin)
            parcel = deliver.pack(conn, note=bytes(row.note), roster_version=1, known=known)
        own = tuple(part for part in parcel.body.sources if part.origin == self.origin)
        self._send(msgspec.structs.replace(parcel.body, sources=own))

    def _send(self, body: PushBody) -> None:
        try:
            self.node.web.post(
                "http://hub/federation/push", format_push(body), content_type="application/x-ndjson",
                max_bytes=1 << 20, deadline_seconds=20.0,
            )  # fmt: skip
        except FetchError:
            return

    # --- answering -------------------------------------------------------------------------------------------------

    def answer(self, request: Exchange, site: PartySite) -> Answered:
        """Answer one request, truthfully or not."""
        lie = self._dice.choice(_LIES)
        if lie in ("fork", "rollback"):
            other = self._fork_site if lie == "fork" else self._old
            return (other or site).answer(request)
        honest = site.answer(request)
        if request.method == "POST":
            return self._lie_about_holdings(honest) if lie == "other" else honest
        if lie == "oversize":
            return Answered(200, b"x" * 700_000)
        if lie == "drop":
            return Answered(404)
        if lie == "garbage":
            return Answered(200, self._dice.randbytes(90))
        if lie == "alter" and honest.body:
            at = self._dice.randrange(len(honest.body))
            return Answered(200, honest.body[:at] + b"?" + honest.body[at + 1 :])
        if lie == "ahead" and request.path.endswith("/checkpoint") and honest.status == 200:
            text = parse_note(honest.body).text
            return Answered(200, self.node.signer.sign(text, self.node.clock.now() + 86_400))
        return honest

    def _lie_about_holdings(self, honest: Answered) -> Answered:
        if honest.status != 200:
            return honest
        told = parse_answer(honest.body)
        return Answered(200, format_answer(msgspec.structs.replace(told, sources=self.inflated(told.sources))))


class _LyingSite:
    """The liar's site, which is asked like any other."""

    def __init__(self, liar: Liar, site: PartySite) -> None:
        self._liar = liar
        self._site = site

    def answer(self, exchange: Exchange) -> Answered:
        return self._liar.answer(exchange, self._site)


def _live_heads(disk: SimulatedDisk, log_id: int) -> list[tuple[bytes, int]]:
    return [
        (bytes(rid), position)
        for rid, position in disk.rows(
            "SELECT rid, position FROM record WHERE log_id = ? AND live ORDER BY rid", log_id
        )
    ]
