"""What the city decides at its desk: texts, look, legal pages, mail server, four eyes.

Decided here: which settings there are, their limits, and that no accent colour makes text unreadable.  All but one
stand in the database; the password of the mail server stands in a file that only the node's user can read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from node.party import Node
from node.store import desk_settings
from node.workflow import FOUR_EYES
from shared.errors import RuleError
from shared.holdings import facts
from shared.keyring import write_private
from shared.mail import MailServer, is_address
from shared.model.colours import COLOUR, DARK, LEAST_CONTRAST, LIGHT_HUED, WHITE, accent_css, accent_for_dark
from shared.model.district import contrast
from shared.model.text import one_line, running_text

LOGO_BYTES = 200 * 1024
PASSWORD_FILE = "mail-password"  # noqa: S105 - the name of a file
SECURITIES: Mapping[str, str] = {
    "starttls": "STARTTLS (meist Port 587)",
    "tls": "TLS von Anfang an (meist Port 465)",
    "none": "ohne Verschlüsselung, nur im eigenen Netz (Port 25)",
}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,250}[A-Za-z0-9])?")
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_RUNNING = ("greeting", "office_hours", "imprint", "privacy", "accessibility")
LIMITS: Mapping[str, int] = {
    "greeting": 1000, "office": 120, "office_street": 160, "office_town": 120, "office_email": 254,
    "office_phone": 60, "office_hours": 300, "imprint": 20_000, "privacy": 40_000, "accessibility": 40_000,
    "mail_host": 253, "mail_user": 254, "mail_sender": 254, "mail_sender_name": 120,
}  # fmt: skip


class City(msgspec.Struct, frozen=True):
    """Texts and look of one city; empty where nothing was set."""

    greeting: str = ""
    office: str = ""
    office_street: str = ""
    office_town: str = ""
    office_email: str = ""
    office_phone: str = ""
    office_hours: str = ""
    accent: str = ""
    imprint: str = ""
    privacy: str = ""
    accessibility: str = ""
    logo_type: str = ""
    logo_tag: str = ""
    mail_host: str = ""
    mail_port: str = ""
    mail_security: str = "starttls"
    mail_user: str = ""
    mail_sender: str = ""
    mail_sender_name: str = ""
    reminders: str = "yes"
    link_check: str = "yes"

    @property
    def has_office(self) -> bool:
        """Tell whether people are told whom to ask."""
        return bool(self.office_email or self.office_phone)

    @property
    def sends_mail(self) -> bool:
        """Tell whether a mail server is set."""
        return bool(self.mail_host and self.mail_sender)


def load_city(node: Node) -> City:
    """Return what the city decided; names that this program does not know are left alone."""
    with node.db.read() as conn:
        texts = desk_settings.load_texts(conn)
    return City(**{name: texts[name] for name in City.__struct_fields__ if name in texts})


def load_look(node: Node) -> City:
    """Return only what every page needs of the city: colour and logo."""
    with node.db.read() as conn:
        return City(**desk_settings.load_texts(conn, ("accent", "logo_type", "logo_tag")))


def save_city(node: Node, texts: Mapping[str, str]) -> None:
    """Keep texts of the city.

    Raises:
        RuleError: one is too long or not what it should be; carries every problem by field, and nothing was kept.
    """
    cleaned = {name: running_text(text) if name in _RUNNING else one_line(text) for name, text in texts.items()}
    problems = {name: found for name, text in cleaned.items() if (found := _problems(name, text))}
    if cleaned.get("mail_security") == "none" and cleaned.get("mail_user"):
        problems["mail_user"] = ["Ohne Verschlüsselung würde das Passwort mitgelesen. Wählen Sie STARTTLS oder TLS."]
    if problems:
        raise RuleError("Die Einstellungen passen nicht", problems)
    with node.db.write() as conn:
        desk_settings.save_texts(conn, cleaned)


def _problems(name: str, text: str) -> list[str]:
    if len(text) > LIMITS.get(name, 1000):
        return [f"Höchstens {LIMITS.get(name, 1000)} Zeichen; es sind {len(text)}."]
    if not text:
        return []
    if name in ("office_email", "mail_sender") and not is_address(text):
        return ["Das ist keine E-Mail-Adresse. Beispiel: integration@stadt.example"]
    if name == "mail_port" and not (re.fullmatch(r"[1-9][0-9]{0,4}", text) and int(text) < 65_536):
        return ["Der Port ist eine Zahl von 1 bis 65535, meist 587 oder 465."]
    if name == "mail_host" and not _HOST.fullmatch(text):
        return ["Das ist kein Name eines Servers. Beispiel: mail.stadt.example"]
    if name == "mail_security" and text not in SECURITIES:
        return ["Wählen Sie eine der Möglichkeiten."]
    return accent_problems(text) if name == "accent" else []


# --- look ------------------------------------------------------------------------------------------------------------


def accent_problems(colour: str) -> list[str]:
    """Return why a colour cannot carry text on light ground, in German; nothing when it can."""
    if not COLOUR.fullmatch(colour):
        return ["Schreiben Sie die Farbe als # mit sechs Ziffern, zum Beispiel #00567a."]
    least = min(contrast(colour, WHITE), contrast(colour, LIGHT_HUED))
    if least < LEAST_CONTRAST:
        return [
            f"Zu hell: Kontrast {_ratio(least)} zu 1 auf hellem Grund; nötig sind 4,5 zu 1. Wählen Sie sie dunkler."
        ]
    return []


def accent_contrasts(colour: str) -> dict[str, str]:
    """Return the contrasts of a colour in words, for the page where it is chosen."""
    dark = accent_for_dark(colour)
    return {
        "auf Weiß": f"{_ratio(contrast(colour, WHITE))} zu 1",
        "auf dunklem Grund": f"{_ratio(contrast(colour, DARK))} zu 1"
        + ("" if dark == colour else f"; dort wird sie zu {dark} aufgehellt: {_ratio(contrast(dark, DARK))} zu 1"),
    }


def _ratio(value: float) -> str:
    return f"{int(value * 10) / 10:.1f}".replace(".", ",")


def stylesheet(city: City) -> str:
    """Return the city's colours as a style sheet; empty without an accent colour."""
    return accent_css(city.accent)


