"""The page of one offer at node and hub: what it answers, in which language, and what is left when it has ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar
from litestar.testing import TestClient

from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from shared.model.offer import offer_from_builtins, source_sha256
from shared.web.messages import catalogue_of
from tests.support.loopback import app_of, close_all, erase, newest_commitment
from tests.support.world import World, offer_doc, publish, withdraw

BERLIN = ZoneInfo("Europe/Berlin")
HTML = {"Accept": "text/html"}
HOURS = {"opens_at": "09:00", "closes_at": "14:00", "freq": "WEEKLY", "kind": "sprechzeit"}
GERMAN_ONLY = "Dieses Angebot gibt es noch nicht in Ihrer Sprache. Der Text steht hier auf Deutsch."
MACHINE = "Diese Übersetzung hat ein Programm gemacht; sie kann Fehler enthalten."
CITIES = pytest.mark.parametrize("who", ["herten", "hub"])


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    for node in world.nodes.values():
        node.settings = msgspec.structs.replace(node.settings, public_url="https://herten.example")
    yield world
    close_all(world)


def publish_doc(node: Node, **fields: object) -> str:
    """Put an offer with these fields into a node's outbox; returns its id in hex."""
    rid = node.dice.token(16)
    body = seal_payload({**offer_doc(rid, node.settings.ags, "Sprachcafé"), **fields}, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))
    return rid.hex()


def ask(world: World, who: str, path: str, *, status: int = 200, headers: Mapping[str, str] = HTML) -> str:
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        answer = client.get(path, headers={**HTML, **headers})
    assert answer.status_code == status, answer.text[:500]
    assert "set-cookie" not in answer.headers
    return answer.text


def set_clock(world: World, moment: str) -> None:
    """Move the world to a moment of Berlin's clocks; it only moves forward."""
    target = datetime.fromisoformat(moment).replace(tzinfo=BERLIN).timestamp()
    assert target > world.clock.time
    world.clock.time = target


def data_of(text: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])  # type: ignore[no-any-return]


# --- the page --------------------------------------------------------------------------------------------------------


@CITIES
def test_page_answers_what_people_ask_in_this_order(world: World, who: str) -> None:
    rid = publish_doc(
        world.nodes["marl"],
        schedules=[{**HOURS, "byday": ["TU", "TH"]}],
        locations=[{"name": "Bürgerhaus", "address_1": "Musterweg 1", "postal_code": "45768", "city": "Marl",
                    "transportation": "Bus SB 25 bis Marktplatz"}],
        is_free=True, target_groups=["alle"], languages=[{"code": "de"}, {"code": "ar"}], access=["offen"],
        phones=[{"number": "+49 2365 991"}], email="kurse@example.org", body="Lange Beschreibung",
        assured_date="2025-12-01", minimum_age=16,
    )  # fmt: skip
    world.settle()

    text = ask(world, who, f"/angebote/{rid}")

    asked = ("Wann", "Wo", "Kosten", "Für wen", "Sprache", "Teilnehmen", "Fragen?", "Beschreibung", "Träger")
    places = [text.index(f">{title}</h2>") for title in asked]
    assert places == sorted(places)
    for said in (
        "Di, Do 09:00–14:00 Uhr", "Bus SB 25 bis Marktplatz", "kostenfrei", "ab 16 Jahren", "Arabisch",
        'href="tel:+492365991"', 'href="mailto:kurse@example.org"', "Eingestellt von Stadt Marl",
        "Zuletzt geprüft am 01.12.2025", f'href="/angebote/{rid}/hinweis"', "Angabe falsch?",
        "Stadt Marl hat dieses Angebot unterschrieben", 'href="/traeger/volkshochschule-beispielstadt"',
    ):  # fmt: skip
        assert said in text, said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-01-06T10:00", "Heute geöffnet bis 14:00 Uhr"),
        ("2026-01-06T15:00", "Öffnet am Dienstag, 13. Januar 2026 um 9:00 Uhr"),
        ("2026-01-05T10:00", "Öffnet morgen um 9:00 Uhr"),
        ("2026-03-27T10:00", "Öffnet Dienstag um 9:00 Uhr"),
    ],
)
def test_page_says_whether_it_is_open(world: World, moment: str, said: str) -> None:
    rid = publish_doc(world.nodes["herten"], schedules=[{**HOURS, "byday": ["TU"]}])
    world.settle()
    set_clock(world, moment)

    assert said in ask(world, "herten", f"/angebote/{rid}")


def test_hours_that_nobody_confirmed_stay_a_text(world: World) -> None:
    rid = publish_doc(world.nodes["herten"], schedule_text="dienstags nach Bedarf")
    world.settle()

    text = ask(world, "herten", f"/angebote/{rid}")

    assert "dienstags nach Bedarf" in text
    assert not re.search(r"geöffnet|geschlossen|Nächste Termine|termine\.ics", text)
    ask(world, "herten", f"/angebote/{rid}/termine.ics", status=404)


