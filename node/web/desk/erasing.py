"""Erasing a person at the desk: where she appears, what erasing does, and who has confirmed it.

The name travels in forms only: never in an address, a message or a log line, and no page is kept by the browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import erasing, erasures
from node.erasing import Hit
from node.web.desk.persons import PERSONS
from node.web.desk.room import Room, editor_of
from shared.accounts.rights import Right
from shared.clock import name_of_worker
from shared.errors import NotFoundError, RuleError
from shared.model.labels import field_label
from shared.model.text import one_line
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

ERASE = f"{PERSONS}/loeschen"
REPORTS = f"{PERSONS}/loeschberichte"
PLACES: Mapping[str, str] = {
    "version": "veröffentlichte Fassung",
    "outbox": "Änderung, die noch übertragen wird",
    "conflict": "Konflikt",
    "draft": "Entwurf",
    "history": "Verlauf",
    "note": "Quellenangabe",
    "remark": "Hinweis an Kolleginnen und Kollegen",
    "basis": "Vermerk zur Rechtsgrundlage",
    "mail": "Mail im Postausgang",
    "hint": "Hinweis von außen",
    "subscription": "Abo einer Suche",
    "setting": "Einstellung der Stadt",
}
_BESIDE = "Neben den Angeboten"
_NAME_MAX = 200


def erasing_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of searching, erasing and the reports."""
    return [*_erasing(room), *_reports(room)]


def _erasing(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/personen/loeschen", right=Right.PERSONS)
    def erase_page(request: DeskRequest) -> Response[str]:
        _must_see_all(request)
        return _show(room, request)

    @desk_post("/personen/loeschen", right=Right.PERSONS)
    def search_and_erase(request: DeskRequest) -> Response[str]:
        _must_see_all(request)
        form = form_of(request)
        name = one_line(form.text("name"))[:_NAME_MAX]
        try:
            hits = erasing.find(node, name)
        except RuleError as error:
            return _show(room, request, name=name, problems={"name": error.problems["person"]})
        if form.text("aktion") != "loeschen":
            return _show(room, request, name=name, hits=hits)
        if one_line(form.text("noch_einmal")) != name:
            wrong = {"noch_einmal": ["Das ist nicht derselbe Name. Tippen Sie ihn genau so wie oben."]}
            return _show(room, request, name=name, hits=hits, problems=wrong)
        done, waits = erasures.erase_person(node, name, name_of_worker("desk", node.dice))
        words = "Hier ist die Person gelöscht." if done.number else "Es gab hier nichts zu löschen."
        later = " Bei den anderen, sobald der Kreis erreichbar ist." if waits and done.number else ""
        desk.say(request, words + later, "warning" if later else "success")
        return desk.go(f"{REPORTS}/{done.number}" if done.number else ERASE)

    return [erase_page, search_and_erase]


def _must_see_all(request: DeskRequest) -> None:
    """Who is limited to some offers may not search in all of them."""
    if editor_of(request).organisations is not None:
        raise NotFoundError("Diese Seite gibt es nicht")


def _show(
    room: Room, request: DeskRequest, *, name: str = "", hits: Sequence[Hit] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
) -> Response[str]:  # fmt: skip
    return room.desk.respond(
        request, "desk/erase.html", path=PERSONS, name=name, rows=None if hits is None else _rows(hits),
        problems=problems or {}, reports=erasures.list_reports(room.node), status_code=422 if problems else 200,
    )  # fmt: skip


def _rows(hits: Sequence[Hit]) -> list[tuple[str, str, list[tuple[str, int, str]]]]:
    """Return (id, title, places) of each offer; a place as (what, how often, fields)."""
    by_offer: dict[str, list[Hit]] = {}
    for hit in hits:
        by_offer.setdefault("" if hit.where == "basis" else hit.id.hex(), []).append(hit)
    rows = []
    for rid, found in by_offer.items():
        title = next((hit.title for hit in found if hit.title), "Angebot ohne Titel" if rid else _BESIDE)
        places = []
        for where in dict.fromkeys(hit.where for hit in found):
            same = [hit for hit in found if hit.where == where]
            fields = dict.fromkeys(_label(path) for hit in same for path in hit.fields)
            places.append((PLACES[where], len(same), ", ".join(fields)))
        rows.append((rid, title, places))
    return rows


def _label(path: str) -> str:
    return {"note": "Text", "source": "Text", "?": "nicht lesbarer Text"}.get(path) or field_label(path)


def _reports(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/personen/loeschberichte/{number:int}", right=Right.PERSONS)
    def report_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        _must_see_all(request)
        return desk.respond(
            request, "desk/erasure.html", path=PERSONS, report=erasures.load_report(node, number),
            title_of=room.words.publisher,
        )  # fmt: skip

    @desk_post("/personen/loeschberichte/{number:int}/nachfragen", right=Right.PERSONS)
    def ask_others(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        _must_see_all(request)
        erasures.load_report(node, number)
        count = erasures.ask_others(node)
        words = "Keine Stadt hat" if not count else "Eine Stadt hat" if count == 1 else f"{count} Städte haben"
        desk.say(request, f"{words} geantwortet.", "success" if count else "info")
        return desk.go(f"{REPORTS}/{number}")

    return [report_page, ask_others]
