"""Alarms at the desk: what lasts, what was, who is told by mail, and the draft of a report where data is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import alarm_book, breach_draft
from hub.party import Hub
from hub.store.alarm_rows import AlarmRow
from hub.web.desk.room import ALARMS, Room, attachment, member_path
from shared.accounts.rights import Right
from shared.accounts.store import accounts
from shared.errors import NotFoundError, RuleError
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in


def alarm_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about alarms."""
    return [*_list_routes(room), *_one_routes(room), *_draft_routes(room)]


def _list_page(
    room: Room, request: DeskRequest, form: Form, problems: Mapping[str, Sequence[str]], status_code: int = 200
) -> Response[str]:
    hub = room.hub
    mailboxes = form.text("mailboxes") if "mailboxes" in form else "\n".join(alarm_book.load_mailboxes(hub))
    return room.desk.respond(
        request, "desk/alarms.html", status_code=status_code, path=ALARMS, lasting=alarm_book.load_lasting(hub),
        history=alarm_book.load_history(hub), problems=problems, mailboxes=mailboxes, words=room.words,
        names={row.name for row in hub.members()}, sends_mail=hub.settings.sends_mail,
        may_act=signed_in(request).may(Right.OPERATE), touches_data=breach_draft.touches_data,
    )  # fmt: skip


def _list_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/alarme", right=Right.READ)
    def alarms_page(request: DeskRequest) -> Response[str]:
        return _list_page(room, request, Form(), {})

    @desk_post("/alarme/postfaecher", right=Right.OPERATE)
    def save_mailboxes(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("mailboxes")
        try:
            kept = alarm_book.save_mailboxes(hub, form.text("mailboxes"))
        except RuleError as error:
            return _list_page(room, request, form, error.problems, 422)
        desk.log.info("alarm_mailboxes_changed", number=len(kept))
        desk.say(request, "Gespeichert." if kept else "Gespeichert. Es wird keine Mail mehr geschickt.")
        return desk.go(ALARMS)

    return [alarms_page, save_mailboxes]


def _one_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/alarme/{number:int}", right=Right.READ)
    def alarm_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        row = alarm_book.open_alarm(hub, number)
        return desk.respond(
            request, "desk/alarm.html", path=ALARMS, alarm=row, words=room.words, here=f"{ALARMS}/{row.id}",
            member=member_path(row.name) if row.name in {one.name for one in hub.members()} else "",
            noted_by=_who(hub, row), may_act=signed_in(request).may(Right.OPERATE),
            has_draft=breach_draft.touches_data(row),
        )  # fmt: skip

    @desk_post("/alarme/{number:int}/kenntnis", right=Right.OPERATE)
    def note(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        alarm_book.note_alarm(hub, number, by=signed_in(request).account_id)
        desk.log.info("alarm_noted", number=number)
        desk.say(request, "Zur Kenntnis genommen. Der Alarm bleibt stehen, bis seine Ursache behoben ist.")
        return desk.go(f"{ALARMS}/{number}")

    @desk_post("/alarme/{number:int}/kenntnis-zuruecknehmen", right=Right.OPERATE)
    def unnote(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        alarm_book.unnote_alarm(hub, number)
        desk.log.info("alarm_unnoted", number=number)
        desk.say(request, "Zurückgenommen.")
        return desk.go(f"{ALARMS}/{number}")

    return [alarm_page, note, unnote]


def _who(hub: Hub, row: AlarmRow) -> str:
    """Return who said that they know of an alarm; empty where the account is gone."""
    if row.noted_by is None:
        return ""
    with hub.db.read() as conn:
        account = accounts.load_account(conn, row.noted_by)
    return "" if account is None else account.display


def _draft_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    def draft_of(number: int) -> tuple[AlarmRow, breach_draft.Draft]:
        row = alarm_book.open_alarm(hub, number)
        if not breach_draft.touches_data(row):
            raise NotFoundError("Zu diesem Alarm gibt es keinen Entwurf", advice="Er berührt keine Daten von Personen.")
        return row, breach_draft.make_draft(hub, row)

    @desk_get("/alarme/{number:int}/datenschutz", right=Right.READ)
    def draft_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        row, draft = draft_of(number)
        return desk.respond(
            request, "desk/alarm_draft.html", path=ALARMS, alarm=row, draft=draft, here=f"{ALARMS}/{row.id}",
            is_late=hub.clock.now() > draft.deadline,
        )  # fmt: skip

    @desk_get("/alarme/{number:int}/datenschutz.txt", right=Right.READ)
    def draft_file(number: FromPath[int]) -> Response[bytes]:
        row, draft = draft_of(number)
        name = f"art33-entwurf-{row.id}.txt"
        return attachment(draft.text.encode(), "text/plain; charset=utf-8", name)

    return [draft_page, draft_file]
