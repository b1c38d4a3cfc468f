"""Every way a member's log can be wrong: the named code, the last good catalogue, and the way back (PROTOCOL 6 and 8).

`Scene.pull` itself fails unless all other members advance in the same round.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.overview import members
from shared.feed.entry import Hello, format_entry
from shared.feed.note import Note, format_note, parse_note
from shared.feed.outcomes import ABOUT, Code, State
from shared.feed.push import Holding, PushBody, SourcePart, format_push
from shared.feed.trusted_log import LogState, TrustedLog
from shared.holdings import logs
from shared.holdings.papers import load_evidence
from tests.fault.scenes import HONEST, LIAR, OFFERS, Scene
from tests.support.node_simulator import NodeSimulator, altered, answers, fails, misspelt_base64
from tests.support.world import Answered, Exchange, NetworkAccess, Site, World, publish

Lie = Callable[[NodeSimulator], None]
GOOD = sorted(OFFERS)


def note_over(change: Callable[[NodeSimulator, list[str]], list[str]]) -> Lie:
    """A lie about the three lines of the checkpoint, properly signed."""

    def lie(liar: NodeSimulator) -> None:
        lines = change(liar, liar.text().splitlines())
        liar.fixed_note = liar.sign("\n".join(lines) + "\n")

    return lie


def bytes_of_note(change: Callable[[bytes], bytes]) -> Lie:
    """A lie about the bytes of an honest checkpoint."""

    def lie(liar: NodeSimulator) -> None:
        liar.fixed_note = change(liar.checkpoint())

    return lie


def after_news(lie: Lie) -> Lie:
    """A lie about the log with one more offer in it."""

    def both(liar: NodeSimulator) -> None:
        liar.publish("Neues Angebot")
        lie(liar)

    return both


def tell_shorter_history(liar: NodeSimulator) -> None:
    liar.rewrite(2, "Andere Geschichte")
    for number in range(4):
        liar.publish(f"Andere Geschichte {number}")


def leave_out(*, log: bool = True, witness: bool = True) -> Lie:
    def lie(liar: NodeSimulator) -> None:
        liar.fixed_note = liar.sign(liar.text(), log=log, witness=witness)

    return lie


def replay(liar: NodeSimulator) -> None:
    liar.fixed_note = liar.sign(liar.text(), ahead=-3600)


def run_ahead(liar: NodeSimulator) -> None:
    liar.clock_ahead = 301


def spoil_line(number: int) -> Callable[[bytes], bytes]:
    """Flip one bit of a signature that claims to be by a known key."""

    def change(note: bytes) -> bytes:
        lines = note.decode().split("\n")
        at = 4 + number
        lines[at] = lines[at][:-6] + ("A" if lines[at][-6] != "A" else "B") + lines[at][-5:]
        return "\n".join(lines).encode()

    return change


def flip_bundle(liar: NodeSimulator) -> None:
    liar.serve("tile/entries/*", altered(lambda data: data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]))


def flip_bundle_without_tiles(node: NodeSimulator) -> None:
    flip_bundle(node)
    node.serve("tile/0/*", answers(404))


def flip_bundle_and_tiles(liar: NodeSimulator) -> None:
    flip_bundle(liar)
    liar.serve("tile/0/*", altered(lambda data: data[:-1] + bytes([data[-1] ^ 1])))


def tiles_that_end_early(liar: NodeSimulator) -> None:
    flip_bundle(liar)
    liar.serve("tile/0/*", altered(lambda data: data[:-32]))


QUARANTINED = State.QUARANTINED
LIES: list[tuple[str, Lie, Code, State]] = [
    ("another log of the same size", lambda n: n.rewrite(3, "Andere Fassung"), Code.E_FORK, State.FORKED),
    ("another log that is longer", tell_shorter_history, Code.E_FORK, State.FORKED),
    ("a shorter log", lambda n: n.roll_back(2), Code.E_ROLLBACK, State.ROLLED_BACK),
    ("an older time line", replay, Code.E_REPLAY, State.ACTIVE),
    ("a strange log key", lambda n: n.sign_with(log_key="x"), Code.E_SIG, QUARANTINED),
    ("a strange witness key", lambda n: n.sign_with(witness_key="x"), Code.E_SIG, QUARANTINED),
    ("a spoiled log line", bytes_of_note(spoil_line(0)), Code.E_SIG, QUARANTINED),
    ("a spoiled time line", bytes_of_note(spoil_line(1)), Code.E_SIG, QUARANTINED),
    ("no log line", leave_out(log=False), Code.E_SIG, QUARANTINED),
    ("no time line", leave_out(witness=False), Code.E_SIG, QUARANTINED),
    ("another origin", note_over(lambda _, t: ["marl.example/feed/g1", *t[1:]]), Code.E_ORIGIN, QUARANTINED),
    ("its clock 301 s ahead", run_ahead, Code.E_CLOCK, QUARANTINED),
    ("an extension line", note_over(lambda _, t: [*t, "extension"]), Code.E_FORMAT, QUARANTINED),
    ("no root line", note_over(lambda _, t: t[:2]), Code.E_FORMAT, QUARANTINED),
    ("size 04", note_over(lambda _, t: [t[0], "0" + t[1], t[2]]), Code.E_FORMAT, QUARANTINED),
    ("size +4", note_over(lambda _, t: [t[0], "+" + t[1], t[2]]), Code.E_FORMAT, QUARANTINED),
    ("size 0", note_over(lambda _, t: [t[0], "0", t[2]]), Code.E_FORMAT, QUARANTINED),
    ("a size of 17 digits", note_over(lambda _, t: [t[0], "1" * 17, t[2]]), Code.E_FORMAT, QUARANTINED),
    ("a root spelt twice", note_over(lambda n, t: [*t[:2], misspelt_base64(n.root())]), Code.E_FORMAT, QUARANTINED),
    ("a root of 31 bytes", note_over(lambda _, t: [*t[:2], "AA" + t[2][4:]]), Code.E_FORMAT, QUARANTINED),
    ("carriage returns", bytes_of_note(lambda b: b.replace(b"\n", b"\r\n")), Code.E_FORMAT, QUARANTINED),
    ("a note that is not UTF-8", bytes_of_note(lambda b: b"\xff" + b), Code.E_FORMAT, QUARANTINED),
    ("a note cut off", bytes_of_note(lambda b: b[:-20]), Code.E_FORMAT, QUARANTINED),
    ("33 lines", bytes_of_note(lambda b: b + b.splitlines(keepends=True)[-1] * 28), Code.E_FORMAT, QUARANTINED),
    ("a page instead of a note", bytes_of_note(lambda _: b"<html>Anmeldung</html>"), Code.E_FORMAT, QUARANTINED),
    ("an empty note", bytes_of_note(lambda _: b""), Code.E_FORMAT, QUARANTINED),
    ("a bundle cut off", after_news(lambda n: n.serve("tile/entries/*", altered(lambda d: d[:-9]))), Code.E_FORMAT,
     QUARANTINED),
    ("a bundle with more behind it", after_news(lambda n: n.serve("tile/entries/*", altered(lambda d: d + b"\0\0"))),
     Code.E_FORMAT, QUARANTINED),
    ("an altered bundle", after_news(flip_bundle), Code.E_ROOT, QUARANTINED),
    ("an altered bundle and tiles", after_news(flip_bundle_and_tiles), Code.E_ROOT, QUARANTINED),
    ("tiles that end early", after_news(tiles_that_end_early), Code.E_ROOT, QUARANTINED),
    ("an altered bundle, no tiles", after_news(flip_bundle_without_tiles),
     Code.E_ROOT, QUARANTINED),
    ("no bundle at all", after_news(lambda n: n.serve("tile/entries/*", answers(404))), Code.E_FETCH, State.ACTIVE),
    ("no checkpoint", lambda n: n.serve("checkpoint", answers(404)), Code.E_FETCH, State.ACTIVE),
    ("a note of 17 KiB", bytes_of_note(lambda b: b + b"x" * 17_000), Code.E_OVERSIZE, State.ACTIVE),
    ("a bundle of 700 KiB", after_news(lambda n: n.serve("tile/entries/*", altered(lambda _: bytes(700_000)))),
     Code.E_OVERSIZE, State.ACTIVE),
    ("60 000 entries at once", note_over(lambda _, t: [t[0], "60000", t[2]]), Code.E_RATE, State.THROTTLED),
    ("20 001 entries in a day", note_over(lambda _, t: [t[0], "20005", t[2]]), Code.E_RATE, State.THROTTLED),
    *[
        (f"an exchange that fails: {kind}", lambda n, kind=kind: n.serve("*", fails(kind)), Code.E_FETCH, State.ACTIVE)
        for kind in ("dns", "tls", "connect", "timeout", "slow", "redirect", "status", "type", "encoding", "address")
    ],
]  # fmt: skip


@pytest.mark.parametrize(("lie", "code", "state"), [row[1:] for row in LIES], ids=[row[0] for row in LIES])
def test_lie_ends_in_its_code_and_is_left_by_the_truth(scene: Scene, lie: Lie, code: Code, state: State) -> None:
    size = scene.size_at_hub()
    lie(scene.liar)

    pull = scene.pull()

    assert (pull.code, pull.size) == (code, size)
    assert scene.standing().state is state
    assert scene.shown() == GOOD
    assert pull.message
    assert scene.standing().message == pull.message
    assert scene.standing().code == code
    assert ABOUT[code].text

    scene.recant()
    scene.liar.publish("Wieder ehrlich")
    pull = scene.pull()

    assert (pull.outcome, pull.code) == ("ok", None)
    assert scene.standing().state is (State.FORKED if code is Code.E_FORK else State.ACTIVE)
    assert scene.shown() == sorted([*OFFERS, "Wieder ehrlich"])


@pytest.mark.parametrize("lie", [row[1] for row in LIES if row[2] is Code.E_FORK])
def test_fork_keeps_both_notes_as_evidence(scene: Scene, lie: Lie) -> None:
    held = scene.liar.checkpoint()
    lie(scene.liar)
    told = scene.liar.checkpoint()

    scene.pull()
    scene.pull()

    with scene.hub.db.read() as conn:
        kept = load_evidence(conn, scene.liar.origin)
    assert [row.code for row in kept] == ["E_FORK"]
    assert bytes(kept[0].ours).split(b"\n\n")[0] == held.split(b"\n\n")[0]
    assert bytes(kept[0].theirs).split(b"\n\n")[0] == told.split(b"\n\n")[0]


def test_rollback_keeps_both_notes_as_evidence(scene: Scene) -> None:
    scene.liar.roll_back(1)

    scene.pull()

    with scene.hub.db.read() as conn:
        assert [row.code for row in load_evidence(conn, scene.liar.origin)] == ["E_ROLLBACK"]


def test_forked_member_is_named_so_in_the_note_until_a_new_generation(scene: Scene) -> None:
    scene.liar.rewrite(3, "Andere Fassung")
    scene.pull()
    scene.recant()
    for _ in range(3):
        scene.pull()

    scene.world.tick(5)

    assert scene.word() == "forked"
    assert scene.standing().next_poll - scene.hub.clock.now() > 3000


def test_partial_bundle_that_is_gone_is_cut_from_the_full_one(scene: Scene) -> None:
    scene.liar.publish("Fünftes")
    scene.liar.fixed_note = scene.liar.checkpoint()
    size = scene.liar.size
    for number in range(300):
        scene.liar.publish(f"Später {number}")
    scene.liar.serve(f"tile/entries/000.p/{size}", answers(404))

    pull = scene.pull()

    assert (pull.outcome, pull.size) == ("ok", size)
    assert "tile/entries/000" in scene.liar.asked


def test_rewritten_start_of_a_bundle_that_is_partly_held_has_no_effect(scene: Scene) -> None:
    """Entries below our size are skipped, whatever they say now: what we hold is verified already."""
    scene.liar.publish("Fünftes")
    scene.liar.serve("tile/entries/*", altered(lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:]))

    pull = scene.pull()

    assert pull.outcome == "ok"
    assert scene.shown() == sorted([*OFFERS, "Fünftes"])


@pytest.mark.parametrize(
    ("entry", "warning"),
    [
        (b"kreisweit.feed/v2 publish\nkind offer\n", "W_GRAMMAR"),
        (b"", "W_GRAMMAR"),
        (b"\xff" * 40, "W_GRAMMAR"),
        (b"kreisweit.feed/v1 erase\ntime 1\n" + b"target 1\n" * 400, "W_GRAMMAR"),
        (b"kreisweit.feed/v1 erase\ntime 1767225600\ntarget 2\ntarget 1\n", "W_GRAMMAR"),
        (b"kreisweit.feed/v1 erase\ntime 1767225600\ntarget 0\n", "W_ERASE"),
        (b"kreisweit.feed/v1 erase\ntime 1767225600\ntarget 4\n", "W_ERASE"),
        (b"kreisweit.feed/v1 erase\ntime 1767225600\ntarget 9999\n", "W_ERASE"),
        (b"kreisweit.feed/v1 erase\ntime 1767925600\ntarget 9999\n", "W_TIME"),
        (format_entry(Hello("herten", "05562020", 1, 1767225600)), "W_GRAMMAR"),
        (b"kreisweit.feed/v1 withdraw\nkind offer\nid " + b"ab" * 16 + b"\nprev 2\nreason ended\ntime 1767225600\n",
         "W_PREV"),
        (b"kreisweit.feed/v1 publish\nkind vocabulary\nid " + b"cd" * 16 + b"\nprev -\ntime 1767225600\npayload "
         + b"00" * 32 + b" 300\n", "W_KIND"),
    ],
    ids=["version 2", "empty", "no text", "too long", "targets out of order", "erases the hello", "erases itself",
         "erases a later entry", "time ahead", "a second hello", "withdraws the unknown", "a kind of the hub"],
)  # fmt: skip
def test_odd_entry_counts_in_the_tree_and_changes_nothing(scene: Scene, entry: bytes, warning: str) -> None:
    scene.liar.append(entry)

    pull = scene.pull()

    assert (pull.outcome, pull.code, pull.size) == ("ok", None, scene.liar.size)
    assert warning in scene.standing().oddities
    assert scene.shown() == GOOD
    assert scene.standing().state is State.ACTIVE


# --- hello ------------------------------------------------------------------------------------------------------------


def fresh_scene(entry: bytes | None) -> Scene:
    """A member that the hub reads for the first time, with this as its entry 0."""
    world = World([LIAR, *HONEST])
    scene = Scene(world, NodeSimulator.replace(world, LIAR))
    if entry is not None:
        scene.liar.entries = [entry]
    scene.liar.push()
    world.tick(3)
    return scene


@pytest.mark.parametrize(
    "entry",
    [
        format_entry(Hello("marl", "05562020", 1, 1767225600)),
        format_entry(Hello("herten", "05562024", 1, 1767225600)),
        format_entry(Hello("herten", "05562020", 2, 1767225600)),
        b"kreisweit.feed/v1 erase\ntime 1767225600\ntarget 0\n",
        b"kreisweit.feed/v2 hello\n",
    ],
    ids=["name", "AGS", "generation", "no hello", "no grammar"],
)
def test_wrong_hello_is_no_member(entry: bytes) -> None:
    scene = fresh_scene(entry)

    pull = scene.pull_alone()

    assert pull.code == "E_IDENTITY"
    assert pull.message
    assert scene.standing().state is State.QUARANTINED
    assert scene.shown_by_note() == ""
    assert scene.shown_by_note("marl") == "active"

    scene.recant()
    scene.liar.entries = list(fresh_scene(None).liar.entries)
    assert scene.pull_alone().outcome == "ok"
    scene.world.tick(2)
    assert scene.shown_by_note() == "active"


# --- conditions that count or wait ------------------------------------------------------------------------------------


def test_three_oversizes_in_a_row_are_a_quarantine(scene: Scene) -> None:
    scene.liar.fixed_note = b"x" * 20_000
    states = []

    for _ in range(3):
        scene.pull()
        states.append(scene.standing().state)

    assert states == [State.ACTIVE, State.ACTIVE, State.QUARANTINED]
    scene.recant()
    scene.pull()
    assert scene.standing().state is State.ACTIVE


def test_failure_between_oversizes_starts_the_count_anew(scene: Scene) -> None:
    for twist in ("oversize", "oversize", "timeout", "oversize", "oversize"):
        scene.liar.serve("*", fails(twist))
        scene.pull()

    assert scene.standing().state is State.ACTIVE


def test_throttled_member_is_read_again_after_the_window(scene: Scene) -> None:
    scene.liar.publish("Angebot von morgen")
    honest = scene.liar.snapshot()
    scene.liar.fixed_note = scene.liar.sign(f"{scene.liar.origin}\n20006\n{scene.liar.text().split()[2]}\n")
    scene.pull()
    assert scene.standing().state is State.THROTTLED

    scene.world.clock.time += 86_401
    scene.liar.restore(honest, scene.signer)
    for name in HONEST:
        scene.world.nodes[name].sealer.resign(now=scene.hub.clock.now())
    pull = scene.pull()

    assert pull.outcome == "ok"
    assert scene.standing().state is State.ACTIVE
    assert "Angebot von morgen" in scene.shown()


def test_growth_of_a_day_counts_over_several_reads(scene: Scene) -> None:
    from shared.holdings import facts

    with scene.hub.db.write() as conn:
        facts.save_fact(conn, f"growth:{scene.liar.origin}", f"{scene.hub.clock.now() - 3600} 19999")
    scene.liar.publish("Noch eins")
    assert scene.pull().outcome == "ok"
    scene.liar.publish("Eins zu viel")

    assert scene.pull().code == "E_RATE"


def test_growth_that_a_person_let_pass_is_taken(scene: Scene) -> None:
    from shared.holdings import facts

    with scene.hub.db.write() as conn:
        facts.save_fact(conn, f"growth:{scene.liar.origin}", f"{scene.hub.clock.now() - 3600} 20000")
    scene.liar.publish("Viel auf einmal")
    assert scene.pull().code == "E_RATE"

    with scene.hub.db.write() as conn:
        facts.save_fact(conn, f"rate-confirmed:{scene.liar.origin}", scene.liar.size)

    assert scene.pull().outcome == "ok"
    assert scene.standing().state is State.ACTIVE


def test_silent_member_becomes_stale_then_dormant_then_fresh(scene: Scene) -> None:
    day, world = 86_400, scene.world
    scene.liar.fixed_note = scene.liar.checkpoint()
    seen = []

    for days in (0.9, 0.2, 29, 1.5):
        world.clock.time += days * day
        scene.pull_alone()
        world.tick(2)
        seen.append((scene.standing().state, scene.word(), bool(shown_by_catalogue(scene))))
    scene.recant()
    scene.liar.publish("Wieder da")
    pull = scene.pull_alone()
    world.tick(2)

    assert seen == [
        (State.ACTIVE, "active", True),
        (State.STALE, "stale", True),
        (State.STALE, "stale", True),
        (State.DORMANT, "dormant", False),
    ]
    assert pull.outcome == "ok"
    assert scene.word() == "active"
    assert "Wieder da" in shown_by_catalogue(scene)


def shown_by_catalogue(scene: Scene) -> list[str]:
    """Titles of the liar's offers in the catalogue as its note says it is to be shown."""
    from hub.notes import newest_note
    from shared.consume import shown_origins

    with scene.hub.db.read() as conn:
        note = newest_note(conn)
    assert note is not None
    return scene.shown() if scene.liar.origin in shown_origins(note) else []


