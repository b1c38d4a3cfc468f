"""Every way a record's data can be wrong: its code, its last good version, its way back (PROTOCOL 3, 6.11 to 6.13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from shared.feed import limits
from shared.feed.base64s import encode_base64url
from shared.feed.outcomes import Code, State
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.push import PayloadPart
from shared.feed.strict_json import encode_canonical
from shared.holdings import logs, payloads
from shared.net.fetcher import NO_HEADERS, Fetched, Posted, WebAccess
from tests.fault.scenes import OFFERS, Scene
from tests.support.node_simulator import NodeSimulator, answers, fails
from tests.support.world import offer_doc

SALT = encode_base64url(bytes(range(32)))
GOOD = sorted(OFFERS)


def line(doc: str, *, salt: str = f'"{SALT}"', more: str = "") -> bytes:
    """A payload line with this text as its document."""
    return f'{{"doc":{doc},"salt":{salt}{more}}}'.encode()


def text_of(liar: NodeSimulator, rid: bytes, extra: str = "") -> str:
    """A good document as JSON text, with more fields behind it."""
    doc = encode_canonical(offer_doc(rid, liar.ags, "Neue Fassung")).decode()
    return doc[:-1] + extra + "}"


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


BAD_LINES: dict[str, Callable[[NodeSimulator, bytes], bytes]] = {
    "a key twice": lambda n, r: line(text_of(n, r, f',"id":"{r.hex()}"')),
    "an unknown key twice": lambda n, r: line(text_of(n, r, ',"x_a":1,"x_a":1')),
    "doc twice": lambda n, r: line(text_of(n, r), more=',"doc":{}'),
    "depth 33": lambda n, r: line(text_of(n, r, f',"x_deep":{nested(31)}')),
    "depth 5000": lambda n, r: line(text_of(n, r, f',"x_deep":{nested(5000)}')),
    "NaN": lambda n, r: line(text_of(n, r, ',"x_number":NaN')),
    "Infinity": lambda n, r: line(text_of(n, r, ',"x_number":-Infinity')),
    "a number beyond all floats": lambda n, r: line(text_of(n, r, ',"x_number":1e999')),
    "2^53 + 1": lambda n, r: line(text_of(n, r, f',"x_number":{2**53 + 1}')),
    "-2^53 - 1": lambda n, r: line(text_of(n, r, f',"x_number":{-(2**53) - 1}')),
    "U+0000": lambda n, r: line(text_of(n, r, ',"x_text":"a\\u0000b"')),
    "U+0000 in a key": lambda n, r: line(text_of(n, r, ',"x\\u0000":1')),
    "a lone high surrogate": lambda n, r: line(text_of(n, r, ',"x_text":"\\ud83d"')),
    "a lone low surrogate": lambda n, r: line(text_of(n, r, ',"x_text":"\\ude00!"')),
    "invalid UTF-8": lambda n, r: line(text_of(n, r, ',"x_text":"?"')).replace(b"?", b"\xc3\x28"),
    "an overlong spelling": lambda n, r: line(text_of(n, r, ',"x_text":"?"')).replace(b"?", b"\xc0\xaf"),
    "an encoded surrogate": lambda n, r: line(text_of(n, r, ',"x_text":"?"')).replace(b"?", b"\xed\xa0\x80"),
    "a byte order mark": lambda n, r: b"\xef\xbb\xbf" + line(text_of(n, r)),
    "two lines": lambda n, r: line(text_of(n, r)).replace(b',"salt"', b',\n"salt"'),
    "a line feed at the end": lambda n, r: line(text_of(n, r)) + b"\n",
    "a control character": lambda n, r: line(text_of(n, r, ',"x_text":"a\tb"')),
    "something behind it": lambda n, r: line(text_of(n, r)) + b"{}",
    "a comma too many": lambda n, r: line(text_of(n, r, ",")),
    "a comment": lambda n, r: line(text_of(n, r, "/* */")),
    "single quotes": lambda n, r: line(text_of(n, r).replace('"', "'")),
    "no salt": lambda n, r: f'{{"doc":{text_of(n, r)}}}'.encode(),
    "a salt of 31 bytes": lambda n, r: line(text_of(n, r), salt=f'"{encode_base64url(bytes(31))}"'),
    "a salt spelt twice": lambda n, r: line(text_of(n, r), salt=f'"{SALT[:-1]}9"'),
    "a salt that is a number": lambda n, r: line(text_of(n, r), salt="7"),
    "a third key": lambda n, r: line(text_of(n, r), more=',"note":"x"'),
    "a doc that is a list": lambda n, r: line("[]"),
    "a doc that is null": lambda n, r: line("null"),
    "no object at all": lambda n, r: b'"text"',
    "a page": lambda n, r: b"<html><body>Bitte anmelden</body></html>",
    "another id": lambda n, r: seal_payload(offer_doc(bytes(16), n.ags, "Neue Fassung"), bytes(32)),
    "no id": lambda n, r: line(f'{{"owner":"{n.ags}","name":"Neue Fassung"}}'),
    "a name that is a number": lambda n, r: seal_payload(offer_doc(r, n.ags, "x") | {"name": 7}, bytes(32)),
    "topics that are a text": lambda n, r: seal_payload(offer_doc(r, n.ags, "x") | {"topics": "sprache"}, bytes(32)),
}


def quarantine(scene: Scene) -> list[tuple[str, str]]:
    """Code and message of every refused record."""
    with scene.hub.db.read() as conn:
        return [(row.code, row.message) for row in payloads.load_quarantine(conn)]


def refuse_new_version(scene: Scene, code: Code, **bent: Any) -> None:
    """A new version of a known record is refused with `code`; its last good one stays; a good one ends it."""
    rid = scene.liar.ids()[0]
    old = scene.shown()
    scene.liar.publish("Neue Fassung", rid, **bent)

    pull = scene.pull()

    assert (pull.outcome, pull.code, pull.size) == ("ok", None, scene.liar.size)
    assert scene.standing().state is State.ACTIVE
    assert [found for found, _ in quarantine(scene)] == [code]
    assert quarantine(scene)[0][1]
    assert scene.shown() == old

    scene.liar.publish("Berichtigt", rid)
    assert scene.pull().outcome == "ok"
    assert quarantine(scene) == []
    assert "Berichtigt" in scene.shown()


@pytest.mark.parametrize("name", BAD_LINES)
def test_bad_line_is_refused_and_the_last_good_version_stays(scene: Scene, name: str) -> None:
    body = BAD_LINES[name](scene.liar, scene.liar.ids()[0])

    refuse_new_version(scene, Code.E_SCHEMA, body=body)


def test_foreign_owner_is_refused(scene: Scene) -> None:
    refuse_new_version(scene, Code.E_OWNER, doc={"owner": "05562024"})


def test_missing_payload_is_listed(scene: Scene) -> None:
    refuse_new_version(scene, Code.E_PAYLOAD_MISSING, served=None)


def test_altered_payload_is_refused(scene: Scene) -> None:
    good = seal_payload(offer_doc(scene.liar.ids()[0], scene.liar.ags, "Neue Fassung"), bytes(32))

    refuse_new_version(scene, Code.E_PAYLOAD, body=good, served=good.replace(b"Neue", b"Alte"))


@pytest.mark.parametrize("extra", [b" ", b"x" * 10_000], ids=["a byte", "10 000 bytes"])
def test_payload_longer_than_its_entry_says_is_refused(scene: Scene, extra: bytes) -> None:
    good = seal_payload(offer_doc(scene.liar.ids()[0], scene.liar.ags, "Neue Fassung"), bytes(32))

    refuse_new_version(scene, Code.E_PAYLOAD, body=good, served=good + extra)


def test_empty_payload_is_refused(scene: Scene) -> None:
    refuse_new_version(scene, Code.E_PAYLOAD, served=b"")


def test_entry_with_another_length_than_its_payload_is_refused(scene: Scene) -> None:
    refuse_new_version(scene, Code.E_PAYLOAD, length=77)


def test_payload_over_the_limit_is_refused_though_its_commitment_matches(scene: Scene) -> None:
    rid = scene.liar.ids()[0]
    body = seal_payload(offer_doc(rid, scene.liar.ags, "Neue Fassung"), bytes(32))
    padding = limits.PAYLOAD_MAX_BYTES + 1 - len(body) - len(',"x_pad":""')
    body = line(text_of(scene.liar, rid, f',"x_pad":"{"x" * padding}"'), salt=f'"{encode_base64url(bytes(32))}"')
    assert len(body) > limits.PAYLOAD_MAX_BYTES

    refuse_new_version(scene, Code.E_PAYLOAD, body=body)


class Watched:
    """Passes questions on and remembers the most bytes that were allowed for an answer."""

    def __init__(self, web: WebAccess) -> None:
        self._web = web
        self.allowed: list[int] = []

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        self.allowed.append(max_bytes)
        return self._web.get(url, max_bytes=max_bytes, deadline_seconds=deadline_seconds, etag=etag)

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        raise AssertionError("nothing is posted here")


def test_length_of_petabytes_never_allows_an_answer_over_the_limit(scene: Scene) -> None:
    scene.liar.publish("Riesig", length=9_999_999_999_999_999)
    watched = Watched(scene.hub.web)
    scene.hub.web = watched

    assert scene.pull_alone().outcome == "ok"

    assert [code for code, _ in quarantine(scene)] == ["E_PAYLOAD"]
    assert max(watched.allowed) <= limits.PAYLOADS_MAX_BYTES


def test_new_record_that_is_refused_is_not_shown_at_all(scene: Scene) -> None:
    scene.liar.publish("Fremd", doc={"owner": "05562024"})

    scene.pull()

    assert scene.shown() == GOOD
    assert [code for code, _ in quarantine(scene)] == ["E_OWNER"]


@pytest.mark.parametrize("lone", ["Fremd", "Fehlt"])
def test_one_bad_record_among_many_keeps_none_of_the_others(scene: Scene, lone: str) -> None:
    for number in range(40):
        scene.liar.publish(f"Gut {number:02}")
    bent: dict[str, Any] = {"doc": {"owner": "05562024"}} if lone == "Fremd" else {"served": None}
    scene.liar.publish(lone, **bent)

    scene.pull()

    assert len(scene.shown()) == len(OFFERS) + 40
    assert len(quarantine(scene)) == 1
    assert "payloads/000" in scene.liar.asked


def test_bulk_file_of_rubbish_costs_nothing_but_time(scene: Scene) -> None:
    for number in range(40):
        scene.liar.publish(f"Gut {number:02}")
    scene.liar.serve("payloads/000", answers(200, b"\n\n<html>\n" + b"\xff\n" * 50))

    scene.pull()

    assert len(scene.shown()) == len(OFFERS) + 40


def test_failing_payload_ends_only_this_runs_payloads_and_keeps_what_came_before(scene: Scene) -> None:
    for number in range(600):
        scene.liar.publish(f"Gut {number:03}")
    scene.liar.serve("payloads/002", fails("timeout"))

    pull = scene.pull()

    assert (pull.code, pull.size) == ("E_FETCH", scene.liar.size)
    assert scene.size_at_hub() == scene.liar.size
    assert len(scene.shown()) > 400
    scene.recant_serving()
    scene.pull()
    assert len(scene.shown()) == len(OFFERS) + 600


def test_missing_payload_is_asked_for_again_and_taken(scene: Scene) -> None:
    rid = scene.liar.ids()[0]
    body = seal_payload(offer_doc(rid, scene.liar.ags, "Verspätet"), bytes(32))
    scene.liar.publish("Verspätet", rid, body=body, served=None)
    scene.pull()
    scene.liar.bodies[commitment_of(body)] = body

    scene.world.clock.time += 120
    scene.pull()

    assert "Verspätet" in scene.shown()
    assert quarantine(scene) == []


# --- mass withdrawal, mass erasure ------------------------------------------------------------------------------------


def many_offers(scene: Scene, count: int) -> list[bytes]:
    """The liar publishes more, and everybody holds them."""
    ids = [scene.liar.publish(f"Weiteres {number:02}") for number in range(count)]
    assert scene.pull().outcome == "ok"
    scene.world.tick(2)
    return ids


def test_mass_withdrawal_is_held_and_erasures_apply_all_the_same(scene: Scene) -> None:
    ids = many_offers(scene, 12)
    size = scene.liar.size
    for rid in ids[:8]:
        scene.liar.withdraw(rid)
    scene.liar.erase(1)

    pull = scene.pull()
    scene.world.tick(2)

    assert (pull.outcome, pull.size) == ("held", scene.liar.size)
    assert pull.code is None
    assert scene.standing().state is State.HELD
    assert scene.shown_by_note() == f"held@{size}"
    assert len(scene.shown()) == len(OFFERS) + 12 - 1
    assert OFFERS[0] not in scene.shown()


def test_held_log_goes_on_being_mirrored(scene: Scene) -> None:
    ids = many_offers(scene, 12)
    for rid in ids[:8]:
        scene.liar.withdraw(rid)
    scene.pull()
    scene.liar.publish("Während der Prüfung")

    pull = scene.pull()

    assert (pull.outcome, pull.size) == ("held", scene.liar.size)
    assert "Während der Prüfung" not in scene.shown()


def test_few_withdrawals_are_not_held(scene: Scene) -> None:
    ids = many_offers(scene, 12)
    for rid in ids[:5]:
        scene.liar.withdraw(rid)

    assert scene.pull().outcome == "ok"
    assert len(scene.shown()) == len(OFFERS) + 7


def held_bytes(scene: Scene) -> int:
    """Payload rows of the liar at the hub, those kept apart included."""
    with scene.hub.db.read() as conn:
        row = logs.load_log(conn, scene.liar.origin)
        return sum(1 for _ in payloads.iterate_payloads(conn, row.id))


def test_mass_erasure_leaves_the_catalogue_at_once_and_the_bytes_after_72_hours(scene: Scene) -> None:
    many_offers(scene, 27)
    targets = list(range(1, 31))
    scene.liar.erase(*targets)

    assert scene.pull().outcome == "ok"
    scene.world.tick(2)

    assert scene.shown() == []
    assert held_bytes(scene) == 30
    commitment = next(iter(scene.truth.bodies))
    digest = __import__("hashlib").sha256(scene.liar.origin.encode()).hexdigest()
    answer = scene.world.network.sites["hub"].answer(_get(f"/mirror/{digest}/payload/{commitment.hex()}"))
    assert answer.status == 410

    scene.world.clock.time += limits.APART_SECONDS + 100
    scene.world.tick(2)
    assert held_bytes(scene) == 0


def _get(path: str) -> Any:
    from tests.support.world import Exchange

    return Exchange("tester", "hub", "GET", path)


def test_small_erasure_destroys_the_bytes_at_once(scene: Scene) -> None:
    scene.liar.erase(1, 2)

    scene.pull()

    assert scene.shown() == [OFFERS[2]]
    assert held_bytes(scene) == 1


def test_erased_commitment_published_again_stays_dead(scene: Scene) -> None:
    rid = scene.liar.ids()[0]
    body = next(body for body in scene.truth.bodies.values() if rid.hex().encode() in body)
    scene.liar.erase(1)
    scene.pull()
    scene.liar.publish("wieder da", rid, body=body)

    pull = scene.pull()
    scene.liar.push(data=[PayloadPart(scene.liar.origin, body)])

    assert pull.outcome == "ok"
    assert OFFERS[0] not in scene.shown()
    assert held_bytes(scene) == 2
    assert quarantine(scene) == []


def test_erase_and_publish_of_the_same_bytes_in_one_read_leave_nothing(scene: Scene) -> None:
    rid = scene.liar.publish("Kurz da")
    position = scene.liar.size - 1
    body = next(body for body in scene.liar.bodies.values() if rid.hex().encode() in body)
    scene.liar.erase(position)
    scene.liar.publish("Kurz da", rid, body=body)

    assert scene.pull().outcome == "ok"

    assert scene.shown() == GOOD
    assert held_bytes(scene) == 3


def test_equal_bytes_in_another_members_log_are_untouched_by_an_erasure(scene: Scene) -> None:
    before = scene.shown("marl")
    scene.liar.erase(1, 2, 3)

    scene.pull()

    assert set(before) <= set(scene.shown("marl"))


def test_one_payload_that_cannot_be_fetched_keeps_no_other_back(scene: Scene) -> None:
    for number in range(4):
        scene.liar.publish(f"Neu {number}")
    new = [commitment.hex() for commitment in scene.liar.bodies if commitment not in scene.truth.bodies]
    scene.liar.serve(f"payload/{new[1]}", fails("timeout"))

    pull = scene.pull()

    assert pull.code == "E_FETCH"
    assert len([title for title in scene.shown() if title.startswith("Neu")]) == 3
