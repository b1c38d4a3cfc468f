"""The hub's schema: its migrations, and the tables they must end in.

    python -m hub.store.migrate "subject of the change"

writes the next migration from what the tables lack; read it and correct it by hand.
"""

from __future__ import annotations

import sys
from importlib import resources
from importlib.resources.abc import Traversable

import sqlalchemy as sa

from hub.store import tables
from shared.accounts import tables as accounts
from shared.database import Database
from shared.holdings import tables as held
from shared.holdings.migrating import draft_migration, metadata_of, migrate
from shared.mailing import tables as mailing


def migrations() -> Traversable:
    """Return the folder of the hub's migrations."""
    return resources.files("hub.store") / "migrations"


def hub_metadata() -> sa.MetaData:
    """Return the tables that a hub's database holds, and no others."""
    return metadata_of(held, accounts, mailing, tables)


def migrate_database(db: Database) -> None:
    """Bring a database to the schema of this program; an empty one gets all tables."""
    migrate(db, migrations())


if __name__ == "__main__":
    sys.stdout.write(draft_migration(migrations(), hub_metadata(), " ".join(sys.argv[1:])) + "\n")
