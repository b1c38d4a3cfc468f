"""What a state of a member means to a person, and what to do about it, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.feed.outcomes import State

NEW_KEYS = "neue-schluessel"
"""Part of the address at which a member is invited to new keys."""


@dataclass(frozen=True)
class Todo:
    """One thing to do; `part` of the member's address is where, empty for elsewhere; `label` names the link."""

    text: str
    part: str = ""
    label: str = ""


@dataclass(frozen=True)
class Guidance:
    """What happened, in plain words, and what to do, in order."""

    happened: str
    todo: Sequence[Todo]


_RESUME = ("schritt/resume", "Fortsetzen")
GUIDANCE: Mapping[State, Guidance] = {
    State.INVITED: Guidance(
        "Die Stadt ist aufgenommen; ihr Knoten ist noch nicht vollständig gelesen.",
        [Todo("Warten. Wenn es eilt, unten „Jetzt abrufen“ wählen.")],
    ),
    State.STALE: Guidance(
        "Seit über 24 Stunden hat der Knoten der Stadt seinen Stand nicht bestätigt. Die Angebote bleiben sichtbar.",
        [Todo("In der Stadt nachfragen, ob der Knoten läuft und ins Netz kommt.")],
    ),
    State.DORMANT: Guidance(
        "Seit über 30 Tagen ohne Lebenszeichen. Die Angebote sind ausgeblendet, damit nichts Veraltetes gezeigt wird.",
        [Todo("Die Stadt anrufen. Sobald ihr Knoten sich meldet, erscheinen die Angebote von selbst wieder.")],
    ),
    State.THROTTLED: Guidance(
        "Es kamen ungewöhnlich viele neue Einträge auf einmal. Sie warten bis zum nächsten Tag oder auf Sie.",
        [Todo("Die Stadt fragen, ob so viele Einträge gewollt sind, und dann unten bestätigen.")],
    ),
    State.HELD: Guidance(
        "Die Stadt hat auf einmal einen großen Teil ihrer Angebote zurückgezogen. Ob das gewollt ist, weiß "
        "der Hub nicht. Er zeigt weiter den Stand davor.",
        [
            Todo("Die Stadt unter der bekannten Nummer anrufen und fragen, ob die Rücknahmen gewollt sind."),
            Todo("Dann unten entscheiden: bestätigen, wenn es gewollt ist; ablehnen, wenn es ein Versehen war."),
        ],
    ),
    State.QUARANTINED: Guidance(
        "Was der Knoten zuletzt geliefert hat, lässt sich nicht prüfen. Gezeigt wird der letzte gute Stand.",
        [Todo("Der IT der Stadt den Fehler und seinen Code nennen; ihr Programm muss wieder gültige Daten liefern.")],
    ),
    State.ROLLED_BACK: Guidance(
        "Der Knoten der Stadt hat weniger Einträge als früher. Wahrscheinlich wurde dort eine ältere Sicherung "
        "zurückgeholt. Verloren ist nichts: Der Hub hat den vollständigen Stand, und der Knoten holt ihn sich zurück.",
        [
            Todo("Die Stadt anrufen und fragen, ob etwas zurückgeholt wurde."),
            Todo("Den Knoten laufen lassen. Er heilt sich selbst, meist in zehn Minuten."),
            Todo("Danach unten „Jetzt abrufen“ wählen. Dauert es über eine Stunde, hilft die IT der Stadt weiter."),
        ],
    ),
    State.FORKED: Guidance(
        "Es gibt zwei verschiedene Fassungen des Logs dieser Stadt, und beide tragen ihre Unterschrift. Das kommt vor, "
        "wenn eine alte Sicherung zurückgeholt und darauf weitergearbeitet wurde. Es kann aber auch heißen, dass "
        "jemand anderes den Schlüssel der Stadt benutzt. Gezeigt wird der letzte gute Stand.",
        [
            Todo("Die Stadt unter der bekannten Nummer anrufen und klären, was geschehen ist."),
            Todo("Kann der Schlüssel gestohlen sein: die Stadt sofort sperren.", "schritt/suspend", "Sperren"),
            Todo("Die Stadt zu neuen Schlüsseln einladen. Sie beginnt damit eine neue Generation ihres Logs.", NEW_KEYS,
                 "Zu neuen Schlüsseln einladen"),
            Todo("Den Fingerabdruck am Telefon vergleichen und die Stadt aufnehmen. Das beendet den Widerspruch."),
        ],
    ),
    State.PAUSED: Guidance(
        "Die Stadt wird nicht gelesen; ihr letzter Stand bleibt sichtbar.",
        [Todo("Soll es weitergehen: fortsetzen.", *_RESUME)],
    ),
    State.SUSPENDED: Guidance(
        "Die Angebote der Stadt sind ausgeblendet.",
        [
            Todo("Ist alles geklärt: fortsetzen.", *_RESUME),
            Todo("War der Schlüssel gestohlen: erst zu neuen Schlüsseln einladen.", NEW_KEYS,
                 "Zu neuen Schlüsseln einladen"),
        ],
    ),
    State.RETIRED: Guidance(
        "Die Stadt ist ausgeschieden; ihre Daten sind hier gelöscht.",
        [Todo("Kommt sie wieder: fortsetzen.", *_RESUME)],
    ),
}  # fmt: skip
