"""What people may do at the desk: rights, and roles as named sets of them.

Rights are fixed here, since handlers name them; which roles there are is each room's decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    """One thing that a person may do; every handler of the desk names the one it needs."""

    READ = "read"
    WRITE = "write"
    PUBLISH = "publish"
    IMPORT = "import"
    PERSONS = "persons"
    HINTS = "hints"
    ACCOUNTS = "accounts"
    SETTINGS = "settings"
    OPERATE = "operate"
    CURATE = "curate"
    NEED = "need"
    NOTICES = "notices"


RIGHT_TEXTS: Mapping[Right, str] = {
    Right.READ: "Angebote und Auswertungen im Arbeitsbereich ansehen",
    Right.WRITE: "Entwürfe schreiben und ändern",
    Right.PUBLISH: "Angebote veröffentlichen, ändern und zurückziehen",
    Right.IMPORT: "Angebote aus einer Datei übernehmen",
    Right.PERSONS: "Ansprechpersonen ansehen und ihre Daten löschen",
    Right.HINTS: "Hinweise von Bürgerinnen und Bürgern bearbeiten",
    Right.ACCOUNTS: "Konten anlegen, ändern und sperren",
    Right.SETTINGS: "Einstellungen ändern",
    Right.OPERATE: "Mitglieder aufnehmen, abrufen und sperren, Alarme bearbeiten, Schlüssel und Monatsmails verwalten",
    Right.CURATE: "Doppelte Angebote verschiedener Städte zusammenführen, über gemeldeten Bedarf entscheiden, "
    "Vereinbarungen zu Lücken eintragen, Vokabulare pflegen, den Rundbrief schreiben",
    Right.NEED: "Bedarf aus der Beratung melden und die Lücken dazu ansehen",
    Right.NOTICES: "Angebote aus rechtlichen Gründen kreisweit ausblenden",
}
"""What each right means, for the page that explains the roles."""


@dataclass(frozen=True)
class Limit:
    """What the accounts of limited roles are bound to: names that are typed, or some of those that are known.

    Args:
        title: what it is called beside a person.
        legend, hint: of the field in which it is chosen.
        missing: what is said when a limited role comes without any.
        note: what it means, below the table of roles.
        choices: (value, text) of what can be chosen; empty = any name may be typed.
    """

    title: str
    legend: str
    hint: str
    missing: str
    note: str
    choices: tuple[tuple[str, str], ...] = ()

    def texts(self, values: Sequence[str]) -> list[str]:
        """Return the chosen values as people read them."""
        known = dict(self.choices)
        return [known.get(value, value) for value in values]


PROVIDERS = Limit(
    title="Träger",
    legend="Nur für diese Träger",
    hint="Ein Name je Zeile, so geschrieben wie in den Angeboten. Leer: keine Grenze.",
    missing="Für diese Rolle nennen Sie mindestens einen Träger.",
    note="nur für Angebote der Träger, die auf dem Konto stehen",
)


@dataclass(frozen=True)
class Role:
    """A named set of rights; `is_limited` binds it to what stands on the account (see `Limit`)."""

    code: str
    title: str
    explanation: str
    rights: frozenset[Right]
    is_limited: bool = False

    def may(self, right: Right) -> bool:
        """Tell whether this role has the right."""
        return right in self.rights


_NONE = Role("", "ohne Rolle", "Diese Rolle gibt es nicht mehr.", frozenset())


class Roles:
    """The roles of one room, in the order in which they are shown."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self._roles = {role.code: role for role in roles}

    def __iter__(self) -> Iterator[Role]:
        return iter(self._roles.values())

    def __contains__(self, code: object) -> bool:
        return code in self._roles

    def of(self, code: str) -> Role:
        """Return the role of this code; one that is gone has no rights at all."""
        return self._roles.get(code, _NONE)

    def rights(self) -> list[Right]:
        """Return the rights that some role of this room has, in their usual order."""
        return [right for right in Right if self.codes_with(right)]

    def codes_with(self, right: Right) -> list[str]:
        """Return the codes of the roles that have the right."""
        return [role.code for role in self if role.may(right)]
