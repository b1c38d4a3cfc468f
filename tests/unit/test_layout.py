"""The shape of the project: what may lie where, who may speak SQL, and what no file may mention."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared", "node", "hub")

TOP_LEVEL = {
    ".ci", ".containerignore", ".editorconfig", ".gitattributes", ".gitignore", ".pre-commit-config.yaml",
    "CHANGELOG.md", "LICENSE", "Makefile", "NOTICE", "README.md", "deploy", "hub", "node", "publiccode.yml",
    "pyproject.toml", "requirements.lock", "shared", "tests",
}  # fmt: skip

# Put together from parts, so that this file does not mention them itself.
_FOLDERS = ("work", "root", "home", "Users")
_HOSTS = (
    "pypi|org",
    "python|hosted",
    "npmjs|org",
    "npmjs|com",
    "unpkg|com",
    "jsdelivr|net",
    "deb.debian|org",
    "proxy.golang|org",
)
MACHINE_PATHS = [re.compile(rf"(?<![\w.}}]){re.escape('/' + folder + '/')}") for folder in _FOLDERS]
REGISTRY_HOSTS = [re.compile(host.replace("|", r"\.?"), re.IGNORECASE) for host in _HOSTS] + [
    re.compile("index-" + "url")
]
SQL_STORES = (
    "shared/holdings/",
    "shared/database.py",
    "shared/accounts/store/",
    "shared/accounts/tables.py",
    "shared/mailing/store/",
    "shared/mailing/tables.py",
    "node/store",
    "hub/store",
)
CONNECTION_ONLY = {"Connection", "Engine", "Row", "exc"}


def tracked() -> list[str]:
    """Files of the project as git sees them: tracked, and new ones not ignored; a copy without git lists all."""
    git = shutil.which("git")
    command = (
        [git, "-C", str(PROJECT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"] if git else ["false"]
    )
    listing = subprocess.run(command, capture_output=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode("utf-8").split("\0")
    else:
        lines = (PROJECT / ".gitignore").read_text("utf-8").split()
        hidden = {".git", *(line.strip("/") for line in lines if not line.startswith("*"))}
        paths = (path.relative_to(PROJECT) for path in PROJECT.rglob("*") if path.is_file())
        names = [path.as_posix() for path in paths if not hidden & set(path.parts)]
    return sorted(name for name in names if name and (PROJECT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    for name in tracked():
        try:
            yield name, (PROJECT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue  # pictures, fonts, CSV in Windows-1252


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            yield path.relative_to(PROJECT).as_posix(), ast.parse(path.read_text("utf-8"))


def test_top_level_holds_only_what_has_a_place() -> None:
    assert {name.split("/")[0] for name in tracked()} - TOP_LEVEL == set()


@pytest.mark.parametrize("pattern", [*MACHINE_PATHS, *REGISTRY_HOSTS], ids=lambda pattern: pattern.pattern[-14:])
def test_no_file_mentions_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    # Licences and styles of others are kept as they came.
    found = [name for name, text in texts() if "/vendor/" not in name and pattern.search(text)]

    assert found == []


def test_lock_pins_every_package_by_hash_and_names_no_host() -> None:
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    entries = re.findall(r"^[a-z0-9][^\n]*(?:\n[ ]+[^\n]+)*", lock, re.MULTILINE)

    assert len(entries) > 50
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert "://" not in lock
    assert "--find-links" not in lock


def test_every_folder_of_tests_is_a_package_whose_name_is_not_one_of_ours() -> None:
    folders = {path.parent for path in (PROJECT / "tests").rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []
    assert {folder.name for folder in folders} & set(PACKAGES) == set()


def test_every_module_has_a_place_in_the_layers() -> None:
    with (PROJECT / "pyproject.toml").open("rb") as stream:
        contracts = tomllib.load(stream)["tool"]["importlinter"]["contracts"]
    for package in PACKAGES:
        layers = [
            layer for contract in contracts if contract.get("containers") == [package] for layer in contract["layers"]
        ]
        placed = {name.strip(" ()") for layer in layers for name in re.split(r"[|:]", layer)}
        folder = PROJECT / package
        modules = {path.stem for path in folder.glob("*.py")} | {
            path.parent.name for path in folder.glob("*/__init__.py")
        }

        assert modules - {"__init__"} - placed == set(), f"give these of {package} a place in [tool.importlinter]"


def test_nobody_commits_by_hand() -> None:
    """A bare commit() can leave its transaction open in the pool; `with maker.begin():` rolls back."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]

    assert found == []


def test_outside_the_stores_sqlalchemy_is_only_a_connection_passed_on() -> None:
    found: list[str] = []
    for name, tree in sources():
        if name.startswith(SQL_STORES):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in ("sa", "sqlalchemy")
            ):
                found += [f"{name}:{node.lineno} {node.attr}"] if node.attr not in CONNECTION_ONLY else []
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                found += [
                    f"{name}:{node.lineno} {alias.name}" for alias in node.names if alias.name not in CONNECTION_ONLY
                ]

    assert found == []


def test_pure_places_ask_nobody_for_the_time_a_file_or_a_number() -> None:
    """What the import linter cannot see: built-in open, and clocks and dice hidden in harmless modules."""
    forbidden = {"open", "input", "now", "today", "utcnow", "uuid1", "uuid4", "urandom"}
    found: list[str] = []
    for name, tree in sources():
        if not name.startswith(("shared/feed/", "shared/model/")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found += [f"{name}:{node.lineno} {called}"] if called in forbidden else []

    assert found == []


@pytest.mark.parametrize("script", ["deploy/bootstrap", "deploy/install", "deploy/wheels", "tests/run", ".ci/run"])
def test_script_is_executable_and_well_formed(script: str) -> None:
    path = PROJECT / script

    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_every_target_of_the_makefile_is_explained() -> None:
    text = (PROJECT / "Makefile").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())

    assert set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE)) == phony
