"""Everything that must be right for this node to run, from the settings outwards; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence

from node import ballast
from node.backups import subject_of
from node.city import load_city, mail_server
from node.opening import load_signer
from node.party import Node
from node.settings import NodeSettings, load_membership
from shared.clock import Clock, SystemDice
from shared.doctor import network
from shared.doctor.finding import Answer, Check, Finding, bad, good, skipped, warning
from shared.doctor.patient import Patient
from shared.feed import limits
from shared.holdings import edits, facts
from shared.judges import judges

ROSTER_SOON_DAYS = 30
_DAY, _HOUR = 86_400, 3600


def examine(settings: NodeSettings, clock: Clock) -> list[Finding]:
    """Look at everything about a node, whether or not it runs, and whether or not it can be opened."""
    patient = _Patient(settings, clock)
    return patient.examine(patient.checks())


class _Patient(Patient):
    def __init__(self, settings: NodeSettings, clock: Clock) -> None:
        super().__init__(settings, clock, subject_of(settings, clock), lambda: load_signer(settings))
        self.settings = settings
        self.clock = clock
        self.membership = load_membership(self.home)

    def checks(self) -> Sequence[Check]:
        return [
            *self.computer_checks(),
            Check("ballast", "Platz für eine Löschung", self._ballast),
            *self.holding_checks(),
            Check("membership", "Beitritt", self._membership),
            Check("name", "Name des Hubs", self._name),
            Check("hub", "Hub erreichbar", self._hub),
            Check("delivery", "Lieferung an den Kreis", self._delivery),
            Check("catalogue", "Katalog des Kreises", self._catalogue),
            Check("roster", "Mitgliederliste", self._roster),
            Check("outbox", "Wartende Änderungen", self._outbox),
            *self.copy_checks(),
            Check("mail", "Mailserver", self._mail),
            Check("cookie", "Anmeldung", self._cookie),
        ]

    def _node(self) -> Node:
        """Return the node over the database as it is; it is not migrated and nothing is written."""
        signer = load_signer(self.settings)
        return Node(
            self.settings, self.db, signer, judges(), self.membership, clock=self.clock, dice=SystemDice(), web=self.web
        )

    def _ballast(self) -> Answer:
        path = self.home / ballast.FILE_NAME
        if path.exists() and path.stat().st_size >= ballast.SIZE_BYTES:
            return good("8 MB freigehalten")
        return warning(
            "Die Datei ballast fehlt oder ist zu klein",
            "Platz schaffen; der laufende Knoten legt sie von selbst wieder an.",
        )

    def _membership(self) -> Answer:
        if self.membership is None:
            return bad("Noch keinem Kreis beigetreten", "kreisweit-node join CODE --url URL")
        if not self._node().is_member:
            return warning(
                "Der Kreis hat den Beitritt noch nicht bestätigt", "Fingerabdruck am Telefon vergleichen: status."
            )
        return good("Mitglied im Verbund")

    def _name(self) -> Answer:
        if self.membership is None:
            return skipped("erst nach dem Beitritt")
        return network.look_at_name(self._node().hub_url, self.settings.proxy)

    def _hub(self) -> Answer:
        if self.membership is None:
            return skipped("erst nach dem Beitritt")
        return network.look_at_peer(self.web, self._node().hub_url)

    def _delivery(self) -> Answer:
        with self.db.read() as conn:
            pushed, failure = facts.load_number(conn, "last-push"), facts.load_fact(conn, "talk-failure")
        if not pushed:
            return skipped("noch nie geliefert")
        age = self.clock.now() - pushed
        if failure:
            return bad(
                f"Der letzte Austausch ist gescheitert: {failure}", "Siehe „Hub erreichbar“; sonst Kreis anrufen."
            )
        if age > _HOUR:
            return bad(f"Die letzte Lieferung ist {age // 60} Minuten her", "Läuft das Programm? Siehe oben.")
        return good(f"zuletzt vor {age // 60} Minuten")

    def _catalogue(self) -> Answer:
        said = self._node().consumer.newest()
        if said is None:
            return skipped("noch keiner angenommen")
        age = self.clock.now() - said.time
        if age > limits.HUB_FRESH_SECONDS:
            return warning(
                f"Der Kreis liefert seit {age // 60} Minuten nichts Neues", "Den Kreis anrufen, wenn es bleibt."
            )
        return good(f"{age // 60} Minuten alt, {len(said.sources)} Stellen")

    def _roster(self) -> Answer:
        found = self._node().book.newest()
        if found is None:
            return skipped("noch keine angenommen")
        days = (found.roster.expires - self.clock.now()) // _DAY
        if days < 0:
            return bad("Die Mitgliederliste ist abgelaufen; es gilt der letzte Stand", "Den Kreis anrufen.")
        if days < ROSTER_SOON_DAYS:
            return warning(f"Die Mitgliederliste läuft in {days} Tagen ab", "Den Kreis daran erinnern.")
        return good(f"Fassung {found.roster.version}, noch {days} Tage gültig")

    def _outbox(self) -> Answer:
        with self.db.read() as conn:
            waiting, conflicts = edits.count_edits(conn), edits.count_conflicts(conn)
        if conflicts:
            return warning(
                f"{conflicts} Änderungen brauchen eine Entscheidung", "Im Arbeitsbereich oder mit conflicts."
            )
        return good(f"{waiting} warten auf die Unterschrift")

    def _mail(self) -> Answer:
        node = self._node()
        return network.look_at_mail(mail_server(node, load_city(node)))

    def _cookie(self) -> Answer:
        if self.settings.public_url:
            return good(f"Das Cookie der Anmeldung geht nur verschlüsselt zu {self.settings.public_url}")
        if self.membership is None or not self.membership.url.startswith("https://"):
            return skipped("Der Knoten hat keine Adresse nach außen")
        return warning(
            "Das Cookie der Anmeldung ginge auch unverschlüsselt über das Netz",
            f'In node.toml public_url = "{self.membership.url}" eintragen und neu starten.',
        )
