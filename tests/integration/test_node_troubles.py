"""What a node says is wrong: each trouble once, with reason and next step, in `status` and on its page alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from node.own_clock import reset_clock
from node.sealing import seal_pending
from node.status import show_status
from node.troubles import find_troubles
from node.viewing import show_federation
from shared.feed import limits
from shared.feed.outcomes import ABOUT, Code
from shared.holdings import facts, papers
from tests.support.small_disk import grow, small_disk
from tests.support.world import World, publish

HUB = "hub.example/feed/g1"
CALM = "In Betrieb."
READING = "reading:marl.example/feed/g1"


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    world.settle()
    return world


def said(world: World) -> str:
    """The sentence of `status`; what it explains by code stands in it once, and on the page once."""
    node = world.nodes["herten"]
    message = show_status(node).message
    codes = [trouble.code for trouble in find_troubles(node) if trouble.code]
    assert [failure.code for failure in show_federation(node).failures] == codes
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert message.count(f"({code})") == 1
        assert message.count(ABOUT[Code(code)].text) <= 1
    return message


def keep(world: World, name: str, value: str | int) -> None:
    with world.nodes["herten"].db.write() as conn:
        facts.save_fact(conn, name, value)


def drop(world: World, name: str) -> None:
    with world.nodes["herten"].db.write() as conn:
        facts.delete_fact(conn, name)


def pass_minutes(world: World, minutes: int) -> None:
    """Let time pass with a look at what is due every half minute."""
    for _ in range(minutes * 2):
        world.clock.time += 29
        world.tick()


def test_settled_node_has_nothing_to_tell(world: World) -> None:
    assert said(world) == CALM


@pytest.mark.parametrize(
    ("fact", "value", "parts"),
    [
        (
            "seal-refused", "E_OWN_CLOCK our last signature is from 7",
            ["Unterschreiben verweigert: Die eigene Uhr steht", "(E_OWN_CLOCK)", "clock reset aufrufen."],
        ),
        (
            "talk-failure", "E_FETCH the hub is not reached",
            ["Letzter Austausch mit dem Kreis nicht gelungen: ", "(E_FETCH)", "später erneut versucht"],
        ),
        (
            "talk-failure", " the hub has not receipted the last checkpoint yet",
            ["Letzter Austausch mit dem Kreis nicht gelungen: the hub has not receipted the last checkpoint yet"],
        ),
        (
            "talk-failure", "E_RECOVERING the hub is recovering",
            ["Letzter Austausch mit dem Kreis nicht gelungen: ", "(E_RECOVERING)"],
        ),
        (
            "pull-failure", "E_SIG no signature by the hub of the roster",
            ["Letzter Katalog des Kreises nicht angenommen: ", "(E_SIG)", "Es handelt: der Kreis."],
        ),
        (READING, "E_ROOT no match", ["Ein Log ist nicht weiterzulesen: ", "(E_ROOT)", "Es handelt: die Stadt."]),
        ("forked", "1", ["(E_FORK); es wird nichts unterschrieben.", "Nichts löschen und den Kreis anrufen."]),
    ],
    ids=["own-clock", "not-reached", "without-code", "hub-recovering", "note-refused", "log-refused", "forked"],
)  # fmt: skip
def test_kept_failure_is_told_with_reason_and_next_step_until_it_is_gone(
    world: World, fact: str, value: str, parts: list[str]
) -> None:
    keep(world, fact, value)
    message = said(world)
    drop(world, fact)

    assert [part for part in parts if part not in message] == []
    assert said(world) == CALM


def test_disk_that_is_nearly_full_is_told_until_there_is_room(world: World, tmp_path: Path) -> None:
    node = world.nodes["herten"]
    with small_disk(tmp_path / "herten", "150m") as place:
        node.settings = msgspec.structs.replace(node.settings, home=str(place))
        message = said(world)
        grow(place, "250m")
        after = said(world)

    assert "Kaum noch Platz auf der Platte: 150 MB frei." in message
    assert "Platz schaffen" in message
    assert after == CALM


def test_one_cause_behind_several_failures_is_told_once(world: World) -> None:
    for fact in ("seal-refused", "talk-failure"):
        keep(world, fact, "E_OWN_CLOCK our last signature is from 7")
    clock = said(world)
    for fact in ("seal-refused", "talk-failure"):
        keep(world, fact, "E_FORK others hold another history of our log")
    keep(world, "forked", 1)
    fork = said(world)

    assert clock.count("Uhr des Rechners stellen") == 1
    assert fork.count("E_FORK") == 1
    assert [trouble.code for trouble in find_troubles(world.nodes["herten"])] == ["E_FORK"]


def test_recovering_node_does_not_tell_twice_that_it_is(world: World) -> None:
    keep(world, "recovering-since", 1)
    keep(world, "seal-refused", "E_RECOVERING recovering")

    message = show_status(world.nodes["herten"]).message

    assert message == "Der Stand wird mit dem Kreis abgeglichen; bis dahin wird nichts unterschrieben."


def test_clock_behind_the_last_signature_is_told_until_it_is_set(world: World) -> None:
    node = world.nodes["herten"]
    node.sealer.resign(now=node.clock.now() + 10_000)
    publish(node, "Kurs")
    assert seal_pending(node, "test").code == "E_OWN_CLOCK"
    pass_minutes(world, 12)
    message = said(world)

    reset_clock(node)
    pass_minutes(world, 12)

    assert "Die Uhr des Rechners stellen" in message
    assert said(world) == CALM


def silence(world: World) -> Callable[[], None]:
    site = world.network.sites.pop("hub")
    return lambda: world.network.sites.__setitem__("hub", site)


def test_silent_hub_is_told_until_it_speaks(world: World) -> None:
    speak = silence(world)
    pass_minutes(world, 15)
    failed = said(world)
    world.clock.time += limits.HUB_FRESH_SECONDS
    world.tick(2)
    stale = said(world)

    speak()
    pass_minutes(world, 25)

    assert "(E_FETCH)" in failed
    assert "(E_HUB_STALE)" not in failed
    assert "(E_HUB_STALE) Den Kreis anrufen, wenn das so bleibt." in stale
    assert said(world) == CALM


def test_own_entries_that_the_hub_lacks_are_told_after_an_hour(world: World) -> None:
    now = world.nodes["herten"].clock.now()
    keep(world, "misrepresented-since", now - limits.HUB_MISREPRESENTS_AFTER_SECONDS)
    early = said(world)
    keep(world, "misrepresented-since", now - limits.HUB_MISREPRESENTS_AFTER_SECONDS - 1)
    late = said(world)
    drop(world, "misrepresented-since")

    assert early == CALM
    assert "Eigene Einträge fehlen seit über einer Stunde beim Kreis. (E_HUB_MISREPRESENTS) Den Kreis anrufen." in late
    assert said(world) == CALM


def test_evidence_against_the_hub_is_told_once_beside_the_refusal_and_stays(world: World) -> None:
    with world.nodes["herten"].db.write() as conn:
        for theirs in (b"b", b"c"):
            papers.save_evidence(conn, HUB, "E_HUB_FORK", b"a", theirs, now=1)
    keep(world, "pull-failure", "E_HUB_FORK two catalogue notes of 7")
    refused = said(world)

    drop(world, "pull-failure")

    assert refused.count("zwei verschiedene Kataloge") == 1
    assert "Den Kreis anrufen." in refused
    assert said(world).count("(E_HUB_FORK) Den Kreis anrufen.") == 1  # two texts of one time stay two texts
