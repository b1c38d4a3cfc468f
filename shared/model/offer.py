"""The published offer document, its canonical form, and the schema check of payload lines (PROTOCOL 3).

Decided here: field names, types and limits of what a node publishes, and what a reader accepts.  Decided elsewhere:
what must be filled before publishing (`rules.py`), how good an offer is (`completeness.py`), hashes, salts and size
limits of payloads (`shared/feed`).

A reader is more lenient than a writer: `id` and `owner` are required, every other field only has to have its type and
limits when it is present.  So a record of a node that runs an older or newer program is not refused for a gap that its
own city could not have known of; our own writers ask `rules.publishable` first.

Left out on purpose: workflow state and the legal basis of a person's contact data (they never leave the node), and
`origin` (who published is read from the roster and the log, never from what a document says about itself).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from shared.errors import ParseError, VerificationError
from shared.model import fields as f
from shared.model import parts as p

StrictDecoder = Callable[[bytes], object]

TRANSLATED_FIELDS: Final = ("alert", "application_process", "body", "eligibility", "fees_text", "name", "summary")
HUB_KINDS: Final = frozenset({"vocabulary", "cluster", "notice", "text"})


class OfferDoc(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An offer as it is published.  `is_free`: True, False, or None (left out) for unknown.

    `closed_on_holidays` is true unless said otherwise.  `service_areas` holds eight digits for a municipality or five
    for a whole district.  `providers[0]` leads.  `status` absent means active.
    """

    access: Annotated[tuple[f.Code, ...], Meta(max_length=3)] = ()
    accreditation: f.Text500 = ""
    additional_urls: Annotated[tuple[p.Link, ...], Meta(max_length=10)] = ()
    address_confidential: bool = False
    alert: f.Text300 = ""
    alert_until: date | None = None
    alternate_name: f.Name = ""
    application_process: f.Text2000 = ""
    assured_date: date | None = None
    assurer: f.Email = ""
    attachments: Annotated[tuple[p.Attachment, ...], Meta(max_length=5)] = ()
    body: f.Markdown = ""
    capacity: Annotated[tuple[p.Capacity, ...], Meta(max_length=5)] = ()
    closed_on_holidays: bool = True
    contacts: Annotated[tuple[p.Contact, ...], Meta(max_length=10)] = ()
    costs: Annotated[tuple[p.Cost, ...], Meta(max_length=10)] = ()
    eligibility: f.Text1000 = ""
    email: f.Email = ""
    especially_for: Annotated[tuple[f.Code, ...], Meta(max_length=5)] = ()
    exceptions: Annotated[tuple[p.ScheduleException, ...], Meta(max_length=60)] = ()
    fees_text: f.Text1000 = ""
    funding: Annotated[tuple[f.Text300, ...], Meta(max_length=5)] = ()
    id: f.RecordId
    interpretation: f.Text500 = ""
    is_free: bool | None = None
    languages: Annotated[tuple[p.Language, ...], Meta(max_length=20)] = ()
    last_modified: f.Instant = ""
    locations: Annotated[tuple[p.Place, ...], Meta(max_length=50)] = ()
    maximum_age: f.Age | None = None
    minimum_age: f.Age | None = None
    mode: Annotated[tuple[f.Code, ...], Meta(max_length=3)] = ()
    name: f.Name = ""
    offer_type: f.Code | None = None
    owner: f.Ags
    phones: Annotated[tuple[p.Phone, ...], Meta(max_length=10)] = ()
    program: f.Text300 = ""
    providers: Annotated[tuple[p.Provider, ...], Meta(max_length=20)] = ()
    required_documents: Annotated[tuple[p.RequiredDocument, ...], Meta(max_length=20)] = ()
    review_due: date | None = None
    schedule_text: f.Text1000 = ""
    schedules: Annotated[tuple[p.Schedule, ...], Meta(max_length=60)] = ()
    service_areas: Annotated[tuple[f.AreaCode, ...], Meta(max_length=20)] = ()
    status: f.Status | None = None
    summary: f.Text300 = ""
    target_groups: Annotated[tuple[f.Code, ...], Meta(max_length=10)] = ()
    topics: Annotated[tuple[f.Code, ...], Meta(max_length=5)] = ()
    translations: Annotated[dict[f.LanguageTag, p.Translation], Meta(max_length=40)] = {}
    url: f.Url = ""
    valid_from: date | None = None
    valid_to: date | None = None


