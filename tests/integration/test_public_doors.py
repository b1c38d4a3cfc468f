"""The doors beside the search, at node and hub: providers, towns, dates, calls, the map, the sitemap."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from litestar.testing import TestClient

from hub.party import Hub
from node.party import Node
from shared.web.headers import CONTENT_SECURITY_POLICY, MAP_POLICY, TILE_HOST
from tests.support.catalogue import publish_doc
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.world import START, World

PLACES = pytest.mark.parametrize("who", ["herten", "hub"])
TODAY = datetime.fromtimestamp(START, UTC).date()
SECRET = "Geheimweg 13"
VHS = {"name": "Volkshochschule Beispielstadt"}
MOSAIK = {
    "name": "Mosaik e. V.", "alternate_name": "Mosaik", "description": "Wir bringen Menschen zusammen.",
    "email": "post@mosaik.example", "website": "https://mosaik.example/", "org_type": "mo",
}  # fmt: skip


def weekly(day: date, opens: str = "09:00", closes: str = "11:00", **more: object) -> dict[str, object]:
    """A weekly slot on the weekday of a day."""
    code = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day.weekday()]
    return {"byday": [code], "freq": "WEEKLY", "opens_at": opens, "closes_at": closes, **more}


def place(**fields: object) -> dict[str, object]:
    return {"name": "Haus", "city": "Marl", "postal_code": "45770", **fields}


def furnish(world: World) -> dict[str, bytes]:
    """One offer for each door."""
    herten, marl = world.nodes["herten"], world.nodes["marl"]
    tomorrow = TODAY + timedelta(days=1)
    point = place(address_1="Hauptstr. 1", latitude=51.66, longitude=7.09)
    found = {
        "cafe": publish_doc(
            marl, "Sprachcafé", providers=[VHS, {**MOSAIK, "name": "Mosaik eV"}], is_free=True,
            schedules=[weekly(tomorrow)], locations=[point], last_modified="2026-01-01T00:00:00.000Z",
            translations={"ar": {"name": "مقهى اللغة", "state": "aktuell"}},
        ),
        "treff": publish_doc(
            herten, "Treff am Abend", providers=[{**MOSAIK, "description": "Neuer Text."}], topics=["freizeit"],
            schedules=[weekly(tomorrow, "18:00", "20:00")], locations=[place(postal_code="45699", city="Herten")],
            last_modified="2026-02-01T00:00:00.000Z",
        ),
        "text": publish_doc(herten, "Nach Bedarf", schedule_text="nach Bedarf", topics=["beratung"]),
        "hidden": publish_doc(
            marl, "Schutzhaus", address_confidential=True, topics=["notfall"],
            locations=[place(address_1=SECRET, latitude=51.6512, longitude=7.0912)],
        ),
        "call": publish_doc(
            marl, "Fördertopf Vielfalt", offer_type="ausschreibung", topics=["mo"],
            providers=[{"name": "Ömer Stiftung"}], valid_to=(TODAY + timedelta(days=12)).isoformat(),
        ),
        "open": publish_doc(marl, "Dauerausschreibung", offer_type="ausschreibung"),
        "over": publish_doc(
            marl, "Alte Ausschreibung", offer_type="ausschreibung", valid_to=(TODAY - timedelta(days=1)).isoformat()
        ),
    }  # fmt: skip
    world.settle()
    return found


def index(world: World, folder: Path) -> None:
    """Bring the index of every party level, as its jobs do."""
    parties: list[Node | Hub] = [world.hub, *world.nodes.values()]
    for party in parties:
        give_index(party, folder)


@pytest.fixture(scope="module")
def ids() -> dict[str, bytes]:
    return {}


@pytest.fixture(scope="module")
def world(ids: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Nothing in these tests changes it."""
    world = World(["herten", "marl"])
    herten = world.nodes["herten"]
    herten.settings = msgspec.structs.replace(herten.settings, public_url="https://herten.example")
    ids |= furnish(world)
    index(world, tmp_path_factory.mktemp("index"))
    yield world
    close_all(world)


@pytest.fixture
def empty() -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    yield world
    close_all(world)


def ask(world: World, who: str, path: str, *, status: int = 200) -> tuple[str, dict[str, str]]:
    """One answer and its headers, as a visitor gets them."""
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    return answer.text, dict(answer.headers)


def page(world: World, who: str, path: str, *, status: int = 200) -> str:
    return ask(world, who, path, status=status)[0]


