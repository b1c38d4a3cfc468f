"""The static files of the pages: one fixed list, made at start; a request names an entry, never a file path.

Each file has a strong ETag (its SHA-256) and is linked with a part of it as `?v=`, so that a browser asks again only
when the file has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from litestar import Response, Router, get
from litestar.params import FromPath

from shared.errors import NotFoundError
from shared.web.routers import OwnRouter

_TYPES = {
    "css": "text/css",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "md": "text/plain",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "woff2": "font/woff2",
}


@dataclass(frozen=True)
class Asset:
    """One static file: where it lies, what it is, and the hash that names its content."""

    file: Traversable
    content_type: str
    sha256: str


class Assets:
    """The static files of one package, by their name below its `static` folder."""

    def __init__(self, package: str = "shared.web") -> None:
        self._assets: Mapping[str, Asset] = dict(_walk(files(package) / "static", ""))

    def __iter__(self) -> Iterator[str]:
        return iter(self._assets)

    def find(self, name: str) -> Asset:
        """Return the asset of this name, or raise NotFoundError."""
        try:
            return self._assets[name]
        except KeyError:
            raise NotFoundError(f"no static file {name[:80]!r}") from None

    def text(self, name: str) -> str:
        """Return the content of a text file."""
        return self.find(name).file.read_text("utf-8")

    def versioned_path(self, name: str) -> str:
        """Return the path that links to an asset, with the part of its hash that makes it unique."""
        return f"/static/{name}?v={self.find(name).sha256[:12]}"


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = prefix + item.name
        if item.is_dir():
            found += _walk(item, name + "/")
        elif (content_type := _TYPES.get(item.name.rpartition(".")[2])) is not None:
            found.append((name, Asset(item, content_type, hashlib.sha256(item.read_bytes()).hexdigest())))
    return found


def asset_routes(assets: Assets) -> Router:
    """Serve the assets under `/static/`; HEAD and 304 come from `ConditionalRequests`."""

    @get("/{name:path}", sync_to_thread=True, include_in_schema=False)
    def static_file(name: FromPath[str]) -> Response[bytes]:
        return asset_answer(assets, name.removeprefix("/"))

    return OwnRouter("/static", route_handlers=[static_file])


def asset_answer(assets: Assets, name: str) -> Response[bytes]:
    """Return the file with type, tag and a day of caching; the version in its link makes a change visible at once."""
    asset = assets.find(name)
    headers = {"ETag": f'"{asset.sha256[:32]}"', "Cache-Control": "public, max-age=86400"}
    return Response(asset.file.read_bytes(), media_type=asset.content_type, headers=headers)
