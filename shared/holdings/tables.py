"""Tables that node and hub have in common.

Entries are kept as the bytes of their bundles (256 to a row, as they are served), so a log costs two small rows per
record: its head and its payload.  Ids and hashes are raw bytes.  Times are unix seconds.
"""

from __future__ import annotations

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Bytes = sa.LargeBinary


def _log_key(**options: object) -> sa.Column[int]:
    return sa.Column("log_id", sa.Integer, sa.ForeignKey("log.id", ondelete="CASCADE"), **options)  # type: ignore[arg-type]


log = sa.Table(
    "log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("origin", sa.String(200), nullable=False, unique=True),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("ags", sa.String(8), nullable=False),
    sa.Column("own", sa.Boolean, nullable=False),
    # What is verified: tree size, root, frontier (packed hashes), time of the newest accepted time line, the note
    # itself.
    sa.Column("size", _Big, nullable=False),
    sa.Column("root", _Bytes, nullable=False),
    sa.Column("frontier", _Bytes, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sa.Column("note", _Bytes, nullable=False),
    # Fingerprint of the roster rows the note was verified with; a changed row discards the reused result (PROTOCOL
    # 6.4).
    sa.Column("keys", _Bytes, nullable=False),
    # Payloads of entries below this index have been asked for; what is still missing of them stands in `wanted`.
    sa.Column("payloads_from", _Big, nullable=False),
    # The fold is frozen after this many entries (PROTOCOL 6.12); null = not frozen.
    sa.Column("fold", _Big, nullable=True),
    sa.Column("cosigned_at", _Big, nullable=False),
    # Own log only: the mirrored note with the hub's cosignature, and the size it receipts.
    sa.Column("receipt", _Bytes, nullable=False),
    sa.Column("receipt_size", _Big, nullable=False),
)

bundle = sa.Table(
    "bundle",
    metadata,
    _log_key(primary_key=True),
    sa.Column("number", _Big, primary_key=True, autoincrement=False),
    sa.Column("entries", _Bytes, nullable=False),
    sa.Column("leaves", _Bytes, nullable=False),
)

record = sa.Table(
    "record",
    metadata,
    _log_key(primary_key=True),
    sa.Column("rid", _Bytes(16), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("position", _Big, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("commitment", _Bytes(32), nullable=True),
    sa.Column("length", _Big, nullable=False),
    sa.Column("time", _Big, nullable=False),
    # The version shown while the newest one's payload is not held; null = none.
    sa.Column("fallback", _Bytes(32), nullable=True),
    sqlite_with_rowid=False,
)

frozen = sa.Table(
    "frozen",
    metadata,
    _log_key(primary_key=True),
    sa.Column("rid", _Bytes(16), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("position", _Big, nullable=False),
    sa.Column("commitment", _Bytes(32), nullable=False),
    sqlite_with_rowid=False,
)

payload = sa.Table(
    "payload",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    _log_key(nullable=False),
    sa.Column("commitment", _Bytes(32), nullable=False),
    sa.Column("rid", _Bytes(16), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    # The folded title: both databases sort it alike, Äpfel before Zebra.
    sa.Column("sort_key", sa.Text, nullable=False),
    sa.Column("superseded_at", _Big, nullable=True),
    # Held apart by the erasure guard (PROTOCOL 6.11): never served or shown; destroyed at this time or on confirmation.
    sa.Column("apart_until", _Big, nullable=True),
    sa.Column("body", _Bytes, nullable=False),
    sa.UniqueConstraint("log_id", "commitment"),
    sa.Index("ix_payload_superseded", "superseded_at", sqlite_where=sa.text("superseded_at IS NOT NULL")),
)

erased = sa.Table(
    "erased",
    metadata,
    _log_key(primary_key=True),
    sa.Column("commitment", _Bytes(32), primary_key=True),
    sa.Column("position", _Big, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_with_rowid=False,
)

wanted = sa.Table(
    "wanted",
    metadata,
    _log_key(primary_key=True),
    sa.Column("rid", _Bytes(16), primary_key=True),
    sa.Column("position", _Big, nullable=False),
    sa.Column("commitment", _Bytes(32), nullable=False),
    sa.Column("length", _Big, nullable=False),
    sa.Column("code", sa.String(24), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try", _Big, nullable=False),
    sa.Column("first_seen", _Big, nullable=False),
    sqlite_with_rowid=False,
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("op", sa.String(8), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rid", _Bytes(16), nullable=True),
    # Index of the version this edit was made on; -1 = new record.
    sa.Column("base", _Big, nullable=False),
    sa.Column("commitment", _Bytes(32), nullable=True),
    sa.Column("body", _Bytes, nullable=True),
    sa.Column("reason", sa.String(16), nullable=False),
    # A pending erasure names the person until it is sealed; its targets are computed then (PROTOCOL 4 W3).
    sa.Column("person", sa.Text, nullable=True),
    sa.Column("time", _Big, nullable=False),
    sqlite_autoincrement=True,
)

conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("cause", sa.String(8), nullable=False),
    sa.Column("op", sa.String(8), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rid", _Bytes(16), nullable=False),
    sa.Column("base", _Big, nullable=False),
    sa.Column("body", _Bytes, nullable=True),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("time", _Big, nullable=False),
    sqlite_autoincrement=True,
)

roster = sa.Table(
    "roster",
    metadata,
    sa.Column("version", _Big, primary_key=True, autoincrement=False),
    sa.Column("note", _Bytes, nullable=False),
)

catalogue_note = sa.Table(
    "catalogue_note",
    metadata,
    sa.Column("time", _Big, primary_key=True, autoincrement=False),
    sa.Column("note", _Bytes, nullable=False),
)

holder = sa.Table(
    "holder",
    metadata,
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("origin", sa.String(200), primary_key=True),
    sa.Column("size", _Big, nullable=False),
    sa.Column("root", _Bytes(32), nullable=False),
    sa.Column("time", _Big, nullable=False),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", _Big, primary_key=True),
    sa.Column("origin", sa.String(200), nullable=False),
    sa.Column("code", sa.String(24), nullable=False),
    sa.Column("time", _Big, nullable=False),
    sa.Column("ours", _Bytes, nullable=False),
    sa.Column("theirs", _Bytes, nullable=False),
    sqlite_autoincrement=True,
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(80), nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)

fact = sa.Table(
    "fact",
    metadata,
    # Some names end in an origin, which has up to 200 characters.
    sa.Column("name", sa.String(240), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# What the public pages were asked in a day: counts alone, see shared.web.counting.
tally = sa.Table(
    "tally",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    # search, nothing (key: the folded words), view (key: the offer), language, filter
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("key", sa.String(80), primary_key=True),
    sa.Column("number", _Big, nullable=False),
    sqlite_with_rowid=False,
)
