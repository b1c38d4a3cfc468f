"""Offers of several cities that may be the same: a list, two side by side, a key for each decision, and back again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import deciding, disagreements, undoing
from hub.clusters import Verdicts, verdicts_now
from hub.deciding import Decided, Decider
from hub.duplicates import count_open, find_candidate, open_candidates
from hub.pair_queue import next_pair
from hub.party import Hub
from hub.side_by_side import all_fields, compare
from hub.web.desk.pair_words import GRADES, in_order, last_decision, likeness_words, name_of, pair_line, pair_path
from hub.web.desk.room import DUPLICATES, Room, decider_of, query_text
from shared.accounts.rights import Right
from shared.errors import ConflictError, NotFoundError
from shared.likeness.reasons import Reason, reasons_in_german
from shared.web.catalogue_page import read_page_number, read_record_id
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_PER_PAGE = 50


def duplicate_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the list and of the pairs."""
    return [*_pages(room), *_decisions(room), _taking_back(room)]


def parts_of(room: Room) -> list[tuple[str, str, int]]:
    """Return the parts of these pages: path, text, and how much is there."""
    counts = count_open(room.hub)
    with room.hub.db.read() as conn:
        verdicts = verdicts_now(room.hub, conn)
    return [
        (DUPLICATES, "Offen", counts.certain + counts.likely),
        (f"{DUPLICATES}/gruppen", "Zusammengeführt", len(verdicts.clusters)),
        (f"{DUPLICATES}/verschieden", "Verschieden", len(verdicts.rejections)),
        (f"{DUPLICATES}/abweichungen", "Abweichungen", len(disagreements.find_disputed(room.hub))),
    ]


