"""The vocabularies as the district edits them: drafts, versions, and what was published when and why.

A draft collects changes of one list; publishing makes one new version of them in the hub's log, and with the next seal
every node has it.  Which list may be changed how is decided here: topics and target groups as a whole, of the small
lists the words alone (programs know their codes), languages not at all.  An earlier version is never put back in place:
its content becomes a new version, in which terms that were added since are known but retired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.own_records import load_records, publish_record
from hub.party import Hub
from hub.store import vocabularies as store
from hub.store.vocabularies import Draft, Version
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.feed import limits
from shared.model.shipped import shipped_vocabulary
from shared.model.text import one_line, text_problems
from shared.model.vocabulary import editing
from shared.model.vocabulary.collection import Vocabularies
from shared.model.vocabulary.terms import NAMES, Vocabulary, parse_vocabulary
from shared.vocabulary_book import EDITED, read_vocabularies

NOTE_MAX: Final = 500
SYNONYMS_TITLE: Final = "Suchwörter"
_SPARE_BYTES: Final = 1000
_Edit = Callable[[Vocabulary], Vocabulary]


class Level(StrEnum):
    """How much of a list the district may change."""

    TERMS = "terms"
    LABELS = "labels"
    NONE = "none"


LEVELS: Final = {
    "topic": Level.TERMS, "target_group": Level.TERMS, "offer_type": Level.LABELS, "access": Level.LABELS,
    "mode": Level.LABELS, "accessibility": Level.LABELS, "org_type": Level.LABELS, "language": Level.NONE,
}  # fmt: skip
"""In the order in which they are listed."""


@dataclass(frozen=True)
class Listed:
    """One list as the desk shows it.

    Args:
        now: what holds, or will once what was just published is sealed.
        working: the draft where there is one, else the same as `now`.
        versions: what was published here, newest first.
    """

    name: str
    level: Level
    now: Vocabulary
    working: Vocabulary
    draft: Draft | None
    versions: Sequence[Version]
    is_pending: bool

    @property
    def is_own(self) -> bool:
        """The district's own word holds, not that of the program."""
        return bool(self.versions) and self.versions[0].version == self.now.version


def list_all(hub: Hub) -> list[Listed]:
    """Return all lists."""
    with hub.db.read() as conn:
        now, pending = load_now(hub, conn)
        return [_listed(conn, now, pending, name) for name in LEVELS]


def find_list(hub: Hub, name: str) -> Listed:
    """Return one list; NotFoundError for any other name."""
    _verify_name(name)
    with hub.db.read() as conn:
        now, pending = load_now(hub, conn)
        return _listed(conn, now, pending, name)


def load_now(hub: Hub, conn: sa.Connection) -> tuple[Vocabularies, frozenset[str]]:
    """Return the vocabularies with what is on its way into the log, and the ids of what is."""
    records = load_records(hub, conn, "vocabulary")
    pending = frozenset(one.rid.hex() for one in records if one.is_pending)
    return read_vocabularies(one.doc for one in records), pending


def _listed(conn: sa.Connection, now: Vocabularies, pending: frozenset[str], name: str) -> Listed:
    draft, held = store.load_draft(conn, name), now[name]
    working = held if draft is None else parse_vocabulary(draft.content)
    return Listed(name, LEVELS[name], held, working, draft, store.load_versions(conn, name), held.id in pending)


def _verify_name(name: str) -> None:
    if name not in NAMES:
        raise NotFoundError("Diese Liste gibt es nicht")


# --- changing --------------------------------------------------------------------------------------------------------


def mark_of(vocabulary: Vocabulary, code: str) -> str:
    """Return a short text that differs whenever a term does; empty for one that does not exist."""
    term = vocabulary.get(code)
    return "" if term is None else hashlib.sha256(msgspec.json.encode(term)).hexdigest()[:16]


def edit(
    hub: Hub, name: str, change: _Edit, *, editor: str, level: Level = Level.TERMS, code: str = "", mark: str = ""
) -> Vocabulary:
    """Change the draft of a list; returns it.  A draft that says what holds anyway goes.

    Args:
        level: what the list must allow.
        code: of the term that is changed.
        mark: what `mark_of` said of it when the form was opened; empty: whatever it is now.
    Raises:
        NotFoundError: no such list, or it may not be changed so.
        ConflictError: somebody else changed the term meanwhile.
        RuleError: what was typed cannot be used.
    """
    _verify_name(name)
    if LEVELS[name] is Level.NONE or (level is Level.TERMS and LEVELS[name] is not Level.TERMS):
        raise NotFoundError("Diese Liste wird hier nicht geändert")
    with hub.db.write() as conn:
        now, _ = load_now(hub, conn)
        draft = store.load_draft(conn, name)
        working = now[name] if draft is None else parse_vocabulary(draft.content)
        if mark and mark != mark_of(working, code):
            raise ConflictError("Jemand anderes hat diesen Begriff inzwischen geändert")
        changed = change(working)
        if changed == now[name]:
            store.drop_draft(conn, name)
        else:
            version = now[name].version if draft is None else draft.version
            store.save_draft(conn, Draft(name, version, _written(changed), editor, hub.clock.now()))
        return changed


