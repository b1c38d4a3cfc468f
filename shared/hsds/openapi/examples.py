"""The examples of the document: one invented offer, written by the same code as every real one."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from shared.hsds.pages import envelope
from shared.hsds.parts import Object, dashed
from shared.hsds.profile import PROFILE, VERSION
from shared.hsds.service import Maker, Origin
from shared.model.district import District, DistrictMember
from shared.model.offer import OfferDoc, offer_from_builtins, source_sha256

_RID: Final = "3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a"
_MODIFIED: Final = "2026-11-25T09:30:00.000Z"
_HOST: Final = "https://hub.example"
_HERTEN: Final = "05562020"
"""The town of the offer below; another district has it in a town of its own."""
_OFFER: Final[Object] = {
    "id": _RID, "name": "Sprachcafé im Bürgerhaus",
    "summary": "Deutsch üben bei Kaffee und Tee, ohne Anmeldung.", "body": "Neue Gesichter sind *immer* willkommen.",
    "providers": [
        {
            "id": "8c3e0f1a1f6d4b7a9b392f6f0a1c4d5e", "name": "Nachbarn im Viertel e.V.", "alternate_name": "NiV",
            "description": "Verein für gute Nachbarschaft", "email": "info@nachbarn.example", "org_type": "verein",
            "website": "https://nachbarn.example/", "legal_status": "e.V.",
            "identifiers": [{"identifier_type": "Vereinsregister", "identifier": "VR 1234 AG Musterstadt"}],
        },
        {"name": "Stadtbücherei", "org_type": "kommune"},
    ],
    "topics": ["sprache"], "offer_type": "treffpunkt", "target_groups": ["neu", "frauen"], "especially_for": ["neu"],
    "access": ["offen"], "mode": ["vor_ort"], "minimum_age": 16, "is_free": True, "service_areas": ["05562020"],
    "url": "https://nachbarn.example/sprachcafe", "email": "sprachcafe@nachbarn.example",
    "languages": [{"code": "de"}, {"code": "ar"}], "interpretation": "Arabisch nach Absprache",
    "locations": [
        {
            "kind": "physical", "name": "Bürgerhaus", "address_1": "Musterstraße 1", "postal_code": "45699",
            "city": "Herten", "latitude": 51.59557, "longitude": 7.14026, "transportation": "Bus 210 bis Rathaus",
            "accessibility": {"stufenlos": True, "aufzug": False},
        },
    ],
    "schedule_text": "jeden Dienstag von 16 bis 18 Uhr",
    "schedules": [{"freq": "WEEKLY", "byday": ["TU"], "opens_at": "16:00", "closes_at": "18:00", "kind": "kurszeit"}],
    "exceptions": [{"date_from": "2026-12-22", "date_to": "2027-01-05", "closed": True, "reason": "Weihnachtsferien"}],
    "contacts": [{"department": "Begegnung", "phones": [{"number": "+49 2366 000000"}]}],
    "phones": [{"number": "+49 2366 000001", "description": "Büro"}],
    "required_documents": [{"document": "Bücherei-Ausweis"}], "funding": ["Landesprogramm"],
    "capacity": [{"unit": "Plätze", "available": 4, "maximum": 12, "updated": "2026-11-20"}],
    "assured_date": "2026-11-01", "review_due": "2027-04-30", "valid_from": "2026-01-01",
}  # fmt: skip
_TRANSLATION: Final = {
    "name": "Language café at the community centre",
    "summary": "Practise German over coffee and tea, no registration.", "origin": "human", "updated": "2026-11-02",
}  # fmt: skip
CURSOR: Final = "lcQGXXKFjuGKAYDAAA"


class Examples:
    """What the document shows, in the words of one district.

    Args:
        maker: writes the objects.
    """

    def __init__(self, maker: Maker) -> None:
        self._district = maker.district
        doc = _sample(maker)
        member = maker.district.member_by_ags(doc.owner)
        page = f"/angebote/{_RID}"
        origin = Origin(
            node=member.name if member else "musterstadt",
            city=(member.town if member else "") or maker.district.name,
            ags=doc.owner,
            publisher=member.title if member else maker.district.name,
            url=f"https://{member.name if member else 'musterstadt'}.example{page}",
            proof=f"{_HOST}{page}/nachweis",
        )
        self.service = maker.service(doc, origin)
        self.item = maker.item(self.service)
        self.minimal = maker.minimal(self.service)
        (self.service_at_location,) = maker.service_at_locations(self.service)
        self.place = {**self.service_at_location, "service": self.item}
        self.organization = self.service["organization"]
        self.taxonomy = next(iter(maker.terms.taxonomies.values()))
        self.term = maker.terms.full_term(maker.terms.all_terms("topic")[0])

    def page(self, *contents: Object) -> Object:
        """Return a page of a list with these items alone."""
        encoded = [msgspec.json.encode(one) for one in contents]
        whole = envelope(encoded, total=len(encoded), page=1, per_page=50)
        return msgspec.json.decode(whole, type=dict[str, Any])

    @property
    def single(self) -> dict[str, Object]:
        """One object of each list, as its own address answers."""
        return {
            "services": self.service, "taxonomies": self.taxonomy, "taxonomy_terms": self.term,
            "organizations": {**self.organization, "services": [self.item]},
            "service_at_locations": self.service_at_location,
        }  # fmt: skip

    @property
    def pages(self) -> dict[str, dict[str, Object]]:
        """Examples of each list, by their names."""
        term = {name: value for name, value in self.term.items() if name != "taxonomy_detail"}
        return {
            "services": {
                "items": self.page(self.item), "minimal": self.page(self.minimal), "full": self.page(self.service),
                "empty": self.page(),
            },
            "taxonomies": {"items": self.page(self.taxonomy)}, "taxonomy_terms": {"items": self.page(term)},
            "organizations": {
                "items": self.page(self.organization),
                "full": self.page({**self.organization, "services": [self.item]}),
            },
            "service_at_locations": {"items": self.page(self.place)},
        }  # fmt: skip

    def about(self) -> Object:
        """Return what the start of the API tells."""
        return {
            "version": VERSION, "profile": PROFILE,
            "openapi_url": f"{_HOST}/hsds/openapi.json", "description": "Integration offers in the district",
            "data_guide": f"{_HOST}/schnittstelle",
            "publisher": {
                "name": "Kommunales Integrationszentrum", "identifier": f"kreisweit:{self._district.key}:hub",
            },
        }  # fmt: skip

    def changes(self) -> list[Object]:
        """Return one change of each kind."""
        other = "91b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
        return [
            {"id": self.service["id"], "kind": "created", "modified": _MODIFIED, "service": self.service},
            {"id": other, "kind": "withdrawn", "modified": _MODIFIED, "reason": "ended"},
            {"id": "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d", "kind": "erased", "modified": _MODIFIED},
        ]


PROBLEMS: Final[dict[str, Object]] = {
    "query": {
        "title": "Unusable query", "status": 400, "code": "query", "detail": "a parameter of the query is not valid",
        "errors": {"per_page": ["is not a whole number from 1 to 200"]},
    },
    "not_found": {
        "title": "Not found", "status": 404, "code": "not_found",
        "detail": f"there is no service {dashed(_RID)}",
    },
    "withdrawn": {
        "title": "Gone", "status": 410, "code": "withdrawn", "detail": "the service was withdrawn", "reason": "ended",
        "time": _MODIFIED,
    },
    "erased": {
        "title": "Gone", "status": 410, "code": "erased", "detail": "the service was erased", "time": _MODIFIED,
    },
    "notice": {
        "title": "Unavailable for legal reasons", "status": 451, "code": "notice",
        "detail": "the district has hidden this offer in the whole catalogue for a legal reason",
        "number": "3/2026", "member": "musterstadt", "grounds": "law",
        "text": "Das Angebot wirbt für eine verbotene Vereinigung.",
        "basis": "§ 86a StGB", "since": "2026-11-24", "review": "2027-02-24",
        "decided_by": "Kommunales Integrationszentrum", "complaints": "https://www.kreis.example/",
        "notices": "https://angebote.kreis.example/ausblendungen",
    },
    "unavailable": {
        "title": "The log cannot be written now", "status": 503, "code": "not_ready",
        "detail": "the outputs are being made; come back in a few seconds",
    },
}  # fmt: skip
"""One answer of each kind that is none."""


def _sample(maker: Maker) -> OfferDoc:
    """Return the offer; its owner is the first town of the district."""
    member = sample_member(maker.district)
    place = dict(_OFFER["locations"][0])
    if member.ags != _HERTEN:
        place = {name: value for name, value in place.items() if name not in ("latitude", "longitude")}
        place |= {"city": member.town or maker.district.contact.city, "postal_code": sample_postcode(member)}
    own = {
        **_OFFER,
        "owner": member.ags,
        "last_modified": _MODIFIED,
        "service_areas": [member.ags],
        "locations": [place],
    }
    english = {**_TRANSLATION, "source_sha256": source_sha256(offer_from_builtins(own))}
    return offer_from_builtins({**own, "translations": {"en": english}})


def sample_member(district: District) -> DistrictMember:
    """Return whose the offer of the examples is: a town of the district."""
    herten = district.member_by_ags(_HERTEN)
    return herten or next((member for member in district.members if member.town), district.members[0])


def sample_postcode(member: DistrictMember) -> str:
    """Return a postcode of a town; empty where the profile names none."""
    return member.postcodes[0].code if member.postcodes else ""
