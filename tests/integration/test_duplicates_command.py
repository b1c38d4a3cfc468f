"""`kreisweit-hub duplicates`: lists what is open, and measures the search on files that people bring."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli import run
from tests.support.enrolling import PASSPHRASE

RECORDS = """id;stadt;traeger;angebot;ort
a;Herten;Caritasverband Herten e.V.;Migrationsberatung für Erwachsene;Herten
b;Kreis Recklinghausen;Caritas Herten;MBE;Herten
c;Marl;Caritas Marl;Migrationsberatung für Erwachsene;Marl
d;Herten;Caritasverband Herten e.V.;Migrationsberatung für Jugendliche;Herten
"""
PAIRS = "id_a;id_b;same;why\na;b;1;Kürzel\na;c;0;andere Stadt\n"

Evaluate = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Measure two files; returns exit code, stdout, stderr.  There is no hub."""

    def call(*options: str, pairs: str | bytes = PAIRS, records: str | bytes = RECORDS) -> tuple[int, str, str]:
        for name, text in (("pairs.csv", pairs), ("records.csv", records)):
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        files = ["--evaluate", str(tmp_path / "pairs.csv"), "--records", str(tmp_path / "records.csv")]
        code = run(["--home", str(tmp_path / "none"), "duplicates", *files, *options])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_figures_are_told_without_a_hub(evaluate: Evaluate) -> None:
    code, out, err = evaluate()

    assert (code, err) == (0, "")
    assert "Paare: 2, davon 1 gleich und 1 verschieden" in out
    assert "(precision) von „sicher“:  1,000" in out
    assert "(recall) von „sicher“:    1,000" in out
    assert "Kein Fehler." in out


def test_every_error_is_told_with_titles_label_and_reasons(evaluate: Evaluate) -> None:
    code, out, _ = evaluate(pairs="id_a;id_b;same;why\na;b;0;zwei Stellen\na;c;1;ein Verband\n")

    assert code == 0
    assert "Fehler: 2" in out
    assert "Zeile 2: a / b – zu Unrecht sicher (sicher, " in out
    assert "Zeile 3: a / c – nicht als sicher erkannt (keine, " in out
    assert "a: Migrationsberatung für Erwachsene  (Caritasverband Herten e.V.)" in out
    assert "bewertet als verschieden: zwei Stellen" in out
    assert "Gründe der Suche: andere Stadt (Herten/Marl)" in out


def test_result_for_programs(evaluate: Evaluate) -> None:
    code, out, _ = evaluate("--json", pairs=PAIRS + "a;d;1;falsch\n")

    told = json.loads(out)
    assert code == 0
    assert (told["pairs"], told["same"], told["precision"], told["recall"]) == (3, 2, 1.0, 0.5)
    assert told["grades"]["certain"] == {"same": 1, "different": 0}
    error = told["errors"][0]
    assert (error["id_a"], error["id_b"], error["row"], error["same"], error["why"]) == ("a", "d", 4, True, "falsch")


def test_nothing_certain_has_no_precision(evaluate: Evaluate) -> None:
    code, out, _ = evaluate("--json", pairs="id_a;id_b;same;why\na;c;0;\n")

    told = json.loads(out)
    assert (code, told["precision"], told["recall"]) == (0, None, None)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_files_are_read_as_people_save_them(evaluate: Evaluate, charset: str, sign: str) -> None:
    code, out, err = evaluate(
        pairs=PAIRS.replace(";", sign).replace("\n", "\r\n").encode(charset),
        records=RECORDS.replace(";", sign).encode(charset),
    )

    assert (code, err) == (0, "")
    assert "(recall) von „sicher“:    1,000" in out


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("id_a;id_b;same;why\na;zz;1;x\n", "pairs.csv, Zeile 2: id_b „zz“ gibt es unter den Angeboten nicht."),
        ("id_a;id_b;same;why\n\na;b;ja;x\n", "pairs.csv, Zeile 3: same ist „ja“; erlaubt sind 1 (gleich) und 0"),
        ("a;b;same;why\na;b;1;x\n", "pairs.csv, Zeile 1: In der ersten Zeile fehlen die Spalten id_a, id_b."),
        ("id_a;id_b;same;why\na;b;1\n", "pairs.csv, Zeile 2: 3 Zellen statt 4."),
        ('id_a;id_b;same;why\na;b;1;"x\n', "pairs.csv, Zeile 2: Anführungszeichen sind nicht richtig gesetzt."),
        ("id_a;id_b;same;why\n", "pairs.csv: Die Datei enthält keine Paare."),
        ("", "pairs.csv: Die Datei ist leer."),
    ],
)
def test_pairs_that_cannot_be_used_are_told_by_row(evaluate: Evaluate, pairs: str, message: str) -> None:
    code, out, err = evaluate(pairs=pairs)

    assert (code, out) == (2, "")
    assert f"Fehler: {message}" in err


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (RECORDS.replace("id;", "nummer;"), "records.csv, Zeile 1: Die Spalte „id“ fehlt."),
        (RECORDS.replace("\nb;", "\na;"), "records.csv, Zeile 3: Die id „a“ steht schon in Zeile 2."),
        (RECORDS.replace("\nb;", "\n;"), "records.csv, Zeile 3: Die Spalte „id“ ist leer."),
        (RECORDS.replace(";angebot;", ";titel;"), "records.csv: In der ersten Zeile fehlen die Spalten angebot."),
        (RECORDS + "e;Herten\n", "records.csv, Zeile 6: 2 Zellen statt 5: zu wenige."),
        ("PK\x03\x04", "records.csv: Das ist keine CSV-Datei"),
    ],
)
def test_records_that_cannot_be_used_are_told_by_row(evaluate: Evaluate, records: str, message: str) -> None:
    code, out, err = evaluate(records=records)

    assert (code, out) == (2, "")
    assert f"Fehler: {message}" in err


def test_all_that_is_wrong_is_told_at_once_but_not_without_end(evaluate: Evaluate) -> None:
    code, _, err = evaluate(pairs="id_a;id_b;same;why\n" + "y;a;1;\n" * 25)

    assert code == 2
    assert err.count("Fehler: pairs.csv, Zeile") == 20
    assert "… und 5 weitere." in err


def test_town_of_another_district_is_read_and_told(evaluate: Evaluate) -> None:
    code, _, err = evaluate(records=RECORDS.replace("d;Herten", "d;Heinsberg"))

    assert code == 0
    assert "Hinweis: records.csv, Zeile 5: „Heinsberg“ gehört nicht zu Kreis Recklinghausen" in err


def test_one_file_without_the_other_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(PAIRS, "utf-8")

    code = run(["--home", str(tmp_path), "duplicates", "--evaluate", str(path)])

    assert code == 2
    assert "gehören zusammen" in capsys.readouterr().err


def test_hub_without_offers_has_no_open_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret, home = tmp_path / "passphrase", str(tmp_path / "hub")
    secret.write_bytes(PASSPHRASE)
    made = ["init", "--host", "hub.example", "--url", "http://127.0.0.1:1", "--passphrase-file", str(secret)]
    assert run(["--home", home, *made]) == 0
    capsys.readouterr()

    codes = [run(["--home", home, "duplicates", *more]) for more in ((), ("--json",))]

    out = capsys.readouterr().out
    assert codes == [0, 0]
    assert "Offen: 0 sichere, 0 wahrscheinliche Paare." in out
    assert json.loads(out.partition("\n")[2]) == {"certain": 0, "likely": 0, "pairs": []}
