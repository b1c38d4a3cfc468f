r"""The field types of the offer document: one name per kind of text or number, with its limit.

Patterns end in `(?![\s\S])` instead of `$`, because `$` also accepts a line break at the end.  They are written so
that JSON Schema validators (ECMAScript) and Python read them alike.

An empty text means "not given", so every optional text may be empty; what must be filled is asked in `rules.py`.
Constraints hold when a document is decoded or converted, not when a struct is built in Python.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

_END: Final = r"(?![\s\S])"
_CONTROLS: Final = r"\u0000-\u001f\u007f-\u009f"
# Zero-width, direction and invisible-format characters: they make two different names look alike.
# U+00AD (soft hyphen) is left out: it is common in pasted German text, and `text.one_line` removes it.
_INVISIBLE: Final = r"\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"

NAME_PATTERN: Final = f"^[^{_CONTROLS}{_INVISIBLE}]*{_END}"
URL_PATTERN: Final = f'^(?:https?://[^{_CONTROLS}{_INVISIBLE}\\u0020\\u00a0"<>\\\\^`{{|}}]+)?{_END}'
EMAIL_PATTERN: Final = f'^(?:[^{_CONTROLS}{_INVISIBLE}\\s@<>",;]{{1,64}}@[^{_CONTROLS}{_INVISIBLE}\\s@<>",;]+)?{_END}'

# Names: one line, nothing invisible.
Name = Annotated[str, Meta(max_length=160, pattern=NAME_PATTERN)]
ProviderName = Annotated[str, Meta(min_length=2, max_length=200, pattern=NAME_PATTERN)]
ShortName = Annotated[str, Meta(max_length=100, pattern=NAME_PATTERN)]
Label = Annotated[str, Meta(max_length=80, pattern=NAME_PATTERN)]
PersonName = Annotated[str, Meta(max_length=120, pattern=NAME_PATTERN)]
Street = Annotated[str, Meta(max_length=250, pattern=NAME_PATTERN)]

# Texts: length only.  Which characters a text may hold is a rule for our own writers (`rules.py`), since a foreign
# offer in Persian or Arabic legitimately holds joiners and direction marks.
Text100 = Annotated[str, Meta(max_length=100)]
Text300 = Annotated[str, Meta(max_length=300)]
Text500 = Annotated[str, Meta(max_length=500)]
Text1000 = Annotated[str, Meta(max_length=1000)]
Text2000 = Annotated[str, Meta(max_length=2000)]
Text4000 = Annotated[str, Meta(max_length=4000)]
Markdown = Annotated[str, Meta(max_length=8000)]

Url = Annotated[str, Meta(max_length=2000, pattern=URL_PATTERN)]
Email = Annotated[str, Meta(max_length=254, pattern=EMAIL_PATTERN)]
# E.164 with spaces where the number could be read, else the text as the provider wrote it.
PhoneNumber = Annotated[str, Meta(max_length=60, pattern=NAME_PATTERN)]
PostalCode = Annotated[str, Meta(max_length=5, pattern=f"^(?:[0-9]{{5}})?{_END}")]
WallClock = Annotated[str, Meta(max_length=5, pattern=f"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9])?{_END}")]
Instant = Annotated[
    str,
    Meta(
        max_length=24,
        pattern=f"^(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\\.[0-9]{{3}}Z)?{_END}",
    ),
]

RecordId = Annotated[str, Meta(max_length=32, pattern=f"^[0-9a-f]{{32}}{_END}")]
OptionalId = Annotated[str, Meta(max_length=32, pattern=f"^(?:[0-9a-f]{{32}})?{_END}")]
Ags = Annotated[str, Meta(max_length=8, pattern=f"^[0-9]{{8}}{_END}")]
# A municipality (8 digits) or a whole district (5 digits).
AreaCode = Annotated[str, Meta(max_length=8, pattern=f"^(?:[0-9]{{5}}|[0-9]{{8}}){_END}")]
Sha256 = Annotated[str, Meta(max_length=64, pattern=f"^[0-9a-f]{{64}}{_END}")]
OptionalSha256 = Annotated[str, Meta(max_length=64)]  # compared only, so its form does not matter
# 32 bytes in base64url without padding; the last character carries four bits only.
Salt = Annotated[str, Meta(max_length=43, pattern=f"^[A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048]{_END}")]

# A code of a vocabulary.  Vocabularies grow, so the schema knows neither the list nor, to save some twenty regular
# expressions per offer, the form; `rules.py` asks for both.
Code = Annotated[str, Meta(max_length=64)]
LanguageCode = Annotated[str, Meta(max_length=35)]
LanguageTag = Annotated[str, Meta(max_length=35, pattern=f"^[a-z]{{2,3}}(?:-[A-Za-z0-9]{{1,8}})*{_END}")]
# A literal type is checked by one look-up, a pattern by a search.
# fmt: off
Byday = Literal[
    "MO", "TU", "WE", "TH", "FR", "SA", "SU",
    "1MO", "1TU", "1WE", "1TH", "1FR", "1SA", "1SU",
    "2MO", "2TU", "2WE", "2TH", "2FR", "2SA", "2SU",
    "3MO", "3TU", "3WE", "3TH", "3FR", "3SA", "3SU",
    "4MO", "4TU", "4WE", "4TH", "4FR", "4SA", "4SU",
    "5MO", "5TU", "5WE", "5TH", "5FR", "5SA", "5SU",
    "-1MO", "-1TU", "-1WE", "-1TH", "-1FR", "-1SA", "-1SU",
    "-2MO", "-2TU", "-2WE", "-2TH", "-2FR", "-2SA", "-2SU",
    "-3MO", "-3TU", "-3WE", "-3TH", "-3FR", "-3SA", "-3SU",
    "-4MO", "-4TU", "-4WE", "-4TH", "-4FR", "-4SA", "-4SU",
    "-5MO", "-5TU", "-5WE", "-5TH", "-5FR", "-5SA", "-5SU",
]
# fmt: on

Age = Annotated[int, Meta(ge=0, le=120)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Interval = Annotated[int, Meta(ge=1, le=52)]
MonthDay = Annotated[int, Meta(ge=-31, le=31)]
# Numbers that may have decimals are whole numbers where they are whole: JCS writes 1.0 as `1`, msgspec as `1.0`.
# `decimal_number` gives the one representation that both print alike.
Latitude = Annotated[int, Meta(ge=-90, le=90)] | Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[int, Meta(ge=-180, le=180)] | Annotated[float, Meta(ge=-180, le=180)]
Amount = Annotated[int, Meta(ge=0, le=1_000_000)] | Annotated[float, Meta(ge=0, le=1_000_000)]

Status = Literal["active", "inactive", "defunct", "temporarily closed"]
PlaceKind = Literal["physical", "postal", "virtual"]
PhoneType = Literal["voice", "fax", "text", "cell"]
Frequency = Literal["WEEKLY", "MONTHLY"]
ScheduleKind = Literal["sprechzeit", "kurszeit", "telefonzeit", "geschlossen"]
TranslationOrigin = Literal["human", "machine"]
TranslationState = Literal["aktuell", "veraltet", "in_arbeit"]
Currency = Literal["EUR"]
FileType = Literal["application/pdf", "image/png", "image/jpeg"]

COORDINATE_DECIMALS: Final = 5  # about one metre; at six, JCS and msgspec print 0.000001 differently
AMOUNT_DECIMALS: Final = 2


def decimal_number(value: float, decimals: int) -> int | float:
    """Round to at most five decimals; whole values become int, so that msgspec prints what RFC 8785 asks for."""
    if not 0 <= decimals <= COORDINATE_DECIMALS:
        raise ValueError(f"{decimals} decimals asked, at most {COORDINATE_DECIMALS} have one spelling")
    rounded = round(float(value), decimals)
    return int(rounded) if rounded == int(rounded) else rounded
