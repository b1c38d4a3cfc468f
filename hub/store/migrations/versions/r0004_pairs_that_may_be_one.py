"""Tables of offers that may be one and the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candidate",
        sa.Column("a", sa.LargeBinary(length=16), nullable=False),
        sa.Column("b", sa.LargeBinary(length=16), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("grade", sa.String(length=8), nullable=False),
        sa.Column("is_across", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_candidate")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.create_index("ix_candidate_b", ["b"], unique=False)

    op.create_table(
        "likeness",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_likeness")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "likeness_block",
        sa.Column("block", sa.LargeBinary(length=8), nullable=False),
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("block", "rid", name=op.f("pk_likeness_block")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("likeness_block", schema=None) as batch_op:
        batch_op.create_index("ix_likeness_block_rid", ["rid"], unique=False)
