"""The HTTP rules of PROTOCOL 5 as checks of one party: each collects its problems, none stops another.

Decided here: what is asked and what must come back.  Elsewhere: sending (`probe`), what the log says (`served_log`),
order and output (`runner`).  A party may be live: a check that needs two equal answers asks twice in a row.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.conformance import merkle
from tests.conformance.probe import Probe, Reply
from tests.conformance.served_log import Published, ServedLog, parse_checkpoint, verify_log_line

TEXT = "text/plain;charset=utf-8"
BINARY = "application/octet-stream"
CHECKPOINT_CACHE = "public, max-age=5"
TILE_CACHE = "public, max-age=31536000, immutable"
PAYLOAD_CACHE = "private, no-cache"
MAX_NOTE_BYTES = 16 * 1024
SAMPLE = 4
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]+"')
ANY_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]+"')


@dataclass(frozen=True)
class Subject:
    """One party under test, and one of its logs as it was when the run began."""

    probe: Probe
    prefix: str
    log: ServedLog
    vkey: str = ""

    def ask(self, path: str) -> Reply:
        """GET below the log's prefix."""
        return self.probe.ask(self.prefix + path)


def ends(items: tuple[Published, ...]) -> tuple[Published, ...]:
    """A few from both ends: enough to see a rule broken, few enough for a live party."""
    return items if len(items) <= 2 * SAMPLE else items[:SAMPLE] + items[-SAMPLE:]


def check_answer(reply: Reply, *, media: Iterable[str], cache: str) -> list[str]:
    """200 with one of the media types and exactly these cache directives."""
    if reply.status != 200:
        return [f"{reply.method} {reply.target}: {reply.status}, want 200"]
    problems = []
    if reply.media_type not in media:
        problems.append(f"{reply.target}: Content-Type {reply.header('Content-Type')!r}")
    if reply.cache_directives != frozenset(part.strip() for part in cache.split(",")):
        problems.append(f"{reply.target}: Cache-Control {reply.header('Cache-Control')!r}, want {cache!r}")
    return problems


def check_problem(reply: Reply, *statuses: int) -> list[str]:
    """One of the statuses, as problem+json with a `code`; a 404 also says `no-store`."""
    if reply.status not in statuses:
        return [f"{reply.method} {reply.target}: {reply.status}, want {' or '.join(map(str, statuses))}"]
    problems = []
    if reply.status == 404 and "no-store" not in reply.cache_directives:
        problems.append(f"{reply.target}: 404 with Cache-Control {reply.header('Cache-Control')!r}, want no-store")
    if reply.media_type.partition(";")[0] != "application/problem+json":
        return [*problems, f"{reply.target}: {reply.status} as {reply.header('Content-Type')!r}, want problem+json"]
    if reply.method == "HEAD":
        return problems
    try:
        members = json.loads(reply.body)
    except ValueError:
        return [*problems, f"{reply.target}: {reply.status} whose body is no JSON"]
    if not isinstance(members, dict) or not isinstance(members.get("code"), str) or not members["code"]:
        problems.append(f"{reply.target}: {reply.status} without a code")
    elif members.get("status", reply.status) != reply.status:
        problems.append(f"{reply.target}: status {members['status']} in the body, {reply.status} on the line")
    return problems


def check_conditional(probe: Probe, target: str, etag: re.Pattern[str]) -> list[str]:
    """304 for the current entity tag in each spelling RFC 9110 knows, 200 for another; both for GET and HEAD."""
    tag = probe.ask(target).header("ETag")
    if not etag.fullmatch(tag):
        return [f"{target}: ETag {tag!r}"]
    problems = []
    opaque = tag.removeprefix("W/")
    for method in ("GET", "HEAD"):
        for given in (tag, f'"other", {tag}', f"W/{opaque}"):
            reply = probe.ask(target, method=method, headers={"If-None-Match": given})
            if reply.status != 304 or reply.body or reply.header("ETag") != tag:
                problems.append(
                    f"{method} {target} If-None-Match {given}: {reply.status}, ETag {reply.header('ETag')!r}"
                )
    other = probe.ask(target, headers={"If-None-Match": '"other"'})
    if other.status != 200:
        problems.append(f"{target} If-None-Match of another: {other.status}, want 200")
    return problems


def check_head(probe: Probe, target: str) -> list[str]:
    """HEAD answers as GET does, without the body."""
    head, full = probe.ask(target, method="HEAD"), probe.ask(target)
    problems = [] if head.status == full.status else [f"HEAD {target}: {head.status}, GET {full.status}"]
    return problems + [
        f"HEAD {target}: {name} {head.header(name)!r}, GET {full.header(name)!r}"
        for name in ("Content-Type", "Cache-Control", "ETag", "Content-Length")
        if head.header(name) != full.header(name)
    ]