def test_frozen_checkpoint_is_reported_as_stale(scene: Scene) -> None:
    scene.liar.fixed_note = scene.liar.checkpoint()
    scene.world.clock.time += 86_401

    assert scene.pull_alone().code == "STALE"
    assert scene.standing().state is State.STALE


def test_unreachable_member_becomes_stale_and_is_asked_less_often(scene: Scene) -> None:
    scene.liar.serve("*", fails("connect"))
    scene.world.clock.time += 86_401
    for _ in range(12):
        scene.pull_alone()

    wait = scene.standing().next_poll - scene.hub.clock.now()

    assert scene.standing().state is State.STALE
    assert 300 < wait <= 1800


def test_retry_after_is_honoured(scene: Scene) -> None:
    from shared.errors import FetchError

    def busy(_: Answered) -> Answered:
        raise FetchError("answered 503", kind="status", status=503, retry_after_seconds=1234)

    scene.liar.serve("checkpoint", busy)
    scene.pull()

    assert scene.standing().next_poll == scene.hub.clock.now() + 1234


def test_quarantined_member_is_asked_less_often(scene: Scene) -> None:
    scene.liar.sign_with(log_key="x")
    waits = []

    for _ in range(8):
        scene.pull_alone()
        waits.append(scene.standing().next_poll - scene.hub.clock.now())

    assert waits[-1] > waits[0]
    assert max(waits) <= 3600


