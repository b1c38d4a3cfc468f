"""Contact persons at the desk: changed once for every offer, replaced, and on what basis they are named.

Names of people stand in no address and in no message that is kept: forms carry them, keyed hashes name them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import persons
from node.offer_form import format_phone, parse_day, read_phone_lines
from node.operations import Done
from node.persons import BASES, Book, Person
from node.web.desk.providers import told
from node.web.desk.room import Room, area_code, editor_of
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import ParseError, RuleError
from shared.model.text import fold, one_line, running_text
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post
from shared.web.time_words import day

PERSONS = f"{DESK}/personen"


def person_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the list of contact persons and of one of them."""
    return [*_list_routes(room), *_step_routes(room)]


def book_of(room: Room, request: DeskRequest) -> Book:
    """Return the contacts of the offers that whoever asks may see."""
    return Book(room.node, room.mentions.read(editor_of(request)))


def _list_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_get("/personen", right=Right.PERSONS)
    def persons_page(request: DeskRequest) -> Response[str]:
        return _list(room, request, "")

    @desk_post("/personen", right=Right.PERSONS)
    def search_persons(request: DeskRequest) -> Response[str]:
        # A form, not a query: what somebody searches for is a name.
        return _list(room, request, form_of(request).text("suche")[:200])

    @desk_get("/personen/{key:str}", right=Right.PERSONS)
    def person_page(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        person = book_of(room, request).find(key)
        return _show(room, request, person, _values_of(person))

    return [persons_page, search_persons, person_page]


def _list(room: Room, request: DeskRequest, wanted: str) -> Response[str]:
    people = book_of(room, request).people()
    words = fold(wanted).split()
    found = [one for one in people if all(word in _searched(one) for word in words)]
    missing = sum(1 for one in people if one.is_named and one.basis is None)
    return room.desk.respond(
        request, "desk/persons.html", path=PERSONS, people=found, total=len(people), missing=missing, wanted=wanted,
        bases=BASES, phones=_phones_of,
    )  # fmt: skip


def _searched(person: Person) -> str:
    return fold(" ".join(str(one.entry.get(field, "")) for one in person.details for field in persons.FIELDS))


def _phones_of(entry: Mapping[str, Any]) -> list[str]:
    return [format_phone(row) for row in entry.get("phones", ()) if isinstance(row, dict)]


def _values_of(person: Person) -> dict[str, str]:
    values = {field: str(person.entry.get(field) or "") for field in persons.FIELDS}
    return {**values, "phone": "\n".join(_phones_of(person.entry))}


def _step_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk = room.desk

    @desk_post("/personen/{key:str}", right=Right.PERSONS)
    def change_person(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        form, book = form_of(request), book_of(room, request)
        person = book.find(key)
        typed = {**{field: one_line(form.text(field)) for field in persons.FIELDS}, "phone": form.text("phone")}
        try:
            values = _read_person(room, person, typed)
        except RuleError as error:
            return _show(room, request, person, typed, problems=error.problems)
        is_sure, marks = form.text("sicher") == "ja", _marks(form, person)
        done = book.change(editor_of(request), key, marks, values, dry_run=not is_sure)
        if is_sure:
            return _finish(room, request, done)
        title = "Diese Ansprechperson überall ändern?"
        return _preview(room, request, person, done, title=title, fields=typed, marks=marks)

    @desk_post("/personen/{key:str}/ersetzen", right=Right.PERSONS)
    def replace_person(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        form, book = form_of(request), book_of(room, request)
        person, other = book.find(key), form.text("andere")
        if not other or other == key:
            problem = {"andere": ["Wählen Sie, wer an diese Stelle tritt."]}
            return _show(room, request, person, _values_of(person), problems=problem)
        is_sure, marks = form.text("sicher") == "ja", _marks(form, person)
        done = book.replace(editor_of(request), key, marks, other, dry_run=not is_sure)
        if is_sure:
            return _finish(room, request, done)
        title = "Diese Ansprechperson überall ersetzen?"
        return _preview(
            room, request, person, done, title=title, fields={"andere": other}, marks=marks, action="/ersetzen"
        )

    @desk_post("/personen/{key:str}/grundlage", right=Right.PERSONS)
    def note_basis(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        form, book = form_of(request), book_of(room, request)
        person = book.find(key)
        try:
            since = parse_day(form.text("since")).isoformat() if form.text("since") else ""
            book.note_basis(key, form.text("kind"), since, running_text(form.text("note"))[:500])
        except ParseError as error:
            return _show(room, request, person, _values_of(person), problems={"since": [error.message]})
        except RuleError as error:
            return _show(room, request, person, _values_of(person), problems=error.problems)
        desk.say(request, "Die Rechtsgrundlage ist vermerkt. Sie bleibt in diesem Haus.")
        return desk.go(f"{PERSONS}/{key}")

    return [change_person, replace_person, note_basis]


def _read_person(room: Room, person: Person, typed: Mapping[str, str]) -> dict[str, Any]:
    before = [row for one in person.details for row in one.entry.get("phones", ()) if isinstance(row, dict)]
    phones, wrong = read_phone_lines(typed["phone"].replace(";", "\n"), before, area_code(room))
    try:
        values = persons.check_person({**{field: typed[field] for field in persons.FIELDS}, "phones": phones})
    except RuleError as error:
        raise RuleError(error.message, {**error.problems, **({"phone": wrong} if wrong else {})}) from error
    if wrong:
        raise RuleError("Eine Telefonnummer ist nicht lesbar", {"phone": wrong})
    return values


def _marks(form: Form, person: Person) -> tuple[str, ...]:
    """Return the ticked details; where there is but one version of them, that."""
    known = [one.mark for one in person.details]
    return tuple(known) if len(known) == 1 else tuple(mark for mark in form.texts("angaben") if mark in known)


def _show(
    room: Room, request: DeskRequest, person: Person, values: Mapping[str, str], *,
    problems: Mapping[str, Sequence[str]] | None = None,
) -> Response[str]:  # fmt: skip
    others = [one for one in book_of(room, request).people() if one.key != person.key]
    since = date.fromisoformat(person.basis.since) if person.basis and person.basis.since else None
    return room.desk.respond(
        request, "desk/person.html", path=PERSONS, person=person, values=values, problems=problems or {},
        others=others, bases=BASES, phones=_phones_of, fields=persons.FIELDS, status_code=422 if problems else 200,
        since="" if since is None else day(since),
    )  # fmt: skip


def _preview(
    room: Room, request: DeskRequest, person: Person, done: Done, *, title: str, fields: Mapping[str, str],
    marks: Sequence[str], action: str = "",
) -> Response[str]:  # fmt: skip
    here = f"{PERSONS}/{person.key}"
    return room.desk.respond(
        request, "desk/reissue.html", path=PERSONS, title=title, done=done, fields=fields, marks=marks, back=here,
        action=here + action, renamed=0,
    )  # fmt: skip


def _finish(room: Room, request: DeskRequest, done: Done) -> Response[str]:
    room.desk.say(request, told(done), "warning" if done.left else "success")
    return room.desk.go(PERSONS)
