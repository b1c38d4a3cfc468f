"""Search indexes for parties in memory, which have no directory of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

import hub.derived
import node.derived
from hub.party import Hub
from node.party import Node
from shared.model.offer import OfferDoc
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.search.analysis import Analyzer
from shared.search.facts import FactFinder
from shared.search.finding import Finder
from shared.search.index import Entry, IndexWriter
from shared.search.lexicon import load_lexicon
from tests.support.world import World


def give_index(party: Node | Hub, folder: Path) -> None:
    """Give a party a place for its derived files and bring them level; call again after changes."""
    if party.index_path is None:
        name = party.settings.name if isinstance(party, Node) else "hub"
        party.index_path = folder / f"search-{name}.db"
        party.outputs_path = folder / f"outputs-{name}.db"
        for made in ("finder", "indexer", "outputs"):
            vars(party).pop(made, None)
    if isinstance(party, Node):
        node.derived.derived_of(party).catch_up()
    else:
        hub.derived.derived_of(party).catch_up()


def give_indexes(world: World, folder: Path) -> None:
    """Give every party of a world a place for its index."""
    parties: list[Node | Hub] = [world.hub, *world.nodes.values()]
    for party in parties:
        give_index(party, folder)


class SmallIndex:
    """An index of a few offers, written without a catalogue."""

    def __init__(self, path: Path, *, own_member: str = "") -> None:
        self.path = path
        self._vocabularies, self._district = shipped_vocabularies(), shipped_district()
        lexicon = load_lexicon(self._vocabularies, self._district)
        self._analyzer = Analyzer(lexicon, self._vocabularies)
        self._facts = FactFinder(self._vocabularies, self._district)
        self.writer = IndexWriter(path, "test")
        self.finder = Finder(path, lambda: self._vocabularies, self._district, own_member=own_member, lexicon=lexicon)

    def put(self, member: str = "marl", **fields: Any) -> bytes:
        """Put one offer in; returns its rid, made of its name unless `id` is given."""
        (rid,) = self.put_all([fields], member)
        return rid

    def put_all(self, documents: Iterable[Mapping[str, Any]], member: str = "marl") -> list[bytes]:
        """Put many offers in at once; returns their rids."""
        entries = [self._entry(member, dict(fields)) for fields in documents]
        with self.writer.opened() as index:
            index.apply(entries)
        return [entry.rid for entry in entries]

    def _entry(self, member: str, fields: dict[str, Any]) -> Entry:
        named = self._district.member(member)
        assert named is not None
        fields.setdefault("id", hashlib.sha256(str(fields["name"]).encode()).hexdigest()[:32])
        doc = msgspec.convert({"owner": named.ags, **fields}, OfferDoc)
        mark = hashlib.sha256(msgspec.json.encode(doc)).digest()
        return Entry(bytes.fromhex(doc.id), mark, self._facts.facts(member, doc), self._analyzer.tokens(doc))

    def remove(self, *rids: bytes) -> None:
        """Take offers out."""
        with self.writer.opened() as index:
            index.apply((), rids)
