"""Tables of letters and subscriptions; both rooms name this module in their metadata.

Nothing here is published or sent to another party.  Addresses of subscribers stand in `subscription`, and in `mail`
until a letter left; tokens of links are kept as hashes only.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import metadata

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Letters that leave by mail, see shared.mailing.outbox.
mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    # review, answer, test, digest; of subscriptions: confirm, news, letter.
    sa.Column("kind", sa.String(8), nullable=False),
    # The offer that it is about; NULL for none.
    sa.Column("rid", sa.LargeBinary(16), nullable=True),
    # The subscription that it belongs to; such letters are deleted with it, and as soon as they are sent.
    sa.Column("subscription", sa.LargeBinary(16), nullable=True, index=True),
    sa.Column("recipient", sa.String(254), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    # Emptied as soon as it is sent.
    sa.Column("body", sa.Text, nullable=False),
    # Address that ends the subscription with one request (RFC 8058); empty for none, and as soon as it is sent.
    sa.Column("unsubscribe", sa.Text, nullable=False),
    # waiting, sending, sent, failed, unclear, expired.
    sa.Column("state", sa.String(8), nullable=False, index=True),
    sa.Column("time", _Big, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try", _Big, nullable=False),
    # Not sent after this time: a link in it is dead; NULL for never.
    sa.Column("expires", _Big, nullable=True),
    # Why it could not be sent, in German.
    sa.Column("error", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

# Who wants letters about which search.
subscription = sa.Table(
    "subscription",
    metadata,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("address", sa.String(254), nullable=False, index=True),
    # The search as the one canonical query of its URL; empty = every offer.
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    # daily, weekly; monthly for the newsletter, which has no search.
    sa.Column("rhythm", sa.String(8), nullable=False),
    # waiting for its confirmation, or active.
    sa.Column("state", sa.String(8), nullable=False),
    # SHA-256 of the tokens in the links that confirm and that end it; the first is emptied when it is used.
    sa.Column("confirm_hash", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("end_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("created", _Big, nullable=False),
    sa.Column("confirmed", _Big, nullable=True),
    # When the last letter was written; NULL before the first.
    sa.Column("told", _Big, nullable=True),
    # When is looked next for something to tell.
    sa.Column("due", _Big, nullable=False, index=True),
    # Ids of the offers that were found last, 16 bytes each, in order.
    sa.Column("seen", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Titles of offers that subscribers know of, so that a letter can say what ended; gone soon after nobody asks for them.
told_offer = sa.Table(
    "told_offer",
    metadata,
    sa.Column("rid", sa.LargeBinary(16), primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    # The version that the title comes from: when that is erased, the title goes too.
    sa.Column("commitment", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# How often a network or an address was entered: keyed hashes, for a day.
subscription_visit = sa.Table(
    "subscription_visit",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("key_hash", sa.LargeBinary(16), nullable=False),
    sa.Column("time", _Big, nullable=False, index=True),
    sa.Index("ix_subscription_visit_key_hash", "key_hash", "time"),
    sqlite_autoincrement=True,
)