def picture_type(picture: bytes) -> str:
    """Return the media type that the first bytes of a picture prove, empty for anything but PNG and JPEG."""
    return next((kind for magic, kind in _PICTURES if picture.startswith(magic)), "")


def save_logo(node: Node, picture: bytes) -> None:
    """Keep the city's logo, or take it away with an empty one; RuleError for what is none."""
    kind = picture_type(picture)
    if picture and not kind:
        raise RuleError("Das Logo passt nicht", {"logo": ["Das ist kein Bild im Format PNG oder JPEG."]})
    if len(picture) > LOGO_BYTES:
        size = f"{-(-len(picture) // 1024)} kB"
        raise RuleError("Das Logo passt nicht", {"logo": [f"Das Bild hat {size}; höchstens 200 kB sind möglich."]})
    with node.db.write() as conn:
        desk_settings.save_logo(conn, picture)
        tag = hashlib.sha256(picture).hexdigest()[:12] if picture else ""
        desk_settings.save_texts(conn, {"logo_type": kind, "logo_tag": tag})


def load_logo(node: Node) -> bytes:
    """Return the city's logo, empty for none."""
    with node.db.read() as conn:
        return desk_settings.load_logo(conn)


# --- mail ------------------------------------------------------------------------------------------------------------


def mail_server(node: Node, city: City) -> MailServer | None:
    """Return the mail server that was set, or None."""
    if not city.sends_mail:
        return None
    security = city.mail_security if city.mail_security in ("tls", "none") else "starttls"
    return MailServer(
        host=city.mail_host, port=int(city.mail_port or {"tls": 465, "none": 25}.get(security, 587)),
        security=security, user=city.mail_user,  # type: ignore[arg-type]
        password=load_password(node) if city.mail_user else "", sender=city.mail_sender,
        sender_name=city.mail_sender_name or node.settings.title,
    )  # fmt: skip


def save_password(node: Node, password: str) -> None:
    """Keep the password of the mail server in a file of its own, never in the database."""
    write_private(node.home / PASSWORD_FILE, password.encode())


def load_password(node: Node) -> str:
    """Return the password of the mail server, empty for none."""
    path = node.home / PASSWORD_FILE
    return path.read_text("utf-8") if path.exists() else ""


# --- approval --------------------------------------------------------------------------------------------------------


def save_four_eyes(node: Node, is_on: bool) -> None:
    """Ask for two people, or no longer."""
    with node.db.write() as conn:
        facts.save_fact(conn, FOUR_EYES, 1 if is_on else 0)


# --- links -----------------------------------------------------------------------------------------------------------


def checks_links(node: Node) -> bool:
    """Tell whether the links of own offers are checked."""
    with node.db.read() as conn:
        return desk_settings.load_texts(conn, ("link_check",)).get("link_check", "yes") == "yes"


def save_link_check(node: Node, is_on: bool) -> None:
    """Check the links of own offers each week, or no longer."""
    save_city(node, {"link_check": "yes" if is_on else "no"})
