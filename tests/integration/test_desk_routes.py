"""Every route of the desk for everybody: a matrix made from the router, so that new routes are in it (threat T14)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Router, get

from node.party import Node
from node.roles import ROLES
from shared.accounts.registry import Registry
from shared.accounts.rights import Right
from shared.accounts.sessions import Stage
from shared.errors import ConfigError
from shared.logs import open_log
from shared.web.desk.desk import Desk as DeskPages
from shared.web.desk.guard import ANYBODY, SIGNING_IN, desk_get, desk_routes, verify_desk
from tests.support.desk import Desk, add_person, at_desk, make_desk_node
from tests.support.loopback import app_of

PROGRAM = {"Accept": "application/json"}
_NOTHING = {"{rid}": "0" * 32, "{number}": "999999", "{account_id}": "999999"}
SIGNED_OUT, HALF_WAY = "signed-out", "half-way"
PEOPLE = [SIGNED_OUT, HALF_WAY, *(role.code for role in ROLES)]

# Who adds a route that needs no right says so here too.
OPEN = {
    ("GET", "/pult/anmelden"), ("POST", "/pult/anmelden"), ("POST", "/pult/abmelden"),
    ("GET", "/pult/einladung/{token}"), ("POST", "/pult/einladung/{token}"),
}  # fmt: skip
ON_THE_WAY_IN = {
    ("GET", "/pult/anmelden/code"), ("POST", "/pult/anmelden/code"),
    ("GET", "/pult/anmelden/einrichten"), ("POST", "/pult/anmelden/einrichten"),
}  # fmt: skip


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        yield desk


def concrete(path: str) -> str:
    """A path of this pattern that names nothing that exists."""
    parts = path.split("/")
    return "/".join((_NOTHING.get(part, "x") if part.startswith("{") else part) for part in parts)


def expected(right: object, who: str) -> str:
    """What the table says: reached, or how it is denied."""
    if right is ANYBODY:
        return "reached"
    if who == SIGNED_OUT:
        return "401"
    if right is SIGNING_IN:
        return "reached" if who == HALF_WAY else "303"
    if who == HALF_WAY:
        return "303"
    assert isinstance(right, Right)
    return "reached" if ROLES.of(who).may(right) else "403"


def outcome(desk: Desk, method: str, path: str, right: object, token: str) -> str:
    if method == "GET":
        answer = desk.get(concrete(path), **PROGRAM)
    else:
        answer = desk.post(concrete(path), {"csrf_token": token}, **PROGRAM)
    assert answer.status_code < 500, f"{method} {path}: {answer.text}"
    if answer.status_code in (401, 403):
        return str(answer.status_code)
    where = answer.headers.get("location", "")
    is_sent_away = where in ("/pult/anmelden/code", "/pult") and right is not ANYBODY and where != path
    return "303" if answer.status_code == 303 and is_sent_away else "reached"


@pytest.mark.parametrize("who", PEOPLE)
def test_route_answers_exactly_those_who_have_its_right(node: Node, desk: Desk, who: str) -> None:
    account_id = add_person(node, "wer", "redaktion" if who in (SIGNED_OUT, HALF_WAY) else who)
    wrong: list[str] = []
    for path, method, handler in desk_routes(app_of(node)):
        right, token = handler.opt["right"], ""
        if who == SIGNED_OUT:
            desk.client.cookies.clear()
        else:
            half_way = Stage.ENROL if path.endswith("/einrichten") else Stage.CODE
            token = desk.be(account_id, half_way if who == HALF_WAY else Stage.FULL)
        found, wanted = outcome(desk, method, path, right, token), expected(right, who)
        if found != wanted:
            wrong.append(f"{method} {path} for {who}: {found}, {wanted} expected")

    assert wrong == []


def test_matrix_holds_every_page_of_the_navigation(node: Node, desk: Desk) -> None:
    routes = {(method, path) for path, method, _ in desk_routes(app_of(node))}

    assert len(routes) > 20
    assert {("GET", "/pult"), ("GET", "/pult/konten"), ("GET", "/pult/rollen"), ("GET", "/pult/konto")} <= routes


def test_routes_without_a_right_are_known(node: Node) -> None:
    found = {(method, path): handler.opt["right"] for path, method, handler in desk_routes(app_of(node))}

    assert {route for route, right in found.items() if right is ANYBODY} == OPEN
    assert {route for route, right in found.items() if right is SIGNING_IN} == ON_THE_WAY_IN


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE"])
def test_other_methods_open_nothing(node: Node, desk: Desk, method: str) -> None:
    desk.be(add_person(node, "leserin", "leser"))

    answer = desk.client.request(method, "/pult/konten", headers={"Origin": desk.origin})

    assert answer.status_code in (403, 405)


def test_missing_right_is_explained_in_german(node: Node, desk: Desk) -> None:
    desk.be(add_person(node, "autorin", "autor"))

    answer = desk.get("/pult/konten")

    assert answer.status_code == 403
    assert "Ihre Rolle „Autor“ erlaubt das nicht" in answer.text
    assert "Konten anlegen, ändern und sperren" in answer.text


def test_navigation_shows_what_the_role_may_open(node: Node, desk: Desk) -> None:
    desk.be(add_person(node, "leserin", "leser"))
    reader = desk.get("/pult").text
    desk.be(add_person(node))
    keeper = desk.get("/pult").text

    assert 'href="/pult/konten"' not in reader
    assert 'href="/pult/konten"' in keeper
    assert 'href="/pult" aria-current="page"' in reader


def test_table_of_roles_says_what_the_guard_does(node: Node, desk: Desk) -> None:
    desk.be(add_person(node, "leserin", "leser"))

    text = desk.get("/pult/rollen").text

    for role in ROLES:
        assert role.title in text
        assert role.explanation in text


def app_with(node: Node, handler: Any, *, through_desk: bool) -> Litestar:
    from node.web.federation import make_pages
    from shared.web.offer_words import load_words

    registry: Registry = node.accounts
    log = open_log(io.StringIO(), node.clock, party="test")
    pages = DeskPages(registry, make_pages(node, load_words("")), log, [])
    router = pages.router([handler]) if through_desk else Router("/pult", route_handlers=[handler])
    return Litestar([router], openapi_config=None, logging_config=None)


def test_start_fails_when_a_route_states_no_right(node: Node) -> None:
    @get("/vergessen", sync_to_thread=False)
    def forgotten() -> str:
        return "open to all"

    with pytest.raises(ConfigError, match="GET /pult/vergessen of the desk states no right"):
        verify_desk(app_with(node, forgotten, through_desk=True))


def test_start_fails_when_a_route_lies_beside_the_guard(node: Node) -> None:
    @desk_get("/daneben", right=Right.READ)
    def beside() -> str:
        return "open to all"

    with pytest.raises(ConfigError, match="is not guarded"):
        verify_desk(app_with(node, beside, through_desk=False))
    verify_desk(app_with(node, desk_get("/daneben", right=Right.READ)(beside.fn), through_desk=True))
