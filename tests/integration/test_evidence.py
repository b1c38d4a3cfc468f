"""What is handed out about a member is proven without the hub, by both programs, and a file that was bent is not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hub import pulling
from hub.cli import run as run_hub
from hub.evidence_package import package_evidence
from shared.commands import DONE, FAILED
from shared.errors import NotFoundError
from shared.verify.cli import run as run_verify
from shared.verify.evidence import INDEX
from tests.support.desk import add_person, at_desk, make_passwords_cheap
from tests.support.node_simulator import NodeSimulator
from tests.support.world import World, publish

Lie = Callable[[NodeSimulator], None]


def tell_longer(liar: NodeSimulator) -> None:
    liar.rewrite(2, "Andere Geschichte")
    for number in range(5):
        liar.publish(f"Andere Geschichte {number}")


LIES: dict[str, tuple[Lie, str]] = {
    "one size": (lambda liar: liar.rewrite(3, "Andere Fassung"), "E_FORK"),
    "longer": (tell_longer, "E_FORK"),
    "shorter": (lambda liar: liar.roll_back(2), "E_ROLLBACK"),
}


def caught(lie: Lie, folder: Path) -> tuple[World, Path]:
    """A world whose hub caught Herten, and the file about it."""
    world = World(["herten", "marl"])
    for number in range(3):
        publish(world.nodes["herten"], f"Kurs {number}")
    world.settle()
    lie(NodeSimulator.replace(world, "herten"))
    world.clock.time += 1
    pulling.pull_named(world.hub, ["herten"], "test")
    path = folder / "beweise.zip"
    path.write_bytes(package_evidence(world.hub, "herten"))
    return world, path


@pytest.mark.parametrize(("lie", "code"), LIES.values(), ids=LIES)
def test_file_is_proven_by_both_programs(
    lie: Lie, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, path = caught(lie, tmp_path)
    roots = ["--root", world.hub.settings.roots[0]]

    done = [run_verify(["evidence", str(path), *roots]), run_hub(["verify-evidence", str(path), *roots])]

    said = capsys.readouterr().out
    assert done == [DONE, DONE]
    assert said.count(f"{code}: bewiesen. herten hat") == 2


def test_other_root_keys_prove_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, path = caught(tell_longer, tmp_path)
    other = World(["herten", "marl"], seed=2)

    done = run_verify(["evidence", str(path), "--root", other.hub.settings.roots[0]])

    assert done == FAILED
    assert "E_FORK: nicht bewiesen. E_ROSTER" in capsys.readouterr().out


def bend(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change one file of a zip."""
    with zipfile.ZipFile(path) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, change(content) if entry == name else content)


def _swap_last(data: bytes) -> bytes:
    return data[:-3] + (b"A" if data[-3:-2] != b"A" else b"B") + data[-2:]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("1-gespeichert.txt", lambda data: data.replace(b"\n4\n", b"\n5\n")),
        ("1-geliefert.txt", lambda data: data.replace(b"\n8\n", b"\n9\n")),
        ("1-geliefert.txt", _swap_last),
        ("1-geliefert.txt", lambda data: data.partition(b"kreisweit.fork/v1")[0]),
        ("mitgliederliste.txt", lambda data: data.replace(b"herten.example", b"marl.example", 1)),
    ],
    ids=["our size", "their size", "proof", "no proof", "roster"],
)
def test_bent_file_is_not_proven(name: str, change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    world, path = caught(tell_longer, tmp_path)
    bend(path, name, change)

    assert run_verify(["evidence", str(path), "--root", world.hub.settings.roots[0]]) == FAILED


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty zip"])
def test_file_that_is_no_evidence_is_refused(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)

    assert run_verify(["evidence", str(path)]) == FAILED
    assert "keine mit Beweisen" in capsys.readouterr().err


def test_program_reads_the_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, path = caught(LIES["shorter"][0], tmp_path)

    run_verify(["evidence", str(path), "--json"])

    captured = capsys.readouterr()
    (verdict,) = msgspec.json.decode(captured.out)
    assert verdict["judged"]["member"] == "herten"
    assert (verdict["judged"]["our_size"], verdict["judged"]["their_size"]) == (4, 2)
    assert "Kein --root angegeben" in captured.err


def test_file_says_how_to_verify_it_and_is_the_same_each_time(tmp_path: Path) -> None:
    world, path = caught(tell_longer, tmp_path)

    with zipfile.ZipFile(path) as archive:
        names, readme = archive.namelist(), archive.read("LIESMICH.txt").decode()

    assert names == ["LIESMICH.txt", INDEX, "mitgliederliste.txt", "1-gespeichert.txt", "1-geliefert.txt"]
    assert f"kreisweit-verify evidence DATEI.zip --root '{world.hub.settings.roots[0]}'" in readme
    assert path.read_bytes() == package_evidence(world.hub, "herten")


def test_desk_hands_out_the_file_where_there_is_one(tmp_path: Path) -> None:
    world, path = caught(tell_longer, tmp_path)
    make_passwords_cheap(world.hub)
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "leser", "leser"))
        page, file = desk.get("/pult/mitglieder/herten").text, desk.get("/pult/mitglieder/herten/beweise.zip")
        other, none = desk.get("/pult/mitglieder/marl").text, desk.get("/pult/mitglieder/marl/beweise.zip")

    assert 'href="/pult/mitglieder/herten/beweise.zip"' in page
    assert file.content == path.read_bytes()
    assert zipfile.is_zipfile(io.BytesIO(file.content))
    assert "beweise.zip" not in other
    assert none.status_code == 404


def test_member_without_a_case_has_no_file() -> None:
    world = World(["herten", "marl"])
    world.settle()

    with pytest.raises(NotFoundError, match="keine Beweise"):
        package_evidence(world.hub, "marl")
