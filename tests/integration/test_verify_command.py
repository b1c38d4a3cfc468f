"""`kreisweit-verify` as people call it, against a running hub over HTTP: that hub honest, and lying in every way."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from litestar.enums import ScopeType
from litestar.testing import TestClient
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import SystemClock
from shared.consume import mirror_path
from shared.feed.outcomes import Code
from shared.holdings import logs, papers, payloads
from shared.verify import cli
from shared.verify.cli import exit_code
from tests.support.loopback import app_of, close_all, erase, hub_on_disk, newest_commitment, running
from tests.support.world import World, publish

README = Path(cli.__file__).with_name("README.md")
HERTEN = "herten.example/feed/g1"
ERASED = "Beratung bei Erika Mustermann"
Lie = Callable[[str, int, bytes], tuple[int, bytes]]

EXIT_CODES = {
    "OK": 0, "OK_UNCHANGED": 0, "STALE": 0, "E_FETCH": 13, "E_OVERSIZE": 14, "E_FORMAT": 15, "E_ORIGIN": 16,
    "E_SIG": 17, "E_ROOT": 18, "E_IDENTITY": 19, "E_CLOCK": 20, "E_REPLAY": 21, "E_ROLLBACK": 22, "E_FORK": 23,
    "E_RATE": 24, "E_PAYLOAD": 25, "E_PAYLOAD_MISSING": 26, "E_SCHEMA": 27, "E_OWNER": 28, "E_ROSTER": 29,
    "E_KEY_WEAK": 30, "E_HUB_STALE": 31, "E_HUB_FORK": 32, "E_HUB_MISREPRESENTS": 33, "E_ERASED_SERVED": 34,
    "E_OWN_CLOCK": 35, "E_LOCAL_CLOCK": 36, "E_RECOVERING": 37,
}  # fmt: skip
"""Scripts of integrators stand on these numbers: none may ever change, new ones come behind."""


def honest(_path: str, status: int, body: bytes) -> tuple[int, bytes]:
    return status, body


class LyingProxy:
    """Stands before a real hub and changes what it answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.lie: Lie = honest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or self.lie is honest:
            await self._app(scope, receive, send)
            return
        heard: list[Message] = []

        async def keep(message: Message) -> None:
            heard.append(message)

        await self._app(scope, receive, keep)
        start = next(message for message in heard if message["type"] == "http.response.start")
        body = b"".join(message.get("body", b"") for message in heard if message["type"] == "http.response.body")
        status, told = self.lie(scope["path"], start["status"], body)
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await send({**start, "status": status, "headers": [*headers, (b"content-length", b"%d" % len(told))]})
        await send({"type": "http.response.body", "body": told, "more_body": False})


class Scene:
    """A hub with two cities on the loopback, and what was true there before an erasure."""

    def __init__(self, folder: Path) -> None:
        self.world = World(["herten", "marl"])
        self.offer = publish(self.world.nodes["herten"], "Sprachcafé").hex()
        gone = publish(self.world.nodes["herten"], ERASED)
        publish(self.world.nodes["marl"], "Nähkurs")
        self.world.settle()
        self.root = self.world.root.verifying.vkey
        self.mirror = "/" + mirror_path(HERTEN)
        hub = hub_on_disk(self.world, folder)
        app = app_of(hub)
        self.proxy = LyingProxy(app.asgi_handler)
        app.asgi_handler = self.proxy
        self.app = app
        self.erased = newest_commitment(self.world.nodes["herten"], gone)
        with hub.db.read() as conn:
            row = logs.load_log(conn, HERTEN)
            self.old_checkpoint = bytes(row.note)
            self.old_note = (papers.load_catalogue_note(conn) or (0, b""))[1]
            self.erased_body = payloads.load_payload(conn, row.id, self.erased) or b""
        erase(self.world.nodes["herten"], self.erased)
        self.world.settle()
        self.world.clock.time += 60


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("hub"))
    yield made
    close_all(made.world)


@pytest.fixture(scope="module")
def url(scene: Scene) -> Iterator[str]:
    with running(scene.app) as base:
        yield base


@pytest.fixture
def told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Lie], None]]:
    """Lets a test set the lie; the command's clock is the world's."""
    monkeypatch.setattr(SystemClock, "now", lambda _clock: int(scene.world.clock.time))

    def tell(lie: Lie) -> None:
        scene.proxy.lie = lie

    yield tell
    scene.proxy.lie = honest


def verify(*arguments: str | Path) -> int:
    return cli.run([str(argument) for argument in arguments])


