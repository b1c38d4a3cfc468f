"""A person is erased: found in everything made here, destroyed at once, everywhere else by the log (PROTOCOL 10).

One transaction does all that this node can do alone: cleaned successors as pending publishes, payloads and salts of
every version that named the person destroyed, drafts and conflicts cleaned, and the erasure itself as a pending edit.
That edit alone keeps the person's text, until it is sealed: versions that come back from the mirror by then are
searched again (W3). Order within the log: successors first, then the erase entry, both in one checkpoint.

Files that somebody uploaded and has not imported yet are dropped, whatever stands in them; they live a day at most.
What was seen at a link whose address names the person is dropped too.

Texts held of others are their owners' business; they are deleted when the owner's log says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from node import ballast
from node.derived import derived_of
from node.editing import publish_edit, shown_document, title_in
from node.history import next_revision
from node.mentions import entries_of
from node.party import Node
from node.persons import person_key
from node.rows import mask_of
from node.store import drafts, erasures, hints, hints_out, history, imports, links, persons, uploads, versions
from node.store.desk_settings import load_texts, save_texts
from shared.database import TROUBLED, trouble_of
from shared.errors import ParseError
from shared.feed.payload import parse_payload
from shared.holdings import edits, facts, logs, payloads, tally
from shared.holdings.edits import Edit
from shared.mailing.store import mails, subscriptions
from shared.model.erasing import find_person, remove_person
from shared.seal import erase_commitments

_BESIDE = frozenset({"mail", "hint", "hint_out", "setting", "subscription"})
_ADDRESSES = frozenset({"office_email", "mail_user", "mail_sender"})


class Hit(msgspec.Struct, frozen=True):
    """One place where the person stands.

    `where` is version, outbox, conflict, draft, history, note (where an offer comes from), remark (what somebody who
    gave a draft back wrote), basis (note on the legal basis; its `id` is no offer's), mail, hint, hint_out (a hint for
    another member), subscription or setting; `version` is the index in the log, None for what is not in it; `id` is
    empty for what belongs to no offer.
    """

    id: bytes
    title: str
    where: str
    version: int | None
    fields: tuple[str, ...]
    commitment: bytes | None = None
    log_id: int | None = None
    row_id: int | None = None


class Erased(msgspec.Struct, frozen=True):
    """What one erasure did here; `is_scrubbed` says that the files hold no remains either.

    `number` names what is kept of it (`node.erasures`), 0 where there was nothing to do.
    """

    offers: int
    versions: int
    cleaned: int
    is_scrubbed: bool
    number: int = 0


def find(node: Node, text: str) -> list[Hit]:
    """List every place where a person stands in what this node made: versions held, outbox, conflicts, drafts, notes.

    Raises:
        RuleError: the text is too short to search for.
    """
    with node.db.read() as conn:
        return _find(conn, text)


def _find(conn: sa.Connection, text: str) -> list[Hit]:
    find_person({}, text)  # refuses a text that cannot be searched for, also where nothing is held
    hits = [*_in_versions(conn, text), *_in_edits(conn, text)]
    for rid, data in drafts.iterate_drafts(conn):
        doc = msgspec.json.decode(data, type=dict[str, Any])
        if fields := _fields(find_person(doc, text)):
            hits.append(Hit(rid, str(doc.get("name", "")), "draft", None, fields))
    for number, rid, data in history.iterate_bodies(conn):
        doc = msgspec.json.decode(data, type=dict[str, Any])
        if fields := _fields(find_person(doc, text)):
            hits.append(Hit(rid, str(doc.get("name", "")), "history", None, fields, row_id=number))
    for rid, source in drafts.iterate_sources(conn):
        if find_person({"source": source}, text):
            hits.append(Hit(rid, "", "note", None, ("source",)))
    return [*hits, *_in_notes(conn, text), *_beside_offers(conn, text)]


def _in_notes(conn: sa.Connection, text: str) -> list[Hit]:
    """Find the person in what staff wrote to each other."""
    hits = [Hit(rid, "", "remark", None, ("note",)) for rid, note in drafts.iterate_notes(conn) if _names(note, text)]
    for number, rid, note in history.iterate_notes(conn):
        if _names(note, text):
            hits.append(Hit(rid, "", "remark", None, ("note",), row_id=number))
    for key, basis in persons.load_bases(conn).items():
        if _names(basis.note, text):
            hits.append(Hit(key, "", "basis", None, ("note",)))
    return hits


def _names(note: str, text: str) -> bool:
    return bool(find_person({"note": note}, text))


def _beside_offers(conn: sa.Connection, text: str) -> list[Hit]:
    """Where the person stands in letters, hints and the city's own texts."""
    hits = []
    for number, rid, texts in mails.iterate_texts(conn):
        if fields := _fields(find_person(texts, text)):
            hits.append(Hit(rid or b"", "", "mail", None, fields, row_id=number))
    for number, rid, texts in hints.iterate_texts(conn):
        if fields := _fields(find_person(texts, text)):
            hits.append(Hit(rid, "", "hint", None, fields, row_id=number))
    for _, _, texts in hints_out.iterate_texts(conn):
        if fields := _fields(find_person(texts, text)):
            hits.append(Hit(b"", "", "hint_out", None, fields))
    for _, texts in subscriptions.iterate_texts(conn):
        if fields := _fields(find_person(texts, text)):
            hits.append(Hit(b"", "", "subscription", None, fields))
    if fields := _fields(find_person(_city_texts(conn), text)):
        hits.append(Hit(b"", "", "setting", None, fields))
    return hits


