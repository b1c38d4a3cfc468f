"""What editors and officers do in a run; everything acknowledged goes into the ledger."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from node import editing, erasing
from node.party import Node
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from tests.simulation.disks import Crash
from tests.simulation.federation import NAMES, Federation
from tests.simulation.violations import Violation
from tests.support.world import offer_doc

_SYLLABLES = (
    "bar",
    "del",
    "fon",
    "gis",
    "hem",
    "kul",
    "lor",
    "mun",
    "nis",
    "pol",
    "rem",
    "sul",
    "tan",
    "vor",
    "wil",
    "zum",
)
REASONS = ("ended", "paused", "duplicate", "mistake", "other")


@dataclass
class Known:
    """What the world remembers of one record: its last documents, newest last."""

    documents: list[dict[str, object]] = field(default_factory=list)


class Workload:
    """Edits of all kinds at random nodes.

    Args:
        dice: of the workload alone, so that the same edits are made whatever faults there are.
    """

    def __init__(self, federation: Federation, dice: random.Random) -> None:
        self._federation = federation
        self._dice = dice
        self._count = 0
        self.records: dict[str, dict[bytes, Known]] = {}
        self.persons: dict[str, list[str]] = {}

    def act(self, name: str) -> str:
        """Let somebody at this node do something; returns what."""
        deeds = {
            "create": 30, "edit": 26, "withdraw": 10, "republish": 8, "restore version": 5, "two editors": 6,
            "import": 2, "erase": 6, "resolve": 4,
        }  # fmt: skip
        deed = self._dice.choices(list(deeds), list(deeds.values()))[0]
        node = self._federation.nodes[name]
        happened = self._federation.attempt(name, lambda: self._do(deed, name, node))
        return f"{deed} at {name}" + ("" if happened else ", crashed in it")

    def _do(self, deed: str, name: str, node: Node) -> None:
        try:
            getattr(self, "_" + deed.replace(" ", "_"))(name, node)
        except (ConflictError, NotFoundError, RuleError):
            return  # refused, so nothing was acknowledged
        except Crash as crash:
            if crash.name == name:
                self._adopt(name)
            raise

    def _adopt(self, name: str) -> None:
        """What the process made durable before it died is what the editor finds afterwards."""
        self._federation.ledger.adopt(name, self._federation.disk(name), self.persons.get(name, []))

    # --- single deeds ----------------------------------------------------------------------------------------------

    def _text(self, name: str) -> tuple[str, str | None]:
        """Return a summary, sometimes with a person in it."""
        self._count += 1
        if self._dice.random() > 0.4:
            return f"Ein Angebot zum Mitmachen, Fassung {self._count}.", None
        person = "Erika " + "".join(self._dice.choices(_SYLLABLES, k=4)).title()
        self.persons.setdefault(name, []).append(person)
        return f"Anmeldung bei {person}, Fassung {self._count}.", person

    def _save(
        self, name: str, node: Node, rid: bytes | None, doc: dict[str, object], opened: editing.OwnOffer | None = None
    ) -> None:
        disk = self._federation.disk(name)
        if opened is None:
            rid = editing.save_offer(node, doc, rid)
        else:
            rid = editing.save_offer(node, doc, rid, opened.base, pending=opened.pending)
        persons = [person for person in self.persons.get(name, []) if person in str(doc)]
        self._federation.ledger.acknowledge(name, disk, rid, persons)
        self.records.setdefault(name, {}).setdefault(rid, Known()).documents.append(doc)

    def _some_record(self, name: str) -> bytes | None:
        known = list(self.records.get(name, {}))
        return self._dice.choice(known) if known else None

    def _create(self, name: str, node: Node) -> None:
        summary, _ = self._text(name)
        doc = offer_doc(b"\0" * 16, node.settings.ags, f"Angebot {self._count}", summary)
        self._save(name, node, None, doc)

    def _edit(self, name: str, node: Node) -> None:
        rid = self._some_record(name)
        if rid is None:
            return self._create(name, node)
        opened = editing.open_offer(node, rid)
        summary, _ = self._text(name)
        return self._save(name, node, rid, opened.doc | {"summary": summary}, opened)

    def _two_editors(self, name: str, node: Node) -> None:
        """Two people open one record; the second saves after the first was sealed, or before."""
        rid = self._some_record(name)
        if rid is None:
            return
        first, second = editing.open_offer(node, rid), editing.open_offer(node, rid)
        summary, _ = self._text(name)
        self._save(name, node, rid, first.doc | {"summary": summary}, first)
        if self._dice.random() < 0.7:
            self._federation.clock.time += 6
            self._federation.tick_party(name)
            if not self._federation.is_up(name):
                return
        summary, _ = self._text(name)
        self._save(name, self._federation.nodes[name], rid, second.doc | {"summary": summary}, second)
        raise Violation("I5", f"{name}: the second editor of {rid.hex()} was not told of the first")

    def _withdraw(self, name: str, node: Node) -> None:
        rid = self._some_record(name)
        if rid is None:
            return
        editing.withdraw(node, rid, self._dice.choice(REASONS))
        disk = self._federation.disk(name)
        if disk.rows("SELECT 1 FROM outbox WHERE rid = ?", rid):
            self._federation.ledger.acknowledge(name, disk, rid)

    def _republish(self, name: str, node: Node) -> None:
        self._again(name, node, newest=True)

    def _restore_version(self, name: str, node: Node) -> None:
        self._again(name, node, newest=False)

    def _again(self, name: str, node: Node, *, newest: bool) -> None:
        """Save an earlier document once more, as somebody does who restores a version."""
        rid = self._some_record(name)
        if rid is None:
            return
        documents = self.records[name][rid].documents
        doc = documents[-1] if newest else self._dice.choice(documents)
        if any(erasure.person in str(doc) for erasure in self._federation.ledger.erasures):
            return
        self._save(name, node, rid, dict(doc))

    def _import(self, name: str, node: Node) -> None:
        """A file of new offers, in one transaction as the import makes it."""
        made: list[tuple[bytes, Edit]] = []
        for _ in range(self._dice.randrange(3, 30)):
            self._count += 1
            rid = node.dice.token(16)
            doc = offer_doc(rid, node.settings.ags, f"Importiert {self._count}")
            made.append((rid, editing.publish_edit(node, doc, rid, NEW)))
        with node.db.write() as conn:
            edits.add_edits(node.db, conn, [edit for _, edit in made])
        for rid, edit in made:
            self._federation.ledger.acknowledge(name, self._federation.disk(name), rid)
            self.records.setdefault(name, {})[rid] = Known(
                [offer_doc(rid, node.settings.ags, f"Importiert {edit.time}")]
            )

    def _erase(self, name: str, node: Node) -> None:
        known = self.persons.get(name, [])
        if not known:
            return
        person = self._dice.choice(known)
        hits = erasing.find(node, person)
        if not hits:
            return
        try:
            erasing.erase(node, person)
        except Crash:
            if self._federation.disk(name).rows("SELECT 1 FROM outbox WHERE op = 'erase' AND person = ?", person):
                self._note_erasure(name, person, hits)
            raise
        self._note_erasure(name, person, hits)

    def _note_erasure(self, name: str, person: str, hits: list[erasing.Hit]) -> None:
        self._federation.ledger.acknowledge_erasure(
            name, person, frozenset(hit.commitment for hit in hits if hit.commitment is not None),
            had_pending=any(hit.commitment is None for hit in hits),
        )  # fmt: skip
        self.persons[name].remove(person)
        for record in self.records.get(name, {}).values():
            record.documents = [doc for doc in record.documents if person not in str(doc)] or record.documents[-1:]

    def _resolve(self, name: str, node: Node) -> None:
        """Somebody decides about a conflict by saving what he thinks right."""
        with node.db.read() as conn:
            waiting = [bytes(row.rid) for row in edits.load_conflicts(conn)]
        if waiting:
            rid = self._dice.choice(waiting)
            summary, _ = self._text(name)
            doc = offer_doc(rid, node.settings.ags, f"Entschieden {self._count}", summary)
            self._save(name, node, rid, doc)

    def district_text(self) -> str:
        """The district publishes a text of its own in the hub's log."""
        federation = self._federation
        hub = federation.hub
        self._count += 1
        rid = hub.dice.token(16)
        known = list(self.records.get("hub", {}))
        if known and self._dice.random() < 0.5:
            rid = self._dice.choice(known)
        doc = {"id": rid.hex(), "owner": "05562000", "name": f"Text {self._count}", "text": "Willkommen im Kreis."}
        body = seal_payload(doc, hub.dice.token(32))

        def save() -> None:
            with hub.db.write() as conn:
                row = logs.find_log(conn, hub.settings.origin)
                head = None if row is None else logs.load_heads(conn, row.id, [rid]).get(rid)
                base = NEW if head is None else head.position
                edits.add_edit(conn, Edit("publish", "text", rid, base, hub.clock.now(), commitment_of(body), body))
            federation.ledger.acknowledge("hub", federation.disk("hub"), rid)
            self.records.setdefault("hub", {}).setdefault(rid, Known())

        happened = federation.attempt("hub", save)
        if not happened:
            self._adopt("hub")
        return "district text" + ("" if happened else ", crashed in it")


def active_nodes(federation: Federation) -> list[str]:
    """Nodes whose process runs and that keep their promises."""
    return [name for name in NAMES if name != federation.liar and federation.is_up(name)]
