"""A bare Debian 12 in a folder: set up by debootstrap, booted with its own systemd and its own network.

Needs root, `debootstrap` and `systemd-nspawn`.  With KREISWEIT_TEST_DEBIAN=FILE.tar the fresh system is kept there and
unpacked the next time instead of being fetched again.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

TOOLS = ("debootstrap", "systemd-nspawn", "nsenter")
ADDRESS = "5.45.96.220"
"""A public one, so that the guard against private addresses is as ever; only the machine's own network knows it."""
_PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates"
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_SETTLE_SECONDS = 60
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Answers = Sequence[tuple[str, str]]
"""What a person types: the end of what the terminal shows, as a pattern, and the line."""


def missing() -> str:
    """Say why no such machine can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "only root can boot a machine in a folder"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {', '.join(lacking)} (apt-get install debootstrap systemd-container)" if lacking else ""


def mirror() -> str:
    """Where this computer has its own packages from."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return next(address for address in found if "security" not in address)


class Machine:
    """One computer; `prepare` it, `boot` it, type at its terminal, and `end` it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._init = 0

    def make(self) -> None:
        """Set up the system as Debian's installer leaves it, with this computer's way to the network."""
        kept = os.environ.get("KREISWEIT_TEST_DEBIAN", "")
        self.root.mkdir()
        if kept and Path(kept).exists():
            _run("tar", "-C", str(self.root), "-xf", kept)
        else:
            _run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(self.root), mirror())
            if kept:
                _run("tar", "-C", str(self.root), "-cf", kept, ".")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        # Where a firewall looks into TLS, its authority is already among this computer's.
        shutil.copy(_AUTHORITIES, self.root / "usr/local/share/ca-certificates/this-computer.crt")
        shutil.copy(_AUTHORITIES, self.root / _AUTHORITIES.relative_to("/"))

    def path(self, inside: str) -> Path:
        """Where a file of the machine is, seen from here."""
        return self.root / inside.lstrip("/")

    def prepare(self, script: str, *, folder: str) -> None:
        """Run a script while the machine is off, with this computer's network: what an installation fetches."""
        command = [
            *self._spawn("--setenv=SYSTEMD_OFFLINE=1", f"--setenv=PIP_CERT={_AUTHORITIES}", f"--chdir={folder}"),
            "--setenv=DEBIAN_FRONTEND=noninteractive", "bash", "-euxo", "pipefail", "-c", script,
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=600, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

    def boot(self, names: Sequence[str]) -> None:
        """Start systemd in a network of its own in which these names lead to the machine itself."""
        self.path("etc/hosts").write_text(f"127.0.0.1 localhost\n{ADDRESS} {' '.join(names)}\n", "utf-8")
        self._nspawn = subprocess.Popen(
            self._spawn("--boot", "--private-network"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._init = self._wait_for_init(self._nspawn.pid)
        self._wait_until_up()
        _run("nsenter", "-t", str(self._init), "-n", "ip", "link", "set", "lo", "up")
        _run("nsenter", "-t", str(self._init), "-n", "ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")

    def type(self, script: str, *, folder: str = "/", answers: Answers = ()) -> str:
        """Run a script at the machine's terminal and return what it showed; AssertionError when it failed."""
        code, shown = self.attempt(script, folder=folder, answers=answers)
        assert code == 0, shown[-6000:]
        return shown

    def attempt(self, script: str, *, folder: str = "/", answers: Answers = ()) -> tuple[int, str]:
        """As `type`, and return also how it ended."""
        command = [
            "setsid", "--ctty", "--wait", "nsenter", "-t", str(self._init), "-a", f"--wdns={folder}",
            "env", "-i", f"PATH={_PATH}", "HOME=/tmp", "LANG=C.UTF-8", "TERM=dumb", "COLUMNS=200",
            "bash", "-euo", "pipefail", "-c", script,
        ]  # fmt: skip
        here, there = pty.openpty()
        process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there)
        os.close(there)
        try:
            shown = _converse(here, answers, time.monotonic() + 180)
        finally:
            os.close(here)
            process.send_signal(signal.SIGHUP) if process.poll() is None else None
        return process.wait(30), shown

    def end(self) -> None:
        """Switch it off, as a power cut does."""
        if self._nspawn is None:
            return
        self._nspawn.kill()
        if self._init:
            try:
                os.kill(self._init, signal.SIGKILL)
            except ProcessLookupError:
                self._init = 0
        self._nspawn.wait(30)
        self._nspawn = None

    def _spawn(self, *options: str) -> list[str]:
        quiet = ("--quiet", "--register=no", "--keep-unit", "--console=pipe")
        return ["systemd-nspawn", *quiet, f"--directory={self.root}", "--machine=kreisweit-test", *options]

    def _wait_until_up(self) -> None:
        until = time.monotonic() + _SETTLE_SECONDS
        while self.attempt("systemctl is-system-running")[1].strip() not in ("running", "degraded"):
            assert time.monotonic() < until, self.attempt("systemctl list-jobs; systemctl --failed")[1]
            time.sleep(0.5)

    def _wait_for_init(self, pid: int) -> int:
        until = time.monotonic() + _SETTLE_SECONDS
        children = Path(f"/proc/{pid}/task/{pid}/children")
        while time.monotonic() < until:
            for child in children.read_text("ascii").split():
                if Path(f"/proc/{child}/comm").read_text("ascii").strip() == "systemd":
                    return int(child)
            time.sleep(0.1)
        pytest.fail("systemd did not start in the folder")


def _converse(terminal: int, answers: Answers, until: float) -> str:
    """Read a terminal to its end; type an answer where what it shows ends with its question."""
    shown, asked_at = "", 0
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # the other side is closed: Linux says EIO
            break
        if not piece:
            break
        shown += piece.decode("utf-8", "replace").replace("\r\n", "\n")
        for pattern, line in answers:
            if re.search(pattern + r"\s*\Z", shown[asked_at:]):
                os.write(terminal, line.encode() + b"\n")
                asked_at = len(shown)
                break
    return shown


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
