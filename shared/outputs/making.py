"""Makes the rows of the outputs from records: HSDS objects as finished JSON, and what they can be asked by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from shared.holdings.changes import Version
from shared.hsds.parts import Object
from shared.hsds.service import Maker, Origin
from shared.hsds.terms import TAXONOMIES, Terms
from shared.model.district import District
from shared.model.offer import OfferDoc
from shared.model.parts import Contact
from shared.model.vocabulary.collection import Vocabularies
from shared.outputs.cursor import origin_key
from shared.outputs.offered import Offered
from shared.outputs.store import PlaceRow, ProviderRow, Row, Slot
from shared.search.facts import WHOLE_DISTRICT, FactFinder, Facts

VERSION: Final = 1
"""Of what is made from a record; another number makes all rows anew."""
_CODES: Final = ("access", "mode")


def without_persons(doc: OfferDoc) -> OfferDoc:
    """Return the document without what leads to a person; functions and institutions stay."""
    contacts = tuple(found for one in doc.contacts if (found := _without_person(one)) is not None)
    return msgspec.structs.replace(doc, contacts=contacts, assurer="")


def _without_person(contact: Contact) -> Contact | None:
    if not contact.name:
        return contact
    if not contact.title and not contact.department:
        return None
    return msgspec.structs.replace(contact, name="", email="", phones=())


class RowMaker:
    """Makes the rows of one party.

    Args:
        public_url: origin of the party's own pages, without a slash at its end; empty if unknown.
        sites: where the members' own pages are, by name; empty for one that cannot be reached from outside.
    """

    def __init__(
        self, vocabularies: Vocabularies, district: District, *, public_url: str, sites: Mapping[str, str]
    ) -> None:
        self.terms = Terms(vocabularies)
        self.maker = Maker(district, self.terms)
        self._district = district
        self._vocabularies = vocabularies
        self._facts = FactFinder(vocabularies, district)
        self._public_url = public_url.rstrip("/")
        self._sites = {name: site.rstrip("/") for name, site in sites.items()}
        self._centres = postcode_centres(district)
        self._taxonomy_ids = {name: vocabularies[name].id for name in TAXONOMIES}
        self._term_ids = {
            (name, term.code): vocabularies[name].term_id(term.code)
            for name in TAXONOMIES
            for term in vocabularies[name].terms
        }
        self._ags = {member.name: member.ags for member in district.members}

    def version(self) -> bytes:
        """Return bytes that change with everything that makes other rows of the same records."""
        known = [VERSION, self._public_url, self._sites, *self._vocabularies.items(), self._district]
        return hashlib.sha256(msgspec.json.encode(known)).digest()[:16]

    def mark(self, version: Version, same_as: Sequence[bytes]) -> bytes:
        """Return what changes whenever the row of a record would."""
        return hashlib.sha256(b"".join([version.commitment, *same_as])).digest()[:16]

    def origin(self, member: str, rid: bytes) -> Origin:
        """Return who published a record, as the roster says."""
        known = self._district.member(member)
        site = self._sites.get(member) or self._public_url
        page = f"/angebote/{rid.hex()}"
        return Origin(
            node=member,
            city=(known.town or self._district.name) if known else member,
            ags=self._ags.get(member, ""),
            publisher=known.title if known else member,
            url=f"{site}{page}" if site else "",
            proof=f"{self._public_url}{page}/nachweis",
        )

    def offered(
        self, member: str, doc: OfferDoc, *, modified: str, same_as: Sequence[bytes] = (), masks: bool = False
    ) -> Offered:
        """Return one shown offer as formats write it.

        Args:
            modified: when it counts as changed, in UTC with milliseconds.
            masks: leave out what leads to a person.
        """
        doc = self._vocabularies.current_terms(doc)
        doc = msgspec.structs.replace(without_persons(doc) if masks else doc, last_modified=modified)
        origin = self.origin(member, bytes.fromhex(doc.id))
        return Offered(self.maker.service(doc, origin, same_as=[rid.hex() for rid in same_as]), doc, origin)

    def row(self, member: str, doc: OfferDoc, version: Version, *, modified: str, same_as: Sequence[bytes]) -> Row:
        """Return the row of a shown record; see `offered` for what is given."""
        doc = self._vocabularies.current_terms(doc)
        offered = self.offered(member, doc, modified=modified, same_as=same_as)
        hidden, masked = without_persons(doc), None
        if hidden != doc:
            masked = msgspec.json.encode(self.maker.with_contacts_of(offered.service, hidden))
        facts = self._facts.facts(member, doc)
        return Row(
            rid=version.rid,
            mark=self.mark(version, same_as),
            commitment=version.commitment,
            origin=origin_key(version.origin),
            position=version.position,
            modified=modified,
            is_free=facts.is_free,
            ages=facts.ages[0],
            item=msgspec.json.encode(self.maker.item(offered.service)),
            whole=msgspec.json.encode(offered.service),
            masked=masked,
            links=frozenset(self._links(doc, facts, offered.service)),
            slots=tuple(_slots(doc)),
            places=tuple(self._places(doc, offered.service)),
            providers=tuple(_providers(offered.service)),
        )

    def _links(self, doc: OfferDoc, facts: Facts, service: Object) -> Iterator[tuple[str, str]]:
        yield from self._term_links(doc, facts)
        for provider in _providers(service):
            yield "organization", provider.organization.hex()
        # Open to somebody is also what is made for somebody; what is made for nobody in particular says nothing.
        yield from (("target_group", code) for code in facts.open_to)
        yield from (("especially_for", code) for code in facts.especially)
        yield from (("language", code) for code in facts.languages)
        yield from (("area", code) for code in doc.service_areas)
        yield from (("access", code) for code in doc.access)
        yield from (("mode", code) for code in facts.modes)
        for city in facts.cities:
            if city == WHOLE_DISTRICT:
                yield "city", self._district.key
                yield "city", f"{self._district.key}000"
            elif city in self._ags:
                yield "city", self._ags[city]

    def _term_links(self, doc: OfferDoc, facts: Facts) -> Iterator[tuple[str, str]]:
        """A term is found by its own id and by those above it; a taxonomy by any of its terms."""
        given: dict[str, Sequence[str]] = {
            "topic": facts.topics, "target_group": facts.open_to, "access": doc.access, "mode": doc.mode,
            "offer_type": facts.offer_types,
            "accessibility": tuple({code for place in doc.locations for code in place.accessibility}),
            "org_type": tuple(provider.org_type for provider in doc.providers if provider.org_type),
        }  # fmt: skip
        for name in TAXONOMIES:
            for code in given[name]:
                yield "term", self._term_ids.get((name, code)) or self._vocabularies[name].term_id(code)
            if given[name]:
                yield "taxonomy", self._taxonomy_ids[name]

    def _places(self, doc: OfferDoc, service: Object) -> Iterator[PlaceRow]:
        for place in service.get("service_at_locations", []):
            latitude, longitude = self._point(doc, place["location"])
            yield PlaceRow(_raw(place["id"]), latitude, longitude, msgspec.json.encode(place))

    def _point(self, doc: OfferDoc, location: Mapping[str, Any]) -> tuple[float | None, float | None]:
        """Return where a place is, else the centre of its postcode; nowhere for a confidential one."""
        if doc.address_confidential:
            return None, None
        if "latitude" in location and "longitude" in location:
            return location["latitude"], location["longitude"]
        for address in location.get("addresses", []):
            centre = self._centres.get(address["postal_code"])
            if centre is not None:
                return centre
        return None, None


def postcode_centres(district: District) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude of the centre of each postcode of the district."""
    return {
        centre.code: (centre.latitude, centre.longitude) for member in district.members for centre in member.postcodes
    }


