"""What of an offer is compared with others: every field in one spelling, places apart from words, audiences by name.

A profile is made from the published document alone and is never stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

from shared.errors import ParseError
from shared.likeness.addresses import SHARED_HOSTS, host_of, identifiers_of, mails_of, pages_of, street_of
from shared.likeness.bags import EMPTY, Bag
from shared.likeness.telling import (
    AUDIENCES,
    audience_of,
    dates_of,
    days_of,
    halves_of,
    kinds_of,
    levels_of,
    numbers_of,
    plain_of,
    skills_of,
)  # fmt: skip
from shared.likeness.words import Wording
from shared.model.district import District
from shared.model.offer import OfferDoc
from shared.model.phones import parse_phone
from shared.model.providers import match_key, propose_split
from shared.search.lexicon import Lexicon
from shared.search.spelling import fold_letters, plain_gender, split_words, stem

_OWN_WORTH: Final = 0.4
"""What words of a title count that name the own provider or place: "im Haus der Kulturen" is no activity."""
_ADDED_WORTH: Final = 0.5
_ANY_BODY: Final = frozenset(
    stem(word.folded)
    for word in split_words(
        """
        deutscher deutsches ov kv og ub ortsverein ortsverband ortsgruppe kreisverband kreisgruppe stadtverband
        stadtteil unterbezirk landesverband beratungsstelle geschäftsstelle bezirksstelle verein
        """
    )
)
_ANY_BODY_WORTH: Final = 0.2
"""What words of a provider's name count that say of what rank it is."""
_MANY_BODIES: Final = frozenset(
    stem(word.folded)
    for word in split_words(
        "evangelisch evangelische katholisch katholische kirche gemeinde pfarrei luth stadt bereich"
    )
)
_MANY_BODIES_WORTH: Final = 0.45
"""What words of a provider's name count that several in one town have."""
_BODIES: Final = 20_000
_READ: Final = 600
"""Characters of a description beyond its summary that are compared."""

