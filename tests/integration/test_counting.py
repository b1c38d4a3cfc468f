"""What the public pages were asked is counted by day, without persons, and a day of it reaches the hub once."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Response, get
from litestar.params import FromPath, FromQuery
from litestar.testing import TestClient

from hub import reporting as hub_reporting
from node import reporting
from node.editing import save_offer
from node.erasing import erase
from node.party import Node
from shared.database import Database
from shared.errors import ParseError, VerificationError
from shared.feed.report import PATH, Report, format_report, parse_report
from shared.feed.request import format_header, sign_request
from shared.holdings import facts, tally
from shared.holdings.tables import metadata
from shared.logs import open_log
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from shared.web.counting import TOTAL_HEADER, Counting, Counts
from tests.support.desk import add_person, at_desk, make_desk_node
from tests.support.lone_node import files_with, offer
from tests.support.loopback import HubAt, app_of, close_all, hub_on_disk, node_on_disk, running
from tests.support.postgres import postgres_server, postgres_url
from tests.support.world import Answered, Exchange, VirtualClock, World, publish

__all__ = ["postgres_server", "postgres_url"]

HTML = {"Accept": "text/html"}
TODAY = date(2026, 1, 1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'node.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


class Site:
    """A page of results in front of the counter, as the real one answers."""

    def __init__(self, db: Database, day: date = TODAY) -> None:
        self.day, self.db, self.log = day, db, io.StringIO()
        self.counts = Counts(db, lambda: self.day, open_log(self.log, VirtualClock(), party="test"))
        self.client = TestClient(self._app())

    def _app(self) -> Litestar:
        @get("/", sync_to_thread=False)
        def results(gefunden: FromQuery[int] = 0) -> Response[str]:
            return Response("<p>", media_type="text/html", headers={TOTAL_HEADER: str(gefunden)})

        @get("/angebote/{rid:str}", sync_to_thread=False)
        def one(rid: FromPath[str]) -> Response[str]:
            return Response("<p>", media_type="text/html", status_code=404 if rid.startswith("f") else 200)

        @get("/pult/angebote", sync_to_thread=False)
        def desk() -> Response[str]:
            return Response("<p>", media_type="text/html", headers={TOTAL_HEADER: "0"})

        app = Litestar([results, one, desk], openapi_config=None)
        app.asgi_handler = Counting(app.asgi_handler, self.counts)
        return app

    def ask(self, text: str, times: int = 1) -> None:
        for _ in range(times):
            assert self.client.get("/", params={"q": text}).status_code == 200

    def kept(self) -> dict[tuple[str, str], int]:
        self.counts.flush()
        with self.db.read() as conn:
            # Everything, rare words too: the table itself is looked at.
            rows = conn.exec_driver_sql("SELECT day, kind, key, number FROM tally").all()
        return {(kind, key): number for _, kind, key, number in rows}


@pytest.fixture
def site(db: Database) -> Site:
    return Site(db)


def test_searches_views_languages_and_filters_are_counted(site: Site) -> None:
    rid = "0a" * 16
    site.client.get("/?q=Sprachkurs&stadt=marl&tag=di&gefunden=3")
    site.client.get("/?q=Sprachkurs&stadt=marl&seite=2&gefunden=30")
    site.client.get("/?gefunden=141")
    site.client.get(f"/angebote/{rid}")
    site.client.get(f"/angebote/{rid}")
    site.client.get("/angebote/" + "f" * 32)
    site.client.head(f"/angebote/{rid}")
    site.client.get("/pult/angebote?q=geheim")

    assert site.kept() == {
        ("search", ""): 1, ("filter", "stadt"): 1, ("filter", "tag"): 1, ("view", rid): 2, ("language", "de"): 5,
    }  # fmt: skip


def test_words_without_a_hit_are_folded_and_addresses_and_numbers_are_never_kept(site: Site) -> None:
    for text in ("Töpfern", "TOPFERN", "erika@example.org", "0 23 66 30", "Kurs 45770", "x" * 61):
        site.ask(text)
    site.client.get("/?q=Reiten&stadt=marl")
    site.client.get("/?q=Tanzen&gefunden=2")

    assert {key: number for (kind, key), number in site.kept().items() if kind == "nothing"} == {"topfern": 2}


def test_rare_words_are_gone_when_the_day_has_ended(site: Site, tmp_path: Path) -> None:
    site.ask("Mustermann Hilfe", 4)
    site.ask("Töpfern", 5)
    site.counts.flush()
    site.day = TODAY + timedelta(days=1)

    assert {key for kind, key in site.kept() if kind == "nothing"} == {"topfern"}
    site.db.scrub()
    assert files_with(tmp_path, "mustermann") == []
    assert site.log.getvalue() == ""


def test_counts_are_kept_for_thirteen_months(site: Site) -> None:
    site.ask("Töpfern")
    site.counts.flush()
    for days, left in ((400, True), (10, False)):
        site.day += timedelta(days=days)
        assert (("search", "") in site.kept()) is left


def test_two_processes_add_up(site: Site) -> None:
    other = Site(site.db)
    for one in (site, other, site):
        one.ask("Töpfern", 2)
        one.counts.flush()
    threads = [threading.Thread(target=one.counts.flush) for one in (site, other)]
    for one in (site, other):
        one.ask("Töpfern", 3)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert site.kept()["nothing", "topfern"] == 12


def test_counts_wait_while_the_database_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ask("Töpfern")
    with monkeypatch.context() as patched:
        patched.setattr(site.db, "write", lambda: 1 / 0)
        site.counts.flush()
    site.ask("Töpfern")

    assert site.kept()["nothing", "topfern"] == 2
    assert "counts_not_written" in site.log.getvalue()


def test_many_different_things_do_not_fill_the_memory(site: Site) -> None:
    for number in range(6000):
        site.counts.add(tally.NOTHING, f"wort {number}")

    assert len(site.kept()) == 5000


# --- a node's real pages ---------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[World]:
    world = World(("herten", "marl"))
    yield world
    close_all(world)


def test_application_counts_its_pages_and_writes_them_down_at_its_end(world: World) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Zeichenkurs")
    world.settle()
    with TestClient(app_of(herten)) as client:
        client.headers.update({**HTML, "User-Agent": "Besonders/1.0"})
        first = client.get(f"/angebote/{rid.hex()}")
        client.get(f"/angebote/{rid.hex()}", headers={"If-None-Match": first.headers["etag"]})
        client.head(f"/angebote/{rid.hex()}")

    with herten.db.read() as conn:
        assert tally.rows_of(conn, since="0", until="9") == [
            ("2026-01-01", "language", "de", 2),
            ("2026-01-01", "view", rid.hex(), 2),
        ]
    assert "set-cookie" not in first.headers


def test_visit_by_a_link_passed_on_is_a_view_and_a_share(world: World) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Zeichenkurs")
    world.settle()
    with TestClient(app_of(herten)) as client:
        client.headers.update(HTML)
        for way in ("qr", "link", "link", "anders", ""):
            client.get(f"/angebote/{rid.hex()}?weitergabe={way}")

    with herten.db.read() as conn:
        counted = {(kind, key): number for _, kind, key, number in tally.rows_of(conn, since="0", until="9")}
    assert counted["view", rid.hex()] == 5
    assert {key: number for (kind, key), number in counted.items() if kind == "share"} == {"link": 2, "qr": 1}


# --- reports ---------------------------------------------------------------------------------------------------------


def count(node: Node, kind: str, key: str, number: int, *, day: str = "2025-12-31") -> None:
    with node.db.write() as conn:
        tally.add_up(conn, {(day, kind, key): number})


def begin_anew(node: Node) -> None:
    """Forget that the world's first ticks reported a day."""
    with node.db.write() as conn:
        facts.delete_fact(conn, "reported-day")


