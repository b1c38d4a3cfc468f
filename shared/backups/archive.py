"""What stands in a backup: a compressed tar with its contents named and hashed first.

Readers take only what the contents name, under the names they know: never a path from the file, never a link.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from shared.errors import ConfigError, ParseError
from shared.feed.strict_json import decode_strict

FORMAT: Final = "kreisweit.backup/v1"
CONTENTS: Final = "contents.json"
_CONTENTS_MAX_BYTES: Final = 1024 * 1024
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
_PIECE: Final = 1024 * 1024
_UNREADABLE = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ParseError, msgspec.ValidationError)
_BROKEN: Final = "Eine andere Sicherung nehmen; diese Datei ist unvollständig oder verändert."


class Content(msgspec.Struct, frozen=True):
    """One file of a backup."""

    name: str
    size: int
    sha256: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Whose backup this is, and what is in it.

    `made` is Unix seconds; `schema` the number of the newest migration; `size` that of the party's own log.
    """

    format: str
    room: str  # node or hub
    name: str  # member name
    origin: str
    made: int
    version: str  # of the program
    schema: str
    size: int
    database: str  # name of the file that holds the database; empty in a backup of keys
    files: tuple[Content, ...]


def describe(path: Path, name: str) -> Content:
    """Return size and hash of a file that goes into a backup under `name`."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Content(name, size, digest.hexdigest())


def pack(target: BinaryIO, contents: Contents, paths: Mapping[str, Path]) -> None:
    """Write a backup.

    Args:
        paths: where each file of the contents lies.
    """
    with tarfile.open(fileobj=target, mode="w:gz", compresslevel=6) as archive:
        _add(archive, CONTENTS, msgspec.json.encode(contents))
        for content in contents.files:
            member = tarfile.TarInfo(content.name)
            member.size, member.mode = content.size, 0o600
            with paths[content.name].open("rb") as file:
                archive.addfile(member, file)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))


def unpack(source: BinaryIO, folder: Path) -> Contents:
    """Read a backup into an empty folder and verify every file of it.

    Raises:
        ConfigError: no backup, of a newer format, cut short, or a file is not what the contents say.
    """
    try:
        with tarfile.open(fileobj=source, mode="r:gz") as archive:
            contents = _read_contents(archive)
            for content in contents.files:
                _take(archive, content, folder)
            if archive.next() is not None:
                raise _refusal("nach der letzten Datei kommt noch etwas")
    except _UNREADABLE as error:
        raise _refusal(str(error)) from error
    return contents


def _read_contents(archive: tarfile.TarFile) -> Contents:
    first = archive.next()
    if first is None or first.name != CONTENTS or not first.isreg() or first.size > _CONTENTS_MAX_BYTES:
        raise _refusal("das Inhaltsverzeichnis fehlt")
    file = archive.extractfile(first)
    contents = msgspec.convert(decode_strict(b"" if file is None else file.read()), Contents)
    if contents.format != FORMAT:
        raise _refusal(f"das Format {contents.format[:40]!r} kennt dieses Programm nicht")
    names = [content.name for content in contents.files]
    if len(set(names)) != len(names) or not all(_NAME.fullmatch(name) for name in names):
        raise _refusal("ein Name im Inhaltsverzeichnis ist nicht möglich")
    if contents.database and contents.database not in names:
        raise _refusal("die Datenbank fehlt")
    return contents


def _take(archive: tarfile.TarFile, content: Content, folder: Path) -> None:
    member = archive.next()
    if member is None or member.name != content.name or not member.isreg() or member.size != content.size:
        raise _refusal(f"{content.name} fehlt oder hat eine andere Länge")
    source = archive.extractfile(member)
    target = folder / content.name
    with target.open("xb") as file:
        target.chmod(0o600)
        while source is not None and (piece := source.read(_PIECE)):
            file.write(piece)
    if describe(target, content.name) != content:
        raise _refusal(f"{content.name} ist nicht, was das Inhaltsverzeichnis sagt")


def _refusal(reason: str) -> ConfigError:
    return ConfigError(f"Das ist keine vollständige Sicherung: {reason}", advice=_BROKEN)
