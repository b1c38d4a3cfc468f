"""A hub that lies to its nodes: the named code, the last good catalogue, and the way back (PROTOCOL 7 and 8, W8)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from node import receiving
from node.party import Node
from node.sealing import seal_pending
from node.viewing import show_federation
from shared.errors import KreisweitError
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.keys import LOG, SigningKey
from shared.feed.push import Holding, format_answer, parse_answer
from shared.holdings import facts, logs, papers, payloads
from tests.support.hub_simulator import HubSimulator, mirror, with_source, without_source
from tests.support.node_simulator import altered, answers
from tests.support.world import Answered, Exchange, World, pending_of, publish, recovering, titles, withdraw

READER = "marl"
HERTEN = "herten.example/feed/g1"
MARL = "marl.example/feed/g1"
GOOD = ["Drittes Angebot", "Erstes Angebot", "Zweites Angebot"]


@pytest.fixture
def world(settled_world: World) -> World:
    return settled_world


@pytest.fixture
def hub(world: World) -> HubSimulator:
    """The lying hub; its pushes do not come, so that nodes read by themselves."""
    world.network.sites[READER] = _Unreachable()
    return HubSimulator(world)


class _Unreachable:
    def answer(self, exchange: object) -> Answered:
        return Answered(503)


def refresh(node: Node) -> str:
    """Read the hub's note as upkeep does; returns the code of the refusal, or nothing."""
    try:
        receiving.refresh(node)
    except KreisweitError as error:
        return error.code
    return ""


def troubles(node: Node) -> list[str]:
    """Codes that the node's page explains."""
    return [failure.code for failure in show_federation(node).failures]


def held(node: Node, origin: str = HERTEN) -> int:
    with node.db.read() as conn:
        return int(logs.load_log(conn, origin).size)


