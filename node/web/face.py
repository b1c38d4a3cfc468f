"""What a node brings to the public pages: its city's own words, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node import feedback, hints, passing, viewing
from node.city import City, load_city
from node.editing import newest_document
from node.following import subscriptions_of
from node.party import Node
from shared.model.hints import Taken
from shared.model.text import is_finished
from shared.web.messages import N_, translate
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.public.face import Face, Office, Remark, Texts


def make_face(node: Node, pages: Pages, words: Words) -> Face:
    """Return the node as its public pages see it."""
    return Face(
        member=node.settings.name,
        own_city=node.settings.name,
        db=node.db,
        clock=node.clock,
        pages=pages,
        words=words,
        finder=node.finder,
        public_url=node.settings.public_url,
        said=node.consumer.shown,
        hides=lambda member: viewing.hides_persons(node, member),
        texts=lambda: _texts(node),
        remarks=lambda: _remarks(node),
        take_hint=lambda rid, text, contact, address: _take_hint(node, rid, text, contact, address),
        subscriptions=subscriptions_of(node),
        site_of=node.book.site_of,
        mailbox=_Mailbox(node),
    )


def _take_hint(node: Node, rid: bytes, text: str, contact: str, address: str) -> Taken:
    """Keep a hint about an own offer for the desk, and one about another's for the hub."""
    with node.db.read() as conn:
        is_own = newest_document(node, conn, rid) is not None
    if is_own:
        return hints.take_hint(node, rid, text, contact, address=address)
    return passing.keep_hint(node, rid, text, contact, address=address)


def office_of(city: City) -> Office:
    """Return whom visitors of a city's pages can ask."""
    return Office(
        name=city.office, street=city.office_street, town=city.office_town, phone=city.office_phone,
        email=city.office_email, hours=city.office_hours,
    )  # fmt: skip


def _texts(node: Node) -> Texts:
    city = load_city(node)
    office = office_of(city)
    legal = (text if is_finished(text) else "" for text in (city.imprint, city.privacy, city.accessibility))
    return Texts(city.greeting, office, *legal)


@dataclass(frozen=True)
class _Mailbox:
    """Where messages about the pages go: to the office, if the city sends mail."""

    node: Node

    def is_open(self) -> bool:
        return feedback.takes_feedback(self.node)

    def take(self, text: str, contact: str, *, address: str) -> int:
        return feedback.take_feedback(self.node, text, contact, address=address)


_ALONE = N_("Dieser Knoten gehört noch keinem Verbund an.")
_HOW_TO_JOIN = N_("Der Kreis lädt ihn ein; mit dem Code der Einladung tritt er bei.")
_WAITING = N_("Die Aufnahme in den Verbund ist beantragt; der Kreis muss sie noch bestätigen.")
_RECOVERING = N_("Der Stand wird gerade mit dem Kreis abgeglichen.")
_PENDING = N_("Gespeichert, noch nicht veröffentlicht")


def _remarks(node: Node) -> Sequence[Remark]:
    found: list[Remark] = []
    if node.membership is None:
        found.append(Remark("info", translate(_ALONE), [translate(_HOW_TO_JOIN)]))
    elif not node.is_member:
        found.append(Remark("info", translate(_WAITING)))
    elif viewing.is_recovering(node):
        found.append(Remark("info", translate(_RECOVERING)))
    if pending := viewing.pending_titles(node):
        found.append(Remark("info", translate(_PENDING), pending))
    return found
