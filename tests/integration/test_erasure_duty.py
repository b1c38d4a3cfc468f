"""Whoever keeps a copy acknowledges erasures; who does not in time is listed, with one alarm and one letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub import erasure_duty, overview
from hub.erasure_duty import BOUND_SECONDS, Behind, list_behind
from hub.integrators import remove_integrator
from hub.party import Hub
from shared.mailing.store import mails
from tests.support.integrators import Program, open_to_loopback, settle
from tests.support.loopback import app_of, close_all, erase, hub_on_disk, newest_commitment
from tests.support.world import World, publish

Forget = Callable[[], None]
MINUTE = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    folder = tmp_path_factory.mktemp("hub")
    open_to_loopback(hub_on_disk(world, folder), folder)
    yield world
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient[Litestar]]:
    with TestClient(app_of(world.hub)) as client:
        yield client


@pytest.fixture(scope="module")
def offers(world: World) -> list[bytes]:
    """Offers that are there to be erased, one after the other."""
    rids = [publish(world.nodes["herten"], f"Kurs {number}") for number in range(24)]
    settle(world)
    return rids


@pytest.fixture
def forget_somebody(world: World, offers: list[bytes]) -> Forget:
    """Returns what lets the city erase an offer."""

    def forget() -> None:
        herten = world.nodes["herten"]
        erase(herten, newest_commitment(herten, offers.pop()))
        settle(world)

    return forget


@pytest.fixture
def program(client: TestClient[Litestar], world: World) -> Iterator[Program]:
    program = Program(client, world.hub)
    yield program
    remove_integrator(world.hub, program.name)


def pass_time(world: World, seconds: int) -> None:
    """Let time pass at once; the hub looks after the duty."""
    world.clock.time += seconds
    erasure_duty.care(world.hub)


def cursor(client: TestClient[Litestar], after: str = "0") -> str:
    """Carry out all changes; returns the cursor after them."""
    answer = client.get("/changes", params={"after": after, "limit": 1000}).json()
    assert not answer["more"]
    return str(answer["cursor"])


def acknowledge(program: Program, made: dict[str, Any], word: str) -> dict[str, Any]:
    answer = program.ask("PUT", f"/{made['id']}/ack", {"cursor": word})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def alarms(hub: Hub) -> list[str]:
    return [alarm.message for alarm in overview.status(hub).alarms if alarm.name == "erasure-behind"]


def letters_to(hub: Hub, program: Program) -> list[str]:
    with hub.db.read() as conn:
        return [one.body for one in mails.load_mails(conn) if one.recipient == program.made.email]


def test_copy_that_does_not_acknowledge_in_time_is_listed_until_it_does(
    world: World, program: Program, forget_somebody: Forget, client: TestClient[Litestar]
) -> None:
    made = program.subscribe(description="Stadtportal")
    forget_somebody()
    erased_at = world.clock.time
    pass_time(world, MINUTE)
    owed = program.show(made)["erasures"]
    in_time = list_behind(world.hub)

    pass_time(world, BOUND_SECONDS)
    (late,) = list_behind(world.hub)
    alarm, letters = alarms(world.hub), letters_to(world.hub, program)
    shown = acknowledge(program, made, cursor(client))

    assert in_time == []
    assert owed["owed_since"] is not None
    assert late == Behind(
        program.name, program.made.email, made["id"], "Stadtportal", late.since, late.since + BOUND_SECONDS, None
    )
    assert 0 <= erased_at - late.since <= 2
    assert len(alarm) == len(letters) == 1
    assert "Ein Abnehmer des Katalogs hat nicht bestätigt" in alarm[0]
    assert "unter „Integratoren“" in alarm[0]
    assert program.name not in alarm[0]  # the page is public
    assert made["id"] in letters[0]
    assert shown["erasures"] == {"owed_since": None, "due": None}
    assert shown["acknowledged"] is not None
    assert list_behind(world.hub) == []
    assert alarms(world.hub) == []


def test_frequent_erasures_do_not_put_off_the_oldest_one(
    world: World, program: Program, forget_somebody: Forget
) -> None:
    program.subscribe()
    for _ in range(3):
        forget_somebody()
        pass_time(world, BOUND_SECONDS // 2)

    assert len(list_behind(world.hub)) == 1
    assert len(alarms(world.hub)) == 1


def test_one_cause_is_written_about_once_and_the_next_cause_again(
    world: World, program: Program, forget_somebody: Forget, client: TestClient[Litestar]
) -> None:
    made = program.subscribe()
    forget_somebody()
    for _ in range(3):
        pass_time(world, BOUND_SECONDS)
    first = len(letters_to(world.hub, program))
    acknowledge(program, made, cursor(client))
    forget_somebody()
    pass_time(world, BOUND_SECONDS)

    assert (first, len(letters_to(world.hub, program))) == (1, 2)


def test_acknowledged_is_what_stands_before_the_cursor_and_no_more(
    world: World, program: Program, forget_somebody: Forget, client: TestClient[Litestar]
) -> None:
    made = program.subscribe()
    forget_somebody()
    early = cursor(client)
    pass_time(world, MINUTE)
    forget_somebody()

    partly = acknowledge(program, made, early)["erasures"]["owed_since"]
    wholly = acknowledge(program, made, cursor(client, early))["erasures"]["owed_since"]
    older_word = acknowledge(program, made, early)["erasures"]["owed_since"]

    assert partly is not None
    assert (wholly, older_word) == (None, None)


def test_erasure_that_was_not_looked_at_yet_counts_when_something_is_acknowledged(
    world: World, program: Program, forget_somebody: Forget, client: TestClient[Litestar]
) -> None:
    made = program.subscribe()
    before = cursor(client)
    forget_somebody()

    assert acknowledge(program, made, before)["erasures"]["owed_since"] is not None


def test_new_copy_owes_nothing_of_what_was_erased_before_it_began(
    world: World, program: Program, forget_somebody: Forget
) -> None:
    forget_somebody()
    program.subscribe()
    pass_time(world, 2 * BOUND_SECONDS)

    assert list_behind(world.hub) == []


@pytest.mark.parametrize(("word", "status"), [("nonsense", 422), ("A" * 3000, 422), ("0", 409)])
def test_word_that_says_nothing_is_refused(program: Program, word: str, status: int) -> None:
    made = program.subscribe()

    answer = program.ask("PUT", f"/{made['id']}/ack", {"cursor": word})

    assert answer.status_code == status
    assert status == 422 or "GET /changes" in answer.json()["advice"]


def test_cursor_of_a_list_that_is_no_more_is_refused_until_it_was_gone_on_from(
    world: World, program: Program, forget_somebody: Forget, client: TestClient[Litestar]
) -> None:
    made = program.subscribe()
    forget_somebody()
    old = cursor(client)
    lose_outputs(world.hub)
    settle(world)
    pass_time(world, MINUTE)

    refused = program.ask("PUT", f"/{made['id']}/ack", {"cursor": old})
    shown = acknowledge(program, made, cursor(client, old))

    assert refused.status_code == 409
    assert shown["erasures"]["owed_since"] is None


def test_list_that_was_made_anew_does_not_let_off_who_was_behind(
    world: World, program: Program, forget_somebody: Forget, client: TestClient[Litestar]
) -> None:
    program.subscribe()
    forget_somebody()
    pass_time(world, BOUND_SECONDS)
    lose_outputs(world.hub)
    settle(world)
    pass_time(world, MINUTE)

    assert [one.name for one in list_behind(world.hub)] == [program.name]


def lose_outputs(hub: Hub) -> None:
    assert hub.outputs_path is not None
    hub.outputs.reader.close()
    for name in ("", "-wal", "-shm"):
        hub.outputs_path.with_name(hub.outputs_path.name + name).unlink(missing_ok=True)


def test_hub_without_a_mail_server_lists_and_writes_once_it_has_one(
    world: World, program: Program, forget_somebody: Forget, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = msgspec.structs.replace(world.hub.settings, mail_host="", mail_sender="")
    program.subscribe()
    program.subscribe()
    forget_somebody()
    with monkeypatch.context() as patch:
        patch.setattr(world.hub, "settings", settings)
        pass_time(world, BOUND_SECONDS)
        silent, listed = letters_to(world.hub, program), list_behind(world.hub)
    pass_time(world, MINUTE)

    assert (silent, len(listed)) == ([], 2)
    assert len(letters_to(world.hub, program)) == 2
    assert "2 Abnehmer des Katalogs haben nicht bestätigt" in alarms(world.hub)[0]
