"""Offers written as cells say the same when they are read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.model.cells import cells_of
from shared.model.columns import read_drafts, read_row
from shared.model.offer import OfferDoc, offer_from_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.table import Row, read_table

DISTRICT, VOCABULARIES = shipped_district(), shipped_vocabularies()
SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"


def cells(doc: OfferDoc, source: str = "") -> dict[str, str]:
    return cells_of(doc, district=DISTRICT, vocabularies=VOCABULARIES, source=source)


def offer(**fields: Any) -> OfferDoc:
    return offer_from_builtins({"id": "0" * 32, "owner": "05562020", "name": "Treff", **fields})


def test_every_row_of_the_sample_says_the_same_after_the_way_out_and_back() -> None:
    drafts = read_drafts(read_table(SAMPLE.read_bytes()), district=DISTRICT, vocabularies=VOCABULARIES).drafts

    for draft in drafts:
        written = cells(draft.document("0" * 32), draft.source_note)
        again = read_row(Row(draft.row, written), district=DISTRICT, vocabularies=VOCABULARIES)

        assert again.template == draft.template
        assert again.source_note == draft.source_note


def test_topics_without_a_theme_are_called_by_their_names() -> None:
    row = cells(offer(topics=["beratung.kim", "kinder", "familie", "neu.aus.anderer.version"]))

    assert row["thema"] == "KIM Einzelberatung|Kinderbetreuung und Familie|neu.aus.anderer.version"


def test_costs_say_what_is_free_and_what_is_not() -> None:
    assert cells(offer(is_free=True))["kosten"] == "kostenlos"
    assert cells(offer(is_free=True, fees_text="Material 2 EUR"))["kosten"] == "kostenlos, Material 2 EUR"
    assert cells(offer(costs=[{"amount": 5, "option": "ermäßigt"}]))["kosten"] == "ermäßigt 5 EUR"


def test_empty_draft_has_every_column() -> None:
    assert cells(offer()) | {"stadt": "", "angebot": ""} == dict.fromkeys(cells(offer()), "")
