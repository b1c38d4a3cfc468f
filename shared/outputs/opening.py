"""Puts together the outputs of one party: what keeps the file, what reads it, what makes rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.clock import Clock
from shared.database import Database
from shared.model.district import District
from shared.model.vocabulary.collection import Vocabularies
from shared.outputs.asking import QueryTerms
from shared.outputs.keeping import OutputsKeeper
from shared.outputs.making import Makers, postcode_centres
from shared.outputs.reading import Outputs
from shared.search.finding import Finder


@dataclass(frozen=True)
class PartyOutputs:
    """The outputs of one party.

    Args:
        keeper: None for a party without a place for the file.
    """

    reader: Outputs
    makers: Makers
    keeper: OutputsKeeper | None


def open_outputs(
    db: Database,
    clock: Clock,
    path: Path | None,
    *,
    vocabularies: Callable[[], Vocabularies],
    district: District,
    public_url: str,
    sites: Callable[[], Mapping[str, str]],
    finder: Callable[[], Finder],
) -> PartyOutputs:
    """Return the outputs of a party; nothing is read or written yet.

    Args:
        path: of the file; None: there is no place for one.
        vocabularies: returns those that hold now; the same object until they change.
        public_url: origin of the party's own pages; empty if unknown.
        sites: returns where the members' own pages are, by name.
    """
    centres = postcode_centres(district)
    members = {centre.code: member.ags for member in district.members for centre in member.postcodes}

    def areas_of(postcode: str) -> tuple[str, ...]:
        """The district covers each of its postcodes; one outside is covered by nobody."""
        own = members.get(postcode)
        return () if own is None else (own, district.key, f"{district.key}000")

    makers = Makers(vocabularies, district, public_url=public_url, sites=sites)
    terms = QueryTerms(lambda text: finder().records(text), centres.get, areas_of)
    keeper = None if path is None else OutputsKeeper(db, clock, path, makers)
    return PartyOutputs(Outputs(path, terms), makers, keeper)