# --- our own clock ----------------------------------------------------------------------------------------------------


def test_three_members_ahead_at_once_mean_that_our_own_clock_is_wrong(settled_world: World) -> None:
    from hub.pulling import pull_named
    from hub.states import standing_of

    world = settled_world
    world.clock_of("hub").skew = -1000
    for name in (LIAR, *HONEST):
        publish(world.nodes[name], "Neues")
        world.nodes[name].sealer.seal(now=world.clock_of(name).now())

    pulls = pull_named(world.hub, [], "test")

    assert [pull.outcome for pull in pulls] == ["refused"] * 3
    rows = world.hub.members()
    with world.hub.db.read() as conn:
        standings = [standing_of(conn, row, now=world.hub.clock.now()) for row in rows]
    assert {standing.state for standing in standings} == {State.ACTIVE}
    assert {standing.code for standing in standings} == {"E_LOCAL_CLOCK"}
    world.clock_of("hub").skew = 0
    assert [pull.outcome for pull in pull_named(world.hub, [], "test")] == ["ok"] * 3


def test_one_member_ahead_for_long_is_that_members_clock(scene: Scene) -> None:
    scene.liar.clock_ahead = 4000
    for _ in range(5):
        scene.pull()

    assert scene.standing().state is State.QUARANTINED
    assert scene.standing().code == "E_CLOCK"


