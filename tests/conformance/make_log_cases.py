"""The reader's cases about one log beyond the sixteen published ones: payloads, erasure, entries, files, signatures."""

from __future__ import annotations

from collections.abc import Iterator

from shared.feed.note import sign_line, sign_time_line
from tests.conformance.make_vectors import derive_key
from tests.conformance.making_logs import (
    Files,
    JsonObject,
    MadeLog,
    case_of,
    commitment,
    erase,
    hello,
    log_keys,
    make_body,
    note_of,
    payload_files,
    publish,
    read,
    withdraw,
)

T0 = 1_767_225_600
NOW = T0 + 100_000
HELLO = hello("herten", "05562020", time=T0)
ONE, TWO, NEWER = make_body("one"), make_body("two"), make_body("one-newer")
PLAIN = [HELLO, publish("one", ONE, time=T0 + 10), publish("two", TWO, time=T0 + 20)]
UPDATED = [*PLAIN, publish("one", NEWER, time=T0 + 30, prev=1)]


def log_cases(published: JsonObject) -> Iterator[JsonObject]:
    """Yield all of them."""
    keys = log_keys(published)
    for name, about, reads, code, expected in (
        *_payloads(), *_erasures(), *_entries(), *_files(), *_recoveries(),
    ):  # fmt: skip
        yield case_of(f"log/{name}", about, {**keys, "reads": reads}, code, **expected)
    yield from _signatures(published)


Parts = tuple[str, str, list[JsonObject], str, dict[str, object]]


def shows(*bodies: bytes, refused: dict[bytes, str] | None = None) -> dict[str, object]:
    """Return what is expected to be shown, and which payloads are expected to be refused."""
    said = {commitment(body): code for body, code in (refused or {}).items()}
    return {"shown": sorted(commitment(body) for body in bodies), "refused": said}


def served(entries: list[bytes], *bodies: bytes, time: int = NOW - 60, extra: Files | None = None) -> JsonObject:
    """Return one read of a log as its owner serves it."""
    log = MadeLog(entries, list(bodies))
    files = log.files(log.checkpoint(time=time)) | (extra or {})
    return read(NOW, files)


def _payloads() -> Iterator[Parts]:
    yield "first-read", "a first read", [served(PLAIN, ONE, TWO)], "OK", shows(ONE, TWO)
    yield (
        "newer-version", "a newer version replaces the older one",
        [served(PLAIN, ONE, TWO, time=NOW - 120), served(UPDATED, ONE, TWO, NEWER)], "OK", shows(TWO, NEWER),
    )  # fmt: skip
    altered = ONE.replace(b"Angebot", b"Angebet")
    lies = payload_files([altered, TWO], PLAIN) | {f"payload/{commitment(ONE)}": altered}
    lies["payloads/000"] = altered + b"\n" + TWO + b"\n"
    yield (
        "payload-altered", "one letter of a payload changed",
        [served(PLAIN, TWO, extra=lies)], "OK", {"shown": [commitment(TWO)]},
    )  # fmt: skip
    yield (
        "payload-missing", "a payload that is not served",
        [served(PLAIN, TWO)], "OK", shows(TWO, refused={ONE: "E_PAYLOAD_MISSING"}),
    )  # fmt: skip
    yield (
        "payload-of-the-next-version-missing", "the last good version stays until its successor is held",
        [served(PLAIN, ONE, TWO, time=NOW - 120), served(UPDATED, ONE, TWO)], "OK",
        shows(ONE, TWO, refused={NEWER: "E_PAYLOAD_MISSING"}),
    )  # fmt: skip
    long = publish("one", ONE, time=T0 + 10).replace(b" %d\n" % len(ONE), b" %d\n" % (len(ONE) + 1))
    yield (
        "payload-shorter-than-promised", "a payload of another length than its entry promises",
        [served([HELLO, long], ONE)], "OK", shows(refused={ONE: "E_PAYLOAD"}),
    )  # fmt: skip
    for name, about, bad, code in _bad_documents():
        entries = [HELLO, publish("one", bad, time=T0 + 10), publish("two", TWO, time=T0 + 20)]
        yield name, about, [served(entries, bad, TWO)], "OK", shows(TWO, refused={bad: code})


