"""What the desk's figures and letters are kept in, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from hub.store import digests, figures, letters, reports
from hub.store.digests import DigestSetting
from hub.store.figures import DayOfChecks
from hub.store.letters import CHANGED, DRAFT, NEW, SENDING, Chosen, Letter
from hub.store.migrate import hub_metadata
from shared.database import Database
from shared.holdings.tables import erased, log, record
from shared.mailing.store import mails, subscriptions
from shared.mailing.store.subscriptions import ACTIVE, DAILY, MONTHLY, WAITING, Subscription
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

ISSUE = Letter("2026-02", DRAFT, "Neues", "", "", 1, 5, None, b"", 0)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'hub.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    hub_metadata().create_all(opened.engine)
    yield opened
    opened.close()


def test_day_is_kept_in_place_of_the_same_day(db: Database) -> None:
    first, second = DayOfChecks("herten", "2026-02-01", 9, 4, 1, None), DayOfChecks("herten", "2026-02-01", 9, 3, 1, 70)
    later = DayOfChecks("herten", "2026-02-02", 9, 3, 1, 71)
    with db.write() as conn:
        figures.save_days(conn, [first])
        figures.save_days(conn, [later, second])

    with db.read() as conn:
        assert figures.load_days(conn, since="2026-02-01") == [second, later]
        assert figures.load_days(conn, since="2026-02-02") == [later]
    with db.write() as conn:
        figures.drop_days(conn, before="2026-02-02")
        assert figures.load_days(conn, since="2026-01-01") == [later]


def test_setting_of_a_letter_is_kept_and_off_where_nothing_was_set(db: Database) -> None:
    setting = DigestSetting("herten", "ki@herten.example", is_on=True, month="2026-02", written=7, mail=3)
    with db.write() as conn:
        digests.save_setting(conn, msgspec.structs.replace(setting, is_on=False))
        digests.save_setting(conn, setting)

    with db.read() as conn:
        assert digests.load_settings(conn) == {"herten": setting}
        assert digests.load_setting(conn, "marl") == DigestSetting("marl")


def test_issue_keeps_its_offers_in_order_until_it_is_dropped(db: Database) -> None:
    chosen = [Chosen(b"b" * 16, NEW), Chosen(b"a" * 16, CHANGED)]
    with db.write() as conn:
        letters.add_letter(conn, ISSUE)
        letters.add_letter(conn, msgspec.structs.replace(ISSUE, month="2026-03", state=SENDING, told_until=b"x" * 16))
        letters.save_chosen(conn, "2026-02", chosen[::-1])
        letters.save_chosen(conn, "2026-02", chosen)

    with db.write() as conn:
        assert letters.load_chosen(conn, "2026-02") == chosen
        assert [one.month for one in letters.load_letters(conn)] == ["2026-03", "2026-02"]
        sending = letters.find_sending(conn)
        assert sending is not None
        assert (sending.month, sending.told_until) == ("2026-03", b"x" * 16)
        letters.drop_letter(conn, "2026-02")
        assert letters.load_letter(conn, "2026-02") is None
        assert letters.load_chosen(conn, "2026-02") == []


def add_log(conn: sa.Connection, member: str) -> int:
    values = dict.fromkeys(("size", "time", "payloads_from", "cosigned_at", "receipt_size"), 0)
    raw = dict.fromkeys(("root", "frontier", "note", "keys", "receipt"), b"")
    row = sa.insert(log).values(origin=f"{member}/g1", member=member, ags="0" * 8, own=False, **values, **raw)
    return int(conn.execute(row.returning(log.c.id)).scalar_one())


def add_record(conn: sa.Connection, log_id: int, name: bytes, time: int, **changes: object) -> None:
    row = {
        "log_id": log_id, "rid": name * 16, "kind": "offer", "position": time, "live": True, "commitment": name * 32,
        "length": 1, "time": time,
    }  # fmt: skip
    conn.execute(sa.insert(record).values(**(row | changes)))


def test_offers_of_a_span_are_the_live_ones_of_members_newest_first(db: Database) -> None:
    with db.write() as conn:
        herten, hub = add_log(conn, "herten"), add_log(conn, "hub")
        for name, time in ((b"a", 9), (b"b", 10), (b"c", 19), (b"d", 20)):
            add_record(conn, herten, name, time)
        add_record(conn, herten, b"e", 11, live=False)
        add_record(conn, herten, b"f", 12)
        conn.execute(sa.insert(erased).values(log_id=herten, commitment=b"f" * 32, position=13, time=13))
        add_record(conn, hub, b"g", 12, kind="cluster")

    with db.read() as conn:

        def found(most: int, origins: list[str]) -> list[bytes]:
            return [rid[:1] for rid, _ in letters.touched_between(conn, origins, start=10, end=20, most=most)]

        assert found(9, ["herten/g1", "hub/g1"]) == [b"c", b"b"]
        assert found(1, ["herten/g1"]) == [b"c"]
        assert found(9, []) == []


def follow(conn: sa.Connection, name: bytes, rhythm: str, state: str = ACTIVE) -> None:
    subscriptions.add_subscription(conn, Subscription(
        name * 16, "a@b.example", "", "de", rhythm, state, name * 32, name * 32, 1, 1, None, 1, b""
    ))  # fmt: skip


def test_newsletter_is_read_on_from_where_it_was_left_and_is_no_search(db: Database) -> None:
    with db.write() as conn:
        for name in (b"c", b"a", b"b"):
            follow(conn, name, MONTHLY)
        follow(conn, b"d", MONTHLY, WAITING)
        follow(conn, b"e", DAILY)

    with db.read() as conn:

        def numbers(after: bytes, most: int) -> list[bytes]:
            return [one.id[:1] for one in subscriptions.load_newsletter(conn, after=after, most=most)]

        assert numbers(b"", 2) == [b"a", b"b"]
        assert numbers(b"b" * 16, 2) == [b"c"]
        assert subscriptions.count_newsletter(conn) == 3
        assert [one.id[:1] for one in subscriptions.load_due(conn, now=5, within=5, most=9)] == [b"e"]
        assert subscriptions.count_searches(conn, least=1, most=9) == [("", 1)]


def test_copies_that_have_not_left_are_counted(db: Database) -> None:
    with db.write() as conn:
        follow(conn, b"a", MONTHLY)
        for kind in ("letter", "letter", "news"):
            mails.add_to_subscriber(
                conn, b"a" * 16, kind=kind, recipient="a@b.example", letter=("S", "B"), unsubscribe="", now=1
            )

        assert mails.count_of_kind(conn, "letter") == 2


def test_reports_are_read_for_their_counts_whatever_else_they_hold(db: Database) -> None:
    with db.write() as conn:
        for day, body in (
            ("2026-02-01", '{"searches":4,"offers":9,"overdue":2,"terms":[["x",9]]}'),
            ("2026-02-02", "{}"),
        ):
            reports.save_report(conn, "herten", day, body, now=1)

    with db.read() as conn:
        assert [
            (one.offers, one.overdue) for one in reports.load_overdue(conn, since="2026-02-01", before="2026-02-02")
        ] == [(9, 2)]
        assert [(day, one.searches) for _, day, one in reports.iterate_counted(conn, since="2026-02-01")] == [
            ("2026-02-01", 4), ("2026-02-02", 0),
        ]  # fmt: skip
        assert reports.load_newest(conn, "herten") == "{}"
        assert reports.load_newest(conn, "marl") is None