# --- what a member says of others -------------------------------------------------------------------------------------


def test_member_that_claims_what_nobody_can_show_does_not_keep_the_hub_recovering(scene: Scene) -> None:
    scene.liar.claims = (
        Holding("hub.example/feed/g1", 999, bytes(32)),
        Holding("marl.example/feed/g1", 999, bytes(32)),
    )
    scene.liar.push()
    scene.world.tick(2)
    assert scene.hub.is_recovering()

    scene.world.tick(30)
    scene.world.clock.time += 3600
    scene.liar.push()
    scene.world.tick(30)

    assert not scene.hub.is_recovering()
    publish(scene.world.nodes["marl"], "Geht weiter")
    scene.world.settle()


def test_push_under_a_checkpoint_with_strange_keys_counts_for_nobody(scene: Scene) -> None:
    before = scene.standing()
    scene.liar.sign_with(log_key="x")
    scene.liar.claims = (Holding("hub.example/feed/g1", 999, bytes(32)),)
    scene.world.clock.time += 60

    answered = scene.liar.push()

    assert answered.status == 200
    assert not scene.hub.is_recovering()
    assert scene.standing().heard_at == before.heard_at
    assert scene.standing().state is State.ACTIVE


def forge(world: World, name: str, holdings: tuple[Holding, ...] = ()) -> None:
    """Push what anybody can: a member's public checkpoint, and words of one's own behind it."""
    attacker = NetworkAccess(world.network, "attacker")
    note = attacker.get(f"http://{name}/feed/g1/checkpoint", max_bytes=16_384, deadline_seconds=5).body
    body = format_push(PushBody(note, "live", 1, holdings))
    attacker.post(
        "http://hub/federation/push", body, content_type="application/x-ndjson", max_bytes=65_536, deadline_seconds=5
    )


