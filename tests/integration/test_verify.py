"""`kreisweit-verify` against an honest hub and against every lie that it must see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from node.erasing import erase
from shared.consume import mirror_path
from shared.errors import ParseError, VerificationError
from shared.feed.outcomes import Code
from shared.feed.record_proof import format_bundle, verify_bundle
from shared.feed.roster import Pins
from shared.holdings import logs, payloads
from shared.net.fetcher import NO_HEADERS, Fetched, Posted
from shared.verify.cli import exit_code
from shared.verify.copy import CopySettings, LocalCopy, make_copy
from tests.support.world import NetworkAccess, World, publish, withdraw

Lie = Callable[[str, Fetched], Fetched]


class LyingAccess:
    """Asks the hub of a world and lets a test change what it answers."""

    def __init__(self, world: World) -> None:
        self._real = NetworkAccess(world.network, "integrator")
        self.lie: Lie = lambda _url, answer: answer

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        answer = self._real.get(url, max_bytes=max_bytes, deadline_seconds=deadline_seconds, etag=etag)
        return self.lie(url, answer)

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        raise AssertionError("a copy only reads")


class Scene:
    """A hub with two cities, and a copy that follows it."""

    def __init__(self, home: Path) -> None:
        self.world = World(["herten", "marl"])
        self.web = LyingAccess(self.world)
        settings = CopySettings("http://hub", (self.world.root.verifying.vkey,))
        make_copy(home, settings)
        self.copy = LocalCopy(home, settings, self.world.clock, self.web)

    def publish(
        self, city: str, title: str, rid: bytes | None = None, *, summary: str = "Für alle, ohne Termin."
    ) -> bytes:
        found = publish(self.world.nodes[city], title, rid, summary=summary)
        self.world.settle()
        return found

    def lie_about(self, part: str, change: Callable[[bytes], bytes]) -> None:
        """Change the body of every answer whose address holds this text."""
        self.web.lie = lambda url, answer: (
            Fetched(answer.status, change(answer.body), answer.etag) if part in url and answer.status == 200 else answer
        )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "copy")
    yield made
    made.copy.close()


def flip_last(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def test_copy_of_an_honest_hub_is_verified_and_told(scene: Scene) -> None:
    scene.publish("herten", "Sprachcafé")
    rid = scene.publish("marl", "Nähkurs")

    first = scene.copy.follow()
    scene.publish("marl", "Nähkurs am Abend", rid)
    second = scene.copy.follow()
    withdraw(scene.world.nodes["marl"], rid)
    scene.world.settle()
    third = scene.copy.follow()

    assert (first.code, first.offers, first.missing) == (Code.OK, 2, 0)
    assert sorted(change.title for change in first.changes) == ["Nähkurs", "Sprachcafé"]
    assert [(change.op, change.member, change.title) for change in second.changes] == [
        ("updated", "marl", "Nähkurs am Abend")
    ]
    assert [(change.op, change.id) for change in third.changes] == [("withdrawn", rid.hex())]
    assert third.digest == scene.world.digests()["marl"]


def test_second_run_without_news_is_unchanged(scene: Scene) -> None:
    scene.publish("herten", "Sprachcafé")
    scene.copy.follow()

    again = scene.copy.follow()

    assert (again.code, again.changes) == (Code.OK_UNCHANGED, ())


def test_copy_goes_on_where_it_was_cut_off(scene: Scene) -> None:
    for number in range(40):
        publish(scene.world.nodes["herten"], f"Angebot {number}")
    scene.world.settle()
    scene.web.lie = lambda url, answer: Fetched(404) if "/payload" in url else answer

    cut = scene.copy.follow()
    scene.web.lie = lambda _url, answer: answer
    scene.world.clock.time += 600
    whole = scene.copy.follow()

    assert (cut.code, cut.missing) == (Code.E_PAYLOAD_MISSING, 40)
    assert (whole.code, whole.offers, whole.missing) == (Code.OK, 40, 0)


@pytest.mark.parametrize(
    ("part", "codes"),
    [
        ("/tile/entries/", {Code.E_ROOT, Code.E_FORMAT}),
        ("/payload", {Code.E_PAYLOAD, Code.E_PAYLOAD_MISSING}),
        ("/checkpoint", {Code.E_SIG, Code.E_FORMAT}),
        ("/catalogue", {Code.E_SIG, Code.E_FORMAT}),
    ],
)
def test_one_altered_byte_is_seen(scene: Scene, part: str, codes: set[Code]) -> None:
    scene.publish("herten", "Sprachcafé")
    scene.lie_about(part, flip_last)

    followed = scene.copy.follow()

    assert followed.code in codes
    assert exit_code(followed.code) >= 10
    assert list(scene.copy.offers()) == []


def test_withheld_entry_is_seen(scene: Scene) -> None:
    scene.publish("herten", "Sprachcafé")
    scene.publish("herten", "Nähkurs")
    scene.lie_about("/tile/entries/", lambda body: body[: 2 + int.from_bytes(body[:2], "big")])

    followed = scene.copy.follow()

    assert followed.code in (Code.E_FORMAT, Code.E_ROOT)
    assert list(scene.copy.offers()) == []


def test_old_note_is_seen(scene: Scene) -> None:
    scene.publish("herten", "Sprachcafé")
    old = scene.web.get("http://hub/catalogue", max_bytes=10**6, deadline_seconds=1)
    scene.publish("herten", "Nähkurs")
    scene.copy.follow()
    scene.lie_about("/catalogue", lambda _: old.body)

    assert scene.copy.follow().code is Code.E_REPLAY


def test_erased_payload_that_is_served_is_seen(scene: Scene) -> None:
    scene.publish("herten", "Beratung", summary="Beratung bei Erika Mustermann im Rathaus.")
    scene.copy.follow()
    hub = scene.world.hub
    with hub.db.read() as conn:
        row = logs.load_log(conn, "herten.example/feed/g1")
        ((_, commitment, body),) = payloads.iterate_payloads(conn, row.id)
    erase(scene.world.nodes["herten"], "Erika Mustermann")
    scene.world.settle()
    honest = scene.copy.follow()
    served = f"http://hub/{mirror_path(row.origin)}payload/{bytes(commitment).hex()}"
    scene.web.lie = lambda url, answer: Fetched(200, bytes(body)) if url == served else answer

    caught = scene.copy.follow()

    assert honest.code in (Code.OK, Code.OK_UNCHANGED)
    assert caught.code is Code.E_ERASED_SERVED
    assert served in caught.message


def test_hub_with_foreign_roots_is_refused(scene: Scene, tmp_path: Path) -> None:
    other = World(["herten"], seed=2)
    settings = CopySettings("http://hub", (other.root.verifying.vkey,))
    make_copy(tmp_path / "other", settings)
    copy = LocalCopy(tmp_path / "other", settings, scene.world.clock, scene.web)

    scene.publish("herten", "Sprachcafé")

    followed = copy.follow()
    copy.close()

    assert followed.code is Code.E_ROSTER


# --- one record ------------------------------------------------------------------------------------------------------


def make_bundle(scene: Scene, rid: bytes) -> bytes:
    """What the hub gives for one record."""
    with scene.world.hub.db.read() as conn:
        row = logs.load_log(conn, "herten.example/feed/g1")
        head = logs.load_heads(conn, row.id, [rid])[rid]
        body = payloads.load_payloads(conn, row.id, [bytes(head.commitment or b"")])[bytes(head.commitment or b"")]
    url = f"http://hub/{mirror_path(row.origin)}proof/{head.position}"
    proof = scene.web.get(url, max_bytes=10**6, deadline_seconds=1).body
    return format_bundle(body, proof, [scene.world.roster_note])


def test_bundle_proves_what_a_city_published(scene: Scene) -> None:
    rid = scene.publish("herten", "Sprachcafé")
    pins = Pins((scene.world.root.verifying,), 1)

    found = verify_bundle(make_bundle(scene, rid), pins)

    assert (found.member, found.ags, found.id) == ("herten", "05562020", rid.hex())
    assert found.doc["name"] == "Sprachcafé"
    assert found.witnessed >= found.published


@pytest.mark.parametrize("member", ["payload", "proof", "rosters"])
def test_bundle_with_one_altered_character_proves_nothing(scene: Scene, member: str) -> None:
    bundle = json.loads(make_bundle(scene, scene.publish("herten", "Sprachcafé")))
    text = bundle[member][0] if member == "rosters" else bundle[member]
    at = len(text) // 2
    changed = text[:at] + ("b" if text[at] == "a" else "a") + text[at + 1 :]
    bundle[member] = [changed] if member == "rosters" else changed

    with pytest.raises((ParseError, VerificationError)):
        verify_bundle(json.dumps(bundle).encode(), Pins((scene.world.root.verifying,), 1))


def test_exit_codes_of_the_protocol_keep_their_numbers() -> None:
    assert [exit_code(code) for code in (Code.OK, Code.OK_UNCHANGED, Code.STALE)] == [0, 0, 0]
    assert {code: exit_code(code) for code in (Code.E_FETCH, Code.E_SIG, Code.E_ROOT, Code.E_ERASED_SERVED)} == {
        Code.E_FETCH: 13, Code.E_SIG: 17, Code.E_ROOT: 18, Code.E_ERASED_SERVED: 34,
    }  # fmt: skip
    bad = [exit_code(code) for code in Code if exit_code(code)]
    assert len(set(bad)) == len(bad)
