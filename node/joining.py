"""A node becomes a member: invite code, proof of possession, roster (PROTOCOL 11)."""

from __future__ import annotations

import msgspec

from node.exchange import fetch_rosters
from node.party import Node
from node.settings import Membership, save_membership
from shared.errors import AccessError, ConflictError, FetchError, InputError, KreisweitError, ParseError
from shared.feed import limits
from shared.feed.base64s import decode_base64url, encode_base64url
from shared.feed.join import (
    INVITE_PREFIX,
    TOKEN_BYTES,
    Invite,
    JoinRequest,
    format_join_request,
    make_join_request,
    parse_invite,
)
from shared.feed.note import parse_note
from shared.feed.roster import PUSH_ONLY_URL, parse_roster, parse_url
from shared.holdings import facts
from shared.net.fetcher import Posted

TOKEN_FACT = "join-token"  # noqa: S105 - the name of a fact
_JSON = "application/json"


class Joined(msgspec.Struct, frozen=True):
    """What the hub said: `waiting` or `member`; the fingerprint is read to the district over the telephone."""

    state: str
    fingerprint: str
    hub: str


class _Answer(msgspec.Struct):
    state: str = ""
    fingerprint: str = ""
    roster: int = 0
    detail: str = ""
    title: str = ""


def join(node: Node, code: str, url: str) -> Joined:
    """Ask the hub of an invite code to be taken in; settings are kept only once the hub has answered.

    Args:
        url: base URL at which the hub reaches this node, or `-` when it cannot.
    Raises:
        InputError: the code or the URL cannot be used, or is meant for another node; nothing was sent.
        AccessError, ConflictError: the hub refused.
        FetchError: the hub was not reached.
    """
    invite = read_invite(node, code)
    url = url.rstrip("/") if url != PUSH_ONLY_URL else url
    if url != PUSH_ONLY_URL:
        parse_url(url)
    held = node.membership
    if node.is_member and held is not None and held.roots != _roots(invite):
        raise ConflictError(f"Dieser Knoten ist schon Mitglied bei {held.hub}")
    request = _request(node, invite.token, url)
    answer = ask_to_join(node, invite.hub, request)
    keep_membership(node, invite, url)
    _settle(node, answer)
    return Joined(answer.state, request.fingerprint, invite.hub)


def read_invite(node: Node, code: str) -> Invite:
    """Read an invite code that is meant for this node and still runs; InputError otherwise."""
    try:
        invite = parse_invite(code.strip())
    except ParseError as error:
        advice = "Den Code vollständig und in einer Zeile kopieren; sonst beim Kreis einen neuen erfragen."
        raise InputError(
            f"Der Einladungscode ist nicht lesbar; er beginnt mit {INVITE_PREFIX}", advice=advice
        ) from error
    settings = node.settings
    if (invite.name, invite.ags) != (settings.name, settings.ags):
        raise InputError(
            f"Die Einladung gilt für {invite.name} (AGS {invite.ags}), "
            f"dieser Knoten ist {settings.name} (AGS {settings.ags})",
            advice="Beim Kreis die richtige Einladung erfragen.",
        )
    if invite.expires < node.clock.now():
        raise InputError("Die Einladung ist abgelaufen", advice="Beim Kreis eine neue Einladung erfragen.")
    return invite


def keep_membership(node: Node, invite: Invite, url: str) -> None:
    """Keep pins, hub and token; from now on rosters of these roots are accepted."""
    membership = Membership(invite.hub, _roots(invite), invite.threshold, url)
    with node.db.write() as conn:
        facts.save_fact(conn, TOKEN_FACT, encode_base64url(invite.token))
    save_membership(node.home, membership)
    node.membership = membership
    node.book.pin(invite.pins)


def _roots(invite: Invite) -> tuple[str, ...]:
    return tuple(root.vkey for root in invite.roots)


def _request(node: Node, token: bytes, url: str) -> JoinRequest:
    return make_join_request(
        token=token, name=node.settings.name, log_key=node.signer.log_keys[0], witness_key=node.signer.witness, url=url,
        time=node.clock.now(),
    )  # fmt: skip


def poll_membership(node: Node) -> str:
    """Ask again whether the hub has taken us in, and get the roster when it has; returns `waiting` or `member`.

    The same request again, while the token is here.  Without it (used up, or the database is new) the hub's newest
    roster says it.

    Raises:
        FetchError: the hub was not reached.
        AccessError, ConflictError, InputError: the hub refused.
        VerificationError: E_ROSTER.
    """
    if node.membership is None:
        return "new"
    with node.db.read() as conn:
        token = facts.load_fact(conn, TOKEN_FACT)
    if token:
        request = _request(node, decode_base64url(token, TOKEN_BYTES), node.membership.url)
        _settle(node, ask_to_join(node, node.hub_url, request))
    else:
        _fetch_newest_roster(node)
    return "member" if node.is_member else "waiting"


def _settle(node: Node, answer: _Answer) -> None:
    """A member gets its roster; the token has done its work once the roster names us."""
    if answer.state != "member":
        return
    fetch_rosters(node, answer.roster)
    if node.is_member:
        with node.db.write() as conn:
            facts.delete_fact(conn, TOKEN_FACT)
            facts.delete_fact(conn, "membership-failure")


def _fetch_newest_roster(node: Node) -> None:
    answer = node.web.get(
        f"{node.hub_url}/roster", max_bytes=limits.LARGE_NOTE_MAX_BYTES,
        deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
    )  # fmt: skip
    if answer.status != 200:
        raise FetchError(
            f"Der Kreis antwortet auf die Frage nach der Mitgliederliste mit {answer.status}",
            kind="status",
            status=answer.status,
        )
    note = parse_note(answer.body, max_bytes=limits.LARGE_NOTE_MAX_BYTES)
    fetch_rosters(node, parse_roster(note.text).version)


def ask_to_join(node: Node, hub_url: str, request: JoinRequest) -> _Answer:
    """Send a join request or the announcement of a rotation; returns what the hub said."""
    posted = node.web.post(
        f"{hub_url}/federation/join", format_join_request(request), content_type=_JSON,
        max_bytes=limits.NOTE_MAX_BYTES, deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
    )  # fmt: skip
    answer = _read(posted)
    if posted.status not in (200, 202):
        raise _refusal(posted.status, answer.detail or answer.title)
    if answer.state not in ("waiting", "member"):
        raise FetchError(
            "Unter der Adresse des Kreises antwortet etwas anderes als ein Hub", kind="type", status=posted.status
        )
    return answer


def _read(posted: Posted) -> _Answer:
    try:
        return msgspec.json.decode(posted.body, type=_Answer)
    except msgspec.DecodeError:
        return _Answer()


def _refusal(status: int, detail: str) -> KreisweitError:
    said = f" ({detail[:200]})" if detail else ""
    if status == 403:
        return AccessError(
            f"Der Kreis kennt diese Einladung nicht, oder sie ist abgelaufen{said}",
            advice="Beim Kreis eine neue Einladung erfragen.",
        )
    if status == 409:
        return ConflictError(
            f"Für diesen Namen liegen beim Kreis schon andere Schlüssel vor{said}",
            advice="Mit dem Kreis klären, wer beigetreten ist.",
        )
    if status == 422:
        return InputError(f"Der Kreis nimmt die Schlüssel nicht an{said}")
    return FetchError(f"the hub answered {status} to a join request{said}", kind="status", status=status)
