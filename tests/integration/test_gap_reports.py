"""Reports about gaps, agreements for a meeting, and figures of years: on pages and in files, with the same numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from hub import agreements, year_figures
from hub.agreements import Proposed
from hub.figure_tables import Cell, find_table
from hub.gap_report import make_report
from hub.gaps import Gaps
from hub.year_figures import Year
from shared.holdings import facts
from shared.web.assets import Assets
from tests.support.catalogue import publish_doc
from tests.support.desk import Desk, add_person, at_desk
from tests.support.gaps import level, make_gap_world, tell_need
from tests.support.loopback import close_all
from tests.support.world import World, withdraw

MEETING = "/pult/luecken/besprechung"
AGREED = {
    "city": "waltrop", "topic": "wohnen", "what": "Sprechstunde der Mieterberatung prüfen", "who": "Sozialamt Waltrop",
    "until": "2026-03-31", "state": "open",
}  # fmt: skip


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


def offers_of(year: Year | None, title: str) -> Cell:
    table = find_table(year.tables, "staedte") if year is not None else None
    return next(row[1] for row in table.rows if row[0] == title) if table is not None else None


def be(desk: Desk, role: str) -> None:
    desk.be(add_person(desk.node, role, role))


def test_report_of_a_city_names_what_is_missing(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "wohnen", number=3, text="Große Wohnung gesucht")
    agreements.save(gaps, Proposed(**AGREED))
    be(desk, "leser")

    text = desk.get("/pult/luecken/bericht/waltrop").text

    assert "Lücken im Angebot: Waltrop" in text
    assert "Themen ohne Angebot:" in text
    assert "01.01.2026" in text
    assert "Große Wohnung gesucht" in text
    assert "Sprechstunde der Mieterberatung prüfen" in text
    assert "3-mal wurde Bedarf gemeldet" in text


def test_report_has_the_numbers_of_the_matrix(gaps: Gaps) -> None:
    report = make_report(gaps, "waltrop")
    topics = find_table(report.tables, "themen")

    assert topics is not None
    assert ("Deutsch lernen", 1, None, None) in topics.rows
    assert ("Wohnen", "keins", None, None) in topics.rows
    assert ("Dolmetschen, Sprachmittlung", "keins", 1, None) in topics.rows
    assert "Wohnen" in report.missing["Themen"]
    assert "Deutsch lernen" not in report.missing["Themen"]


def test_report_of_the_district_holds_three_matrices(desk: Desk) -> None:
    be(desk, "leser")

    text = desk.get("/pult/luecken/bericht/kreisweit").text

    for title in ("Stadt und Thema", "Stadt und Sprache", "Stadt und Zielgruppe", "Gesucht und nicht gefunden"):
        assert title in text


def test_unknown_report_is_not_found(desk: Desk) -> None:
    be(desk, "leser")

    assert desk.get("/pult/luecken/bericht/atlantis").status_code == 404
    assert desk.get("/pult/luecken/bericht/kreis").status_code == 404


def test_workbook_holds_every_table_and_no_formula(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "wohnen", text="=SUMME(A1:A9) ist kein Bedarf")
    be(desk, "leser")

    answer = desk.get("/pult/luecken/bericht/waltrop/ausgabe?form=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]

    assert answer.headers["content-disposition"] == 'attachment; filename="luecken-bericht-waltrop.xlsx"'
    assert book.sheetnames[0] == "Über diese Tabellen"
    assert len(book.sheetnames) == 1 + len(make_report(gaps, "waltrop").tables)
    assert "f" not in {cell.data_type for cell in cells}
    assert "=SUMME(A1:A9) ist kein Bedarf" in {cell.value for cell in cells}


def test_table_alone_is_csv_without_formulas(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "wohnen", text="=SUMME(A1:A9)")
    be(desk, "leser")

    text = desk.get("/pult/luecken/bericht/waltrop/ausgabe?form=csv&tabelle=bedarf").content.decode("utf-8-sig")

    assert text.splitlines()[0].startswith("Gemeldet;Stadt;Thema")
    assert ";'=SUMME(A1:A9);" in text


@pytest.mark.parametrize("query", ["", "form=csv&tabelle=x", "form=doc", "form=pdf"])
def test_file_that_there_is_not_is_not_found(desk: Desk, query: str) -> None:
    be(desk, "leser")

    assert desk.get(f"/pult/luecken/bericht/waltrop/ausgabe?{query}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/pult/luecken/ausgabe?sicht=stadt-thema", "/pult/luecken/ausgabe?sicht=thema-sprache&stadt=waltrop",
        *(
            f"/pult/luecken/ausgabe/{name}?x=y"
            for name in ("wege", "suchen", "aktualitaet", "kontakte", "bedarf", "besprechung")
        ),
        "/pult/luecken/jahr/2026/ausgabe?tabelle=staedte",
    ],
)  # fmt: skip
def test_every_table_is_there_as_a_file(desk: Desk, path: str) -> None:
    be(desk, "leser")

    sheet, lines = desk.get(f"{path}&form=xlsx"), desk.get(f"{path}&form=csv")

    assert sheet.content.startswith(b"PK")
    assert lines.content.startswith(b"\xef\xbb\xbf")


def test_agreement_is_made_and_followed_up(world: World, desk: Desk) -> None:
    be(desk, "kurator")

    made = desk.submit(f"{MEETING}/neu?stadt=waltrop&thema=wohnen", f"{MEETING}/neu", **AGREED)
    listed = desk.get(MEETING).text
    world.clock.time += 100 * 86_400
    be(desk, "betrieb")
    late = desk.get(MEETING).text
    desk.submit(f"{MEETING}/1", f"{MEETING}/1", **{**AGREED, "state": "done", "until": "31.3.2026"})

    assert made.status_code == 303
    assert "Sozialamt Waltrop" in listed
    assert "31.03.2026" in listed
    assert "überfällig" not in listed
    assert "überfällig" in late
    assert "erledigt" in (after := desk.get(MEETING).text)
    assert "überfällig" not in after


def test_form_of_an_agreement_knows_the_gap(desk: Desk) -> None:
    be(desk, "kurator")

    text = desk.get(f"{MEETING}/neu?stadt=waltrop&thema=wohnen").text

    assert '<option value="waltrop" selected>' in text
    assert '<option value="wohnen" selected>' in text


def test_agreement_names_no_person(desk: Desk, gaps: Gaps) -> None:
    be(desk, "kurator")

    answer = desk.submit(
        f"{MEETING}/neu", f"{MEETING}/neu", **{**AGREED, "who": "Herr Kaya", "what": "", "until": "bald", "topic": ""}
    )

    assert answer.status_code == 422
    assert "„Herr Kaya“" in answer.text
    assert "Tag.Monat.Jahr" in answer.text
    assert agreements.list_agreements(gaps) == []


def test_reader_sees_agreements_and_changes_none(desk: Desk, gaps: Gaps) -> None:
    agreements.save(gaps, Proposed(**AGREED))
    be(desk, "leser")

    assert "ändern" not in desk.get(MEETING).text
    assert desk.get(f"{MEETING}/1").status_code == 403


def test_year_counts_what_came_and_went(world: World, desk: Desk, gaps: Gaps, tmp_path: Path) -> None:
    rid = publish_doc(world.nodes["waltrop"], "Kurz", topics=["kultur"])
    level(world, tmp_path)
    withdraw(world.nodes["waltrop"], rid)
    level(world, tmp_path)
    tell_need(gaps, "wohnen", number=3)
    be(desk, "leser")

    made = year_figures.count_year(gaps)
    cities, needs = find_table(made.tables, "staedte"), find_table(made.tables, "bedarf")

    assert cities is not None
    assert needs is not None
    assert {row[0]: row[1:4] for row in cities.rows}["Stadt Waltrop"] == (1, 2, 1)
    assert ("Waltrop", "Wohnen", 1, 3, 0) in needs.rows
    assert "Das Jahr läuft noch." in desk.get("/pult/luecken/jahr/2026").text


def test_year_that_is_over_stays_as_it_was(world: World, desk: Desk, gaps: Gaps, tmp_path: Path) -> None:
    first, again = year_figures.note_year(world.hub), year_figures.note_year(world.hub)
    publish_doc(world.nodes["waltrop"], "Nähcafé", topics=["freizeit"])
    level(world, tmp_path)
    same_day = offers_of(year_figures.show_year(gaps, 2026), "Stadt Waltrop")
    world.clock.time += 86_400
    year_figures.note_year(world.hub)
    world.clock.time += 366 * 86_400
    year_figures.note_year(world.hub)
    be(desk, "leser")

    text = desk.get("/pult/luecken/jahr/2026").text

    assert (first, again, same_day) == (True, False, 1)
    assert offers_of(year_figures.show_year(gaps, 2026), "Stadt Waltrop") == 2
    assert "So stand das Verzeichnis am Ende des Jahres." in text
    assert "Stand: 02.01.2026" in text
    assert year_figures.list_years(gaps) == [2027, 2026]
    assert "Jahreszahlen 2027" in desk.get("/pult/luecken/bericht").text


def test_recovering_hub_leaves_the_figures_of_the_year_alone(world: World, gaps: Gaps) -> None:
    world.clock.time += 86_400
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.hub.clock.now())
    while_recovering = year_figures.note_year(world.hub)
    with world.hub.db.write() as conn:
        facts.delete_fact(conn, "recovering-since")

    assert while_recovering is False
    assert year_figures.note_year(world.hub) is True


@pytest.mark.parametrize("year", ["1999", "zwei", "２０２６", "20260"])
def test_year_without_figures_is_not_found(desk: Desk, year: str) -> None:
    be(desk, "leser")

    assert desk.get(f"/pult/luecken/jahr/{year}").status_code == 404


def test_hub_without_an_index_notes_no_year() -> None:
    assert year_figures.note_year(World(["waltrop"]).hub) is False


def test_static_file_of_the_reports_is_there() -> None:
    assert "gaps.css" in set(Assets())
