"""What of an offer is compared with others: every field in one spelling, places apart from words, audiences by name.

A profile is made from the published document alone and is never stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final
from urllib.parse import urlsplit

from shared.errors import ParseError
from shared.likeness.words import EMPTY, Bag, Wording
from shared.model.district import District
from shared.model.offer import OfferDoc
from shared.model.phones import parse_phone
from shared.model.providers import match_key, propose_split
from shared.model.text import fold
from shared.search.lexicon import Lexicon
from shared.search.spelling import fold_letters, plain_gender, split_words, stem

_OWN_WORTH: Final = 0.4
"""What words of a title count that name the own provider or place: "im Haus der Kulturen" is no activity."""
_ADDED_WORTH: Final = 0.5
_BODIES: Final = 20_000
_READ: Final = 600
"""Characters of a description beyond its summary that are compared."""

_BRACKETS: Final = re.compile(r"\(([^()]*)\)")
_DEPARTMENT: Final = re.compile(r"\s+[–—-]\s+")
_CHURCH_DISTRICT: Final = re.compile(r"kirchenkreis(?:es)? +[\w-]+", re.IGNORECASE)
_STREET_WORD: Final = re.compile(r"(?:stra(?:ss|ß)e|str\b\.?)", re.IGNORECASE)
_HOUSE: Final = re.compile(r"^(\D*?)\s*(\d+)\s*([a-z]?)\b")
_LEVEL: Final = re.compile(r"(?<![A-Za-z0-9])([ABC][12])(?![0-9A-Za-z])")
_NUMBER: Final = re.compile(r"\d+")
_ORDINAL: Final = re.compile(r"(?<![^\W\d_])(?:teil|gruppe|modul|stufe|kurs)\s+([ivx]{1,4}|[a-h])(?![^\W_])", re.IGNORECASE)
_DAYS: Final = {
    "mo": "montag", "di": "dienstag", "mi": "mittwoch", "do": "donnerstag", "fr": "freitag", "sa": "samstag",
    "so": "sonntag", "sonnabend": "samstag",
}  # fmt: skip
_DAY: Final = re.compile(
    r"(?<![^\W_])(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)", re.IGNORECASE
)
_SHORT_DAY: Final = re.compile(r"(?<![^\W_])(Mo|Di|Mi|Do|Fr|Sa|So)(?![^\W_])(?:\.?\s*(?:[-–]|bis)\s*(Mo|Di|Mi|Do|Fr|Sa|So)(?![^\W_]))?")
_WEEK: Final = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_BYDAY: Final = {"MO": "montag", "TU": "dienstag", "WE": "mittwoch", "TH": "donnerstag", "FR": "freitag", "SA": "samstag", "SU": "sonntag"}
_HALF: Final = {
    "vormittag": re.compile(r"vormittag|morgens|fruh(?:kurs|gruppe)"),
    "nachmittag": re.compile(r"nachmittag"),
    "abend": re.compile(r"(?<!begegnungs)(?<!gesprachs)abend(?!brot|land)"),
}
_AUDIENCES: Final = {
    "frauen": r"frauen(?!haus|berat)|mutter|madchen|damen|schwanger",
    "maenner": r"manner|vater|jungen\b|jungs|herren",
    "kinder": r"grundschul|kinder(?!betreuung|schutz|klinik|garten|hospiz)|kids|kleinkind|babys?|schulkind|sauglinge?",
    "jugend": r"jugend(?!amt|herberge)|junge menschen|junge zugewanderte|teenager|madchen|(?<!grund)schuler|16 bis 25|berufskolleg",
    "senioren": r"senior|altere|rentner|lebensabend|generation 60|ab 60|ab 65",
    "eltern": r"eltern|familie|mutter|vater",
    "flucht": r"fluchtling|gefluchtet|asyl",
    "zuwanderung": r"migrationsberatung|zuwander|zugewandert|einwander",
}
_AUDIENCE_PATTERNS: Final = {name: re.compile(rf"(?<![^\W_])(?:\w*?)(?:{words})") for name, words in _AUDIENCES.items()}
_SKILLS: Final = {
    "anfang": re.compile(r"anfanger|einsteiger|einstieg|grundkurs|grundlagen|grundstufe|basis"),
    "fort": re.compile(r"fortgeschritten|aufbaukurs|aufbaustufe"),
}
_KINDS: Final = {
    kind: frozenset(stem(fold_letters(word)) for word in words.split())
    for kind, words in {
        "meeting": "café treff treffen treffpunkt begegnung frühstück erzählcafé stammtisch",
        "course": "kurs unterricht lehrgang training schulung workshop seminar qualifizierung ausbildung",
        "advice": "beratung sprechstunde hotline beratungsstelle",
        "workshop": "werkstatt",
        "goods": "annahme ausgabe kammer laden shop tafel kleidung",
        "sponsors": "patenschaft pate paten",
        "agency": "agentur",
    }.items()
}
"""What an offer is at its core, by the heads of its title; a group or a project may be anything."""
# Of many, not of one provider; a town's or the district's own site is told by its name.
_SHARED_HOSTS: Final = frozenset(
    {
        "facebook.com", "instagram.com", "youtube.com", "google.com", "google.de", "goo.gl", "maps.app.goo.gl",
        "linktr.ee", "wordpress.com", "jimdo.com", "jimdofree.com", "wixsite.com", "web.de", "gmx.de", "gmail.com",
        "googlemail.com", "t-online.de", "outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "yahoo.de",
        "yahoo.com", "freenet.de", "aol.com", "gmx.net", "icloud.com", "posteo.de", "mailbox.org", "wikipedia.org",
        "bamf.de", "meetup.com", "eventbrite.de", "nebenan.de", "whatsapp.com", "t.me", "zoom.us", "integreat.app",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """One provider's name: its words, those of its department apart, and the towns it names."""

    bag: Bag
    department: Bag
    towns: frozenset[str]
    key: str


