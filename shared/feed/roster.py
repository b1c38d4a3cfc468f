"""The roster: who is a member, with which keys, since when; signed by m of n root keys (PROTOCOL 11).

Only root keys and threshold are pinned in an installation.  Decided here: form and rules of one roster and the step
from one version to the next.  Storing the chain, and what a status means for a member, is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from shared.errors import ParseError, VerificationError
from shared.feed import limits
from shared.feed.keys import LOG, WITNESS, SigningKey, VerifyingKey, parse_vkey
from shared.feed.note import Note, SignatureLine, format_note, is_line_by, parse_note, sign_line, verify_line
from shared.feed.outcomes import ROSTER_STATUSES, Code
from shared.ids import parse_ags, parse_generation, parse_member_name, parse_num, parse_origin

FIRST_LINE = "kreisweit.roster/v1"
HUB_NAME = "hub"
PUSH_ONLY_URL = "-"

_URL = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?(?:/[A-Za-z0-9._~-]+)*"
)


class HubRow(msgspec.Struct, frozen=True):
    """The hub's keys and base URL."""

    log_key: VerifyingKey
    witness_key: VerifyingKey
    url: str

    @property
    def origin(self) -> str:
        """Origin of the hub's own log."""
        return self.log_key.name

    @property
    def host(self) -> str:
        """The name catalogue notes call the hub by."""
        return self.origin.partition("/")[0]


class MemberRow(msgspec.Struct, frozen=True):
    """One line of a member; a name has several only while a key rotates, or beside an ended generation."""

    name: str
    ags: str
    status: str
    generation: int
    log_key: VerifyingKey
    witness_key: VerifyingKey
    url: str

    @property
    def origin(self) -> str:
        """Origin of the member's log."""
        return self.log_key.name


_RowField = Callable[[MemberRow], object]


class Pins(msgspec.Struct, frozen=True):
    """What is pinned in every installation, and nothing else: root keys and threshold."""

    roots: tuple[VerifyingKey, ...]
    threshold: int


class Roster(msgspec.Struct, frozen=True):
    """One version of the roster."""

    version: int
    issued: int
    expires: int
    threshold: int
    roots: tuple[VerifyingKey, ...]
    hub: HubRow
    members: tuple[MemberRow, ...]

    @property
    def pins(self) -> Pins:
        """What an installation that starts from this version pins."""
        return Pins(self.roots, self.threshold)

    def rows(self, name: str) -> tuple[MemberRow, ...]:
        """Return all lines of one member."""
        return tuple(row for row in self.members if row.name == name)


def rows_for_origin(roster: Roster, origin: str) -> tuple[MemberRow, ...]:
    """Return the lines that name a log (two during a key rotation, none when it is unknown or the hub's own)."""
    return tuple(row for row in roster.members if row.origin == origin)


def row_for_origin(roster: Roster, origin: str) -> MemberRow | None:
    """Return the first line that names a log, or None."""
    return next(iter(rows_for_origin(roster, origin)), None)


def roster_sha256(note: bytes) -> bytes:
    """Return the digest by which catalogue notes name a roster: SHA-256 of the whole note."""
    return hashlib.sha256(note).digest()


# --- text ---------------------------------------------------------------------------------------------------------


def parse_roster(text: str) -> Roster:
    """Read the text of a roster and check every rule of one version; one spelling per roster.

    Raises:
        ParseError: form or rule.  WeakKeyError: a key that may not be admitted.
    """
    lines = text.split("\n")
    if lines.pop() or lines[:1] != [FIRST_LINE] or len(lines) < 7:
        raise ParseError(f"Die Mitgliederliste beginnt nicht mit {FIRST_LINE} oder hat zu wenige Zeilen")
    version, issued, expires, threshold = (
        parse_num(_field(line, name))
        for line, name in zip(lines[1:5], ("version", "issued", "expires", "threshold"), strict=True)
    )
    position = next((n for n, line in enumerate(lines[5:], 5) if not line.startswith("root ")), len(lines))
    if position == len(lines):
        raise ParseError("Die Mitgliederliste nennt keinen Hub")
    roster = Roster(
        version=version,
        issued=issued,
        expires=expires,
        threshold=threshold,
        roots=tuple([_parse_key(_field(line, "root"), LOG) for line in lines[5:position]]),
        hub=_parse_hub(_field(lines[position], "hub")),
        members=tuple([_parse_member(_field(line, "node")) for line in lines[position + 1 :]]),
    )
    check_roster(roster)
    return roster


def _field(line: str, name: str) -> str:
    word, space, rest = line.partition(" ")
    if word != name or not space:
        raise ParseError(f"In der Mitgliederliste steht {line[:60]!r}, wo '{name} …' stehen muss")
    return rest


