"""What the hub's overview tells a person: each alarm once, with reason and next step, and gone with its cause."""

from __future__ import annotations

import ast
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from hub import alarms, notices, overview, roster_keeping
from hub.notices import Wanted
from hub.own_clock import reset_clock
from hub.roster_keeping import Change
from hub.store.digests import DigestSetting, save_setting
from hub.store.standings import update_standing
from hub.upkeep import seal_own
from shared.errors import LogStateError
from shared.feed import limits
from shared.feed.keys import LOG, SigningKey
from shared.feed.push import PushBody, format_push
from shared.feed.roster import sign_roster
from shared.holdings import facts, logs
from shared.mailing.store import mails
from tests.support.loopback import app_of, close_all
from tests.support.node_simulator import NodeSimulator
from tests.support.small_disk import grow, small_disk
from tests.support.world import Exchange, SeededDice, World, publish, withdraw

MARL = "marl.example/feed/g1"


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    world.settle()
    return world


def told(world: World) -> list[tuple[str, str]]:
    """Name and text of every alarm, its command included; none may stand twice, nor one matter of one name."""
    alarms = overview.status(world.hub).alarms
    found = [(alarm.name, f"{alarm.message} {alarm.command}".strip()) for alarm in alarms]
    assert len({alarm.key for alarm in alarms}) == len(alarms)
    assert len(set(found)) == len(found)
    return found


def only(world: World, name: str) -> str:
    """The text of the one alarm there is."""
    found = told(world)
    assert [alarm for alarm, _ in found] == [name]
    return found[0][1]


def keep(world: World, **changes: Any) -> None:
    """Put the standing of Marl as a read would leave it."""
    with world.hub.db.write() as conn:
        update_standing(conn, MARL, "marl", **changes)


def pass_minutes(world: World, minutes: int) -> None:
    """Let time pass with a look at what is due every half minute."""
    for _ in range(minutes * 2):
        world.clock.time += 29
        world.tick()


def test_settled_federation_raises_no_alarm(world: World) -> None:
    assert told(world) == []


def test_alarms_of_the_hub_itself_are_exactly_those_tested_here() -> None:
    found = {
        call.args[0].value
        for module in (alarms, roster_keeping)
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Alarm"
        if isinstance(call.args[0], ast.Constant)
    }

    assert found == {
        "own-clock", "forked", "seal-refused", "roster-refused", "local-clock", "recovered-without", "roster",
        "roster-expired", "roster-expires", "roster-pending", "erasure-behind", "webhook-stopped", "digest-failed",
        "notice-review", "disk",
    }  # fmt: skip


def test_page_of_the_hub_shows_each_alarm_once_with_its_reason(world: World) -> None:
    deliver_roster(world, forged_roster(world))
    text = only(world, "roster-refused")

    with TestClient(app_of(world.hub)) as client:
        page = unescape(client.get("/verbund", headers={"Accept": "text/html"}).text)
    close_all(world)

    assert page.count(text) == 1


# --- the hub itself ---------------------------------------------------------------------------------------------------


def test_monthly_letter_that_did_not_arrive_is_one_alarm_until_it_leaves(world: World) -> None:
    with world.hub.db.write() as conn:
        number = mails.add_mail(conn, kind="digest", recipient="ki@marl.example", subject="S", body="B", now=0)
        save_setting(
            conn, DigestSetting("marl", "ki@marl.example", is_on=True, month="2026-01", written=0, mail=number)
        )
        mails.change_mail(conn, number, state=mails.FAILED)

    text = only(world, "digest-failed")
    with world.hub.db.write() as conn:
        mails.change_mail(conn, number, state=mails.SENT)

    assert "Stadt Marl" in text
    assert "marl.example" not in text
    assert told(world) == []


def test_takedown_that_nobody_looked_at_again_waits_for_somebody(world: World) -> None:
    rid = publish(world.nodes["marl"], "Kurs")
    world.settle()
    wanted = Wanted("law", "Der Text wirbt für Gewalt gegen andere.", "", "2026-01-02", is_sure=True)
    notices.hide(world.hub, rid, wanted)
    before = told(world)
    world.clock.time += 2 * limits.DAY
    world.settle()

    (late,) = (text for name, text in told(world) if name == "notice-review")
    assert before == []
    assert "Ausblendung 1/2026 ist zu überprüfen." in late


def test_disk_that_is_nearly_full_is_told_while_a_letter_can_still_be_written(world: World, tmp_path: Path) -> None:
    with small_disk(tmp_path / "hub", "150m") as place:
        world.hub.settings = msgspec.structs.replace(world.hub.settings, home=str(place))
        text = only(world, "disk")
        grow(place, "250m")
        after = told(world)

    assert "kaum noch Platz: 150 MB frei." in text
    assert "nichts Neues mehr angenommen" in text
    assert after == []


