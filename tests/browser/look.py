"""Looks at pages: what axe finds, whether they have to be scrolled sideways, and a picture of each.

    KREISWEIT_TEST_PICTURES=DIR .venv/bin/python -m pytest tests/browser

writes the pictures (`make pictures`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from playwright.sync_api import BrowserContext

from hub.party import Hub
from node.party import Node
from shared.accounts import sessions
from shared.accounts.links import format_token
from shared.accounts.second_factor import make_secret
from shared.accounts.sessions import Stage, Visit
from shared.accounts.store import accounts
from shared.accounts.store import sessions as session_store
from tests.browser.axe import findings, is_wider_than_its_window
from tests.browser.conftest import WIDE, Served


class Site(Protocol):
    """Something behind a real server."""

    @property
    def url(self) -> str:
        """Its address, without a path."""


PICTURES = os.environ.get("KREISWEIT_TEST_PICTURES", "")
"""Folder for a picture of every page that is looked at; empty = none."""


def hold_session(served: Served, context: BrowserContext, account_id: int, stage: Stage = Stage.FULL) -> None:
    """Put a session of this account into the browser."""
    hold_session_of(served.node, served.url, context, account_id, stage)


def hold_session_of(
    party: Node | Hub, url: str, context: BrowserContext, account_id: int, stage: Stage = Stage.FULL
) -> None:
    """Put a session at the desk of a party into the browser."""
    with party.db.write() as conn:
        account = accounts.load_account(conn, account_id)
        assert account is not None
        opened = sessions.open_session(
            conn, party.accounts, account, stage, Visit(device="Chrome, Linux"), pending=make_secret(party.dice)
        )
        session_store.save_flash(conn, sessions.hash_token(opened.token), "success Das Konto ist geändert.")
    value = format_token(opened.token)
    context.add_cookies([{"name": f"kw-{party.accounts.member}", "value": value, "url": url}])


class Look:
    """Looks at pages and collects what is wrong with each."""

    def __init__(self, served: Site, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.found: list[str] = []
        self._url = served.url

    def at(self, path: str, *, name: str = "") -> None:
        """Open a page and look at it."""
        answer = self.page.goto(self._url + path)
        if answer is not None and answer.status >= 500:
            self.found.append(f"{path}: answered {answer.status}")
        self.here(name or path.strip("/").replace("/", "-"))

    def here(self, name: str) -> None:
        """Look at the page that is open."""
        self.found += [f"{name}: {finding}" for finding in findings(self.page)]
        if is_wider_than_its_window(self.page):
            self.found.append(f"{name}: has to be scrolled sideways")
        if PICTURES:
            size = self.page.viewport_size or WIDE
            scheme = self.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
            self.page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}-{scheme}.png", full_page=True)
