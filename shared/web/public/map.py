"""The offers of a question on a map, for those who ask for it: nothing here is needed to find an offer.

The first page has no map and says what loading it means.  Only its answer to `karte=ja` names the host of the tiles in
its policy (`headers.MAP_POLICY`); no choice is stored, so a new visit asks again.  Confidential addresses are never in
what this module gives out; an offer of which only the postcode is known stands for the whole area.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from shared.model.district import District
from shared.search.asking import Asked, format_asked
from shared.web.headers import CSP_HEADER, MAP_POLICY, TILE_HOST
from shared.web.messages import LANGUAGE, direction_of, translate_plural
from shared.web.public.doors import Doors, title_of
from shared.web.public.gathered import Short
from shared.web.public.question import RESULTS, QuestionWords, address

MAP, MAP_DATA = RESULTS + "/karte", RESULTS + "/karte.json"
CONSENT, _YES = "karte", "ja"
TILES = TILE_HOST + (
    "/wmts_basemapde/tile/1.0.0/de_basemapde_web_raster_farbe/default/GLOBAL_WEBMERCATOR/{level}/{y}/{x}.png"
)
"""Levels below ten are written with two digits there; `map.js` fills them in."""
_PER_PAGE = 20
_SAME_PLACE = 4
"""Decimals of a degree, about ten metres: offers in one house share a marker."""

Place = tuple[float, float]


class Listed(msgspec.Struct, frozen=True):
    """One offer of a marker; `lang` and `dir` are those of its title."""

    title: str
    url: str
    lang: str
    dir: str


class Marker(msgspec.Struct, frozen=True):
    """One place on the map; `area` names the postcode and town where that is all that is known."""

    latitude: float
    longitude: float
    label: str
    offers: list[Listed]
    area: str = ""


@dataclass(frozen=True)
class Placed:
    """Offers by where they stand; `nowhere` counts those that no map can show."""

    points: Mapping[Place, Sequence[Short]]
    areas: Mapping[str, Sequence[Short]]
    nowhere: int


def map_routes(doors: Doors) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the page and of what it draws."""

    @get(MAP, sync_to_thread=True, include_in_schema=False)
    def map_page(request: Request[Any, Any, Any]) -> Response[str]:
        return show_map(doors, doors.asked(request), is_wanted=request.query_params.get(CONSENT) == _YES)

    @get(MAP_DATA, sync_to_thread=True, include_in_schema=False)
    def map_data(request: Request[Any, Any, Any]) -> Response[bytes]:
        placed = place_offers(_found(doors, doors.asked(request)), doors.face.words.district)
        body = msgspec.json.encode(markers(doors, placed))
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "X-Robots-Tag": "noindex"}
        return Response(body, media_type="application/json", headers=headers)

    return [map_page, map_data]


def show_map(doors: Doors, asked: Asked, *, is_wanted: bool) -> Response[str]:
    """Return the page with its complete list; with the map only where it was asked for."""
    face, names = doors.face, QuestionWords(doors.face.words)
    answer = face.finder.find(asked, today=face.today(), per_page=_PER_PAGE)
    placed = place_offers(_found(doors, asked), face.words.district)
    consent = {CONSENT: _YES} if is_wanted else {}
    response = doors.respond(
        "public/map.html",
        path=RESULTS,
        is_wanted=is_wanted,
        chosen=[text for field in asked.active() for text in names.values(asked, field)],
        searched=asked.words,
        total=answer.total,
        cards=doors.cards(answer.hits),
        page=answer.page,
        pages=answer.pages,
        turn=lambda page: _url(doors, MAP, asked.on_page(page), consent),
        list_url=address(face.pages, asked),
        load_url=_url(doors, MAP, asked, {CONSENT: _YES}) + "#karte",
        without_url=_url(doors, MAP, asked, {}),
        data_url=_url(doors, MAP_DATA, replace(asked, order="", page=1), {}),
        tiles=TILES,
        bounds=face.words.district.bounds,
        nowhere=placed.nowhere,
        has_areas=bool(placed.areas),
    )
    response.headers["X-Robots-Tag"] = "noindex"
    if is_wanted:
        response.headers[CSP_HEADER] = MAP_POLICY
    return response


def _found(doors: Doors, asked: Asked) -> list[Short]:
    face, offers = doors.face, doors.gathered().offers
    if asked.is_empty:
        return list(offers.values())
    return [offers[hit.rid] for hit in face.finder.matching(asked, today=face.today()) if hit.rid in offers]


def place_offers(shorts: Iterable[Short], district: District) -> Placed:
    """Sort offers by place.

    A point outside the bounds of the district is more likely a slip than a place, and counts as none.  An offer with a
    point is not shown for its postcode too.
    """
    postcodes = {postcode.code for postcode in district.town_postcodes().postcodes}
    points: dict[Place, list[Short]] = {}
    areas: dict[str, list[Short]] = {}
    nowhere = 0
    for short in shorts:
        spots = [spot for spot in short.spots if spot.latitude is not None and spot.longitude is not None]
        exact = {
            (round(spot.latitude or 0.0, _SAME_PLACE), round(spot.longitude or 0.0, _SAME_PLACE))
            for spot in spots
            if district.bounds.holds(spot.latitude or 0.0, spot.longitude or 0.0)
        }
        codes = {spot.postcode for spot in short.spots if spot.postcode in postcodes} if not exact else set()
        for place in exact:
            points.setdefault(place, []).append(short)
        for code in codes:
            areas.setdefault(code, []).append(short)
        nowhere += not exact and not codes
    return Placed(points, areas, nowhere)


def markers(doors: Doors, placed: Placed) -> list[Marker]:
    """Return what the map draws, from north to south, so that the keyboard goes through it like a reader."""
    postcodes = doors.face.words.district.town_postcodes()
    found = []
    for place, shorts in placed.points.items():
        listed = [_listed(doors, short) for short in shorts]
        found.append(Marker(*place, _label_of_point(listed), listed))
    for code, shorts in placed.areas.items():
        known = postcodes.get(code)
        if known is not None:
            area = f"{code} {postcodes.town(code)}"
            listed = [_listed(doors, short) for short in shorts]
            found.append(Marker(known.latitude, known.longitude, _label_of_area(len(listed), area), listed, area))
    return sorted(found, key=lambda marker: (-marker.latitude, marker.longitude, marker.area))


def _label_of_point(listed: Sequence[Listed]) -> str:
    if len(listed) == 1:
        return listed[0].title
    text = translate_plural("%(n)s Angebot an diesem Ort", "%(n)s Angebote an diesem Ort", len(listed))
    return text % {"n": len(listed)}


def _label_of_area(number: int, area: str) -> str:
    text = translate_plural(
        "%(n)s Angebot im Gebiet %(area)s, genauer Ort nicht angegeben",
        "%(n)s Angebote im Gebiet %(area)s, genauer Ort nicht angegeben",
        number,
    )
    return text % {"n": number, "area": area}


def _listed(doors: Doors, short: Short) -> Listed:
    title = title_of(short)
    lang = title.lang or LANGUAGE.get()
    return Listed(title.text, doors.face.pages.url(f"{RESULTS}/{short.rid.hex()}"), lang, direction_of(lang))


def _url(doors: Doors, path: str, asked: Asked, more: Mapping[str, str]) -> str:
    query: dict[str, list[str]] = {}
    for key, value in format_asked(asked):
        query.setdefault(key, []).append(value)
    return doors.face.pages.url(path, **query, **more)
