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
from shared.errors import ConfigError
from shared.logs import open_log
from shared.web.desk.desk import Desk as DeskPages
from shared.web.desk.guard import ANYBODY, SIGNING_IN, desk_get, desk_routes, verify_desk
from tests.support.desk import Desk, add_person, at_desk, make_desk_node
from tests.support.desk_matrix import ON_THE_WAY_IN, OPEN, everybody, wrong_answers
from tests.support.loopback import app_of

PEOPLE = everybody(ROLES)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        yield desk


@pytest.mark.parametrize("who", PEOPLE)
def test_route_answers_exactly_those_who_have_its_right(desk: Desk, who: str) -> None:
    assert wrong_answers(desk, who) == []


def test_matrix_holds_every_page_of_the_navigation(node: Node, desk: Desk) -> None:
    routes = {(method, path) for path, method, _ in desk_routes(app_of(node))}

    assert len(routes) > 20
    assert {("GET", "/pult"), ("GET", "/pult/konten"), ("GET", "/pult/rollen"), ("GET", "/pult/konto")} <= routes


def test_routes_without_a_right_are_known(node: Node) -> None:
    found = {(method, path): handler.opt["right"] for path, method, handler in desk_routes(app_of(node))}

    assert {route for route, right in found.items() if right is ANYBODY} == OPEN
    assert {route for route, right in found.items() if right is SIGNING_IN} == ON_THE_WAY_IN


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
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
