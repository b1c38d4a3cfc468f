"""Key files: outside the database, readable by their owner alone (PROTOCOL 1).

`log-g<n>.key` (one per generation; `log-g<n>-next.key` during a rotation), `witness.key`, and at the hub `root.key`,
which is encrypted with a passphrase and belongs on an offline medium.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from shared.clock import Dice
from shared.errors import ConfigError, ParseError, VerificationError
from shared.feed.keys import LOG, WITNESS, SigningKey, format_signing_key, parse_signing_key
from shared.passphrase import lock_secret, open_secret

_FROM_BACKUP = "Aus der Sicherung der Schlüssel zurückholen; sie wird nie neu gemacht."
_OLD_ROOT_PREFIX = b"# name: "


class Keyring:
    """The key files of one party in one directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has_log_key(self, generation: int) -> bool:
        """Tell whether this generation's log key is there."""
        return self._log_path(generation).exists()

    def has_witness_key(self) -> bool:
        """Tell whether the witness key is there."""
        return (self._folder / "witness.key").exists()

    def newest_generation(self) -> int:
        """Return the highest generation with a log key, 0 for none."""
        numbers = [int(p.stem.removeprefix("log-g")) for p in self._folder.glob("log-g*.key") if "-next" not in p.stem]
        return max(numbers, default=0)

    def make_log_key(self, origin: str, generation: int, dice: Dice) -> SigningKey:
        """Make and store the log key of a generation; ConfigError where one exists."""
        return self._make(self._log_path(generation), origin, LOG, dice)

    def make_next_log_key(self, origin: str, generation: int, dice: Dice) -> SigningKey:
        """Make and store the key that a rotation brings in."""
        return self._make(self._next_path(generation), origin, LOG, dice)

    def make_witness_key(self, host: str, dice: Dice) -> SigningKey:
        """Make and store the witness key."""
        return self._make(self._folder / "witness.key", f"{host}/witness", WITNESS, dice)

    def log_keys(self, generation: int) -> tuple[SigningKey, ...]:
        """Return the log key, and during a rotation the next one after it."""
        paths = [self._log_path(generation), self._next_path(generation)]
        return tuple(_load(path) for path in paths if path.exists())

    def witness_key(self) -> SigningKey:
        """Return the witness key; ConfigError when it is missing."""
        return _load(self._folder / "witness.key")

    def finish_rotation(self, generation: int) -> None:
        """Let the next key be the only one; the old key file is deleted."""
        os.replace(self._next_path(generation), self._log_path(generation))  # noqa: PTH105 - atomic by intent

    def _log_path(self, generation: int) -> Path:
        return self._folder / f"log-g{generation}.key"

    def _next_path(self, generation: int) -> Path:
        return self._folder / f"log-g{generation}-next.key"

    def _make(self, path: Path, name: str, kind: int, dice: Dice) -> SigningKey:
        if path.exists():
            raise ConfigError(
                f"Die Schlüsseldatei {path} gibt es schon",
                advice="Ein Schlüssel wird nie zweimal gemacht; stimmt das Verzeichnis?",
            )
        key = SigningKey.from_seed(name, kind, dice.token(32))
        write_private(path, format_signing_key(key).encode() + b"\n")
        return key


def _load(path: Path) -> SigningKey:
    if not path.exists():
        raise ConfigError(
            f"Die Schlüsseldatei {path} fehlt",
            advice=_FROM_BACKUP,
        )
    try:
        return parse_signing_key(path.read_text("ascii").strip())
    except (ParseError, UnicodeDecodeError) as error:
        raise ConfigError(f"Die Schlüsseldatei {path} ist beschädigt", advice=_FROM_BACKUP) from error


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read: complete on disk, or not there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)  # noqa: PTH105 - atomic by intent
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_root_key(path: Path, key: SigningKey, passphrase: bytes, dice: Dice) -> None:
    """Store a roster root key locked with a passphrase, in the age format: `age --decrypt` opens it too."""
    write_private(path, lock_secret(f"{format_signing_key(key)}\n".encode(), passphrase.decode("utf-8"), dice))


def load_root_key(path: Path, passphrase: bytes) -> SigningKey:
    """Read a roster root key; ConfigError for a wrong passphrase or a file that is none.

    Files of earlier versions are read too: a PEM whose passphrase is stretched by 2048 rounds of PBKDF2, half a
    millisecond of work for each guess.  Now it is a fifth of a second and 64 MiB (measured).
    """
    if not path.exists():
        raise ConfigError(
            f"Der Wurzelschlüssel {path} ist nicht da",
            advice="Den Datenträger einlegen und --root-key DATEI angeben.",
        )
    data = path.read_bytes()
    if data.startswith(_OLD_ROOT_PREFIX):
        return _load_old_root_key(path, data, passphrase)
    try:
        return parse_signing_key(open_secret(data, passphrase.decode("utf-8")).decode("ascii").strip())
    except ParseError as error:
        raise ConfigError(f"{path} ist keine Datei eines Wurzelschlüssels") from error
    except (VerificationError, UnicodeDecodeError) as error:
        raise _not_opened(path) from error


def _load_old_root_key(path: Path, data: bytes, passphrase: bytes) -> SigningKey:
    first, _, pem = data.partition(b"\n")
    try:
        private = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        raise _not_opened(path) from error
    seed = private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return SigningKey.from_seed(first.decode().removeprefix(_OLD_ROOT_PREFIX.decode()), LOG, seed)


def _not_opened(path: Path) -> ConfigError:
    return ConfigError(f"Der Wurzelschlüssel {path} lässt sich nicht öffnen", advice="Stimmt die Passphrase?")
