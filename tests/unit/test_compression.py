"""Answers compressed for whoever accepts it: what is, what never is, and tags that hold for each encoding."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from litestar import Litestar, Response, get
from litestar.testing import TestClient

from shared.web.assets import Assets, asset_routes
from shared.web.compression import Compression, accepts_gzip
from shared.web.conditional import ConditionalRequests

LONG = "<p>Angebote für alle</p>" * 200
GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
Client = TestClient[ConditionalRequests]


@get(["/seite", "/pult/seite", "/feed/seite", "/federation"], sync_to_thread=False)
def page() -> Response[str]:
    return Response(LONG, media_type="text/html", headers={"Vary": "Accept-Language"})


@get("/kurz", sync_to_thread=False)
def short() -> Response[str]:
    return Response("<p>kurz</p>", media_type="text/html")


@get("/formular", sync_to_thread=False)
def form() -> Response[str]:
    return Response(LONG, media_type="text/html", headers={"Cache-Control": "no-store"})


@get("/bild", sync_to_thread=False)
def picture() -> Response[bytes]:
    return Response(LONG.encode(), media_type="image/png")


@get("/fehler", sync_to_thread=False)
def failing() -> Response[str]:
    return Response(LONG, media_type="text/html", status_code=404)


@pytest.fixture
def client() -> Iterator[Client]:
    files = asset_routes(Assets())
    app = Litestar([page, short, form, picture, failing, files], openapi_config=None, logging_config=None)
    with TestClient(ConditionalRequests(Compression(app))) as client:
        yield client


def wire_bytes(client: Client, path: str) -> bytes:
    with client.stream("GET", path, headers=GZIP) as answer:
        return b"".join(answer.iter_raw())


def test_page_is_compressed_for_who_accepts_it_and_plain_for_others(client: Client) -> None:
    squeezed = client.get("/seite", headers=GZIP)
    plain = client.get("/seite", headers=PLAIN)

    assert squeezed.headers["content-encoding"] == "gzip"
    assert int(squeezed.headers["content-length"]) < 300
    assert squeezed.text == plain.text == LONG
    assert "content-encoding" not in plain.headers
    assert squeezed.headers["vary"] == plain.headers["vary"] == "Accept-Language, Accept-Encoding"


def test_unchanged_page_is_304_in_both_encodings_and_their_tags_differ(client: Client) -> None:
    tags = {}
    for name, headers in (("gzip", GZIP), ("plain", PLAIN)):
        tags[name] = client.get("/seite", headers=headers).headers["etag"]
        again = client.get("/seite", headers={**headers, "If-None-Match": tags[name]})
        assert again.status_code == 304
        assert again.headers["vary"] == "Accept-Language, Accept-Encoding"
        assert "content-encoding" not in again.headers

    assert tags["gzip"] != tags["plain"]
    assert client.get("/seite", headers={**PLAIN, "If-None-Match": tags["gzip"]}).status_code == 200


def test_static_file_keeps_its_tag_with_a_mark_and_is_304_too(client: Client) -> None:
    path = Assets().versioned_path("kreisweit.css")
    plain, squeezed = client.get(path, headers=PLAIN), client.get(path, headers=GZIP)

    assert squeezed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    assert squeezed.content == plain.content == gzip.decompress(wire_bytes(client, path))
    again = client.get(path, headers={**GZIP, "If-None-Match": squeezed.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/pult/seite", "/feed/seite", "/federation", "/formular", "/kurz", "/bild", "/fehler"]
)
def test_what_must_not_or_need_not_be_compressed_is_not(client: Client, path: str) -> None:
    answer = client.get(path, headers=GZIP)

    assert "content-encoding" not in answer.headers
    assert "Accept-Encoding" not in answer.headers.get("vary", "")


def test_head_says_what_get_would(client: Client) -> None:
    head, full = client.head("/seite", headers=GZIP), client.get("/seite", headers=GZIP)

    assert head.content == b""
    assert head.headers["content-length"] == full.headers["content-length"]
    assert head.headers["etag"] == full.headers["etag"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=1.0", True), ("", False), ("br", False),
        ("gzip;q=0", False), ("*, gzip;q=0.000", False), ("identity", False), ("gzip;q=viel", False), ("xgzip", False),
    ],
)  # fmt: skip
def test_wish_of_the_client_is_read(header: str, expected: bool) -> None:
    assert accepts_gzip([(b"accept-encoding", header.encode())]) is expected


def test_silence_about_encodings_means_plain() -> None:
    assert accepts_gzip([]) is False
