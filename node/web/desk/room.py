"""What the pages of a node's desk share: the node, its lists, its words, and who is acting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Response

from node.lookalikes import Lookalikes
from node.mentions import Mentions
from node.offer_list import OfferList
from node.party import Node
from node.workflow import Editor
from shared.accounts.rights import Right
from shared.errors import NotFoundError, ParseError
from shared.ids import parse_record_id
from shared.web.desk.desk import Desk
from shared.web.desk.guard import DeskRequest, signed_in
from shared.web.offer_words import Words

OFFERS = "/pult/angebote"


@dataclass(frozen=True)
class Room:
    """One node's desk."""

    node: Node
    desk: Desk
    words: Words
    offers: OfferList
    lookalikes: Lookalikes
    mentions: Mentions


def make_room(node: Node, desk: Desk, words: Words) -> Room:
    """Put the desk of a node together."""
    return Room(node, desk, words, OfferList(node), Lookalikes(node), Mentions(node))


def editor_of(request: DeskRequest) -> Editor:
    """Return who acts, with what they may."""
    me = signed_in(request)
    return Editor(me.display_name, me.may(Right.PUBLISH), me.organisations if me.is_limited else None)


def area_code(room: Room) -> str:
    """Return the area code of the node's town, for telephone numbers written without one."""
    member = room.words.district.member(room.node.settings.name)
    return member.area_code if member is not None else ""


def offer_id(text: str) -> bytes:
    """Read the id in a path; what is none leads to no offer."""
    try:
        return parse_record_id(text)
    except ParseError as error:
        raise NotFoundError("Ein eigenes Angebot mit dieser Kennung gibt es hier nicht") from error


def offer_path(rid: bytes | str, part: str = "") -> str:
    """Return the path of an offer's page at the desk."""
    name = rid if isinstance(rid, str) else rid.hex()
    return f"{OFFERS}/{name}{'/' + part if part else ''}"


def query_text(request: DeskRequest, name: str, *, most: int = 200) -> str:
    """Return a field of the query, cut to what a person would type."""
    return str(request.query_params.get(name, ""))[:most].strip()


def attachment(content: bytes, media_type: str, name: str) -> Response[bytes]:
    """Answer with a file to keep; `name` holds nothing but letters, digits, dots and dashes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


def title_of(doc: Mapping[str, Any]) -> str:
    """Return the title of a document, or words for none."""
    return str(doc.get("name") or "") or "Angebot ohne Titel"
