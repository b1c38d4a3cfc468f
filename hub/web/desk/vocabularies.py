"""The vocabularies at the district's desk: lists, drafts, and what was published; a single term: `vocabulary_terms`.

Everything is a change of a draft first; only „Veröffentlichen" reaches the cities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import search_words, term_usage, vocabulary
from hub.vocabulary import Level
from hub.web.desk.room import SEARCH_WORDS, VOCABULARIES, Room
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.model.vocabulary import editing
from shared.model.vocabulary.terms import Vocabulary
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in
from shared.web.messages import SOURCE_LANGUAGE, direction_of

_SIMPLE, EASY = "de-simple", "Leichte Sprache"
_Problems = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Language:
    """One language of the pages: its German name, and what a field for it needs."""

    tag: str
    name: str
    lang: str
    dir: str


def vocabulary_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about vocabularies."""
    return [*_reading(room), *_publishing(room)]


def languages_of(room: Room) -> list[Language]:
    """Return the languages in which terms are named, German left out."""
    known = room.words.vocabularies["language"]
    return [
        Language(tag, EASY if tag == _SIMPLE else known.label(tag), tag.removesuffix("-simple"), direction_of(tag))
        for tag in room.desk.pages.languages
        if tag != SOURCE_LANGUAGE
    ]  # fmt: skip


def list_path(name: str) -> str:
    """Return the path of a list's page."""
    return f"{VOCABULARIES}/{name}"


def term_path(name: str, code: str) -> str:
    """Return the path of a term's page."""
    return f"{VOCABULARIES}/{name}/begriffe/{code}"


def editor_of(request: DeskRequest) -> str:
    """Return whose name stands in the history; it does not leave the hub."""
    return signed_in(request).display_name


def may_curate(request: DeskRequest) -> bool:
    """Tell whether this person may change vocabularies."""
    return signed_in(request).may(Right.CURATE)


# --- reading ---------------------------------------------------------------------------------------------------------


def _reading(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/vokabulare", right=Right.READ)
    def lists_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/vocabularies.html", path=VOCABULARIES, lists=vocabulary.list_all(hub),
            found=search_words.load(hub), list_path=list_path, search_words_path=SEARCH_WORDS,
        )  # fmt: skip

    @desk_get("/vokabulare/{name:str}", right=Right.READ)
    def list_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        one = vocabulary.find_list(hub, name)
        return desk.respond(
            request, "desk/vocabulary.html", path=VOCABULARIES, one=one, here=list_path(name), term_path=term_path,
            counts=term_usage.counts_of(hub, name), may_act=may_curate(request) and one.level is not Level.NONE,
            missing=_missing(room, one.working), translated=_translated(one.working),
        )  # fmt: skip

    @desk_get("/vokabulare/{name:str}/verlauf", right=Right.READ)
    def history_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        one = vocabulary.find_list(hub, name)
        return desk.respond(
            request, "desk/vocabulary_history.html", path=VOCABULARIES, title=one.now.title, here=list_path(name),
            versions=one.versions, held=one.now.version, may_act=may_curate(request), is_open=one.draft is not None,
        )  # fmt: skip

    return [lists_page, list_page, history_page]


def _missing(room: Room, known: Vocabulary) -> dict[str, list[str]]:
    """Return in which languages each term has no name."""
    shown = languages_of(room)
    return {term.code: [one.name for one in shown if one.tag not in term.labels] for term in known.offered()}


def _translated(known: Vocabulary) -> tuple[int, int]:
    """Return how many translations there are, and how many of them nobody has checked."""
    pairs = [(tag, term) for term in known.offered() for tag in term.labels]
    return len(pairs), sum(tag not in term.checked for tag, term in pairs)


# --- publishing ------------------------------------------------------------------------------------------------------


def _publishing(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/vokabulare/{name:str}/entwurf", right=Right.READ)
    def draft_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        return _draft(room, request, name, Form(), {})

    @desk_post("/vokabulare/{name:str}/veroeffentlichen", right=Right.CURATE)
    def publish(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("note")
        try:
            number = vocabulary.publish(hub, name, form.text("note"), editor=editor_of(request))
        except RuleError as error:  # shown beside the field
            return _draft(room, request, name, form, error.problems)
        except ConflictError as error:
            desk.say(request, f"{error.message}.", "warning")
            return desk.go(list_path(name))
        desk.log.info("vocabulary_published", list=name, version=number)
        desk.say(request, f"Fassung {number} ist veröffentlicht. In wenigen Minuten gilt sie in allen Städten.")
        return desk.go(list_path(name))

    @desk_post("/vokabulare/{name:str}/verwerfen", right=Right.CURATE)
    def discard(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        gone = vocabulary.discard(hub, vocabulary.find_list(hub, name).name)
        desk.log.info("vocabulary_draft_dropped", list=name)
        desk.say(request, "Der Entwurf ist verworfen." if gone else "Es gab keinen Entwurf.", "info")
        return desk.go(list_path(name))

    @desk_post("/vokabulare/{name:str}/verlauf/{number:int}/wiederherstellen", right=Right.CURATE)
    def restore(request: DeskRequest, name: FromPath[str], number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        try:
            vocabulary.restore(hub, name, number, editor=editor_of(request))
        except ConflictError as error:
            desk.say(request, error.message, "warning")
            return desk.go(f"{list_path(name)}/verlauf")
        desk.say(request, restored_words(number))
        return desk.go(f"{list_path(name)}/entwurf")

    return [draft_page, publish, discard, restore]


def _draft(room: Room, request: DeskRequest, name: str, form: Form, problems: _Problems) -> Response[str]:
    one = vocabulary.find_list(room.hub, name)
    names = {language.tag: language.name for language in languages_of(room)}
    return room.desk.respond(
        request, "desk/vocabulary_draft.html", status_code=422 if problems else 200, path=VOCABULARIES,
        title=one.now.title, draft=one.draft, here=list_path(name), form=form, problems=problems, kind="list",
        differences=editing.differences(one.now, one.working, names), may_act=may_curate(request),
        version=one.now.version, note_max=vocabulary.NOTE_MAX,
    )  # fmt: skip


def restored_words(version: int) -> str:
    """Say that an earlier version stands in the draft."""
    return f"Der Entwurf hat jetzt den Inhalt von Fassung {version}. Prüfen und veröffentlichen Sie ihn."
