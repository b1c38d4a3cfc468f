"""Vocabularies in the log of a world's hub."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.own_records import publish_record
from shared.model.shipped import shipped_vocabulary
from shared.model.vocabulary.terms import Term, Vocabulary
from tests.support.world import World


def edited(name: str, version: int, **terms: dict[str, Any]) -> Vocabulary:
    """The shipped vocabulary in another version, with fields of some terms changed; `_` in a name stands for a dot."""
    known = shipped_vocabulary(name)
    changed = [msgspec.structs.replace(term, **terms.get(term.code.replace(".", "_"), {})) for term in known.terms]
    return msgspec.structs.replace(known, version=version, terms=tuple(changed))


def with_term(vocabulary: Vocabulary, code: str, label: str) -> Vocabulary:
    """The same with one more term at its end."""
    return msgspec.structs.replace(vocabulary, terms=(*vocabulary.terms, Term(code=code, label=label)))


def put(world: World, vocabulary: Vocabulary, **more: object) -> None:
    """Put a vocabulary on its way into the hub's log; `more` are fields that this program does not know."""
    put_value(world, vocabulary, {**msgspec.to_builtins(vocabulary), **more})


def put_value(world: World, vocabulary: Vocabulary, value: object) -> None:
    """Put any value where a vocabulary belongs."""
    fields = {"title": vocabulary.title, "vocabulary": value}
    with world.hub.db.write() as conn:
        publish_record(world.hub, conn, "vocabulary", fields, rid=bytes.fromhex(vocabulary.id))


def put_synonyms(world: World, version: int, *groups: dict[str, Any]) -> None:
    """Put a list of search words on its way into the hub's log."""
    fields = {"title": "Suchwörter", "synonyms": {"version": version, "groups": groups}}
    with world.hub.db.write() as conn:
        publish_record(world.hub, conn, "vocabulary", fields, rid=b"\x07" * 16)
