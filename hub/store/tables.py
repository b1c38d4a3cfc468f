"""Tables of the hub alone: enrolment, how members stand, what waits for them, who keeps a copy of the catalogue.

Beside the ones in `shared.holdings.tables`.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import metadata

__all__ = [
    "alarm", "application", "delivery", "erasure_step", "inbox", "integrator", "integrator_key", "invite",
    "member_day", "report", "standing", "subscriber", "told_refusal",
]  # fmt: skip

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

# Who builds on the catalogue: an organisation and its function mailbox, never a person.
integrator = sa.Table(
    "integrator",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(120), nullable=False, unique=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("created", _Big, nullable=False),
    sqlite_autoincrement=True,
)

integrator_key = sa.Table(
    "integrator_key",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("integrator_id", sa.Integer, sa.ForeignKey("integrator.id", ondelete="CASCADE"), nullable=False),
    # SHA-256 of the key, which was shown once; its first letters stay, so that people can tell keys apart.
    sa.Column("key_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("beginning", sa.String(12), nullable=False),
    sa.Column("created", _Big, nullable=False),
    # To the hour; NULL before the first use.
    sa.Column("used", _Big, nullable=True),
    sa.Column("revoked", _Big, nullable=True),
    sa.Index("ix_integrator_key_integrator_id", "integrator_id"),
    sqlite_autoincrement=True,
)

# A copy of the catalogue that an integrator keeps: where it is told of changes, and what it has carried out.
subscriber = sa.Table(
    "subscriber",
    metadata,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("integrator_id", sa.Integer, sa.ForeignKey("integrator.id", ondelete="CASCADE"), nullable=False),
    # Empty for one that looks by itself.
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.String(200), nullable=False),
    # Kinds of changes that it is told of, with commas between; empty = all.
    sa.Column("kinds", sa.String(60), nullable=False),
    # Signing needs the secret itself.  The one before signs beside it for a while.
    sa.Column("secret", sa.LargeBinary(32), nullable=False),
    sa.Column("old_secret", sa.LargeBinary(32), nullable=True),
    sa.Column("old_secret_until", _Big, nullable=False),
    sa.Column("created", _Big, nullable=False),
    # active, paused (by itself), disabled (by us; `reason` says why).
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("reason", sa.String(8), nullable=False),
    # State of the outputs (`Outputs.stamp`) up to which it was decided whether to tell it.
    sa.Column("seen", sa.String(40), nullable=False),
    # The one message that waits, in its newest state; empty for none.
    sa.Column("message", sa.String(40), nullable=False),
    sa.Column("message_time", _Big, nullable=False),
    sa.Column("next_try", _Big, nullable=False),
    # Since the last success.
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_since", _Big, nullable=True),
    # A message that was asked for to try the address; empty for none.
    sa.Column("test", sa.String(40), nullable=False),
    # The last erasure step that it has carried out, and when it said so.
    sa.Column("done_step", _Big, nullable=False),
    sa.Column("acknowledged", _Big, nullable=True),
    # The erasure step because of which a letter was written last.
    sa.Column("warned_step", _Big, nullable=False),
    sa.Index("ix_subscriber_integrator_id", "integrator_id"),
    sqlite_with_rowid=False,
)

# What was sent to a subscriber: that and when, never what came back.
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("subscriber_id", sa.LargeBinary(16), sa.ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False),
    sa.Column("message", sa.String(40), nullable=False),
    sa.Column("is_test", sa.Boolean, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("time", _Big, nullable=False),
    # 0 where nothing answered.
    sa.Column("status", sa.Integer, nullable=False),
    # Kind of the failure (see FetchError); empty for a success.
    sa.Column("error", sa.String(12), nullable=False),
    sa.Column("milliseconds", sa.Integer, nullable=False),
    sa.Index("ix_delivery_subscriber_id", "subscriber_id", "id"),
    sa.Index("ix_delivery_time", "time"),
    sqlite_autoincrement=True,
)

# Erasures that everybody who keeps a copy must carry out: the number of the change, in the list of an epoch.
erasure_step = sa.Table(
    "erasure_step",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("epoch", sa.LargeBinary(6), nullable=False),
    sa.Column("number", _Big, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_autoincrement=True,
)

# How a member stood on a day, for the chart on its page: the last size, the largest lag, the most urgent state.
member_day = sa.Table(
    "member_day",
    metadata,
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("size", _Big, nullable=False),
    sa.Column("offers", _Big, nullable=False),
    sa.Column("lag", _Big, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sqlite_with_rowid=False,
)

# What a person had to see to, from its first minute to its last; one row for each time that a cause arose.
alarm = sa.Table(
    "alarm",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # What makes it the same matter although its text changes.
    sa.Column("cause", sa.String(160), nullable=False),
    # A member's name, or that of the matter.
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("first_seen", _Big, nullable=False),
    sa.Column("last_seen", _Big, nullable=False),
    # NULL while it lasts.
    sa.Column("ended", _Big, nullable=True),
    # When a letter said that it began, and that it ended; NULL for not told.
    sa.Column("mailed", _Big, nullable=True),
    sa.Column("end_mailed", _Big, nullable=True),
    # When somebody at the desk said that they know, and which account; NULL for nobody.
    sa.Column("noted", _Big, nullable=True),
    sa.Column("noted_by", sa.Integer, nullable=True),
    sa.Index("ix_alarm_ended", "ended"),
    sqlite_autoincrement=True,
)

# Refused versions of which their owner was told through the inbox, so that it is told once.
told_refusal = sa.Table(
    "told_refusal",
    metadata,
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("position", _Big, primary_key=True, autoincrement=False),
    # Under which it waits in `inbox`; gone from there = its node has it.
    sa.Column("ref", sa.LargeBinary(16), nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)
