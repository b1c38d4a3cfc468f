"""Many who save at once, and somebody else who keeps SQLite locked: nothing is lost, nothing is half-saved (F3.5)."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from node.editing import own_offers
from node.party import Node
from shared.database import sqlite_module
from tests.support.desk import BROWSER, Desk, add_person, make_desk_node
from tests.support.loopback import app_of, running

NEW = "/pult/angebote/neu"
SAVES = 24


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


def form(name: str) -> dict[str, str]:
    return {"name": name, "summary": "Gemeinsam nähen und Deutsch sprechen.", "topics": "freizeit", "aktion": "sichern"}


def test_saves_at_once_are_all_kept(node: Node) -> None:
    with running(app_of(node)) as url, TestClient(app_of(node)) as inside:
        desk = Desk(node, inside)
        token = desk.be(add_person(node, "rita", "redaktion"))
        together, headers = (
            threading.Barrier(8),
            {**BROWSER, "Origin": url, "Cookie": f"{desk.cookie_name}={desk.cookie}"},
        )

        def save(number: int) -> int:
            if number < 8:
                together.wait(10)
            sent = {"csrf_token": token, **form(f"Nähcafé {number}")}
            return httpx.post(url + NEW, data=sent, headers=headers, timeout=60).status_code

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(save, range(SAVES)))

    assert set(answers) == {303}
    assert sorted(row.title for row in own_offers(node)) == sorted(f"Nähcafé {number}" for number in range(SAVES))


@contextmanager
def locked_by_somebody_else(node: Node) -> Iterator[None]:
    """Another program writes and does not come to an end; the node waits a moment instead of ten seconds."""

    def be_impatient(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    other = sqlite_module().connect(str(node.db.url.database), isolation_level=None)
    sa.event.listen(node.db.engine, "checkout", be_impatient)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
        sa.event.remove(node.db.engine, "checkout", be_impatient)


def test_save_while_the_database_is_locked_is_asked_to_come_back_and_nothing_is_half_saved(node: Node) -> None:
    stream = io.StringIO()
    with TestClient(app_of(node, stream), raise_server_exceptions=False) as client:
        desk = Desk(node, client)
        token = desk.be(add_person(node, "rita", "redaktion"))
        sent: dict[str, object] = {"csrf_token": token, **form("Nähcafé")}

        with locked_by_somebody_else(node):
            refused = desk.post(NEW, sent)
            told = desk.post(NEW, sent, Accept="application/json")
            read = desk.get("/angebote")
            left = own_offers(node)
        again = desk.post(NEW, sent)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert "Bitte versuchen Sie es in einigen Minuten noch einmal." in re.sub(r"\s+", " ", refused.text)
    assert (told.status_code, told.json()["code"]) == (503, "busy")
    assert read.status_code == 200
    assert left == []
    assert again.status_code == 303
    assert [row.title for row in own_offers(node)] == ["Nähcafé"]
    assert {json.loads(line)["action"] for line in stream.getvalue().splitlines()} == {"request_failed"}
