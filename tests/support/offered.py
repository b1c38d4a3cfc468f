"""Offers as formats get them, without a catalogue: made for one question, real ones of the district, invented ones."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from shared.model.columns import read_drafts
from shared.model.district import District
from shared.model.offer import OfferDoc, offer_from_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.table import read_table
from shared.outputs.formats.format import Format
from shared.outputs.making import RowMaker
from shared.outputs.offered import About, Offered

DISTRICT: District = shipped_district()
VOCABULARIES = shipped_vocabularies()
SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
NEW_YEAR = 1_767_225_600
RID = "3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a"
ABOUT = About(
    title="Integrationsangebote im Kreis Recklinghausen",
    publisher="Kommunales Integrationszentrum Kreis Recklinghausen",
    email="ki@kreis.example",
    base_url="https://katalog.example",
    licence_url="https://www.govdata.de/dl-de/by-2-0",
    licence_name="Datenlizenz Deutschland – Namensnennung – Version 2.0",
    made=datetime(2026, 3, 2, 6, 30, tzinfo=UTC),
    digest="ab" * 32,
    district=DISTRICT,
    vocabularies=VOCABULARIES,
)


class SomeOffers:
    """A few offers in the place of a catalogue."""

    def __init__(self, offers: Iterable[Offered]) -> None:
        self.offers = list(offers)

    scratch: Path | None = None

    def __iter__(self) -> Iterator[Offered]:
        """Yield each offer with its document."""
        return iter(self.offers)

    def services(self) -> Iterator[bytes]:
        """Yield the finished JSON of each compiled service."""
        return (msgspec.json.encode(offered.service) for offered in self.offers)

    def organizations(self) -> Iterator[bytes]:
        """Yield the finished JSON of each organization that leads an offer."""
        found = {named["id"]: named for one in self.offers if (named := one.service.get("organization"))}
        return (msgspec.json.encode(named) for named in found.values())

    def first_times(self, rids: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return when the first version of each was published: here on the first day of the year."""
        return dict.fromkeys(rids, NEW_YEAR)


@cache
def row_maker() -> RowMaker:
    """Return what makes rows at a hub whose members have no pages of their own."""
    return RowMaker(VOCABULARIES, DISTRICT, public_url=ABOUT.base_url, sites={})


def make_doc(**fields: Any) -> OfferDoc:
    """Return an offer with these fields."""
    named = {"id": RID, "owner": "05562020", "name": "Sprachcafé", "summary": "Hier üben wir zusammen Deutsch."}
    return offer_from_builtins(named | fields)


def make_offered(doc: OfferDoc, *, modified: str = "2026-02-01T08:00:00.000Z", masks: bool = False) -> Offered:
    """Return an offer as formats get it."""
    member = DISTRICT.member_by_ags(doc.owner)
    assert member is not None
    return row_maker().offered(member.name, doc, modified=modified, masks=masks)


def offers_of(*docs: OfferDoc) -> SomeOffers:
    """Return these offers, each changed a minute after the one before."""
    return SomeOffers(
        make_offered(doc, modified=f"2026-02-01T{8 + at // 60:02d}:{at % 60:02d}:00.000Z")
        for at, doc in enumerate(docs)
    )


def real_docs() -> list[OfferDoc]:
    """Return the real offers of the district, with the hours that the importer would propose."""
    drafts = read_drafts(read_table(SAMPLE.read_bytes()), district=DISTRICT, vocabularies=VOCABULARIES).drafts
    return [
        msgspec.structs.replace(draft.document(uuid5(NAMESPACE_URL, str(at)).hex), schedules=draft.proposals.schedules)
        for at, draft in enumerate(drafts)
    ]


def written(form: Format, offers: SomeOffers, about: About = ABOUT) -> bytes:
    """Return what a format writes."""
    into = io.BytesIO()
    form.write(offers, about, into)
    return into.getvalue()