def report(world: World, node: Node) -> int:
    """Let a morning of minutes pass; returns how many reports the hub took."""
    taken = 0
    for _ in range(90):
        world.clock.time += 60
        local = datetime.fromtimestamp(node.clock.now(), UTC) + timedelta(hours=1)
        taken += reporting.report_due(node, local)
    return taken


def at_hub(world: World, member: str = "herten") -> list[Report]:
    return [one.report for one in hub_reporting.list_reports(world.hub) if one.member == member]


def test_day_before_is_reported_once_with_what_was_searched_and_what_offers_lack(world: World) -> None:
    herten = world.nodes["herten"]
    publish(herten, "Zeichenkurs")
    world.settle()
    for kind, key, number in (
        ("search", "", 40), ("view", "0" * 32, 3), ("view", "1" * 32, 4), ("nothing", "topfern", 5),
        ("nothing", "rara", 4),
    ):  # fmt: skip
        count(herten, kind, key, number)
    count(herten, "search", "", 7, day="2026-01-01")
    begin_anew(herten)

    assert report(world, herten) == 1

    told = at_hub(world)[0]
    assert (told.day, told.searches, told.views, told.terms) == (date(2025, 12, 31), 40, 7, (("topfern", 5),))
    assert (told.offers, told.overdue) == (1, 1)
    assert dict(told.gaps)["schedule_text"] == 1


