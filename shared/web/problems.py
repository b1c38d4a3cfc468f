"""From errors to answers: one table, problem+json for programs and a German page for browsers (PROTOCOL 5).

Routes raise; they have no try/except for the families of `shared/errors.py`.  What a caller can mend is explained to
the caller; what happened inside is logged (type and places, never texts) and answered without detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.types import ExceptionHandlersMap

from shared.database import Trouble, trouble_of
from shared.errors import (
    AccessError,
    ConfigError,
    ConflictError,
    FetchError,
    InputError,
    KreisweitError,
    LogStateError,
    NotFoundError,
    ParseError,
    QueryError,
    RuleError,
    VerificationError,
    WeakKeyError,
)
from shared.logs import Log, describe_exception
from shared.web.messages import N_, SOURCE_LANGUAGE
from shared.web.pages import PLAIN, Pages, language_headers

PROBLEM_JSON = "application/problem+json"
_RETRY_SECONDS = 30
_RETRY_MAX_SECONDS = 3600  # PROTOCOL 5


@dataclass(frozen=True)
class Family:
    """How one family of errors is answered."""

    status: int
    code: str  # used where the error has no code of the protocol
    title: str  # for programs
    heading: str  # for people, German
    advice: str  # for people, German; used where the error brings none
    shows_message: bool = True  # the message helps the caller and reveals nothing


# The families, special before general: the first that fits is taken.
FAMILIES: Mapping[type[Exception], Family] = {
    WeakKeyError: Family(
        422, "E_KEY_WEAK", "Weak key", N_("Schlüssel abgelehnt"), N_("Erzeugen Sie einen neuen Schlüssel.")
    ),
    ParseError: Family(
        400, "E_FORMAT", "Malformed input", N_("Die Anfrage ist nicht lesbar"), N_("Prüfen Sie die Adresse.")
    ),
    QueryError: Family(
        400, "query", "Unusable query", N_("Die Anfrage ist nicht verwendbar"), N_("Prüfen Sie die Adresse.")
    ),
    RuleError: Family(
        422, "rules", "Rules broken", N_("Die Angaben passen nicht"), N_("Berichtigen Sie die genannten Felder.")
    ),
    InputError: Family(
        400, "input", "Unusable input", N_("Die Anfrage ist nicht verwendbar"), N_("Prüfen Sie die Adresse.")
    ),
    NotFoundError: Family(
        404,
        "not_found",
        "Not found",
        N_("Seite nicht gefunden"),
        N_("Vielleicht wurde das Angebot zurückgezogen, oder die Adresse enthält einen Tippfehler."),
    ),
    AccessError: Family(403, "access", "Not allowed", N_("Kein Zugriff"), N_("Dafür fehlt Ihnen die Berechtigung.")),
    ConflictError: Family(
        409,
        "conflict",
        "Conflict with a newer version",
        N_("Inzwischen geändert"),
        N_("Laden Sie die Seite neu und wiederholen Sie Ihre Änderung."),
    ),
    FetchError: Family(
        503,
        "E_FETCH",
        "A peer could not be read",
        N_("Gegenstelle nicht erreichbar"),
        N_("Bitte versuchen Sie es in einigen Minuten noch einmal."),
    ),
    VerificationError: Family(
        422,
        "verification",
        "Verification failed",
        N_("Die Angaben lassen sich nicht bestätigen"),
        N_("Wenden Sie sich an die Betreiber des Hubs im Kreis."),
    ),
    LogStateError: Family(
        503,
        "log_state",
        "The log cannot be written now",
        N_("Zurzeit nicht verfügbar"),
        N_("Das Verzeichnis wird gerade abgeglichen. Bitte versuchen Sie es in einigen Minuten noch einmal."),
    ),
    ConfigError: Family(
        500,
        "config",
        "Internal error",
        N_("Interner Fehler"),
        N_("Der Fehler wurde aufgezeichnet. Bitte versuchen Sie es später noch einmal."),
        shows_message=False,
    ),
    Exception: Family(
        500,
        "internal",
        "Internal error",
        N_("Interner Fehler"),
        N_("Der Fehler wurde aufgezeichnet. Bitte versuchen Sie es später noch einmal."),
        shows_message=False,
    ),
}

_FULL = Family(
    507,
    "disk_full",
    "No room to store this",
    N_("Nicht gespeichert: Der Speicher ist voll"),
    N_(
        "Es ist nichts verloren und nichts halb gespeichert. Bitte sagen Sie den Betreibern Bescheid "
        "und versuchen Sie es später noch einmal."
    ),
)
# Somebody else has been writing for longer than anybody waits; what was sent has not been saved.
_BUSY = Family(
    503,
    "busy",
    "The database is busy",
    N_("Zurzeit nicht verfügbar"),
    N_("Bitte versuchen Sie es in einigen Minuten noch einmal."),
)
_AWAY = Family(
    503,
    "database",
    "The database cannot be used now",
    N_("Zurzeit nicht verfügbar"),
    N_("Bitte versuchen Sie es in einigen Minuten noch einmal."),
)
# What keeps the database or its disk from working: not the caller's fault, and nothing is half done.
_TROUBLES: Mapping[Trouble, Family] = {
    Trouble.FULL: _FULL,
    Trouble.DISK: _FULL,
    Trouble.BUSY: _BUSY,
    Trouble.READ_ONLY: _AWAY,
    Trouble.DAMAGED: _AWAY,
    Trouble.AWAY: _AWAY,
}

# For what existed and is no more; the answer says why: `problem_json(Problem(GONE, "gone", extra={"reason": …}))`.
GONE = Family(410, "gone", "Gone", N_("Nicht mehr vorhanden"), N_("Das Angebot wurde geändert oder zurückgezogen."))

# For what the district has hidden for a legal reason (RFC 7725); the answer says which and why.
BLOCKED = Family(
    451,
    "notice",
    "Unavailable for legal reasons",
    N_("Dieses Angebot ist kreisweit ausgeblendet"),
    N_(
        "Der Kreis hat es aus rechtlichen Gründen ausgeblendet. Es ist auf keiner Seite dieses Verzeichnisses zu sehen."
    ),
)

# What the framework raises by itself, by status; other statuses are told by their class.
_FRAMEWORK: Mapping[int, Family] = {
    401: Family(401, "access", "Not signed in", N_("Anmeldung nötig"), N_("Bitte melden Sie sich an.")),
    403: FAMILIES[AccessError],
    404: FAMILIES[NotFoundError],
    405: Family(
        405,
        "method",
        "Method not allowed",
        N_("So nicht möglich"),
        N_("Gehen Sie zurück und wählen Sie einen anderen Weg."),
    ),
    413: Family(
        413, "E_OVERSIZE", "Too large", N_("Zu groß"), N_("Verkleinern Sie die Datei und versuchen Sie es noch einmal.")
    ),
    429: Family(429, "rate", "Too many requests", N_("Zu viele Anfragen"), N_("Bitte warten Sie einen Augenblick.")),
    503: FAMILIES[LogStateError],
}


@dataclass(frozen=True)
class Problem:
    """An answer to an error, before it is known whether a program or a person asked."""

    family: Family
    code: str
    detail: str = ""
    advice: str = ""
    retry_after_seconds: int = 0
    extra: Mapping[str, object] | None = None  # further members of the JSON
    headers: Mapping[str, str] | None = None


def family_of(error: Exception) -> Family:
    """Return how an error is answered: by the first family in the table that it belongs to."""
    return next(family for kind, family in FAMILIES.items() if isinstance(error, kind))


def status_of(trouble: Trouble) -> int:
    """Return the status with which what cannot be stored now is answered: 507, or 503 where it only takes a while."""
    return _TROUBLES[trouble].status


def problem_of(error: Exception) -> Problem:
    """Describe any error as a problem, without anything that is not the caller's to know."""
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    if (trouble := trouble_of(error)) is not None:
        family = _TROUBLES[trouble]
        return Problem(family, family.code, retry_after_seconds=_RETRY_SECONDS)
    family = family_of(error)
    if not isinstance(error, KreisweitError) or not family.shows_message:
        return Problem(family, family.code)
    extra: dict[str, object] = {}
    if isinstance(error, RuleError):
        extra["errors"] = error.problems
    if isinstance(error, ConflictError) and isinstance(error.current, str | int | list | dict):
        extra["current"] = error.current
    retry = 0
    if family.status == 503:
        asked = error.retry_after_seconds if isinstance(error, FetchError) else 0
        retry = min(asked or _RETRY_SECONDS, _RETRY_MAX_SECONDS)
    return Problem(family, error.code or family.code, error.message, error.advice, retry, extra)


