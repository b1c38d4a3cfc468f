"""The HSDS 3.2.3 API (profile kreisweit 1.0) under `/hsds`: services, providers, places, vocabularies; reading only.

What a query means is decided in `hsds.query` and `outputs.asking`; what stands in an object in `hsds`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from shared.errors import NotFoundError
from shared.holdings.catalogue import find_ended
from shared.hsds.pages import envelope
from shared.hsds.parts import Object, dashed
from shared.hsds.profile import MERGE_PATCH, PROFILE, VERSION, describe_profile, patches
from shared.hsds.query import ListQuery, parse_query
from shared.outputs.reading import Found
from shared.outputs.store import Gone
from shared.web.outputs.answers_in_files import Spool, file_response
from shared.web.outputs.source import IGNORED, JSON, NDJSON, OutputSource, headers_of, respond
from shared.web.problems import GONE, Problem, problem_json
from shared.web.public.notices import blocked, notice_on
from shared.web.routers import OwnRouter

HSDS: Final = "/hsds"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_Request = Request[Any, Any, Any]


def hsds_router(source: OutputSource, spool: Spool, lists: Lists) -> Router:
    """Return all routes of the API."""
    made = [_about(source), *lists.handlers(), *_singles(source), *_terms(source), *_profile(source)]
    return OwnRouter(HSDS, route_handlers=made)


def _about(source: OutputSource) -> HTTPRouteHandler:
    @get("/", sync_to_thread=True, include_in_schema=False)
    def about(request: _Request) -> Response[bytes]:
        face = source.face
        office = face.texts().office
        publisher = {
            "name": office.name or face.words.district.contact.organisation,
            "identifier": f"kreisweit:{face.words.district.key}:{face.member}",
            **({"email": office.email} if office.email else {}),
            **({"website": office.url or face.public_url} if office.url or face.public_url else {}),
        }
        body = {
            "version": VERSION, "profile": PROFILE, "openapi_url": face.absolute(f"{HSDS}/openapi.json"),
            "description": f"Integration offers in {face.words.district.name}, as their cities publish them",
            "data_guide": face.absolute("/schnittstelle"), "publisher": publisher,
        }  # fmt: skip
        return respond(msgspec.json.encode(body), headers=_ignored(request))

    return about


def _profile(source: OutputSource) -> Sequence[HTTPRouteHandler]:
    made = {name: msgspec.json.encode(patch) for name, patch in patches().items()}
    listed = msgspec.json.encode(describe_profile(base_url=source.face.public_url.rstrip("/")))

    @get("/profile", sync_to_thread=False, include_in_schema=False)
    def profile(request: _Request) -> Response[bytes]:
        return respond(listed, headers=_ignored(request))

    @get("/profile/{name:str}", sync_to_thread=False, include_in_schema=False)
    def patch(request: _Request, name: FromPath[str]) -> Response[bytes]:
        if name not in made:
            raise NotFoundError(f"the profile has no patch {name[:40]!r}; /hsds/profile lists all")
        return respond(made[name], media_type=MERGE_PATCH, headers=_ignored(request))

    return [profile, patch]


@dataclass(frozen=True)
class Page:
    """One finished page of a list, with the headers that say of it what only its maker knows."""

    body: bytes
    headers: Mapping[str, str]


class Lists:
    """The three lists of records; each page is put together from finished objects."""

    def __init__(self, source: OutputSource, spool: Spool) -> None:
        self._source = source
        self._spool = spool
        reader = source.reader
        self._pages: Mapping[str, Callable[..., Found]] = {
            "services": reader.services,
            "organizations": reader.organizations,
            "service_at_locations": reader.service_at_locations,
        }

    def handlers(self) -> Sequence[HTTPRouteHandler]:
        """Return the routes of the lists."""
        reader = self._source.reader
        return [
            self._list("services", reader.all_services),
            self._list("organizations", reader.all_organizations),
            self._list("service_at_locations", reader.all_places),
        ]

    def page(self, name: str, pairs: Iterable[tuple[str, str]]) -> Page | None:
        """Return one page of a list; None where everything is asked for in one go.

        Raises:
            QueryError: a value is refused.
            LogStateError: no record may be given out now, or there is none yet.
        """
        query, headers = _read_query(name, pairs)
        return None if query.format == "ndjson" else self._page(name, query, headers)

    def _page(self, name: str, query: ListQuery, headers: dict[str, str]) -> Page:
        masks = self._source.masks()
        found = self._pages[name](query, masks=masks)
        body = envelope(found.contents, total=found.total, page=query.page, per_page=query.per_page)
        # Whoever goes by the date alone must ask again when persons are hidden.
        return Page(body, headers_of("" if masks else found.changed_at, headers))

    def _list(self, name: str, everything: Callable[..., Iterator[bytes]]) -> HTTPRouteHandler:
        @get(f"/{name}", sync_to_thread=True, include_in_schema=False)
        def answer(request: _Request) -> Response[Any]:
            query, headers = _read_query(name, request.query_params.multi_items())
            if query.format == "ndjson":
                masks = self._source.masks()
                # The tag first: an answer that is newer than its tag is only asked for once more.
                headers["ETag"] = self._tag(name, query, masks=masks)
                lines = (line + b"\n" for line in everything(query, masks=masks))
                kept = self._spool.write_once(lambda into: into.writelines(lines))
                return file_response(kept, NDJSON, headers=headers)
            page = self._page(name, query, headers)
            return Response(page.body, media_type=JSON, headers=page.headers)

        return answer

    def _tag(self, name: str, query: ListQuery, *, masks: bool) -> str:
        """Return what names all items of a query in one state of the catalogue."""
        asked = msgspec.json.encode([name, query, masks, self._source.reader.stamp()])
        return f'"{hashlib.sha256(asked).hexdigest()[:32]}"'


def _read_query(name: str, pairs: Iterable[tuple[str, str]]) -> tuple[ListQuery, dict[str, str]]:
    query, ignored = parse_query(name, pairs)
    # What a header cannot hold is not repeated in one.
    named = ", ".join(name for name in ignored if re.fullmatch(r"[!-+\--~]{1,60}", name))[:500]
    return query, {IGNORED: named} if named else {}


def _ignored(request: _Request) -> dict[str, str]:
    """Return the header for a request that takes no parameters."""
    return _read_query("", request.query_params.multi_items())[1]


def _singles(source: OutputSource) -> Sequence[HTTPRouteHandler]:
    reader = source.reader

    @get("/services/{key:str}", sync_to_thread=True, include_in_schema=False)
    def service(request: _Request, key: FromPath[str]) -> Response[bytes]:
        query, headers = _read_query("service", request.query_params.multi_items())
        rid, masks = _read_id("service", key), source.masks()
        found = reader.service(rid, masks=masks, lang=query.lang)
        if found is None and (notice := notice_on(source.face, rid)) is not None and not _has_ended(source, rid):
            return blocked(source.face, notice, as_page=False)
        if found is None and (gone := reader.gone(rid)) is not None:
            return _gone(gone)
        return _found("service", key, found, headers, masks=masks)

    @get("/organizations/{key:str}", sync_to_thread=True, include_in_schema=False)
    def organization(request: _Request, key: FromPath[str]) -> Response[bytes]:
        query, headers = _read_query("organization", request.query_params.multi_items())
        own, masks = _read_id("organization", key), source.masks()
        found = reader.organization(own, whole=query.full_service or query.full, masks=masks)
        return _found("organization", key, found, headers, masks=masks)

    @get("/service_at_locations/{key:str}", sync_to_thread=True, include_in_schema=False)
    def service_at_location(request: _Request, key: FromPath[str]) -> Response[bytes]:
        query, headers = _read_query("service_at_location", request.query_params.multi_items())
        own, masks = _read_id("service_at_location", key), source.masks()
        found = reader.service_at_location(own, masks=masks, lang=query.lang)
        return _found("service_at_location", key, found, headers, masks=masks)

    return [service, organization, service_at_location]


def _found(
    kind: str, key: str, found: tuple[bytes, str] | None, headers: dict[str, str], *, masks: bool
) -> Response[bytes]:
    if found is None:
        raise NotFoundError(f"there is no {kind} {key[:40]}")
    body, modified = found
    return respond(body, modified="" if masks else modified, headers=headers)


def _has_ended(source: OutputSource, rid: bytes) -> bool:
    with source.face.db.read() as conn:
        return find_ended(conn, rid) is not None


def _gone(gone: Gone) -> Response[bytes]:
    """What existed once is never unknown again; of an erased record nothing is told but that."""
    if gone.is_erased:
        return problem_json(Problem(GONE, "erased", "the service was erased", extra={"time": gone.time}))
    extra = {**({"reason": gone.reason} if gone.reason else {}), "time": gone.time}
    return problem_json(Problem(GONE, "withdrawn", "the service was withdrawn", extra=extra))


def _read_id(kind: str, key: str) -> bytes:
    if not _UUID.fullmatch(key):
        raise NotFoundError(f"there is no {kind} {key[:40]!r}: an id is a UUID")
    return bytes.fromhex(key.replace("-", ""))


def _terms(source: OutputSource) -> Sequence[HTTPRouteHandler]:
    """The vocabularies that hold now."""

    @get("/taxonomies", sync_to_thread=False, include_in_schema=False)
    def taxonomies(request: _Request) -> Response[bytes]:
        return _page(request, "taxonomies", lambda query: _taxonomies(source, query))

    @get("/taxonomies/{key:str}", sync_to_thread=False, include_in_schema=False)
    def taxonomy(request: _Request, key: FromPath[str]) -> Response[bytes]:
        _read_id("taxonomy", key)
        found = next((one for one in _all_taxonomies(source) if one["id"] == key.lower()), None)
        if found is None:
            raise NotFoundError(f"there is no taxonomy {key}")
        return respond(msgspec.json.encode(found), headers=_ignored(request))

    @get("/taxonomy_terms", sync_to_thread=False, include_in_schema=False)
    def taxonomy_terms(request: _Request) -> Response[bytes]:
        return _page(request, "taxonomy_terms", lambda query: _taxonomy_terms(source, query))

    @get("/taxonomy_terms/{key:str}", sync_to_thread=False, include_in_schema=False)
    def taxonomy_term(request: _Request, key: FromPath[str]) -> Response[bytes]:
        _read_id("taxonomy term", key)
        terms = source.party.makers().terms
        found = next((one for one in terms.all_terms() if one["id"] == key.lower()), None)
        if found is None:
            raise NotFoundError(f"there is no taxonomy term {key}")
        return respond(msgspec.json.encode(terms.full_term(found)), headers=_ignored(request))

    return [taxonomies, taxonomy, taxonomy_terms, taxonomy_term]


def _page(request: _Request, name: str, find: Callable[[ListQuery], list[Object]]) -> Response[bytes]:
    query, headers = _read_query(name, request.query_params.multi_items())
    found = [msgspec.json.encode(one) for one in find(query)]
    if query.format == "ndjson":
        return respond(b"".join(one + b"\n" for one in found), media_type=NDJSON, headers=headers)
    start = (query.page - 1) * query.per_page
    contents = found[start : start + query.per_page]
    body = envelope(contents, total=len(found), page=query.page, per_page=query.per_page)
    return respond(body, media_type=JSON, headers=headers)


def _all_taxonomies(source: OutputSource) -> list[Object]:
    return list(source.party.makers().terms.taxonomies.values())


def _taxonomies(source: OutputSource, query: ListQuery) -> list[Object]:
    return [one for one in _all_taxonomies(source) if _has_words(one, query.search)]


def _taxonomy_terms(source: OutputSource, query: ListQuery) -> list[Object]:
    terms = source.party.makers().terms
    taxonomy = query.taxonomy_id and dashed(query.taxonomy_id)
    parent = query.parent_id and dashed(query.parent_id)
    return [
        one
        for one in terms.all_terms()
        if _has_words(one, query.search)
        and (not taxonomy or one.get("taxonomy_id") == taxonomy)
        and (not parent or one.get("parent_id") == parent)
        and not (query.top_only and "parent_id" in one)
    ]


def _has_words(value: Object, search: str) -> bool:
    text = f"{value['name']} {value['description']} {value.get('code', '')}".casefold()
    return all(word in text for word in search.casefold().split())