def test_next_dates_skip_a_holiday_and_stand_on_the_page(world: World) -> None:
    rid = publish_doc(world.nodes["herten"], schedules=[{**HOURS, "byday": ["TH"], "kind": "kurszeit"}])
    world.settle()
    set_clock(world, "2026-05-11T10:00")

    text = ask(world, "hub", f"/angebote/{rid}")

    assert "Donnerstag, 14. Mai 2026" not in text  # Christi Himmelfahrt
    assert "Donnerstag, 21. Mai 2026, 09:00–14:00 Uhr" in text
    assert text.count("Donnerstag, ") == 5


def test_offer_that_is_over_or_rests_says_so(world: World) -> None:
    over = publish_doc(world.nodes["herten"], valid_to="2025-06-30")
    rests = publish_doc(world.nodes["herten"], status="temporarily closed", schedules=[{**HOURS, "byday": ["TU"]}])
    world.settle()

    assert "Dieses Angebot lief bis 30.06.2025." in ask(world, "herten", f"/angebote/{over}")
    text = ask(world, "herten", f"/angebote/{rests}")
    assert "Dieses Angebot ist vorübergehend geschlossen." in text
    assert "Nächste Termine" not in text


def test_notice_that_is_over_is_gone_in_every_language(world: World) -> None:
    rid = publish_doc(
        world.nodes["herten"], alert="Heute zu", alert_until="2025-01-01",
        translations={"en": {"name": "Language café", "alert": "Closed today"}},
    )  # fmt: skip
    world.settle()

    for language in ("de", "en"):
        text = ask(world, "herten", f"/angebote/{rid}?lang={language}")
        assert "Heute zu" not in text
        assert "Closed today" not in text


# --- languages -------------------------------------------------------------------------------------------------------


def in_arabic(message: str) -> str:
    """A message of the program as an Arabic page writes it."""
    words = catalogue_of("ar").gettext(message)
    assert words != message
    return escape(words)


def translation(fields: Mapping[str, object], **texts: str) -> dict[str, object]:
    """A translation that belongs to the German texts of these fields."""
    doc = offer_from_builtins({"id": "0" * 32, "owner": "05562020", **fields})
    return {**texts, "source_sha256": source_sha256(doc)}


@CITIES
def test_page_in_arabic_shows_the_translation_and_marks_what_is_german(world: World, who: str) -> None:
    german = {"name": "Sprachcafé", "summary": "Ein Angebot zum Mitmachen für alle.", "body": "Kommen Sie vorbei."}
    rid = publish_doc(
        world.nodes["marl"], **german, phones=[{"number": "+49 2365 991"}],
        schedules=[{**HOURS, "byday": ["TU"], "description": "im Hof"}],
        translations={"ar": translation(german, name="مقهى اللغة", summary="عرض للجميع")},
    )  # fmt: skip
    world.settle()

    text = ask(world, who, f"/angebote/{rid}?lang=ar")

    assert '<html lang="ar" dir="rtl">' in text
    assert "<h1>مقهى اللغة</h1>" in text
    assert '<span lang="de" dir="ltr">im Hof</span>' in text
    assert re.search(r'<div lang="de" dir="ltr"><p>Kommen Sie vorbei', text)
    assert '<bdi dir="ltr">+49 2365 991</bdi>' in text
    assert '<bdi dir="ltr">09:00–14:00</bdi>' in text
    assert in_arabic(GERMAN_ONLY) not in text


def test_page_without_translation_says_that_german_is_shown(world: World) -> None:
    rid = publish_doc(world.nodes["marl"], translations={"ar": {"name": "مقهى", "state": "in_arbeit"}})
    world.settle()

    text = ask(world, "herten", f"/angebote/{rid}", headers={"Accept-Language": "ar"})

    assert '<h1><span lang="de" dir="ltr">Sprachcafé</span></h1>' in text
    assert in_arabic(GERMAN_ONLY) in text


@pytest.mark.parametrize(
    ("fields", "notice"),
    [
        ({"source_sha256": "0" * 64}, "Der deutsche Text ist neuer als diese Übersetzung."),
        ({"source_sha256": "0" * 64, "origin": "machine"}, f"{MACHINE} Der deutsche Text ist inzwischen neuer."),
        ({"origin": "machine"}, MACHINE),
    ],
)
def test_old_and_machine_translations_are_labelled(world: World, fields: dict[str, object], notice: str) -> None:
    rid = publish_doc(world.nodes["marl"], translations={"ar": {"name": "مقهى", **fields}})
    world.settle()

    text = ask(world, "herten", f"/angebote/{rid}?lang=ar")

    assert "<h1>مقهى</h1>" in text
    assert in_arabic(notice) in text


