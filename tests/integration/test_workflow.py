"""From a draft to the catalogue: who may do which step, that nobody's text is lost, how steps are taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import workflow
from node.editing import open_offer, own_offers, save_offer, withdraw
from node.erasing import erase
from node.history import list_versions
from node.importing import import_table
from node.operations import add_topic, publish_many, undo, withdraw_many
from node.party import Node
from node.workflow import Editor
from shared.errors import AccessError, ConflictError, NotFoundError, RuleError
from shared.holdings import facts
from tests.integration.test_importing import ROW, table
from tests.support.lone_node import files_with, make_member, offer, seal, states
from tests.support.world import VirtualClock

AUTHOR = Editor("Ayla Autorin")
CHIEF = Editor("Rita Redaktion", may_publish=True)
CLUB = Editor("Tarik Träger", organisations=("Volkshochschule Beispielstadt",))


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return make_member(tmp_path / "herten", VirtualClock())


def actions(node: Node, rid: bytes) -> list[tuple[str, str]]:
    return [(version.action, version.editor) for version in list_versions(node, rid)]


def test_draft_is_handed_in_approved_and_published_with_who_did_what(node: Node) -> None:
    rid = workflow.save_draft(node, AUTHOR, offer()).id
    workflow.submit(node, AUTHOR, rid)
    workflow.publish(node, CHIEF, rid)
    seal(node)

    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "published"}
    assert actions(node, rid) == [
        ("veröffentlicht", "Rita Redaktion"), ("zur Freigabe gegeben", "Ayla Autorin"),
        ("Entwurf gespeichert", "Ayla Autorin"),
    ]  # fmt: skip


def test_editors_names_stand_in_no_published_version(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, offer()).id
    workflow.publish(node, CHIEF, rid)
    seal(node)

    assert "Rita" not in str(open_offer(node, rid).doc)


def test_incomplete_draft_is_kept_but_not_handed_in_or_published(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, {"name": "Nur ein Titel"}).id

    for step in (workflow.submit, workflow.publish):
        with pytest.raises(RuleError) as caught:
            step(node, CHIEF, rid)
        assert {"summary", "providers", "topics"} <= set(caught.value.problems)
    assert states(own_offers(node)) == {"Nur ein Titel": "draft"}


def test_author_may_not_publish_and_nothing_changes(node: Node) -> None:
    rid = workflow.save_draft(node, AUTHOR, offer()).id

    with pytest.raises(AccessError):
        workflow.publish(node, AUTHOR, rid)

    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "draft"}


def test_with_four_eyes_nobody_approves_what_they_wrote(node: Node) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, workflow.FOUR_EYES, 1)
    rid = workflow.save_draft(node, CHIEF, offer()).id

    with pytest.raises(AccessError, match="selbst geschrieben"):
        workflow.publish(node, CHIEF, rid)
    workflow.publish(node, Editor("Zweite Person", may_publish=True), rid)

    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "pending"}


def test_second_editor_of_one_version_is_told_and_the_first_text_stays(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, offer()).id
    mine = workflow.open_for(node, CHIEF, rid).mark
    workflow.save_draft(node, AUTHOR, offer("Titel der Autorin"), rid, mark=mine)

    with pytest.raises(ConflictError):
        workflow.save_draft(node, CHIEF, offer("Titel der Redaktion"), rid, mark=mine)

    assert open_offer(node, rid).doc["name"] == "Titel der Autorin"


def test_editor_of_a_published_version_is_told_when_a_command_changed_it(node: Node) -> None:
    rid = save_offer(node, offer())
    mine = workflow.open_for(node, CHIEF, rid).mark
    save_offer(node, offer("Von der Befehlszeile"), rid)

    with pytest.raises(ConflictError):
        workflow.save_draft(node, CHIEF, offer("Mein Titel"), rid, mark=mine)


def test_changed_draft_is_no_longer_handed_in(node: Node) -> None:
    rid = workflow.save_draft(node, AUTHOR, offer()).id
    workflow.submit(node, AUTHOR, rid)

    workflow.save_draft(node, AUTHOR, offer(body="Noch etwas."), rid)

    draft = workflow.open_for(node, AUTHOR, rid).draft
    assert draft is not None
    assert draft.state == "draft"


def test_draft_given_back_says_what_should_change(node: Node) -> None:
    rid = workflow.save_draft(node, AUTHOR, offer()).id
    workflow.submit(node, AUTHOR, rid)

    workflow.give_back(node, CHIEF, rid, "Bitte die Uhrzeit ergänzen")

    draft = workflow.open_for(node, AUTHOR, rid).draft
    assert draft is not None
    assert (draft.state, draft.note) == ("draft", "Bitte die Uhrzeit ergänzen")


def test_provider_sees_and_changes_own_offers_alone(node: Node) -> None:
    own, other = save_offer(node, offer()), save_offer(node, offer("Fremd", providers=[{"name": "Caritas"}]))

    assert workflow.open_for(node, CLUB, own).doc["name"] == "Sprachkurs am Vormittag"
    with pytest.raises(NotFoundError):
        workflow.open_for(node, CLUB, other)
    with pytest.raises(NotFoundError):
        workflow.save_draft(node, CLUB, offer(), other)
    with pytest.raises(AccessError, match="eigenen Organisation"):
        workflow.save_draft(node, CLUB, offer(providers=[{"name": "Caritas"}]), own)


def test_earlier_version_comes_back_as_a_draft(node: Node) -> None:
    rid = save_offer(node, offer(body="Erste Fassung."))
    save_offer(node, offer(body="Zweite Fassung."), rid)
    first = list_versions(node, rid)[-1]

    workflow.restore(node, CHIEF, rid, first.number)

    assert open_offer(node, rid).doc["body"] == "Erste Fassung."
    assert [change.label for change in list_versions(node, rid)[0].changes] == ["Beschreibung"]


def test_archived_offer_can_be_opened_and_published_again(node: Node) -> None:
    rid = save_offer(node, offer())
    seal(node)
    withdraw(node, rid, "beendet")
    seal(node)

    found = workflow.open_for(node, CHIEF, rid)
    workflow.save_draft(node, CHIEF, found.doc | {"name": "Wieder da"}, rid, mark=found.mark)
    workflow.publish(node, CHIEF, rid)
    seal(node)

    assert states(own_offers(node)) == {"Wieder da": "published"}


def test_copy_is_a_new_draft_without_what_belongs_to_the_first_alone(node: Node) -> None:
    rid = save_offer(node, offer(assured_date="2026-01-01", alert="Heute geschlossen"))

    copied = workflow.copy(node, CHIEF, rid)

    doc = open_offer(node, copied).doc
    assert (doc["name"], doc.get("assured_date"), doc.get("alert")) == ("Kopie von Sprachkurs am Vormittag", None, None)
    assert copied != rid


def test_bulk_withdrawal_is_previewed_done_and_undone_as_one(node: Node) -> None:
    ids = [save_offer(node, offer(f"Angebot {n}")) for n in range(3)]
    seal(node)

    preview = withdraw_many(node, CHIEF, ids, "ended", dry_run=True)
    before = states(own_offers(node))
    done = withdraw_many(node, CHIEF, ids, "ended")
    seal(node)
    gone = states(own_offers(node))
    back = undo(node, CHIEF, done.number)
    seal(node)

    assert (preview.number, preview.titles) == (0, ("Angebot 0", "Angebot 1", "Angebot 2"))
    assert set(before.values()) == {"published"}
    assert set(gone.values()) == {"withdrawn"}
    assert (len(back.titles), back.left) == (3, ())
    assert states(own_offers(node)) == before
    with pytest.raises(ConflictError):
        undo(node, CHIEF, done.number)


def test_undo_leaves_what_somebody_changed_since(node: Node) -> None:
    first, second = save_offer(node, offer("Eins")), save_offer(node, offer("Zwei"))
    done = add_topic(node, CHIEF, [first, second], "frauen")
    save_offer(node, offer("Eins, neu"), first)

    back = undo(node, CHIEF, done.number)

    assert (back.titles, [left.title for left in back.left]) == (("Zwei",), ["Eins"])
    assert open_offer(node, first).doc["name"] == "Eins, neu"
    assert open_offer(node, second).doc["topics"] == ["sprache"]


def test_undo_of_a_publication_brings_back_the_draft_and_what_stood_before(node: Node) -> None:
    rid = save_offer(node, offer(body="Alt."))
    seal(node)
    workflow.save_draft(node, AUTHOR, offer(body="Neu."), rid)
    done = publish_many(node, CHIEF, [rid])
    seal(node)

    undo(node, CHIEF, done.number)
    seal(node)

    found = open_offer(node, rid)
    assert (found.doc["body"], found.draft is not None) == ("Neu.", True)
    workflow.discard(node, AUTHOR, rid)
    assert open_offer(node, rid).doc["body"] == "Alt."


def test_undone_import_is_gone_as_if_it_had_never_been(node: Node) -> None:
    rid = save_offer(node, offer())
    result = import_table(node, table(ROW), editor="Rita Redaktion")

    undo(node, CHIEF, result.operation)
    seal(node)

    assert {row.id for row in own_offers(node) if row.state == "published"} == {rid.hex()}
    assert import_table(node, table(ROW)).created == 1


def test_undone_import_that_changed_an_offer_can_be_done_again(node: Node) -> None:
    import_table(node, table(ROW))
    seal(node)
    changed = table(ROW | {"beschreibung": "Deutsch sprechen in großer Runde."})
    result = import_table(node, changed)
    seal(node)

    undo(node, CHIEF, result.operation)
    seal(node)
    before = open_offer(node, bytes.fromhex(own_offers(node)[0].id)).doc["summary"]
    again = import_table(node, changed)

    assert before == "Deutsch üben in lockerer Runde."
    assert (again.created, again.changed) == (0, 1)


def test_with_four_eyes_an_import_waits_for_the_second_person(node: Node) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, workflow.FOUR_EYES, 1)

    result = import_table(node, table(ROW), editor=CHIEF.name)
    (row,) = own_offers(node)
    with pytest.raises(AccessError):
        workflow.publish(node, CHIEF, bytes.fromhex(row.id))
    workflow.publish(node, Editor("Zweite Person", may_publish=True), bytes.fromhex(row.id))

    assert (result.created, result.handed_in, row.state) == (1, 1, "draft")
    assert import_table(node, table(ROW), editor=CHIEF.name).unchanged == 1


def test_bulk_action_names_what_it_leaves_and_why(node: Node) -> None:
    done = publish_many(node, CHIEF, [save_offer(node, offer())])

    assert (done.number, done.titles) == (0, ())
    assert [(left.title, left.reason) for left in done.left] == [("Sprachkurs am Vormittag", "hat keinen Entwurf")]


def test_erased_person_is_gone_from_the_history_too(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, offer(body="Fragen an Erika Mustermann.")).id
    workflow.publish(node, CHIEF, rid)
    workflow.save_draft(node, CHIEF, offer(body="Fragen an Erika Mustermann, montags."), rid)

    erase(node, "Erika Mustermann")

    assert files_with(node.home, "Fragen an Erika") == []
    assert open_offer(node, rid).doc["body"] == "Fragen an [Name entfernt], montags."
