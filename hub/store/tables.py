"""Tables of the hub alone: enrolment, how members stand, what waits for them, who keeps a copy of the catalogue.

Beside the ones in `shared.holdings.tables`.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import metadata

__all__ = [
    "agreement", "alarm", "application", "candidate", "decision", "delivery", "digest", "erasure_step", "freshness",
    "hint_sent", "inbox", "integrator", "integrator_key", "invite", "letter", "letter_offer", "likeness",
    "likeness_block", "member_day", "need", "office", "report", "skipped_pair", "standing", "subscriber",
    "told_refusal", "year_figures",
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

# Derived from the catalogue: which version of an offer was compared, under which keys it is found.
likeness = sa.Table(
    "likeness",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

# Only digests of the keys are kept.
likeness_block = sa.Table(
    "likeness_block",
    metadata,
    sa.Column("block", sa.LargeBinary(8), primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Index("ix_likeness_block_rid", "rid"),
    sqlite_with_rowid=False,
)

# Two offers that may be the same, the smaller id first; whether somebody decided on them stands in the log.
candidate = sa.Table(
    "candidate",
    metadata,
    sa.Column("a", sa.LargeBinary(16), primary_key=True),
    sa.Column("b", sa.LargeBinary(16), primary_key=True),
    sa.Column("score", sa.Float, nullable=False),
    # certain or likely
    sa.Column("grade", sa.String(8), nullable=False),
    sa.Column("is_across", sa.Boolean, nullable=False),
    # codes and values as JSON
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Index("ix_candidate_b", "b"),
    sqlite_with_rowid=False,
)

# What was decided at the desk about offers that may be the same, so that it can be taken back step by step.  The
# decisions themselves are records in the hub's log; here stands how these were before and after.
decision = sa.Table(
    "decision",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("account_id", sa.Integer, nullable=False),
    sa.Column("time", _Big, nullable=False),
    # same, apart, reopen, display, remove, dissolve; see hub.deciding.
    sa.Column("verb", sa.String(8), nullable=False),
    # The two offers; where only a group was changed, its shown offer twice.
    sa.Column("a", sa.LargeBinary(16), nullable=False),
    sa.Column("b", sa.LargeBinary(16), nullable=False),
    # Records by id, as JSON; null for one that did not stand.
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("undone", _Big, nullable=True),
    sa.Index("ix_decision_account_id", "account_id", "id"),
    sqlite_autoincrement=True,
)

# Pairs that a person wants to see later; forgotten after a day.
skipped_pair = sa.Table(
    "skipped_pair",
    metadata,
    sa.Column("account_id", sa.Integer, primary_key=True),
    sa.Column("a", sa.LargeBinary(16), primary_key=True),
    sa.Column("b", sa.LargeBinary(16), primary_key=True),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# Which differences within a cluster their owners were told of: SHA-256 of cluster, field and values, never the values.
hint_sent = sa.Table(
    "hint_sent",
    metadata,
    sa.Column("difference", sa.LargeBinary(32), primary_key=True),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# What is being changed in a vocabulary and not published yet; one for each list, whoever works on it.
vocabulary_draft = sa.Table(
    "vocabulary_draft",
    metadata,
    sa.Column("name", sa.String(24), primary_key=True),
    # The version that it is a change of.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("editor", sa.String(120), nullable=False),
    sa.Column("changed", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# What was published of the vocabularies, and why: in the log the payload of an older version may be gone.
vocabulary_version = sa.Table(
    "vocabulary_version",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("name", sa.String(24), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("editor", sa.String(120), nullable=False),
    sa.Column("time", _Big, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.UniqueConstraint("name", "version"),
    sqlite_autoincrement=True,
)

# Texts of the hub's own pages; one that is empty says that the program's own is shown.
hub_text = sa.Table(
    "hub_text",
    metadata,
    sa.Column("name", sa.String(24), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    # What stood there before, for the way back; null for what was not set.
    sa.Column("before", sa.Text, nullable=True),
    sa.Column("editor", sa.String(120), nullable=False),
    sa.Column("changed", _Big, nullable=False),
    sqlite_with_rowid=False,
)
# What case managers report as missing: counts and a text without names, for two years.
need = sa.Table(
    "need",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # Who may take it back; nobody else is shown whose it is.
    sa.Column("account_id", sa.Integer, nullable=False),
    sa.Column("city", sa.String(32), nullable=False),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("target_group", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created", _Big, nullable=False),
    # new, open (looked at, still missing), done.
    sa.Column("state", sa.String(8), nullable=False),
    # The offer that meets it; NULL for none.
    sa.Column("answer", sa.LargeBinary(16), nullable=True),
    sa.Column("decided", _Big, nullable=True),
    sa.Index("ix_need_city", "city", "created"),
    sa.Index("ix_need_created", "created"),
    sqlite_autoincrement=True,
)

# What was agreed at a meeting about one gap: organisations and functions, no persons.
agreement = sa.Table(
    "agreement",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # Empty for the whole district.
    sa.Column("city", sa.String(32), nullable=False),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    # ISO date; empty where none was agreed.
    sa.Column("until", sa.String(10), nullable=False),
    # open, running, done, dropped.
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("created", _Big, nullable=False),
    sa.Column("changed", _Big, nullable=False),
    sqlite_autoincrement=True,
)

# Where a city's case management is reached: an office with a function mailbox.
office = sa.Table(
    "office",
    metadata,
    sa.Column("city", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("phone", sa.String(40), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("changed", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# The tables of a year, as JSON: written each day of it, so that the last day's stay.
year_figures = sa.Table(
    "year_figures",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("time", _Big, nullable=False),
)

# How many offers of a member want a check, noted once a day.
freshness = sa.Table(
    "freshness",
    metadata,
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("offers", sa.Integer, nullable=False),
    sa.Column("overdue", sa.Integer, nullable=False),
    sa.Column("never", sa.Integer, nullable=False),
    # Days since the last check, of the offer in the middle; NULL where none was checked.
    sa.Column("median_days", sa.Integer, nullable=True),
    sqlite_with_rowid=False,
)

# Who gets the monthly letter about the offers of a member: a function mailbox, never a person.
digest = sa.Table(
    "digest",
    metadata,
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("address", sa.String(254), nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False),
    # The last month for which it was written by itself, such as 2026-11: an earlier one is never written again.
    sa.Column("month", sa.String(7), nullable=False),
    # When the last one was put into the outbox, and its number there; NULL before the first.
    sa.Column("written", _Big, nullable=True),
    sa.Column("mail", _Big, nullable=True),
    sqlite_with_rowid=False,
)

# Issues of the newsletter; of offers only the ids are kept, so that what a city takes back is gone here too.
letter = sa.Table(
    "letter",
    metadata,
    sa.Column("month", sa.String(7), primary_key=True),
    # draft, sending, sent.
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("title", sa.String(120), nullable=False),
    sa.Column("intro", sa.Text, nullable=False),
    sa.Column("closing", sa.Text, nullable=False),
    # Counts up with each change, so that two people do not overwrite each other.
    sa.Column("revision", _Big, nullable=False),
    sa.Column("changed", _Big, nullable=False),
    # When it was released; NULL for a draft.
    sa.Column("released", _Big, nullable=True),
    # Every subscription up to this id has its copy in the outbox.
    sa.Column("told_until", sa.LargeBinary(16), nullable=False),
    sa.Column("recipients", _Big, nullable=False),
    sqlite_with_rowid=False,
)

letter_offer = sa.Table(
    "letter_offer",
    metadata,
    sa.Column("month", sa.String(7), sa.ForeignKey("letter.month", ondelete="CASCADE"), primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    # new, changed.
    sa.Column("section", sa.String(8), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
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
