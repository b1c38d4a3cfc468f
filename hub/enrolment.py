"""How a city becomes a member: invite, application, approval; and how a member announces new keys (PROTOCOL 11).

The hub keeps only the digest of an invite's token.  An application is committed before it is answered, so that what the
node was told stays true.  Nobody is a member until a person compared fingerprints and root keys sign the next roster.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec
import sqlalchemy as sa

from hub import roster_keeping
from hub.party import Hub
from hub.roster_keeping import ALL_MEMBERS, Change
from hub.store.applications import find_invite_of, load_applications
from hub.store.standings import drop_application, find_application, find_invite, save_application, save_invite
from shared.errors import ConflictError, InputError, NotFoundError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.join import (
    TOKEN_BYTES,
    Invite,
    JoinRequest,
    fingerprint,
    format_invite,
    parse_join_request,
    token_sha256,
    verify_join_request,
    verify_rotation_request,
)
from shared.feed.keys import SigningKey
from shared.feed.roster import HUB_NAME, MemberRow, Roster, format_roster
from shared.ids import parse_ags, parse_generation, parse_member_name
from shared.settings import verify_in_district

INVITE_SECONDS = 14 * limits.DAY
"""An invite runs for two weeks: a telephone call and a free afternoon."""
TITLE_MAX_CHARACTERS = 120

Answer = tuple[int, dict[str, object]]
"""HTTP status and JSON members of an answer."""


class Application(msgspec.Struct, frozen=True):
    """Keys that somebody sent for a name; `purpose` is `join` or `rotate`."""

    name: str
    ags: str
    title: str
    purpose: str
    fingerprint: str
    url: str
    time: int


# --- invite --------------------------------------------------------------------------------------------------------


def invite(hub: Hub, name: str, ags: str, title: str) -> str:
    """Return an invite code for a city that is no active member; a new one replaces the old one.

    Raises:
        InputError: name, AGS or title cannot be used.
        ConfigError: the AGS lies in another district.
        ConflictError: the name or the AGS belongs to an active member.
    """
    parse_member_name(name)
    parse_ags(ags)
    if name == HUB_NAME or not 1 <= len(title.strip()) <= TITLE_MAX_CHARACTERS:
        raise InputError(
            "Der Name hub ist vergeben." if name == HUB_NAME else "Die Bezeichnung fehlt oder ist zu lang."
        )
    verify_in_district(hub.district, ags)
    with hub.db.write() as conn:
        active = [row for row in roster_keeping.held_roster(hub, conn).roster.members if row.status == "active"]
        if any(row.name == name for row in active):
            raise ConflictError(
                f"{name} ist schon Mitglied.", advice="Für neue Schlüssel einer Stadt: kreisweit-hub regenerate."
            )
        if any(row.ags == ags for row in active):
            raise ConflictError(f"Der AGS {ags} gehört schon einem Mitglied.")
        return _make_invite(hub, conn, name, ags, title.strip())


def regenerate(hub: Hub, name: str) -> str:
    """Return an invite code with which a member sends new keys: for the next generation, or for lost ones.

    The old rows stay in force until the new keys are approved.

    Raises:
        NotFoundError: no such member.
    """
    with hub.db.write() as conn:
        rows = hub.book.rows(name, conn)
        if not rows:
            raise NotFoundError(f"Kein Mitglied heißt {name}.", advice=ALL_MEMBERS)
        before = find_invite_of(conn, name)
        return _make_invite(hub, conn, name, rows[0].ags, name if before is None else before.title)


def _make_invite(hub: Hub, conn: sa.Connection, name: str, ags: str, title: str) -> str:
    roster = roster_keeping.held_roster(hub, conn).roster
    token = hub.dice.token(TOKEN_BYTES)
    expires = hub.clock.now() + INVITE_SECONDS
    save_invite(conn, name, ags, title, token_sha256(token), expires)
    # What was sent with the old code is gone, so an approval of it must not fall on what comes with the new one.
    roster_keeping.cancel_change(conn, name)
    return format_invite(Invite(hub.settings.url, roster.roots, roster.threshold, name, ags, token, expires))


# --- join ----------------------------------------------------------------------------------------------------------


def receive_join(hub: Hub, request: bytes) -> Answer:
    """Answer `POST /federation/join`; what is answered with 202 is committed first.

    Returns:
        202 waiting, 200 member, 400 not a join request, 403 unknown or expired token, 409 other keys were sent for this
        name, 422 bad proof or weak key.
    """
    try:
        parsed = parse_join_request(request)
    except ParseError as error:
        weak = error.code == "E_KEY_WEAK"
        return _refuse(HTTPStatus.UNPROCESSABLE_ENTITY if weak else HTTPStatus.BAD_REQUEST, error.message, error.code)
    with hub.db.write() as conn:
        held = hub.book.newest(conn)
        if held is None:
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Der Hub gleicht seinen Stand noch ab", "E_RECOVERING")
        if _is_member(held.roster.rows(parsed.name), parsed) and _may_know(conn, parsed):
            return int(HTTPStatus.OK), {"state": "member", "roster": held.roster.version}
        if parsed.token is None:
            return _take_rotation(hub, conn, held.roster, parsed)
        return _take_application(hub, conn, held.roster, parsed, parsed.token)


def _refuse(status: HTTPStatus, detail: str, code: str = "") -> Answer:
    """Return a problem in the form of RFC 9457; the status alone is what PROTOCOL 11 gives a meaning."""
    return int(status), {"title": status.phrase, "status": int(status), "detail": detail, "code": code}


def _is_member(rows: tuple[MemberRow, ...], request: JoinRequest) -> bool:
    return any(row.log_key == request.log_key and row.witness_key == request.witness_key for row in rows)


def _may_know(conn: sa.Connection, request: JoinRequest) -> bool:
    """A used token still finds out that it was used; a rotation asks about rows that everybody can read."""
    if request.token is None:
        return True
    invited = find_invite(conn, token_sha256(request.token))
    return invited is not None and invited.name == request.name and bool(invited.used)


def _take_application(hub: Hub, conn: sa.Connection, roster: Roster, request: JoinRequest, token: bytes) -> Answer:
    invited = find_invite(conn, token_sha256(token))
    if invited is None or invited.name != request.name or invited.used:
        return _refuse(HTTPStatus.FORBIDDEN, "Diese Einladung ist unbekannt oder verbraucht")
    waiting = find_application(conn, request.name)
    if invited.expires < hub.clock.now() and not _is_same(waiting, request):
        return _refuse(HTTPStatus.FORBIDDEN, "Die Einladung ist abgelaufen")
    try:
        verify_join_request(request)
        _check_admissible(roster, request, invited.ags)
    except (ParseError, VerificationError) as error:
        return _refuse(HTTPStatus.UNPROCESSABLE_ENTITY, error.message, error.code)
    except ConflictError as error:
        return _refuse(HTTPStatus.CONFLICT, error.message, error.code)
    if waiting is not None and waiting.purpose == "join" and not _is_same(waiting, request):
        return _refuse(HTTPStatus.CONFLICT, "Für diesen Namen liegen schon andere Schlüssel vor")
    return _keep(hub, conn, request, "join")


def _take_rotation(hub: Hub, conn: sa.Connection, roster: Roster, request: JoinRequest) -> Answer:
    rows = [row for row in roster.rows(request.name) if row.status == "active"]
    if not rows:
        return _refuse(HTTPStatus.FORBIDDEN, "Ein aktives Mitglied dieses Namens gibt es nicht")
    try:
        verify_rotation_request(request, [row.log_key for row in rows])
        _check_admissible(roster, request, rows[0].ags, beside=True)
    except (ParseError, VerificationError) as error:
        return _refuse(HTTPStatus.UNPROCESSABLE_ENTITY, error.message, error.code)
    waiting = find_application(conn, request.name)
    if len(rows) > 1 or (waiting is not None and not _is_same(waiting, request)):
        return _refuse(HTTPStatus.CONFLICT, "Für diesen Namen läuft schon ein Wechsel der Schlüssel")
    return _keep(hub, conn, request, "rotate")


def _is_same(waiting: sa.Row[tuple[object, ...]] | None, request: JoinRequest) -> bool:
    """The same keys and URL were sent before."""
    sent = (request.log_key.vkey, request.witness_key.vkey, request.url)
    return waiting is not None and (waiting.log_vkey, waiting.witness_vkey, waiting.url) == sent


def _keep(hub: Hub, conn: sa.Connection, request: JoinRequest, purpose: str) -> Answer:
    if not _is_same(find_application(conn, request.name), request):
        save_application(
            conn, request.name, request.log_key.vkey, request.witness_key.vkey, request.url, purpose, hub.clock.now()
        )
    return int(HTTPStatus.ACCEPTED), {"state": "waiting", "fingerprint": request.fingerprint}


def _check_admissible(roster: Roster, request: JoinRequest, ags: str, *, beside: bool = False) -> None:
    """Refuse keys that no roster could name: in use elsewhere, another's origin, a generation that ended."""
    rows = roster.rows(request.name)
    generation = parse_generation(request.log_key.name)
    roster_keeping.check_generation(rows, request.log_key.name, generation)
    new = MemberRow(request.name, ags, "active", generation, request.log_key, request.witness_key, request.url)
    kept = [
        msgspec.structs.replace(row, url=request.url) if row.name == request.name else row
        for row in roster.members
        if beside or row.name != request.name
    ]
    format_roster(msgspec.structs.replace(roster, members=(*kept, new)))