def follow(scene: Scene, url: str, home: Path) -> int:
    return verify("follow", url, "--home", home, "--root", scene.root, "--allow-network", "127.0.0.0/8")


def about(part: str, change: Callable[[bytes], bytes]) -> Lie:
    """Change every body that is served at a path that holds this text."""
    return lambda path, status, body: (status, change(body)) if part in path and status == 200 else (status, body)


def altered(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Change one byte."""
    return lambda body: body.replace(old, new, 1)


# --- follow ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("told")
def test_honest_hub_is_followed_shown_and_exported(
    scene: Scene, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "copy"

    assert follow(scene, url, home) == 0
    first = capsys.readouterr().out
    assert verify("follow", "--home", home, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert verify("status", "--home", home, "--json") == 0
    standing = json.loads(capsys.readouterr().out)
    assert verify("export", "--home", home, tmp_path / "offers.ndjson") == 0

    assert "Sprachcafé" in first
    assert "2 Angebote, 0 fehlen" in first
    assert (again["code"], again["changes"], again["is_compared"]) == ("OK_UNCHANGED", [], True)
    assert (standing["agrees"], standing["digest"]) == (True, scene.world.digests()["hub"])
    exported = [json.loads(line) for line in (tmp_path / "offers.ndjson").read_text("utf-8").splitlines()]
    assert sorted((line["member"], line["doc"]["name"]) for line in exported) == [
        ("herten", "Sprachcafé"), ("marl", "Nähkurs"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("/catalogue", altered(b"marl active", b"marl actove"), Code.E_SIG),
        ("/roster/", altered(b"05562020 active", b"05562021 active"), Code.E_ROSTER),
        ("/checkpoint", altered(b"/feed/g1\n", b"/feed/g2\n"), Code.E_ORIGIN),
        ("/tile/entries/", altered(b"kind offer", b"kind offef"), Code.E_ROOT),
        ("/payload/", altered(b'"name"', b'"nama"'), Code.E_PAYLOAD),
    ],
)
def test_one_altered_byte_is_named(
    scene: Scene, url: str, tmp_path: Path, told: Callable[[Lie], None], capsys: pytest.CaptureFixture[str],
    part: str, change: Callable[[bytes], bytes], code: Code,
) -> None:  # fmt: skip
    told(about(part, change))

    ended = follow(scene, url, tmp_path / "copy")

    assert ended == EXIT_CODES[code] != 0
    assert f"{code} " in capsys.readouterr().err


def without_last_entry(bundle: bytes) -> bytes:
    at = 0
    while (end := at + 2 + int.from_bytes(bundle[at : at + 2], "big")) < len(bundle):
        at = end
    return bundle[:at]


def lies(scene: Scene) -> dict[str, tuple[Lie, Code]]:
    """What a hub may try, and what it is called."""

    def serve_erased(path: str, status: int, body: bytes) -> tuple[int, bytes]:
        is_it = path == f"{scene.mirror}payload/{scene.erased.hex()}"
        return (200, scene.erased_body) if is_it else (status, body)

    def old_log(path: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (200, scene.old_checkpoint) if path == f"{scene.mirror}checkpoint" else (status, body)

    return {
        "an entry cut out of its bundle": (about(f"{scene.mirror}tile/entries/", without_last_entry), Code.E_FORMAT),
        "the log as it was before": (old_log, Code.E_HUB_MISREPRESENTS),
        "an erased payload": (serve_erased, Code.E_ERASED_SERVED),
        "nothing": (lambda *_: (503, b""), Code.E_FETCH),
    }


@pytest.mark.parametrize(
    "which", ["an entry cut out of its bundle", "the log as it was before", "an erased payload", "nothing"]
)
def test_lie_is_named(
    scene: Scene, url: str, tmp_path: Path, told: Callable[[Lie], None], capsys: pytest.CaptureFixture[str], which: str
) -> None:
    lie, code = lies(scene)[which]
    told(lie)

    ended = follow(scene, url, tmp_path / "copy")

    assert ended == EXIT_CODES[code] != 0
    assert f"{code} " in capsys.readouterr().err


def test_old_note_is_named_once_a_newer_one_was_seen(
    scene: Scene, url: str, tmp_path: Path, told: Callable[[Lie], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(scene, url, tmp_path / "copy") == 0
    told(about("/catalogue", lambda _: scene.old_note))

    ended = follow(scene, url, tmp_path / "copy")

    assert ended == EXIT_CODES[Code.E_REPLAY]
    assert "E_REPLAY " in capsys.readouterr().err


@pytest.mark.usefixtures("told")
def test_first_look_without_root_says_whom_it_trusts(
    scene: Scene, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = verify("follow", url, "--home", tmp_path / "copy", "--allow-network", "127.0.0.0/8")

    assert ended == 0
    assert scene.root in capsys.readouterr().err


# --- record ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("tail", ["", "/nachweis"])
def test_record_is_proven_from_its_address(
    scene: Scene, url: str, tail: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"{url}/angebote/{scene.offer}{tail}"

    ended = verify("record", address, "--root", scene.root, "--allow-network", "127.0.0.0/8", "--json")

    said = json.loads(capsys.readouterr().out)
    assert ended == 0
    assert (said["member"], said["id"], said["doc"]["name"]) == ("herten", scene.offer, "Sprachcafé")


def downloaded(scene: Scene, tmp_path: Path) -> Path:
    file = tmp_path / "nachweis.json"
    with TestClient(app_of(scene.world.hub)) as client:
        file.write_bytes(client.get(f"/angebote/{scene.offer}/nachweis").content)
    return file


def test_record_is_proven_from_a_file_without_any_network(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = verify("record", downloaded(scene, tmp_path), "--root", scene.root)

    assert ended == 0
    assert "herten (AGS 05562020) hat dieses Angebot veröffentlicht: Sprachcafé" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Sprachcafé", "Sprachcaff", Code.E_PAYLOAD),
        ("index ", "index 9", Code.E_ROOT),
        ("tlog-proof@v1", "tlog-proof@v2", Code.E_FORMAT),
        ("node herten", "node hertem", Code.E_ROSTER),
        ("kreisweit.record/v1", "kreisweit.record/v2", Code.E_FORMAT),
    ],
)
def test_record_that_was_changed_is_named(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, code: Code
) -> None:
    file = downloaded(scene, tmp_path)
    assert old in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")

    assert verify("record", file, "--root", scene.root) == EXIT_CODES[code]
    assert f"{code} " in capsys.readouterr().err


def test_record_under_other_root_keys_is_refused(scene: Scene, tmp_path: Path) -> None:
    other = World(["herten"], seed=2)
    stranger = other.root.verifying.vkey
    close_all(other)

    assert verify("record", downloaded(scene, tmp_path), "--root", stranger) == EXIT_CODES[Code.E_ROSTER]


@pytest.mark.usefixtures("told")
def test_record_that_cannot_be_had_is_told(scene: Scene, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    there = ["--root", scene.root, "--allow-network", "127.0.0.0/8"]

    assert verify("record", f"{url}/angebote/{'0' * 32}", *there) == 1
    assert "404" in capsys.readouterr().err
    assert verify("record", "http://127.0.0.1:9/angebote/x/nachweis", *there) == EXIT_CODES[Code.E_FETCH]


def openssl_says(folder: Path) -> str:
    """Run the commands that the README gives for the city's signature."""
    (commands,) = re.findall(r"```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(["bash", "-c", commands], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_signature_is_verified_by_openssl_as_the_readme_says(scene: Scene, tmp_path: Path) -> None:
    bundle = json.loads(downloaded(scene, tmp_path).read_text("utf-8"))
    (tmp_path / "proof").write_text(bundle["proof"], "utf-8")
    (tmp_path / "roster").write_text(bundle["rosters"][-1], "utf-8")

    honest = openssl_says(tmp_path)
    (tmp_path / "proof").write_text(bundle["proof"].replace(f"{HERTEN}\n", f"{HERTEN}\n1", 1), "utf-8")
    changed = openssl_says(tmp_path)

    assert "Signature Verified Successfully" in honest
    assert "Signature Verified Successfully" not in changed


# --- exit codes ------------------------------------------------------------------------------------------------------


def test_every_code_has_its_exit_code_for_ever() -> None:
    assert {str(code): exit_code(code) for code in Code if not code.startswith("W_")} == EXIT_CODES
    bad = [number for number in EXIT_CODES.values() if number]
    assert len(set(bad)) == len(bad)
    assert set(bad) & {1, 2, 3} == set()


@pytest.mark.parametrize("command", [(), ("follow",), ("record",)])
def test_help_names_every_exit_code(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(*command, "--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert [code for code, number in EXIT_CODES.items() if number and f"{number} {code}" not in said] == []


def test_readme_names_every_exit_code() -> None:
    said = README.read_text("utf-8")
    assert [code for code, number in EXIT_CODES.items() if number and f" {number} {code} " not in said] == []


def test_codes_are_listed_with_what_they_mean(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("codes", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {code: listed[code]["exit"] for code in EXIT_CODES} == EXIT_CODES
    assert all(row["text"] for row in listed.values())
