"""What is embedded in an offer: providers, places, contacts, schedules, costs, translations.

Fields are declared in the order of their names, so that msgspec writes RFC 8785 canonical JSON without sorting.
Embedded objects carry no ids of their own (except providers): outputs derive them with `shared.ids.child_id`.
Empty and unknown values are left out of the JSON; the only defaults are values that Python holds once (`""`, `()`,
None, True, False), because msgspec decides "is this the default" by identity.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from shared.model import fields as f


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of the embedded objects: immutable, empty values omitted."""


class Language(Part, frozen=True, kw_only=True):
    """A language spoken in an offer or by a contact; any ISO 639-1 or 639-3 code."""

    code: f.LanguageCode
    name: f.Label = ""
    note: f.Text300 = ""


class Link(Part, frozen=True, kw_only=True):
    """A web address with what it leads to."""

    label: f.Label = ""
    url: f.Url


class Phone(Part, frozen=True, kw_only=True):
    """A telephone number; no `type` means voice."""

    description: f.Name = ""
    number: f.PhoneNumber
    type: f.PhoneType | None = None


class Identifier(Part, frozen=True, kw_only=True):
    """A provider's number in a register."""

    identifier: f.ShortName
    identifier_type: f.ShortName


class Provider(Part, frozen=True, kw_only=True):
    """An organisation that provides an offer (Träger); the first in an offer's list leads."""

    additional_websites: Annotated[tuple[f.Url, ...], Meta(max_length=5)] = ()
    alternate_name: f.ShortName = ""
    description: f.Text4000 = ""
    email: f.Email = ""
    id: f.OptionalId = ""
    identifiers: Annotated[tuple[Identifier, ...], Meta(max_length=5)] = ()
    legal_status: f.ShortName = ""
    logo: f.Url = ""
    name: f.ProviderName
    org_type: f.Code | None = None
    parent_organization_id: f.OptionalId = ""
    website: f.Url = ""


class Place(Part, frozen=True, kw_only=True):
    """Where an offer takes place.  A place may be a name without a street, or a town alone; nothing is guessed.

    `accessibility` maps a code of the vocabulary to yes or no; a code that is absent is unknown.
    """

    accessibility: Annotated[dict[f.Code, bool], Meta(max_length=20)] = {}
    address_1: f.Street = ""
    address_2: f.ShortName = ""
    city: f.Label = ""
    kind: f.PlaceKind | None = None
    latitude: f.Latitude | None = None
    longitude: f.Longitude | None = None
    name: f.Name = ""
    postal_code: f.PostalCode = ""
    transportation: f.Text300 = ""


class Contact(Part, frozen=True, kw_only=True):
    """A contact: a person, a function or a department.  On what basis a person is named stays in the node."""

    department: f.PersonName = ""
    email: f.Email = ""
    languages: Annotated[tuple[Language, ...], Meta(max_length=10)] = ()
    name: f.PersonName = ""
    phones: Annotated[tuple[Phone, ...], Meta(max_length=5)] = ()
    title: f.PersonName = ""


class Schedule(Part, frozen=True, kw_only=True):
    """One time slot rule in local wall-clock time: 09–12 and 14–17 are two."""

    booking_url: f.Url = ""
    by_appointment: bool = False
    byday: Annotated[tuple[f.Byday, ...], Meta(max_length=35)] = ()
    bymonthday: Annotated[tuple[f.MonthDay, ...], Meta(max_length=31)] = ()
    closes_at: f.WallClock = ""
    count: f.Count | None = None
    description: f.Text300 = ""
    dtstart: date | None = None
    freq: f.Frequency | None = None
    interval: f.Interval | None = None
    kind: f.ScheduleKind | None = None
    opens_at: f.WallClock = ""
    until: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class ScheduleException(Part, frozen=True, kw_only=True):
    """Days on which the schedules do not hold: closed, or other hours as text."""

    closed: bool = False
    date_from: date
    date_to: date | None = None
    hours: f.Text300 = ""
    reason: f.Text300 = ""


class Cost(Part, frozen=True, kw_only=True):
    """One price; no currency means euro."""

    amount: f.Amount | None = None
    amount_description: f.Text300 = ""
    currency: f.Currency | None = None
    option: f.Name = ""
    valid_from: date | None = None
    valid_to: date | None = None


class RequiredDocument(Part, frozen=True, kw_only=True):
    """Something to bring along."""

    document: f.Text300
    uri: f.Url = ""


class Capacity(Part, frozen=True, kw_only=True):
    """How many places are free."""

    available: f.Count
    maximum: f.Count | None = None
    unit: f.Label
    updated: date


class Attachment(Part, frozen=True, kw_only=True):
    """A file, named by address and SHA-256; `alt` describes an image."""

    alt: f.Text300 = ""
    lang: f.LanguageTag | None = None
    sha256: f.Sha256
    title: f.Name = ""
    type: f.FileType
    url: f.Url


class Translation(Part, frozen=True, kw_only=True):
    """The texts of an offer in one other language, with the hash of the German texts they were made from."""

    alert: f.Text300 = ""
    application_process: f.Text2000 = ""
    body: f.Markdown = ""
    eligibility: f.Text1000 = ""
    fees_text: f.Text1000 = ""
    name: Annotated[str, Meta(max_length=160)] = ""
    origin: f.TranslationOrigin | None = None
    source_sha256: f.OptionalSha256 = ""
    state: f.TranslationState | None = None
    summary: f.Text300 = ""
    updated: date | None = None
