"""Every route of the desk is sent nonsense: whatever a form or an address holds, nobody gets an internal error."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node import workflow
from node.editing import save_offer
from node.party import Node
from node.workflow import Editor
from shared.web.desk.guard import desk_routes
from tests.support.desk import Desk, add_person, at_desk, make_desk_node
from tests.support.lone_node import offer
from tests.support.loopback import app_of

ROUNDS = 12
NASTY = (
    "", " ", "0", "-1", "1e400", "9" * 400, "ja", "nein", "null", "\x00", "a\x00b", "\u202e", "\ud7ff", "😀" * 50,
    "<script>alert(1)</script>", "'; DROP TABLE draft; --", "../../etc/passwd", "%00", "{{7*7}}", "https://",
    "http://[::1", "javascript:alert(1)", "a@b", "2026-13-45", "31.2.2026", "=1+1", "x" * 9000, "\n" * 200, "zeile:",
    "zeile:x", "autosave", "veroeffentlichen", "freigabe", "zurueckziehen", "thema", "geprueft", "0.0.0",
    "18446744073709551616", "ﷺ" * 300,
)  # fmt: skip


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


def test_nonsense_ends_in_no_internal_error(node: Node) -> None:
    dice = random.Random(20261126)
    ids = [save_offer(node, offer(f"Angebot {n}")).hex() for n in range(3)]
    ids.append(workflow.save_draft(node, Editor("Ayla"), {"name": "Entwurf"}).id.hex())
    wrong: list[str] = []
    with at_desk(node) as desk:
        account_id = add_person(node)
        names = _field_names(desk, account_id, ids)
        for path, method, _ in desk_routes(app_of(node)):
            for _ in range(ROUNDS if "abmelden" not in path else 1):
                token = desk.be(account_id)
                where = _path(dice, path, ids)
                if method == "GET":
                    query = {dice.choice(names): _value(dice) for _ in range(dice.randint(0, 4))}
                    answer = desk.client.get(where, params=query)
                else:
                    answer = desk.post(where, {"csrf_token": token, **_form(dice, names, ids)})
                if answer.status_code >= 500:
                    wrong.append(f"{method} {path}: {answer.status_code}")

    assert wrong == []


def _field_names(desk: Desk, account_id: int, ids: list[str]) -> list[str]:
    """Every name of a field that the pages of the desk have."""
    found: set[str] = {"q", "seite", "weiter", "alle", "sicher", "grund", "neues_thema", "hinweis"}
    desk.be(account_id)
    for path, method, _ in desk_routes(app_of(desk.node)):
        if method == "GET" and "abmelden" not in path:
            page = desk.get(re.sub(r"\{rid[^}]*\}", ids[0], path)).text
            found |= {name for name in re.findall(r'name="([^"]+)"', page) if name != "csrf_token"}
    return sorted(found)


def _path(dice: random.Random, path: str, ids: list[str]) -> str:
    odd = ["0", "1", "999999999999999999999", "x", "%00", "%ff", "..%2f", "a" * 300]
    known = [*ids, "0" * 32, "f" * 31, *odd]
    return re.sub(r"\{([a-z_]+)[^}]*\}", lambda m: dice.choice(known if m[1] == "rid" else odd), path)


def _value(dice: random.Random) -> str:
    return dice.choice(NASTY).encode("utf-8", "replace").decode()


def _form(dice: random.Random, names: list[str], ids: list[str]) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for name in dice.sample(names, min(len(names), dice.randint(1, 40))):
        form[name] = [_value(dice) for _ in range(dice.randint(1, 3))] if dice.random() < 0.2 else _value(dice)
    if dice.random() < 0.5:
        form["angebot"] = dice.sample(ids, 2)
    return form
