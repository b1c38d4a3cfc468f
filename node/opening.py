"""A node is made once (`init_node`) and opened by every command (`open_node`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from node import ballast
from node.backups import bring_up_to_date
from node.party import Node
from node.settings import FILE_NAME, NodeSettings, check_settings, load_membership, load_settings, save_settings
from node.store.migrate import migrate_database
from shared.clock import Clock, Dice, SystemClock, SystemDice
from shared.database import Database
from shared.errors import ConfigError, ParseError
from shared.holdings import logs
from shared.judges import judges
from shared.keyring import Keyring
from shared.net.addresses import parse_network
from shared.net.fetcher import WebAccess
from shared.net.late import LateWeb
from shared.net.settings import NetSettings
from shared.seal import Signer, begin_log
from shared.settings import load_district, verify_in_district

DEFAULT_DOMAIN = "kreisweit.example"
_TITLE_MAX = 120


def open_node(
    home: Path, *, clock: Clock | None = None, dice: Dice | None = None, web: WebAccess | None = None
) -> Node:
    """Open the node of a directory; its database is brought to the program's schema.

    Keys with an empty database make a recovering node: its log comes back from the hub, never a second hello.

    Raises:
        ConfigError: settings, keys or database are missing or wrong.
    """
    node = _assemble(load_settings(home), clock or SystemClock(), dice or SystemDice(), web)
    node.ensure_own_log()
    return node


def close_node(node: Node) -> None:
    """Give back database and network connections."""
    node.db.close()
    if "finder" in vars(node):
        node.finder.close()
    if isinstance(node.web, LateWeb):
        node.web.close()


def _assemble(settings: NodeSettings, clock: Clock, dice: Dice, web: WebAccess | None) -> Node:
    signer = load_signer(settings)
    db = Database(settings.database_url)
    ballast.open_even_when_full(Path(settings.home), db)
    bring_up_to_date(settings, clock, db)
    net = NetSettings(allow_networks=settings.allow_networks, proxy=settings.proxy or None)
    membership = load_membership(Path(settings.home))
    return Node(
        settings, db, signer, judges(), membership, clock=clock, dice=dice, web=web or LateWeb(net, clock)
    )  # fmt: skip


def load_signer(settings: NodeSettings) -> Signer:
    """Return the keys of the current generation.

    Raises:
        ConfigError: a key file is missing; it is never made again by itself.
    """
    keyring = Keyring(settings.key_folder)
    log_keys = keyring.log_keys(settings.generation)
    if not log_keys:
        raise ConfigError(
            f"Der Schlüssel der Generation {settings.generation} fehlt in {settings.key_folder}",
            advice="Aus der Sicherung der Schlüssel zurückholen; er wird nie neu gemacht.",
        )
    return Signer(log_keys, keyring.witness_key())


def make_lost_keys(home: Path, *, dice: Dice | None = None) -> None:
    """Make the key files of the current generation that are missing: they were lost, and the roster will name new ones.

    Keys that are there stay.  The log goes on; that it continues what everybody holds proves whose it is (PROTOCOL 11).
    """
    settings, dice = load_settings(home), dice or SystemDice()
    keyring = Keyring(settings.key_folder)
    if not keyring.log_keys(settings.generation):
        keyring.make_log_key(settings.origin, settings.generation, dice)
    if not keyring.has_witness_key():
        keyring.make_witness_key(settings.host, dice)


def init_node(  # noqa: PLR0913 - one argument for each setting
    home: Path,
    *,
    name: str,
    ags: str,
    title: str,
    origin: str | None = None,
    allow_networks: Sequence[str] = (),
    database: str = "",
    notice: str = "",
    district: str = "",
    public_url: str = "",
    clock: Clock | None = None,
    dice: Dice | None = None,
) -> Node:
    """Make a node: database, keys, settings, and the hello in the log (PROTOCOL 4 W7).

    Order: empty database, keys, settings, then the hello in one transaction.  A crash in between leaves keys without a
    log; since keys are never made twice, `init` then refuses and the unfinished directory has to be removed.

    Args:
        district: its profile, a file or the name of one that ships; empty for the default.
        public_url: under which address people reach the pages; empty where that is not known yet.
    Raises:
        ConfigError: keys or a log exist already, or a value is not possible, such as an AGS outside of the district.
    """
    settings = NodeSettings(
        home=str(home), name=name, ags=ags, title=title, origin=origin or f"{name}.{DEFAULT_DOMAIN}/feed/g1",
        allow_networks=tuple(allow_networks), database=database, notice=notice,
        district=district, public_url=public_url,
    )  # fmt: skip
    _verify_new(settings)
    dice, clock = dice or SystemDice(), clock or SystemClock()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _prepare_database(settings)
    keyring = Keyring(settings.key_folder)
    keyring.make_log_key(settings.origin, settings.generation, dice)
    keyring.make_witness_key(settings.host, dice)
    save_settings(settings)
    node = _assemble(settings, clock, dice, None)
    with node.db.write() as conn:
        begin_log(node.db, conn, node.own_keys, node.signer, now=clock.now())
    ballast.load_ballast(home)
    return node


def _verify_new(settings: NodeSettings) -> None:
    try:
        check_settings(settings)
    except ParseError as error:
        raise ConfigError(error.message) from error
    verify_in_district(load_district(settings.district), settings.ags)
    if settings.name == "hub":
        raise ConfigError("Der Name hub ist vergeben")
    if not 1 <= len(settings.title) <= _TITLE_MAX:
        raise ConfigError(f"title ist leer oder länger als {_TITLE_MAX} Zeichen")
    for network in settings.allow_networks:
        parse_network(network)
    if Keyring(settings.key_folder).newest_generation() or (Path(settings.home) / FILE_NAME).exists():
        raise ConfigError(
            f"In {settings.home} ist schon ein Knoten; Schlüssel werden nie ein zweites Mal gemacht",
            advice="Ein anderes Verzeichnis wählen, oder den vorhandenen Knoten weiter verwenden.",
        )


def _prepare_database(settings: NodeSettings) -> None:
    db = Database(settings.database_url)
    try:
        migrate_database(db)
        with db.read() as conn:
            if logs.load_own_log(conn) is not None:
                raise ConfigError("In dieser Datenbank steht schon ein Log", advice="Eine leere Datenbank angeben.")
    finally:
        db.close()
