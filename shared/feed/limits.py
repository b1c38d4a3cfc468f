"""Every limit of the feed, each with its reason (PROTOCOL 13 and the sections that name them).

Bytes count what was received, seconds are unix seconds.  Tables and routes take their figures from here, never from a
literal of their own.
"""

from __future__ import annotations

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# --- sizes (PROTOCOL 2 to 7 and 13) -------------------------------------------------------------------------------

NOTE_MAX_BYTES = 16 * 1024
"""A checkpoint is about 0.5 KB; this leaves room for thirty witnesses."""
NOTE_MAX_LINES = 32
"""Lines of a checkpoint with its signatures: bounds the work of an unsigned answer."""
NOTE_MAX_SIGNATURES = 32
"""Signature lines of any note: each known one costs an Ed25519 check."""
LARGE_NOTE_MAX_BYTES = 64 * 1024
"""Catalogue note and roster: about 200 bytes a log, 450 bytes a member row."""
ENTRY_MAX_BYTES = 2048
"""An erase of 64 targets needs 1.6 KB; entries hold no text."""
PAYLOAD_MAX_BYTES = 256 * 1024
"""One offer with all its translations is about 3 KB, a vocabulary under 200 KB."""
PAYLOADS_MAX_BYTES = 32 * 1024 * 1024
"""One bulk file of payloads must fit in memory twice; larger ones are fetched singly."""
PUSH_MAX_BYTES = 8 * 1024 * 1024
"""One push is read whole before it is parsed."""
BUNDLE_WIDTH = 256
"""Entries of a full bundle and hashes of a full tile: C2SP tiles of height 8."""
BUNDLE_MAX_BYTES = 600 * 1024
"""256 entries of full length with their prefixes are 525 KB."""
HASH_TILE_MAX_BYTES = BUNDLE_WIDTH * 32
"""A full hash tile."""
TREE_SIZE_MAX = 10**16 - 1
"""Numbers have at most 16 digits (PROTOCOL 2)."""
DIAGNOSIS_TILES_MAX = 14
"""Two hash tiles for each of the seven rows of a tree of TREE_SIZE_MAX leaves: one at its end, one at the held size."""
FRONTIER_MAX_HASHES = 54
"""One hash per binary digit of TREE_SIZE_MAX."""
STATE_WORD_MAX_BYTES = 64
"""A state word with its fold: the longest of ours is 28."""
URL_MAX_BYTES = 200
"""A base URL in the roster: as long as an origin."""
INVITE_MAX_BYTES = 8 * 1024
"""An invite code: ten root keys are 1.3 KB."""
INBOX_REQUEST_MAX_BYTES = 16 * 1024
"""A hundred ids take 4 KiB."""
INBOX_ANSWER_MAX_BYTES = 1024 * 1024
"""A hundred answers of a thousand characters, every one of them long."""
INBOX_HINTS_MAX = 100
"""Hints, and acks, of one request; the rest comes with the next."""
HINTS_PASSED_MAX = 20
"""Hints that a node passes on in one request; the rest comes with the next."""
HINTS_REQUEST_MAX_BYTES = 128 * 1024
"""Twenty hints of a thousand characters, every one of them written as an escape."""
HINTS_PER_DAY = 200
"""Hints that the hub takes from one member in a day: more than a whole city writes."""
REPORT_MAX_BYTES = 64 * 1024
"""Counts of a day take some hundred bytes; two hundred of the longest terms 40 KiB."""
REPORT_COUNTS_MAX = 200
"""Terms, or gaps, of one report."""
JOIN_MAX_BYTES = 32 * 1024
"""A join request: one small note and a few fields."""
PROOF_MAX_BYTES = 32 * 1024
"""A record proof: a note, one entry and at most 54 hashes."""
ERASE_TARGETS_MAX = 64
"""Targets of one erase entry, so that it stays under ENTRY_MAX_BYTES."""

# --- JSON (PROTOCOL 3) --------------------------------------------------------------------------------------------

JSON_MAX_DEPTH = 32
"""Deepest nesting of foreign JSON: ours is 8; decoders recurse."""
JSON_MAX_INT = 2**53
"""Largest integer that every JSON reader keeps exactly."""

# --- growth and guards at the hub (PROTOCOL 6.7, 6.11, 6.12) ------------------------------------------------------

GROWTH_PER_READ = 50_000
"""New entries one read of an active member may bring: a whole re-publication of a large city, not a flood."""
GROWTH_PER_DAY = 20_000
"""New entries in 24 h: a full import of the largest city many times over."""
ERASE_GUARD_MIN = 20
"""Up to this many erased live payloads in one read need no look by a person."""
HOLD_GUARD_MIN = 5
"""Up to this many withdrawn offers in one read need no look by a person."""
GUARD_SHARE = 0.20
"""Share of the live payloads or offers above which a guard acts."""
SINGLY_MAX = 32
"""Payloads fetched one by one before the bulk file is cheaper."""
FETCHES_PER_MEMBER = 4
"""Parallel requests to one member: a city's small server stays usable."""
READERS_PER_MEMBER = 1
"""One reader per member: two would race for the same state."""

