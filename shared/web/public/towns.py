"""The towns of the district and the district itself: whom to ask there, and what is offered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from shared.model.district import DistrictMember
from shared.model.text import sort_key
from shared.search.asking import Asked
from shared.search.found import Count
from shared.web.messages import translate
from shared.web.public.doors import Doors
from shared.web.public.face import Office
from shared.web.public.question import address

TOWNS = "/staedte"
_NEWEST = 4
_PROVIDERS = 40


@dataclass(frozen=True)
class Topic:
    """One topic of a town with its number of offers."""

    label: str
    number: int
    url: str


def town_routes(doors: Doors) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the list and of one town."""

    @get(TOWNS, sync_to_thread=True, include_in_schema=False)
    def towns() -> Response[str]:
        return list_towns(doors)

    @get(TOWNS + "/{name:str}", sync_to_thread=True, include_in_schema=False)
    def town(name: FromPath[str]) -> Response[str]:
        return show_town(doors, name)

    return [towns, town]


def list_towns(doors: Doors) -> Response[str]:
    """Return all towns by name, then the district, each with its number of offers."""
    face = doors.face
    counts = face.finder.find(Asked(), today=face.today(), per_page=1).counts.get("cities", ())
    numbers = {count.value: count.number for count in counts}
    members = sorted(face.words.district.members, key=lambda member: (not member.town, sort_key(member.town)))
    return doors.respond(
        "public/towns.html",
        path=TOWNS,
        rows=[(member, numbers.get(member.name, 0)) for member in members],
        own=face.own_city,
    )


def show_town(doors: Doors, name: str) -> Response[str]:
    """Return the page of one town, or 404 with the way to all of them."""
    face = doors.face
    member = face.words.district.member(name)
    if member is None:
        return doors.missing(
            translate("Diese Stadt gehört nicht zum Kreis"),
            translate("Vielleicht enthält die Adresse einen Tippfehler."),
            TOWNS,
            translate("Alle Städte im Kreis"),
        )
    asked = Asked(cities=(name,))
    answer = face.finder.find(Asked(cities=(name,), order="neu"), today=face.today(), per_page=_NEWEST)
    there = [one for one in doors.gathered().organisations.values() if name in one.members]
    there.sort(key=lambda one: (-one.members[name], sort_key(one.name)))
    return doors.respond(
        "public/town.html",
        path=TOWNS,
        member=member,
        total=answer.total,
        topics=_topics(doors, asked, answer.counts.get("topics", ())),
        cards=doors.cards(answer.hits),
        providers=sorted(there[:_PROVIDERS], key=lambda one: sort_key(one.name)),
        more_providers=max(0, len(there) - _PROVIDERS),
        office=_office(doors, member),
        contact=face.words.district.contact,
        site="" if name == face.member else face.site_of(name),
        all_url=address(face.pages, asked),
    )


def _topics(doors: Doors, asked: Asked, counts: Sequence[Count]) -> list[Topic]:
    """The main topics in the order of the vocabulary; topics below one are counted with it."""
    numbers = {count.value: count.number for count in counts}
    return [
        Topic(
            doors.face.words.label("topic", term.code),
            number,
            address(doors.face.pages, asked.toggled("topics", term.code)),
        )
        for term in doors.face.words.vocabularies["topic"].terms
        if term.parent is None and (number := numbers.get(term.code, 0))
    ]


def _office(doors: Doors, member: DistrictMember) -> Office:
    """Whom to ask in a town: every party knows its own office alone; that of others stands on their own pages."""
    is_ours = member.name == doors.face.own_city if doors.face.own_city else not member.town
    return doors.face.texts().office if is_ours else Office()
