"""The description of the HSDS API, put together: what it is, where it is, and every operation.

Only GET stands in it.  HEAD is answered everywhere and needs no word (RFC 9110, 9.3.2); there is nothing to write.
The tags `required` and `optional` are those of HSDS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.hsds.openapi import answers
from shared.hsds.openapi.answers import IGNORED, JSON, NDJSON, answer, content, lines, statuses
from shared.hsds.openapi.examples import Examples
from shared.hsds.openapi.parameters import list_parameters, parameter_ref, parameters
from shared.hsds.openapi.schemas import DIALECT, PAGES, ref, schemas
from shared.hsds.query import PARAMETERS
from shared.hsds.service import Maker

Object = dict[str, Any]

VERSION: Final = "1.0.0"
"""Of the API as it is described.  The last number grows with words, the middle one with what is added, the first one
with what would break a reader."""
REQUIRED, OPTIONAL = "required", "optional"
_TAGS: Final = (
    (REQUIRED, "Every HSDS API has this"),
    (OPTIONAL, "Not every HSDS API has this; this one does"),
)
_LISTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "services": ("Services", "offers", "service"),
    "organizations": ("Organizations", "providers", "organization"),
    "service_at_locations": ("ServiceAtLocations", "offers at their places", "service_at_location"),
    "taxonomies": ("Taxonomies", "vocabularies", "taxonomy"),
    "taxonomy_terms": ("TaxonomyTerms", "terms of the vocabularies", "taxonomy_term"),
}
_WHOLE: Final = {
    "services": "service", "organizations": "organization_with_services",
    "service_at_locations": "service_at_location_with_service", "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term",
}  # fmt: skip
_IN_LIST: Final = {
    "services": "Items hold the offer's own fields and its provider; `full=true` gives all that is nested in it.",
    "organizations": "A provider is listed as long as an offer that is shown names it.",
    "service_at_locations": "Each item holds its offer, once for each of its places.",
    "taxonomies": "They come with the program.",
    "taxonomy_terms": "Codes are permanent, names may change; ids are equal on all nodes.",
}
_ORDER: Final = (
    "All parameters hold together (AND); one that takes several values may be repeated or given as a comma list, and"
    f" asks for any of them.  Unknown parameters are ignored and named in `{IGNORED}`."
    "  Ordered by the last change, then by id."
)


@dataclass(frozen=True)
class Facts:
    """What the document says of the party that answers.

    Args:
        base_url: origin of the party, without a slash at its end; empty: the document's own.
        licence_name: under which the catalogue may be used, in words.
        licence_url: the same as an address.
    """

    base_url: str
    licence_name: str
    licence_url: str


def describe(maker: Maker, facts: Facts, *, prefix: str = "") -> Object:
    """Return the OpenAPI document of the HSDS API.

    Args:
        prefix: of all paths; empty where the API's own address is the server, which is what readers of HSDS expect.
    """
    shown = Examples(maker)
    paths: Object = {f"{prefix}/": {"get": _start(shown)}}
    for name in _LISTS:
        paths[f"{prefix}/{name}"] = {"get": _list(name, shown)}
        paths[f"{prefix}/{name}/{{id}}"] = {"get": _single(name, shown)}
    return {
        "openapi": "3.1.0", "info": _info(maker, facts), "jsonSchemaDialect": DIALECT,
        "servers": [{"url": facts.base_url + ("" if prefix else "/hsds") or "/", "description": "This party"}],
        "tags": [{"name": name, "description": about} for name, about in _TAGS], "paths": paths,
        "components": {
            "schemas": schemas(), "parameters": parameters(maker.district), "headers": answers.headers(),
            "responses": answers.responses(),
        },
        "externalDocs": {"description": "Open Referral HSDS", "url": "https://docs.openreferral.org/"},
    }  # fmt: skip


def _info(maker: Maker, facts: Facts) -> Object:
    contact = maker.district.contact
    return {
        "title": f"Integration offers: {maker.district.name}", "version": VERSION,
        "summary": "Open Referral HSDS 3.2.3 with the profile kreisweit 1.0",
        "description": (
            f"Integration offers in {maker.district.name} as their cities publish them, merged.  Open to everybody"
            " without a key, for reading only.  Every answer carries an `ETag`; ask again with it and get 304 while"
            " nothing changed.  Texts are German in the fields of HSDS; other languages stand in"
            " `x_kreisweit.translations`.  What is said here stays true within a major version: fields and parameters"
            " are added, never taken away, so ignore what you do not know."
        ),
        "contact": {
            "name": contact.organisation, **({"url": contact.url} if contact.url else {}),
            **({"email": contact.email} if contact.email else {}),
        },
        **({"license": {"name": facts.licence_name, "url": facts.licence_url}} if facts.licence_name else {}),
    }  # fmt: skip


def _start(shown: Examples) -> Object:
    return {
        "operationId": "getStart", "tags": [REQUIRED], "summary": "What this API is",
        "description": "Version, profile, who publishes, and where the description of the API is.", "parameters": [],
        "responses": statuses(
            answer("What this API is", {JSON: content(ref("about"), {"start": shown.about()})}, IGNORED), (304,)
        ),
    }  # fmt: skip


def _list(name: str, shown: Examples) -> Object:
    operation, what, _ = _LISTS[name]
    line = msgspec.json.encode(shown.single[name]).decode() + "\n"
    bodies = {
        JSON: content(ref(f"{name}_page"), shown.pages[name]),
        NDJSON: lines("With `format=ndjson`: all items, without pages", PAGES[name], line),
    }
    own = ("Last-Modified", IGNORED) if name not in ("taxonomies", "taxonomy_terms") else (IGNORED,)
    others = (304, 400, 503) if name not in ("taxonomies", "taxonomy_terms") else (304, 400)
    return {
        "operationId": f"list{operation}", "tags": [REQUIRED if name == "services" else OPTIONAL],
        "summary": f"List {what}", "description": f"Pages of {what}.  {_IN_LIST[name]}  {_ORDER}",
        "parameters": list_parameters(name),
        "responses": statuses(answer(f"One page of {what}, or all of them as lines", bodies, *own), others),
    }  # fmt: skip


def _single(name: str, shown: Examples) -> Object:
    operation, _, kind = _LISTS[name]
    given = [parameter_ref(f"key_{kind}_id")]
    others = {304, 404}
    own: tuple[str, ...] = (IGNORED,)
    if name in ("services", "organizations", "service_at_locations"):
        others, own = others | {503}, ("Last-Modified", IGNORED)
    if name == "services":
        others |= {410, 451}
    if kind in PARAMETERS:
        given += list_parameters(kind)
        others |= {400}
    singular = operation.removesuffix("s") if name != "taxonomies" else "Taxonomy"
    return {
        "operationId": f"get{singular}", "tags": [REQUIRED if name == "services" else OPTIONAL],
        "summary": f"One {kind.replace('_', ' ')}, whole",
        "description": "Everything that is known, with all that is nested in it.  " + _SINGLE[name],
        "parameters": given,
        "responses": statuses(
            answer(f"The {kind.replace('_', ' ')}", {JSON: content(ref(_WHOLE[name]), {kind: shown.single[name]})},
                   *own), others,
        ),
    }  # fmt: skip


_SINGLE: Final = {
    "services": "An offer that existed once is never unknown again: it answers 410, and says since when; "
    "one that the district hides answers 451, and says why.",
    "organizations": "Its offers stand in `services`, whole with `full_service=true`.",
    "service_at_locations": "The place, and the offer that takes place there.",
    "taxonomies": "Its terms are listed by `/taxonomy_terms?taxonomy_id=…`.",
    "taxonomy_terms": "With its vocabulary, and its names in other languages.",
}
