"""What describes the outputs to programs: `/hsds/openapi.json` the HSDS API alone, `/openapi.json` everything.

Two documents, since readers of HSDS take the address of the API for the server of every path in its document, and what
is not HSDS lies outside of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from shared.hsds.objects import Field
from shared.hsds.openapi.answers import IGNORED, JSON, answer, content, lines, statuses
from shared.hsds.openapi.document import Facts, describe
from shared.hsds.openapi.examples import CURSOR, Examples
from shared.hsds.openapi.parameters import query_parameter
from shared.hsds.openapi.schemas import field_schema, ref
from shared.hsds.profile import MERGE_PATCH, PROFILE, describe_profile, patches
from shared.outputs.changes import KINDS, LIMIT, LIMIT_MAX
from shared.outputs.formats.all import FORMATS
from shared.outputs.formats.format import Format
from shared.outputs.messages import CATALOGUE
from shared.web.outputs.changes import WAIT_MAX_SECONDS
from shared.web.outputs.source import NDJSON, OutputSource, respond

Object = dict[str, Any]
_Request = Request[Any, Any, Any]

_CHANGES_TAG, _BULK_TAG, _PROFILE_TAG = "changes", "bulk", "profile"
_TAGS: Final = (
    (_CHANGES_TAG, "What changed since you last asked; not part of HSDS"),
    (_BULK_TAG, "The whole catalogue at once; not part of HSDS"),
    (_PROFILE_TAG, "What this API changes in the schemas of HSDS"),
)


class Described:
    """The two documents of one party; made when they are first asked for."""

    def __init__(self, source: OutputSource) -> None:
        self._source = source
        self._made: dict[str, bytes] = {}

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [self._route("/hsds/openapi.json", self.api), self._route("/openapi.json", self.everything)]

    def api(self) -> Object:
        """Return the document of the HSDS API; its server is the address of the API."""
        return describe(self._source.party.makers().maker, self._facts())

    def everything(self) -> Object:
        """Return the document of all outputs; its server is the party."""
        maker = self._source.party.makers().maker
        document = describe(maker, self._facts(), prefix="/hsds")
        shown = Examples(maker)
        document["tags"] += [{"name": name, "description": about} for name, about in _TAGS]
        document["components"]["schemas"] |= {"change": _change_schema(), "changes": _changes_schema()}
        document["paths"] |= {"/changes": {"get": _changes(shown)}, "/events": {"get": _events()}}
        line = msgspec.json.encode(shown.service).decode() + "\n"
        document["paths"] |= _profile_paths()
        document["paths"] |= {one.path: {"get": _download(one, line)} for one in FORMATS}
        return document

    def _facts(self) -> Facts:
        face = self._source.face
        licence = face.words.district.licence
        return Facts(face.public_url.rstrip("/"), licence.name, licence.url)

    def _route(self, path: str, make: Callable[[], Object]) -> HTTPRouteHandler:
        @get(path, sync_to_thread=True, include_in_schema=False)
        def document(request: _Request) -> Response[bytes]:
            if path not in self._made:
                self._made[path] = msgspec.json.encode(make())
            return respond(self._made[path])

        return document


def _profile_paths() -> Object:
    any_object: Object = {"type": "object", "description": "See RFC 7396"}
    listed = describe_profile(base_url="https://hub.example")
    name = {
        "name": "name", "in": "path", "required": True, "description": "The schema that the patch is for",
        "schema": {"type": "string", "enum": list(patches())}, "example": "schedule.json",
    }  # fmt: skip
    one = {MERGE_PATCH: content(any_object, {"schedule": patches()["schedule.json"]})}
    return {
        "/hsds/profile": {
            "get": {
                "operationId": "getProfile", "tags": [_PROFILE_TAG], "summary": "The profile of this API",
                "description": f"{PROFILE}: where each merge patch over the schemas of HSDS is.", "parameters": [],
                "responses": statuses(
                    answer("The list of patches", {JSON: content(any_object, {"profile": listed})}, IGNORED), (304,)
                ),
            }
        },
        "/hsds/profile/{name}": {
            "get": {
                "operationId": "getProfilePatch", "tags": [_PROFILE_TAG], "summary": "One merge patch",
                "description": "What the profile changes in one schema of HSDS (RFC 7396).", "parameters": [name],
                "responses": statuses(answer("The patch", one, IGNORED), (304, 404)),
            }
        },
    }  # fmt: skip


def _change_schema() -> Object:
    return {
        "type": "object", "description": "What to do with one offer; doing it twice does no harm",
        "required": ["id", "kind", "modified"],
        "properties": {
            "id": field_schema(Field("id", "uuid", "Of the service")),
            "kind": field_schema(Field("kind", about="What happened", choices=KINDS)),
            "modified": field_schema(Field("modified", "datetime", "When")),
            "service": ref("service"),
            "reason": field_schema(Field("reason", about="Why it was withdrawn")),
            "erases": field_schema(
                Field("erases", "boolean", "An earlier version was erased: delete every copy of it, backups included")
            ),
        },
    }  # fmt: skip


def _changes_schema() -> Object:
    return {
        "type": "object", "description": "A piece of the list of changes", "required": ["changes", "cursor", "more"],
        "properties": {
            "changes": {"type": "array", "items": ref("change"), "description": "In the order in which to do them"},
            "cursor": field_schema(Field("cursor", about="Keep it, and ask with it next time")),
            "more": field_schema(Field("more", "boolean", "There are more now: ask again at once")),
        },
    }  # fmt: skip


def _changes(shown: Examples) -> Object:
    whole_number: Object = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX}
    example = {"changes": shown.changes(), "cursor": CURSOR, "more": False}
    found = answer("The changes after the cursor", {JSON: content(ref("changes"), {"changes": example})})
    found["headers"].pop("ETag")
    return {
        "operationId": "listChanges", "tags": [_CHANGES_TAG], "summary": "What changed since a cursor",
        "description": (
            "Walk from `after=0` and keep the cursor: the copy is then what `/catalog.ndjson` holds.  A cursor stays"
            " good when this party was rebuilt, and at every other party of the federation.  `wait` holds the answer"
            " until something changes."
        ),
        "parameters": [
            query_parameter("after", "Cursor of the last answer; 0 or nothing to begin", {"type": "string"}, "0"),
            query_parameter("limit", f"At most so many changes; without it {LIMIT}", whole_number, LIMIT),
            query_parameter("wait", "Seconds to wait where nothing has changed yet",
                            {"type": "integer", "minimum": 0, "maximum": WAIT_MAX_SECONDS}, 0),
        ],
        "responses": statuses(found, (400, 503)),
    }  # fmt: skip


def _events() -> Object:
    example = (
        "retry: 5000\n\nid: 5d72858ee18a0180.42\nevent: " + CATALOGUE + '\ndata: {"type":"' + CATALOGUE
        + '","timestamp":"2026-11-25T09:30:00Z","data":{"note":"…"}}\n\n'
    )  # fmt: skip
    body = content({"type": "string", "description": "Server-sent events (WHATWG HTML)"}, {"event": example})
    found = answer("A stream without end", {"text/event-stream": body})
    found["headers"].pop("ETag")
    return {
        "operationId": "followEvents", "tags": [_CHANGES_TAG], "summary": "Be told that something changed",
        "description": "One event for the state now and one for each that follows: the signed note of the catalogue,"
        " and no record.  Then ask `/changes`.",
        "parameters": [], "responses": statuses(found, (503,)),
    }  # fmt: skip


def _download(one: Format, line: str) -> Object:
    media_type = one.media_type.partition(";")[0]
    if media_type == NDJSON:
        body = lines(one.title_en, "service", line)
    else:
        body = {"schema": {**_shape(media_type), "description": one.title_en}}
    return {
        "operationId": f"download{one.name.title().replace('-', '')}", "tags": [_BULK_TAG],
        "summary": f"The catalogue: {one.path}",
        "description": f"{one.title_en}.  Made once for each state of the catalogue: asking again costs nobody much.",
        "parameters": [], "responses": statuses(answer(one.title_en, {media_type: body}), (304, 503)),
    }  # fmt: skip


def _shape(media_type: str) -> Object:
    """Say what is known of a body of this type: JSON is read as such, text as text, the rest is bytes."""
    if media_type.endswith("json"):
        return {"type": ["object", "array"]}
    return {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}