def _city(room: Room, text: str) -> str:
    """Return the member that a filter names; nothing for one that is none."""
    return text if room.words.district.member(text) is not None else ""


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/doppelte", right=Right.READ)
    def duplicates_page(request: DeskRequest) -> Response[str]:
        city, page = _city(room, query_text(request, "stadt")), read_page_number(query_text(request, "seite"))
        found = open_candidates(hub, member=city, start=(page - 1) * _PER_PAGE, most=_PER_PAGE + 1)
        cities = [(row.name, room.words.publisher(row.name)) for row in hub.members()]
        return desk.respond(
            request, "desk/duplicates.html", path=DUPLICATES, parts=parts_of(room), counts=count_open(hub),
            pairs=[pair_line(room, one) for one in found[:_PER_PAGE]], has_more=len(found) > _PER_PAGE, page=page,
            city=city, cities=sorted(cities, key=lambda one: one[1]), grades=GRADES,
            last=last_decision(room, request), is_new=query_text(request, "zuletzt"),
            may_decide=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    @desk_get("/doppelte/weiter", right=Right.READ)
    def next_page(request: DeskRequest) -> Response[str]:
        return _go_on(room, request, _city(room, query_text(request, "stadt")))

    @desk_get("/doppelte/paar/{a:str}/{b:str}", right=Right.READ)
    def pair_page(request: DeskRequest, a: FromPath[str], b: FromPath[str]) -> Response[str]:
        return _show(room, request, read_record_id(a), read_record_id(b))

    return [duplicates_page, next_page, pair_page]


def _go_on(room: Room, request: DeskRequest, city: str, decided: Decided | None = None) -> Response[str]:
    """Open the next pair at once, or the list when nothing is left."""
    found = next_pair(room.hub, signed_in(request).account_id, member=city)
    path = DUPLICATES if found is None else pair_path(found.a.rid, found.b.rid)
    return room.desk.go(path, stadt=city or None, zuletzt=None if decided is None else decided.number)


def _show(room: Room, request: DeskRequest, a: bytes, b: bytes) -> Response[str]:
    hub = room.hub
    with hub.db.read() as conn:
        members = disagreements.load_members(conn, [a, b])
        verdicts = verdicts_now(hub, conn)
    if a == b or len(members) < 2:
        raise NotFoundError(
            "Das Paar gibt es nicht mehr",
            advice="Eines der beiden Angebote steht nicht mehr im Katalog. Offene Paare stehen unter „Doppelte "
            "Angebote“.",
        )
    pair, counts = find_candidate(hub, a, b), count_open(hub)
    left, right = sorted((name_of(room, rid, members) for rid in (a, b)), key=in_order)
    docs = [members[bytes.fromhex(one.id)].doc for one in (left, right)]
    compared = compare(all_fields(room.words), docs[0], docs[1])
    return room.desk.respond(
        request, "desk/pair.html", path=f"{DUPLICATES}/paar", here=pair_path(a, b), left=left, right=right,
        rows=[(one, likeness_words(one, left, right)) for one in compared], pair=pair, grades=GRADES,
        for_it=_said(pair.reasons if pair else (), is_against=False),
        against_it=_said(pair.reasons if pair else (), is_against=True),
        verdict=_verdict(verdicts, a, b), open_count=counts.certain + counts.likely,
        city=_city(room, query_text(request, "stadt")), last=last_decision(room, request),
        is_new=query_text(request, "zuletzt"), may_decide=signed_in(request).may(Right.CURATE),
    )  # fmt: skip


def _said(reasons: Sequence[Reason], *, is_against: bool) -> list[str]:
    return reasons_in_german([one for one in reasons if one.is_against is is_against])


def _verdict(verdicts: Verdicts, a: bytes, b: bytes) -> tuple[str, str]:
    """Return how two offers were decided about in words, and where that can be changed; empty where they were not."""
    cluster = verdicts.cluster_of(a)
    if cluster is not None and verdicts.are_same(a, b):
        return "Diese Angebote sind zusammengeführt.", f"{DUPLICATES}/gruppen/{cluster.rid.hex()}"
    if verdicts.rejects(a, b):
        return "Diese Angebote sind als verschieden vermerkt.", f"{DUPLICATES}/verschieden"
    if verdicts.between(a, b) is not None:
        return (
            "Diese Angebote sind verschieden: Das folgt aus einer Entscheidung über ein Angebot ihrer Gruppen.",
            f"{DUPLICATES}/verschieden",
        )
    return "", ""


def _decisions(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    def decide(
        request: DeskRequest, a: str, b: str, act: Callable[[Hub, bytes, bytes, Decider], Decided], action: str
    ) -> Response[str]:
        form = form_of(request)
        form.expect("stadt")
        city, first, second = _city(room, form.text("stadt")), read_record_id(a), read_record_id(b)
        try:
            decided = act(hub, first, second, decider_of(request))
        except (ConflictError, NotFoundError) as error:
            desk.say(request, f"{error.message}. {error.advice}", "warning")
            return _after_refusal(room, request, first, second, city)
        desk.log.info(action, number=decided.number)
        return _go_on(room, request, city, decided)

    @desk_post("/doppelte/paar/{a:str}/{b:str}/gleich", right=Right.CURATE)
    def same(request: DeskRequest, a: FromPath[str], b: FromPath[str]) -> Response[str]:
        return decide(request, a, b, lambda *given: deciding.same(*given[:3], by=given[3]), "pair_joined")

    @desk_post("/doppelte/paar/{a:str}/{b:str}/verschieden", right=Right.CURATE)
    def apart(request: DeskRequest, a: FromPath[str], b: FromPath[str]) -> Response[str]:
        return decide(request, a, b, lambda *given: deciding.apart(*given[:3], by=given[3]), "pair_kept_apart")

    @desk_post("/doppelte/paar/{a:str}/{b:str}/spaeter", right=Right.CURATE)
    def skip(request: DeskRequest, a: FromPath[str], b: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("stadt")
        deciding.skip(hub, read_record_id(a), read_record_id(b), by=decider_of(request))
        desk.say(request, "Das Paar steht jetzt am Ende der Liste.", "info")
        return _go_on(room, request, _city(room, form.text("stadt")))

    return [same, apart, skip]


def _after_refusal(room: Room, request: DeskRequest, a: bytes, b: bytes, city: str) -> Response[str]:
    """Stay with a pair that is still to be decided; one that somebody else decided gives way to the next."""
    with room.hub.db.read() as conn:
        is_open = len(disagreements.load_members(conn, [a, b])) == 2
        is_open = is_open and not verdicts_now(room.hub, conn).settles(a, b)
    return room.desk.go(pair_path(a, b), stadt=city or None) if is_open else _go_on(room, request, city)


def _taking_back(room: Room) -> HTTPRouteHandler:
    hub, desk = room.hub, room.desk

    @desk_post("/doppelte/entscheidungen/{number:int}/zuruecknehmen", right=Right.CURATE)
    def take_back(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form = form_of(request)
        form.expect("stadt")
        city = _city(room, form.text("stadt"))
        try:
            undone = undoing.undo(hub, number)
        except (ConflictError, NotFoundError) as error:
            desk.say(request, f"{error.message}. {error.advice}", "warning")
            return desk.go(DUPLICATES, stadt=city or None)
        desk.log.info("decision_taken_back", number=number)
        desk.say(request, "Zurückgenommen. Es gilt wieder, was davor galt.")
        if undone.verb in ("same", "apart", "reopen"):
            return desk.go(pair_path(undone.a, undone.b), stadt=city or None)
        return desk.go(f"{DUPLICATES}/gruppen")

    return take_back
