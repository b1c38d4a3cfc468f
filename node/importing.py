"""Unattended import of an offer table: the same file again changes nothing, a changed cell exactly one offer.

Decided here: which row is which offer, what a changed row does, what is refused.  Reading the file:
`shared.model.table` and `columns`; comparing rows without keeping their text: `shared.model.reimport`.

A row that names an own offer in the column `id` is that offer; it was written by this program, so only cells that
differ from what would be written now say anything.  A column that the file does not have says nothing, and neither
does the place of an offer whose address is confidential while the cells of the address are empty, as public lists
leave them.  (Gap: what was changed at the desk since the file was written differs too, and goes back; the preview
counts it and the history keeps it.)  Another row is the offer that was imported under the same key before; else the
one earlier row that shares at least 14 of the 17 cells; else the own live offer with the same providers and title
(after a restore from an older copy the traces of imports may be older than the log); else a new offer.

A changed row replaces only the fields that its changed cells say, so what people added by hand stays.  A row that is
not fit to be published (unknown topic, say) becomes a draft: kept here, listed with its problem, never sealed; it
counts as created or changed.  A row whose cells still hold a person that was erased is refused until these cells
change. An offer that a person withdrew stays withdrawn; one that the import withdrew because its row was missing
comes back.

A row that cannot be used is there all the same: where it can be told which offer it is, that offer is not missing, and
while there is such a row, nothing is withdrawn for being missing.

The whole import is one transaction; a crash before its commit leaves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from node.cells import CellWriter, load_district
from node.editing import prepare_document, publish_edit, withdrawal
from node.history import last_document, next_revision
from node.inventory import Inventory
from node.party import Node
from node.rows import columns_in, content, mask_of, merge_row, unchanged_in
from node.store import drafts, history, imports
from node.store.drafts import SUBMITTED, WRITING, Draft
from node.store.history import Step
from node.store.imports import ImportedRow
from node.workflow import needs_two_people
from shared.errors import ParseError
from shared.feed.payload import parse_payload
from shared.holdings import edits, facts
from shared.holdings.edits import Edit
from shared.model.columns import DraftTable, OfferDraft, read_drafts
from shared.model.erasing import REMOVED, find_person
from shared.model.offer import offer_from_builtins, offer_to_builtins
from shared.model.reimport import CellHashes, cell_hashes, match_moved_rows, source_key_hash
from shared.model.rules import check_offer
from shared.model.table import COLUMNS, ID_COLUMN, Table, read_table

MISSING_REASON = "ended"
_RECORD_ID = re.compile(r"[0-9a-f]{32}")
_ADDRESS = ("ort_name", "strasse", "plz")
_UNREAD_STOPS = "Es wird nichts zurückgezogen, solange Zeilen nicht lesbar sind"
_EMPTY_STOPS = "Es wird nichts zurückgezogen, denn die Datei enthält keine brauchbare Zeile dieser Stadt"


class ImportProblem(msgspec.Struct, frozen=True):
    """One thing to tell the person who imports; row 0 is no row of the file, column empty the whole row."""

    row: int
    column: str
    message: str
    effect: str = "hint"


class ImportResult(msgspec.Struct):
    """What an import did, or would do; counts of rows.

    `handed_in` rows wait for a second person; `operation` is the number to undo it by, 0 for nothing done.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    skipped: int = 0
    drafts: int = 0
    handed_in: int = 0
    missing: int = 0
    withdrawn: int = 0
    operation: int = 0
    problems: list[ImportProblem] = msgspec.field(default_factory=list)


def import_table(
    node: Node,
    data: bytes,
    *,
    dry_run: bool = False,
    own_only: bool = False,
    withdraw_missing: bool = False,
    editor: str = "",
) -> ImportResult:
    """Import a CSV file into the outbox, see `import_rows`; ParseError when it cannot be read."""
    return import_rows(
        node, read_table(data), dry_run=dry_run, own_only=own_only, withdraw_missing=withdraw_missing, editor=editor
    )


