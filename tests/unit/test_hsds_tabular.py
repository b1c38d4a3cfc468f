"""The tabular form: every row fits its file, every reference leads to a row, and the description tells the truth."""

from __future__ import annotations

import uuid
from typing import Any

from shared.hsds.objects import OBJECTS
from shared.hsds.service import Maker, Origin
from shared.hsds.tabular import columns, describe_package, rows
from shared.hsds.terms import Terms
from shared.model.offer import offer_from_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies
from tests.bench.offers import generate

HERTEN = Origin("herten", "Herten", "05562020", "Stadt Herten")


def make_tables(count: int) -> dict[str, dict[str, dict[str, Any]]]:
    maker = Maker(shipped_district(), Terms(shipped_vocabularies()))
    tables: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in OBJECTS}
    for number, document in enumerate(generate(count, 1), 1):
        doc = offer_from_builtins({"id": uuid.UUID(int=number).hex, "owner": "05562020", **document})
        for name, row in rows("service", maker.service(doc, HERTEN)):
            tables[name][row["id"]] = row
    return tables


def test_rows_hold_the_columns_of_their_file_and_what_is_required() -> None:
    tables = make_tables(40)

    for name, table in tables.items():
        required = {field.name for field in OBJECTS[name].fields if field.is_required}
        for row in table.values():
            assert set(row) <= set(columns(name))
            assert required <= set(row), (name, row)


def test_every_reference_leads_to_a_row() -> None:
    tables = make_tables(40)
    package = describe_package(title="Angebote", homepage="https://hub.example", licence={"name": "DL-DE-BY-2.0"})

    checked = 0
    for resource in package["resources"]:
        for key in resource["schema"]["foreignKeys"]:
            target = tables[key["reference"]["resource"]]
            if key["reference"]["resource"] == "taxonomy":
                continue  # written once for all offers, not with each
            for row in tables[resource["name"]].values():
                if key["fields"] in row:
                    assert row[key["fields"]] in target, (resource["name"], key)
                    checked += 1
    assert checked > 1000


def test_description_names_every_file_with_its_columns() -> None:
    package = describe_package(title="Angebote", homepage="https://hub.example", licence={"name": "DL-DE-BY-2.0"})

    described = {
        entry["name"]: tuple(field["name"] for field in entry["schema"]["fields"]) for entry in package["resources"]
    }
    assert described == {name: columns(name) for name in OBJECTS}
    assert len({entry["path"] for entry in package["resources"]}) == len(OBJECTS)
