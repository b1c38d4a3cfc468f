"""How a city becomes a member, and what the hub answers to everything that is not right (PROTOCOL 11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hub import enrolment, roster_keeping
from hub.opening import close_hub, open_hub
from hub.party import Hub
from hub.roster_keeping import Change
from shared.errors import ConflictError, InputError, NotFoundError
from shared.feed.join import fingerprint, parse_invite
from tests.support.enrolling import City, make_hub, root_of
from tests.support.world import VirtualClock

DAY = 86_400


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def hub(tmp_path: Path, clock: VirtualClock) -> Iterator[Hub]:
    made = make_hub(tmp_path / "hub", clock)
    yield made
    close_hub(made)


@pytest.fixture
def herten() -> City:
    return City("herten")


def invite(hub: Hub, name: str = "herten", ags: str = "05562020") -> str:
    return enrolment.invite(hub, name, ags, name.title())


def enrol(hub: Hub, city: City, ags: str = "05562020") -> int:
    enrolment.receive_join(hub, city.application(invite(hub, city.name, ags)))
    return enrolment.approve(hub, city.name, root_of(hub))


def test_invite_code_says_what_the_node_pins_and_the_hub_keeps_no_token(hub: Hub) -> None:
    code = parse_invite(invite(hub))

    held = roster_keeping.held_roster(hub).roster
    assert (code.hub, code.roots, code.threshold) == (hub.settings.url, held.roots, 1)
    assert code.expires == hub.clock.now() + 14 * DAY
    files = b"".join(path.read_bytes() for path in hub.home.glob("hub.db*"))
    assert code.token not in files


def test_application_waits_until_a_person_approved_it(hub: Hub, herten: City) -> None:
    body = herten.application(invite(hub))

    first = enrolment.receive_join(hub, body)
    again = enrolment.receive_join(hub, body)
    version = enrolment.approve(hub, "herten", root_of(hub))
    after = enrolment.receive_join(hub, body)

    shown = fingerprint(herten.log_key.verifying.vkey, herten.witness_key.verifying.vkey)
    assert first == again == (202, {"state": "waiting", "fingerprint": shown})
    assert version == 2
    assert after == (200, {"state": "member", "roster": 2})
    assert [row.name for row in hub.members()] == ["herten"]
    assert enrolment.applications(hub) == []


def test_waiting_application_survives_a_restart(hub: Hub, herten: City, clock: VirtualClock) -> None:
    enrolment.receive_join(hub, herten.application(invite(hub)))

    reopened = open_hub(hub.home, clock=clock)
    waiting = enrolment.applications(reopened)
    close_hub(reopened)

    assert [(entry.name, entry.ags, entry.purpose) for entry in waiting] == [("herten", "05562020", "join")]


def test_unknown_token_is_refused(hub: Hub, herten: City) -> None:
    code = invite(hub)
    invite(hub)

    status, answer = enrolment.receive_join(hub, herten.application(code))

    assert status == 403
    assert "Einladung" in str(answer["detail"])


def test_token_of_another_name_is_refused(hub: Hub) -> None:
    code = invite(hub)

    assert enrolment.receive_join(hub, City("marl").application(code))[0] == 403


def test_expired_token_is_refused_but_what_was_sent_in_time_still_waits(
    hub: Hub, herten: City, clock: VirtualClock
) -> None:
    code, other = invite(hub), invite(hub, "marl", "05562024")
    enrolment.receive_join(hub, herten.application(code))
    clock.time += 15 * DAY

    assert enrolment.receive_join(hub, herten.application(code))[0] == 202
    assert enrolment.receive_join(hub, City("marl").application(other))[0] == 403


def test_approval_uses_the_token_up(hub: Hub, herten: City) -> None:
    code = invite(hub)
    enrolment.receive_join(hub, herten.application(code))
    enrolment.approve(hub, "herten", root_of(hub))

    assert enrolment.receive_join(hub, City("herten", seed="other").application(code))[0] == 403


def test_other_keys_for_the_same_name_are_a_conflict(hub: Hub, herten: City) -> None:
    code = invite(hub)
    enrolment.receive_join(hub, herten.application(code))

    status, _ = enrolment.receive_join(hub, City("herten", seed="other").application(code))

    assert status == 409
    assert len(enrolment.applications(hub)) == 1


def test_proof_over_something_else_is_refused(hub: Hub, herten: City) -> None:
    status, answer = enrolment.receive_join(hub, herten.with_broken_proof(invite(hub)))

    assert (status, answer["code"]) == (422, "E_SIG")
    assert enrolment.applications(hub) == []


def test_key_that_is_in_use_elsewhere_is_refused(hub: Hub, herten: City) -> None:
    enrol(hub, herten)
    marl = City("marl")
    marl.witness_key = herten.witness_key

    status, _ = enrolment.receive_join(hub, marl.application(invite(hub, "marl", "05562024")))

    assert status == 422


def test_weak_key_is_refused(hub: Hub, herten: City) -> None:
    body = msgspec.json.decode(herten.application(invite(hub)))
    # The neutral element of the curve: every signature by it verifies over many texts.
    weak = "herten.example/feed/g1+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    status, answer = enrolment.receive_join(hub, msgspec.json.encode({**body, "log_vkey": weak}))

    assert (status, answer["code"]) == (422, "E_KEY_WEAK")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"name": "herten"}', b"\xff"])
def test_what_is_no_join_request_is_refused(hub: Hub, body: bytes) -> None:
    status, answer = enrolment.receive_join(hub, body)

    assert (status, answer["code"]) == (400, "E_FORMAT")


def test_active_member_is_not_invited_again(hub: Hub, herten: City) -> None:
    enrol(hub, herten)

    with pytest.raises(ConflictError):
        invite(hub)
    with pytest.raises(ConflictError):
        invite(hub, "marl", "05562020")


@pytest.mark.parametrize(
    ("name", "ags", "title"),
    [("hub", "05562020", "X"), ("He", "05562020", "X"), ("herten", "5", "X"), ("herten", "05562020", " ")],
)
def test_invite_for_what_no_roster_could_name_is_refused(hub: Hub, name: str, ags: str, title: str) -> None:
    with pytest.raises(InputError):
        enrolment.invite(hub, name, ags, title)


def test_keys_sent_after_the_comparison_are_not_approved(hub: Hub, herten: City) -> None:
    enrolment.receive_join(hub, herten.application(invite(hub)))
    compared = enrolment.find_waiting(hub, "herten").fingerprint
    enrolment.receive_join(hub, City("herten", seed="other").application(invite(hub)))

    with pytest.raises(ConflictError, match="Fingerabdruck"):
        enrolment.approve(hub, "herten", root_of(hub), compared=compared)

    assert hub.members() == ()


def test_dismissed_application_leaves_the_name_free(hub: Hub, herten: City) -> None:
    code = invite(hub)
    enrolment.receive_join(hub, City("herten", seed="other").application(code))

    enrolment.dismiss(hub, "herten")

    assert enrolment.receive_join(hub, herten.application(code))[0] == 202
    with pytest.raises(NotFoundError):
        enrolment.dismiss(hub, "marl")


def test_regenerated_member_goes_on_in_the_next_generation(hub: Hub, herten: City) -> None:
    enrol(hub, herten)
    code = enrolment.regenerate(hub, "herten")
    old, new = City("herten", seed="other"), City("herten", generation=2)
    old.log_key = City("hertener").log_key

    status, _ = enrolment.receive_join(hub, old.application(code))
    waiting = enrolment.receive_join(hub, new.application(code))
    enrolment.approve(hub, "herten", root_of(hub))

    assert status == 409
    assert waiting[0] == 202
    rows = hub.book.rows("herten")
    assert [(row.generation, row.log_key, row.ags) for row in rows] == [(2, new.log_key.verifying, "05562020")]


def test_lost_key_is_replaced_in_the_same_generation(hub: Hub, herten: City) -> None:
    enrol(hub, herten)
    new = City("herten", seed="new keys")

    enrolment.receive_join(hub, new.application(enrolment.regenerate(hub, "herten")))
    enrolment.approve(hub, "herten", root_of(hub))

    assert [row.log_key for row in hub.book.rows("herten")] == [new.log_key.verifying]


def test_rotation_is_announced_without_token_and_lists_both_keys(hub: Hub, herten: City) -> None:
    enrol(hub, herten)

    status, _ = enrolment.receive_join(hub, herten.rotation())
    enrolment.approve(hub, "herten", root_of(hub))
    after = enrolment.receive_join(hub, herten.rotation())

    assert status == 202
    assert [row.log_key for row in hub.book.rows("herten")] == [herten.log_key.verifying, herten.next_log_key.verifying]
    assert after == (200, {"state": "member", "roster": 3})


def test_rotation_of_somebody_else_is_refused(hub: Hub, herten: City) -> None:
    enrol(hub, herten)
    thief = City("herten", seed="thief")

    assert enrolment.receive_join(hub, thief.rotation())[0] == 422
    assert enrolment.receive_join(hub, City("marl").rotation())[0] == 403
    assert enrolment.applications(hub) == []


def test_new_invite_takes_back_an_approval_that_waits_for_signatures(hub: Hub, herten: City) -> None:
    code = invite(hub)
    enrolment.receive_join(hub, herten.application(code))
    roster_keeping.request_change(hub, "herten", Change.APPROVE)

    invite(hub)

    with hub.db.read() as conn:
        assert roster_keeping.pending_changes(conn) == {}