def check_checkpoint(subject: Subject) -> list[str]:
    """Media type, caching, size cap, form, and with a vkey the log's signature."""
    reply = subject.ask("checkpoint")
    problems = check_answer(reply, media=[TEXT], cache=CHECKPOINT_CACHE)
    if len(reply.body) > MAX_NOTE_BYTES:
        problems.append(f"{reply.target}: {len(reply.body)} bytes, at most {MAX_NOTE_BYTES}")
    origin, size, _ = parse_checkpoint(reply.body)
    if origin != subject.log.origin or size < subject.log.size:
        problems.append(f"{reply.target}: {origin} {size} after {subject.log.origin} {subject.log.size}")
    if subject.vkey:
        verify_log_line(reply.body, subject.vkey)
        if origin != subject.vkey.partition("+")[0]:
            problems.append(f"{reply.target}: origin {origin!r} is not the key's name")
    return problems


def check_checkpoint_304(subject: Subject) -> list[str]:
    target = subject.prefix + "checkpoint"
    problems = check_conditional(subject.probe, target, STRONG_ETAG)
    tag = subject.probe.ask(target).header("ETag")
    reply = subject.probe.ask(target, headers={"If-None-Match": tag})
    if reply.cache_directives != frozenset({"public", "max-age=5"}):
        problems.append(f"{target}: 304 with Cache-Control {reply.header('Cache-Control')!r}")
    return problems


def check_heads(subject: Subject) -> list[str]:
    last = list(merkle.hash_tiles(subject.log.leaves))[-1]
    return [
        problem
        for path in ("checkpoint", last, _last_bundle(subject.log), "proof/0", "tile/0/x999/999")
        for problem in check_head(subject.probe, subject.prefix + path)
    ]


def _last_bundle(log: ServedLog) -> str:
    number = (log.size - 1) // merkle.TILE_WIDTH
    return merkle.tile_path("entries", number, log.size - number * merkle.TILE_WIDTH)


def check_long_poll(subject: Subject) -> list[str]:
    """`Prefer: wait` may be honoured or ignored; either way the answer is an ordinary one."""
    tag = subject.ask("checkpoint").header("ETag")
    headers = {"If-None-Match": tag, "Prefer": "wait=1"}
    reply = subject.probe.ask(subject.prefix + "checkpoint", headers=headers)
    return [] if reply.status in (200, 304) else [f"{reply.target} with Prefer: wait=1: {reply.status}"]


def check_tiles(subject: Subject) -> list[str]:
    """First and last hash tiles of each level are those of the entries, immutable."""
    expected = hash_tiles_at_edges(subject.log)
    problems = []
    for path, hashes in expected.items():
        reply = subject.ask(path)
        problems += check_answer(reply, media=[BINARY], cache=TILE_CACHE)
        if reply.status == 200 and reply.body != hashes:
            problems.append(f"{reply.target}: {len(reply.body)} bytes that are not the tile of these entries")
    return problems


def hash_tiles_at_edges(log: ServedLog) -> dict[str, bytes]:
    tiles = merkle.hash_tiles(log.leaves)
    by_level: dict[str, list[str]] = {}
    for path in tiles:
        by_level.setdefault(path.split("/")[1], []).append(path)
    return {path: tiles[path] for paths in by_level.values() for path in (paths[0], paths[-1])}


def check_bundles(subject: Subject) -> list[str]:
    """First and last bundle are served immutable, byte for byte as their entries frame."""
    bundles = merkle.entry_bundles(subject.log.entries)
    problems = []
    for path in {next(iter(bundles)), _last_bundle(subject.log)}:
        reply = subject.ask(path)
        problems += check_answer(reply, media=[BINARY], cache=TILE_CACHE)
        if reply.status == 200 and reply.body != bundles[path]:
            problems.append(f"{reply.target}: not the framing of its entries")
    return problems


def check_earlier_partials(subject: Subject) -> list[str]:
    """A narrower partial is its beginning or 404, never other bytes."""
    bundle, width = _last_bundle(subject.log), (subject.log.size - 1) % merkle.TILE_WIDTH + 1
    if width < 2:
        return []
    number = (subject.log.size - 1) // merkle.TILE_WIDTH
    problems = []
    for level, whole in ((0, merkle.hash_tiles(subject.log.leaves)), ("entries", {bundle: subject.ask(bundle).body})):
        reply = subject.ask(merkle.tile_path(level, number, width - 1))
        if reply.status == 200:
            problems += check_answer(reply, media=[BINARY], cache=TILE_CACHE)
            if not reply.body or not whole[merkle.tile_path(level, number, width)].startswith(reply.body):
                problems.append(f"{reply.target}: not the beginning of the wider tile")
        else:
            problems += check_problem(reply, 404)
    return problems


