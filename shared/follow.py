"""Reads other parties' logs: what to ask next, which failure to bear (PROTOCOL 6).

The rules of verification are `feed.trusted_log`'s, the meaning of entries `feed.fold`'s, time and byte limits the
fetcher's.  Decided here: the order of the steps, what is committed together, and what one failed part leaves standing.

Write order.  (a) One short transaction without network takes entries, erasures, heads, checkpoint and cosignature.
(b) Payloads follow bundle by bundle.  A crash between them leaves wanted payloads, which every later run asks for
again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from shared.clock import Clock
from shared.database import Database
from shared.errors import FetchError, InclusionError, LogStateError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.entry import Publish
from shared.feed.fold import kinds_of, parse_entries
from shared.feed.keys import SigningKey
from shared.feed.merkle import HASH_BYTES
from shared.feed.note import Note, SignatureLine, format_note, is_line_by, parse_note, sign_time_line
from shared.feed.outcomes import Code
from shared.feed.payload import SchemaCheck, verify_payload
from shared.feed.tiles import format_bundle, split_bundle, split_hash_tile, tile_reader
from shared.feed.trusted_log import Admission, Keys, LogState, TrustedLog, diagnose_root
from shared.holdings import facts, logs, papers, payloads
from shared.holdings.growth import Growth, Rules, grow_log
from shared.holdings.payloads import Arrival, Refusal, Want
from shared.sources import Found, NotModified, Source

_SPOOL_BYTES = 4 * 1024 * 1024
_REREADS = 3
_ROWS_A_TRANSACTION = 2048


class Guards(msgspec.Struct, frozen=True):
    """What a hub checks beyond verification (PROTOCOL 6.7, 6.11, 6.12); a consumer follows the note instead."""

    rate: bool = False
    erasures: bool = False
    withdrawals: bool = False


class Report(msgspec.Struct):
    """What one run of reading one log came to."""

    origin: str
    member: str
    code: Code = Code.OK
    start: int = 0
    size: int = 0
    message: str = ""
    oddities: list[str] = msgspec.field(default_factory=list)
    stored: int = 0
    refused: int = 0
    destroyed: int = 0
    new_erasures: int = 0
    held_at: int | None = None
    signatures_checked: int = 0
    retry_after_seconds: int = 0

    @property
    def is_good(self) -> bool:
        """The log is as its publisher says it is."""
        return self.code in (Code.OK, Code.OK_UNCHANGED, Code.STALE)


class Reader:
    """Reads logs into one party's holdings.

    Args:
        cosigner: the hub's witness key; None for everybody else.
        schema: checks a payload line of a kind, returns its id, owner and title.
    """

    def __init__(self, db: Database, clock: Clock, schema: SchemaCheck, *, cosigner: SigningKey | None = None) -> None:
        self._db = db
        self._clock = clock
        self._schema = schema
        self._cosigner = cosigner
        self._etags: dict[tuple[str, str], tuple[str, int, int]] = {}

    def read(self, keys: Keys, source: Source, guards: Guards, *, may_cosign: bool = False) -> Report:
        """Read one log once: PROTOCOL 6, steps 2 to 14.  Never raises for what a peer does.

        The report carries the code.
        """
        report = Report(keys.origin, keys.member)
        try:
            for attempt in range(_REREADS):
                if not self._read_entries(keys, source, guards, may_cosign, report, is_first=attempt == 0):
                    break
                if self._read_payloads(keys, source, report):
                    break
        except FetchError as error:
            report.code, report.message = Code(error.code), error.message
            report.retry_after_seconds = error.retry_after_seconds
        except (VerificationError, ParseError) as error:
            report.code, report.message = Code(error.code), error.message
            self._keep_evidence(keys.origin, error)
        except LogStateError as error:
            # Another read of the same log committed in between: what it brought is kept, the next run continues there.
            report.code, report.message = Code.OK_UNCHANGED, error.message
        return report

    def _keep_evidence(self, origin: str, error: VerificationError | ParseError) -> None:
        if isinstance(error, VerificationError) and len(error.evidence) == 2:
            with self._db.write() as conn:
                ours, theirs = error.evidence
                papers.save_evidence(conn, origin, error.code, ours, theirs, now=self._clock.now())

    # --- steps 2 to 14a ----------------------------------------------------------------------------------------------

    def _read_entries(
        self, keys: Keys, source: Source, guards: Guards, may_cosign: bool, report: Report, *, is_first: bool
    ) -> bool:
        """Take the newest checkpoint and its entries; False when the source answered that nothing changed."""
        now = self._clock.now()
        with self._db.read() as conn:
            row = logs.find_log(conn, keys.origin)
        state = logs.state_of(row, keys.origin)
        report.size = state.size
        if is_first:
            report.start, report.code = state.size, self._idle_code(state.time, now)
        etag = self._etag_for(source.name, keys, state)
        answer = source.checkpoint(etag)
        if isinstance(answer, NotModified):
            return self._wants_payloads(keys.origin, source, now)
        # Our own log comes back from a mirror as it was signed then, even if we have signed its old state again since.
        is_own = row is not None and row.own
        trusted = TrustedLog(msgspec.structs.replace(state, time=0) if is_own else state, keys)
        admission = trusted.admit(answer.body, now=now)
        report.signatures_checked += admission.signatures_checked
        if admission.grows:
            self._grow(trusted, source, guards, may_cosign, report, now)
        else:
            if is_first:
                report.code = self._idle_code(admission.time, now)
            self._keep_time(trusted, keys, may_cosign, now)
        self._etags[source.name, keys.origin] = (answer.etag, admission.checkpoint.size, admission.time)
        return admission.grows or self._wants_payloads(keys.origin, source, now)

    def _etag_for(self, source: str, keys: Keys, state: LogState) -> str:
        """Return the tag of what we hold: none when the row changed, or when the disk is not the one it was read to."""
        etag, size, time = self._etags.get((source, keys.origin), ("", 0, 0))
        return etag if (state.keys, state.size, state.time) == (keys.fingerprint, size, time) else ""

    @staticmethod
    def _idle_code(time: int, now: int) -> Code:
        return Code.OK_UNCHANGED if now - time <= limits.MEMBER_FRESH_SECONDS else Code.STALE

    def _wants_payloads(self, origin: str, source: Source, now: int) -> bool:
        with self._db.read() as conn:
            row = logs.find_log(conn, origin)
            if row is None:
                return False
            if row.payloads_from < row.size:
                return True
            if source.offered is not None:
                return bool(payloads.wants_among(conn, row.id, source.offered))
            return bool(payloads.due_wants(conn, row.id, now=now, most=1))

    def _grow(
        self, trusted: TrustedLog, source: Source, guards: Guards, may_cosign: bool, report: Report, now: int
    ) -> None:
        state, checkpoint = trusted.state, trusted.admission.checkpoint
        if guards.rate:
            self._check_rate(state, checkpoint.size - state.size, now)
        with _Spool(state.size) as spool:
            for start, entries in source.entries(state.size, checkpoint.size):
                spool.add(*trusted.take(start, entries))
            try:
                verified = trusted.finish()
            except InclusionError as error:
                raise self._diagnose(trusted, source, error) from error
            grown = self._commit(trusted, verified, spool, guards, may_cosign, now)
        report.code, report.size = Code.OK, checkpoint.size
        report.oddities += [f"{o.code} {o.position}: {o.message}" for o in grown.oddities]
        report.destroyed += grown.destroyed
        report.new_erasures += grown.erasures
        report.held_at = grown.held_at

    def _check_rate(self, state: LogState, growth: int, now: int) -> None:
        """Refuse growth beyond 50 000 entries a read or 20 000 a day (PROTOCOL 6.7), unless a person let it pass."""
        with self._db.read() as conn:
            _, count = _growth_window(facts.load_fact(conn, f"growth:{state.origin}"), now)
            if facts.load_number(conn, f"rate-confirmed:{state.origin}") >= state.size + growth:
                return
        if growth > limits.GROWTH_PER_READ or count + growth > limits.GROWTH_PER_DAY:
            raise VerificationError(
                f"{growth} neue Einträge auf einmal, {count} sind heute schon angenommen", code="E_RATE",
                advice="kreisweit-hub hold confirm NAME lässt sie einmal durch.",
            )  # fmt: skip

    def _diagnose(self, trusted: TrustedLog, source: Source, error: VerificationError) -> VerificationError:
        state, admission = trusted.state, trusted.admission
        if not state.size:
            return error  # nothing is held that it could contradict
        try:
            return diagnose_root(
                signed=admission.checkpoint, held_size=state.size, held_root=state.root,
                tree=tile_reader(admission.checkpoint.size, source.hash_tile), evidence=(state.note, admission.note),
            )  # fmt: skip
        except FetchError:
            return error

    def _commit(
        self, trusted: TrustedLog, verified: LogState, spool: _Spool, guards: Guards, may_cosign: bool, now: int
    ) -> Growth:
        """Step 14a: everything that the new checkpoint commits to, in one transaction."""
        keys = trusted.keys
        with self._db.write() as conn:
            row = logs.find_log(conn, keys.origin)
            log_id = logs.create_log(conn, keys, own=False) if row is None else row.id
            before = logs.state_of(row, keys.origin)
            cosigned_at = 0 if row is None else row.cosigned_at
            if may_cosign and self._cosigner is not None:
                verified, cosigned_at = self._cosign(verified, now), now
            expected_time = before.time if row is not None and row.own else trusted.state.time
            logs.save_state(conn, log_id, verified, expected_size=trusted.state.size, expected_time=expected_time)
            rules = Rules(kinds_of(keys.member), guards.erasures, guards.withdrawals)
            grown = grow_log(
                self._db, conn, log_id, spool.read(), rules, signed_at=verified.time, size_before=before.size, now=now
            )
            logs.save_columns(conn, log_id, cosigned_at=cosigned_at)
            if guards.rate:  # first reads, rebuilds and mirrors have no rate, so they do not use it up either
                since, count = _growth_window(facts.load_fact(conn, f"growth:{keys.origin}"), now)
                facts.save_fact(conn, f"growth:{keys.origin}", f"{since} {count + verified.size - before.size}")
            facts.bump_fact(conn, "catalogue-version")
            if grown.destroyed:
                facts.save_fact(conn, "scrub-due", 1)
        return grown

    def _cosign(self, state: LogState, now: int) -> LogState:
        """Add the hub's time line: the publisher's receipt."""
        cosigner = self._cosigner
        if cosigner is None:
            raise LogStateError("only the hub cosigns")
        note = parse_note(state.note)
        others = tuple(line for line in note.signatures if line.key_id != cosigner.verifying.key_id)
        line = sign_time_line(cosigner, note.text, now)
        return msgspec.structs.replace(state, note=format_note(Note(note.text, (*others, line))))

    def cosign_held(self, conn: sa.Connection, *, now: int) -> int:
        """Receipt every log of others that is held without our cosignature; returns how many there were."""
        cosigner = self._cosigner
        if cosigner is None:
            raise LogStateError("only the hub cosigns")
        count = 0
        for row in logs.load_logs(conn):
            state = logs.state_of(row, row.origin)
            is_receipted = row.own or not row.size
            is_receipted |= any(is_line_by(cosigner.verifying, line) for line in _lines_of(state.note))
            if not is_receipted:
                cosigned = self._cosign(state, now)
                logs.save_state(conn, row.id, cosigned, expected_size=row.size, expected_time=row.time)
                logs.save_columns(conn, row.id, cosigned_at=now)
                count += 1
        return count

    def _keep_time(self, trusted: TrustedLog, keys: Keys, may_cosign: bool, now: int) -> None:
        """Same tree, newer time line: keep it; the hub cosigns anew at most every 10 minutes (PROTOCOL 6.6)."""
        admission, state = trusted.admission, trusted.state
        with self._db.write() as conn:
            row = logs.load_log(conn, keys.origin)
            if row.own and admission.time <= row.time:
                return
            newer = msgspec.structs.replace(
                state, time=admission.time, keys=keys.fingerprint, note=self._with_old_cosignature(state, admission)
            )
            cosigned_at = row.cosigned_at
            due = now - row.cosigned_at >= limits.RESIGN_AFTER_SECONDS
            if may_cosign and self._cosigner is not None and due:
                newer, cosigned_at = self._cosign(newer, now), now
            if newer.note == state.note and newer.keys == state.keys:
                return
            expected_time = row.time if row.own else state.time
            logs.save_state(conn, row.id, newer, expected_size=state.size, expected_time=expected_time)
            logs.save_columns(conn, row.id, cosigned_at=cosigned_at)

    def _with_old_cosignature(self, state: LogState, admission: Admission) -> bytes:
        """The hub keeps its earlier cosignature beside a refreshed time line; others keep what was served."""
        if self._cosigner is None or not state.note:
            return admission.note
        ours = self._cosigner.verifying.key_id
        old, new = parse_note(state.note), parse_note(admission.note)
        if old.text != new.text or any(line.key_id == ours for line in new.signatures):
            return admission.note
        kept = tuple(line for line in old.signatures if line.key_id == ours)
        return format_note(Note(new.text, (*new.signatures, *kept)))

    # --- steps 13 and 14b --------------------------------------------------------------------------------------------

    def _read_payloads(self, keys: Keys, source: Source, report: Report) -> bool:
        """Fetch what is wanted; False when payloads were missing and the checkpoint should be read once more."""
        with self._db.read() as conn:
            row = logs.load_log(conn, keys.origin)
            if source.offered is None:
                due = payloads.due_wants(conn, row.id, now=self._clock.now())
            else:
                due = payloads.wants_among(conn, row.id, source.offered)
        batch = _Batch()
        is_complete = True
        try:
            for number in range(row.payloads_from // logs.WIDTH, (row.size + logs.WIDTH - 1) // logs.WIDTH):
                wants = self._new_wants(row.id, number, max(row.payloads_from, number * logs.WIDTH))
                is_complete &= self._judge(keys, source, wants, batch, number)
                batch.until = min((number + 1) * logs.WIDTH, row.size)
                if len(batch.arrivals) >= _ROWS_A_TRANSACTION:
                    self._store(row.id, batch, report)
                    batch = _Batch()
            is_complete &= self._judge(keys, source, due, batch, None)
        except FetchError:
            # It ends this run's payload part (PROTOCOL 6.13); what came before it is kept.
            self._store(row.id, batch, report)
            raise
        failed = [refusal for refusal in batch.refusals if refusal.code == Code.E_FETCH]
        self._store(row.id, batch, report)
        if failed:
            # All others of this run are kept and how far it came; these are asked for again after a while.
            raise FetchError(failed[0].message, kind="status")
        return is_complete

    def _new_wants(self, log_id: int, number: int, first: int) -> list[Want]:
        """Payloads named by entries of one bundle from index `first`; only newest live versions when they are few."""
        with self._db.read() as conn:
            parsed = parse_entries(logs.load_entries(conn, log_id, number))
            start = number * logs.WIDTH
            wants = [
                Want(entry.id, position, entry.commitment, entry.length, entry.kind)
                for position, entry in enumerate(parsed, start)
                if position >= first and isinstance(entry, Publish)
            ]
            newest = {want.rid: want for want in wants}
            heads = logs.load_heads(conn, log_id, list(newest))
            wants = [want for want in newest.values() if heads[want.rid].position == want.position]
            if payloads.has_erased(conn, log_id):
                dead = payloads.dead_among(conn, log_id, [want.commitment for want in wants])
                wants = [want for want in wants if want.commitment not in dead]
            if len(wants) <= limits.SINGLY_MAX:
                # In bulk they come all together anyway; storing one twice is harmless.
                held = payloads.held_among(conn, log_id, [want.commitment for want in wants])
                wants = [want for want in wants if want.commitment not in held]
        return wants

    def _judge(self, keys: Keys, source: Source, wants: Sequence[Want], batch: _Batch, number: int | None) -> bool:
        """Fetch and check one batch of payloads; False when the publisher did not serve some of them."""
        found = source.payloads(wants, number) if wants else Found()
        is_complete = True
        for want in wants:
            body = found.bodies.get(want.commitment)
            if why := found.failed.get(want.commitment):
                batch.refusals.append(Refusal(want, str(Code.E_FETCH), why))
                continue
            if body is None:
                code = str(Code.E_PAYLOAD_MISSING) if source.is_complete else ""
                batch.refusals.append(Refusal(want, code, "the publisher does not serve it" if code else ""))
                is_complete = is_complete and not code
                continue
            try:
                batch.arrivals.append(Arrival(want, self._check(keys, want, body), body))
            except (VerificationError, ParseError) as error:
                batch.refusals.append(Refusal(want, error.code, error.message))
        return is_complete

    def _store(self, log_id: int, batch: _Batch, report: Report) -> None:
        """Step 14b: one transaction for a batch of payloads, what failed among them, and how far we are."""
        if not batch.arrivals and not batch.refusals and batch.until is None:
            return
        with self._db.write() as conn:
            report.stored += payloads.store_payloads(self._db, conn, log_id, batch.arrivals)
            payloads.forget_wants(conn, log_id, [arrival.want.rid for arrival in batch.arrivals])
            payloads.note_refusals(conn, log_id, batch.refusals, now=self._clock.now())
            if batch.until is not None:
                logs.save_columns(conn, log_id, payloads_from=batch.until)
        report.refused += len(batch.refusals)

    def _check(self, keys: Keys, want: Want, body: bytes) -> str:
        """Check one payload in full and return its title (PROTOCOL 6.13)."""
        verify_payload(body, commitment=want.commitment, length=want.length)
        if b"\n" in body:
            # Whitespace to JSON, but bulk files and pushes carry one payload a line.
            raise VerificationError("the payload is not one line", code="E_SCHEMA")
        summary = self._schema(want.kind, body)
        if summary.id != want.rid.hex():
            raise VerificationError(f"doc.id {summary.id[:40]!r} is not the entry's", code="E_SCHEMA")
        if keys.ags and summary.owner != keys.ags:
            raise VerificationError(f"doc.owner {summary.owner[:20]!r}, the roster says {keys.ags}", code="E_OWNER")
        return summary.title


class _Batch(msgspec.Struct):
    """Payloads that were fetched and judged, to be stored together."""

    arrivals: list[Arrival] = msgspec.field(default_factory=list)
    refusals: list[Refusal] = msgspec.field(default_factory=list)
    until: int | None = None


class _Spool:
    """New entries of one read until the root is known to match: memory up to 4 MiB, then a temporary file."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._counts: list[int] = []
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115

    def __enter__(self) -> _Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        data = format_bundle(entries)
        self._file.write(len(data).to_bytes(4, "big") + data + b"".join(leaves))
        self._counts.append(len(leaves))

    def read(self) -> Iterator[tuple[int, list[bytes], Sequence[bytes]]]:
        """Yield (index of the first, entries, their leaf hashes) batch by batch."""
        self._file.seek(0)
        start = self._start
        for count in self._counts:
            entries = split_bundle(self._file.read(int.from_bytes(self._file.read(4), "big")), count)
            yield start, entries, split_hash_tile(self._file.read(count * HASH_BYTES), count)
            start += count


def _lines_of(note: bytes) -> Sequence[SignatureLine]:
    return parse_note(note).signatures if note else ()


def _growth_window(fact: str, now: int) -> tuple[int, int]:
    """Return (begin of the current day's window, entries taken in it)."""
    since, _, count = fact.partition(" ")
    if not since or not now - 86_400 < int(since) <= now:
        return now, 0
    return int(since), int(count)
