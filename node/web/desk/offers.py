"""The list of own offers: search, filters, sort, and actions on many at once with preview and one undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from node import operations
from node.editing import WITHDRAWAL_REASONS, parse_reason
from node.offer_list import SORTS, STATES, TASKS, Wish, today_of
from node.operations import Done
from node.web.desk.room import OFFERS, Room, editor_of, offer_id, query_text
from node.workflow import Editor
from shared.accounts.rights import Right
from shared.errors import InputError
from shared.web.catalogue_page import read_page_number
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

ACTIONS: Mapping[str, str] = {
    "veroeffentlichen": "Entwürfe veröffentlichen",
    "geprueft": "als heute geprüft vermerken",
    "thema": "ein Thema ergänzen",
    "zurueckziehen": "zurückziehen",
}
REASONS: Mapping[str, str] = {
    "beendet": "Das Angebot ist beendet",
    "abgelaufen": "Die Laufzeit ist vorbei",
    "ruht": "Das Angebot ruht und kommt wieder",
    "doppelt": "Es steht doppelt im Verzeichnis",
    "fehler": "Es wurde irrtümlich veröffentlicht",
    "traegerwunsch": "Der Träger wünscht es",
}
COLUMNS: Mapping[str, str] = {
    "traeger": "Träger",
    "ort": "Ort",
    "thema": "Themen",
    "zustand": "Zustand",
    "vollstaendig": "Vollständig",
    "pruefung": "Nächste Prüfung",
    "ende": "Laufzeit bis",
    "geaendert": "Geändert",
}
"""What the list can show beside the title."""
_USUAL_COLUMNS = ("traeger", "zustand", "vollstaendig", "pruefung", "geaendert")
_SORT_WORDS: Mapping[str, str] = {
    "title": "Titel", "changed": "zuletzt geändert", "review": "nächste Prüfung", "score": "Vollständigkeit",
    "ending": "Ende der Laufzeit",
}  # fmt: skip
assert set(REASONS) == set(WITHDRAWAL_REASONS)  # noqa: S101 - every reason has its words


@dataclass(frozen=True)
class _Filter:
    """One choice above the list."""

    name: str
    label: str
    empty: str
    options: Sequence[tuple[str, str]]
    value: str


def offer_list_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the list and of actions on many offers."""

    @desk_get("/angebote", right=Right.READ)
    def offers_page(request: DeskRequest) -> Response[str]:
        wish = wish_of(request)
        editor = editor_of(request)
        found = room.offers.find(editor, wish)
        columns = _columns(request)
        query: dict[str, object] = {name: value for name, value in _query(wish).items() if value}
        if columns != list(_USUAL_COLUMNS):
            query["spalten"] = ",".join(columns)
        return room.desk.respond(
            request, "desk/offers.html", path=OFFERS, found=found, wish=wish, query=query,
            filters=_filters(room, found.providers, wish), states=STATES, task=TASKS.get(wish.task, ""),
            actions=ACTIONS, words=room.words, columns=columns, all_columns=COLUMNS,
        )  # fmt: skip

    @desk_post("/sammelaktion", right=Right.PUBLISH)
    def act_on_many(request: DeskRequest) -> Response[str]:
        form, editor = form_of(request), editor_of(request)
        ids = _chosen(room, editor, form)
        action = form.text("aktion")
        if not ids or action not in ACTIONS:
            missing = "Kreuzen Sie zuerst Angebote an." if action in ACTIONS else "Wählen Sie eine Aktion."
            room.desk.say(request, missing, "warning")
            return room.desk.go(OFFERS, **_back(form))
        needs = {"zurueckziehen": "grund", "thema": "neues_thema"}.get(action, "")
        is_sure = form.text("sicher") == "ja" and bool(not needs or form.text(needs))
        if is_sure:
            done = _act(room, editor, ids, form, dry_run=False)
            room.desk.say(request, _told(done), "warning" if done.left else "success")
            return room.desk.go(OFFERS)
        preview = _act(room, editor, ids, form, dry_run=True) if not needs or form.text(needs) else None
        return room.desk.respond(
            request, "desk/bulk.html", path=OFFERS, action=action, word=ACTIONS[action], ids=[i.hex() for i in ids],
            preview=preview, reasons=REASONS, topics=_topics(room), form=form, needs=needs, back=_back(form),
        )  # fmt: skip

    return [offers_page, act_on_many]


