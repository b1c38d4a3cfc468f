"""The command that lists pairs of offers that may be the same, or measures the search for them on labelled pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from hub.cli.commands import main_group, opened
from shared.commands import json_option, leave, print_json, remark, say

if TYPE_CHECKING:
    from hub.measuring import Measured
    from shared.likeness.reasons import Reason
    from shared.model.district import District

_BAD_FILE = 2
_GRADES = {"certain": "sicher", "likely": "wahrscheinlich", "none": "keine"}
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@main_group.command()
@click.option("--evaluate", type=_FILE, help="Bewertete Paare als CSV (id_a;id_b;same;why): Güte der Suche messen.")
@click.option("--records", type=_FILE, help="Angebote zu den Paaren als CSV, Spalten wie beim Import und „id“.")
@click.option("--member", default="", help="Nur Paare mit einem Angebot dieses Mitglieds.")
@click.option("--most", type=click.IntRange(1, 10_000), default=50, help="Höchstens so viele.", show_default=True)
@json_option
@click.pass_obj
def duplicates(
    home: Path, evaluate: Path | None, records: Path | None, member: str, most: int, as_json: bool
) -> None:  # fmt: skip
    """Offene Paare von Angeboten, die dasselbe sein können; mit --evaluate: wie gut die Suche sie findet.

    Zum Messen braucht es kein Verzeichnis eines Hubs. Fehler der Suche ändern das Ergebnis 0 nicht; 2 heißt, dass eine
    Datei nicht zu gebrauchen ist.
    """
    if (evaluate is None) != (records is None):
        raise click.UsageError("--evaluate und --records gehören zusammen.")
    if evaluate is not None and records is not None:
        _evaluate(home, evaluate, records, as_json=as_json)
        return
    _list_open(home, member, most, as_json=as_json)


# --- open pairs -----------------------------------------------------------------------------------------------------


def _list_open(home: Path, member: str, most: int, *, as_json: bool) -> None:
    from hub.duplicates import catch_up, count_open, open_candidates

    with opened(home) as hub:
        catch_up(hub)
        counts, found = count_open(hub), open_candidates(hub, member=member, most=most)
    if as_json:
        pairs = [
            {
                "score": one.score, "grade": one.grade, "reasons": _spoken(one.reasons),
                "offers": [{"id": s.rid.hex(), "member": s.member, "title": s.title} for s in (one.a, one.b)],
            }
            for one in found
        ]  # fmt: skip
        print_json({"certain": counts.certain, "likely": counts.likely, "pairs": pairs})
        return
    for one in found:
        say(f"{_number(one.score)}  {_GRADES[one.grade]}: {'; '.join(_spoken(one.reasons))}")
        for side in (one.a, one.b):
            say(f"      {side.member:<16} {side.title}  [{side.rid.hex()}]")
    say(f"Offen: {counts.certain} sichere, {counts.likely} wahrscheinliche Paare.")


# --- measuring ------------------------------------------------------------------------------------------------------


def _evaluate(home: Path, pairs: Path, records: Path, *, as_json: bool) -> None:
    from hub.measuring import BadFileError, measure, read_pairs, read_records

    try:
        known, remarks = read_records(records.read_bytes(), records.name, _district(home))
        labelled = read_pairs(pairs.read_bytes(), pairs.name, known)
    except BadFileError as error:
        for problem in error.problems:
            remark(f"Fehler: {problem}")
        leave(_BAD_FILE)
        return
    for text in remarks:
        remark(f"Hinweis: {text}; gelesen wie ein Eintrag des Kreises.")
    found = measure(labelled, known)
    if as_json:
        print_json(
            {
                "pairs": found.pairs, "same": found.same, "precision": found.precision, "recall": found.recall,
                "grades": found.grades,
                "errors": [
                    {**{name: getattr(miss, name) for name in miss.__struct_fields__}, "reasons": _spoken(miss.reasons)}
                    for miss in found.errors
                ],
            }
        )  # fmt: skip
        return
    _tell(found)


def _district(home: Path) -> District:
    """The profile of the hub whose directory this is; where there is none, the one that ships."""
    from hub.settings import FILE_NAME, load_settings
    from shared.model.shipped import shipped_district
    from shared.settings import load_district

    return load_district(load_settings(home).district) if (home / FILE_NAME).is_file() else shipped_district()


def _tell(found: Measured) -> None:
    say(f"Paare: {found.pairs}, davon {found.same} gleich und {found.pairs - found.same} verschieden")
    say(f"Genauigkeit (precision) von „sicher“:  {_number(found.precision)}")
    say(f"Trefferquote (recall) von „sicher“:    {_number(found.recall)}")
    say("")
    say(f"{'Stufe':<16}{'gleich':>8}{'verschieden':>13}")
    for grade, word in _GRADES.items():
        say(f"{word:<16}{found.grades[grade]['same']:>8}{found.grades[grade]['different']:>13}")
    say("")
    say(f"Fehler: {len(found.errors)}" if found.errors else "Kein Fehler.")
    for miss in found.errors:
        kind = "nicht als sicher erkannt" if miss.same else "zu Unrecht sicher"
        say(f"\nZeile {miss.row}: {miss.id_a} / {miss.id_b} – {kind} ({_GRADES[miss.grade]}, {_number(miss.score)})")
        say(f"  a: {miss.title_a}  ({miss.provider_a})")
        say(f"  b: {miss.title_b}  ({miss.provider_b})")
        say(f"  bewertet als {'gleich' if miss.same else 'verschieden'}: {miss.why or 'ohne Angabe'}")
        say(f"  Gründe der Suche: {'; '.join(_spoken(miss.reasons)) or 'keine'}")


def _spoken(reasons: tuple[Reason, ...]) -> list[str]:
    from shared.likeness.reasons import reasons_in_german

    return reasons_in_german(reasons)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".replace(".", ",")
