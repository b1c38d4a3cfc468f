"""The texts of a service in the language that a reader asks for, as `x_kreisweit.text`.

The fields of HSDS stay German whatever is asked for, so that one id always names the same texts; what a page would show
to people stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from shared.hsds.extension import NAME

SOURCE: Final = "de"
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name",), "description": ("summary", "body"), "application_process": ("application_process",),
    "eligibility_description": ("eligibility",), "fees_description": ("fees_text",), "alert": ("alert",),
}  # fmt: skip
TEXT_FIELDS: Final = tuple(_FIELDS)
_FINISHED: Final = ("aktuell", "veraltet")
_Members = dict[str, msgspec.Raw]


def in_language(service: bytes, language: str) -> bytes:
    """Return a service with its texts in a language added; with none asked for, as it is.

    A text without a translation is German and is named in `in_german`.  What the German text does not have does not
    come from a translation either, such as an alert that is over; an unfinished translation counts as none.

    Args:
        service: a finished JSON object.
        language: a language tag; empty: none.
    """
    if not language:
        return service
    members = msgspec.json.decode(service, type=_Members)
    if NAME not in members:
        return service
    extension = msgspec.json.decode(members[NAME], type=_Members)
    german = {name: msgspec.json.decode(members[name], type=str) for name in TEXT_FIELDS if name in members}
    translations: dict[str, dict[str, Any]] = msgspec.json.decode(extension.get("translations", b"{}"))
    text = msgspec.json.encode(_text(german, translations.get(language, {}), language))
    extension["text"] = msgspec.Raw(text)
    members[NAME] = msgspec.Raw(msgspec.json.encode(extension))
    return msgspec.json.encode(members)


def _text(german: Mapping[str, str], translation: Mapping[str, Any], language: str) -> dict[str, Any]:
    found = {
        name: "\n\n".join(part for own in _FIELDS[name] if (part := translation.get(own, "")))
        for name in german
        if translation.get("state") in _FINISHED
    }
    translated = {name: text for name, text in found.items() if text}
    if not translated:
        return {"lang": SOURCE, **german}
    missing = [name for name in german if name not in translated]
    return {
        "lang": language, **{name: translated.get(name, text) for name, text in german.items()},
        **({"in_german": missing} if missing else {}), "state": translation["state"],
        **({"origin": translation["origin"]} if "origin" in translation else {}),
    }  # fmt: skip