# --- what belongs to it ----------------------------------------------------------------------------------------------


@CITIES
def test_calendar_reads_back_to_the_dates_of_the_page(world: World, who: str) -> None:
    rid = publish_doc(
        world.nodes["marl"],
        schedules=[{**HOURS, "byday": ["TU", "TH"]}, {**HOURS, "freq": "MONTHLY", "byday": ["-1FR"]}],
        exceptions=[{"date_from": "2026-03-03", "closed": True}],
        locations=[{"address_1": "Musterweg 1", "postal_code": "45768", "city": "Marl"}],
    )
    world.settle()

    first, again = (ask(world, who, f"/angebote/{rid}/termine.ics") for _ in range(2))

    assert first == again
    calendar = Calendar.from_ical(first)
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    weekly, monthly = calendar.walk("VEVENT")
    days = dates_of(weekly, until=date(2026, 7, 1))
    assert date(2026, 3, 3) not in days  # the exception
    assert date(2026, 6, 4) not in days  # Fronleichnam
    assert {day.weekday() for day in days} == {1, 3}
    assert len(days) == 51 - 3
    assert date(2026, 2, 27) in dates_of(monthly, until=date(2026, 7, 1))
    assert str(weekly["SUMMARY"]) == "Sprachcafé"
    assert "Musterweg 1" in str(weekly["LOCATION"])
    assert len({str(event["UID"]) for event in (weekly, monthly)}) == 2


def dates_of(event: Any, *, until: date) -> list[date]:
    start = event["DTSTART"].dt
    found = rruleset()
    found.rrule(rrulestr(event["RRULE"].to_ical().decode(), dtstart=start.replace(tzinfo=None), ignoretz=True))
    left_out = event.get("EXDATE", [])
    for entry in left_out if isinstance(left_out, list) else [left_out]:
        for one in entry.dts:
            assert one.dt.tzinfo is not None
            found.exdate(one.dt.replace(tzinfo=None))
    return [one.date() for one in found.between(datetime(2026, 1, 1), datetime.combine(until, datetime.min.time()))]  # noqa: DTZ001


@CITIES
def test_code_leads_to_the_page_in_its_language(world: World, who: str) -> None:
    rid = publish_doc(world.nodes["herten"])
    world.settle()

    text = ask(world, who, f"/angebote/{rid}?lang=ar")
    german, arab = (ask(world, who, f"/angebote/{rid}/qr.svg?lang={language}") for language in ("de", "ar"))

    assert f'src="/angebote/{rid}/qr.svg?lang=ar"' in text
    assert german.startswith("<svg")
    assert german != arab


def test_party_without_a_public_address_offers_no_code_and_no_sharing(world: World) -> None:
    world.nodes["herten"].settings = msgspec.structs.replace(world.nodes["herten"].settings, public_url="")
    rid = publish_doc(world.nodes["herten"])
    world.settle()

    assert not re.search(r"qr\.svg|wa\.me/|mailto:\?", ask(world, "herten", f"/angebote/{rid}"))
    ask(world, "herten", f"/angebote/{rid}/qr.svg", status=404)


def test_sharing_is_plain_links(world: World) -> None:
    rid = publish_doc(world.nodes["herten"], name="Café & mehr")
    world.settle()

    text = ask(world, "herten", f"/angebote/{rid}")

    address = f"https%3A%2F%2Fherten.example%2Fangebote%2F{rid}%3Flang%3Dde%26weitergabe%3Dlink"
    assert f'href="https://wa.me/?text=Caf%C3%A9%20%26%20mehr%0A{address}"' in text
    assert f'href="mailto:?subject=Caf%C3%A9%20%26%20mehr&amp;body={address}"' in text
    assert not re.findall(r'<script[^>]+src="(?!/static/)', text)


def test_word_of_a_link_passed_on_stays_in_no_link_of_the_page(world: World) -> None:
    rid = publish_doc(world.nodes["herten"])
    world.settle()

    text = ask(world, "herten", f"/angebote/{rid}?weitergabe=qr&lang=ar")

    assert "weitergabe=qr" not in text


