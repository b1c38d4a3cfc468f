"""A small network of its own for real processes: each party in a network namespace, all on one bridge, and its faults.

Nothing of the machine's own network is touched: the bridge and all cables are made inside namespaces, which have no way
out.  Needs root and `ip`; some faults need `nft`.  The names hold this process's number, and `close` deletes them.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NETWORK = "10.83.0.0/24"
_ADDRESS = "10.83.0.{}"
_NEW_NETWORK = 0x4000_0000  # CLONE_NEWNET
_FOLDER = Path("/run/netns")
_TABLE = "inet fault"


def why_not() -> str:
    """Return why there can be no namespaces here; empty where there can."""
    if os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "network namespaces need ip (Debian: iproute2)"
    name = f"kw{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        bridge = ["ip", "-n", name, "link", "add", "br0", "type", "bridge"]
        made = subprocess.run(bridge, capture_output=True, text=True, check=False)
        subprocess.run(["ip", "netns", "del", name], check=False)
    return f"network namespaces are not allowed here: {made.stderr.strip()}" if made.returncode else ""


def has_nft() -> bool:
    """Tell whether packets can be chosen from."""
    return shutil.which("nft") is not None


class Network:
    """One bridge and the namespaces at it."""

    def __init__(self) -> None:
        self._prefix = f"kw{os.getpid()}"
        self._switch = f"{self._prefix}-switch"
        self._names: list[str] = []
        _run("ip", "netns", "add", self._switch)
        _run("ip", "-n", self._switch, "link", "add", "br0", "type", "bridge")
        _run("ip", "-n", self._switch, "link", "set", "br0", "up")

    def add(self, name: str) -> None:
        """Make a namespace with its cable to the bridge."""
        self._names.append(name)
        space, port = self._space(name), self._port(name)
        _run("ip", "netns", "add", space)
        _run("ip", "-n", self._switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "-n", self._switch, "link", "set", port, "master", "br0", "up")
        _run("ip", "-n", space, "address", "add", f"{self.address(name)}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _run("ip", "-n", space, "link", "set", link, "up")

    def address(self, name: str) -> str:
        return _ADDRESS.format(1 + self._names.index(name))

    def close(self) -> None:
        """Delete all of it; processes inside must have ended."""
        for space in [*map(self._space, self._names), self._switch]:
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Let sockets that this thread opens, and processes that it starts, belong to this namespace."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        wanted = os.open(_FOLDER / self._space(name), os.O_RDONLY)
        try:
            _enter(wanted)
            yield
        finally:
            _enter(before)
            os.close(wanted)
            os.close(before)

    # --- faults ------------------------------------------------------------------------------------------------------

    def cut(self, name: str) -> None:
        """Pull the cable out of the bridge: nothing gets through in either direction, nobody is told."""
        _run("ip", "-n", self._switch, "link", "set", self._port(name), "down")

    def heal(self, name: str) -> None:
        """Undo every fault of this party."""
        _run("ip", "-n", self._switch, "link", "set", self._port(name), "up")
        self._try("ip", "netns", "exec", self._space(name), "nft", "delete", "table", *_TABLE.split())
        for space, link in ((self._space(name), "eth0"), (self._switch, self._port(name))):
            self._try("tc", "-n", space, "qdisc", "del", "dev", link, "root")

    def lose_answers(self, name: str, port: int) -> None:
        """Connections to this port come about and requests arrive, but nothing that answers them comes back."""
        self._filter(name, f"iifname eth0 tcp sport {port} meta length > 120", "drop")

    def reset(self, name: str, port: int, after_bytes: int) -> None:
        """Reset each connection to this port once so many bytes of an answer have come."""
        chosen = f"oifname eth0 tcp dport {port} ct reply bytes > {after_bytes}"
        self._filter(name, chosen, "reject with tcp reset", "output")

    def lose(self, name: str, percent: int) -> None:
        """Lose so many of all packets that arrive, by chance."""
        self._filter(name, f"iifname eth0 numgen random mod 100 < {percent}", "drop")

    def slow_down(self, name: str, rate: str) -> None:
        """Let no more through than this in each direction, such as 64kbit."""
        for space, link in ((self._space(name), "eth0"), (self._switch, self._port(name))):
            shape = ["root", "tbf", "rate", rate, "burst", "4kb", "latency", "2s"]
            _run("tc", "-n", space, "qdisc", "add", "dev", link, *shape)

    def caught(self, name: str) -> int:
        """How many packets the filters of this party have caught."""
        listing = _run("ip", "netns", "exec", self._space(name), "nft", "list", "table", *_TABLE.split())
        words = listing.split()
        return sum(int(words[at + 1]) for at, word in enumerate(words) if word == "packets")

    # --- tools -------------------------------------------------------------------------------------------------------

    def _filter(self, name: str, chosen: str, verdict: str, hook: str = "input") -> None:
        chain = f"type filter hook {hook} priority 0; {chosen} counter {verdict};"
        table = f"table {_TABLE} {{ chain {hook} {{ {chain} }}; }}"
        _run("ip", "netns", "exec", self._space(name), "nft", table)

    def _try(self, *command: str) -> None:
        """Undo what may not be there."""
        subprocess.run(command, capture_output=True, check=False)

    def _space(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def _port(self, name: str) -> str:
        return f"p{self._names.index(name)}"


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _NEW_NETWORK) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "setns")


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
