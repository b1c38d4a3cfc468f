"""What holds for every command of both programs, found by walking their command trees."""

from __future__ import annotations

import importlib
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rich_click as click

import hub.cli.commands
import node.cli.commands
from node.cli import run
from tests.support.enrolling import PASSPHRASE

ROOT = Path(__file__).parents[2]


def leaves(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path} {name}")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{path} {name}", command


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for room in (node.cli.commands, hub.cli.commands):
        for module in room._ROOMS:
            importlib.import_module(module)
        found += leaves(room.main_group, room.__name__.partition(".")[0])
    return found


def unknown_options(words: list[str]) -> set[str]:
    """What a command line (`kreisweit-node serve --port 1`) asks of a command that does not know it."""
    rest = [word for word in words[1:] if not word.startswith(("-", "$"))]
    name = " ".join([words[0].removeprefix("kreisweit-"), *rest])
    found = next((command for known, command in every_command() if name.startswith(known)), None)
    assert found is not None, f"there is no command {name}"
    known = {option for parameter in found.params for option in parameter.opts}
    return {word for word in words if word.startswith("--")} - known


def test_trees_are_walked_to_their_leaves() -> None:
    names = {name for name, _ in every_command()}

    assert {"node serve", "node key rotate", "node conflicts", "hub worker", "hub roster draft", "hub resume"} <= names


@pytest.mark.parametrize(
    ("name", "command"), every_command(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_has_json_and_explains_itself(name: str, command: click.Command) -> None:
    assert any("--json" in parameter.opts for parameter in command.params)
    assert command.help


@pytest.mark.parametrize("name", [name for name, _ in every_command()])
def test_every_command_stands_in_the_readme(name: str) -> None:
    room, _, words = name.partition(" ")

    assert re.search(rf"`{words}[ `]", (ROOT / room / "README.md").read_text("utf-8"))


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def first_line(*arguments: str) -> tuple[object, int]:
    """Start a command that goes on, read its first line, end it; returns the line's value and the exit code."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == ""
    return json.loads(line), process.returncode


def test_node_says_in_one_line_that_it_serves(tmp_path: Path, free_port: int) -> None:
    home = str(tmp_path / "herten")
    assert run(["--home", home, "init", "--name", "herten", "--ags", "05562020", "--title", "Stadt Herten"]) == 0

    said, code = first_line("node", "--home", home, "serve", "--port", str(free_port), "--json")

    assert said == {"name": "herten", "url": f"http://127.0.0.1:{free_port}", "state": "ready"}
    assert code == 0


def test_hub_and_worker_say_in_one_line_that_they_are_ready(tmp_path: Path, free_port: int) -> None:
    home, secret = str(tmp_path / "hub"), tmp_path / "passphrase"
    secret.write_bytes(PASSPHRASE)
    made = hub.cli.run(
        [
            "--home",
            home,
            "init",
            "--host",
            "hub.example",
            "--url",
            "http://127.0.0.1:1",
            "--passphrase-file",
            str(secret),
        ]
    )

    served = first_line("hub", "--home", home, "serve", "--port", str(free_port), "--json")
    worked = first_line("hub", "--home", home, "worker", "--json")

    assert made == 0
    assert served == ({"name": "hub", "url": f"http://127.0.0.1:{free_port}", "state": "ready"}, 0)
    assert worked == ({"name": "hub", "url": "http://127.0.0.1:1", "state": "ready"}, 0)
