"""The measures of node and hub, scraped over HTTP at their own listener."""

from __future__ import annotations

import http.client
import io
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml

from hub import measures as hub_measures
from hub.party import Hub
from hub.settings import check_settings as check_hub_settings
from hub.store.standings import update_standing
from node import measures as node_measures
from node.app import create_app
from node.party import Node
from node.settings import check_settings as check_node_settings
from node.store.migrate import migrate_database, migrations
from shared import measures
from shared.database import Database
from shared.errors import ConfigError
from shared.holdings import facts
from shared.holdings.migrating import revisions
from shared.logs import open_log
from shared.measures import Measure
from shared.net.listeners import Place
from shared.version import VERSION
from shared.web import metrics as web_metrics
from shared.web.readiness import check_migrations
from shared.web.request_meter import UNROUTED
from shared.web.server import serve
from tests.support.catalogue import publish_doc
from tests.support.loopback import app_of, close_all, free_port, hub_on_disk, node_on_disk, running
from tests.support.metrics import Scrape, scrape
from tests.support.postgres import postgres_server, postgres_url
from tests.support.searching import give_index
from tests.support.world import World, publish

__all__ = ["postgres_server", "postgres_url"]

ROOT = Path(__file__).parents[2]
EVERY: list[Measure] = [*measures.COMMON, *node_measures.OWN, *hub_measures.OWN, *web_metrics.OF_THE_WEB]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    node_on_disk(world, "herten", tmp_path)
    hub_on_disk(world, tmp_path)
    for party in (world.nodes["herten"], world.hub):
        measure(party, tmp_path)
    yield world
    close_all(world)


def measure(party: Node | Hub, home: Path) -> None:
    """Let a party tell its measures at a port of its own, as its settings would."""
    changed = {"metrics": f"127.0.0.1:{free_port()}", "home": str(home)}
    if isinstance(party, Hub):
        party.settings = msgspec.structs.replace(party.settings, **changed)
    else:
        party.settings = msgspec.structs.replace(party.settings, **changed)


def get(url: str, path: str, method: str = "GET") -> int:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def test_scrapes_of_a_node_follow_an_edit_from_the_outbox_into_the_catalogue(world: World) -> None:
    node = world.nodes["herten"]
    with app_of(node).state.metrics as listener:
        before = scrape(listener.place)
        publish(node, "Neuer Kurs")
        waiting = scrape(listener.place)
        world.settle()
        after = scrape(listener.place)

    assert before.value("kreisweit_build_info", version=VERSION, party="herten") == 1
    assert before.by_label("kreisweit_state", "state") == {
        "new": 0, "waiting": 0, "recovering": 0, "active": 1, "held": 0, "suspended": 0,
    }  # fmt: skip
    assert [one.value("kreisweit_outbox_edits") for one in (before, waiting, after)] == [0, 1, 0]
    for name in ("kreisweit_log_entries", "kreisweit_catalogue_offers"):
        assert after.value(name) == waiting.value(name) + 1 == before.value(name) + 1
    assert after.value("kreisweit_missing_payloads") == 0
    assert 0 <= after.value("kreisweit_catalogue_age_seconds") < 60
    assert after.value("kreisweit_last_push_timestamp_seconds") == pytest.approx(world.clock.now(), abs=120)
    assert after.value("kreisweit_last_backup_timestamp_seconds") == 0
    assert after.value("kreisweit_database_bytes") > 100_000
    assert set(after.by_label("kreisweit_part_readable", "part").values()) == {1}


