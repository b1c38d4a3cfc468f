"""Whether everything runs, in plain words for readers: how fresh the data are, and what does not work just now.

For a citizen or a journalist, so neither codes nor names of logs; what those who run it need stands below on the same
page and in `status`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.feed import limits
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.outcomes import State

_LATE: Final = "Von {name} kam seit über einem Tag nichts Neues; Angaben dort können veraltet sein."
_EARLIER: Final = "Von {name} ist ein früherer Stand zu sehen, bis eine Frage geklärt ist."
_HIDDEN: Final = "Angebote von {name} sind zurzeit nicht zu sehen."
_OF_MEMBER: Final[Mapping[State, str]] = {
    State.STALE: _LATE,
    State.PAUSED: _EARLIER, State.FORKED: _EARLIER, State.ROLLED_BACK: _EARLIER, State.QUARANTINED: _EARLIER,
    State.HELD: _EARLIER, State.THROTTLED: _EARLIER,
    State.SUSPENDED: _HIDDEN, State.DORMANT: _HIDDEN, State.INVITED: _HIDDEN,
}  # fmt: skip
"""What readers notice of a member's state; of one that is active or has left nothing."""
_RECOVERING: Final = (
    "Der Stand wird gerade mit den anderen Stellen abgeglichen. Bis dahin erscheint nichts Neues, und "
    "Ansprechpersonen werden nicht angezeigt."
)
_NOTHING_YET: Final = (
    "Es gibt noch keinen gemeinsamen Katalog; zu sehen ist höchstens, was hier selbst eingetragen wurde."
)
_MISSING: Final = "Es fehlen noch Angaben zu Angeboten ({number}); sie werden gerade geholt."
_OLD: Final = "Der gemeinsame Katalog ist über eine Stunde alt: Änderungen anderer Städte kommen zurzeit verspätet an."


@dataclass(frozen=True)
class Running:
    """What the page says.

    Args:
        signed: when the catalogue that is shown was signed; None before the first one.
        exchanged: when the party last exchanged anything with others; None for never.
        troubles: what does not work, a sentence each; nothing: all is well.
    """

    signed: int | None
    exchanged: int | None
    troubles: Sequence[str]


def describe_running(
    said: CatalogueNote | None,
    *,
    now: int,
    exchanged: int | None,
    missing: int,
    is_recovering: bool,
    name_of: Callable[[str], str],
) -> Running:
    """Return in plain words how a party runs.

    Args:
        said: the catalogue note that is shown.
        missing: offers of it whose data are not held here yet.
        name_of: what people call a member.
    """
    troubles = [_RECOVERING] if is_recovering else []
    if said is None:
        return Running(None, exchanged, [*troubles, _NOTHING_YET])
    if now - said.time > limits.HUB_FRESH_SECONDS:
        troubles.append(_OLD)
    if missing:
        troubles.append(_MISSING.format(number=missing))
    for source in said.sources:
        text = _OF_MEMBER.get(State(source.word)) if source.word in set(State) else None
        if text is not None:
            troubles.append(text.format(name=name_of(source.member)))
    return Running(said.time, exchanged, troubles)
