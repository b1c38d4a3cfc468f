"""The providers and migrant organisations: a list from A to Z, and one page for each, made of what offers say of it."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from shared.search.asking import Asked
from shared.web.messages import translate
from shared.web.public.doors import Doors, hits_of
from shared.web.public.organisations import Organisation, by_letter
from shared.web.public.question import address

PROVIDERS = "/traeger"
_ON_ONE_PAGE = 200
"""A longer list shows one letter at a time."""
_CARDS = 20
_YES = "ja"


def provider_routes(doors: Doors) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the list and of one provider."""

    @get(PROVIDERS, sync_to_thread=True, include_in_schema=False)
    def providers(mo: FromQuery[str | None] = None, buchstabe: FromQuery[str | None] = None) -> Response[str]:
        return list_providers(doors, only_migrant=mo == _YES, letter=buchstabe or "")

    @get(PROVIDERS + "/{key:str}", sync_to_thread=True, include_in_schema=False)
    def provider(key: FromPath[str]) -> Response[str]:
        return show_provider(doors, key)

    return [providers, provider]


def list_providers(doors: Doors, *, only_migrant: bool, letter: str) -> Response[str]:
    """Return the list from A to Z; where it is long, that of one letter."""
    found = [one for one in doors.gathered().organisations.values() if one.is_migrant_organisation or not only_migrant]
    letters = by_letter(found)
    is_long = len(found) > _ON_ONE_PAGE
    chosen = letter if letter in letters else next(iter(letters), "")
    return doors.respond(
        "public/providers.html",
        path=PROVIDERS,
        total=len(found),
        only_migrant=only_migrant,
        letters=list(letters),
        chosen=chosen if is_long else "",
        groups={chosen: letters[chosen]} if is_long and letters else letters,
        towns=lambda one: towns_of(doors, one),
    )


def show_provider(doors: Doors, key: str) -> Response[str]:
    """Return the page of one provider, or 404 with the way to all of them."""
    gathered = doors.gathered()
    one = gathered.organisations.get(key)
    if one is None:
        return doors.missing(
            translate("Diesen Träger gibt es hier nicht"),
            translate("Vielleicht bietet er zurzeit nichts an, oder die Adresse enthält einen Tippfehler."),
            PROVIDERS,
            translate("Alle Träger von A bis Z"),
        )
    shorts = [gathered.offers[rid] for rid in one.offers[:_CARDS] if rid in gathered.offers]
    label = doors.face.words.label("org_type", one.org_type) if one.org_type else ""
    return doors.respond(
        "public/provider.html",
        path=PROVIDERS,
        one=one,
        kind=label,
        cards=doors.cards(hits_of(shorts)),
        total=len(one.offers),
        all_url=address(doors.face.pages, Asked(providers=(key,))),
        towns=towns_of(doors, one),
    )


def towns_of(doors: Doors, one: Organisation) -> list[tuple[str, str, int]]:
    """Return the cities that publish offers of a provider: member name, how it is called, how many; most first."""
    district = doors.face.words.district
    named = []
    for name, count in one.members.items():
        member = district.member(name)
        named.append((name, name if member is None else member.town or member.title, count))
    return sorted(named, key=lambda entry: (-entry[2], entry[1]))
