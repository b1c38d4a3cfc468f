"""The form of an offer: new, changed, saved by itself while somebody types, and two editors at once.

No text is lost: what cannot be read is shown again as typed with the reason, what breaks a rule stays a draft, and
what somebody else saved meanwhile is shown beside one's own text for a decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import history, workflow
from node.editing import OwnOffer
from node.lookalikes import Lookalike
from node.offer_form import (
    ACCESSIBILITY_ITEMS,
    COMMON_LANGUAGES,
    CONTACT_FIELDS,
    MOST_ROWS,
    Read,
    fill_form,
    read_form,
    row_numbers,
)
from node.offer_list import providers_of
from node.persons import Person
from node.web.desk.offer import HANDED_IN, PUBLISHED, show_value
from node.web.desk.persons import book_of
from node.web.desk.room import OFFERS, Room, area_code, editor_of, offer_id, offer_path, query_text, title_of
from node.workflow import Editor
from shared.accounts.rights import Right
from shared.database import TROUBLED, trouble_of
from shared.errors import AccessError, ConflictError, RuleError
from shared.model.hours import Hours, read_hours
from shared.model.parts import Schedule
from shared.model.text import fold
from shared.model.vocabulary.collection import TERM_FIELDS
from shared.model.vocabulary.terms import Vocabulary
from shared.web import time_words
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post
from shared.web.pages import Pages
from shared.web.problems import status_of

GROUPS = ("providers", "locations", "contacts")
_FORM_BYTES = 512 * 1024
_INDEX = re.compile(r"\[([0-9]+)\]")
_FIRST_FIELD = {"providers": "name", "locations": "city", "contacts": "name"}


def editing_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the form and of what helps while typing."""
    return [*_form_routes(room), *_typing_routes(room)]


def _form_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node = room.node

    @desk_get("/angebote/neu", right=Right.WRITE)
    def new_offer(request: DeskRequest) -> Response[str]:
        doc = _first_document(room, editor_of(request))
        return _show(room, request, None, _filled(room, doc))

    @desk_post("/angebote/neu", right=Right.WRITE, form_bytes=_FORM_BYTES)
    def save_new_offer(request: DeskRequest) -> Response[str]:
        return _save(room, request, None)

    @desk_get("/angebote/{rid:str}/bearbeiten", right=Right.WRITE)
    def edit_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        found = workflow.open_for(node, editor_of(request), offer_id(rid))
        return _show(room, request, found, _filled(room, found.doc))

    @desk_post("/angebote/{rid:str}/bearbeiten", right=Right.WRITE, form_bytes=_FORM_BYTES)
    def save_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        return _save(room, request, workflow.open_for(node, editor_of(request), offer_id(rid)))

    return [new_offer, save_new_offer, edit_offer, save_offer]


def _first_document(room: Room, editor: Editor) -> dict[str, Any]:
    """A new offer is valid in the own town, and a provider's own offers bear its name."""
    ags = room.node.settings.ags
    area = room.words.district.key if ags.endswith("000") else ags
    providers = [{"name": name} for name in (editor.organisations or ())[:1]]
    return {"service_areas": [area], **({"providers": providers} if providers else {})}


def _languages(room: Room) -> Vocabulary:
    return room.words.vocabularies["language"]


def _filled(room: Room, doc: Mapping[str, Any]) -> Form:
    """Return the form of a document; a term that was replaced stands as the one that replaced it."""
    vocabularies = room.words.vocabularies
    current = {
        field: vocabularies.current(name, tuple(map(str, doc[field])))
        for field, name in TERM_FIELDS.items()
        if field in doc
    }
    return Form(fill_form({**doc, **current}, _languages(room)))


# --- saving ----------------------------------------------------------------------------------------------------------


def _save(room: Room, request: DeskRequest, found: OwnOffer | None) -> Response[str]:
    form, action = form_of(request), form_of(request).text("aktion")
    if action.startswith("zeile:"):
        return _show(room, request, found, form, extra=action.removeprefix("zeile:"))
    if action.startswith("person:"):
        return _show(room, request, found, _with_person(room, request, form, action.removeprefix("person:")))
    base = {} if found is None else found.doc
    read = read_form(form, base, languages=_languages(room), area_code=area_code(room))
    if read.problems:
        return _refuse(room, request, found, form, read.problems)
    try:
        saved = _keep(room, editor_of(request), found, read, form)
    except ConflictError:
        return _show_conflict(room, request, found, form, read)
    except AccessError as error:
        return _refuse(room, request, found, form, {"providers.0.name": [f"{error.message}. {error.advice}"]})
    except TROUBLED as error:
        trouble = trouble_of(error)
        if trouble is None or action == "autosave":
            raise
        # What was typed is all in the page again: it can be sent as soon as there is room.
        return _show(room, request, found, form, refusal=Refusal(status_of(trouble), trouble=trouble.value[0]))
    if action == "autosave":
        return _autosaved(room, saved)
    return _go_on(room, request, saved, action)