def test_scrape_of_the_hub_tells_how_its_members_stand(world: World) -> None:
    world.stop("marl")
    publish(world.nodes["herten"], "Neuer Kurs")
    world.tick(10)
    with world.hub.db.write() as conn:
        update_standing(conn, "herten.example/feed/g1", "herten", forked=True)

    with app_of(world.hub).state.metrics as listener:
        found = scrape(listener.place)

    assert found.by_label("kreisweit_state", "state") == {"live": 1, "recovering": 0}
    states = found.by_label("kreisweit_members", "state")
    assert (states["active"], states["forked"], states["stale"]) == (1, 1, 0)
    lag = found.by_label("kreisweit_member_lag_entries", "member")
    assert lag == {"herten": 0, "marl": 1}
    assert found.value("kreisweit_member_last_read_timestamp_seconds", member="herten") > 0
    assert found.value("kreisweit_alarms_open") >= 1
    assert found.value("kreisweit_quarantined_records") == 0
    assert found.value("kreisweit_webhooks_failing") == 0
    assert found.value("kreisweit_roster_remaining_seconds") > 0


def test_requests_are_counted_by_route_and_never_by_what_was_asked_for(world: World, tmp_path: Path) -> None:
    node = world.nodes["herten"]
    rid = publish_doc(node, name="Kurs mit Namen").hex()
    world.settle()
    give_index(node, tmp_path)
    app = app_of(node)
    with running(app) as url, app.state.metrics as listener:
        for method in ("GET", "GET", "HEAD"):
            get(url, f"/angebote/{rid}", method)
        get(url, "/angebote?q=geheimeswort")
        get(url, "/hsds/services?per_page=7")
        get(url, "/hsds/services?per_page=7")
        statuses = [get(url, "/metrics"), get(url, "/geheimerpfad/geheimeswort"), get(url, "/livez", "POST")]
        found = scrape(listener.place)

    assert statuses == [404, 404, 405]
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in found.samples
        if sample.name == "kreisweit_http_requests_total"
    }
    offer = next(route for route, _ in counted if route.startswith("/angebote/{"))
    assert counted[offer, "2xx"] == 3
    assert counted["/angebote", "2xx"] == 1
    assert counted["/hsds/services", "2xx"] == 2
    assert counted[UNROUTED, "4xx"] == 3
    assert found.value("kreisweit_http_request_duration_seconds_count", route=offer) == 3
    assert found.value("kreisweit_http_request_duration_seconds_bucket", route=offer, le="+Inf") == 3
    for typed in (rid, "geheim", "Kurs", "per_page"):
        assert typed not in found.text
    node.outputs.reader.close()
    node.finder.close()


def test_measures_that_a_node_and_a_hub_tell_are_those_that_are_documented(world: World) -> None:
    found: set[str] = set()
    for party in (world.nodes["herten"], world.hub):
        app = app_of(party)
        with running(app) as url, app.state.metrics as listener:
            get(url, "/livez")
            found |= scrape(listener.place).names()

    row = re.compile(r"^\| `(kreisweit_[a-z_]+)`(?: \(([a-z, ]+)\))? \| (.+?) \|", re.MULTILINE)
    documented = {
        name: (labels, meaning) for name, labels, meaning in row.findall((ROOT / "shared/README.md").read_text("utf-8"))
    }
    assert documented == {measure.name: (", ".join(measure.labels), measure.meaning) for measure in EVERY}
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in found} == set(documented)


def test_names_of_measures_end_as_the_convention_wants(world: World) -> None:
    app = app_of(world.nodes["herten"])
    with running(app) as url, app.state.metrics as listener:
        get(url, "/livez")
        found = scrape(listener.place)

    ours = {name: kind for name, kind in found.types.items() if name.startswith("kreisweit_")}
    assert set(ours.values()) == {"gauge", "counter", "histogram"}
    for measure in EVERY:
        is_counter = ours.get(measure.name.removesuffix("_total")) == "counter"
        assert measure.name.endswith("_total") == is_counter or measure.name not in ours
        assert not re.search(r"_(minutes|hours|days|kb|mb|ms|milliseconds)$", measure.name)


