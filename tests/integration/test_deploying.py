"""What operators copy: systemd units that may touch little, proxy examples that the proxies accept."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_every_command import unknown_options

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
EXPOSURE_MAX = 1.5
_EXPOSURE = re.compile(r"Overall exposure level for \S+: ([0-9.]+)")
_START = re.compile(r"^ExecStart=/opt/kreisweit/bin/kreisweit-(node|hub) (.*)$", re.MULTILINE)


def tool(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def test_there_are_units_for_node_hub_worker_and_backups() -> None:
    assert [unit.name for unit in UNITS] == [
        "kreisweit-hub-backup.service", "kreisweit-hub-worker.service", "kreisweit-hub.service",
        "kreisweit-node-backup@.service", "kreisweit-node@.service",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_may_touch_little(unit: Path) -> None:
    said = run(tool("systemd-analyze"), "security", "--offline=true", str(unit))

    match = _EXPOSURE.search(said)
    assert match is not None, said
    assert float(match[1]) <= EXPOSURE_MAX


def test_units_hold_nothing_that_systemd_does_not_know() -> None:
    said = run(tool("systemd-analyze"), "verify", "--man=no", *map(str, [*UNITS, *TIMERS]))

    assert [line for line in said.splitlines() if "is not executable" not in line] == []


def test_journal_keeps_what_the_services_say_for_thirty_days_and_drops_it_day_by_day() -> None:
    text = (DEPLOY / "systemd/journald-kreisweit.conf").read_text("utf-8")
    set_to = dict(re.findall(r"^(Max\w+)=(.+)$", text, re.MULTILINE))

    seconds = {name: seconds_of(value) for name, value in set_to.items()}

    assert seconds == {"MaxRetentionSec": 30 * 86_400, "MaxFileSec": 86_400}


def seconds_of(span: str) -> int:
    """A span of time as systemd itself reads it."""
    match = re.search(r"[μu]s: ([0-9]+)", run(tool("systemd-analyze"), "timespan", span))
    assert match is not None, span
    return int(match[1]) // 1_000_000


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_runs_a_command_that_there_is_with_its_options(unit: Path) -> None:
    match = _START.search(unit.read_text("utf-8"))
    assert match is not None

    assert unknown_options([f"kreisweit-{match[1]}", *match[2].split()]) == set()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_environment_of_a_unit_holds_no_secret(unit: Path) -> None:
    given = re.findall(r"^Environment=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    names = {word.partition("=")[0] for line in given for word in line.split()}

    assert names <= {
        "KREISWEIT_NODE_HOME", "KREISWEIT_HUB_HOME", "KREISWEIT_PORT", "PYTHONDONTWRITEBYTECODE",
    }  # fmt: skip


def test_caddy_accepts_its_example() -> None:
    said = run(tool("caddy"), "validate", "--config", str(DEPLOY / "proxy/Caddyfile"), "--adapter", "caddyfile")

    assert "Valid configuration" in said


def test_nginx_accepts_its_example(tmp_path: Path) -> None:
    nginx = tool("nginx")
    subject = "/CN=angebote.herten.example"
    key, certificate = tmp_path / "key", tmp_path / "pem"
    run(
        tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
        "-subj", subject, "-keyout", str(key), "-out", str(certificate),
    )  # fmt: skip
    site = (DEPLOY / "proxy/nginx.conf").read_text("utf-8")
    site = re.sub(r"/etc/ssl/kreisweit/\S+\.pem", str(certificate), site)
    site = re.sub(r"/etc/ssl/kreisweit/\S+\.key", str(key), site)
    site = site.replace("/etc/nginx/kreisweit_proxy.conf", str(DEPLOY / "proxy/nginx_proxy.conf"))
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{site}\n}}\n"
    (tmp_path / "nginx.conf").write_text(whole, "utf-8")

    said = run(nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"))

    assert "test is successful" in said, said
    assert "[warn]" not in said


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _end_of(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, **options)


def _done(*command: object, **options: Any) -> str:
    ended = _end_of(*command, **options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_program_is_installed_without_a_network_from_true_wheels_alone_and_runs_from_anywhere(tmp_path: Path) -> None:
    wheels, opt = tmp_path / "wheels", tmp_path / "opt"
    _done(DEPLOY / "wheels", wheels)
    wheel = next(wheels.glob("alembic-*.whl"))
    true = wheel.read_bytes()
    wheel.write_bytes(true + b"\0")

    refused = _end_of(DEPLOY / "install", "--wheels", wheels, opt)

    assert refused.returncode != 0
    assert "alembic" in refused.stderr
    assert "requirements.lock" in refused.stderr
    assert [
        found.name for found in opt.glob("lib/*/site-packages/*") if found.name.startswith(("alembic", "litestar"))
    ] == []

    wheel.write_bytes(true)
    _done(DEPLOY / "install", "--wheels", wheels, opt)
    node, clean = [opt / "bin/kreisweit-node", "--home", tmp_path / "herten"], _clean_environment()
    _done(*node, "init", "--name", "herten", "--ags", "05562020", "--title", "Stadt Herten", cwd=tmp_path, env=clean)

    assert json.loads(_done(*node, "status", "--json", cwd=tmp_path, env=clean))["state"] == "new"
