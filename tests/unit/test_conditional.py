"""HEAD and 304 around an application, for each kind of answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest
from litestar import Litestar, Response, get, post
from litestar.response import Stream
from litestar.testing import TestClient

from shared.web.conditional import ConditionalRequests, weak_tags


@get("/plain", sync_to_thread=False)
def plain() -> str:
    return "Angebote"


@get("/tagged", sync_to_thread=False)
def tagged() -> Response[str]:
    return Response("Angebote", headers={"ETag": 'W/"eigene"', "Cache-Control": "private, no-cache"})


@get("/secret", sync_to_thread=False)
def secret() -> Response[str]:
    return Response("Angebote", headers={"Cache-Control": "no-store"})


@get("/dated", sync_to_thread=False)
def dated() -> Response[str]:
    return Response("Angebote", headers={"Last-Modified": "Wed, 25 Nov 2026 09:30:00 GMT"})


@get("/stream", sync_to_thread=False)
def stream() -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"An", b"ge", b"bote"):
            yield piece

    return Stream(pieces(), media_type="text/plain")


@post("/plain", sync_to_thread=False)
def change() -> str:
    return "geändert"


@pytest.fixture
def client() -> Iterator[TestClient[ConditionalRequests]]:
    app = Litestar([plain, tagged, secret, dated, stream, change], openapi_config=None, logging_config=None)
    with TestClient(ConditionalRequests(app)) as client:
        yield client


def test_answer_without_tag_gets_one_and_is_304_when_unchanged(client: TestClient[ConditionalRequests]) -> None:
    first = client.get("/plain")
    second = client.get("/plain", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})

    assert first.text == "Angebote"
    assert second.status_code == 304
    assert second.content == b""
    assert second.headers["etag"] == first.headers["etag"]
    assert "content-length" not in second.headers


def test_answer_is_full_when_another_tag_is_held(client: TestClient[ConditionalRequests]) -> None:
    answer = client.get("/plain", headers={"If-None-Match": '"other"'})

    assert (answer.status_code, answer.text) == (200, "Angebote")


def test_own_tag_is_kept_and_answers_304_with_its_caching(client: TestClient[ConditionalRequests]) -> None:
    full = client.get("/tagged")
    unchanged = client.get("/tagged", headers={"If-None-Match": '"eigene"'})

    assert full.headers["etag"] == 'W/"eigene"'
    assert unchanged.status_code == 304
    assert unchanged.headers["cache-control"] == "private, no-cache"


def test_answer_that_must_not_be_stored_gets_no_tag(client: TestClient[ConditionalRequests]) -> None:
    assert "etag" not in client.get("/secret").headers


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Wed, 25 Nov 2026 09:30:00 GMT", 304), ("Thu, 26 Nov 2026 00:00:00 GMT", 304),
        ("Wed, 25 Nov 2026 09:29:59 GMT", 200), ("Wed, 25 Nov 2026 10:30:00 +0100", 304), ("yesterday", 200), ("", 200),
        ("99999999999999999999", 200),
    ],
)  # fmt: skip
def test_date_that_is_not_older_answers_304(client: TestClient[ConditionalRequests], since: str, status: int) -> None:
    answer = client.get("/dated", headers={"If-Modified-Since": since})

    assert answer.status_code == status
    assert answer.headers["etag"] == client.get("/dated").headers["etag"]


def test_tag_decides_alone_where_a_date_is_sent_too(client: TestClient[ConditionalRequests]) -> None:
    known = {"If-Modified-Since": "Thu, 26 Nov 2026 00:00:00 GMT", "If-None-Match": '"other"'}

    assert client.get("/dated", headers=known).status_code == 200
    assert client.get("/plain", headers={"If-Modified-Since": known["If-Modified-Since"]}).status_code == 200


def test_refused_method_is_told_that_head_is_allowed(client: TestClient[ConditionalRequests]) -> None:
    allowed = client.put("/plain").headers["allow"]

    assert {name.strip() for name in allowed.split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}


def test_stream_passes_untouched(client: TestClient[ConditionalRequests]) -> None:
    answer = client.get("/stream", headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.text) == (200, "Angebote")
    assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/plain", "/tagged", "/secret", "/stream"])
def test_head_has_the_headers_of_get_and_no_body(client: TestClient[ConditionalRequests], path: str) -> None:
    got, head = client.get(path), client.head(path)

    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


def test_head_is_304_for_a_held_tag(client: TestClient[ConditionalRequests]) -> None:
    tag = client.get("/plain").headers["etag"]

    assert client.head("/plain", headers={"If-None-Match": tag}).status_code == 304


def test_unknown_path_and_other_methods_pass_untouched(client: TestClient[ConditionalRequests]) -> None:
    assert client.head("/nothing").status_code == 404
    assert "etag" not in client.get("/nothing").headers
    assert "etag" not in client.post("/plain").headers


@pytest.mark.parametrize(
    ("header", "tags"),
    [("", set()), ("*", {"*"}), ('"a"', {'"a"'}), ('W/"a", "b" ,', {'"a"', '"b"'})],
)
def test_weak_tags_reads_lists(header: str, tags: set[str]) -> None:
    assert weak_tags(header) == tags


def test_weak_tags_stays_quick_on_a_long_header() -> None:
    began = time.process_time()

    weak_tags('"a",' * 16_000)

    assert time.process_time() - began < 1
