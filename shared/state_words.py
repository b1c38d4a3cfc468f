"""States in German, one table for the command line and the pages; programs read the English word itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def N_(text: str) -> str:  # noqa: N802 - the usual name of a marker for the collector of texts
    """Mark a text for translation; returns it unchanged."""
    return text


STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # a party
        "new": N_("neu"),
        "waiting": N_("wartet auf Freigabe"),
        "recovering": N_("wird wiederhergestellt"),
        "live": N_("in Betrieb"),
        # a member
        "active": N_("aktiv"),
        "invited": N_("eingeladen"),
        "paused": N_("pausiert"),
        "retired": N_("ausgeschieden"),
        "stale": N_("veraltet"),
        "dormant": N_("ruht, nicht angezeigt"),
        "throttled": N_("gedrosselt"),
        "held": N_("angehalten"),
        "quarantined": N_("in Quarantäne"),
        "rolled-back": N_("zurückgefallen"),
        "forked": N_("widersprüchlich"),
        "suspended": N_("gesperrt"),
        # an offer
        "published": N_("veröffentlicht"),
        "draft": N_("Entwurf"),
        "pending": N_("wird veröffentlicht"),
        "pending-withdrawal": N_("wird zurückgezogen"),
        "withdrawn": N_("zurückgezogen"),
        "conflict": N_("Konflikt"),
        "erased": N_("gelöscht"),
        "lost": N_("Inhalt verloren"),
        "outdated": N_("ältere Fassung"),
        # one read or delivery
        "ok": N_("erledigt"),
        "unchanged": N_("unverändert"),
        "refused": N_("abgelehnt"),
        "unreachable": N_("nicht erreichbar"),
    }
)


def state_in_german(word: str) -> str:
    """Return the German word for a state as it stands in the catalogue note (`held@40`); an unknown one as it is."""
    return STATE_WORDS.get(word.partition("@")[0].partition("(")[0], word)
