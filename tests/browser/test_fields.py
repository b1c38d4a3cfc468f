"""Every kind of field, right and wrong, looked at by axe; the pages of today do not use all of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.web.messages import LANGUAGE
from tests.browser.axe import findings, is_wider_than_its_window
from tests.browser.conftest import NARROW, WIDE, NewContext, Served
from tests.support.field_sample import PROBLEMS, SAMPLE
from tests.unit.test_web_pages import make_pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("problems", [{}, PROBLEMS], ids=["right", "wrong"])
def test_fields_are_accessible(
    served: Served, new_context: NewContext, size: dict[str, int], scheme: str, problems: dict[str, list[str]]
) -> None:
    html = make_pages(sample=SAMPLE).render("sample.html", problems=problems, csrf_token="x")
    page = new_context(viewport=size, color_scheme=scheme).new_page()
    page.goto(served.url)
    page.set_content(html.replace('href="/static', f'href="{served.url}/static'), wait_until="networkidle")

    found = findings(page)

    if folder := os.environ.get("KREISWEIT_TEST_PICTURES"):
        name = f"felder-{size['width']}-{scheme}-{len(problems)}.png"
        page.screenshot(path=Path(folder) / name, full_page=True)
    assert found == []
    assert not is_wider_than_its_window(page)


@pytest.mark.parametrize("problems", [{}, PROBLEMS], ids=["right", "wrong"])
def test_fields_are_accessible_from_right_to_left(
    served: Served, new_context: NewContext, problems: dict[str, list[str]]
) -> None:
    token = LANGUAGE.set("ar")
    try:
        html = make_pages(sample=SAMPLE).render("sample.html", problems=problems, csrf_token="x")
    finally:
        LANGUAGE.reset(token)
    page = new_context(viewport=NARROW).new_page()
    page.goto(served.url)
    page.set_content(html.replace('href="/static', f'href="{served.url}/static'), wait_until="networkidle")
    folder = os.environ.get("KREISWEIT_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"felder-320-ar-{len(problems)}.png", full_page=True)
    label = page.locator(".kern-form-check .kern-label").first.bounding_box()
    box = page.locator(".kern-form-check input").first.bounding_box()

    assert findings(page) == []
    assert not is_wider_than_its_window(page)
    assert label is not None
    assert box is not None
    assert label["x"] < box["x"], "the box stands before its label: on the right"
