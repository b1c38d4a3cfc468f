"""Subscribers over HTTP, for programs of integrators: JSON in and out, a key in `Authorization: Bearer`.

Secrets are in the answers to making one, and nowhere else.  Whoever has no valid key learns nothing, and is slowed down
by network; a valid key is never slowed down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, put
from litestar.exceptions import HTTPException, NotAuthorizedException, TooManyRequestsException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from hub import erasure_duty, subscribers
from hub.integrators import count_stranger, find_owner
from hub.party import Hub
from hub.store.deliveries import Delivery
from hub.store.erasure_steps import Step
from hub.store.subscribers import Subscriber
from hub.subscribers import Wish
from hub.webhook_signature import format_secret
from shared.clock import in_utc
from shared.errors import NotFoundError, ParseError, QueryError, RuleError
from shared.outputs.changes import KINDS
from shared.web.routers import OwnRouter

PATH: Final = "/subscribers"
DELIVERIES, DELIVERIES_MAX = 100, 1000
_BODY_BYTES = 16 * 1024
_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_NO_STORE: Final = {"Cache-Control": "no-store"}
_Request = Request[Any, Any, Any]
_T = TypeVar("_T")


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything up to this cursor was carried out."""

    cursor: str


def subscriber_router(hub: Hub) -> Router:
    """Return all routes of subscribers."""
    handlers = [*_whole(hub), *_single(hub), *_orders(hub)]
    return OwnRouter(PATH, route_handlers=handlers, request_max_body_size=_BODY_BYTES)


def _whole(hub: Hub) -> list[HTTPRouteHandler]:
    @post("/", sync_to_thread=True, include_in_schema=False)
    def create(request: _Request, body: RawBody) -> Response[bytes]:
        owner = _owner(hub, request)
        made = subscribers.create(hub, owner, _read(request, body, Wish))
        shown = {**_shown(hub, made), "secret": format_secret(made.secret)}
        return _respond(shown, status=201, headers={"Location": f"{PATH}/{made.id.hex()}"})

    @get("/", sync_to_thread=True, include_in_schema=False)
    def list_own(request: _Request) -> Response[bytes]:
        found = subscribers.list_own(hub, _owner(hub, request))
        return _respond({"subscribers": [_shown(hub, row) for row in found]})

    return [create, list_own]


def _single(hub: Hub) -> list[HTTPRouteHandler]:
    @get("/{key:str}", sync_to_thread=True, include_in_schema=False)
    def show(request: _Request, key: FromPath[str]) -> Response[bytes]:
        return _respond(_shown(hub, subscribers.find_own(hub, _owner(hub, request), _id(key))))

    @patch("/{key:str}", sync_to_thread=True, include_in_schema=False)
    def change(request: _Request, key: FromPath[str], body: RawBody) -> Response[bytes]:
        owner, own = _owner(hub, request), _id(key)
        return _respond(_shown(hub, subscribers.change(hub, owner, own, _read(request, body, Wish))))

    @delete("/{key:str}", sync_to_thread=True, include_in_schema=False, status_code=204)
    def drop(request: _Request, key: FromPath[str]) -> None:
        subscribers.delete(hub, _owner(hub, request), _id(key))

    return [show, change, drop]


def _orders(hub: Hub) -> list[HTTPRouteHandler]:
    @post("/{key:str}/secret", sync_to_thread=True, include_in_schema=False, status_code=200)
    def rotate(request: _Request, key: FromPath[str]) -> Response[bytes]:
        row = subscribers.rotate_secret(hub, _owner(hub, request), _id(key))
        return _respond({"secret": format_secret(row.secret), "old_secret_until": _moment(row.old_secret_until)})

    @post("/{key:str}/test", sync_to_thread=True, include_in_schema=False, status_code=202)
    def test(request: _Request, key: FromPath[str]) -> Response[bytes]:
        message, wait = subscribers.ask_for_test(hub, _owner(hub, request), _id(key))
        if wait:
            raise TooManyRequestsException("one test in ten seconds", headers={"Retry-After": str(wait)})
        return _respond({"message_id": message}, status=202)

    @get("/{key:str}/deliveries", sync_to_thread=True, include_in_schema=False)
    def deliveries(request: _Request, key: FromPath[str]) -> Response[bytes]:
        owner, own = _owner(hub, request), _id(key)
        before, limit = _read_page(request)
        found = subscribers.list_deliveries(hub, owner, own, before=before, most=limit)
        following = str(found[-1].id) if len(found) == limit else None
        return _respond({"deliveries": [_delivery(one) for one in found], "before": following})

    @put("/{key:str}/ack", sync_to_thread=True, include_in_schema=False)
    def acknowledge(request: _Request, key: FromPath[str], body: RawBody) -> Response[bytes]:
        owner, own = _owner(hub, request), _id(key)
        row = erasure_duty.acknowledge(hub, owner, own, _read(request, body, Acknowledgement).cursor)
        return _respond(_shown(hub, row))

    return [rotate, test, deliveries, acknowledge]


