"""Tables of the node alone: drafts, history, traces of imports, notes for staff; nothing in them leaves the node.

They stand beside those of `shared.holdings.tables`.
"""

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

# What is not published yet: the document as JSON, without salt.  At most one for each offer.
draft = sa.Table(
    "draft",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("time", _Big, nullable=False),
    # draft, or submitted for approval.
    sa.Column("state", sa.String(12), nullable=False),
    # Counts the times it was saved, so that a second editor is noticed.
    sa.Column("revision", sa.Integer, nullable=False),
    # Who wrote it last; "" where no person did.
    sa.Column("editor", sa.Text, nullable=False),
    # What the person who gave it back wants changed.
    sa.Column("note", sa.Text, nullable=False),
    # Unix seconds at which it is published by itself; NULL where a person does it.
    sa.Column("publish_at", _Big, nullable=True),
    sqlite_with_rowid=False,
)

# What became of an offer, version by version.
history = sa.Table(
    "history",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), nullable=False, index=True),
    sa.Column("time", _Big, nullable=False),
    sa.Column("editor", sa.Text, nullable=False),
    # See node.history.ACTIONS.
    sa.Column("action", sa.String(12), nullable=False),
    # The state that the offer had afterwards: draft, submitted, published, withdrawn.
    sa.Column("state", sa.String(12), nullable=False),
    # The document afterwards as JSON; NULL where only the state changed.
    sa.Column("body", sa.LargeBinary, nullable=True),
    # Reason of a withdrawal, or what the person who gave a draft back wants changed.
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("operation_id", _Big, nullable=True, index=True),
    sqlite_autoincrement=True,
)

# A change to many offers at once, which can be undone as one.
operation = sa.Table(
    "operation",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("time", _Big, nullable=False),
    sa.Column("editor", sa.Text, nullable=False),
    # What was done, in German: "12 Angebote zurückgezogen".
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("undone_at", _Big, nullable=True),
    sqlite_autoincrement=True,
)

# Where an offer comes from, for staff; not published.
staff_note = sa.Table(
    "staff_note",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

# A file that somebody uploaded, until it is imported or a day has passed; it may name persons, so an erasure drops it.
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    # Only this account may see it.
    sa.Column("account_id", sa.Integer, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time", _Big, nullable=False),
    # The file as it came, its cells as JSON, what was chosen and repaired as JSON; empty once it is imported.
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("grid", sa.LargeBinary, nullable=False),
    sa.Column("choices", sa.LargeBinary, nullable=False),
    # What the import did, and the refused rows, as JSON; NULL until then.
    sa.Column("outcome", sa.LargeBinary, nullable=True),
)

# Which heading is which column, as somebody said for a file with these headings; hashes only, no text of a file.
column_choice = sa.Table(
    "column_choice",
    metadata,
    sa.Column("headings", sa.LargeBinary(16), primary_key=True),
    sa.Column("columns", sa.Text, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# On what basis a person may be named; not published.  No name stands here: the key is a keyed hash of it.
person_basis = sa.Table(
    "person_basis",
    metadata,
    sa.Column("key_hash", sa.LargeBinary(16), primary_key=True),
    # See node.persons.BASES.
    sa.Column("kind", sa.String(12), nullable=False),
    # The day of the consent, say, as ISO text; "" where nobody noted it.
    sa.Column("since", sa.String(10), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

# That a person was erased: counts and times alone, so that it can be shown who has confirmed it.
erasure = sa.Table(
    "erasure",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("time", _Big, nullable=False),
    sa.Column("offers", sa.Integer, nullable=False),
    # Versions in the log whose text was destroyed.
    sa.Column("versions", sa.Integer, nullable=False),
    # Texts that go on without the person.
    sa.Column("cleaned", sa.Integer, nullable=False),
    # Size of the own log with the erasure in it; NULL until that is known.
    sa.Column("size", _Big, nullable=True),
    sqlite_autoincrement=True,
)

# What the city decides at its desk: texts, look, mail server.  Never a password.
desk_setting = sa.Table(
    "desk_setting",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    # UTF-8, but for the picture.
    sa.Column("value", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Which reminder of a due review an offer got last.
review = sa.Table(
    "review",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    # The day it was due, as the document says; "" where it was never checked.  Another day begins anew.
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("first_at", _Big, nullable=False),
    # How many reminders went out.
    sa.Column("step", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Links in reminders, each for one use.
review_link = sa.Table(
    "review_link",
    metadata,
    # SHA-256 of the token: who reads the database cannot confirm anything.
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), nullable=False),
    # confirm or change.
    sa.Column("purpose", sa.String(8), nullable=False),
    sa.Column("expires", _Big, nullable=False),
    sa.Column("used_at", _Big, nullable=True),
    # The answer comes through the hub's inbox.
    sa.Column("relayed", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# What readers and providers say about an offer.
hint = sa.Table(
    "hint",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # How the writer can be reached, if they want to be; deleted 30 days after the hint is closed.
    sa.Column("contact", sa.String(254), nullable=False),
    # public: a form on the offer's page; link: the form of a reminder; program: a confirmation that needs a person;
    # hub, node: a form on a page of the hub or of another member; district: noticed there.
    sa.Column("source", sa.String(8), nullable=False),
    sa.Column("time", _Big, nullable=False),
    # open, answered, closed.
    sa.Column("state", sa.String(8), nullable=False),
    # What staff note for each other.
    sa.Column("note", sa.Text, nullable=False),
    # Why it was closed, see node.hints.
    sa.Column("reason", sa.String(12), nullable=False),
    sa.Column("editor", sa.Text, nullable=False),
    sa.Column("closed_at", _Big, nullable=True),
    # The id that a hint from the hub came with, so that it is kept once; NULL: given here.
    sa.Column("ref", sa.LargeBinary(16), nullable=True, unique=True),
    sqlite_autoincrement=True,
)

# Hints about offers of others that were given here, until the hub has them.
hint_out = sa.Table(
    "hint_out",
    metadata,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("rid", sa.LargeBinary(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("contact", sa.String(254), nullable=False),
    sa.Column("created", _Big, nullable=False),
    # How often it was sent: one that is not taken lets others go first.
    sa.Column("tries", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What was seen at the links of published own offers, see node.link_check.
link_state = sa.Table(
    "link_state",
    metadata,
    # First 16 bytes of the SHA-256 of the address.
    sa.Column("key", sa.LargeBinary(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    # alive, gone, unsure, unchecked; "" before the first check.
    sa.Column("result", sa.String(9), nullable=False),
    # The status of the answer, or why there was none: 404, 503, timeout, dns.
    sa.Column("detail", sa.String(12), nullable=False),
    sa.Column("checked_at", _Big, nullable=True),
    # When the failures in a row began; NULL where there is none.
    sa.Column("first_failed_at", _Big, nullable=True),
    # Weekly failures in a row.
    sa.Column("failures", sa.Integer, nullable=False),
    # When it is checked next; 0: at once, because somebody asked or it is new.
    sa.Column("due_at", _Big, nullable=False),
    # Not reported before this time; NULL: reported.
    sa.Column("ignored_until", _Big, nullable=True),
    sqlite_with_rowid=False,
)
