"""The operators' handbook, word for word, on a bare Debian 12 with its own systemd: install, join, lose, restore."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.debian import Machine, missing

ROOT = Path(__file__).parents[2]
PROGRAM = "/opt/unpacked"
HUB, NODE = "hub.kreisweit.example", "angebote.herten.example"
PASSPHRASE = "neun alte Eichen rauschen"
ANSWERS = (
    (r"(Passphrase[^\n]*|noch einmal):", PASSPHRASE),
    (r"\[j/N\]:", "j"),
)
_HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^\S{20,}$", re.MULTILINE)


def handbook() -> dict[str, list[str]]:
    """The commands of the German part, block by block, below their headings."""
    german = (ROOT / "deploy/README.md").read_text("utf-8").partition("## Deutsch")[2].partition("## English")[0]
    _, *parts = _HEADING.split(german)
    return {heading: _BLOCK.findall(text) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


STEPS = handbook()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A computer on which the handbook was followed to the end of *Einspielen*."""
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("debian")
    machine = Machine(folder / "root")
    machine.make()
    copy_program(machine)
    machine.prepare("apt-get update -q; update-ca-certificates", folder=PROGRAM)
    (install,) = STEPS["Einspielen"]
    machine.prepare(install, folder=PROGRAM)
    put_certificates(machine, folder)
    try:
        machine.boot([HUB, NODE])
        machine.type("systemctl restart caddy")
        yield machine
    finally:
        machine.end()
        shutil.rmtree(folder, ignore_errors=True)


def copy_program(machine: Machine) -> None:
    """What a clone holds, as it is here and now."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            target = machine.path(f"{PROGRAM}/{name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)


def put_certificates(machine: Machine, folder: Path) -> None:
    """The city's own authority instead of Let's Encrypt, as the handbook and the Caddyfile describe it."""
    authority = Authority(folder)
    authority.save(machine.path("usr/local/share/ca-certificates/stadt.crt"))
    caddyfile = machine.path("etc/caddy/Caddyfile")
    text = caddyfile.read_text("utf-8")
    for name in (HUB, NODE):
        certificate = machine.path(f"etc/caddy/{name}.pem")
        shutil.copy(authority.issue(name), certificate)
        certificate.chmod(0o644)
        inside = f"/etc/caddy/{name}.pem"
        text = text.replace(f"\n{name} {{\n", f"\n{name} {{\n\ttls {inside} {inside}\n")
    caddyfile.write_text(text, "utf-8")
    machine.prepare("update-ca-certificates", folder="/")


def follow(machine: Machine, block: str) -> str:
    return machine.type(block, folder=PROGRAM, answers=ANSWERS)


def give_disk(machine: Machine, room: str, name: str) -> None:
    """A second disk for backups, where the handbook wants it."""
    place = f"/var/lib/kreisweit/{name}/backups"
    user = f"kreisweit-{room}"
    machine.type(
        f"install -d -m 700 -o {user} -g {user} /var/lib/kreisweit/{name} {place};"
        f" mount -t tmpfs -o size=64m,mode=700,uid=$(id -u {user}),gid=$(id -g {user}) tmpfs {place}"
    )


def status(machine: Machine, name: str) -> dict[str, Any]:
    shown = machine.type(f"kreisweit {name} status --json 2>/dev/null")
    read: dict[str, Any] = json.loads(shown)
    return read


def wait_for(is_so: Callable[[], bool], *, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(1)


def is_level(machine: Machine) -> bool:
    """Whether hub and node show the same catalogue, with something in it."""
    hub, node = status(machine, "hub"), status(machine, "herten")
    return bool(hub["records"]) and hub["digest"] == node["catalogue_digest"]


@pytest.mark.slow
def test_handbook_leads_to_a_federation_that_survives_the_loss_of_a_node(machine: Machine) -> None:
    give_disk(machine, "hub", "hub")
    give_disk(machine, "node", "herten")
    hub, invite = STEPS["Den Hub anlegen (nur beim Kreis)"]
    node, approve = STEPS["Einen Knoten anlegen und beitreten"]

    follow(machine, hub)
    code = _CODE.findall(follow(machine, invite))[-1]
    follow(machine, node.replace("CODE", code))
    follow(machine, approve)
    wait_for(lambda: status(machine, "herten")["state"] == "active")

    follow(machine, *STEPS["Wie lange Protokolle bleiben"])
    (look,) = STEPS["Nachsehen"]
    wait_for(lambda: machine.attempt(look, folder=PROGRAM)[0] == 0)
    wait_for(lambda: machine.attempt("kreisweit hub doctor")[0] == 0)

    machine.type(
        "install -m 644 deploy/data/offers-recklinghausen.csv /var/lib/kreisweit/offers.csv;"
        " kreisweit herten import /var/lib/kreisweit/offers.csv --own-only",
        folder=PROGRAM,
    )
    wait_for(lambda: is_level(machine))
    machine.type("systemctl start kreisweit-node-backup@herten")
    held = status(machine, "herten")

    machine.type("systemctl kill --signal=KILL kreisweit-node@herten; systemctl stop kreisweit-node@herten")
    machine.type("rm /var/lib/kreisweit/herten/*.db*")
    (restore,) = STEPS["Zurückholen"]
    follow(machine, restore)

    wait_for(lambda: status(machine, "herten")["state"] == "active" and is_level(machine))
    assert status(machine, "herten")["size"] >= held["size"]

    (upgrade,) = STEPS["Neue Fassung"]
    install, _, rest = upgrade.partition("\n")
    assert install in STEPS["Einspielen"][0]  # done already, and there is no network here
    follow(machine, rest)
    wait_for(lambda: machine.attempt(look, folder=PROGRAM)[0] == 0)


@pytest.mark.slow
def test_killed_service_is_started_again_by_systemd(machine: Machine) -> None:
    def main_process() -> str:
        return machine.type("systemctl show --property=MainPID --value kreisweit-hub").strip()

    before = main_process()
    machine.type("systemctl kill --signal=KILL kreisweit-hub")

    wait_for(lambda: main_process() not in ("0", before))
    wait_for(lambda: machine.attempt("systemctl is-active kreisweit-hub")[0] == 0)
