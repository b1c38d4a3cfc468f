"""The catalogue note: which logs count, at which size, in which state, and the digest over all of them (PROTOCOL 7)."""

from __future__ import annotations

import sqlalchemy as sa

from hub.party import Hub
from hub.states import standings_of
from shared.consume import compute_digest
from shared.feed import limits
from shared.feed.catalogue_note import CatalogueNote, Source, format_catalogue_text, parse_catalogue_text
from shared.feed.note import Note, format_note, parse_note, sign_line
from shared.feed.outcomes import State
from shared.holdings import facts, logs, papers


def newest_note(conn: sa.Connection) -> CatalogueNote | None:
    """Return the newest catalogue note made here."""
    held = papers.load_catalogue_note(conn)
    if held is None:
        return None
    return parse_catalogue_text(parse_note(held[1], max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)


def publish_note(hub: Hub) -> bool:
    """Sign a new catalogue note if something changed or the last one is older than 10 minutes.

    At most one a second, its time strictly greater than the last.  A mere refresh is not pushed.  Nothing while
    recovering, nothing under an expired roster.

    Returns:
        Whether the catalogue changed, so that the note should be pushed.
    """
    now = hub.clock.now()
    with hub.db.write() as conn:
        roster = hub.book.newest(conn)
        own = logs.find_log(conn, hub.settings.origin)
        if roster is None or own is None or not own.size or facts.load_number(conn, "recovering-since"):
            return False
        if roster.roster.expires <= now:
            return False
        last = newest_note(conn)
        if last is not None and last.time >= now:
            return False
        sources = _sources(hub, conn, now, last)
        version = facts.load_number(conn, "catalogue-version")
        is_changed = (
            last is None
            or last.sources != sources
            or last.roster_version != roster.roster.version
            or version != facts.load_number(conn, "noted-version", -1)
        )
        if not is_changed and last is not None and now - last.time < limits.RESIGN_AFTER_SECONDS:
            return False
        digest = compute_digest(conn, sources, hub.digester) if is_changed or last is None else last.digest
        said = CatalogueNote(hub.settings.host, now, roster.roster.version, roster.sha256, sources, digest)
        text = format_catalogue_text(said)
        lines = tuple(sign_line(key, text) for key in hub.signer.log_keys)
        papers.save_catalogue_note(conn, now, format_note(Note(text, lines)))
        facts.save_fact(conn, "noted-version", version)
        if is_changed:
            facts.save_fact(conn, "note-to-push", now)
    return is_changed


def _sources(hub: Hub, conn: sa.Connection, now: int, last: CatalogueNote | None) -> tuple[Source, ...]:
    """One line per log that counts, sorted by origin: established members that are not retired, and our own.

    A new generation replaces the old one in one note: until it was read in full, the old line stays as it was.
    """
    own = logs.load_log(conn, hub.settings.origin)
    found = [Source(own.origin, own.size, bytes(own.root), "hub", "active")]
    for member in standings_of(conn, hub.members(conn), now=now):
        row = member.row
        if member.size and member.is_established and member.state is not State.RETIRED:
            found.append(Source(row.log_key.name, member.size, member.root, row.name, member.word))
        elif row.status == "active" and not member.is_established and last is not None:
            found += [s for s in last.sources if s.member == row.name and s.origin != row.log_key.name]
    return tuple(sorted(found, key=lambda source: source.origin))