@dataclass(frozen=True, slots=True)
class Told:
    """What title, description and audience of an offer tell together; made only of offers that are looked at closely."""

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
    is_online: bool
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
            word.folded: name for town, name in self._towns.items() for word in split_words(town) if len(word.folded) > 5
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
        folded = fold_letters(doc.name)
        plain = self._wording.bag(plain_gender(doc.name), with_meanings=False)
        return Profile(
            member=member,
            title=title,
            title_key=" ".join(sorted(term.stem for term in title.terms)),
            plain=plain,
            names=frozenset(name for name in plain.parts if not self._wording.knows(name)),
            kinds=frozenset(_kinds(plain)),
            languages=self._wording.languages(doc.name),
            bodies=bodies,
            identifiers=frozenset(_identifiers(doc)),
            towns=towns,
            nearby=nearby,
            postcodes=frozenset(one.postal_code for one in doc.locations if one.postal_code),
            streets=frozenset(_street(one.address_1)[0] for one in doc.locations if one.address_1),
            houses=frozenset(" ".join(_street(one.address_1)) for one in doc.locations if _street(one.address_1)[1]),
            place=place,
            phones=frozenset(self._phones(doc)),
            mails=frozenset(mail.lower() for mail in _mails(doc)),
            hosts=hosts,
            shared_hosts=shared,
            pages=frozenset(_pages(doc)),
            topics=frozenset(doc.topics),
            audience=_audience(f"{doc.name} {doc.eligibility}") | _codes(doc),
            titled_audience=_audience(doc.name),
            levels=frozenset(_LEVEL.findall(doc.name)),
            skills=_skills(doc.name),
            numbers=frozenset(n.lstrip("0") for n in _NUMBER.findall(_LEVEL.sub(" ", doc.name)))
            | frozenset(found.casefold() for found in _ORDINAL.findall(doc.name)),
            titled_days=frozenset(_days(doc.name)),
            days=frozenset(_days(doc.schedule_text)) | {_BYDAY[d[-2:]] for rule in doc.schedules for d in rule.byday},
            halves=frozenset(n for n, p in _HALF.items() if p.search(f"{folded} {fold_letters(doc.schedule_text)}")),
            is_online=doc.mode == ("online",),
            tell=partial(self._told, doc, own),
        )

    def _told(self, doc: OfferDoc, own: Bag) -> Told:
        text = f"{doc.name} {doc.eligibility} {doc.summary}"
        return Told(
            text=self._wording.bag(f"{doc.name} {doc.summary} {doc.body[:_READ]}", known=own, known_worth=_OWN_WORTH),
            audience=_audience(f"{text} {doc.body[:_READ]}") | _codes(doc),
            languages=self._wording.languages(f"{doc.name} {doc.summary}"),
            skills=_skills(text),
            levels=frozenset(_LEVEL.findall(text)),
        )

    def _title(self, name: str, own: Bag) -> Bag:
        """The words of a title; what stands in brackets is an addition and counts half."""
        whole = self._wording.bag(name, known=own, known_worth=_OWN_WORTH)
        bare = self._wording.bag(_BRACKETS.sub(" ", name), with_meanings=False).stems
        return whole.lighter(whole.stems - bare, _ADDED_WORTH) if bare else whole

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
        found = {_host(url) for url in urls if url} | {mail.rpartition("@")[2].lower() for mail in _mails(doc)}
        found.discard("")
        shared = {host for host in found if self._is_shared(host)}
        return frozenset(found - shared), frozenset(shared)

    def _is_shared(self, host: str) -> bool:
        site = ".".join(host.split(".")[-2:])
        name = fold_letters(site.partition(".")[0]).removeprefix("stadt-").removeprefix("stadt")
        return host in _SHARED_HOSTS or site in _SHARED_HOSTS or name in self._own_sites


