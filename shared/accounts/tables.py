"""Tables of accounts; a room that has a desk names this module in its metadata.

Nothing here is published or sent.  Tokens, network addresses and typed names are kept as hashes only.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import metadata

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _account_key() -> sa.Column[int]:
    return sa.Column(
        "account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True
    )


account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # As typed to sign in, in small letters.
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("display", sa.String(120), nullable=False),
    sa.Column("role", sa.String(24), nullable=False),
    # Names of the providers whose offers this account is limited to, as a JSON list; empty = no limit of its own.
    sa.Column("providers", sa.Text, nullable=False),
    # Argon2id in its usual text form; empty until the invitation is used.
    sa.Column("password_hash", sa.String(200), nullable=False),
    # Base32; empty = no second factor yet.
    sa.Column("totp_secret", sa.String(64), nullable=False),
    # Time step of the code that was used last: no step counts twice.
    sa.Column("totp_step", _Big, nullable=False),
    sa.Column("created", _Big, nullable=False),
    # 0 = may sign in.
    sa.Column("disabled_at", _Big, nullable=False),
    sqlite_autoincrement=True,
)

account_session = sa.Table(
    "account_session",
    metadata,
    # SHA-256 of the cookie's token: who reads the database cannot take over a session.
    sa.Column("id_hash", sa.LargeBinary(32), primary_key=True),
    _account_key(),
    sa.Column("stage", sa.String(8), nullable=False),
    sa.Column("created", _Big, nullable=False),
    sa.Column("seen", _Big, nullable=False),
    # Browser and system in a word each, so that a person recognises the session: "Firefox, Windows".
    sa.Column("device", sa.String(40), nullable=False),
    # Secret of a second factor that has been shown and not yet confirmed.
    sa.Column("pending", sa.String(64), nullable=False),
    # Message for the next page, as "kind text".
    sa.Column("flash", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

invitation = sa.Table(
    "invitation",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    _account_key(),
    sa.Column("expires", _Big, nullable=False),
    sqlite_with_rowid=False,
)

# One guess at a password or code, under the keyed hash of the name and once more under that of the network.
login_attempt = sa.Table(
    "login_attempt",
    metadata,
    sa.Column("id", _BigId, primary_key=True),
    sa.Column("key_hash", sa.LargeBinary(16), nullable=False),
    sa.Column("time", _Big, nullable=False, index=True),
    sa.Index("ix_login_attempt_key_hash", "key_hash", "time"),
    sqlite_autoincrement=True,
)

# Who changed what about an account; 0 as actor = the command line.
account_change = sa.Table(
    "account_change",
    metadata,
    sa.Column("id", _BigId, primary_key=True),
    _account_key(),
    sa.Column("actor_id", sa.Integer, nullable=False),
    sa.Column("action", sa.String(24), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_autoincrement=True,
)
