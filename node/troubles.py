"""What is wrong at this node, in words: the one list that `status` and the page about the federation show."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from node.party import Node
from node.receiving import READING
from shared.feed import limits
from shared.feed.outcomes import ABOUT, Actor, Code
from shared.holdings import facts, papers
from shared.room import ADVICE, MEANWHILE, find_shortage

_KEPT = {
    "seal-refused": "Unterschreiben verweigert",
    "talk-failure": "Letzter Austausch mit dem Kreis nicht gelungen",
    "pull-failure": "Letzter Katalog des Kreises nicht angenommen",
    "relay-failure": "Hinweise und Antworten nicht beim Kreis abgeholt",
}
"""Facts that hold a failure as `CODE message` until its cause is gone, and what failed."""
_STEPS = {
    Code.E_OWN_CLOCK: "Die Uhr des Rechners stellen; geht sie richtig, kreisweit-node clock reset aufrufen.",
    Code.E_LOCAL_CLOCK: "Die Uhr des Rechners prüfen.",
    Code.E_FORK: "Nichts löschen und den Kreis anrufen.",
    Code.E_HUB_FORK: "Den Kreis anrufen.",
    Code.E_HUB_MISREPRESENTS: "Den Kreis anrufen.",
    Code.E_HUB_STALE: "Den Kreis anrufen, wenn das so bleibt.",
}


class Trouble(msgspec.Struct, frozen=True):
    """One thing that is wrong: what failed, why, and who does what about it.

    Without a code there is no sentence for people: `text` is then what the program itself said.
    """

    what: str
    code: str
    text: str
    acts: str = Actor.NOBODY
    step: str = ""


def find_troubles(node: Node) -> list[Trouble]:
    """Return what is wrong now, each code once; what failed here comes before what others do."""
    with node.db.read() as conn:
        kept, hub = facts.load_facts(conn, ""), node.book.hub(conn)
        # Not forgotten with the next good note: two texts of one time stay two texts.
        evidence = [] if hub is None else [row.code for row in papers.load_evidence(conn, hub.origin)]
    found = [_explain(Code.E_FORK)] if kept.get("forked") else []
    found += [_explain(kept[name], what) for name, what in _KEPT.items() if kept.get(name)]
    readings = sorted(text for name, text in kept.items() if name.startswith(READING))
    found += [_explain(text, "Ein Log ist nicht weiterzulesen") for text in readings]
    found += [_explain(code) for code in [*evidence, *_overdue(node, kept)]]
    found += _room(node)
    first: dict[str, Trouble] = {}
    for trouble in found:
        first.setdefault(trouble.code or trouble.text, trouble)
    return list(first.values())


def _room(node: Node) -> list[Trouble]:
    """The disk is nearly full."""
    room = find_shortage(node.settings.home)
    if room is None:
        return []
    return [Trouble("Kaum noch Platz auf der Platte", "", f"{room.in_german()}. {MEANWHILE}", Actor.OPERATOR, ADVICE)]


def _overdue(node: Node, kept: Mapping[str, str]) -> list[Code]:
    """What the hub has left undone for longer than any healthy delay."""
    now, said = node.clock.now(), node.consumer.newest()
    since = int(kept.get("misrepresented-since", "0"))
    found = []
    if since and now - since > limits.HUB_MISREPRESENTS_AFTER_SECONDS:
        found.append(Code.E_HUB_MISREPRESENTS)
    if said is not None and now - said.time > limits.HUB_FRESH_SECONDS:
        found.append(Code.E_HUB_STALE)
    return found


def _explain(kept: str, what: str = "") -> Trouble:
    """Put a kept failure into words; what came from the hub is the district's to mend, not a city's."""
    word = kept.partition(" ")[0]
    if word not in Code.__members__:
        return Trouble(what, "", kept.strip())
    code = Code(word)
    about = ABOUT[code]
    is_by_hub = about.acts is Actor.MEMBER and what in (_KEPT["talk-failure"], _KEPT["pull-failure"])
    return Trouble(what, word, about.text, Actor.DISTRICT if is_by_hub else about.acts, _STEPS.get(code, ""))
