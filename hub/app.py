"""The web application of the hub: feed, mirrors, push, join, pages, and the jobs beside them."""

from __future__ import annotations

import sys

from litestar import Litestar

from hub.enrolment import receive_join
from hub.jobs import Jobs
from hub.party import Hub
from hub.receiving import receive_push
from hub.relaying import receive_hints, receive_inbox
from hub.reporting import receive_report
from hub.store import texts
from hub.store.migrate import migrations
from hub.web.answers import answer_router
from hub.web.desk.routes import desk_router
from hub.web.face import make_face
from hub.web.federation import make_pages, page_routes
from hub.web.letter_pages import letter_routes
from hub.web.subscribers import subscriber_router
from shared.feed import inbox, limits, passed_hints, report
from shared.logs import Log, open_log
from shared.web.counting import Counts
from shared.web.feed_files import FeedFiles
from shared.web.feed_routes import FeedRoutes, Join
from shared.web.offer_words import load_words
from shared.web.outputs.routes import OutputRoutes
from shared.web.page_version import PageVersion
from shared.web.public.routes import public_routes
from shared.web.readiness import ready_checks
from shared.web.site import make_site


def create_app(hub: Hub, *, with_jobs: bool = True, join: Join | None = None, log: Log | None = None) -> Litestar:
    """Return the hub's application; whoever opened the hub closes it after that.

    Args:
        with_jobs: tick beside the pages; False where the worker process or a test does that.
        join: takes the body of a join request, returns status and members of the answer; by default `enrolment`.
        log: by default JSON lines on stderr.
    """
    log = log or open_log(sys.stderr, hub.clock, party="hub")
    words = load_words(hub.settings.district, hub.vocabularies)
    pages = make_pages(hub, words)
    face = make_face(hub, pages, words)
    files = FeedFiles(hub.db, hub.book, hub.clock, own_origin=hub.settings.origin)
    outputs = OutputRoutes(
        face, hub.outputs, is_recovering=hub.is_recovering, directory=hub.home if hub.settings.home else None
    )
    version = PageVersion(
        hub.db,
        hub.clock,
        names=(texts.VERSION,),
        beside=[
            lambda: hub.vocabularies().mark,
            lambda: hub.finder.stamp,
            hub.outputs.reader.stamp,
            lambda: face.hides(""),
        ],
    )
    jobs = Jobs(hub, log) if with_jobs else None
    app = make_site(
        log=log,
        pages=pages,
        waited_for=[
            FeedRoutes(
                files,
                lambda body: receive_push(hub, body),
                join=join or (lambda body: receive_join(hub, body)),
                signed={
                    inbox.PATH: (lambda header, body: receive_inbox(hub, header, body), limits.INBOX_REQUEST_MAX_BYTES),
                    passed_hints.PATH: (
                        lambda header, body: receive_hints(hub, header, body),
                        limits.HINTS_REQUEST_MAX_BYTES,
                    ),
                    report.PATH: (lambda header, body: receive_report(hub, header, body), limits.REPORT_MAX_BYTES),
                },
            ),
            outputs,
        ],
        handlers=[
            page_routes(hub, pages, words),
            *public_routes(face),
            *letter_routes(hub, face),
            answer_router(hub, pages, words),
            desk_router(hub, pages, words, log),
            subscriber_router(hub),
        ],
        checks=ready_checks(hub, migrations(), lambda: jobs.trouble if jobs else None),
        jobs=jobs,
        counts=Counts(hub.db, face.today, log, months=hub.settings.counts_months),
        version=version,
    )
    outputs.in_front_of(app, version)
    if (place := hub.settings.metrics_place) is not None:
        from hub.measures import parts_of
        from shared.web.metrics import measure_app

        measure_app(app, place, parts_of(hub), log)
    return app
