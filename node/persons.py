"""Contact persons as one thing each: changed once for all offers, replaced by another, with their legal basis.

Decided here: which entries are one person (names that read alike; without a name, the same function and department)
and what an edit does to the copies in the offers.  Two people of one name are told apart by their details: a step is
taken for the details that are ticked.

The key of a person is a keyed hash: it may stand in addresses and logs, a name may not.  What is said of a legal basis
stays here (`node.store.persons`) and belongs to the name: a changed name needs its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from node.mentions import Entry, Mention, titles_of
from node.operations import Done, reissue_many
from node.party import Node
from node.providers import with_entries
from node.store import persons
from node.store.persons import Basis
from node.workflow import Editor
from shared.errors import NotFoundError, RuleError
from shared.model.parts import Contact
from shared.model.text import fold, sort_key

BASES: Mapping[str, str] = {
    "funktion": "Amt oder Funktion: wird von Amts wegen genannt",
    "einwilligung": "Einwilligung: hat zugestimmt",
    "gesetz": "Gesetz: muss genannt werden",
}
"""On what basis a person is named."""

FIELDS: Mapping[str, str] = {"name": "Name", "title": "Funktion", "department": "Abteilung", "email": "E-Mail"}
"""What the desk shows and changes of a person, beside telephone numbers."""

_HASH_BYTES = 16
_CHANGED, _REPLACED = "mit geänderter Ansprechperson", "mit anderer Ansprechperson"


class Details(msgspec.Struct, frozen=True):
    """What some offers say of a person; `mark` names these details in a form."""

    mark: str
    entry: dict[str, Any]
    offers: tuple[str, ...]


class Person(msgspec.Struct, frozen=True):
    """One contact; `details` most used first, `offers` as (id, title)."""

    key: str
    details: tuple[Details, ...]
    offers: tuple[tuple[str, str], ...]
    basis: Basis | None

    @property
    def entry(self) -> dict[str, Any]:
        """What most offers say."""
        return self.details[0].entry

    @property
    def is_named(self) -> bool:
        """It has a person's name, not only a function."""
        return bool(self.entry.get("name"))

    @property
    def label(self) -> str:
        """How a list calls it."""
        return label_of(self.entry)


def label_of(entry: Entry) -> str:
    """Return how a list calls a contact: the name, else the function."""
    return str(entry.get("name") or entry.get("title") or entry.get("department") or entry.get("email") or "ohne Namen")


def keep_secret(node: Node) -> bytes:
    """Return the secret from which the keys of persons are made; a node makes it once, when it first starts."""
    with node.db.read() as conn:
        secret = persons.load_secret(conn)
    if secret is None:
        with node.db.write() as conn:
            secret = persons.make_secret(conn, node.dice)
    return secret


