"""Pages: the shell, the filters, the macros, languages and static files."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from babel.support import NullTranslations
from jinja2 import DictLoader, UndefinedError
from litestar import Litestar, get
from litestar.response import Response
from litestar.testing import TestClient

from shared.errors import NotFoundError
from shared.web.assets import Assets, asset_routes
from shared.web.conditional import ConditionalRequests
from shared.web.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from shared.web.messages import LANGUAGE
from shared.web.pages import Link, Pages, Shell, Standing

NOW = 1_795_494_000  # 24 November 2026, 05:20 in Berlin, CET


class FixedClock:
    """A clock that stands still."""

    def now(self) -> int:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class ShoutingTranslations(NullTranslations):
    """A language in which everything is said in capitals."""

    def gettext(self, message: str) -> str:
        return message.upper()


class Outline(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def find(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def make_pages(**templates: str) -> Pages:
    shell = Shell("Stadt Herten", "Kreis Recklinghausen", (Link("/", "Angebote"), Link("/status", "Zustand")))
    pages = Pages(
        shell,
        FixedClock(),
        catalogue=lambda language: ShoutingTranslations() if language == "en" else NullTranslations(),
    )
    loader = pages._environment.loader
    assert loader is not None
    added = {name + ".html": MACROS + text for name, text in templates.items()}
    pages._environment.loader = type(loader)([DictLoader(added), loader])  # type: ignore[call-arg]
    return pages


MACROS = '{% import "macros.html" as m with context %}'


def test_page_has_language_title_skip_link_and_one_main() -> None:
    pages = make_pages()

    outline = Outline(pages.render("problem.html", heading="Weg", advice="", problems={}, status=404, code="x"))

    assert outline.find("html") == [{"lang": "de", "dir": "ltr"}]
    assert {"class": "kw-skip", "href": "#inhalt"} in outline.find("a")
    assert [main["id"] for main in outline.find("main")] == ["inhalt"]
    assert len(outline.find("title")) == len(outline.find("h1")) == 1


def test_page_needs_no_script_and_no_inline_style() -> None:
    pages = make_pages()

    outline = Outline(pages.render("problem.html", heading="Weg", advice="", problems={}, status=404, code="x"))

    assert outline.find("script") == outline.find("style") == []
    assert [attrs for _, attrs in outline.tags if "style" in attrs or any(n.startswith("on") for n in attrs)] == []


def test_shell_marks_the_current_page_and_shows_standing() -> None:
    pages = make_pages(page='{% extends "base.html" %}')

    html = pages.render("page.html", path="/status", standing=Standing(NOW - 180, bytes(32), missing=2))

    assert '<a href="/status" aria-current="page">' in html
    assert "24.11.2026, 05:17 Uhr</time> (vor 3 Minuten), 2 Angebote fehlen noch" in html
    assert "0000000000000000</code>" in html


def test_shell_shows_the_notice_only_where_there_is_one() -> None:
    with_notice = Pages(Shell("Hub", "Kreis", notice="Beispieldaten, nicht aktuell"), FixedClock())

    problem: dict[str, object] = {"heading": "x", "advice": "", "problems": {}, "status": 404, "code": "x"}

    assert "Beispieldaten, nicht aktuell" in with_notice.render("problem.html", **problem)
    assert "kw-notice" not in make_pages().render("problem.html", **problem)


def test_render_refuses_a_name_that_was_not_passed() -> None:
    pages = make_pages(page="{{ missing_name }}")

    with pytest.raises(UndefinedError):
        pages.render("page.html")


def test_render_escapes_what_people_typed() -> None:
    pages = make_pages(page='{{ m.table("T", ["A"], [[text]]) }}{{ m.definitions([("B", text)]) }}')

    html = pages.render("page.html", text="<b>&")

    assert html.count("&lt;b&gt;&amp;") == 2
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ t|date }}", "24.11.2026"),
        ("{{ t|moment }}", "24.11.2026, 05:20 Uhr"),
        ("{{ t|iso }}", "2026-11-24T05:20:00+01:00"),
        ("{{ (t - 86400 * 153)|iso }}", "2026-06-24T06:20:00+02:00"),
        ("{{ (t - 3 * 3600)|ago }}", "vor 3 Stunden"),
        ("{{ (t + 2 * 86400)|ago }}", "in 2 Tagen"),
        ("{{ none|moment }}/{{ none|ago }}/{{ none|number }}", "–/–/–"),
        ("{{ 12345|number }}", "12.345"),
    ],
)
def test_filters_write_german_times_and_numbers(template: str, expected: str) -> None:
    assert make_pages(page=template).render("page.html", t=NOW) == expected


def test_texts_follow_the_language_of_the_request() -> None:
    pages = make_pages(page='{{ _("Stand:") }} {{ m.state("active") }}')

    token = LANGUAGE.set("en")
    try:
        english = pages.render("page.html")
    finally:
        LANGUAGE.reset(token)
    german = pages.render("page.html")

    assert "STAND:" in english
    assert "AKTIV" in english
    assert "Stand:" in german
    assert "aktiv" in german


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("active", "success", "aktiv"),
        ("held@40", "warning", "angehalten"),
        ("quarantined(E_SIG)", "danger", "in Quarantäne"),
        ("unheard-of", "info", "unheard-of"),
    ],
)
def test_state_badge_says_in_words_what_its_colour_says(word: str, kind: str, text: str) -> None:
    html = make_pages(page="{{ m.state(word) }}").render("page.html", word=word)

    assert f"kern-badge--{kind}" in html
    assert f">{text}</span>" in html


def test_table_labels_each_cell_and_counts_rows() -> None:
    pages = make_pages(page='{{ m.table("Mitglieder", ["Name", ("Zahl", "number")], [["Herten", 12345]]) }}')

    html = pages.render("page.html")

    assert 'data-label="Zahl">12.345</td>' in html
    assert '<span class="kw-muted">(1)</span>' in html


def test_table_without_rows_says_so() -> None:
    html = make_pages(page='{{ m.table("Mitglieder", ["Name"], []) }}').render("page.html")

    assert "Noch keine Einträge" in html
    assert "<table" not in html


def test_pagination_keeps_the_query_and_is_absent_on_a_single_page() -> None:
    pages = make_pages(page='{{ m.pagination("/", 2, pages, {"suche": "Kurs & Café"}) }}')

    html = pages.render("page.html", pages=3)

    assert 'href="/?seite=1&amp;suche=Kurs%20%26%20Caf%C3%A9"' in html
    assert "Seite 2 von 3" in html
    assert pages.render("page.html", pages=1).strip() == ""


def test_links_stand_under_the_prefix_of_the_proxy() -> None:
    pages = Pages(Shell("Stadt Herten", "Kreis Recklinghausen", prefix="/angebote"), FixedClock())

    assert pages.url("/status", seite=2, leer=None) == "/angebote/status?seite=2"
    assert pages.asset("kreisweit.css").startswith("/angebote/static/kreisweit.css?v=")


def test_assets_know_only_files_of_their_folder() -> None:
    assets = Assets()

    assert assets.find("vendor/kern/fonts/FiraSans-Regular.woff2").content_type == "font/woff2"
    for name in ("../pages.py", "/etc/passwd", "vendor/kern", ""):
        with pytest.raises(NotFoundError):
            assets.find(name)


def test_served_page_has_security_headers_and_no_cookie() -> None:
    pages = make_pages(page='{% extends "base.html" %}')

    @get("/", sync_to_thread=False)
    def home() -> Response[str]:
        return pages.respond("page.html")

    app = Litestar([home, asset_routes(pages.assets)], openapi_config=None, logging_config=None)
    with TestClient(SecurityHeaders(ConditionalRequests(app))) as client:
        page = client.get("/")
        style = client.get("/static/kreisweit.css")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert page.headers["x-content-type-options"] == style.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in page.headers
    assert "content-security-policy" not in style.headers


@pytest.mark.parametrize(
    ("base_url", "root_path", "told"),
    [
        ("https://angebote.herten.example", "", "max-age=31536000; includeSubDomains"),
        ("http://angebote.herten.example", "", None),
        ("https://www.herten.example", "/integration", None),  # below a path of somebody else's site
    ],
)
def test_answer_by_https_of_our_own_host_alone_is_told_to_stay_there(
    base_url: str, root_path: str, told: str | None
) -> None:
    @get("/", sync_to_thread=False)
    def home() -> str:
        return "ok"

    app = SecurityHeaders(Litestar([home], openapi_config=None, logging_config=None))
    with TestClient(app, base_url=base_url, root_path=root_path) as client:
        found, missing = client.get(f"{root_path}/"), client.get(f"{root_path}/nichts")

    assert (found.status_code, missing.status_code) == (200, 404)
    assert [answer.headers.get("strict-transport-security") for answer in (found, missing)] == [told, told]


@pytest.mark.parametrize("kind", ["image/svg+xml", "application/atom+xml; charset=utf-8", "text/xml"])
def test_xml_opened_as_a_document_may_run_and_embed_nothing(kind: str) -> None:
    @get("/", sync_to_thread=False)
    def picture() -> Response[bytes]:
        return Response(b"<svg/>", media_type=kind)

    with TestClient(SecurityHeaders(Litestar([picture], openapi_config=None, logging_config=None))) as client:
        policy = client.get("/").headers["content-security-policy"]

    assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "script-src" not in policy


def test_every_link_of_the_shell_to_a_static_file_is_served() -> None:
    pages = make_pages(page='{% extends "base.html" %}')
    links = [str(link["href"]) for link in Outline(pages.render("page.html")).find("link")]
    app = Litestar([asset_routes(pages.assets)], openapi_config=None, logging_config=None)

    with TestClient(app) as client:
        answers = {link: client.get(link).status_code for link in links}

    assert answers == dict.fromkeys(links, 200)
    assert len(links) == 3
