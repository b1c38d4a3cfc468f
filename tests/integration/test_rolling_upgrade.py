"""A newer program takes the place of the older one, party by party: everybody exchanges everything all the while.

The newer program is this one with what a next version brings: another number, a further migration in both rooms, a
field of offers that the older one does not know.  KREISWEIT_TEST_ROLLING=all goes through all eleven nodes.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.federation import Federation, is_level
from hub.store.migrate import migrations as hub_migrations
from node.store.migrate import migrations as node_migrations
from shared.database import Database
from shared.holdings.migrating import revisions, schema_of
from shared.version import VERSION
from tests.integration.test_processes import ROOT, page, wait_for
from tests.support.loopback import free_ports

NEXT_VERSION, NEXT_SCHEMA, NEXT_FIELD = "9.1.0", "9001", "of_the_next_version"
NAMES = ("herten", "marl", "kreis")
MIGRATION = '''"""What the next version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("log", sa.Column("next_note", sa.Text(), nullable=False, server_default=""))
    op.create_table("next_thing", sa.Column("id", sa.Integer(), primary_key=True))
'''


class Rolling(Federation):
    """A federation in which each party runs the older or the newer program."""

    def __init__(self, folder: Path, newer: Path, names: tuple[str, ...] | None) -> None:
        super().__init__(folder, free_ports(13), names)
        self.renewed: set[str] = set()
        self._newer = newer

    def program(self, name: str) -> Path:
        return self._newer if name in self.renewed else ROOT

    def renew(self, name: str) -> None:
        """Stop a party, put the newer program in place, and start it."""
        self.stop(name)
        self.renewed.add(name)
        self.start(name)
        self.wait_for(name)

    def command(self, name: str, *words: str) -> str:
        """Run a command of a node with the program that it has."""
        command = [sys.executable, "-m", "node", "--home", str(self.home(name)), *words]
        environment = {**os.environ, "PYTHONPATH": str(self.program(name))}
        done = subprocess.run(
            command, cwd=self.program(name), env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version of this program."""
    folder = tmp_path_factory.mktemp("newer")
    for name in ("shared", "node", "hub"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    put_in(folder / "shared/version.py", f'VERSION = "{VERSION}"', f'VERSION = "{NEXT_VERSION}"')
    for room, migrations in (("node", node_migrations()), ("hub", hub_migrations())):
        text = MIGRATION.format(number=NEXT_SCHEMA, before=revisions(migrations)[-1])
        (folder / room / f"store/migrations/versions/r{NEXT_SCHEMA}_next.py").write_text(text, "utf-8")
    put_in(
        folder / "node/editing.py",
        '        values["locations"] = offer_to_builtins(public).get("locations", [])\n    return values\n',
        '        values["locations"] = offer_to_builtins(public).get("locations", [])\n'
        f'    return {{**values, "{NEXT_FIELD}": {{"known": "later"}}}}\n',
    )
    return folder


def put_in(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, file
    file.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def federation(tmp_path: Path, newer: Path) -> Iterator[Rolling]:
    names = None if os.environ.get("KREISWEIT_TEST_ROLLING") == "all" else NAMES
    made = Rolling(tmp_path / "data", newer, names)
    made.folder.mkdir()
    try:
        made.start_all()
        assert is_level(made.wait_until_level())
        yield made
    finally:
        made.stop_all()


def schema(federation: Rolling, name: str) -> str:
    file = "hub.db" if name == "hub" else "node.db"
    db = Database(f"sqlite:///{federation.home(name) / file}")
    try:
        return schema_of(db)
    finally:
        db.close()


def change(federation: Rolling, name: str, title: str, folder: Path) -> None:
    """Give an offer another title, by the program that its node has."""
    table = (ROOT / "deploy/data/offers-recklinghausen.csv").read_text("utf-8")
    town = next(member.title for member in federation.members if member.name == name).removeprefix("Stadt ")
    header, first, *_ = [line for line in table.splitlines() if line.startswith(("stadt;", f"{town};"))]
    cells = first.split(";")
    cells[2] = title
    (folder / "one.csv").write_text(f"{header}\r\n{';'.join(cells)}\r\n", "utf-8")
    federation.command(name, "import", str(folder / "one.csv"))


def shown(federation: Rolling, name: str, title: str) -> bool:
    return title in page(federation, name, f"/angebote?q={title.split(maxsplit=1)[0].lower()}")


@pytest.mark.slow
def test_parties_of_two_versions_exchange_everything_whatever_the_order(federation: Rolling, tmp_path: Path) -> None:
    parties = ["hub", *(member.name for member in federation.members)]
    seed = int(os.environ.get("KREISWEIT_TEST_SEED", "7"))
    order = random.Random(seed).sample(parties, len(parties))
    first, *_, last = (name for name in order if name not in ("hub", "kreis"))

    for name in order:
        if name == last:
            change(federation, name, "Abendkreis", tmp_path)
            wait_for(lambda: all(shown(federation, other, "Abendkreis") for other in parties))
        federation.renew(name)
        assert schema(federation, name) == NEXT_SCHEMA
        if name == first:
            change(federation, name, "Morgenkreis", tmp_path)
            wait_for(lambda: all(shown(federation, other, "Morgenkreis") for other in parties))

    assert federation.renewed == set(parties), f"order of seed {seed}"
    assert is_level(federation.wait_until_level())

    # What the older program did not know was kept all the way, and is part of what every party holds.
    for name in parties:
        assert any(NEXT_FIELD.encode() in body for body in bodies(federation, name)), name


def bodies(federation: Rolling, name: str) -> list[bytes]:
    """Every document that a party holds."""
    db = Database(f"sqlite:///{federation.home(name) / ('hub.db' if name == 'hub' else 'node.db')}")
    try:
        with db.read() as conn:
            return [bytes(row[0]) for row in conn.exec_driver_sql("SELECT body FROM payload WHERE body IS NOT NULL")]
    finally:
        db.close()