_BRACKETS: Final = re.compile(r"\(([^()]*)\)")
_AT_PLACE: Final = re.compile(r"(?<!\w)(?:im|in der|am|an der|beim|bei der) (?=[„\"A-ZÄÖÜ])")
_DEPARTMENT: Final = re.compile(r"\s+[–—-]\s+")
_CHURCH_DISTRICT: Final = re.compile(r"kirchenkreis(?:es)? +[\w-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """One provider's name: its words, those of its department apart, and the towns it names."""

    bag: Bag
    department: Bag
    towns: frozenset[str]
    key: str


@dataclass(frozen=True, slots=True)
class Told:
    """What title, description and audience of an offer tell together; made only where it is looked at closely."""

    text: Bag
    audience: frozenset[str]
    languages: frozenset[str]
    skills: frozenset[str]
    levels: frozenset[str]


@dataclass(frozen=True)
class Profile:
    """One offer as it is compared.

    `towns` are those where it is for certain; `nearby` adds the publisher's own and those that are only named.
    """

    member: str
    title: Bag
    title_key: str
    plain: Bag
    names: frozenset[str]
    kinds: frozenset[str]
    languages: frozenset[str]
    bodies: tuple[Body, ...]
    identifiers: frozenset[str]
    towns: frozenset[str]
    nearby: frozenset[str]
    postcodes: frozenset[str]
    streets: frozenset[str]
    houses: frozenset[str]
    place: Bag
    phones: frozenset[str]
    mails: frozenset[str]
    hosts: frozenset[str]
    shared_hosts: frozenset[str]
    pages: frozenset[str]
    topics: frozenset[str]
    audience: frozenset[str]
    titled_audience: frozenset[str]
    levels: frozenset[str]
    skills: frozenset[str]
    numbers: frozenset[str]
    titled_days: frozenset[str]
    days: frozenset[str]
    halves: frozenset[str]
    dates: frozenset[str]
    spoken: frozenset[str]
    tell: Callable[[], Told]

    @cached_property
    def told(self) -> Told:
        """What the longer texts tell."""
        return self.tell()


class Profiler:
    """Makes profiles for one district; one serves for many offers.

    Args:
        lexicon: word lists of the search.
        district: whose towns are known.
    """

    def __init__(self, lexicon: Lexicon, district: District) -> None:
        self._district = district
        self._towns = {fold_letters(one.town): one.town for one in district.members if one.town}
        words = {word.folded for town in self._towns for word in split_words(town)}
        # A part of a double name that is long enough is the town too: Haltern, Castrop, Rauxel, Erkenschwick.
        self._by_word = {
            word.folded: name
            for town, name in self._towns.items()
            for word in split_words(town)
            if len(word.folded) > 5
        } | {town: name for town, name in self._towns.items() if town.isalpha()}
        self._named = re.compile(
            rf"(?<![^\W_])({'|'.join(sorted(map(re.escape, self._by_word), key=len, reverse=True))})(?:er|s)?(?![^\W_])"
        )
        names = (district.name, district.short_name, "Kreis")
        self._district_words = frozenset(word.folded for name in names for word in split_words(name)) - words
        self._district_name = re.compile(re.escape(fold_letters(district.name)).replace("kreis", "kreis(?:es)?"))
        short = {word.folded for word in split_words(district.short_name)} - {"kreis"}
        self._wording = Wording(lexicon, frozenset(words | short | set(self._by_word)))
        self._postcodes = district.town_postcodes()
        # Sites of the towns and of the district itself: marl.de, kreis-re.de, stadt-waltrop.de.
        self._own_sites = {fold_letters(one.town).replace(" ", "-") for one in district.members if one.town}
        self._remembered: dict[str, Body] = {}
        self._own_sites |= {fold_letters(name).replace(" ", "-") for name in names if name}

    def profile_of(self, doc: OfferDoc, member: str) -> Profile:
        """Return what of an offer is compared.

        Args:
            member: who publishes it.
        """
        bodies = tuple(self._bodies(doc))
        place = self._wording.bag(" ".join(one.name for one in doc.locations), with_meanings=False)
        own = Bag((*place.terms, *(term for body in bodies for term in body.bag.terms)), frozenset(), ())
        title = self._title(plain_gender(doc.name), own)
        towns, nearby = self._where(doc, member)
        hosts, shared = self._hosts(doc)
        streets = [street_of(one.address_1) for one in doc.locations if one.address_1]
        plain = self._wording.bag(plain_gender(doc.name), with_meanings=False)
        plain_name = plain_of(doc.name)
        return Profile(
            member=member,
            title=title,
            title_key=" ".join(sorted(term.stem for term in title.terms)),
            plain=plain,
            names=frozenset(name for name in plain.parts if not self._wording.knows(name)),
            kinds=kinds_of(plain),
            languages=self._wording.languages(doc.name),
            bodies=bodies,
            identifiers=frozenset(identifiers_of(doc)),
            towns=towns,
            nearby=nearby,
            postcodes=frozenset(one.postal_code for one in doc.locations if one.postal_code),
            streets=frozenset(name for name, _ in streets),
            houses=frozenset(f"{name} {number}" for name, number in streets if number),
            place=place,
            phones=frozenset(self._phones(doc)),
            mails=frozenset(mail.lower() for mail in mails_of(doc)),
            hosts=hosts,
            shared_hosts=shared,
            pages=frozenset(pages_of(doc)),
            topics=frozenset(doc.topics),
            audience=audience_of(f"{plain_name} {plain_of(doc.eligibility)}") | _codes(doc),
            titled_audience=audience_of(plain_name),
            levels=levels_of(doc.name),
            skills=skills_of(plain_name),
            numbers=numbers_of(doc.name),
            titled_days=days_of(doc.name),
            days=days_of(doc.schedule_text, doc.schedules),
            halves=halves_of(f"{doc.name} {doc.schedule_text}"),
            dates=dates_of(f"{doc.name} {doc.schedule_text}"),
            spoken=frozenset(one.code for one in doc.languages) - {"de"},
            tell=partial(self._told, doc, own),
        )

    def _told(self, doc: OfferDoc, own: Bag) -> Told:
        short = f"{doc.name} {doc.eligibility} {doc.summary}"
        body = doc.body[:_READ]
        plain = plain_of(short)
        return Told(
            text=self._wording.bag(f"{doc.name} {doc.summary} {body}", known=own, known_worth=_OWN_WORTH),
            audience=audience_of(f"{plain} {plain_of(body)}") | _codes(doc),
            languages=self._wording.languages(f"{doc.name} {doc.summary}"),
            skills=skills_of(plain),
            levels=levels_of(short),
        )

    def _title(self, name: str, own: Bag) -> Bag:
        """The words of a title; what stands in brackets is an addition and counts half."""
        whole = self._wording.bag(name, known=own, known_worth=_OWN_WORTH)
        at = _AT_PLACE.search(name)
        if at:
            place = self._wording.bag(name[at.end() :], with_meanings=False).stems
            before = self._wording.bag(name[: at.start()], with_meanings=False).stems
            whole = whole.lighter(place - before - own.stems, _OWN_WORTH) if before else whole
        bare = self._wording.bag(_BRACKETS.sub(" ", name), with_meanings=False)
        if not bare.stems:
            return whole
        # "Wohnberechtigungsschein (WBS)": initials of what stands there already.
        short = frozenset(term.stem for term in whole.terms if term.acronym and bare.has_initials(term.acronym))
        return whole.lighter(whole.stems - bare.stems - short, _ADDED_WORTH).lighter(short, 0.0)

    # --- providers ---------------------------------------------------------------------------------------------------

    def _bodies(self, doc: OfferDoc) -> Iterator[Body]:
        for provider in doc.providers:
            for name in dict.fromkeys((provider.name, provider.alternate_name)):
                if name:
                    yield from self._pieces(name)

    def _pieces(self, name: str) -> Iterator[Body]:
        """The whole name first, then each of those that it lists; what stands in brackets is a name of its own."""
        yield self._body(name)
        head, *rest = _DEPARTMENT.split(name, maxsplit=1)
        if rest:
            yield self._body(f"{head} {rest[0]}")
            yield self._body(rest[0])
        bare, inside = _BRACKETS.sub(" ", name), _BRACKETS.findall(name)
        pieces = [*propose_split(bare), *(piece for some in inside for piece in propose_split(some))]
        if len(pieces) > 1 or inside:
            for piece in pieces:
                yield self._body(piece)

    def _body(self, name: str) -> Body:
        found = self._remembered.get(name)
        if found is None:
            if len(self._remembered) > _BODIES:
                self._remembered.clear()
            found = self._remembered[name] = self._read_body(name)
        return found

    def _read_body(self, name: str) -> Body:
        head, *rest = _DEPARTMENT.split(_CHURCH_DISTRICT.sub("Kirchenkreis", name), maxsplit=1)
        towns = frozenset(self._mentioned(name))
        bag = self._wording.bag(match_key(head), written=head)
        if bag.stems - _ANY_BODY:
            bag = bag.lighter(bag.stems & _ANY_BODY, _ANY_BODY_WORTH)
        many = frozenset(term.stem for term in bag.terms if all(part.stem in _MANY_BODIES for part in term.parts))
        bag = bag.lighter(many, _MANY_BODIES_WORTH)
        department = self._wording.bag(match_key(rest[0]), written=rest[0]) if rest else EMPTY
        return Body(bag, department, towns, " ".join(sorted(bag.stems)))

    # --- places ------------------------------------------------------------------------------------------------------

    def _where(self, doc: OfferDoc, member: str) -> tuple[frozenset[str], frozenset[str]]:
        stated = {name for one in doc.locations for name in self._town_of(one.city, one.postal_code)}
        named = set(self._mentioned(doc.name))
        towns = stated or named
        listed = self._district.member(member)
        own = {listed.town} if listed is not None and listed.town else set()
        beside = {town for one in doc.providers for town in self._mentioned(one.name)}
        beside |= {town for one in doc.locations for town in self._mentioned(one.name)}
        return frozenset(towns), frozenset(towns | own | named | beside)

    def _town_of(self, city: str, postcode: str) -> Iterator[str]:
        member = self._district.member_by_text(city) or self._district.member_by_text(self._postcodes.town(postcode))
        if member is not None and member.town:
            yield member.town
        elif city:
            yield from list(self._mentioned(city)) or [city]

    def _mentioned(self, text: str) -> Iterator[str]:
        """Names of members whose town a text names; the district's own name and a church's district name none."""
        plain = self._district_name.sub(" ", fold_letters(_CHURCH_DISTRICT.sub(" ", text)))
        for found in self._named.findall(plain):
            yield self._by_word[found]

    # --- contacts ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _phones(doc: OfferDoc) -> Iterator[str]:
        for phone in (*doc.phones, *(phone for one in doc.contacts for phone in one.phones)):
            if phone.type == "fax":
                continue
            try:
                yield re.sub(r"\D", "", phone.number if phone.number.startswith("+") else parse_phone(phone.number))
            except ParseError:
                continue

    def _hosts(self, doc: OfferDoc) -> tuple[frozenset[str], frozenset[str]]:
        urls = [doc.url, *(one.url for one in doc.additional_urls), *(one.website for one in doc.providers)]
        found = {host_of(url) for url in urls if url} | {mail.rpartition("@")[2].lower() for mail in mails_of(doc)}
        found.discard("")
        shared = {host for host in found if self._is_shared(host)}
        return frozenset(found - shared), frozenset(shared)

    def _is_shared(self, host: str) -> bool:
        site = ".".join(host.split(".")[-2:])
        name = fold_letters(site.partition(".")[0]).removeprefix("stadt-").removeprefix("stadt")
        return host in SHARED_HOSTS or site in SHARED_HOSTS or name in self._own_sites


def _codes(doc: OfferDoc) -> frozenset[str]:
    return frozenset(code for code in (*doc.target_groups, *doc.especially_for) if code in AUDIENCES)
