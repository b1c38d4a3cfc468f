"""A notice: the hub's word that a record is hidden kreisweit for a legal reason, openly (kind `notice`, PROTOCOL 2).

A notice hides its record from its first version on, until a version of the same notice says since when it is lifted; so
the log itself keeps the history of all notices.  A review date that has passed lifts nothing: only a person does.

A reader is tolerant: fields it does not know are ignored, a reason it does not know is „other“, and a document that is
no notice hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

import msgspec

from shared.errors import ParseError
from shared.model import fields as f
from shared.model.text import fold

TEXT_MIN: Final = 20
TEXT_MAX: Final = 1000
BASIS_MAX: Final = 300
LIFTED_MAX: Final = 300
REASONS: Final = ("law", "order", "person", "copyright", "danger", "other")
"""Codes of what a notice is based on; their words stand with the pages that say them."""

Problem = Literal["short", "long", "mail", "phone", "name"]

_MAIL: Final = re.compile(r"\S@\S")
# Seven digits that only signs of telephone numbers part; a date with its year has eight, so dates are taken out first.
_PHONE: Final = re.compile(r"(?:\+|\b)\d(?:[ ()/-]{0,3}\d){6,}")
_DATE: Final = re.compile(r"\b\d{1,2}\. ?\d{1,2}\. ?\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b")


class NoticeDoc(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which record of which member is hidden, why, since when, and when that is looked at again.

    `title` is the offer's, empty where the title itself must not be shown; `text` is written for readers.
    """

    basis: f.Text300 = ""
    id: f.RecordId
    lifted: date | None = None
    lifted_because: f.Text300 = ""
    member: f.Label
    number: f.Label = ""
    owner: f.Ags
    reason: f.Code = "other"
    record: f.RecordId
    review: date | None = None
    since: date | None = None
    text: f.Text1000 = ""
    title: f.Name = ""

    @property
    def hides(self) -> bool:
        """Tell whether the record is hidden by it now."""
        return self.lifted is None

    @property
    def rid(self) -> bytes:
        """The record."""
        return bytes.fromhex(self.record)


class _Payload(msgspec.Struct, frozen=True):
    doc: NoticeDoc


_DECODER: Final = msgspec.json.Decoder(_Payload)


def read_notice_line(data: bytes) -> NoticeDoc | None:
    """Read the notice in a payload line that was checked when it came; None for a document that is no notice."""
    try:
        return _DECODER.decode(data).doc
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def notice_from_builtins(doc: object) -> NoticeDoc:
    """Read a document that was decoded already.

    Raises:
        ParseError: a field has the wrong type or breaks a limit.
    """
    try:
        return msgspec.convert(doc, NoticeDoc)
    except msgspec.ValidationError as error:
        raise ParseError(f"notice document: {error}") from error


def find_text_problem(
    text: str, names: Iterable[str] = (), *, least: int = TEXT_MIN, most: int = TEXT_MAX
) -> Problem | None:
    """Return what keeps a text from being read by everybody; None when it can stand.

    Looks for mail addresses, telephone numbers and the given names; a name it was not given it cannot know.

    Args:
        names: of the persons whom the offer names.
    """
    if len(text) < least:
        return "short"
    if len(text) > most:
        return "long"
    if _MAIL.search(text):
        return "mail"
    if _PHONE.search(_DATE.sub("", text)):
        return "phone"
    words = f" {fold(text)} "
    return "name" if any(_is_named(words, name) for name in names) else None


def _is_named(words: str, name: str) -> bool:
    """Tell whether a person's whole name, or the last word of it, stands in a folded text."""
    parts = fold(name).split()
    return bool(parts) and (f" {' '.join(parts)} " in words or (len(parts) > 1 and f" {parts[-1]} " in words))
