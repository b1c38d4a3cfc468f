"""A file on its way into the offers: taken, understood, checked, mended, imported; each step can be looked at first.

Decided here: what is kept between the steps and how long, and who may see it.  An upload belongs to one account and is
gone after a day; the file and its cells are gone as soon as it is imported.  The file itself is never changed: repairs
are kept beside it.  What an import does: `importing`.

Order of the last step: 1 import, one transaction; 2 the outcome in place of the file.  A crash between them leaves the
upload as it was, and importing it again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import msgspec
from msgspec import structs

from node.cells import load_district
from node.holds_ahead import count_waiting, expected_holds
from node.importing import ImportProblem, ImportResult, import_rows
from node.party import Node
from node.sheet_child import COLUMNS_MAX, ROWS_MAX
from node.spreadsheets import is_spreadsheet, read_spreadsheet, refusal
from node.store import uploads
from node.store.uploads import StoredUpload
from shared.errors import ConflictError, NotFoundError, ParseError, RuleError
from shared.model.grid import CHARSETS, DELIMITERS, Charset, Grid, GridRow, column_name, read_csv
from shared.model.headers import find_header, headings_of, propose_columns
from shared.model.repairs import Repair, apply_repairs, offer_repairs
from shared.model.table import COLUMNS, ID_COLUMN, KEY_COLUMNS, Table, name_columns

BYTES_MAX = 8 * 1024 * 1024
"""A table of 20,000 rows with long texts; a spreadsheet of that size is packed to a fifth of it."""
KEPT_SECONDS = 86_400
PER_ACCOUNT = 3
_LINES_MAX = 200_000
_ID_BYTES = 16


class Choices(msgspec.Struct, frozen=True):
    """What was found out about a file, and what a person said to it.

    `columns` has the column of each heading, empty for one that is not read; `is_mapped` says that a person or an
    earlier file of the same kind confirmed them.  `repaired` has the new text of a cell by its place.
    """

    sheet: str = ""
    sheets: tuple[str, ...] = ()
    charset: Charset = ""
    delimiter: str = ""
    header: int = 1
    columns: tuple[str, ...] = ()
    is_mapped: bool = False
    repaired: dict[str, str] = {}
    withdraw_missing: bool = False
    own_only: bool = False


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that was not imported, and why."""

    number: int
    cells: dict[str, str]
    reason: str


class Outcome(msgspec.Struct, frozen=True):
    """What an import did."""

    result: ImportResult
    refused: tuple[RefusedRow, ...]
    warnings: tuple[str, ...] = ()


class Upload(msgspec.Struct, frozen=True):
    """One uploaded file as its owner sees it; without cells once it is imported."""

    id: bytes
    name: str
    time: int
    grid: Grid
    choices: Choices
    outcome: Outcome | None

    @property
    def header(self) -> GridRow:
        """The row that holds the headings."""
        return next((row for row in self.grid.rows if row.number == self.choices.header), GridRow(1, ()))


class Check(msgspec.Struct, frozen=True):
    """What an import would do, what can be repaired first, what the district will ask about."""

    result: ImportResult
    repairs: tuple[Repair, ...]
    warnings: tuple[str, ...]


# --- taking a file ---------------------------------------------------------------------------------------------------


def take_file(node: Node, account_id: int, name: str, content: bytes) -> Upload:
    """Keep an uploaded file for a day.

    Raises:
        RuleError: it cannot be read; says why in German.
    """
    grid, choices = _understand(node, *_read(content, Choices()))
    found = StoredUpload(
        node.dice.token(_ID_BYTES), account_id, name[:200], node.clock.now(),
        msgspec.json.encode(grid), msgspec.json.encode(choices),
    )  # fmt: skip
    with node.db.write() as conn:
        uploads.add_upload(conn, found, content, most=PER_ACCOUNT)
    return Upload(found.id, found.name, found.time, grid, choices, None)


