"""Forms, cookies and targets as they arrive: strict readers, and what another site cannot send."""

from __future__ import annotations

import pytest

from shared.accounts.links import format_token, parse_invitation, parse_token
from shared.errors import AccessError, NotFoundError, ParseError
from shared.web.desk.desk import next_path
from shared.web.desk.forms import FIELDS_MAX, check_origin, parse_form
from shared.web.desk.sessions import cookie_of

URLENCODED = "application/x-www-form-urlencoded"
TOKEN = bytes(range(32))
TEXT = format_token(TOKEN)


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """Parts of a form as a browser sends them; each is (headers' rest, content)."""
    lines = b"".join(
        b"--xyz\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    )
    return lines + b"--xyz--\r\n"


# --- forms ------------------------------------------------------------------------------------------------------------


def test_repeated_fields_stay_lists_in_order() -> None:
    form = parse_form(b"topic=b&topic=a&title=+Kurs+&empty=", URLENCODED)

    assert form.texts("topic") == ["b", "a"]
    assert (form.text("title"), form.raw("title")) == ("Kurs", " Kurs ")
    assert (form.text("empty"), form.text("missing"), form.texts("missing")) == ("", "", [])
    assert "empty" in form
    assert "missing" not in form


def test_text_has_one_kind_of_line_end_and_no_control_characters() -> None:
    form = parse_form(b"a=eins%0D%0Azwei%0Ddrei%00%0B%1B", URLENCODED)

    assert form.raw("a") == "eins\nzwei\ndrei"


@pytest.mark.parametrize("body", [b"a=%FC", b"a=\xfc", b"%FF=x", b"&".join([b"a=1"] * (FIELDS_MAX + 1))])
def test_unreadable_form_is_the_callers_mistake(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_form(body, URLENCODED)


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "multipart/form-data"])
def test_other_encodings_are_refused(content_type: str) -> None:
    with pytest.raises(ParseError):
        parse_form(b'{"a": 1}', content_type)


def test_files_are_kept_beside_the_fields() -> None:
    body = multipart(
        ('name="note"', "Grüße".encode()),
        ('name="file"; filename="angebote.csv"\r\nContent-Type: text/csv', b"a;b\r\n1;\xfc\r\n"),
        ('name="other"; filename=""\r\nContent-Type: application/octet-stream', b""),
    )

    form = parse_form(body, "multipart/form-data; boundary=xyz")
    file = form.file("file")

    assert form.text("note") == "Grüße"
    assert file is not None
    assert (file.name, file.content_type, file.content) == ("angebote.csv", "text/csv", b"a;b\r\n1;\xfc\r\n")
    assert form.file("other") is None


@pytest.mark.parametrize(
    "body",
    [
        multipart(('name="a"', b"\xfc")),
        multipart(('name="a"', b"x"))[:-4],
        b"no parts at all",
        multipart(*[('name="a"', b"x")] * (FIELDS_MAX + 1)),
    ],
)
def test_broken_multipart_is_the_callers_mistake(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_form(body, "multipart/form-data; boundary=xyz")


def test_fields_that_a_form_does_not_have_are_refused() -> None:
    form = parse_form(b"csrf_token=x&display=a&role=verwaltung", URLENCODED)

    form.expect("display", "role")
    with pytest.raises(ParseError):
        form.expect("display")


# --- where a form comes from ------------------------------------------------------------------------------------------

OURS = "https://angebote.herten.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OURS},
        {"sec-fetch-site": "same-origin"},
        {"origin": OURS, "sec-fetch-site": "same-origin"},
    ],
)
def test_form_of_our_own_page_is_taken(headers: dict[str, str]) -> None:
    check_origin(headers, host="internal:8101", public_url=OURS)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://angebote.herten.example"},
        {"origin": "https://angebote.herten.example.evil.example"},
        {"origin": OURS, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        {"referer": OURS},
    ],
)
def test_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(AccessError):
        check_origin(headers, host="angebote.herten.example", public_url=OURS)


def test_without_public_url_the_host_of_the_request_counts() -> None:
    check_origin({"origin": "http://127.0.0.1:8101"}, host="127.0.0.1:8101", public_url="")
    with pytest.raises(AccessError):
        check_origin({"origin": "http://127.0.0.1:8102"}, host="127.0.0.1:8101", public_url="")


# --- cookies and tokens -----------------------------------------------------------------------------------------------


def test_cookie_is_bound_to_its_host_where_https_carries_it() -> None:
    cookie = cookie_of("herten", OURS)

    assert cookie.write(TOKEN) == f"__Host-kw-herten={TEXT}; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert cookie.clear() == "__Host-kw-herten=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert cookie_of("herten", "").write(TOKEN) == f"kw-herten={TEXT}; Path=/; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("header", "is_taken"),
    [
        (f"kw-herten={TEXT}", True),
        (f"a=b;kw-herten={TEXT}; c=d", True),
        ("", False),
        ("kw-herten=", False),
        ("kw-herten=ATTACKERCHOSEN", False),
        (f"kw-herten={TEXT}=", False),
        (f'kw-herten="{TEXT}"', False),
        (f"kw-herten={TEXT[:-1]}9", False),  # another spelling of the same bytes
        (f"KW-HERTEN={TEXT}", False),
        (f"kw-marl={TEXT}", False),
        (f"kw-herten={TEXT}; kw-herten={TEXT[::-1]}", False),
    ],
)
def test_only_one_well_formed_cookie_is_taken(header: str, is_taken: bool) -> None:
    assert (cookie_of("herten", "").read(header) == TOKEN) is is_taken


def test_token_has_one_spelling() -> None:
    assert parse_token(TEXT) == TOKEN
    assert parse_token(TEXT + "\n") is None
    with pytest.raises(NotFoundError):
        parse_invitation(TEXT[:-1])


# --- where to go after signing in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/pult", "/pult/", "/pult/angebote", "/pult/angebote?seite=2&q=kurs+a", "/pult/konten/12"]
)
def test_path_of_the_desk_is_gone_to(path: str) -> None:
    assert next_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "//evil.example", "https://evil.example", "/pult//evil.example", "/pultx", "/pult\\evil", "/pult/\n",
        "/pult/angebote?x=https://evil.example", "/\\evil.example", "pult", "/pult/../..//evil.example",
        "/pult/" + "a" * 600,
    ],
)  # fmt: skip
def test_any_other_target_becomes_the_start_page(path: str) -> None:
    assert next_path(path) == "/pult"
