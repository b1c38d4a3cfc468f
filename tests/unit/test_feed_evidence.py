"""Two notes of one publisher are judged again by anybody: what they prove, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared.errors import VerificationError
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text
from shared.feed.evidence import format_proof, judge_evidence, split_proof
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.merkle import consistency_proof, leaf_hash, reader_of, subtree_root
from shared.feed.note import Note, format_note, sign_line, sign_time_line
from shared.feed.roster import HubRow, MemberRow, Pins, Roster, format_roster, sign_roster

ORIGIN = "marl.example/feed/g1"


def key(name: str, kind: int, seed: int) -> SigningKey:
    return SigningKey.from_seed(name, kind, bytes([seed]) * 32)


ROOT = key("hub.example/root/a", LOG, 1)
MARL, MARL_WITNESS = key(ORIGIN, LOG, 2), key("marl.example/witness", WITNESS, 3)
HUB, HUB_WITNESS = key("hub.example/feed/g1", LOG, 4), key("hub.example/witness", WITNESS, 5)
PINS = Pins((ROOT.verifying,), 1)
_ROW = MemberRow("marl", "05562024", "active", 1, MARL.verifying, MARL_WITNESS.verifying, "-")
_HUB_ROW = HubRow(HUB.verifying, HUB_WITNESS.verifying, "https://hub.example")
ROSTER = sign_roster(format_roster(Roster(1, 100, 86_400 * 300, 1, (ROOT.verifying,), _HUB_ROW, (_ROW,))), ROOT)


def leaves(words: str) -> list[bytes]:
    return [leaf_hash(word.encode()) for word in words]


def note(words: str, time: int, *, log_key: SigningKey = MARL) -> bytes:
    """The publisher signs a log of these entries at this time."""
    text = format_checkpoint_text(Checkpoint(ORIGIN, len(words), subtree_root(leaves(words))))
    return format_note(Note(text, (sign_line(log_key, text), sign_time_line(MARL_WITNESS, text, time))))


def proof(first: int, words: str) -> bytes:
    """The proof that a log of these entries begins with its own first ones."""
    found: Sequence[bytes] = consistency_proof(first, len(words), reader_of(leaves(words)))
    return format_proof(subtree_root(leaves(words)[:first]), found)


def refusal(code: str, ours: bytes, theirs: bytes) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        judge_evidence(ROSTER, PINS, code, ours, theirs)
    return caught.value


def test_two_roots_of_one_size_are_a_fork() -> None:
    judged = judge_evidence(ROSTER, PINS, "E_FORK", note("abc", 1000), note("abd", 2000))

    assert (judged.member, judged.our_size, judged.their_size) == ("marl", 3, 3)
    assert (judged.our_time, judged.their_time) == (1000, 2000)


@pytest.mark.parametrize(("held", "told"), [("abc", "abdef"), ("ab", "xbcdefgh"), ("a", "bc"), ("abcd", "abceefghi")])
def test_longer_log_with_another_beginning_is_a_fork(held: str, told: str) -> None:
    theirs = note(told, 2000) + proof(len(held), told)

    assert judge_evidence(ROSTER, PINS, "E_FORK", note(held, 1000), theirs).their_size == len(told)


def test_longer_log_that_goes_on_is_no_fork() -> None:
    theirs = note("abcde", 2000) + proof(3, "abcde")

    assert "goes on" in str(refusal("E_FORK", note("abc", 1000), theirs))


def test_two_sizes_without_a_proof_prove_nothing() -> None:
    assert "no proof" in str(refusal("E_FORK", note("abc", 1000), note("abdef", 2000)))


def test_proof_of_another_log_proves_nothing() -> None:
    theirs = note("abdef", 2000) + proof(3, "abxyz")

    assert "does not lead to both roots" in str(refusal("E_FORK", note("abc", 1000), theirs))


def test_one_note_twice_proves_nothing() -> None:
    assert "the same" in str(refusal("E_FORK", note("abc", 1000), note("abc", 2000)))


def test_shorter_log_signed_later_is_a_rollback() -> None:
    judged = judge_evidence(ROSTER, PINS, "E_ROLLBACK", note("abcd", 1000), note("ab", 2000))

    assert (judged.our_size, judged.their_size) == (4, 2)


def test_shorter_log_signed_earlier_is_an_old_copy() -> None:
    assert refusal("E_ROLLBACK", note("abcd", 2000), note("ab", 1000)).code == "E_REPLAY"


def test_longer_log_is_no_rollback() -> None:
    assert "not shorter" in str(refusal("E_ROLLBACK", note("ab", 1000), note("abcd", 2000)))


def test_note_by_another_key_is_not_the_publisher_s() -> None:
    stranger = key(ORIGIN, LOG, 9)

    assert refusal("E_FORK", note("abc", 1000), note("abd", 2000, log_key=stranger)).code == "E_SIG"


def test_roster_by_other_roots_counts_for_nothing() -> None:
    other = Pins((key("hub.example/root/a", LOG, 8).verifying,), 1)

    with pytest.raises(VerificationError, match="nicht die bekannten"):
        judge_evidence(ROSTER, other, "E_FORK", note("abc", 1000), note("abd", 2000))


def test_note_without_a_proof_stays_as_it_is() -> None:
    data = note("abc", 1000)

    assert split_proof(data) == (data, b"", ())
    assert split_proof(data + proof(2, "abc"))[0] == data
