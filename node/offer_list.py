"""The own offers as a list that people search, filter and sort, and the tasks that it shows.

What a list needs of a document is computed once for each version and remembered by its commitment: versions never
change, so a list of thousands costs one query and no decoding.  What depends on the day is computed anew each day.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from node.history import last_document
from node.party import Node
from node.store import drafts, history, versions
from node.store.drafts import SUBMITTED, Draft
from node.store.versions import OwnRecord
from node.workflow import Editor, lead_of
from shared.errors import ParseError
from shared.feed.payload import parse_payload
from shared.holdings import edits, logs, payloads
from shared.holdings.edits import Edit
from shared.model.completeness import completeness
from shared.model.offer import links_of, offer_from_builtins, translation_states
from shared.model.rules import default_review_due, is_review_overdue
from shared.model.text import fold, sort_key

PER_PAGE = 50
ENDING_DAYS = 30
INCOMPLETE_BELOW = 60
_ZONE = ZoneInfo("Europe/Berlin")

STATES: Mapping[str, str] = {
    "draft": "Entwurf",
    "submitted": "zur Freigabe",
    "published": "veröffentlicht",
    "changed": "veröffentlicht, mit Entwurf",
    "withdrawn": "archiviert",
    "conflict": "Konflikt",
    "lost": "Inhalt verloren",
}
"""The states that people filter by."""

TASKS: Mapping[str, str] = {
    "overdue": "Prüfung fällig",
    "submitted": "Warten auf Freigabe",
    "draft": "Entwürfe",
    "returned": "Zurückgegeben",
    "conflict": "Konflikte",
    "incomplete": "Unvollständig",
    "ending": "Enden bald",
    "translation": "Übersetzung veraltet",
    "pending": "Noch nicht im Verbund",
}
"""What the start page counts."""

SORTS = ("title", "changed", "review", "score", "ending")


class Facts(msgspec.Struct, frozen=True):
    """What a list says of one version of a document; dates as the document has them."""

    title: str
    lead: str
    providers: tuple[str, ...]
    topics: tuple[str, ...]
    towns: tuple[str, ...]
    score: int
    gaps: tuple[str, ...]
    checked: date | None
    review_due: date | None
    is_overdue: bool
    valid_to: date | None
    outdated: tuple[str, ...]
    search: str
    translated: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    gap_fields: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """One own offer in a list; times in Unix seconds, `score` from 0 to 100."""

    id: str
    title: str
    state: str
    is_pending: bool
    was_returned: bool
    publish_at: int | None
    editor: str
    changed: int
    facts: Facts


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants to see; `page` counts from 1."""

    q: str = ""
    state: str = ""
    task: str = ""
    topic: str = ""
    provider: str = ""
    sort: str = "title"
    page: int = 1


class Found(msgspec.Struct, frozen=True):
    """One page of what fits, and how many fit in all.

    `all_ids` names every one that fits, for bulk actions; `providers` are those of all offers, fitting or not.
    """

    lines: tuple[Line, ...]
    total: int
    page: int
    pages: int
    all_ids: tuple[str, ...]
    providers: tuple[str, ...]


def today_of(node: Node) -> date:
    """Return the day by the wall clock of the district."""
    return datetime.fromtimestamp(node.clock.now(), UTC).astimezone(_ZONE).date()