def _keep(room: Room, editor: Editor, found: OwnOffer | None, read: Read, form: Form) -> OwnOffer:
    mark = form.text("mark") or None
    return workflow.save_draft(room.node, editor, read.doc, None if found is None else found.id, mark=mark)


def _go_on(room: Room, request: DeskRequest, saved: OwnOffer, action: str) -> Response[str]:
    """The draft is safe; publish it or hand it in, where that was asked for."""
    node, desk, editor = room.node, room.desk, editor_of(request)
    steps = {"veroeffentlichen": workflow.publish, "freigabe": workflow.submit}
    said = {"veroeffentlichen": PUBLISHED, "freigabe": HANDED_IN}
    if action in steps and saved.draft is not None:
        try:
            steps[action](node, editor, saved.id, mark=saved.mark)
        except RuleError as error:
            form = _filled(room, saved.doc)
            return _refuse(room, request, saved, form, form_problems(error.problems), is_saved=True)
        except AccessError as error:
            desk.say(request, f"Der Entwurf ist gesichert. {error.message}. {error.advice}", "warning")
            return desk.go(offer_path(saved.id))
    is_same = saved.draft is None
    desk.say(request, "Es gab nichts zu ändern." if is_same else said.get(action, "Der Entwurf ist gesichert."))
    return desk.go(offer_path(saved.id))


def _autosaved(room: Room, saved: OwnOffer) -> Response[str]:
    """Answer the script: where the form is kept now, and what the next save starts from."""
    body = {
        "mark": saved.mark,
        "action": room.desk.pages.url(offer_path(saved.id, "bearbeiten")),
        "time": room.desk.pages.moment(room.node.clock.now()),
    }
    return Response(msgspec.json.encode(body).decode(), media_type="application/json")


