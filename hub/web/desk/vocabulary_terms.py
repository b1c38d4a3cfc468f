"""One term at the district's desk: its form, its place, who uses it, and its end.

Every step is a change of the list's draft; nothing reaches the cities before that is published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import term_usage, vocabulary
from hub.vocabulary import Level, Listed
from hub.web.desk.room import VOCABULARIES, Room
from hub.web.desk.vocabularies import editor_of, languages_of, list_path, may_curate, term_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.model.vocabulary import editing
from shared.model.vocabulary.editing import Typed
from shared.model.vocabulary.terms import Term, Vocabulary
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

_Problems = Mapping[str, Sequence[str]]


def term_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about single terms."""
    return [*_term_forms(room), *_term_steps(room)]


# --- forms -----------------------------------------------------------------------------------------------------------


def _term_forms(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/vokabulare/{name:str}/neu", right=Right.CURATE)
    def new_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        return _form(room, request, _editable(room, name, Level.TERMS), None, Form())

    @desk_post("/vokabulare/{name:str}/neu", right=Right.CURATE)
    def add(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form, one = form_of(request), _editable(room, name, Level.TERMS)
        typed = _typed(room, form)
        try:
            vocabulary.edit(hub, name, lambda now: editing.add_term(now, typed)[0], editor=editor_of(request))
        except RuleError as error:  # shown beside the fields
            return _form(room, request, one, None, form, error.problems)
        desk.log.info("vocabulary_edited", list=name)
        desk.say(request, f"„{typed.label}“ steht im Entwurf. Er gilt, sobald Sie ihn veröffentlichen.")
        return desk.go(list_path(name))

    @desk_get("/vokabulare/{name:str}/begriffe/{code:str}", right=Right.READ)
    def one_term_page(request: DeskRequest, name: FromPath[str], code: FromPath[str]) -> Response[str]:
        one = vocabulary.find_list(hub, name)
        return _form(room, request, one, editing.find_term(one.working, code), Form())

    @desk_post("/vokabulare/{name:str}/begriffe/{code:str}", right=Right.CURATE)
    def save(request: DeskRequest, name: FromPath[str], code: FromPath[str]) -> Response[str]:
        form, one = form_of(request), _editable(room, name, Level.LABELS)
        term, typed = editing.find_term(one.working, code), _typed(room, form)
        change = editing.change_term if one.level is Level.TERMS else editing.relabel
        try:
            vocabulary.edit(
                hub, name, lambda now: change(now, code, typed), editor=editor_of(request), level=one.level, code=code,
                mark=form.text("mark"),
            )  # fmt: skip
        except RuleError as error:  # shown beside the fields
            return _form(room, request, one, term, form, error.problems)
        except ConflictError as error:
            said = f"{error.message}. Hier steht, was jetzt im Entwurf ist; geben Sie Ihre Änderung noch einmal ein."
            desk.say(request, said, "warning")
            return desk.go(term_path(name, code))
        desk.log.info("vocabulary_edited", list=name)
        desk.say(request, f"„{typed.label}“ ist im Entwurf gesichert. Es gilt, sobald Sie ihn veröffentlichen.")
        return desk.go(list_path(name))

    return [new_page, add, one_term_page, save]


def _editable(room: Room, name: str, level: Level) -> Listed:
    one = vocabulary.find_list(room.hub, name)
    if one.level is Level.NONE or (level is Level.TERMS and one.level is not Level.TERMS):
        raise NotFoundError("Diese Liste wird hier nicht geändert")
    return one


def _typed(room: Room, form: Form) -> Typed:
    tags = [one.tag for one in languages_of(room)]
    form.expect("label", "parent", "mark", "checked", *(f"label.{tag}" for tag in tags))
    labels = {tag: form.text(f"label.{tag}") for tag in tags if f"label.{tag}" in form}
    return Typed(form.text("label"), labels, frozenset(form.texts("checked")), form.text("parent"))


def _form(
    room: Room, request: DeskRequest, one: Listed, term: Term | None, form: Form, problems: _Problems | None = None
) -> Response[str]:
    code = "" if term is None else term.code
    if not list(form) and term is not None:
        fields = {f"label.{tag}": [text] for tag, text in term.labels.items()}
        form = Form({**fields, "label": [term.label], "parent": [term.parent or ""], "checked": list(term.checked)})
    known = one.working
    successor = known.get(term.replaced_by) if term is not None and term.replaced_by else None
    return room.desk.respond(
        request, "desk/vocabulary_term.html", status_code=422 if problems else 200, path=VOCABULARIES, one=one,
        term=term, form=form, problems=problems or {}, languages=languages_of(room), here=list_path(one.name),
        own=term_path(one.name, code), mark=vocabulary.mark_of(known, code), successor=successor,
        parents=[(parent.code, parent.label) for parent in editing.possible_parents(known, code)],
        may_act=may_curate(request) and one.level is not Level.NONE, has_terms=one.level is Level.TERMS,
        label_max=editing.LABEL_MAX,
    )  # fmt: skip


# --- steps of a term's life ------------------------------------------------------------------------------------------


def _term_steps(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/vokabulare/{name:str}/begriffe/{code:str}/stilllegen", right=Right.CURATE)
    def retire_page(request: DeskRequest, name: FromPath[str], code: FromPath[str]) -> Response[str]:
        return _retiring(room, request, name, code, {})

    @desk_post("/vokabulare/{name:str}/begriffe/{code:str}/stilllegen", right=Right.CURATE)
    def retire(request: DeskRequest, name: FromPath[str], code: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("replaced_by")
        term, into = editing.find_term(_editable(room, name, Level.TERMS).working, code), form.text("replaced_by")
        try:
            vocabulary.edit(
                hub, name, lambda now: editing.retire_term(now, code, into), editor=editor_of(request)
            )  # fmt: skip
        except RuleError as error:  # shown beside the fields
            return _retiring(room, request, name, code, error.problems)
        desk.log.info("vocabulary_edited", list=name)
        desk.say(request, f"„{term.label}“ ist im Entwurf stillgelegt. Es gilt, sobald Sie ihn veröffentlichen.")
        return desk.go(list_path(name))

    def step(
        request: DeskRequest, name: str, code: str, change: Callable[[Vocabulary], Vocabulary], said: str = ""
    ) -> Response[str]:
        form_of(request).expect("richtung")
        _editable(room, name, Level.TERMS)
        try:
            vocabulary.edit(hub, name, change, editor=editor_of(request))
        except RuleError as error:
            desk.say(request, " ".join(text for texts in error.problems.values() for text in texts), "warning")
            return desk.go(term_path(name, code))
        desk.log.info("vocabulary_edited", list=name)
        if said:
            desk.say(request, said)
        return desk.go(list_path(name))

    @desk_post("/vokabulare/{name:str}/begriffe/{code:str}/zurueckholen", right=Right.CURATE)
    def restore(request: DeskRequest, name: FromPath[str], code: FromPath[str]) -> Response[str]:
        said = "Der Begriff wird im Entwurf wieder vergeben. Es gilt, sobald Sie ihn veröffentlichen."
        return step(request, name, code, lambda now: editing.restore_term(now, code), said)

    @desk_post("/vokabulare/{name:str}/begriffe/{code:str}/verschieben", right=Right.CURATE)
    def move(request: DeskRequest, name: FromPath[str], code: FromPath[str]) -> Response[str]:
        up = form_of(request).text("richtung") != "ab"
        answer = step(request, name, code, lambda now: editing.move_term(now, editing.find_term(now, code).code, up=up))
        answer.headers["Location"] += f"#begriff-{code}"
        return answer

    return [retire_page, retire, restore, move]


def _retiring(room: Room, request: DeskRequest, name: str, code: str, problems: _Problems) -> Response[str]:
    one = _editable(room, name, Level.TERMS)
    term = editing.find_term(one.working, code)
    return room.desk.respond(
        request, "desk/vocabulary_retire.html", status_code=422 if problems else 200, path=VOCABULARIES, one=one,
        term=term, usage=term_usage.usage_of(room.hub, name, code), problems=problems, here=list_path(name),
        own=term_path(name, code), words=room.words, form=form_of(request),
        below=[child.label for child in editing.children_of(one.working, code)],
        successors=[(other.code, other.label) for other in editing.successors_of(one.working, code)],
    )  # fmt: skip
