"""Accounts on both databases: the schema that a node's migrations make, and one way in from invitation to lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from node.roles import ROLES
from node.store.migrate import migrate_database, node_metadata
from shared.accounts import keeping, own_account, sessions, signing_in
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.links import INVITATION, parse_invitation
from shared.accounts.passwords import Passwords
from shared.accounts.registry import Registry, forget_old
from shared.accounts.second_factor import make_secret
from shared.accounts.sessions import Opened, Stage, Visit
from shared.accounts.signing_in import Reason, Refused
from shared.database import Database
from shared.errors import ConflictError
from shared.holdings.migrating import check_schema
from tests.support.desk import PASSWORD
from tests.support.postgres import postgres_server, postgres_url
from tests.support.world import SeededDice, VirtualClock

__all__ = ["postgres_server", "postgres_url"]

HERE = Visit(address="203.0.113.7", device="Firefox, Windows")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'node.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    migrate_database(opened)
    yield opened
    opened.close()


@pytest.fixture
def registry(db: Database) -> Registry:
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Registry(
        db, VirtualClock(), SeededDice("desk"), ROLES, "herten", "Stadt Herten", totp_required=False, passwords=cheap
    )


def test_migrated_database_of_a_node_is_what_the_program_works_with(db: Database) -> None:
    assert check_schema(db, node_metadata()) == []


def test_account_lives_from_invitation_to_lock(registry: Registry) -> None:
    invited = keeping.add(registry, "Erika", Profile("Erika Mustermann", "traeger", ("VHS", "AWO")), by=COMMAND_LINE)
    token = parse_invitation(invited.path.removeprefix(INVITATION + "/"))
    first = keeping.accept_invitation(registry, token, PASSWORD, PASSWORD, HERE)
    session = sessions.find_session(registry, first.token)
    assert session is not None
    assert (session.stage, session.signed_in.organisations) == (Stage.FULL, ("VHS", "AWO"))
    assert session.signed_in.may_touch("vhs")
    assert not session.signed_in.may_touch("Caritas")
    second = signing_in.sign_in(registry, "erika", PASSWORD, HERE)
    assert isinstance(second, Opened)
    assert len(own_account.list_sessions(registry, session)) == 2

    keeping.disable(registry, invited.account_id, by=COMMAND_LINE)

    assert [sessions.find_session(registry, opened.token) for opened in (first, second)] == [None, None]
    assert signing_in.sign_in(registry, "erika", PASSWORD, HERE) == signing_in.WRONG


def test_guesses_are_counted_by_account_and_by_network(registry: Registry) -> None:
    outcomes = [signing_in.sign_in(registry, f"name{n}", "falsch", HERE) for n in range(31)]
    elsewhere = signing_in.sign_in(registry, "name31", "falsch", Visit(address="198.51.100.7"))

    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Refused)] == (
        [Reason.WRONG] * 30 + [Reason.TOO_MANY]
    )
    assert elsewhere == signing_in.WRONG


def test_last_keeper_stays_until_another_can_sign_in(registry: Registry) -> None:
    first = keeping.add(registry, "erste", Profile("E", "verwaltung"), by=COMMAND_LINE, password=PASSWORD)
    second = keeping.add(registry, "zweite", Profile("Z", "verwaltung"), by=COMMAND_LINE)
    with pytest.raises(ConflictError):
        keeping.disable(registry, first.account_id, by=second.account_id)
    keeping.reset(registry, first.account_id, second_factor=True, by=COMMAND_LINE)
    token = parse_invitation(second.path.removeprefix(INVITATION + "/"))
    keeping.accept_invitation(registry, token, PASSWORD, PASSWORD, HERE)

    keeping.disable(registry, first.account_id, by=second.account_id)

    assert [listed.state for listed in keeping.list_accounts(registry)] == ["disabled", "active"]


def test_what_has_ended_is_forgotten(registry: Registry) -> None:
    keeping.add(registry, "erika", Profile("E", "leser"), by=COMMAND_LINE, password=PASSWORD)
    keeping.add(registry, "neu", Profile("N", "leser"), by=COMMAND_LINE)
    signing_in.sign_in(registry, "erika", PASSWORD, HERE)
    signing_in.sign_in(registry, "erika", "falsch", HERE)

    with registry.db.write() as conn:
        forget_old(conn, now=registry.clock.now() + 7 * 86_400)

    with registry.db.read() as conn:
        counts = {
            name: conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608
            for name in ("account_session", "login_attempt", "invitation", "account")
        }
    assert counts == {"account_session": 0, "login_attempt": 0, "invitation": 0, "account": 2}


def test_message_is_shown_once(registry: Registry) -> None:
    keeping.add(registry, "erika", Profile("E", "leser"), by=COMMAND_LINE, password=PASSWORD)
    opened = signing_in.sign_in(registry, "erika", PASSWORD, HERE)
    assert isinstance(opened, Opened)
    sessions.leave_message_for(registry, opened, "success", "Gespeichert & gut.")

    shown = []
    for _ in range(2):
        session = sessions.find_session(registry, opened.token)
        assert session is not None
        shown.append(sessions.take_message(registry, session))

    assert shown == [("success", "Gespeichert & gut."), None]


def test_secrets_differ(registry: Registry) -> None:
    assert make_secret(registry.dice) != make_secret(registry.dice)
