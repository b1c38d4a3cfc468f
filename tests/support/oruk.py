"""Does what the validator of Open Referral UK does with an API, as far as its rules are known (March 2026).

Written from its rules, not from its code: it starts at the address of the API, takes the version or the description
named there, checks the description, and asks each list for its first, middle and last page and some of its objects.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.support.openapi import deref, schema_problems, undescribed

ERROR, WARNING, INFO = "error", "warning", "info"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_IDS = 10
_WEIGHTS = {"descriptions": 30, "parameters": 25, "schemas": 25, "responses": 20}


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    code: str
    level: str
    where: str


@dataclass
class Report:
    """What the validator says; `quality` is out of 100."""

    findings: list[Finding] = field(default_factory=list)
    quality: float = 0.0
    asked: dict[str, int] = field(default_factory=dict)  # answers looked at, by path
    is_level_1: bool = True
    is_level_2: bool = True

    def add(self, code: str, level: str, where: str) -> None:
        self.findings.append(Finding(code, level, where))

    def codes(self, *levels: str) -> set[str]:
        return {found.code for found in self.findings if not levels or found.level in levels}


def validate(client: httpx.Client, base: str, *, seed: int = 0) -> Report:
    """Validate the API at an address; objects are chosen by the seed."""
    report = Report()
    start = client.get(base)
    if start.headers.get("access-control-allow-origin") != "*":
        report.add("CORS_MISSING", WARNING, base)
    about = start.json()
    assert not _is_one_number(about["version"]), "the validator would take a document of its own"
    # A party of the tests does not listen where it says.
    document = client.get(urljoin(base, urlsplit(about["openapi_url"]).path)).json()
    _check_document(document, report)
    report.quality = _quality(document)
    dice = random.Random(seed)
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method in _METHODS:
                _check_operation(client, base, document, path, method, operation, report, dice)
    return report


def _is_one_number(version: str) -> bool:
    try:
        float(version.upper().replace("HSDS-UK-", "").replace("V", ""))
    except ValueError:
        return False
    return True


def _check_document(document: Any, report: Report) -> None:
    info = document.get("info")
    wanted = [
        ("MISSING_OPENAPI_VERSION", ERROR, document.get("openapi") or document.get("swagger")),
        ("MISSING_INFO", ERROR, info), ("MISSING_PATHS", ERROR, "paths" in document),
        ("MISSING_TITLE", WARNING, (info or {}).get("title")),
        ("MISSING_VERSION", WARNING, (info or {}).get("version")),
        ("NO_ENDPOINTS", WARNING, document.get("paths")),
        ("UNSUPPORTED_SCHEMA_VERSION", WARNING,
         document.get("jsonSchemaDialect", "").startswith("https://json-schema.org/draft/2020-12/")),
        *((f"NO_{name.upper()}", INFO, (info or {}).get(name)) for name in ("description", "contact", "license")),
    ]  # fmt: skip
    for code, level, value in wanted:
        if not value:
            report.add(code, level, "document")


def _quality(document: Any) -> float:
    """Weigh the shares of operations, parameters, schemas and answers that are described."""
    given = [operation for item in document["paths"].values() for operation in item.values()]
    parameters = [deref(document, one) for operation in given for one in operation.get("parameters", [])]
    schemas = list(document.get("components", {}).get("schemas", {}).values())
    responses = [deref(document, one) for operation in given for one in operation["responses"].values()]
    shares = {
        "descriptions": [operation.get("description") for operation in given],
        "parameters": [one.get("description") for one in parameters],
        "schemas": [one.get("description") and one.get("type") for one in schemas],
        "responses": [one.get("description") for one in responses],
    }
    return sum(_WEIGHTS[name] * sum(map(bool, found)) / max(1, len(found)) for name, found in shares.items())


def _check_operation(
    client: httpx.Client, base: str, document: Any, path: str, method: str, operation: Any, report: Report,
    dice: random.Random,
) -> None:  # fmt: skip
    is_optional = "optional" in operation.get("tags", [])
    before = len(report.findings)
    for url in _addresses(client, base, document, path, report, dice):
        answer = client.request(method, url)
        report.asked[path] = report.asked.get(path, 0) + 1
        if not answer.is_success:
            code = "OPTIONAL_ENDPOINT_NON_SUCCESS" if is_optional else "REQUIRED_ENDPOINT_FAILED"
            report.add(code, WARNING if is_optional else ERROR, url)
            continue
        _check_body(document, operation, answer, url, report)
    if any(found.level == ERROR for found in report.findings[before:]):
        report.is_level_2 = False
        report.is_level_1 = report.is_level_1 and is_optional


def _addresses(
    client: httpx.Client, base: str, document: Any, path: str, report: Report, dice: random.Random
) -> Iterator[str]:
    """Yield what is asked for a path: pages of a list, objects by ids from its list, or the path itself."""
    if "{id}" in path:
        listed = client.get(base + path.removesuffix("/{id}")).json()["contents"]
        ids = [one["id"] for one in listed]
        if not ids:
            report.add("NO_IDS_AVAILABLE", WARNING, path)
        yield from (base + path.replace("{id}", key) for key in dice.sample(ids, min(_IDS, len(ids))))
        return
    names = [deref(document, one)["name"] for one in document["paths"][path]["get"].get("parameters", [])]
    if "page" not in names:
        yield base + path
        return
    first = client.get(f"{base}{path}?page=1").json()
    pages = first.get("total_pages", 1)
    if not first["total_items"]:
        report.add("EMPTY_FEED_WARNING", WARNING, path)
    middle = {pages // 2} if pages > 2 else set()
    yield from (f"{base}{path}?page={number}" for number in sorted({1, *middle, max(pages, 1)}))


def _check_body(document: Any, operation: Any, answer: httpx.Response, url: str, report: Report) -> None:
    body = deref(document, operation["responses"]["200"])["content"]["application/json"]
    if "type" not in deref(document, body["schema"]):
        report.add("MISSING_TYPE", WARNING, url)
    try:
        value = answer.json()
    except ValueError:
        report.add("INVALID_JSON", ERROR, url)
        return
    for problem in schema_problems(document, body["schema"], value):
        report.add("SCHEMA_VALIDATION_ERROR", ERROR, f"{url} {problem}")
    for place in undescribed(document, body["schema"], value):
        report.add("ADDITIONAL_FIELD", INFO, f"{url} {place}")