def _city_texts(conn: sa.Connection) -> dict[str, object]:
    """The texts of the settings, with addresses under names that are searched as addresses."""
    return {name: {"email": value} if name in _ADDRESSES else value for name, value in load_texts(conn).items()}


def _in_versions(conn: sa.Connection, text: str) -> list[Hit]:
    hits = []
    for log_id in versions.own_log_ids(conn):
        found = {}
        for rid, commitment, body in payloads.iterate_payloads(conn, log_id):
            if fields := _fields_in(body, text):
                found[commitment] = (rid, title_in(body), fields)
        positions = versions.positions_of(conn, log_id, set(found))
        hits += [
            Hit(rid, title, "version", positions.get(commitment), fields, commitment, log_id)
            for commitment, (rid, title, fields) in found.items()
        ]
    return sorted(hits, key=lambda hit: (hit.log_id or 0, hit.version or 0))


def _in_edits(conn: sa.Connection, text: str) -> list[Hit]:
    hits = []
    waiting = [("outbox", edit.id, edit.rid, edit.body) for edit in edits.load_edits(conn)]
    waiting += [("conflict", row.id, row.rid, row.body) for row in edits.load_conflicts(conn)]
    for where, row_id, rid, data in waiting:
        body = b"" if rid is None or data is None else bytes(data)
        if rid is not None and body and (fields := _fields_in(body, text)):
            hits.append(Hit(bytes(rid), title_in(body), where, None, fields, row_id=row_id))
    return hits


def _fields_in(body: bytes, text: str) -> tuple[str, ...]:
    try:
        return _fields(find_person(parse_payload(body).doc, text))
    except ParseError:
        return ("?",) if text.encode() in body else ()


def _fields(paths: Iterable[str]) -> tuple[str, ...]:
    """Paths such as `contacts[0].name` without their numbers, each once."""
    return tuple(dict.fromkeys(re.sub(r"\[[0-9]+\]", "", path) for path in paths))


def erase(node: Node, text: str) -> Erased:
    """Erase a person from everything this node made; sealing makes every other holder do the same.

    Works on a full disk, with the room that the ballast keeps.  What was deleted is unreadable in the files when this
    returns with `is_scrubbed`; else the next upkeep tries again (fact scrub-due).

    Raises:
        RuleError: the text is too short to search for.
    """
    done = ballast.write_even_when_full(node.home, lambda: _erase(node, text))
    return msgspec.structs.replace(done, is_scrubbed=scrub(node))