def check_payloads_single(subject: Subject) -> list[str]:
    """Live payloads are the committed bytes, revalidated at each use, tagged by their address."""
    problems = []
    for item in ends(subject.log.live):
        reply = subject.ask(f"payload/{item.commitment}")
        if reply.status == 410:
            problems += check_gone(reply, {"withheld"})
            continue
        problems += check_answer(reply, media=["application/json"], cache=PAYLOAD_CACHE)
        if reply.header("ETag") != f'W/"{item.commitment}"':
            problems.append(f"{reply.target}: ETag {reply.header('ETag')!r}")
        if hashlib.sha256(reply.body).hexdigest() != item.commitment or len(reply.body) != item.length:
            problems.append(f"{reply.target}: {len(reply.body)} bytes that are not the {item.length} committed ones")
    for item in ends(subject.log.live)[:1]:
        target = f"{subject.prefix}payload/{item.commitment}"
        problems += check_conditional(subject.probe, target, ANY_ETAG) + check_head(subject.probe, target)
    return problems


def check_gone(reply: Reply, reasons: set[str]) -> list[str]:
    problems = check_problem(reply, 410)
    if not problems and json.loads(reply.body).get("reason") not in reasons:
        problems.append(f"{reply.target}: 410 whose reason is none of {', '.join(sorted(reasons))}")
    if reply.cache_directives & {"public", "immutable"}:
        problems.append(f"{reply.target}: 410 with Cache-Control {reply.header('Cache-Control')!r}")
    return problems


def check_payloads_gone(subject: Subject) -> list[str]:
    """Erased payloads answer 410 erased; superseded and withdrawn ones 410 with their reason, or still 200."""
    problems = []
    live = {item.commitment for item in subject.log.live}
    gone = tuple(item for item in subject.log.published if item.commitment not in live)
    for item in ends(gone):
        reply = subject.ask(f"payload/{item.commitment}")
        if item.commitment in subject.log.erased:
            problems += check_gone(reply, {"erased"})
        elif reply.status != 200:
            problems += check_gone(reply, {"superseded", "withdrawn", "withheld"})
    return problems


def check_payloads_bulk(subject: Subject) -> list[str]:
    """Bulk files: one committed payload a line, none erased, the live ones of the bundle among them."""
    problems = []
    for number in sorted({item.index // merkle.TILE_WIDTH for item in ends(subject.log.live)}):
        target = f"{subject.prefix}payloads/{merkle.tile_number(number)}"
        reply = subject.probe.ask(target)
        problems += check_answer(reply, media=["application/x-ndjson"], cache=PAYLOAD_CACHE)
        if reply.status == 200:
            problems += _check_bulk_lines(subject, number, reply)
            problems += check_conditional(subject.probe, target, ANY_ETAG)
    return problems


def _check_bulk_lines(subject: Subject, number: int, reply: Reply) -> list[str]:
    if reply.body and not reply.body.endswith(b"\n"):
        return [f"{reply.target}: the last line does not end in LF"]
    of_bundle = {item.commitment for item in subject.log.published if item.index // merkle.TILE_WIDTH == number}
    live = {item.commitment for item in subject.log.live if item.index // merkle.TILE_WIDTH == number}
    served = [hashlib.sha256(line).hexdigest() for line in reply.body.split(b"\n")[:-1]]
    problems = [f"{reply.target}: line of erased {name}" for name in served if name in subject.log.erased]
    problems += [f"{reply.target}: line {name} is of no entry there" for name in served if name not in of_bundle]
    if len(set(served)) != len(served):
        problems.append(f"{reply.target}: a payload stands twice")
    missing = sorted(live - set(served))[:SAMPLE]
    held = [name for name in missing if subject.ask(f"payload/{name}").status == 200]
    return problems + [f"{reply.target}: {name} is held and missing" for name in held]


def check_proofs(subject: Subject) -> list[str]:
    """Proofs of first and last entry lead from the entry to the root of the checkpoint they carry."""
    problems = []
    for index in sorted({0, subject.log.size // 2, subject.log.size - 1}):
        reply = subject.ask(f"proof/{index}")
        problems += check_answer(reply, media=["text/plain", TEXT], cache="max-age=60")
        if reply.status == 200:
            problems += _check_proof_text(subject, index, reply)
    return problems


def _check_proof_text(subject: Subject, index: int, reply: Reply) -> list[str]:
    head, _, note = reply.body.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    extra = base64.b64encode(subject.log.entries[index]).decode()
    if lines[:3] != ["c2sp.org/tlog-proof@v1", f"extra {extra}", f"index {index}"]:
        return [f"{reply.target}: does not begin with version, the entry and index {index}"]
    _, size, root = parse_checkpoint(note)
    path = [base64.b64decode(line, validate=True) for line in lines[3:]]
    if merkle.root_by_inclusion(subject.log.leaves[index], index, size, path) != root:
        return [f"{reply.target}: does not lead to the root of size {size}"]
    if subject.vkey:
        verify_log_line(note, subject.vkey)
    return []
