"""Accounts, sessions and browsers at the desk."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pyotp
from argon2 import PasswordHasher
from litestar.testing import TestClient

from hub.party import Hub
from node.party import Node
from shared.accounts import keeping, sessions
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.links import format_token
from shared.accounts.passwords import Passwords
from shared.accounts.second_factor import in_groups, make_secret
from shared.accounts.sessions import Stage, Visit, csrf_token_of
from shared.accounts.store import accounts
from tests.support.lone_node import make_node
from tests.support.loopback import app_of
from tests.support.world import VirtualClock

PASSWORD = "drei graue Katzen singen"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_LIMITS = {"traeger": ("Volkshochschule Beispielstadt",), "fallmanagement": ("waltrop",)}
"""What limited roles are bound to."""
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_desk_node(home: Path, clock: VirtualClock | None = None) -> Node:
    """A lone node whose passwords are cheap to check."""
    node = make_node(home, clock or VirtualClock())
    make_passwords_cheap(node)
    return node


def make_passwords_cheap(party: Node | Hub) -> None:
    """Let passwords take no time; what they take in earnest is tested with the passwords."""
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    party.accounts = dataclasses.replace(party.accounts, passwords=cheap)


def add_person(node: Node | Hub, name: str = "erika", role: str = "verwaltung", *, with_code: bool = True) -> int:
    """An account that has a password, and a second factor if wanted; returns its number."""
    profile = Profile(f"Person {name.title()}", role, _LIMITS.get(role, ()))
    added = keeping.add(node.accounts, name, profile, by=COMMAND_LINE, password=PASSWORD)
    if with_code:
        with node.db.write() as conn:
            accounts.save_second_factor(conn, added.account_id, TOTP_SECRET, 0)
    return added.account_id


def code_now(node: Node | Hub, secret: str = TOTP_SECRET, *, steps: int = 0) -> str:
    """What the app of a telephone shows at the node's time."""
    return pyotp.TOTP(secret).at(node.clock.now() + 30 * steps)


class Desk:
    """One browser at the desk."""

    def __init__(self, node: Node | Hub, client: TestClient[Any]) -> None:
        self.node = node
        self.client = client
        self.client.follow_redirects = False
        self.client.headers.update(BROWSER)
        self.origin = node.public_url or str(client.base_url).rstrip("/")
        self.cookie_name = f"kw-{node.accounts.member}"

    @property
    def cookie(self) -> str | None:
        """The session cookie that the browser holds."""
        return self.client.cookies.get(self.cookie_name)

    def be(self, account_id: int, stage: Stage = Stage.FULL) -> str:
        """Hold a session of this account, without the way in; returns the word for forms."""
        with self.node.db.write() as conn:
            account = accounts.load_account(conn, account_id)
            assert account is not None
            pending = make_secret(self.node.dice) if stage is Stage.ENROL else ""
            opened = sessions.open_session(conn, self.node.accounts, account, stage, Visit(), pending=pending)
        self.hold(format_token(opened.token))
        return csrf_token_of(opened.token)

    def hold(self, cookie: str) -> None:
        """Hold this value as session cookie, as if our own answer had set it."""
        self.client.cookies.clear()
        self.client.cookies.set(self.cookie_name, cookie, domain=self.client.base_url.host, path="/")

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, data: dict[str, object] | None = None, **headers: str) -> httpx.Response:
        """Send a form as a browser of our own page does, except for the word that stands in it."""
        return self.client.post(path, data=data or {}, headers={"Origin": self.origin, **headers})

    def submit(self, page: str, path: str, **fields: object) -> httpx.Response:
        """Open a page and send one of its forms."""
        found = re.search(r'name="csrf_token" value="([^"]*)"', self.get(page).text)
        return self.post(path, {"csrf_token": found[1] if found else "", **fields})

    def sign_in(self, name: str = "erika", password: str = PASSWORD) -> httpx.Response:
        """Send name and password."""
        return self.post("/pult/anmelden", {"name": name, "password": password, "weiter": "/pult"})

    def sign_in_fully(self, name: str = "erika", *, steps: int = 0) -> httpx.Response:
        """The whole way in, with password and code."""
        assert self.sign_in(name).status_code == 303
        return self.submit("/pult/anmelden/code", "/pult/anmelden/code", code=code_now(self.node, steps=steps))


@contextmanager
def at_desk(node: Node | Hub, stream: StringIO | None = None) -> Iterator[Desk]:
    """A browser at a party's desk."""
    with TestClient(app_of(node, stream)) as client:
        yield Desk(node, client)


def count_rows(node: Node) -> dict[str, int]:
    """How many rows each table of accounts and facts has."""
    names = ("account", "account_session", "invitation", "login_attempt", "account_change", "fact")
    with node.db.read() as conn:
        return {name: conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in names}  # noqa: S608


def shown_secret(page: str) -> str:
    """The secret that a page shows to be typed into an app."""
    found = re.search(r'kw-secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    assert found[1] == in_groups(found[1].replace(" ", ""))
    return found[1].replace(" ", "")