def _erase(node: Node, text: str) -> Erased:
    with node.db.write() as conn:
        hits = _find(conn, text)
        # All of them: a packed file cannot be searched for every spelling, and its owner still has it.
        uploads.drop_uploads(conn)
        tally.drop_terms(conn, [term for term in tally.load_terms(conn) if find_person({"text": term}, text)])
        links.drop_links(conn, [key for key, url in links.load_urls(conn).items() if find_person({"url": url}, text)])
        # Of a member, versions that name the person may still come back from the mirror: this may be a restored or
        # resumed copy that does not know it yet.  The pending edit waits for them.
        if not hits and node.membership is None:
            return Erased(0, 0, 0, False)
        cleaned = _clean_edits(node, conn, hits, text) + _clean_drafts(node, conn, hits, text)
        doomed = {hit.commitment for hit in hits if hit.commitment is not None}
        _clean_beside_offers(conn, hits, text)
        cleaned += _publish_successors(node, conn, doomed, text)
        for log_id in versions.own_log_ids(conn):
            payloads.destroy_payloads(conn, log_id, doomed)
        for hit in hits:
            if hit.where not in _BESIDE:
                imports.mark_cleaned(conn, hit.id, mask_of(hit.fields))
        if doomed or node.membership is not None:
            _add_erasure(node, conn, text, doomed)
        _drop_bases(node, conn, hits)
        facts.save_fact(conn, "scrub-due", 1)
        facts.bump_fact(conn, "catalogue-version")
        offers = len({hit.id for hit in hits if hit.id and hit.where != "basis"})
        number = erasures.add_erasure(conn, node.clock.now(), offers=offers, versions=len(doomed), cleaned=cleaned)
    return Erased(offers, len(doomed), cleaned, False, number)


def _add_erasure(node: Node, conn: sa.Connection, text: str, doomed: Iterable[bytes]) -> None:
    body = b"".join(sorted(doomed))
    edits.add_edit(conn, Edit("erase", "offer", None, edits.NEW, node.clock.now(), body=body, person=text))


def renew_erasures(node: Node) -> None:
    """Search versions that came back from the mirror for the persons of pending erasures, before these are sealed (W3).

    A live offer whose newest version names the person gets a cleaned successor, as when the erasure was asked for.
    """
    with node.db.read() as conn:
        if not any(edit.op == "erase" and edit.person for edit in edits.load_edits(conn)):
            return
    with node.db.write() as conn:
        waiting = [edit for edit in edits.load_edits(conn) if edit.op == "erase" and edit.person]
        for edit in waiting:
            text = str(edit.person)
            found = {hit.commitment for hit in _in_versions(conn, text) if hit.commitment is not None}
            if found:
                _publish_successors(node, conn, found, text)
                for log_id in versions.own_log_ids(conn):
                    payloads.destroy_payloads(conn, log_id, found)
                # Again at the end, so that the successors come first in the log.
                edits.drop_edits(conn, [edit.id])
                _add_erasure(node, conn, text, found | erase_commitments(edit.body))
                facts.save_fact(conn, "scrub-due", 1)


def _clean_edits(node: Node, conn: sa.Connection, hits: list[Hit], text: str) -> int:
    """Put cleaned bytes, with a fresh salt, in place of pending and conflicting versions."""
    bodies = {("outbox", edit.id): edit.body for edit in edits.load_edits(conn)}
    bodies |= {("conflict", row.id): row.body for row in edits.load_conflicts(conn)}
    count = 0
    for hit in hits:
        if hit.row_id is None or (body := bodies.get((hit.where, hit.row_id))) is None:
            continue
        fresh = publish_edit(node, remove_person(parse_payload(bytes(body)).doc, text), hit.id, edits.NEW)
        edits.replace_body(conn, hit.where, hit.row_id, fresh.body or b"", fresh.commitment)
        count += 1
    return count


def _clean_drafts(node: Node, conn: sa.Connection, hits: list[Hit], text: str) -> int:
    """Clean drafts, the versions of the history and the notes; a staff note that names the person is deleted."""
    ids = {hit.id for hit in hits if hit.where == "draft"}
    bodies = {rid: _without(data, text) for rid, data in drafts.iterate_drafts(conn) if rid in ids}
    notes = {rid: _note_without(note, text) for rid, note in drafts.iterate_notes(conn) if _names(note, text)}
    drafts.clean_drafts(conn, bodies, notes, next_revision(conn))
    numbers = {hit.row_id for hit in hits if hit.where == "history"}
    history.replace_bodies(
        conn, {number: _without(data, text) for number, _, data in history.iterate_bodies(conn) if number in numbers}
    )
    remarks = {number: note for number, _, note in history.iterate_notes(conn) if _names(note, text)}
    history.replace_notes(conn, {number: _note_without(note, text) for number, note in remarks.items()})
    drafts.save_sources(node.db, conn, {hit.id: "" for hit in hits if hit.where == "note"})
    return len(bodies)