def test_part_that_cannot_be_read_is_told_and_leaves_the_others(world: World, tmp_path: Path) -> None:
    node, stream = world.nodes["herten"], io.StringIO()
    app = app_of(node, stream)
    node.settings = msgspec.structs.replace(node.settings, home=str(tmp_path / "gone"))

    with app.state.metrics as listener:
        gone = app_of(node, stream).state.metrics
        gone.place = Place("127.0.0.1", free_port())
        with gone:
            found, whole = scrape(gone.place), scrape(listener.place)

    assert found.value("kreisweit_part_readable", part="disk") == 0
    assert found.value("kreisweit_log_entries") == whole.value("kreisweit_log_entries")
    assert whole.value("kreisweit_part_readable", part="disk") == 1
    assert '"part_not_measured"' in stream.getvalue()


def test_serving_tells_measures_until_the_signal_and_not_longer(world: World) -> None:
    node, stream = world.nodes["herten"], io.StringIO()
    log = open_log(stream, node.clock, party="herten")
    place = Place("127.0.0.1", int(node.settings.metrics.rpartition(":")[2]))
    found: list[Scrape] = []

    def scrape_and_end() -> None:
        found.append(scrape(place))
        signal.raise_signal(signal.SIGTERM)

    world.clock.time += 60  # the lease of the world's own ticks is over
    threading.Timer(1.5, scrape_and_end).start()
    serve(create_app(node, log=log), log, host="127.0.0.1", port=free_port())

    assert found[0].value("kreisweit_jobs_running") == 1
    assert found[0].value("process_open_fds") > 0
    with pytest.raises(ConnectionRefusedError):
        scrape(place)


def test_place_for_measures_that_is_taken_is_told_before_any_job_begins(world: World) -> None:
    node, stream = world.nodes["herten"], io.StringIO()
    log = open_log(stream, node.clock, party="herten")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        node.settings = msgspec.structs.replace(node.settings, metrics=f"127.0.0.1:{port}")

        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} \(metrics\)"):
            serve(create_app(node, log=log), log, host="127.0.0.1", port=free_port())

    assert "jobs_started" not in stream.getvalue()
    with node.db.read() as conn:
        assert not facts.load_number(conn, "recovering-since")


def test_settings_file_that_would_tell_measures_to_everybody_is_refused(world: World) -> None:
    open_to_all = {"home": "", "metrics": "0.0.0.0:9100"}

    with pytest.raises(ConfigError, match="metrics"):
        check_node_settings(msgspec.structs.replace(world.nodes["herten"].settings, **open_to_all))
    with pytest.raises(ConfigError, match="metrics"):
        check_hub_settings(msgspec.structs.replace(world.hub.settings, **open_to_all))


def test_party_without_the_setting_is_not_measured(world: World) -> None:
    marl = world.nodes["marl"]

    assert "metrics" not in app_of(marl).state
    assert marl.settings.metrics == ""


@pytest.mark.parametrize("name", ["alerts.yaml", "scrape.yaml"])
def test_every_measure_of_the_examples_for_prometheus_exists(name: str) -> None:
    text = (ROOT / "deploy/prometheus" / name).read_text("utf-8")
    named = set(re.findall(r"\bkreisweit_[a-z_]+\b", text))
    known = {measure.name for measure in EVERY}

    assert {re.sub(r"_(bucket|count|sum)$", "", one) for one in named} <= known
    assert yaml.safe_load(text)


def test_every_alert_of_the_example_says_in_german_what_is_and_what_to_do() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text("utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]

    assert len(alerts) >= 8
    for alert in alerts:
        assert {"alert", "expr", "for", "labels", "annotations"} == set(alert)
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert set(alert["annotations"]) == {"summary", "description"}
        assert "kreisweit_" in alert["expr"] or alert["expr"].startswith("up")


@pytest.mark.postgres
def test_size_and_schema_of_a_postgresql_database_are_seen(postgres_url: str) -> None:
    db = Database(postgres_url)
    empty = check_migrations(db, revisions(migrations())[-1])
    migrate_database(db)

    readings = {reading.measure: reading.samples[0][1] for reading in measures.read_disk(db, "")}
    held = check_migrations(db, revisions(migrations())[-1])

    db.close()
    assert set(readings) == {measures.DATABASE}
    assert readings[measures.DATABASE] > 1_000_000
    assert (empty, held) == ("older", "ok")
