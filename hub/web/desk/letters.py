"""The newsletter at the desk: begin an issue, choose and order its offers, look at it, try it, release it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import letter_sending, letters
from hub.letters import CHOSEN_MAX, SECTIONS, TEXT_MAX, TITLE_MAX, Draft, Issue, Item
from hub.months import month_name
from hub.web.desk.room import LETTERS, Room, letter_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.web.charts import say_number
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

STATES = {"draft": ("info", "Entwurf"), "sending": ("warning", "wird gesendet"), "sent": ("success", "veröffentlicht")}
_PLACE = "platz-"
_LAST = 10_000


def letter_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about the newsletter."""
    return [*_pages(room), *_writing(room), *_releasing(room)]


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/rundbrief", right=Right.READ)
    def letters_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/letters.html", path=LETTERS, letters=letters.list_letters(hub), states=STATES,
            months=letters.open_months(hub), month_name=month_name, letter_path=letter_path,
            readers=letters.count_readers(hub), unsent=letter_sending.count_unsent(hub),
            sends=hub.settings.sends_mail, may_act=_may_act(request),
        )  # fmt: skip

    @desk_get("/rundbrief/{month:str}", right=Right.READ)
    def letter_page(request: DeskRequest, month: FromPath[str]) -> Response[str]:
        issue = letters.load_issue(hub, month)
        if issue.letter.is_released:
            return desk.go(f"{letter_path(month)}/vorschau")
        return _form(room, request, issue)

    @desk_get("/rundbrief/{month:str}/vorschau", right=Right.READ)
    def preview_page(request: DeskRequest, month: FromPath[str]) -> Response[str]:
        return _preview(room, request, month)

    return [letters_page, letter_page, preview_page]


