"""Every route of a desk for everybody: a matrix made from the router, so that new routes are in it (threat T14)."""

from __future__ import annotations

from shared.accounts.rights import Right, Roles
from shared.accounts.sessions import Stage
from shared.web.desk.guard import ANYBODY, SIGNED_IN, SIGNING_IN, desk_routes
from tests.support.desk import Desk, add_person
from tests.support.loopback import app_of

PROGRAM = {"Accept": "application/json"}
SIGNED_OUT, HALF_WAY = "signed-out", "half-way"
_NOTHING = {"{rid}": "0" * 32, "{number}": "999999", "{account_id}": "999999"}

# Who adds a route that needs no right says so here too.
OPEN = {
    ("GET", "/pult/anmelden"), ("POST", "/pult/anmelden"), ("POST", "/pult/abmelden"),
    ("GET", "/pult/einladung/{token}"), ("POST", "/pult/einladung/{token}"),
}  # fmt: skip
ON_THE_WAY_IN = {
    ("GET", "/pult/anmelden/code"), ("POST", "/pult/anmelden/code"),
    ("GET", "/pult/anmelden/einrichten"), ("POST", "/pult/anmelden/einrichten"),
}  # fmt: skip


def everybody(roles: Roles) -> list[str]:
    """Everybody who may knock: people on the way in, and one person of each role."""
    return [SIGNED_OUT, HALF_WAY, *(role.code for role in roles)]


def concrete(path: str) -> str:
    """A path of this pattern that names nothing that exists."""
    parts = path.split("/")
    return "/".join((_NOTHING.get(part, "x") if part.startswith("{") else part) for part in parts)


def expected(roles: Roles, right: object, who: str) -> str:
    """What the table says: reached, or how it is denied."""
    if right is ANYBODY:
        return "reached"
    if who == SIGNED_OUT:
        return "401"
    if right is SIGNING_IN:
        return "reached" if who == HALF_WAY else "303"
    if who == HALF_WAY:
        return "303"
    if right is SIGNED_IN:
        return "reached"
    assert isinstance(right, Right)
    return "reached" if roles.of(who).may(right) else "403"


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


def wrong_answers(desk: Desk, who: str) -> list[str]:
    """Ask for every route as this person; returns what was answered otherwise than the rights say."""
    party = desk.node
    roles = party.accounts.roles
    everyday = next(role.code for role in roles if not role.is_limited)
    account_id = add_person(party, "wer", everyday if who in (SIGNED_OUT, HALF_WAY) else who)
    wrong: list[str] = []
    for path, method, handler in desk_routes(app_of(party)):
        right, token = handler.opt["right"], ""
        if who == SIGNED_OUT:
            desk.client.cookies.clear()
        else:
            half_way = Stage.ENROL if path.endswith("/einrichten") else Stage.CODE
            token = desk.be(account_id, half_way if who == HALF_WAY else Stage.FULL)
        found, wanted = outcome(desk, method, path, right, token), expected(roles, right, who)
        if found != wanted:
            wrong.append(f"{method} {path} for {who}: {found}, {wanted} expected")
    return wrong