class OfferList:
    """The own offers of one node; remembers what it read of each version."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._known: dict[bytes, Facts] = {}
        self._day: date | None = None
        self._lock = threading.Lock()

    def lines(self, editor: Editor) -> list[Line]:
        """Return every own offer that this editor may see, in no order."""
        with self._lock, self._node.db.read() as conn:
            self._begin_day()
            return [line for line in self._read(conn) if editor.owns({"providers": [{"name": line.facts.lead}]})]

    def find(self, editor: Editor, wish: Wish) -> Found:
        """Return one page of the offers that fit a wish."""
        lines = self.lines(editor)
        topics = self._node.vocabularies()["topic"].covered(wish.topic) if wish.topic else frozenset[str]()
        fitting = sort_lines(filter_lines(lines, wish, today_of(self._node), topics), wish.sort)
        pages = max(1, -(-len(fitting) // PER_PAGE))
        page = min(max(1, wish.page), pages)
        shown = fitting[(page - 1) * PER_PAGE : page * PER_PAGE]
        ids = tuple(line.id for line in fitting)
        return Found(tuple(shown), len(fitting), page, pages, ids, providers_of(lines))

    def tasks(self, editor: Editor) -> dict[str, int]:
        """Count the tasks of `TASKS`."""
        lines, today = self.lines(editor), today_of(self._node)
        return {task: sum(1 for line in lines if fits_task(line, task, today)) for task in TASKS}

    def _begin_day(self) -> None:
        today = today_of(self._node)
        if self._day != today:
            self._known, self._day = {}, today

    def _read(self, conn: sa.Connection) -> list[Line]:
        row = logs.find_log(conn, self._node.settings.origin)
        records = {} if row is None else versions.load_own_records(conn, row.id)
        pending = {edit.rid: edit for edit in edits.load_edits(conn) if edit.rid is not None}
        conflicts = {bytes(c.rid): c for c in edits.load_conflicts(conn)}
        sketches, last = drafts.load_drafts(conn), history.newest_steps(conn)
        before, self._known = self._known, {}
        found = []
        for rid in {*records, *pending, *conflicts, *sketches}:
            known, edit, sketch = records.get(rid), pending.get(rid), sketches.get(rid)
            facts = self._facts(conn, row.id if row else 0, before, known, edit, sketch)
            conflict = conflicts.get(rid)
            state = _state(known, edit, sketch, None if conflict is None else conflict.cause)
            changed, editor = last.get(rid, (0, ""))
            title = facts.title or (known.title if known else "") or "Angebot ohne Titel"
            returned = sketch is not None and bool(sketch.note) and sketch.state != SUBMITTED
            at = None if sketch is None else sketch.publish_at
            found.append(Line(rid.hex(), title, state, edit is not None, returned, at, editor, changed, facts))
        return found

    def _facts(
        self, conn: sa.Connection, log_id: int, before: Mapping[bytes, Facts], known: OwnRecord | None,
        edit: Edit | None, sketch: Draft | None,
    ) -> Facts:  # fmt: skip
        """Return what is said of the newest version: draft, pending edit, held version, what it said before its end."""
        key: bytes
        load: Callable[[], Mapping[str, Any] | None]
        if sketch is not None:
            body = sketch.body
            key, load = b"draft%d" % sketch.revision, lambda: msgspec.json.decode(body, type=dict[str, Any])
        elif edit is not None and edit.body is not None and edit.commitment is not None:
            sealed = edit.body
            key, load = edit.commitment, lambda: parse_payload(sealed).doc
        elif known is not None and known.commitment is not None:
            commitment = known.commitment
            key, load = commitment, lambda: _held_document(conn, log_id, commitment)
        elif (rid := _id_of(known, edit)) is not None:
            key, load = b"past" + rid, lambda: last_document(conn, rid)
        else:
            return _NOTHING
        facts = before.get(key)
        if facts is None:
            doc = load()
            facts = _NOTHING if doc is None else facts_of(doc, self._day or date.min)
        self._known[key] = facts
        return facts


def providers_of(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the names of all providers, each once, by the alphabet."""
    return tuple(sorted({name for line in lines for name in line.facts.providers}, key=str.casefold))


def _id_of(known: OwnRecord | None, edit: Edit | None) -> bytes | None:
    return known.rid if known is not None else None if edit is None else edit.rid


def _held_document(conn: sa.Connection, log_id: int, commitment: bytes) -> Mapping[str, Any] | None:
    body = payloads.load_payload(conn, log_id, commitment)
    return None if body is None else parse_payload(body).doc


