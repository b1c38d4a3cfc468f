"""The programs in the guides for integrators do what the guides say, word for word, against a real hub."""

from __future__ import annotations

import base64
import json
import os
import re
import runpy
import shlex
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import playwright
import pytest
from playwright.sync_api import Page, sync_playwright
from standardwebhooks import Webhook

from hub.derived import derived_of
from hub.erasure_duty import BOUND_SECONDS
from hub.integrators import add_key
from hub.subscribers import SUBSCRIBERS_MAX
from hub.webhook_signature import signature_headers
from hub.webhooks import RETRY_SECONDS
from shared.hsds.pages import PER_PAGE_MAX
from shared.hsds.query import PARAMETERS
from shared.outputs.changes import LIMIT_MAX
from shared.outputs.cursor import CURSOR_MAX
from shared.outputs.formats.all import FORMATS
from shared.verify.cli import main_group
from shared.web.outputs.changes import READERS_MAX, WAIT_MAX_SECONDS
from tests.support.guide import GUIDES, blocks_of, programs, prose_of, shown_by
from tests.support.loopback import app_of, close_all, erase, hub_on_disk, newest_commitment, node_on_disk, running
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
CURL = shutil.which("curl")
NODE = Path(playwright.__file__).parent / "driver" / "node"
"""Comes with playwright, so that no other one is needed."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium (deploy/bootstrap --browser)"),
]

Copy = dict[str, Any]
_PATIENCE_SECONDS = 30


class Hub:
    """A hub with ten offers of two cities, behind a real server."""

    def __init__(self, folder: Path) -> None:
        self.world = World(["herten", "marl"])
        hub_on_disk(self.world, folder)
        self.rids = {name: [publish(self.world.nodes[name], f"{name} {at}") for at in range(5)] for name in self._names}
        self.world.settle()
        give_index(self.world.hub, folder)
        self.url = ""
        self._edits = 0

    _names = ("herten", "marl")

    def edit(self) -> None:
        """Change, end and erase one offer each, erase an older version of another, and publish a new one."""
        self._edits += 1
        herten, marl = (self.world.nodes[name] for name in self._names)
        changed, cleaned, ended, erased = (self.rids["herten"].pop(), *(self.rids["marl"].pop(0) for _ in range(3)))
        publish(herten, f"Geändert {self._edits}", changed)
        older = newest_commitment(marl, cleaned)
        publish(marl, f"Ohne Namen {self._edits}", cleaned)
        erase(marl, older)
        withdraw(marl, ended)
        erase(marl, newest_commitment(marl, erased))
        self.rids["herten"].insert(0, changed)
        self.rids["marl"] += [cleaned, *(publish(marl, f"Neu {self._edits}.{at}") for at in range(2))]
        self.settle()

    def settle(self) -> None:
        """Let everybody agree, and the outputs follow."""
        self.world.settle()
        derived_of(self.world.hub).catch_up()

    def lose_outputs(self) -> None:
        """As after a restore: the file of the outputs is gone, and is made anew."""
        hub = self.world.hub
        assert hub.outputs_path is not None
        hub.outputs.reader.close()
        for name in ("", "-wal", "-shm"):
            hub.outputs_path.with_name(hub.outputs_path.name + name).unlink(missing_ok=True)
        derived_of(hub).catch_up()

    def export(self) -> Copy:
        """Return the whole catalogue as the hub gives it out."""
        return by_id(httpx.get(f"{self.url}/catalog.ndjson", timeout=20).content.splitlines())


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("hub"))
    with running(app_of(hub.world.hub)) as url:
        hub.url = url
        yield hub
    hub.world.hub.finder.close()
    close_all(hub.world)


@pytest.fixture(scope="module")
def folder(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_programs(tmp_path_factory.mktemp("programs"), hub.url)


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[Page]:
    """A page of a site that has the programs and is not the hub's."""

    class Files(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(partial(Files, directory=str(folder))) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(site)
        yield page
        browser.close()


# --- both guides -----------------------------------------------------------------------------------------------------


def test_both_guides_hold_the_same_code() -> None:
    english, german = (blocks_of(guide) for guide in GUIDES)

    assert english == german
    assert len(programs("")) >= 12


def test_both_guides_have_the_same_sections_and_tables() -> None:
    english, german = (prose_of(guide).splitlines() for guide in GUIDES)

    for mark in ("#", "|", "- ", "1. "):
        counts = [sum(line.startswith(mark) for line in lines) for lines in (english, german)]
        assert counts[0] == counts[1] > 0, mark


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_leave_out_no_parameter_and_no_format(guide: str) -> None:
    named = set(re.findall(r"`([^`]+)`", prose_of(guide)))

    assert set(PARAMETERS["services"]) - named == set()
    assert {one.path for one in FORMATS} - named == set()


def test_guides_name_no_path_that_is_not_there(hub: Hub) -> None:
    named = {path for guide in GUIDES for path in re.findall(r"`(/[^`<…]*)`", prose_of(guide))}
    answers = {path: httpx.get(f"{hub.url}{path.replace('wait=30', 'wait=0')}", timeout=20).status_code
               for path in named - {"/events"}}  # fmt: skip

    assert len(named) > 15
    assert {path: status for path, status in answers.items() if status not in (200, 401)} == {}


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_tell_the_limits_of_the_program(guide: str) -> None:
    text = prose_of(guide)
    thousands = "." if guide == "ANLEITUNG.md" else ","
    waits = [
        f"{wait} s" if wait < 60 else f"{wait // 60} min" if wait < 3600 else f"{wait // 3600} h"
        for wait in RETRY_SECONDS
    ]

    assert f"{LIMIT_MAX:,}".replace(",", thousands) in text
    assert f"{CURSOR_MAX:,}".replace(",", thousands) in text
    assert f"{WAIT_MAX_SECONDS} " in text
    assert f" {READERS_MAX} " in text
    assert f" {PER_PAGE_MAX}" in text
    assert f" {SUBSCRIBERS_MAX} " in text
    assert f"**{BOUND_SECONDS // 3600} " in text
    assert ", ".join(waits[:-1]) in text


@pytest.mark.parametrize("line", [line for text in shown_by("") for line in text.splitlines()])
def test_commands_are_understood(line: str) -> None:
    name, command, *arguments = shlex.split(line)

    assert name == "kreisweit-verify"
    main_group.commands[command].make_context(command, arguments)


# --- the programs, run as a reader would -----------------------------------------------------------------------------


def write_programs(folder: Path, url: str) -> Path:
    """Write all programs of the guide, which know the address of the hub."""
    for name, text in programs(url).items():
        (folder / name).write_text(text, "utf-8")
    return folder


def run(folder: Path, *command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(folder: Path) -> Copy:
    run(folder, sys.executable, "offers.py")
    return held_in(folder)


def run_curl(folder: Path) -> Copy:
    run(folder, "sh", "offers.sh")
    return by_id((folder / "offers.ndjson").read_bytes().splitlines())


def run_on_server(folder: Path) -> Copy:
    run(folder, NODE, "keep.mjs")
    kept: Copy = json.loads((folder / "offers.json").read_bytes())["offers"]
    return kept


def run_in_browser(page: Page, kept: Any) -> Any:
    sync = "async (kept) => (await import('/offers.mjs')).sync(kept ?? undefined)"
    return page.evaluate(sync, kept)


def held_in(folder: Path) -> Copy:
    return rows_of(folder / "offers.db", "SELECT value FROM kept WHERE id != 'cursor'")


def rows_of(file: Path, query: str) -> Copy:
    with closing(sqlite3.connect(file, timeout=20)) as db:
        return by_id([service for (service,) in db.execute(query)])


def by_id(lines: list[Any]) -> Copy:
    return {service["id"]: service for service in map(json.loads, lines)}


def without_times(copy: Copy) -> Copy:
    """When an offer was modified is not known any more on a list that was made anew."""
    return {key: {name: one[name] for name in one if name != "last_modified"} for key, one in copy.items()}


# --- a copy --------------------------------------------------------------------------------------------------------

STAGES = ("begun", "edited", "rebuilt")


@dataclass
class Story:
    """What the hub gave out, and what each program held, after each stage."""

    exports: dict[str, Copy] = field(default_factory=dict)
    copies: dict[str, dict[str, Copy]] = field(default_factory=dict)
    backups: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(hub: Hub, folder: Path, page: Page) -> Story:
    """Every program runs at the beginning, after edits, and after a hub lost its outputs and was edited again."""
    story, kept = Story(), None
    for stage in STAGES:
        if stage == "rebuilt":
            hub.lose_outputs()
        if stage != "begun":
            hub.edit()
        story.exports[stage] = hub.export()
        kept = run_in_browser(page, kept)
        held = {"Python": run_python(folder), "Node": run_on_server(folder), "browser": kept["offers"]}
        story.copies[stage] = held | ({"curl": run_curl(folder)} if CURL else {})
        story.backups[stage] = (folder / "offers.db").read_bytes()
    return story


needs_curl = pytest.mark.skipif(CURL is None, reason="no curl")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("program", ["Python", "Node", "browser", pytest.param("curl", marks=needs_curl)])
def test_copy_equals_the_catalogue(story: Story, program: str, stage: str) -> None:
    copy, export = story.copies[stage][program], story.exports[stage]

    assert len(export) >= 8
    if stage == "rebuilt":
        assert without_times(copy) == without_times(export)
    else:
        assert copy == export


def test_stages_differ_by_every_kind_of_change(story: Story) -> None:
    before, after = (story.exports[stage] for stage in ("begun", "edited"))

    assert after.keys() - before.keys()
    assert before.keys() - after.keys()
    assert any(before[key] != after[key] for key in before.keys() & after.keys())


def test_copy_goes_on_from_a_backup(story: Story, hub: Hub, tmp_path: Path) -> None:
    write_programs(tmp_path, hub.url)
    (tmp_path / "offers.db").write_bytes(story.backups["begun"])

    assert without_times(run_python(tmp_path)) == without_times(hub.export())


def test_copy_goes_on_at_a_node(story: Story, hub: Hub, tmp_path: Path) -> None:
    node = node_on_disk(hub.world, "marl", tmp_path)
    give_index(node, tmp_path)
    (tmp_path / "offers.db").write_bytes(story.backups["edited"])

    with running(app_of(node)) as url:
        write_programs(tmp_path, url)
        copy = run_python(tmp_path)
    node.finder.close()

    names = {key: one["name"] for key, one in copy.items()}
    assert names == {key: one["name"] for key, one in hub.export().items()}
    assert names.keys() != story.exports["edited"].keys()


@needs_curl
def test_file_is_fetched_again_only_when_the_catalogue_changed(hub: Hub, tmp_path: Path) -> None:
    write_programs(tmp_path, hub.url)
    run_curl(tmp_path)
    before = (tmp_path / "offers.ndjson").stat()

    copy = run_curl(tmp_path)

    assert copy == hub.export()
    assert (tmp_path / "offers.ndjson").stat().st_ino == before.st_ino


def test_ten_lines_are_ten() -> None:
    assert len([line for line in programs("")["offers.py"].splitlines() if line.strip()]) == 10


# --- the program that keeps running ----------------------------------------------------------------------------------


def test_running_program_follows_says_what_was_erased_and_acknowledges(hub: Hub, tmp_path: Path) -> None:
    folder = write_programs(tmp_path, hub.url)
    program = Program(hub)
    made = program.ask("POST", "", {"description": "Website"}).json()
    with started(folder, "follow.py", API_KEY=program.key, SUBSCRIBER=made["id"]):
        assert until(lambda: is_level(folder, hub))
        assert until(lambda: program.show(made["id"])["acknowledged"])
        before = program.show(made["id"])["acknowledged"]
        hub.edit()
        assert until(lambda: is_level(folder, hub))
        assert until(lambda: program.show(made["id"])["acknowledged"] > before)

    assert program.show(made["id"])["erasures"]["owed_since"] is None
    said = (folder / "said").read_text("utf-8").splitlines()
    assert len([line for line in said if line.startswith("also to be deleted")]) >= 2


def test_running_program_waits_as_long_as_it_is_told(hub: Hub, tmp_path: Path) -> None:
    with refusing(hub.url, [503, 429], retry_after=1) as (url, asked):
        folder = write_programs(tmp_path, url)
        with started(folder, "follow.py"):
            assert until(lambda: is_level(folder, hub))

    assert asked[1] - asked[0] >= 1
    assert asked[2] - asked[1] >= 1


def is_level(folder: Path, hub: Hub) -> bool:
    try:
        return rows_of(folder / "catalogue.db", "SELECT service FROM offer") == hub.export()
    except sqlite3.OperationalError:
        return False  # it has not begun yet


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for something that another process does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class Program:
    """An integrator's program at the hub, with a key of its own."""

    def __init__(self, hub: Hub) -> None:
        self._url = f"{hub.url}/subscribers"
        self.key, _ = add_key(hub.world.hub, f"Stadt {hub.world.hub.dice.token(3).hex()}", "technik@stadt.example")

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.request(method, f"{self._url}{path}", json=body, headers=headers, timeout=20)

    def show(self, own: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/{own}").json()
        return found


@needs_curl
def test_subscriber_is_made_and_acknowledges_with_curl(hub: Hub, folder: Path) -> None:
    program = Program(hub)
    made = json.loads(run(folder, "sh", "subscribe.sh", API_KEY=program.key))
    shown = next(block for text in shown_by("json") if "secret" in (block := json.loads(text)))
    cursor = httpx.get(f"{hub.url}/changes?limit=1000", timeout=20).json()["cursor"]

    answer = json.loads(run(folder, "sh", "ack.sh", API_KEY=program.key, SUBSCRIBER=made["id"], CURSOR=cursor))

    assert shown.keys() <= made.keys()
    assert {name: made[name] for name in ("url", "description", "kinds", "state", "erasures")} == {
        name: shown[name] for name in ("url", "description", "kinds", "state", "erasures")
    }
    assert answer["acknowledged"]
    assert program.ask("DELETE", f"/{made['id']}").status_code == 204


@contextmanager
def started(folder: Path, name: str, **environment: str) -> Iterator[None]:
    """Run a program that never ends by itself; what it says goes into the file `said`."""
    with (folder / "said").open("w", encoding="utf-8") as said:
        program = subprocess.Popen(
            [sys.executable, name], cwd=folder, env=os.environ | environment, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        yield
        assert program.poll() is None, (folder / "said").read_text("utf-8")
    finally:
        program.kill()
        program.wait()


@contextmanager
def refusing(hub: str, statuses: list[int], *, retry_after: int) -> Iterator[tuple[str, list[float]]]:
    """Stand before a hub and refuse the first requests; yields the address and when it was asked."""
    left, asked = list(statuses), list[float]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(time.monotonic())
            if left:
                self.send_response(left.pop(0))
                self.send_header("Retry-After", str(retry_after))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = httpx.get(hub + self.path, timeout=60).content
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url, asked


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer requests on a free port of loopback; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# --- asking instead of copying ---------------------------------------------------------------------------------------


@needs_curl
def test_questions_to_the_api_are_understood(folder: Path) -> None:
    *pages, lines = run(folder, "sh", "search.sh").split("\n", 3)

    assert [json.loads(page)["page_number"] for page in pages] == [1, 1, 1]
    assert all("last_modified" in json.loads(line) for line in lines.splitlines() if line)


@needs_curl
def test_changes_are_answered_as_the_guide_shows_them(folder: Path) -> None:
    answer = json.loads(run(folder, "sh", "changes.sh"))

    assert (len(answer["changes"]), answer["more"]) == (2, True)
    shown = json.loads(shown_by("json")[0])
    assert shown.keys() == answer.keys()
    assert shown["changes"][0].keys() == answer["changes"][0].keys()


def test_site_searches_the_hub_by_itself(hub: Hub, page: Page) -> None:
    name = next(iter(hub.export().values()))["name"]

    found = page.evaluate("async (words) => (await import('/search.mjs')).search(words)", name)
    refused = page.evaluate("async () => (await import('/search.mjs')).search('', {day: 'XX'}).catch(String)")

    assert name in {offer["name"] for offer in found}
    assert refused == "Error: a parameter of the query is not valid"


# --- being woken -----------------------------------------------------------------------------------------------------


def test_site_follows_the_stream(hub: Hub, folder: Path, page: Page) -> None:
    page.evaluate("async () => { window.live = await import('/events.mjs'); }")
    before = page.evaluate("live.copy.offers")
    assert before == hub.export()
    hub.edit()

    after = hub.export()
    ids = "(ids) => Object.keys(live.copy.offers).sort().join() == ids"
    page.wait_for_function(ids, arg=",".join(sorted(after)))

    assert page.evaluate("live.copy.offers") == after != before
    page.reload()  # ends the stream


# --- webhooks --------------------------------------------------------------------------------------------------------

SECRET, OTHER = (f"whsec_{base64.b64encode(bytes([fill]) * 32).decode()}" for fill in (7, 8))
BODY = json.dumps({"type": "kreisweit.catalogue", "data": {"note": "– Grüße –"}}, ensure_ascii=False)


def signed(*secrets: str, body: str = BODY, age_seconds: int = 0) -> dict[str, str]:
    """Return the headers of a message as a library writes them that nobody here wrote."""
    moment = datetime.now(UTC) - timedelta(seconds=age_seconds)
    signatures = [Webhook(secret).sign("msg_1", moment, body) for secret in secrets]
    return {
        "webhook-id": "msg_1", "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }  # fmt: skip


def of_another_scheme() -> dict[str, str]:
    headers = signed(SECRET)
    return headers | {"webhook-signature": headers["webhook-signature"].replace("v1", "v2")}


def of_the_hub() -> dict[str, str]:
    return signature_headers([bytes([7]) * 32], "msg_1", seconds=int(time.time()), body=BODY.encode())


MESSAGES: dict[str, tuple[Callable[[], dict[str, str]], bool]] = {
    "of the hub": (of_the_hub, True),
    "genuine": (lambda: signed(SECRET), True),
    "while the secret is changed": (lambda: signed(OTHER, SECRET), True),
    "a little old": (lambda: signed(SECRET, age_seconds=200), True),
    "of somebody else": (lambda: signed(OTHER), False),
    "altered": (lambda: signed(SECRET, body=BODY + " "), False),
    "replayed": (lambda: signed(SECRET, age_seconds=400), False),
    "of the future": (lambda: signed(SECRET, age_seconds=-400), False),
    "under another id": (lambda: signed(SECRET) | {"webhook-id": "msg_2"}, False),
    "of another scheme": (of_another_scheme, False),
    "garbled": (lambda: signed(SECRET) | {"webhook-signature": "v1,%%% v1 ,"}, False),
    "without a signature": (lambda: signed(SECRET) | {"webhook-signature": ""}, False),
    "bare": (dict, False),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_python_tells_genuine_messages(folder: Path, case: str) -> None:
    make, is_genuine = MESSAGES[case]

    assert runpy.run_path(str(folder / "webhook.py"))["is_genuine"](SECRET, make(), BODY.encode()) is is_genuine


@pytest.mark.parametrize("case", MESSAGES)
def test_javascript_tells_genuine_messages(page: Page, case: str) -> None:
    make, is_genuine = MESSAGES[case]

    told = page.evaluate(
        """async ([secret, headers, body]) =>
            (await import('/webhook.mjs')).isGenuine(secret, new Headers(headers), body)""",
        [SECRET, make(), BODY],
    )

    assert told is is_genuine
