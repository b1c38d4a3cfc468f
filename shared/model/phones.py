"""Telephone numbers as people write them, to one spelling: `+49 2361 533808`.

A number that could be read in two ways is not read at all: it stays as text and a person is asked.  The German rules of
the numbering plan come from the phonenumbers library; deceptive forms are refused before it is asked, because it
tolerates much ("53-4712/13" would become one long number).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from shared.errors import ParseError
from shared.model.fields import PhoneType
from shared.model.parts import Phone
from shared.model.text import one_line

if TYPE_CHECKING:
    import phonenumbers

_DASHES: Final = re.compile("[\u2010-\u2015\u2212]")
_FORM: Final = re.compile(r"[+(]?[0-9][0-9 ()/.-]*[0-9]")
_TWO_SIGNS: Final = re.compile(r"[-./][ ]*[-./]")
_COUNTRY: Final = re.compile(r"^(?:\+|00)")
_GERMANY: Final = re.compile(r"^(?:\+|00) ?49")
_LONGEST_LOCAL: Final = 8  # digits of a number within one town
# Numbers without area code that are valid everywhere in Germany.
_SERVICE: Final = re.compile(r"110|112|115|116[0-9]{3}")
_LABEL: Final = re.compile(
    r"^(?P<label>tel(?:efon)?(?:nummer)?|fon|ruf|mobil(?:telefon)?|handy|(?:tele)?fax|whatsapp|sms)\b[.:]* *",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(r"\s*(?:[;,\n|]| oder | und )\s*", re.IGNORECASE)
_LABEL_TYPES: Final[dict[str, PhoneType]] = {
    "mobil": "cell",
    "mobiltelefon": "cell",
    "handy": "cell",
    "whatsapp": "cell",
    "fax": "fax",
    "telefax": "fax",
    "sms": "text",
}


def parse_phone(text: str, *, area_code: str = "") -> str:
    """Read one number in any usual spelling and return it as `+49 2361 533808`, or raise ParseError.

    Args:
        text: the number alone, without a label such as "Tel.".
        area_code: of the town, with its 0; used only for numbers written without one.
    Raises:
        ParseError: not a number, not valid in the numbering plan, or readable in two ways.
    """
    import phonenumbers

    cleaned = _DASHES.sub("-", one_line(text))
    digits = re.sub(r"[^0-9]", "", cleaned)
    if _SERVICE.fullmatch(digits) and re.fullmatch(r"[0-9 ]+", cleaned):
        return digits
    if not _FORM.fullmatch(cleaned) or _TWO_SIGNS.search(cleaned) or cleaned.count("/") > 1:
        raise ParseError(f"telephone number {text[:40]!r} is not in a known form")
    if not _COUNTRY.match(cleaned) and not digits.startswith("0"):
        if not area_code:
            raise ParseError(f"telephone number {text[:40]!r} has no area code")
        if len(digits) > _LONGEST_LOCAL:
            # A spreadsheet that took it for a number dropped its first zero, or a digit is too many.
            raise ParseError(f"telephone number {text[:40]!r} is too long for one without area code")
        cleaned = f"{area_code}/{cleaned.replace('/', ' ')}"
    number = _valid_number(cleaned, text)
    _check_area(cleaned, number, text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace("-", " ")


def read_phones(cell: str, *, area_code: str = "") -> tuple[tuple[Phone, ...], tuple[str, ...]]:
    """Read all numbers of a cell; returns those read, and the pieces that could not be read as they stand."""
    read: list[Phone] = []
    unread: list[str] = []
    for piece in _SEPARATOR.split(cell.strip()):
        if not piece:
            continue
        try:
            read.append(_labelled_phone(piece, area_code))
        except ParseError:
            unread.append(one_line(piece))
    return tuple(read), tuple(unread)


def _labelled_phone(piece: str, area_code: str) -> Phone:
    piece = one_line(piece)
    label = _LABEL.match(piece)
    number = parse_phone(piece[label.end() :] if label else piece, area_code=area_code)
    kind = _LABEL_TYPES.get(label.group("label").lower()) if label else None
    return Phone(number=number, type=kind or ("cell" if _is_mobile(number) else None))


def _valid_number(cleaned: str, original: str) -> phonenumbers.PhoneNumber:
    import phonenumbers

    digits = re.sub(r"[^0-9]", "", cleaned)
    if _COUNTRY.match(cleaned):
        digits = "+" + digits.removeprefix("00")
        if _GERMANY.match(cleaned):
            # "+49 (0) 2361" and "+49 (02361)": no German number goes on with 0 after the country code.
            digits = "+49" + digits.removeprefix("+49").lstrip("0")
    try:
        number = phonenumbers.parse(digits, "DE")
    except phonenumbers.NumberParseException as error:
        raise ParseError(f"telephone number {original[:40]!r}: {error}") from error
    if not phonenumbers.is_valid_number(number):
        raise ParseError(f"telephone number {original[:40]!r} is not in the numbering plan")
    return number


def _check_area(cleaned: str, number: phonenumbers.PhoneNumber, original: str) -> None:
    """Where the writer marked an area code by a slash or brackets, it must be the one the numbering plan sees."""
    import phonenumbers

    written = _written_area(cleaned)
    length = phonenumbers.length_of_national_destination_code(number)
    national = phonenumbers.national_significant_number(number)
    if written and length and written != national[:length]:
        raise ParseError(f"telephone number {original[:40]!r}: area code {written} offered, {national[:length]} known")


def _written_area(cleaned: str) -> str:
    if "/" in cleaned:
        marked = cleaned.partition("/")[0]
    else:
        brackets = re.search(r"\((0[0-9 ]{2,})\)", cleaned)
        marked = brackets.group(1) if brackets else ""
    return re.sub(r"[^0-9]", "", _GERMANY.sub("", marked)).lstrip("0")


def _is_mobile(number: str) -> bool:
    import phonenumbers

    if not number.startswith("+"):
        return False
    return phonenumbers.number_type(phonenumbers.parse(number)) == phonenumbers.PhoneNumberType.MOBILE
