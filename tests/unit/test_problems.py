"""Errors as answers: each family has its status and code, and nothing leaks that is not the caller's."""

from __future__ import annotations

import inspect
import io
import json
from collections.abc import Callable

import pytest
from litestar import Litestar, get
from litestar.exceptions import HTTPException, NotAuthorizedException, TooManyRequestsException
from litestar.params import FromPath
from litestar.testing import TestClient

from shared import errors
from shared.logs import open_log
from shared.web.headers import SecurityHeaders
from shared.web.pages import Pages, Shell
from shared.web.problems import FAMILIES, GONE, Problem, family_of, problem_handlers, problem_json, problem_of
from tests.unit.test_web_pages import FixedClock

PERSON = "Erika Mustermann"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KREISWEIT_ERRORS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
]


def ask(error: Exception, *, accept: dict[str, str] | None = None) -> tuple[int, dict[str, str], str, str]:
    """Raise `error` in a route; returns status, headers, body and what was logged."""

    @get("/angebote/{offer_id:str}", sync_to_thread=False)
    def offer(offer_id: FromPath[str]) -> str:
        raise error

    clock, lines = FixedClock(), io.StringIO()
    handlers = problem_handlers(
        Pages(Shell("Stadt Herten", "Kreis Recklinghausen"), clock), open_log(lines, clock, party="herten")
    )
    app = Litestar([offer], exception_handlers=handlers, openapi_config=None, logging_config=None)
    with TestClient(SecurityHeaders(app), raise_server_exceptions=False) as client:
        answer = client.get(f"/angebote/{PERSON}", headers=accept or {})
    return answer.status_code, dict(answer.headers), answer.text, lines.getvalue()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.ParseError("size '01' is not canonical"), 400, "E_FORMAT"),
        (errors.WeakKeyError("key of small order"), 422, "E_KEY_WEAK"),
        (errors.RuleError("two problems", {"title": ["fehlt"]}), 422, "rules"),
        (errors.InputError("no"), 400, "input"),
        (errors.NotFoundError("no offer"), 404, "not_found"),
        (errors.AccessError("token expired"), 403, "access"),
        (errors.ConflictError("base 3 offered, 4 held", current=4), 409, "conflict"),
        (errors.FetchError("no answer", kind="timeout"), 503, "E_FETCH"),
        (errors.SignatureError("none by a known key"), 422, "E_SIG"),
        (errors.LogStateError("recovering", code="E_RECOVERING"), 503, "E_RECOVERING"),
        (errors.ConfigError("secret at /srv"), 500, "config"),
        (ValueError("x"), 500, "internal"),
    ],
)
def test_family_is_answered_with_its_status_and_code(error: Exception, status: int, code: str) -> None:
    answered, headers, body, _ = ask(error)

    assert answered == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (status, code)