# --- approve -------------------------------------------------------------------------------------------------------


def applications(hub: Hub) -> list[Application]:
    """Return what waits for a person's decision, by name."""
    with hub.db.read() as conn:
        return [_describe(hub, conn, row) for row in load_applications(conn)]


def find_waiting(hub: Hub, name: str) -> Application:
    """Return what waits for a decision under this name; NotFoundError when nothing does."""
    found = next((application for application in applications(hub) if application.name == name), None)
    if found is None:
        raise NotFoundError(
            f"Für {name} liegt keine Anmeldung vor.",
            advice="Die Stadt meldet sich mit kreisweit-node join CODE --url URL an.",
        )
    return found


def _describe(hub: Hub, conn: sa.Connection, row: sa.Row[tuple[object, ...]]) -> Application:
    invited = find_invite_of(conn, row.name)
    rows = hub.book.rows(row.name, conn)
    ags = rows[0].ags if row.purpose == "rotate" and rows else "" if invited is None else invited.ags
    title = row.name if invited is None else invited.title
    return Application(
        row.name, ags, title, row.purpose, fingerprint(row.log_vkey, row.witness_vkey), row.url, row.time
    )


def approve(hub: Hub, name: str, root_key: SigningKey, *, compared: str | None = None) -> int:
    """Make the applicant a member (or admit a member's new keys); returns the roster version that says so.

    Args:
        compared: the fingerprint that a person compared; other keys sent meanwhile are not approved.
    Raises:
        NotFoundError: nobody applied.
        ConflictError: other keys than those compared, not the root key, or more than one signature is needed.
    """
    verify_compared(hub, name, compared)
    return roster_keeping.change_now(hub, name, Change.APPROVE, root_key)


def verify_compared(hub: Hub, name: str, compared: str | None) -> None:
    """Return when what waits under this name has the fingerprint that a person compared."""
    waiting = find_waiting(hub, name)
    if compared is not None and compared != waiting.fingerprint:
        raise ConflictError(
            f"Der Fingerabdruck ist jetzt {waiting.fingerprint}, verglichen wurde {compared}.",
            advice="Noch einmal mit der Stadt vergleichen.",
        )


def dismiss(hub: Hub, name: str) -> None:
    """Refuse what waits under this name; the city may apply again while its invite runs."""
    find_waiting(hub, name)
    with hub.db.write() as conn:
        drop_application(conn, name)
        roster_keeping.cancel_change(conn, name)
