"""The reader's state machine against the conformance vectors and against every way to lie (PROTOCOL 6)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.errors import KreisweitError, VerificationError
from shared.feed.keys import parse_vkey
from shared.feed.outcomes import Code
from shared.feed.tiles import split_bundle, tile_reader
from shared.feed.trusted_log import Keys, LogState, TrustedLog, diagnose_root
from tests.conformance.make_vectors import PUBLISHED

VECTORS = json.loads(PUBLISHED.read_text("utf-8"))
NODE, CASES = VECTORS["node"], VECTORS["hub_cases"]
KEYS = Keys(
    origin=NODE["origin"],
    member="herten",
    ags="05562020",
    generation=1,
    log_keys=(parse_vkey(VECTORS["keys"]["node_log"]["vkey"]),),
    witness_keys=(parse_vkey(VECTORS["keys"]["node_wit"]["vkey"]),),
)
ENTRIES = [entry["text"].encode() for entry in NODE["entries"]]


def read_to_5() -> LogState:
    log = TrustedLog(LogState(NODE["origin"]), KEYS)
    log.admit(NODE["checkpoint_5"].encode(), now=CASES["now"])
    log.take(0, ENTRIES)
    return log.finish()


def judge(case: dict[str, Any]) -> str:
    """Run one vector case from the stored state; returns the code of the outcome."""
    state, now = read_to_5(), case.get("now", CASES["now"])
    log = TrustedLog(state, KEYS)
    try:
        admission = log.admit(case["checkpoint"].encode(), now=now)
        if not admission.grows:
            return str(Code.OK_UNCHANGED if now - admission.time <= 86_400 else Code.STALE)
        new = [text.encode() for text in case.get("entries", [])]
        log.take(5, new)
        try:
            log.finish()
        except VerificationError:
            tile = base64.b64decode(case.get("tile", case.get("tile_0", "")))
            raise diagnose_root(
                signed=admission.checkpoint, held_size=state.size, held_root=state.root,
                tree=tile_reader(admission.checkpoint.size, lambda _: tile), evidence=(state.note, admission.note),
            ) from None  # fmt: skip
    except KreisweitError as error:
        return error.code
    return str(Code.OK)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_vector_case_ends_in_the_expected_code(case: dict[str, Any]) -> None:
    assert judge(case) == case["expect"]


def test_state_after_reading_is_the_vector_state() -> None:
    state = read_to_5()

    assert state.size == CASES["stored"]["size"]
    assert base64.b64encode(state.root).decode() == CASES["stored"]["root"]
    assert state.time == CASES["stored"]["timestamp"]


def test_idle_poll_checks_no_signature_twice() -> None:
    log = TrustedLog(read_to_5(), KEYS)

    admission = log.admit(NODE["checkpoint_5"].encode(), now=CASES["now"])

    assert admission.signatures_checked == 0


def test_newer_time_line_costs_one_signature_check() -> None:
    case = next(c for c in CASES["cases"] if c["name"] == "idle-refresh")

    admission = TrustedLog(read_to_5(), KEYS).admit(case["checkpoint"].encode(), now=CASES["now"])

    assert admission.signatures_checked == 1


def test_changed_roster_row_discards_the_reused_result() -> None:
    rotated = Keys(
        origin=KEYS.origin, member="herten", ags="05562020", generation=1,
        log_keys=(*KEYS.log_keys, parse_vkey(VECTORS["keys"]["node_log2"]["vkey"])), witness_keys=KEYS.witness_keys,
    )  # fmt: skip

    admission = TrustedLog(read_to_5(), rotated).admit(NODE["checkpoint_5"].encode(), now=CASES["now"])

    assert admission.signatures_checked == 2


def test_mirror_without_the_hubs_line_is_refused() -> None:
    mirror = Keys(
        origin=KEYS.origin, member="herten", ags="05562020", generation=1, log_keys=KEYS.log_keys,
        witness_keys=KEYS.witness_keys, hub_witness=(parse_vkey(VECTORS["keys"]["hub_wit"]["vkey"]),),
        needs_hub_line=True,
    )  # fmt: skip

    with pytest.raises(VerificationError) as refused:
        TrustedLog(LogState(KEYS.origin), mirror).admit(NODE["checkpoint_5"].encode(), now=CASES["now"])
    admitted = TrustedLog(LogState(KEYS.origin), mirror).admit(
        NODE["checkpoint_5_mirrored_by_hub"].encode(), now=CASES["now"]
    )

    assert refused.value.code == "E_SIG"
    assert admitted.checkpoint.size == 5


def test_hello_of_another_member_is_no_identity() -> None:
    other = Keys(
        origin=KEYS.origin, member="marl", ags="05562024", generation=1, log_keys=KEYS.log_keys,
        witness_keys=KEYS.witness_keys,
    )  # fmt: skip
    log = TrustedLog(LogState(KEYS.origin), other)
    log.admit(NODE["checkpoint_5"].encode(), now=CASES["now"])
    log.take(0, ENTRIES)

    with pytest.raises(VerificationError) as refused:
        log.finish()

    assert refused.value.code == "E_IDENTITY"


def test_hello_altered_on_its_way_is_held_against_the_carrier() -> None:
    log = TrustedLog(LogState(KEYS.origin), KEYS)
    log.admit(NODE["checkpoint_5"].encode(), now=CASES["now"])
    log.take(0, [ENTRIES[0].replace(b"node herten", b"node marl"), *ENTRIES[1:]])

    with pytest.raises(VerificationError) as refused:
        log.finish()

    assert refused.value.code == "E_ROOT"


def test_bundle_from_the_middle_gives_only_new_entries() -> None:
    case = next(c for c in CASES["cases"] if c["name"] == "ok-extend")
    log = TrustedLog(read_to_5(), KEYS)
    log.admit(case["checkpoint"].encode(), now=CASES["now"])
    bundle = [*ENTRIES, case["entries"][0].encode()]

    new, _ = log.take(0, bundle)

    assert list(new) == bundle[5:]
    assert log.finish().size == 6


def test_vector_bundle_splits_into_its_entries() -> None:
    assert split_bundle(base64.b64decode(NODE["bundle_p5"]), 5) == ENTRIES