def wish_of(request: DeskRequest) -> Wish:
    """Return what the address of a list asks for."""
    sort = query_text(request, "sortierung")
    return Wish(
        q=query_text(request, "q"),
        state=query_text(request, "zustand"),
        task=query_text(request, "aufgabe"),
        topic=query_text(request, "thema"),
        provider=query_text(request, "traeger"),
        sort=sort if sort in SORTS else "title",
        page=read_page_number(query_text(request, "seite")),
    )


def _columns(request: DeskRequest) -> list[str]:
    """Read which columns are shown: ticked boxes, or the comma list of a link; the usual ones where nothing is said."""
    asked = {name for value in request.query_params.getall("spalten", []) for name in str(value)[:200].split(",")}
    chosen = [name for name in COLUMNS if name in asked]
    return chosen or list(_USUAL_COLUMNS)


def _query(wish: Wish) -> dict[str, str]:
    return {
        "q": wish.q, "zustand": wish.state, "aufgabe": wish.task, "thema": wish.topic, "traeger": wish.provider,
        "sortierung": "" if wish.sort == "title" else wish.sort,
    }  # fmt: skip


def _filters(room: Room, providers: Sequence[str], wish: Wish) -> list[_Filter]:
    return [
        _Filter("aufgabe", "Aufgabe", "alle", [*TASKS.items()], wish.task),
        _Filter("zustand", "Zustand", "alle außer Archiv", [*STATES.items()], wish.state),
        _Filter("thema", "Thema", "alle", _topics(room), wish.topic),
        _Filter("traeger", "Träger", "alle", [(name, name) for name in providers], wish.provider),
        _Filter("sortierung", "Reihenfolge", "", [*_SORT_WORDS.items()], wish.sort),
    ]


def _topics(room: Room) -> list[tuple[str, str]]:
    terms = room.words.vocabularies["topic"].offered()
    return [(term.code, ("– " if term.parent else "") + term.label) for term in terms]


def _chosen(room: Room, editor: Editor, form: Form) -> list[bytes]:
    """Return the ticked offers, or all that fit the filters of the list where that was asked for."""
    if form.text("alle") == "ja":
        wish = Wish(
            q=form.text("q"), state=form.text("zustand"), task=form.text("aufgabe"), topic=form.text("thema"),
            provider=form.text("traeger"),
        )  # fmt: skip
        return [bytes.fromhex(rid) for rid in room.offers.find(editor, wish).all_ids]
    return [offer_id(text) for text in form.texts("angebot")]


def _back(form: Form) -> dict[str, str]:
    names = ("q", "zustand", "aufgabe", "thema", "traeger", "sortierung", "spalten")
    return {name: form.text(name) for name in names if form.text(name)}


def _act(room: Room, editor: Editor, ids: Sequence[bytes], form: Form, *, dry_run: bool) -> Done:
    node, action = room.node, form.text("aktion")
    if action == "veroeffentlichen":
        return operations.publish_many(node, editor, ids, dry_run=dry_run)
    if action == "geprueft":
        return operations.mark_checked(node, editor, ids, today_of(node), dry_run=dry_run)
    if action == "thema":
        topic = form.text("neues_thema")
        if topic not in {term.code for term in room.words.vocabularies["topic"].offered()}:
            raise InputError("Dieses Thema gibt es nicht", advice="Wählen Sie eines aus der Liste.")
        return operations.add_topic(node, editor, ids, topic, dry_run=dry_run)
    return operations.withdraw_many(node, editor, ids, parse_reason(form.text("grund")), dry_run=dry_run)


def _told(done: Done) -> str:
    left = "".join(f" „{one.title}“ {one.reason}." for one in done.left[:10])
    count = len(done.titles)
    if not count:
        return f"Kein Angebot wurde geändert.{left}"
    words = "Ein Angebot wurde" if count == 1 else f"{count} Angebote wurden"
    return f"{words} geändert.{left} Unter „Vorgänge“ können Sie das rückgängig machen."