def read_again(node: Node, found: Upload, *, sheet: str = "", charset: str = "", delimiter: str = "") -> Upload:
    """Read the file once more as a person said: another sheet, character set or separator; repairs are forgotten."""
    with node.db.read() as conn:
        content = uploads.load_content(conn, found.id)
    wanted = Choices(
        sheet=sheet,
        charset=next((known for known in CHARSETS if known == charset), ""),
        delimiter=delimiter if delimiter and delimiter in DELIMITERS else "",
    )
    grid, choices = _understand(node, *_read(content, wanted))
    with node.db.write() as conn:
        uploads.save_grid(conn, found.id, msgspec.json.encode(grid), msgspec.json.encode(choices))
    return structs.replace(found, grid=grid, choices=choices)


def _read(content: bytes, wanted: Choices) -> tuple[Grid, Choices]:
    if is_spreadsheet(content):
        sheet = read_spreadsheet(content, wanted.sheet)
        grid, choices = sheet.grid, Choices(sheet=sheet.name, sheets=sheet.names)
    else:
        if content.count(b"\n") + content.count(b"\r") > _LINES_MAX:
            raise refusal("rows")
        try:
            known = (*COLUMNS, ID_COLUMN)
            grid = read_csv(content, known=known, charset=wanted.charset, delimiter=wanted.delimiter)
        except ParseError as error:
            raise RuleError(error.message, {"datei": [error.message]}) from error
        choices = Choices(charset=grid.charset, delimiter=grid.delimiter)
    if len(grid.rows) > ROWS_MAX + 1:
        raise refusal("rows")
    if max((len(row.cells) for row in grid.rows), default=0) > COLUMNS_MAX:
        raise refusal("columns")
    if not any(row.has_text for row in grid.rows):
        text = "Die Datei ist leer." if len(choices.sheets) < 2 else f"Das Blatt „{choices.sheet}“ ist leer."
        if len(choices.sheets) < 2 or not wanted.sheet:
            raise RuleError(text, {"datei": [text]})
    return grid, choices


def _understand(node: Node, grid: Grid, choices: Choices) -> tuple[Grid, Choices]:
    """Find the headings and what they mean: as the last time, or by their words."""
    header = find_header(grid)
    headings = headings_of(header)
    with node.db.read() as conn:
        remembered = uploads.load_columns(conn, _headings_hash(headings))
    columns = remembered.split(",") if remembered else propose_columns(headings)
    exact = all(column_name(text) in ("", column) for text, column in zip(headings, columns, strict=False))
    is_mapped = bool(remembered) or (exact and set(KEY_COLUMNS) <= set(columns))
    return grid, structs.replace(choices, header=header.number, columns=tuple(columns), is_mapped=is_mapped)


def _headings_hash(headings: Sequence[str]) -> bytes:
    return hashlib.blake2b("\0".join(map(column_name, headings)).encode(), digest_size=16).digest()


# --- looking at it ---------------------------------------------------------------------------------------------------


def open_upload(node: Node, account_id: int, number: bytes) -> Upload:
    """Return an upload of this account; NotFoundError when there is none, or no longer."""
    with node.db.read() as conn:
        found = uploads.load_upload(conn, number, account_id)
    if found is None or node.clock.now() - found.time >= KEPT_SECONDS:
        raise NotFoundError(
            "Diese Datei gibt es hier nicht mehr", advice="Hochgeladene Dateien werden nach einem Tag gelöscht."
        )
    return _upload(found)


def list_uploads(node: Node, account_id: int) -> list[Upload]:
    """Return the uploads of an account, newest first."""
    with node.db.read() as conn:
        found = uploads.load_uploads(conn, account_id)
    return [_upload(one) for one in found if node.clock.now() - one.time < KEPT_SECONDS]


def _upload(found: StoredUpload) -> Upload:
    return Upload(
        found.id, found.name, found.time,
        msgspec.json.decode(found.grid, type=Grid) if found.grid else Grid(()),
        msgspec.json.decode(found.choices, type=Choices) if found.choices else Choices(),
        None if found.outcome is None else msgspec.json.decode(found.outcome, type=Outcome),
    )  # fmt: skip


