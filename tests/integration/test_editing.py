"""Own offers: durable at once, listed as their editor sees them, refused with every reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import editing
from node.editing import all_offers, open_offer, own_offers, save_offer, withdraw
from node.party import Node
from shared.errors import ConflictError, InputError, NotFoundError, RuleError
from shared.holdings import edits
from tests.support.lone_node import make_member, offer, reopen, seal, states
from tests.support.world import VirtualClock, World


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return make_member(tmp_path / "herten", VirtualClock())


def test_saved_offer_is_pending_and_survives_a_restart(node: Node) -> None:
    rid = save_offer(node, offer())

    again = reopen(node)

    assert [(row.id, row.member, row.state) for row in own_offers(again)] == [(rid.hex(), "herten", "pending")]
    assert open_offer(again, rid).doc["name"] == "Sprachkurs am Vormittag"


def test_sealed_offer_is_published_with_its_index_as_base(node: Node) -> None:
    rid = save_offer(node, offer())

    seal(node)

    assert [(row.state, row.base) for row in own_offers(node)] == [("published", 1)]
    assert open_offer(node, rid).base == 1


def test_incomplete_offer_is_refused_with_all_problems_and_stores_nothing(node: Node) -> None:
    with pytest.raises(RuleError) as caught:
        save_offer(node, {"name": "X"})

    assert set(caught.value.problems) >= {"name", "providers", "summary", "topics"}
    assert own_offers(node) == []


def test_save_on_an_old_version_is_refused_and_names_the_current_one(node: Node) -> None:
    rid = save_offer(node, offer())
    seal(node)
    save_offer(node, offer(summary="Eine neuere Fassung dieses Angebots."), rid, base=1)
    seal(node)

    with pytest.raises(ConflictError) as caught:
        save_offer(node, offer(), rid, base=1)

    assert caught.value.current == 2


def test_saving_twice_before_the_seal_leaves_one_edit_with_the_newest_text(node: Node) -> None:
    rid = save_offer(node, offer())

    save_offer(node, offer("Sprachkurs am Abend"), rid)

    assert states(own_offers(node)) == {"Sprachkurs am Abend": "pending"}
    assert seal(node) == 2


def test_unknown_fields_are_kept_and_owner_is_ours(node: Node) -> None:
    rid = save_offer(node, offer(owner="05562000", x_later="kept"))

    document = open_offer(node, rid).doc

    assert (document["x_later"], document["owner"], document["id"]) == ("kept", "05562020", rid.hex())


def test_confidential_address_never_enters_the_payload(node: Node) -> None:
    place = {"kind": "physical", "name": "Schutzwohnung", "address_1": "Geheimweg 7", "postal_code": "45699"}

    save_offer(node, offer(address_confidential=True, locations=[place]))

    with node.db.read() as conn:
        body = edits.load_edits(conn)[0].body or b""
    assert b"Geheimweg" not in body


@pytest.mark.parametrize(("said", "kept"), [("beendet", "ended"), ("ruht", "paused"), ("duplicate", "duplicate")])
def test_withdrawal_reasons_of_people_and_of_the_log_are_understood(node: Node, said: str, kept: str) -> None:
    rid = save_offer(node, offer())
    seal(node)

    withdraw(node, rid, said)

    with node.db.read() as conn:
        assert edits.load_edits(conn)[0].reason == kept
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "pending-withdrawal"}
    seal(node)
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "withdrawn"}


def test_withdrawing_twice_the_unknown_or_without_a_reason_is_refused(node: Node) -> None:
    rid = save_offer(node, offer())
    withdraw(node, rid, "fehler")

    with pytest.raises(ConflictError):
        withdraw(node, rid, "fehler")
    with pytest.raises(NotFoundError):
        withdraw(node, bytes(16), "fehler")
    with pytest.raises(InputError, match="datenschutz"):
        withdraw(node, rid, "datenschutz")


def test_withdrawn_offer_can_be_published_again(node: Node) -> None:
    rid = save_offer(node, offer())
    seal(node)
    withdraw(node, rid, "ruht")
    seal(node)

    save_offer(node, offer(), rid)
    seal(node)

    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "published"}


def test_kreisweit_view_before_any_note_is_the_own_offers(node: Node) -> None:
    save_offer(node, offer())

    assert states(all_offers(node)) == {"Sprachkurs am Vormittag": "pending"}


def test_kreisweit_view_shows_all_members_also_with_the_hub_down() -> None:
    world = World(("herten", "marl"))
    save_offer(world.nodes["herten"], offer("Angebot aus Herten"))
    save_offer(world.nodes["marl"], offer("Angebot aus Marl"))
    world.settle()

    world.stop("hub")

    for name in ("herten", "marl"):
        shown = {(row.member, row.title, row.state) for row in all_offers(world.nodes[name])}
        assert shown == {("herten", "Angebot aus Herten", "published"), ("marl", "Angebot aus Marl", "published")}


def test_every_reason_of_people_is_a_reason_of_the_log() -> None:
    for said, kept in editing.WITHDRAWAL_REASONS.items():
        assert editing.parse_reason(said) == kept