def test_public_checkpoint_with_others_words_does_not_make_the_hub_recover(scene: Scene) -> None:
    forge(scene.world, "marl", (Holding("hub.example/feed/g1", 10**6, bytes(32)),))
    scene.world.tick(3)

    assert not scene.hub.is_recovering()
    publish(scene.world.nodes["marl"], "Geht weiter")
    scene.world.settle(20)


def test_public_checkpoints_do_not_end_a_recovery_in_the_members_place(scene: Scene) -> None:
    world = scene.world
    old = world.image("hub")
    publish(world.nodes["marl"], "Nach der Sicherung")
    world.settle()
    before = world.hub
    sites = {name: world.network.sites[name] for name in world.names}
    world.restart("hub", old)
    for name, site in sites.items():
        world.network.sites[name] = _AnswersGets(site)
        forge(world, name)

    world.tick(20)

    assert world.hub is not before
    assert world.hub.is_recovering()
    world.network.sites.update(sites)
    world.settle()


class _AnswersGets:
    """A node whose feed can be read, but that takes no push: as behind a slow line."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def answer(self, exchange: Exchange) -> Answered:
        return Answered(503) if exchange.method == "POST" else self._site.answer(exchange)


def test_garbage_behind_a_public_checkpoint_does_not_quarantine_the_member(scene: Scene) -> None:
    world = scene.world
    attacker = NetworkAccess(world.network, "attacker")
    note = attacker.get("http://marl/feed/g1/checkpoint", max_bytes=16_384, deadline_seconds=5).body
    part = SourcePart("marl.example/feed/g1", 0, b"garbage", ())

    attacker.post(
        "http://hub/federation/push", format_push(PushBody(note, "live", 1, sources=(part,))),
        content_type="application/x-ndjson", max_bytes=65_536, deadline_seconds=5,
    )  # fmt: skip
    world.tick(3)

    assert {row.name: row.state for row in members(scene.hub)}["marl"] == "active"


def test_note_with_one_signature_many_times_is_kept_with_it_once(scene: Scene) -> None:
    node = scene.world.nodes["marl"]
    with node.db.read() as conn:
        row = logs.load_log(conn, "marl.example/feed/g1")
    note = parse_note(bytes(row.note))
    many = format_note(Note(note.text, (*[note.signatures[0]] * 27, *note.signatures[1:])))

    kept = TrustedLog(LogState(row.origin), node.own_keys).admit(many, now=row.time)

    assert len(parse_note(kept.note).signatures) == 2
