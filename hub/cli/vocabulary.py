"""Commands that show the vocabularies; they are edited at the district's desk."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from hub.cli.commands import main_group, opened
from shared.clock import in_german_time
from shared.commands import json_option, print_json, say


@main_group.group()
def vocabulary() -> None:
    """Die Vokabulare, wie sie gelten: Themen, Zielgruppen und die kleinen Listen."""


@vocabulary.command(name="list")
@json_option
@click.pass_obj
def list_all(home: Path, as_json: bool) -> None:
    """Alle Listen mit ihrer Fassung, und wo es einen Entwurf gibt."""
    from hub.vocabulary import list_all as load_all

    with opened(home) as hub:
        found = load_all(hub)
    if as_json:
        print_json(
            [
                {
                    "name": one.name, "title": one.now.title, "version": one.now.version,
                    "terms": len(one.now.offered()), "draft": one.draft is not None,
                }
                for one in found
            ]
        )  # fmt: skip
        return
    for one in found:
        draft = "  mit Entwurf" if one.draft is not None else ""
        say(f"{one.name:<14} {one.now.title:<22} Fassung {one.now.version}  {len(one.now.offered())} Begriffe{draft}")


@vocabulary.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(home: Path, name: str, as_json: bool) -> None:
    """Die Begriffe einer Liste, stillgelegte eingeschlossen."""
    from hub.vocabulary import find_list

    with opened(home) as hub:
        known = find_list(hub, name).now
    if as_json:
        terms = [
            {
                "code": term.code, "label": term.label, "parent": term.parent, "retired": term.retired,
                "replaced_by": term.replaced_by, "labels": term.labels, "checked": term.checked,
            }
            for term in known.terms
        ]  # fmt: skip
        print_json({"name": known.name, "version": known.version, "terms": terms})
        return
    for term in known.terms:
        told = f"  (zählt als {term.replaced_by})" if term.replaced_by else "  (stillgelegt)" if term.retired else ""
        say(f"{'  ' if term.parent else ''}{term.label}  [{term.code}]{told}")


@vocabulary.command()
@click.argument("name")
@json_option
@click.pass_obj
def history(home: Path, name: str, as_json: bool) -> None:
    """Was der Kreis an einer Liste geändert hat, neueste Fassung zuerst."""
    from hub.vocabulary import find_list

    with opened(home) as hub:
        versions = find_list(hub, name).versions
    if as_json:
        print_json([{"version": one.version, "time": one.time or None, "note": one.note} for one in versions])
        return
    for one in versions:
        when = in_german_time(one.time) if one.time else "vor der ersten Änderung"
        say(f"{one.version:>4}  {when}  {one.note}")
    if not versions:
        say("Der Kreis hat diese Liste noch nicht geändert.")
