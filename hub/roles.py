"""The roles at the district's desk."""

from __future__ import annotations

from shared.accounts.rights import Right, Role, Roles

_READER = frozenset({Right.READ})
_CURATOR = _READER | {Right.CURATE}

ROLES = Roles(
    [
        Role("leser", "Leser", "Sieht alles im Arbeitsbereich an und ändert nichts.", _READER),
        Role(
            "kurator",
            "Kurator",
            "Entscheidet, welche Angebote verschiedener Städte dasselbe sind; die Daten der Städte bleiben unberührt.",
            _CURATOR,
        ),
        Role(
            "betrieb",
            "Betrieb",
            "Hält den Verbund am Laufen: Mitglieder, Störungen, Entscheidungen der Schutzregeln, Konten. "
            "Blendet Angebote aus rechtlichen Gründen aus.",
            _CURATOR | {Right.OPERATE, Right.NOTICES, Right.ACCOUNTS},
        ),
    ]
)
