"""The roles at the district's desk."""

from __future__ import annotations

from shared.accounts.rights import Limit, Right, Role, Roles
from shared.model.district import District

_READER = frozenset({Right.READ})
_CURATOR = _READER | {Right.CURATE, Right.NEED}

ROLES = Roles(
    [
        Role("leser", "Leser", "Sieht alles im Arbeitsbereich an und ändert nichts.", _READER),
        Role(
            "kurator",
            "Kurator",
            "Entscheidet, welche Angebote verschiedener Städte dasselbe sind und was aus gemeldetem Bedarf wird, "
            "pflegt die Vokabulare und schreibt den Rundbrief; die Daten der Städte bleiben unberührt.",
            _CURATOR,
        ),
        Role(
            "betrieb",
            "Betrieb",
            "Hält den Verbund am Laufen: Mitglieder, Störungen, Entscheidungen der Schutzregeln, Konten. "
            "Blendet Angebote aus rechtlichen Gründen aus.",
            _CURATOR | {Right.OPERATE, Right.NOTICES, Right.ACCOUNTS},
        ),
        Role(
            "fallmanagement",
            "Fallmanagement",
            "Meldet Bedarf aus der Beratung in der eigenen Stadt und sieht deren Lücken; sonst nichts.",
            frozenset({Right.NEED}),
            is_limited=True,
        ),
    ]
)


def city_limit(district: District) -> Limit:
    """Return what accounts of the Fallmanagement are bound to: cities of the district."""
    return Limit(
        title="Städte",
        legend="Nur für diese Städte",
        hint="Nur für die Rolle Fallmanagement; andere Rollen arbeiten für den ganzen Kreis.",
        missing="Für diese Rolle wählen Sie mindestens eine Stadt.",
        note="nur für die Städte, die auf dem Konto stehen",
        choices=tuple((member.name, member.town) for member in district.members if member.town),
    )
