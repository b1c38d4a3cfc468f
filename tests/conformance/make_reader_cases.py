"""Writes `reader-v1.ndjson` of the vectors: what `kreisweit-conformance` asks a reader, with the right answers.

From the published and the extended vectors, and logs made with the same test keys (`making_logs`).  Everything follows
from labels, so a second run writes the same bytes; a test compares.  Run with
`python -m tests.conformance.make_reader_cases`.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator

from tests.conformance.make_hub_cases import hub_cases
from tests.conformance.make_log_cases import log_cases
from tests.conformance.make_vectors import EXTENDED, FOLDER, PUBLISHED
from tests.conformance.making_logs import JsonObject, case_of, log_keys, pins, read
from tests.conformance.merkle import entry_bundles

READER = FOLDER / "reader-v1.ndjson"

_ABOUT = {
    "ok-extend": "one more entry, which withdraws an offer",
    "idle-refresh": "the same tree with a newer time line",
    "bad-signature": "a log line whose signature does not verify",
    "wrong-key": "a log line by a key that the roster does not name",
    "wrong-origin": "the checkpoint of another log",
    "rollback": "a smaller tree with a newer time",
    "replay-old-checkpoint": "an older checkpoint as it was signed then",
    "fork-same-size": "another root at the size that is held",
    "fork-longer": "a longer tree that does not contain the one that is held",
    "corrupt-bundle": "an entry that is not the one the signed root commits to",
    "clock-future": "a time line more than five minutes ahead",
    "extension-line": "a fourth line of text in the checkpoint",
    "no-own-witness-line": "no time line by the publisher",
    "size-leading-zero": "a size with a leading zero",
    "root-not-canonical-base64": "a root that decodes but does not encode back",
    "freeze": "a checkpoint that nobody has confirmed for a day",
}


def make() -> bytes:
    """Return the bytes of the file."""
    published, extended = json.loads(PUBLISHED.read_text("utf-8")), json.loads(EXTENDED.read_text("utf-8"))
    cases = [
        *_entry_cases(published), *_roster_cases(extended), *_catalogue_cases(published, extended),
        *_record_cases(published), *_published_log_cases(published), *log_cases(published), *hub_cases(published),
    ]  # fmt: skip
    return b"".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for case in cases)


def _entry_cases(published: JsonObject) -> Iterator[JsonObject]:
    for number, entry in enumerate(published["entry_cases"]):
        code = "OK" if entry["valid"] else "W_GRAMMAR"
        yield case_of(f"entry/{number:02}", entry["why"], {"text": entry["text"]}, code)


def _roster_cases(extended: JsonObject) -> Iterator[JsonObject]:
    chain = extended["roster_chain"]
    yield case_of("roster/chain-of-three", "two signatures of three, one root replaced", _rosters(chain, 3), "OK")
    later = {**_rosters(chain, 3), "notes": chain["notes"][1:]}
    yield case_of("roster/begins-at-version-2", "a chain may begin at any version with the pinned roots", later, "OK")
    gap = {**_rosters(chain, 3), "notes": [chain["notes"][0], chain["notes"][2]]}
    yield case_of("roster/gap", "version 3 after version 1", gap, "E_ROSTER")
    yield case_of("roster/backwards", "version 1 after version 2", {
        **_rosters(chain, 2), "notes": [chain["notes"][1], chain["notes"][0]],
    }, "E_ROSTER")  # fmt: skip
    for bad in chain["bad"]:
        ask = _rosters(chain, bad["after"])
        ask["notes"].append(bad["note"])
        yield case_of(f"roster/{bad['name']}", f"after version {bad['after']}", ask, "E_ROSTER")


def _rosters(chain: JsonObject, most: int) -> JsonObject:
    return {**chain["pins"], "notes": list(chain["notes"][:most])}


def _catalogue_cases(published: JsonObject, extended: JsonObject) -> Iterator[JsonObject]:
    hub = published["keys"]["hub_log"]["vkey"]
    ask = {"hub": hub, "note": published["catalogue"]["note"]}
    yield case_of("catalogue/published", "the worked example", ask, "OK")
    for case in extended["catalogue_cases"]:
        ask = {"hub": hub, "note": case["note"]}
        yield case_of(f"catalogue/{case['name']}", case["name"].replace("-", " "), ask, case["expect"])


# --- the proof of one record -----------------------------------------------------------------------------------------


def _record_cases(published: JsonObject) -> Iterator[JsonObject]:
    proof, payload = published["tlog_proofs"]["source_entry_2_in_node_log"], published["payloads"][1]["object"]
    roster, a2 = published["roster"]["note"], published["payloads"][2]["object"]
    head, _, checkpoint = proof.partition("\n\n")
    lines, signatures = head.split("\n"), checkpoint.splitlines(keepends=True)
    without_hub = f"{head}\n\n{''.join(signatures[:-1])}"
    without_city = f"{head}\n\n{''.join([*signatures[:4], *signatures[5:]])}"
    other_hash = "\n".join([*lines[:3], lines[4], *lines[4:]])
    changed = {
        "ok": ("what a city published, cosigned by the hub", proof, payload, "OK"),
        "payload-changed": ("one letter of the record", proof, payload.replace("Herten", "Hertem"), "E_PAYLOAD"),
        "payload-of-another": ("the record of another entry", proof, a2, "E_PAYLOAD"),
        "other-index": ("another index", proof.replace("index 2\n", "index 3\n"), payload, "E_ROOT"),
        "index-beyond": ("an index beyond the tree", proof.replace("index 2\n", "index 5\n"), payload, "E_ROOT"),
        "other-hash": ("a hash of the path", f"{other_hash}\n\n{checkpoint}", payload, "E_ROOT"),
        "hash-left-out": ("a shorter path", "\n".join(lines[:-1]) + f"\n\n{checkpoint}", payload, "E_ROOT"),
        "not-cosigned": ("no line by the hub", without_hub, payload, "E_SIG"),
        "not-signed-by-the-city": ("no log line", without_city, payload, "E_SIG"),
        "other-size": ("the size changed after it was signed", proof.replace("\n5\n", "\n6\n"), payload, "E_SIG"),
        "index-leading-zero": ("an index of two digits", proof.replace("index 2", "index 02"), payload, "E_FORMAT"),
        "other-first-line": ("another version of the proof", proof.replace("@v1", "@v2"), payload, "E_FORMAT"),
    }  # fmt: skip
    for name, (about, one, body, code) in changed.items():
        yield case_of(f"record/{name}", about, _bundle(published, one, body, roster), code)
    spoilt = roster.replace("herten 05562020", "herten 05562024")
    yield case_of("record/other-roster", "a roster changed after it was signed", _bundle(
        published, proof, payload, spoilt
    ), "E_ROSTER")  # fmt: skip


def _bundle(published: JsonObject, proof: str, payload: str, roster: str) -> JsonObject:
    bundle = {"kreisweit": "kreisweit.record/v1", "payload": payload, "proof": proof, "rosters": [roster]}
    return {**pins(published), "bundle": bundle}


# --- one log: the published cases ------------------------------------------------------------------------------------


def _published_log_cases(published: JsonObject) -> Iterator[JsonObject]:
    node, cases = published["node"], published["hub_cases"]
    held = [entry["text"].encode() for entry in node["entries"]]
    bodies = {p["commitment"]: p["object"].encode() for p in published["payloads"] if p["state"] == "current"}
    payloads = {f"payload/{name}": body for name, body in bodies.items()}
    payloads["payloads/000"] = b"".join(body + b"\n" for body in bodies.values())
    first = payloads | entry_bundles(held)
    first |= {"checkpoint": node["checkpoint_5"].encode(), "tile/0/000.p/5": b64decode(node["tile_0_p5"])}
    keys = log_keys(published)
    shown = sorted(bodies)
    for case in cases["cases"]:
        entries = [*held, *(text.encode() for text in case.get("entries", []))]
        served = first | entry_bundles(entries) | {"checkpoint": case["checkpoint"].encode()}
        if "tile_0" in case:
            served[f"tile/0/000.p/{len(entries)}"] = b64decode(case["tile_0"])
        reads = [read(cases["now"], first), read(case.get("now", cases["now"]), served)]
        left = [published["payloads"][2]["commitment"]] if case["name"] == "ok-extend" else shown
        yield case_of(f"log/{case['name']}", _ABOUT[case["name"]], {**keys, "reads": reads}, case["expect"], shown=left)


if __name__ == "__main__":
    READER.write_bytes(make())