@CITIES
def test_linked_data_names_type_provider_and_hours(world: World, who: str) -> None:
    rid = publish_doc(
        world.nodes["herten"],
        providers=[{"name": "Stadt Herten", "org_type": "kommune"}, {"name": "AWO", "org_type": "wohlfahrt"}],
        schedules=[{**HOURS, "byday": ["TU"]}], is_free=True, service_areas=["05562020"], minimum_age=6,
        contacts=[{"name": "Erika Mustermann", "email": "erika@example.org"}],
        translations={"tr": {"name": "Dil kahvesi"}},
    )  # fmt: skip
    world.settle()

    said = data_of(ask(world, who, f"/angebote/{rid}"))

    assert (said["@context"], said["@type"]) == ("https://schema.org", "GovernmentService")
    assert [one["@type"] for one in said["provider"]] == ["GovernmentOrganization", "Organization"]
    assert said["hoursAvailable"][0]["dayOfWeek"] == ["Tuesday"]
    assert said["offers"] == [{"@type": "Offer", "price": 0, "priceCurrency": "EUR"}]
    assert {"@value": "Dil kahvesi", "@language": "tr"} in said["name"]
    assert said["areaServed"][0]["identifier"].endswith("/05562020")
    assert "Mustermann" not in json.dumps(said)
    assert said == json.loads(ask(world, who, f"/angebote/{rid}/daten.jsonld"))


def test_linked_data_cannot_be_left_by_any_text(world: World) -> None:
    hostile = "</script><script>alert(1)</script><!-- & <![CDATA["
    rid = publish_doc(
        world.nodes["marl"],
        name=hostile,
        body=f"\u2028{hostile}",
        address_confidential=True,
        locations=[{"address_1": "Geheim 1"}],
    )
    world.settle()

    text = ask(world, "hub", f"/angebote/{rid}")

    assert data_of(text)["name"] == hostile
    assert "Geheim" not in text
    assert "<script>" not in text


# --- what has ended --------------------------------------------------------------------------------------------------


@CITIES
@pytest.mark.parametrize(
    ("reason", "heading"), [("ended", "Dieses Angebot ist beendet"), ("paused", "Dieses Angebot ruht zurzeit")]
)
def test_withdrawn_offer_says_why_and_where_to_go(world: World, who: str, reason: str, heading: str) -> None:
    rid = publish(world.nodes["marl"], "Geheimtitel")
    world.settle()
    withdraw(world.nodes["marl"], rid, reason)
    world.settle()

    text = ask(world, who, f"/angebote/{rid.hex()}", status=410)

    assert heading in text
    assert "Stadt Marl hat es am 01.01.2026 aus dem Verzeichnis genommen." in text
    assert 'href="/angebote?stadt=marl"' in text
    assert "Geheimtitel" not in text
    for part in ("termine.ics", "qr.svg", "daten.jsonld"):
        ask(world, who, f"/angebote/{rid.hex()}/{part}", status=410)
    problem = json.loads(ask(world, who, f"/angebote/{rid.hex()}", status=410, headers={"Accept": "application/json"}))
    assert (problem["code"], problem["reason"]) == ("gone", reason)


@CITIES
@pytest.mark.parametrize("first", ["withdraw", "erase"])
def test_erased_offer_tells_nothing_but_that(world: World, who: str, first: str) -> None:
    marl = world.nodes["marl"]
    rid = publish(marl, "Geheimtitel")
    world.settle()
    commitment = newest_commitment(marl, rid)
    if first == "withdraw":
        withdraw(marl, rid)
        world.settle()
    erase(marl, commitment)
    world.settle()

    text = ask(world, who, f"/angebote/{rid.hex()}", status=410)

    assert "Dieser Eintrag wurde gelöscht" in text
    assert not re.search(r"Geheimtitel|Stadt Marl|stadt=", text.partition("<main")[2])
    assert "member" not in ask(world, who, f"/angebote/{rid.hex()}", status=410, headers={"Accept": "application/json"})


def test_offer_that_was_published_again_is_shown_again(world: World) -> None:
    marl = world.nodes["marl"]
    rid = publish(marl, "Kurs")
    world.settle()
    withdraw(marl, rid)
    world.settle()
    publish(marl, "Kurs wieder da", rid)
    world.settle()

    assert "Kurs wieder da" in ask(world, "herten", f"/angebote/{rid.hex()}")


@CITIES
@pytest.mark.parametrize("rid", ["0" * 32, "x", "0", "A" * 32])
def test_id_that_never_was_stays_unknown(world: World, who: str, rid: str) -> None:
    for part in ("", "/termine.ics", "/qr.svg", "/daten.jsonld"):
        ask(world, who, f"/angebote/{rid}{part}", status=404)


def test_calendar_of_an_offer_keeps_its_names_from_day_to_day(world: World) -> None:
    rid = publish_doc(world.nodes["herten"], schedules=[{**HOURS, "byday": ["TU"]}])
    world.settle()
    first = Calendar.from_ical(ask(world, "herten", f"/angebote/{rid}/termine.ics"))
    world.clock.time += timedelta(days=20).total_seconds()

    later = Calendar.from_ical(ask(world, "herten", f"/angebote/{rid}/termine.ics"))

    assert [str(e["UID"]) for e in first.walk("VEVENT")] == [str(e["UID"]) for e in later.walk("VEVENT")]