# --- who asks, and what ----------------------------------------------------------------------------------------------


def _owner(hub: Hub, request: _Request) -> int:
    """Return whose key came with the request."""
    owner = find_owner(hub, request.headers.get("authorization", ""))
    if owner is not None:
        return owner
    if wait := count_stranger(hub, request.client.host if request.client is not None else ""):
        raise TooManyRequestsException("too many requests without a valid key", headers={"Retry-After": str(wait)})
    challenge = {"WWW-Authenticate": 'Bearer realm="kreisweit"'}
    raise NotAuthorizedException("send a valid key as Authorization: Bearer kwk_…", headers=challenge)


def _id(text: str) -> bytes:
    if not _ID.fullmatch(text):
        raise NotFoundError(f"there is no subscriber {text[:40]!r}")
    return bytes.fromhex(text)


def _read(request: _Request, body: bytes, kind: type[_T]) -> _T:
    """Read a JSON object; names that nobody knows are refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException("send JSON as application/json", status_code=415)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise RuleError("the body is not as it has to be", {"body": [str(error)]}) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParseError("the body is not JSON") from error


def _read_page(request: _Request) -> tuple[int | None, int]:
    numbers: dict[str, int] = {}
    for name, most in (("before", 10**18), ("limit", DELIVERIES_MAX)):
        text = request.query_params.get(name)
        if text is None:
            continue
        if not _NUMBER.fullmatch(text) or int(text) > most:
            raise QueryError(
                "a parameter of the query is not valid", {name: [f"is not a whole number from 1 to {most}"]}
            )
        numbers[name] = int(text)
    return numbers.get("before"), numbers.get("limit", DELIVERIES)


# --- what is shown ---------------------------------------------------------------------------------------------------


def _respond(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode(value), status_code=status, media_type="application/json",
        headers={**_NO_STORE, **(headers or {})},
    )  # fmt: skip


def _shown(hub: Hub, row: Subscriber) -> dict[str, object]:
    """Describe a subscriber to its owner, without its secrets."""
    with hub.db.read() as conn:
        owed = erasure_duty.find_owed(conn, row)
    is_rotating = row.old_secret is not None and hub.clock.now() < row.old_secret_until
    return {
        "id": row.id.hex(),
        "url": row.url or None,
        "description": row.description,
        "kinds": row.kinds.split(",") if row.kinds else list(KINDS),
        "state": row.state,
        "reason": row.reason or None,
        "created": _moment(row.created),
        "old_secret_until": _moment(row.old_secret_until) if is_rotating else None,
        "waiting": _waiting(row),
        "failing_since": _moment(row.failing_since),
        "acknowledged": _moment(row.acknowledged),
        "erasures": _erasures(owed),
    }


def _waiting(row: Subscriber) -> dict[str, object] | None:
    if not row.message:
        return None
    return {
        "message_id": row.message, "since": _moment(row.message_time), "failures": row.failures,
        "next_try": _moment(row.next_try) if row.next_try else None,
    }  # fmt: skip


def _erasures(owed: Step | None) -> dict[str, object]:
    """Tell since when an erasure is not acknowledged, and until when it has to be."""
    if owed is None:
        return {"owed_since": None, "due": None}
    return {"owed_since": _moment(owed.time), "due": _moment(owed.time + erasure_duty.BOUND_SECONDS)}


def _delivery(one: Delivery) -> dict[str, object]:
    return {
        "message_id": one.message, "kind": "test" if one.is_test else "news", "attempt": one.attempt,
        "time": _moment(one.time), "status": one.status or None, "error": one.error or None,
        "milliseconds": one.milliseconds,
    }  # fmt: skip


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else in_utc(seconds)
