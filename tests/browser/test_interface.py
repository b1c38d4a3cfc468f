"""The description of the interface: Swagger UI from our own files, under our own policy, readable for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings, is_wider_than_its_window
from tests.browser.conftest import NARROW, NewContext
from tests.support.loopback import app_of, close_all, hub_on_disk, running
from tests.support.searching import give_index
from tests.support.world import World, publish

SLOW = 30_000
"""Milliseconds for a browser that has to read 1.7 MB of script on a busy computer."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, world = tmp_path_factory.mktemp("interface"), World(["herten"])
    world.settle()
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()
    hub = hub_on_disk(world, folder)
    give_index(hub, folder)
    with running(app_of(hub)) as url:
        yield url
    hub.outputs.reader.close()
    hub.finder.close()
    close_all(world)


def open_page(new_context: NewContext, url: str) -> tuple[Page, set[str], list[str]]:
    """Open a page under its own policy; returns it with the hosts that it asks and what the console says."""
    page = new_context(bypass_csp=False, viewport=NARROW, service_workers="block").new_page()
    hosts: set[str] = set()
    said: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    return page, hosts, said


def test_description_is_shown_and_can_be_tried_without_asking_anybody_else(new_context: NewContext, site: str) -> None:
    page, hosts, said = open_page(new_context, f"{site}/hsds/docs")
    operation = page.locator("#operations-required-listServices")

    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").click()

    answered = operation.locator(".live-responses-table tbody")
    expect(answered.locator(".response-col_status").first).to_contain_text("200", timeout=SLOW)
    expect(answered).to_contain_text("Sprachcafé")
    described = page.evaluate("fetch('/openapi.json').then(a => a.json()).then(d => Object.keys(d.paths).length)")
    expect(page.locator(".opblock")).to_have_count(described)
    assert hosts - {urlsplit(site).netloc, ""} == set()
    assert said == []


def test_description_is_accessible_and_fits_a_phone(new_context: NewContext, site: str) -> None:
    page = new_context(viewport=NARROW, service_workers="block").new_page()
    page.goto(f"{site}/hsds/docs")
    operation = page.locator("#operations-required-listServices")
    operation.locator(".opblock-summary-control").click()
    expect(operation.get_by_role("button", name="Execute")).to_be_visible(timeout=SLOW)

    assert findings(page) == []
    assert not is_wider_than_its_window(page)
