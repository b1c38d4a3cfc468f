"""The texts of the hub's own pages: Impressum, Datenschutz, Barrierefreiheit.

They stand in the database since they are the hub's alone; no city shows them, so they are no records of the log.  Until
the desk has set one, a file of its name in the hub's directory counts.  A text with gaps is kept and not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.party import Hub
from hub.store import texts as store
from hub.store.texts import HubText
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.model.text import gaps_in, is_finished, running_text, text_problems

TITLES: Final[Mapping[str, str]] = {
    "impressum": "Impressum",
    "datenschutz": "Datenschutz",
    "barrierefreiheit": "Erklärung zur Barrierefreiheit",
}
TEXT_MAX: Final = 40_000


@dataclass(frozen=True)
class OwnText:
    """One text as the desk shows it.

    Args:
        text: what was set, at the desk or as a file; empty: the program says what it can.
        kept: what the desk set; None where it has set nothing.
        is_shown: visitors read this text.
    """

    name: str
    title: str
    text: str
    kept: HubText | None
    is_shown: bool


def own_texts(hub: Hub) -> list[OwnText]:
    """Return all texts."""
    with hub.db.read() as conn:
        kept = store.load_texts(conn)
    return [_own(hub, name, kept.get(name)) for name in TITLES]


def own_text(hub: Hub, name: str) -> OwnText:
    """Return one text; NotFoundError for any other name."""
    found = next((one for one in own_texts(hub) if one.name == name), None)
    if found is None:
        raise NotFoundError("Diesen Text gibt es nicht")
    return found


def _own(hub: Hub, name: str, kept: HubText | None) -> OwnText:
    text = _file_text(hub, name) if kept is None else kept.text
    return OwnText(name, TITLES[name], text, kept, is_finished(text))


def _file_text(hub: Hub, name: str) -> str:
    if not hub.settings.home:
        return ""
    file = hub.home / f"{name}.md"
    return file.read_text("utf-8", "replace").strip()[:TEXT_MAX] if file.is_file() else ""


def save_text(hub: Hub, name: str, text: str, *, editor: str) -> int:
    """Keep a text; returns how many gaps are left in it.

    Raises:
        NotFoundError: no such text.
        RuleError: it cannot be used.
    """
    before, text = own_text(hub, name), running_text(text).strip()
    if len(text) > TEXT_MAX:
        raise RuleError("Der Text wurde nicht gespeichert", {"text": [f"Höchstens {TEXT_MAX} Zeichen."]})
    if wrong := text_problems(text):
        raise RuleError("Der Text wurde nicht gespeichert", {"text": [f"Der Text {' und '.join(wrong)}."]})
    if before.kept is None or before.text != text:
        with hub.db.write() as conn:
            store.save_text(conn, HubText(name, text, before.text, editor, hub.clock.now()))
    return len(gaps_in(text))


def take_back(hub: Hub, name: str, *, editor: str) -> None:
    """Put the text before the last change back; a second time undoes that.

    Raises:
        NotFoundError: no such text.
        ConflictError: it was never changed here.
    """
    held = own_text(hub, name)
    if held.kept is None or held.kept.before is None:
        raise ConflictError("Dieser Text wurde hier noch nicht geändert")
    with hub.db.write() as conn:
        store.save_text(conn, HubText(name, held.kept.before, held.text, editor, hub.clock.now()))
