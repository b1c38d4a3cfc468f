"""Which vocabularies hold for a party: those of the district's log over those that come with the program.

The rule.  Of each vocabulary counts the record in the hub's log whose id is that of the vocabulary, when it can be read
and the district edited it, or its version is not lower than that of the program; else the one that comes with the
program.  So the district's word counts from its first edit on; what a newer program adds to a list comes in behind the
district's own terms.  A record that is missing, damaged or of another kind changes nothing.  Fields that this program
does not know are left out.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from shared.clock import Clock
from shared.database import Database
from shared.errors import ParseError
from shared.feed.payload import parse_payload
from shared.holdings import vocabularies as held
from shared.model.shipped import shipped_vocabularies
from shared.model.vocabulary.collection import SYNONYMS, SYNONYMS_ID, SynonymList, Vocabularies, synonyms_from_builtins
from shared.model.vocabulary.terms import Vocabulary, vocabulary_from_builtins

TRUSTED_SECONDS: Final = 0.25
"""How long one look into the database counts while this process writes nothing."""


class VocabularyBook:
    """The vocabularies of one party; asked for each request, so it reads records only when they changed."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: tuple[int, float] | None = None
        self._log_mark: Hashable = None
        self._record_mark: Hashable = None
        self._now = shipped_vocabularies()

    def now(self, conn: sa.Connection | None = None) -> Vocabularies:
        """Return the vocabularies that hold now: the same object until they change.

        What was seen last is given to whoever asks while another thread is looking.

        Args:
            conn: of whoever asks within a transaction; else one is opened.
        """
        writes, moment = self._db.writes, self._clock.monotonic()
        if self._looked is not None:
            writes_then, then = self._looked
            if writes_then == writes and 0 <= moment - then < TRUSTED_SECONDS:
                return self._now
        if not self._lock.acquire(blocking=self._looked is None):
            return self._now
        try:
            self._look(conn)
            self._looked = (writes, moment)
        finally:
            self._lock.release()
        return self._now

    def _look(self, conn: sa.Connection | None) -> None:
        if conn is None:
            with self._db.read() as own:
                self._look(own)
            return
        log_mark = held.log_mark(conn)
        if log_mark == self._log_mark:
            return
        record_mark = held.record_mark(conn)
        if record_mark != self._record_mark:
            self._now = read_vocabularies(parse_payload(body).doc for body in held.load_bodies(conn))
        self._log_mark, self._record_mark = log_mark, record_mark


EDITED: Final = "edited"
"""Member of a record that the district changed; what `init` puts into the log is only what came with the program."""


def read_vocabularies(docs: Iterable[Mapping[str, Any]], shipped: Vocabularies | None = None) -> Vocabularies:
    """Return the vocabularies of these records over those of the program; see the rule above."""
    shipped = shipped_vocabularies() if shipped is None else shipped
    ids = {vocabulary.id: name for name, vocabulary in shipped.items()}
    found, synonyms = dict(shipped), SynonymList()
    for doc in docs:
        if doc.get("id") == SYNONYMS_ID:
            synonyms = _read_synonyms(doc.get(SYNONYMS))
        name = ids.get(str(doc.get("id")))
        vocabulary = None if name is None else _read(doc.get("vocabulary"))
        if name is None or vocabulary is None or vocabulary.name != name:
            continue
        if doc.get(EDITED) is True:
            found[name] = _with_newer_terms(vocabulary, shipped[name])
        elif vocabulary.version >= shipped[name].version:
            found[name] = vocabulary
    return shipped if found == shipped and not synonyms.groups else Vocabularies(found, synonyms)


def _with_newer_terms(edited: Vocabulary, shipped: Vocabulary) -> Vocabulary:
    """Return the district's list with the terms behind it that only the program knows."""
    codes = edited.codes()
    newer = tuple(term for term in shipped.terms if term.code not in codes)
    return msgspec.structs.replace(edited, terms=(*edited.terms, *newer)) if newer else edited


def _read(value: object) -> Vocabulary | None:
    try:
        return vocabulary_from_builtins(value)
    except ParseError:
        return None


def _read_synonyms(value: object) -> SynonymList:
    try:
        return synonyms_from_builtins(value)
    except ParseError:
        return SynonymList()
