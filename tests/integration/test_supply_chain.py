"""What the program is made of: the lock and what of it runs, its bill of materials, its known vulnerabilities."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from packaging.requirements import Requirement
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from deploy.audit import main as audit
from deploy.locked import LOCK, needed_for, read_lock
from deploy.sbom import format_bill, make_bill
from tests.support.loopback import free_port

ROOT = Path(__file__).parents[2]

# --- the lock --------------------------------------------------------------------------------------------------------


def needs_of(requirements: list[str], extra: str = "") -> set[str]:
    """Names of everything that these need on this computer, by what the installed packages say of themselves."""
    found: set[str] = set()
    waiting = [(Requirement(text), extra) for text in requirements]
    while waiting:
        one, under = waiting.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": under}):
            continue
        name = one.name.lower().replace("_", "-")
        for wanted in {"", *one.extras}:
            if f"{name}[{wanted}]" not in found:
                found.add(f"{name}[{wanted}]")
                waiting += [(Requirement(text), wanted) for text in metadata.requires(one.name) or []]
    return {name.partition("[")[0] for name in found}


def test_what_runs_is_locked_whole_and_without_the_tools_of_development() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    needed = needs_of([*project["dependencies"], *project["optional-dependencies"]["postgres"]])

    listed = {one.name for one in needed_for("run", read_lock())}

    assert needed - listed == set()
    assert listed & {"pytest", "mypy", "ruff", "playwright", "hatchling", "pip-audit", "pip"} == set()


def test_what_builds_the_wheel_is_locked() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        required = tomllib.load(stream)["build-system"]["requires"]

    assert {Requirement(text).name for text in required} <= {one.name for one in needed_for("build", read_lock())}


def test_lock_that_is_not_understood_is_refused_by_its_line(tmp_path: Path) -> None:
    odd = tmp_path / "odd.lock"
    odd.write_text(LOCK.read_text("utf-8") + "left-pad @ file:///tmp/left-pad\n", "utf-8")

    with pytest.raises(ValueError, match=r"odd\.lock:\d+: 'left-pad @"):
        read_lock(odd)


def test_every_package_of_the_lock_is_read() -> None:
    pins = re.findall(r"^[a-z0-9].*==", LOCK.read_text("utf-8"), re.MULTILINE)

    assert len(read_lock()) == len(pins)
    assert [one.name for one in read_lock() if not one.hashes or not one.needed_by] == []


# --- bill of materials -----------------------------------------------------------------------------------------------


def cyclonedx() -> Draft7Validator:
    """The schema of the format, as the library of its makers brings it."""
    folder = resources.files("cyclonedx.schema") / "_res"
    read = {
        name: json.loads((folder / name).read_text("utf-8"))
        for name in ("bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    }
    base = "http://cyclonedx.org/schema/"
    registry = Registry[Any]().with_resources(
        (f"{base}{name}", Resource.from_contents(schema, default_specification=DRAFT7)) for name, schema in read.items()
    )
    return Draft7Validator(read["bom-1.6.SNAPSHOT.schema.json"], registry=registry)


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return make_bill(read_lock())


def test_bill_of_materials_has_the_form_of_cyclonedx(bill: dict[str, Any]) -> None:
    schema = cyclonedx()

    assert [error.message for error in schema.iter_errors(json.loads(format_bill(bill)))] == []
    assert not schema.is_valid({**bill, "components": [{**bill["components"][0], "scope": "perhaps"}]})
    assert not schema.is_valid({**bill, "metadata": {"component": {"licenses": [{"license": {"id": "EUPL"}}]}}})


def test_bill_of_materials_names_every_package_with_its_hashes_and_who_needs_it(bill: dict[str, Any]) -> None:
    components = {one["name"]: one for one in bill["components"]}
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    alembic = next(one for one in read_lock() if one.name == "alembic")

    assert set(components) == {one.name for one in read_lock()}
    assert components["alembic"]["purl"] == f"pkg:pypi/alembic@{alembic.version}"
    assert {f"sha256:{one['content']}" for one in components["alembic"]["externalReferences"][0]["hashes"]} == set(
        alembic.hashes
    )
    assert components["alembic"]["scope"] == "required"
    assert components["pytest"]["scope"] == "excluded"
    assert components["alembic"]["licenses"] == [{"expression": "MIT"}]
    assert components["alembic"]["purl"] in needs["kreisweit"]
    assert components["mako"]["purl"] in needs[components["alembic"]["purl"]]
    assert set(needs) == {one["bom-ref"] for one in bill["components"]} | {"kreisweit"}


def test_bill_of_materials_is_the_same_each_time_and_another_for_another_lock(bill: dict[str, Any]) -> None:
    locked = read_lock()
    another = make_bill([replace(locked[0], version="999"), *locked[1:]])

    assert format_bill(make_bill(locked)) == format_bill(bill)
    assert another["serialNumber"] != bill["serialNumber"]


# --- known vulnerabilities -------------------------------------------------------------------------------------------

VULNERABLE = ("jinja2", "3.1.2")
ANSWER = {
    "vulns": [
        {
            "id": "GHSA-h5c8-rqwp-cp95",
            "summary": "HTML attribute injection through the filter xmlattr",
            "aliases": ["CVE-2024-22195"],
            "published": "2024-01-11T15:20:48Z",
            "modified": "2024-02-20T05:32:28Z",
            "schema_version": "1.6.0",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "jinja2"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}],
                }
            ],
        }
    ]
}
"""In the form in which OSV answers `POST /v1/query`: https://google.github.io/osv.dev/post-v1-query/."""


