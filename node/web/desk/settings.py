"""The settings of a city: an overview, and a form for each part; what the operator decides is shown and not changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from node import city as keeping
from node import mailing, relaying, reviewing, viewing, workflow
from node.city import LIMITS, SECURITIES, City, gaps_in, is_finished, load_city
from node.web.desk.legal_texts import propose_imprint, propose_privacy
from node.web.desk.outbox import OUTBOX
from node.web.desk.room import Room
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import RuleError
from shared.holdings import facts
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post
from shared.web.public.legal_texts import privacy_authority

SETTINGS = f"{DESK}/einstellungen"
_LOGO_FORM_BYTES = 512 * 1024
_CITY_FIELDS = (
    "greeting", "office", "office_street", "office_town", "office_phone", "office_email", "office_hours",
)  # fmt: skip
_LEGAL_FIELDS = ("imprint", "privacy", "accessibility")
_MAIL_FIELDS = ("mail_host", "mail_port", "mail_security", "mail_user", "mail_sender", "mail_sender_name")


@dataclass(frozen=True)
class _Page:
    """One form of the settings."""

    part: str
    template: str
    fields: Sequence[str]


_CITY = _Page("stadt", "desk/settings_city.html", _CITY_FIELDS)
_LOOK = _Page("aussehen", "desk/settings_look.html", ("accent",))
_LEGAL = _Page("recht", "desk/settings_legal.html", _LEGAL_FIELDS)
_MAIL = _Page("mail", "desk/settings_mail.html", _MAIL_FIELDS)


def settings_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the settings."""
    return [*_overview_routes(room), *_form_routes(room), *_look_routes(room), *_mail_routes(room)]


def _overview_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/einstellungen", right=Right.SETTINGS)
    def settings_page(request: DeskRequest) -> Response[str]:
        city = load_city(node)
        with node.db.read() as conn:
            four_eyes, saved_at = workflow.needs_two_people(conn), facts.load_number(conn, "backup-at")
        return desk.respond(
            request, "desk/settings.html", city=city, settings=node.settings, view=viewing.show_federation(node),
            four_eyes=four_eyes, saved_at=saved_at, is_imprint_shown=is_finished(city.imprint),
            is_privacy_shown=is_finished(city.privacy), membership=node.membership, is_member=node.is_member,
            troubled=mailing.count_troubled(node), outbox_path=OUTBOX, relay_url=reviewing.relay_url(node),
        )  # fmt: skip

    @desk_post("/einstellungen/freigabe", right=Right.SETTINGS)
    def switch_four_eyes(request: DeskRequest) -> Response[str]:
        is_on = form_of(request).text("four_eyes") == "ja"
        keeping.save_four_eyes(node, is_on)
        text = "Ab jetzt gibt immer eine zweite Person frei." if is_on else "Ab jetzt genügt eine Person."
        desk.say(request, text)
        return desk.go(SETTINGS)

    @desk_post("/einstellungen/links", right=Right.SETTINGS)
    def switch_link_check(request: DeskRequest) -> Response[str]:
        is_on = form_of(request).text("link_check") == "ja"
        keeping.save_link_check(node, is_on)
        text = "Links werden jetzt jede Woche geprüft." if is_on else "Links werden nicht mehr geprüft."
        desk.say(request, text)
        return desk.go(SETTINGS)

    return [settings_page, switch_four_eyes, switch_link_check]


