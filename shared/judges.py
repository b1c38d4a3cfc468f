"""What the federation core is told about documents: how to check a payload, what to call it, whether it names a person.

The core itself knows bytes; the model knows offers.  This is where both meet.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from shared.errors import ParseError
from shared.feed.payload import Doc, SchemaCheck, parse_payload
from shared.feed.strict_json import decode_strict
from shared.model.erasing import find_person
from shared.model.offer import check_hub_payload, check_offer_payload
from shared.seal import Names


class Judges(msgspec.Struct, frozen=True):
    """Schema check, title and search for a person."""

    schema: SchemaCheck
    title_of: Callable[[str, bytes], str]
    names: Names


def check_payload(kind: str, data: bytes) -> Doc:
    """Check one payload line against the schema of its kind; ParseError or VerificationError (E_SCHEMA)."""
    check = check_offer_payload if kind == "offer" else check_hub_payload
    summary = check(data, decode_strict=decode_strict)
    return Doc(summary.id, summary.owner, summary.title)


def names_person(data: bytes, person: str) -> bool:
    """Tell whether a payload names the person in any of its texts."""
    try:
        return bool(find_person(parse_payload(data).doc, person))
    except ParseError:
        return person.encode() in data


def judges() -> Judges:
    """Return the judges that both rooms use."""
    return Judges(schema=check_payload, title_of=lambda kind, data: check_payload(kind, data).title, names=names_person)
