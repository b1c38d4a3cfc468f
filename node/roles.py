"""The roles at a city's desk."""

from __future__ import annotations

from shared.accounts.rights import Right, Role, Roles

_READER = frozenset({Right.READ})
_AUTHOR = _READER | {Right.WRITE}
_EDITOR = _AUTHOR | {Right.PUBLISH, Right.IMPORT, Right.PERSONS, Right.HINTS}

ROLES = Roles(
    [
        Role("leser", "Leser", "Sieht alles im Arbeitsbereich an und ändert nichts.", _READER),
        Role("autor", "Autor", "Schreibt Entwürfe; veröffentlicht werden sie von der Redaktion.", _AUTHOR),
        Role("redaktion", "Redaktion", "Pflegt und veröffentlicht die Angebote der Stadt.", _EDITOR),
        Role(
            "verwaltung",
            "Verwaltung",
            "Darf alles, auch Konten und Einstellungen.",
            _EDITOR | {Right.ACCOUNTS, Right.SETTINGS},
        ),
        Role(
            "traeger",
            "Träger",
            "Schreibt Entwürfe für die Angebote der eigenen Einrichtung; andere bleiben unberührt.",
            _AUTHOR,
            is_limited=True,
        ),
    ]
)
