"""The start page and the result page of real parties: sample offers of some cities, one question, hub up and down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from litestar.testing import TestClient

from tests.support.catalogue import QUESTION, make_world, publish_doc, publish_fitting
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index, give_indexes
from tests.support.world import World, publish

PLACES = pytest.mark.parametrize("who", ["herten", "hub"])


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The sample offers and three that fit the question; nothing in these tests changes it."""
    world = make_world()
    publish_fitting(world)
    give_indexes(world, tmp_path_factory.mktemp("furnished"))
    yield world
    close_all(world)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    give_indexes(world, tmp_path)
    yield world
    close_all(world)


def get(world: World, who: str, path: str, **headers: str) -> tuple[str, dict[str, str]]:
    """One page and its headers, as a visitor gets them from an index that is level."""
    party = world.hub if who == "hub" else world.nodes[who]
    give_index(party, Path())
    with TestClient(app_of(party)) as client:
        answer = client.get(path, headers={"Accept": "text/html", **headers})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    return answer.text, dict(answer.headers)


def titles(text: str) -> list[str]:
    """The titles of the cards, in order."""
    found = re.findall(r"<h2><a href=\"/angebote/[0-9a-f]{32}[^>]*>(.*?)</a></h2>", text)
    return [re.sub(r"<[^>]+>", "", title) for title in found]


def totals(world: World, who: str, paths: Sequence[str]) -> list[int]:
    """How many offers each page says it has."""
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        found = [re.search(r'role="status"><h1>([0-9]+) ', client.get(path).text) for path in paths]
    return [int(match[1]) if match else 0 for match in found]


# --- start ------------------------------------------------------------------------------------------------------------


def test_node_opens_on_its_own_city_and_the_whole_district(furnished: World) -> None:
    text, _ = get(furnished, "herten", "/")

    assert re.search(r'href="/angebote\?stadt=herten"><span class="kern-label">[0-9]+ Angebote in Herten', text)
    assert "Angebote im ganzen Kreis" in text
    assert re.search(r'href="/angebote\?thema=sprache"><span class="kw-tile__text">Deutsch lernen', text)
    assert re.search(r'href="/angebote\?besonders=neu"><span class="kw-tile__text">Neuzugewanderte', text)


def test_hub_opens_on_the_district_and_names_whom_to_ask(furnished: World) -> None:
    text, _ = get(furnished, "hub", "/")

    assert "Angebote in Herten" not in text
    assert "Kommunales Integrationszentrum" in text


def test_counts_of_the_start_page_are_those_of_the_answers(furnished: World) -> None:
    text, _ = get(furnished, "herten", "/")

    links: list[tuple[str, str]] = re.findall(
        r'<a href="(/angebote\?thema=[^"]+)".*?kw-tile__number">(?:[0-9]+ in Herten, )?([0-9]+) ', text
    )
    assert len(links) > 5
    assert totals(furnished, "herten", [url for url, _ in links]) == [int(number) for _, number in links]


@PLACES
def test_party_without_offers_says_so(world: World, who: str) -> None:
    for path in ("/", "/angebote"):
        assert "Noch keine Angebote" in get(world, who, path)[0]


