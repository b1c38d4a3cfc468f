"""Commands about offers: import, offers, withdraw, erase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from node.cli.commands import main_group, opened
from shared.commands import FAILED, PARTLY, json_option, leave, print_json, remark, say
from shared.state_words import state_in_german

if TYPE_CHECKING:
    from node.erasing import Erased, Hit
    from node.importing import ImportResult
    from node.party import Node

_MOST_PROBLEMS = 100


@main_group.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Nur zeigen, was geschähe.")
@click.option("--own-only", is_flag=True, help="Zeilen anderer Städte still übergehen.")
@click.option("--withdraw-missing", is_flag=True, help="Angebote zurückziehen, deren Zeile jetzt fehlt.")
@json_option
@click.pass_obj
def import_file(home: Path, file: Path, dry_run: bool, own_only: bool, withdraw_missing: bool, as_json: bool) -> None:
    """Angebote aus einer CSV-Datei übernehmen; dieselbe Datei noch einmal ändert nichts."""
    from node.importing import import_table

    with opened(home) as node:
        result = import_table(
            node, file.read_bytes(), dry_run=dry_run, own_only=own_only, withdraw_missing=withdraw_missing
        )
        if as_json:
            print_json(result)
        else:
            _tell_result(result, dry_run)
        if not dry_run and result.created + result.changed + result.withdrawn:
            _tell_pending(node)
    done = result.created + result.changed + result.unchanged
    if result.refused:
        remark(f"{result.refused} Zeilen wurden nicht übernommen; die Gründe stehen oben.")
        leave(PARTLY if done else FAILED)


def _tell_result(result: ImportResult, dry_run: bool) -> None:
    for problem in result.problems[:_MOST_PROBLEMS]:
        place = f"Zeile {problem.row}" if problem.row else "Bestand"
        say(f"{place}{', ' + problem.column if problem.column else ''}: {problem.message}")
    if len(result.problems) > _MOST_PROBLEMS:
        say(f"… und {len(result.problems) - _MOST_PROBLEMS} weitere Hinweise (alle mit --json)")
    head = "Probelauf, nichts geschrieben: " if dry_run else ""
    say(
        f"{head}{result.created} neu, {result.changed} geändert, {result.unchanged} unverändert, "
        f"{result.refused} abgelehnt, {result.missing} fehlen in der Datei, {result.withdrawn} zurückgezogen"
    )
    if result.drafts:
        say(f"{result.drafts} davon als Entwurf gespeichert, noch nicht veröffentlicht")


@main_group.command()
@click.option("--all", "everywhere", is_flag=True, help="Alle Angebote im Kreis, aus dem eigenen Bestand.")
@json_option
@click.pass_obj
def offers(home: Path, everywhere: bool, as_json: bool) -> None:
    """Angebote auflisten: die eigenen, oder mit --all die im ganzen Kreis."""
    from node.editing import all_offers, own_offers

    with opened(home) as node:
        rows = all_offers(node) if everywhere else own_offers(node)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row.id}  {row.member:<16} {state_in_german(row.state):<18} {row.title}")
    say(f"{len(rows)} Angebote")


@main_group.command()
@click.argument("offer_id", metavar="ID")
@click.option("--reason", required=True, help="beendet, abgelaufen, ruht, doppelt, fehler oder traegerwunsch.")
@json_option
@click.pass_obj
def withdraw(home: Path, offer_id: str, reason: str, as_json: bool) -> None:
    """Ein eigenes Angebot aus dem Verzeichnis nehmen."""
    from node.editing import parse_reason
    from node.editing import withdraw as withdraw_offer
    from shared.ids import parse_record_id

    with opened(home) as node:
        rid = parse_record_id(offer_id.replace("-", "").lower())
        withdraw_offer(node, rid, reason)
        if as_json:
            print_json({"id": rid.hex(), "reason": parse_reason(reason)})
        else:
            say("Wird zurückgezogen.")
        _tell_pending(node)


@main_group.group(invoke_without_command=True)
@json_option
@click.pass_context
def conflicts(context: click.Context, as_json: bool) -> None:
    """Änderungen, die auf einer überholten Fassung beruhen: auflisten, übernehmen, verwerfen."""
    from node.editing import list_conflicts

    if context.invoked_subcommand is not None:
        return
    with opened(context.obj) as node:
        rows = list_conflicts(node)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row.number:>4}  {_CAUSES[row.cause]:<16} {row.id}  {row.title}")
    say(f"{len(rows)} offen" + (": „conflicts take NR“ übernimmt, „conflicts drop NR“ verwirft" if rows else ""))


@conflicts.command(name="take")
@click.argument("number", metavar="NR", type=int)
@json_option
@click.pass_obj
def take_conflict(home: Path, number: int, as_json: bool) -> None:
    """Die Änderung doch veröffentlichen, anstelle der jetzigen Fassung."""
    from node.editing import take_conflict as take

    with opened(home) as node:
        rid = take(node, number)
        _tell_pending(node)
    print_json({"id": rid.hex()}) if as_json else say("Wird veröffentlicht.")


@conflicts.command(name="drop")
@click.argument("number", metavar="NR", type=int)
@json_option
@click.pass_obj
def drop_conflict(home: Path, number: int, as_json: bool) -> None:
    """Die Änderung verwerfen; die jetzige Fassung bleibt."""
    from node.editing import drop_conflict as drop

    with opened(home) as node:
        rid = drop(node, number)
    print_json({"id": rid.hex()}) if as_json else say("Verworfen.")


@main_group.command()
@click.option("--person", required=True, help="Name, wie er in den Texten steht.")
@click.option("--yes", is_flag=True, help="Löschen; ohne dies wird nur gezeigt, was gefunden wurde.")
@json_option
@click.pass_obj
def erase(home: Path, person: str, yes: bool, as_json: bool) -> None:
    """Eine Person aus allen eigenen Fassungen löschen, hier und bei allen, die sie haben."""
    from node.erasing import erase as erase_person
    from node.erasing import find

    with opened(home) as node:
        hits = find(node, person)
        done = erase_person(node, person) if yes else None
        waits = _seal_erasure(node) if done is not None else ""
    if as_json:
        print_json({"found": [_hit_row(hit) for hit in hits], "erased": done, "waits_for": waits})
    else:
        _tell_erased(hits, done)
    if waits and hits:
        remark(f"Hier gelöscht; bei den anderen, sobald der Kreis erreichbar ist: {waits}")


def _seal_erasure(node: Node) -> str:
    """An erasure is sealed at once if the hub answers; returns what it waits for."""
    from node.erasing import scrub
    from node.sealing import seal_pending
    from node.status import in_german
    from shared.clock import name_of_worker
    from shared.database import TROUBLED, trouble_of

    if not node.is_member:
        return "dieser Knoten ist noch kein Mitglied"
    try:
        outcome = seal_pending(node, name_of_worker("cli", node.dice))
    except TROUBLED as error:
        if (trouble := trouble_of(error)) is None:
            raise
        return trouble.value[0]  # erased it is; the running node seals it as soon as it can
    scrub(node)
    return in_german(outcome.code, outcome.waits_for) if outcome.waits_for else ""


def _hit_row(hit: Hit) -> dict[str, object]:
    return {
        "id": hit.id.hex(),
        "title": hit.title,
        "where": hit.where,
        "version": hit.version,
        "fields": list(hit.fields),
    }


_CAUSES = {"stale": "überholte Fassung", "lost": "Inhalt verloren"}
_PLACES = {
    "version": "Fassung", "outbox": "wartende Änderung", "conflict": "Konflikt", "draft": "Entwurf",
    "history": "frühere Fassung", "note": "Quellenangabe", "remark": "Hinweis", "basis": "Rechtsgrundlage",
    "mail": "Mail im Postausgang", "hint": "Hinweis von außen", "hint_out": "Hinweis an andere",
    "setting": "Texte der Einstellungen",
}  # fmt: skip


def _tell_erased(hits: list[Hit], done: Erased | None) -> None:
    for hit in hits:
        version = "" if hit.version is None else f" {hit.version}"
        say(f"{hit.id.hex()}  {_PLACES[hit.where]}{version}: {', '.join(hit.fields)}")
    if not hits:
        say("Nichts gefunden.")
    elif done is None:
        say(f"{len(hits)} Fundstellen. Löschen mit --yes.")
    else:
        say(f"Gelöscht: {done.versions} Fassungen von {done.offers} Angeboten; {done.cleaned} bereinigte Fassungen.")
        if not done.is_scrubbed:
            remark("Reste in der Datenbankdatei werden entfernt, sobald niemand mehr liest.")


def _tell_pending(node: Node) -> None:
    """Say who seals what now waits."""
    from node.status import is_server_running

    if not is_server_running(node):
        remark("Es läuft kein Server dieses Knotens: veröffentlicht wird mit „kreisweit-node seal“ oder „serve“.")