def _writing(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_post("/rundbrief", right=Right.CURATE)
    def begin(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("month")
        month = form.text("month")
        letters.begin(hub, month)
        desk.log.info("letter_begun", month=month)
        return desk.go(letter_path(month))

    @desk_post("/rundbrief/{month:str}", right=Right.CURATE)
    def save(request: DeskRequest, month: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("title", "intro", "closing", "revision", "chosen", "weiter", *_places(form))
        draft = _draft_of(form)
        try:
            letters.save(hub, month, draft)
        except RuleError as error:  # shown beside the fields
            return _form(room, request, letters.load_issue(hub, month), _Typed(draft, form), error.problems, 422)
        except ConflictError as error:
            said = {"": [f"{error.message}. {error.advice}".strip()]}
            return _form(room, request, letters.load_issue(hub, month), _Typed(draft, form), said, 409)
        desk.log.info("letter_saved", month=month)
        if form.text("weiter"):
            return desk.go(f"{letter_path(month)}/vorschau")
        desk.say(request, "Gespeichert.")
        return desk.go(letter_path(month))

    @desk_post("/rundbrief/{month:str}/verwerfen", right=Right.CURATE)
    def drop(request: DeskRequest, month: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        letters.drop(hub, month)
        desk.log.info("letter_dropped", month=month)
        desk.say(request, f"Der Entwurf für {month_name(month)} ist verworfen. Sie können ihn neu beginnen.")
        return desk.go(LETTERS)

    return [begin, save, drop]


def _releasing(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_post("/rundbrief/{month:str}/test", right=Right.CURATE)
    def send_test(request: DeskRequest, month: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("address")
        try:
            letter_sending.send_test(hub, month, form.text("address"))
        except RuleError as error:
            return _preview(room, request, month, form, error.problems, 422)
        except ConflictError as error:
            desk.say(request, f"{error.message}. {error.advice}", "info")
            return desk.go(f"{letter_path(month)}/vorschau")
        desk.log.info("letter_tried", month=month)
        desk.say(request, "Die Testmail liegt im Postausgang und geht in wenigen Sekunden hinaus.")
        return desk.go(f"{letter_path(month)}/vorschau")

    @desk_post("/rundbrief/{month:str}/senden", right=Right.CURATE)
    def release(request: DeskRequest, month: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("revision", "sure")
        if not form.text("sure"):
            said = {"sure": ["Bestätigen Sie, dass der Rundbrief fertig ist. Danach ändert er sich nicht mehr."]}
            return _preview(room, request, month, form, said, 422)
        try:
            readers = letters.release(hub, month, _number(form.text("revision")))
        except ConflictError as error:
            desk.say(request, f"{error.message}. {error.advice}".strip(), "info")
            return desk.go(f"{letter_path(month)}/vorschau")
        desk.log.info("letter_released", month=month, readers=readers)
        desk.say(request, f"Der Rundbrief ist veröffentlicht. {_said_of(readers)}")
        return desk.go(LETTERS)

    return [send_test, release]


def _said_of(readers: int) -> str:
    if not readers:
        return "Noch hat ihn niemand bestellt."
    people = "eine Person" if readers == 1 else f"{say_number(readers)} Personen"
    return f"Er geht jetzt nach und nach an {people}."


@dataclass(frozen=True)
class _Typed:
    """What a form held that could not be kept."""

    draft: Draft
    form: Form


def _places(form: Form) -> list[str]:
    return [name for name in form if name.startswith(_PLACE)]


def _draft_of(form: Form) -> Draft:
    """Read a form: chosen offers in the order of their places, those without one behind, as they stood."""
    rids = [rid for text in form.texts("chosen") if (rid := _rid(text))]
    placed = sorted(rids, key=lambda rid: _number(form.text(_PLACE + rid.hex())) or _LAST)
    return Draft(
        form.text("title"), form.text("intro"), form.text("closing"), placed, _number(form.text("revision"))
    )  # fmt: skip


def _rid(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return b""
    return found if len(found) == 16 else b""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _may_act(request: DeskRequest) -> bool:
    return signed_in(request).may(Right.CURATE)


def _form(
    room: Room, request: DeskRequest, issue: Issue, typed: _Typed | None = None,
    problems: Mapping[str, Sequence[str]] | None = None, status_code: int = 200,
) -> Response[str]:  # fmt: skip
    """Show the form of a draft: what is chosen first, in order, then what could be."""
    letter = issue.letter
    chosen = [one for _, items in issue.sections for one in items]
    ticked = [one.rid for one in chosen] if typed is None else list(typed.draft.chosen)
    known = {one.rid: one for one in (*letters.candidates(room.hub, letter.month), *chosen)}
    order = {rid: at for at, rid in enumerate(ticked, 1)}
    listed = sorted(known.values(), key=lambda one: order.get(one.rid, _LAST))
    sections = [(title, [one for one in listed if one.section == code]) for code, title in SECTIONS.items()]
    draft = typed.draft if typed else Draft(letter.title, letter.intro, letter.closing, ticked, letter.revision)
    return room.desk.respond(
        request, "desk/letter.html", status_code=status_code, path=LETTERS, letter=letter, draft=draft,
        sections=sections, places=_ranks(sections, order), problems=problems or {}, words=room.words,
        here=letter_path(letter.month), name=month_name(letter.month), title_max=TITLE_MAX, text_max=TEXT_MAX,
        most=CHOSEN_MAX, may_act=_may_act(request),
    )  # fmt: skip


def _ranks(sections: Sequence[tuple[str, Sequence[Item]]], order: Mapping[bytes, int]) -> Mapping[bytes, int]:
    """Return the place of each chosen offer within its section, from 1."""
    return {
        one.rid: at
        for _, items in sections
        for at, one in enumerate([one for one in items if one.rid in order], 1)
    }  # fmt: skip


def _preview(
    room: Room, request: DeskRequest, month: str, form: Form | None = None,
    problems: Mapping[str, Sequence[str]] | None = None, status_code: int = 200,
) -> Response[str]:  # fmt: skip
    hub = room.hub
    issue = letters.load_issue(hub, month)
    subject, text = letter_sending.preview(hub, issue)
    return room.desk.respond(
        request, "desk/letter_preview.html", status_code=status_code, path=LETTERS, issue=issue, letter=issue.letter,
        subject=subject, text=text, readers=letters.count_readers(hub), unsent=letter_sending.count_unsent(hub),
        problems=problems or {}, form=form or Form(), here=letter_path(month), name=month_name(month),
        words=room.words, states=STATES, sends=hub.settings.sends_mail, may_act=_may_act(request),
    )  # fmt: skip
