"""The desk's pages about duplicates: what is asked, decided, taken back, changed and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from hub.clusters import load_verdicts
from hub.deciding import apart, same
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.pairs import BY, COURSE, publish_offer, publish_pairs, settle
from tests.support.world import World, withdraw

LIST = "/pult/doppelte"
NEXT = f"{LIST}/weiter"
TITLES = ["Nähcafé International", "Deutschkurs am Vormittag"]


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    return world


@pytest.fixture
def pairs(world: World) -> list[list[bytes]]:
    return publish_pairs(world, TITLES)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "kurator", "kurator"))
        yield desk


def where(desk: Desk, path: str = NEXT) -> str:
    """The page that a page leads to, without its query."""
    return desk.get(path).headers["location"].partition("?")[0]


def press(desk: Desk, page: str, action: str, **fields: str) -> str:
    """Press a button of a page; returns where it leads."""
    answer = desk.submit(page, action, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def decide(desk: Desk, action: str) -> str:
    """Decide about the next pair; returns where that leads."""
    page = where(desk)
    return press(desk, page, f"{page}/{action}", stadt="")


def undo(desk: Desk, page: str) -> str:
    action = re.search(r'action="([^"]*/zuruecknehmen)"', desk.get(page).text)
    assert action is not None
    return press(desk, page, action[1], stadt="")


def offers_in_table(desk: Desk, page: str) -> list[str]:
    return re.findall(r'href="/angebote/([0-9a-f]{32})"', desk.get(page).text.partition("<table")[2])


def verdicts(world: World) -> tuple[int, int]:
    with world.hub.db.read() as conn:
        found = load_verdicts(world.hub, conn)
    return len(found.clusters), len(found.rejections)


def test_open_pairs_are_listed_with_cities_and_reasons(pairs: list[list[bytes]], desk: Desk) -> None:
    text = desk.get(LIST).text

    assert all(f">{title}</a>" in text for title in TITLES)
    assert "Stadt Herten, Stadt Marl" in text
    assert "Paare nacheinander prüfen" in text
    assert "fast sicher gleich" in text


def test_list_is_filtered_by_city(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    assert TITLES[0] in desk.get(f"{LIST}?stadt=marl").text
    assert "Alles entschieden" not in desk.get(f"{LIST}?stadt=kreis").text
    assert "Hier ist alles entschieden." in desk.get(f"{LIST}?stadt=kreis").text


def test_pair_stands_side_by_side_with_its_differences_in_words(world: World, desk: Desk) -> None:
    publish_offer(world.nodes["herten"], **COURSE)
    publish_offer(world.nodes["marl"], **{**COURSE, "schedule_text": "Dienstag 14 bis 16 Uhr"}, email="info@awo.de")
    settle(world)

    text = desk.get(where(desk)).text

    rows = dict(re.findall(r'role="rowheader">([^<]+)</th>(.*?)</tr>', text, re.DOTALL))
    assert "verschieden" in rows["Zeiten"]
    assert "gleich" in rows["Träger"]
    assert "verschieden" not in rows["Träger"]
    assert "nur Stadt Marl" in rows["E-Mail"]
    assert 'aria-keyshortcuts="y"' in text


def test_reader_sees_pairs_and_decides_nothing(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    desk.be(add_person(world.hub, "leser", "leser"))

    text = desk.get(where(desk)).text

    assert "Entscheiden kann, wer die Rolle" in text
    assert "Ja, dasselbe Angebot" not in text
    assert desk.post(f"{where(desk)}/gleich").status_code == 403


def test_decision_opens_the_next_pair_and_says_what_was_decided(
    world: World, pairs: list[list[bytes]], desk: Desk
) -> None:
    first = where(desk)

    page = desk.get(press(desk, first, f"{first}/gleich", stadt="")).text

    assert where(desk) != first
    assert "Als dasselbe Angebot vermerkt" in page
    assert "noch 1 Paar offen" in page
    assert verdicts(world) == (1, 0)


def test_last_decision_leads_to_the_end(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    decide(desk, "gleich")
    end = decide(desk, "verschieden")

    text = desk.get(end).text

    assert end.startswith(LIST + "?")
    assert "Alles entschieden." in text
    assert verdicts(world) == (1, 1)
    assert where(desk) == LIST


def test_pair_that_is_put_off_comes_last(pairs: list[list[bytes]], desk: Desk) -> None:
    first = where(desk)
    second = decide(desk, "spaeter")

    assert second != first
    assert decide(desk, "spaeter") == first
    assert where(desk) == first
    assert desk.get(LIST).text.count(">Nähcafé International</a>") == 1


def test_undo_brings_the_pair_back(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    first = where(desk)
    after = decide(desk, "verschieden")

    assert undo(desk, after) == first
    assert verdicts(world) == (0, 0)
    assert "Es gilt wieder, was davor galt." in desk.get(first).text


def test_undo_goes_back_step_by_step_from_the_end(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    first = where(desk)
    decide(desk, "gleich")
    end = decide(desk, "verschieden")

    assert undo(desk, undo(desk, end)) == first
    assert verdicts(world) == (0, 0)


def test_decision_of_somebody_else_in_between_is_explained(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    page = where(desk)
    same(world.hub, *pairs[0], by=BY)
    same(world.hub, *pairs[1], by=BY)

    after = press(desk, page, f"{page}/verschieden", stadt="")

    assert after == LIST
    assert "gehören zu einer Gruppe" in desk.get(after).text


def test_join_against_a_rejection_is_refused_in_words(world: World, desk: Desk) -> None:
    a, b = publish_pairs(world, TITLES[:1])[0]
    c = publish_offer(world.nodes["marl"], name="Kochen am Abend")
    settle(world)
    same(world.hub, a, b, by=BY)
    apart(world.hub, a, c, by=BY)
    page = f"{LIST}/paar/{b.hex()}/{c.hex()}"

    desk.post(f"{page}/gleich", {"csrf_token": re.findall(r'csrf_token" value="([^"]+)', desk.get(LIST).text)[0]})

    assert "widerspricht einer früheren Entscheidung: „Nähcafé International“" in desk.get(LIST).text
    assert "Das folgt aus einer Entscheidung" in desk.get(page).text


def test_decided_pair_says_so_and_offers_no_buttons(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    same(world.hub, *pairs[0], by=BY)

    text = desk.get(f"{LIST}/paar/{pairs[0][0].hex()}/{pairs[0][1].hex()}").text

    assert "Diese Angebote sind zusammengeführt." in text
    assert "Ja, dasselbe Angebot" not in text


def test_pair_of_an_offer_that_is_gone_is_explained(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    withdraw(world.nodes["herten"], pairs[0][0])
    settle(world)

    answer = desk.get(f"{LIST}/paar/{pairs[0][0].hex()}/{pairs[0][1].hex()}")

    assert answer.status_code == 404
    assert "steht nicht mehr im Katalog" in answer.text


def test_group_can_be_changed_and_taken_apart(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    same(world.hub, *pairs[0], by=BY)
    page = re.findall(rf'href="({LIST}/gruppen/[0-9a-f]+)"', desk.get(f"{LIST}/gruppen").text)[0]
    shown, other = offers_in_table(desk, page)

    press(desk, page, f"{page}/karte", angebot=other)
    assert offers_in_table(desk, page) == [other, shown]
    after = press(desk, page, f"{page}/aufloesen")

    assert "Die Gruppe ist aufgelöst" in desk.get(after).text
    assert verdicts(world) == (0, 1)
    undo(desk, after)
    assert verdicts(world) == (1, 0)


def test_offer_leaves_a_group(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    same(world.hub, *pairs[0], by=BY)
    page = re.findall(rf'href="({LIST}/gruppen/[0-9a-f]+)"', desk.get(f"{LIST}/gruppen").text)[0]

    after = press(desk, page, f"{page}/heraus", angebot=pairs[0][1].hex())

    assert after.startswith(f"{LIST}/gruppen?")
    assert "Noch nichts zusammengeführt" in desk.get(after).text


def test_rejection_is_listed_and_can_be_taken_back(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    apart(world.hub, *pairs[0], by=BY)
    page = f"{LIST}/verschieden"
    action = re.findall(r'action="([^"]*/oeffnen)"', desk.get(page).text)[0]

    press(desk, page, action)

    assert "Noch kein Paar ist als verschieden vermerkt" in desk.get(page).text
    assert verdicts(world) == (0, 0)
    press(desk, page, action)
    assert "schon zurückgenommen" in desk.get(page).text


def test_differences_are_listed_and_sent_once(world: World, desk: Desk) -> None:
    rids = [publish_offer(world.nodes["herten"], **COURSE)]
    rids.append(publish_offer(world.nodes["marl"], **{**COURSE, "phones": [{"number": "+49 2365 990"}]}))
    settle(world)
    page = f"{LIST}/abweichungen"
    assert "Keine Abweichungen." in desk.get(page).text
    same(world.hub, *rids, by=BY)
    before = desk.get(page).text
    action = re.findall(r'action="([^"]*/senden)"', before)[0]

    press(desk, page, action)
    after = desk.get(page).text

    assert "noch nicht gesendet" in before
    assert "An beide Städte senden" in before
    assert "gesendet am 01.01.2026" in after
    assert "An beide Städte senden" not in after
    press(desk, page, action)
    assert "haben diesen Hinweis schon" in desk.get(page).text


def test_first_page_counts_what_waits(world: World, pairs: list[list[bytes]], desk: Desk) -> None:
    text = desk.get("/pult").text

    assert re.search(r'href="/pult/doppelte"><span class="kw-tasks__count">2</span>', text)
    assert "Alles läuft." not in text


def test_first_page_counts_differences(world: World, desk: Desk) -> None:
    rids = [publish_offer(world.nodes["herten"], **COURSE)]
    rids.append(publish_offer(world.nodes["marl"], **{**COURSE, "phones": [{"number": "+49 2365 990"}]}))
    settle(world)
    same(world.hub, *rids, by=BY)

    assert re.search(
        r'href="/pult/doppelte/abweichungen"><span class="kw-tasks__count">1</span>', desk.get("/pult").text
    )
