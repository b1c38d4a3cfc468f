"""Letters about alarms to the district's function mailboxes, in German."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.party import Hub
from hub.store.alarm_rows import AlarmRow


def format_letter(hub: Hub, began: Sequence[AlarmRow], ended: Sequence[AlarmRow]) -> tuple[str, str]:
    """Return subject and text of the letter that tells of these alarms; at least one is given."""
    titles = {member.name: member.title for member in hub.district.members}
    parts = ["Guten Tag,"]
    if began:
        parts.append("darum muss sich jemand kümmern:")
        parts += [_about_begin(hub, row, titles) for row in began]
    if ended:
        parts.append("das ist vorbei:" if not began else "Vorbei ist:")
        parts += [
            f"- {_who(row, titles)}, seit {_time(hub, row.first_seen)}, "
            f"beendet {_time(hub, row.ended or row.last_seen)}\n  {row.message}"
            for row in ended
        ]  # fmt: skip
    parts.append(
        f"Alle Meldungen: {hub.public_url}/pult/alarme\n\n"
        "Zu jeder Ursache kommt eine Mail, wenn sie beginnt, und eine, wenn sie vorbei ist.\n\n"
        f"{hub.district.name}\n{hub.public_url}"
    )  # fmt: skip
    return _subject(began, ended, titles), "\n\n".join(parts) + "\n"


def _about_begin(hub: Hub, row: AlarmRow, titles: Mapping[str, str]) -> str:
    page = f"/pult/mitglieder/{row.name}" if row.is_about_member else f"/pult/alarme/{row.id}"
    return f"- {_who(row, titles)}, seit {_time(hub, row.first_seen)}\n  {row.message}\n  {hub.public_url}{page}"


def _subject(began: Sequence[AlarmRow], ended: Sequence[AlarmRow], titles: Mapping[str, str]) -> str:
    rows = began or ended
    word = "Achtung" if began else "Vorbei"
    names = list(dict.fromkeys(_who(row, titles) for row in rows))
    more = f" und {len(names) - 1} weitere" if len(names) > 1 else ""
    return f"kreisweit – {word}: {names[0]}{more}"


def _who(row: AlarmRow, titles: Mapping[str, str]) -> str:
    """Name whom it is about: a member by its title, everything else is the hub's own."""
    return titles.get(row.name, row.name) if row.is_about_member else "Hub"


def _time(hub: Hub, seconds: int) -> str:
    return hub.moment(seconds).strftime("%d.%m.%Y, %H:%M Uhr")