class OfferPayload(msgspec.Struct, frozen=True, kw_only=True):
    """The two members of a payload line."""

    doc: OfferDoc
    salt: f.Salt


class RecordDoc(msgspec.Struct, frozen=True, kw_only=True):
    """What every record has, of whatever kind."""

    id: f.RecordId
    owner: f.Ags


class OfferSummary(msgspec.Struct, frozen=True):
    """What the catalogue needs of a payload that passed its check.  `title` may be empty in foreign records."""

    id: str
    owner: str
    title: str


# Immutable after import: decoders and encoders hold no state between calls.
_PAYLOAD_DECODER: Final = msgspec.json.Decoder(OfferPayload)
_DOC_DECODER: Final = msgspec.json.Decoder(OfferDoc)


def read_offer_line(body: bytes) -> OfferDoc | None:
    """Read the document of a held payload line, leniently; None if it cannot be read.

    What a newer program added is ignored.
    """
    try:
        return _PAYLOAD_DECODER.decode(body).doc
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


# `deterministic` sorts the keys of maps and keeps the declared order of fields, which is the sorted one.
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_DocT = TypeVar("_DocT", OfferDoc, RecordDoc)
# What a typed decode can raise on hostile bytes; msgspec lets the last two through as they are.
_DECODE_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def format_offer(doc: OfferDoc) -> bytes:
    """Write the document as RFC 8785 canonical JSON."""
    return _ENCODER.encode(doc)


def parse_offer(data: bytes) -> OfferDoc:
    """Read a document; unknown fields are ignored, so this is for reading, never for passing on.

    Raises:
        ParseError: not JSON, or a field has the wrong type or breaks a limit.
    """
    try:
        return _DOC_DECODER.decode(data)
    except _DECODE_ERRORS as error:
        raise ParseError(f"offer document: {error}") from error


def offer_from_builtins(doc: object) -> OfferDoc:
    """Read a document that was decoded already; unknown fields are ignored.

    Raises:
        ParseError: a field has the wrong type or breaks a limit.
    """
    try:
        return msgspec.convert(doc, OfferDoc)
    except msgspec.ValidationError as error:
        raise ParseError(f"offer document: {error}") from error


def offer_to_builtins(doc: OfferDoc) -> dict[str, Any]:
    """Give the document as plain dicts, lists, texts and numbers, as its JSON holds it."""
    return msgspec.json.decode(_ENCODER.encode(doc), type=dict[str, Any])


def check_offer_payload(data: bytes, *, decode_strict: StrictDecoder) -> OfferSummary:
    """Accept one payload line of kind `offer`, or say exactly which field is wrong (PROTOCOL 6, step 13).

    Fast path: decode into types and encode again.  The same bytes prove that there is no unknown field, no duplicate
    key, no deep nesting and no second spelling, so nothing else needs checking.  Slow path, for payloads written
    otherwise or with fields we do not know: the strict decoder of PROTOCOL 3, then the same types.
    Does not check: hash, length, whether `id` and `owner` are those of the entry and of the roster.

    Args:
        data: the payload line as received; untrusted.
        decode_strict: the one strict decoder for foreign JSON; raises ParseError.
    Raises:
        VerificationError: with code E_SCHEMA and the path of the field.
    """
    try:
        payload = _PAYLOAD_DECODER.decode(data)
    except _DECODE_ERRORS:
        return _check_slowly(data, decode_strict)
    # U+0000 survives decoding and encoding, and PROTOCOL 3 forbids it; the slow path tells it from `\\u0000`.
    if _ENCODER.encode(payload) != data or b"\\u0000" in data:
        return _check_slowly(data, decode_strict)
    doc = payload.doc
    return OfferSummary(doc.id, doc.owner, doc.name)


