"""The answers of the API as the document describes them: media types, headers, examples, and what is no answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.hsds.openapi.examples import PROBLEMS
from shared.hsds.openapi.schemas import ref

Object = dict[str, Any]

JSON, NDJSON, PROBLEM_JSON = "application/json", "application/x-ndjson", "application/problem+json"
IGNORED: Final = "X-Ignored-Parameters"
"""Names the parameters of a query that nobody knows, so that a mistyped one can be noticed."""

_TEXT: Final = {"type": "string"}
_HEADERS: Final[Mapping[str, tuple[str, Object, str]]] = {
    "ETag": ("Names these bytes; send it as If-None-Match to get 304", _TEXT, '"c37fa9a845972154615f6d84e6c04131"'),
    "Last-Modified": ("When what is shown was changed last; send it as If-Modified-Since to get 304", _TEXT,
                      "Wed, 25 Nov 2026 09:30:00 GMT"),
    "Cache-Control": ("`no-cache`: keep it, and ask before each use", _TEXT, "no-cache"),
    IGNORED: ("Parameters of the query that nobody knows; present only where there are some", _TEXT, "perpage"),
    "Link": ("With `rel=\"blocked-by\"`: the list of everything that is hidden", _TEXT,
             '<https://angebote.kreis.example/ausblendungen>; rel="blocked-by"'),
    "Retry-After": ("Seconds to wait", {"type": "integer"}, "30"),
    "Access-Control-Allow-Origin": ("Programs in pages of any site may read this", _TEXT, "*"),
}  # fmt: skip
_PROBLEMS: Final = {
    "BadQuery": ("A parameter has a value that it cannot have; all problems are told at once", ("query",), ()),
    "NotFound": ("There is nothing of this id, and never was", ("not_found",), ()),
    "Gone": ("There was an offer of this id; it was withdrawn or erased", ("withdrawn", "erased"), ()),
    "Hidden": (
        "The district has hidden this offer in the whole catalogue for a legal reason (RFC 7725), and says which",
        ("notice",), ("Link",),
    ),
    "Unavailable": (
        "Not now: the catalogue is being made or compared with the members; come back later", ("unavailable",),
        ("Retry-After",),
    ),
}  # fmt: skip


def headers() -> dict[str, Object]:
    """Return the headers of the document, by their names."""
    return {
        name: {"description": about, "schema": dict(schema), "example": int(example) if example == "30" else example}
        for name, (about, schema, example) in _HEADERS.items()
    }


def header_refs(*names: str) -> dict[str, Object]:
    """Return references to headers of the document."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def content(schema: Mapping[str, Any], examples: Mapping[str, Any]) -> Object:
    """Describe the body of an answer of one media type."""
    return {"schema": dict(schema), "examples": {name: {"value": value} for name, value in examples.items()}}


def lines(about: str, item: str, example: str) -> Object:
    """Describe a body that has one JSON object on each line; `item` names the schema of each."""
    schema = {"type": "string", "description": f"{about}; each line is a `{item}` of the schemas of this document"}
    return content(schema, {"lines": example})


def answer(about: str, bodies: Mapping[str, Object], *names: str) -> Object:
    """Describe an answer 200, with its headers besides those that every one has."""
    always = ("ETag", "Cache-Control", "Access-Control-Allow-Origin")
    return {"description": about, "headers": header_refs(*always, *names), "content": dict(bodies)}


def responses() -> dict[str, Object]:
    """Return the answers of the document that several operations share, by their names."""
    found: dict[str, Object] = {
        "NotModified": {
            "description": "What the client holds is what would be answered; no body",
            "headers": header_refs("ETag", "Cache-Control", "Access-Control-Allow-Origin"),
        }
    }
    for name, (about, examples, extra) in _PROBLEMS.items():
        bodies = content(ref("problem"), {example: PROBLEMS[example] for example in examples})
        found[name] = {
            "description": about, "headers": header_refs("Access-Control-Allow-Origin", *extra),
            "content": {PROBLEM_JSON: bodies},
        }  # fmt: skip
    return found


_STATUSES: Final = {
    304: "NotModified", 400: "BadQuery", 404: "NotFound", 410: "Gone", 451: "Hidden", 503: "Unavailable",
}  # fmt: skip


def statuses(whole: Object, others: Iterable[int]) -> Object:
    """Return the answers of an operation: its own, and the shared ones by their statuses."""
    return {"200": whole} | {
        str(status): {"$ref": f"#/components/responses/{_STATUSES[status]}"} for status in sorted(others)
    }
