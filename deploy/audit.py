"""Looks up every package of requirements.lock among the known vulnerabilities, with pip-audit.

    .venv/bin/python -m deploy.audit [--needed] [--url URL] [LOCK]

| ends with | when |
|---|---|
| 0 | every package was looked up, and nothing is known of any |
| 0 | the advisory service cannot be reached: nothing was looked up, and the last line says so |
| 1 | a vulnerability is known; or pip-audit failed by itself, such as over a lock that it does not understand |
| 3 | as the second, with --needed: for a release, where not knowing is not enough |

The service is OSV's (osv.dev), pip-audit's second: its first, the package index, answers 404 where only packages are
mirrored, and pip-audit takes that for "not audited" and ends with 0.  So an answer counts here only when it speaks of
every package.  What a project may not do without an upgrade can be named with `--ignore ID`, each with its reason in
the commit that adds it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker

from deploy.locked import LOCK, Locked, read_lock

OSV = "https://api.osv.dev/v1/query"
_TIMEOUT_SECONDS = 900
# The last words of pip-audit about a service that does not answer, or answers with an error of its own.
_UNREACHED = re.compile(
    r"requests\.exceptions\.|pip_audit\._service\.interface\.|.*your network may be blocking this service"
)


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one package."""

    name: str
    version: str
    ids: tuple[str, ...]
    mended_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.mended_in)}" if self.mended_in else "not mended in any version"
        return f"{self.name} {self.version}: {' '.join(self.ids)}, {mended}"


class UnreachedError(Exception):
    """The service gave no whole answer; nothing is known."""


def look_up(lock: Path, *, url: str, ignored: list[str]) -> list[Found]:
    """Ask the service about every package of a lock.

    Raises:
        UnreachedError: it cannot be reached, or left packages out.
        RuntimeError: pip-audit failed in another way.
    """
    answer = _ask(lock, url, ignored)
    asked = {one.name for one in read_lock(lock) if _is_for_this_system(one)}
    spoken = {one["name"].lower() for one in answer if "vulns" in one}
    found = [
        Found(one["name"], one["version"], (vuln["id"], *vuln["aliases"]), tuple(vuln["fix_versions"]))
        for one in answer
        for vuln in one.get("vulns", [])
    ]
    if not found and asked - spoken:
        raise UnreachedError(f"no answer about {', '.join(sorted(asked - spoken)[:5])} …")
    return found


def _is_for_this_system(one: Locked) -> bool:
    return not one.marker or Marker(one.marker).evaluate()


def _ask(lock: Path, url: str, ignored: list[str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [
                sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip",
                "--vulnerability-service", "osv", "--osv-url", url, "--format", "json", "--progress-spinner", "off",
                "--cache-dir", cache, *(f"--ignore-vuln={name}" for name in ignored),
            ],
            capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS,
        )  # fmt: skip
    if done.returncode in (0, 1) and done.stdout.strip():
        return list(json.loads(done.stdout)["dependencies"])
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if _UNREACHED.match(last):
        raise UnreachedError(last[:300])
    raise RuntimeError(f"pip-audit ended with {done.returncode}:\n{done.stderr[-2000:]}")


def main(arguments: list[str]) -> int:
    """Look up, print, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.audit", description="Known vulnerabilities of locked packages."
    )
    parser.add_argument("lock", nargs="?", type=Path, default=LOCK)
    parser.add_argument("--url", default=OSV, help="another address of the advisory service")
    parser.add_argument("--needed", action="store_true", help="end with 3 where the service cannot be reached")
    parser.add_argument("--ignore", action="append", default=[], metavar="ID")
    given = parser.parse_args(arguments)
    try:
        found = look_up(given.lock, url=given.url, ignored=given.ignore)
    except UnreachedError as error:
        sys.stdout.write(f"{error}\naudit: NOT CHECKED, the advisory service cannot be reached from here\n")
        return 3 if given.needed else 0
    for one in found:
        sys.stdout.write(f"{one}\n")
    count = len(read_lock(given.lock))
    sys.stdout.write(f"audit: {len(found)} known vulnerabilities in {count} packages\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