def import_rows(
    node: Node,
    table: Table,
    *,
    dry_run: bool = False,
    own_only: bool = False,
    withdraw_missing: bool = False,
    editor: str = "",
) -> ImportResult:
    """Import the rows of a file into the outbox.

    Args:
        dry_run: say what would happen, write nothing.
        own_only: skip rows of other members silently instead of refusing them.
        withdraw_missing: withdraw offers whose row is no longer in the file; none while a row of the file cannot be
            used, or when none can.
        editor: who imports, for the history; "" for a command.
    """
    district, vocabularies = load_district(node), node.vocabularies()
    read = read_drafts(table, district=district, vocabularies=vocabularies, own=node.settings.name)
    if dry_run:
        with node.db.read() as conn:
            key = imports.load_import_key(conn) or node.dice.token(32)
            plan = _Plan(
                node, conn, key, read, table, own_only=own_only, withdraw_missing=withdraw_missing, editor=editor
            )
            return plan.make()
    with node.db.write() as conn:
        key = imports.load_import_key(conn) or imports.make_import_key(conn, node.dice)
        plan = _Plan(node, conn, key, read, table, own_only=own_only, withdraw_missing=withdraw_missing, editor=editor)
        result = plan.make()
        result.operation = plan.save()
    return result


class _Row(msgspec.Struct, frozen=True):
    """One row on its way: what was read, and its hashes."""

    draft: OfferDraft
    key_hash: bytes
    cells: CellHashes