def form_problems(problems: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Turn paths of a document (`locations[0].city`) into names of the form's fields."""
    found: dict[str, list[str]] = {}
    for path, texts in problems.items():
        name = _INDEX.sub(r".\1", path)
        group, _, rest = name.partition(".")
        if group in GROUPS and not rest:
            name = f"{group}.0.{_FIRST_FIELD[group]}"
        elif group in GROUPS and "." not in rest:
            name = f"{name}.{_FIRST_FIELD[group]}"
        elif group in ("schedules", "exceptions"):
            name = "schedule_text"
        elif "." in name and group not in GROUPS:
            name = group
        found.setdefault(name, []).extend(texts)
    return found


class Refusal(msgspec.Struct, frozen=True):
    """Why a form comes back.

    Attributes:
        problems: by the name of the field.
        trouble: what keeps the database from storing anything; empty where it is the form's fault.
        is_saved: it is kept as a draft all the same.
    """

    status_code: int = 200
    problems: Mapping[str, Sequence[str]] = {}
    trouble: str = ""
    is_saved: bool = False


_NONE = Refusal()


def _refuse(
    room: Room, request: DeskRequest, found: OwnOffer | None, form: Form, problems: Mapping[str, Sequence[str]],
    *, is_saved: bool = False,
) -> Response[str]:  # fmt: skip
    return _show(room, request, found, form, refusal=Refusal(422, problems, is_saved=is_saved))


# --- showing ---------------------------------------------------------------------------------------------------------


def _show(
    room: Room, request: DeskRequest, found: OwnOffer | None, form: Form, *, extra: str = "",
    refusal: Refusal = _NONE,
) -> Response[str]:  # fmt: skip
    rows = {group: _rows(form, group, is_open=group in (extra, "providers")) for group in GROUPS}
    text = form.text("schedule_text")
    hours = read_hours(text) if text else None
    mark = form.text("mark") if "mark" in form and not refusal.is_saved else (found.mark if found else "")
    return room.desk.respond(
        request, "desk/offer_form.html", status_code=refusal.status_code, path=OFFERS, offer=found, form=form,
        rows=rows, mark=mark, problems=refusal.problems, is_saved=refusal.is_saved, trouble=refusal.trouble,
        hours=hours, slots=_slot_words(hours), current=_current_slots(found),
        extra=extra, vocabularies=room.words.vocabularies, most_rows=MOST_ROWS,
        common_languages=COMMON_LANGUAGES, accessibility=ACCESSIBILITY_ITEMS, district=room.words.district,
        known_providers=_known_providers(room, editor_of(request)), may_publish=editor_of(request).may_publish,
        known_persons=_known_persons(room, request),
        title=title_of(found.doc) if found else "Neues Angebot", own_id=found.id.hex() if found else "",
        lookalikes=_lookalikes(room, form, found), words=room.words,
    )  # fmt: skip


def _rows(form: Form, group: str, *, is_open: bool) -> list[int]:
    """Return the numbers of the rows to show: those with text, and an empty one where somebody wants to add."""
    used = row_numbers(form, group)
    following = max(used, default=-1) + 1
    return [*used, following] if (is_open or not used) and len(used) < MOST_ROWS else used


def _slot_words(hours: Hours | None) -> list[str]:
    return time_words.times(hours.slots) if hours is not None and hours.is_read else []


def _current_slots(found: OwnOffer | None) -> list[str]:
    """Return the confirmed hours of the offer as it is kept, in words."""
    slots = found.doc.get("schedules") if found is not None else None
    try:
        return time_words.times(msgspec.convert(slots or (), tuple[Schedule, ...]))
    except msgspec.ValidationError:
        return []


def _known_providers(room: Room, editor: Editor) -> list[str]:
    if editor.organisations is not None:
        return list(editor.organisations)
    return list(providers_of(room.offers.lines(editor)))


def _known_persons(room: Room, request: DeskRequest) -> list[Person]:
    return [person for person in book_of(room, request).people() if person.is_named]


def _with_person(room: Room, request: DeskRequest, form: Form, number: str) -> Form:
    """Fill in what the other offers say of a person whose name was typed; what stands in the form already stays."""
    row = f"contacts.{number}"
    wanted = fold(form.text(f"{row}.name"))
    known = next((one.entry for one in _known_persons(room, request) if fold(one.label) == wanted), None)
    if known is None:
        return form
    filled = fill_form({"contacts": [known]}, _languages(room))
    said = {f"{row}.{name}": filled[f"contacts.0.{name}"] for name in (*CONTACT_FIELDS, "phone")}
    missing = {field: values for field, values in said.items() if not form.text(field)}
    return Form({**form.fields, **missing}, form.files)


def _lookalikes(room: Room, form: Form, found: OwnOffer | None) -> list[Lookalike]:
    name, provider = form.text("name"), form.text("providers.0.name")
    return room.lookalikes.find(name, provider, but=found.id.hex() if found else "")


def _show_conflict(room: Room, request: DeskRequest, found: OwnOffer | None, form: Form, read: Read) -> Response[str]:
    """Show both versions side by side; the own text goes along in hidden fields."""
    assert found is not None  # noqa: S101 - a new offer cannot be in conflict
    now = workflow.open_for(room.node, editor_of(request), found.id)
    return room.desk.respond(
        request, "desk/conflict.html", status_code=409, path=OFFERS, offer=now, title=title_of(now.doc), form=form,
        changes=history.compare(now.doc, read.doc), show=show_value, mark=now.mark,
        editor=now.draft.editor if now.draft else "", skip=("mark", "aktion", "csrf_token"),
    )  # fmt: skip


# --- while typing ----------------------------------------------------------------------------------------------------


def _typing_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    pages: Pages = room.desk.pages

    @desk_get("/lesen/zeiten", right=Right.WRITE)
    def read_times(request: DeskRequest) -> Response[str]:
        text = query_text(request, "schedule_text", most=1000)
        hours = read_hours(text) if text else None
        html = pages.render("desk/hours.html", hours=hours, slots=_slot_words(hours), text=text, current=[])
        return Response(html, media_type="text/html")

    @desk_get("/lesen/doppelt", right=Right.WRITE)
    def find_lookalikes(request: DeskRequest) -> Response[str]:
        found = room.lookalikes.find(
            query_text(request, "name"), query_text(request, "providers.0.name"), but=query_text(request, "id")
        )
        html = pages.render("desk/lookalikes.html", lookalikes=found, words=room.words)
        return Response(html, media_type="text/html")

    return [read_times, find_lookalikes]
