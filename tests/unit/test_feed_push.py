"""Push: the grammar of body and answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.push import (
    Holding,
    PayloadPart,
    PushAnswer,
    PushBody,
    SourcePart,
    format_answer,
    format_push,
    parse_answer,
    parse_push,
)

ORIGIN = "herten.kreisweit.example/feed/g1"
texts = st.text('abc \n"\\ü—\U0001f600', max_size=20).map(str.encode)
origins = st.text("abz09", min_size=1, max_size=8).map(lambda host: f"{host}.example/feed/g1")
sizes = st.integers(0, 10**15)
holdings = st.lists(
    st.builds(Holding, origins, sizes, st.binary(min_size=32, max_size=32)), max_size=4, unique_by=lambda h: h.origin
).map(lambda found: tuple(sorted(found, key=lambda holding: holding.origin)))
states = st.sampled_from(["live", "recovering"])
sources = st.builds(SourcePart, origins, sizes, texts, st.lists(st.binary(max_size=30), max_size=4).map(tuple))
bodies = st.builds(
    PushBody,
    note=texts,
    state=states,
    roster_version=sizes,
    holdings=holdings,
    rosters=st.lists(texts, max_size=2).map(tuple),
    sources=st.lists(sources, max_size=2).map(tuple),
    payloads=st.lists(st.builds(PayloadPart, origins, texts), max_size=2).map(tuple),
)
wants = st.dictionaries(origins, sizes, max_size=3).map(lambda found: tuple(sorted(found.items())))
answers = st.builds(PushAnswer, state=states, roster=sizes, sources=holdings, wants=wants)

BODY = PushBody(b"note\n", "live", 3, (Holding(ORIGIN, 5, bytes(32)),))
GOOD = format_push(BODY)


@given(bodies)
def test_bodies_round_trip(body: PushBody) -> None:
    assert parse_push(format_push(body)) == body


@given(answers)
def test_answers_round_trip(answer: PushAnswer) -> None:
    data = format_answer(answer)

    assert parse_answer(data) == answer
    assert format_answer(parse_answer(data)) == data


def test_the_body_is_written_as_the_protocol_shows_it() -> None:
    assert GOOD.decode() == (
        '{"note":"note\\n"}\n'
        '{"state":"live","roster":3,"holdings":'
        f'[["{ORIGIN}",5,"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]]}}\n'
    )


def test_parts_may_come_in_any_order_after_the_second_line() -> None:
    part = SourcePart(ORIGIN, 0, b"c", (b"e",))
    whole = format_push(
        PushBody(b"", "live", 1, rosters=(b"r",), sources=(part,), payloads=(PayloadPart(ORIGIN, b"{}"),))
    )
    lines = whole.splitlines(keepends=True)

    assert parse_push(b"".join([*lines[:2], *lines[:1:-1]])) == parse_push(whole)


def test_other_spacing_is_read() -> None:
    spaced = GOOD.replace(b'":', b'" : ').replace(b",", b" , ")

    assert spaced != GOOD
    assert parse_push(spaced) == BODY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"note"', b'"nota"'),
        (b'"note\\n"', b"null"),
        (b'"live"', b'"LIVE"'),
        (b'"live"', b"null"),
        (b'"roster":3', b'"roster":3.0'),
        (b'"roster":3', b'"roster":"3"'),
        (b'"roster":3', b'"roster":3,"more":1'),
        (b",5,", b",-5,"),
        (b",5,", b',"5",'),
        (b",5,", b",5,5,"),
        (b"AAA=", b"AAB="),
        (b"AAA=", b"AAA"),
        (b"herten", b"Herten"),
        (b"herten", b"https://herten"),
        (b'[["', b'[[["'),
        (b"}\n{", b"}{"),
        (b"}\n{", b"}\n\n{"),
        (b"}\n{", b"}\r\n\xc2\xa0{"),
        (b"]]}\n", b"]]}"),
        (b"live", b"l\xffve"),
    ],
)
def test_other_bodies_are_refused(old: bytes, new: bytes) -> None:
    assert old in GOOD

    with pytest.raises(ParseError):
        parse_push(GOOD.replace(old, new))


def test_a_holding_stands_once() -> None:
    twice = PushBody(b"", "live", 1, (Holding(ORIGIN, 5, bytes(32)), Holding(ORIGIN, 6, bytes(32))))

    with pytest.raises(ParseError, match="twice"):
        parse_push(format_push(twice))


def test_pushes_over_8_mib_are_neither_written_nor_read() -> None:
    entries = tuple([bytes(2000)] * 4000)
    body = PushBody(b"", "live", 1, sources=(SourcePart(ORIGIN, 0, b"", entries),))

    with pytest.raises(ParseError) as written:
        format_push(body)
    with pytest.raises(ParseError) as read:
        parse_push(b" " * (limits.PUSH_MAX_BYTES + 1))

    assert (written.value.code, read.value.code) == ("E_OVERSIZE", "E_OVERSIZE")


def test_a_push_only_members_full_checkpoint_fits() -> None:
    entries = tuple([bytes(200)] * limits.PUSH_ENTRIES_MAX)
    body = PushBody(b"", "live", 1, sources=(SourcePart(ORIGIN, 0, b"", entries),))

    assert len(parse_push(format_push(body)).sources[0].entries) == limits.PUSH_ENTRIES_MAX


def test_bytes_that_are_no_text_cannot_be_pushed() -> None:
    with pytest.raises(ParseError, match="not UTF-8"):
        format_push(PushBody(b"", "live", 1, payloads=(PayloadPart(ORIGIN, b"\xff"),)))


def test_answers_are_written_sorted() -> None:
    answer = PushAnswer(
        "live",
        2,
        (Holding("b.example/feed/g1", 1, bytes(32)), Holding("a.example/feed/g1", 2, bytes(32))),
        (("b.example/feed/g1", 1), ("a.example/feed/g1", 0)),
    )

    lines = format_answer(answer).decode().splitlines()

    assert [line.rsplit(" ", 1)[0].split("/")[0] for line in lines] == [
        "state", "roster", "source a.example", "source b.example", "want a.example", "want b.example",
    ]  # fmt: skip
    assert parse_answer(format_answer(answer)).holding("a.example/feed/g1") == answer.sources[1]
    assert answer.holding("c.example/feed/g1") is None


def test_an_answer_with_a_source_twice_is_not_written() -> None:
    with pytest.raises(ParseError):
        format_answer(PushAnswer("live", 1, (Holding(ORIGIN, 5, bytes(32)), Holding(ORIGIN, 6, bytes(32)))))


@given(st.text("state live\nroster 12source want/", max_size=40).map(lambda tail: f"state live\nroster 1\n{tail}"))
def test_answers_that_are_accepted_keep_their_lines(text: str) -> None:
    try:
        answer = parse_answer(text.encode())
    except ParseError:
        return
    assert sorted(format_answer(answer).decode().splitlines()) == sorted(text.splitlines())