# --- time (PROTOCOL 4 to 10) --------------------------------------------------------------------------------------

MEMBER_FRESH_SECONDS = 24 * HOUR
"""A member whose newest signed time is older is stale."""
MEMBER_LATE_ALARM_SECONDS = 6 * HOUR
"""A member is called before it is stale: within the same working day."""
HUB_FRESH_SECONDS = HOUR
"""A catalogue note that is older is shown with its date (E_HUB_STALE)."""
HUB_MISREPRESENTS_AFTER_SECONDS = HOUR
"""Own entries missing in the mirror for longer than any healthy delay."""
SKEW_SECONDS = 300
"""Clocks of city servers differ by minutes when nobody looks."""
SUPERSEDED_GRACE_SECONDS = HOUR
"""Readers in the middle of a fetch still get the version their checkpoint named."""
LEASE_SECONDS = 72 * HOUR
"""Persons' contact data of others is shown no longer without word from the hub: a long weekend."""
APART_SECONDS = 72 * HOUR
"""Bytes of a suspiciously large erasure are kept apart at most this long, so that a mistake can be undone."""
DORMANT_AFTER_SECONDS = 30 * DAY
"""A member stale for a month is hidden."""
BACKUP_MAX_SECONDS = 30 * DAY
"""Backups live no longer, so that an erasure reaches them."""
RESIGN_AFTER_SECONDS = 10 * MINUTE
"""Time lines, cosignatures and catalogue notes are signed anew when older."""
CATALOGUE_NOTE_MIN_GAP_SECONDS = 1
"""At most one catalogue note a second: its time must grow."""
SEAL_INTERVAL_SECONDS = 5
"""One checkpoint takes all edits of this time together."""
RECOVERY_MAJORITY_AFTER_SECONDS = HOUR
"""A recovering hub waits this long for every node; then more than half of them suffice, with an alarm (W6)."""
ROSTER_MAX_SECONDS = 397 * DAY
"""Thirteen months at their longest: a yearly renewal with a month to spare."""
ROSTER_ALARM_SECONDS = 60 * DAY
"""Root holders need weeks to meet."""
ROTATION_SECONDS = 7 * DAY
"""Old and new key stand together at least this long."""
HINT_KEPT_SECONDS = 30 * DAY
"""The hub keeps a delivered hint no longer (PROTOCOL 14)."""

# --- fetching and pushing (PROTOCOL 5, 6, 9) ----------------------------------------------------------------------

CONNECT_TIMEOUT_SECONDS = 5
"""A reachable server accepts within a second."""
CHECKPOINT_TIMEOUT_SECONDS = 20
"""Whole response, so that a slow drip ends."""
TILE_TIMEOUT_SECONDS = 60
"""600 KiB at 10 KB/s."""
PAYLOADS_TIMEOUT_SECONDS = 300
"""32 MiB at 110 KB/s."""
RETRY_AFTER_MAX_SECONDS = HOUR
"""A peer cannot silence itself for longer by Retry-After."""
LONG_POLL_MAX_SECONDS = 30
"""Proxies cut idle connections at 60 s."""
POLL_SECONDS = 5 * MINUTE
"""The hub reads an active member."""
POLL_JITTER_SHARE = 0.20
"""Members are not read all in the same second."""
INVITED_POLL_SECONDS = 15 * MINUTE
"""Nothing is shown of an invited member yet."""
STALE_POLL_MAX_SECONDS = 30 * MINUTE
"""Back-off of a member that does not answer."""
DORMANT_POLL_SECONDS = 6 * HOUR
"""A member silent for a month."""
QUARANTINE_POLL_MAX_SECONDS = HOUR
"""Back-off of a member whose answers do not verify."""
FORKED_POLL_SECONDS = HOUR
"""A fork ends by a new generation, not by asking often."""
OVERSIZE_STRIKES = 3
"""Oversized answers in a row before the member is quarantined."""
QUARANTINE_ALARM_FAILURES = 3
"""Failures in a row before a person is called."""
LOCAL_CLOCK_MEMBERS = 3
"""This many members ahead of our clock at once: ours is wrong (E_LOCAL_CLOCK)."""
CATALOGUE_READ_SECONDS = 10 * MINUTE
"""Nodes read the catalogue note even when every push fails."""
PUSH_TIMEOUT_SECONDS = 15
"""One push to one node; all nodes in parallel."""
PUSH_RETRY_SECONDS = (1, 5, 30, 2 * MINUTE, 10 * MINUTE)
"""Waits before a push is repeated; then with the next note."""
PUSH_ENTRIES_MAX = 10_000
"""Entries per checkpoint of a member that delivers by push only: about 2.5 MB of base64."""
