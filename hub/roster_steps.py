"""Steps that change the roster, as the district's desk takes them: what each does, what it needs, and the step itself.

Where the root key's file lies on the hub's computer, a person signs here with its passphrase, which is used once and
kept nowhere.  Everywhere else the change is noted; the draft travels to the key, and the signed file comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub import enrolment
from hub import roster_keeping as roster
from hub.holds import find_member
from hub.notes import publish_note
from hub.opening import ROOT_KEY_NAME
from hub.party import Hub
from hub.roster_keeping import Change
from shared.errors import ConfigError, NotFoundError, RuleError
from shared.feed.keys import SigningKey
from shared.feed.roster import Roster
from shared.holdings import facts
from shared.keyring import load_root_key

PASSPHRASE = "passphrase"  # noqa: S105 - the name of a field
TRIES_PER_HOUR = 5
"""Wrong passphrases in an hour: more is guessing."""
_TRIES = "root-key-tries"
_HOUR = 3600


@dataclass(frozen=True)
class RosterStep:
    """One step: what a person reads before taking it.

    Args:
        word: of the address and of the command.
        consequences: what happens, a sentence each.
        undo: how it is taken back.
    """

    word: str
    change: Change
    title: str
    button: str
    consequences: Sequence[str]
    undo: str


_ALL: Sequence[RosterStep] = (
    RosterStep(
        "pause", Change.PAUSE, "Pausieren", "Mitglied pausieren",
        (
            "Der Hub liest die Stadt nicht mehr; ihre Angebote bleiben überall mit ihrem letzten Stand sichtbar.",
            "Der Knoten der Stadt läuft weiter und bekommt weiter den Katalog der anderen.",
        ),
        "„Fortsetzen“ liest die Stadt wieder; was sie inzwischen geändert hat, kommt dann nach.",
    ),
    RosterStep(
        "suspend", Change.SUSPEND, "Sperren", "Mitglied sperren",
        (
            "Alle Angebote der Stadt verschwinden überall, spätestens nach zehn Minuten.",
            "Der Hub liest die Stadt nicht mehr. Ihre Daten bleiben gespeichert.",
            "Richtig ist das, wenn ein Schlüssel gestohlen sein kann oder zwei Fassungen aufgetaucht sind.",
        ),
        "„Fortsetzen“ hebt die Sperre auf; die Angebote erscheinen wieder.",
    ),
    RosterStep(
        "resume", Change.RESUME, "Fortsetzen", "Mitglied fortsetzen",
        ("Der Hub liest die Stadt wieder, und ihre Angebote werden gezeigt.",),
        "„Pausieren“ oder „Sperren“ nimmt es zurück.",
    ),
    RosterStep(
        "finish-rotation", Change.FINISH_ROTATION, "Alten Schlüssel streichen", "Alten Schlüssel streichen",
        (
            "Nur der neue Schlüssel der Stadt gilt noch.",
            "Möglich ist das frühestens sieben Tage nach dem Wechsel, und wenn der neue Schlüssel schon benutzt wird.",
        ),
        "Das lässt sich nicht zurücknehmen; die Stadt kann aber jederzeit wieder wechseln.",
    ),
    RosterStep(
        "retire", Change.RETIRE, "Ausscheiden lassen", "Mitglied ausscheiden lassen",
        (
            "Alle Angebote der Stadt verschwinden überall.",
            "Der Hub und alle Knoten löschen die Inhalte der Stadt.",
            "Bleiben die Angebote der Stadt bei ihr selbst gespeichert, ist das allein ihre Sache.",
        ),
        "„Fortsetzen“ führt die Stadt wieder; ihr Knoten muss dann alles neu liefern.",
    ),
)  # fmt: skip
STEPS: Mapping[str, RosterStep] = {step.word: step for step in _ALL}
_POSSIBLE: Mapping[str, Sequence[str]] = {
    "active": ("pause", "suspend", "retire"),
    "paused": ("resume", "suspend", "retire"),
    "suspended": ("resume", "retire"),
    "retired": ("resume",),
}


def possible_steps(hub: Hub, name: str) -> list[RosterStep]:
    """Return the steps that a member's place in the roster allows, the mildest first."""
    row = find_member(hub, name)
    words = list(_POSSIBLE[row.status])
    if len(hub.book.rows(name)) > 1:
        words.append("finish-rotation")
    return [step for step in _ALL if step.word in words]


