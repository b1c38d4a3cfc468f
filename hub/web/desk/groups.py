"""What was decided about duplicates: groups of offers that are one, pairs that are not; all of it can be changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import deciding, regrouping
from hub.clusters import Cluster, verdicts_now
from hub.deciding import Decided
from hub.disagreements import Member, load_members
from hub.web.desk.duplicates import parts_of
from hub.web.desk.pair_words import Named, describe, last_decision, name_of
from hub.web.desk.room import DUPLICATES, Room, decider_of, query_text
from shared.accounts.rights import Right
from shared.errors import NotFoundError
from shared.web.catalogue_page import read_page_number, read_record_id
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

GROUPS = f"{DUPLICATES}/gruppen"
REJECTIONS = f"{DUPLICATES}/verschieden"
_PER_PAGE = 50


@dataclass(frozen=True)
class Group:
    """One cluster as its list shows it, the offer whose card is shown first."""

    id: str
    offers: Sequence[Named]
    reason: str
    is_pending: bool


def group_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about what was decided."""
    return [*_pages(room), *_changes(room), _reopening(room)]


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/doppelte/gruppen", right=Right.READ)
    def groups_page(request: DeskRequest) -> Response[str]:
        page = read_page_number(query_text(request, "seite"))
        with hub.db.read() as conn:
            clusters = list(verdicts_now(hub, conn).clusters.values())
            some = clusters[(page - 1) * _PER_PAGE : page * _PER_PAGE]
            found = load_members(conn, [rid for one in some for rid in one.members])
        return desk.respond(
            request, "desk/groups.html", path=GROUPS, parts=parts_of(room), page=page, pages=_pages_of(clusters),
            groups=[_group(room, one, found) for one in some], last=last_decision(room, request), city="",
            is_new=query_text(request, "zuletzt"), may_decide=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    @desk_get("/doppelte/gruppen/{rid:str}", right=Right.READ)
    def group_page(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        with hub.db.read() as conn:
            cluster = verdicts_now(hub, conn).clusters.get(read_record_id(rid))
            if cluster is None:
                raise NotFoundError(
                    "Die Gruppe gibt es nicht mehr",
                    advice="Sie ist aufgelöst oder in einer anderen aufgegangen. Alle Gruppen stehen unter "
                    "„Zusammengeführt“.",
                )
            found = load_members(conn, cluster.members)
        return desk.respond(
            request, "desk/group.html", path=f"{GROUPS}/{rid}", parts=parts_of(room),
            group=_group(room, cluster, found), last=last_decision(room, request), city="",
            is_new=query_text(request, "zuletzt"), may_decide=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    @desk_get("/doppelte/verschieden", right=Right.READ)
    def rejections_page(request: DeskRequest) -> Response[str]:
        page = read_page_number(query_text(request, "seite"))
        with hub.db.read() as conn:
            rejections = list(verdicts_now(hub, conn).rejections.values())
            some = rejections[(page - 1) * _PER_PAGE : page * _PER_PAGE]
            found = load_members(conn, [rid for one in some for rid in (one.a, one.b)])
        return desk.respond(
            request, "desk/rejections.html", path=REJECTIONS, parts=parts_of(room), page=page,
            pages=_pages_of(rejections), last=last_decision(room, request), city="",
            rejections=[(one, name_of(room, one.a, found), name_of(room, one.b, found)) for one in some],
            is_new=query_text(request, "zuletzt"), may_decide=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    return [groups_page, group_page, rejections_page]


def _pages_of(everything: Sequence[object]) -> int:
    return -(-len(everything) // _PER_PAGE)


def _group(room: Room, cluster: Cluster, found: dict[bytes, Member]) -> Group:
    offers = [name_of(room, rid, found) for rid in cluster.members]
    return Group(cluster.rid.hex(), offers, cluster.reason, cluster.is_pending)


def _changes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    def change(request: DeskRequest, act: Callable[[Form], Decided], action: str, rid: str) -> Response[str]:
        try:
            decided = act(form_of(request))
        except NotFoundError as error:
            desk.say(request, f"{error.message}. {error.advice}", "warning")
            return desk.go(GROUPS)
        desk.log.info(action, number=decided.number)
        with hub.db.read() as conn:
            is_there = read_record_id(rid) in verdicts_now(hub, conn).clusters
        return desk.go(f"{GROUPS}/{rid}" if is_there else GROUPS, zuletzt=describe(room, decided).number)

    @desk_post("/doppelte/gruppen/{rid:str}/karte", right=Right.CURATE)
    def show_card(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        def act(form: Form) -> Decided:
            form.expect("angebot")
            offer = read_record_id(form.text("angebot"))
            return regrouping.show_card_of(hub, read_record_id(rid), offer, by=decider_of(request))

        return change(request, act, "group_card_chosen", rid)

    @desk_post("/doppelte/gruppen/{rid:str}/heraus", right=Right.CURATE)
    def take_out(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        def act(form: Form) -> Decided:
            form.expect("angebot")
            offer = read_record_id(form.text("angebot"))
            return regrouping.remove(hub, read_record_id(rid), offer, by=decider_of(request))

        return change(request, act, "group_member_removed", rid)

    @desk_post("/doppelte/gruppen/{rid:str}/aufloesen", right=Right.CURATE)
    def dissolve(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        def act(form: Form) -> Decided:
            form.expect()
            return regrouping.dissolve(hub, read_record_id(rid), by=decider_of(request))

        return change(request, act, "group_dissolved", rid)

    return [show_card, take_out, dissolve]


def _reopening(room: Room) -> HTTPRouteHandler:
    @desk_post("/doppelte/verschieden/{rid:str}/oeffnen", right=Right.CURATE)
    def reopen(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            decided = deciding.reopen(room.hub, read_record_id(rid), by=decider_of(request))
        except NotFoundError as error:
            room.desk.say(request, f"{error.message}. {error.advice}", "warning")
            return room.desk.go(REJECTIONS)
        room.desk.log.info("rejection_reopened", number=decided.number)
        return room.desk.go(REJECTIONS, zuletzt=decided.number)

    return reopen
