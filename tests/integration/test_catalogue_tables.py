"""The catalogue as tables: CSV and spreadsheet for people, HSDS tables for programs; all say what the API says."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from litestar import Litestar
from litestar.testing import TestClient
from openpyxl import load_workbook

from node.importing import import_table
from node.spreadsheets import read_cells
from node.store.tables import staff_note
from shared.hsds.objects import OBJECTS, HsdsObject
from shared.model.formulas import guarded, unguarded
from shared.outputs.formats.sheet import ABOUT_SHEET, SHEET
from shared.outputs.formats.table import PUBLIC_COLUMNS
from tests.bench.offers import generate
from tests.support.catalogue import make_world, publish_doc
from tests.support.hsds import FOLDER
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.world import World

FORMULA = '=HYPERLINK("https://boese.example";"Hier")'
STREET = "Geheimgasse 7"
NAMES = [column.name for column in PUBLIC_COLUMNS]
Cells = dict[str, str]
Tables = dict[str, dict[str, Cells]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Sample offers of two cities, and some with everything that an offer can say."""
    world = make_world(("herten", "marl"))
    herten = world.nodes["herten"]
    for document in generate(8, 3):
        fields = {name: value for name, value in document.items() if name not in ("id", "owner", "name")}
        publish_doc(herten, str(document["name"]), **fields)
    publish_doc(
        herten, FORMULA, program="KIM", funding=["Land NRW"], minimum_age=6, maximum_age=17, valid_from="2026-02-01",
        required_documents=[{"document": "Pass|Ausweis"}, {"document": "Foto"}], alert="Fällt aus",
        capacity=[{"unit": "Plätze", "available": 3, "updated": "2026-01-01"}],
        additional_urls=[{"url": "https://b.example/"}],
        providers=[
            {"name": "Verein Eins", "identifiers": [{"identifier": "1", "identifier_type": "VR"}]},
            {"name": "Verein Zwei"},
        ],
    )  # fmt: skip
    place = {"name": "Schutzhaus", "address_1": STREET, "postal_code": "45699", "city": "Herten", "latitude": 51.6}
    publish_doc(herten, "Zuflucht", address_confidential=True, locations=[place])
    world.settle()
    give_index(world.hub, tmp_path_factory.mktemp("tables"))
    yield world
    world.hub.finder.close()
    world.hub.outputs.reader.close()
    close_all(world)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient[Litestar]]:
    with TestClient(app_of(world.hub)) as client:
        yield client


@pytest.fixture(scope="module")
def services(client: TestClient[Litestar]) -> list[Any]:
    """What the API says, in its order."""
    answer = client.get("/hsds/services?full=true&format=ndjson")
    return [json.loads(line) for line in answer.content.splitlines()]


@pytest.fixture(scope="module")
def listed(client: TestClient[Litestar]) -> list[Cells]:
    """The rows of the CSV file as they stand there."""
    text = client.get("/catalog.csv").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.fixture(scope="module")
def book(client: TestClient[Litestar]) -> Any:
    return load_workbook(io.BytesIO(client.get("/catalog.xlsx").content))


