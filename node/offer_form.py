"""The form of an offer: a document as fields that people fill in, and back, without losing what the form does not show.

Decided here: which field of the form is which field of the document, and how typed text is read (dates, numbers, lists
by line, hours).  What must be filled is `shared.model.rules`.  Pure: no clock, no database.

Whatever the form does not show (capacity, costs, attachments, translations, fields of newer programs) stays as it is.
Rows of providers, places and contacts keep the details that the form does not show by their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec

from shared.errors import ParseError
from shared.model.hours import Hours, read_hours
from shared.model.phones import read_phones
from shared.model.text import fold, one_line, running_text
from shared.model.vocabulary.terms import Vocabulary

LINE_FIELDS = ("name", "alternate_name", "program", "email", "url", "assurer")
TEXT_FIELDS = (
    "summary", "body", "eligibility", "application_process", "interpretation", "schedule_text", "fees_text", "alert",
    "accreditation",
)  # fmt: skip
CODE_FIELDS = ("topics", "target_groups", "especially_for", "access", "mode", "service_areas")
DATE_FIELDS = ("alert_until", "assured_date", "review_due", "valid_from", "valid_to")
NUMBER_FIELDS = ("minimum_age", "maximum_age")
PROVIDER_FIELDS = ("name", "org_type", "website", "email")
PLACE_FIELDS = ("name", "address_1", "address_2", "postal_code", "city", "transportation")
CONTACT_FIELDS = ("name", "title", "department", "email")
MOST_ROWS = 12

_TRUTHS = {"ja": True, "nein": False}
_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.\s*([0-9]{1,2})\.\s*([0-9]{4})")
_ADDRESS = re.compile(r"https?://\S+")
_BARE_ADDRESS = re.compile(r"(?:www\.|[\w-]+(?:\.[\w-]+)*\.(?:de|org|com|eu|nrw|net|info)\b)", re.IGNORECASE)
COMMON_LANGUAGES = ("de", "en", "tr", "ar", "uk", "ru", "pl", "ro", "bg", "fa", "prs", "kmr")
"""Languages that the form offers as boxes; others are typed."""
ACCESSIBILITY_ITEMS = ("stufenlos", "aufzug", "wc", "parkplatz", "hoerschleife", "leitsystem")


class Fields(Protocol):
    """What the browser sent."""

    def text(self, name: str) -> str:
        """The field without space around it."""

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may repeat."""

    def __iter__(self) -> Iterator[str]:
        """The names of all fields that were sent."""


class Read(msgspec.Struct, frozen=True):
    """What a form says: the document, and problems by field in German; with problems nothing should be saved."""

    doc: dict[str, Any]
    problems: dict[str, list[str]]


def read_form(form: Fields, base: Mapping[str, Any], *, languages: Vocabulary, area_code: str = "") -> Read:
    """Read a sent form over the document that it was shown for.

    Args:
        base: the newest document; empty for a new offer.
        languages: to find codes for names of languages.
        area_code: for telephone numbers written without one.
    """
    return _Reading(form, base, languages, area_code).read()


