"""Calls for projects and funding (offers of the kind `ausschreibung`), those that end soonest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.web.messages import translate, translate_plural
from shared.web.public.cards import HitCard
from shared.web.public.doors import Doors, hits_of
from shared.web.public.gathered import CALL, Short

CALLS = "/ausschreibungen"
_SHOWN = 200
_SOON_DAYS = 14


@dataclass(frozen=True)
class Call:
    """One call with its end in words."""

    card: HitCard
    ends: date | None
    says: str
    is_soon: bool


def call_routes(doors: Doors) -> Sequence[HTTPRouteHandler]:
    """Return the route of the list."""

    @get(CALLS, sync_to_thread=True, include_in_schema=False)
    def calls() -> Response[str]:
        today = doors.face.today()
        running = running_calls(doors.gathered().offers.values(), today)
        cards = {card.id: card for card in doors.cards(hits_of(running[:_SHOWN]))}
        shown = [_call(cards[short.rid.hex()], short, today) for short in running if short.rid.hex() in cards]
        return doors.respond("public/calls.html", path=CALLS, calls=shown, total=len(running))

    return [calls]


def running_calls(offers: Iterable[Short], today: date) -> list[Short]:
    """Return the calls that have not ended, by their end; those without one last."""
    found = [one for one in offers if one.offer_type == CALL and (one.valid_to is None or one.valid_to >= today)]
    return sorted(found, key=lambda one: (one.valid_to or date.max, one.title))


def _call(card: HitCard, short: Short, today: date) -> Call:
    if short.valid_to is None:
        return Call(card, None, translate("ohne festes Ende"), is_soon=False)
    left = (short.valid_to - today).days
    return Call(card, short.valid_to, ends_in_words(left), is_soon=left <= _SOON_DAYS)


def ends_in_words(days: int) -> str:
    """Return in how many days something ends."""
    if days == 0:
        return translate("endet heute")
    return translate_plural("endet in %(n)s Tag", "endet in %(n)s Tagen", days) % {"n": days}
