"""The demo: makes a district's federation on one computer and shows that it agrees (`deploy/demo`).

Every step is the one a district and its cities take: init, invite, join, approve, import, serve.  The parties are
separate processes with separate directories; they meet only over HTTP on loopback.
"""

from __future__ import annotations

import argparse
import http.client
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from deploy import desks
from hub.enrolment import approve, invite
from hub.notes import newest_note
from hub.opening import close_hub, init_hub, new_settings, open_hub
from hub.party import Hub
from hub.roles import ROLES as HUB_ROLES
from node.importing import import_table
from node.joining import join
from node.opening import close_node, init_node, open_node
from node.roles import ROLES
from shared.accounts.passwords import Passwords
from shared.consume import shown_origins
from shared.errors import KreisweitError
from shared.feed.keys import SigningKey
from shared.holdings import logs
from shared.holdings.catalogue import count_shown
from shared.holdings.edits import count_edits
from shared.holdings.payloads import count_missing
from shared.keyring import load_root_key, write_private
from shared.model.district import DistrictMember
from shared.model.shipped import DEFAULT_DISTRICT, shipped_district
from shared.model.table import read_table

HOST = "127.0.0.1"
NOTICE = "Beispieldaten, nicht aktuell"
DATA = Path(__file__).with_name("data")
ROOT = Path(__file__).parents[1]
PASSPHRASE_FILE = "passphrase"  # noqa: S105 - a file name
_STARTING_SECONDS = 60
_LEVEL_SECONDS = 180