def test_days_without_the_hub_follow_and_the_report_of_a_day_is_replaced(world: World) -> None:
    herten = world.nodes["herten"]
    world.settle()
    begin_anew(herten)
    assert report(world, herten) == 1
    site = world.network.sites.pop("hub")
    for _ in range(3):
        world.clock.time += 86_400
        assert report(world, herten) == 0
    world.network.sites["hub"] = site
    world.clock.time += 3600

    assert report(world, herten) == 3
    assert [one.day.isoformat() for one in at_hub(world)] == ["2026-01-03", "2026-01-02", "2026-01-01", "2025-12-31"]

    for searches in (5, 6):
        world.clock.time += 1
        tell(world, herten, Report(date(2026, 1, 3), searches=searches))
    assert [one.searches for one in at_hub(world)] == [6, 0, 0, 0]


def test_older_hub_gets_the_report_it_knows(world: World) -> None:
    herten = world.nodes["herten"]
    world.settle()
    count(herten, "search", "", 40)
    count(herten, "language", "ar", 6)
    begin_anew(herten)
    refused: list[bytes] = []

    def older(exchange: Exchange, deliver: Callable[[], Answered]) -> Answered:
        if exchange.path == PATH and "languages" in json.loads(exchange.body):
            refused.append(exchange.body)
            return Answered(422)
        return deliver()

    world.network.meddle = older

    assert report(world, herten) == 1
    assert len(refused) == 1
    assert (at_hub(world)[0].searches, at_hub(world)[0].languages) == (40, ())


def test_languages_and_links_passed_on_are_reported(world: World) -> None:
    herten = world.nodes["herten"]
    world.settle()
    for kind, key, number in (("language", "ar", 6), ("language", "de", 9), ("share", "qr", 2), ("share", "link", 3)):
        count(herten, kind, key, number)
    begin_anew(herten)

    assert report(world, herten) == 1

    assert at_hub(world)[0].languages == (("de", 9), ("ar", 6))
    assert at_hub(world)[0].shares == 5


def test_real_servers_pass_a_report_over_loopback(world: World, tmp_path: Path) -> None:
    world.settle()
    hub, herten = hub_on_disk(world, tmp_path), node_on_disk(world, "herten", tmp_path)
    begin_anew(herten)
    count(herten, "search", "", 40)
    with running(app_of(hub)) as url, HttpClient(NetSettings(allow_networks=("127.0.0.0/8",)), hub.clock) as client:
        herten.web = HubAt(client, url)

        assert report(world, herten) == 1

    assert [one.searches for one in at_hub(world)] == [40]