def test_old_address_of_a_page_leads_to_the_results(furnished: World) -> None:
    with TestClient(app_of(furnished.nodes["herten"])) as client:
        answer = client.get("/?seite=2", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (302, "/angebote?seite=2")


# --- results ----------------------------------------------------------------------------------------------------------


@PLACES
def test_question_of_several_filters_finds_the_three_offers_that_fit(furnished: World, who: str) -> None:
    text, headers = get(furnished, who, QUESTION)

    assert sorted(titles(text)) == [f"Deutsch für den Anfang {number}" for number in (1, 2, 3)]
    assert headers["x-total-count"] == "3"
    assert "Insbesondere für: Neuzugewanderte" in text
    assert "Umkreis: 5 km um 45770" in text
    assert text.count("kostenfrei</li>") == 3


def test_question_that_the_sample_cannot_answer_names_next_steps_that_find_something(tmp_path: Path) -> None:
    world = make_world(["herten", "marl"])
    give_indexes(world, tmp_path)

    text, headers = get(world, "herten", QUESTION)
    steps = re.findall(r'<li><a href="([^"]+)">[^<]+</a> <span class="kw-muted">([0-9]+) Angebot', text)

    assert headers["x-total-count"] == "0"
    assert steps
    for url, number in steps:
        assert get(world, "herten", url.replace("&amp;", "&"))[1]["x-total-count"] == number
    close_all(world)


def test_search_works_with_the_hub_down(furnished: World) -> None:
    assert len(titles(get(furnished, "marl", QUESTION)[0])) == 3


@PLACES
def test_filter_leaves_as_many_offers_as_its_count_says(furnished: World, who: str) -> None:
    text, _ = get(furnished, who, "/angebote?thema=sprache")
    values = re.findall(
        r'name="(stadt|tag|sprache|besonders|kostenfrei)" value="([^"]+)"[^>]*>.*?kw-count">([0-9]+)<', text
    )

    assert len(values) > 6
    found = totals(furnished, who, [f"/angebote?thema=sprache&{key}={value}" for key, value, _ in values])
    assert found == [int(number) for *_, number in values]


def test_words_are_searched_and_the_page_says_where_they_were_found(furnished: World) -> None:
    text, _ = get(furnished, "herten", "/angebote?q=anfang")

    assert "Deutsch für den Anfang 1" in titles(text)
    assert "gefunden: Titel" in text
    assert "Angebote für „anfang“" in text


def test_own_offers_come_first(world: World) -> None:
    publish(world.nodes["marl"], "Anfängerkurs")
    publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()

    assert titles(get(world, "herten", "/angebote")[0])[0] == "Zeichenkurs"
    assert titles(get(world, "marl", "/angebote")[0])[0] == "Anfängerkurs"


def test_pages_have_twenty_offers_and_keep_the_question(world: World) -> None:
    for number in range(45):
        publish(world.nodes["herten"], f"Kurs {number:02}")
    world.settle()

    first, second, last, beyond = (
        get(world, "marl", f"/angebote?thema=sprache{page}")[0] for page in ("", "&seite=2", "&seite=3", "&seite=99")
    )

    assert [len(titles(text)) for text in (first, second, last)] == [20, 20, 5]
    assert titles(beyond) == titles(last)
    assert len({*titles(first), *titles(second), *titles(last)}) == 45
    assert 'rel="next" href="/angebote?thema=sprache&amp;seite=2"' in first
    assert "Seite 2 von 3" in second


def test_offer_that_was_published_is_found_at_once(world: World) -> None:
    assert titles(get(world, "marl", "/angebote?q=zeichenkurs")[0]) == []

    publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()

    assert titles(get(world, "marl", "/angebote?q=zeichenkurs")[0]) == ["Zeichenkurs"]


@pytest.mark.parametrize("typed", ["99999", "4577", "Marl"])
def test_postcode_outside_of_the_district_is_named_and_the_towns_are_offered(furnished: World, typed: str) -> None:
    text, headers = get(furnished, "herten", f"/angebote?plz={typed}&km=5")

    assert f"{typed} ist keine Postleitzahl im Kreis Recklinghausen." in text
    assert 'href="/angebote?stadt=marl"' in text
    assert f'name="plz" value="{typed}"' in text
    assert int(headers["x-total-count"]) > 0


def test_values_that_nobody_knows_are_dropped(furnished: World) -> None:
    text, headers = get(furnished, "herten", "/angebote?thema=nichts&stadt=atlantis&tag=x&alter=-1&seite=0&unbekannt=1")

    assert int(headers["x-total-count"]) > 20
    assert "kw-chips" not in text
    assert 'rel="canonical" href="/angebote"' in text


def test_links_keep_a_chosen_language(furnished: World) -> None:
    text, _ = get(furnished, "herten", "/angebote?lang=de")

    assert 'rel="next" href="/angebote?seite=2&amp;lang=de"' in text
    assert '<input type="hidden" name="lang" value="de">' in text


def test_hostile_question_and_offer_stay_text(world: World) -> None:
    script = "<script>alert(1)</script>"
    publish_doc(
        world.nodes["marl"], f"Kurs {script}", summary=script, schedule_text=script, providers=[{"name": script}]
    )
    world.settle()

    for path in (f"/angebote?q={script}", f"/angebote?plz={script}", "/angebote", "/"):
        assert "<script>alert" not in get(world, "herten", path)[0]
