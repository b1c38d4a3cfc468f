"""What was decided about offers that may be the same, what somebody put off, and what owners were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verb", sa.String(length=8), nullable=False),
        sa.Column("a", sa.LargeBinary(length=16), nullable=False),
        sa.Column("b", sa.LargeBinary(length=16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("undone", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_account_id", ["account_id", "id"], unique=False)

    op.create_table(
        "skipped_pair",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("a", sa.LargeBinary(length=16), nullable=False),
        sa.Column("b", sa.LargeBinary(length=16), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "a", "b", name=op.f("pk_skipped_pair")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hint_sent",
        sa.Column("difference", sa.LargeBinary(length=32), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("difference", name=op.f("pk_hint_sent")),
        sqlite_with_rowid=False,
    )
