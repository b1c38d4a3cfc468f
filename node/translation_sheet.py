"""Translations as a table for translators: one row for each offer and field, and the filled table read back.

Decided here: what a row does.  The table carries the German text that the translator saw.  A translation counts as
current when all of that is what stands there now; where something changed meanwhile the text is taken and counts as
outdated, so that nobody's work is lost and nobody is told that it fits.  An empty cell changes nothing.

Writing: every cell is text, never a formula or a link, whatever it begins with (threat T22).  Reading: `spreadsheets`.
Offers whose published text and draft differ get the translation in both, each judged by its own German.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from node.operations import Change, Done, reissue_many
from node.party import Node
from node.translating import CURRENT, LIMITS, ORDER, current_source, pairs, states_of, translate, translation_of
from node.workflow import Editor, open_for
from shared.errors import ConflictError, NotFoundError, ParseError
from shared.ids import parse_record_id
from shared.model.labels import field_label
from shared.model.text import fold, one_line, running_text
from shared.model.vocabulary.terms import Vocabulary

HEADS = ("Kennung", "Feld", "Deutsch", "Übersetzung", "Sprache")
WORD = "mit Übersetzungen aus einer Datei"
_FIELDS: Mapping[str, str] = {fold(word): name for name in ORDER for word in (name, field_label(name))}
_WIDTHS = (34, 22, 60, 60, 9)


class RowProblem(msgspec.Struct, frozen=True):
    """One thing to tell the person who reads a table in; `row` as the table program counts, 0 for the whole file."""

    row: int
    column: str
    message: str


class SheetRow(msgspec.Struct, frozen=True):
    """One usable row."""

    row: int
    rid: bytes
    field: str
    german: str
    text: str
    tag: str


class Taken(msgspec.Struct, frozen=True):
    """What reading a table in did, or would do: offers with their languages by what became of them."""

    done: Done
    rows: int
    current: int
    outdated: int
    problems: tuple[RowProblem, ...]


# --- writing ---------------------------------------------------------------------------------------------------------


def format_rows(rid: str, doc: Mapping[str, Any], tag: str) -> list[tuple[str, ...]]:
    """Return the rows of one offer in one language."""
    return [(rid, pair.label, pair.german, pair.text, tag) for pair in pairs(doc, tag) if pair.german]


def write_sheet(rows: Sequence[Sequence[str]]) -> bytes:
    """Write rows below the heads as XLSX; every cell is text."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet("Übersetzungen")
    head, cell = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    cell.set_num_format("@")
    for at, (text, width) in enumerate(zip(HEADS, _WIDTHS, strict=True)):
        sheet.write_string(0, at, text, head)
        sheet.set_column(at, at, width)
    for number, row in enumerate(rows, 1):
        for at, text in enumerate(row):
            sheet.write_string(number, at, text, cell)
    sheet.freeze_panes(1, 0)
    book.close()
    return stream.getvalue()


# --- reading ---------------------------------------------------------------------------------------------------------


def read_rows(cells: Sequence[Sequence[str]], vocabulary: Vocabulary) -> tuple[list[SheetRow], list[RowProblem]]:
    """Turn the cells of a table into rows, and say what is wrong with the others.

    Raises:
        ParseError: the heads are missing.
    """
    columns = {fold(text): at for at, text in enumerate(cells[0] if cells else ())}
    missing = [head for head in HEADS if fold(head) not in columns]
    if missing:
        raise ParseError(f"In der ersten Zeile der Datei fehlt: {', '.join(missing)}")
    rows: list[SheetRow] = []
    problems: list[RowProblem] = []
    seen: set[tuple[bytes, str, str]] = set()
    for number, line in enumerate(cells[1:], 2):
        values = {head: line[at] if (at := columns[fold(head)]) < len(line) else "" for head in HEADS}
        if not any(values[head].strip() for head in HEADS):
            continue
        found = _read_row(number, values, vocabulary)
        if isinstance(found, RowProblem):
            problems.append(found)
        elif (found.rid, found.field, found.tag) in seen:
            problems.append(RowProblem(number, "Feld", "steht schon in einer früheren Zeile; diese wird übergangen"))
        else:
            seen.add((found.rid, found.field, found.tag))
            rows.append(found)
    return rows, problems


