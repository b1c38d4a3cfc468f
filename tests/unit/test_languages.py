"""Which language a request is answered in, and what languages are called."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from shared.clock import SystemClock
from shared.logs import open_log
from shared.model.shipped import shipped_vocabulary
from shared.web.language_names import language_name
from shared.web.languages import Chosen, Languages, best_language
from shared.web.messages import LANGUAGE, direction_of
from shared.web.offer_words import load_words
from shared.web.own_languages import offered_languages
from shared.web.pages import Pages, Shell
from shared.web.problems import problem_handlers

OFFERED = ("de", "de-simple", "en", "tr", "ar", "uk", "ru", "pl", "ro", "bg", "fa", "prs", "kmr")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "de"),
        ("uk", "uk"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-US,en;q=0.9", "en"),
        ("ar-SY", "ar"),
        ("AR-sy", "ar"),
        ("fr,tr;q=0.5", "tr"),
        ("fr, it, es", "de"),
        ("en;q=0.5, ar;q=0.9, tr;q=0.7", "ar"),
        ("en;q=0.5,tr;q=0.5", "en"),
        ("en;q=0, tr", "tr"),
        ("en;q=0", "de"),
        ("ku", "kmr"),
        ("ku-TR", "kmr"),
        ("kmr-Latn", "kmr"),
        ("ckb", "de"),
        ("ckb,ar;q=0.5", "ar"),
        ("fa-IR", "fa"),
        ("fa-AF", "prs"),
        ("prs-AF", "prs"),
        ("pes", "fa"),
        ("uk-UA,ru;q=0.9", "uk"),
        ("de-simple", "de-simple"),
        ("*", "de"),
        ("*;q=0.5, pl;q=0.1", "pl"),
        ("tr ; q=0.4 , bg ; q = 0.9", "bg"),
        ("en;level=1;q=0.3,ro", "ro"),
        ("en;q=viel,ro;q=0.2", "ro"),
        ("en;q=nan,ro;q=0.2", "ro"),
        ("en;q=inf,ro;q=0.2", "ro"),
        ("en;q=-1,ro;q=0.2", "ro"),
        ("en;q=1.0,ro;q=0.2", "en"),
    ],
)
def test_browser_gets_the_offered_language_it_likes_best(header: str, language: str) -> None:
    assert best_language(header, OFFERED) == language


@given(st.text(max_size=300), st.lists(st.sampled_from(OFFERED), max_size=4))
def test_no_header_is_too_strange(header: str, offered: list[str]) -> None:
    assert best_language(header, offered) in {"de", *offered}


PIECES = ["en", "ku", "fa-AF", "*", ";", "q=", "0.5", ",", "=", " ", "-", "1e9", "nan", "_1"]


@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_no_almost_right_header_is_too_strange(parts: list[str]) -> None:
    assert best_language("".join(parts), OFFERED) in OFFERED


def scope(query: bytes = b"", *headers: tuple[bytes, bytes], path: str = "/angebote") -> Scope:
    return {"type": "http", "path": path, "query_string": query, "headers": list(headers)}  # type: ignore[return-value]


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Answer nothing."""


ARABIC = (b"accept-language", b"ar")


@pytest.mark.parametrize(
    ("query", "language", "is_explicit"),
    [
        (b"", "ar", False),
        (b"lang=tr", "tr", True),
        (b"q=Kurs&lang=kmr&seite=2", "kmr", True),
        (b"lang=klingon", "ar", False),
        (b"lang=", "ar", False),
        (b"lang=%FF", "ar", False),
        (b"lang=tr&lang=en", "tr", True),
    ],
)
def test_address_names_the_language_before_the_browser_does(query: bytes, language: str, is_explicit: bool) -> None:
    chosen_language, chosen = Languages(nothing, OFFERED).choose(scope(query, ARABIC))

    assert (chosen_language, chosen.is_explicit) == (language, is_explicit)


