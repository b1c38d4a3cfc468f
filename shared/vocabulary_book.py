"""Which vocabularies hold for a party: those of the district's log over those that come with the program.

The rule.  Of each vocabulary counts the record in the hub's log whose id is that of the vocabulary, when it can be read
and its version is not lower than that of the program; else the one that comes with the program.  So the district's word
counts from its first edit on, a newer program brings newer terms to a district that never edited them, and a record
that is missing, damaged or of another kind changes nothing.  Fields that this program does not know are left out.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable
from typing import Final

from shared.clock import Clock
from shared.database import Database
from shared.errors import ParseError
from shared.feed.payload import parse_payload
from shared.holdings import vocabularies as held
from shared.model.shipped import shipped_vocabularies
from shared.model.vocabulary.collection import SynonymList, Vocabularies, synonyms_from_builtins
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

    def now(self) -> Vocabularies:
        """Return the vocabularies that hold now: the same object until they change.

        Must not be asked within a transaction on the same database; what was seen last is given to whoever asks while
        another thread is looking.
        """
        writes, moment = self._db.writes, self._clock.monotonic()
        if self._looked is not None:
            writes_then, then = self._looked
            if writes_then == writes and 0 <= moment - then < TRUSTED_SECONDS:
                return self._now
        if not self._lock.acquire(blocking=self._looked is None):
            return self._now
        try:
            self._look()
            self._looked = (writes, moment)
        finally:
            self._lock.release()
        return self._now

    def _look(self) -> None:
        with self._db.read() as conn:
            log_mark = held.log_mark(conn)
            if log_mark == self._log_mark:
                return
            record_mark = held.record_mark(conn)
            if record_mark != self._record_mark:
                self._now = read_vocabularies(held.load_bodies(conn))
        self._log_mark, self._record_mark = log_mark, record_mark


def read_vocabularies(bodies: Iterable[bytes]) -> Vocabularies:
    """Return the vocabularies of these records over those of the program; see the rule above."""
    shipped = shipped_vocabularies()
    ids = {vocabulary.id: name for name, vocabulary in shipped.items()}
    found, synonyms = dict(shipped), SynonymList()
    for body in bodies:
        doc = parse_payload(body).doc
        if "synonyms" in doc:
            synonyms = _newer(synonyms, doc["synonyms"])
        name = ids.get(str(doc.get("id")))
        vocabulary = None if name is None else _read(doc.get("vocabulary"))
        if name is not None and vocabulary is not None and vocabulary.name == name:
            found[name] = vocabulary if vocabulary.version >= found[name].version else found[name]
    return shipped if found == shipped and not synonyms.groups else Vocabularies(found, synonyms)


def _read(value: object) -> Vocabulary | None:
    try:
        return vocabulary_from_builtins(value)
    except ParseError:
        return None


def _newer(known: SynonymList, value: object) -> SynonymList:
    try:
        read = synonyms_from_builtins(value)
    except ParseError:
        return known
    return read if read.version > known.version else known