def _bad_documents() -> Iterator[tuple[str, str, bytes, str]]:
    yield "owner-of-another", "a document that names another city", make_body("one", owner="05562024"), "E_OWNER"
    yield "id-of-another", "a document with another id", make_body("one", rid="0" * 31 + "1"), "E_SCHEMA"
    twice = ONE.replace(b'"owner":"05562020"', b'"owner":"05562024","owner":"05562020"')
    yield "key-twice", "JSON with one key twice", twice, "E_SCHEMA"
    yield "no-salt", "a payload without salt", ONE.partition(b',"salt"')[0] + b"}", "E_SCHEMA"
    yield "not-a-number", "JSON with NaN", ONE.replace(b'"owner"', b'"n":NaN,"owner"'), "E_SCHEMA"
    deep = ONE.replace(b'"owner"', b'"n":' + b"[" * 40 + b"]" * 40 + b',"owner"')
    yield "too-deep", "JSON deeper than 32 levels", deep, "E_SCHEMA"
    yield "not-utf-8", "a payload that is not UTF-8", ONE.replace(b"Angebot", b"Angeb\xf6t"), "E_SCHEMA"


def _erasures() -> Iterator[Parts]:
    erased = [*UPDATED, erase(1, 2, time=T0 + 40)]
    yield (
        "erased-although-served", "erased versions are served all the same",
        [served(erased, ONE, TWO, NEWER)], "OK", shows(NEWER),
    )  # fmt: skip
    yield (
        "newest-version-erased", "the newest version of a record is erased; no older one comes back",
        [served(UPDATED, ONE, TWO, NEWER, time=NOW - 120), served([*UPDATED, erase(3, time=T0 + 40)], ONE, TWO, NEWER)],
        "OK", shows(TWO),
    )  # fmt: skip
    again = [*PLAIN, erase(1, time=T0 + 40), publish("one", ONE, time=T0 + 50, prev=1)]
    yield (
        "erased-and-published-again", "the same bytes once more after their erasure count as erased",
        [served(again, ONE, TWO)], "OK", shows(TWO),
    )  # fmt: skip
    yield (
        "erased-twice", "an erasure of what is erased already is valid",
        [served([*PLAIN, erase(1, time=T0 + 40), erase(1, 2, time=T0 + 50)], ONE, TWO)], "OK", shows(),
    )  # fmt: skip
    yield (
        "erase-of-what-cannot-be", "a target that is no publish is passed over, the others count",
        [served([*PLAIN, erase(0, 2, 9, time=T0 + 40)], ONE, TWO)], "OK", shows(ONE),
    )  # fmt: skip


def _entries() -> Iterator[Parts]:
    yield (
        "withdrawn", "a withdrawn record is not shown",
        [served([*PLAIN, withdraw("two", time=T0 + 40, prev=2)], ONE, TWO)], "OK", shows(ONE),
    )  # fmt: skip
    back = [*PLAIN, withdraw("two", time=T0 + 40, prev=2), publish("two", TWO, time=T0 + 50, prev=3)]
    yield "published-again", "a withdrawn record comes back", [served(back, ONE, TWO)], "OK", shows(ONE, TWO)
    odd = [*PLAIN, b"kreisweit.feed/v1 praise\ntime 1\n", withdraw("two", time=T0 + 40, prev=2)]
    yield "unknown-entry", "an unreadable entry counts in the tree alone", [served(odd, ONE, TWO)], "OK", shows(ONE)
    wrong = [*PLAIN, publish("one", NEWER, time=T0 + 30)]
    yield (
        "wrong-predecessor", "a wrong prev is only a warning: the highest index wins",
        [served(wrong, ONE, TWO, NEWER)], "OK", shows(TWO, NEWER),
    )  # fmt: skip
    foreign = [*PLAIN, publish("three", make_body("three"), time=T0 + 30, kind="vocabulary")]
    yield (
        "kind-without-effect", "a kind of the hub has no effect in a city's log",
        [served(foreign, ONE, TWO, make_body("three"))], "OK", {"shown": shows(ONE, TWO)["shown"]},
    )  # fmt: skip
    late = [*PLAIN, publish("three", make_body("three"), time=NOW + 9_000)]
    yield (
        "entry-from-the-future", "an entry's time is only a warning",
        [served(late, ONE, TWO, make_body("three"))], "OK", shows(ONE, TWO, make_body("three")),
    )  # fmt: skip
    for name, first in (
        ("hello-of-another", hello("marl", "05562020", time=T0)),
        ("hello-with-another-ags", hello("herten", "05562024", time=T0)),
        ("hello-missing", publish("one", ONE, time=T0)),
    ):
        about = "index 0 is not the hello of the roster's row"
        yield name, about, [served([first, *PLAIN[1:]], ONE, TWO)], "E_IDENTITY", {"shown": []}


