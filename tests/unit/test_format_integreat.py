"""The places of all offers as Integreat's app reads them: the fields and types of its `JsonPoiType`, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.outputs.formats.integreat import INTEGREAT, Numbers
from tests.support.offered import RID, make_doc, offers_of, real_docs, written

PLACE = {
    "name": "Haus der Begegnung", "address_1": "Musterweg 1", "postal_code": "45699", "city": "Herten",
    "latitude": 51.595, "longitude": 7.134, "accessibility": {"stufenlos": True},
}  # fmt: skip
HOURS = {"opens_at": "09:00", "closes_at": "12:00", "freq": "WEEKLY"}
TEXT, MAYBE, NUMBER, FLAG = (str,), (str, type(None)), (int,), (bool,)
SHAPES: dict[str, dict[str, tuple[type, ...]]] = {
    "place": {
        "id": NUMBER, "url": TEXT, "path": TEXT, "title": TEXT, "modified_gmt": TEXT, "last_updated": TEXT,
        "meta_description": MAYBE, "excerpt": TEXT, "content": TEXT, "available_languages": (dict,), "icon": MAYBE,
        "thumbnail": MAYBE, "website": MAYBE, "email": MAYBE, "phone_number": MAYBE, "contacts": (list,),
        "category": (dict,), "temporarily_closed": FLAG, "opening_hours": (list, type(None)), "appointment_url": MAYBE,
        "location": (dict,), "hash": (type(None),), "organization": (dict, type(None)),
        "barrier_free": (bool, type(None)),
    },
    "location": {
        "id": NUMBER, "name": TEXT, "address": MAYBE, "town": MAYBE, "state": MAYBE, "postcode": MAYBE,
        "region": MAYBE, "country": TEXT, "latitude": (int, float, type(None)), "longitude": (int, float, type(None)),
    },
    "category": {
        "id": NUMBER, "name": TEXT, "color": TEXT, "icon": TEXT, "icon_url": MAYBE, "icon_color": TEXT,
    },
    "contact": {
        "area_of_responsibility": MAYBE, "name": MAYBE, "email": MAYBE, "phone_number": MAYBE, "mobile_number": MAYBE,
        "website": MAYBE, "opening_hours": (list, type(None)), "appointment_url": MAYBE,
    },
    "organization": {"id": NUMBER, "slug": TEXT, "name": TEXT, "logo": MAYBE, "website": MAYBE},
    "language": {"id": NUMBER, "url": TEXT, "path": TEXT},
    "day": {"allDay": FLAG, "closed": FLAG, "appointmentOnly": FLAG, "timeSlots": (list,)},
    "slot": {"start": TEXT, "end": TEXT, "timezone": TEXT},
}  # fmt: skip


def places(*docs: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(written(INTEGREAT, offers_of(*docs)))
    return found


def problems(value: dict[str, Any], shape: str) -> list[str]:
    wanted = SHAPES[shape]
    wrong = [f"{shape}.{name}: missing or unknown" for name in wanted.keys() ^ value.keys()]
    wrong += [f"{shape}.{n}: {value[n]!r}" for n, kinds in wanted.items() if not isinstance(value.get(n), kinds)]
    days = list(value.get("opening_hours") or [])
    inner = [
        *[(value[name], name) for name in ("location", "category", "organization") if value.get(name)],
        *[(one, "contact") for one in value.get("contacts", [])],
        *[(one, "language") for one in value.get("available_languages", {}).values()],
        *[(day, "day") for day in days], *[(slot, "slot") for day in days for slot in day["timeSlots"]],
    ]  # fmt: skip
    return wrong + [problem for part, name in inner for problem in problems(part, name)]


def test_real_offers_have_the_shape_that_the_app_reads() -> None:
    found = places(*real_docs()[::3])

    assert len(found) > 20
    assert [problem for place in found for problem in problems(place, "place")] == []
    ids = [place["id"] for place in found]
    assert len(ids) == len(set(ids)) == len({place["path"] for place in found})
    assert all(0 <= number < 2**53 for number in ids)


def test_whole_offer_says_where_when_and_with_whom() -> None:
    doc = make_doc(
        locations=[PLACE], schedules=[{**HOURS, "byday": ["MO", "WE"]}], email="cafe@herten.example",
        phones=[{"number": "+49 2366 1"}, {"number": "+49 170 1", "type": "cell"}], topics=["sprache.cafe"],
        contacts=[{"name": "Erika Mustermann", "title": "Leitung", "department": "Integration"}],
        providers=[{"name": "Stadt Herten", "website": "https://herten.example/"}],
        translations={"tr": {"name": "Dil kahvesi"}, "ar": {"name": "مقهى", "state": "in_arbeit"}},
    )  # fmt: skip

    (place,) = places(doc)

    assert problems(place, "place") == []
    assert (place["url"], place["path"]) == (f"https://katalog.example/angebote/{RID}", f"/angebote/{RID}")
    assert (place["modified_gmt"], place["last_updated"]) == (
        "2026-02-01T08:00:00.000Z",
        "2026-02-01T09:00:00.000+01:00",
    )
    assert place["location"] | {"id": 0} == {
        "id": 0, "name": "Haus der Begegnung", "address": "Musterweg 1", "town": "Herten", "state": None,
        "postcode": "45699", "region": None, "country": "Deutschland", "latitude": 51.595, "longitude": 7.134,
    }  # fmt: skip
    assert [day["closed"] for day in place["opening_hours"]] == [False, True, False, True, True, True, True]
    assert place["opening_hours"][0]["timeSlots"] == [{"start": "09:00", "end": "12:00", "timezone": "Europe/Berlin"}]
    own, person = place["contacts"]
    assert (own["name"], own["phone_number"], own["mobile_number"]) == (None, "+49 2366 1", "+49 170 1")
    assert (person["name"], person["area_of_responsibility"]) == ("Erika Mustermann", "Leitung, Integration")
    assert (place["category"]["icon"], place["organization"]["slug"]) == ("education", "stadt-herten")
    assert list(place["available_languages"]) == ["tr"]
    assert place["available_languages"]["tr"]["url"] == f"https://katalog.example/angebote/{RID}?lang=tr"
    assert place["barrier_free"] is True


def test_content_is_html_as_the_page_has_it() -> None:
    doc = make_doc(
        locations=[PLACE], summary="Für <alle> & mehr.",
        body="Mit **Kaffee** <script>alert(1)</script>\n\n[weg](javascript:alert(1))",
        schedules=[{**HOURS, "freq": "MONTHLY", "byday": ["1MO"]}], fees_text="5 € <pro> Abend",
    )  # fmt: skip

    (place,) = places(doc)

    assert "<p>Für &lt;alle&gt; &amp; mehr.</p>" in place["content"]
    assert "<strong>Kaffee</strong>" in place["content"]
    assert "<li>1. Mo im Monat 09:00–12:00 Uhr</li>" in place["content"]
    assert "5 € &lt;pro&gt; Abend" in place["content"]
    assert not [word for word in ("<script", 'href="javascript') if word in place["content"]]
    assert place["excerpt"].startswith("Für <alle> & mehr. Mit Kaffee")
    assert place["opening_hours"] is None


def test_hours_of_a_week_leave_out_what_does_not_repeat_weekly_or_is_over() -> None:
    schedules = [
        {**HOURS, "byday": ["MO"]}, {"opens_at": "11:00", "closes_at": "13:00", "freq": "WEEKLY", "byday": ["MO"]},
        {**HOURS, "byday": ["TU"], "by_appointment": True}, {**HOURS, "byday": ["WE"], "until": "2026-03-01"},
        {**HOURS, "byday": ["TH"], "interval": 2, "dtstart": "2026-02-05"},
        {**HOURS, "byday": ["FR"], "kind": "telefonzeit"},
    ]  # fmt: skip

    (place,) = places(make_doc(locations=[PLACE], schedules=schedules, phones=[{"number": "+49 2366 1"}]))

    said = [(day["closed"], day["appointmentOnly"], len(day["timeSlots"])) for day in place["opening_hours"]]
    assert said == [(False, False, 1), (False, True, 1), *[(True, False, 0)] * 5]
    assert place["opening_hours"][0]["timeSlots"][0]["end"] == "13:00"
    assert [day["closed"] for day in place["contacts"][0]["opening_hours"]] == [True] * 4 + [False, True, True]


def test_closed_for_now_is_said_and_ended_offers_are_left_out() -> None:
    common = {"locations": [PLACE], "schedules": [{**HOURS, "byday": ["MO"]}]}
    resting = make_doc(**common, status="temporarily closed")
    ended = make_doc(**common, status="defunct", id="0" * 32)

    (place,) = places(resting, ended)

    assert (place["temporarily_closed"], place["opening_hours"]) == (True, None)


def test_each_place_has_an_entry_and_a_path_of_its_own() -> None:
    other = {**PLACE, "name": "Altes Rathaus", "address_1": "Markt 1"}
    online = {"name": "Videotreffen", "kind": "virtual"}

    found = places(make_doc(locations=[PLACE, other, online]))
    again = places(make_doc(locations=[other, PLACE]))

    assert [place["location"]["name"] for place in found] == ["Haus der Begegnung", "Altes Rathaus"]
    assert len({place["path"] for place in found}) == 2
    names = [{place["location"]["name"]: (place["id"], place["path"]) for place in some} for some in (found, again)]
    assert names[0] == names[1]


def test_confidential_address_has_no_place_on_a_map() -> None:
    body = written(INTEGREAT, offers_of(make_doc(locations=[PLACE], address_confidential=True)))

    assert json.loads(body) == []


@pytest.mark.parametrize("bits", [1, 3])
def test_numbers_that_meet_are_told_apart(bits: int) -> None:
    numbers = Numbers(lambda key: (len(key) + key.count("1")) % (1 << bits) + key.count("#") * int(key[-1:] or "0"))
    alone = Numbers()

    given = [numbers.give(key) for key in ("a1", "b1", "c1", "d1")]

    assert len(set(given)) == 4
    assert alone.give("a1") == Numbers().give("a1")