class _Plan:
    """Compares a file with what is known and collects what is to be written."""

    def __init__(
        self,
        node: Node,
        conn: sa.Connection,
        key: bytes,
        read: DraftTable,
        table: Table,
        *,
        own_only: bool,
        withdraw_missing: bool,
        editor: str,
    ) -> None:
        self._node = node
        self._conn = conn
        rows = {row.number: row for row in table.rows}
        self._absent = frozenset(table.absent)
        self._rows = [
            _Row(d, source_key_hash(rows[d.row].cells, key), cell_hashes(rows[d.row].cells, key)) for d in read.drafts
        ]
        self._unread = [(source_key_hash(r.cells, key), cell_hashes(r.cells, key)) for r in read.unread]
        self._asked_to_withdraw = withdraw_missing
        # Rows are refused by the file (too many cells) or by a rule (unknown town); of some no cell is known.
        self._has_unread = any(problem.effect == "refused" for problem in read.problems)
        self._remembered = imports.load_imported(conn)
        self._own = Inventory(node, conn)
        self._edits: list[Edit] = []
        self._memory: list[ImportedRow] = []
        self._forget: list[bytes] = []
        self._drafts: dict[bytes, bytes] = {}
        self._published: list[bytes] = []
        self._editor = editor
        # Where two people are asked for, a person's import is handed in; a command is the operator's own word.
        self._hands_in = bool(editor) and needs_two_people(conn)
        self._handed_in: set[bytes] = set()
        self._sources: dict[bytes, str] = {}
        self._key = key
        self._writer = CellWriter(node)
        self._noted = dict(drafts.iterate_sources(conn))
        self._named: dict[bytes, ImportedRow] = {}
        self.result = _first_result(read, own_only=own_only)

    def make(self) -> ImportResult:
        known = self._match()
        for row in self._rows:
            before = known.get(row.key_hash)
            if before is None or not self._own.has(before.rid):
                self._create(row, before)
            elif not self._is_refused(row, before):
                self._compare(row, before)
        seen = {before.key_hash for before in known.values()}
        self._report_missing(seen | self._seen_unread(seen))
        self.result.problems.sort(key=lambda problem: (problem.row == 0, problem.row))
        return self.result

    def save(self) -> int:
        node, conn, now = self._node, self._conn, self._node.clock.now()
        edits.add_edits(node.db, conn, self._edits)
        drafts.drop_drafts(conn, self._published)
        drafts.save_drafts(
            node.db,
            conn,
            [Draft(r, b, now, next_revision(conn), self._editor, self._state_of(r)) for r, b in self._drafts.items()],
        )
        drafts.save_sources(node.db, conn, self._sources)
        imports.save_imported(node.db, conn, self._memory, forget=self._forget, now=now)
        if not self._drafts and not self._edits:
            return 0
        facts.bump_fact(conn, "catalogue-version")
        return self._note_steps()

    def _state_of(self, rid: bytes) -> str:
        return SUBMITTED if rid in self._handed_in else WRITING

    def _note_steps(self) -> int:
        """Note in the history what the import did, as one operation."""
        now, result, editor = self._node.clock.now(), self.result, self._editor
        words = f"Einspielung: {result.created} neu, {result.changed} geändert, {result.withdrawn} zurückgezogen"
        number = history.add_operation(self._conn, time=now, editor=editor, title=words)
        steps = list(self._first_steps())
        steps += [
            Step(rid, now, editor, "imported", self._state_of(rid), body, "", number)
            for rid, body in self._drafts.items()
        ]
        for edit in self._edits:
            state = "published" if edit.op == "publish" else "withdrawn"
            body = None if edit.body is None else msgspec.json.encode(parse_payload(edit.body).doc)
            steps.append(Step(edit.rid or b"", now, editor, "imported", state, body, edit.reason, number))
        history.add_steps(self._node.db, self._conn, steps)
        return number

    # --- which row is which offer ------------------------------------------------------------------------------------

    def _match(self) -> dict[bytes, ImportedRow]:
        """Return the earlier row of each row, by the row's key: named, same key, moved, or an own offer it adopts."""
        self._named = {row.key_hash: before for row in self._rows if (before := self._offer_named(row)) is not None}
        self._rows = [self._with_unsaid(row) for row in self._rows]
        known = {row.key_hash: self._remembered[row.key_hash] for row in self._rows if row.key_hash in self._remembered}
        known |= self._named
        new = {row.key_hash: row.cells for row in self._rows if row.key_hash not in known}
        named = {row.rid for row in self._named.values()}
        old = {k: row.cells for k, row in self._remembered.items() if k not in known and row.rid not in named}
        for fresh, earlier in match_moved_rows(new, old).items():
            known[fresh] = self._remembered[earlier]
        if len(known) < len(self._rows):
            known |= self._adopt(known)
        return known

    def _adopt(self, known: Mapping[bytes, ImportedRow]) -> dict[bytes, ImportedRow]:
        """Rows without a trace take an own live offer with the same providers and title; no cells are known of it."""
        taken = {row.rid for row in (*self._remembered.values(), *self._named.values())}
        unclaimed = self._own.by_names(taken)
        adopted = {}
        for row in self._rows:
            names = tuple(provider.name for provider in row.draft.template.providers)
            if row.key_hash not in known and (rid := unclaimed.pop((names, row.draft.template.name), None)) is not None:
                adopted[row.key_hash] = ImportedRow(row.key_hash, rid, ())
        return adopted

    def _offer_named(self, row: _Row) -> ImportedRow | None:
        """The own offer whose id stands in the row, with the cells that would be written of it now."""
        key = row.draft.key
        if key[0] != ID_COLUMN or not _RECORD_ID.fullmatch(key[-1]):
            return None
        rid = bytes.fromhex(key[-1])
        if not self._own.has(rid):
            return None
        document = self._own.document(rid) or last_document(self._conn, rid)
        if document is None:
            return ImportedRow(row.key_hash, rid, ())
        cells = self._writer.write(document, self._noted.get(rid, ""))
        return ImportedRow(row.key_hash, rid, cell_hashes(cells, self._key))

    def _with_unsaid(self, row: _Row) -> _Row:
        """Give a row that names its offer the cells as they are now where it says nothing of them."""
        before = self._named.get(row.key_hash)
        if before is None or not before.cells:
            return row
        unsaid = self._absent | self._hidden(row, before.rid)
        cells = zip(COLUMNS, before.cells, row.cells, strict=True)
        return msgspec.structs.replace(row, cells=tuple(old if name in unsaid else new for name, old, new in cells))

    def _hidden(self, row: _Row, rid: bytes) -> frozenset[str]:
        """Columns that a public list leaves empty for this offer; its town alone does not say where it is."""
        document = self._own.document(rid) or last_document(self._conn, rid) or {}
        empty = dict(zip(COLUMNS, cell_hashes({}, self._key), strict=True))
        cells = dict(zip(COLUMNS, row.cells, strict=True))
        if not document.get("address_confidential") or any(cells[name] != empty[name] for name in _ADDRESS):
            return frozenset()
        return frozenset((*_ADDRESS, "ort"))

    # --- what a row does ---------------------------------------------------------------------------------------------

    def _create(self, row: _Row, before: ImportedRow | None) -> None:
        rid = self._node.dice.token(16) if before is None else before.rid
        self._put(row, rid, offer_to_builtins(row.draft.document(rid.hex())))
        self._remember(row, rid, before)
        self.result.created += 1

    def _compare(self, row: _Row, before: ImportedRow) -> None:
        if before.cells == row.cells and not before.withdrawn:
            self.result.unchanged += 1
            if before.key_hash != row.key_hash:
                self._remember(row, before.rid, before, before.cleaned)
            return
        current = self._own.document(before.rid)
        wanted = offer_to_builtins(row.draft.document(before.rid.hex()))
        merged = merge_row(current, wanted, before.cells, row.cells)
        is_same = current is not None and content(merged) == content(current)
        if is_same and (not before.cells or row.key_hash in self._named):
            self.result.unchanged += 1
        else:
            self.result.changed += 1
            if not is_same or before.withdrawn:
                self._put(row, before.rid, merged)
        self._remember(row, before.rid, before)

    def _is_refused(self, row: _Row, before: ImportedRow) -> bool:
        """Refuse what would undo a person's decision: cells of an erased person, an offer withdrawn by hand."""
        is_changed = before.cells != row.cells
        if is_changed and row.key_hash in self._named and self._was_cleaned(before.rid):
            message = "aus dem Angebot wurde eine Person gelöscht; bitte im Angebot selbst ändern, nicht in der Datei"
            self._refuse(row.draft.row, "", message)
            return True
        stale = unchanged_in(before.cleaned, before.cells, row.cells) if before.cleaned else []
        if stale:
            message = "enthält noch Angaben zu einer Person, die gelöscht wurde; bitte in der Datei entfernen"
            self._refuse(row.draft.row, stale[0], message)
            return True
        if is_changed and not before.withdrawn and self._own.is_withdrawn(before.rid):
            self._refuse(
                row.draft.row, "", "das Angebot wurde zurückgezogen; die geänderte Zeile veröffentlicht es nicht"
            )
            return True
        if not before.cells and self._own.was_cleaned(before.rid):
            return self._is_adopting_refused(row, before)
        return False

    def _was_cleaned(self, rid: bytes) -> bool:
        """A person was erased from the offer: a file that is older may bring her back."""
        return self._own.was_cleaned(rid) or bool(find_person(self._own.document(rid) or {}, REMOVED.strip("[]")))

    def _is_adopting_refused(self, row: _Row, before: ImportedRow) -> bool:
        """A version of the offer was erased and no trace of the row is left: it may name the person again."""
        current = self._own.document(before.rid) or {}
        wanted = offer_to_builtins(row.draft.document(before.rid.hex()))
        differing = [field for field in {*current, *wanted} if current.get(field) != wanted.get(field)]
        # The fields that show the gap, if there are any; else every one that differs.
        gaps = [path for path in find_person(current, REMOVED.strip("[]")) if _top(path) in differing]
        mask = mask_of(gaps) or mask_of(differing)
        if not mask:
            return False
        self._remember(row, before.rid, before, mask)
        message = "weicht von dem Angebot ab, aus dem eine Person gelöscht wurde; es bleibt, wie es ist"
        self._refuse(row.draft.row, columns_in(mask)[0], message)
        return True

    def _refuse(self, row: int, column: str, message: str) -> None:
        self.result.refused += 1
        self.result.problems.append(ImportProblem(row, column, message, "refused"))

    def _put(self, row: _Row, rid: bytes, document: dict[str, Any]) -> None:
        """Publish the document, or keep it as a draft when a person must act first."""
        problems = _errors(document)
        if row.draft.is_draft or problems:
            self._drafts[rid] = msgspec.json.encode(document)
            self.result.drafts += 1
            if not row.draft.is_draft:
                self.result.problems += [ImportProblem(row.draft.row, "", text, "draft") for text in problems]
        elif self._hands_in:
            self._drafts[rid] = msgspec.json.encode(document)
            self._handed_in.add(rid)
            self.result.handed_in += 1
        else:
            values = prepare_document(self._node, document, rid)
            self._edits.append(publish_edit(self._node, values, rid, self._own.position(rid)))
            self._published.append(rid)

    def _remember(self, row: _Row, rid: bytes, before: ImportedRow | None, cleaned: int = 0) -> None:
        if row.key_hash in self._named:
            # The id says which offer it is; a trace beside that of an earlier file would make two of one.
            if "quelle" not in self._absent:
                self._sources[rid] = row.draft.source_note
            return
        self._memory.append(ImportedRow(row.key_hash, rid, row.cells, cleaned))
        self._sources[rid] = row.draft.source_note
        if before is not None and before.key_hash != row.key_hash:
            self._forget.append(before.key_hash)

    def _seen_unread(self, seen: set[bytes]) -> set[bytes]:
        """Earlier rows that the file still has, in rows that cannot be used: same key, or moved."""
        same = {key for key, _ in self._unread if key in self._remembered}
        new = {at: cells for at, (key, cells) in enumerate(self._unread) if key not in same}
        old = {key: row.cells for key, row in self._remembered.items() if key not in seen | same}
        return same | set(match_moved_rows(new, old).values())

    def _may_withdraw(self) -> bool:
        """Withdrawing was asked for, and the file can say what is missing; if it cannot, that is told."""
        if not self._asked_to_withdraw:
            return False
        why = _UNREAD_STOPS if self._has_unread else "" if self._rows else _EMPTY_STOPS
        if why:
            self.result.problems.append(ImportProblem(0, "", why))
        return not why

    def _report_missing(self, seen: set[bytes]) -> None:
        """Offers of earlier rows that the file no longer has: reported, and withdrawn only when asked for."""
        withdraws = self._may_withdraw()
        named = {row.rid for row in self._named.values()}
        for key, before in self._remembered.items():
            gone = before.withdrawn or self._own.is_withdrawn(before.rid) or not self._own.has(before.rid)
            if key in seen or before.rid in named or gone:
                continue
            self.result.missing += 1
            title = self._own.title(before.rid)
            if withdraws:
                self.result.withdrawn += 1
                if self._own.is_published(before.rid):
                    position = self._own.position(before.rid)
                    self._edits.append(withdrawal(self._node, before.rid, position, MISSING_REASON))
                self._published.append(before.rid)
                self._memory.append(msgspec.structs.replace(before, withdrawn=True))
            message = f"„{title}“ fehlt jetzt" + (" und wird zurückgezogen" if withdraws else "")
            self.result.problems.append(ImportProblem(0, "", message, "hint"))

    def _first_steps(self) -> Iterator[Step]:
        """Offers as they stood before this import, where nothing is known of their past."""
        known, now = history.known_ids(self._conn), self._node.clock.now()
        touched = {*self._drafts, *(edit.rid for edit in self._edits if edit.rid is not None)}
        for rid in touched - known:
            if self._own.has(rid) and (document := self._own.document(rid)) is not None:
                state = "published" if self._own.is_published(rid) else "draft"
                yield Step(rid, now, "", "found", state, msgspec.json.encode(document))


def _first_result(read: DraftTable, *, own_only: bool) -> ImportResult:
    """Problems of reading; rows of other members are refused, or skipped where that was asked for."""
    foreign = {p.row for p in read.problems if p.effect == "foreign"}
    refused = {p.row for p in read.problems if p.effect == "refused"} | (set() if own_only else foreign)
    problems = [
        ImportProblem(p.row, p.column, p.message, p.effect)
        for p in read.problems
        if not (own_only and p.row in foreign)
    ]
    return ImportResult(refused=len(refused), skipped=len(foreign) if own_only else 0, problems=problems)


def _errors(document: Mapping[str, Any]) -> list[str]:
    """What prevents publishing the merged document; texts in German."""
    try:
        typed = offer_from_builtins({**document, "last_modified": ""})
    except ParseError as error:
        return [error.message]
    return [problem.message_de for problem in check_offer(typed) if problem.severity == "error"]


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
