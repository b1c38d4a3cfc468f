"""Needs: case managers report them for their own city alone, without names; the district says what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import needs, upkeep
from hub.gaps import Gaps
from hub.needs import kept_since
from tests.support.desk import Desk, add_person, at_desk
from tests.support.gaps import make_gap_world, tell_need
from tests.support.loopback import close_all
from tests.support.world import World

PAGE = "/pult/bedarf"
FIELDS = {"city": "waltrop", "topic": "wohnen", "number": "2", "language": "", "target_group": "", "text": ""}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_gap_world(tmp_path)
    yield world
    close_all(world)


@pytest.fixture
def gaps(world: World) -> Gaps:
    return Gaps(world.hub)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        yield desk


def be(desk: Desk, role: str, name: str = "") -> int:
    number = add_person(desk.node, name or role, role)
    desk.be(number)
    return number


def tell(desk: Desk, **fields: str) -> tuple[int, str]:
    """Send the form; returns the status and the page that follows."""
    answer = desk.submit(PAGE, PAGE, **{**FIELDS, **fields})
    return answer.status_code, desk.get(answer.headers["location"]).text if answer.status_code == 303 else answer.text


def test_case_manager_sees_the_own_city_and_nothing_of_operations(desk: Desk) -> None:
    be(desk, "fallmanagement")

    start = desk.get("/pult")
    text = desk.get(PAGE).text

    assert (start.status_code, start.headers["location"]) == (303, PAGE)
    assert "Bedarf in Waltrop" in text
    assert "Was es in Waltrop gibt und was fehlt" in text
    assert "/pult/mitglieder" not in text
    assert "/pult/luecken" not in text
    for closed in ("/pult/luecken", "/pult/luecken/bericht/waltrop", "/pult/mitglieder", "/pult/konten"):
        assert desk.get(closed).status_code == 403


def test_case_manager_has_an_account_of_her_own(desk: Desk) -> None:
    be(desk, "fallmanagement")

    text = desk.get("/pult/konto").text

    assert "Städte" in text
    assert "Waltrop" in text


def test_need_is_reported_and_taken_back(desk: Desk) -> None:
    be(desk, "fallmanagement")

    status, told = tell(desk, language="ar", target_group="eltern", text="Wohnung für sieben Personen, barrierefrei.")
    answer = desk.submit(PAGE, f"{PAGE}/1/zuruecknehmen")

    assert status == 303
    assert "Gemeldet: 2 × Wohnen in Waltrop" in told
    assert "Wohnung für sieben Personen, barrierefrei." in told
    assert answer.status_code == 303
    assert "zurückgenommen und gelöscht" in (after := desk.get(PAGE).text)
    assert "Noch kein Bedarf gemeldet" in after


def test_need_for_another_city_is_refused(desk: Desk, gaps: Gaps) -> None:
    be(desk, "fallmanagement")

    status, text = tell(desk, city="herten")

    assert status == 422
    assert "Wählen Sie eine Stadt." in text
    assert needs.list_needs(gaps) == []


def test_needs_of_another_city_are_not_shown(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, city="herten", text="Nur in Herten zu lesen")
    be(desk, "fallmanagement")

    assert "Nur in Herten zu lesen" not in desk.get(f"{PAGE}?stadt=herten").text


def test_colleague_s_need_is_seen_and_cannot_be_taken_back(desk: Desk, gaps: Gaps) -> None:
    number = tell_need(gaps, text="Von einer anderen Stelle", account_id=77)
    be(desk, "fallmanagement")

    text = desk.get(PAGE).text

    assert "Von einer anderen Stelle" in text
    assert f"/{number}/zuruecknehmen" not in text
    assert desk.submit(PAGE, f"{PAGE}/{number}/zuruecknehmen").status_code == 404
    assert len(needs.list_needs(gaps)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Frau Yilmaz findet keine Wohnung.", "„Frau Yilmaz“"),
        ("Bitte anrufen: 0171 2345678", "„0171 2345678“"),
        ("Mail an a.b@beispiel.de", "„a.b@beispiel.de“"),
        ("x" * 501, "501 Zeichen, möglich sind 500"),
    ],
)
def test_text_that_may_name_a_person_is_refused_with_the_place(
    desk: Desk, gaps: Gaps, text: str, said: str
) -> None:  # fmt: skip
    be(desk, "fallmanagement")

    status, page = tell(desk, text=text)

    assert status == 422
    assert said in page
    assert text in page
    assert needs.list_needs(gaps) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", "gibtsnicht"), ("number", "0"), ("number", "viele"), ("number", "501"), ("language", "xx1"),
        ("target_group", "x"),
    ],
)  # fmt: skip
def test_value_that_is_not_offered_is_refused(desk: Desk, gaps: Gaps, field: str, value: str) -> None:
    be(desk, "fallmanagement")

    status, _ = tell(desk, **{field: value})

    assert status == 422
    assert needs.list_needs(gaps) == []


def test_district_sees_all_needs_without_who_reported(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "wohnen", text="Große Wohnung gesucht")
    tell_need(gaps, "sprache", city="herten", text="Kurs am Abend")
    be(desk, "leser")

    everything = desk.get("/pult/luecken/bedarf").text
    some = desk.get("/pult/luecken/bedarf?stadt=herten&stand=new").text
    one = desk.get("/pult/luecken/bedarf/1").text

    assert "Große Wohnung gesucht" in everything
    assert "Große Wohnung gesucht" not in some
    assert "Kurs am Abend" in some
    assert "Entscheiden kann, wer die Rolle" in one
    assert desk.post("/pult/luecken/bedarf/1/offen", {"csrf_token": ""}).status_code == 403


def test_curator_marks_a_need_as_met_and_takes_that_back(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "sprache", text="Kurs am Abend")
    be(desk, "kurator")
    page = "/pult/luecken/bedarf/1"
    offer = needs.possible_answers(gaps, needs.one_need(gaps, 1).row)

    done = desk.submit(page, f"{page}/erledigt", answer=offer[0][0], address="")
    met = desk.get(page).text
    left = needs.count_needs(gaps).of("waltrop", "topics", "sprache")
    desk.submit(page, f"{page}/offen")

    assert [title for _, title in offer] == ["Deutsch am Abend"]
    assert done.status_code == 303
    assert "Erledigt durch „Deutsch am Abend“" in met
    assert left == 0
    assert "weiter offen" in desk.get(page).text
    assert needs.count_needs(gaps).of("waltrop", "topics", "sprache") == 2


def test_address_of_an_offer_answers_a_need(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "wohnen")
    be(desk, "kurator")
    page = "/pult/luecken/bedarf/1"
    offer = gaps.hub.finder.stock(today=gaps.today())
    rid = needs.possible_answers(gaps, needs.one_need(gaps, tell_need(gaps, "sprache")).row)[0][0]

    wrong = desk.submit(page, f"{page}/erledigt", answer="", address="https://hub.example/angebote/" + "0" * 32)
    right = desk.submit(page, f"{page}/erledigt", answer="", address=f"https://hub.example/angebote/{rid}?lang=de")

    assert offer.shown
    assert wrong.status_code == 422
    assert "fügen Sie die Adresse seiner Seite ein" in wrong.text
    assert right.status_code == 303


def test_need_that_is_met_stays_as_evidence(desk: Desk, gaps: Gaps) -> None:
    number = be(desk, "fallmanagement")
    tell_need(gaps, "sprache", account_id=number)
    rid = needs.possible_answers(gaps, needs.one_need(gaps, 1).row)[0][0]
    needs.decide_done(gaps, 1, rid)

    answer = desk.submit(PAGE, f"{PAGE}/1/zuruecknehmen")

    assert answer.status_code == 303
    assert "schon erledigt" in desk.get(PAGE).text
    assert len(needs.list_needs(gaps)) == 1


def test_needs_are_forgotten_after_two_years(world: World, gaps: Gaps) -> None:
    tell_need(gaps)
    world.clock.time += 729 * 86_400
    upkeep.tidy(world.hub)
    before = len(needs.list_needs(gaps))

    world.clock.time += 4 * 86_400
    upkeep.tidy(world.hub)

    assert (before, len(needs.list_needs(gaps))) == (1, 0)
    assert kept_since(1_772_236_800 + 86_400) > 0  # the last of February has a day two years earlier too


def test_account_of_a_case_manager_names_its_cities(desk: Desk) -> None:
    be(desk, "betrieb")
    given = {"name": "fm", "display": "Fallmanagement Herten", "role": "fallmanagement"}

    without = desk.submit("/pult/konten", "/pult/konten", **given)
    unknown = desk.submit("/pult/konten", "/pult/konten", **given, providers="atlantis")
    made = desk.submit("/pult/konten", "/pult/konten", **given, providers=["herten", "waltrop"])

    assert "mindestens eine Stadt" in without.text
    assert unknown.status_code == 422
    assert made.status_code == 200
    assert 'value="waltrop" checked' in desk.get("/pult/konten/2").text


def test_role_without_a_limit_forgets_ticked_cities(desk: Desk) -> None:
    be(desk, "betrieb")

    made = desk.submit(
        "/pult/konten", "/pult/konten", name="leo", display="Leo", role="leser", providers=["herten"]
    )  # fmt: skip

    assert made.status_code == 200
    assert " checked" not in desk.get("/pult/konten/2").text


def test_curator_reports_for_every_city(desk: Desk) -> None:
    be(desk, "kurator")

    status, text = tell(desk, city="herten")

    assert status == 303
    assert "Ihre Meldungen" in text
    assert "2 × Wohnen in Herten" in text
