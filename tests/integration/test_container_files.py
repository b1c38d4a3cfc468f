"""The container files: what is in the image, that it may do little, and that hub and node start in it as they should.

No engine runs in these tests.  What is tested is what the files say; the installation itself, which the image is built
by, is run for real in `test_deploying`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.version import VERSION
from shared.web.server import make_server
from tests.integration.test_every_command import unknown_options
from tests.support.loopback import app_of, close_all, free_port, node_on_disk, running
from tests.support.world import World

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/container"
QUADLETS = sorted(FOLDER.glob("*.container"))
PORT = "8100"
PROGRAMS = ("hub", "hub-worker", "herten")
HARMLESS = {
    "FORWARDED_ALLOW_IPS", "KREISWEIT_HUB", "KREISWEIT_HUB_HOME", "KREISWEIT_NODE", "KREISWEIT_NODE_HOME",
    "KREISWEIT_PORT", "PATH", "PIP_NO_CACHE_DIR", "PIP_ROOT_USER_ACTION", "PYTHONDONTWRITEBYTECODE",
}  # fmt: skip
# podman-systemd.unit(5) as Podman 4.6 had it; what came later is left out, so that no unit needs more.
CONTAINER_KEYS = {
    "AddCapability", "AddDevice", "Annotation", "AutoUpdate", "ContainerName", "DropCapability", "Environment",
    "EnvironmentFile", "EnvironmentHost", "Exec", "ExposeHostPort", "Group", "HealthCmd", "HealthInterval",
    "HealthOnFailure", "HealthRetries", "HealthStartPeriod", "HealthStartupCmd", "HealthStartupInterval",
    "HealthStartupRetries", "HealthStartupSuccess", "HealthStartupTimeout", "HealthTimeout", "HostName", "Image", "IP",
    "IP6", "Label", "LogDriver", "Mount", "Network", "NoNewPrivileges", "Notify", "PodmanArgs", "PublishPort", "Pull",
    "ReadOnly", "Rootfs", "RunInit", "SeccompProfile", "Secret", "SecurityLabelDisable", "SecurityLabelFileType",
    "SecurityLabelLevel", "SecurityLabelNested", "SecurityLabelType", "Sysctl", "Timezone", "Tmpfs", "User", "UserNS",
    "VolatileTmp", "Volume", "WorkingDir",
}  # fmt: skip
NETWORK_KEYS = {
    "DisableDNS", "Driver", "Gateway", "Internal", "IPAMDriver", "IPRange", "IPv6", "Label", "NetworkName", "Options",
    "PodmanArgs", "Subnet",
}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    text = (FOLDER / "Containerfile").read_text("utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines.splitlines() if line.strip())
    ]


def values(instruction: str) -> list[str]:
    return [value for word, value in instructions() if word == instruction]


def copied() -> list[str]:
    """What the build takes out of the clone."""
    return [word for value in values("COPY") if "--from" not in value for word in value.split()[:-1]]


def compose() -> dict[str, Any]:
    read = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    assert isinstance(read, dict)
    return read


def sections(unit: Path) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in unit.read_text("utf-8").splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            current = found.setdefault(head[1], [])
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            current.append((key, value))
    return found


def health_words() -> list[str]:
    words = json.loads(values("HEALTHCHECK")[0].partition("CMD ")[2])
    assert isinstance(words, list)
    return words


# --- the image -------------------------------------------------------------------------------------------------------


def test_image_stands_in_both_stages_on_one_base_that_is_named_once() -> None:
    assert [value.split()[0] for value in values("FROM")] == ["${BASE}", "${BASE}"]
    assert re.fullmatch(r"BASE=docker\.io/library/python:3\.11-slim-\w+", values("ARG")[0])


def test_image_is_installed_by_the_script_that_checks_the_hashes() -> None:
    assert [value for value in values("RUN") if "pip" in value or "apt" in value] == []
    assert values("RUN")[0].split()[0] == "deploy/install"
    assert "COPY --from=build /opt/kreisweit /opt/kreisweit" in [f"{word} {value}" for word, value in instructions()]


def test_image_takes_from_the_clone_what_the_installation_needs(tmp_path: Path) -> None:
    for name in copied():
        source = ROOT / name
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir() if source.is_dir() else shutil.copy(source, target)

    listed = subprocess.run(
        [sys.executable, tmp_path / "deploy/locked.py", "run", "build"], capture_output=True, text=True, check=True
    ).stdout

    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)
    named = {project["project"]["readme"], *project["project"]["license-files"]}
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert "litestar==" in listed
    assert "hatchling==" in listed
    assert named | packages <= set(copied())


@pytest.mark.parametrize("name", [".containerignore", "deploy/container/Containerfile.dockerignore"])
def test_only_what_the_image_is_made_of_reaches_the_builder(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]

    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


def test_image_runs_as_nobody_special_and_writes_its_home_alone() -> None:
    user = values("USER")[-1]
    own = values("RUN")[1]

    assert re.fullmatch(r"([1-9][0-9]{4}):\1", user)
    assert f"useradd --uid {user.split(':')[0]}" in own
    assert f"install -d -m 0700 -o {user.replace(':', ' -g ')} /data" in own
    assert values("VOLUME") == ["/data"]
    assert not [value for value in values("COPY") if "--chown" in value]


def test_image_starts_a_command_that_there_is_and_stops_by_the_signal_that_it_heeds() -> None:
    command = json.loads(values("CMD")[0])

    assert unknown_options(command) == set()
    assert command[-1] == values("EXPOSE")[0] == PORT
    assert values("STOPSIGNAL") == ["SIGTERM"]


def test_image_says_which_version_it_is() -> None:
    assert f"VERSION={VERSION}" in values("ARG")
    assert 'org.opencontainers.image.version="${VERSION}"' in values("LABEL")[0]
    assert 'org.opencontainers.image.licenses="EUPL-1.2"' in values("LABEL")[0]


def test_environment_of_containers_holds_no_secret() -> None:
    names = {word.partition("=")[0] for value in values("ENV") for word in shlex.split(value)}
    names |= {name for service in compose()["services"].values() for name in service.get("environment", {})}
    names |= {
        word.partition("=")[0]
        for unit in QUADLETS for section in sections(unit).values() for key, value in section if key == "Environment"
        for word in shlex.split(value)
    }  # fmt: skip

    assert names <= HARMLESS


# --- health ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten"])
    node_on_disk(world, "herten", tmp_path)
    yield world
    close_all(world)


def test_health_check_sees_a_party_that_answers_and_one_that_does_not(world: World) -> None:
    port = str(free_port())
    asked = [sys.executable, *(word.replace(PORT, port) for word in health_words()[1:])]
    # A proxy for the way out must not be asked for the way to oneself.
    environment = {**os.environ, "http_proxy": "http://192.0.2.1:3128"}

    with running(app_of(world.nodes["herten"]), port=int(port)):
        while_running = subprocess.run(asked, env=environment, timeout=20, check=False).returncode
    after = subprocess.run(asked, env=environment, timeout=20, check=False, capture_output=True).returncode

    assert health_words()[0] == "python"
    assert f", {PORT}," in health_words()[2]
    assert (while_running, after) == (0, 1)


def test_visitors_addresses_are_believed_from_the_containers_network_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", compose()["services"]["hub"]["environment"]["FORWARDED_ALLOW_IPS"])
    config = make_server(app_of(world.nodes["herten"]), host="127.0.0.1", port=1).config

    config.load()

    trusted = config.loaded_app.trusted_hosts  # uvicorn puts its own middleware outermost
    assert "10.89.77.9" in trusted
    assert "10.89.78.9" not in trusted
    assert "127.0.0.1" not in trusted


# --- compose ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PROGRAMS, "proxy"])
def test_service_of_compose_may_do_little(name: str) -> None:
    service = compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [one for one in service["tmpfs"] if one.startswith("/tmp:") and "noexec" in one and "size=" in one]  # noqa: S108
    assert 0 < service["pids_limit"] <= 200
    assert service["mem_limit"]
    assert service["networks"] == ["kreisweit"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert not {"privileged", "network_mode", "pid", "ipc", "devices", "userns_mode"} & set(service)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_in_compose_runs_as_the_images_user_and_is_reached_through_the_proxy_alone(name: str) -> None:
    service = compose()["services"][name]

    assert service["user"] == values("USER")[-1]
    assert "ports" not in service
    assert unknown_options(service["command"]) == set()
    assert PORT in service["command"] or name == "hub-worker"
    assert [volume.rpartition(":")[2] for volume in service["volumes"]] == values("VOLUME")


def test_compose_names_every_service_that_these_tests_look_at() -> None:
    read = compose()

    assert set(read["services"]) == {*PROGRAMS, "proxy"}
    used = {volume.partition(":")[0] for service in read["services"].values() for volume in service["volumes"]}
    assert {name for name in used if not name.startswith(".")} == set(read["volumes"])
    assert (FOLDER / read["services"]["hub"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / read["services"]["hub"]["build"]["dockerfile"]).is_file()


def test_password_reaches_the_hub_as_the_file_that_it_reads() -> None:
    read = compose()
    secrets = {name: read["services"][name].get("secrets", []) for name in PROGRAMS}

    assert secrets["hub"] == secrets["hub-worker"] == [{"source": "mail-password", "target": "/data/mail-password"}]
    assert "file" in read["secrets"]["mail-password"]


def test_proxy_in_compose_leads_to_hub_and_node() -> None:
    caddy = shutil.which("caddy", path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert caddy is not None
    proxy = compose()["services"]["proxy"]
    own = [volume for volume in proxy["volumes"] if volume.endswith(":/etc/caddy/Caddyfile:ro")]

    adapted = subprocess.run(
        [caddy, "adapt", "--config", FOLDER / own[0].partition(":")[0]], capture_output=True, text=True, check=True,
        env={**os.environ, **proxy["environment"]},
    ).stdout  # fmt: skip

    assert set(re.findall(r'"dial":"([^"]+)"', adapted)) == {f"hub:{PORT}", f"herten:{PORT}"}


# --- Quadlet ---------------------------------------------------------------------------------------------------------


def test_there_are_units_for_node_hub_and_worker() -> None:
    assert [unit.name for unit in QUADLETS] == [
        "kreisweit-hub-worker.container", "kreisweit-hub.container", "kreisweit-node@.container",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", QUADLETS, ids=lambda unit: unit.name)
def test_quadlet_may_do_little(unit: Path) -> None:
    container = dict(sections(unit)["Container"])
    limits = dict(sections(unit)["Service"])

    assert set(container) <= CONTAINER_KEYS
    assert container["ReadOnly"] == "true"
    assert container["DropCapability"] == "all"
    assert container["NoNewPrivileges"] == "true"
    assert container["User"] == container["Group"] == values("USER")[-1].split(":")[0]
    assert container["Tmpfs"] in compose()["services"]["hub"]["tmpfs"]
    assert container["Volume"].endswith(":/data")
    assert not {"AddCapability", "AddDevice", "EnvironmentHost", "SecurityLabelDisable"} & set(container)
    assert limits["MemoryMax"] == "1G"
    assert limits["TasksMax"] == "200"
    assert limits["Restart"] == "always"


@pytest.mark.parametrize("unit", QUADLETS, ids=lambda unit: unit.name)
def test_quadlet_runs_a_command_that_there_is_and_is_watched(unit: Path) -> None:
    container = dict(sections(unit)["Container"])

    assert unknown_options(container["Exec"].split()) == set()
    if container["Exec"].endswith(" worker"):
        assert container["HealthCmd"] == "none"
    else:
        assert json.loads(container["HealthCmd"]) == health_words()
        assert container["HealthOnFailure"] == "kill"


@pytest.mark.parametrize("unit", QUADLETS, ids=lambda unit: unit.name)
def test_quadlet_opens_ports_for_this_computer_alone(unit: Path) -> None:
    published = [value for key, value in sections(unit)["Container"] if key == "PublishPort"]

    assert all(re.fullmatch(rf"127\.0\.0\.1:(\d+|\$\{{KREISWEIT_PORT\}}):{PORT}", value) for value in published)


def test_all_containers_share_one_network_of_their_own() -> None:
    network = dict(sections(FOLDER / "kreisweit.network")["Network"])
    subnet = compose()["networks"]["kreisweit"]["ipam"]["config"][0]["subnet"]

    assert set(network) <= NETWORK_KEYS
    assert network["Subnet"] == subnet
    for unit in QUADLETS:
        container = dict(sections(unit)["Container"])
        assert container["Network"] == "kreisweit.network"
        assert container["Environment"] == f"FORWARDED_ALLOW_IPS={subnet}"