def map_columns(node: Node, found: Upload, columns: Sequence[str]) -> Upload:
    """Say which heading is which column, and remember it for files with the same headings.

    Raises:
        RuleError: a column is named twice, or one that identifies a row is missing.
    """
    headings = headings_of(found.header)
    known = [column if column in COLUMNS or column == ID_COLUMN else "" for column in columns][: len(headings)]
    known += [""] * (len(headings) - len(known))
    try:
        name_columns(Grid(()), found.choices.header, known, town="?")
    except ParseError as error:
        raise RuleError(error.message, {"": [error.message]}) from error
    choices = structs.replace(found.choices, columns=tuple(known), is_mapped=True, repaired={})
    with node.db.write() as conn:
        uploads.save_choices(conn, found.id, msgspec.json.encode(choices))
        uploads.save_columns(conn, _headings_hash(headings), ",".join(known), now=node.clock.now())
    return structs.replace(found, choices=choices)


def check(node: Node, found: Upload, editor: str = "") -> Check:
    """Say what importing this file would do for this editor; writes nothing."""
    table, choices = table_of_upload(node, found), found.choices
    result = import_rows(
        node, table, dry_run=True, own_only=choices.own_only, withdraw_missing=choices.withdraw_missing, editor=editor
    )
    repairs = offer_repairs(
        table, district=load_district(node), vocabularies=node.vocabularies(), own=node.settings.name
    )
    return Check(result, repairs, expected_holds(count_waiting(node), result))


def table_of_upload(node: Node, found: Upload) -> Table:
    """Return the rows of an upload with its repairs; the own town where the file names none."""
    member = load_district(node).member(node.settings.name)
    town = member.title if member is not None else node.settings.title
    table = name_columns(found.grid, found.choices.header, found.choices.columns, town=town)
    return apply_repairs(table, found.choices.repaired)


# --- mending and importing -------------------------------------------------------------------------------------------


def choose(
    node: Node, found: Upload, *, places: Collection[str] = (), withdraw_missing: bool, own_only: bool
) -> Upload:
    """Take the offered repairs at these places, and what a person wants of missing and of others' rows."""
    offered: dict[str, str] = {}
    if places:
        table, own = table_of_upload(node, found), node.settings.name
        repairs = offer_repairs(table, district=load_district(node), vocabularies=node.vocabularies(), own=own)
        offered = {repair.place: repair.after for repair in repairs if repair.place in places}
    choices = structs.replace(
        found.choices, repaired=found.choices.repaired | offered, withdraw_missing=withdraw_missing, own_only=own_only
    )
    with node.db.write() as conn:
        uploads.save_choices(conn, found.id, msgspec.json.encode(choices))
    return structs.replace(found, choices=choices)


def confirm(node: Node, found: Upload, *, editor: str) -> Outcome:
    """Import the file as one operation and forget it; an upload that was imported before answers what it did then.

    Raises:
        ConflictError: its columns are not confirmed yet.
    """
    if found.outcome is not None:
        return found.outcome
    if not found.choices.is_mapped:
        raise ConflictError("Die Spalten dieser Datei sind noch nicht zugeordnet")
    table, choices = table_of_upload(node, found), found.choices
    before = count_waiting(node)
    result = import_rows(
        node, table, own_only=choices.own_only, withdraw_missing=choices.withdraw_missing, editor=editor
    )
    outcome = Outcome(result, tuple(_refused(table, result.problems)), expected_holds(before, result))
    with node.db.write() as conn:
        uploads.finish_upload(conn, found.id, msgspec.json.encode(outcome))
    return outcome


def discard(node: Node, found: Upload) -> None:
    """Forget an upload."""
    with node.db.write() as conn:
        uploads.drop_upload(conn, found.id)


def _refused(table: Table, problems: Sequence[ImportProblem]) -> list[RefusedRow]:
    reasons: dict[int, list[str]] = {}
    for problem in problems:
        if problem.effect in ("refused", "foreign") and problem.row:
            place = f"{problem.column}: " if problem.column else ""
            reasons.setdefault(problem.row, []).append(place + problem.message)
    rows = {row.number: row.cells for row in (*table.rows, *table.unread)}
    return [
        RefusedRow(number, rows[number], "; ".join(why)) for number, why in sorted(reasons.items()) if number in rows
    ]
