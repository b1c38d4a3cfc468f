"""How the page of an offer writes what people read."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from shared.model.offer import OfferDoc, offer_from_builtins
from shared.web.offer_page import _ages, is_in_review
from tests.support.lone_node import offer


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1, None, "ab 1 Jahr"),
        (2, None, "ab 2 Jahren"),
        (0, None, "ab 0 Jahren"),
        (None, 1, "bis 1 Jahr"),
        (None, 6, "bis 6 Jahre"),
        (1, 1, "1 Jahr"),
        (3, 3, "3 Jahre"),
        (1, 6, "1 bis 6 Jahre"),
        (None, None, ""),
    ],
)
def test_ages(low: int | None, high: int | None, said: str) -> None:
    kept = {"id": "01" * 16, "owner": "05562020", "last_modified": "2026-01-01T00:00:00.000Z"}
    doc = msgspec.structs.replace(offer_from_builtins(offer(**kept)), minimum_age=low, maximum_age=high)

    assert _ages(doc) == said


@pytest.mark.parametrize(
    ("fields", "is_marked"),
    [
        ({"review_due": date(2026, 1, 1)}, True),
        ({"review_due": date(2026, 1, 2)}, False),
        ({"assured_date": date(2025, 7, 5)}, True),
        ({"assured_date": date(2025, 7, 6)}, False),
        ({}, False),
    ],
)
def test_offer_is_marked_once_its_check_is_more_than_30_days_overdue(fields: dict[str, date], is_marked: bool) -> None:
    doc = OfferDoc(id="0" * 32, owner="05562020", **fields)  # type: ignore[arg-type]

    assert is_in_review(doc, date(2026, 2, 1)) is is_marked
