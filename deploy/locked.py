"""What requirements.lock pins, and the part of it that one purpose needs: to run the program, or to build its wheel.

The lock is one file for everything, made by `uv pip compile --universal --generate-hashes`.  Under each package it
says who needs it.  Followed downwards from the project that gives what has to run, from hatchling what has to build:
never less than what is needed, and perhaps what only another system needs, since markers are copied and not judged.

`deploy/install` and `deploy/wheels` call this with the bare Python of the machine, so nothing but the standard library
is used here:   python3 deploy/locked.py run build
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"

_PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; (.+?))? \\")
_HASH = re.compile(r" {4}--hash=(sha256:[0-9a-f]{64})(?: \\)?")
_NEEDED_BY = re.compile(r" {4}#(?: via)?\s*(.*)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PROJECT = "kreisweit (pyproject.toml)"
_BUILDER = "hatchling"


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of the lock."""

    name: str
    version: str
    marker: str  # where it is needed at all, such as sys_platform == 'win32'; empty = everywhere
    hashes: tuple[str, ...]  # of every file of this version that may be installed
    needed_by: tuple[str, ...]  # names of packages, or the project with or without a group

    @property
    def requirement(self) -> str:
        """The package as a requirements file for pip names it, with every hash."""
        marker = f" ; {self.marker}" if self.marker else ""
        return " \\\n    ".join([f"{self.name}=={self.version}{marker}", *(f"--hash={text}" for text in self.hashes)])


def read_lock(path: Path = LOCK) -> list[Locked]:
    """Read a lock; ValueError for a line that is not understood, so that none is left out in silence."""
    found: list[Locked] = []
    name, version, marker, hashes, needed_by = "", "", "", list[str](), list[str]()

    def close() -> None:
        if name:
            found.append(Locked(name, version, marker, tuple(hashes), tuple(needed_by)))

    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if pin := _PIN.fullmatch(line):
            close()
            name, version, marker, hashes, needed_by = pin[1], pin[2], pin[3] or "", [], []
        elif digest := _HASH.fullmatch(line):
            hashes.append(digest[1])
        elif needed := _NEEDED_BY.fullmatch(line):
            needed_by += [needed[1]] if needed[1] else []
        elif line.strip():
            raise ValueError(f"{path.name}:{number}: {line[:60]!r} is not understood")
    close()
    return found


def needed_for(purpose: str, locked: list[Locked]) -> list[Locked]:
    """Return what is needed to `run` the program (with PostgreSQL) or to `build` its wheel, in the lock's order."""
    if purpose == "build":
        return _with_needs(locked, {_BUILDER})
    if purpose != "run":
        raise ValueError(f"purpose {purpose!r} is not run or build")
    with (ROOT / "pyproject.toml").open("rb") as stream:
        extra = tomllib.load(stream)["project"]["optional-dependencies"]["postgres"]
    return _with_needs(locked, {one.name for one in locked if _PROJECT in one.needed_by} | set(_names(extra)))


def _names(requirements: Iterable[str]) -> Iterable[str]:
    return (match[0].lower() for text in requirements if (match := _NAME.match(text)))


def _with_needs(locked: list[Locked], wanted: set[str]) -> list[Locked]:
    while more := {one.name for one in locked if wanted & set(one.needed_by)} - wanted:
        wanted |= more
    return [one for one in locked if one.name in wanted]


def main(purposes: list[str]) -> None:
    """Print a requirements file for pip: what these purposes need together, each package once."""
    locked = read_lock()
    wanted = {one.name for purpose in purposes for one in needed_for(purpose, locked)}
    sys.stdout.write("".join(f"{one.requirement}\n" for one in locked if one.name in wanted))


if __name__ == "__main__":
    main(sys.argv[1:] or [""])
