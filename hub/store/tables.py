"""Tables of the hub alone: enrolment, how each member stands, what waits for members.

Beside the ones in `shared.holdings.tables`.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import metadata

__all__ = ["application", "inbox", "invite", "report", "standing"]

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

invite = sa.Table(
    "invite",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("ags", sa.String(8), nullable=False),
    sa.Column("title", sa.String(120), nullable=False),
    # Only the digest of the token is kept; the code itself was printed once.
    sa.Column("token_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("expires", _Big, nullable=False),
    sa.Column("used", sa.Boolean, nullable=False),
)

application = sa.Table(
    "application",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("log_vkey", sa.String(400), nullable=False),
    sa.Column("witness_vkey", sa.String(400), nullable=False),
    sa.Column("url", sa.String(300), nullable=False),
    # join = first keys or a new generation; rotate = a second key beside the first
    sa.Column("purpose", sa.String(8), nullable=False),
    sa.Column("time", _Big, nullable=False),
)

standing = sa.Table(
    "standing",
    metadata,
    sa.Column("origin", sa.String(200), primary_key=True),
    sa.Column("name", sa.String(32), nullable=False),
    sa.Column("is_established", sa.Boolean, nullable=False),
    # Conditions are kept apart; the state shown is derived from them (PROTOCOL 8).
    sa.Column("forked", sa.Boolean, nullable=False),
    sa.Column("rolled_back", sa.Boolean, nullable=False),
    sa.Column("quarantine", sa.String(24), nullable=False),
    sa.Column("throttled_until", _Big, nullable=False),
    sa.Column("hold", sa.String(10), nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("oversizes", sa.Integer, nullable=False),
    sa.Column("next_poll", _Big, nullable=False),
    sa.Column("last_poll", _Big, nullable=False),
    sa.Column("last_good", _Big, nullable=False),
    sa.Column("code", sa.String(24), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("oddities", sa.Text, nullable=False),
    # Pushing the catalogue to this member.
    sa.Column("pushed_note", _Big, nullable=False),
    sa.Column("push_failures", sa.Integer, nullable=False),
    sa.Column("next_push", _Big, nullable=False),
    sa.Column("heard_at", _Big, nullable=False),
)

# Answers to links in mails of nodes that people cannot reach, and hints about offers; deleted once the node has them.
inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("rid", sa.LargeBinary(16), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created", _Big, nullable=False),
    sa.Index("ix_inbox_member", "member", "created"),
    sa.Index("ix_inbox_rid", "rid"),
    sqlite_with_rowid=False,
)

# What members report of each day: counts, words without a hit that were typed often, and gaps, as JSON.
report = sa.Table(
    "report",
    metadata,
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)
