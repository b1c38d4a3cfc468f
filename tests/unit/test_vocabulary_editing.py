"""What a district may change in a vocabulary: codes stay, places and labels change, merged terms count as one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import NotFoundError, ParseError, RuleError
from shared.model.offer import OfferDoc
from shared.model.shipped import shipped_vocabularies, shipped_vocabulary
from shared.model.vocabulary import editing
from shared.model.vocabulary.collection import SynonymList, Vocabularies, synonyms_from_builtins
from shared.model.vocabulary.editing import Typed
from shared.model.vocabulary.terms import Vocabulary, checked_vocabulary, vocabulary_from_builtins

TOPIC = shipped_vocabulary("topic")
GROUPS = shipped_vocabulary("target_group")
NAMES = {"en": "Englisch", "tr": "Türkisch"}


def typed(label: str, parent: str = "", checked: tuple[str, ...] = (), **labels: str) -> Typed:
    return Typed(label, labels, frozenset(checked), parent)


def codes(vocabulary: Vocabulary) -> list[str]:
    return [term.code for term in vocabulary.terms]


def texts(before: Vocabulary, after: Vocabulary) -> list[tuple[str, str]]:
    return [(one.label, one.text) for one in editing.differences(before, after, NAMES)]


@pytest.mark.parametrize(
    ("label", "parent", "code"),
    [
        ("Gärten", "", "gaerten"),
        ("Straße & Verkehr", "", "strasse-verkehr"),
        ("Gärten", "freizeit", "freizeit.gaerten"),
        ("Sport!", "", "sport-2"),
        ("العربية", "", "begriff"),
    ],
)
def test_code_is_made_of_the_label_and_new(label: str, parent: str, code: str) -> None:
    assert editing.new_code(TOPIC, label, parent) == code


@given(st.text(min_size=1, max_size=200), st.sampled_from(["", "freizeit"]))
def test_every_label_makes_a_code_that_a_vocabulary_may_have(label: str, parent: str) -> None:
    code = editing.new_code(TOPIC, label, parent)

    value = msgspec.to_builtins(TOPIC)
    value["terms"] = [*value["terms"], {"code": code, "label": "Neu"}]
    assert vocabulary_from_builtins(value).get(code) is not None


def test_new_term_stands_at_the_end_of_those_beside_it() -> None:
    vocabulary, code = editing.add_term(TOPIC, typed("Gärten", "sprache", en="Gardens"))

    at = codes(vocabulary).index(code)
    assert codes(vocabulary)[at - 1] == "sprache.beruf"
    assert vocabulary.label(code, "en") == "Gardens"
    assert texts(TOPIC, vocabulary) == [("Gärten", "neu")]


def test_named_gap_stays_last_and_cannot_be_edited() -> None:
    vocabulary, _ = editing.add_term(GROUPS, typed("Neue Gruppe"))

    if "unbekannt" in codes(GROUPS):
        assert codes(vocabulary)[-1] == "unbekannt"
    with pytest.raises(NotFoundError):
        editing.find_term(shipped_vocabulary("mode"), "unbekannt")


def test_renamed_term_keeps_its_code_and_its_old_name_for_imports() -> None:
    after = editing.change_term(TOPIC, "sport", typed("Bewegung", checked=("en",), en="Exercise"))

    assert codes(after) == codes(TOPIC)
    assert after.find("Sport") == after.find("Bewegung") == after.get("sport")
    assert ("Bewegung", "hieß bisher „Sport“") in texts(TOPIC, after)
    before = TOPIC.label("sport", "en")
    assert ("Bewegung", f"Englisch: „{before}“ → „Exercise“") in texts(TOPIC, after)


def test_untouched_translations_of_a_renamed_term_are_named() -> None:
    after = editing.change_term(TOPIC, "sport", typed("Bewegung", en="Exercise"))

    hints = [one.hint for one in editing.differences(TOPIC, after, NAMES) if one.hint]
    assert hints == ["Unverändert, bitte prüfen: Türkisch."]


def test_name_given_back_leaves_no_trace() -> None:
    there = editing.change_term(TOPIC, "sport", typed("Bewegung"))
    back = editing.change_term(there, "sport", typed("Sport"))

    sport = back.get("sport")
    assert sport is not None
    assert sport.label == "Sport"
    assert back.find("Bewegung") == sport


def test_only_languages_with_a_label_can_be_checked() -> None:
    after = editing.change_term(TOPIC, "sport", typed("Sport", checked=("en", "xx"), en=""))

    sport = after.get("sport")
    assert sport is not None
    assert sport.checked == ()
    assert "en" not in sport.labels


def test_term_with_terms_below_stays_a_main_term() -> None:
    assert editing.possible_parents(TOPIC, "sprache") == ()
    assert "sport" not in {term.code for term in editing.possible_parents(TOPIC, "sport")}
    with pytest.raises(RuleError) as error:
        editing.change_term(TOPIC, "sprache", typed("Deutsch lernen", "sport"))
    assert list(error.value.problems) == ["parent"]


def test_term_moves_below_another() -> None:
    after = editing.change_term(TOPIC, "sport", typed("Sport", "freizeit"))

    assert after.ancestors("sport") == ("freizeit",)
    assert codes(after).index("sport") == codes(after).index("freizeit") + 1
    assert texts(TOPIC, after)[0] == ("Sport", "steht jetzt unter „Freizeit und Begegnung“")


def test_terms_change_places_with_their_neighbours_only() -> None:
    first, last = codes(TOPIC)[0], [term.code for term in TOPIC.offered() if term.parent is None][-1]

    assert editing.move_term(TOPIC, first, up=True) == TOPIC
    assert editing.move_term(TOPIC, last, up=False) == TOPIC or last == "unbekannt"
    moved = editing.move_term(TOPIC, "sprachmittlung", up=True)
    assert codes(moved)[:2] == ["sprachmittlung", "sprache"]
    assert editing.move_term(moved, "sprachmittlung", up=False) == TOPIC
    assert texts(TOPIC, moved) == [("", "Die Reihenfolge der Begriffe ist anders.")]


def test_merged_term_counts_as_the_other_through_several_steps() -> None:
    once = editing.retire_term(TOPIC, "sport", "freizeit")
    twice = editing.retire_term(once, "freizeit", "kultur")
    held = Vocabularies({**shipped_vocabularies(), "topic": twice})

    doc = OfferDoc(id="0" * 32, owner="05562020", topics=("sport", "kultur", "sprache"))
    assert held.current_terms(doc).topics == ("kultur", "sprache")
    assert twice.label("sport", "en") == twice.label("kultur", "en")
    assert "sport" not in {term.code for term in twice.offered()}
    assert texts(TOPIC, once) == [("Sport", "wird zu „Freizeit und Begegnung“")]


def test_offer_whose_terms_are_current_stays_the_same_object() -> None:
    held = Vocabularies({**shipped_vocabularies(), "topic": editing.retire_term(TOPIC, "sport", "freizeit")})
    doc = OfferDoc(id="0" * 32, owner="05562020", topics=("kultur",))

    assert held.current_terms(doc) is doc


def test_retired_term_comes_back_where_it_was() -> None:
    assert editing.restore_term(editing.retire_term(TOPIC, "sport"), "sport") == TOPIC


def test_term_cannot_go_into_itself_or_into_a_retired_one() -> None:
    without = editing.retire_term(TOPIC, "kultur")

    for into in ("sport", "kultur", "nirgends"):
        with pytest.raises(RuleError) as error:
            editing.retire_term(without, "sport", into)
        assert list(error.value.problems) == ["replaced_by"]


def test_earlier_content_keeps_codes_that_came_since() -> None:
    now, code = editing.add_term(TOPIC, typed("Gärten", "sport"))

    back = editing.with_lost_terms(TOPIC, now)

    garden = back.get(code)
    assert garden is not None
    assert garden.retired
    assert back.offered() == TOPIC.offered()


@pytest.mark.parametrize(
    "terms",
    [
        [{"code": "a", "label": "A", "retired": True, "replaced_by": "b"}],
        [{"code": "a", "label": "A", "replaced_by": "b"}, {"code": "b", "label": "B"}],
        [{"code": "a", "label": "A", "retired": True, "replaced_by": "a"}],
        [
            {"code": "a", "label": "A", "retired": True, "replaced_by": "b"},
            {"code": "b", "label": "B", "retired": True, "replaced_by": "a"},
        ],
    ],
)
def test_merging_into_nothing_or_in_a_circle_is_no_vocabulary(terms: list[dict[str, Any]]) -> None:
    value = {**msgspec.to_builtins(TOPIC), "terms": terms}

    with pytest.raises(ParseError):
        vocabulary_from_builtins(value)


def test_mark_differs_with_any_label_and_with_search_words() -> None:
    shipped = shipped_vocabularies()
    renamed = Vocabularies({**shipped, "topic": editing.change_term(TOPIC, "sport", typed("Sport", en="Exercise"))})
    words = Vocabularies(shipped, SynonymList(version=1))

    assert len({shipped.mark, renamed.mark, words.mark, Vocabularies(shipped).mark}) == 3


@pytest.mark.parametrize(
    "value", [None, 1, {"groups": [{"words": []}]}, {"version": -1}, {"groups": [{"words": [""]}]}]
)
def test_search_words_that_do_not_fit_are_refused(value: object) -> None:
    with pytest.raises(ParseError):
        synonyms_from_builtins(value)


@given(st.lists(st.sampled_from(["sport", "kultur", "freizeit", "familie", "sprache.cafe"]), max_size=6), st.data())
def test_whatever_is_done_a_vocabulary_stays_one_and_loses_no_code(steps: list[str], data: st.DataObject) -> None:
    vocabulary = TOPIC
    for code in steps:
        act = data.draw(st.sampled_from(["up", "down", "retire", "merge", "restore", "below"]))
        term = editing.find_term(vocabulary, code)
        try:
            if act in ("up", "down"):
                vocabulary = editing.move_term(vocabulary, code, up=act == "up")
            elif act == "restore":
                vocabulary = editing.restore_term(vocabulary, code)
            elif act == "below":
                vocabulary = editing.change_term(vocabulary, code, typed(term.label, "beratung"))
            else:
                vocabulary = editing.retire_term(vocabulary, code, "wohnen" if act == "merge" else "")
        except RuleError:
            continue

    assert checked_vocabulary(vocabulary).codes() == TOPIC.codes()
    assert all(vocabulary.get(vocabulary.current(code)) is not None for code in TOPIC.codes())


def test_topic_covers_what_stands_below_it_and_what_went_into_it() -> None:
    vocabulary = editing.retire_term(editing.retire_term(TOPIC, "sprache.cafe", "freizeit"), "sport", "sprache.kurs")

    assert vocabulary.covered("sprache") == {"sprache", "sprache.kurs", "sprache.beruf", "sport"}
    assert vocabulary.covered("freizeit") == {"freizeit", "sprache.cafe"}
    assert vocabulary.covered("raumfahrt") == {"raumfahrt"}
