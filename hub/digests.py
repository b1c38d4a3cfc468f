"""The monthly letter to each city about its own offers: what is due, what was never checked, which details are missing.

Written once a month from the first working day on, in the morning; the month stands in the database, so neither a
restart nor a clock that jumps writes a letter twice.  What is told are titles and links of offers, never a person.

Order of writing: the letter, and the month for which it was written, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
import sqlalchemy as sa

from hub.digest_letter import Facts, compose
from hub.freshness import Checked, Checks, late_offers, never_checked, standing_of
from hub.mailing import postbox_of
from hub.months import Month, first_working_day, month_of
from hub.party import Hub
from hub.reporting import newest_gaps
from hub.store import digests as store
from hub.store.digests import DigestSetting
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.mail import is_address
from shared.mailing.outbox import STATES
from shared.mailing.store import mails

KIND = "digest"
MORNING = 7
"""The hour from which letters are written."""
ADDRESS_MAX = 254


@dataclass(frozen=True)
class Digest:
    """The letter about one member as the desk shows it.

    Args:
        outcome: what became of the last letter, in German; empty where none was written or it is long ago.
    """

    setting: DigestSetting
    outcome: str = ""


def list_digests(hub: Hub) -> list[Digest]:
    """Return what is set for every member, by name."""
    with hub.db.read() as conn:
        known = store.load_settings(conn)
        return [
            _digest(conn, known.get(row.name, DigestSetting(row.name)))
            for row in sorted(hub.members(conn), key=lambda row: row.name)
        ]


def load_digest(hub: Hub, member: str) -> Digest:
    """Return what is set for one member; NotFoundError where nobody is called so."""
    _check_member(hub, member)
    with hub.db.read() as conn:
        return _digest(conn, store.load_setting(conn, member))


def _digest(conn: sa.Connection, setting: DigestSetting) -> Digest:
    letter = None if setting.mail is None else mails.load_mail(conn, setting.mail)
    outcome = "" if letter is None else f"{STATES[letter.state]}. {letter.error}".strip()
    return Digest(setting, outcome)


def find_undelivered(conn: sa.Connection) -> list[str]:
    """Return the members whose last letter the server refused, or of which nobody knows whether it arrived."""
    found = []
    for name, setting in sorted(store.load_settings(conn).items()):
        letter = None if setting.mail is None else mails.load_mail(conn, setting.mail)
        if setting.is_on and letter is not None and letter.state in (mails.FAILED, mails.UNCLEAR):
            found.append(name)
    return found


def _check_member(hub: Hub, member: str) -> None:
    if all(row.name != member for row in hub.members()):
        raise NotFoundError("Ein Mitglied mit diesem Namen gibt es nicht", advice="Alle stehen unter „Mitglieder“.")


def save_digest(hub: Hub, member: str, address: str, *, is_on: bool) -> None:
    """Set where the letters about a member go, and whether any do.

    Raises:
        NotFoundError: nobody is called so.
        RuleError: the address is none, or missing although letters are wished.
    """
    _check_member(hub, member)
    if address and (len(address) > ADDRESS_MAX or not is_address(address)):
        raise RuleError(
            "Das Postfach ist so nicht gültig",
            {"address": ["Das ist keine E-Mail-Adresse. Beispiel: integration@stadt.example"]},
        )
    if is_on and not address:
        raise RuleError(
            "Das Postfach fehlt", {"address": ["Tragen Sie ein Postfach ein, oder schalten Sie die Monatsmail aus."]}
        )
    with hub.db.write() as conn:
        before = store.load_setting(conn, member)
        month = before.month
        if is_on and not before.is_on and _is_begun(hub):
            month = max(month, month_of(hub.today()))  # the letter of this month would come at once, unasked
        store.save_setting(conn, msgspec.structs.replace(before, address=address, is_on=is_on, month=month))


def preview(hub: Hub, member: str, offers: Sequence[Checked]) -> tuple[str, str]:
    """Return subject and text of the letter as it would be written now; NotFoundError where nobody is called so.

    Args:
        offers: all shown offers.
    """
    _check_member(hub, member)
    return compose(hub, _facts(hub, member, offers, hub.today()))


def _facts(hub: Hub, member: str, offers: Sequence[Checked], today: date) -> Facts:
    own = [one for one in offers if one.member == member]
    return Facts(
        member, today, standing_of(member, own, today), late_offers(own, today), never_checked(own),
        newest_gaps(hub, member),
    )  # fmt: skip


def send_now(hub: Hub, member: str, offers: Sequence[Checked]) -> str:
    """Put the letter about a member into the outbox at once and return its address; the monthly one stays due.

    Raises:
        NotFoundError: nobody is called so.
        ConflictError: there is no mailbox or no mail server, or a letter was written today.
    """
    _check_member(hub, member)
    if not hub.settings.sends_mail:
        raise ConflictError(
            "Es ist kein Mailserver eingestellt", advice="Das tut die IT in hub.toml: mail_host, mail_sender."
        )
    with hub.db.read() as conn:
        setting = store.load_setting(conn, member)
    if not setting.address:
        raise ConflictError("Für diese Stadt ist kein Postfach eingetragen", advice="Tragen Sie es oben ein.")
    if setting.written is not None and hub.moment(setting.written).date() == hub.today():
        raise ConflictError("Heute ging schon eine Monatsmail an diese Stadt", advice="Die nächste ist morgen möglich.")
    _write(hub, setting, offers, setting.month)
    return setting.address


def send_due(hub: Hub) -> int:
    """Write the letters of this month that are not written yet; returns how many."""
    if not _is_begun(hub) or not hub.settings.sends_mail:
        return 0
    month = month_of(hub.today())
    with hub.db.read() as conn:
        known = store.load_settings(conn)
        names = {row.name for row in hub.members(conn) if row.status == "active"}
    due = [one for name, one in sorted(known.items()) if name in names and one.is_on and one.month < month]
    if not due:
        return 0
    offers = hub.kept(Checks).offers()
    for setting in due:
        _write(hub, setting, offers, month)
    return len(due)


def _is_begun(hub: Hub) -> bool:
    """Tell whether the first working day of this month has come, and its morning."""
    here = hub.moment()
    first = first_working_day(here.year, here.month, hub.district.state)
    return here.date() > first or (here.date() == first and here.hour >= MORNING)


def _write(hub: Hub, setting: DigestSetting, offers: Sequence[Checked], month: Month) -> None:
    subject, body = preview(hub, setting.member, offers)
    now = hub.clock.now()
    with hub.db.write() as conn:
        # Somebody may have changed the mailbox, or another process may have written, since it was looked at.
        setting_now = store.load_setting(conn, setting.member)
        if setting_now != setting:
            return
        number = mails.add_mail(conn, kind=KIND, recipient=setting.address, subject=subject, body=body, now=now)
        store.save_setting(conn, msgspec.structs.replace(setting, month=month, written=now, mail=number))


def send_again(hub: Hub, member: str) -> None:
    """Let the last letter about a member be tried at once; ConflictError where it left already."""
    found = load_digest(hub, member)
    if found.setting.mail is None:
        raise NotFoundError("Für diese Stadt gibt es noch keine Monatsmail")
    postbox_of(hub).send_again(found.setting.mail)