def _read_row(number: int, values: Mapping[str, str], vocabulary: Vocabulary) -> SheetRow | RowProblem:
    try:
        rid = parse_record_id(values["Kennung"].strip().replace("-", "").lower())
    except ParseError:
        return RowProblem(number, "Kennung", "ist keine Kennung eines Angebots")
    name = _FIELDS.get(fold(values["Feld"]))
    if name is None:
        return RowProblem(number, "Feld", f"„{one_line(values['Feld'])[:40]}“ ist kein Feld, das übersetzt wird")
    tag = values["Sprache"].strip()
    term = vocabulary.get(tag) or vocabulary.find(tag)
    if term is None or term.code == "de":
        return RowProblem(number, "Sprache", f"„{one_line(tag)[:40]}“ ist keine Sprache, in die übersetzt wird")
    text = one_line(values["Übersetzung"]) if name == "name" else running_text(values["Übersetzung"])
    if len(text) > LIMITS[name]:
        return RowProblem(number, "Übersetzung", f"hat {len(text)} Zeichen; höchstens {LIMITS[name]} sind möglich")
    return SheetRow(number, rid, name, values["Deutsch"], text, term.code)


def take_rows(
    node: Node, editor: Editor, cells: Sequence[Sequence[str]], vocabulary: Vocabulary, today: date, *, dry_run: bool
) -> Taken:
    """Put the translations of a table into the offers, as one operation with one undo.

    Raises:
        ParseError: the heads are missing.
        AccessError: the editor may not publish.
    """
    rows, problems = read_rows(cells, vocabulary)
    by_offer: dict[bytes, dict[str, list[SheetRow]]] = {}
    current = outdated = 0
    for row in rows:
        by_offer.setdefault(row.rid, {}).setdefault(row.tag, []).append(row)
    for rid, by_tag in list(by_offer.items()):
        try:
            before = open_for(node, editor, rid).doc
            after = with_rows(before, by_tag, today)
        except (NotFoundError, ConflictError) as error:
            message = _UNKNOWN if isinstance(error, NotFoundError) else error.message
            problems += [RowProblem(row.row, "Kennung", message) for found in by_tag.values() for row in found]
            del by_offer[rid]
            continue
        for tag, found in by_tag.items():
            problems += _changed_rows(before, found)
            if translation_of(after, tag) != translation_of(before, tag):
                is_current = states_of(after).get(tag) == CURRENT
                current, outdated = current + is_current, outdated + (not is_current)
    done = reissue_many(node, editor, list(by_offer), _changing(by_offer, today), WORD, dry_run=dry_run)
    problems += [RowProblem(0, "", f"„{left.title}“ {left.reason}") for left in done.left if left.reason != _SAME]
    return Taken(done, len(rows), current, outdated, tuple(sorted(problems, key=lambda one: (one.row == 0, one.row))))


_UNKNOWN = "ein eigenes Angebot mit dieser Kennung gibt es hier nicht"
_SAME = "ist schon so"


def _changing(by_offer: Mapping[bytes, Mapping[str, Sequence[SheetRow]]], today: date) -> Change:
    def change(doc: dict[str, Any]) -> dict[str, Any]:
        return with_rows(doc, by_offer[bytes.fromhex(doc["id"])], today)

    return change


def with_rows(doc: dict[str, Any], by_tag: Mapping[str, Sequence[SheetRow]], today: date) -> dict[str, Any]:
    """Return the document with the translations of these rows; where they say nothing new it stays as it is.

    So a table that comes back untouched changes nothing: that an old translation still fits is said on its own page.
    """
    for tag, rows in by_tag.items():
        before = translation_of(doc, tag)
        texts = {name: str(before.get(name) or "") for name in ORDER}
        after = {**texts, **{row.field: row.text for row in rows if row.text}}
        if after != texts:
            is_whole = all(after[name] for name in ORDER if doc.get(name))
            source = _source_after(doc, tag, rows)
            doc = translate(doc, tag, after, today=today, source=source, is_done=is_whole)
    return doc


def _source_after(doc: Mapping[str, Any], tag: str, rows: Sequence[SheetRow]) -> str:
    """Return the hash of the German that the translation belongs to now.

    The current one, if the translator saw every German text as it is, or the rest belonged to the translation already.
    """
    now, before = current_source(doc), str(translation_of(doc, tag).get("source_sha256") or "")
    seen = {row.field: row.german for row in rows if row.text}
    is_level = all(_same(german, str(doc.get(name) or "")) for name, german in seen.items())
    is_known = before == now or all(name in seen for name in ORDER if doc.get(name))
    if is_level and is_known:
        return now
    return before if before != now else ""


def _changed_rows(doc: Mapping[str, Any], rows: Sequence[SheetRow]) -> list[RowProblem]:
    message = "der deutsche Text hat sich seit der Ausgabe geändert; die Übersetzung gilt als veraltet"
    return [
        RowProblem(row.row, "Deutsch", message)
        for row in rows
        if row.text and not _same(row.german, str(doc.get(row.field) or ""))
    ]


def _same(one: str, other: str) -> bool:
    """Compare texts as they survive a table program: spaces and line ends may differ."""
    return one_line(one) == one_line(other)
