"""The pages in other languages: right to left on a phone, each catalogue once, a choice that keeps the question."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from shared.model.shipped import shipped_district
from tests.browser.conftest import NARROW, NewContext, Served
from tests.browser.look import Look

OTHERS = [tag for tag in shipped_district().languages if tag not in ("de", "ar")]


def _open_menu(page: Page) -> None:
    """Open the choice of languages, and see that all of it is on the screen from side to side."""
    page.locator(".kw-languages summary").click()
    menu = page.locator(".kw-languages ul").bounding_box()
    assert menu is not None
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= NARROW["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_about_languages_is_right_to_left_on_a_phone(served: Served, new_context: NewContext, scheme: str) -> None:
    look = Look(served, new_context(viewport=NARROW, color_scheme=scheme))
    look.at("/sprachen?lang=ar", name=f"sprachen-ar-{scheme}")
    _open_menu(look.page)
    look.here(f"sprachen-ar-{scheme}-offen")

    assert look.found == []


@pytest.mark.parametrize("language", OTHERS)
def test_page_is_whole_in_each_language(served: Served, new_context: NewContext, language: str) -> None:
    look = Look(served, new_context(viewport=NARROW))

    look.at(f"/sprachen?lang={language}", name=f"sprachen-{language}")
    _open_menu(look.page)

    assert look.found == []
    assert look.page.locator("html").get_attribute("lang") == language


def test_choice_of_language_keeps_the_question_and_holds_for_the_next_page(
    served: Served, new_context: NewContext
) -> None:
    page = new_context(viewport=NARROW).new_page()
    page.goto(served.url + "/sprachen?q=Kurs+%26+mehr")

    page.locator(".kw-languages summary").click()
    page.locator(".kw-languages a[hreflang=tr]").click()
    page.wait_for_url("**/sprachen?q=Kurs+%26+mehr&lang=tr")
    page.locator(".kw-brand").click()

    assert page.url == served.url + "/?lang=tr"


def test_browser_decides_where_the_address_names_no_language(served: Served, new_context: NewContext) -> None:
    page = new_context(locale="fa-AF").new_page()

    page.goto(served.url + "/sprachen")

    assert page.locator("html").get_attribute("lang") == "prs"
    assert page.locator("html").get_attribute("dir") == "rtl"
    alternates = page.locator("link[rel=alternate][hreflang]").evaluate_all("all => all.map(one => one.hreflang)")
    assert alternates == [*shipped_district().languages, "x-default"]