# --- single fields -----------------------------------------------------------------------------------------------------


def _identifiers(doc: OfferDoc) -> Iterator[str]:
    for provider in doc.providers:
        for one in provider.identifiers:
            yield f"{fold(one.identifier_type)}:{fold(one.identifier)}"


def _mails(doc: OfferDoc) -> Iterator[str]:
    """Addresses of the offer and of its providers; persons' own are of no use here."""
    yield from (mail for mail in (doc.email, *(one.email for one in doc.providers)) if mail)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _pages(doc: OfferDoc) -> Iterator[str]:
    """Addresses of single pages; a site's first page says no more than its host."""
    for url in (doc.url, *(one.url for one in doc.additional_urls)):
        place = urlsplit(url)
        if place.path.strip("/"):
            yield f"{_host(url)}{place.path.rstrip('/')}?{place.query}".rstrip("?")


def _street(text: str) -> tuple[str, str]:
    """Name and number of a street in one spelling."""
    plain = _STREET_WORD.sub("str ", fold_letters(text.partition(",")[0]))
    found = _HOUSE.match(plain)
    name, number = (found[1], found[2] + found[3]) if found else (plain, "")
    return re.sub(r"[\W_]+", "", name), number


def _days(text: str) -> Iterator[str]:
    for found in _DAY.findall(text):
        yield _DAYS.get(found.casefold(), found.casefold())
    for first, last in _SHORT_DAY.findall(text):
        at = _WEEK.index(_DAYS[first.lower()])
        end = _WEEK.index(_DAYS[last.lower()]) if last else at
        yield from _WEEK[at : max(at, end) + 1]


def _skills(text: str) -> frozenset[str]:
    plain = fold_letters(text)
    return frozenset(name for name, pattern in _SKILLS.items() if pattern.search(plain))


def _kinds(title: Bag) -> Iterator[str]:
    for kind, heads in _KINDS.items():
        if heads & (title.parts | title.stems) or any(
            name.endswith(head) for name in title.stems for head in heads if len(head) > 4
        ):
            yield kind


def _audience(text: str) -> frozenset[str]:
    plain = fold(plain_gender(text))
    return frozenset(name for name, pattern in _AUDIENCE_PATTERNS.items() if pattern.search(plain))


def _codes(doc: OfferDoc) -> Iterable[str]:
    return {code for code in (*doc.target_groups, *doc.especially_for) if code in _AUDIENCES}
