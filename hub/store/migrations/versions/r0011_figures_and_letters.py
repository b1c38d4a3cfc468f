"""Figures of the freshness, monthly letters to the cities, issues of the newsletter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("written", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mail", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_digest")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "freshness",
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("never", sa.Integer(), nullable=False),
        sa.Column("median_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("member", "day", name=op.f("pk_freshness")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letter",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("changed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("released", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("told_until", sa.LargeBinary(length=16), nullable=False),
        sa.Column("recipients", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_letter")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letter_offer",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("section", sa.String(length=8), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["month"], ["letter.month"], name=op.f("fk_letter_offer_month"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("month", "rid", name=op.f("pk_letter_offer")),
        sqlite_with_rowid=False,
    )
