"""A browser, and a lone node that it can visit; shared by all journeys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from node.party import Node
from tests.support.desk import make_desk_node
from tests.support.loopback import app_of, running

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
NARROW: ViewportSize = {"width": 320, "height": 700}
WIDE: ViewportSize = {"width": 1280, "height": 900}

NewContext = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey, and skip it where there is no browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason="no chromium (deploy/bootstrap --browser)"))


@dataclass(frozen=True)
class Served:
    """A node behind a real server on loopback."""

    node: Node
    url: str


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A lone node, empty, with passwords that are cheap to check; its clock stands still."""
    node = make_desk_node(tmp_path / "herten")
    with running(app_of(node)) as url:
        yield Served(node, url)
    node.db.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    """Make contexts in which axe can be added to a page; all are closed at the end."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = browser.new_context(**{"bypass_csp": True, "locale": "de-DE", **options})
            stack.callback(context.close)
            return context

        yield make


WHOLE = os.environ.get("KREISWEIT_TEST_SWEEP") == "all"
"""Look at every combination; else both sizes and both themes, but not each theme at each size (`make sweep`)."""
LOOKS = [(NARROW, "light"), (WIDE, "dark"), *([(NARROW, "dark"), (WIDE, "light")] if WHOLE else [])]


@pytest.fixture(params=LOOKS, ids=str)
def context(new_context: NewContext, request: pytest.FixtureRequest) -> BrowserContext:
    size, scheme = request.param
    return new_context(viewport=size, color_scheme=scheme)
