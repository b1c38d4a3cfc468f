"""The people of a soak run who work: editors at the desks over HTTP, imports, erasures and backups by command."""

from __future__ import annotations

import csv
import http.client
import io
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

from deploy.federation import Federation
from tests.bench.measure import ROOT

_TIMEOUT_SECONDS = 60
_DEEDS = {"change": 50, "publish": 15, "withdraw": 12, "import": 8, "erase": 3}
_LETTERS = "abdefgiklmnoprstu"


class FormReader(HTMLParser):
    """Reads what a browser would send of the form with this id: fields with their values, ticked boxes, choices."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._form_id = form_id
        self._is_inside = False
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._is_inside = given.get("id") == self._form_id
        elif not self._is_inside:
            return
        elif tag == "textarea":
            self._area = name
            self.fields.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self.fields.append((self._select, value))
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.fields.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._area:
            name, text = self.fields.pop()
            self.fields.append((name, text + data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            name, text = self.fields.pop()
            self.fields.append((name, text.removeprefix("\n")))  # as browsers do
            self._area = ""
        elif tag == "form":
            self._is_inside = False


class DeskError(Exception):
    """The desk did not do what it was asked for."""


class DeskSession:
    """One editor who is signed in at one node's desk."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        self.post("/pult/anmelden", [("name", "redaktion"), ("password", password), ("weiter", "/pult")])

    def get(self, path: str) -> str:
        status, _, body = self._ask("GET", path, None)
        if status != 200:
            raise DeskError(f"GET {path} answers {status}")
        return body

    def post(self, path: str, fields: list[tuple[str, str]]) -> str:
        """Send a form that leads on to another page; returns its address."""
        status, location, _ = self._ask("POST", path, urlencode(fields))
        if status != 303:
            raise DeskError(f"POST {path} answers {status}")
        return location

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Accept": "text/html", "Origin": f"http://127.0.0.1:{self._port}"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                name, _, value = line.partition(";")[0].partition("=")
                self._cookies[name] = value
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()


