"""An issue of the newsletter as a mail: plain German text with links, nothing that tells who read it."""

from __future__ import annotations

from collections.abc import Sequence

from hub.letters import Issue, Item
from hub.party import Hub
from shared.web.public.subscription_pages import NEWSLETTER

_RULE = "-" * 40


def subject_of(issue: Issue) -> str:
    """Return the subject of the mail."""
    return issue.letter.title


def write_text(hub: Hub, issue: Issue, *, end_url: str = "") -> str:
    """Return the text of the mail.

    Args:
        end_url: the address at which this reader ends the subscription; empty for one who has none.
    """
    letter = issue.letter
    lines = [letter.title, "", "Im Web lesen:", f"{hub.public_url}{NEWSLETTER}/{letter.month}"]
    if letter.intro:
        lines += ["", letter.intro.strip()]
    for heading, items in issue.sections:
        lines += ["", _RULE, f"{heading.upper()} ({len(items)})", _RULE]
        lines += [line for one in items for line in _item(hub, one)]
    if letter.closing:
        lines += ["", _RULE, "", letter.closing.strip()]
    return "\n".join([*lines, *_foot(hub, end_url)]) + "\n"


def _item(hub: Hub, one: Item) -> Sequence[str]:
    known = hub.district.member(one.member)
    city = one.member if known is None else known.title
    summary = " ".join(one.summary.split())
    lines = ["", f"* {' '.join(one.title.split())} ({city})"]
    if summary:
        lines.append(f"  {summary}")
    return [*lines, f"  {hub.public_url}/angebote/{one.rid.hex()}"]


def _foot(hub: Hub, end_url: str) -> Sequence[str]:
    contact = hub.district.contact
    lines = ["", "-- ", contact.organisation or hub.district.name]
    lines += [contact.email] if contact.email else []
    if end_url:
        lines += ["", "Sie bekommen diese Mail, weil Sie den Rundbrief bestellt haben.", "Abbestellen:", end_url]
    return lines
