"""The desks of the demo: one account for each role, and work that waits, so that nobody looks at empty pages."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from hub import agreements, needs, offices
from hub.agreements import Proposed
from hub.gaps import Gaps
from hub.needs import Told
from hub.party import Hub
from hub.roles import ROLES as HUB_ROLES
from node import workflow
from node.city import save_link_check
from node.editing import open_offer, own_offers
from node.party import Node
from node.roles import ROLES
from node.settings import save_settings
from node.workflow import Editor
from shared.accounts import keeping
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.passwords import Passwords
from shared.keyring import write_private

_OF_THE_OWNER = frozenset({"id", "owner", "last_modified"})
PASSWORD_FILE = "desk-password"  # noqa: S105 - a file name
_NAMES = {
    "leser": "Lea Lesend", "autor": "Ayla Autorin", "redaktion": "Rita Redaktion", "verwaltung": "Vera Verwaltung",
    "traeger": "Tarik Träger", "kurator": "Kuno Kurator", "betrieb": "Berta Betrieb",
    "fallmanagement": "Frieda Fallmanagement",
}  # fmt: skip
_TUESDAYS: Mapping[str, object] = {"schedule_text": "Dienstag 14 bis 16 Uhr"}
TWINS: Sequence[tuple[str, str, Mapping[str, object]]] = (
    ("herten", "kreis", {}),
    ("marl", "kreis", _TUESDAYS),
    ("recklinghausen", "kreis", {"phones": [{"number": "+49 2361 530"}]}),
    ("gladbeck", "kreis", {"url": "https://www.kreis-re.de/integration"}),
    ("dorsten", "haltern-am-see", _TUESDAYS),
    ("castrop-rauxel", "recklinghausen", {"phones": [{"number": "+49 2305 1060"}]}),
)
"""Whose offer somebody else publishes too, and what they say otherwise: work for the district's desk."""
_NEEDS = (
    Told(
        topic="sprache.kurs", number="5", language="uk", target_group="eltern",
        text="Kurs am Vormittag mit Kinderbetreuung. Die Wartezeit liegt bei sechs Monaten. (Beispiel)",
    ),
    Told(topic="gesundheit.psyche", number="2", language="fa", text="Therapieplatz mit Sprachmittlung. (Beispiel)"),
    Told(topic="wohnen", number="3", target_group="eltern", text="Wohnung für sieben Personen mit Aufzug. (Beispiel)"),
)  # fmt: skip
_AGREED = Proposed(
    topic="sprache.kurs", what="Einen Vormittagskurs mit Kinderbetreuung anfragen. (Beispiel)",
    who="Volkshochschule, Fachbereich Deutsch",
)  # fmt: skip
_AUTHOR = Editor(_NAMES["autor"])
_EDITOR = Editor(_NAMES["redaktion"], may_publish=True)


class OneHash(Passwords):
    """Makes the same hash for everybody: one password for all desks of a demo costs one hash, not fifty-five."""

    def __init__(self, password: str) -> None:
        super().__init__()
        self._made = Passwords().hash(password)

    def hash(self, password: str) -> str:
        """Return the hash that was made once."""
        return self._made


def make_password(folder: Path) -> str:
    """Make the password of all desks of a demo; kept beside the parties, readable for the owner alone."""
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    write_private(folder / PASSWORD_FILE, password.encode() + b"\n")
    return password


def load_password(folder: Path) -> str:
    """Return the password of a demo that was made before; "" for one without desks."""
    file = folder / PASSWORD_FILE
    return file.read_text("utf-8").strip() if file.exists() else ""


def allow_passwords_alone(node: Node) -> None:
    """Let people in without a second factor; the node refuses this setting beyond loopback."""
    save_settings(msgspec.structs.replace(node.settings, totp_required=False))


def furnish_hub(hub: Hub, password: str, passwords: Passwords) -> None:
    """Make an account for each role of the district's desk, and leave needs, an agreement and an office of one city."""
    registry, gaps = dataclasses.replace(hub.accounts, passwords=passwords), Gaps(hub)
    town = gaps.cities[-1]
    for role in HUB_ROLES:
        limits = (town.name,) if role.is_limited else ()
        added = keeping.add(
            registry, role.code, Profile(_NAMES[role.code], role.code, limits), by=COMMAND_LINE, password=password
        )
        if role.is_limited:
            for told in _NEEDS:
                needs.report(
                    gaps, dataclasses.replace(told, city=town.name), cities=[town.name], account_id=added.account_id
                )
    agreements.save(gaps, dataclasses.replace(_AGREED, city=town.name))
    offices.save_office(
        gaps, town.name, "Fachdienst Integration, KIM (Beispiel)", "", f"kim@{town.name}.example"
    )  # fmt: skip


def furnish(node: Node, password: str, passwords: Passwords) -> None:
    """Make an account for each role, and leave drafts that wait for approval or came back; links are not checked."""
    save_link_check(node, False)  # a demo talks to nobody but itself
    registry = dataclasses.replace(node.accounts, passwords=passwords)
    documents = [(bytes.fromhex(row.id), open_offer(node, bytes.fromhex(row.id)).doc) for row in own_offers(node)]
    providers = tuple(dict.fromkeys(doc["providers"][0]["name"] for _, doc in documents if doc.get("providers")))[:1]
    for role in ROLES:
        limits = providers if role.is_limited else ()
        keeping.add(
            registry, role.code, Profile(_NAMES[role.code], role.code, limits), by=COMMAND_LINE, password=password
        )
    if len(documents) < 2:
        return
    (first, one), (second, two) = documents[:2]
    changed = {**one, "application_process": "Kommen Sie einfach vorbei, oder rufen Sie vorher an."}
    workflow.save_draft(node, _AUTHOR, changed, first)
    workflow.submit(node, _AUTHOR, first)
    workflow.save_draft(node, _AUTHOR, {**two, "alert": "Bitte vorher anrufen."}, second)
    workflow.give_back(node, _EDITOR, second, "Gilt das noch? Bitte mit Datum.")
    workflow.save_draft(node, _AUTHOR, {"name": "Nähcafé (Beispiel für einen Entwurf)"})


def publish_twin(source: Node, target: Node, otherwise: Mapping[str, object]) -> bool:
    """Let a node publish an offer that another one has too; False where none says anything of these fields."""
    docs = [open_offer(source, bytes.fromhex(row.id)).doc for row in reversed(own_offers(source))]
    doc = next((doc for doc in docs if all(doc.get(name) for name in otherwise)), None)
    if doc is None:
        return False
    own = {name: value for name, value in doc.items() if name not in _OF_THE_OWNER}
    draft = workflow.save_draft(target, _EDITOR, {**own, **otherwise})
    workflow.publish(target, _EDITOR, draft.id)
    return True