def plain(text: str) -> str:
    """What a reader reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


# --- providers --------------------------------------------------------------------------------------------------------


@PLACES
def test_providers_stand_from_a_to_z_with_their_offers_and_towns(world: World, who: str) -> None:
    text = plain(page(world, who, "/traeger"))

    assert 0 < text.index("Mosaik e. V.") < text.index("Ömer Stiftung") < text.index("Volkshochschule Beispielstadt")
    assert re.search(r"Mosaik e\. V\.\s+2 Angebote · (Herten , Marl|Marl , Herten)", text)


@PLACES
def test_migrant_organisations_are_those_of_kind_or_topic(world: World, who: str) -> None:
    text = plain(page(world, who, "/traeger?mo=ja"))

    assert "Mosaik e. V." in text
    assert "Ömer Stiftung" in text  # its offer has the topic
    assert "2 Träger" in text


@PLACES
def test_provider_page_joins_what_offers_say_the_newest_first(world: World, who: str) -> None:
    link = re.search(r'href="(/traeger/[^"]*mosaik[^"]*)"', page(world, who, "/traeger"))
    assert link

    text = page(world, who, link[1])

    assert "Neuer Text." in text
    assert "Wir bringen" not in text
    assert "Mosaik eV" in text
    assert 'href="mailto:post@mosaik.example"' in text
    assert 'href="https://mosaik.example/"' in text
    assert text.index("Treff am Abend") < text.index("Sprachcafé")
    assert 'href="/staedte/marl"' in text


@PLACES
def test_unknown_provider_is_404_with_the_way_to_all(world: World, who: str) -> None:
    text = page(world, who, "/traeger/gibt-es-nicht", status=404)

    assert 'href="/traeger"' in text
    assert "Diesen Träger gibt es hier nicht" in text


# --- towns ------------------------------------------------------------------------------------------------------------


@PLACES
def test_towns_stand_with_their_numbers_and_the_district_last(world: World, who: str) -> None:
    text = plain(page(world, who, "/staedte"))

    assert re.search(r"Herten\s+2 Angebote", text)
    assert re.search(r"Marl\s+[45] Angebote", text)
    assert text.index("Waltrop") < text.rindex("Kreis Recklinghausen")


@PLACES
def test_town_page_names_topics_offers_providers_and_its_own_site(world: World, who: str) -> None:
    text = page(world, who, "/staedte/marl")

    assert re.search(r'href="/angebote\?stadt=marl(&amp;|&)thema=sprache"', text)
    assert "Sprachcafé" in text
    assert re.search(r'href="/traeger/[^"]*mosaik', text)
    assert 'href="http://marl"' in text
    assert "Kommunales Integrationszentrum" in text


@PLACES
def test_foreign_town_is_404_with_the_way_to_all(world: World, who: str) -> None:
    assert 'href="/staedte"' in page(world, who, "/staedte/bochum", status=404)


# --- dates ------------------------------------------------------------------------------------------------------------


@PLACES
def test_dates_stand_by_day_and_hour_for_two_weeks(world: World, who: str) -> None:
    text = page(world, who, "/termine")

    assert text.count("Sprachcafé") == 2
    assert text.index("09:00–11:00") < text.index("18:00–20:00")
    assert "1 Angebot nennt seine Zeiten nur als Text" in text


def test_dates_begin_on_the_day_that_was_chosen(world: World) -> None:
    start = TODAY + timedelta(days=30)

    text = page(world, "herten", f"/termine?ab={start.isoformat()}")

    first = re.search(r'<time datetime="([0-9-]+)">', text)
    assert first
    assert start <= date.fromisoformat(first[1]) < start + timedelta(days=7)
    assert f"ab={(start - timedelta(days=7)).isoformat()}" in text
    assert f"ab={(start + timedelta(days=7)).isoformat()}" in text


@pytest.mark.parametrize("given", ["2001-01-01", "heute", "2026-13-01", "9999-12-31", "20261201", "2026-W49-1"])
def test_day_that_makes_no_sense_shows_the_nearest(world: World, given: str) -> None:
    assert "<h1>" in page(world, "herten", f"/termine?ab={given}")


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("stadt=marl", "Sprachcafé", "Treff am Abend"),
        ("thema=freizeit", "Treff am Abend", "Sprachcafé"),
        ("kostenfrei=ja", "Sprachcafé", "Treff am Abend"),
    ],
)
def test_filters_choose_among_the_dates(world: World, query: str, shown: str, hidden: str) -> None:
    text = page(world, "hub", f"/termine?{query}")

    assert shown in text
    assert hidden not in text


def test_weekday_filter_keeps_only_its_days(world: World) -> None:
    other = ("mo", "di", "mi", "do", "fr", "sa", "so")[(TODAY + timedelta(days=3)).weekday()]

    assert "In diesen zwei Wochen steht kein Termin fest" in page(world, "herten", f"/termine?tag={other}")


def test_title_of_a_date_is_in_the_language_of_the_page(world: World) -> None:
    text = page(world, "herten", "/termine?lang=ar")

    assert "مقهى اللغة" in text
    assert re.search(r'<span lang="de" dir="ltr">Treff am Abend', text)


def test_holiday_is_named_and_what_is_closed_then_is_left_out(empty: World, tmp_path: Path) -> None:
    christmas = next(day for year in (0, 1) if (day := date(TODAY.year + year, 12, 25)) >= TODAY)
    publish_doc(empty.nodes["herten"], "Fällt aus", schedules=[weekly(christmas)])
    publish_doc(empty.nodes["herten"], "Findet statt", schedules=[weekly(christmas)], closed_on_holidays=False)
    empty.settle()
    index(empty, tmp_path)

    text = page(empty, "herten", f"/termine?nur={christmas.isoformat()}")

    assert "1. Weihnachtstag" in text
    assert "Findet statt" in text
    assert "Fällt aus" not in text


def test_full_day_is_cut_and_has_a_page_of_its_own(empty: World, tmp_path: Path) -> None:
    tomorrow = TODAY + timedelta(days=1)
    for number in range(25):
        publish_doc(empty.nodes["herten"], f"Kurs {number:02}", schedules=[weekly(tomorrow)])
    empty.settle()
    index(empty, tmp_path)

    text = page(empty, "herten", "/termine")
    link = re.search(rf'href="(/termine\?nur={tomorrow.isoformat()})"', text)
    assert link
    whole = page(empty, "herten", link[1])

    assert "Alle 25 anzeigen" in plain(text)
    assert plain(whole).count(" Kurs ") == 25


# --- calls ------------------------------------------------------------------------------------------------------------


@PLACES
def test_calls_stand_by_their_end_and_ended_ones_are_gone(world: World, who: str) -> None:
    text = plain(page(world, who, "/ausschreibungen"))

    assert "endet in 12 Tagen" in text
    assert text.index("Fördertopf Vielfalt") < text.index("ohne festes Ende") < text.index("Dauerausschreibung")
    assert "Alte Ausschreibung" not in text
    assert "Sprachcafé" not in text


def test_no_calls_says_so(empty: World) -> None:
    assert "Zurzeit keine Ausschreibungen" in page(empty, "herten", "/ausschreibungen")


# --- map --------------------------------------------------------------------------------------------------------------


@PLACES
def test_page_before_consent_names_nothing_of_the_map(world: World, who: str) -> None:
    text, headers = ask(world, who, "/angebote/karte")

    assert "Dabei wird Ihre IP-Adresse dorthin übertragen" in text
    assert "karte=ja" in text
    assert TILE_HOST not in text
    assert "leaflet" not in text
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "Sprachcafé" in text


@PLACES
def test_only_the_answer_after_consent_widens_its_policy(world: World, who: str) -> None:
    _, headers = ask(world, who, "/angebote/karte?karte=ja")
    _, before = ask(world, who, "/angebote/karte?karte=vielleicht")

    assert headers["content-security-policy"] == MAP_POLICY
    assert headers["content-security-policy"].count("https://") == 1
    assert before["content-security-policy"] == CONTENT_SECURITY_POLICY


@PLACES
def test_map_shows_points_and_areas_and_never_a_confidential_address(world: World, who: str) -> None:
    text = page(world, who, "/angebote/karte.json")
    found = json.loads(text)

    by_title = {marker["offers"][0]["title"]: marker for marker in found}
    assert set(by_title) == {"Sprachcafé", "Treff am Abend"}
    assert by_title["Sprachcafé"]["area"] == ""
    assert by_title["Treff am Abend"]["area"] == "45699 Herten"
    assert SECRET not in text
    assert "Schutzhaus" not in text
    assert SECRET not in page(world, who, "/angebote/karte?karte=ja")


def test_map_answers_the_question_of_its_address(world: World) -> None:
    found = json.loads(page(world, "herten", "/angebote/karte.json?stadt=marl"))

    assert [marker["offers"][0]["title"] for marker in found] == ["Sprachcafé"]


# --- sitemap and robots -----------------------------------------------------------------------------------------------


@PLACES
def test_sitemap_names_every_page_in_every_language(world: World, who: str, ids: dict[str, bytes]) -> None:
    text, headers = ask(world, who, "/sitemap.xml")
    tree = ElementTree.fromstring(text)  # noqa: S314 - our own answer
    urls = [node.text or "" for node in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]

    assert headers["content-type"] == "application/xml; charset=utf-8"
    assert len(urls) == len(set(urls))
    assert all(url.startswith("http") for url in urls)
    for path in ("/", "/angebote", "/termine", "/staedte/marl", "/ausschreibungen", f"/angebote/{ids['cafe'].hex()}"):
        assert [url for url in urls if url.endswith(path)], path
    assert f'hreflang="ar" href="{next(url for url in urls if url.endswith("/termine"))}?lang=ar"' in text


@PLACES
def test_every_page_of_the_sitemap_is_there(world: World, who: str) -> None:
    text = page(world, who, "/sitemap.xml")
    paths = [re.sub(r"^https?://[^/]+", "", url) for url in re.findall(r"<loc>([^<]+)</loc>", text)]
    party = world.hub if who == "hub" else world.nodes[who]

    with TestClient(app_of(party)) as client:
        answers = {path: client.get(path, headers={"Accept": "text/html"}).status_code for path in paths}

    assert {path for path, status in answers.items() if status != 200} == set()


@PLACES
def test_robots_may_read_what_is_public_and_nothing_of_the_desk(world: World, who: str) -> None:
    text = page(world, who, "/robots.txt")

    assert "Disallow: /pult" in text
    assert "Allow: /" in text
    assert re.search(r"^Sitemap: http\S+/sitemap\.xml$", text, re.MULTILINE)