def tell(world: World, node: Node, told: Report) -> bytes:
    body, now = format_report(told), node.clock.now()
    header = format_header(node.settings.origin, now, sign_request(node.signer.log_keys[0], PATH, now, body))
    return hub_reporting.receive_report(world.hub, header, body)


def test_hub_refuses_repeated_requests_other_days_and_words_that_may_name_a_person(world: World) -> None:
    herten = world.nodes["herten"]
    tell(world, herten, Report(date(2025, 12, 31)))
    with pytest.raises(VerificationError):
        tell(world, herten, Report(date(2025, 12, 31)))
    for day in (date(2026, 1, 3), date(2025, 11, 1)):
        world.clock.time += 1
        with pytest.raises(ParseError):
            tell(world, herten, Report(day))
    for term, number in (("topfern", 4), ("a@b", 9), ("02366 1", 9), ("x" * 61, 9), ("", 9)):
        with pytest.raises(ParseError):
            parse_report(format_report(Report(TODAY, terms=((term, number),))))


def test_reports_are_deleted_after_thirteen_months(world: World) -> None:
    tell(world, world.nodes["herten"], Report(date(2025, 12, 31)))
    for days, left in ((380, 1), (30, 0)):
        world.clock.time += days * 86_400
        with world.hub.db.write() as conn:
            hub_reporting.forget_old(world.hub, conn)
        assert len(hub_reporting.list_reports(world.hub, days=500)) == left


def test_hub_lists_its_own_pages_beside_the_members(world: World) -> None:
    with world.hub.db.write() as conn:
        tally.add_up(conn, {("2025-12-31", "search", ""): 3, ("2025-12-31", "nothing", "topfern"): 5})

    found = hub_reporting.list_reports(world.hub)

    assert [(one.member, one.report.searches, one.report.terms) for one in found] == [("hub", 3, (("topfern", 5),))]


# --- at the desk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


def test_page_of_counts_shows_days_words_and_offers_and_gives_a_file(node: Node) -> None:
    rid = save_offer(node, offer())
    for kind, key, number in (
        ("search", "", 1234), ("nothing", "topfern", 6), ("nothing", "rara", 4), ("nothing", "=cmd", 5),
        ("view", rid.hex(), 12), ("language", "de", 9), ("filter", "besonders", 3),
    ):  # fmt: skip
        count(node, kind, key, number)
    with at_desk(node) as desk:
        desk.be(add_person(node, "lea", "leser"))
        page, file = desk.get("/pult/zahlen").text, desk.get("/pult/zahlen/ausgabe")

    assert "1.234" in page
    assert "topfern" in page
    assert "rara" not in page
    assert "Insbesondere für" in page
    assert 'style="' not in page
    assert re.search(r'<svg class="kw-chart"[^>]*aria-hidden="true"', page)
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Tag", "Was", "Genauer", "Anzahl"]
    assert ["2025-12-31", "Gesucht und nicht gefunden", "'=cmd", "5"] in rows
    assert all("rara" not in row for row in rows)


def test_erased_person_stands_in_no_words_that_were_searched(node: Node) -> None:
    count(node, "nothing", "erika mustermann", 6)
    count(node, "nothing", "topfern", 5)

    erase(node, "Erika Mustermann")

    with node.db.read() as conn:
        assert tally.load_terms(conn) == ["topfern"]
    assert files_with(node.home, "mustermann") == []


def test_json_of_the_command_holds_plain_values(world: World) -> None:
    tell(world, world.nodes["herten"], Report(date(2025, 12, 31), searches=3, terms=(("topfern", 5),)))
    one: Any = hub_reporting.list_reports(world.hub)[0]

    assert json.loads(format_report(one.report))["terms"] == [["topfern", 5]]
