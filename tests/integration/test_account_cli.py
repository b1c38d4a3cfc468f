"""The commands that keep accounts: links, JSON keys, exit codes, and where the second factor may be missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.settings import NodeSettings, check_settings
from shared.errors import ConfigError, ParseError
from shared.settings import verify_reach
from tests.support.desk import PASSWORD
from tests.support.lone_node import files_with

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "herten"


@pytest.fixture
def run(home: Path) -> Run:
    def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "node", "--home", str(home), *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    done = run_command("init", "--name", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    assert done.returncode == 0, done.stderr
    return run_command


def read(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_account_from_first_link_to_lock(run: Run, home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n", "utf-8")
    added = read(run("user", "add", "Erika", "--display", "Erika Mustermann", "--role", "verwaltung", "--json"))
    direct = read(
        run("user", "add", "chef", "--display", "C", "--role", "verwaltung", "--password-file", str(secret), "--json")
    )
    invited = read(run("user", "invite", "erika", "--json"))

    assert list(added) == ["name", "link", "expires"]
    assert added["link"].startswith("/pult/einladung/")
    assert direct["link"] == ""
    assert invited["link"] != added["link"]
    assert files_with(home, invited["link"].rpartition("/")[2]) == []
    assert files_with(home, PASSWORD) == []
    assert run("user", "invite", "chef").returncode == 1
    assert read(run("user", "role", "erika", "traeger", "--provider", "VHS", "--json"))["providers"] == ["VHS"]
    assert read(run("user", "reset", "chef", "--second-factor", "--json"))["name"] == "chef"
    assert read(run("user", "disable", "erika", "--json"))["state"] == "disabled"
    states = {row["name"]: row["state"] for row in read(run("user", "list", "--json"))}
    assert states == {"chef": "invited", "erika": "disabled"}
    assert read(run("user", "enable", "erika", "--json"))["state"] == "enabled"


def test_refusals_say_why_and_what_to_do(run: Run) -> None:
    bad = run("user", "add", "Ä", "--display", "", "--role", "chef")
    run("user", "add", "erika", "--display", "Erika", "--role", "verwaltung")
    last = run("user", "disable", "erika")
    unknown = run("user", "disable", "niemand")

    assert (bad.returncode, last.returncode, unknown.returncode) == (1, 1, 1)
    for field in ("name", "display", "role"):
        assert f"  {field}: " in bad.stderr
    assert "das letzte Konto" in last.stderr
    assert "Rat: " in last.stderr
    assert "gibt es nicht" in unknown.stderr


def test_weak_password_in_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("passwort1234\n", "utf-8")

    done = run("user", "add", "erika", "--display", "Erika", "--role", "leser", "--password-file", str(file))

    assert done.returncode == 1
    assert "zu bekannt" in done.stderr
    assert read(run("user", "list", "--json")) == []


def settings(**changes: Any) -> NodeSettings:
    return NodeSettings(
        home="", name="herten", ags="05562020", title="Stadt Herten", origin="herten.example/feed/g1", **changes
    )


def test_sign_in_without_second_factor_is_served_to_this_computer_alone(run: Run, home: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        verify_reach(host, totp_required=False)
    for host in ("0.0.0.0", "::", "10.0.0.7", "herten.example"):
        verify_reach(host, totp_required=True)
        with pytest.raises(ConfigError):
            verify_reach(host, totp_required=False)
    with (home / "node.toml").open("a", encoding="utf-8") as file:
        file.write("\ntotp_required = false\n".replace("\n\n", "\n"))
    toml = (home / "node.toml").read_text("utf-8").replace("totp_required = true\n", "")
    (home / "node.toml").write_text(toml, "utf-8")

    done = run("serve", "--host", "0.0.0.0", "--port", "1")

    assert done.returncode == 1
    assert "totp_required" in done.stderr


@pytest.mark.parametrize(
    "url", ["herten.example", "https://herten.example/", "https://herten.example/x", "ftp://x", "HTTPS://x"]
)
def test_public_url_is_an_origin(url: str) -> None:
    with pytest.raises(ParseError):
        check_settings(settings(public_url=url))


def test_second_factor_is_required_where_others_reach_the_pages() -> None:
    check_settings(settings(public_url="https://herten.example"))
    with pytest.raises(ParseError):
        check_settings(settings(public_url="https://herten.example", totp_required=False))