class Advisories(BaseHTTPRequestHandler):
    """An advisory service that knows of one vulnerability, or is broken."""

    is_broken = False

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = (asked["package"]["name"], asked["version"]) == VULNERABLE
        body = json.dumps(ANSWER if is_known else {}).encode()
        self.send_response(503 if self.is_broken else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Be silent."""


@contextmanager
def advisories(*, is_broken: bool = False) -> Iterator[str]:
    handler = type("Handler", (Advisories,), {"is_broken": is_broken})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    lock = tmp_path / "planted.lock"
    pins = [VULNERABLE, ("markupsafe", "3.0.4")]
    lines = [f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n    # via\n    #   jinja2" for name, version in pins]
    lock.write_text("\n".join(lines) + "\n", "utf-8")
    return lock


def test_planted_vulnerable_pin_is_seen(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with advisories() as url:
        code = audit(["--url", url, str(planted)])

    said = capsys.readouterr().out
    assert code == 1
    assert "jinja2 3.1.2: CVE-2024-22195 GHSA-h5c8-rqwp-cp95, mended in 3.1.3" in said
    assert "1 known vulnerabilities in 2 packages" in said


def test_every_locked_package_is_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    with advisories() as url:
        code = audit(["--url", url])

    assert (code, capsys.readouterr().out) == (0, f"audit: 0 known vulnerabilities in {len(read_lock())} packages\n")


def test_service_that_is_broken_or_not_there_is_told_and_fails_only_where_an_answer_is_needed(
    planted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories(is_broken=True) as url:
        broken = audit(["--url", url, str(planted)])
    absent = audit(["--needed", "--url", f"http://127.0.0.1:{free_port()}/", str(planted)])

    assert (broken, absent) == (0, 3)
    assert capsys.readouterr().out.count("NOT CHECKED") == 2


def test_lock_that_the_audit_cannot_read_is_not_taken_for_an_absent_service(planted: Path) -> None:
    planted.write_text("jinja2==3.1.2\n", "utf-8")

    with advisories() as url, pytest.raises(RuntimeError, match="hash"):
        audit(["--url", url, str(planted)])


def test_ci_looks_for_vulnerabilities_and_writes_the_bill() -> None:
    stages = (ROOT / ".ci/run").read_text("utf-8")

    assert re.search(r"^\.venv/bin/python -m deploy\.audit$", stages, re.MULTILINE)
    assert re.search(r"^\.venv/bin/python -m deploy\.sbom \S+$", stages, re.MULTILINE)