def pass_time(world: World, seconds: int) -> None:
    """Let time pass with a look at what is due every half minute."""
    for _ in range(seconds // 30):
        world.clock.time += 29
        world.tick()


def news_at_herten(world: World) -> None:
    """Herten publishes and delivers; the hub signs a note over it; nobody else has read it yet."""
    publish(world.nodes["herten"], "Viertes Angebot")
    assert seal_pending(world.nodes["herten"], "test").delivered
    world.clock.time += 2
    from hub.notes import publish_note

    publish_note(world.hub)


# --- the note ---------------------------------------------------------------------------------------------------------


def later(seconds: int) -> Callable[[CatalogueNote], CatalogueNote]:
    return lambda said: msgspec.structs.replace(said, time=said.time + seconds)


NOTES: list[tuple[str, Callable[[HubSimulator], bytes], str]] = [
    ("signed by a stranger", lambda h: h.sign(_newer(h), [_stranger()]), "E_SIG"),
    ("with a spoiled signature", lambda h: _spoil(h.sign(_newer(h))), "E_SIG"),
    ("signed by a member only", lambda h: h.sign(_newer(h), [_stranger("herten.example/feed/g1")]), "E_SIG"),
    ("301 s ahead", lambda h: h.sign(later(1000)(h.note())), "E_CLOCK"),
    ("older than the last", lambda h: h.sign(later(-1)(h.note())), "E_REPLAY"),
    ("of the same time with another text", lambda h: h.sign(without_source(MARL)(h.note())), "E_HUB_FORK"),
    ("of another hub", lambda h: h.sign(msgspec.structs.replace(_newer(h), hub="other.example")), "E_ORIGIN"),
    ("with a roster nobody has", lambda h: h.sign(msgspec.structs.replace(_newer(h), roster_version=9)), "E_ROSTER"),
    ("with another roster", lambda h: h.sign(msgspec.structs.replace(_newer(h), roster_sha256=bytes(32))), "E_ROSTER"),
    ("that is a page", lambda h: b"<html>Wartung</html>", "E_FORMAT"),
    ("that is cut off", lambda h: h.sign(_newer(h))[:-30], "E_FORMAT"),
    ("without digest", lambda h: h.sign(_newer(h)).replace(b"\ndigest", b"\ndigets"), "E_FORMAT"),
    ("of 70 KiB", lambda h: h.sign(_newer(h)) + b"x" * 70_000, "E_OVERSIZE"),
]


def _newer(hub: HubSimulator) -> CatalogueNote:
    return later(1)(hub.note())


def _stranger(name: str = "hub.example/feed/g1") -> SigningKey:
    return SigningKey.from_seed(name, LOG, bytes(32))


def _spoil(note: bytes) -> bytes:
    return note[:-6] + (b"A" if note[-6:-5] != b"A" else b"B") + note[-5:]


@pytest.mark.parametrize(("make", "code"), [row[1:] for row in NOTES], ids=[row[0] for row in NOTES])
def test_bad_note_is_refused_and_the_last_good_one_stays(
    world: World, hub: HubSimulator, make: Callable[[HubSimulator], bytes], code: str
) -> None:
    node = world.nodes[READER]
    before = node.consumer.newest()
    told = make(hub)
    hub.twists["/catalogue"] = lambda _: Answered(200, told)

    assert refresh(node) == code

    assert node.consumer.newest() == before
    assert titles(node) == GOOD
    hub.tell_truth()
    world.clock.time += 2
    news_at_herten(world)
    assert refresh(node) == ""
    assert titles(node) == sorted([*GOOD, "Viertes Angebot"])


def test_bad_note_of_the_upkeep_is_explained_on_the_page_and_gone_with_a_good_one(
    world: World, hub: HubSimulator
) -> None:
    node = world.nodes[READER]
    hub.twists["/catalogue"] = answers(200, b"<html>Wartung</html>")
    pass_time(world, 1300)

    assert "E_FORMAT" in troubles(node)

    hub.tell_truth()
    pass_time(world, 1300)
    assert "E_FORMAT" not in troubles(node)


def test_two_notes_of_one_time_are_kept_as_evidence_and_stay_on_the_page(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    with node.db.read() as conn:
        ours = papers.load_catalogue_note(conn)
    assert ours is not None
    told = hub.sign(without_source(MARL)(hub.note()))
    hub.twists["/catalogue"] = lambda _: Answered(200, told)

    assert refresh(node) == "E_HUB_FORK"
    hub.tell_truth()
    refresh(node)

    with node.db.read() as conn:
        kept = papers.load_evidence(conn, "hub.example/feed/g1")
    assert [(row.code, bytes(row.ours), bytes(row.theirs)) for row in kept] == [("E_HUB_FORK", ours[1], told)]
    assert "E_HUB_FORK" in troubles(node)


def test_silent_hub_is_stale_after_an_hour_and_fresh_with_its_next_note(world: World) -> None:
    node = world.nodes[READER]
    site = world.network.sites.pop("hub")
    world.clock.time += 3500
    assert "E_HUB_STALE" not in troubles(node)

    world.clock.time += 200

    assert "E_HUB_STALE" in troubles(node)
    assert titles(node) == GOOD
    world.network.sites["hub"] = site
    pass_time(world, 700)
    assert troubles(node) == []


# --- own entries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie", [without_source(MARL), with_source(MARL, size=1, root=bytes(32))], ids=["missing", "smaller"]
)
def test_own_entries_missing_for_an_hour_are_misrepresentation(
    world: World, hub: HubSimulator, lie: Callable[[CatalogueNote], CatalogueNote]
) -> None:
    node = world.nodes[READER]
    publish(node, "Eigenes")
    assert seal_pending(node, "test").delivered
    from hub.notes import publish_note

    world.clock.time += 2
    publish_note(world.hub)
    hub.tell(lie)
    assert refresh(node) == ""
    assert "E_HUB_MISREPRESENTS" not in troubles(node)

    world.clock.time += 3601
    hub.tell(lie, later=3000)
    assert refresh(node) == ""

    assert "E_HUB_MISREPRESENTS" in troubles(node)
    assert held(node, MARL) == 2
    hub.tell_truth()
    world.clock.time += 5
    publish_note(world.hub)
    assert refresh(node) == ""
    assert "E_HUB_MISREPRESENTS" not in troubles(node)


def test_another_root_of_the_own_log_stops_the_writer(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    hub.tell(with_source(MARL, root=bytes(32)))
    refresh(node)
    publish(node, "Wartet")
    lying = bend_holding(MARL, root=bytes(32))
    hub.twists["/federation/push"] = lying

    outcome = seal_pending(node, "test")

    assert outcome.code == "E_FORK"
    assert outcome.sealed is None
    assert pending_of(node) == 1
    assert show_federation(node).state != "active"


def bend_holding(origin: str, **values: object) -> Callable[[Answered], Answered]:
    """A twist that lets the hub claim something else about one log in its push answers."""

    def twist(answered: Answered) -> Answered:
        answer = parse_answer(answered.body)
        sources = tuple(
            msgspec.structs.replace(h, **values) if h.origin == origin else h for h in answer.sources
        )  # fmt: skip
        if origin not in {h.origin for h in sources}:
            sources = tuple(sorted((*sources, Holding(origin, 99, bytes(32))), key=lambda h: h.origin))
        return Answered(200, format_answer(msgspec.structs.replace(answer, sources=sources)))

    return twist


def test_hub_that_claims_more_of_the_own_log_than_it_can_show_costs_time_only(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    publish(node, "Wartet")
    hub.twists["/federation/push"] = bend_holding(MARL, size=99, root=bytes(32))

    outcome = seal_pending(node, "test")

    assert outcome.sealed is None
    assert outcome.waits_for
    assert pending_of(node) == 1
    assert held(node, MARL) == 1
    hub.tell_truth()
    world.tick(5)
    assert not recovering(node.db)
    assert pending_of(node) == 0


# --- mirrors ----------------------------------------------------------------------------------------------------------


MIRROR_LIES: list[tuple[str, str, Callable[[Answered], Answered], str]] = [
    ("alters a bundle", "/tile/entries/*", altered(lambda d: d[:-30] + bytes([d[-30] ^ 1]) + d[-29:]), "E_ROOT"),
    ("cuts a bundle off", "/tile/entries/*", altered(lambda d: d[:-7]), "E_FORMAT"),
    ("lengthens a bundle", "/tile/entries/*", altered(lambda d: d + b"\0\1x"), "E_FORMAT"),
    ("has no bundle", "/tile/entries/*", answers(404), "E_FETCH"),
    ("has no checkpoint", "/checkpoint", answers(404), "E_FETCH"),
    ("serves rubbish", "/checkpoint", answers(200, b"rubbish"), "E_FORMAT"),
    ("leaves its own line out", "/checkpoint", altered(lambda d: b"\n".join(d.split(b"\n")[:-2]) + b"\n"), "E_SIG"),
    ("serves another log", "/checkpoint", altered(lambda d: d.replace(b"herten", b"datteln")), "E_ORIGIN"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "twist", "code"), [row[1:] for row in MIRROR_LIES], ids=[r[0] for r in MIRROR_LIES])
def test_mirror_that_lies_is_refused_and_the_rest_goes_on(
    world: World, hub: HubSimulator, path: str, twist: Callable[[Answered], Answered], code: str
) -> None:
    node = world.nodes[READER]
    publish(world.nodes["kreis"], "Vom Kreis")
    assert seal_pending(world.nodes["kreis"], "test").delivered
    news_at_herten(world)
    hub.twists[mirror(HERTEN) + path] = twist

    assert refresh(node) == ""

    assert titles(node) == sorted([*GOOD, "Vom Kreis"])
    assert held(node) == 4
    assert code in troubles(node)
    hub.tell_truth()
    refresh(node)
    assert titles(node) == sorted([*GOOD, "Vom Kreis", "Viertes Angebot"])
    assert code not in troubles(node)


def test_mirror_that_strips_an_erasure_does_not_verify(world: World, hub: HubSimulator) -> None:
    """The entry is replaced by another of the same length: the city's signature covers it."""
    node, herten = world.nodes[READER], world.nodes["herten"]
    _erase_first_offer(herten)
    assert seal_pending(herten, "test").delivered
    world.clock.time += 2
    from hub.notes import publish_note

    publish_note(world.hub)
    hub.twists[mirror(HERTEN) + "/tile/entries/*"] = altered(lambda d: d.replace(b"v1 erase", b"v2 erase"))
    refresh(node)
    assert held(node) == 4
    assert "E_ROOT" in troubles(node)

    hub.tell_truth()
    refresh(node)

    assert held(node) == 5
    assert titles(node) == GOOD[:1] + GOOD[2:]


def _erase_first_offer(node: Node) -> None:
    from shared.feed.entry import Publish, parse_entry
    from shared.holdings import edits
    from shared.holdings.edits import NEW, Edit

    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        entry = parse_entry(logs.load_entry(conn, row.id, 1))
        assert isinstance(entry, Publish)
        edits.add_edit(conn, Edit("erase", "offer", None, NEW, node.clock.now(), body=entry.commitment, person=None))


def test_mirror_that_goes_on_serving_an_erased_payload_brings_nothing_back(world: World, hub: HubSimulator) -> None:
    node, herten = world.nodes[READER], world.nodes["herten"]
    with node.db.read() as conn:
        row = logs.load_log(conn, HERTEN)
        bodies = [body for _, _, body in payloads.iterate_payloads(conn, row.id)]
    _erase_first_offer(herten)
    seal_pending(herten, "test")
    world.clock.time += 2
    from hub.notes import publish_note

    publish_note(world.hub)
    hub.twists[mirror(HERTEN) + "/payloads/*"] = answers(200, b"\n".join(bodies) + b"\n")
    hub.twists[mirror(HERTEN) + "/payload/*"] = answers(200, bodies[0])
    refresh(node)
    refresh(node)

    with node.db.read() as conn:
        assert len([1 for _ in payloads.iterate_payloads(conn, row.id)]) == 2
    assert len(titles(node)) == 2


def test_rewound_mirror_and_note_leave_the_larger_state(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    old = hub._real.answer(_get(mirror(HERTEN) + "/checkpoint")).body
    old_note = hub.note()
    news_at_herten(world)
    refresh(node)
    assert held(node) == 5
    hub.twists[mirror(HERTEN) + "/checkpoint"] = answers(200, old)
    line = next(source for source in old_note.sources if source.origin == HERTEN)
    hub.tell(with_source(HERTEN, size=line.size, root=line.root))

    assert refresh(node) == ""

    assert held(node) == 5
    assert "Viertes Angebot" in titles(node)


def _get(path: str) -> Exchange:
    return Exchange("tester", "hub", "GET", path)


def test_rewound_mirror_under_a_true_note_is_a_rollback(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    old = hub._real.answer(_get(mirror(HERTEN) + "/checkpoint")).body
    news_at_herten(world)
    refresh(node)
    publish(world.nodes["herten"], "Fünftes Angebot")
    world.clock.time += 10
    seal_pending(world.nodes["herten"], "test")
    from hub.notes import publish_note

    publish_note(world.hub)
    hub.twists[mirror(HERTEN) + "/checkpoint"] = answers(200, old)

    assert refresh(node) == ""

    assert held(node) == 5
    assert {"E_ROLLBACK", "E_REPLAY"} & set(troubles(node))


def test_note_with_another_root_is_a_fork_and_both_papers_are_kept(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    told = hub.tell(with_source(HERTEN, root=bytes(32)))

    assert refresh(node) == ""

    assert held(node) == 4
    assert titles(node) == GOOD
    assert "E_FORK" in troubles(node)
    with node.db.read() as conn:
        kept = papers.load_evidence(conn, HERTEN)
    assert [(row.code, bytes(row.theirs)) for row in kept] == [("E_FORK", told)]


def test_member_that_the_note_leaves_out_is_kept_though_not_shown(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    hub.tell(without_source(HERTEN))

    assert refresh(node) == ""

    assert titles(node) == []
    assert held(node) == 4
    with node.db.read() as conn:
        row = logs.load_log(conn, HERTEN)
        assert len([1 for _ in payloads.iterate_payloads(conn, row.id)]) == 3
    hub.tell_truth()
    world.clock.time += 5
    news_at_herten(world)
    refresh(node)
    assert titles(node) == sorted([*GOOD, "Viertes Angebot"])


def test_digest_of_another_catalogue_is_noticed(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    hub.tell(lambda said: msgspec.structs.replace(said, digest=bytes(32)))

    refresh(node)

    standing = node.consumer.standing()
    assert standing is not None
    assert standing.is_level
    assert not standing.agrees


def test_withheld_withdrawal_cannot_be_made_undone_at_its_owner(world: World, hub: HubSimulator) -> None:
    herten = world.nodes["herten"]
    rid = _first_id(herten)
    withdraw(herten, rid)
    seal_pending(herten, "test")
    hub.tell(with_source(HERTEN, size=4))

    refresh(herten)

    assert held(herten) == 5
    assert len(titles(herten)) == 2


def _first_id(node: Node) -> bytes:
    from shared.feed.entry import Publish, parse_entry

    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        entry = parse_entry(logs.load_entry(conn, row.id, 1))
    assert isinstance(entry, Publish)
    return entry.id


def test_facts_of_a_hub_that_told_the_truth_again_are_gone(world: World, hub: HubSimulator) -> None:
    node = world.nodes[READER]
    news_at_herten(world)
    hub.twists[mirror(HERTEN) + "/checkpoint"] = answers(404)
    refresh(node)
    with node.db.read() as conn:
        assert facts.load_facts(conn, receiving.READING) == {
            HERTEN: "E_FETCH Die Gegenstelle antwortet auf die Frage nach ihrem Stand mit 404"
        }
    hub.tell_truth()

    refresh(node)

    with node.db.read() as conn:
        assert facts.load_facts(conn, receiving.READING) == {}
