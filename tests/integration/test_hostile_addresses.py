"""Every public address is asked for nonsense, and for what exists but is nobody's business (T14, T26, T28, T29)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from node import workflow
from node.editing import save_offer
from node.party import Node
from node.workflow import Editor
from tests.support.lone_node import make_member, offer
from tests.support.loopback import app_of, close_all, node_on_disk
from tests.support.searching import give_index
from tests.support.world import VirtualClock, World

# What stands in a path: other ways to write separators and dots, zero bytes, broken text, numbers beyond all bounds.
PARTS = (
    "..%2f..%2fnode.toml", "%2e%2e%2f%2e%2e%2fkeys", "..;/keys", "%00", "x%00.html", "%ff%fe", "%c0%ae%c0%ae",
    "a" * 2000, "9" * 400, "-1", "%0d%0aSet-Cookie:%20a=b", "<script>", "%u002e", "'%20OR%201=1--", "%F0%9F%98%80",
    "x000/000.p/256",
)  # fmt: skip
# What stands in a query, by itself and twice: numbers, text of a database, of a template, of another decoder.
VALUES = (
    "9" * 400, "-1", "1e400", "NaN", "%00", "%ff", "a%00b", "%ED%A0%80", "'%20OR%201=1--", '"', "*", "NEAR(", "%5B%5D",
    "{{7*7}}", "../../etc/passwd", "%0d%0aX:%20y", "🙂" * 50, "[" * 3000, "%E2%80%AE", "2026-13-45",
)  # fmt: skip
NAMES = (
    "q", "page", "per_page", "seite", "after", "wait", "modified_after", "sort", "order", "ordnung", "lang", "plz",
    "tag", "ab", "proximity", "postcode", "taxonomy_term_id", "format", "thema", "x", "full", "minimal", "traeger",
)  # fmt: skip
ENDLESS = {"/events"}
"""Streams that are never over."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", VirtualClock())
    give_index(node, tmp_path)
    yield node
    node.outputs.reader.close()
    node.finder.close()
    node.db.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    node = node_on_disk(world, "herten", tmp_path)
    yield world
    node.outputs.reader.close()
    node.finder.close()
    close_all(world)


@pytest.fixture
def client(node: Node) -> Iterator[TestClient[Litestar]]:
    with asking(node) as client:
        yield client


@contextmanager
def asking(node: Node) -> Iterator[TestClient[Litestar]]:
    """A visitor of a node behind https."""
    with TestClient(app_of(node), base_url="https://herten.example") as client:
        client.follow_redirects = False
        yield client


def public_paths(node: Node) -> list[str]:
    """Every path that is read without signing in."""
    found = {str(route.path) for route in app_of(node).routes if "GET" in getattr(route, "methods", ())}
    return sorted(path for path in found - ENDLESS if not path.startswith("/pult"))


def test_nonsense_in_an_address_is_refused_or_ignored_and_leads_nowhere_else(
    node: Node, client: TestClient[Litestar]
) -> None:
    parts, values, names = itertools.cycle(PARTS), itertools.cycle(VALUES), itertools.cycle(NAMES)
    paths, wrong = public_paths(node), []
    for path in paths:
        for _ in range(2):
            where = re.sub(r"\{[^}]*\}", lambda _: next(parts), path)
            query = "&".join(f"{next(names)}={next(values)}" for _ in range(2))
            answer = client.get(f"{where}?{query}&{query}&wait=0")
            target = urljoin("https://herten.example/", answer.headers.get("location", ""))
            if answer.status_code >= 500 or "set-cookie" in answer.headers or "x" in answer.headers:
                wrong.append(f"{answer.status_code} {where}?{query}")
            if urlsplit(target).netloc != "herten.example":
                wrong.append(f"{where} leads to {target}")

    assert len(paths) > 60
    assert wrong == []


def test_no_file_beside_those_that_are_given_out_is_read(node: Node, client: TestClient[Litestar]) -> None:
    secret = next(path for path in node.home.rglob("*") if path.is_file() and "key" in path.name)
    inside = secret.relative_to(node.home).as_posix()
    ways = [
        f"{up * depth}{inside}" for up in ("../", "..%2f", "%2e%2e/", "..%5c", ".%2e/", "..%c0%af", "..%252f")
        for depth in (1, 2, 3, 6)
    ]  # fmt: skip
    ways += [
        secret.as_posix(),
        f"/{secret.as_posix()}",
        f"file:{secret.as_posix()}",
        f"{inside}%00",
        "tile/../../" + inside,
    ]

    answers = [client.get(prefix + way) for prefix in ("/feed/g1/", "/mirror/", "/static/", "/roster/") for way in ways]

    assert {answer.status_code for answer in answers} <= {400, 404}
    assert all(secret.read_bytes()[:40] not in answer.content for answer in answers)


def test_draft_is_answered_like_an_id_that_never_was(world: World, tmp_path: Path) -> None:
    node = world.nodes["herten"]
    shown = save_offer(node, offer("Öffentliches Angebot"))
    world.settle()
    workflow.save_draft(node, Editor("Ayla"), offer("Geheimer Nachtrag"), shown)
    draft = workflow.save_draft(node, Editor("Ayla"), offer("Geheimer Entwurf")).id.hex()
    give_index(node, tmp_path)
    paths = [path for path in public_paths(node) if re.search(r"\{(?:rid|key):str\}", path)]
    lists = ("/angebote", "/catalog.ndjson", "/changes", f"/angebote/{shown.hex()}")

    with asking(node) as client:
        answers = {path: [_told(client, path, rid) for rid in (draft, "0" * 31 + "1")] for path in paths}
        texts = [client.get(path).text for path in lists]

    assert len(paths) >= 8
    for path, (about_draft, about_nothing) in answers.items():
        assert about_draft == about_nothing, path
        assert about_draft[0] == 404, path
    for text in texts:
        assert "Öffentliches Angebot" in text
        assert "Geheim" not in text
        assert draft not in text


def _told(client: TestClient[Litestar], path: str, rid: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of an answer, without the id that was asked for."""
    answer = client.get(re.sub(r"\{[^}]*\}", rid, path), headers={"Accept": "text/html"})
    return answer.status_code, answer.text.replace(rid, "ID"), dict(answer.headers)
