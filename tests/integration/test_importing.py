"""Import of offer tables: every real row, the same file again, changed cells, moved rows, erased persons."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from node.editing import open_offer, own_offers, save_offer, withdraw
from node.erasing import erase
from node.importing import ImportResult, import_table
from node.opening import close_node, init_node, open_node
from node.party import Node
from node.store.tables import draft, imported, staff_note
from shared.holdings.tables import fact, outbox
from shared.model.shipped import shipped_district
from shared.model.table import COLUMNS
from tests.support.lone_node import files_with, make_member, offer, seal, states
from tests.support.world import SeededDice, VirtualClock

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
ROW = {
    "stadt": "Herten", "traeger": "Haus der Begegnung", "angebot": "Sprachcafé",
    "beschreibung": "Deutsch üben in lockerer Runde.",
    "thema": "Sprache|Begegnung", "zielgruppe": "alle", "sprachen": "Deutsch, Türkisch", "ort_name": "Saal 1",
    "strasse": "Musterweg 1", "plz": "45699", "ort": "Herten", "telefon": "02366 123456", "email": "cafe@example.org",
    "web": "example.org", "zeiten": "montags 10 Uhr", "kosten": "kostenlos", "quelle": "Faltblatt 2024",
}  # fmt: skip
Cells = dict[str, str]


def table(*rows: Cells) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.created, result.changed, result.unchanged, result.refused


def rows_in(node: Node, *tables: sa.Table) -> list[int]:
    with node.db.read() as conn:
        return [conn.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in tables]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return make_member(tmp_path / "herten", VirtualClock())


def test_sample_file_gives_every_city_its_offers_and_141_in_all(tmp_path: Path) -> None:
    data, total = SAMPLE.read_bytes(), 0
    for member in shipped_district().members:
        node = init_node(tmp_path / member.name, name=member.name, ags=member.ags, title=member.title)

        result = import_table(node, data, own_only=True)
        again = import_table(node, data, own_only=True)

        assert (result.refused, result.drafts, result.changed) == (0, 0, 0), result.problems
        assert result.created + result.skipped == 141
        assert counts(again) == (0, 0, result.created, 0)
        assert {row.state for row in own_offers(node)} == {"pending"}
        total += result.created
        close_node(node)
    assert total == 141


def test_same_file_after_the_seal_changes_nothing(node: Node) -> None:
    import_table(node, SAMPLE.read_bytes(), own_only=True)
    size = seal(node)

    result = import_table(node, SAMPLE.read_bytes(), own_only=True)

    assert counts(result) == (0, 0, size - 1, 0)
    assert rows_in(node, outbox) == [0]


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in ("stadt", "thema", "plz")])
def test_changed_cell_changes_exactly_one_offer(node: Node, column: str) -> None:
    rows = [ROW, ROW | {"angebot": "Nähtreff", "telefon": "02366 999999"}]
    import_table(node, table(*rows))
    seal(node)

    result = import_table(node, table(rows[0] | {column: "Neuer Wert in dieser Zelle"}, rows[1]))

    assert counts(result) == (0, 1, 1, 0), result.problems
    assert result.missing == 0
    assert len(own_offers(node)) == 2


def test_changed_cell_leaves_what_people_added_by_hand(node: Node) -> None:
    import_table(node, table(ROW))
    rid = bytes.fromhex(own_offers(node)[0].id)
    save_offer(
        node, open_offer(node, rid).doc | {"target_groups": ["eltern"], "summary": "Von Hand verbesserter Text."}, rid
    )
    seal(node)

    import_table(node, table(ROW | {"zeiten": "dienstags 11 Uhr"}))

    document = open_offer(node, rid).doc
    assert (document["schedule_text"], document["target_groups"]) == ("dienstags 11 Uhr", ["eltern"])
    assert document["summary"] == "Von Hand verbesserter Text."


def test_row_with_changed_key_is_the_same_offer_and_nothing_is_missing(node: Node) -> None:
    import_table(node, table(ROW))
    rid = own_offers(node)[0].id
    seal(node)

    result = import_table(node, table(ROW | {"angebot": "Sprachtreff", "traeger": "Haus der Kulturen"}))
    again = import_table(node, table(ROW | {"angebot": "Sprachtreff", "traeger": "Haus der Kulturen"}))

    assert (counts(result), result.missing) == ((0, 1, 0, 0), 0)
    assert counts(again) == (0, 0, 1, 0)
    assert [(row.id, row.title) for row in own_offers(node)] == [(rid, "Sprachtreff")]


def test_missing_row_is_reported_and_its_offer_stays(node: Node) -> None:
    import_table(node, table(ROW))
    seal(node)

    result = import_table(
        node, table(ROW | {"angebot": "Nähtreff", "telefon": "1", "zeiten": "2", "web": "a.org", "email": ""})
    )

    assert (counts(result), result.missing, result.withdrawn) == ((1, 0, 0, 0), 1, 0)
    assert "„Sprachcafé“ fehlt jetzt" in [problem.message for problem in result.problems]
    assert states(own_offers(node))["Sprachcafé"] == "published"


def test_missing_row_is_withdrawn_when_asked_and_comes_back_with_the_row(node: Node) -> None:
    other = ROW | {"angebot": "Nähtreff", "telefon": "1", "zeiten": "2", "web": "a.org", "email": ""}
    import_table(node, table(ROW, other))
    seal(node)

    import_table(node, table(other), withdraw_missing=True)
    seal(node)
    gone = states(own_offers(node))["Sprachcafé"]
    import_table(node, table(ROW, other))
    seal(node)

    assert gone == "withdrawn"
    assert states(own_offers(node)) == {"Sprachcafé": "published", "Nähtreff": "published"}


OTHER = ROW | {"angebot": "Nähtreff", "telefon": "1", "zeiten": "2", "web": "a.org", "email": ""}


def unusable(fault: str) -> bytes:
    """A table whose row of the Sprachcafé cannot be used, followed by another."""
    if fault == "unknown town":
        return table(ROW | {"stadt": "Hertem"}, OTHER)
    header, first, second, _ = table(ROW, OTHER).decode().split("\r\n")
    faulty = {
        "too few": ";".join(first.split(";")[:5]),
        "too many": first + ";zu viel",
        "broken quote": first.replace(";Deutsch", ';"Deutsch'),
        "unreadable": '"' + first,
    }
    return "\r\n".join([header, faulty[fault], second, ""]).encode()


@pytest.mark.parametrize("fault", ["too few", "too many", "broken quote", "unknown town"])
def test_row_that_cannot_be_used_is_not_missing_and_stops_withdrawing(node: Node, fault: str) -> None:
    import_table(node, table(ROW, OTHER))
    seal(node)

    result = import_table(node, unusable(fault), withdraw_missing=True)

    messages = [problem.message for problem in result.problems]
    assert (counts(result), result.missing, result.withdrawn) == ((0, 0, 1, 1), 0, 0)
    assert "Es wird nichts zurückgezogen, solange Zeilen nicht lesbar sind" in messages
    assert not any("fehlt jetzt" in message for message in messages)
    assert rows_in(node, outbox) == [0]


def test_row_of_which_nothing_can_be_told_stops_withdrawing(node: Node) -> None:
    import_table(node, table(ROW, OTHER))
    seal(node)

    result = import_table(node, unusable("unreadable"), withdraw_missing=True)
    unasked = import_table(node, unusable("unreadable"))

    assert (result.missing, result.withdrawn, rows_in(node, outbox)) == (1, 0, [0])
    assert "solange Zeilen nicht lesbar sind" in result.problems[-1].message + result.problems[-2].message
    assert not any("zurückgezogen" in problem.message for problem in unasked.problems)


@pytest.mark.parametrize("rows", [[], [OTHER | {"stadt": "Marl"}]], ids=["none", "of another town"])
def test_file_without_usable_row_withdraws_nothing_and_says_so(node: Node, rows: list[Cells]) -> None:
    import_table(node, table(ROW))
    seal(node)

    result = import_table(node, table(*rows), own_only=True, withdraw_missing=True)

    assert (result.missing, result.withdrawn, rows_in(node, outbox)) == (1, 0, [0])
    assert any("keine brauchbare Zeile" in problem.message for problem in result.problems)


def test_offer_withdrawn_by_hand_stays_withdrawn(node: Node) -> None:
    import_table(node, table(ROW))
    seal(node)
    withdraw(node, bytes.fromhex(own_offers(node)[0].id), "beendet")
    seal(node)

    same = import_table(node, table(ROW))
    changed = import_table(node, table(ROW | {"zeiten": "nie"}))

    assert (counts(same), counts(changed)) == ((0, 0, 1, 0), (0, 0, 0, 1))
    assert states(own_offers(node)) == {"Sprachcafé": "withdrawn"}


def test_rows_of_other_cities_are_refused_with_a_reason_or_skipped(node: Node) -> None:
    data = table(ROW, ROW | {"stadt": "Marl"})

    refused = import_table(node, data, dry_run=True)
    skipped = import_table(node, data, own_only=True)

    assert counts(refused) == (1, 0, 0, 1)
    assert [(p.row, p.column) for p in refused.problems if p.effect == "foreign"] == [(3, "stadt")]
    assert "Stadt Marl" in refused.problems[-1].message
    assert (counts(skipped), skipped.skipped, skipped.problems) == ((1, 0, 0, 0), 1, [])


def test_unknown_topic_makes_a_draft_that_is_not_published_until_it_is_put_right(node: Node) -> None:
    broken = import_table(node, table(ROW | {"thema": "Quantenphysik"}))
    states_before, pending = states(own_offers(node)), rows_in(node, outbox)

    again = import_table(node, table(ROW | {"thema": "Quantenphysik"}))
    fixed = import_table(node, table(ROW))

    assert (counts(broken), broken.drafts, pending) == ((1, 0, 0, 0), 1, [0])
    assert {(p.row, p.column, p.effect) for p in broken.problems} == {(2, "thema", "draft")}
    assert states_before == {"Sprachcafé": "draft"}
    assert counts(again) == (0, 0, 1, 0)
    assert (counts(fixed), states(own_offers(node))) == ((0, 1, 0, 0), {"Sprachcafé": "pending"})
    assert rows_in(node, draft) == [0]


def test_change_that_is_not_fit_to_publish_leaves_the_published_version(node: Node) -> None:
    import_table(node, table(ROW))
    seal(node)

    import_table(node, table(ROW | {"thema": "Quantenphysik"}))

    row = own_offers(node)[0]
    assert (row.state, row.has_draft) == ("published", True)


def test_dry_run_says_the_same_and_writes_nothing(node: Node) -> None:
    dry = import_table(node, SAMPLE.read_bytes(), own_only=True, dry_run=True)

    assert rows_in(node, outbox, imported, draft, staff_note) == [0, 0, 0, 0]
    done = import_table(node, SAMPLE.read_bytes(), own_only=True)
    assert (dry.operation, done.operation) == (0, 1)
    assert dry == msgspec.structs.replace(done, operation=0)


def test_failing_import_leaves_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("node.importing.drafts.save_sources", fail)

    with pytest.raises(OSError, match="disk"):
        import_table(node, table(ROW))

    assert rows_in(node, outbox, imported, draft) == [0, 0, 0]


def test_no_text_of_the_file_is_kept_as_a_trace(node: Node) -> None:
    import_table(node, table(ROW))

    with node.db.read() as conn:
        trace = conn.execute(sa.select(imported)).one()
        key = conn.execute(sa.select(fact.c.value).where(fact.c.name == "import-key")).scalar_one()

    assert (len(trace.key_hash), len(trace.cells), len(key)) == (16, 17 * 8, 64)


def test_reimport_without_traces_adopts_own_offers_instead_of_duplicating(node: Node) -> None:
    import_table(node, SAMPLE.read_bytes(), own_only=True)
    before = {row.id for row in own_offers(node)}
    seal(node)
    with node.db.write() as conn:
        conn.execute(sa.delete(imported))

    result = import_table(node, SAMPLE.read_bytes(), own_only=True)

    assert counts(result) == (0, 0, len(before), 0)
    assert {row.id for row in own_offers(node)} == before
    assert counts(import_table(node, SAMPLE.read_bytes(), own_only=True)) == (0, 0, len(before), 0)


PERSON = "Erika Mustermann"
NAMED = ROW | {"beschreibung": f"Deutsch üben. {PERSON} hilft dabei gern."}


def erased_offer(node: Node) -> bytes:
    import_table(node, table(NAMED))
    seal(node)
    erase(node, PERSON)
    seal(node)
    return bytes.fromhex(own_offers(node)[0].id)


def drop_traces(node: Node) -> None:
    with node.db.write() as conn:
        conn.execute(sa.delete(imported))


@pytest.mark.parametrize("lose", [lambda _: None, drop_traces], ids=["with traces", "without traces"])
def test_reimport_after_an_erasure_does_not_bring_the_person_back(node: Node, lose: Callable[[Node], None]) -> None:
    rid = erased_offer(node)
    lose(node)

    results = [import_table(node, table(row)) for row in (NAMED, NAMED | {"zeiten": "freitags"}, NAMED)]

    assert [counts(result) for result in results] == [(0, 0, 0, 1)] * 3
    assert all(problem.column == "beschreibung" for result in results for problem in result.problems)
    assert [row.id for row in own_offers(node)] == [rid.hex()]
    node.db.scrub()
    assert files_with(node.home, PERSON) == []


def test_cleaned_row_is_taken_again_after_an_erasure(node: Node) -> None:
    rid = erased_offer(node)

    result = import_table(node, table(NAMED | {"beschreibung": "Deutsch üben in kleiner Runde am Abend."}))

    assert counts(result) == (0, 1, 0, 0)
    assert open_offer(node, rid).doc["summary"] == "Deutsch üben in kleiner Runde am Abend."


def many(count: int, **changes: str) -> Sequence[Cells]:
    return [
        ROW
        | {"angebot": f"Angebot {n}", "telefon": f"02366 {n + 100000}", "zeiten": f"Tag {n}", "web": f"a{n}.org"}
        | changes
        for n in range(count)
    ]


def test_five_thousand_rows_take_seconds(tmp_path: Path) -> None:
    node = init_node(tmp_path / "herten", name="herten", ags="05562020", title="Stadt Herten")
    data = table(*many(5000))
    started = time.monotonic()

    first = import_table(node, data)
    again = import_table(node, data)
    moved = import_table(node, table(*many(5000, traeger="Ein anderer Träger")))

    assert (counts(first), counts(again)) == ((5000, 0, 0, 0), (0, 0, 5000, 0))
    assert (counts(moved), moved.missing) == ((0, 5000, 0, 0), 0)
    assert time.monotonic() - started < 60
    close_node(node)


def test_offer_of_the_same_name_made_by_hand_is_adopted(node: Node) -> None:
    rid = save_offer(node, offer("Sprachcafé", providers=[{"name": "Haus der Begegnung"}]))

    result = import_table(node, table(ROW))

    assert counts(result) == (0, 1, 0, 0)
    assert [row.id for row in own_offers(node)] == [rid.hex()]


def test_node_of_an_old_copy_does_not_duplicate_after_recovery(tmp_path: Path) -> None:
    node = init_node(tmp_path / "herten", name="herten", ags="05562020", title="Stadt Herten", dice=SeededDice(1))
    import_table(node, table(ROW))
    close_node(node)

    again = open_node(tmp_path / "herten", dice=SeededDice(2))

    assert counts(import_table(again, table(ROW))) == (0, 0, 1, 0)
    close_node(again)
