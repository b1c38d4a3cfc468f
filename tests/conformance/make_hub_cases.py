"""The reader's cases about a whole hub: the catalogue note, the roster, and the mirrors of two cities and the hub."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.feed.catalogue_note import Source
from shared.feed.roster import format_roster
from tests.conformance.make_vectors import rosters, signed_roster
from tests.conformance.making_logs import (
    Files,
    JsonObject,
    MadeLog,
    case_of,
    catalogue,
    commitment,
    digest_of,
    erase,
    hello,
    make_body,
    mirror,
    pins,
    publish,
    read,
    withdraw,
)

T0 = 1_767_225_600
NOW = T0 + 200_000
CITY = hello("herten", "05562020", time=T0)
ONE, TWO, NEWER = make_body("one"), make_body("two"), make_body("one-newer")
THREE = make_body("three", owner="05562024")
HERTEN = [CITY, publish("one", ONE, time=T0 + 10), publish("two", TWO, time=T0 + 20)]
MARL = [hello("marl", "05562024", time=T0), publish("three", THREE, time=T0 + 30)]
HUB = [hello("hub", "05562000", time=T0)]
Shown = Sequence[tuple[str, str, bytes]]
ALL: Shown = (("herten", "one", ONE), ("herten", "two", TWO), ("marl", "three", THREE))


def _roster() -> bytes:
    """Return one roster with both cities, in force for a year."""
    _, second, _ = rosters()
    return signed_roster(format_roster(second).replace("version 2\n", "version 1\n"), "ab").encode()


ROSTER = _roster()


@dataclass
class MadeHub:
    """What a hub serves at one moment; a case changes one thing of it."""

    herten: list[bytes] = field(default_factory=lambda: list(HERTEN))
    bodies: tuple[bytes, ...] = (ONE, TWO)
    counted: Shown = ALL
    time: int = NOW - 60
    herten_state: str = "active"
    named: int | None = None  # the size that the note names for herten; by default all there is
    digest: bytes | None = None
    extra: Files = field(default_factory=dict)
    without: Sequence[str] = ()
    sources: Sequence[Source] | None = None
    now: int = NOW

    def read(self) -> JsonObject:
        """Return one read of everything."""
        herten = MadeLog(self.herten, list(self.bodies))
        marl, hub = MadeLog(MARL, [THREE], "marl_log", "marl_wit"), MadeLog(HUB, [], "hub_log", "hub_wit")
        sources = self.sources or (
            herten.source("herten", size=self.named, state=self.herten_state), marl.source("marl"), hub.source("hub"),
        )  # fmt: skip
        digest = digest_of(self.counted) if self.digest is None else self.digest
        files = {"roster": ROSTER, "roster/1": ROSTER}
        files["catalogue"] = catalogue(sources, digest, ROSTER, time=self.time)
        for log in (herten, marl, hub):
            cosigned = None if log is hub else self.time
            note = log.checkpoint(time=self.time - 30, hub_time=cosigned)
            files |= {mirror(log) + path: body for path, body in log.files(note).items()}
        files |= self.extra
        return read(self.now, {path: body for path, body in files.items() if path not in self.without})


HERTEN_MIRROR, MARL_MIRROR = mirror(MadeLog([])), mirror(MadeLog([], log_key="marl_log"))


def hub_cases(published: JsonObject) -> Iterator[JsonObject]:
    """Yield all of them."""
    for name, about, reads, code, shown in (
        *_honest(), *_changed_bytes(), *_left_out(), *_old_and_twofold(), *_erased(), *_states(),
    ):  # fmt: skip
        ask = {**pins(published), "reads": reads}
        yield case_of(f"hub/{name}", about, ask, code, shown=sorted(commitment(body) for body in shown))


Parts = tuple[str, str, list[JsonObject], str, Sequence[bytes]]


def _honest() -> Iterator[Parts]:
    first = MadeHub(time=NOW - 120).read()
    more = [*HERTEN, publish("one", NEWER, time=T0 + 40, prev=1), withdraw("two", time=T0 + 50, prev=2)]
    counted = (("herten", "one", NEWER), ALL[2])
    grown = MadeHub(herten=more, bodies=(ONE, TWO, NEWER), counted=counted)
    yield "honest", "two cities and the hub", [MadeHub().read()], "OK", [ONE, TWO, THREE]
    yield (
        "honest-grown",
        "a newer version and a withdrawal since the last read",
        [first, grown.read()],
        "OK",
        [NEWER, THREE],
    )
    yield (
        "unchanged",
        "the same catalogue under a newer note",
        [first, MadeHub().read()],
        "OK_UNCHANGED",
        [ONE, TWO, THREE],
    )


def _changed_bytes() -> Iterator[Parts]:
    honest = MadeHub().read()["files"]
    for name, about, path, old, new, code, shown in (
        ("note-changed", "one byte of the catalogue note", "catalogue", b"marl active", b"marl asleep", "E_SIG", []),
        ("roster-changed", "one byte of the roster", "roster/1", b"05562024", b"05562025", "E_ROSTER", []),
        ("entry-changed", "one byte of an entry", f"{MARL_MIRROR}tile/entries/000.p/2", b"offer", b"offef", "E_ROOT",
         [ONE, TWO]),
        ("checkpoint-changed", "one byte of a checkpoint", f"{MARL_MIRROR}checkpoint", b"\n2\n", b"\n3\n", "E_SIG",
         [ONE, TWO]),
        ("payload-changed", "one byte of a payload", f"{MARL_MIRROR}payload/{commitment(THREE)}", b"Angebot",
         b"Angebet", "E_PAYLOAD", [ONE, TWO]),
    ):  # fmt: skip
        body = _decoded(honest)[path].replace(old, new, 1)
        lie = MadeHub(extra={path: body}, without=[f"{MARL_MIRROR}payloads/000"])
        yield name, about, [lie.read()], code, shown


def _decoded(files: Mapping[str, str]) -> Files:
    return {path: b64decode(body) for path, body in files.items()}


def _left_out() -> Iterator[Parts]:
    both = [ONE, TWO, THREE]
    yield (
        "digest-wrong", "the note's digest is not that of the logs it names",
        [MadeHub(digest=digest_of(ALL[:2])).read()], "E_HUB_MISREPRESENTS", both,
    )  # fmt: skip
    short = MadeLog(HERTEN[:2], [ONE])
    note = short.checkpoint(time=NOW - 660, hub_time=NOW - 600)
    withheld = {HERTEN_MIRROR + path: body for path, body in short.files(note).items()}
    yield (
        "entries-withheld", "the note names more entries than the mirror serves",
        [MadeHub(extra=withheld, time=NOW - 600).read()], "E_HUB_MISREPRESENTS", [ONE, THREE],
    )  # fmt: skip
    yield (
        "payload-withheld", "a payload that the hub does not serve",
        [MadeHub(bodies=(ONE,)).read()], "E_PAYLOAD_MISSING", [ONE, THREE],
    )  # fmt: skip
    log = MadeLog(HERTEN, [ONE, TWO])
    bare = {f"{HERTEN_MIRROR}checkpoint": log.checkpoint(time=NOW - 90)}
    yield "not-cosigned", "a mirror without the hub's cosignature", [MadeHub(extra=bare).read()], "E_SIG", [THREE]
    yield "no-catalogue", "no catalogue note", [MadeHub(without=["catalogue"]).read()], "E_FETCH", []
    yield "no-roster", "no roster", [MadeHub(without=["roster", "roster/1"]).read()], "E_ROSTER", []


def _old_and_twofold() -> Iterator[Parts]:
    both, newer = [ONE, TWO, THREE], MadeHub(time=NOW - 60)
    older = MadeHub(time=NOW - 120)
    yield "note-replayed", "an older note after a newer one", [newer.read(), older.read()], "E_REPLAY", both
    other = MadeHub(counted=ALL[:2], herten_state="stale")
    yield "note-twofold", "two notes of one second", [newer.read(), other.read()], "E_HUB_FORK", both
    yield "note-stale", "a note of two hours ago", [MadeHub(time=NOW - 7200).read()], "E_HUB_STALE", both
    yield "note-from-the-future", "a note more than five minutes ahead", [MadeHub(time=NOW + 400).read()], "E_CLOCK", []
    expired = MadeHub(time=NOW + 400 * 86_400 - 60, now=NOW + 400 * 86_400)
    yield "roster-expired", "a roster that has run out", [expired.read()], "E_ROSTER", []
    fork = [*HERTEN[:2], publish("two", make_body("two-other"), time=T0 + 20)]
    forked = MadeHub(herten=fork, bodies=(ONE, make_body("two-other")), counted=(
        ALL[0], ("herten", "two", make_body("two-other")), ALL[2],
    ))  # fmt: skip
    yield "city-forked", "another log of a city at the size that is held", [older.read(), forked.read()], "E_FORK", both


def _erased() -> Iterator[Parts]:
    erased = [*HERTEN, erase(1, time=T0 + 60)]
    counted = ALL[1:]
    before, after = MadeHub(time=NOW - 120), MadeHub(herten=erased, bodies=(TWO,), counted=counted)
    yield "erased", "a record is erased", [before.read(), after.read()], "OK", [TWO, THREE]
    served = MadeHub(herten=erased, bodies=(ONE, TWO), counted=counted)
    yield (
        "erased-but-served", "the hub still serves an erased payload",
        [before.read(), served.read()], "E_ERASED_SERVED", [TWO, THREE],
    )  # fmt: skip


def _states() -> Iterator[Parts]:
    out = MadeHub(herten_state="suspended", counted=ALL[2:])
    yield "suspended", "the records of a suspended city are hidden and not in the digest", [out.read()], "OK", [THREE]
    more = [*HERTEN, withdraw("one", time=T0 + 40, prev=1), withdraw("two", time=T0 + 50, prev=2)]
    held = MadeHub(herten=more, herten_state="held@3")
    yield "held", "a fold that the hub holds at an earlier size", [held.read()], "OK", [ONE, TWO, THREE]