def test_clock_behind_its_own_signatures_is_one_alarm_until_it_is_set(world: World) -> None:
    world.clock_of("hub").skew = 30 * limits.DAY
    world.tick(5)
    world.clock_of("hub").skew = 0
    assert not seal_own(world.hub)  # keeps a refusal of its own beside both times

    text = only(world, "own-clock")
    reset_clock(world.hub)

    assert "der letzte Stand des eigenen Logs und der letzte Katalog" in text
    assert "Uhr dieses Rechners stellen" in text
    assert "clock reset" in text
    assert told(world) == []


def test_refused_seal_is_told_with_its_reason_until_sealing_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> bool:
        raise LogStateError("bundle 3 holds 7 entries, 8 expected")

    with monkeypatch.context() as patch:
        patch.setattr(world.hub.sealer, "resign", refuse)
        seal_own(world.hub)
    text = only(world, "seal-refused")
    seal_own(world.hub)

    assert "(bundle 3 holds 7 entries, 8 expected)" in text
    assert "neu starten" in text
    assert told(world) == []


def test_fork_of_the_own_log_is_one_alarm_although_sealing_is_refused_for_it(world: World) -> None:
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "forked", world.hub.clock.now())
    world.clock.time += limits.RESIGN_AFTER_SECONDS + 1
    seal_own(world.hub)

    text = only(world, "forked")

    with world.hub.db.read() as conn:
        assert facts.load_fact(conn, "seal-refused").startswith("E_FORK")
    assert "E_FORK" in text
    assert "neue Generation" in text


def deliver_roster(world: World, note: bytes) -> None:
    """Push a roster to the hub as Marl would."""
    with world.nodes["marl"].db.read() as conn:
        line = bytes(logs.load_log(conn, MARL).note)
    body = format_push(PushBody(line, "live", 9, (), (note,)))
    assert world.network.exchange(Exchange("marl", "hub", "POST", "/federation/push", body)).status == 200


def forged_roster(world: World) -> bytes:
    """Another roster of the next version, signed by nobody that counts."""
    stranger = SigningKey.from_seed(world.root.verifying.name, LOG, SeededDice("stranger").token(32))
    return sign_roster(roster_keeping.draft(world.hub), stranger)


def test_refused_roster_is_told_with_its_reason_until_it_came_no_more_for_an_hour(world: World) -> None:
    deliver_roster(world, forged_roster(world))
    text = only(world, "roster-refused")

    world.clock.time += limits.HOUR - 1
    still = told(world)
    world.clock.time += 1

    assert "(E_ROSTER: " in text
    assert "die Städte fragen" in text
    assert still == [("roster-refused", text)]
    assert told(world) == []


def test_refused_roster_is_forgotten_with_the_next_one_that_is_good(world: World) -> None:
    deliver_roster(world, forged_roster(world))
    assert only(world, "roster-refused")

    deliver_roster(world, sign_roster(roster_keeping.draft(world.hub), world.root))

    assert told(world) == []


@pytest.mark.parametrize(
    ("days", "name", "part"),
    [(-30, "roster-expires", "läuft in 30 Tagen ab"), (1, "roster-expired", "ist abgelaufen")],
    ids=["soon", "over"],
)
def test_roster_near_its_end_is_told_until_it_is_renewed(world: World, days: int, name: str, part: str) -> None:
    expires = roster_keeping.held_roster(world.hub).roster.expires
    for node in world.nodes:
        world.stop(node)
    world.clock.time = expires + days * limits.DAY
    text = dict(told(world))[name]

    roster_keeping.make_and_publish(world.hub, world.root)

    assert part in text
    assert "roster draft, sign, publish" in text
    assert name not in dict(told(world))


def test_lost_roster_is_told_until_the_nodes_brought_it_back(world: World) -> None:
    world.wipe("hub")
    text = only(world, "roster")

    pass_minutes(world, 15)

    assert "kommt von den Knoten zurück" in text
    assert "laufen lassen" in text
    assert told(world) == []


def test_change_that_waits_for_signatures_is_told_until_it_is_signed(world: World) -> None:
    roster_keeping.request_change(world.hub, "marl", Change.SUSPEND)
    text = only(world, "roster-pending")

    roster_keeping.make_and_publish(world.hub, world.root)

    assert "marl (sperren)" in text
    assert "roster draft, sign, publish" in text
    assert told(world) == []


def test_three_members_ahead_are_one_alarm_about_the_own_clock_until_an_hour_has_passed(world: World) -> None:
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "local-clock", world.hub.clock.now())
    keep(world, refusals=5, code="E_LOCAL_CLOCK")
    text = only(world, "local-clock")

    world.clock.time += limits.HOUR
    keep(world, refusals=0, code="OK")

    assert "Die Uhr dieses Rechners prüfen." in text
    assert told(world) == []


def test_member_missing_after_a_start_is_named_until_it_speaks() -> None:
    world = World(["castrop-rauxel", "herten", "marl"])
    world.settle()
    silent = world.network.sites["marl"]
    world.stop("marl")
    world.restart("hub")
    assert told(world) == []  # recovering is the state of the hub, no alarm
    world.tick(2)
    world.clock.time += limits.RECOVERY_MAJORITY_AFTER_SECONDS
    world.tick(2)
    text = only(world, "recovered-without")

    world.network.sites["marl"] = silent
    pass_minutes(world, 15)

    assert "von: marl." in text
    assert "anrufen" in text
    assert told(world) == []


