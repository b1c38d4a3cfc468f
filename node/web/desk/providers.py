"""Providers at the desk: found, changed once for every offer, and two spellings made one; each with a preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import providers
from node.offer_form import with_scheme
from node.operations import Done
from node.providers import KnownProvider
from node.web.desk.room import Room, editor_of, query_text
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import RuleError
from shared.model.text import fold, one_line, running_text
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

PROVIDERS = f"{DESK}/traeger"


def provider_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the list of providers and of one of them."""
    desk = room.desk

    @desk_get("/traeger", right=Right.READ)
    def providers_page(request: DeskRequest) -> Response[str]:
        wanted = query_text(request, "q")
        known = providers.list_providers(room.mentions.read(editor_of(request)))
        words = fold(wanted).split()
        found = [one for one in known if all(word in _searched(one) for word in words)]
        return desk.respond(
            request, "desk/providers.html", path=PROVIDERS, providers=found, total=len(known), q=wanted,
            words=room.words,
        )  # fmt: skip

    @desk_get("/traeger/{key:str}", right=Right.READ)
    def provider_page(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        found = providers.find_provider(room.mentions.read(editor_of(request)), key)
        return _show(room, request, found, found.entry)

    @desk_post("/traeger/{key:str}", right=Right.PUBLISH)
    def change_provider(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        editor, form = editor_of(request), form_of(request)
        mentions = room.mentions.read(editor)
        found, typed = providers.find_provider(mentions, key), _typed(form)
        try:
            values = providers.check_provider(typed)
            _check_kind(room, typed)
        except RuleError as error:
            return _show(room, request, found, typed, problems=error.problems)
        is_sure = form.text("sicher") == "ja"
        done = providers.change_provider(room.node, editor, mentions, key, values, dry_run=not is_sure)
        if is_sure:
            return _finish(room, request, done)
        return _preview(room, request, found, done, fields=typed, renamed=_renamed(room, found, values["name"]))

    @desk_post("/traeger/{key:str}/zusammenfuehren", right=Right.PUBLISH)
    def merge_provider(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        editor, form, target = editor_of(request), form_of(request), form_of(request).text("ziel")
        mentions = room.mentions.read(editor)
        found = providers.find_provider(mentions, key)
        if not target or target == key:
            problem = {"ziel": ["Wählen Sie den Träger, der bleiben soll."]}
            return _show(room, request, found, found.entry, problems=problem)
        is_sure = form.text("sicher") == "ja"
        other = providers.find_provider(mentions, target)
        done = providers.merge_provider(room.node, editor, mentions, key, target, dry_run=not is_sure)
        if is_sure:
            return _finish(room, request, done)
        return _preview(
            room, request, found, done, fields={"ziel": target}, other=other, renamed=_renamed(room, found, other.name)
        )

    return [providers_page, provider_page, change_provider, merge_provider]


def _searched(provider: KnownProvider) -> str:
    return fold(" ".join((*(name for name, _ in provider.spellings), str(provider.entry.get("alternate_name", "")))))


def _typed(form: Form) -> dict[str, str]:
    typed = {field: one_line(form.text(field)) for field in providers.FIELDS}
    return {**typed, "description": running_text(form.text("description")), "website": with_scheme(typed["website"])}


def _check_kind(room: Room, typed: Mapping[str, str]) -> None:
    if typed["org_type"] and room.words.vocabularies["org_type"].get(typed["org_type"]) is None:
        raise RuleError("Diese Art gibt es nicht", {"org_type": ["Wählen Sie eine Art aus der Liste."]})


def _renamed(room: Room, found: KnownProvider, name: str) -> int:
    """Count the accounts that would lose their offers: they are limited to a name that goes."""
    gone = [spelling for spelling, _ in found.spellings if fold(spelling) != fold(name)]
    return providers.limited_accounts(room.node, gone)


def _show(
    room: Room, request: DeskRequest, found: KnownProvider, values: Mapping[str, str], *,
    problems: Mapping[str, Sequence[str]] | None = None,
) -> Response[str]:  # fmt: skip
    others = [one for one in providers.list_providers(room.mentions.read(editor_of(request))) if one.key != found.key]
    return room.desk.respond(
        request, "desk/provider.html", path=PROVIDERS, provider=found, values=values, problems=problems or {},
        others=others, fields=providers.FIELDS, words=room.words, status_code=422 if problems else 200,
    )  # fmt: skip


def _preview(
    room: Room, request: DeskRequest, found: KnownProvider, done: Done, *, fields: Mapping[str, str],
    other: KnownProvider | None = None, renamed: int = 0,
) -> Response[str]:  # fmt: skip
    here = f"{PROVIDERS}/{found.key}"
    title = f"„{found.name}“ in „{other.name}“ aufgehen lassen?" if other else f"„{found.name}“ überall ändern?"
    return room.desk.respond(
        request, "desk/reissue.html", path=PROVIDERS, title=title, done=done, fields=fields, marks=(), back=here,
        action=f"{here}/zusammenfuehren" if other else here, renamed=renamed,
    )  # fmt: skip


def _finish(room: Room, request: DeskRequest, done: Done) -> Response[str]:
    room.desk.say(request, told(done), "warning" if done.left else "success")
    return room.desk.go(PROVIDERS)


def told(done: Done) -> str:
    """Say what a change to many offers did; titles of offers only, names of people never."""
    count = len(done.titles)
    left = f" {len(done.left)} blieben, wie sie sind." if done.left else ""
    if not count:
        return f"Es gab nichts zu ändern.{left}"
    words = "Ein Angebot wird" if count == 1 else f"{count} Angebote werden"
    return f"{words} neu herausgegeben.{left} Unter „Vorgänge“ können Sie das rückgängig machen."
