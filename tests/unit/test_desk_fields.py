"""The fields of forms: each is labelled, says what is wrong beside itself, and is found by the summary's link."""

from __future__ import annotations

import pytest

from tests.support.field_sample import PROBLEMS, SAMPLE
from tests.unit.test_web_pages import Outline, make_pages


def render(problems: dict[str, list[str]]) -> str:
    return make_pages(sample=SAMPLE).render("sample.html", problems=problems, csrf_token="x")


@pytest.mark.parametrize("problems", [{}, PROBLEMS], ids=["right", "wrong"])
def test_every_field_has_a_label_and_every_reference_leads_somewhere(problems: dict[str, list[str]]) -> None:
    outline = Outline(render(problems))
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    fields = [attrs for tag in ("input", "select", "textarea") for attrs in outline.find(tag)]
    shown = [attrs for attrs in fields if attrs.get("type") != "hidden"]

    assert len(ids) == len(set(ids))
    assert {attrs["id"] for attrs in shown} <= {label["for"] for label in outline.find("label")}
    described = [attrs["aria-describedby"] or "" for _, attrs in outline.tags if "aria-describedby" in attrs]
    assert set(" ".join(described).split()) <= set(ids)
    links = [a["href"] or "" for a in outline.find("a") if (a["href"] or "").startswith("#feld-")]
    assert {link[1:] for link in links} <= set(ids)
    assert len(links) == sum(len(texts) for texts in problems.values())


def test_wrong_fields_say_so_and_right_ones_do_not() -> None:
    right, wrong = Outline(render({})), Outline(render(PROBLEMS))

    def invalid(outline: Outline) -> set[str | None]:
        return {attrs.get("name") for _, attrs in outline.tags if attrs.get("aria-invalid") == "true"}

    assert invalid(right) == {"from"}
    assert invalid(wrong) == {"title", "from", "body", "kind", "free", "file"}


def test_values_come_back_as_they_were_typed() -> None:
    html = render({})
    outline = Outline(html)

    values = {attrs.get("name"): attrs.get("value") for attrs in outline.find("input")}
    assert values["title"] == 'Kurs "A"'
    assert ">\nEins\n&lt;b&gt;zwei&lt;/b&gt;</textarea>" in html
    chosen = {
        attrs["value"]
        for tag in ("input", "option")
        for attrs in outline.find(tag)
        if {"checked", "selected"} & set(attrs)
    }
    assert chosen == {"rat", "b", "far", "1"}
