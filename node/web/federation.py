"""The pages of a node beside the public catalogue: how the node stands."""

from __future__ import annotations

from litestar import Response, Router, get

from node import viewing
from node.party import Node
from node.web.city import dress_of
from shared.accounts.links import DESK
from shared.web.messages import N_
from shared.web.offer_words import Words
from shared.web.own_languages import offered_languages
from shared.web.pages import Link, Pages, Shell, Standing
from shared.web.public.legal import FOOTER
from shared.web.public.navigation import CALLS_LINK, NAVIGATION
from shared.web.routers import OwnRouter
from shared.web.running import describe_running


def make_pages(node: Node, words: Words) -> Pages:
    """Return the page renderer of a node."""
    settings = node.settings
    shell = Shell(
        party=settings.title,
        district=words.district.name,
        navigation=NAVIGATION,
        footer=(*FOOTER, CALLS_LINK, Link("/verbund", N_("Verbund"))),
        notice=settings.notice,
        desk=Link(DESK, N_("Redaktion")),
    )
    return Pages(
        shell,
        node.clock,
        packages=("node.web",),
        dress=lambda: dress_of(node, words.district),
        languages=offered_languages(words),
    )


def page_routes(node: Node, pages: Pages, words: Words) -> Router:
    """Return the routes of all pages."""

    @get("/verbund", sync_to_thread=True, include_in_schema=False)
    def federation() -> Response[str]:
        view = viewing.show_federation(node)
        running = describe_running(
            node.consumer.shown(),
            now=node.clock.now(),
            exchanged=max(view.last_push or 0, view.last_pull or 0) or None,
            missing=0 if view.catalogue is None else view.catalogue.missing,
            is_recovering=viewing.is_recovering(node),
            name_of=words.publisher,
        )
        return pages.respond(
            "federation.html", path="/verbund", standing=_standing(node), view=view, running=running, words=words
        )

    return OwnRouter("/", route_handlers=[federation])


def _standing(node: Node) -> Standing:
    said = node.consumer.newest()
    return Standing(None) if said is None else Standing(said.time, said.digest)