def _note_without(note: str, text: str) -> str:
    return str(remove_person({"note": note}, text).get("note", ""))


def _drop_bases(node: Node, conn: sa.Connection, hits: list[Hit]) -> None:
    """Forget on what basis somebody was named who is named no more, and notes that name the person."""
    persons.drop_bases(conn, [hit.id for hit in hits if hit.where == "basis"])
    bases, secret = persons.load_bases(conn), persons.load_secret(conn)
    if bases and secret is not None:
        used = {person_key(secret, entry) for doc in _newest_texts(node, conn) for entry in entries_of(doc, "contacts")}
        persons.drop_bases(conn, bases.keys() - used)


def _newest_texts(node: Node, conn: sa.Connection) -> Iterator[dict[str, Any]]:
    """Yield what is shown or will be, and every draft."""
    for _, data in drafts.iterate_drafts(conn):
        yield msgspec.json.decode(data, type=dict[str, Any])
    row = logs.find_log(conn, node.settings.origin)
    records = {} if row is None else versions.load_own_records(conn, row.id)
    for rid in {*records, *versions.pending_ids(conn)}:
        if (doc := shown_document(node, conn, rid)) is not None:
            yield doc


def _clean_beside_offers(conn: sa.Connection, hits: list[Hit], text: str) -> None:
    """Delete letters and subscriptions that name the person; clean hints and the city's own texts."""
    theirs = [key for key, texts in subscriptions.iterate_texts(conn) if find_person(texts, text)]
    subscriptions.drop_subscriptions(conn, theirs)
    named = [told for told in subscriptions.iterate_told(conn) if find_person({"name": told["title"]}, text)]
    subscriptions.forget_told(conn, [told["rid"] for told in named])
    mails.drop_mails(conn, [hit.row_id for hit in hits if hit.where == "mail" and hit.row_id is not None])
    numbers = {hit.row_id for hit in hits if hit.where == "hint"}
    for number, _, texts in [found for found in hints.iterate_texts(conn) if found[0] in numbers]:
        hints.replace_texts(conn, number, remove_person(texts, text))
    for out, _, texts in list(hints_out.iterate_texts(conn)):
        if find_person(texts, text):
            hints_out.replace_texts(conn, out, remove_person(texts, text))
    if any(hit.where == "setting" for hit in hits):
        before, after = load_texts(conn), remove_person(_city_texts(conn), text)
        left = {name: after.get(name, "") for name in before}
        save_texts(conn, {n: v.get("email", "") if isinstance(v, dict) else str(v) for n, v in left.items()})


def _without(data: bytes, text: str) -> bytes:
    return msgspec.json.encode(remove_person(msgspec.json.decode(data, type=dict[str, Any]), text))


def _publish_successors(node: Node, conn: sa.Connection, doomed: set[bytes], text: str) -> int:
    """A live record whose newest version dies gets a cleaned one, unless an edit of it is pending already."""
    row = logs.find_log(conn, node.settings.origin)
    if row is None:
        return 0
    pending = versions.pending_ids(conn)
    count = 0
    for known in versions.load_own_records(conn, row.id).values():
        if not known.live or known.commitment not in doomed or known.rid in pending:
            continue
        body = payloads.load_payload(conn, row.id, known.commitment)
        if body is not None:
            doc = remove_person(parse_payload(body).doc, text)
            edits.add_edit(conn, publish_edit(node, doc, known.rid, known.position))
            count += 1
    return count


def scrub(node: Node) -> bool:
    """Make deleted rows unreadable in the files; False when it must be tried again, on a full disk too.

    The ballast comes back only where much more room is left: on a full disk the room is needed for sealing.
    """
    try:
        if not derived_of(node).purge() or not node.db.scrub():
            return False
        with node.db.write() as conn:
            facts.save_fact(conn, "scrub-due", 0)
    except TROUBLED as error:
        if trouble_of(error) is None:
            raise
        return False
    # Saving the fact wrote to the log file again, but only the fact: what was deleted is gone since the first scrub.
    if node.settings.home:
        ballast.renew_ballast(node.home)
    return True
