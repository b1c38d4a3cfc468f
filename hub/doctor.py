"""Everything that must be right for this hub to run, from the settings outwards; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hub import overview
from hub.backups import subject_of
from hub.mailing import mail_server
from hub.opening import ROOT_KEY_NAME, load_signer
from hub.party import Hub
from hub.settings import HubSettings
from shared.clock import Clock, SystemDice
from shared.doctor import held, network
from shared.doctor.finding import Answer, Check, Finding, bad, good, warning
from shared.doctor.patient import Patient
from shared.feed.outcomes import State
from shared.judges import judges

ROSTER_SOON_DAYS = 60
"""Whoever has the root key must be found, and every node must hear of it."""
_DAY = 86_400
_QUIET = frozenset({State.ACTIVE, State.INVITED, State.PAUSED, State.SUSPENDED, State.RETIRED})


def examine(settings: HubSettings, clock: Clock) -> list[Finding]:
    """Look at everything about a hub, whether or not it runs, and whether or not it can be opened."""
    patient = _Patient(settings, clock)
    return patient.examine(patient.checks())


class _Patient(Patient):
    def __init__(self, settings: HubSettings, clock: Clock) -> None:
        super().__init__(settings, clock, subject_of(settings, clock), lambda: load_signer(settings))
        self.settings = settings
        self.clock = clock

    def checks(self) -> Sequence[Check]:
        settings = self.settings
        return [
            *self.computer_checks(),
            Check("root-key", "Wurzelschlüssel", lambda: held.look_at_root_key(settings.key_folder / ROOT_KEY_NAME)),
            *self.holding_checks(),
            Check("roster", "Mitgliederliste", self._roster),
            Check("name", "Eigener Name", lambda: network.look_at_name(settings.url, "")),
            Check("address", "Von außen erreichbar", lambda: network.look_at_peer(self.web, settings.url)),
            Check("members", "Mitglieder", self._members),
            *self.copy_checks(),
            Check("mail", "Mailserver", lambda: network.look_at_mail(mail_server(self._hub()))),
        ]

    def _hub(self) -> Hub:
        """Return the hub over the database as it is; it is not migrated and nothing is written."""
        signer = load_signer(self.settings)
        return Hub(self.settings, self.db, signer, judges(), clock=self.clock, dice=SystemDice(), web=self.web)

    def _roster(self) -> Answer:
        found = self._hub().book.newest()
        if found is None:
            return bad("Es gibt keine Mitgliederliste", "init aufrufen; nach einem Verlust kommt sie von den Knoten.")
        days = (found.roster.expires - self.clock.now()) // _DAY
        advice = "roster draft, roster sign mit dem Wurzelschlüssel, roster publish."
        if days < 0:
            return bad("Die Mitgliederliste ist abgelaufen; es wird nichts mehr verteilt", advice)
        if days < ROSTER_SOON_DAYS:
            return warning(f"Die Mitgliederliste läuft in {days} Tagen ab", advice)
        return good(f"Fassung {found.roster.version}, noch {days} Tage gültig")

    def _members(self) -> Answer:
        states = Counter(State(member.state) for member in overview.members(self._hub()))
        if troubled := sum(count for state, count in states.items() if state not in _QUIET):
            return warning(
                f"{troubled} von {states.total()} brauchen Aufmerksamkeit", "kreisweit-hub status, oder unter /pult."
            )
        return good(f"{states.total()}, keines braucht etwas")
