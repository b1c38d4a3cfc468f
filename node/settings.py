"""What the operator of a node decides, and where its files are."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from shared.errors import ConfigError, ParseError
from shared.feed.keys import parse_vkey
from shared.feed.roster import Pins
from shared.ids import parse_ags, parse_generation, parse_member_name, parse_origin
from shared.keyring import write_private
from shared.net.listeners import Place, parse_inner_place
from shared.settings import KEEP_DAYS_MAX, load_toml, save_toml

FILE_NAME = "node.toml"
MEMBERSHIP_NAME = "membership.json"
_PUBLIC_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?|http://\[[0-9a-f:]+\](?::[0-9]{1,5})?")


class NodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node's settings; every field has a row in node/README.md."""

    home: str  # directory of database, keys and settings
    name: str  # member name in the federation, such as herten
    ags: str  # municipality key, eight digits
    title: str  # how people call the publisher, such as Stadt Herten
    origin: str  # origin of the log, ends in the generation
    database: str = ""  # SQLAlchemy URL; empty = SQLite in the home directory
    allow_networks: tuple[str, ...] = ()  # networks in which http and private addresses are allowed
    proxy: str = ""  # http proxy for outgoing https
    district: str = ""  # district profile file; empty = the profile that ships
    notice: str = ""  # permanent notice on every page, such as "Beispieldaten, nicht aktuell"
    seal_interval_seconds: int = 5  # at most one checkpoint in this time (PROTOCOL 4 W5)
    poll_minutes: int = 10  # how often the hub is asked when it does not push
    public_url: str = ""  # origin under which people reach the pages, such as https://angebote.herten.example
    counts_months: int = 13  # how long daily counts of searches and views are kept (1 to 60)
    backup_folder: str = ""  # where backups go, best on another disk; empty = the folder backups in the home directory
    backup_recipient: str = ""  # for whom backups are locked (age1…), set by `backup key`; empty = none can be made
    backup_keep_days: int = 14  # how long backups are kept (1 to 30)
    metrics: str = ""  # inner ADDRESS:PORT at which `serve` tells its measures to Prometheus; empty = nowhere
    totp_required: bool = True  # nobody signs in without a second factor; false only where loopback alone is served

    @property
    def generation(self) -> int:
        """Generation of the current own log."""
        return parse_generation(self.origin)

    @property
    def host(self) -> str:
        """Host part of the origin; names the witness key."""
        return self.origin.partition("/")[0]

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self.database or f"sqlite:///{Path(self.home) / 'node.db'}"

    @property
    def metrics_place(self) -> Place | None:
        """Where measures are told; None for nowhere."""
        return parse_inner_place("metrics", self.metrics, self.allow_networks) if self.metrics else None

    @property
    def key_folder(self) -> Path:
        """Where the key files are."""
        return Path(self.home) / "keys"


class Membership(msgspec.Struct, frozen=True):
    """What joining a federation fixed: pinned roots, the hub, our own public URL (`-` = cannot be reached)."""

    hub: str
    roots: tuple[str, ...]
    threshold: int
    url: str

    @property
    def pins(self) -> Pins:
        """Root keys and threshold."""
        return Pins(tuple(parse_vkey(text) for text in self.roots), self.threshold)


def load_settings(home: Path) -> NodeSettings:
    """Read node.toml; ConfigError names the file and the field."""
    advice = (
        "Mit --home DIR das richtige Verzeichnis angeben, oder einen Knoten anlegen: kreisweit-node --home DIR init …"
    )
    return load_toml(home / FILE_NAME, NodeSettings, check_settings, advice=advice)


def check_settings(settings: NodeSettings) -> None:
    """Refuse names that the protocol does not know; ParseError."""
    parse_member_name(settings.name)
    parse_ags(settings.ags)
    parse_origin(settings.origin)
    parse_generation(settings.origin)
    if settings.public_url and not _PUBLIC_URL.fullmatch(settings.public_url):
        raise ParseError(f"public_url {settings.public_url[:80]!r} ist keine Adresse wie https://HOST ohne Pfad")
    if not 1 <= settings.counts_months <= 60:
        raise ParseError(f"counts_months ist {settings.counts_months}; möglich ist 1 bis 60")
    if not 1 <= settings.backup_keep_days <= KEEP_DAYS_MAX:
        raise ParseError(f"backup_keep_days ist {settings.backup_keep_days}; möglich ist 1 bis {KEEP_DAYS_MAX}")
    _ = settings.metrics_place
    if settings.public_url and not settings.totp_required:
        raise ParseError("totp_required = false geht nicht, wo public_url sagt, dass andere die Seiten erreichen")


def save_settings(settings: NodeSettings) -> None:
    """Write node.toml."""
    first_line = "Settings of this node; see node/README.md for each of them."
    save_toml(Path(settings.home) / FILE_NAME, settings, first_line=first_line)


def load_membership(home: Path) -> Membership | None:
    """Return what joining fixed, or None before `join`."""
    path = home / MEMBERSHIP_NAME
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Membership)
    except msgspec.DecodeError as error:
        raise ConfigError(f"Die Datei {path} ist beschädigt", advice="Aus der Sicherung zurückholen.") from error


def save_membership(home: Path, membership: Membership) -> None:
    """Keep what joining fixed."""
    write_private(home / MEMBERSHIP_NAME, msgspec.json.format(msgspec.json.encode(membership), indent=2) + b"\n")
