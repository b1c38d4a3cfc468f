"""The search words of the district at its desk: groups of words, their draft, and what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import search_words, vocabulary
from hub.search_words import Group
from hub.web.desk.room import SEARCH_WORDS, VOCABULARIES, Room
from hub.web.desk.vocabularies import editor_of, may_curate, restored_words
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.model.vocabulary.collection import SYNONYMS
from shared.model.vocabulary.editing import Difference
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

_Problems = Mapping[str, Sequence[str]]


def search_word_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about search words."""
    return [*_groups(room), *_publishing(room)]


def _groups(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/suchwoerter", right=Right.READ)
    def words_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/search_words.html", path=VOCABULARIES, found=search_words.load(hub), here=SEARCH_WORDS,
            lists_path=VOCABULARIES, may_act=may_curate(request),
        )  # fmt: skip

    @desk_get("/suchwoerter/gruppen/{key:str}", right=Right.CURATE)
    def group_page(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        return _form(room, request, key, _filled(room, key), {})

    @desk_post("/suchwoerter/gruppen/{key:str}", right=Right.CURATE)
    def save(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("words", "term")
        known = "" if key == "neu" else key
        try:
            search_words.save_group(hub, form.text("words"), form.text("term"), editor=editor_of(request), key=known)
        except RuleError as error:  # shown beside the fields
            return _form(room, request, key, form, error.problems)
        desk.log.info("search_words_edited")
        desk.say(request, "Die Suchwörter sind im Entwurf gesichert. Sie gelten, sobald Sie ihn veröffentlichen.")
        return desk.go(SEARCH_WORDS)

    @desk_post("/suchwoerter/gruppen/{key:str}/entfernen", right=Right.CURATE)
    def drop(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        search_words.drop_group(hub, key, editor=editor_of(request))
        desk.log.info("search_words_edited")
        desk.say(request, "Die Gruppe ist im Entwurf entfernt. Es gilt, sobald Sie ihn veröffentlichen.")
        return desk.go(SEARCH_WORDS)

    return [words_page, group_page, save, drop]


def _filled(room: Room, key: str) -> Form:
    if key == "neu":
        return Form()
    group = search_words.find_group(search_words.load(room.hub), key)
    return Form({"words": ["\n".join(group.words)], "term": [group.term]})


def _form(room: Room, request: DeskRequest, key: str, form: Form, problems: _Problems) -> Response[str]:
    return room.desk.respond(
        request, "desk/search_word_group.html", status_code=422 if problems else 200, path=VOCABULARIES,
        form=form, problems=problems, here=SEARCH_WORDS, own=f"{SEARCH_WORDS}/gruppen/{key}", is_new=key == "neu",
        choices=search_words.term_choices(room.hub),
    )  # fmt: skip


def _publishing(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/suchwoerter/entwurf", right=Right.READ)
    def draft_page(request: DeskRequest) -> Response[str]:
        return _draft(room, request, Form(), {})

    @desk_post("/suchwoerter/veroeffentlichen", right=Right.CURATE)
    def publish(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("note")
        try:
            number = search_words.publish(hub, form.text("note"), editor=editor_of(request))
        except RuleError as error:  # shown beside the field
            return _draft(room, request, form, error.problems)
        except ConflictError as error:
            desk.say(request, f"{error.message}.", "warning")
            return desk.go(SEARCH_WORDS)
        desk.log.info("vocabulary_published", list="synonyms", version=number)
        desk.say(request, f"Fassung {number} ist veröffentlicht. In wenigen Minuten gilt sie in allen Städten.")
        return desk.go(SEARCH_WORDS)

    @desk_post("/suchwoerter/verwerfen", right=Right.CURATE)
    def discard(request: DeskRequest) -> Response[str]:
        form_of(request).expect()
        gone = vocabulary.discard(hub, SYNONYMS)
        desk.log.info("vocabulary_draft_dropped", list="synonyms")
        desk.say(request, "Der Entwurf ist verworfen." if gone else "Es gab keinen Entwurf.", "info")
        return desk.go(SEARCH_WORDS)

    @desk_get("/suchwoerter/verlauf", right=Right.READ)
    def history_page(request: DeskRequest) -> Response[str]:
        found = search_words.load(hub)
        return desk.respond(
            request, "desk/vocabulary_history.html", path=VOCABULARIES, title=vocabulary.SYNONYMS_TITLE,
            here=SEARCH_WORDS, versions=found.versions, held=found.version, may_act=may_curate(request),
            is_open=found.draft is not None,
        )  # fmt: skip

    @desk_post("/suchwoerter/verlauf/{number:int}/wiederherstellen", right=Right.CURATE)
    def restore(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        try:
            search_words.restore(hub, number, editor=editor_of(request))
        except ConflictError as error:
            desk.say(request, error.message, "warning")
            return desk.go(f"{SEARCH_WORDS}/verlauf")
        desk.say(request, restored_words(number))
        return desk.go(f"{SEARCH_WORDS}/entwurf")

    return [draft_page, publish, discard, history_page, restore]


def _draft(room: Room, request: DeskRequest, form: Form, problems: _Problems) -> Response[str]:
    found = search_words.load(room.hub)
    return room.desk.respond(
        request, "desk/vocabulary_draft.html", status_code=422 if problems else 200, path=VOCABULARIES,
        title=vocabulary.SYNONYMS_TITLE, draft=found.draft, here=SEARCH_WORDS, form=form, problems=problems,
        differences=[*(_said(one, "neu") for one in found.new), *(_said(one, "entfernt") for one in found.gone)],
        may_act=may_curate(request), version=found.version, note_max=vocabulary.NOTE_MAX, kind="words",
    )  # fmt: skip


def _said(group: Group, text: str) -> Difference:
    return Difference(", ".join(group.words), f"{text} ({group.label})" if group.label else text)
