"""Tables of the node alone: traces of imports, drafts, notes for staff; beside those of `shared.holdings.tables`."""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import metadata

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# One row of an imported file, as keyed hashes only: no text of the file is kept (see shared/model/reimport.py).
imported = sa.Table(
    "imported",
    metadata,
    sa.Column("key_hash", sa.LargeBinary(16), primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), nullable=False, index=True),
    # Hashes of the cells, 8 bytes each, in the order of the columns.
    sa.Column("cells", sa.LargeBinary, nullable=False),
    # Bit per column: cells from which a person was erased.  While they stand in the file unchanged the row is refused.
    sa.Column("cleaned", sa.Integer, nullable=False),
    # The import itself withdrew the offer because the row was missing; it comes back with the row.
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# What is not fit to be published yet: the document as JSON, without salt, never sent anywhere.
draft = sa.Table(
    "draft",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# Where an offer comes from, for staff; not published.
staff_note = sa.Table(
    "staff_note",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
