"""Providers as one thing each: what the offers say of them, changed once for all, and two spellings made one.

Decided here: which entries are one provider (one id, or names that `match_key` makes equal) and what an edit does to
the copies in the offers.  A person sees the offers before anything is changed; taking it back is one undo.

Fields that the desk does not show (identifiers, logo, further sites) stay with each copy as they are; merging takes
the target's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from node.mentions import Entry, Mention, entries_of, titles_of
from node.operations import Done, reissue_many
from node.party import Node
from node.workflow import Editor
from shared.accounts.store import accounts
from shared.errors import NotFoundError, RuleError
from shared.model.parts import Provider
from shared.model.providers import match_key
from shared.model.text import fold, one_line, sort_key

FIELDS: Mapping[str, str] = {
    "name": "Name des Trägers",
    "alternate_name": "Kurzname",
    "org_type": "Art",
    "description": "Beschreibung",
    "website": "Internetseite",
    "email": "E-Mail",
    "legal_status": "Rechtsform",
}
"""What the desk shows and changes of a provider."""

_WRONG: Mapping[str, str] = {
    "name": "Der Name braucht 2 bis 200 Zeichen",
    "website": "Das ist keine Internetadresse; so: https://www.example.org",
    "email": "Das ist keine E-Mail-Adresse",
    "description": "Höchstens 4000 Zeichen",
}
_KEY_BYTES = 16
_ONLY_CHANGED, _MERGED = "mit geändertem Träger", "mit zusammengeführtem Träger"


class KnownProvider(msgspec.Struct, frozen=True):
    """One provider; `entry` is what most copies say, `spellings` every name with the number of its offers."""

    key: str
    entry: dict[str, Any]
    spellings: tuple[tuple[str, int], ...]
    offers: tuple[tuple[str, str], ...]
    drafts: frozenset[str]
    differing: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name that most offers use."""
        return str(self.entry.get("name", ""))


KeyOf = Callable[[Entry], str]


def keys_of(mentions: Sequence[Mention]) -> KeyOf:
    """Return a function from an entry to the key of its provider: names joined by spelling, and by a common id."""
    leader: dict[str, str] = {}

    def lead(word: str) -> str:
        while leader.get(word, word) != word:
            word = leader[word]
        return word

    for entry in (entry for one in mentions for entry in one.named.providers):
        first, second = sorted((lead(_spelling(entry)), lead(f"id:{entry.get('id')}" if entry.get("id") else "")))
        if first and first != second:
            leader[second] = first
    return lambda entry: hashlib.blake2b(lead(_spelling(entry)).encode(), digest_size=_KEY_BYTES).hexdigest()


def _spelling(entry: Entry) -> str:
    name = one_line(str(entry.get("name", "")))
    return "name:" + (match_key(name) or name.casefold())


def list_providers(mentions: list[Mention]) -> list[KnownProvider]:
    """Return every provider that is named, by name."""
    key_of, titles = keys_of(mentions), titles_of(mentions)
    found: dict[str, list[tuple[Mention, Entry]]] = {}
    for one in mentions:
        for entry in one.named.providers:
            if entry.get("name"):
                found.setdefault(key_of(entry), []).append((one, entry))
    known = [_known(key, copies, titles) for key, copies in found.items()]
    return sorted(known, key=lambda provider: sort_key(provider.name))


def _known(key: str, copies: Sequence[tuple[Mention, Entry]], titles: Mapping[bytes, str]) -> KnownProvider:
    names: dict[str, set[bytes]] = {}
    for one, entry in copies:
        names.setdefault(str(entry["name"]), set()).add(one.rid)
    said = {
        field: Counter(value for _, entry in copies if isinstance(value := entry.get(field), str) and value)
        for field in FIELDS
    }
    entry = {field: values.most_common(1)[0][0] for field, values in said.items() if values}
    differing = tuple(
        field for field in FIELDS if field != "name" and len({copy.get(field) or "" for _, copy in copies}) > 1
    )
    ids = dict.fromkeys(one.rid for one, _ in copies)
    offers = sorted(((rid.hex(), titles[rid]) for rid in ids), key=lambda offer: sort_key(offer[1]))
    spellings = sorted(((name, len(rids)) for name, rids in names.items()), key=lambda one: (-one[1], one[0]))
    drafts = frozenset(one.rid.hex() for one, _ in copies if one.is_draft)
    return KnownProvider(key, entry, tuple(spellings), tuple(offers), drafts, differing)