def check_hub_payload(data: bytes, *, decode_strict: StrictDecoder) -> OfferSummary:
    """Accept one payload line of a hub kind (vocabulary, cluster, notice, text): `id` and `owner`, anything else kept.

    Raises:
        VerificationError: with code E_SCHEMA and the path of the field.
    """
    record, title = _decode_members(data, decode_strict, RecordDoc)
    return OfferSummary(record.id, record.owner, title)


def offer_json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of the document; unknown fields are allowed."""
    schemas, components = msgspec.json.schema_components([OfferDoc], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schemas[0], "$defs": components}


def source_sha256(doc: OfferDoc) -> str:
    """Hash the German texts that are translated, in hex; other changes leave it as it is."""
    texts = {name: getattr(doc, name) for name in TRANSLATED_FIELDS if getattr(doc, name)}
    return hashlib.sha256(_ENCODER.encode(texts)).hexdigest()


def translation_states(doc: OfferDoc) -> dict[str, f.TranslationState]:
    """Say for each language whether its texts belong to the current German ones; times play no part."""
    current = source_sha256(doc)
    return {tag: _translation_state(text, current) for tag, text in doc.translations.items()}


def links_of(doc: OfferDoc) -> tuple[str, ...]:
    """Return the web addresses that readers of an offer are sent to, each once."""
    found = [doc.url, *(link.url for link in doc.additional_urls), *(rule.booking_url for rule in doc.schedules)]
    for provider in doc.providers:
        found += [provider.website, *provider.additional_websites]
    return tuple(dict.fromkeys(url for url in found if url))


def translated(doc: OfferDoc, tag: str) -> OfferDoc:
    """Give the document with the texts of a language in place of the German ones, where there are any."""
    texts = doc.translations[tag]
    found = {name: text for name in TRANSLATED_FIELDS if (text := getattr(texts, name))}
    return msgspec.structs.replace(doc, **found)


def _translation_state(text: p.Translation, current: str) -> f.TranslationState:
    if text.state == "in_arbeit":
        return "in_arbeit"
    return "aktuell" if text.source_sha256 == current else "veraltet"


def _check_slowly(data: bytes, decode_strict: StrictDecoder) -> OfferSummary:
    doc, title = _decode_members(data, decode_strict, OfferDoc)
    return OfferSummary(doc.id, doc.owner, title)


def _decode_members(data: bytes, decode_strict: StrictDecoder, doc_type: type[_DocT]) -> tuple[_DocT, str]:
    """Read a payload line strictly; returns the typed document and the title it gives itself."""
    try:
        members = decode_strict(data)
    except ParseError as error:
        raise VerificationError(f"payload: {error.message}", code="E_SCHEMA") from error
    if not isinstance(members, dict) or members.keys() != {"doc", "salt"}:
        raise VerificationError("payload: $: the members are not exactly doc and salt", code="E_SCHEMA")
    try:
        msgspec.convert(members["salt"], f.Salt)
    except msgspec.ValidationError as error:
        raise VerificationError(f"payload: $.salt: {error}", code="E_SCHEMA") from error
    try:
        doc = msgspec.convert(members["doc"], doc_type)
    except msgspec.ValidationError as error:
        raise VerificationError(f"payload: in doc: {error}", code="E_SCHEMA") from error
    return doc, _title_of(members["doc"])


def _title_of(doc: Mapping[str, object]) -> str:
    """The title by the field `name`, or by `title`, which records of the hub and of other programs use."""
    for field in ("name", "title"):
        value = doc.get(field)
        if isinstance(value, str) and value:
            return value[:160]
    return ""
