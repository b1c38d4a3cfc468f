"""The pages of the hub beside the public catalogue: the members, and the federation as a whole."""

from __future__ import annotations

from litestar import Response, Router, get

from hub import overview, viewing
from hub.party import Hub
from shared.accounts.links import DESK
from shared.web.messages import N_
from shared.web.offer_words import Words
from shared.web.own_languages import offered_languages
from shared.web.pages import Link, Pages, Shell, Standing
from shared.web.public.colours import district_dress
from shared.web.public.legal import FOOTER
from shared.web.public.navigation import CALLS_LINK, NAVIGATION
from shared.web.public.subscription_pages import NEWSLETTER
from shared.web.routers import OwnRouter
from shared.web.running import describe_running


def make_pages(hub: Hub, words: Words) -> Pages:
    """Return the page renderer of the hub."""
    shell = Shell(
        party=words.district.name,
        district=words.district.name,
        navigation=NAVIGATION,
        footer=(
            *FOOTER,
            CALLS_LINK,
            Link(NEWSLETTER, N_("Rundbrief")),
            Link("/mitglieder", N_("Mitglieder")),
            Link("/verbund", N_("Verbund")),
        ),
        notice=hub.settings.notice,
        desk=Link(DESK, N_("Redaktion")),
    )
    dress = district_dress(words.district)
    return Pages(
        shell, hub.clock, packages=("hub.web",), dress=lambda: dress, languages=offered_languages(words)
    )  # fmt: skip


def page_routes(hub: Hub, pages: Pages, words: Words) -> Router:
    """Return the routes of all pages."""

    @get("/mitglieder", sync_to_thread=True, include_in_schema=False)
    def members() -> Response[str]:
        found = viewing.show_members(hub)
        return pages.respond("members.html", path="/mitglieder", standing=_standing(hub), members=found, words=words)

    @get("/verbund", sync_to_thread=True, include_in_schema=False)
    def federation() -> Response[str]:
        note, view = viewing.newest(hub), overview.status(hub)
        running = describe_running(
            note,
            now=hub.clock.now(),
            exchanged=viewing.last_heard(hub),
            missing=view.missing,
            is_recovering=hub.is_recovering(),
            name_of=words.publisher,
        )
        return pages.respond(
            "federation.html",
            path="/verbund",
            standing=_standing(hub),
            view=view,
            note=note,
            running=running,
            names={row.name for row in hub.members()},
            words=words,
        )

    return OwnRouter("/", route_handlers=[members, federation])


def _standing(hub: Hub) -> Standing:
    said = viewing.newest(hub)
    return Standing(None) if said is None else Standing(said.time, said.digest)