def find_provider(mentions: list[Mention], key: str) -> KnownProvider:
    """Return one provider; NotFoundError when none of the offers names it."""
    found = next((provider for provider in list_providers(mentions) if provider.key == key), None)
    if found is None:
        raise NotFoundError("Diesen Träger nennt hier kein Angebot")
    return found


def check_provider(values: Mapping[str, str]) -> dict[str, str]:
    """Return what is filled of a sent form; RuleError carries every problem by field."""
    filled = {field: values[field] for field in FIELDS if values.get(field)}
    problems: dict[str, list[str]] = {}
    for field in ("name", *(field for field in filled if field != "name")):
        try:
            msgspec.convert({"name": "Name", field: filled.get(field, "")}, Provider)
        except msgspec.ValidationError:
            problems[field] = [_WRONG.get(field, f"{FIELDS[field]}: höchstens 100 Zeichen, in einer Zeile")]
    if problems:
        raise RuleError("Die Angaben zum Träger passen noch nicht", problems)
    return filled


def change_provider(
    node: Node, editor: Editor, mentions: list[Mention], key: str, values: Mapping[str, str], *, dry_run: bool = False
) -> Done:
    """Give a provider these details in every offer that names it; fields that are not in `values` are emptied."""
    found, key_of = find_provider(mentions, key), keys_of(mentions)

    def renew(entry: Entry) -> dict[str, Any]:
        return {**{name: value for name, value in entry.items() if name not in FIELDS}, **values}

    return _reissue(node, editor, found, lambda entry: key_of(entry) == key, renew, _ONLY_CHANGED, dry_run=dry_run)


def merge_provider(
    node: Node, editor: Editor, mentions: list[Mention], key: str, target: str, *, dry_run: bool = False
) -> Done:
    """Put another provider in the place of this one in every offer; where both stand, it stays once."""
    found, other, key_of = find_provider(mentions, key), find_provider(mentions, target), keys_of(mentions)
    copies = [entry for one in mentions for entry in one.named.providers if key_of(entry) == target]
    best = max(copies, key=lambda entry: (entry.get("name") == other.name, len(entry)))
    whole = {**best, **other.entry}

    def renew(_: Entry) -> dict[str, Any]:
        return dict(whole)

    return _reissue(node, editor, found, lambda entry: key_of(entry) == key, renew, _MERGED, dry_run=dry_run)


def _reissue(
    node: Node, editor: Editor, found: KnownProvider, is_meant: Callable[[Entry], bool],
    renew: Callable[[Entry], dict[str, Any]], word: str, *, dry_run: bool,
) -> Done:  # fmt: skip
    def change(doc: dict[str, Any]) -> dict[str, Any]:
        return with_entries(doc, "providers", is_meant, renew)

    ids = [bytes.fromhex(rid) for rid, _ in found.offers]
    return reissue_many(node, editor, ids, change, word, dry_run=dry_run)


def with_entries(
    doc: dict[str, Any], group: str, is_meant: Callable[[Entry], bool], renew: Callable[[Entry], dict[str, Any]]
) -> dict[str, Any]:
    """Return a document whose meant entries are renewed; one that would then stand twice stands once."""
    entries = entries_of(doc, group)
    if not any(is_meant(entry) for entry in entries):
        return doc
    renewed: list[dict[str, Any]] = []
    for entry in entries:
        fresh = renew(entry) if is_meant(entry) else dict(entry)
        if fresh and not any(_is_same(fresh, other, group) for other in renewed):
            renewed.append(fresh)
    return {**doc, group: renewed}


def _is_same(one: Entry, other: Entry, group: str) -> bool:
    return one == other or (group == "providers" and one.get("name") == other.get("name"))


def limited_accounts(node: Node, names: Sequence[str]) -> int:
    """Count the accounts that are limited to a provider of one of these names: they go by the name alone."""
    folded = {fold(name) for name in names}
    with node.db.read() as conn:
        rows = accounts.list_accounts(conn)
    return sum(1 for row in rows if row.is_enabled and folded & {fold(name) for name in row.providers})
