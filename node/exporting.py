"""The feed as files in a directory, for any web server or object store (PROTOCOL 5).

Write order: rosters, tiles and payloads first, then checkpoint and catalogue note, each file complete or not there.
So a reader of the directory never finds a checkpoint whose tiles are missing.  Payloads that may no longer be given
out are deleted at the end of every run; partial tiles of earlier sizes stay.

`/roster` is not written: a file cannot stand beside the directory of the versions, and readers ask for versions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from node.party import Node
from node.store import versions
from shared.errors import InputError, LogStateError
from shared.feed.tiles import TilePath, bundles_for, format_tile_path, tiles_of
from shared.holdings import facts, logs, papers, serving
from shared.web.feed_files import FeedFiles


class Exported(msgspec.Struct, frozen=True):
    """What one run did."""

    logs: int
    files: int
    deleted: int


class _Log(msgspec.Struct, frozen=True):
    """One log as it stood when the run began."""

    prefix: str
    size: int
    note: bytes
    commitments: frozenset[str]


def export(node: Node, folder: Path, *, with_mirror: bool = True) -> Exported:
    """Write the static feed tree below `folder`.

    Args:
        with_mirror: also what this node holds of others.
    Raises:
        LogStateError: E_RECOVERING; it is not known yet what was erased.
    """
    if folder.resolve() == node.home.resolve() or node.home.resolve() in folder.resolve().parents:
        raise InputError(f"{folder} liegt im Verzeichnis des Knotens", advice="Ein anderes Verzeichnis angeben.")
    with node.db.read() as conn:
        if facts.load_number(conn, "recovering-since"):
            raise LogStateError(
                "Der Stand wird erst mit dem Kreis abgeglichen; vorher wird nichts herausgegeben", code="E_RECOVERING"
            )
        held = [_log(node, conn, row) for row in logs.load_logs(conn) if row.size and (row.own or with_mirror)]
        rosters = papers.load_roster_notes(conn, 0)
        catalogue = papers.load_catalogue_note(conn)
    files = FeedFiles(node.db, node.book, node.clock, own_origin=node.settings.origin)
    tree = _Tree(folder)
    for version, note in rosters:
        tree.write(f"roster/{version}", note)
    for log in held:
        for path in _paths(log):
            answer = files.get(f"/{log.prefix}{path}")
            if answer.status == 200:
                tree.write(log.prefix + path, answer.body)
    for log in held:
        tree.write(f"{log.prefix}checkpoint", log.note)
    if catalogue is not None:
        tree.write("catalogue", catalogue[1])
    deleted = sum(tree.keep_only(f"{log.prefix}payload", log.commitments) for log in held)
    return Exported(len(held), tree.written, deleted)


def _log(node: Node, conn: sa.Connection, row: sa.Row[Any]) -> _Log:
    digest = hashlib.sha256(row.origin.encode()).hexdigest()
    prefix = f"feed/{row.origin.rpartition('/')[2]}/" if row.own else f"mirror/{digest}/"
    allowed = serving.given_out(conn, row.id, versions.held_commitments(conn, row.id), now=node.clock.now())
    return _Log(prefix, row.size, bytes(row.note), frozenset(commitment.hex() for commitment in allowed))


def _paths(log: _Log) -> Iterator[str]:
    for path in tiles_of(log.size):
        yield format_tile_path(path)
    for commitment in sorted(log.commitments):
        yield f"payload/{commitment}"
    for number, _ in bundles_for(0, log.size):
        yield format_tile_path(TilePath("entries", number)).replace("tile/entries/", "payloads/", 1)


class _Tree:
    """Writes files below one directory, each complete or not there; what is there already is left alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.written = 0

    def write(self, path: str, data: bytes) -> None:
        target = self._root / path
        if target.is_file() and target.read_bytes() == data:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_bytes(data)
        os.replace(draft, target)  # noqa: PTH105 - atomic by intent
        self.written += 1

    def keep_only(self, path: str, names: frozenset[str]) -> int:
        """Delete every other file of a directory; returns how many."""
        folder = self._root / path
        gone = [file for file in folder.iterdir() if file.name not in names] if folder.is_dir() else []
        for file in gone:
            file.unlink()
        return len(gone)
