"""Letters to the function mailboxes of integrators, in German; none where no mail server is set."""

from __future__ import annotations

import sqlalchemy as sa

from hub.party import Hub
from hub.store.subscribers import GONE, Owned
from shared.clock import in_german_time
from shared.mailing.store import mails
from shared.settings import load_district

_KIND = "notice"


def write_behind(hub: Hub, conn: sa.Connection, owned: Owned, *, since: int) -> bool:
    """Say that an erasure was not acknowledged in time; returns whether a letter was written."""
    return _write(
        hub, conn, owned, "Bitte löschen: Ihre Kopie des Katalogs ist im Rückstand",
        f"""Daten, die eine Stadt am {in_german_time(since)} gelöscht hat, sind nach unserem Stand in Ihrer Kopie noch
vorhanden. Bitte übernehmen Sie alle Änderungen und bestätigen Sie das:

1. {hub.public_url}/changes?after=CURSOR abrufen, bis „more“ false ist, und jede Änderung ausführen.
2. Den letzten Cursor bestätigen:
   PUT {hub.public_url}/subscribers/{owned.subscriber.id.hex()}/ack mit {{"cursor": "…"}}

Denken Sie auch an Zwischenspeicher, Suchindizes und Sicherungen.""",
    )  # fmt: skip


def write_stopped(hub: Hub, conn: sa.Connection, owned: Owned, *, reason: str) -> None:
    """Say that an address is told of changes no more, and how that is undone."""
    why = (
        "Ihr Server hat mit 410 geantwortet; das heißt, dass er keine Nachrichten mehr möchte."
        if reason == GONE
        else "Ihr Server hat seit fünf Tagen keine Nachricht angenommen."
    )
    _write(
        hub, conn, owned, "Webhook abgestellt: Sie erfahren keine Änderungen mehr",
        f"""{why} Wir senden deshalb nichts mehr an diese Adresse.

Was versucht wurde, zeigt GET {hub.public_url}/subscribers/{owned.subscriber.id.hex()}/deliveries.
Wieder anstellen: PATCH {hub.public_url}/subscribers/{owned.subscriber.id.hex()} mit {{"paused": false}}

Löschungen müssen Sie weiterhin ausführen und bestätigen. Fragen Sie dazu /changes von sich aus ab.""",
    )  # fmt: skip


def _write(hub: Hub, conn: sa.Connection, owned: Owned, subject: str, text: str) -> bool:
    if not hub.settings.sends_mail:
        return False
    about = f" ({owned.subscriber.description})" if owned.subscriber.description else ""
    body = f"""Guten Tag,

es geht um den Abnehmer {owned.subscriber.id.hex()}{about} von {owned.name}.

{text}

{load_district(hub.settings.district).name}
{hub.public_url}
"""
    mails.add_mail(conn, kind=_KIND, recipient=owned.email, subject=subject, body=body, now=hub.clock.now())
    return True