def discard(hub: Hub, name: str) -> bool:
    """Forget the draft of a list; False where there was none."""
    with hub.db.write() as conn:
        return store.drop_draft(conn, name)


def restore(hub: Hub, name: str, version: int, *, editor: str) -> Vocabulary:
    """Make a draft of what an earlier version said; returns it.

    Raises:
        NotFoundError: that version is not known here.
        ConflictError: a draft is open.
    """
    _verify_name(name)
    with hub.db.read() as conn:
        content, is_open = store.load_content(conn, name, version), store.load_draft(conn, name) is not None
    if content is None:
        raise NotFoundError("Diese Fassung ist hier nicht bekannt")
    if is_open:
        raise ConflictError("Es gibt einen Entwurf. Veröffentlichen oder verwerfen Sie ihn zuerst.")
    wanted = parse_vocabulary(content)
    return edit(
        hub, name, lambda now: editing.with_lost_terms(msgspec.structs.replace(wanted, version=now.version), now),
        editor=editor, level=LEVELS[name],
    )  # fmt: skip


def publish(hub: Hub, name: str, note: str, *, editor: str) -> int:
    """Make the draft of a list its next version, on the way to every party; returns the version.

    Raises:
        RuleError: the note is missing, or the list is too large.
        ConflictError: there is no draft, or it is a change of another version than the one that holds.
    """
    _verify_name(name)
    note = verified_note(note)
    with hub.db.write() as conn:
        now, _ = load_now(hub, conn)
        draft = verified_draft(store.load_draft(conn, name), now[name].version)
        number = _next_version(conn, name, now[name].version)
        vocabulary = msgspec.structs.replace(parse_vocabulary(draft.content), version=number)
        fields = {"title": vocabulary.title, "vocabulary": msgspec.to_builtins(vocabulary), EDITED: True}
        verify_size(fields)
        publish_record(hub, conn, "vocabulary", fields, rid=bytes.fromhex(vocabulary.id))
        before, after = (now[name].version, _written(now[name])), (number, _written(vocabulary))
        keep_version(hub, conn, name, before, after, note, editor)
    return number


def verified_note(note: str) -> str:
    """Return what was changed and why, on one line; RuleError where nothing is said."""
    note, problems = one_line(note), list[str]()
    if not note:
        problems = ["Schreiben Sie kurz, was sich ändert und warum."]
    elif len(note) > NOTE_MAX:
        problems = [f"Höchstens {NOTE_MAX} Zeichen, es sind {len(note)}."]
    elif text_problems(note, is_name=True):
        problems = ["Diese Zeichen sind hier nicht möglich."]
    if problems:
        raise RuleError("Die Liste wurde nicht veröffentlicht", {"note": problems})
    return note


def verified_draft(draft: Draft | None, version: int) -> Draft:
    """Return a draft that may be published over a version; ConflictError for none, and for one of another version."""
    if draft is None:
        raise ConflictError("Es gibt keinen Entwurf, der veröffentlicht werden könnte")
    if draft.version != version:
        raise ConflictError(
            f"Der Entwurf ändert Fassung {draft.version}, inzwischen gilt Fassung {version}. Verwerfen Sie ihn und "
            "ändern Sie die neue Fassung"
        )
    return draft


def verify_size(fields: object) -> None:
    """Return when a record fits into the log; RuleError otherwise."""
    size = len(msgspec.json.encode(fields)) + _SPARE_BYTES
    if size > limits.PAYLOAD_MAX_BYTES:
        raise RuleError("Die Liste wurde nicht veröffentlicht", {"": ["Die Liste ist zu groß. Kürzen Sie sie."]})


def keep_version(
    hub: Hub, conn: sa.Connection, name: str, before: tuple[int, str], after: tuple[int, str], note: str, editor: str
) -> None:
    """Keep a published version for the history, with the one before it if that is not known yet; the draft goes."""
    at = hub.clock.now()
    if store.load_content(conn, name, before[0]) is None:
        store.add_version(conn, name, Version(before[0], "", "", 0), before[1])
    store.add_version(conn, name, Version(after[0], note, editor, at), after[1])
    store.drop_draft(conn, name)


def next_version(conn: sa.Connection, name: str, held: int) -> int:
    """Return the number of the version that comes after all that are known."""
    known = [one.version for one in store.load_versions(conn, name)[:1]]
    return max([held, *known]) + 1


def _next_version(conn: sa.Connection, name: str, held: int) -> int:
    return next_version(conn, name, max(held, shipped_vocabulary(name).version))


def _written(vocabulary: Vocabulary) -> str:
    return msgspec.json.encode(vocabulary).decode("utf-8")
