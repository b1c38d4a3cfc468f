"""Every way an answer can go wrong ends in its kind, in time, and the client works for the next question."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import Cookie

import pytest

from shared.clock import SystemClock
from shared.errors import FetchError
from shared.net.fetcher import Fetched, PrefixFetcher
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from tests.support.hostile_server import HostileServer, Play, Talk, answer, drip, endless, format_answer, raw, silence

DEADLINE = 0.4
SLACK = 0.5
MAX_BYTES = 2000
LOOPBACK = NetSettings(allow_networks=("127.0.0.0/8",))

GOOD = b"herten.kreisweit.example/feed/g1\n5\n" * 40
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
UNENDING = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def long_answer(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


HOSTILE: dict[str, tuple[Play, str]] = {
    "never answers": (silence, "timeout"),
    "closes before headers": (raw(b""), "connect"),
    "closes inside status line": (raw(b"HTTP/1.1 20"), "connect"),
    "closes inside headers": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), "connect"),
    "closes inside body": (raw(format_answer(GOOD)[:-1]), "connect"),
    "hangs inside headers": (raw(b"HTTP/1.1 200 OK\r\nContent-Le", hang=True), "slow"),
    "hangs inside body": (raw(format_answer(GOOD)[:-1], hang=True), "slow"),
    "drips headers": (drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"x" * 200), "slow"),
    "drips informational answers": (drip(b"", b"HTTP/1.1 102 P\r\n\r\n" * 20), "slow"),
    "drips body": (drip(long_answer(200), b"x" * 200), "slow"),
    "drips chunks": (drip(CHUNKED, b"1\r\nx\r\n" * 50), "slow"),
    "announces too long a body": (raw(long_answer(MAX_BYTES + 1), hang=True), "oversize"),
    "announces more than it sends": (raw(long_answer(MAX_BYTES) + b"x"), "connect"),
    "sends endless chunks": (endless(CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"), "oversize"),
    "sends one huge chunk": (endless(CHUNKED + b"ffffffffff\r\n", b"x" * 65536), "oversize"),
    "sends endless chunk extension": (endless(CHUNKED + b"1;", b"x" * 65536), "oversize"),
    "sends chunks of mostly extension": (endless(CHUNKED, b"1;" + b"e" * 9000 + b"\r\nx\r\n"), "oversize"),
    "sends endless trailers": (endless(CHUNKED + b"0\r\n", b"X-Trailer: 1\r\n"), "oversize"),
    "sends body without end": (endless(UNENDING, b"x" * 65536), "connect"),
    "sends body ended by closing": (raw(UNENDING + GOOD), "connect"),
    "sends header line of 1 MB": (raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n\r\n"), "oversize"),
    "sends 100,000 headers": (raw(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 100_000 + b"\r\n"), "oversize"),
    "sends endless informational answers": (endless(b"", b"HTTP/1.1 102 P\r\n\r\n" * 100), "oversize"),
    "compresses with gzip": (answer(b"\x1f\x8b\x08", extra=b"Content-Encoding: gzip\r\n"), "encoding"),
    "compresses with br": (answer(b"\x1f\x8b\x08", extra=b"Content-Encoding: br\r\n"), "encoding"),
    "compresses with zstd": (answer(b"\x1f\x8b\x08", extra=b"content-encoding: zstd\r\n"), "encoding"),
    "redirects with 301": (answer(b"", status="301 Moved", extra=b"Location: http://127.0.0.1:1/\r\n"), "redirect"),
    "redirects with 302": (answer(b"", status="302 Found", extra=b"Location: /good\r\n"), "redirect"),
    "redirects with 307": (answer(b"", status="307 T", extra=b"Location: //evil.example/\r\n"), "redirect"),
    "redirects with 308": (answer(b"", status="308 P", extra=b"Location: file:///etc/passwd\r\n"), "redirect"),
    "answers 204": (raw(b"HTTP/1.1 204 No Content\r\n\r\n", keep=True), "status"),
    "answers 206": (answer(GOOD, status="206 Partial Content"), "status"),
    "answers 304 unasked": (raw(b"HTTP/1.1 304 Not Modified\r\n\r\n", keep=True), "status"),
    "answers 401": (answer(b"", status="401 Unauthorized"), "status"),
    "answers 429": (answer(b"", status="429 Too Many Requests"), "status"),
    "answers 500": (answer(b"oh", status="500 Internal Server Error"), "status"),
    "answers 503": (answer(b"", status="503 Service Unavailable"), "status"),
    "answers 101": (raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "connect"),
    "answers 999": (answer(b"", status="999 ?"), "status"),
    "answers 1000": (answer(b"", status="1000 ?"), "connect"),
    "answers a web page": (answer(b"<html>", content_type="text/html; charset=utf-8"), "type"),
    "answers a picture": (answer(b"GIF8", content_type="image/gif"), "type"),
    "announces length 1, 2": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab"), "connect"),
    "speaks something else": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "connect"),
    "speaks HTTP/2": (raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18), "connect"),
    "speaks null bytes": (raw(b"\x00" * 500), "connect"),
    "announces two lengths": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "connect"),
    "announces length -1": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab"), "connect"),
    "announces length of 5,000 digits": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"),
        "connect",
    ),
    "announces chunk of 40 digits": (raw(CHUNKED + b"f" * 40 + b"\r\nx"), "connect"),
    "smuggles a header": (raw(b"HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 0\r\n\r\n"), "connect"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        running.script("/good", answer(GOOD))
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[HttpClient]:
    with HttpClient(LOOPBACK, SystemClock()) as made:
        yield made


def ask(
    client: HttpClient, url: str, *, etag: str = "", wait_seconds: int = 0, max_bytes: int = MAX_BYTES,
    deadline_seconds: float = DEADLINE,
) -> Fetched:  # fmt: skip
    return client.get(
        url,
        max_bytes=max_bytes,
        deadline_seconds=deadline_seconds,
        etag=etag,
        wait_seconds=wait_seconds,
        content_types=("text/plain", "application/octet-stream", ""),
    )


def failure_of(client: HttpClient, url: str, *, max_bytes: int = MAX_BYTES) -> FetchError:
    """Ask, and expect to fail in time."""
    started = time.monotonic()
    with pytest.raises(FetchError) as caught:
        ask(client, url, max_bytes=max_bytes)
    assert time.monotonic() - started < DEADLINE + SLACK
    return caught.value


@pytest.mark.parametrize("name", HOSTILE)
def test_client_ends_hostile_answer_in_its_kind_and_works_on(
    name: str, server: HostileServer, client: HttpClient
) -> None:
    play, kind = HOSTILE[name]
    url = server.script("/hostile", play)

    error = failure_of(client, url)

    assert error.kind == kind
    assert ask(client, server.url + "/good").body == GOOD


def test_client_survives_answer_cut_at_every_byte(server: HostileServer) -> None:
    whole = format_answer(b"checkpoint\n" * 8)
    url = server.script("/cut", *(raw(whole[:length]) for length in range(len(whole))), answer(GOOD))

    with HttpClient(LOOPBACK, SystemClock()) as client:  # no connection kept from before, so each cut is asked once
        kinds = {failure_of(client, url).kind for _ in range(len(whole))}

        assert kinds == {"connect"}
        assert ask(client, url).body == GOOD


def test_client_takes_whole_answer_of_exactly_the_limit(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/exact", answer(b"x" * MAX_BYTES))

    assert ask(client, url) == Fetched(200, b"x" * MAX_BYTES)
    assert failure_of(client, url, max_bytes=MAX_BYTES - 1).kind == "oversize"


def test_oversize_carries_the_code_of_the_protocol(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/oversize", HOSTILE["announces too long a body"][0])

    assert failure_of(client, url).code == "E_OVERSIZE"


def test_client_takes_chunked_answer(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/chunked", raw(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", keep=True))

    assert ask(client, url).body == b"abcde"


def test_chunked_answer_one_byte_over_the_limit_is_refused(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/chunked", raw(CHUNKED + b"5\r\nabcde\r\n0\r\n\r\n", keep=True))

    assert ask(client, url, max_bytes=5).body == b"abcde"
    assert failure_of(client, url, max_bytes=4).kind == "oversize"


def test_length_said_twice_alike_is_one_length(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/twice", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab"))

    assert ask(client, url).body == b"ab"


def test_answer_in_countless_small_chunks_is_refused(server: HostileServer, client: HttpClient) -> None:
    pieces = b"1\r\nx\r\n" * 3000 + b"0\r\n\r\n"
    url = server.script("/pieces", raw(CHUNKED + pieces))

    assert failure_of(client, url, max_bytes=100_000).kind == "oversize"


def test_path_and_query_travel_unchanged(server: HostileServer, client: HttpClient) -> None:
    path = "/a%2Fb/x001/000.p/5?after=%C3%A9&x=a+b"

    assert ask(client, server.script(path, answer(b"odd"))).body == b"odd"


def test_body_longer_than_announced_is_cut_and_not_taken_for_the_next_answer(
    server: HostileServer, client: HttpClient
) -> None:
    url = server.script("/longer", raw(long_answer(3) + b"abcdef", keep=True))

    assert ask(client, url).body == b"abc"
    assert ask(client, server.url + "/good").body == GOOD


def test_second_answer_to_one_question_is_not_taken_for_the_next_answer(
    server: HostileServer, client: HttpClient
) -> None:
    url = server.script("/twice", raw(format_answer(b"first") + format_answer(b"second"), keep=True))

    bodies = [ask(client, url).body, ask(client, server.url + "/good").body, ask(client, url).body]

    assert bodies == [b"first", GOOD, b"first"]


def test_leftovers_on_several_kept_connections_are_not_taken_for_an_answer() -> None:
    def leave(rest: bytes) -> Play:
        def play(talk: Talk) -> None:
            talk.sleep(0.1)  # so that the questions need a connection each
            raw(format_answer(b"first") + rest, keep=True)(talk)

        return play

    with HostileServer() as server, HttpClient(LOOPBACK, SystemClock()) as client:
        rests = [b"HTTP/1.1 2", b"rubbish", format_answer(b"second"), format_answer(b"")]
        urls = [server.script(f"/leave/{number}", leave(rest)) for number, rest in enumerate(rests)]
        good = server.script("/good", answer(GOOD))
        with ThreadPoolExecutor(len(urls)) as threads:
            bodies = list(threads.map(lambda url: ask(client, url, deadline_seconds=60).body, urls))

        assert bodies == [b"first"] * len(urls)
        assert server.connections == len(urls)
        assert ask(client, good).body == GOOD


def test_late_second_answer_is_not_taken_for_the_next_answer(server: HostileServer, client: HttpClient) -> None:
    def answer_and_again(talk: Talk) -> None:
        raw(format_answer(b"first"))(talk)
        time.sleep(0.1)
        raw(format_answer(b"second"), keep=True)(talk)

    url = server.script("/late", answer_and_again)

    first = ask(client, url).body
    time.sleep(0.15)

    assert (first, ask(client, server.url + "/good").body) == (b"first", GOOD)


def test_question_on_connection_closed_in_the_meantime_is_asked_again() -> None:
    def answer_then_reset_on_next(talk: Talk) -> None:
        raw(format_answer(b"one"), keep=True)(talk)

    with HostileServer() as server, HttpClient(LOOPBACK, SystemClock()) as client:
        url = server.script("/", answer_then_reset_on_next, raw(b""), answer(b"two"))

        bodies = [ask(client, url).body, ask(client, url).body]

        assert bodies == [b"one", b"two"]
        assert (server.connections, len(server.questions)) == (2, 3)


def test_connection_is_kept_for_the_next_question() -> None:
    with HostileServer() as server, HttpClient(LOOPBACK, SystemClock()) as client:
        url = server.script("/", answer(GOOD))

        for _ in range(20):
            ask(client, url)

        assert server.connections == 1


def test_client_is_used_from_several_threads_at_once(server: HostileServer, client: HttpClient) -> None:
    expected = {server.script(f"/thread/{number}", answer(bytes([number]) * 50)): number for number in range(8)}
    urls = list(expected) * 20

    with ThreadPoolExecutor(8) as threads:
        # Eight threads on a busy machine: how long it takes is not what is tested.
        bodies = list(threads.map(lambda url: ask(client, url, deadline_seconds=60).body, urls))

    assert bodies == [bytes([expected[url]]) * 50 for url in urls]


def test_slow_peer_does_not_delay_questions_to_others(server: HostileServer, client: HttpClient) -> None:
    slow = server.script("/slow", silence)

    with ThreadPoolExecutor(10) as threads:
        waiting = [threads.submit(failure_of, client, slow) for _ in range(10)]
        started = time.monotonic()
        ask(client, server.url + "/good")
        elapsed = time.monotonic() - started

    assert elapsed < DEADLINE
    assert [failure.result().kind for failure in waiting] == ["timeout"] * 10


def test_refused_connection_ends_in_connect(client: HttpClient) -> None:
    with HostileServer() as server:
        url = server.url + "/"

    assert failure_of(client, url).kind == "connect"


def test_conditional_question_gets_304_and_etag(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/etag", raw(b'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\n\r\n', keep=True))

    fetched = ask(client, url, etag='"abc"')

    assert fetched == Fetched(304, b"", '"abc"')
    assert b'if-none-match: "abc"' in server.questions[-1].head.lower()


def test_etag_is_returned_and_unusable_etag_dropped(server: HostileServer, client: HttpClient) -> None:
    url = server.script(
        "/etags", answer(b"", extra=b'ETag: W/"x"\r\n'), answer(b"", extra=b'ETag: "' + b"x" * 300 + b'"\r\n')
    )

    assert [ask(client, url).etag for _ in range(2)] == ['W/"x"', ""]


@pytest.mark.parametrize("status", [404, 410])
def test_absence_is_an_answer_with_its_reason(status: int, server: HostileServer, client: HttpClient) -> None:
    problem = b'{"reason":"erased"}'
    url = server.script("/absent", answer(problem, status=f"{status} X", content_type="application/problem+json"))

    assert ask(client, url) == Fetched(status, problem)


@pytest.mark.parametrize("play", [raw(b"HTTP/1.1 404 X\r\n\r\nbye"), answer(b"x" * 50_000, status="404 X")])
def test_absence_stands_without_its_page(play: Play, server: HostileServer, client: HttpClient) -> None:
    url = server.script("/page", play)

    assert ask(client, url) == Fetched(404)
    assert ask(client, server.url + "/good").body == GOOD


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b"Retry-After: 7\r\n", 7),
        (b"Retry-After: 999999\r\n", 3600),
        (b"Retry-After: -5\r\n", 0),
        (b"Retry-After: \xb2\r\n", 0),
        (b"Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", 3600),
        (b"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 0),
        (b"Retry-After: Fri, 99 Dec 99999 23:59:59 GMT\r\n", 0),
        (b"", 0),
    ],
)
def test_retry_after_is_read_and_capped(line: bytes, seconds: int, server: HostileServer, client: HttpClient) -> None:
    url = server.script("/later", answer(b"", status="503 Later", extra=line))

    error = failure_of(client, url)

    assert (error.kind, error.status, error.retry_after_seconds) == ("status", 503, seconds)


def test_long_poll_extends_the_deadline_and_is_asked_for(server: HostileServer, client: HttpClient) -> None:
    def late(talk: Talk) -> None:
        time.sleep(DEADLINE + 0.2)
        answer(b"news")(talk)

    url = server.script("/poll", late)

    fetched = ask(client, url, etag='"old"', wait_seconds=1)

    assert fetched.body == b"news"
    assert b"prefer: wait=1" in server.questions[-1].head.lower()


def test_question_is_small_and_carries_no_more_than_needed(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/cookie", answer(b"", extra=b"Set-Cookie: track=me; Path=/\r\n"))

    ask(client, url)
    ask(client, url)

    lines = server.questions[-1].head.lower().split(b"\r\n")
    assert {line.split(b":")[0] for line in lines[1:]} == {b"host", b"user-agent", b"accept-encoding"}
    assert b"accept-encoding: identity" in lines
    # Nor does a peer fill our memory with them; those of other tests are called otherwise.
    assert not any(isinstance(thing, Cookie) and thing.name == "track" for thing in gc.get_objects())


def test_post_sends_body_and_returns_answer(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/push", answer(b"state live\n", content_type="text/plain; charset=utf-8"))

    posted = client.post(
        url, b"x" * 300_000, content_type="application/x-ndjson", max_bytes=100, deadline_seconds=DEADLINE
    )

    assert (posted.status, posted.body, posted.content_type) == (200, b"state live\n", "text/plain")
    assert server.questions[-1].body == b"x" * 300_000
    assert b"content-type: application/x-ndjson" in server.questions[-1].head.lower()


def test_post_returns_refusal_with_its_reason(server: HostileServer, client: HttpClient) -> None:
    url = server.script("/join", answer(b"{}", status="409 Conflict", content_type="application/problem+json"))

    posted = client.post(url, b"{}", content_type="application/json", max_bytes=100, deadline_seconds=DEADLINE)

    assert (posted.status, posted.body, posted.content_type) == (409, b"{}", "application/problem+json")


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (answer(b"", status="307 T", extra=b"Location: /good\r\n"), "redirect"),
        (answer(b"", status="503 Later"), "status"),
        (answer(b"", status="429 Later"), "status"),
        (answer(b"x" * 101), "oversize"),
        (answer(b"x", status="422 No", extra=b"Content-Encoding: gzip\r\n"), "encoding"),
        (silence, "timeout"),
    ],
)
def test_post_ends_hostile_answer_in_its_kind(play: Play, kind: str, server: HostileServer, client: HttpClient) -> None:
    url = server.script("/push", play)

    with pytest.raises(FetchError) as caught:
        client.post(url, b"{}", content_type="application/json", max_bytes=100, deadline_seconds=DEADLINE)

    assert caught.value.kind == kind


def read_nothing(talk: Talk) -> None:
    talk.stopped.wait()


def test_post_to_peer_that_reads_nothing_ends_in_time(client: HttpClient) -> None:
    with HostileServer(on_accept=read_nothing) as server:
        started = time.monotonic()
        with pytest.raises(FetchError) as caught:
            client.post(
                server.url + "/push",
                b"x" * 16_000_000,
                content_type="application/x-ndjson",
                max_bytes=100,
                deadline_seconds=DEADLINE,
            )

    assert time.monotonic() - started < DEADLINE + SLACK
    assert caught.value.kind == "timeout"


def test_prefix_fetcher_reads_below_its_prefix(server: HostileServer, client: HttpClient) -> None:
    server.script("/feed/g1/tile/0/x001/234.p/5", answer(b"tile", content_type="application/octet-stream"))
    server.script("/feed/g1/checkpoint", answer(b"<html>", content_type="text/html"))
    fetcher = PrefixFetcher(client, server.url + "/feed/g1/")

    fetched = fetcher.fetch("tile/0/x001/234.p/5", max_bytes=100, deadline_seconds=DEADLINE)

    assert fetched.body == b"tile"
    with pytest.raises(FetchError, match="text/html"):
        fetcher.fetch("checkpoint", max_bytes=100, deadline_seconds=DEADLINE)