def _parse_key(text: str, kind: int) -> VerifyingKey:
    key = parse_vkey(text)
    if key.kind != kind:
        raise ParseError(f"key of {key.name[:60]!r} has type {key.kind}, {kind} expected")
    return key


def _parse_log_key(text: str) -> VerifyingKey:
    key = _parse_key(text, LOG)
    parse_generation(parse_origin(key.name))
    return key


def _parse_witness_key(text: str) -> VerifyingKey:
    key = _parse_key(text, WITNESS)
    if not parse_origin(key.name).endswith("/witness"):
        raise ParseError(f"witness key is named {key.name[:60]!r}, '<host>/witness' expected")
    return key


def parse_url(text: str) -> str:
    """Return a base URL: http or https, lower-case host, no user, no query, no trailing slash."""
    if len(text) > limits.URL_MAX_BYTES or not _URL.fullmatch(text):
        raise ParseError(f"Die Adresse {text[:60]!r} hat nicht die Form https://host[:port][/pfad]")
    return text


def _parse_hub(text: str) -> HubRow:
    words = text.split(" ")
    if len(words) != 3:
        raise ParseError(f"Die hub-Zeile der Mitgliederliste hat {len(words)} Felder, nötig sind 3")
    return HubRow(_parse_log_key(words[0]), _parse_witness_key(words[1]), parse_url(words[2]))


def _parse_member(text: str) -> MemberRow:
    words = text.split(" ")
    if len(words) != 7:
        raise ParseError(f"Eine node-Zeile der Mitgliederliste hat {len(words)} Felder, nötig sind 7")
    name, ags, status, generation, log_key, witness_key, url = words
    if status not in ROSTER_STATUSES:
        raise ParseError(f"{status[:20]!r} ist kein Zustand der Mitgliederliste: {', '.join(ROSTER_STATUSES)}")
    return MemberRow(
        parse_member_name(name),
        parse_ags(ags),
        status,
        parse_num(generation),
        _parse_log_key(log_key),
        _parse_witness_key(witness_key),
        url if url == PUSH_ONLY_URL else parse_url(url),
    )


def format_roster(roster: Roster) -> str:
    """Write the text to be signed; refuses what `parse_roster` would refuse."""
    hub = roster.hub
    lines = [
        FIRST_LINE,
        f"version {roster.version}",
        f"issued {roster.issued}",
        f"expires {roster.expires}",
        f"threshold {roster.threshold}",
        *(f"root {key.vkey}" for key in roster.roots),
        f"hub {hub.log_key.vkey} {hub.witness_key.vkey} {hub.url}",
        *(_format_member(row) for row in roster.members),
    ]
    text = "\n".join(lines) + "\n"
    parse_roster(text)
    return text


def _format_member(row: MemberRow) -> str:
    keys = f"{row.log_key.vkey} {row.witness_key.vkey}"
    return f"node {row.name} {row.ags} {row.status} {row.generation} {keys} {row.url}"


# --- rules of one version -----------------------------------------------------------------------------------------


def check_roster(roster: Roster) -> None:
    """Return when one version keeps every rule that needs no other version; ParseError names the first it breaks."""
    if roster.version < 1:
        raise ParseError("Die Mitgliederliste hat die Fassung 0")
    if not roster.issued < roster.expires <= roster.issued + limits.ROSTER_MAX_SECONDS:
        raise ParseError("Die Mitgliederliste läuft nicht binnen 13 Monaten nach ihrer Ausgabe ab")
    if not 1 <= roster.threshold <= len(roster.roots):
        raise ParseError(
            f"Die Mitgliederliste verlangt {roster.threshold} Unterschriften bei {len(roster.roots)} Wurzelschlüsseln"
        )
    _check_members(roster)
    _check_keys(roster)


def _check_members(roster: Roster) -> None:
    if any(row.name == HUB_NAME for row in roster.members):
        raise ParseError("Ein Mitglied darf nicht hub heißen")
    for row in roster.members:
        if row.generation != parse_generation(row.origin):
            raise ParseError(f"{row.name} hat Generation {row.generation}, der Ursprung ist aber {row.origin}")
    if len({(row.origin, row.log_key.public, row.witness_key.public) for row in roster.members}) != len(roster.members):
        raise ParseError("Eine node-Zeile steht doppelt in der Mitgliederliste")
    _check_one_each(
        roster.members, "origin", lambda row: row.origin, lambda row: (row.name, row.ags, row.status, row.url)
    )
    active = [row for row in roster.members if row.status == "active"]
    _check_one_each(active, "name", lambda row: row.name, lambda row: (row.origin, row.ags))
    _check_one_each(active, "AGS", lambda row: row.ags, lambda row: (row.name,))