@pytest.fixture(scope="module")
def package(client: TestClient[Litestar]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(client.get("/hsds.zip").content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def tables(package: dict[str, bytes]) -> Tables:
    """The rows of each file by their ids; empty cells left out."""
    found: Tables = {}
    for name, about in OBJECTS.items():
        rows = list(csv.DictReader(io.StringIO(package[about.file].decode(), newline=""), strict=True))
        found[name] = {row["id"]: {key: cell for key, cell in row.items() if cell} for row in rows}
        assert len(found[name]) == len(rows), f"{name}: an id stands twice"
    return found


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_csv_is_in_the_form_of_the_standard(client: TestClient[Litestar]) -> None:
    body = client.get("/catalog.csv").content

    assert body.startswith(b"\xef\xbb\xbfstadt,traeger,angebot,beschreibung,thema,")
    assert body.endswith(b"\r\n")
    assert {len(row) for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)} == {
        len(NAMES)
    }


def test_csv_has_one_row_for_each_offer_in_the_order_of_lists(listed: list[Cells], services: list[Any]) -> None:
    assert [row["id"] for row in listed] == [service["id"].replace("-", "") for service in services]
    for row, service in zip(listed, services, strict=True):
        assert unguarded(row["angebot"]) == service["name"]
        assert row["seite"] == service["x_kreisweit"]["origin"].get("url", "")
        assert row["geprueft"] == service.get("assured_date", "")
        assert row["kommune"] == service["x_kreisweit"]["origin"]["city"]


def test_no_cell_of_the_csv_begins_a_formula(listed: list[Cells]) -> None:
    cells = [cell for row in listed for cell in row.values()]

    assert f"'{FORMULA}" in cells
    assert all(guarded(unguarded(cell)) == cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_rows_say_what_the_cities_lists_have_no_column_for(listed: list[Cells]) -> None:
    row = next(row for row in listed if FORMULA in row["angebot"])

    assert row["traeger"] == "Verein Eins / Verein Zwei"
    assert (row["alter_von"], row["alter_bis"], row["laufzeit_von"]) == ("6", "17", "2026-02-01")
    assert row["mitzubringen"] == "Pass/Ausweis|Foto"
    assert row["foerderung"] == "KIM|Land NRW"
    assert row["hinweis"] == "Fällt aus"


def test_confidential_address_is_in_no_table(listed: list[Cells], package: dict[str, bytes], book: Any) -> None:
    row = next(row for row in listed if row["angebot"] == "Zuflucht")

    assert (row["ort"], row["strasse"], row["plz"], row["ort_name"], row["breitengrad"]) == ("Herten", "", "", "", "")
    assert not [name for name, body in package.items() if STREET.encode() in body]
    assert STREET not in {cell.value for line in book[SHEET].iter_rows() for cell in line}


# --- back into a node ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["csv", "xlsx"])
def returned(request: pytest.FixtureRequest, client: TestClient[Litestar]) -> bytes:
    """The list as a node's import takes it: a spreadsheet is cut into cells first."""
    if request.param == "csv":
        return client.get("/catalog.csv").content
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(read_cells(client.get("/catalog.xlsx").content))
    return text.getvalue().encode()


def test_list_that_comes_back_changes_no_offer_of_its_city(world: World, returned: bytes) -> None:
    herten = world.nodes["herten"]
    notes = sa.select(staff_note.c.rid, staff_note.c.source).order_by(staff_note.c.rid)
    with herten.db.read() as conn:
        before = conn.execute(notes).all()

    result = import_table(herten, returned, own_only=True, editor="Person Rita")

    assert (result.created, result.changed, result.refused, result.missing) == (0, 0, 0, 0)
    assert result.unchanged > 10
    assert result.skipped > 0
    with herten.db.read() as conn:
        assert conn.execute(notes).all() == before
    assert [source for _, source in before if source]


def test_changed_cell_of_a_list_that_comes_back_changes_one_offer(world: World, listed: list[Cells]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES)
    writer.writeheader()
    for row in listed:
        writer.writerow({**row, "kosten": "12 Euro"} if row["angebot"] == "Zuflucht" else row)

    result = import_table(world.nodes["herten"], text.getvalue().encode(), own_only=True, dry_run=True)

    assert (result.created, result.changed, result.refused) == (0, 1, 0)


# --- spreadsheet -----------------------------------------------------------------------------------------------------


def test_sheet_has_the_rows_of_the_csv(book: Any, listed: list[Cells]) -> None:
    header, *rows = book[SHEET].iter_rows()

    assert [cell.value for cell in header] == NAMES
    assert len(rows) == len(listed)
    for line, row in zip(rows, listed, strict=True):
        for cell, name in zip(line, NAMES, strict=True):
            value = "" if cell.value is None else cell.value
            text = value.date().isoformat() if hasattr(value, "date") else str(value)
            assert text == unguarded(row[name])


def test_sheet_can_be_read_and_filtered_and_runs_nothing(book: Any) -> None:
    sheet = book[SHEET]
    cells = {name: next(sheet.iter_cols(at, at, 2)) for at, name in enumerate(NAMES, 1)}

    assert sheet.freeze_panes == "D2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.column_dimensions["D"].width > 50
    assert FORMULA in [cell.value for cell in cells["angebot"]]
    assert {cell.data_type for column in cells.values() for cell in column} <= {"s", "n", "d", "inlineStr"}
    links = [cell for cell in cells["nachweis"] if cell.value]
    assert links
    assert all(cell.hyperlink.target == cell.value for cell in links if cell.value.startswith("http"))


def test_second_sheet_says_where_the_list_is_from(book: Any, client: TestClient[Litestar]) -> None:
    said = dict(book[ABOUT_SHEET].iter_rows(max_col=2, values_only=True))

    assert said["Titel"] == "Integrationsangebote im Kreis Recklinghausen"
    assert said["Text der Lizenz"] == "https://www.govdata.de/dl-de/by-2-0"
    assert said["Stand"].endswith(" Uhr")
    note = client.get("/catalogue").text
    assert f"digest {said['Prüfsumme des Katalogs']}" in note
    assert set(NAMES) <= set(said)


# --- HSDS tables -----------------------------------------------------------------------------------------------------


def test_package_describes_the_files_it_has(package: dict[str, bytes]) -> None:
    described = json.loads(package["datapackage.json"])

    assert described["licenses"][0]["path"] == "https://www.govdata.de/dl-de/by-2-0"
    assert {resource["path"] for resource in described["resources"]} == set(package) - {"datapackage.json"}
    for resource in described["resources"]:
        header = package[resource["path"]].split(b"\r\n")[0].decode()
        assert header == ",".join(field["name"] for field in resource["schema"]["fields"])


def test_every_reference_of_the_package_leads_to_a_row(package: dict[str, bytes], tables: Tables) -> None:
    checked = 0
    for resource in json.loads(package["datapackage.json"])["resources"]:
        for key in resource["schema"]["foreignKeys"]:
            target = tables[key["reference"]["resource"]]
            for row in tables[resource["name"]].values():
                if key["fields"] in row:
                    assert row[key["fields"]] in target, (resource["name"], key)
                    checked += 1
    assert checked > 500


def test_joined_tables_say_what_the_api_says(tables: Tables, services: list[Any]) -> None:
    assert list(tables["service"]) == [service["id"] for service in services]
    counted = 0
    for service in services:
        counted += compare(OBJECTS["service"], service, tables)
    assert counted > 1000


def compare(about: HsdsObject, value: Any, tables: Tables) -> int:
    """Compare an object and all that is nested in it with their rows; returns how many values that were."""
    row = tables[about.name][value["id"]]
    plain = [field.name for field in about.fields if field.name in value]
    counted = len(plain)
    for name in plain:
        assert row[name] == str(value[name]), (about.name, name)
    for nested in about.nested:
        if nested.name not in value or nested.name == "organization":
            continue
        children = value[nested.name] if nested.is_many else [value[nested.name]]
        column = f"{about.name}_id"
        if nested.is_many and column in {field.name for field in OBJECTS[nested.object].fields}:
            joined = [key for key, other in tables[nested.object].items() if other.get(column) == value["id"]]
            assert sorted(joined) == sorted(child["id"] for child in children)
        for child in children:
            counted += compare(OBJECTS[nested.object], child, tables)
    if "organization" in value:
        assert tables["organization"][value["organization_id"]]["name"] == value["organization"]["name"]
    return counted


def test_organizations_of_the_package_are_those_of_the_api(client: TestClient[Litestar], tables: Tables) -> None:
    lines = client.get("/hsds/organizations?format=ndjson").content.splitlines()

    for line in lines:
        compare(OBJECTS["organization"], json.loads(line), tables)
    assert len(tables["organization"]) == len(lines)


def test_package_fits_the_description_of_the_standard(package: dict[str, bytes], tables: Tables) -> None:
    if not FOLDER.is_dir():
        pytest.skip("HSDS schemas are not beside the project (CC BY-SA, not copied)")
    official = {r["name"]: r for r in json.loads((FOLDER / "datapackage.json").read_text("utf-8"))["resources"]}

    for resource in json.loads(package["datapackage.json"])["resources"]:
        theirs = official[resource["name"]]
        fields = {field["name"]: field for field in theirs["schema"]["fields"]}
        assert resource["path"] == theirs["path"]
        assert {field["name"] for field in resource["schema"]["fields"]} <= fields.keys()
        for row in tables[resource["name"]].values():
            assert problems_of(row, fields) == []


def problems_of(row: Cells, fields: dict[str, Any]) -> list[str]:
    found = []
    for name, field in fields.items():
        rules = field.get("constraints", {})
        if rules.get("required") and name not in row:
            found.append(f"{name} is missing")
        if "enum" in rules and name in row and row[name] not in rules["enum"]:
            found.append(f"{name} is {row[name]}")
        if field["type"] == "number" and name in row:
            float(row[name])
    return found