def _form_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_get("/einstellungen/stadt", right=Right.SETTINGS)
    def city_page(request: DeskRequest) -> Response[str]:
        return _show(room, request, _CITY, _filled(load_city(room.node), _CITY))

    @desk_post("/einstellungen/stadt", right=Right.SETTINGS)
    def save_texts(request: DeskRequest) -> Response[str]:
        return _save(room, request, _CITY, "Die Texte sind gespeichert und gleich öffentlich zu sehen.")

    @desk_get("/einstellungen/recht", right=Right.SETTINGS)
    def legal_page(request: DeskRequest) -> Response[str]:
        city = load_city(room.node)
        imprint = city.imprint or propose_imprint(room.node, city)
        privacy = city.privacy or propose_privacy(room.node, city, privacy_authority(room.words.district.state))
        return _show(
            room,
            request,
            _LEGAL,
            Form({"imprint": [imprint], "privacy": [privacy], "accessibility": [city.accessibility]}),
        )

    @desk_post("/einstellungen/recht", right=Right.SETTINGS)
    def save_legal(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        left = sum(len(gaps_in(form.text(name))) for name in _LEGAL_FIELDS)
        shown = "Was keine Lücken hat, ist jetzt öffentlich."
        return _save(
            room, request, _LEGAL, f"Gespeichert. Noch {left} Lücken. {shown}" if left else f"Gespeichert. {shown}"
        )

    return [city_page, save_texts, legal_page, save_legal]


def _look_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node = room.node

    @desk_get("/einstellungen/aussehen", right=Right.SETTINGS)
    def look_page(request: DeskRequest) -> Response[str]:
        return _show(room, request, _LOOK, _filled(load_city(node), _LOOK))

    @desk_post("/einstellungen/aussehen", right=Right.SETTINGS, form_bytes=_LOGO_FORM_BYTES)
    def save_look(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        picture = form.file("logo")
        try:
            if picture is not None:
                keeping.save_logo(node, picture.content)
            elif form.text("no_logo"):
                keeping.save_logo(node, b"")
        except RuleError as error:
            return _show(room, request, _LOOK, form, error.problems)
        return _save(room, request, _LOOK, "Das Aussehen ist gespeichert.")

    return [look_page, save_look]


def _mail_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/einstellungen/mail", right=Right.SETTINGS)
    def mail_page(request: DeskRequest) -> Response[str]:
        return _show(room, request, _MAIL, _filled(load_city(node), _MAIL))

    @desk_post("/einstellungen/mail", right=Right.SETTINGS)
    def save_mail(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        more = {"reminders": "yes" if form.text("reminders") else "no"}
        answer = _save(room, request, _MAIL, "Die Angaben zum Mailversand sind gespeichert.", more)
        if answer.status_code == 303:
            if form.raw("password"):
                keeping.save_password(node, form.raw("password"))
            elif form.text("no_password"):
                keeping.save_password(node, "")
        return answer

    @desk_post("/einstellungen/mail/probe", right=Right.SETTINGS)
    def send_test(request: DeskRequest) -> Response[str]:
        mailing.write_test(node, form_of(request).text("recipient"))
        desk.say(request, "Die Probe liegt im Postausgang. In wenigen Sekunden steht hier, was daraus wurde.", "info")
        return desk.go(OUTBOX)

    return [mail_page, save_mail, send_test]


def _filled(city: City, page: _Page) -> Form:
    return Form({name: [str(getattr(city, name))] for name in page.fields})


def _save(
    room: Room, request: DeskRequest, page: _Page, said: str, more: Mapping[str, str] | None = None
) -> Response[str]:
    form = form_of(request)
    texts = {name: form.text(name) for name in page.fields}
    if "accent" in texts:
        texts["accent"] = texts["accent"].lower()
    try:
        keeping.save_city(room.node, {**texts, **(more or {})})
    except RuleError as error:
        return _show(room, request, page, form, error.problems)
    room.desk.say(request, said)
    return room.desk.go(f"{SETTINGS}/{page.part}")


def _show(
    room: Room, request: DeskRequest, page: _Page, form: Form, problems: Mapping[str, Sequence[str]] | None = None
) -> Response[str]:
    city, node = load_city(room.node), room.node
    accent = form.text("accent")
    is_colour = bool(accent) and not keeping.accent_problems(accent)
    return room.desk.respond(
        request, page.template, status_code=422 if problems else 200, path=f"{SETTINGS}/{page.part}", form=form,
        problems=problems or {}, city=city, limits=LIMITS, securities=SECURITIES, settings=node.settings,
        contrasts=keeping.accent_contrasts(accent) if is_colour else {}, proposed=room.words.district.colours.accent,
        has_password=page is _MAIL and bool(keeping.load_password(node)),
        gaps={name: gaps_in(form.text(name)) for name in _LEGAL_FIELDS},
        relay_url=reviewing.relay_url(node) if page is _MAIL else "",
        relay_failure=relaying.describe_failure(node) if page is _MAIL else "",
    )  # fmt: skip
