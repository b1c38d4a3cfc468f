"""What people type, send and hold never reaches the log, and no text can forge a line of it (threat T31)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from node.party import Node
from shared.accounts import keeping
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.sessions import Stage
from tests.support.desk import PASSWORD, Desk, add_person, at_desk, make_desk_node
from tests.support.integrators import Program, open_to_loopback
from tests.support.loopback import app_of, close_all, hub_on_disk
from tests.support.world import World

# Behind a secret: a second line that looks like ours, colours and cursor of a terminal, zero byte, other line ends.
FORGERIES = ('\r\n{"action":"forged"}', "\x1b[2J\x1b[31m", "\x00", "\u2028forged", "%0d%0aforged", "\x85", "\x9b31m")


class Planted:
    """Secrets that are told apart, each with something behind it that would break a line."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def next(self, *, is_plain: bool = False) -> str:
        """Return one more secret; a plain one is only letters, for headers and paths."""
        number = len(self.secrets)
        self.secrets.append(f"Geheim{number:03d}wort")
        return self.secrets[-1] + ("" if is_plain else FORGERIES[number % len(FORGERIES)])

    def found_in(self, text: str) -> list[str]:
        """Return which of them stand there, in whatever case."""
        return [secret for secret in self.secrets if secret.casefold() in text.casefold()]


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


def check_lines(text: str, planted: Planted, *, requests: int) -> set[str]:
    """Check that the log is whole lines of ours, at most one a request, without any secret; returns the actions."""
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) <= requests
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
    assert planted.found_in(text) == []
    assert "forged" not in text
    return {json.loads(line)["action"] for line in lines}


def test_secrets_of_people_at_the_desk_reach_no_line(
    node: Node, planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    stream, caught = io.StringIO(), logging.WARNING
    account_id = add_person(node)
    add_person(node, planted.next(is_plain=True), "autor")
    with at_desk(node, stream) as desk, caplog.at_level(caught):
        asked = _knock(desk, planted) + _work(desk, account_id, planted)
        cookie = desk.cookie

    actions = check_lines(stream.getvalue(), planted, requests=asked)
    libraries = "".join(record.getMessage() for record in caplog.records if record.levelno >= caught)
    assert len(planted.secrets) >= 40
    assert {"sign_in_refused", "code_refused"} <= actions
    assert planted.found_in(libraries) == []
    assert cookie is not None
    assert cookie not in stream.getvalue()


def _knock(desk: Desk, planted: Planted) -> int:
    """Names, passwords, links, words, headers of people who are not in; returns how many requests that was."""
    for _ in FORGERIES:
        desk.sign_in(planted.next(), planted.next())
        desk.get(f"/pult/einladung/{quote(planted.next(), safe='')}")
    for name in ("User-Agent", "Referer", "X-Forwarded-For", "Authorization", "Cookie", "Accept-Language", "Forwarded"):
        desk.get("/pult", **{name: planted.next(is_plain=True)})
    desk.get(f"/angebote?q={quote(planted.next())}&plz={quote(planted.next())}")
    desk.get(f"/{quote(planted.next(), safe='')}")
    return 2 * len(FORGERIES) + 9


def _work(desk: Desk, account_id: int, planted: Planted) -> int:
    """Codes, forms and files of somebody who is in; returns how many requests that was."""
    desk.be(account_id, Stage.CODE)
    desk.submit("/pult/anmelden/code", "/pult/anmelden/code", code=planted.next())
    token = desk.be(account_id)
    form = {"name": planted.next(), "summary": planted.next(), "email": planted.next(), "aktion": "sichern"}
    desk.post("/pult/angebote/neu", {"csrf_token": token, **form})
    desk.post("/pult/konto/passwort", {"csrf_token": planted.next(), "old": planted.next()})
    headings = f"Titel;{planted.next(is_plain=True)}\n{planted.next()};{planted.next()}\n"
    for content in (headings.encode("utf-8", "replace"), b"PK\x03\x04" + planted.next().encode()):
        desk.client.post(
            "/pult/einspielen", data={"csrf_token": token}, headers={"Origin": desk.origin},
            files={"datei": (planted.next(is_plain=True) + ".xlsx", content)},
        )  # fmt: skip
    return 6


def test_failure_inside_is_one_line_without_what_was_typed(node: Node, planted: Planted) -> None:
    stream = io.StringIO()
    invited = keeping.add(node.accounts, "erika", Profile("Erika", "leser"), by=COMMAND_LINE)
    token = invited.path.rpartition("/")[2]
    with node.db.write() as conn:
        conn.exec_driver_sql("DROP TABLE login_attempt")
        conn.exec_driver_sql("DROP TABLE invitation")

    with TestClient(app_of(node, stream), raise_server_exceptions=False) as client:
        desk = Desk(node, client)
        answers = [desk.sign_in(planted.next(), planted.next()), desk.get(invited.path)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert len(stream.getvalue().splitlines()) == 2
    assert check_lines(stream.getvalue(), planted, requests=2) == {"request_failed"}
    assert token not in stream.getvalue()
    assert PASSWORD not in stream.getvalue()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    open_to_loopback(hub_on_disk(world, tmp_path), tmp_path)
    yield world
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


def test_keys_and_addresses_of_integrators_reach_no_line(world: World, planted: Planted) -> None:
    stream = io.StringIO()
    with TestClient[Litestar](app_of(world.hub, stream)) as client:
        program = Program(client, world.hub)
        for _ in FORGERIES:
            key = {"Authorization": f"Bearer {planted.next(is_plain=True)}"}
            client.get("/subscribers", headers=key)
            client.post("/subscribers", content=planted.next().encode(), headers=key)
            program.ask("POST", "", {"url": f"https://app.example/{planted.next()}", "description": planted.next()})
        hook = f"https://app.example/{planted.next(is_plain=True)}?token={planted.next(is_plain=True)}"
        made = program.subscribe(hook)

    check_lines(stream.getvalue(), planted, requests=3 * len(FORGERIES) + 1)
    for secret in (program.key, made["secret"].removeprefix("whsec_")):
        assert secret not in stream.getvalue()
