"""Alarms are kept once per cause: when each began and ended, who was told by mail, who said that they know.

What is wrong now is found by `alarms`; here it is compared each minute with what was wrong before.  A cause that goes
and comes back within ten minutes is one alarm, so that a member on a bad line does not fill the history.  Letters go
after a settling time, all that is due in one letter: one for the beginning, one for the end of each cause, through the
postbox, to the function mailboxes that the desk names.  They hold what the desk's page says, and no name of a person.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from hub import overview
from hub.alarm_letters import format_letter
from hub.party import Hub
from hub.roster_keeping import Alarm
from hub.store import alarm_rows as rows
from hub.store.alarm_rows import AlarmRow
from shared.errors import NotFoundError, RuleError
from shared.holdings import facts
from shared.mail import is_address
from shared.mailing.store import mails

LOOK_SECONDS = 60
SETTLING_SECONDS = 300
"""So long a cause must last before a letter says so: most of what a restart brings is over by then."""
GAP_SECONDS = 600
"""A cause that comes back within this time had not gone."""
KEPT_SECONDS = 3 * 366 * 86_400
MAILBOXES_MAX = 5
_LOOKED, _MAILBOXES = "alarms-looked-at", "alarm-mailboxes"
KIND = "alarm"


def care(hub: Hub) -> None:
    """Once a minute: compare what is wrong with what is kept, and write the letters that are due.

    Nothing while recovering: what is held may be old, and the state of the hub says so by itself.
    """
    now = hub.clock.now()
    with hub.db.read() as conn:
        is_due = facts.has_passed(conn, _LOOKED, now=now, seconds=LOOK_SECONDS)
        recovering = bool(facts.load_number(conn, "recovering-since"))
    if not is_due or recovering:
        return
    found = overview.alarms(hub)
    with hub.db.write() as conn:
        facts.save_fact(conn, _LOOKED, now)
        keep(conn, found, now=now)
        _write_letters(hub, conn, now)
        rows.drop_ended(conn, before=now - KEPT_SECONDS)


def keep(conn: sa.Connection, found: Sequence[Alarm], *, now: int) -> None:
    """Begin what is new, go on with what lasts, end what was not found for ten minutes."""
    lasting = {row.cause: row for row in rows.load_open(conn)}
    for alarm in found:
        row = lasting.pop(alarm.key, None)
        if row is None:
            rows.add_alarm(
                conn, cause=alarm.key, name=alarm.name, message=alarm.message, command=alarm.command, now=now
            )  # fmt: skip
        else:
            rows.change_alarms(conn, [row.id], message=alarm.message, command=alarm.command, last_seen=now)
    for row in lasting.values():
        if now - row.last_seen >= GAP_SECONDS or now < row.last_seen:
            rows.change_alarms(conn, [row.id], ended=row.last_seen)


# --- letters ---------------------------------------------------------------------------------------------------------


def load_mailboxes(hub: Hub) -> list[str]:
    """Return the function mailboxes that alarms go to."""
    with hub.db.read() as conn:
        return facts.load_fact(conn, _MAILBOXES).split()


def save_mailboxes(hub: Hub, text: str) -> list[str]:
    """Keep the mailboxes, one to a line; returns them.

    Raises:
        RuleError: one is no address, or there are too many; says so beside the field.
    """
    found = list(dict.fromkeys(text.replace(",", " ").split()))
    wrong = [f"„{one[:80]}“ ist keine E-Mail-Adresse." for one in found if not is_address(one)]
    if len(found) > MAILBOXES_MAX:
        wrong.append(f"Höchstens {MAILBOXES_MAX} Postfächer; es sind {len(found)}.")
    if wrong:
        raise RuleError("Die Postfächer sind so nicht möglich", {"mailboxes": wrong})
    with hub.db.write() as conn:
        facts.save_fact(conn, _MAILBOXES, "\n".join(found))
    return found


def _write_letters(hub: Hub, conn: sa.Connection, now: int) -> None:
    """Put what is due into one letter to each mailbox; without mailbox or server nothing counts as told."""
    mailboxes = facts.load_fact(conn, _MAILBOXES).split()
    if not mailboxes or not hub.settings.sends_mail:
        return
    untold = rows.load_untold(conn)
    began = [row for row in untold if row.ended is None and row.last_seen - row.first_seen >= SETTLING_SECONDS]
    ended = [row for row in untold if row.ended is not None]
    if not began and not ended:
        return
    subject, body = format_letter(hub, began, ended)
    for recipient in mailboxes:
        mails.add_mail(conn, kind=KIND, recipient=recipient, subject=subject, body=body, now=now)
    rows.change_alarms(conn, [row.id for row in began], mailed=now)
    rows.change_alarms(conn, [row.id for row in ended], end_mailed=now)


# --- at the desk -----------------------------------------------------------------------------------------------------


def load_lasting(hub: Hub) -> list[AlarmRow]:
    """Return what is wrong now, as it is kept: those that nobody has noted first, then the newest."""
    with hub.db.read() as conn:
        return sorted(rows.load_open(conn), key=lambda row: (row.noted is not None, -row.first_seen, row.id))


def load_history(hub: Hub) -> list[AlarmRow]:
    """Return what is over, the newest end first."""
    with hub.db.read() as conn:
        return rows.load_ended(conn)


def load_of(hub: Hub, name: str) -> list[AlarmRow]:
    """Return the alarms of one member, those that are over included, the newest first."""
    with hub.db.read() as conn:
        return rows.load_of_name(conn, name, most=20)


def open_alarm(hub: Hub, number: int) -> AlarmRow:
    """Return one alarm; NotFoundError when there is none."""
    with hub.db.read() as conn:
        found = rows.load_alarm(conn, number)
    if found is None:
        raise NotFoundError("Diese Meldung gibt es nicht", advice="Alle stehen unter „Alarme“.")
    return found


def note_alarm(hub: Hub, number: int, *, by: int) -> AlarmRow:
    """Remember who said that they know of an alarm; whoever said so first stays.  Returns it as it was before."""
    found = open_alarm(hub, number)
    if found.noted is None:
        with hub.db.write() as conn:
            rows.change_alarms(conn, [number], noted=hub.clock.now(), noted_by=by)
    return found


def unnote_alarm(hub: Hub, number: int) -> None:
    """Take back that somebody knows."""
    open_alarm(hub, number)
    with hub.db.write() as conn:
        rows.change_alarms(conn, [number], noted=None, noted_by=None)
