"""Somebody asks for a member to be read: the run goes by itself, says how far it is, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from hub import asked_pulls
from hub.asked_run import Run, Step
from shared.errors import ConflictError, NotFoundError
from shared.sources import FetchedSource
from tests.support.desk import add_person, at_desk, make_passwords_cheap
from tests.support.world import World, publish


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    world.settle()
    return world


def seal(world: World, name: str = "marl") -> None:
    world.nodes[name].sealer.seal(now=world.clock.now())


def test_run_says_each_step_and_what_came_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        publish(world.nodes["marl"], f"Kurs {number}")
    seal(world)
    seen: list[Run] = []

    def looking(method: Callable[..., object]) -> Callable[..., object]:
        def look(*given: object) -> object:
            seen.append(world.hub.asked_runs["marl"])
            return method(*given)

        return look

    for name in ("checkpoint", "entries", "payloads"):
        monkeypatch.setattr(FetchedSource, name, looking(getattr(FetchedSource, name)))

    run = asked_pulls.begin(world.hub, "marl")

    assert [(one.step, one.all_entries, one.all_contents) for one in seen] == [
        (Step.ASKS, 0, 0), (Step.READS, 3, 0), (Step.CONTENTS, 3, 3),
    ]  # fmt: skip
    assert (run.step, run.entries, run.contents) == (Step.DONE, 3, 3)
    assert (run.said, run.is_good) == ("Abgerufen: 3 neue Einträge.", True)


def test_member_that_cannot_be_reached_is_said_in_german(world: World) -> None:
    world.stop("marl")

    run = asked_pulls.begin(world.hub, "marl")

    assert not run.is_good
    assert run.said.startswith("Nicht erreichbar. Die Gegenstelle war nicht erreichbar")
    assert "is down" not in run.said


def test_second_request_joins_the_run_that_goes_on(world: World) -> None:
    kept: list[Callable[[], None]] = []

    def later(jobs: Sequence[Callable[[], None]]) -> None:
        kept.extend(jobs)

    world.hub.run_asked = later

    first = asked_pulls.begin(world.hub, "marl")
    second = asked_pulls.begin(world.hub, "marl")
    (job,) = kept
    job()

    assert first is second
    assert not first.is_over
    done = asked_pulls.find_run(world.hub, "marl")
    assert done is not None
    assert done.is_over


def test_run_that_breaks_says_so_and_can_be_begun_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(FetchedSource, "checkpoint", break_down)
        with pytest.raises(RuntimeError):
            asked_pulls.begin(world.hub, "marl")
    broken = asked_pulls.find_run(world.hub, "marl")

    assert broken is not None
    assert (broken.step, broken.is_good) == (Step.FAILED, False)
    assert asked_pulls.begin(world.hub, "marl").step is Step.DONE


@pytest.mark.parametrize(("push_only", "part"), [(["marl"], "liefert von sich aus")])
def test_member_that_nobody_reaches_is_not_read(push_only: list[str], part: str) -> None:
    world = World(["herten", "marl"], push_only=push_only)

    with pytest.raises(ConflictError, match=part):
        asked_pulls.begin(world.hub, "marl")


def test_unknown_member_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        asked_pulls.begin(world.hub, "atlantis")


def test_page_asks_again_while_the_run_goes_on_and_stops_at_its_end(world: World) -> None:
    make_passwords_cheap(world.hub)
    publish(world.nodes["marl"], "Sprachcafé")
    seal(world)
    gate = threading.Event()
    threads: list[threading.Thread] = []

    def beside(jobs: Sequence[Callable[[], None]]) -> None:
        def work() -> None:
            gate.wait(20)
            jobs[0]()

        threads.append(threading.Thread(target=work))
        threads[0].start()

    world.hub.run_asked = beside
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "betrieb", "betrieb"))
        answer = desk.submit("/pult/mitglieder/marl", "/pult/mitglieder/marl/abrufen")
        page, part = desk.get(answer.headers["location"]).text, desk.get("/pult/mitglieder/marl/abruf").text
        gate.set()
        threads[0].join(20)
        done = desk.get("/pult/mitglieder/marl/abruf").text

    assert "fragt die Stadt nach ihrem Stand" in page
    assert "htmx.min.js" in page
    assert 'hx-get="/pult/mitglieder/marl/abruf"' in part
    assert "<html" not in part
    assert "Stand neu laden" in part
    assert "hx-get" not in done
    assert "Abgerufen: ein neuer Eintrag." in done
