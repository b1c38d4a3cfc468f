"""The network between real processes breaks and comes back: nobody loses an edit, and local search never notices.

Each party has a network namespace of its own, all on one bridge without a way out.  By default the faults that say
most are played; all of them with KREISWEIT_TEST_PARTITIONS=all (some minutes).  Needs root, `ip` (Debian: iproute2)
and, for faults that choose packets, `nft` (Debian: nftables).
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from shared.feed.outcomes import Code
from shared.verify.copy import LocalCopy
from tests.support import namespaces
from tests.support.apart_federation import CYCLE_SECONDS, INTEGRATOR, ApartFederation, Held
from tests.support.namespaces import Network

GOOD = (Code.OK, Code.OK_UNCHANGED)
NAMES = ("herten", "marl")
HEALED_SECONDS = 3 * CYCLE_SECONDS
OFFER_LINK = re.compile(r'href="/angebote/[0-9a-f]{32}')
REASON = namespaces.why_not()

pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


# --- faults ----------------------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """What happens to the network, and for how long.

    Args:
        begin: breaks it; its end is healed by the network itself.
        chooses: it chooses packets, which needs `nft`; then it must have met some.
        is_silent: nothing at all reaches this party.
    """

    name: str
    party: str
    begin: Callable[[Network, int], None]
    seconds: float = 3
    chooses: bool = False
    is_silent: bool = False


FAULTS = (
    Fault("cut", "herten", lambda net, _: net.cut("herten"), is_silent=True),
    Fault("lost-answers", "herten", lambda net, hub: net.lose_answers("herten", hub), chooses=True),
    Fault("reset", "herten", lambda net, hub: net.reset("herten", hub, 600), chooses=True),
)
MORE = (
    Fault("hub-isolated", "hub", lambda net, _: net.cut("hub"), 20, is_silent=True),
    Fault("loss", "herten", lambda net, _: net.lose("herten", 20), 20, chooses=True),
    Fault("slow", "herten", lambda net, _: net.slow_down("herten", "64kbit"), 20),
    Fault("integrator-cut", INTEGRATOR, lambda net, _: net.cut(INTEGRATOR), 10, is_silent=True),
    Fault("long-cut", "herten", lambda net, _: net.cut("herten"), 60, is_silent=True),
)
IS_WHOLE = os.environ.get("KREISWEIT_TEST_PARTITIONS") == "all"
PLAYED = FAULTS + (MORE if IS_WHOLE else ())


@contextmanager
def played(federation: ApartFederation, fault: Fault) -> Iterator[None]:
    """The network is broken within the block."""
    fault.begin(federation.network, federation.port("hub"))
    try:
        yield
        assert not fault.chooses or federation.network.caught(fault.party), "the fault met no packet"
    finally:
        federation.network.heal(fault.party)


# --- the federation --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApartFederation]:
    """A hub and two nodes with their sample offers, started once; a visitor has been at each."""
    network = Network()
    try:
        made = ApartFederation(tmp_path_factory.mktemp("apart"), network, NAMES)
        try:
            made.start_all()
            made.wait_until_all_show(seconds=120)
            for name in made.parties:
                made.page(name, "/angebote?q=beratung", seconds=30)  # the words are read with the first question
            yield made
        finally:
            made.stop_all()
    finally:
        network.close()


@pytest.fixture(scope="module")
def copy(federation: ApartFederation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCopy]:
    """What an integrator holds who verifies everything."""
    with federation.verified_copy(tmp_path_factory.mktemp("copy")) as copy:
        yield copy


def sizes(held: Held) -> dict[str, int]:
    return {origin: size for origin, (size, _) in held.items()}


def watch(federation: ApartFederation, seconds: float) -> list[dict[str, Held]]:
    """Look at what every party holds, and search at every node, again and again; each search answers in time."""
    seen, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        seen.append({name: federation.held(name) for name in federation.parties})
        for name in NAMES:
            assert OFFER_LINK.search(federation.page(name, "/angebote?q=beratung", seconds=2))
        time.sleep(0.3)
    return seen


def test_broken_network_leaves_search_alone_takes_nothing_by_halves_and_loses_no_edit(
    federation: ApartFederation, copy: LocalCopy, subtests: pytest.Subtests
) -> None:
    # One test, so that one process starts the federation, however tests are dealt out.
    for fault in PLAYED:
        with subtests.test(fault.name):
            if fault.chooses and not namespaces.has_nft():
                pytest.skip("choosing packets needs nft (Debian: nftables)")
            play(federation, copy, fault)
    if IS_WHOLE:
        with subtests.test("flapping"):
            play_flapping(federation, copy)


def play(federation: ApartFederation, copy: LocalCopy, fault: Fault) -> None:
    """Break the network, let both nodes publish, look, heal, and look again."""
    federation.wait_until_all_show(seconds=HEALED_SECONDS)
    titles = {name: f"Zwirbelkurs {name} {fault.name}" for name in NAMES}
    before = {name: federation.held(name) for name in federation.parties}

    with played(federation, fault):
        for name, title in titles.items():
            federation.publish(name, title)
        seen = watch(federation, fault.seconds)
        assert all(federation.shows(name, title) for name, title in titles.items())
        during = follow(federation, copy)

    healed = federation.wait_until_all_show(*titles.values(), seconds=HEALED_SECONDS)
    logging.getLogger(__name__).info("%s: level %.1f s after healing", fault.name, healed)
    after = federation.held("hub")
    assert sizes(after) == grown_by_one(before["hub"])
    for look in seen:
        for name, held in look.items():
            assert all(held[origin] in (before[name][origin], after[origin]) for origin in held)
    if fault.is_silent and fault.party in federation.parties:
        assert all(look[fault.party] == before[fault.party] for look in seen)
    assert during in ((Code.E_FETCH,) if fault.party in ("hub", INTEGRATOR) and fault.is_silent else GOOD)
    assert follow(federation, copy) in GOOD


def grown_by_one(held: Held) -> dict[str, int]:
    """Each node has published once more, and only once, however often it was sent."""
    return {origin: size + origin.startswith(NAMES) for origin, size in sizes(held).items()}


def follow(federation: ApartFederation, copy: LocalCopy) -> Code:
    """What the integrator's next run comes to."""
    with federation.network.inside(INTEGRATOR):
        return copy.follow().code


@contextmanager
def flapping(federation: ApartFederation, name: str, seconds: float) -> Iterator[None]:
    """The cable of this party is out for so long, then in for so long, and so on, within the block."""
    ended = threading.Event()

    def flap() -> None:
        while not ended.wait(seconds):
            federation.network.cut(name)
            ended.wait(seconds)
            federation.network.heal(name)

    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        federation.network.heal(name)


def play_flapping(federation: ApartFederation, copy: LocalCopy) -> None:
    """Four edits at a node whose cable goes out and in every two seconds."""
    federation.wait_until_all_show(seconds=HEALED_SECONDS)
    before, titles = federation.held("hub"), []

    with flapping(federation, "herten", 2):
        for number in range(4):
            titles.append(f"Zwirbelkurs herten flatternd {'abcd'[number] * 3}")
            federation.publish("herten", titles[-1])
            watch(federation, 5)

    federation.wait_until_all_show(*titles, seconds=HEALED_SECONDS)
    after = sizes(federation.held("hub"))
    assert sum(after.values()) - sum(sizes(before).values()) == len(titles)
    assert follow(federation, copy) in GOOD
