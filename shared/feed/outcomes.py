"""Codes of outcomes and states of members, in words for people (PROTOCOL 8).

Codes travel in errors, reports and problem responses; the German sentences are what a person reads beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from shared.errors import ParseError
from shared.feed import limits
from shared.ids import parse_num


class Code(StrEnum):
    """What a run, a record or an entry came to.  E_: refused; W_: a warning that stops nothing."""

    OK = "OK"
    OK_UNCHANGED = "OK_UNCHANGED"
    STALE = "STALE"
    E_FETCH = "E_FETCH"
    E_OVERSIZE = "E_OVERSIZE"
    E_FORMAT = "E_FORMAT"
    E_ORIGIN = "E_ORIGIN"
    E_SIG = "E_SIG"
    E_ROOT = "E_ROOT"
    E_IDENTITY = "E_IDENTITY"
    E_CLOCK = "E_CLOCK"
    E_REPLAY = "E_REPLAY"
    E_ROLLBACK = "E_ROLLBACK"
    E_FORK = "E_FORK"
    E_RATE = "E_RATE"
    E_PAYLOAD = "E_PAYLOAD"
    E_PAYLOAD_MISSING = "E_PAYLOAD_MISSING"
    E_SCHEMA = "E_SCHEMA"
    E_OWNER = "E_OWNER"
    E_ROSTER = "E_ROSTER"
    E_KEY_WEAK = "E_KEY_WEAK"
    E_HUB_STALE = "E_HUB_STALE"
    E_HUB_FORK = "E_HUB_FORK"
    E_HUB_MISREPRESENTS = "E_HUB_MISREPRESENTS"
    E_ERASED_SERVED = "E_ERASED_SERVED"
    E_OWN_CLOCK = "E_OWN_CLOCK"
    E_LOCAL_CLOCK = "E_LOCAL_CLOCK"
    E_RECOVERING = "E_RECOVERING"
    W_GRAMMAR = "W_GRAMMAR"
    W_PREV = "W_PREV"
    W_TIME = "W_TIME"
    W_ERASE = "W_ERASE"
    W_KIND = "W_KIND"


class Actor(StrEnum):
    """Who must act, as people read it."""

    NOBODY = "niemand"
    MEMBER = "die Stadt"
    DISTRICT = "der Kreis"
    ROSTER_HOLDERS = "die Verwahrer der Wurzelschlüssel"
    CACHE_OPERATOR = "wer den Zwischenspeicher betreibt"
    NAMED_OPERATOR = "wer die genannte Adresse betreibt"
    OPERATOR = "wer diese Installation betreibt"


@dataclass(frozen=True, slots=True)
class About:
    """One sentence on a code, and who must act."""

    text: str
    acts: Actor


ABOUT: Mapping[Code, About] = MappingProxyType(
    {
        Code.OK: About("Neue Einträge wurden geprüft und übernommen.", Actor.NOBODY),
        Code.OK_UNCHANGED: About("Es gab nichts Neues; der Stand ist bestätigt.", Actor.NOBODY),
        Code.STALE: About("Der Stand ist unverändert und seit über 24 Stunden nicht neu bestätigt.", Actor.MEMBER),
        Code.E_FETCH: About("Die Gegenstelle war nicht erreichbar; es wird später erneut versucht.", Actor.NOBODY),
        Code.E_OVERSIZE: About("Die Antwort war größer als erlaubt und wurde abgebrochen.", Actor.NOBODY),
        Code.E_FORMAT: About("Die Antwort hat nicht die vorgeschriebene Form.", Actor.MEMBER),
        Code.E_ORIGIN: About("Unter dieser Adresse liegt das Log einer anderen Stelle.", Actor.MEMBER),
        Code.E_SIG: About("Eine Unterschrift fehlt oder stimmt nicht.", Actor.MEMBER),
        Code.E_ROOT: About("Die gelieferten Einträge passen nicht zum unterschriebenen Stand.", Actor.MEMBER),
        Code.E_IDENTITY: About("Das Log nennt einen anderen Namen, AGS oder eine andere Generation.", Actor.MEMBER),
        Code.E_CLOCK: About("Die Uhr der Gegenstelle geht mehr als fünf Minuten vor.", Actor.MEMBER),
        Code.E_REPLAY: About(
            "Es kam ein älterer Stand als der schon bekannte; er wurde ignoriert.", Actor.CACHE_OPERATOR
        ),
        Code.E_ROLLBACK: About(
            "Das Log ist kürzer als der bekannte Stand, etwa nach einer Rücksicherung.", Actor.MEMBER
        ),
        Code.E_FORK: About("Es gibt zwei unterschriebene Fassungen desselben Logs.", Actor.ROSTER_HOLDERS),
        Code.E_RATE: About("Es kamen ungewöhnlich viele Einträge auf einmal; das Lesen pausiert.", Actor.MEMBER),
        Code.E_PAYLOAD: About("Die Daten eines Angebots stimmen nicht mit ihrer Prüfsumme überein.", Actor.MEMBER),
        Code.E_PAYLOAD_MISSING: About("Die Daten eines Angebots werden nicht ausgeliefert.", Actor.MEMBER),
        Code.E_SCHEMA: About("Die Daten eines Angebots haben nicht die vorgeschriebene Form.", Actor.MEMBER),
        Code.E_OWNER: About("Ein Angebot nennt einen fremden Eigentümer.", Actor.MEMBER),
        Code.E_ROSTER: About("Die Mitgliederliste fehlt, ist abgelaufen oder nicht gültig.", Actor.ROSTER_HOLDERS),
        Code.E_KEY_WEAK: About("Ein öffentlicher Schlüssel ist schwach und wird nicht angenommen.", Actor.MEMBER),
        Code.E_HUB_STALE: About("Der Kreis hat den Katalog seit über einer Stunde nicht bestätigt.", Actor.DISTRICT),
        Code.E_HUB_FORK: About(
            "Der Kreis hat zur selben Zeit zwei verschiedene Kataloge unterschrieben.", Actor.DISTRICT
        ),
        Code.E_HUB_MISREPRESENTS: About("Eigene Einträge fehlen seit über einer Stunde beim Kreis.", Actor.DISTRICT),
        Code.E_ERASED_SERVED: About("Gelöschte Daten werden noch ausgeliefert.", Actor.NAMED_OPERATOR),
        Code.E_OWN_CLOCK: About("Die eigene Uhr steht vor einer schon gespeicherten Zeit.", Actor.OPERATOR),
        Code.E_LOCAL_CLOCK: About(
            "Mehrere Mitglieder gehen zugleich vor: wohl ist die eigene Uhr falsch.", Actor.OPERATOR
        ),
        Code.E_RECOVERING: About("Der Stand wird nach einem Start erst abgeglichen.", Actor.NOBODY),
        Code.W_GRAMMAR: About("Ein Eintrag ist nicht lesbar und bleibt ohne Wirkung.", Actor.MEMBER),
        Code.W_PREV: About("Ein Eintrag nennt nicht die letzte Fassung als Vorgänger.", Actor.MEMBER),
        Code.W_TIME: About("Ein Eintrag trägt eine Zeit nach seiner Unterschrift.", Actor.MEMBER),
        Code.W_ERASE: About("Eine Löschung nennt einen Eintrag, der nicht gelöscht werden kann.", Actor.MEMBER),
        Code.W_KIND: About("Ein Eintrag hat eine Art, die in diesem Log ohne Wirkung ist.", Actor.MEMBER),
    }
)


class State(StrEnum):
    """States of a member at the hub, in order of precedence: the first that applies is shown."""

    RETIRED = "retired"
    SUSPENDED = "suspended"
    PAUSED = "paused"
    FORKED = "forked"
    ROLLED_BACK = "rolled-back"
    QUARANTINED = "quarantined"
    HELD = "held"
    THROTTLED = "throttled"
    INVITED = "invited"
    DORMANT = "dormant"
    STALE = "stale"
    ACTIVE = "active"


PRECEDENCE: tuple[State, ...] = tuple(State)
ROSTER_STATUSES = ("active", "paused", "suspended", "retired")
HIDDEN = frozenset({State.RETIRED, State.SUSPENDED, State.DORMANT, State.INVITED})
"""States whose offers the catalogue does not show (PROTOCOL 8)."""
OUT_OF_DIGEST = frozenset({State.SUSPENDED, State.DORMANT})
"""States whose sources do not enter the catalogue digest (PROTOCOL 7)."""

_STATE_WORD = re.compile(r"([a-z-]+)(?:@(0|[1-9][0-9]{0,15}))?")


def shown_state(conditions: Iterable[State]) -> State:
    """Return the state to show of all conditions that hold; active when none does."""
    held = frozenset(conditions)
    return next((state for state in PRECEDENCE if state in held), State.ACTIVE)


def format_state(state: str, fold: int | None = None) -> str:
    """Write a state word; `fold` is the number of entries at which the fold is frozen (PROTOCOL 6.12)."""
    word = f"{state}" if fold is None else f"{state}@{fold}"
    if parse_state_word(word) != (state, fold):
        raise ParseError(f"state {word[:40]!r} does not read back")
    return word


def parse_state_word(text: str) -> tuple[str, int | None]:
    """Read `word` or `word@num`; words this version does not know are passed on."""
    match = _STATE_WORD.fullmatch(text)
    if match is None or len(text) > limits.STATE_WORD_MAX_BYTES:
        raise ParseError(f"state {text[:40]!r} is not a state word")
    return match[1], None if match[2] is None else parse_num(match[2])
