"""What the district decides about its hub, and where its files are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from shared.errors import ConfigError
from shared.feed.keys import parse_vkey
from shared.feed.roster import Pins
from shared.ids import parse_generation, parse_origin
from shared.mail import Security, is_address
from shared.net.addresses import parse_network
from shared.net.listeners import Place, parse_inner_place
from shared.settings import KEEP_DAYS_MAX, is_loopback, load_toml, save_toml

FILE_NAME = "hub.toml"
PASSWORD_FILE = "mail-password"  # noqa: S105 - the name of a file


class HubSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hub's settings; every field has a row in hub/README.md."""

    home: str  # directory of database, keys and settings
    origin: str  # origin of the hub's own log, ends in the generation
    url: str  # base URL at which nodes and integrators reach the hub, no trailing slash
    roots: tuple[str, ...]  # pinned roster root keys
    threshold: int = 1  # how many root signatures a roster needs
    database: str = ""  # SQLAlchemy URL; empty = SQLite in the home directory
    allow_networks: tuple[str, ...] = ()  # networks in which http and private addresses are allowed
    webhook_networks: tuple[str, ...] = ()  # for tests and demos: networks into which webhooks may go, http included
    proxy: str = ""  # http proxy for outgoing https
    district: str = ""  # district profile file; empty = the profile that ships
    notice: str = ""  # permanent notice on every page
    poll_minutes: int = 5  # how often an active member is read (1 to 1440)
    seal_interval_seconds: int = 5  # at most one checkpoint in this time (PROTOCOL 4 W5)
    counts_months: int = 13  # how long daily counts and reports are kept (1 to 60)
    mail_host: str = ""  # mail server for letters about searches and alarms; empty = no letters
    mail_port: int = 0  # 0 = the usual port of `mail_security`
    mail_security: Security = "starttls"  # starttls, tls or none
    mail_user: str = ""  # empty = without signing in; the password stands in the file mail-password
    mail_sender: str = ""  # address in whose name letters go
    mail_sender_name: str = ""  # empty = the district's name
    backup_folder: str = ""  # where backups go, best on another disk; empty = the folder backups in the home directory
    backup_recipient: str = ""  # for whom backups are locked (age1…), set by `backup key`; empty = none can be made
    backup_keep_days: int = 14  # how long backups are kept (1 to 30)
    metrics: str = ""  # inner ADDRESS:PORT at which `serve` tells its measures to Prometheus; empty = nowhere
    totp_required: bool = True  # nobody signs in without a second factor; false only where loopback alone is served

    @property
    def generation(self) -> int:
        """Generation of the hub's own log."""
        return parse_generation(self.origin)

    @property
    def host(self) -> str:
        """Host part of the origin; names the witness key and the hub in catalogue notes."""
        return self.origin.partition("/")[0]

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self.database or f"sqlite:///{Path(self.home) / 'hub.db'}"

    @property
    def sends_mail(self) -> bool:
        """Tell whether a mail server is set."""
        return bool(self.mail_host and self.mail_sender)

    @property
    def metrics_place(self) -> Place | None:
        """Where measures are told; None for nowhere."""
        return parse_inner_place("metrics", self.metrics, self.allow_networks) if self.metrics else None

    @property
    def key_folder(self) -> Path:
        """Where the key files are."""
        return Path(self.home) / "keys"

    @property
    def pins(self) -> Pins:
        """Root keys and threshold."""
        return Pins(tuple(parse_vkey(text) for text in self.roots), self.threshold)


def load_settings(home: Path) -> HubSettings:
    """Read hub.toml; ConfigError names the file and the field."""
    advice = "Mit --home DIR das richtige Verzeichnis angeben, oder einen Hub anlegen: kreisweit-hub --home DIR init …"
    return load_toml(home / FILE_NAME, HubSettings, check_settings, advice=advice)


def check_settings(settings: HubSettings) -> None:
    """Refuse what the protocol does not know; ParseError or ConfigError."""
    parse_origin(settings.origin)
    parse_generation(settings.origin)
    if not 1 <= settings.poll_minutes <= 1440:
        raise ConfigError(f"poll_minutes ist {settings.poll_minutes}; möglich ist 1 bis 1440")
    if not 1 <= settings.counts_months <= 60:
        raise ConfigError(f"counts_months ist {settings.counts_months}; möglich ist 1 bis 60")
    if not 1 <= settings.backup_keep_days <= KEEP_DAYS_MAX:
        raise ConfigError(f"backup_keep_days ist {settings.backup_keep_days}; möglich ist 1 bis {KEEP_DAYS_MAX}")
    if settings.url.endswith("/") or "://" not in settings.url:
        raise ConfigError(f"url {settings.url!r} ist keine Adresse wie https://hub.example, ohne / am Ende")
    for network in settings.webhook_networks:
        try:
            parse_network(network)
        except ConfigError as error:
            raise ConfigError(f"webhook_networks: {network!r} ist kein Netz", advice=error.advice) from error
    _ = settings.metrics_place
    _check_mail(settings)
    if not settings.totp_required:
        _check_alone(settings)


def _check_mail(settings: HubSettings) -> None:
    if settings.mail_security == "none" and settings.mail_user:
        raise ConfigError("mail_user ohne Verschlüsselung: das Passwort würde mitgelesen; starttls oder tls wählen")
    if not 0 <= settings.mail_port < 65_536:
        raise ConfigError(f"mail_port ist {settings.mail_port}; möglich ist 1 bis 65535, oder 0 für den üblichen")
    if settings.mail_sender and not is_address(settings.mail_sender):
        raise ConfigError(f"mail_sender {settings.mail_sender[:80]!r} ist keine E-Mail-Adresse")
    if bool(settings.mail_host) != bool(settings.mail_sender):
        raise ConfigError("mail_host und mail_sender gehören zusammen: beide setzen oder keins")


def _check_alone(settings: HubSettings) -> None:
    host = urlsplit(settings.url).hostname or ""
    if not is_loopback(host):
        raise ConfigError(f"totp_required = false geht nur auf dem eigenen Rechner, aber url nennt {host[:80]}")


def save_settings(settings: HubSettings) -> None:
    """Write hub.toml."""
    first_line = "Settings of this hub; see hub/README.md for each of them."
    save_toml(Path(settings.home) / FILE_NAME, settings, first_line=first_line)