def _files() -> Iterator[Parts]:
    many = [HELLO, publish("one", ONE, time=T0 + 10), *(erase(1, time=T0 + 20 + n) for n in range(520))]
    many[300] = publish("two", TWO, time=T0 + 300)
    log = MadeLog(many, [ONE, TWO])
    whole, part = log.files(log.checkpoint(time=NOW - 60)), log.checkpoint(time=NOW - 120, size=400)
    yield "many-bundles", "a tree of more than one tile", [read(NOW, whole)], "OK", shows(TWO)
    cut = {path: body for path, body in whole.items() if ".p/" not in path} | {"checkpoint": part}
    yield (
        "partial-tile-gone", "the partial tile is gone, so the full one is cut to the signed size",
        [read(NOW, cut)], "OK", shows(TWO),
    )  # fmt: skip
    grown = MadeLog(many[:200], [ONE])
    first = read(NOW, grown.files(grown.checkpoint(time=NOW - 180)))
    yield "grown-over-a-tile", "a read that goes on within a bundle", [first, read(NOW, whole)], "OK", shows(TWO)
    bundle = MadeLog(PLAIN).files(b"")["tile/entries/000.p/3"]
    for name, about, body, code in (
        ("bundle-cut-off", "a bundle whose last byte is missing", bundle[:-1], "E_FORMAT"),
        ("bundle-with-more", "a bundle with a byte behind its last entry", bundle + b"\x00", "E_FORMAT"),
        ("entry-withheld", "a bundle without its last entry", bundle[: -len(PLAIN[2]) - 2], "E_FORMAT"),
        ("entry-changed", "one byte of an entry", bundle.replace(b"offer", b"offef", 1), "E_ROOT"),
    ):
        lie = served(PLAIN, ONE, TWO, extra={"tile/entries/000.p/3": body})
        yield name, about, [lie], code, {"shown": []}
    yield "no-checkpoint", "nothing is served", [read(NOW, {})], "E_FETCH", {"shown": []}


def _signatures(published: JsonObject) -> Iterator[JsonObject]:
    log, keys = MadeLog(PLAIN, [ONE, TWO]), published["keys"]
    text, time = log.text(), NOW - 60
    lines = {
        "city": sign_line(derive_key("node_log"), text),
        "city2": sign_line(derive_key("node_log2"), text),
        "time": sign_time_line(derive_key("node_wit"), text, time),
        "hub": sign_time_line(derive_key("hub_wit"), text, time),
        "strange": sign_line(derive_key("marl_log"), text),
        "broken": sign_line(derive_key("node_log2"), text + "x"),
    }
    mirrored = log_keys(published, is_mirror=True)
    rotating = {"log_keys": [keys["node_log"]["vkey"], keys["node_log2"]["vkey"]]}
    for name, about, given, said, code in (
        ("unknown-line", "a line of an unknown key is passed over", ("city", "strange", "time"), {}, "OK"),
        ("mirror-cosigned", "a mirror with the hub's cosignature", ("city", "time", "hub"), mirrored, "OK"),
        ("mirror-not-cosigned", "a mirror without the hub's cosignature", ("city", "time"), mirrored, "E_SIG"),
        ("rotation", "old and new key sign", ("city", "city2", "time"), rotating, "OK"),
        ("rotation-new-key-alone", "one key of the roster is enough", ("city2", "time"), rotating, "OK"),
        ("rotation-one-line-wrong", "any wrong line of a known key", ("city", "broken", "time"), rotating, "E_SIG"),
        ("hub-line-alone", "the hub does not speak for a city", ("hub", "time"), mirrored, "E_SIG"),
    ):
        files = log.files(note_of(text, [lines[one] for one in given]))
        expected = shows(ONE, TWO) if code == "OK" else {"shown": []}
        ask = {**log_keys(published), **said, "reads": [read(NOW, files)]}
        yield case_of(f"log/{name}", about, ask, code, **expected)


def _recoveries() -> Iterator[Parts]:
    honest = served(PLAIN, ONE, TWO, time=NOW - 120)
    log = MadeLog(UPDATED, [ONE, TWO, NEWER])
    note = bytearray(log.checkpoint(time=NOW - 60))
    note[-30] = ord("A") if note[-30] != ord("A") else ord("B")
    spoilt = read(NOW, log.files(bytes(note)))
    later = served(UPDATED, ONE, TWO, NEWER)
    yield "refused-then-right", "what was refused leaves no trace", [honest, spoilt, later], "OK", shows(TWO, NEWER)
    kept: dict[str, object] = {"shown": shows(ONE, TWO)["shown"]}
    yield "refused-keeps-the-last", "the last good state stays", [honest, spoilt], "E_SIG", dict(kept)
    forked = MadeLog([*PLAIN[:2], publish("two", make_body("two-other"), time=T0 + 20)], [ONE, make_body("two-other")])
    fork = read(NOW, forked.files(forked.checkpoint(time=NOW - 60)))
    yield "fork-keeps-the-first", "another log of the same size", [honest, fork], "E_FORK", dict(kept)
