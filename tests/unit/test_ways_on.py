"""Where somebody is sent after signing in: into the desk, whatever an address asks for (threat T32)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from shared.web.desk.desk import next_path

HERE = "https://herten.example/pult/anmelden"
# Each would lead a browser, a proxy or a careless program to another site, out of the desk, or into a header.
ELSEWHERE = (
    "https://evil.example", "http:evil.example", "https:/evil.example", "//evil.example", "///evil.example",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/%09/evil.example", "/\t/evil.example",
    "/pult//evil.example", "//evil.example/pult", "/pult@evil.example", "/pult.evil.example", "/pult\\@evil.example",
    "https://herten.example@evil.example/pult", "https://herten.example.evil.example/pult", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x",
    " /pult", "\t//evil.example", "/pult\r\nLocation: https://evil.example", "/pult\x00", "/pult/\u2215evil.example",
    "/pult?weiter=//evil.example", "/pult#//evil.example", "/pultverbund", "/verbund", "pult", "", "?", ".", "..",
    "/pult/..\\..\\evil", "/pult/<script>", "/pult/" + "a" * 600, "／／evil.example", "//evil。example",
    "/%5cevil.example", "/;@evil.example", "http://[::1]/pult", "blob:https://evil.example/1",
)  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_address_that_could_lead_elsewhere_leads_to_the_start_of_the_desk(wanted: str) -> None:
    assert next_path(wanted) == "/pult"


@pytest.mark.parametrize(
    "wanted", ["/pult", "/pult/konten", "/pult/angebote?q=kurs&seite=2", "/pult?x=%2F%2Fevil.example"]
)
def test_page_of_the_desk_is_kept_and_stays_on_this_site(wanted: str) -> None:
    assert next_path(wanted) == wanted
    assert urlsplit(urljoin(HERE, next_path(wanted))).netloc == "herten.example"
