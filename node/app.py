"""The web application of a node: feed, mirror, push, pages, and the jobs beside them."""

from __future__ import annotations

import sys

from litestar import Litestar

from node import viewing
from node.jobs import Jobs
from node.party import Node
from node.receiving import receive_push
from node.store import desk_settings
from node.store.migrate import migrations
from node.web.answers import answer_router
from node.web.city import city_routes
from node.web.desk.routes import desk_router
from node.web.face import make_face
from node.web.federation import make_pages, page_routes
from shared.logs import Log, open_log
from shared.web.counting import Counts
from shared.web.feed_files import FeedFiles
from shared.web.feed_routes import FeedRoutes
from shared.web.offer_words import load_words
from shared.web.outputs.routes import OutputRoutes
from shared.web.page_version import PageVersion
from shared.web.public.routes import public_routes
from shared.web.readiness import ready_checks
from shared.web.site import make_site


def create_app(
    node: Node, *, with_jobs: bool = True, with_link_check: bool = False, log: Log | None = None
) -> Litestar:
    """Return a node's application; whoever opened the node closes it after that.

    Args:
        with_jobs: tick and listen beside the pages; False where tests or another process do that.
        with_link_check: with the jobs also ask the links of own offers; only a node in service does.
        log: by default JSON lines on stderr.
    """
    log = log or open_log(sys.stderr, node.clock, party=node.settings.name)
    words = load_words(node.settings.district, node.vocabularies)
    pages = make_pages(node, words)
    face = make_face(node, pages, words)
    files = FeedFiles(node.db, node.book, node.clock, own_origin=node.settings.origin)
    outputs = OutputRoutes(
        face,
        node.outputs,
        is_recovering=lambda: viewing.is_recovering(node),
        directory=node.home if node.settings.home else None,
    )
    version = PageVersion(
        node.db,
        node.clock,
        names=(desk_settings.VERSION,),
        beside=[
            lambda: node.vocabularies().mark,
            lambda: node.finder.stamp,
            node.outputs.reader.stamp,
            lambda: face.hides(""),
        ],
        more=[lambda: node.membership is not None],
    )
    jobs = Jobs(node, log, with_link_check=with_link_check) if with_jobs else None
    app = make_site(
        log=log,
        pages=pages,
        waited_for=[
            FeedRoutes(files, lambda body: receive_push(node, body)),
            outputs,
        ],
        handlers=[
            page_routes(node, pages, words),
            *public_routes(face),
            *city_routes(node),
            answer_router(node, pages, words),
            desk_router(node, pages, words, log),
        ],
        checks=ready_checks(node, migrations(), lambda: jobs.trouble if jobs else None),
        jobs=jobs,
        counts=Counts(node.db, face.today, log, months=node.settings.counts_months),
        version=version,
    )
    outputs.in_front_of(app, version)
    if (place := node.settings.metrics_place) is not None:
        from node.measures import parts_of
        from shared.web.metrics import measure_app

        measure_app(app, place, parts_of(node), log)
    return app
