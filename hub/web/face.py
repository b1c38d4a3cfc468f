"""What the hub brings to the public pages: the district's contact, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hub import relaying, viewing
from hub.mailing import subscriptions_of
from hub.party import Hub
from hub.web.letter_pages import public_paths
from shared.web.messages import N_, translate
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.public.face import Face, Office, Remark, Texts

LEGAL_FILES = ("impressum", "datenschutz", "barrierefreiheit")
_LEGAL_MAX = 40_000
_RECOVERING = N_("Der Stand wird gerade mit den Städten abgeglichen.")


def make_face(hub: Hub, pages: Pages, words: Words) -> Face:
    """Return the hub as its public pages see it."""
    contact = words.district.contact
    office = Office(
        name=contact.organisation, street=contact.street, town=f"{contact.postal_code} {contact.city}".strip(),
        phone=contact.phone, email=contact.email, url=contact.url,
    )  # fmt: skip
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


def _texts(hub: Hub, office: Office) -> Texts:
    """Return the legal texts that lie as files in the hub's directory, until it has a desk for them."""
    home = Path(hub.settings.home)
    imprint, privacy, accessibility = (_read(home / f"{name}.md") for name in LEGAL_FILES)
    return Texts(office=office, imprint=imprint, privacy=privacy, accessibility=accessibility)


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace").strip()[:_LEGAL_MAX] if file.is_file() else ""


def _remarks(hub: Hub) -> Sequence[Remark]:
    return [Remark("info", translate(_RECOVERING))] if hub.is_recovering() else []
