"""`kreisweit-hub` as people and scripts use it: names, JSON keys and exit codes are a contract."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub import enrolment
from hub.cli import run
from hub.opening import close_hub, open_hub
from shared.feed.join import parse_invite
from shared.feed.note import parse_note
from shared.feed.roster import parse_roster
from shared.net.http import HttpClient
from tests.support.enrolling import PASSPHRASE, City
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    return path


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command on the hub in a directory; returns exit code, stdout, stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = run(["--home", str(tmp_path / "hub"), *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def hub(command: Run, passphrase_file: Path) -> Run:
    """The same, after `init`."""
    code, _, err = command(
        "init", "--host", "hub.example", "--url", "http://127.0.0.1:1", "--allow-network", "127.0.0.0/8",
        "--passphrase-file", passphrase_file,
    )  # fmt: skip
    assert code == 0, err
    return command


def as_json(result: tuple[int, str, str]) -> Any:
    return json.loads(result[1])


def apply_for(home: Path, city: City, code: str) -> None:
    """What the city's `join` sends, taken as the join route takes it."""
    hub = open_hub(home)
    status, _ = enrolment.receive_join(hub, city.application(code))
    close_hub(hub)
    assert status == 202


@pytest.fixture
def enrolled(hub: Run, tmp_path: Path, passphrase_file: Path) -> Run:
    """A hub with one member, which nobody serves."""
    _, code, _ = hub("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    apply_for(tmp_path / "hub", City("herten"), code.strip())
    result = hub("approve", "herten", "--yes", "--passphrase-file", passphrase_file)
    assert result[0] == 0, result[2]
    return hub


# --- init ----------------------------------------------------------------------------------------------------------


def test_init_makes_log_roster_vocabularies_and_note(hub: Run) -> None:
    said = as_json(hub("catalogue", "--json"))
    status = as_json(hub("status", "--json"))

    assert (said["records"], said["other"]) == (0, 8)
    assert [(s["origin"], s["size"], s["member"], s["state"]) for s in said["sources"]] == [
        ("hub.example/feed/g1", 9, "hub", "active")
    ]
    assert (status["state"], status["size"], status["roster"]["version"]) == ("live", 9, 1)
    assert status["roster"]["expires"] - status["roster"]["issued"] == 365 * 86_400
    assert status["digest"] == said["digest"]


def test_init_refuses_a_directory_that_holds_keys(hub: Run, passphrase_file: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "hub" / "keys").iterdir()}

    code, _, err = hub(
        "init", "--host", "b.example", "--url", "http://127.0.0.1:1", "--passphrase-file", passphrase_file
    )

    assert code == 1
    assert "nie ein zweites Mal" in err
    assert {path: path.read_bytes() for path in (tmp_path / "hub" / "keys").iterdir()} == before