def test_german_paths_are_german_for_everybody() -> None:
    languages = Languages(nothing, OFFERED, german=("/redaktion",))

    assert languages.choose(scope(b"lang=tr", ARABIC, path="/redaktion/angebote"))[0] == "de"
    assert languages.choose(scope(b"lang=tr", ARABIC, path="/redaktionell"))[0] == "tr"


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_request_is_too_strange(query: bytes, header: bytes) -> None:
    language, chosen = Languages(nothing, OFFERED).choose(scope(query, (b"accept-language", header)))

    assert language in OFFERED
    assert "lang" not in dict(chosen.query)


def test_other_language_keeps_the_question() -> None:
    chosen = Chosen("/angebote", (("q", "Kurs & mehr"), ("thema", "sprache")))

    assert chosen.in_language("ar") == "/angebote?q=Kurs+%26+mehr&thema=sprache&lang=ar"
    assert chosen.in_language("") == "/angebote?q=Kurs+%26+mehr&thema=sprache"
    assert Chosen("/angebote").in_language("") == "/angebote"


def open_pages() -> TestClient[Litestar]:
    pages = Pages(Shell("Stadt Herten", "Kreis"), SystemClock(), languages=offered_languages(load_words("")))
    app = Litestar(
        [],
        exception_handlers=problem_handlers(pages, open_log(StringIO(), SystemClock(), party="herten")),
        openapi_config=None,
    )
    app.asgi_handler = Languages(app.asgi_handler, OFFERED)
    return TestClient(app)


def test_page_says_in_which_language_it_is_and_what_that_depends_on() -> None:
    with open_pages() as client:
        answer = client.get("/nirgends?lang=prs", headers={"Accept": "text/html", "Accept-Language": "en"})

    assert answer.headers["content-language"] == "prs"
    assert {part.strip() for part in answer.headers["vary"].split(",")} == {"Accept", "Accept-Language"}
    assert '<html lang="prs" dir="rtl">' in answer.text
    assert "صفحه پیدا نشد" in answer.text


@pytest.mark.parametrize(
    ("tag", "direction"),
    [("ar", "rtl"), ("fa", "rtl"), ("prs", "rtl"), ("ckb", "rtl"), ("ur", "rtl"), ("ps", "rtl"), ("kmr", "ltr"),
     ("de-simple", "ltr"), ("ti", "ltr"), ("gsg", "ltr"), ("", "ltr"), ("../x", "ltr")],
)  # fmt: skip
def test_direction_is_known_for_any_tag(tag: str, direction: str) -> None:
    assert direction_of(tag) == direction


def test_languages_have_names_in_every_language_of_the_pages() -> None:
    languages = shipped_vocabulary("language")

    for page in OFFERED:
        names = [language_name(languages, term.code, page) for term in languages.terms]
        assert len(set(names)) == len(names), page
        assert all(name[0] == name[0].upper() for name in names), page


@pytest.mark.parametrize(
    ("code", "page", "name"),
    [
        ("prs", "en", "Dari"),
        ("fa", "de", "Persisch (Farsi)"),
        ("kmr", "en", "Kurdish (Kurmanji)"),
        ("ckb", "uk", "Курдська (сорані)"),
        ("uk", "ar", "الأوكرانية"),
        ("de", "kmr", "Almanî"),
        ("rom", "pl", "Romani"),
        ("gsg", "en", "German Sign Language"),
        ("yue", "en", "Cantonese"),
        ("xx", "en", "xx"),
    ],
)
def test_language_is_called_what_its_speakers_call_it_in_that_language(code: str, page: str, name: str) -> None:
    assert language_name(shipped_vocabulary("language"), code, page) == name


def test_words_follow_the_language_of_the_request() -> None:
    words = load_words("")
    token = LANGUAGE.set("tr")
    try:
        assert words.label("topic", "sprache") == "Almanca öğrenme"
        assert words.labels("mode", ["vor_ort", "unbekannt", "online"]) == "Yerinde · Çevrim içi"
        assert words.label("topic", "neu-und-unbekannt") == "neu-und-unbekannt"
        assert words.label("language", "ar") == "Arapça"
    finally:
        LANGUAGE.reset(token)
    assert words.label("topic", "sprache") == "Deutsch lernen"
