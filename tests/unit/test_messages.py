"""Translations: complete, in step with the code, with their placeholders and plurals, and in the right language."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from deploy.messages import LOCALE, TEMPLATE, collect, file_of, format_catalogue, load
from shared.model.shipped import shipped_district, shipped_vocabulary
from shared.model.vocabulary.terms import NAMES
from shared.web.messages import (
    LANGUAGE,
    SOURCE_LANGUAGE,
    catalogue_of,
    locale_of,
    progress_of,
    shipped_languages,
    translate,
    translate_plural,
)
from tests.support.native import placeholders, problems

STARTED = sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/kreisweit.po"))
OFFERED = [tag for tag in shipped_district().languages if tag != SOURCE_LANGUAGE]
PLAIN_VOCABULARIES = [name for name in NAMES if name != "language"]


def messages(language: str) -> list[Message]:
    return [message for message in load(language) if message.id]


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def without_dates(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines() if b"-Date: " not in line]


def test_every_language_of_the_district_has_a_catalogue() -> None:
    assert set(STARTED) == set(OFFERED)
    assert set(shipped_languages()) == {SOURCE_LANGUAGE, *OFFERED}


def test_template_holds_exactly_the_texts_of_the_code() -> None:
    with TEMPLATE.open("rb") as stream:
        written = {ids(message) for message in read_po(stream) if message.id}
    found = {ids(message) for message in collect() if message.id}

    assert sorted(found - written) == sorted(written - found) == [], "make messages"


def test_collecting_again_changes_nothing() -> None:
    template = collect()

    assert without_dates(format_catalogue(template, "")) == without_dates(TEMPLATE.read_bytes()), "make messages"
    for language in STARTED:
        catalogue = load(language)
        catalogue.update(template, no_fuzzy_matching=True)
        assert without_dates(format_catalogue(catalogue, language)) == without_dates(file_of(language).read_bytes())


def test_texts_of_the_desk_are_not_collected() -> None:
    found = {ids(message)[0] for message in collect() if message.id}

    assert "Angebote" in found
    assert "Zum Inhalt springen" in found
    assert "Abmelden" not in found


@pytest.mark.parametrize("language", STARTED)
def test_catalogue_is_complete(language: str) -> None:
    wanted = {ids(message) for message in collect() if message.id}

    assert {ids(message) for message in messages(language)} == wanted
    assert [ids(message)[0] for message in messages(language) if message.fuzzy or not all(forms(message))] == []


@pytest.mark.parametrize("language", STARTED)
def test_plurals_have_the_forms_of_the_language(language: str) -> None:
    catalogue = load(language)
    count = get_plural(locale_of(language))[0]
    choose = gettext.c2py(catalogue.plural_expr)
    category_of = locale_of(language).plural_form

    assert catalogue.num_plurals == count
    assert {len(forms(message)) for message in messages(language) if message.pluralizable} <= {count}
    # Numbers that the language counts alike (Unicode's categories) have one form.
    pairs = {(category_of(number), choose(number)) for number in range(1000)}
    assert len(pairs) == len({category for category, _ in pairs})


@pytest.mark.parametrize("language", STARTED)
def test_placeholders_are_those_of_the_german_text(language: str) -> None:
    wrong = []
    choose = gettext.c2py(load(language).plural_expr)
    for message in messages(language):
        wanted = placeholders(ids(message)[-1])
        for at, form in enumerate(forms(message)):
            # A form that stands for one number alone may say it in a word.
            stands_for = [number for number in range(200) if choose(number) == at] if message.pluralizable else []
            may_lack = {"n"} if len(stands_for) == 1 else set()
            if not set(wanted) - may_lack <= set(placeholders(form)) <= set(wanted):
                wrong.append((ids(message)[0], form))

    assert wrong == []


@pytest.mark.parametrize("language", STARTED)
def test_texts_look_like_the_language(language: str) -> None:
    wrong = [
        (german, form, problem)
        for message in messages(language)
        for form in forms(message)
        for german in [ids(message)[-1]]
        for problem in problems(language, german, form)
    ]

    assert wrong == []


def labels(language: str) -> Iterator[tuple[str, str, str]]:
    for name in PLAIN_VOCABULARIES:
        for term in shipped_vocabulary(name).terms:
            yield f"{name}.{term.code}", term.label, term.labels.get(language, "")


@pytest.mark.parametrize("language", OFFERED)
def test_every_term_has_a_label_that_looks_like_the_language(language: str) -> None:
    found = [(code, text, p) for code, german, text in labels(language) for p in problems(language, german, text)]

    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_labels_tell_terms_apart(name: str) -> None:
    for language in OFFERED:
        terms = [term for term in shipped_vocabulary(name).terms if term.labels]
        texts = [term.labels[language] for term in terms]
        assert len(set(texts)) == len(texts), language
        assert all(set(term.labels) == set(OFFERED) for term in terms)


def test_dari_and_farsi_are_two_languages() -> None:
    farsi, dari = dict(pairs("fa")), dict(pairs("prs"))

    assert sum(farsi[code] != dari[code] for code in farsi) > len(farsi) / 3


def pairs(language: str) -> list[tuple[str, str]]:
    return [(code, text) for code, _, text in labels(language)]


# The checks themselves: each must see what it is there for.


@pytest.mark.parametrize(
    ("language", "german", "text", "problem"),
    [
        ("en", "Angebote", "Angebote", "the same"),
        ("en", "Weitere Angebote", "More Angebote", "German: Angebote"),
        ("pl", "Zurück", "Zurück", "letters"),
        ("ro", "Pagini", "paşi", "letters"),
        ("uk", "Seite", "Cтоpінка", "two scripts"),
        ("uk", "Seite", "Page", "wrong script"),
        ("ru", "Seite", "Сторінка", "letters"),
        ("fa", "Buch", "كتاب", "letters"),
        ("ar", "Fehler?", "خطأ", "ends with"),
        ("tr", "Anzeigen", "Göster.", "ends with"),
        ("tr", "Anzeigen", "<b>Göster</b>", "HTML"),
        ("tr", "Anzeigen", 'Bir "söz"', "quotes"),
        ("tr", "Anzeigen", "Yüzde 5%", "%"),
        ("tr", "Ja", "Evet, bunu gerçekten ve kesinlikle istiyorum", "too long"),
        ("en", "Ja", "", "empty"),
        ("ru", "Ja", "Да ", "spaces"),
        ("de-simple", "x", "Hilfe z.B. hier", "abbreviation"),
        ("de-simple", "x", "Hilfe vom BAMF", "abbreviation"),
        ("de-simple", "x", "Berater*innen", "star"),
    ],
)
def test_check_sees_what_it_is_there_for(language: str, german: str, text: str, problem: str) -> None:
    assert any(problem in found for found in problems(language, german, text))


@pytest.mark.parametrize(
    ("language", "german", "text"),
    [
        ("en", "Sport", "Sport"),
        ("ar", "Was?", "ماذا؟"),
        ("tr", "Öffnen", "Açın"),
        ("bg", "ab 9 Uhr", "от 9 ч."),
    ],
)
def test_check_lets_good_texts_pass(language: str, german: str, text: str) -> None:
    assert list(problems(language, german, text)) == []


def test_text_is_said_in_the_language_of_the_request() -> None:
    token = LANGUAGE.set("ar")
    try:
        assert translate("Angebote") == "العروض"
        assert translate("Das hat niemand übersetzt") == "Das hat niemand übersetzt"
        assert translate("") == ""
        said = [translate_plural("jede %(n)s. Woche", "alle %(n)s Wochen", n) % {"n": n} for n in (1, 2, 3, 11, 100)]
    finally:
        LANGUAGE.reset(token)

    assert said == ["كل أسبوع", "كل أسبوعين", "كل 3 أسابيع", "كل 11 أسبوعًا", "كل 100 أسبوع"]
    assert translate("Angebote") == "Angebote"


def test_no_catalogue_shows_its_own_header() -> None:
    for language in STARTED:
        assert catalogue_of(language).gettext("Angebote") != ""
        assert not re.search("Project-Id", catalogue_of(language).gettext("Angebote"))


def test_nothing_is_reviewed_before_somebody_says_so() -> None:
    assert {progress_of(language).reviewed for language in STARTED} == {0}
    assert {progress_of(language).texts for language in STARTED} == {len([m for m in collect() if m.id])}
    assert progress_of(SOURCE_LANGUAGE).texts == 0