class Federation:
    """The directories, ports and processes of one demo.

    Args:
        folder: holds `hub/` and one directory for each node.
        base_port: the hub's; the nodes follow in the order of the district profile.
        names: take only these members; all by default.
        has_twins: let some members publish offers that another one has, for the district's desk.
        district: name of the profile, one that ships; there is a file of sample offers for each.
    """

    def __init__(
        self,
        folder: Path,
        base_port: int,
        names: Collection[str] | None = None,
        *,
        has_twins: bool = False,
        district: str = DEFAULT_DISTRICT,
    ) -> None:
        self.folder = folder
        self._has_twins = has_twins
        self.base_port = base_port
        self.district = district
        self.offers = (DATA / f"offers-{district}.csv").read_bytes()
        self.members: tuple[DistrictMember, ...] = tuple(
            member for member in shipped_district(district).members if names is None or member.name in names
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def port(self, name: str) -> int:
        """Port of a party."""
        names = ["hub", *(member.name for member in self.members)]
        return self.base_port + names.index(name)

    def host(self, name: str) -> str:
        """Address at which a party listens; the same for all, unless a test keeps them apart."""
        del name
        return HOST

    def program(self, name: str) -> Path:
        """Folder from which a party's program runs; the same for all, unless a test lets some run another version."""
        del name
        return ROOT

    def url(self, name: str) -> str:
        """Base URL of a party."""
        return f"http://{self.host(name)}:{self.port(name)}"

    def home(self, name: str) -> Path:
        """Directory of a party."""
        return self.folder / name

    @property
    def is_made(self) -> bool:
        """Set up before, with `--data`."""
        return (self.folder / "complete").exists()

    @property
    def expected_offers(self) -> int:
        """How many offers the sample of the district holds."""
        return len(read_table(self.offers).rows)

    # --- set-up ------------------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Enrol a node for every member at a new hub and import every city's offers."""
        say("Der Kreis richtet den Hub ein")
        passphrase = secrets.token_urlsafe(24).encode()
        write_private(self.folder / PASSPHRASE_FILE, passphrase + b"\n")
        settings = new_settings(
            self.home("hub"), "hub.kreisweit.example", self.url("hub"), allow_networks=["127.0.0.0/8"], notice=NOTICE,
            webhook_networks=["127.0.0.0/8"], totp_required=False, district=self.district,
        )  # fmt: skip
        hub = init_hub(settings, passphrase)
        self.start("hub")
        self.wait_for("hub")
        password = desks.make_password(self.folder)
        passwords = desks.OneHash(password)
        desks.furnish_hub(hub, password, passwords)
        root = load_root_key(self.home("hub") / "keys" / "root.key", passphrase)
        for member in self.members:
            self._enrol(hub, member, root)
            self._import(member)
            self._furnish(member, password, passwords)
        close_hub(hub)
        if self._has_twins:
            self._publish_twins()
        (self.folder / "complete").touch()

    def _enrol(self, hub: Hub, member: DistrictMember, root: SigningKey) -> None:
        """Invite, join and approve, as two people do over the telephone."""
        node = init_node(
            self.home(member.name), name=member.name, ags=member.ags, title=member.title,
            allow_networks=["127.0.0.0/8"], notice=NOTICE, district=self.district,
        )  # fmt: skip
        code = invite(hub, member.name, member.ags, member.title)
        joined = join(node, code, self.url(member.name))
        desks.allow_passwords_alone(node)
        close_node(node)
        approve(hub, member.name, root)
        say(f"{member.title} ist Mitglied; Fingerabdruck {joined.fingerprint}")

    def _import(self, member: DistrictMember) -> None:
        node = open_node(self.home(member.name))
        result = import_table(node, self.offers, own_only=True)
        close_node(node)
        say(f"{member.title}: {result.created} Angebote eingelesen, {result.refused} abgelehnt")

    def _furnish(self, member: DistrictMember, password: str, passwords: Passwords) -> None:
        node = open_node(self.home(member.name))
        desks.furnish(node, password, passwords)
        close_node(node)

    def _publish_twins(self) -> None:
        """The sample has no offer twice."""
        here = {member.name for member in self.members}
        count = 0
        for source_name, target_name, otherwise in desks.TWINS:
            if {source_name, target_name} <= here:
                source, target = open_node(self.home(source_name)), open_node(self.home(target_name))
                count += desks.publish_twin(source, target, otherwise)
                close_node(source)
                close_node(target)
        say(f"{count} Angebote stehen zur Probe bei zwei Stellen")

    # --- processes ---------------------------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start a party's server; its output goes to `serve.log` in its directory."""
        room = "hub" if name == "hub" else "node"
        command = [
            sys.executable, "-m", room, "--home", str(self.home(name)), "serve", "--host", self.host(name), "--port",
            str(self.port(name)),
        ]  # fmt: skip
        with (self.home(name) / "serve.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own program
                command, cwd=self.program(name), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def wait_for(self, name: str) -> None:
        """Wait until a party answers; ends the demo when it does not start."""
        deadline = time.monotonic() + _STARTING_SECONDS
        while time.monotonic() < deadline:
            if self._processes[name].poll() is not None:
                break
            if self._answers(name):
                return
            time.sleep(0.1)
        log = (self.home(name) / "serve.log").read_text("utf-8", "replace")
        raise SystemExit(f"{name} startet nicht auf {self.url(name)}:\n{log[-2000:]}")

    def _answers(self, name: str) -> bool:
        connection = http.client.HTTPConnection(self.host(name), self.port(name), timeout=2)
        with closing(connection), suppress(OSError):
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        return False

    def stop(self, name: str) -> None:
        """End one party and wait for it."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop_all(self) -> None:
        """End every party and wait for it."""
        for process in self._processes.values():
            process.terminate()
        for name in list(self._processes):
            self.stop(name)

    def process_id(self, name: str) -> int:
        """Process number of a running party."""
        return self._processes[name].pid

    # --- looking -----------------------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """Read every party's own view of itself, the hub first."""
        return [_hub_line(self.home("hub")), *(_node_line(self.home(member.name)) for member in self.members)]

    def start_all(self) -> None:
        """Set up, or go on with what is there, and start every party."""
        if self.is_made:
            say("Es geht mit den vorhandenen Daten weiter")
            self.start("hub")
        else:
            self.make()
        say("Die Knoten starten")
        for member in self.members:
            self.start(member.name)
        for name in ("hub", *(member.name for member in self.members)):
            self.wait_for(name)

    def wait_until_level(self) -> list[Line]:
        """Wait until all hold the same complete catalogue, three minutes at most; return the last look."""
        deadline, shown = time.monotonic() + _LEVEL_SECONDS, ""
        while True:
            lines = self.lines()
            text = f"{sum(1 for line in lines if line.agrees_with(lines[0]))} von {len(lines)} haben denselben Katalog"
            if text != shown:
                say(text)
                shown = text
            if is_level(lines) or time.monotonic() > deadline:
                return lines
            time.sleep(0.5)


class Line(NamedTuple):
    """What one party says: offers (own ones; the hub: all), size of its own log, digest and gaps of the catalogue."""

    name: str
    offers: int
    size: int
    digest: str
    missing: int

    def agrees_with(self, other: Line) -> bool:
        """Both hold the same complete catalogue."""
        return bool(self.digest) and self.digest == other.digest and not self.missing

    def __str__(self) -> str:
        return f"{self.name} {self.offers} {self.size} {self.digest or '-'}"


def is_level(lines: list[Line]) -> bool:
    """All digests are equal, nothing is missing, and every city's offers are in the catalogue."""
    hub, *nodes = lines
    return all(line.agrees_with(hub) for line in lines) and hub.offers == sum(line.offers for line in nodes)


def _hub_line(home: Path) -> Line:
    hub = open_hub(home)
    try:
        with hub.db.read() as conn:
            said = newest_note(conn)
            held = {row.origin: row for row in logs.load_logs(conn)}
            shown = [] if said is None else shown_origins(said)
            offers = sum(count_shown(conn, shown).values())
            missing = sum(count_missing(conn, held[origin].id) for origin in shown)
            digest = "" if said is None else said.digest.hex()
            return Line("hub", offers, held[hub.settings.origin].size, digest, missing)
    finally:
        close_hub(hub)


def _node_line(home: Path) -> Line:
    node = open_node(home)
    try:
        standing = node.consumer.standing()
        with node.db.read() as conn:
            row = logs.load_log(conn, node.settings.origin)
            offers = logs.count_live(conn, row.id, kind="offer") + count_edits(conn)
        digest = standing.digest if standing is not None and standing.agrees else ""
        return Line(node.settings.name, offers, row.size, digest, 0 if standing is None else standing.missing)
    finally:
        close_node(node)


def say(text: str) -> None:
    """Show progress; the result alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def explain(federation: Federation) -> None:
    """Print the addresses and what to look at."""
    town = next(member.name for member in federation.members if member.town)
    print(f"\nHub des Kreises      {federation.url('hub')}/")
    print(f"  Mitglieder         {federation.url('hub')}/mitglieder")
    for member in federation.members:
        print(f"{member.title:<20} {federation.url(member.name)}/")
    print(
        "\nArbeitsbereich jeder Stadt: ihre Adresse mit /pult. Anmeldename ist die Rolle:\n"
        f"  {', '.join(role.code for role in ROLES)}; Passwort überall: {desks.load_password(federation.folder)}\n"
        f"  zum Beispiel {federation.url(town)}/pult als redaktion\n"
        f"Arbeitsbereich des Kreises: {federation.url('hub')}/pult als {', '.join(role.code for role in HUB_ROLES)}\n"
        f"  zum Beispiel als kurator: {federation.url('hub')}/pult/doppelte"
    )
    print(
        "\nZum Ausprobieren:\n"
        "  Jede Seite zeigt alle Angebote des Kreises, auch wenn der Hub nicht läuft.\n"
        f"  .venv/bin/kreisweit-node --home {federation.home(town)} offers\n"
        f"  .venv/bin/kreisweit-node --home {federation.home(town)} withdraw ID --reason beendet\n"
        f"  .venv/bin/kreisweit-hub --home {federation.home('hub')} members\n"
        f"{NOTICE}. Beenden mit Strg-C.",
        flush=True,
    )


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="deploy/demo", description="Hub und Knoten eines Kreises auf diesem Rechner")
    parser.add_argument("--once", action="store_true", help="eine Zeile je Stelle ausgeben und enden")
    parser.add_argument("--port", type=int, default=8100, metavar="BASE", help="Port des Hubs; die Knoten folgen")
    parser.add_argument("--data", type=Path, metavar="DIR", help="Verzeichnis, das bleibt und wieder verwendet wird")
    parser.add_argument(
        "--district", default=DEFAULT_DISTRICT, metavar="NAME", help="Kreisprofil: recklinghausen oder heinsberg"
    )
    return parser.parse_args()


@contextmanager
def data_folder(wanted: Path | None) -> Iterator[Path]:
    """Yield the directory to work in; one of our own is removed afterwards."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="kreisweit-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(federation: Federation, *, once: bool) -> int:
    """Set up or go on, start everything, show it."""
    federation.start_all()
    lines = federation.wait_until_level()
    for line in lines:
        print(line, flush=True)
    level = is_level(lines)
    if not level:
        say("Die Kataloge sind nicht gleich")
    if once:
        return 0 if level and lines[0].offers == federation.expected_offers else 1
    explain(federation)
    signal.pause()
    return 0


def main() -> int:
    """Run the demo until it is done or interrupted."""
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with data_folder(arguments.data) as folder:
        try:
            federation = Federation(folder, arguments.port, has_twins=not arguments.once, district=arguments.district)
        except (KreisweitError, OSError) as error:
            say(error.message if isinstance(error, KreisweitError) else f"Beispielangebote fehlen: {error.filename}")
            return 1
        try:
            return run(federation, once=arguments.once)
        except KreisweitError as error:
            say(f"{error.message} {error.advice}".strip())
            return 1
        except KeyboardInterrupt:
            say("\nBeendet")
            return 0
        finally:
            federation.stop_all()


if __name__ == "__main__":
    sys.exit(main())