@pytest.mark.postgres
def test_hub_lives_on_postgresql(command: Run, passphrase_file: Path, tmp_path: Path, postgres_url: str) -> None:
    # An origin of nearly the longest kind: names of facts hold origins.
    host = ".".join(["ein-sehr-langer-name-eines-kreises"] * 5)
    made = command(
        "init", "--host", host, "--url", "http://127.0.0.1:1", "--database", postgres_url, "--passphrase-file",
        passphrase_file,
    )  # fmt: skip
    _, code, _ = command("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    apply_for(tmp_path / "hub", City("herten"), code.strip())
    approved = command("approve", "herten", "--yes", "--passphrase-file", passphrase_file)
    taken = command("init", "--host", "b.example", "--url", "http://127.0.0.1:1", "--database", postgres_url, "--json")

    assert (made[0], approved[0], taken[0]) == (0, 0, 1)
    assert [member["name"] for member in as_json(command("members", "--json"))] == ["herten"]
    assert not list((tmp_path / "hub").glob("*.db"))


def test_root_key_is_encrypted_and_nobody_else_may_read_the_keys(hub: Run, tmp_path: Path) -> None:
    keys = tmp_path / "hub" / "keys"

    assert (keys / "root.key").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert {path.stat().st_mode & 0o077 for path in keys.iterdir()} == {0}


@pytest.mark.parametrize(
    ("option", "value"),
    [("--host", "Kein Name"), ("--url", "ftp://127.0.0.1"), ("--allow-network", "überall")],
)
def test_init_refuses_what_the_protocol_does_not_know(
    command: Run, passphrase_file: Path, tmp_path: Path, option: str, value: str
) -> None:
    given = {"--host": "hub.example", "--url": "http://127.0.0.1:1", "--passphrase-file": str(passphrase_file)}
    arguments = [part for pair in ({**given, option: value}).items() for part in pair]

    code, _, err = command("init", *arguments)

    assert code == 1
    assert "Fehler" in err
    assert not (tmp_path / "hub" / "keys").exists()


@pytest.mark.parametrize(
    ("passphrase", "why"), [(b"kurz", "kürzer als"), ("zwölf graue Katzen".encode("latin-1"), "UTF-8")]
)
def test_init_refuses_a_passphrase_that_is_short_or_no_text(
    command: Run, tmp_path: Path, passphrase: bytes, why: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(passphrase)

    code, _, err = command("init", "--host", "h.example", "--url", "http://127.0.0.1:1", "--passphrase-file", file)

    assert code == 1
    assert "Passphrase" in err
    assert why in err
    assert not (tmp_path / "hub" / "keys" / "root.key").exists()


def test_without_terminal_and_file_nobody_waits_for_a_passphrase(command: Run) -> None:
    code, _, err = command("init", "--host", "hub.example", "--url", "http://127.0.0.1:1")

    assert code == 1
    assert "--passphrase-file" in err


# --- invite, approve, members --------------------------------------------------------------------------------------


def test_invite_prints_the_code_alone(hub: Run) -> None:
    code, out, _ = hub("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")

    assert code == 0
    assert out.count("\n") == 1
    assert parse_invite(out.strip()).name == "herten"


def test_approved_city_is_a_member(enrolled: Run) -> None:
    members = as_json(enrolled("members", "--json"))

    assert len(members) == 1
    assert members[0].keys() >= {"name", "ags", "state", "code", "size", "root", "time", "lag", "message"}
    assert (members[0]["name"], members[0]["state"], members[0]["code"], members[0]["time"]) == (
        "herten", "invited", None, None,
    )  # fmt: skip


def test_approval_is_asked_for_and_not_taken_for_granted(hub: Run, tmp_path: Path, passphrase_file: Path) -> None:
    _, invitation, _ = hub("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    apply_for(tmp_path / "hub", City("herten"), invitation.strip())

    code, _, err = hub("approve", "herten", "--passphrase-file", passphrase_file)

    assert code == 1
    assert "Fingerabdruck" in err
    assert as_json(hub("members", "--json")) == []


@pytest.mark.parametrize(("answer", "expected"), [("j\n", 0), ("Ja\n", 0), ("\n", 1), ("n\n", 1)])
def test_approval_takes_a_german_yes(
    hub: Run, tmp_path: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch, answer: str, expected: int
) -> None:
    _, invitation, _ = hub("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    apply_for(tmp_path / "hub", City("herten"), invitation.strip())
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))

    code, _, err = hub("approve", "herten", "--passphrase-file", passphrase_file)

    assert code == expected
    assert "[j/N]" in err
    assert ("Abgebrochen." in err) == bool(expected)


def test_approval_needs_the_right_passphrase_and_the_key_file(hub: Run, tmp_path: Path, passphrase_file: Path) -> None:
    _, invitation, _ = hub("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    apply_for(tmp_path / "hub", City("herten"), invitation.strip())
    wrong = tmp_path / "wrong"
    wrong.write_text("eine andere Passphrase", "ascii")

    opened_wrongly = hub("approve", "herten", "--yes", "--passphrase-file", wrong)
    moved = (tmp_path / "hub" / "keys" / "root.key").rename(tmp_path / "offline.key")
    without = hub("approve", "herten", "--yes", "--passphrase-file", passphrase_file)
    approved = hub("approve", "herten", "--yes", "--root-key", moved, "--passphrase-file", passphrase_file, "--json")

    assert (opened_wrongly[0], without[0], approved[0]) == (1, 1, 0)
    assert "--root-key" in without[2]
    assert as_json(approved)["roster"] == 2


def test_change_of_status_makes_the_next_version(enrolled: Run, passphrase_file: Path) -> None:
    suspended = as_json(enrolled("suspend", "herten", "--passphrase-file", passphrase_file, "--json"))
    state = as_json(enrolled("members", "--json"))[0]["state"]
    resumed = as_json(enrolled("resume", "herten", "--passphrase-file", passphrase_file, "--json"))

    assert (suspended["status"], suspended["roster"], state) == ("suspended", 3, "suspended")
    assert (resumed["status"], resumed["roster"]) == ("active", 4)


@pytest.mark.parametrize(("word", "state"), [("suspend", "gesperrt"), ("resume", "aktiv")])
def test_change_to_what_is_so_makes_no_version(enrolled: Run, passphrase_file: Path, word: str, state: str) -> None:
    if word == "suspend":
        enrolled("suspend", "herten", "--passphrase-file", passphrase_file)
    before = as_json(enrolled("roster", "show", "--json"))["version"]

    said = enrolled(word, "herten")
    for_programs = enrolled(word, "herten", "--json")

    assert said == (0, f"herten ist schon {state}; die Mitgliederliste bleibt bei Fassung {before}.\n", "")
    assert (for_programs[0], as_json(for_programs)["roster"]) == (0, before)
    assert as_json(enrolled("roster", "show", "--json"))["version"] == before


def test_draft_without_changes_says_that_it_only_renews(enrolled: Run, tmp_path: Path) -> None:
    code, _, err = enrolled("roster", "draft", tmp_path / "next.txt")

    assert code == 0
    assert "Keine Änderung ist vorgemerkt" in err


def test_states_are_german_for_people(enrolled: Run, passphrase_file: Path) -> None:
    status, members, catalogue = enrolled("status")[1], enrolled("members")[1], enrolled("catalogue")[1]
    enrolled("suspend", "herten", "--passphrase-file", passphrase_file)

    assert ": in Betrieb.\n" in status
    assert "Mitglieder: 1 eingeladen" in status
    assert members.split()[:2] == ["herten", "eingeladen"]
    assert catalogue.splitlines()[1].split()[:2] == ["hub", "aktiv"]
    assert enrolled("members")[1].split()[:2] == ["herten", "gesperrt"]


def test_regenerate_prints_a_code_for_an_active_member(enrolled: Run) -> None:
    refused = enrolled("invite", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    code, out, _ = enrolled("regenerate", "herten")

    assert refused[0] == 1
    assert code == 0
    assert parse_invite(out.strip()).ags == "05562020"


def test_clock_reset_with_nothing_to_reset_is_done(hub: Run) -> None:
    said, for_programs = hub("clock", "reset"), hub("clock", "reset", "--json")

    assert said[0] == for_programs[0] == 0
    assert "nichts geändert" in said[1]
    assert as_json(for_programs) == {"time": None}


def test_clock_reset_tells_the_new_time_as_people_write_it(hub: Run, tmp_path: Path) -> None:
    opened = open_hub(tmp_path / "hub")
    opened.sealer.resign(now=opened.clock.now() + 10_000)
    close_hub(opened)

    code, out, err = hub("clock", "reset")

    assert (code, err) == (0, "")
    assert re.search(r"vom \d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d Uhr\.", out)


# --- exchange ------------------------------------------------------------------------------------------------------


def test_pull_of_a_member_that_is_down_is_unreachable(enrolled: Run) -> None:
    code, out, _ = enrolled("pull", "--all", "--json")

    (line,) = json.loads(out)
    assert code == 1
    assert line.keys() == {"name", "outcome", "code", "from", "size", "message"}
    assert (line["name"], line["outcome"], line["code"]) == ("herten", "unreachable", "E_FETCH")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("word", ["pull", "push"])
def test_reason_why_a_member_is_unreachable_is_on_stderr(enrolled: Run, word: str, options: list[str]) -> None:
    code, out, err = enrolled(word, "herten", *options)

    assert code == 1
    assert "herten" in out
    assert err.startswith("herten: ")
    assert "Verbindung" in err


def test_push_to_a_member_that_is_down_is_unreachable(enrolled: Run) -> None:
    code, out, _ = enrolled("push", "--json")

    (line,) = json.loads(out)
    assert code == 1
    assert (line["name"], line["outcome"]) == ("herten", "unreachable")
    assert line["message"]


def test_hub_without_members_has_nothing_to_do(hub: Run) -> None:
    assert [hub(*words, "--json")[:2] for words in (["pull"], ["push"], ["quarantine"], ["members"])] == [
        (0, "[]\n")
    ] * 4


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pull", "marl"], 1),
        (["hold", "confirm", "marl"], 1),
        (["hold", "reject", "herten"], 1),
        (["approve", "marl"], 1),
        (["suspend", "marl"], 1),
        (["recover", "--without", "herten"], 1),
        (["roster", "sign"], 1),
        (["pull", "herten", "--all"], 2),
        (["invite", "herten"], 2),
        (["nonsense"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_is_refused_says_why(enrolled: Run, words: list[str], expected: int) -> None:
    code, out, err = enrolled(*words)

    assert (code, out) == (expected, "")
    assert err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pull", "marl"], "Kein Mitglied heißt marl."),
        (["invite", "MARL", "--ags", "05562024", "--title", "Marl"], "Der Name 'MARL'"),
        (["invite", "marl", "--ags", "5", "--title", "Marl"], "Der AGS '5'"),
        (["roster", "publish", "pyproject.toml"], "Unterschrift"),
        (["roster", "sign", "--root-key", "pyproject.toml"], "roster-draft.txt gibt es nicht"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusal_of_a_hub_is_german(hub: Run, words: list[str], said: str) -> None:
    code, out, err = hub(*words)

    assert (code, out) == (1, "")
    assert said in err


def test_every_command_without_a_hub_says_how_to_make_one(command: Run) -> None:
    code, _, err = command("members")

    assert code == 1
    assert "init" in err


# --- roster --------------------------------------------------------------------------------------------------------


def test_roster_goes_from_one_key_to_two_of_two_and_back_through_files(
    enrolled: Run, tmp_path: Path, passphrase_file: Path
) -> None:
    file, second = tmp_path / "next.txt", tmp_path / "b.key"
    _, line, _ = enrolled("roster", "new-root", "b", second, "--passphrase-file", passphrase_file)
    enrolled("roster", "draft", file)
    text = file.read_text("ascii").replace("\nhub ", f"\n{line.strip()}\nhub ").replace("threshold 1", "threshold 2")
    file.write_text(text, "ascii")
    enrolled("roster", "sign", file, "--passphrase-file", passphrase_file)
    too_few = enrolled("roster", "publish", file)
    enrolled("roster", "sign", file, "--root-key", second, "--passphrase-file", passphrase_file)
    published = enrolled("roster", "publish", file, "--json")

    pending = as_json(enrolled("suspend", "herten", "--json"))
    enrolled("roster", "draft", file)
    for key in (second, tmp_path / "hub" / "keys" / "root.key"):
        enrolled("roster", "sign", file, "--root-key", key, "--passphrase-file", passphrase_file)
    enrolled("roster", "publish", file)
    shown = as_json(enrolled("roster", "show", "--json"))

    assert too_few[0] == 1
    assert "E_ROSTER" in too_few[2]
    assert as_json(published)["version"] == 3
    assert (pending["status"], pending["roster"]) == ("active", None)
    assert (shown["version"], shown["threshold"], len(shown["roots"]), shown["pending"]) == (4, 2, 2, {})
    assert shown["members"][0]["status"] == "suspended"


def test_roster_show_prints_the_note_itself(enrolled: Run) -> None:
    _, out, _ = enrolled("roster", "show")

    assert parse_roster(parse_note(out.encode()).text).version == 2


# --- start ---------------------------------------------------------------------------------------------------------


def test_help_loads_neither_database_nor_network() -> None:
    script = (
        "import sys; from hub.cli import run; run(['--help']); "
        "heavy = {'sqlalchemy', 'httpx', 'litestar', 'cryptography', 'alembic'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "quarantine" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_program_ends_with_the_exit_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub", "--home", tmp_path, "status"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr


def test_commands_that_ask_nobody_open_no_http_client(hub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an HTTP client was made")

    monkeypatch.setattr(HttpClient, "__init__", refuse)

    assert hub("status")[0] == 0


# --- accounts --------------------------------------------------------------------------------------------------------


def test_account_of_a_case_manager_is_bound_to_cities(hub: Run) -> None:
    given = ("user", "add", "fm", "--display", "Fallmanagement", "--role", "fallmanagement", "--json")

    without, unknown = hub(*given), hub(*given, "--city", "atlantis")
    made = hub(*given, "--city", "waltrop", "--city", "herten")
    listed = as_json(hub("user", "list", "--json"))

    assert (without[0], unknown[0], made[0]) == (1, 1, 0)
    assert "mindestens eine Stadt" in without[2]
    assert [(one["role"], one["providers"]) for one in listed] == [("fallmanagement", ["waltrop", "herten"])]


def test_account_without_a_limit_takes_no_cities(hub: Run) -> None:
    given = ("user", "add", "leo", "--display", "Leo", "--role", "leser", "--city", "waltrop")

    code, _, err = hub(*given)

    assert code == 1
    assert "kennt keine Grenze" in err
