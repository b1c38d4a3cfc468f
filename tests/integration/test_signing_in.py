"""The way into the desk and out of it, and everything that tries to get in beside it (threats T17 to T20, T33)."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from node.party import Node
from shared.accounts import keeping
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.links import format_token
from shared.accounts.passwords import Passwords
from shared.accounts.registry import INVITATION_SECONDS
from shared.accounts.sessions import Stage
from shared.accounts.store import accounts
from shared.web.desk.guard import desk_routes
from tests.support.desk import (
    PASSWORD,
    Desk,
    add_person,
    at_desk,
    code_now,
    count_rows,
    make_desk_node,
    shown_secret,
)
from tests.support.lone_node import files_with
from tests.support.loopback import app_of
from tests.support.world import VirtualClock

EVIL = "https://evil.example"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        yield desk


def clock(node: Node) -> VirtualClock:
    assert isinstance(node.clock, VirtualClock)
    return node.clock


# --- the way in -------------------------------------------------------------------------------------------------------


def test_password_and_code_lead_to_the_desk(node: Node, desk: Desk) -> None:
    add_person(node)

    first = desk.sign_in()
    second = desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(node), weiter="/pult/konten")

    assert (first.status_code, first.headers["location"]) == (303, "/pult/anmelden/code?weiter=/pult")
    assert (second.status_code, second.headers["location"]) == (303, "/pult/konten")
    assert "Angemeldet als Person Erika · Verwaltung" in desk.get("/pult").text


def test_password_alone_opens_nothing(node: Node, desk: Desk) -> None:
    add_person(node)
    desk.sign_in()

    answer = desk.get("/pult/konten")

    assert (answer.status_code, answer.headers["location"]) == (303, "/pult/anmelden/code")


def test_first_sign_in_by_invitation_sets_password_and_second_factor(node: Node, desk: Desk) -> None:
    invited = keeping.add(node.accounts, "Erika", Profile("Erika Mustermann", "redaktion"), by=COMMAND_LINE)

    shown = desk.get(invited.path)
    set_password = desk.post(invited.path, {"password": PASSWORD, "repeated": PASSWORD})
    secret = shown_secret(desk.get(set_password.headers["location"]).text)
    done = desk.submit("/pult/anmelden/einrichten", "/pult/anmelden/einrichten", code=code_now(node, secret))

    assert "Guten Tag, Erika Mustermann" in shown.text
    assert set_password.headers["location"] == "/pult/anmelden/einrichten"
    assert done.headers["location"] == "/pult"
    assert desk.get("/pult").status_code == 200
    assert desk.get("/pult/konten").status_code == 403


def test_without_required_second_factor_the_password_is_enough(node: Node) -> None:
    node.accounts = dataclasses.replace(node.accounts, totp_required=False)
    add_person(node, with_code=False)

    with at_desk(node) as desk:
        assert desk.sign_in().headers["location"] == "/pult"
        assert desk.get("/pult").status_code == 200


def test_name_is_taken_in_any_case_and_with_space_around(node: Node, desk: Desk) -> None:
    add_person(node)

    assert desk.sign_in(name=" ERIKA ").status_code == 303


@pytest.mark.parametrize(("name", "password"), [("erika", "falsch"), ("niemand", PASSWORD), ("", ""), ("erika", "")])
def test_refusal_does_not_tell_whether_the_account_exists(node: Node, desk: Desk, name: str, password: str) -> None:
    add_person(node)

    answer = desk.sign_in(name, password)

    assert answer.status_code == 422
    assert "Anmeldename oder Passwort stimmen nicht." in answer.text
    assert "set-cookie" not in answer.headers


def test_disabled_account_is_refused_like_an_unknown_one(node: Node, desk: Desk) -> None:
    add_person(node)
    keeping.disable(node.accounts, add_person(node, "moritz"), by=COMMAND_LINE)

    disabled, unknown = desk.sign_in("moritz"), desk.sign_in("niemand")

    assert disabled.status_code == unknown.status_code == 422
    assert disabled.text.replace("moritz", "X") == unknown.text.replace("niemand", "X")


def test_code_works_only_once(node: Node, desk: Desk) -> None:
    add_person(node)
    desk.sign_in_fully()
    desk.submit("/pult", "/pult/abmelden")

    again = desk.sign_in_fully()

    assert again.status_code == 422
    assert "wurde schon benutzt" in again.text


def test_second_factor_that_is_set_up_cannot_be_replaced_from_an_older_half_way_session(node: Node) -> None:
    account_id = add_person(node, with_code=False)
    with at_desk(node) as thief, at_desk(node) as owner:
        thief.sign_in()
        theirs = shown_secret(thief.get("/pult/anmelden/einrichten").text)
        owner.sign_in()
        secret = shown_secret(owner.get("/pult/anmelden/einrichten").text)
        owner.submit("/pult/anmelden/einrichten", "/pult/anmelden/einrichten", code=code_now(node, secret))

        late = thief.submit("/pult/anmelden/einrichten", "/pult/anmelden/einrichten", code=code_now(node, theirs))

    assert late.status_code == 422
    with node.db.read() as conn:
        account = accounts.load_account(conn, account_id)
    assert account is not None
    assert account.totp_secret == secret


@pytest.mark.parametrize("weiter", [EVIL, "//evil.example", "/\\evil.example", "/", "/pult/../..//evil.example"])
def test_sign_in_leads_only_into_the_desk(node: Node, desk: Desk, weiter: str) -> None:
    add_person(node)
    desk.sign_in()

    answer = desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(node), weiter=weiter)

    assert answer.headers["location"] == "/pult"


def test_page_that_was_asked_for_is_remembered(node: Node, desk: Desk) -> None:
    add_person(node)

    sent = desk.get("/pult/konten?x=1").headers["location"]

    assert sent == "/pult/anmelden?weiter=/pult/konten%3Fx%3D1"
    assert 'name="weiter" value="/pult/konten?x=1"' in desk.get(sent).text


# --- sessions (T17, T18) ----------------------------------------------------------------------------------------------


def test_anonymous_visits_store_nothing_and_set_no_cookie(node: Node, desk: Desk) -> None:
    add_person(node)
    before = count_rows(node)

    paths = ["/", "/verbund", "/pult", "/pult/anmelden", "/pult/konten", "/pult/anmelden/code", "/pult/einladung/x"]
    answers = [desk.get(path) for path in paths * 5]

    assert all("set-cookie" not in answer.headers for answer in answers)
    assert count_rows(node) == before


def test_id_that_an_attacker_planted_is_never_adopted(node: Node) -> None:
    add_person(node)
    planted = format_token(b"\x01" * 32)
    with at_desk(node) as victim, at_desk(node) as attacker:
        for browser in (victim, attacker):
            browser.hold(planted)
        first = victim.sign_in()
        victim.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(node))

        answer = attacker.get("/pult")

    assert planted not in first.headers["set-cookie"]
    assert answer.status_code == 303


def test_every_step_begins_a_new_session_and_ends_the_one_before(node: Node) -> None:
    add_person(node)
    with at_desk(node) as desk, at_desk(node) as eavesdropper:
        first = _given(desk.sign_in())
        second = _given(desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(node)))
        eavesdropper.hold(first)

        answer = eavesdropper.get("/pult")

    assert first != second
    assert answer.headers["location"] == "/pult/anmelden"
    assert count_rows(node)["account_session"] == 1


def _given(answer: object) -> str:
    found = re.match(r"kw-herten=([\w-]{43}); Path=/; HttpOnly; SameSite=Lax$", answer.headers["set-cookie"])  # type: ignore[attr-defined]
    assert found is not None
    return found[1]


def test_new_password_changes_the_id_and_ends_the_other_sessions(node: Node) -> None:
    add_person(node)
    with at_desk(node) as here, at_desk(node) as elsewhere:
        elsewhere.sign_in_fully()
        clock(node).time += 60
        here.sign_in_fully()
        before = here.cookie

        new = "sieben blaue Hunde bellen"
        done = here.submit("/pult/konto", "/pult/konto/passwort", old=PASSWORD, password=new, repeated=new)

        assert done.headers["location"] == "/pult/konto"
        assert here.cookie != before
        assert "Ihr Passwort ist geändert" in here.get("/pult/konto").text
        assert "Ihr Passwort ist geändert" not in here.get("/pult/konto").text
        assert elsewhere.get("/pult").status_code == 303
        assert elsewhere.sign_in(password=PASSWORD).status_code == 422
        assert elsewhere.sign_in(password=new).status_code == 303


def test_disabled_account_is_signed_out_with_the_next_request(node: Node, desk: Desk) -> None:
    add_person(node)
    desk.be(add_person(node, "max", "redaktion"))
    assert desk.get("/pult").status_code == 200

    keeping.disable(node.accounts, keeping.find_by_name(node.accounts, "max").id, by=COMMAND_LINE)

    assert desk.get("/pult").headers["location"] == "/pult/anmelden"
    assert count_rows(node)["account_session"] == 0


def test_session_of_a_disabled_account_does_not_count_even_if_its_row_is_there(node: Node, desk: Desk) -> None:
    account_id = add_person(node)
    desk.be(account_id)
    with node.db.write() as conn:
        accounts.save_disabled(conn, account_id, node.clock.now())

    assert desk.get("/pult").status_code == 303


def test_other_role_counts_at_once_and_asks_to_sign_in_again(node: Node, desk: Desk) -> None:
    account_id = add_person(node, "max", "redaktion")
    desk.be(account_id)

    keeping.change(node.accounts, account_id, Profile("Max", "leser"), by=COMMAND_LINE)

    assert desk.get("/pult").status_code == 303


@pytest.mark.parametrize(
    ("stage", "path", "uses", "seconds", "lasts"),
    [
        (Stage.FULL, "/pult", 1, 8 * 3600 - 1, True),
        (Stage.FULL, "/pult", 1, 8 * 3600, False),
        (Stage.FULL, "/pult", 4, 8 * 3600 - 60, False),
        (Stage.CODE, "/pult/anmelden/code", 1, 15 * 60 - 1, True),
        (Stage.CODE, "/pult/anmelden/code", 1, 15 * 60, False),
        (Stage.FULL, "/pult", 1, -3600, False),
    ],
)
def test_session_ends_by_itself(
    node: Node, desk: Desk, stage: Stage, path: str, uses: int, seconds: int, lasts: bool
) -> None:
    desk.be(add_person(node), stage)

    answers = []
    for _ in range(uses):
        clock(node).time += seconds
        answers.append(desk.get(path).status_code)

    assert answers == [200] * (uses - 1) + [200 if lasts else 303]


def test_sign_out_ends_the_session_and_takes_the_cookie_away(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))
    cookie = desk.cookie
    assert cookie is not None

    answer = desk.submit("/pult", "/pult/abmelden")

    assert answer.headers["location"] == "/pult/anmelden"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    desk.hold(cookie)
    assert desk.get("/pult").status_code == 303


def test_sign_out_everywhere_ends_all_sessions_of_this_person_alone(node: Node, desk: Desk) -> None:
    other = add_person(node, "max")
    desk.be(other)
    account_id = add_person(node)
    desk.be(account_id)
    desk.be(account_id)

    desk.submit("/pult/konto", "/pult/konto/ueberall-abmelden")

    assert count_rows(node)["account_session"] == 1


def test_cookie_is_host_bound_and_secure_behind_https(node: Node) -> None:
    node.settings = msgspec.structs.replace(node.settings, public_url="https://angebote.herten.example")
    add_person(node)

    with at_desk(node) as desk:
        answer = desk.sign_in()
        foreign = desk.post(
            "/pult/anmelden", {"name": "erika", "password": PASSWORD, "weiter": ""}, Origin="http://testserver.local"
        )

    assert answer.headers["set-cookie"].startswith("__Host-kw-herten=")
    assert answer.headers["set-cookie"].endswith("; Secure")
    assert foreign.status_code == 403


def test_what_is_kept_of_a_session_is_not_its_id(node: Node, desk: Desk, tmp_path: Path) -> None:
    desk.be(add_person(node))

    assert desk.cookie is not None
    assert files_with(tmp_path, desk.cookie) == []


def test_no_page_of_the_desk_is_stored(node: Node, desk: Desk) -> None:
    paths = ["/pult/anmelden", "/pult", "/pult/konto", "/pult/konten", "/pult/rollen"]
    anonymous = [desk.get(path) for path in paths]
    desk.be(add_person(node))
    inside = [desk.get(path) for path in paths]

    assert {answer.headers["cache-control"] for answer in [*anonymous, *inside]} == {"no-store"}
    assert all("etag" not in answer.headers for answer in inside)


# --- forms of other sites (T19) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", "ü" * 43])
def test_form_without_the_word_of_the_session_changes_nothing(node: Node, desk: Desk, token: str | None) -> None:
    desk.be(add_person(node))

    answer = desk.post("/pult/konto/ueberall-abmelden", {} if token is None else {"csrf_token": token})

    assert answer.status_code == 403
    assert "Laden Sie die Seite neu" in answer.text
    assert count_rows(node)["account_session"] == 1


def test_word_of_another_session_is_refused(node: Node, desk: Desk) -> None:
    foreign = desk.be(add_person(node, "max"))
    desk.be(add_person(node))

    assert desk.post("/pult/konto/ueberall-abmelden", {"csrf_token": foreign}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_form_of_another_site_is_refused_even_with_the_right_word(
    node: Node, desk: Desk, headers: dict[str, str]
) -> None:
    token = desk.be(add_person(node))

    assert desk.post("/pult/konto/ueberall-abmelden", {"csrf_token": token}, **headers).status_code == 403


def test_other_site_cannot_sign_somebody_in(node: Node, desk: Desk) -> None:
    add_person(node)

    answer = desk.post("/pult/anmelden", {"name": "erika", "password": PASSWORD}, Origin=EVIL)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"name=%FC", "application/x-www-form-urlencoded", 400),
        (b"name=\xfc", "application/x-www-form-urlencoded", 400),
        (b'{"name": "erika"}', "application/json", 400),
        (b"x", "multipart/form-data; boundary=y", 400),
        (b"name=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_unreadable_form_is_answered_in_german(
    node: Node, desk: Desk, content: bytes, content_type: str, status: int
) -> None:
    headers = {"Origin": desk.origin, "Content-Type": content_type}

    answer = desk.client.post("/pult/anmelden", content=content, headers=headers)

    assert answer.status_code == status
    assert '<html lang="de"' in answer.text


# --- guessing (T20) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["erika", "niemand"])
def test_guessing_is_slowed_down_whether_or_not_the_account_exists(node: Node, desk: Desk, name: str) -> None:
    add_person(node)

    answers = [desk.sign_in(name, f"falsch {n}") for n in range(5)]

    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert "Zu viele Versuche. Bitte warten Sie 5 Sekunden" in answers[-1].text
    assert answers[-1].headers["retry-after"] == "5"


class CountingHasher(PasswordHasher):
    """Counts the checks; each of them costs the same in earnest, whatever hash it is given."""

    checks = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.checks += 1
        return bool(super().verify(hash, password))


def test_refusal_costs_one_check_of_a_password_whoever_is_named(node: Node) -> None:
    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    node.accounts = dataclasses.replace(node.accounts, passwords=Passwords(hasher))
    add_person(node)
    keeping.disable(node.accounts, add_person(node, "gesperrt"), by=COMMAND_LINE)
    keeping.add(node.accounts, "eingeladen", Profile("Eingeladen", "leser"), by=COMMAND_LINE)

    checks = {}
    with at_desk(node) as desk:
        for name in ("erika", "niemand", "gesperrt", "eingeladen", "", "' OR 1=1 --"):
            hasher.checks = 0
            assert desk.sign_in(name, "falsch").status_code == 422
            checks[name] = hasher.checks

    assert set(checks.values()) == {1}


def test_right_password_is_refused_too_while_waiting_and_taken_after_it(node: Node, desk: Desk) -> None:
    add_person(node)
    for n in range(4):
        desk.sign_in(password=f"falsch {n}")

    early = desk.sign_in()
    clock(node).time += 5
    late = desk.sign_in()

    assert (early.status_code, late.status_code) == (429, 303)


def test_at_most_ten_guesses_an_hour_at_an_account_also_from_many_networks(node: Node, desk: Desk) -> None:
    add_person(node)
    checked = 0
    for _ in range(360):
        checked += desk.sign_in(password="falsch").status_code == 422
        clock(node).time += 10

    assert checked <= 10


def test_guesses_at_the_code_count_as_well(node: Node, desk: Desk) -> None:
    desk.be(add_person(node), Stage.CODE)

    answers = [desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code="000000") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [422] * 4 + [429]


def test_right_guess_does_not_count(node: Node, desk: Desk) -> None:
    add_person(node)
    for _ in range(8):
        desk.client.cookies.clear()
        assert desk.sign_in().status_code == 303

    assert count_rows(node)["login_attempt"] == 0


def test_traces_of_guesses_are_hashes_and_forgotten_after_a_day(node: Node, desk: Desk, tmp_path: Path) -> None:
    add_person(node)
    desk.sign_in("unbekanntername", "falsch")
    assert count_rows(node)["login_attempt"] == 2
    assert files_with(tmp_path, "unbekanntername") == []

    clock(node).time += 86_400
    desk.client.cookies.clear()
    desk.sign_in()

    assert count_rows(node)["login_attempt"] == 0


def test_header_of_a_proxy_does_not_change_who_is_counted(node: Node, desk: Desk) -> None:
    add_person(node)

    answers = [
        desk.post("/pult/anmelden", {"name": f"n{n}", "password": "x"}, **{"X-Forwarded-For": f"198.51.{n}.1"})
        for n in range(40)
    ]

    assert [answer.status_code for answer in answers[30:]] == [429] * 10


# --- invitations ------------------------------------------------------------------------------------------------------


def test_link_works_once(node: Node, desk: Desk) -> None:
    invited = keeping.add(node.accounts, "erika", Profile("Erika", "leser"), by=COMMAND_LINE)
    desk.post(invited.path, {"password": PASSWORD, "repeated": PASSWORD})
    desk.client.cookies.clear()

    seen, used = desk.get(invited.path), desk.post(invited.path, {"password": "x" * 20, "repeated": "x" * 20})

    assert (seen.status_code, used.status_code) == (404, 404)
    assert "Dieser Link gilt nicht mehr" in seen.text


@pytest.mark.parametrize(("seconds", "status"), [(INVITATION_SECONDS - 1, 200), (INVITATION_SECONDS, 404)])
def test_link_expires_after_a_week(node: Node, desk: Desk, seconds: int, status: int) -> None:
    invited = keeping.add(node.accounts, "erika", Profile("Erika", "leser"), by=COMMAND_LINE)

    clock(node).time += seconds

    assert desk.get(invited.path).status_code == status


def test_newer_link_replaces_the_older(node: Node, desk: Desk) -> None:
    older = keeping.add(node.accounts, "erika", Profile("Erika", "leser"), by=COMMAND_LINE)
    newer = keeping.invite(node.accounts, older.account_id, by=COMMAND_LINE)

    assert desk.get(older.path).status_code == 404
    assert desk.get(newer.path).status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 44, "%C3%BC"])
def test_link_that_never_was_is_explained(desk: Desk, token: str) -> None:
    answer = desk.get(f"/pult/einladung/{token}")

    assert answer.status_code == 404
    assert "Link" in answer.text


def test_weak_or_mistyped_password_is_explained_and_the_link_stays(node: Node, desk: Desk) -> None:
    invited = keeping.add(node.accounts, "erika", Profile("Erika Mustermann", "leser"), by=COMMAND_LINE)

    answer = desk.post(invited.path, {"password": "passwort1234", "repeated": "anders"})

    assert answer.status_code == 422
    assert "zu bekannt" in answer.text
    assert "verschieden" in answer.text
    assert desk.get(invited.path).status_code == 200


@pytest.mark.parametrize(
    ("district", "password"),
    [("recklinghausen", "Castrop-Rauxel7"), ("heinsberg", "Erkelenz!2026"), ("heinsberg", "KreisHeinsberg7")],
)
def test_password_of_names_of_the_own_district_is_refused(node: Node, desk: Desk, district: str, password: str) -> None:
    node.settings = msgspec.structs.replace(node.settings, district=district)
    invited = keeping.add(node.accounts, "erika", Profile("Erika Mustermann", "leser"), by=COMMAND_LINE)

    answer = desk.post(invited.path, {"password": password, "repeated": password})

    assert answer.status_code == 422
    assert "fast nur einen Namen" in answer.text


def test_reset_ends_password_and_sessions_at_once_and_keeps_the_second_factor_unless_lost(node: Node) -> None:
    account_id = add_person(node)
    with at_desk(node) as desk:
        desk.be(account_id)
        link = keeping.reset(node.accounts, account_id, second_factor=False, by=COMMAND_LINE)
        assert desk.get("/pult").status_code == 303
        assert desk.sign_in().status_code == 422
        kept = desk.post(link.path, {"password": PASSWORD, "repeated": PASSWORD})
        link = keeping.reset(node.accounts, account_id, second_factor=True, by=COMMAND_LINE)
        lost = desk.post(link.path, {"password": PASSWORD, "repeated": PASSWORD})

    assert kept.headers["location"] == "/pult/anmelden/code"
    assert lost.headers["location"] == "/pult/anmelden/einrichten"


# --- own account (T33) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", ["role", "rights", "display", "account_id", "totp_secret"])
def test_role_smuggled_into_the_own_accounts_form_has_no_effect(node: Node, desk: Desk, extra: str) -> None:
    account_id = add_person(node, role="autor")
    desk.be(account_id)
    new = "sieben blaue Hunde bellen"
    fields = {"old": PASSWORD, "password": new, "repeated": new, extra: "verwaltung"}

    answer = desk.submit("/pult/konto", "/pult/konto/passwort", **fields)

    assert answer.status_code == 400
    with node.db.read() as conn:
        account = accounts.load_account(conn, account_id)
    assert account is not None
    assert (account.role, account.display) == ("autor", "Person Erika")


def test_no_form_about_accounts_takes_a_field_that_it_does_not_have(node: Node, desk: Desk) -> None:
    account_id, other = add_person(node), add_person(node, "max", "autor")
    invited = keeping.add(node.accounts, "neu", Profile("Neu", "leser"), by=COMMAND_LINE)
    about = ("/pult/konten", "/pult/konto", "/pult/anmelden", "/pult/abmelden", "/pult/einladung")
    paths = [path for path, method, _ in desk_routes(app_of(node)) if method == "POST" and path.startswith(about)]
    before, answers = count_rows(node)["account_change"], {}

    for path in paths:
        stage = {"/pult/anmelden/code": Stage.CODE, "/pult/anmelden/einrichten": Stage.ENROL}.get(path, Stage.FULL)
        fields: dict[str, object] = {"csrf_token": desk.be(account_id, stage), "is_admin": "1"}
        where = path.replace("{account_id}", str(other)).replace("{account_id:int}", str(other))
        answers[path] = desk.post(invited.path if "einladung" in path else where, fields).status_code

    assert len(answers) >= 14
    assert set(answers.values()) == {400}
    assert count_rows(node)["account_change"] == before


def test_wrong_old_password_changes_nothing_and_counts_as_a_guess(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))
    new = "sieben blaue Hunde bellen"

    answers = [
        desk.submit("/pult/konto", "/pult/konto/passwort", old="falsch", password=new, repeated=new) for _ in range(5)
    ]

    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert "Das bisherige Passwort stimmt nicht." in answers[0].text


def test_new_telephone_replaces_the_second_factor_after_its_first_code(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))
    begun = desk.submit("/pult/konto", "/pult/konto/zweiter-faktor", current=PASSWORD)
    page = "/pult/konto/zweiter-faktor"
    secret = shown_secret(desk.get(page).text)

    wrong = desk.submit(page, f"{page}/bestaetigen", code="000000")
    right = desk.submit(page, f"{page}/bestaetigen", code=code_now(node, secret))

    assert begun.headers["location"] == page
    assert wrong.status_code == 422
    assert right.headers["location"] == "/pult/konto"
    desk.submit("/pult", "/pult/abmelden")
    clock(node).time += 60
    desk.sign_in()
    old = desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(node))
    new = desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(node, secret))
    assert (old.status_code, new.status_code) == (422, 303)


# --- keeping accounts -------------------------------------------------------------------------------------------------


def test_account_is_added_with_a_link_that_is_shown_once(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))

    answer = desk.submit("/pult/konten", "/pult/konten", name="max", display="Max Muster", role="autor", providers="")
    link = re.search(r"<code>(http[^<]*)</code>", answer.text)

    assert link is not None
    assert link[1].startswith(desk.origin + "/pult/einladung/")
    assert "/pult/einladung/" not in desk.get("/pult/konten").text
    desk.client.cookies.clear()
    assert "Max Muster" in desk.get(link[1].removeprefix(desk.origin)).text


def test_mistakes_in_a_new_account_stand_beside_their_fields(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))

    answer = desk.submit("/pult/konten", "/pult/konten", name="erika", display="", role="chef", providers="")

    assert answer.status_code == 422
    for field in ("display", "role"):
        assert f'href="#feld-{field}"' in answer.text
        assert f'id="feld-{field}-fehler"' in answer.text
    assert count_rows(node)["account"] == 1


def test_two_accounts_cannot_bear_one_name_since_two_people_approve_by_it(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))
    first = {"name": "r.rat", "display": "Rita Rat", "role": "redaktion", "providers": ""}

    added = desk.submit("/pult/konten", "/pult/konten", **first)
    second = desk.submit("/pult/konten", "/pult/konten", **{**first, "name": "r.rat2", "display": "rita rat "})

    assert added.status_code == 200
    assert second.status_code == 422
    assert "So heißt schon ein anderes Konto." in second.text


def test_last_account_that_keeps_accounts_cannot_be_lost(node: Node, desk: Desk) -> None:
    account_id = add_person(node)
    keeping.add(node.accounts, "neu", Profile("Noch ohne Passwort", "verwaltung"), by=COMMAND_LINE)
    add_person(node, "max", "redaktion")
    desk.be(account_id)
    page = f"/pult/konten/{account_id}"

    disabled = desk.submit(page, f"{page}/sperren")
    demoted = desk.submit(page, page, display="Erika", role="autor", providers="")

    assert (disabled.status_code, demoted.status_code) == (409, 409)
    assert "das letzte Konto" in disabled.text
    assert desk.get("/pult/konten").status_code == 200


def test_changes_are_written_down_with_who_made_them(node: Node, desk: Desk) -> None:
    other = add_person(node, "max", "autor")
    desk.be(add_person(node))
    page = f"/pult/konten/{other}"

    desk.submit(page, page, display="Max", role="redaktion", providers="")
    desk.submit(page, f"{page}/sperren")
    desk.submit(page, f"{page}/freigeben")
    text = desk.get(page).text

    _, changes = keeping.show_account(node.accounts, other)
    assert [(row.action, row.actor, row.detail) for row in changes] == [
        ("enabled", "Person Erika", ""),
        ("disabled", "Person Erika", ""),
        ("changed", "Person Erika", "autor → redaktion"),
        ("added", "", "autor"),
    ]
    assert "Befehlszeile" in text


def test_accounts_of_providers_name_their_providers(node: Node, desk: Desk) -> None:
    desk.be(add_person(node))
    fields = {"name": "vhs", "display": "VHS", "role": "traeger"}

    without = desk.submit("/pult/konten", "/pult/konten", **fields, providers=" \n ")
    named = desk.submit("/pult/konten", "/pult/konten", **fields, providers="VHS Herten\r\n AWO ")

    assert (without.status_code, named.status_code) == (422, 200)
    assert keeping.find_by_name(node.accounts, "vhs").providers == ("VHS Herten", "AWO")


# --- logs -------------------------------------------------------------------------------------------------------------


def test_log_says_what_happened_and_names_nobody(node: Node) -> None:
    lines = io.StringIO()
    account_id = add_person(node)
    other = add_person(node, "max", "autor")
    with at_desk(node, lines) as desk:
        desk.sign_in(password="falsch")
        desk.sign_in_fully()
        desk.submit(f"/pult/konten/{other}", f"/pult/konten/{other}/sperren")
        desk.submit("/pult", "/pult/abmelden")

    actions = [json.loads(line)["action"] for line in lines.getvalue().splitlines()]
    assert actions == ["sign_in_refused", "password_accepted", "signed_in", "account_disabled", "signed_out"]
    for word in ("erika", "Erika", "max", "Max", "Person", PASSWORD, str(account_id) + ","):
        assert word not in lines.getvalue()