class Staff(threading.Thread):
    """One thread that lets somebody at some node do something every few seconds, and makes a backup now and then.

    Offers of the sample are only changed; withdrawn is what was published here, so the catalogue stays about as large.

    Args:
        folder: for files of its own.
    """

    def __init__(
        self,
        federation: Federation,
        password: str,
        folder: Path,
        every_seconds: float,
        backup_seconds: float,
        seed: int,
    ) -> None:
        super().__init__(name="staff", daemon=True)
        self.edits: Counter[str] = Counter()
        self.errors: list[str] = []
        self.erased: list[str] = []
        self._federation = federation
        self._password = password
        self._folder = folder
        self._every = every_seconds
        self._backup_every = backup_seconds
        self._dice = random.Random(seed)
        self._desks: dict[str, DeskSession] = {}
        self._published: list[tuple[str, str]] = []
        self._persons: list[tuple[str, str]] = []
        self._rows = list(csv.DictReader(io.StringIO(federation.offers.decode("utf-8-sig")), delimiter=";"))
        self._ended = threading.Event()

    def run(self) -> None:
        backup_due = time.monotonic() + self._backup_every / 2
        while not self._ended.wait(self._every):
            self.do(self._dice.choices(list(_DEEDS), list(_DEEDS.values()))[0])
            if time.monotonic() >= backup_due:
                backup_due = time.monotonic() + self._backup_every
                self.do("backup")

    def stop(self) -> None:
        self._ended.set()
        self.join(3 * _TIMEOUT_SECONDS)

    def do(self, deed: str) -> None:
        """Do it at some node; what does not work is kept in `errors`."""
        name = self._dice.choice(self._federation.members).name
        try:
            if getattr(self, "_" + deed)(name):
                self.edits[deed] += 1
        except (DeskError, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
            self.errors.append(f"{deed} at {name}: {error}")

    def _change(self, name: str) -> bool:
        desk = self._desk(name)
        rid = self._dice.choice(self._ids(desk))
        path = f"/pult/angebote/{rid}/bearbeiten"
        fields = dict.fromkeys(["summary"], f"Stand {self._dice.getrandbits(40):x} der Probe unter Last.")
        desk.post(path, self._filled(desk.get(path), fields))
        return True

    def _publish(self, name: str) -> bool:
        desk = self._desk(name)
        source = desk.get(f"/pult/angebote/{self._dice.choice(self._ids(desk))}/bearbeiten")
        named = {"name": f"Angebot {self._word(9)} der Probe", "mark": ""}
        location = desk.post("/pult/angebote/neu", self._filled(source, named))
        found = re.search(r"/pult/angebote/([0-9a-f]{32})", location)
        if found is None:
            raise DeskError(f"publishing led to {location}")
        self._published.append((name, found[1]))
        return True

    def _withdraw(self, _name: str) -> bool:
        if not self._published:
            return False
        name, rid = self._published.pop(0)
        desk = self._desk(name)
        token = re.search(r'name="csrf_token" value="([^"]*)"', desk.get(f"/pult/angebote/{rid}"))
        fields = [("csrf_token", token[1] if token else ""), ("grund", "beendet")]
        desk.post(f"/pult/angebote/{rid}/zurueckziehen", fields)
        return True

    def _import(self, name: str) -> bool:
        """A table of one row whose text names a person, for a later erasure."""
        own = [row for row in self._rows if row["stadt"] == self._rows_title(name)]
        person = f"Erika {self._word(10).title()}"
        row = {**self._dice.choice(own), "angebot": f"Angebot {self._word(9)} mit Ansprechperson"}
        row["beschreibung"] = f"Beratung bei {person} im Rathaus, ohne Anmeldung."
        path = self._folder / "import.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(row), delimiter=";")
            writer.writeheader()
            writer.writerow(row)
        self._command(name, "import", str(path))
        self._persons.append((name, person))
        return True

    def _erase(self, _name: str) -> bool:
        if not self._persons:
            return False
        name, person = self._persons.pop(0)
        self._command(name, "erase", "--person", person, "--yes")
        self.erased.append(person)
        return True

    def _backup(self, name: str) -> bool:
        place = self._dice.choice(["hub", name])
        home = self._federation.home(place)
        if "backup_recipient" not in (home / ("hub.toml" if place == "hub" else "node.toml")).read_text("utf-8"):
            passphrase = self._folder / "passphrase"
            passphrase.write_text("invented for the bench\n", encoding="ascii")
            out = str(self._folder / f"{place}-identity.age")
            self._command(place, "backup", "key", "--out", out, "--passphrase-file", str(passphrase))
        self._command(place, "backup", "now")
        return True

    # --- tools -------------------------------------------------------------------------------------------------------

    def _desk(self, name: str) -> DeskSession:
        if name not in self._desks:
            self._desks[name] = DeskSession(self._federation.port(name), self._password)
        return self._desks[name]

    def _ids(self, desk: DeskSession) -> list[str]:
        """Published offers on the first page of the list that this run may change."""
        ended = {rid for _, rid in self._published}
        found = re.findall(r'"/pult/angebote/([0-9a-f]{32})"', desk.get("/pult/angebote?zustand=published"))
        ids = [rid for rid in dict.fromkeys(found) if rid not in ended]
        if not ids:
            raise DeskError("the list of offers is empty")
        return ids

    def _filled(self, page: str, changed: Mapping[str, str]) -> list[tuple[str, str]]:
        reader = FormReader("angebot")
        reader.feed(page)
        kept = [(name, value) for name, value in reader.fields if name not in changed and name != "aktion"]
        return [*kept, *changed.items(), ("aktion", "veroeffentlichen")]

    def _rows_title(self, name: str) -> str:
        return next(member.title for member in self._federation.members if member.name == name).removeprefix("Stadt ")

    def _word(self, letters: int) -> str:
        return "".join(self._dice.choice(_LETTERS) for _ in range(letters))

    def _command(self, place: str, *arguments: str) -> None:
        room = "hub" if place == "hub" else "node"
        command = [sys.executable, "-m", room, "--home", str(self._federation.home(place)), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
        if done.returncode != 0:
            raise DeskError(f"{' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr[-300:]}")
