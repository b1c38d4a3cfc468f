"""The district's desk: its navigation, its pages, and what `shared/web/desk` brings for every party."""

from __future__ import annotations

from litestar import Router

from hub.freshness import Checks
from hub.gaps import Gaps
from hub.party import Hub
from hub.web.desk.agreements import agreement_routes
from hub.web.desk.alarms import alarm_routes
from hub.web.desk.digests import digest_routes
from hub.web.desk.disagreements import disagreement_routes
from hub.web.desk.duplicates import duplicate_routes
from hub.web.desk.enrolment import enrolment_routes
from hub.web.desk.freshness import freshness_routes
from hub.web.desk.gap_reports import gap_report_routes
from hub.web.desk.gaps import gap_routes
from hub.web.desk.groups import group_routes
from hub.web.desk.integrators import integrator_routes
from hub.web.desk.letters import letter_routes
from hub.web.desk.member_steps import member_step_routes
from hub.web.desk.members import member_routes
from hub.web.desk.needs import need_routes
from hub.web.desk.notices import notice_routes
from hub.web.desk.quarantine import quarantine_routes
from hub.web.desk.room import (
    ALARMS,
    DUPLICATES,
    FRESHNESS,
    GAPS,
    INTEGRATORS,
    LETTERS,
    MEMBERS,
    NEEDS,
    NOTICES,
    QUARANTINE,
    STATISTICS,
    TEXTS,
    VOCABULARIES,
    Room,
)
from hub.web.desk.search_words import search_word_routes
from hub.web.desk.start import start_routes
from hub.web.desk.statistics import statistics_routes
from hub.web.desk.texts import text_routes
from hub.web.desk.vocabularies import vocabulary_routes
from hub.web.desk.vocabulary_terms import term_routes
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.logs import Log
from shared.web.desk.accounts import account_routes
from shared.web.desk.desk import Desk, DeskLink
from shared.web.desk.guard import SIGNED_IN
from shared.web.desk.own_account import own_account_routes
from shared.web.desk.signing_in import signing_in_routes
from shared.web.offer_words import Words
from shared.web.pages import Pages

_FEDERATION, _CATALOGUE, _PUBLIC, _ACCOUNTS = "Verbund", "Katalog", "Öffentlichkeit", "Konten"
LINKS = (
    DeskLink(DESK, "Start", Right.READ),
    DeskLink(MEMBERS, "Mitglieder", Right.READ, _FEDERATION),
    DeskLink(ALARMS, "Alarme", Right.READ, _FEDERATION),
    DeskLink(QUARANTINE, "Quarantäne", Right.READ, _FEDERATION),
    DeskLink(INTEGRATORS, "Integratoren", Right.READ, _FEDERATION),
    DeskLink(DUPLICATES, "Doppelte Angebote", Right.READ, _CATALOGUE),
    DeskLink(GAPS, "Lücken", Right.READ, _CATALOGUE),
    DeskLink(NEEDS, "Bedarf", Right.NEED, _CATALOGUE),
    DeskLink(FRESHNESS, "Aktualität", Right.READ, _CATALOGUE),
    DeskLink(VOCABULARIES, "Vokabulare", Right.READ, _CATALOGUE),
    DeskLink(NOTICES, "Ausblendungen", Right.READ, _CATALOGUE),
    DeskLink(STATISTICS, "Statistik", Right.READ, _PUBLIC),
    DeskLink(LETTERS, "Rundbrief", Right.READ, _PUBLIC),
    DeskLink(TEXTS, "Texte", Right.READ, _PUBLIC),
    DeskLink(f"{DESK}/konten", "Konten", Right.ACCOUNTS, _ACCOUNTS),
    DeskLink(f"{DESK}/rollen", "Rollen", Right.READ, _ACCOUNTS),
    DeskLink(f"{DESK}/konto", "Mein Konto", SIGNED_IN),
)


def desk_router(hub: Hub, pages: Pages, words: Words, log: Log) -> Router:
    """Return everything below `/pult`."""
    desk = Desk(hub.accounts, pages, log, LINKS, public_url=hub.public_url)
    room = Room(hub, desk, words, hub.kept(Gaps))
    checks = hub.kept(Checks)
    return desk.router(
        [
            *signing_in_routes(desk),
            *own_account_routes(desk),
            *account_routes(desk),
            *start_routes(room),
            *member_routes(room),
            *duplicate_routes(room),
            *group_routes(room),
            *disagreement_routes(room),
            *freshness_routes(room, checks),
            *digest_routes(room, checks),
            *statistics_routes(room),
            *letter_routes(room),
            *member_step_routes(room),
            *enrolment_routes(room),
            *alarm_routes(room),
            *quarantine_routes(room),
            *notice_routes(room),
            *integrator_routes(room),
            *vocabulary_routes(room),
            *term_routes(room),
            *search_word_routes(room),
            *text_routes(room),
            *gap_routes(room),
            *gap_report_routes(room),
            *agreement_routes(room),
            *need_routes(room),
        ]
    )
