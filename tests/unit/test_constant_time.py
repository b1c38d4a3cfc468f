"""No secret is compared letter by letter (threat T34).

What is asked for by a secret (sessions, invitations, links, keys) is found by its hash, so that the time of an answer
says something about a hash that nobody can steer.  What is compared directly goes through `hmac.compare_digest`.  A
measurement of times would say less on a shared machine than reading the code does.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hub.store.migrate import hub_metadata
from node.store.migrate import node_metadata

ROOMS = ("shared", "node", "hub")
PROJECT = Path(__file__).resolve().parents[2]
_SECRET = re.compile(r"(?:^|_)(?:token|secret|mac|passphrase|password|csrf|otp|signature|api_key)$")
# Both sides were typed by the same person in one form.
KNOWN = {("shared/accounts/keeping.py", "password != repeated")}
# Kept readable since something is made with them: codes of telephones, signatures of webhooks (with the last one).
READABLE = {("account", "totp_secret"), ("subscriber", "secret"), ("subscriber", "old_secret")}


def compared_secrets(source: str) -> list[str]:
    """Return the comparisons by == and != in which a name of a secret stands, except with a constant."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, *node.comparators]
        names = [side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", "") for side in sides]
        if any(_SECRET.search(name) for name in names) and not any(isinstance(side, ast.Constant) for side in sides):
            found.append(ast.unparse(node))
    return found


def test_no_secret_is_compared_letter_by_letter() -> None:
    sources = {path.relative_to(PROJECT).as_posix(): path for room in ROOMS for path in (PROJECT / room).rglob("*.py")}

    found = {(name, compared) for name, path in sources.items() for compared in compared_secrets(path.read_text())}

    assert len(sources) > 300
    assert found == KNOWN


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("if token == row.token: pass", True), ("ok = a.session_token != given", True), ("x = mac == b", True),
        ("if token == '': pass", False), ("hmac.compare_digest(token, given)", False), ("tokens == 3", False),
    ],
)  # fmt: skip
def test_comparison_of_a_secret_is_noticed(source: str, is_found: bool) -> None:
    assert bool(compared_secrets(source)) is is_found


def test_secrets_that_only_have_to_be_recognised_are_stored_as_hashes() -> None:
    tables = {*node_metadata().tables.values(), *hub_metadata().tables.values()}
    columns = {(table.name, column.name) for table in tables for column in table.columns}

    readable = {(table, name) for table, name in columns if _SECRET.search(name) and not name.endswith("_hash")}

    assert len([name for _, name in columns if name.endswith("_hash")]) >= 8
    assert readable == READABLE
