"""What the start page and the result page make of answers; the answers are made by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from shared.database import Database
from shared.holdings.catalogue import Shown
from shared.model.offer import OfferDoc, offer_from_builtins, offer_to_builtins, source_sha256
from shared.model.parts import Schedule
from shared.model.shipped import shipped_district
from shared.search.asking import Asked
from shared.search.found import Answer, Count, Hit, Reason, Step
from shared.web.messages import LANGUAGE
from shared.web.offer_words import Words
from shared.web.pages import Pages, Shell
from shared.web.public.cards import HitCard, hit_cards, reasons_in_words
from shared.web.public.face import Face, Office, Remark, Texts
from shared.web.public.filters import chips, flags, groups, next_steps
from shared.web.public.question import QuestionWords
from shared.web.public.results import show_results
from shared.web.public.short_times import short_times
from shared.web.public.start import lay_out_start
from tests.support.lone_node import offer
from tests.support.world import VirtualClock

WORDS = Words(shipped_district())
NAMES = QuestionWords(WORDS)
RID = bytes.fromhex("0a" * 16)


def make_pages() -> Pages:
    return Pages(Shell("Stadt Herten", "Kreis Recklinghausen"), VirtualClock())


def make_face(own_city: str = "herten") -> Face:
    """A face for views that ask neither the database nor the finder."""
    return Face(
        member=own_city or "hub", own_city=own_city, db=Database("sqlite://"), clock=VirtualClock(), pages=make_pages(),
        words=WORDS, finder=None, public_url="https://herten.example", said=lambda: None,  # type: ignore[arg-type]
        hides=lambda _: False, texts=lambda: Texts(office=Office("KIM Herten", phone="02366 303000")),
        remarks=lambda: [Remark("info", "Hinweis")], take_hint=None, site_of=lambda _: "",  # type: ignore[arg-type]
    )  # fmt: skip


@contextmanager
def speaking(language: str) -> Iterator[None]:
    token = LANGUAGE.set(language)
    try:
        yield
    finally:
        LANGUAGE.reset(token)


def doc_of(**fields: object) -> OfferDoc:
    given = offer("Sprachkurs", **fields) | {"id": RID.hex(), "owner": "05562020"}
    return offer_from_builtins(given)


def card_of(hit: Hit | None = None, doc: OfferDoc | None = None) -> HitCard:
    body = msgspec.json.encode({"doc": offer_to_builtins(doc or doc_of()), "salt": "A" * 43})
    hit = hit or Hit(RID, "herten")
    shown = {(hit.member, RID): Shown(hit.member, RID, "offer", 0, "Sprachkurs", b"", body, True)}
    return hit_cards([hit], shown, WORDS)[0]


def answer_of(asked: Asked | None = None, **fields: Any) -> Answer:
    given: dict[str, Any] = {"asked": asked or Asked(), "hits": (), "total": 0, "page": 1, "pages": 1, **fields}
    return Answer(**given)


def page_of(answer: Answer, cards: Sequence[HitCard] = (), **changes: Any) -> str:
    face = make_face()
    view = replace(show_results(answer, cards, face, NAMES), **changes)
    return face.pages.render(
        "public/results.html", view=view, office=face.texts().office, remarks=face.remarks(), canonical=view.url
    )


# --- filters ----------------------------------------------------------------------------------------------------------


def counts(**fields: Sequence[tuple[str, int]]) -> Mapping[str, tuple[Count, ...]]:
    return {name: tuple(Count(value, number) for value, number in pairs) for name, pairs in fields.items()}


def test_value_that_would_leave_nothing_is_shown_only_while_it_is_chosen() -> None:
    given = {"topics": (Count("sprache", 4), Count("sport", 0), Count("kultur", 0, is_on=True))}

    (group,) = groups(given, WORDS, NAMES)

    assert [(value.label, value.number, value.is_on) for value in group.values] == [
        ("Deutsch lernen", 4, False),
        ("Kultur", 0, True),
    ]


def test_values_stand_in_the_order_in_which_people_read_them() -> None:
    given = counts(
        topics=[("sport", 9), ("sprache.kurs", 1), ("sprache", 2)],
        days=[("SU", 1), ("MO", 1)],
        cities=[("marl", 1), ("kreis", 1), ("datteln", 9)],
    )

    found = {group.key: [value.value for value in group.values] for group in groups(given, WORDS, NAMES)}

    assert found == {
        "thema": ["sprache", "sprache.kurs", "sport"],
        "tag": ["mo", "so"],
        "stadt": ["datteln", "kreis", "marl"],
    }


def test_named_gap_is_no_value_to_choose() -> None:
    assert groups(counts(offer_types=[("unbekannt", 7)]), WORDS, NAMES) == []


def test_flag_without_offers_is_left_out() -> None:
    found = flags(counts(is_free=[("ja", 3)], accessible=[("ja", 0)]), NAMES)

    assert [(key, value.label, value.number) for key, value in found] == [("kostenfrei", "kostenfrei", 3)]


def test_chip_leads_to_the_question_without_its_value() -> None:
    asked = Asked(
        topics=("sport", "sprache"), days=("TU",), is_free=True, postcode="45770", kilometres=5, order="naehe"
    )

    found = {chip.text: chip.url for chip in chips(asked, NAMES, make_pages())}

    rest = "&kostenfrei=ja&plz=45770&km=5&ordnung=naehe"
    assert found == {
        "Thema: Sport": f"/angebote?thema=sprache&tag=di{rest}",
        "Thema: Deutsch lernen": f"/angebote?thema=sport&tag=di{rest}",
        "Tag: Dienstag": "/angebote?thema=sport&thema=sprache" + rest,
        "kostenfrei": "/angebote?thema=sport&thema=sprache&tag=di&plz=45770&km=5&ordnung=naehe",
        "Umkreis: 5 km um 45770": "/angebote?thema=sport&thema=sprache&tag=di&kostenfrei=ja",
    }


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step(Asked(), 3, dropped=("days",)), "Alle Angebote"),
        (Step(Asked(is_free=True), 3, dropped=("days",)), "Ohne „Dienstag“"),
        (Step(Asked(is_free=True), 3, dropped=("days", "topics")), "Ohne „Dienstag“ und „Sport“"),
        (Step(Asked(is_free=True), 3, dropped=("words",)), "Ohne „kurs“"),
        (Step(Asked(postcode="45770", kilometres=10), 5, changed=("kilometres",)), "Im Umkreis von 10 km"),
        (
            Step(Asked(postcode="45770", kilometres=10), 5, dropped=("days",), changed=("kilometres",)),
            "Im Umkreis von 10 km, ohne „Dienstag“",
        ),
        (Step(Asked(is_free=True), 5, dropped=("kilometres",)), "Ohne „5 km um 45770“"),
        (Step(Asked(words="kurs", is_free=True), 5, changed=("words",)), "Nur „kurs“"),
        (Step(Asked(words="kurs"), 5, dropped=("days",), changed=("words",)), "Nur „kurs“, ohne Filter"),
    ],
)
def test_next_step_says_what_it_leaves_out(step: Step, text: str) -> None:
    asked = Asked(words="kurs", days=("TU",), topics=("sport",), postcode="45770", kilometres=5, is_free=True)

    (found,) = next_steps(asked, [step], NAMES, make_pages())

    assert (found.text, found.total) == (text, step.total)


# --- cards ------------------------------------------------------------------------------------------------------------


def translation(doc: OfferDoc, **fields: str) -> OfferDoc:
    texts = {"name": "دورة لغة", "state": "aktuell", "source_sha256": source_sha256(doc), **fields}
    return offer_from_builtins(offer_to_builtins(doc) | {"translations": {"ar": texts}})


def test_card_is_in_the_language_of_the_page_where_the_offer_is() -> None:
    with speaking("ar"):
        card = card_of(doc=translation(doc_of()))

    assert (card.title.text, card.title.lang) == ("دورة لغة", "")
    assert card.summary.lang == "de"


def test_machine_translation_says_so() -> None:
    with speaking("ar"):
        assert card_of(doc=translation(doc_of(), origin="machine")).translation_note == "ترجمة آلية"


@pytest.mark.parametrize("language", ["ar", "en"])
def test_unfinished_or_missing_translation_leaves_the_german_text(language: str) -> None:
    with speaking(language):
        card = card_of(doc=translation(doc_of(), state="in_arbeit"))

    assert (card.title.text, card.title.lang) == ("Sprachkurs", "de")


def test_card_names_all_cities_of_a_cluster_once() -> None:
    card = card_of(Hit(RID, "herten", others=(("marl", b"1" * 16), ("herten", b"2" * 16))))

    assert card.publishers == ["Stadt Herten", "Stadt Marl"]


def test_card_says_town_and_distance() -> None:
    doc = doc_of(locations=[{"city": "Marl"}, {"city": "Marl"}, {"city": "Herten"}])

    card = card_of(Hit(RID, "herten", kilometres=2.345), doc)

    assert (card.place, card.kilometres) == ("Marl und 1 weiterer Ort", "2,3 km")


def test_badges_say_only_what_is_known() -> None:
    assert card_of().badges == []
    place = {"city": "Marl", "accessibility": {"stufenlos": True}}
    given = doc_of(is_free=True, access=["offen"], mode=["online"], locations=[place])
    assert card_of(doc=given).badges == ["kostenfrei", "ohne Anmeldung", "online", "barrierefrei"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("kurs", "title", "word"), "gefunden: Titel"),
        (Reason("deutsch", "topic", "word", "sprache"), "Thema „Deutsch lernen“"),
        (Reason("kurs", "topic", "part", "integrationskursen"), "gefunden: Thema"),
        (Reason("deutschkurs", "title", "synonym", "sprachkurs"), "„deutschkurs“ → „sprachkurs“"),
        (Reason("course", "topic", "language", "sprache.kurs"), "„course“ → „Sprach- und Integrationskurs“"),
        (Reason("kurss", "title", "typo", "kurs"), "„kurss“ → „kurs“"),
    ],
)
def test_reason_in_words(reason: Reason, text: str) -> None:
    assert reasons_in_words([reason, reason], WORDS) == [text]


def test_hours_are_isolated_and_equal_ones_stand_together() -> None:
    slots = [
        Schedule(byday=("WE",), opens_at="09:00", closes_at="12:00"),
        Schedule(byday=("MO",), opens_at="09:00", closes_at="12:00"),
        Schedule(byday=("-1TH",), opens_at="14:00"),
    ]

    assert short_times(slots) == "Mo, Mi 09:00–12:00 Uhr; letzter Do im Monat ab 14:00 Uhr"
    with speaking("ar"):
        assert '<bdi dir="ltr">09:00–12:00</bdi>' in short_times(slots)


# --- pages ------------------------------------------------------------------------------------------------------------


def test_result_page_has_every_filter_as_a_field_of_one_form() -> None:
    text = page_of(answer_of(Asked(topics=("sprache",)), total=1, counts={
        "topics": (Count("sprache", 1, is_on=True),), "days": (Count("TU", 1),), "is_free": (Count("ja", 1),),
    }), [card_of()])  # fmt: skip

    fields = re.findall(r'<(?:input|select)[^>]* name="([a-z-]+)"', text)
    assert fields == ["q", "kostenfrei", "plz", "km", "thema", "tag", "alter", "ordnung"]
    assert re.search(r'id="thema-sprache"[^>]* checked', text)
    assert '<div id="anzahl" role="status"><h1>1 Angebot</h1></div>' in text


def test_page_without_offers_names_steps_and_whom_to_ask() -> None:
    step = Step(Asked(is_free=True), 3, dropped=("days",))
    text = page_of(answer_of(Asked(days=("TU",), is_free=True), steps=(step,), corrections=(("kurss", "kurs"),)))

    assert "Keine Angebote gefunden" in text
    assert '<a href="/angebote?kostenfrei=ja">Ohne „Dienstag“</a> <span class="kw-muted">3 Angebote</span>' in text
    assert "Gesucht wurde „kurs“" in text
    assert "02366 303000" in text


def test_pages_keep_the_question() -> None:
    text = page_of(answer_of(Asked(words="kurs & mehr", page=2), total=50, page=2, pages=3), [card_of()])

    assert 'rel="prev" href="/angebote?q=kurs%20%26%20mehr"' in text
    assert 'rel="next" href="/angebote?q=kurs%20%26%20mehr&amp;seite=3"' in text
    assert "50 Angebote für „kurs &amp; mehr“" in text


def test_hostile_words_stay_words() -> None:
    assert "<script>alert" not in page_of(answer_of(Asked(words="<script>alert(1)</script>"), total=1), [card_of()])


def test_start_page_puts_the_own_city_first_and_the_most_used_topic_before_others() -> None:
    topics = [("sprache", 2), ("sprache.kurs", 2), ("sport", 7)]
    everywhere = answer_of(total=9, counts=counts(topics=topics, cities=[("marl", 5), ("kreis", 4)]))

    view = lay_out_start(make_face(), everywhere, answer_of(total=3, counts=counts(topics=[("sprache", 1)])))

    assert [(tile.text, tile.total, tile.own) for tile in view.topics] == [("Sport", 7, 0), ("Deutsch lernen", 2, 1)]
    assert view.own is not None
    assert (view.own.text, view.own.total, view.own.url) == ("Herten", 3, "/angebote?stadt=herten")
    assert view.cities == 1


def test_start_page_of_the_hub_has_no_own_city() -> None:
    view = lay_out_start(make_face(""), answer_of(total=1, counts=counts(topics=[("sport", 1)])), None)

    assert view.own is None
    assert view.topics[0].own is None


@pytest.mark.parametrize("language", ["de", "ar", "ru"])
@pytest.mark.parametrize("total", [1, 2, 11])
def test_start_page_counts_in_every_language(language: str, total: int) -> None:
    answer = answer_of(total=total, counts=counts(topics=[("sport", total)], cities=[("marl", total)]))
    with speaking(language):
        face = make_face()
        text = face.pages.render(
            "public/start.html", view=lay_out_start(face, answer, answer), texts=face.texts(), remarks=(), canonical="/"
        )

    if language == "de":
        assert f">{total} {'Angebot' if total == 1 else 'Angebote'} in Herten<" in text
    assert 'href="/angebote?thema=sport"' in text
