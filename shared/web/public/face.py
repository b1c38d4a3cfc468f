"""What a party brings to its public pages: where it reads, what it calls itself, whom visitors can ask.

Node and hub make one `Face` each; the pages beside this module know nothing else of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from shared.clock import Clock
from shared.consume import shown_origins
from shared.database import Database
from shared.feed.catalogue_note import CatalogueNote
from shared.mailing.subscribing import Subscriptions
from shared.model.hints import Taken
from shared.search.finding import Finder
from shared.web.offer_words import Words
from shared.web.pages import Pages, Standing


@dataclass(frozen=True)
class Office:
    """Whom visitors can ask: a function, never a person.  Empty where nothing is known."""

    name: str = ""
    street: str = ""
    town: str = ""
    phone: str = ""
    email: str = ""
    url: str = ""
    hours: str = ""

    @property
    def is_reachable(self) -> bool:
        """Tell whether there is a way to ask."""
        return bool(self.phone or self.email or self.url)


@dataclass(frozen=True)
class Texts:
    """What a party says on its pages in its own words (German); legal texts are Markdown, empty while unfinished."""

    greeting: str = ""
    office: Office = Office()
    imprint: str = ""
    privacy: str = ""
    accessibility: str = ""


class Mailbox(Protocol):
    """Takes what visitors write about the pages themselves, for the party's office."""

    def is_open(self) -> bool:
        """Tell whether a message would reach somebody."""

    def take(self, text: str, contact: str, *, address: str) -> int:
        """Pass a message on; returns how many seconds to wait first, 0 when it was taken.

        Args:
            address: of the visitor, for the pace alone; it is not kept.
        """


@dataclass(frozen=True)
class Remark:
    """Something visitors should know about the state of this party, above its lists."""

    kind: str  # info or warning
    title: str
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Face:
    """One party as its public pages see it.

    Args:
        member: name of the party in the federation; `hub` for the hub.
        own_city: the member whose offers come first; empty at the hub.
        public_url: origin under which people reach the pages, for links in feeds, letters and codes; empty if unknown.
        finder: answers questions.
        said: returns the newest catalogue note.
        hides: tells whether persons are hidden in the records of a member.
        texts: returns what the party set.
        remarks: returns what visitors should know just now.
        take_hint: keeps a checked hint for the owner of a shown offer; given the record's id, text, contact, and the
            visitor's address for the pace alone.
        subscriptions: letters about searches; None where none are offered.
        site_of: returns where a member's own pages are; empty where its node cannot be reached from outside.
        more_paths: returns the paths of pages that only this party has, for the sitemap.
        mailbox: where messages about the pages go; None where nobody can be written to from here.
    """

    member: str
    own_city: str
    db: Database
    clock: Clock
    pages: Pages
    words: Words
    finder: Finder
    public_url: str
    said: Callable[[], CatalogueNote | None]
    hides: Callable[[str], bool]
    texts: Callable[[], Texts]
    remarks: Callable[[], Sequence[Remark]]
    take_hint: Callable[[bytes, str, str, str], Taken]
    site_of: Callable[[str], str]
    subscriptions: Subscriptions | None = None
    mailbox: Mailbox | None = None
    more_paths: Callable[[], Sequence[str]] = lambda: ()

    def today(self) -> date:
        """Return the day in the district."""
        return self.moment().date()

    def moment(self) -> datetime:
        """Return the time on the district's clocks."""
        return datetime.fromtimestamp(self.clock.now(), ZoneInfo(self.words.district.timezone))

    def origins(self) -> list[str]:
        """Return the logs whose records are shown; none before the first note."""
        said = self.said()
        return [] if said is None else shown_origins(said)

    def standing(self) -> Standing:
        """Return how current the pages are."""
        said = self.said()
        return Standing(None) if said is None else Standing(said.time, said.digest)

    def absolute(self, path: str) -> str:
        """Return a path as an address that works outside of the page; the path itself where ours is unknown."""
        return self.public_url.rstrip("/") + path