def problem_json(problem: Problem) -> Response[bytes]:
    """Answer a program: RFC 9457 with `code`, and never stored by a cache."""
    body: dict[str, object] = {
        "title": problem.family.title,
        "status": problem.family.status,
        "code": problem.code,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.advice:
        body["advice"] = problem.advice
    body |= dict(problem.extra or {})
    return Response(
        msgspec.json.encode(body), status_code=problem.family.status, media_type=PROBLEM_JSON, headers=_headers(problem)
    )


def problem_page(problem: Problem, pages: Pages) -> Response[str]:
    """Answer a person: what happened and what to do, in the language of the page."""
    html = pages.render(
        "problem.html",
        heading=pages.gettext(problem.family.heading),
        advice=problem.advice or pages.gettext(problem.family.advice),
        # What an error itself says is German.
        **({"advice_language": SOURCE_LANGUAGE} if problem.advice else {}),
        problems=(problem.extra or {}).get("errors", {}),
        status=problem.family.status,
        code=problem.code,
        # Nothing more is asked of a database that may be the reason.
        **({"dress": PLAIN} if problem.family.status >= 500 else {}),
    )
    return Response(
        html,
        status_code=problem.family.status,
        media_type="text/html",
        headers={**_headers(problem), **language_headers(), "Vary": "Accept, Accept-Language"},
    )


def problem_handlers(pages: Pages, log: Log) -> ExceptionHandlersMap:
    """Return the exception handlers for the application: `Litestar(exception_handlers=problem_handlers(…))`."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        problem = problem_of(error)
        if _is_our_fault(error, problem):
            log.error("request_failed", method=request.method, route=_route(request), **describe_exception(error))
        elif isinstance(error, AccessError | NotAuthorizedException):  # against the rules (ASVS 16.3.1, 16.3.2)
            log.warning("access_refused", method=request.method, route=_route(request), code=problem.code)
        return problem_page(problem, pages) if wants_page(request) else problem_json(problem)

    return {KreisweitError: answer, HTTPException: answer, Exception: answer}


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell a browser from a program: only a browser asks for HTML by name."""
    return request.accept.best_match([PROBLEM_JSON, "application/json", "text/html"], PROBLEM_JSON) == "text/html"


def _is_our_fault(error: Exception, problem: Problem) -> bool:
    """Tell failures that a person must look at from answers that only ask to come back later."""
    return problem.family.status >= 500 and not isinstance(error, FetchError) and problem.code != "E_RECOVERING"


def _framework_problem(error: HTTPException) -> Problem:
    status = error.status_code
    family = _FRAMEWORK.get(status)
    if family is None:
        base = FAMILIES[InputError] if status < 500 else FAMILIES[Exception]
        family = Family(status, base.code, base.title, base.heading, base.advice, base.shows_message)
    detail = error.detail if status < 500 and status not in (404, 405) else ""
    retry = _RETRY_SECONDS if status in (429, 503) else 0
    return Problem(family, family.code, detail, retry_after_seconds=retry, headers=error.headers)


def _headers(problem: Problem) -> dict[str, str]:
    headers = {**(problem.headers or {}), "Cache-Control": "no-store"}
    if problem.retry_after_seconds:
        headers.setdefault("Retry-After", str(problem.retry_after_seconds))
    return headers


def _route(request: Request[Any, Any, Any]) -> str:
    """Return the route's pattern (`/angebote/{id:str}`); the path itself may hold what a person typed."""
    return str(request.scope.get("path_template") or "unrouted")
