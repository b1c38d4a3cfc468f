r"""Finding and removing a person in an offer, in every text field there is, known or not (PROTOCOL 10).

A name is found whatever its case, spaces, line breaks, accents' encoding or hidden characters ("Erika\nMUSTERMANN",
soft hyphens), and inside e-mail and web addresses also with dots, hyphens or underscores ("erika.mustermann@").
Not found: other spellings of the name (initials, "Mueller" for "Müller"); the person who erases searches for each.

Works on documents as their JSON holds them, so that fields this program does not know are cleaned too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final, overload

import msgspec

from shared.errors import ParseError, RuleError
from shared.model.fields import RecordId
from shared.model.offer import OfferDoc, offer_from_builtins, offer_to_builtins, source_sha256

REMOVED: Final = "[Name entfernt]"
_REPLACEMENTS: Final = (REMOVED, "[…]", "…")  # the first that fits the limits and does not hold the name itself
_TITLE_LEFT: Final = ("Angebot ohne Titel", "Eintrag 000")
_SUMMARY_LEFT: Final = ("Der bisherige Text wurde entfernt.", "0000000000 0000000000")
_LEAST_LETTERS: Final = 3

_HIDDEN: Final = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_ADDRESS_SIGNS: Final = re.compile(r"[._+-]")
# Values that name things by number, and that no person can be read from.
_UNTOUCHED: Final = frozenset({"id", "owner", "sha256", "source_sha256", "last_modified"})
# A hit inside one of these cannot be replaced: what is left would be no address.
_ADDRESSES: Final = frozenset(
    {"additional_websites", "assurer", "booking_url", "email", "logo", "mail", "uri", "url", "website"}
)
_CONTACTS: Final = frozenset({"contact", "contacts"})
_PHONES: Final = frozenset({"phone", "phones"})

Path = str


def find_person(doc: OfferDoc | Mapping[str, Any], text: str) -> list[Path]:
    """List where a person stands in a document, as paths such as `contacts[0].name`; a key that holds it counts too.

    Raises:
        RuleError: the text is too short to search for.
    """
    needle = _needle(text)
    return [path for path, key, value in _texts(_builtins(doc), "", "") if _holds(key, value, needle)]


@overload
def remove_person(doc: OfferDoc, text: str) -> OfferDoc: ...
@overload
def remove_person(doc: Mapping[str, Any], text: str) -> dict[str, Any]: ...
def remove_person(doc: OfferDoc | Mapping[str, Any], text: str) -> OfferDoc | dict[str, Any]:
    """Give the document without the person; `find_person` finds nothing in it, and doing it again changes nothing.

    In order: 1 contacts and telephone numbers that hold the name go whole; 2 their e-mail addresses and numbers go
    wherever else they stand, also in running text; 3 addresses that hold the name go; 4 in texts the name is replaced
    by "[Name entfernt]"; 5 title and summary stay long enough to publish; 6 translations that were current stay so.
    A document without the person is returned as it is.

    Raises:
        RuleError: the text is too short to search for.
    """
    needle = _needle(text)
    before = _builtins(doc)
    if not find_person(before, text):
        return doc if isinstance(doc, OfferDoc) else before
    after = _cleaned(before, needle)
    return offer_from_builtins(after) if isinstance(doc, OfferDoc) else after


def _cleaned(before: dict[str, Any], needle: str) -> dict[str, Any]:
    was_valid = _is_valid(before)
    after = before
    for replacement in _replacements(needle):
        after = _Cleaner(needle, replacement).clean_document(before)
        if not was_valid or _is_valid(after):
            break
    return _with_current_translations(before, after)


def _builtins(doc: OfferDoc | Mapping[str, Any]) -> dict[str, Any]:
    return offer_to_builtins(doc) if isinstance(doc, OfferDoc) else dict(doc)


def _is_valid(doc: Mapping[str, Any]) -> bool:
    try:
        offer_from_builtins(doc)
    except ParseError:
        return False
    return True


def _needle(text: str) -> str:
    needle = _fold(_nfc(text))[0].strip()
    if "[" in needle or "]" in needle or sum(character.isalpha() for character in needle) < _LEAST_LETTERS:
        raise RuleError(
            f"a name of {len(needle)} characters cannot be searched for",
            {"person": [f"Der gesuchte Text braucht mindestens {_LEAST_LETTERS} Buchstaben, ohne eckige Klammern."]},
        )
    return needle


def _replacements(needle: str) -> list[str]:
    return [text for text in _REPLACEMENTS if needle not in _fold(text)[0]]


def _fold(text: str, *, is_address: bool = False) -> tuple[str, list[int]]:
    """Reduce a text for searching; the list says for each character of the result where it stood in the text."""
    folded: list[str] = []
    origin: list[int] = []
    for at, character in enumerate(text):
        if _HIDDEN.match(character):
            continue
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", character).casefold())
        if character.isspace() or (is_address and _ADDRESS_SIGNS.fullmatch(character)):
            plain = " "
        if plain == " " and folded and folded[-1] == " ":
            continue
        folded += plain
        origin += [at] * len(plain)
    return "".join(folded), origin


def _spans(text: str, needle: str) -> Iterator[tuple[int, int]]:
    """Where the name stands in a text in NFC, as start and end; hidden characters inside belong to it."""
    folded, origin = _fold(text)
    start = folded.find(needle)
    while start >= 0:
        end = start + len(needle)
        yield origin[start], origin[end - 1] + 1
        start = folded.find(needle, end)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _holds(key: str, text: str, needle: str) -> bool:
    if key in _UNTOUCHED:
        return False
    text = _nfc(text)
    if needle in _fold(text)[0]:
        return True
    if key in _ADDRESSES:
        return _spells(text, needle)
    return _has_address(text) and any(_spells(word, needle) for word in text.split() if _has_address(word))


def _texts(value: Any, path: Path, key: str) -> Iterator[tuple[Path, str, str]]:
    """Every text of a document with its path and the key it stands under; keys of maps count as texts."""
    if isinstance(value, str):
        yield path, key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            inside = f"{path}.{name}" if path else name
            if name not in _KNOWN_KEYS:
                yield inside, "", name
            yield from _texts(inner, inside, name)
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{at}]", key)


class _Cleaner:
    """Cleans one document of one name; holds the addresses and numbers that go with it."""

    def __init__(self, needle: str, replacement: str) -> None:
        self._needle = needle
        self._replacement = replacement
        self._emails: set[str] = set()
        self._numbers: set[str] = set()

    def clean_document(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        self._collect(doc, "")
        cleaned: dict[str, Any] = self._clean(doc, "")
        self._refill(doc, cleaned)
        return cleaned

    def _collect(self, value: Any, key: str) -> None:
        """Remember the e-mail addresses and numbers of every contact or telephone entry that holds the name."""
        if isinstance(value, Mapping):
            if key in _CONTACTS | _PHONES and self._is_hit(value):
                self._remember(value)
            for name, inner in value.items():
                self._collect(inner, name)
        elif isinstance(value, list | tuple):
            for inner in value:
                self._collect(inner, key)

    def _remember(self, entry: Mapping[str, Any]) -> None:
        for _, key, text in _texts(entry, "", ""):
            if key in ("email", "mail") and "@" in text:
                self._emails.add(text.casefold())
            digits = _national_digits(text)
            if key in ("number", "phone", "tel") and len(digits) >= 5:
                self._numbers.add(digits)

    def _is_hit(self, value: Any) -> bool:
        return any(_holds(key, text, self._needle) for _, key, text in _texts(value, "", ""))

    def _clean(self, value: Any, key: str) -> Any:
        if isinstance(value, str):
            return self._clean_text(value, key)
        if isinstance(value, Mapping):
            return self._clean_map(value)
        if isinstance(value, list | tuple):
            pairs = [(item, self._clean(item, key)) for item in value if not self._must_go(item, key)]
            return [cleaned for item, cleaned in pairs if not _is_emptied(item, cleaned)]
        return value

    def _clean_map(self, value: Mapping[str, Any]) -> dict[str, Any]:
        cleaned = {}
        for name, inner in value.items():
            is_key_hit = name not in _KNOWN_KEYS and self._needle in _fold(_nfc(name))[0]
            if is_key_hit or (isinstance(inner, Mapping) and self._must_go(inner, name)):
                continue
            result = self._clean(inner, name)
            if not _is_emptied(inner, result):
                cleaned[name] = result
        return cleaned

    def _must_go(self, item: Any, key: str) -> bool:
        """Contacts and numbers that hold the name, numbers that are the person's, links that lead to the person."""
        if not isinstance(item, Mapping):
            return False
        if key in _CONTACTS | _PHONES and self._is_hit(item):
            return True
        if key in _PHONES and _national_digits(str(item.get("number", ""))) in self._numbers:
            return True
        url = item.get("url")
        return isinstance(url, str) and key in ("additional_urls", "attachments") and _holds("url", url, self._needle)

    def _clean_text(self, text: str, key: str) -> str:
        if key in _UNTOUCHED:
            return text
        if key in _ADDRESSES:
            return "" if _holds(key, text, self._needle) or text.casefold() in self._emails else text
        cleaned = self._without_addresses(text)
        while any(True for _ in _spans(_nfc(cleaned), self._needle)):
            cleaned = self._without_name(_nfc(cleaned))
        return cleaned

    def _without_name(self, text: str) -> str:
        pieces, at = [], 0
        for start, end in _spans(text, self._needle):
            pieces += [text[at:start], self._replacement]
            at = end
        return "".join([*pieces, text[at:]])

    def _without_addresses(self, text: str) -> str:
        """Replace the person's own e-mail addresses and numbers in running text, and any word that spells the name."""
        for email in self._emails:
            text = re.sub(re.escape(email), self._replacement, text, flags=re.IGNORECASE)
        for number in self._numbers:
            text = re.sub(_number_pattern(number), self._replacement, text)
        if not _has_address(text):
            return text
        pieces = re.split(r"(\s+)", text)
        return "".join(
            self._replacement if _has_address(piece) and _spells(piece, self._needle) else piece for piece in pieces
        )

    def _refill(self, before: Mapping[str, Any], after: dict[str, Any]) -> None:
        """Title and summary stay long enough to be published, if they were."""
        for field, least, texts in (("name", 3, _TITLE_LEFT), ("summary", 20, _SUMMARY_LEFT)):
            was = before.get(field)
            if isinstance(was, str) and len(was) >= least > len(after.get(field, "")):
                after[field] = next(text for text in texts if self._needle not in _fold(text)[0])