class Book:
    """The contacts of the offers that an editor may see.

    Args:
        mentions: what these offers name.
    """

    def __init__(self, node: Node, mentions: list[Mention]) -> None:
        self._node = node
        self._mentions = mentions
        with node.db.read() as conn:
            self._bases = persons.load_bases(conn)
        self._secret = keep_secret(node)

    def key_of(self, entry: Entry) -> bytes:
        """Return the key of a contact's person."""
        return person_key(self._secret, entry)

    def people(self) -> list[Person]:
        """Return everybody that is named, by name; functions without a name come last."""
        titles = titles_of(self._mentions)
        found: dict[bytes, list[tuple[bytes, Entry]]] = {}
        for one in self._mentions:
            for entry in one.named.contacts:
                found.setdefault(self.key_of(entry), []).append((one.rid, entry))
        known = [self._person(key, copies, titles) for key, copies in found.items()]
        return sorted(known, key=lambda person: (not person.is_named, *sort_key(person.label)))

    def find(self, key: str) -> Person:
        """Return one person; NotFoundError when none of the offers names them."""
        found = next((person for person in self.people() if person.key == key), None)
        if found is None:
            raise NotFoundError("Diese Ansprechperson nennt hier kein Angebot")
        return found

    def _person(self, key: bytes, copies: Sequence[tuple[bytes, Entry]], titles: Mapping[bytes, str]) -> Person:
        by_mark: dict[str, tuple[dict[str, Any], list[str]]] = {}
        for rid, entry in copies:
            _, ids = by_mark.setdefault(self._mark(entry), (dict(entry), []))
            if rid.hex() not in ids:
                ids.append(rid.hex())
        details = [Details(mark, entry, tuple(ids)) for mark, (entry, ids) in by_mark.items()]
        details.sort(key=lambda one: (-len(one.offers), -len(one.entry), one.mark))
        offers = [(rid.hex(), titles[rid]) for rid in dict.fromkeys(rid for rid, _ in copies)]
        offers.sort(key=lambda offer: sort_key(offer[1]))
        return Person(key.hex(), tuple(details), tuple(offers), self._bases.get(key))

    def _mark(self, entry: Entry) -> str:
        return _hashed(self._secret, b"details", msgspec.json.encode(entry, order="deterministic")).hex()

    # --- steps -------------------------------------------------------------------------------------------------------

    def change(
        self, editor: Editor, key: str, marks: Collection[str], values: Mapping[str, Any], *, dry_run: bool = False
    ) -> Done:
        """Give a person these details in every offer that says one of the ticked ones; what is not given is emptied."""

        def renew(entry: Entry) -> dict[str, Any]:
            return {**{name: value for name, value in entry.items() if name == "languages"}, **values}

        return self._reissue(editor, self.find(key), marks, renew, _CHANGED, dry_run=dry_run)

    def replace(
        self, editor: Editor, key: str, marks: Collection[str], other: str, *, dry_run: bool = False
    ) -> Done:  # fmt: skip
        """Put another person in the place of this one; where both stand, the other stays once."""
        wanted = self.find(other).entry
        return self._reissue(editor, self.find(key), marks, lambda _: dict(wanted), _REPLACED, dry_run=dry_run)

    def _reissue(
        self, editor: Editor, person: Person, marks: Collection[str], renew: Any, word: str, *, dry_run: bool
    ) -> Done:
        meant = [one for one in person.details if one.mark in marks]
        chosen = {one.mark for one in meant}

        def change(doc: dict[str, Any]) -> dict[str, Any]:
            return with_entries(doc, "contacts", lambda entry: self._mark(entry) in chosen, renew)

        ids = dict.fromkeys(rid for one in meant for rid in one.offers)
        return reissue_many(
            self._node, editor, [bytes.fromhex(rid) for rid in ids], change, word, dry_run=dry_run
        )  # fmt: skip

    def note_basis(self, key: str, kind: str, since: str, note: str) -> None:
        """Keep on what basis a person is named; an empty kind forgets it."""
        person = bytes.fromhex(self.find(key).key)
        if kind and kind not in BASES:
            raise RuleError("Diese Rechtsgrundlage gibt es nicht", {"kind": ["Wählen Sie eine aus der Liste."]})
        with self._node.db.write() as conn:
            if kind:
                persons.save_basis(conn, Basis(person, kind, since, note))
            else:
                persons.drop_bases(conn, [person])


def person_key(secret: bytes, entry: Entry) -> bytes:
    """Return the key of a contact's person: by the folded name; without one by function, department and address."""
    name = fold(str(entry.get("name") or ""))
    words = [name] if name else ["", *(fold(str(entry.get(field) or "")) for field in ("title", "department", "email"))]
    return _hashed(secret, b"person", "\0".join(words).encode())


def _hashed(secret: bytes, what: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_HASH_BYTES, key=secret, person=what).digest()


def check_person(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is filled of a sent form; RuleError carries every problem by field."""
    filled = {field: value for field, value in values.items() if value}
    problems: dict[str, list[str]] = {}
    for field, value in filled.items():
        try:
            msgspec.convert({field: value}, Contact)
        except msgspec.ValidationError:
            wrong = "Das ist keine E-Mail-Adresse" if field == "email" else "Höchstens 120 Zeichen, in einer Zeile"
            problems[field] = ["Höchstens fünf Telefonnummern" if field == "phones" else wrong]
    if not any(filled.get(field) for field in ("name", "title", "department")):
        problems["name"] = ["Name, Funktion oder Abteilung fehlt"]
    if problems:
        raise RuleError("Die Angaben zur Person passen noch nicht", problems)
    return filled
