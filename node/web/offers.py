"""The pages of a node: kreisweit offers, one offer, and how the node stands."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from node import viewing
from node.city import load_city
from node.party import Node
from node.web.city import dress_of
from shared.accounts.links import DESK
from shared.web import catalogue_page
from shared.web.messages import N_
from shared.web.offer_words import Words
from shared.web.own_languages import offered_languages
from shared.web.pages import Link, Pages, Shell, Standing
from shared.web.public.legal import FOOTER


def make_pages(node: Node, words: Words) -> Pages:
    """Return the page renderer of a node."""
    settings = node.settings
    shell = Shell(
        party=settings.title,
        district=words.district.name,
        navigation=(Link("/", N_("Angebote")), Link("/verbund", N_("Verbund"))),
        footer=FOOTER,
        notice=settings.notice,
        desk=Link(DESK, N_("Redaktion")),
    )
    return Pages(
        shell, node.clock, packages=("node.web",), dress=lambda: dress_of(node), languages=offered_languages(words)
    )


def page_routes(node: Node, pages: Pages, words: Words) -> Router:
    """Return the routes of all pages."""

    @get("/", sync_to_thread=True, include_in_schema=False)
    def offers(seite: FromQuery[str | None] = None) -> Response[str]:
        page = catalogue_page.read_page_number(seite)
        said = node.consumer.newest()
        return pages.respond(
            "node_offers.html",
            path="/",
            standing=_standing(node),
            city=load_city(node),
            offers=catalogue_page.list_offers(node.db, said, words, page=page),
            pending=viewing.pending_titles(node) if page == 1 else [],
            joined=node.membership is not None,
            waiting=not node.is_member,
            recovering=viewing.is_recovering(node),
        )

    @get("/angebote/{rid:str}", sync_to_thread=True, include_in_schema=False)
    def offer(rid: FromPath[str]) -> Response[str]:
        view = catalogue_page.show_offer(
            node.db,
            node.consumer.newest(),
            words,
            catalogue_page.read_record_id(rid),
            hides=lambda member: viewing.hides_persons(node, member),
            now=node.clock.now(),
        )
        return pages.respond(
            "offer.html", standing=_standing(node), offer=view, hint_path=f"/angebote/{view.card.id}/hinweis"
        )

    @get("/verbund", sync_to_thread=True, include_in_schema=False)
    def federation() -> Response[str]:
        view = viewing.show_federation(node)
        return pages.respond("federation.html", path="/verbund", standing=_standing(node), view=view, words=words)

    return Router("/", route_handlers=[offers, offer, federation])


def _standing(node: Node) -> Standing:
    said = node.consumer.newest()
    return Standing(None) if said is None else Standing(said.time, said.digest)