# --- members ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "cure", "reason", "step"),
    [
        ({"forked": True, "code": "E_FORK"}, {"forked": False, "code": "OK"}, "zwei unterschriebene", "regenerate"),
        ({"rolled_back": True, "code": "E_ROLLBACK"}, {"rolled_back": False, "code": "OK"}, "kürzer", "Stadt anrufen"),
        (
            {"quarantine": "E_SIG", "code": "E_SIG", "refusals": 3},
            {"quarantine": "", "code": "OK", "refusals": 0}, "Unterschrift fehlt", "Es handelt: die Stadt.",
        ),
        ({"code": "E_REPLAY", "refusals": 3}, {"code": "OK", "refusals": 0}, "älterer Stand", "Es handelt: wer den"),
    ],
    ids=["forked", "rolled-back", "quarantined", "replayed"],
)  # fmt: skip
def test_member_that_needs_a_person_is_one_alarm_until_it_is_good_again(
    world: World, cause: dict[str, Any], cure: dict[str, Any], reason: str, step: str
) -> None:
    keep(world, **cause)
    text = only(world, "marl")

    keep(world, **cure)

    assert reason in text
    assert step in text
    assert told(world) == []


def test_throttled_member_is_told_until_its_growth_was_let_pass(world: World) -> None:
    until = world.hub.clock.now() + limits.DAY
    keep(world, throttled_until=until, code="E_RATE", refusals=4)
    text = only(world, "marl")

    keep(world, throttled_until=0, code="OK", refusals=0)

    assert "ungewöhnlich viele Einträge" in text
    assert "hold confirm" in text
    assert told(world) == []


def test_two_refusals_do_not_call_a_person(world: World) -> None:
    keep(world, quarantine="E_SIG", code="E_SIG", refusals=2)

    assert told(world) == []


@pytest.mark.parametrize("change", [Change.SUSPEND, Change.RETIRE])
def test_member_that_is_read_no_more_raises_no_alarm_about_what_was_refused_before(
    world: World, change: Change
) -> None:
    keep(world, code="E_REPLAY", refusals=3, oddities="W_GRAMMAR 7: no entry")
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "erased-served:marl", "http://marl/payload/00")
    roster_keeping.change_now(world.hub, "marl", change, world.root)

    texts = [text for _, text in told(world)]

    assert not any("älterer Stand" in text for text in texts)
    assert change is Change.SUSPEND or texts == []


def test_silent_member_is_told_once_until_it_speaks(world: World) -> None:
    site = world.network.sites.pop("marl")
    world.clock.time += limits.MEMBER_LATE_ALARM_SECONDS + 60
    pass_minutes(world, 15)
    late = only(world, "marl")
    keep(world, code="E_REPLAY", refusals=3)
    assert "älterer Stand" in only(world, "marl")  # a reason that is known says why it is late
    world.network.sites["marl"] = site
    pass_minutes(world, 15)

    assert "sechs Stunden ohne Lebenszeichen" in late
    assert "Die Stadt anrufen" in late
    assert told(world) == []


def fill(world: World, count: int) -> list[bytes]:
    rids = [publish(world.nodes["marl"], f"Kurs {number}") for number in range(count)]
    world.settle()
    return rids


def test_mass_withdrawal_is_told_until_a_person_decided_and_the_city_acted(world: World) -> None:
    from hub import holds

    rids = fill(world, 8)
    for rid in rids[:7]:
        withdraw(world.nodes["marl"], rid)
    world.tick(30)
    asked = only(world, "marl")
    holds.reject(world.hub, "marl")
    decided = only(world, "marl")
    holds.confirm(world.hub, "marl")

    assert "hold confirm marl oder hold reject marl" in asked
    assert "hold" not in decided
    assert "Die Stadt veröffentlicht die Angebote wieder." in decided
    assert told(world) == []


def test_foreign_owner_and_unreadable_entry_are_told_beside_each_other(world: World) -> None:
    marl = NodeSimulator.replace(world, "marl")
    rid = marl.publish("Fremd", doc={"owner": "05562020"})
    marl.append(b"no entry of ours\n")
    keep(world, next_poll=0)
    world.tick(3)
    found = told(world)
    marl.publish("Wieder eigen", rid)
    keep(world, next_poll=0)
    world.tick(3)

    assert [name for name, _ in found] == ["marl", "marl"]
    owner, grammar = (text for _, text in found)
    assert "fremden Eigentümer" in owner
    assert "kreisweit-hub quarantine" in owner
    assert "unter „Quarantäne“" in owner
    assert f"(W_GRAMMAR {marl.size - 2}: " in grammar
    assert "Stadt anrufen" in grammar
    # The entry stays in the log for good, so its alarm stays until a new generation; the offer was corrected.
    assert told(world) == [("marl", grammar)]


def test_erased_data_still_served_is_told_with_the_address(world: World) -> None:
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "erased-served:marl", "http://marl/payload/00")

    text = only(world, "marl")

    assert "http://marl/payload/00" in text
    assert "löschen" in text