def _is_emptied(before: Any, after: Any) -> bool:
    """True if cleaning left nothing of something: empty values are left out of documents."""
    return bool(before) and after in ("", [], {})


def _has_address(text: str) -> bool:
    return "@" in text or "://" in text


def _spells(address: str, needle: str) -> bool:
    """True if the name stands in an address with dots, hyphens or underscores for its spaces."""
    return needle in _fold(_nfc(address).replace("%20", " "), is_address=True)[0]


def _national_digits(number: str) -> str:
    """The digits of a number without country code and leading zeros, for comparing."""
    digits = re.sub(r"[^0-9+]", "", number)
    return re.sub(r"^(?:\+49|0049)?0*", "", digits).replace("+", "")


def _number_pattern(digits: str) -> str:
    between = r"[\s()/.\u2010-\u2015-]*"
    prefix = rf"(?:(?:\+49|0049){between})?(?:\(?0{between})?"
    return rf"(?<![0-9]){prefix}{between.join(digits)}(?![0-9])"


def _with_current_translations(before: Mapping[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A translation that belonged to the German texts still does: the name was taken out of both."""
    translations = after.get("translations")
    if not isinstance(translations, Mapping) or not _is_valid(before) or not _is_valid(after):
        return after
    old, new = source_sha256(offer_from_builtins(before)), source_sha256(offer_from_builtins(after))
    renewed = {
        tag: {**text, "source_sha256": new} if text.get("source_sha256") == old else text
        for tag, text in translations.items()
    }
    return {**after, "translations": renewed}


def _known_keys() -> frozenset[str]:
    """The names of all fields of the document: they are ours and may look like a name without being one."""
    schema = msgspec.json.schema_components([OfferDoc, RecordId])[1]
    return frozenset(name for part in schema.values() for name in part.get("properties", ()))


_KNOWN_KEYS: Final = _known_keys()