def _slots(doc: OfferDoc) -> Iterator[Slot]:
    for slot in doc.schedules:
        for day in dict.fromkeys(code[-2:] for code in slot.byday):
            yield Slot(day, slot.opens_at or "", slot.closes_at or "")


def _providers(service: Object) -> Iterator[ProviderRow]:
    seen: set[bytes] = set()
    lead = service.get("organization")
    for provider in [*([lead] if lead else []), *service["x_kreisweit"].get("co_providers", [])]:
        own = _raw(provider["id"])
        if own not in seen:
            seen.add(own)
            yield ProviderRow(own, provider is lead, msgspec.json.encode(provider))


def _raw(dashed: str) -> bytes:
    return bytes.fromhex(dashed.replace("-", ""))


class Makers:
    """Gives a party's row maker, made anew when the vocabularies or the addresses of the members' pages changed.

    Args:
        vocabularies: returns those that hold now; the same object until they change.
        sites: returns where the members' own pages are, by name; empty for one that cannot be reached from outside.
    """

    def __init__(
        self,
        vocabularies: Callable[[], Vocabularies],
        district: District,
        *,
        public_url: str,
        sites: Callable[[], Mapping[str, str]],
    ) -> None:
        self._vocabularies = vocabularies
        self._district = district
        self._public_url = public_url
        self._sites = sites
        self._made: tuple[Mapping[str, str], Vocabularies, RowMaker] | None = None

    def __call__(self) -> RowMaker:
        """Return the maker for the vocabularies and addresses of now."""
        sites, vocabularies = dict(self._sites()), self._vocabularies()
        made = self._made
        if made is None or made[0] != sites or made[1] is not vocabularies:
            maker = RowMaker(vocabularies, self._district, public_url=self._public_url, sites=sites)
            made = self._made = (sites, vocabularies, maker)
        return made[2]
