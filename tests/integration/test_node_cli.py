"""The command line of a node as people and programs meet it: names, JSON keys, exit codes, where texts go."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from node.cli import run as run_here
from node.editing import prepare_document, publish_edit, withdrawal
from node.opening import open_node
from node.store.migrate import node_metadata
from shared.database import sqlite_module
from shared.holdings import facts, logs
from shared.holdings.edits import NEW, add_conflict
from shared.holdings.migrating import check_schema
from tests.integration.test_importing import ROW, SAMPLE, table
from tests.support.lone_node import FakeHub, files_with, offer
from tests.support.world import VirtualClock

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]
ENGLISH = {"Usage:", "Options", "Commands", "Show", "[OPTIONS]", "[default:", "INTEGER", "DIRECTORY"}
STATUS_KEYS = [
    "name", "state", "size", "root", "pending", "conflicts", "catalogue_digest", "catalogue_records", "missing",
    "recovered", "last_push", "last_pull", "message",
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "herten"


@pytest.fixture
def run(home: Path) -> Run:
    def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "node", "--home", str(home), *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    return run_command


@pytest.fixture
def made(run: Run) -> Run:
    done = run("init", "--name", "herten", "--ags", "05562020", "--title", "Stadt Herten")
    assert done.returncode == 0, done.stderr
    return run


def read(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("room", ["node", "hub"])
def test_help_loads_neither_web_framework_nor_database(room: str) -> None:
    heavy = ["litestar", "sqlalchemy", "httpx", "cryptography", "alembic", "phonenumbers"]
    code = f"import sys, {room}.cli\n{room}.cli.run(['--help'])\nprint([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "join",
        "import",
        "offers",
        "withdraw",
        "erase",
        "seal",
        "export",
        "status",
        "serve",
        "key",
        "generation",
        "clock",
    ],
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    done = run(command, "--help")

    assert done.returncode == 0
    assert "Aufruf" in done.stdout
    assert not ENGLISH & set(done.stdout.split())


def test_init_makes_a_node_once(made: Run, home: Path) -> None:
    again = made("init", "--name", "herten", "--ags", "05562020", "--title", "Stadt Herten")

    assert again.returncode == 1
    assert "schon ein Knoten" in again.stderr
    assert again.stdout == ""
    assert {"node.toml", "node.db", "keys", "ballast"} <= {path.name for path in home.iterdir()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "keys").iterdir())


def test_init_keeps_origin_and_networks(run: Run, home: Path) -> None:
    done = run(
        "init", "--name", "kreis", "--ags", "05562000", "--title", "Kreis", "--origin", "kreis.example/feed/g1",
        "--allow-network", "127.0.0.0/8", "--allow-network", "10.0.0.0/8", "--json",
    )  # fmt: skip

    settings = (home / "node.toml").read_text()
    assert read(done)["origin"] == "kreis.example/feed/g1"
    assert 'allow_networks = ["127.0.0.0/8","10.0.0.0/8"]' in settings


@pytest.mark.parametrize(
    "wrong", [("--name", "HERTEN"), ("--ags", "5562020"), ("--origin", "x"), ("--allow-network", "127.0.0.1/8")]
)
def test_init_refuses_what_the_protocol_does_not_know(run: Run, home: Path, wrong: tuple[str, str]) -> None:
    values = {"--name": "herten", "--ags": "05562020", "--title": "Stadt Herten"} | dict([wrong])

    done = run("init", *(part for pair in values.items() for part in pair))

    assert done.returncode == 1
    assert done.stderr.startswith("Fehler")
    assert not (home / "keys").exists()


@pytest.mark.parametrize("arguments", [("init",), ("nonsense",), ("import", "missing.csv"), ("withdraw", "00")])
def test_wrong_usage_is_exit_2(made: Run, arguments: tuple[str, ...]) -> None:
    assert made(*arguments).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["init"], "Es fehlt die Option '--name'."),
        (["join"], "Es fehlt die Angabe 'CODE'."),
        (["join", "a", "b", "--url", "u"], "Diese Angabe ist zu viel: b"),
        (["imp"], "Den Befehl 'imp' gibt es nicht. Gemeint ist vielleicht 'import'."),
        (["serve", "--prot", "1"], "Die Option '--prot' gibt es nicht."),
        (["serve", "--port", "x"], "Das geht bei '--port' nicht: 'x' ist keine Zahl"),
        (["serve", "--port", "70000"], "70000 liegt nicht im Bereich"),
        (["serve", "--port"], "Hinter der Option '--port' fehlt der Wert."),
        (["conflicts", "take", "x"], "'x' ist keine Zahl"),
        (["import", "missing.csv"], "Datei 'missing.csv' gibt es nicht."),
        (["import", "shared"], "'shared' ist ein Verzeichnis, keine Datei."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_explained_in_german(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code = run_here(["--home", str(home), *arguments])

    assert code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "node.toml gibt es nicht"),
        (["init", "--name", "HERTEN", "--ags", "05562020", "--title", "x"], "Der Name 'HERTEN'"),
        (["init", "--name", "herten", "--ags", "5", "--title", "x"], "Der AGS '5' hat nicht genau acht Ziffern"),
        (["init", "--name", "herten", "--ags", "05562020", "--title", "x", "--origin", "/"], "Der Ursprung '/'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusal_before_there_is_a_node_is_german(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code = run_here(["--home", str(home), *arguments])

    assert code == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["withdraw", "xyz", "--reason", "beendet"], "Die Kennung 'xyz'"),
        (["join", "kw1.abc", "--url", "http://x"], "Der Einladungscode ist nicht lesbar"),
        (["key", "rotate"], "Dieser Knoten ist noch kein Mitglied"),
        (["export", "/proc/x"], "/proc/x: das gibt es nicht"),
        (["serve", "--host", "nirgends.invalid"], "diesen Rechnernamen kennt hier niemand"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusal_of_a_node_is_german(
    made: Run, home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code = run_here(["--home", str(home), *arguments])

    assert code == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("node.toml", b'name = "herten"', "Die Einstellung ags fehlt"),
        ("node.toml", b"quatsch = 1", "Die Einstellung"),
        ("node.toml", b"name = 5", "Die Einstellung name hat die falsche Art"),
        ("node.toml", b"[[", "ist nicht lesbar"),
        ("node.toml", b"\xff", "nicht in UTF-8"),
        ("keys/witness.key", b"kaputt", "witness.key ist beschädigt"),
        ("keys/witness.key", None, "witness.key fehlt"),
        ("keys/log-g1.key", None, "Der Schlüssel der Generation 1 fehlt"),
        ("membership.json", b"{", "membership.json ist beschädigt"),
    ],
)
def test_damaged_file_is_named_in_german(
    made: Run, home: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, said: str
) -> None:
    (home / name).unlink() if content is None else (home / name).write_bytes(content)

    code = run_here(["--home", str(home), "status"])

    assert code == 1
    assert said in capsys.readouterr().err


def test_command_without_a_node_is_exit_1_with_advice(run: Run) -> None:
    done = run("status")

    assert (done.returncode, done.stdout) == (1, "")
    assert "kreisweit-node --home DIR init" in done.stderr


def test_status_has_exactly_the_agreed_keys(made: Run) -> None:
    status = read(made("status", "--json"))

    assert list(status) == STATUS_KEYS
    assert (status["name"], status["state"], status["size"], status["pending"]) == ("herten", "new", 1, 0)
    assert (status["recovered"], status["last_push"], status["catalogue_digest"]) == (None, None, None)


def test_states_are_german_for_people_and_codes_for_programs(made: Run, tmp_path: Path) -> None:
    (tmp_path / "eins.csv").write_bytes(table(ROW))
    made("import", str(tmp_path / "eins.csv"))

    assert made("status").stdout.startswith("herten: neu. ")
    assert " wird veröffentlicht " in made("offers").stdout
    assert [row["state"] for row in read(made("offers", "--json"))] == ["pending"]


def test_recovered_and_times_are_told_as_instants(made: Run, home: Path) -> None:
    node = open_node(home)
    with node.db.write() as conn:
        facts.save_fact(conn, "recovered", '{"entries":3,"payloads":2,"at":1767225600}')
        facts.save_fact(conn, "last-push", 1767225601)
    node.db.close()

    status = read(made("status", "--json"))

    assert status["recovered"] == {"entries": 3, "payloads": 2, "at": "2026-01-01T00:00:00Z"}
    assert status["last_push"] == "2026-01-01T00:00:01Z"


def test_import_of_the_sample_file_is_partly_done_without_own_only(made: Run) -> None:
    dry = made("import", str(SAMPLE), "--dry-run", "--json")
    done = made("import", str(SAMPLE), "--json")

    counts = read(done)
    assert (dry.returncode, done.returncode) == (3, 3)
    assert {"created", "changed", "unchanged", "refused", "problems"} <= counts.keys()
    assert counts["created"] + counts["refused"] == 141
    assert {"row", "column", "message"} <= counts["problems"][0].keys()
    assert read(dry)["created"] == counts["created"]


def test_import_again_is_done_and_changes_nothing(made: Run) -> None:
    made("import", str(SAMPLE), "--own-only")

    done = made("import", str(SAMPLE), "--own-only", "--json")

    counts = read(done)
    assert (done.returncode, counts["created"], counts["changed"], counts["refused"]) == (0, 0, 0, 0)
    assert counts["unchanged"] > 0


def test_import_of_a_file_without_the_columns_says_which_are_missing(made: Run, tmp_path: Path) -> None:
    (tmp_path / "falsch.csv").write_text("a;b\n1;2\n")

    done = made("import", str(tmp_path / "falsch.csv"))

    assert done.returncode == 1
    assert "stadt, traeger, angebot" in done.stderr


def test_offers_withdraw_and_who_seals(made: Run, tmp_path: Path) -> None:
    (tmp_path / "eins.csv").write_bytes(table(ROW))
    imported = made("import", str(tmp_path / "eins.csv"))
    own = read(made("offers", "--json"))
    everywhere = read(made("offers", "--all", "--json"))

    done = made("withdraw", own[0]["id"], "--reason", "beendet")
    refused = made("withdraw", own[0]["id"], "--reason", "laune")

    assert "Es läuft kein Server" in imported.stderr
    assert {"id", "member", "title", "state"} <= own[0].keys()
    assert (own[0]["member"], own[0]["title"], own[0]["state"]) == ("herten", "Sprachcafé", "pending")
    assert everywhere == own
    assert (done.returncode, refused.returncode) == (0, 1)
    assert "beendet" in refused.stderr
    assert read(made("offers", "--json"))[0]["state"] == "pending-withdrawal"


def test_erase_lists_without_yes_and_erases_with_it(made: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "eins.csv").write_bytes(table(ROW | {"beschreibung": "Fragen beantwortet Erika Mustermann gern."}))
    made("import", str(tmp_path / "eins.csv"))

    listed = made("erase", "--person", "Erika Mustermann", "--json")
    before = files_with(home, "Fragen beantwortet Erika")
    done = made("erase", "--person", "Erika Mustermann", "--yes", "--json")

    found = read(listed)
    assert [(hit["where"], hit["fields"]) for hit in found["found"]] == [
        ("outbox", ["summary"]), ("history", ["summary"]),
    ]  # fmt: skip
    assert (found["erased"], before) == (None, ["node.db"])
    assert read(done)["erased"]["cleaned"] == 1
    assert files_with(home, "Fragen beantwortet Erika") == []
    assert read(made("erase", "--person", "Erika Mustermann", "--json"))["found"] == []


def test_seal_before_joining_is_refused_and_edits_wait(made: Run, tmp_path: Path) -> None:
    (tmp_path / "eins.csv").write_bytes(table(ROW))
    made("import", str(tmp_path / "eins.csv"))

    done = made("seal", "--json")

    assert done.returncode == 1
    assert read(done)["code"] == "E_ROSTER"
    assert read(made("status", "--json"))["pending"] == 1


def test_join_refuses_a_broken_code_and_a_code_for_another(made: Run) -> None:
    other = FakeHub(VirtualClock(time.time())).invite("marl", "05562024")

    broken = made("join", "kw1.nonsense", "--url", "http://127.0.0.1:8101")
    wrong = made("join", other, "--url", "http://127.0.0.1:8101")

    assert (broken.returncode, wrong.returncode) == (1, 1)
    assert "marl" in wrong.stderr


def test_export_writes_the_tree(made: Run, tmp_path: Path) -> None:
    done = made("export", str(tmp_path / "out"), "--json")

    assert read(done)["logs"] == 1
    assert (tmp_path / "out" / "feed" / "g1" / "checkpoint").is_file()


def test_clock_reset_brings_a_time_from_the_future_back(made: Run, home: Path) -> None:
    node = open_node(home)
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        logs.save_columns(conn, row.id, time=row.time + 10_000)
    node.db.close()

    done = read(made("clock", "reset", "--json"))
    again = read(made("clock", "reset", "--json"))
    said = made("clock", "reset")

    assert done["before"] > done["now"]
    assert again["before"] <= again["now"]
    assert (said.returncode, said.stdout) == (0, "Die gespeicherte Zeit war in Ordnung; nichts geändert.\n")


def test_clock_reset_tells_both_times_as_people_write_them(made: Run, home: Path) -> None:
    node = open_node(home)
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        logs.save_columns(conn, row.id, time=2_000_000_000)
    node.db.close()

    done = made("clock", "reset")

    assert done.returncode == 0
    assert "vom 18.05.2033, 05:33:20 Uhr auf den " in done.stdout


def test_migrated_database_has_the_schema_of_the_program(made: Run, home: Path) -> None:
    node = open_node(home)

    problems = check_schema(node.db, node_metadata())

    node.db.close()
    assert problems == []


def test_locked_database_is_told_in_german_without_a_traceback(made: Run, home: Path) -> None:
    with closing(sqlite_module().connect(home / "node.db")) as other:
        other.execute("BEGIN IMMEDIATE")

        done = made("import", str(SAMPLE), "--own-only")

    assert done.returncode == 1
    assert "gerade belegt" in done.stderr
    assert "Traceback" not in done.stderr


def test_damaged_database_is_told_in_german_without_a_traceback(made: Run, home: Path) -> None:
    for path in home.glob("node.db*"):
        path.unlink()
    (home / "node.db").write_bytes(b"garbage" * 1000)

    done = made("status")

    assert done.returncode == 1
    assert "beschädigt" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_on_a_used_port_ends_before_any_job_begins(made: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = made("serve", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "kann nicht gelauscht werden" in done.stderr
    assert "jobs_started" not in done.stderr


def test_conflict_is_listed_taken_and_dropped(made: Run, home: Path) -> None:
    node = open_node(home)
    body = publish_edit(node, prepare_document(node, offer("Überholt"), b"\1" * 16), b"\1" * 16, NEW)
    with node.db.write() as conn:
        for _ in range(2):
            add_conflict(conn, body, "stale")
    node.db.close()

    listed = read(made("conflicts", "--json"))
    taken = read(made("conflicts", "take", str(listed[0]["number"]), "--json"))
    refused = made("conflicts", "take", str(listed[1]["number"]))
    dropped = made("conflicts", "drop", str(listed[1]["number"]))

    assert [(row["title"], row["cause"]) for row in listed] == [("Überholt", "stale")] * 2
    assert taken == {"id": "01" * 16}
    assert refused.returncode == 1
    assert dropped.returncode == 0
    assert read(made("conflicts", "--json")) == []
    assert [row["state"] for row in read(made("offers", "--json"))] == ["pending"]


def test_withdrawal_of_what_is_not_in_the_log_is_not_taken(made: Run, home: Path) -> None:
    node = open_node(home)
    with node.db.write() as conn:
        add_conflict(conn, withdrawal(node, b"\1" * 16, 5, "ended"), "stale")
    node.db.close()
    (row,) = read(made("conflicts", "--json"))

    refused = made("conflicts", "take", str(row["number"]))

    assert refused.returncode == 1
    assert "es gibt nichts zurückzuziehen" in refused.stderr
    assert "conflicts drop" in refused.stderr
    assert len(read(made("conflicts", "--json"))) == 1
    assert read(made("status", "--json"))["pending"] == 0


def test_id_is_taken_with_dashes_and_in_capitals(made: Run) -> None:
    made("import", str(SAMPLE), "--own-only")
    rid = read(made("offers", "--json"))[0]["id"]

    done = made("withdraw", str(UUID(rid)).upper(), "--reason", "beendet", "--json")

    assert read(done)["id"] == rid