def facts_of(doc: Mapping[str, Any], today: date) -> Facts:
    """Read what a list says of a document; a draft that breaks the types of an offer is told by its texts alone."""
    try:
        typed = offer_from_builtins({**doc, "id": doc.get("id", "0" * 32), "owner": doc.get("owner", "0" * 8)})
    except ParseError:
        title = str(doc.get("name", ""))
        return msgspec.structs.replace(_NOTHING, title=title, lead=lead_of(doc), search=fold(title))
    judged = completeness(typed, today)
    providers = tuple(provider.name for provider in typed.providers)
    towns = tuple(dict.fromkeys(place.city for place in typed.locations if place.city))
    translated = tuple(sorted(translation_states(typed).items()))
    outdated = tuple(tag for tag, state in translated if state == "veraltet")
    words = (typed.name, typed.alternate_name, typed.summary, *providers, *towns)
    return Facts(
        title=typed.name, lead=lead_of(doc), providers=providers, topics=typed.topics, towns=towns, score=judged.score,
        gaps=tuple(gap.label_de for gap in judged.gaps), checked=typed.assured_date,
        review_due=typed.review_due or default_review_due(typed), is_overdue=is_review_overdue(typed, today),
        valid_to=typed.valid_to, outdated=outdated, search=fold(" ".join(words)),
        translated=translated, links=links_of(typed), gap_fields=tuple(gap.field for gap in judged.gaps),
    )  # fmt: skip


_NOTHING = Facts("", "", (), (), (), 0, (), None, None, False, None, (), "")


def _state(known: OwnRecord | None, edit: Edit | None, sketch: Draft | None, cause: str | None) -> str:
    if cause is not None and edit is None:
        return "lost" if cause == "lost" else "conflict"
    is_shown = edit.op == "publish" if edit is not None else known is not None and known.live
    if sketch is not None:
        return "submitted" if sketch.state == SUBMITTED else "changed" if is_shown else "draft"
    if not is_shown:
        return "withdrawn"
    return "published" if edit is not None or (known is not None and known.is_held) else "lost"


def filter_lines(lines: Sequence[Line], wish: Wish, today: date, topics: Collection[str]) -> list[Line]:
    """Return the lines that fit all parts of a wish; every word of the search must occur.

    Args:
        topics: the codes that the wished topic stands for.
    """
    words = fold(wish.q).split()
    return [
        line
        for line in lines
        if (not wish.state or line.state == wish.state)
        and (wish.state == "withdrawn" or wish.task or line.state != "withdrawn" or bool(words))
        and (not wish.task or fits_task(line, wish.task, today))
        and (not wish.topic or any(topic in topics for topic in line.facts.topics))
        and (not wish.provider or wish.provider in line.facts.providers)
        and all(word in line.facts.search for word in words)
    ]


def fits_task(line: Line, task: str, today: date) -> bool:
    """Tell whether an offer is part of a task; what is archived makes no work."""
    if task == "pending":
        return line.is_pending
    if line.state == "withdrawn":
        return False
    facts = line.facts
    return {
        "overdue": facts.is_overdue,
        "submitted": line.state == "submitted" and line.publish_at is None,
        "draft": line.state in ("draft", "changed") and not line.was_returned,
        "returned": line.was_returned,
        "conflict": line.state in ("conflict", "lost"),
        "incomplete": facts.score < INCOMPLETE_BELOW,
        "ending": facts.valid_to is not None and today <= facts.valid_to <= today + timedelta(days=ENDING_DAYS),
        "translation": bool(facts.outdated),
    }.get(task, False)


def sort_lines(lines: Sequence[Line], sort: str) -> list[Line]:
    """Sort by title, or by what else somebody asked for; equal ones by title."""
    by_title = sorted(lines, key=lambda line: (*sort_key(line.title), line.id))
    keys: Mapping[str, Callable[[Line], Any]] = {
        "changed": lambda line: -line.changed,
        "review": lambda line: line.facts.review_due or date.min,
        "score": lambda line: line.facts.score,
        "ending": lambda line: line.facts.valid_to or date.max,
    }
    key = keys.get(sort)
    return by_title if key is None else sorted(by_title, key=key)
