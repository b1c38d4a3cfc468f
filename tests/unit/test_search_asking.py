"""A question survives its URL, and equal questions have equal URLs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.model.hours import DAYS
from shared.search.asking import ORDERS, PARTS, Asked, format_asked, parse_asked

CODES = st.lists(st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,10}", fullmatch=True), max_size=4, unique=True).map(
    lambda codes: tuple(sorted(codes))
)


def some_of(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(lambda chosen: tuple(value for value in values if value in chosen))


QUESTIONS = st.builds(
    Asked,
    words=st.sampled_from(["", "sprachkurs", "دورة لغة", "a&b=c", "50% #"]),
    cities=CODES, topics=CODES, open_to=CODES, especially=CODES, languages=CODES, modes=CODES, offer_types=CODES,
    providers=CODES, days=some_of(DAYS), parts=some_of(PARTS), is_free=st.booleans(),
    needs_no_registration=st.booleans(), accessible=st.booleans(), age=st.none() | st.integers(0, 120),
    postcode=st.just("45770"), kilometres=st.none() | st.integers(1, 50), order=st.sampled_from(["", *ORDERS]),
    page=st.integers(1, 1000),
)  # fmt: skip


@given(QUESTIONS)
def test_question_survives_its_url(asked: Asked) -> None:
    assert parse_asked(format_asked(asked)) == asked


@given(QUESTIONS, st.randoms())
def test_order_of_the_query_says_nothing(asked: Asked, dice: object) -> None:
    pairs = format_asked(asked)
    dice.shuffle(pairs)  # type: ignore[attr-defined]

    assert format_asked(parse_asked(pairs)) == format_asked(asked)


@given(st.lists(st.tuples(st.sampled_from(["q", "stadt", "km", "plz", "alter", "seite", "x"]), st.text(max_size=30))))
def test_nothing_that_stands_in_a_query_is_an_error(pairs: list[tuple[str, str]]) -> None:
    asked = parse_asked(pairs)

    assert parse_asked(format_asked(asked)) == asked
