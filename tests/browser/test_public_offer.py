"""The page of one offer in a browser: every state accessible, narrow, from right to left, on paper, without script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext

from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from shared.model.offer import offer_from_builtins, source_sha256
from tests.browser.conftest import NARROW, NewContext
from tests.browser.look import PICTURES, Look
from tests.support.loopback import app_of, close_all, node_on_disk, running
from tests.support.world import World, offer_doc, withdraw

LANGUAGES = ("de", "ar")
TEXTS = {
    "name": "Sprachcafé im Bürgerhaus",
    "summary": "Deutsch sprechen, Kaffee trinken, Leute kennenlernen: ohne Anmeldung und ohne Kosten.",
    "body": "Wir treffen uns **jede Woche**.\n\n- Kinder sind willkommen\n- Bücher liegen bereit",
}
FULL: dict[str, object] = {
    **TEXTS,
    "access": ["offen"], "alert": "Am 6. Januar im großen Saal", "application_process": "Kommen Sie einfach vorbei.",
    "assured_date": "2025-12-01", "is_free": True, "fees_text": "Kaffee gegen Spende", "minimum_age": 16,
    "contacts": [{"title": "Koordination Ehrenamt", "phones": [{"number": "+49 2366 303000"}]}],
    "email": "sprachcafe@example.org", "languages": [{"code": "de"}, {"code": "ar"}, {"code": "uk"}],
    "especially_for": ["neu"], "target_groups": ["neu", "migration"], "mode": ["vor_ort"], "offer_type": "treffpunkt",
    "locations": [{"name": "Bürgerhaus Süd", "address_1": "Hans-Böckler-Straße 12", "postal_code": "45699",
                   "city": "Herten", "transportation": "Bus SB 27 bis Herten Mitte",
                   "accessibility": {"stufenlos": True}}],
    "phones": [{"number": "+49 2366 303001"}, {"number": "+49 170 1234567", "type": "cell"}],
    "providers": [{"name": "Haus der Kulturen Herten e. V.", "org_type": "mo",
                   "website": "https://kulturen.example.org"}],
    "schedules": [
        {"freq": "WEEKLY", "byday": ["TU", "TH"], "opens_at": "09:00", "closes_at": "14:00", "kind": "sprechzeit"},
        {"freq": "MONTHLY", "byday": ["1SA"], "opens_at": "15:00", "closes_at": "18:00", "kind": "kurszeit"},
    ],
    "topics": ["sprache.cafe"], "url": "https://kulturen.example.org/sprachcafe", "service_areas": ["05562020"],
}  # fmt: skip
ARABIC = {
    "name": "مقهى اللغة في دار المواطنين",
    "summary": "تحدث الألمانية واشرب القهوة وتعرّف على الناس: دون تسجيل ودون تكاليف.",
    "body": "نلتقي **كل أسبوع**.",
    "alert": "في 6 يناير في القاعة الكبيرة",
    "application_process": "تعالوا ببساطة.",
}


@dataclass(frozen=True)
class Offers:
    """A running node with an offer in full, one without anything, and one that has ended."""

    url: str
    full: str
    bare: str
    gone: str


@pytest.fixture(scope="module")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offers]:
    patch = pytest.MonkeyPatch()
    patch.setattr("shared.web.own_languages.shipped_languages", lambda: LANGUAGES)
    world = World(["herten", "marl"])
    world.settle()
    doc = offer_from_builtins({"id": "0" * 32, "owner": "05562020", **FULL})
    arabic = {"ar": {**ARABIC, "source_sha256": source_sha256(doc)}}
    full = _publish(world, translations=arabic, **FULL)
    bare, gone = _publish(world), _publish(world)
    world.settle()
    withdraw(world.nodes["herten"], bytes.fromhex(gone))
    world.settle()
    world.clock.time = datetime(2026, 1, 6, 10, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    node = node_on_disk(world, "herten", tmp_path_factory.mktemp("offers"))
    node.settings = msgspec.structs.replace(node.settings, public_url="https://angebote.herten.example")
    with running(app_of(node)) as url:
        yield Offers(url, f"/angebote/{full}", f"/angebote/{bare}", f"/angebote/{gone}")
    close_all(world)
    patch.undo()


def _publish(world: World, **fields: object) -> str:
    node = world.nodes["herten"]
    rid = node.dice.token(16)
    body = seal_payload({**offer_doc(rid, node.settings.ags, "Kurs"), **fields}, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))
    return rid.hex()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_the_page_is_accessible(offers: Offers, context: BrowserContext, language: str) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    look = Look(offers, context)

    for name in ("full", "bare", "gone"):
        look.at(f"{getattr(offers, name)}?lang={language}", name=f"angebot-{name}-{language}")

    assert look.found == []
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(offers.url).netloc}


@pytest.mark.parametrize("script", [True, False])
def test_page_breaks_no_rule_of_its_policy_and_runs_no_data(
    offers: Offers, new_context: NewContext, *, script: bool
) -> None:
    page = new_context(bypass_csp=False, java_script_enabled=script).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(offers.url + offers.full)

    assert complaints == []
    assert '"@type":"Service"' in (page.locator('script[type="application/ld+json"]').text_content() or "")
    assert page.get_by_role("heading", level=1).inner_text() == TEXTS["name"]
    assert page.get_by_text("Heute geöffnet bis 14:00 Uhr").is_visible()


def test_page_without_script_hides_what_needs_it_and_says_how_to_print(offers: Offers, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()

    page.goto(offers.url + offers.full)

    assert page.get_by_role("button").count() == 0
    assert page.get_by_text("Drucken: mit Strg + P").is_visible()


def test_buttons_print_and_copy(offers: Offers, new_context: NewContext) -> None:
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(offers.url + offers.full)

    page.get_by_role("button", name="Drucken").click()
    page.get_by_role("button", name="Adresse kopieren").click()

    page.get_by_text("Die Adresse ist kopiert.").wait_for()
    assert page.evaluate("window.printed")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"https://angebote.herten.example{offers.full}?lang=de&weitergabe=link"
    assert not page.get_by_text("Drucken: mit Strg + P").is_visible()


def test_everything_is_reached_by_keyboard(offers: Offers, new_context: NewContext) -> None:
    page = new_context(viewport=NARROW).new_page()
    page.goto(offers.url + offers.full)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.href || document.activeElement.textContent).trim()"))
        if reached[-1] == "Technische Angaben":
            break
    page.keyboard.press("Enter")

    assert any(one.startswith("tel:") for one in reached)
    assert any(one.startswith("mailto:sprachcafe") for one in reached)
    assert any(one.endswith("termine.ics") for one in reached)
    assert any(one.endswith("/hinweis") for one in reached)
    assert page.get_by_text("Prüfsumme", exact=True).is_visible()


def test_numbers_and_addresses_of_mail_are_big_enough_for_a_finger(offers: Offers, new_context: NewContext) -> None:
    page = new_context(viewport=NARROW).new_page()
    page.goto(offers.url + offers.full)

    for link in page.locator("#fragen a:is([href^='tel:'], [href^='mailto:'])").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 44


@pytest.mark.parametrize("language", LANGUAGES)
def test_handout_has_the_answers_the_code_and_no_navigation(
    offers: Offers, browser: Browser, tmp_path: Path, language: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{offers.url}{offers.full}?lang={language}")
    file = Path(PICTURES or tmp_path) / f"angebot-{language}.pdf"
    page.pdf(path=file, format="A4")
    page.emulate_media(media="print")
    said = page.locator("body").inner_text()
    code = page.locator(".kw-code img")
    has_code = code.is_visible() and code.evaluate("image => image.complete && image.naturalWidth > 0")
    written = page.locator("article a[href^='https']").evaluate_all("links => links.map(link => link.innerText)")
    context.close()

    assert has_code
    assert file.read_bytes().startswith(b"%PDF-")
    for part in ("45699 Herten", "+49 2366 303001", "09:00–14:00", "sprachcafe@example.org"):
        assert part in said
    assert f"https://angebote.herten.example{offers.full}?lang={language}" in said
    assert any("https://kulturen.example.org/sprachcafe" in text for text in written)
    for part in ("Angabe falsch?", "WhatsApp", "Verbund", "Zum Inhalt springen", "Redaktion", "Heute geöffnet"):
        assert part not in said
