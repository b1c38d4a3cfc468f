"""What the hub brings to the public pages: the district's contact, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from hub import relaying, texts, viewing
from hub.mailing import subscriptions_of
from hub.party import Hub
from hub.web.letter_pages import public_paths
from shared.web.messages import N_, translate
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.public.face import Face, Office, Remark, Texts

_RECOVERING = N_("Der Stand wird gerade mit den Städten abgeglichen.")


def make_face(hub: Hub, pages: Pages, words: Words) -> Face:
    """Return the hub as its public pages see it."""
    office = office_of(words)
    return Face(
        member="hub",
        own_city="",
        db=hub.db,
        clock=hub.clock,
        pages=pages,
        words=words,
        finder=hub.finder,
        public_url=hub.public_url,
        said=lambda: viewing.newest(hub),
        hides=lambda _: hub.is_recovering(),
        texts=lambda: _texts(hub, office),
        remarks=lambda: _remarks(hub),
        take_hint=lambda rid, text, contact, address: relaying.take_hint(hub, rid, text, contact, address=address),
        subscriptions=subscriptions_of(hub),
        site_of=hub.book.site_of,
        more_paths=lambda: public_paths(hub),
    )


def office_of(words: Words) -> Office:
    """Return whom visitors can ask, as the district's profile says."""
    contact = words.district.contact
    return Office(
        name=contact.organisation, street=contact.street, town=f"{contact.postal_code} {contact.city}".strip(),
        phone=contact.phone, email=contact.email, url=contact.url,
    )  # fmt: skip


def _texts(hub: Hub, office: Office) -> Texts:
    imprint, privacy, accessibility = (one.text if one.is_shown else "" for one in texts.own_texts(hub))
    return Texts(office=office, imprint=imprint, privacy=privacy, accessibility=accessibility)


def _remarks(hub: Hub) -> Sequence[Remark]:
    return [Remark("info", translate(_RECOVERING))] if hub.is_recovering() else []
