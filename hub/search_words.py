"""The search words of the district: which words find each other, and which stand for a topic or a target group.

They come beside those of the program.  Drafts, versions and the way to the nodes are those of the vocabularies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.own_records import publish_record
from hub.party import Hub
from hub.store import vocabularies as store
from hub.store.vocabularies import Draft, Version
from hub.vocabulary import (
    SYNONYMS_TITLE,
    keep_version,
    load_now,
    next_version,
    verified_draft,
    verified_note,
    verify_size,
)
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.model.text import fold, one_line, text_problems
from shared.model.vocabulary.collection import SYNONYMS, SYNONYMS_ID, SynonymGroup, SynonymList, Vocabularies

TERM_LISTS: Final = ("topic", "target_group")
WORDS_MAX: Final = 40
WORD_MAX: Final = 80
GROUPS_MAX: Final = 500
_ALONE: Final = "Ein Wort allein findet nichts Weiteres. Geben Sie ein zweites ein oder wählen Sie einen Begriff."


@dataclass(frozen=True)
class Group:
    """One group as the desk shows it: its key, and the label of the term that its words stand for."""

    key: str
    words: Sequence[str]
    term: str  # "topic:sprache", or empty
    label: str


@dataclass(frozen=True)
class SearchWords:
    """The groups as they are worked on, the draft if there is one, and what was published."""

    groups: Sequence[Group]
    version: int
    draft: Draft | None
    versions: Sequence[Version]
    is_pending: bool
    gone: Sequence[Group]
    new: Sequence[Group]


def load(hub: Hub) -> SearchWords:
    """Return the search words as they stand."""
    with hub.db.read() as conn:
        now, pending = load_now(hub, conn)
        draft = store.load_draft(conn, SYNONYMS)
        versions = store.load_versions(conn, SYNONYMS)
    working = now.synonyms if draft is None else _read(draft.content)
    before, after = set(now.synonyms.groups), set(working.groups)
    return SearchWords(
        _shown(working.groups, now), now.synonyms.version, draft, versions, SYNONYMS_ID in pending,
        _shown((one for one in now.synonyms.groups if one not in after), now),
        _shown((one for one in working.groups if one not in before), now),
    )  # fmt: skip


def find_group(found: SearchWords, key: str) -> Group:
    """Return one group; NotFoundError where it is not there any more."""
    for group in found.groups:
        if group.key == key:
            return group
    raise NotFoundError("Diese Suchwörter gibt es nicht mehr")


def term_choices(hub: Hub) -> list[tuple[str, str]]:
    """Return the terms that words may stand for, with their labels."""
    with hub.db.read() as conn:
        now, _ = load_now(hub, conn)
    return [
        (f"{name}:{term.code}", f"{now[name].title}: {term.label}")
        for name in TERM_LISTS
        for term in now[name].offered()
        if term.code != "unbekannt"
    ]


def save_group(hub: Hub, text: str, term: str, *, editor: str, key: str = "") -> None:
    """Add a group, or change the one with this key.

    Args:
        text: its words, one on a line or with semicolons between.
        term: `topic:CODE` or `target_group:CODE`; empty: the words find each other.
    Raises:
        RuleError: what was typed cannot be used.
        NotFoundError: the group is gone.
    """
    words = _words(text)
    known = {value for value, _ in term_choices(hub)}
    if problems := _problems(words, term, known):
        raise RuleError("Die Suchwörter wurden nicht gesichert", problems)
    vocabulary, _, code = term.partition(":")
    group = SynonymGroup(words=words, vocabulary=vocabulary, code=code)

    def change(groups: tuple[SynonymGroup, ...]) -> tuple[SynonymGroup, ...]:
        rest = _without(groups, key) if key else groups
        if len(rest) >= GROUPS_MAX:
            raise RuleError("Nicht gesichert", {"": [f"Mehr als {GROUPS_MAX} Gruppen sind nicht möglich."]})
        return rest if group in rest else (*rest, group)

    _edit(hub, change, editor)


def drop_group(hub: Hub, key: str, *, editor: str) -> None:
    """Take a group out; NotFoundError where it is gone already."""
    _edit(hub, lambda groups: _without(groups, key), editor)


def publish(hub: Hub, note: str, *, editor: str) -> int:
    """Make the draft the next version; see `hub.vocabulary.publish`."""
    note = verified_note(note)
    with hub.db.write() as conn:
        now, _ = load_now(hub, conn)
        held = now.synonyms
        draft = verified_draft(store.load_draft(conn, SYNONYMS), held.version)
        number = next_version(conn, SYNONYMS, held.version)
        words = msgspec.structs.replace(_read(draft.content), version=number)
        fields = {"title": SYNONYMS_TITLE, SYNONYMS: msgspec.to_builtins(words)}
        verify_size(fields)
        publish_record(hub, conn, "vocabulary", fields, rid=bytes.fromhex(SYNONYMS_ID))
        keep_version(hub, conn, SYNONYMS, (held.version, _written(held)), (number, _written(words)), note, editor)
    return number


def restore(hub: Hub, version: int, *, editor: str) -> None:
    """Make a draft of what an earlier version said; NotFoundError, or ConflictError where a draft is open."""
    with hub.db.read() as conn:
        content, is_open = store.load_content(conn, SYNONYMS, version), store.load_draft(conn, SYNONYMS) is not None
    if content is None:
        raise NotFoundError("Diese Fassung ist hier nicht bekannt")
    if is_open:
        raise ConflictError("Es gibt einen Entwurf. Veröffentlichen oder verwerfen Sie ihn zuerst.")
    _edit(hub, lambda _: _read(content).groups, editor)


def _edit(hub: Hub, change: Callable[[tuple[SynonymGroup, ...]], tuple[SynonymGroup, ...]], editor: str) -> None:
    with hub.db.write() as conn:
        now, _ = load_now(hub, conn)
        held = now.synonyms
        draft = store.load_draft(conn, SYNONYMS)
        working = held if draft is None else _read(draft.content)
        changed = msgspec.structs.replace(working, groups=change(working.groups))
        _keep(hub, conn, held, draft, changed, editor)


def _keep(
    hub: Hub, conn: sa.Connection, held: SynonymList, draft: Draft | None, changed: SynonymList, editor: str
) -> None:
    if set(changed.groups) == set(held.groups):
        store.drop_draft(conn, SYNONYMS)
        return
    version = held.version if draft is None else draft.version
    store.save_draft(conn, Draft(SYNONYMS, version, _written(changed), editor, hub.clock.now()))


def _without(groups: tuple[SynonymGroup, ...], key: str) -> tuple[SynonymGroup, ...]:
    rest = tuple(group for group in groups if _key(group) != key)
    if len(rest) == len(groups):
        raise NotFoundError("Diese Suchwörter gibt es nicht mehr")
    return rest


def _words(text: str) -> tuple[str, ...]:
    pieces = (one_line(piece) for line in text.split("\n") for piece in line.split(";"))
    return tuple({fold(piece) or piece: piece for piece in pieces if piece}.values())


def _problems(words: Sequence[str], term: str, known: set[str]) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    wrong = [word for word in words if len(word) > WORD_MAX or text_problems(word, is_name=True) or not fold(word)]
    if not words:
        problems["words"] = ["Geben Sie mindestens ein Wort ein."]
    elif len(words) > WORDS_MAX:
        problems["words"] = [f"Höchstens {WORDS_MAX} Wörter, es sind {len(words)}."]
    elif wrong:
        problems["words"] = [f"„{wrong[0][:WORD_MAX]}“ ist zu lang oder hat Zeichen, die hier nicht möglich sind."]
    elif not term and len(words) < 2:
        problems["words"] = [_ALONE]
    if term and term not in known:
        problems["term"] = ["Diesen Begriff gibt es nicht mehr."]
    return problems


def _shown(groups: Iterable[SynonymGroup], now: Vocabularies) -> list[Group]:
    shown = []
    for group in groups:
        vocabulary = now.get(group.vocabulary)
        label = "" if vocabulary is None else f"{vocabulary.title}: {vocabulary.label(group.code)}"
        term = f"{group.vocabulary}:{group.code}" if vocabulary is not None else ""
        shown.append(Group(_key(group), group.words, term, label))
    return sorted(shown, key=lambda one: (one.label, fold(one.words[0])))


def _key(group: SynonymGroup) -> str:
    return hashlib.sha256(msgspec.json.encode(group)).hexdigest()[:16]


def _read(content: str) -> SynonymList:
    return msgspec.json.decode(content, type=SynonymList)


def _written(words: SynonymList) -> str:
    return msgspec.json.encode(words).decode("utf-8")
