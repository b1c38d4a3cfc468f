"""References from a table of evidence to the files of the project: read, checked against the tree, written as links.

Four spellings, all from the top of the repository, none with a blank or with `..`:

    shared/web/headers.py                          a file (or a folder, with a closing slash)
    shared/web/headers.py::SecurityHeaders         a function, class or constant of a module
    tests/unit/test_logs.py::test_lines_are_json   a test
    deploy/README.md#wenn-etwas-ist                a heading of a Markdown text, spelled as its anchor

Members of a class are reached with a dot: `path.py::Class.method`.  What is not decided here: which references a
row needs; see the tables.
"""

from __future__ import annotations

import ast
import os.path
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_REFERENCE = re.compile(
    r"(?P<path>[\w.@-]+(?:/[\w.@-]+)*/?)(?:::(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|#(?P<anchor>[\w-]+))?"
)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Reference:
    """A place in the project: a file, perhaps a name in it or a heading of it."""

    path: str
    name: str = ""
    anchor: str = ""

    def __str__(self) -> str:
        return self.path + (f"::{self.name}" if self.name else "") + (f"#{self.anchor}" if self.anchor else "")


def parse_reference(text: str) -> Reference:
    """Read a reference in one of the four spellings.

    Raises:
        ValueError: another spelling, a path that leaves the project, or a name where there cannot be one.
    """
    found = _REFERENCE.fullmatch(text)
    if not found or {".", ".."} & set(found["path"].split("/")):
        raise ValueError(f"{text!r} is no reference")
    reference = Reference(found["path"], found["name"] or "", found["anchor"] or "")
    if reference.name and not reference.path.endswith(".py"):
        raise ValueError(f"{text!r} names a part of a file that is not Python")
    if reference.anchor and not reference.path.endswith(".md"):
        raise ValueError(f"{text!r} names a heading of a file that is not Markdown")
    return reference


def check_reference(root: Path, reference: Reference) -> str:
    """Say what is wrong with a reference, or nothing when file, name and heading are there."""
    path = root / reference.path
    if not (path.is_dir() if reference.path.endswith("/") else path.is_file()):
        return f"{reference.path} is not there"
    if reference.name and reference.name not in _names(path.read_text("utf-8")):
        return f"{reference.path} has no {reference.name}"
    if reference.anchor and reference.anchor not in _anchors(path.read_text("utf-8")):
        return f"{reference.path} has no heading #{reference.anchor}"
    return ""


def link_to(reference: Reference, start: Path) -> str:
    """Write a reference as a Markdown link.

    Args:
        start: folder of the text in which the link will stand, from the top of the project: `Path("deploy/security")`.
    """
    target = os.path.relpath(reference.path, start).replace(os.sep, "/")
    return f"[`{reference}`]({target}{'#' + reference.anchor if reference.anchor else ''})"


@cache
def _names(text: str) -> frozenset[str]:
    return frozenset(_defined(ast.parse(text).body, ""))


def _defined(body: Sequence[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield prefix + node.name
            yield from _defined(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield prefix + node.target.id
        elif isinstance(node, ast.Assign):
            yield from (prefix + target.id for target in node.targets if isinstance(target, ast.Name))


@cache
def _anchors(text: str) -> frozenset[str]:
    """Anchors of headings as forges make them: small letters, no punctuation, hyphens for blanks."""
    headings = _HEADING.findall(_FENCE.sub("", text))
    return frozenset(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)