class _Reading:
    """Reads one form; collects the document and the problems."""

    def __init__(self, form: Fields, base: Mapping[str, Any], languages: Vocabulary, area_code: str) -> None:
        self._form = form
        self._base = base
        self._languages = languages
        self._area_code = area_code
        self._doc: dict[str, Any] = dict(base)
        self._problems: dict[str, list[str]] = {}

    def read(self) -> Read:
        for name in LINE_FIELDS:
            self._put(name, one_line(self._form.text(name)))
        for name in TEXT_FIELDS:
            self._put(name, running_text(self._form.text(name)))
        for name in CODE_FIELDS:
            self._put(name, list(dict.fromkeys(code for code in self._form.texts(name) if code)))
        for name in DATE_FIELDS:
            self._put(name, self._date(name))
        for name in NUMBER_FIELDS:
            self._put(name, self._number(name))
        self._put("url", with_scheme(self._form.text("url")))
        self._put("offer_type", self._form.text("offer_type"))
        status = self._form.text("status")
        self._put("status", "" if status == "active" and "status" not in self._base else status)
        self._put("is_free", _TRUTHS.get(self._form.text("is_free")))
        self._put("address_confidential", self._form.text("address_confidential") == "ja")
        self._doc["closed_on_holidays"] = self._form.text("closed_on_holidays") != "nein"
        if self._doc["closed_on_holidays"]:
            del self._doc["closed_on_holidays"]  # the default is left out
        self._read_lists()
        self._read_rows()
        self._read_hours()
        return Read(self._doc, self._problems)

    def _put(self, name: str, value: Any) -> None:
        """Set a field; an empty value leaves it out."""
        if value in ("", None, [], False) and not (name == "is_free" and value is False):
            self._doc.pop(name, None)
        else:
            self._doc[name] = value

    def _fail(self, field: str, message: str) -> None:
        self._problems.setdefault(field, []).append(message)

    def _date(self, name: str) -> str:
        text = self._form.text(name)
        try:
            return "" if not text else parse_day(text).isoformat()
        except ParseError as error:
            self._fail(name, error.message)
            return ""

    def _number(self, name: str) -> int | None:
        text = self._form.text(name)
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,3}", text):
            self._fail(name, f"„{text[:20]}“ ist keine ganze Zahl; zum Beispiel: 18")
            return None
        return int(text)

    # --- lists, one entry in each line -------------------------------------------------------------------------------

    def _read_lists(self) -> None:
        self._put("phones", self._phones("phones", self._form.text("phones"), self._base.get("phones") or []))
        self._put("languages", self._read_languages())
        documents = {row.get("document"): row for row in self._base.get("required_documents") or []}
        lines = _lines(self._form.text("required_documents"))
        self._put("required_documents", [documents.get(line, {"document": line}) for line in lines])
        self._put("additional_urls", [*self._links(_lines(self._form.text("additional_urls")))])

    def _phones(self, field: str, text: str, before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        found, problems = read_phone_lines(text, before, self._area_code)
        for problem in problems:
            self._fail(field, problem)
        return found

    def _read_languages(self) -> list[dict[str, Any]]:
        known = {row.get("code"): row for row in self._base.get("languages") or []}
        codes = [code for code in self._form.texts("languages") if code]
        for name in re.split(r"[,;\n]", self._form.text("other_languages")):
            if not name.strip():
                continue
            term = self._languages.find(name) or self._languages.get(name.strip())
            if term is None:
                self._fail("other_languages", f"Die Sprache „{one_line(name)[:40]}“ ist nicht bekannt")
            else:
                codes.append(term.code)
        kept = [code for code in known if code in codes]  # in the order in which they stood
        return [dict(known.get(code, {"code": code})) for code in dict.fromkeys([*kept, *codes])]

    def _links(self, lines: Iterable[str]) -> Iterable[dict[str, str]]:
        for line in lines:
            label, _, address = (part.strip() for part in line.rpartition("|"))
            url = with_scheme(address)
            if not _ADDRESS.fullmatch(url):
                self._fail("additional_urls", f"„{line[:60]}“ enthält keine Internetadresse; so: Anmeldung | https://…")
            else:
                yield {"url": url, "label": label} if label else {"url": url}

    # --- rows --------------------------------------------------------------------------------------------------------

    def _read_rows(self) -> None:
        self._put("providers", [*self._rows("providers", PROVIDER_FIELDS)])
        places = []
        for at, row in enumerate(self._rows("locations", PLACE_FIELDS, keep_numbers=True)):
            number = row.pop("_row", at)
            answers = {
                key.rpartition(".")[2]: _TRUTHS[answer]
                for key in _names_of(self._form, f"locations.{number}.accessibility.")
                if (answer := self._form.text(key)) in _TRUTHS
            }
            row.pop("accessibility", None)
            places.append({**row, "accessibility": answers} if answers else row)
        self._put("locations", places)
        self._put("contacts", [*self._contacts()])

    def _rows(self, group: str, names: Sequence[str], *, keep_numbers: bool = False) -> Iterable[dict[str, Any]]:
        """Read the rows of a group; a row without any text is gone."""
        before = self._base.get(group) or []
        for at in row_numbers(self._form, group):
            row = dict(before[at]) if at < len(before) else {}
            if self._form.text(f"{group}.{at}.remove"):
                continue
            for name in names:
                value = one_line(self._form.text(f"{group}.{at}.{name}"))
                value = with_scheme(value) if name == "website" else value
                if value:
                    row[name] = value
                else:
                    row.pop(name, None)
            if any(row.get(name) for name in names if name != "org_type"):
                yield {**row, "_row": at} if keep_numbers else row

    def _contacts(self) -> Iterable[dict[str, Any]]:
        before = self._base.get("contacts") or []
        for at, row in enumerate(self._rows("contacts", (*CONTACT_FIELDS, "phone"), keep_numbers=True)):
            number = row.pop("_row", at)
            row.pop("phone", None)
            known = (before[number].get("phones") if number < len(before) else None) or []
            text = self._form.text(f"contacts.{number}.phone").replace(";", "\n")
            phones = self._phones(f"contacts.{number}.phone", text, known)
            row.pop("phones", None)
            yield {**row, "phones": phones} if phones else row

    # --- hours -------------------------------------------------------------------------------------------------------

    def _read_hours(self) -> None:
        """Slots belong to their text: a new text drops them, unless what was read of it is confirmed."""
        text = self._doc.get("schedule_text", "")
        wanted = self._form.text("hours_for")
        hours = read_hours(text) if text else Hours()
        if hours.is_read and self._form.text("take_hours") == "ja" and fold(wanted) == fold(text):
            self._doc["schedules"] = msgspec.json.decode(msgspec.json.encode(hours.slots))
        elif text != (self._base.get("schedule_text") or ""):
            self._doc.pop("schedules", None)
        if self._form.text("drop_hours") == "ja":
            self._doc.pop("schedules", None)


def read_phone_lines(
    text: str, before: Sequence[Mapping[str, Any]], area_code: str
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Read numbers, one in each line, `number | what for`, and say what is wrong; one that was there stays as it was.

    Args:
        area_code: for numbers written without one.
    """
    known = {format_phone(row): row for row in before}
    found: list[Mapping[str, Any]] = []
    problems = []
    for line in _lines(text):
        if line in known:
            found.append(known[line])
            continue
        number, _, description = (part.strip() for part in line.partition("|"))
        read, unread = read_phones(number, area_code=area_code)
        if unread or len(read) != 1:
            wrong = f"„{number[:40]}“ ist keine vollständige Telefonnummer"
            problems.append(f"{wrong}; mit Vorwahl, zum Beispiel 02361 532717")
            continue
        found.append({**msgspec.to_builtins(read[0]), **({"description": description} if description else {})})
    return found, problems


def row_numbers(form: Fields, group: str) -> list[int]:
    """Return the numbers of the rows that a form holds of a group, in order."""
    found = {int(m[1]) for name in _names_of(form, f"{group}.") if (m := re.match(rf"{group}\.([0-9]{{1,2}})\.", name))}
    return sorted(number for number in found if number < MOST_ROWS + 40)


def _names_of(form: Fields, prefix: str) -> list[str]:
    return [name for name in form if name.startswith(prefix)]


def parse_day(text: str) -> date:
    """Read a day as people write it, 31.12.2026, or as a browser sends it, 2026-12-31.

    Raises:
        ParseError: with a German sentence.
    """
    match = _GERMAN_DATE.fullmatch(text.strip())
    try:
        if match:
            return date(int(match[3]), int(match[2]), int(match[1]))
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ParseError(f"„{text[:20]}“ ist kein Datum; so: 31.12.2026") from error


def format_phone(row: Mapping[str, Any]) -> str:
    """Write a number as the form shows it."""
    description = row.get("description", "")
    return f"{row.get('number', '')} | {description}" if description else str(row.get("number", ""))


def format_link(row: Mapping[str, Any]) -> str:
    """Write a link as the form shows it."""
    return f"{row['label']} | {row.get('url', '')}" if row.get("label") else str(row.get("url", ""))


def with_scheme(text: str) -> str:
    """Complete an address that people wrote as they say it: www.example.org."""
    text = text.strip()
    return f"https://{text}" if _BARE_ADDRESS.match(text) and "@" not in text else text


def _lines(text: str) -> list[str]:
    return [line for raw in text.split("\n") if (line := one_line(raw))]


# --- a document as the form shows it ---------------------------------------------------------------------------------


def fill_form(doc: Mapping[str, Any], languages: Vocabulary) -> dict[str, list[str]]:
    """Write a document as the fields that `read_form` reads back to the same document."""
    fields: dict[str, list[str]] = {}
    for name in (*LINE_FIELDS, *TEXT_FIELDS, "offer_type"):
        fields[name] = [str(doc.get(name, ""))]
    for name in CODE_FIELDS:
        fields[name] = [str(code) for code in doc.get(name, ())]
    for name in (*DATE_FIELDS, *NUMBER_FIELDS):
        fields[name] = [str(doc.get(name, ""))]
    fields["status"] = [doc.get("status", "active")]
    fields["is_free"] = [{True: "ja", False: "nein"}.get(doc.get("is_free"), "")]  # type: ignore[arg-type]
    fields["address_confidential"] = ["ja"] if doc.get("address_confidential") else []
    fields["closed_on_holidays"] = ["ja" if doc.get("closed_on_holidays", True) else "nein"]
    fields["phones"] = ["\n".join(format_phone(row) for row in doc.get("phones", ()))]
    fields["required_documents"] = ["\n".join(row.get("document", "") for row in doc.get("required_documents", ()))]
    fields["additional_urls"] = ["\n".join(format_link(row) for row in doc.get("additional_urls", ()))]
    codes = [row.get("code", "") for row in doc.get("languages", ())]
    fields["languages"] = [code for code in codes if code in COMMON_LANGUAGES]
    fields["other_languages"] = [", ".join(languages.label(c) for c in codes if c not in COMMON_LANGUAGES)]
    return fields | dict(_row_fields(doc))


def _row_fields(doc: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for group, names in (("providers", PROVIDER_FIELDS), ("locations", PLACE_FIELDS), ("contacts", CONTACT_FIELDS)):
        for at, row in enumerate(doc.get(group, ())):
            for name in names:
                yield f"{group}.{at}.{name}", [str(row.get(name) or "")]
    for at, row in enumerate(doc.get("locations", ())):
        for code, holds in row.get("accessibility", {}).items():
            yield f"locations.{at}.accessibility.{code}", ["ja" if holds else "nein"]
    for at, row in enumerate(doc.get("contacts", ())):
        yield f"contacts.{at}.phone", ["\n".join(format_phone(phone) for phone in row.get("phones", ()))]
