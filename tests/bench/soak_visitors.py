"""The readers of a soak run: visitors at a steady rate at all parties, and integrators who verify what they read."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from shared.clock import SystemClock
from shared.feed.outcomes import Code
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from shared.verify.copy import CopySettings, LocalCopy, first_roots, make_copy, opened_copy
from tests.bench.soak_judging import Answer

LOOPBACK = "127.0.0.0/8"
WORDS = (
    "sprachkurs", "beratung", "kinderbetreuung", "deutsch lernen", "hilfe behörde", "frauen", "sport", "wohnung",
    "language course", "курси", "دورة لغة", "sprachkrus", "jugend", "sprechstunde",
)  # fmt: skip
FILTERS = ("", "&thema=sprache", "&besonders=neu", "&tag=di", "&plz=45770&km=10", "&kostenfrei=ja")
PAGES = ("/", "/angebote?seite=2", "/verbund", "/angebote?lang=uk", "/vertrauen")
FEEDS = ("/catalogue", "/roster", "/changes?limit=20&after=0")
_TIMEOUT_SECONDS = 30
_GOOD = {Code.OK, Code.OK_UNCHANGED, Code.STALE}
_LATE = {Code.E_FETCH}


class Connection:
    """One connection to one party that stays open; made anew where the server closed it for being idle."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body; OSError or HTTPException where none came, twice in a row."""
        for attempt in (1, 2):
            try:
                self._http.request("GET", path, headers={"Accept": "text/html,application/json"})
                answer = self._http.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._http.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def close(self) -> None:
        self._http.close()


class Visitors(threading.Thread):
    """One thread that asks all parties in turn, so many times a second; what is late is not made up for.

    Args:
        ports: of each party.
        offers: ids of offers to look at; others may fill it while the thread runs.
    """

    def __init__(self, ports: Mapping[str, int], rate: float, offers: Sequence[str], began: float, seed: int) -> None:
        super().__init__(name=f"visitors-{seed}", daemon=True)
        self.answers: list[Answer] = []
        self._connections = {party: Connection(port) for party, port in ports.items()}
        self._offers = offers
        self._pause = 1 / rate
        self._began = began
        self._dice = random.Random(seed)
        self._ended = threading.Event()

    def run(self) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            party = self._dice.choice(list(self._connections))
            self.answers.append(self._ask(party, *self._question()))
            due = max(due + self._pause, time.monotonic() - self._pause)
            self._ended.wait(max(0.0, due - time.monotonic()))
        for connection in self._connections.values():
            connection.close()

    def stop(self) -> None:
        self._ended.set()
        self.join(2 * _TIMEOUT_SECONDS)

    def _question(self) -> tuple[str, str]:
        kind = self._dice.random()
        if kind < 0.5:
            fresh = f"&neu={self._dice.getrandbits(30)}" if kind < 0.2 else ""
            return "search", f"/angebote?q={quote(self._dice.choice(WORDS))}{self._dice.choice(FILTERS)}{fresh}"
        if kind < 0.8 and self._offers:
            return "offer", f"/angebote/{self._dice.choice(self._offers)}"
        return ("page", self._dice.choice(PAGES)) if kind < 0.93 else ("feed", self._dice.choice(FEEDS))

    def _ask(self, party: str, kind: str, path: str) -> Answer:
        began = time.monotonic()
        try:
            status, _ = self._connections[party].get(path)
        except (OSError, http.client.HTTPException) as error:
            status, path = 0, f"{path} ({type(error).__name__})"
        now = time.monotonic()
        return Answer(round(began - self._began, 2), party, kind, round(1000 * (now - began), 1), status, path)


class Integrators(threading.Thread):
    """Two copies of the hub's catalogue, brought level again and again: one by `/changes`, one that verifies all.

    `mismatches` says what they found wrong; an answer that is merely late is none.
    """

    def __init__(self, port: int, home: Path, every_seconds: float) -> None:
        super().__init__(name="integrators", daemon=True)
        self.mismatches: list[str] = []
        self.offers: list[str] = []
        self.rounds = 0
        self.late = 0
        self._hub = f"http://127.0.0.1:{port}"
        self._port = port
        self._home = home
        self._every = every_seconds
        self._cursor = "0"
        self._held: dict[str, dict[str, object]] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        clock = SystemClock()
        web = HttpClient(NetSettings(allow_networks=(LOOPBACK,)), clock)
        roots, threshold = first_roots(self._hub, web)
        settings = CopySettings(self._hub, roots, threshold, (LOOPBACK,))
        make_copy(self._home, settings)
        with opened_copy(self._home, settings, clock, web) as copy:
            while not self._ended.is_set():
                self.follow(copy)
                self._ended.wait(self._every)
            self.follow(copy)
            self._compare(copy)
        web.close()

    def stop(self) -> None:
        """Follow once more, compare both copies, and end."""
        self._ended.set()
        self.join(4 * _TIMEOUT_SECONDS)
        if self.is_alive() or not self.rounds:
            self.mismatches.append("the integrators did not come to an end")

    def follow(self, copy: LocalCopy) -> None:
        """Bring both level."""
        done = copy.follow()
        if done.code in _LATE:
            self.late += 1
        elif done.code not in _GOOD:
            self.mismatches.append(f"{done.code} {done.message}")
        try:
            self._read_changes()
        except (OSError, http.client.HTTPException):
            self.late += 1
        self.offers[:] = list(self._held)
        self.rounds += 1

    def _read_changes(self) -> None:
        connection, more = Connection(self._port), True
        while more:
            status, body = connection.get(f"/changes?limit=1000&after={self._cursor}")
            if status != 200:
                raise http.client.HTTPException(f"/changes answers {status}")
            page = json.loads(body)
            for change in page["changes"]:
                rid = change["id"].replace("-", "")
                if "service" in change:
                    self._held[rid] = change["service"]
                else:
                    self._held.pop(rid, None)
            self._cursor, more = page["cursor"], page["more"]
        connection.close()

    def _compare(self, copy: LocalCopy) -> None:
        """Both copies must show the same offers by the same names."""
        verified = {shown.rid.hex(): json.loads(shown.body)["doc"]["name"] for shown in copy.shown(kind="offer")}
        followed = {rid: service["name"] for rid, service in self._held.items()}
        for rid in sorted(verified.keys() | followed.keys()):
            if verified.get(rid) != followed.get(rid):
                text = f"offer {rid}: /changes says {followed.get(rid)!r}, the verified copy {verified.get(rid)!r}"
                self.mismatches.append(text)

    def still_named(self, persons: Sequence[str]) -> list[str]:
        """Return which of these persons the copy of `/changes` names."""
        text = json.dumps(list(self._held.values()), ensure_ascii=False)
        return [person for person in persons if person in text]
