"""Pages kept in memory: answered again without the application, forgotten with the version, within their bounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from litestar import Litestar, Request, Response, get
from litestar.testing import TestClient
from litestar.types import Message, Receive, Scope, Send

from shared.web.compression import Compression
from shared.web.conditional import ConditionalRequests
from shared.web.kept_bytes import KeptBytes
from shared.web.kept_pages import KeptPages
from shared.web.languages import Languages
from shared.web.messages import LANGUAGE

T = TypeVar("T")


class Site:
    """A small site that counts how often it had to make a page; its version is set by hand."""

    def __init__(self, kept: KeptBytes | None = None) -> None:  # type: ignore[type-arg]
        self.made: list[str] = []
        self.version: Hashable = 1
        self.headers: dict[str, str] = {}
        self.status = 200

        @get(["/", "/angebote/{rid:str}", "/angebote/{rid:str}/hinweis", "/pult", "/verbund"], sync_to_thread=False)
        def page(request: Request[Any, Any, Any]) -> Response[str]:
            rid, q = request.path_params.get("rid", ""), request.query_params.get("q", "")
            self.made.append(rid or q)
            text = f"{LANGUAGE.get()} {self.version} {q} " + "x" * 2000
            return Response(text, media_type="text/html", headers=self.headers, status_code=self.status)

        app = Litestar([page], openapi_config=None, logging_config=None)
        self.pages = KeptPages(Compression(app), self._say_version)
        if kept is not None:
            self.pages.kept = kept
        localised = Languages(self.pages, ("de", "en"), german=("/pult",))
        self.client = TestClient(ConditionalRequests(localised))

    async def _say_version(self) -> Hashable:
        return self.version


def test_same_question_is_answered_once_until_the_version_changes() -> None:
    site = Site()
    first, second = site.client.get("/?q=kurs"), site.client.get("/?q=kurs")
    site.version = 2
    third = site.client.get("/?q=kurs")

    assert site.made == ["kurs", "kurs"]
    assert first.text == second.text != third.text
    assert first.headers["etag"] == second.headers["etag"] != third.headers["etag"]
    assert "de 2" in third.text


def test_languages_questions_and_encodings_are_not_mixed() -> None:
    site = Site()
    german = site.client.get("/", headers={"Accept-Language": "de"})
    english = site.client.get("/", headers={"Accept-Language": "en"})
    named = site.client.get("/?lang=en", headers={"Accept-Language": "de"})
    plain = site.client.get("/", headers={"Accept-Language": "en", "Accept-Encoding": "identity"})

    assert (german.text[:2], english.text[:2], named.text[:2], plain.text[:2]) == ("de", "en", "en", "en")
    assert "content-encoding" not in plain.headers
    assert site.client.get("/", headers={"Accept-Language": "en"}).headers["content-encoding"] == "gzip"
    assert len(site.made) == 4


def test_kept_page_is_304_for_who_holds_it() -> None:
    site = Site()
    tag = site.client.get("/").headers["etag"]

    assert site.client.get("/", headers={"If-None-Match": tag}).status_code == 304
    assert len(site.made) == 1


@pytest.mark.parametrize("path", ["/pult", "/verbund", "/angebote/1/hinweis"])
def test_paths_that_are_somebody_s_own_matter_are_made_each_time(path: str) -> None:
    site = Site()
    site.client.get(path)
    site.client.get(path)

    assert len(site.made) == 2
    assert len(site.pages.kept) == 0


@pytest.mark.parametrize(
    "headers",
    [{"Set-Cookie": "a=b"}, {"Cache-Control": "no-store"}, {"Cache-Control": "private, no-cache"}, {"Vary": "Cookie"}],
)
def test_answer_that_is_one_person_s_is_not_kept(headers: dict[str, str]) -> None:
    site = Site()
    site.headers = headers
    site.client.get("/")
    site.client.get("/")

    assert len(site.made) == 2


def test_request_with_authorization_neither_reads_nor_fills_the_memory() -> None:
    site = Site()
    site.client.get("/", headers={"Authorization": "Bearer x"})
    site.client.get("/")
    site.client.get("/", headers={"Authorization": "Bearer x"})

    assert len(site.made) == 3


def test_errors_are_not_kept() -> None:
    site = Site()
    site.status = 404
    site.client.get("/")
    site.status = 200

    assert site.client.get("/").status_code == 200


def test_memory_stays_within_its_bounds_and_the_oldest_leaves_first() -> None:
    site = Site(KeptBytes(total_max=8000, entry_max=4000))
    for number in range(30):
        site.client.get(f"/?q={number}", headers={"Accept-Encoding": "identity"})
        assert site.pages.kept.total <= 8000
    site.client.get("/?q=29", headers={"Accept-Encoding": "identity"})
    site.client.get("/?q=0", headers={"Accept-Encoding": "identity"})

    assert site.made == [*map(str, range(30)), "0"]


def test_page_that_is_too_large_is_sent_and_not_kept() -> None:
    site = Site(KeptBytes(total_max=8000, entry_max=1000))

    assert site.client.get("/", headers={"Accept-Encoding": "identity"}).status_code == 200
    assert site.pages.kept.total == len(site.pages.kept) == 0


def in_a_loop(run: Callable[[], Awaitable[T]]) -> T:
    """Run in a thread of its own: a browser test of the same process leaves a running loop in this one."""
    with start_blocking_portal() as portal:
        return portal.call(run)


async def ask(app: KeptPages, path: str = "/") -> bytes:
    """Send one request and return the body of its answer."""
    got: list[bytes] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            got.append(message["body"])

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)  # type: ignore[arg-type]
    return b"".join(got)


def test_many_at_once_let_one_make_the_page() -> None:
    made: list[int] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        made.append(1)
        await anyio.sleep(0.05)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"fertig", "more_body": False})

    async def version() -> Hashable:
        return 1

    async def run() -> list[bytes]:
        app, bodies = KeptPages(slow, version), list[bytes]()

        async def one() -> None:
            bodies.append(await ask(app))

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
        return bodies

    assert in_a_loop(run) == [b"fertig"] * 20
    assert len(made) == 1


def test_those_who_wait_for_a_page_that_fails_make_it_themselves() -> None:
    made: list[int] = []

    async def fails_first(scope: Scope, receive: Receive, send: Send) -> None:
        made.append(1)
        await anyio.sleep(0.01)
        if len(made) == 1:
            raise OSError("away")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"fertig", "more_body": False})

    async def version() -> Hashable:
        return 1

    async def run() -> list[bytes]:
        app, bodies = KeptPages(fails_first, version), list[bytes]()

        async def first() -> None:
            with pytest.raises(OSError, match="away"):
                await ask(app)

        async def other() -> None:
            bodies.append(await ask(app))

        async with anyio.create_task_group() as group:
            group.start_soon(first)
            for _ in range(3):
                group.start_soon(other)
        return bodies

    assert in_a_loop(run) == [b"fertig"] * 3


def test_page_made_while_the_version_changed_is_not_shown_to_others() -> None:
    site = Site()
    texts = iter(["alt", "neu"])

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        text = next(texts)
        if text == "alt":
            site.version = 2
            await ask(site.pages)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": text.encode(), "more_body": False})

    async def run() -> tuple[bytes, bytes]:
        site.pages = KeptPages(slow, site._say_version)
        with anyio.move_on_after(5):
            return await ask(site.pages), await ask(site.pages)
        raise AssertionError("nobody answered")

    assert in_a_loop(run) == (b"alt", b"neu")
