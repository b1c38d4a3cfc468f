"""A hub is made once (`init_hub`) and opened by every command (`open_hub`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from hub import notes
from hub.backups import bring_up_to_date
from hub.party import Hub
from hub.settings import FILE_NAME, HubSettings, check_settings, load_settings, save_settings
from hub.store.migrate import migrate_database
from shared.clock import Clock, Dice, SystemClock, SystemDice
from shared.database import Database
from shared.errors import ConfigError, ParseError
from shared.feed.keys import LOG, SigningKey
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.roster import HubRow, Roster, format_roster, parse_url, sign_roster
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from shared.judges import judges
from shared.keyring import Keyring, save_root_key
from shared.model.shipped import shipped_vocabularies
from shared.net.addresses import parse_network
from shared.net.fetcher import WebAccess
from shared.net.late import LateWeb
from shared.net.settings import NetSettings
from shared.seal import Signer, begin_log
from shared.settings import load_district

ROOT_KEY_NAME = "root.key"
ROSTER_SECONDS = 365 * 86_400
"""A roster runs for twelve months; the protocol allows thirteen."""
PASSPHRASE_MIN_CHARACTERS = 8


def open_hub(home: Path, *, clock: Clock | None = None, dice: Dice | None = None, web: WebAccess | None = None) -> Hub:
    """Open the hub of a directory; its database is brought to the program's schema.

    Keys with an empty database make a recovering hub: its log comes back from the nodes, never a second hello.

    Raises:
        ConfigError: settings or keys are missing or wrong.
    """
    settings = load_settings(home)
    hub = _assemble(settings, clock or SystemClock(), dice or SystemDice(), web)
    hub.ensure_own_log()
    return hub


def close_hub(hub: Hub) -> None:
    """Give back database and network connections."""
    hub.db.close()
    if "finder" in vars(hub):
        hub.finder.close()
    for web in (hub.web, vars(hub).get("egress")):
        if isinstance(web, LateWeb):
            web.close()


def _assemble(settings: HubSettings, clock: Clock, dice: Dice, web: WebAccess | None) -> Hub:
    signer = load_signer(settings)
    db = Database(settings.database_url)
    bring_up_to_date(settings, clock, db)
    net = NetSettings(allow_networks=settings.allow_networks, proxy=settings.proxy or None)
    return Hub(settings, db, signer, judges(), clock=clock, dice=dice, web=web or LateWeb(net, clock))


def load_signer(settings: HubSettings) -> Signer:
    """Return the hub's keys.

    Raises:
        ConfigError: a key file is missing; it is never made again by itself.
    """
    keyring = Keyring(settings.key_folder)
    log_keys = keyring.log_keys(settings.generation)
    if not log_keys:
        raise ConfigError(
            f"Der Schlüssel der Generation {settings.generation} fehlt in {settings.key_folder}",
            advice="Die Schlüsseldatei aus der Sicherung zurückholen; sie wird nie neu erzeugt.",
        )
    return Signer(log_keys, keyring.witness_key())


def new_settings(home: Path, host: str, url: str, **others: Any) -> HubSettings:
    """Return the settings of a hub that is to be made; its log is `<host>/feed/g1`."""
    return HubSettings(home=str(home), origin=f"{host}/feed/g1", url=url.rstrip("/"), roots=(), **others)


def init_hub(settings: HubSettings, passphrase: bytes, *, clock: Clock | None = None, dice: Dice | None = None) -> Hub:
    """Make a hub: keys, settings, database, hello, roster version 1, vocabularies, first catalogue note.

    Order: keys, settings, database with hello and roster in one transaction, vocabularies, note.  A crash in between
    leaves keys, which are never made twice: then `init` refuses and the unfinished directory has to be removed.

    Args:
        settings: see `new_settings`; the root key made here is added to them.
        passphrase: encrypts the root key file, which belongs on an offline medium afterwards.
    Raises:
        ConfigError: keys, settings or a log exist already, or a value is not possible.
    """
    clock, dice = clock or SystemClock(), dice or SystemDice()
    _verify_new(settings, passphrase)
    profile = load_district(settings.district)
    _refuse_held_log(settings)
    keyring = Keyring(settings.key_folder)
    keyring.make_log_key(settings.origin, settings.generation, dice)
    keyring.make_witness_key(settings.host, dice)
    root = make_root_key(settings.key_folder / ROOT_KEY_NAME, f"{settings.host}/root/a", passphrase, dice)
    settings = msgspec.structs.replace(settings, roots=(root.verifying.vkey,))
    save_settings(settings)
    hub = _assemble(settings, clock, dice, None)
    _begin(hub, root, profile.ags)
    publish_vocabularies(hub, profile.ags)
    notes.publish_note(hub)
    return hub


def make_root_key(path: Path, name: str, passphrase: bytes, dice: Dice) -> SigningKey:
    """Make a roster root key in a file of its own, encrypted with a passphrase.

    Raises:
        ConfigError: the file exists, or the passphrase is too short.
    """
    if path.exists():
        raise ConfigError(f"Die Datei {path} gibt es schon", advice="Ein Schlüssel wird nie überschrieben.")
    verify_passphrase(passphrase)
    key = SigningKey.from_seed(name, LOG, dice.token(32))
    save_root_key(path, key, passphrase, dice)
    return key


def verify_passphrase(passphrase: bytes) -> None:
    """Return when a passphrase is text and long enough to protect a key file; ConfigError otherwise."""
    try:
        length = len(passphrase.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            "Die Passphrase ist nicht lesbar.", advice="Die Datei mit der Passphrase in UTF-8 speichern."
        ) from error
    if length < PASSPHRASE_MIN_CHARACTERS:
        raise ConfigError(
            f"Die Passphrase ist kürzer als {PASSPHRASE_MIN_CHARACTERS} Zeichen.",
            advice="Eine längere wählen und getrennt von der Schlüsseldatei aufbewahren.",
        )


def _verify_new(settings: HubSettings, passphrase: bytes) -> None:
    try:
        check_settings(settings)
        parse_url(settings.url)
    except ParseError as error:
        raise ConfigError(error.message) from error
    for network in settings.allow_networks:
        parse_network(network)
    refuse_existing(settings)
    verify_passphrase(passphrase)


def refuse_existing(settings: HubSettings) -> None:
    """Return when the directory holds no hub yet; ConfigError otherwise."""
    keys = settings.key_folder
    if Keyring(keys).newest_generation() or (keys / ROOT_KEY_NAME).exists() or (keys.parent / FILE_NAME).exists():
        raise ConfigError(
            f"In {settings.home} ist schon ein Hub; Schlüssel werden nie ein zweites Mal gemacht",
            advice="Anderes Verzeichnis wählen, oder den vorhandenen Hub weiter verwenden.",
        )


def _refuse_held_log(settings: HubSettings) -> None:
    Path(settings.home).mkdir(mode=0o700, parents=True, exist_ok=True)
    db = Database(settings.database_url)
    try:
        migrate_database(db)
        with db.read() as conn:
            if logs.load_own_log(conn) is not None:
                raise ConfigError("In dieser Datenbank steht schon ein Log", advice="Eine leere Datenbank angeben.")
    finally:
        db.close()


def _begin(hub: Hub, root: SigningKey, ags: str) -> None:
    """Write hello and roster version 1; no member yet."""
    now = hub.clock.now()
    row = HubRow(hub.signer.log_keys[0].verifying, hub.signer.witness.verifying, hub.settings.url)
    roster = Roster(1, now, now + ROSTER_SECONDS, 1, (root.verifying,), row, ())
    with hub.db.write() as conn:
        begin_log(hub.db, conn, msgspec.structs.replace(hub.own_keys, ags=ags), hub.signer, now=now)
        hub.book.extend(conn, sign_roster(format_roster(roster), root))


def publish_vocabularies(hub: Hub, ags: str) -> int:
    """Put the vocabularies of this program into the hub's log and seal them; returns how many entries were written.

    Raises:
        LogStateError: the log may not be signed now.
    """
    now = hub.clock.now()
    with hub.db.write() as conn:
        for vocabulary in shipped_vocabularies().values():
            doc: dict[str, object] = {
                "id": vocabulary.id, "owner": ags, "title": vocabulary.title,
                "vocabulary": msgspec.to_builtins(vocabulary),
            }  # fmt: skip
            body = seal_payload(doc, hub.dice.token(32))
            rid = bytes.fromhex(vocabulary.id)
            edits.add_edit(conn, Edit("publish", "vocabulary", rid, NEW, now, commitment_of(body), body))
    return hub.sealer.seal(now=now).entries
