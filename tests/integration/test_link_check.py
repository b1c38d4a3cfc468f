"""Links of own offers: what an answer means, when it is told, and that nobody is asked who must not be (T15, T16)."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from node import link_check
from node.city import save_link_check
from node.editing import save_offer
from node.erasing import erase
from node.jobs import Jobs, LinkChecker
from node.link_check import ALIVE, GONE, UNCHECKED, UNSURE, LinkRounds, Seen, ask, askable, in_words, judged
from node.party import Node
from node.store import links
from node.store.links import LinkState
from node.workflow import Editor, withdraw_for
from shared.clock import SystemClock
from shared.logs import open_log
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from shared.ticking import Ticker
from tests.support.desk import add_person, at_desk, make_desk_node
from tests.support.hostile_server import HostileServer, Play, answer, raw, silence
from tests.support.lone_node import files_with, offer
from tests.support.world import VirtualClock

DAY = 86_400
WEEK = 7 * DAY


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    """Asks over the real client, but loopback alone."""
    node = make_desk_node(tmp_path / "herten", clock)
    with HttpClient(NetSettings(allow_networks=("127.0.0.0/8",)), SystemClock()) as web:
        node.web = web
        yield node
    node.db.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_check, "_DEADLINE_SECONDS", 0.4)


def check_all(node: Node, clock: VirtualClock) -> int:
    """Take up every link and check each that is due; returns how many questions were asked."""
    rounds, asked = LinkRounds(node), 0
    for _ in range(50):
        asked += rounds.step()
        clock.time += link_check._MOST_PAUSE
    return asked


def links_of_one_offer(node: Node, *urls: str, title: str = "Sprachkurs", provider: str = "Volkshochschule") -> bytes:
    more = [{"url": url} for url in urls[1:]]
    return save_offer(node, offer(title, url=urls[0], additional_urls=more, providers=[{"name": provider}]))


@pytest.mark.parametrize(
    ("play", "seen"),
    [
        (answer(b"da"), Seen(ALIVE, "200")),
        (answer(b"", status="301 Moved Permanently", extra=b"Location: http://127.0.0.1:1/\r\n"), Seen(ALIVE, "301")),
        (answer(b"", status="404 Not Found"), Seen(GONE, "404")),
        (answer(b"", status="410 Gone"), Seen(GONE, "410")),
        (answer(b"", status="500 Internal Server Error"), Seen(UNSURE, "500")),
        (answer(b"", status="403 Forbidden"), Seen(UNSURE, "403")),
        (answer(b"", status="429 Too Many Requests"), Seen(UNSURE, "429")),
        (silence, Seen(UNSURE, "timeout")),
        (raw(b""), Seen(UNSURE, "connect")),
        (answer(b"x" * 200_000), Seen(ALIVE, "oversize")),
        (answer(b"zip", extra=b"Content-Encoding: gzip\r\n"), Seen(ALIVE, "200")),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>bis zum Ende"), Seen(ALIVE, "200")),
    ],
)
def test_answer_means(node: Node, server: HostileServer, quick: None, play: Play, seen: Seen) -> None:
    assert ask(node, server.script("/seite", play)) == seen


def test_redirect_is_not_followed(node: Node, server: HostileServer) -> None:
    there = server.script("/dort", answer(b"da"))
    ask(node, server.script("/hier", answer(b"", status="302 Found", extra=f"Location: {there}\r\n".encode())))

    assert [question.path for question in server.questions] == ["/hier"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://[::ffff:127.0.0.1]:{port}/",
        "https://2130706433:{port}/", "https://0x7f.1:{port}/", "https://①②⑦.0.0.1:{port}/", "https://127。0。0。1:{port}/",
        "https://localhost:{port}/", "https://user@127.0.0.1:{port}/", "http://herten.example\\@127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/", "https://169.254.169.254/latest/meta-data", "kein Link", "https://[::1", "",
    ],
)  # fmt: skip
def test_no_packet_leaves_for_a_forbidden_address(node: Node, server: HostileServer, url: str) -> None:
    with HttpClient(NetSettings(), SystemClock()) as strict:
        node.web = strict
        seen = ask(node, url.format(port=server.port))

    assert seen == Seen(UNCHECKED, "address")
    assert server.connections == 0


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://Herten.Example/Kurse#anmelden", "https://herten.example/Kurse"),
        ("https://münster.example/Über uns?q=ä&b=%20", "https://xn--mnster-3ya.example/%C3%9Cber%20uns?q=%C3%A4&b=%20"),
        ("https://herten.example:8443", "https://herten.example:8443"),
    ],
)
def test_link_of_an_editor_is_asked_as_a_browser_would(url: str, asked: str) -> None:
    assert askable(url) == asked


# --- rounds ----------------------------------------------------------------------------------------------------------


def test_each_link_of_a_published_offer_is_asked_once_a_week(
    node: Node, clock: VirtualClock, server: HostileServer
) -> None:
    urls = [server.script(path, answer(b"da")) for path in ("/angebot", "/mehr", "/traeger", "/buchen")]
    provider = {"name": "Volkshochschule", "website": urls[2]}
    slot = {"booking_url": urls[3], "freq": "WEEKLY", "byday": ["MO"], "opens_at": "09:00", "closes_at": "11:00"}
    save_offer(
        node, offer(url=urls[0], additional_urls=[{"url": urls[1]}], providers=[provider], schedules=[slot])
    )  # fmt: skip

    first = check_all(node, clock)
    again = check_all(node, clock)
    clock.time += WEEK
    later = check_all(node, clock)

    assert (first, again, later) == (4, 0, 4)
    assert sorted(question.path for question in server.questions[:4]) == ["/angebot", "/buchen", "/mehr", "/traeger"]


def test_links_are_asked_one_by_one_with_pauses(node: Node, clock: VirtualClock, server: HostileServer) -> None:
    links_of_one_offer(node, server.url + "/a", server.url + "/b")
    rounds = LinkRounds(node)

    assert [rounds.step(), rounds.step()] == [True, False]
    clock.time += link_check._MOST_PAUSE
    assert rounds.step()
    assert (link_check.pause_seconds(0), link_check.pause_seconds(10**6)) == (600, 5)


def test_nobody_is_asked_while_the_check_is_off(node: Node, clock: VirtualClock, server: HostileServer) -> None:
    links_of_one_offer(node, server.url + "/a")
    save_link_check(node, False)

    assert check_all(node, clock) == 0
    assert server.connections == 0


def test_link_of_a_withdrawn_offer_is_forgotten(node: Node, clock: VirtualClock, server: HostileServer) -> None:
    rid = links_of_one_offer(node, server.url + "/weg")
    check_all(node, clock)
    withdraw_for(node, Editor("Rita", may_publish=True), rid, "beendet")
    link_check.collect(node)

    with node.db.read() as conn:
        assert links.load_urls(conn) == {}


def test_link_that_names_an_erased_person_is_forgotten(node: Node, clock: VirtualClock, server: HostileServer) -> None:
    links_of_one_offer(node, server.url + "/team/erika-mustermann", server.url + "/kurse")
    check_all(node, clock)
    erase(node, "Erika Mustermann")

    with node.db.read() as conn:
        assert list(links.load_urls(conn).values()) == [server.url + "/kurse"]
    assert files_with(node.home, "erika-mustermann") == []


# --- patience --------------------------------------------------------------------------------------------------------


def test_gone_is_told_at_once_and_unsure_after_three_weeks(
    node: Node, clock: VirtualClock, server: HostileServer
) -> None:
    gone, down = server.url + "/weg", server.script("/kaputt", answer(b"", status="500 Internal Server Error"))
    links_of_one_offer(node, gone, down)
    told = []
    for _ in range(3):
        check_all(node, clock)
        told.append({one.url: one.text for one in link_check.list_troubles(node, [gone, down])})
        clock.time += WEEK

    assert told[0] == told[1] == {gone: "Die Seite gibt es nicht mehr (404)"}
    assert told[2][down] == "war dreimal nicht erreichbar (die Seite meldet 500)"
    server.script("/kaputt", answer(b"da"))
    check_all(node, clock)
    assert [one.url for one in link_check.list_troubles(node, [gone, down])] == [gone]


def test_asking_again_on_one_day_is_not_another_week() -> None:
    link = LinkState(b"k", "https://a.example", UNSURE, "500", 1000, 1000, 2, 0, None)

    assert judged(link, Seen(UNSURE, "500"), 1000 + DAY)["failures"] == 2
    assert judged(link, Seen(UNSURE, "500"), 1000 + WEEK)["failures"] == 3
    assert judged(link, Seen(ALIVE, "200"), 1000 + DAY)["first_failed_at"] is None


def test_site_that_refuses_programs_is_not_called_dead() -> None:
    link = LinkState(b"k", "https://a.example", UNSURE, "403", 1, 1, 3, 0, None)

    assert in_words(link) == "hat die Prüfung dreimal abgewiesen (403); im Browser geht sie vielleicht"


# --- the thread ------------------------------------------------------------------------------------------------------


class Leading:
    """A ticker that holds the lease or does not."""

    def __init__(self, is_leader: bool) -> None:
        self.is_leader = is_leader


def run_checker(node: Node, *, is_leader: bool, seconds: float) -> None:
    ticker = cast("Ticker", Leading(is_leader))
    log = open_log(io.StringIO(), node.clock, party="test")
    checker = LinkChecker(node, ticker, log, first_seconds=0, idle_seconds=0.02)
    checker.start()
    time.sleep(seconds)
    checker.stop()


def test_thread_asks_only_while_it_leads(node: Node, server: HostileServer) -> None:
    links_of_one_offer(node, server.script("/a", answer(b"da")))
    run_checker(node, is_leader=False, seconds=0.2)
    before = server.connections
    run_checker(node, is_leader=True, seconds=0.5)

    assert (before, server.connections) == (0, 1)


def test_only_a_node_in_service_has_the_thread(node: Node) -> None:
    log = open_log(io.StringIO(), node.clock, party="test")

    with at_desk(node):
        assert "link-checker" not in {thread.name for thread in threading.enumerate()}
    assert Jobs(node, log)._links is None
    assert Jobs(node, log, with_link_check=True)._links is not None


# --- at the desk -----------------------------------------------------------------------------------------------------


def page_of(node: Node, name: str, role: str, path: str = "/pult/links") -> str:
    with at_desk(node) as desk:
        desk.be(add_person(node, name, role))
        return desk.get(path).text


def test_desk_lists_the_link_with_its_offer_and_acts(node: Node, clock: VirtualClock, server: HostileServer) -> None:
    url = server.url + "/weg"
    rid = links_of_one_offer(node, url)
    check_all(node, clock)
    key = link_check.key_of(url).hex()
    with at_desk(node) as desk:
        rita = add_person(node, "rita", "redaktion")
        desk.be(rita)
        start, listed = desk.get("/pult").text, desk.get("/pult/links").text
        one = desk.get(f"/pult/angebote/{rid.hex()}").text
        desk.submit("/pult/links", f"/pult/links/{key}/pruefen")
        waiting = desk.get("/pult/links").text
        asked = check_all(node, clock)
        desk.be(rita)  # eight hours have passed
        desk.submit("/pult/links", f"/pult/links/{key}/ignorieren")
        ignored = desk.get("/pult/links").text, desk.get("/pult").text
        desk.submit("/pult/links", f"/pult/links/{key}/melden")
        back = desk.get("/pult").text

    assert 'href="/pult/links"><span class="kw-tasks__count">1<' in start
    assert url in listed
    assert f'href="/pult/angebote/{rid.hex()}">Sprachkurs' in listed
    assert "Die Seite gibt es nicht mehr (404)" in listed
    assert "Die Seite gibt es nicht mehr (404)" in one
    assert ("wird gleich geprüft" in waiting, asked) == (True, 1)
    assert "Wieder melden" in ignored[0]
    assert "Links prüfen" not in ignored[1]
    assert "Links prüfen" in back


def test_ignored_link_is_told_again_after_90_days(node: Node, clock: VirtualClock, server: HostileServer) -> None:
    url = server.url + "/weg"
    links_of_one_offer(node, url)
    check_all(node, clock)
    link_check.ignore(node, link_check.list_troubles(node, [url])[0])
    now = link_check.list_troubles(node, [url])[0].is_ignored
    clock.time += 91 * DAY

    assert (now, link_check.list_troubles(node, [url])[0].is_ignored) == (True, False)


def test_limited_account_sees_and_changes_links_of_own_offers_alone(
    node: Node, clock: VirtualClock, server: HostileServer
) -> None:
    own, other = server.url + "/eigen", server.url + "/fremd"
    links_of_one_offer(node, own, provider="Volkshochschule Beispielstadt")
    links_of_one_offer(node, other, provider="Caritas")
    check_all(node, clock)
    with at_desk(node) as desk:
        desk.be(add_person(node, "tarik", "traeger"))
        page = desk.get("/pult/links").text
        refused = desk.submit("/pult/links", f"/pult/links/{link_check.key_of(other).hex()}/ignorieren")
        allowed = desk.submit("/pult/links", f"/pult/links/{link_check.key_of(own).hex()}/ignorieren")

    assert (own in page, other in page) == (True, False)
    assert (refused.status_code, allowed.status_code) == (404, 303)


def test_reader_sees_no_buttons_and_the_switch_hides_all(
    node: Node, clock: VirtualClock, server: HostileServer
) -> None:
    links_of_one_offer(node, server.url + "/weg")
    check_all(node, clock)
    reader = page_of(node, "lea", "leser")
    with at_desk(node) as desk:
        desk.be(add_person(node, "vera", "verwaltung"))
        desk.submit("/pult/einstellungen", "/pult/einstellungen/links", link_check="nein")
        off = desk.get("/pult/links").text

    assert "Die Seite gibt es nicht mehr" in reader
    assert "Noch einmal prüfen" not in reader
    assert "ausgeschaltet" in off
    assert "/weg" not in off
