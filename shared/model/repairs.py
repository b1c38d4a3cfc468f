"""Cells that cannot be used as they stand, and what they probably mean: offered to a person, never done silently.

Decided here: which faults are recognised and what is offered for each.  What an import makes of a cell without being
asked (spaces in telephone numbers, a town that follows from its postcode) needs no repair and is in `columns.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import structs

from shared.errors import ParseError
from shared.model.columns import THEMES, read_email, read_url
from shared.model.district import District
from shared.model.phones import parse_phone, read_phones
from shared.model.postcodes import TownPostcodes, parse_postcode, split_town
from shared.model.table import Row, RowProblem, Table, problems_of_cell
from shared.model.text import fold, one_line
from shared.model.vocabulary.terms import Vocabulary

KINDS: Final[Mapping[str, str]] = {
    "stadt": "Stadt erkannt",
    "thema": "nächstliegendes Thema",
    "telefon": "Telefonnummer lesbar gemacht",
    "plz": "Postleitzahl berichtigt oder aus dem Ort ergänzt",
    "ort": "Ort aus der Postleitzahl",
    "email": "E-Mail-Adresse berichtigt",
    "web": "Internetadresse berichtigt",
    "zeichen": "falscher Zeichensatz behoben",
}
"""What each kind of repair does, for its heading; in the order in which they are shown."""

_LEAST_LIKE_TOWN: Final = 75
_LEAST_LIKE_THEME: Final = 65
_LEAST_LIKE_CODE: Final = 75
_NUMBER: Final = re.compile(r"[+(]?[0-9][0-9 ()/.–-]{4,}[0-9]")
_DIGITS_MEANT: Final = str.maketrans("OoIl", "0011")
_LETTER_O: Final = re.compile(r"(?<![^\W\d_])[Oo](?=[0-9])|(?<=[0-9])[Oo](?![^\W\d_])")
_SIGNS: Final = re.compile(r" *([/.–-])[ /.–-]*")
_AT: Final = re.compile(r"\s*[(\[{]\s*(?:at|ät)\s*[)\]}]\s*|\s+(?:at|ät)\s+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(?:h?t+ps?)(?::/?/?|//)|^https?:/(?!/)", re.IGNORECASE)


class Repair(msgspec.Struct, frozen=True):
    """One cell with what is offered for it."""

    row: int
    column: str
    kind: str
    before: str
    after: str

    @property
    def place(self) -> str:
        """Names the cell: `12:telefon`."""
        return f"{self.row}:{self.column}"


def offer_repairs(
    table: Table, *, district: District, vocabularies: Mapping[str, Vocabulary], own: str
) -> tuple[Repair, ...]:
    """Return what can be offered for a table, by row.

    Args:
        own: the member that imports; for rows that name no town.
    """
    finder = _Finder(district, vocabularies["topic"], own)
    return tuple(repair for row in table.rows for repair in finder.repairs(row))


def apply_repairs(table: Table, cells: Mapping[str, str]) -> Table:
    """Put texts in place of cells; what is said of the characters of these cells is said anew.

    Args:
        cells: new text by place, as `Repair.place` names it.
    """
    if not cells:
        return table
    rows, told = [], [problem for problem in table.problems if f"{problem.row}:{problem.column}" not in cells]
    for row in table.rows:
        fresh = {column: cells[place] for column in row.cells if (place := f"{row.number}:{column}") in cells}
        rows.append(structs.replace(row, cells=row.cells | fresh) if fresh else row)
        for column, text in fresh.items():
            told += problems_of_cell(row.number, column, text)
    problems: tuple[RowProblem, ...] = tuple(sorted(told, key=lambda problem: problem.row))
    return structs.replace(table, rows=tuple(rows), problems=problems)


class _Finder:
    def __init__(self, district: District, topics: Vocabulary, own: str) -> None:
        self._district = district
        self._postcodes: TownPostcodes = district.town_postcodes()
        self._own = district.member(own)
        self._topics = topics
        names = [*THEMES, *(term.label for term in topics.terms)]
        self._themes = {fold(name): name for name in names}
        self._finders = {
            "stadt": self._stadt, "thema": self._thema, "telefon": self._telefon, "plz": self._plz, "ort": self._ort,
            "email": self._email, "web": self._web,
        }  # fmt: skip

    def repairs(self, row: Row) -> Iterator[Repair]:
        for column, cell in row.cells.items():
            mended = _recoded(cell)
            if mended != cell:
                yield Repair(row.number, column, "zeichen", cell, mended)
                continue
            after = self._finders[column](row.cells) if column in self._finders else ""
            if after and after != cell:
                yield Repair(row.number, column, column, cell, after)

    def _stadt(self, cells: Mapping[str, str]) -> str:
        town = one_line(cells["stadt"])
        if self._own is None or self._district.member_by_text(town) is not None:
            return ""
        if not town:
            return self._own.title
        names = {
            fold(name): member.title
            for member in self._district.members
            for name in (member.title, member.town)
            if name
        }
        return _closest(fold(town), names, _LEAST_LIKE_TOWN)  # fmt: skip

    def _thema(self, cells: Mapping[str, str]) -> str:
        themes = [one_line(theme) for theme in cells["thema"].split("|")]
        return "|".join(dict.fromkeys(self._theme(theme) for theme in themes if theme))

    def _theme(self, theme: str) -> str:
        if fold(theme) in self._themes or self._topics.find(theme) is not None or self._topics.get(theme) is not None:
            return theme
        return _closest(fold(theme), self._themes, _LEAST_LIKE_THEME) or theme

    def _telefon(self, cells: Mapping[str, str]) -> str:
        member = self._district.member_by_text(cells["ort"]) or self._own
        code = member.area_code if member is not None else ""
        cell = cells["telefon"]
        _, unread = read_phones(cell, area_code=code)
        for piece in unread:
            number = _number(piece, code)
            cell = cell.replace(piece, number, 1) if number else cell
        return cell

    def _plz(self, cells: Mapping[str, str]) -> str:
        written, town = one_line(cells["plz"]), split_town(cells["ort"])[1]
        if _is_postcode(written) or (not written and not town):
            return ""
        digits = re.sub(r"[ .]", "", written.translate(_DIGITS_MEANT))
        found = re.search(r"(?<![0-9])[0-9]{5}(?![0-9])", digits)
        if found:
            return found[0]
        if not written:
            return ""
        return self._nearest_code(digits, town) or (f"0{digits}" if re.fullmatch(r"[0-9]{4}", digits) else "")

    def _nearest_code(self, digits: str, town: str) -> str:
        """The postcode of the town that was probably meant; none where two are equally likely."""
        from rapidfuzz import fuzz

        codes = [one.code for one in self._postcodes.postcodes if fold(self._postcodes.town(one.code)) == fold(town)]
        likely = sorted(((fuzz.ratio(digits, code), code) for code in codes), reverse=True)
        if len(likely) > 1 and (likely[0][0] < _LEAST_LIKE_CODE or likely[0][0] == likely[1][0]):
            return ""
        return likely[0][1] if likely else ""

    def _ort(self, cells: Mapping[str, str]) -> str:
        code, town = one_line(cells["plz"]), split_town(cells["ort"])[1]
        if not _is_postcode(code):
            return ""
        known = self._postcodes.town(parse_postcode(code))
        return known if known and (not town or not self._postcodes.fits(parse_postcode(code), town)) else ""

    def _email(self, cells: Mapping[str, str]) -> str:
        cell = one_line(cells["email"])
        if not cell or all(map(read_email, re.split(r"[\s;,]+", cell))):
            return ""
        address = _AT.sub("@", cell.replace("(dot)", ".").replace("[dot]", "."))
        address = re.sub(r"\s+", "", address).strip("<>.;,").replace("@@", "@")
        address = address if address.count(",") != 1 or "." in address.partition("@")[2] else address.replace(",", ".")
        return read_email(address)

    def _web(self, cells: Mapping[str, str]) -> str:
        cell = one_line(cells["web"])
        pieces = [piece for piece in re.split(r"[\s;,]+", cell) if piece]
        if not cell or all(map(read_url, pieces)):
            return ""
        mended = [
            read_url(piece) or read_url(_SCHEME.sub("https://", piece.strip("<>().")).replace("\\", "/"))
            for piece in pieces
        ]
        return " ".join(mended) if all(mended) else ""  # fmt: skip


def _recoded(cell: str) -> str:
    """Undo one reading of UTF-8 as Windows-1252, where that is what happened."""
    if not any(sign in cell for sign in "ÃâÂ"):
        return cell
    try:
        return cell.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return cell


def _closest(word: str, names: Mapping[str, str], least: float) -> str:
    from rapidfuzz import fuzz

    likeness, best = max(((fuzz.WRatio(word, name), name) for name in names), default=(0.0, ""))
    return names[best] if likeness >= least else ""


def _number(piece: str, area_code: str) -> str:
    for candidate in _candidates(piece):
        try:
            return parse_phone(candidate, area_code=area_code)
        except ParseError:
            continue
    return ""


def _candidates(piece: str) -> Iterable[str]:
    """Yield what a number that cannot be read may have been, the likeliest first."""
    plain = _LETTER_O.sub("0", piece)
    yield plain
    yield _SIGNS.sub(r"\1", plain)
    if not re.search(r"[^\W\d_]", plain):
        yield re.sub(r"[^0-9+]", "", plain)
        # A spreadsheet that took the number for one dropped its first zero.
        yield "0" + re.sub(r"[^0-9]", "", plain)
    found = _NUMBER.findall(plain)
    if len(found) == 1 and found[0].lstrip("(").startswith(("0", "+")):
        yield found[0].strip()
        yield re.sub(r"[^0-9+]", "", found[0])


def _is_postcode(text: str) -> bool:
    try:
        parse_postcode(text)
    except ParseError:
        return False
    return True
