"""Forms of the desk: read once, strictly, with limits, and only from our own pages.

Order: the guard has judged the session; then where the request comes from, how long it is, what it holds, and the
form's word that is bound to the session.  Only then the handler runs.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from litestar.exceptions import HTTPException
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from shared.errors import AccessError, ParseError
from shared.web.desk.guard import FORM_BYTES, DeskRequest, find_session

CSRF_FIELD = "csrf_token"
FIELDS_MAX = 2000
"""Fields of one form: a list in which a thousand offers are ticked has some more."""
_FORM = "form"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_AGAIN = "Laden Sie die Seite neu und senden Sie das Formular noch einmal ab."


@dataclass(frozen=True)
class FormFile:
    """One uploaded file; its name is a claim of the browser."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """What a form sent: every field with all its values in order, and the files."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[FormFile]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        return iter(name for name in self.fields if name != CSRF_FIELD)

    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def text(self, name: str) -> str:
        """Return the field without space around it; empty when it was not sent, the first when it was sent twice."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """Return the field as typed, space included: for passwords."""
        return next(iter(self.fields.get(name, ())), "")

    def texts(self, name: str) -> list[str]:
        """Return every value of a field that may repeat, such as ticked boxes."""
        return [value.strip() for value in self.fields.get(name, ())]

    def file(self, name: str) -> FormFile | None:
        """Return the uploaded file, or None when none was chosen."""
        return next(iter(self.files.get(name, ())), None)

    def expect(self, *names: str) -> None:
        """Refuse a form with fields beyond these: somebody added them by hand; ParseError."""
        unknown = (set(self.fields) | set(self.files)) - {*names, CSRF_FIELD}
        if unknown:
            raise ParseError(f"the form has {len(unknown)} fields that it should not have")


def form_of(request: DeskRequest) -> Form:
    """Return the form of a request, as `read_form` left it."""
    form = request.scope["state"].get(_FORM)
    return form if isinstance(form, Form) else Form()


def check_origin(headers: Mapping[str, str], *, host: str, public_url: str) -> None:
    """Refuse what another site's page sends in a person's name.

    Every browser of today sends at least one of Origin and Sec-Fetch-Site with a form; both have to agree.

    Args:
        public_url: origin under which people reach us; empty = the one the request itself names.
    Raises:
        AccessError: another site, or nothing that says where the form was.
    """
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    is_ours = bool(site or origin)
    if site:
        is_ours = site == "same-origin"
    if origin and public_url:
        is_ours = is_ours and origin.lower() == public_url.lower()
    elif origin:
        is_ours = is_ours and urlsplit(origin).netloc.lower() == host.lower()
    if not is_ours:
        raise AccessError("the form comes from another site", code="csrf", advice=_AGAIN)


async def read_form(request: DeskRequest, *, public_url: str) -> None:
    """Read and check the form of a request that changes something; `form_of` returns it.

    Raises:
        AccessError: from another site, or without the word of this session.
        ParseError: not readable as a form.
        HTTPException: 413, too long.
    """
    if request.method not in _UNSAFE:
        return
    check_origin(request.headers, host=request.headers.get("host", ""), public_url=public_url)
    limit = int(request.route_handler.opt.get("form_bytes", FORM_BYTES))
    form = parse_form(await _body(request, limit), request.headers.get("content-type", ""))
    session = find_session(request)
    if session is not None and not hmac.compare_digest(
        form.raw(CSRF_FIELD).encode(), session.signed_in.csrf_token.encode()
    ):
        raise AccessError("the form's token is missing or of another session", code="csrf", advice=_AGAIN)
    request.scope["state"][_FORM] = form


async def _body(request: DeskRequest, limit: int) -> bytes:
    body = bytearray()
    if int(request.headers.get("content-length", "0")) <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise HTTPException("the form is too long", status_code=413)


def parse_form(body: bytes, content_type: str) -> Form:
    """Read a form in either of its encodings; strict UTF-8, one kind of line end, no control characters.

    Raises:
        ParseError: another encoding, another charset, too many fields.
    """
    if not body and not content_type:
        return Form()
    kind, options = parse_options_header(content_type)
    if kind == "multipart/form-data":
        return _parse_multipart(body, options.get("boundary", ""))
    if kind != "application/x-www-form-urlencoded":
        raise ParseError("not a form")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise ParseError("the form is not UTF-8 or has too many fields") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(_clean(value))
    return Form(fields)


def _parse_multipart(body: bytes, boundary: str) -> Form:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[FormFile]] = {}
    try:
        for segment, content in _segments(body, boundary):
            name = segment.name or ""
            if segment.filename is not None:
                if segment.filename or content:
                    found = FormFile(segment.filename, segment.content_type or "", content)
                    files.setdefault(name, []).append(found)
            else:
                fields.setdefault(name, []).append(_clean(content.decode("utf-8")))
    except (MultipartError, ValueError) as error:
        raise ParseError("the form is not readable") from error
    return Form(fields, files)


def _segments(body: bytes, boundary: str) -> Iterator[tuple[MultipartSegment, bytes]]:
    content = bytearray()
    current: MultipartSegment | None = None
    with PushMultipartParser(boundary, max_segment_count=FIELDS_MAX) as parser:
        for part in [*parser.parse(body), *parser.parse(b"")]:
            if isinstance(part, MultipartSegment):
                current, content = part, bytearray()
            elif part:
                content += part
            elif current is not None:
                yield current, bytes(content)
                current = None


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
