"""Keys of integrators: made and ended by the district, shown once, kept as hashes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import subscribers
from hub.cli import run
from hub.integrators import find_owner
from hub.opening import close_hub, init_hub, new_settings, open_hub
from hub.store import erasure_steps
from hub.subscribers import Wish
from tests.support.enrolling import PASSPHRASE
from tests.support.world import START, SeededDice, VirtualClock

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("keys") / "hub"
    settings = new_settings(home, "hub.example", "http://127.0.0.1:1")
    close_hub(init_hub(settings, PASSPHRASE, clock=VirtualClock(), dice=SeededDice(1)))
    return home


@pytest.fixture
def command(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["--home", str(home), "integrators", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def owner_of(home: Path, text: str) -> int | None:
    hub = open_hub(home)
    try:
        return find_owner(hub, f"Bearer {text}")
    finally:
        close_hub(hub)


def made(command: Run, name: str, email: str = "technik@app.example") -> dict[str, Any]:
    code, out, err = command("key", "add", name, "--email", email, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_key_is_printed_alone_once_and_its_text_is_in_no_file(command: Run, home: Path) -> None:
    code, out, err = command("key", "add", "Integreat", "--email", "technik@integreat.example")
    text = out.strip()

    _, listed, _ = command("key", "list")

    assert (code, text[:4], len(text)) == (0, "kwk_", 47)
    assert "noch einmal" in err
    assert text not in listed
    assert f"{text[:10]}…" in listed
    assert "technik@integreat.example" in listed
    assert not [path for path in home.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_several_keys_of_one_organisation_lead_to_the_same_owner(command: Run, home: Path) -> None:
    first, second = made(command, "Ein Portal"), made(command, " Ein  Portal ", "neu@portal.example")
    other = made(command, "Noch ein Portal")

    owners = [owner_of(home, key["key"]) for key in (first, second, other)]

    assert owners[0] is not None
    assert owners[0] == owners[1] != owners[2]
    mailboxes = {key["email"] for key in json.loads(command("key", "list", "--json")[1]) if key["name"] == "Ein Portal"}
    assert mailboxes == {"neu@portal.example"}


def test_revoked_key_opens_nothing_and_is_revoked_once(command: Run, home: Path) -> None:
    key = made(command, "Landesportal")
    assert owner_of(home, key["key"]) is not None

    done, again = (command("key", "revoke", str(key["id"])) for _ in range(2))

    assert (done[0], again[0]) == (0, 1)
    assert "gesperrt" in again[2]
    assert owner_of(home, key["key"]) is None
    listed = {one["id"]: one for one in json.loads(command("key", "list", "--json")[1])}
    assert listed[key["id"]]["revoked"] is not None
    assert command("key", "revoke", "4711")[0] == 1


@pytest.mark.parametrize(
    ("name", "email", "field"), [("I", "technik@app.example", "name"), ("App", "Frau Beispiel", "email")]
)
def test_key_without_a_usable_name_or_mailbox_is_refused(command: Run, name: str, email: str, field: str) -> None:
    code, out, err = command("key", "add", name, "--email", email)

    assert (code, out) == (1, "")
    assert f"  {field}: " in err


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer kwk_", "Bearer {0}x", "Basic {0}", "Bearer {1}", "Bearer {0}, Bearer {0}"]
)
def test_other_headers_belong_to_nobody(command: Run, home: Path, header: str) -> None:
    text = made(command, "Kopfzeilen")["key"]
    hub = open_hub(home)

    found = find_owner(hub, header.format(text, text.removeprefix("kwk_")))
    close_hub(hub)

    assert found is None


def test_removed_integrator_is_gone_with_its_keys(command: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made(command, "Altes Portal")
    monkeypatch.setattr("sys.stdin", io.StringIO())

    assert command("remove", "Altes Portal")[0] == 0

    assert owner_of(home, key["key"]) is None
    assert "Altes Portal" not in command("key", "list")[1]
    assert command("remove", "Altes Portal")[0] == 1


# --- what the district sees ------------------------------------------------------------------------------------------


@pytest.fixture
def copy(command: Run, home: Path) -> Iterator[str]:
    """A subscriber that owes an erasure since the time began."""
    text = made(command, "Stadt-App")["key"]
    hub = open_hub(home)
    owner = find_owner(hub, f"Bearer {text}")
    assert owner is not None
    row = subscribers.create(hub, owner, Wish(url="https://app.example/hook", description="Startseite"))
    with hub.db.write() as conn:
        erasure_steps.add_step(conn, b"epoch1", erasure_steps.newest_step(conn) + 1, time=START)
    close_hub(hub)
    yield row.id.hex()
    command("remove", "Stadt-App", "--yes")


def test_list_shows_each_copy_with_its_state(command: Run, copy: str) -> None:
    code, out, _ = command("list")
    listed = {one["name"]: one for one in json.loads(command("list", "--json")[1])}

    assert code == 0
    assert f"{copy[:8]}  Startseite  wird benachrichtigt: https://app.example/hook  bestätigt: nie" in out
    (shown,) = (one for one in listed["Stadt-App"]["subscribers"] if one["subscriber"] == copy)
    assert (shown["state"], shown["reason"], shown["acknowledged"]) == ("active", "", None)


def test_behind_names_mailbox_and_dates_and_leaves_out_who_is_removed(command: Run, copy: str) -> None:
    code, out, _ = command("behind")
    told = [one for one in json.loads(command("behind", "--json")[1]) if one["subscriber"] == copy]
    command("remove", "Stadt-App", "--yes")
    after = command("behind")

    assert code == 0
    assert f"Stadt-App (Startseite, {copy[:8]})  technik@app.example  Löschung vom 01.01.2026" in out
    assert "fällig 04.01.2026" in out
    assert [(one["since"], one["due"], one["acknowledged"]) for one in told] == [(START, START + 72 * 3600, None)]
    assert after[1] == "Alle bekannten Kopien haben alle Löschungen bestätigt.\n"