def _check_one_each(rows: Iterable[MemberRow], what: str, by: _RowField, same: _RowField) -> None:
    """Refuse rows that are alike in `by` but differ in `same`: then they are not one member in rotation."""
    seen: dict[object, object] = {}
    for row in rows:
        if seen.setdefault(by(row), same(row)) != same(row):
            raise ParseError(f"{what} {str(by(row))[:60]!r} steht bei zwei verschiedenen Mitgliedern")


def _check_keys(roster: Roster) -> None:
    """No key is in use in two places (PROTOCOL 1); lines of one member may repeat the key that does not rotate."""
    if len({key.public for key in roster.roots}) != len(roster.roots):
        raise ParseError("Ein Wurzelschlüssel steht doppelt in der Mitgliederliste")
    hub = roster.hub
    owned = [(key, "a root") for key in roster.roots]
    owned += [(key, "the hub") for key in (hub.log_key, hub.witness_key)]
    owned += [(key, row.name) for row in roster.members for key in (row.log_key, row.witness_key)]
    uses: dict[bytes, tuple[VerifyingKey, str]] = {}
    for key, owner in owned:
        if uses.setdefault(key.public, (key, owner)) != (key, owner):
            raise ParseError(f"Der Schlüssel von {key.name} ist schon vergeben")
    if any(row.origin == hub.origin for row in roster.members):
        raise ParseError("Ein Mitglied hat den Ursprung des Hubs")


# --- signatures and the chain -------------------------------------------------------------------------------------


def sign_roster(text: str, key: SigningKey, signatures: Sequence[SignatureLine] = ()) -> bytes:
    """Return the note with one more root signature; a line of the same key is replaced."""
    kept = [line for line in signatures if not is_line_by(key.verifying, line)]
    return format_note(Note(text, (*kept, sign_line(key, text))))


def verify_first(data: bytes, pins: Pins) -> Roster:
    """Return a roster that may begin a chain: its roots and threshold are the pinned ones, and enough of them signed.

    Raises:
        VerificationError: E_ROSTER.
    """
    note, roster = _parse_signed(data)
    if roster.threshold != pins.threshold or set(roster.roots) != set(pins.roots):
        raise VerificationError(
            f"Fassung {roster.version} der Mitgliederliste nennt nicht die bekannten {pins.threshold} Wurzelschlüssel",
            code=Code.E_ROSTER,
        )
    _verify_threshold(note, roster, pins)
    return roster


def verify_next(current: Roster, data: bytes) -> Roster:
    """Return the roster that follows `current`: version exactly one higher, signed by enough old and enough new roots.

    Raises:
        VerificationError: E_ROSTER.
    """
    note, roster = _parse_signed(data)
    if roster.version != current.version + 1:
        raise VerificationError(
            f"Fassung {roster.version} der Liste passt nicht: Auf {current.version} folgt {current.version + 1}",
            code=Code.E_ROSTER,
        )
    _verify_threshold(note, roster, current.pins)
    _verify_threshold(note, roster, roster.pins)
    return roster


def verify_chain(notes: Sequence[bytes], pins: Pins) -> Roster:
    """Return the last of a chain of rosters, followed from the first one whose root keys are the pinned ones.

    What stands before that one was signed by earlier root keys, for readers who pinned those.

    Raises:
        VerificationError: E_ROSTER.
    """
    newest: Roster | None = None
    refused: VerificationError | None = None
    for note in notes:
        if newest is not None:
            newest = verify_next(newest, note)
            continue
        try:
            newest = verify_first(note, pins)
        except VerificationError as error:
            refused = error
    if newest is None:
        raise refused or VerificationError("Eine Mitgliederliste fehlt", code=Code.E_ROSTER)
    return newest


def _parse_signed(data: bytes) -> tuple[Note, Roster]:
    try:
        note = parse_note(data, max_bytes=limits.LARGE_NOTE_MAX_BYTES)
        return note, parse_roster(note.text)
    except ParseError as error:
        raise VerificationError(f"Mitgliederliste: {error.message}", code=Code.E_ROSTER, evidence=(data,)) from error


def _verify_threshold(note: Note, roster: Roster, pins: Pins) -> None:
    """Count root keys that signed, each once; a failing line of a known root spoils the note."""
    signed: set[bytes] = set()
    for key in pins.roots:
        for line in note.signatures:
            if is_line_by(key, line):
                try:
                    verify_line(key, note.text, line)
                except VerificationError as error:
                    raise VerificationError(f"Mitgliederliste: {error.message}", code=Code.E_ROSTER) from error
                signed.add(key.public)
    if len(signed) < pins.threshold:
        raise VerificationError(
            f"Fassung {roster.version} der Liste hat {len(signed)} von {pins.threshold} nötigen Unterschriften",
            code=Code.E_ROSTER,
        )