def find_step(hub: Hub, name: str, word: str) -> RosterStep:
    """Return one step of a member; NotFoundError when its place in the roster does not allow it."""
    found = next((step for step in possible_steps(hub, name) if step.word == word), None)
    if found is None:
        raise NotFoundError("Dieser Schritt ist bei diesem Mitglied nicht möglich", advice="Laden Sie die Seite neu.")
    return found


# --- what it needs ---------------------------------------------------------------------------------------------------


def root_key_path(hub: Hub) -> Path | None:
    """Return where the root key's file lies, or None when it is, as it should be, not on this computer."""
    path = hub.settings.key_folder / ROOT_KEY_NAME
    return path if hub.settings.home and path.is_file() else None


def can_sign_here(hub: Hub) -> bool:
    """Tell whether the one signature that is needed can be made on this computer."""
    return root_key_path(hub) is not None and roster.held_roster(hub).roster.threshold == 1


def open_root_key(hub: Hub, passphrase: str) -> SigningKey:
    """Open the root key's file; a wrong passphrase is counted.

    Raises:
        RuleError: the passphrase is missing or wrong, or there were too many wrong ones; says so beside the field.
        NotFoundError: the file is not on this computer.
    """
    path = root_key_path(hub)
    if path is None:
        raise NotFoundError("Die Datei des Wurzelschlüssels liegt nicht auf diesem Rechner")
    if not passphrase:
        raise _beside("Die Passphrase des Wurzelschlüssels fehlt.")
    _count_try(hub)
    try:
        key = load_root_key(path, passphrase.encode())
    except ConfigError as error:
        raise _beside("Mit dieser Passphrase lässt sich der Wurzelschlüssel nicht öffnen.") from error
    with hub.db.write() as conn:
        facts.delete_fact(conn, _TRIES)
    return key


def _count_try(hub: Hub) -> None:
    """Count a try before it is made, so that several at once count each other."""
    hour = hub.clock.now() // _HOUR
    with hub.db.write() as conn:
        since, _, number = facts.load_fact(conn, _TRIES).partition(" ")
        made = int(number) if since == str(hour) else 0
        if made >= TRIES_PER_HOUR:
            raise _beside("Zu viele falsche Passphrasen. Versuchen Sie es in einer Stunde wieder.")
        facts.save_fact(conn, _TRIES, f"{hour} {made + 1}")


def _beside(text: str) -> RuleError:
    return RuleError("Unterschrieben ist noch nichts", {PASSPHRASE: [text]})


# --- the step itself -------------------------------------------------------------------------------------------------


def take_step(hub: Hub, name: str, change: Change, passphrase: str) -> int:
    """Change the roster with the key on this computer; returns the version now in force.

    Raises:
        RuleError: see `open_root_key`.
        ConflictError: not possible now, not the root key, or more than one signature is needed.
    """
    key = open_root_key(hub, passphrase)
    version = roster.change_now(hub, name, change, key)
    publish_note(hub)
    return version


def approve(hub: Hub, name: str, passphrase: str, *, compared: str) -> int:
    """Make an applicant a member with the key on this computer; returns the version now in force.

    Raises:
        RuleError, ConflictError: as for `take_step`; also when other keys wait than those compared.
        NotFoundError: nobody applied.
    """
    enrolment.verify_compared(hub, name, compared)
    key = open_root_key(hub, passphrase)
    version = enrolment.approve(hub, name, key, compared=compared)
    publish_note(hub)
    return version


def note_approval(hub: Hub, name: str, *, compared: str) -> None:
    """Note for the next roster that an applicant becomes a member; NotFoundError, ConflictError."""
    enrolment.verify_compared(hub, name, compared)
    roster.request_change(hub, name, Change.APPROVE)


def renew(hub: Hub, passphrase: str) -> int:
    """Sign the next version with everything that is noted; returns its number.

    Raises:
        RuleError, ConflictError: as for `take_step`.
    """
    version = roster.make_and_publish(hub, open_root_key(hub, passphrase))
    publish_note(hub)
    return version


def publish_signed(hub: Hub, note: bytes) -> int:
    """Put a version in force that was signed elsewhere; returns its number; VerificationError when it does not fit."""
    version = roster.publish(hub, note)
    publish_note(hub)
    return version


def drop_noted(hub: Hub, name: str) -> None:
    """Forget what was noted for a member."""
    with hub.db.write() as conn:
        roster.cancel_change(conn, name)


def noted_changes(hub: Hub) -> dict[str, Change]:
    """Return what the next version is to change, by member."""
    with hub.db.read() as conn:
        return roster.pending_changes(conn)


def roster_in_force(hub: Hub) -> Roster:
    """Return the roster in force; LogStateError for a hub that lost it."""
    return roster.held_roster(hub).roster