@pytest.mark.parametrize("kind", KREISWEIT_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_belongs_to_a_family_of_its_own_kind(kind: type[errors.KreisweitError]) -> None:
    error = kind.__new__(kind)

    family = family_of(error)

    general = {errors.KreisweitError}
    assert family is not FAMILIES[Exception] or kind in general


def test_rule_error_names_all_problems_by_field() -> None:
    error = errors.RuleError("two problems", {"title": ["fehlt"], "plz": ["ist keine Postleitzahl", "fehlt"]})

    _, _, body, _ = ask(error)
    _, _, page, _ = ask(error, accept=BROWSER)

    assert json.loads(body)["errors"] == {"title": ["fehlt"], "plz": ["ist keine Postleitzahl", "fehlt"]}
    assert "plz: ist keine Postleitzahl" in page


def test_conflict_carries_the_current_version() -> None:
    assert json.loads(ask(errors.ConflictError("stale base", current=4))[2])["current"] == 4


@pytest.mark.parametrize(("asked", "given"), [(0, "30"), (120, "120"), (90_000, "3600")])
def test_unavailable_answers_say_when_to_come_back(asked: int, given: str) -> None:
    error = errors.FetchError("busy", kind="status", status=503, retry_after_seconds=asked)

    assert ask(error)[1]["retry-after"] == given


@pytest.mark.parametrize("error", [ValueError(PERSON), errors.ConfigError(PERSON), KeyError(PERSON)])
@pytest.mark.parametrize("accept", [{}, BROWSER])
def test_inner_failure_is_logged_and_told_without_its_text(error: Exception, accept: dict[str, str]) -> None:
    status, _, body, logged = ask(error, accept=accept)

    line = json.loads(logged)
    assert status == 500
    assert PERSON not in body + logged
    assert (line["action"], line["error"], line["route"]) == (
        "request_failed",
        type(error).__name__,
        "/angebote/{offer_id}",
    )
    assert any("test_problems.py" in place for place in line["where"])


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFoundError("no"),
        errors.ParseError("no"),
        errors.FetchError("no", kind="dns"),
        errors.LogStateError("no", code="E_RECOVERING"),
    ],
)
def test_what_only_asks_to_come_back_is_not_logged(error: Exception) -> None:
    assert ask(error)[3] == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.AccessError("the right publish is missing"), "access"),
        (errors.AccessError("the form comes from another site", code="csrf"), "csrf"),
        (NotAuthorizedException("no valid key"), "access"),
    ],
)
def test_refused_access_is_logged_by_route_and_code_and_names_nobody(error: Exception, code: str) -> None:
    logged = json.loads(ask(error)[3])

    assert (logged["action"], logged["level"], logged["code"]) == ("access_refused", "warning", code)
    assert (logged["method"], logged["route"]) == ("GET", "/angebote/{offer_id}")
    assert PERSON not in str(logged)


@pytest.mark.parametrize(
    ("error", "heading"),
    [
        (errors.NotFoundError("no offer"), "Seite nicht gefunden"),
        (errors.ParseError("no"), "Die Anfrage ist nicht lesbar"),
        (ValueError("x"), "Interner Fehler"),
        (errors.LogStateError("x"), "Zurzeit nicht verfügbar"),
    ],
)
def test_browser_gets_a_german_page(error: Exception, heading: str) -> None:
    status, headers, body, _ = ask(error, accept=BROWSER)

    assert status == problem_of(error).family.status
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{heading}</h1>" in body
    assert '<html lang="de"' in body


def test_advice_of_the_error_is_shown_escaped() -> None:
    error = errors.ConflictError("stale", advice="Bitte <neu> laden")

    assert "Bitte &lt;neu&gt; laden" in ask(error, accept=BROWSER)[2]
    assert json.loads(ask(error)[2])["advice"] == "Bitte <neu> laden"


@pytest.mark.parametrize("path", ["/nothing", "/angebote/1/2/3"])
@pytest.mark.parametrize(("accept", "kind"), [({}, "application/problem+json"), (BROWSER, "text/html; charset=utf-8")])
def test_unknown_route_is_a_404_that_nobody_stores(path: str, accept: dict[str, str], kind: str) -> None:
    clock = FixedClock()
    handlers = problem_handlers(Pages(Shell("Hub", "Kreis"), clock), open_log(io.StringIO(), clock, party="hub"))
    app = Litestar([], exception_handlers=handlers, openapi_config=None, logging_config=None)

    with TestClient(SecurityHeaders(app)) as client:
        answer = client.get(path, headers=accept)

    assert (answer.status_code, answer.headers["content-type"]) == (404, kind)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (lambda: HTTPException(status_code=413, detail="too large"), 413, "E_OVERSIZE"),
        (lambda: TooManyRequestsException(headers={"Retry-After": "7"}), 429, "rate"),
        (lambda: HTTPException(status_code=418), 418, "input"),
        (lambda: HTTPException(status_code=599, detail=PERSON), 599, "internal"),
    ],
)
def test_errors_of_the_framework_have_the_same_form(make: Callable[[], HTTPException], status: int, code: str) -> None:
    answered, headers, body, _ = ask(make())

    assert (answered, json.loads(body)["code"]) == (status, code)
    assert PERSON not in body
    if status == 429:
        assert headers["retry-after"] == "7"


def test_what_existed_says_why_it_is_gone() -> None:
    answer = problem_json(Problem(GONE, "gone", extra={"reason": "erased"}))

    assert answer.status_code == 410
    assert json.loads(answer.content) == {"title": "Gone", "status": 410, "code": "gone", "reason": "erased"}
