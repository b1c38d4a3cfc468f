"""Backups are locked in the age format (age-encryption.org/v1): the `age` command opens them without this program.

A running party knows only the recipient, which is public; so whoever owns its computer cannot read older backups.  The
identity that opens them is itself locked with a passphrase and belongs where the root key is: not on this computer.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pyrage

from shared.clock import Dice
from shared.errors import ConfigError, ParseError, VerificationError
from shared.keyring import write_private
from shared.passphrase import lock_secret, open_secret

PASSPHRASE_MIN_CHARACTERS = 12
"""The file may be carried about for years; nobody is locked out after wrong guesses."""
_NOT_IT = "Stimmt die Passphrase, und gehört die Datei zu diesem Empfänger?"


def make_identity(path: Path, passphrase: str, dice: Dice) -> str:
    """Make an identity file locked with a passphrase; returns the recipient, which is no secret.

    Raises:
        ConfigError: the file exists, or the passphrase is too short.
    """
    if path.exists():
        raise ConfigError(f"Die Datei {path} gibt es schon", advice="Ein Schlüssel wird nie überschrieben.")
    if len(passphrase) < PASSPHRASE_MIN_CHARACTERS:
        raise ConfigError(
            f"Die Passphrase ist kürzer als {PASSPHRASE_MIN_CHARACTERS} Zeichen.",
            advice="Eine längere wählen und getrennt von der Schlüsseldatei aufbewahren.",
        )
    identity = pyrage.x25519.Identity.generate()
    write_private(path, lock_secret(f"{identity}\n".encode(), passphrase, dice))
    return str(identity.to_public())


def load_identity(path: Path, passphrase: str) -> pyrage.x25519.Identity:
    """Open an identity file.

    Raises:
        ConfigError: no such file, the wrong passphrase, or no identity in it.
    """
    if not path.is_file():
        raise ConfigError(
            f"Der Schlüssel der Sicherungen {path} ist nicht da.",
            advice="Den Datenträger einlegen und --identity DATEI angeben.",
        )
    try:
        text = open_secret(path.read_bytes(), passphrase).decode("ascii").strip()
        return pyrage.x25519.Identity.from_str(text)
    except (ParseError, VerificationError, pyrage.IdentityError, UnicodeDecodeError) as error:
        raise ConfigError(f"Die Schlüsseldatei {path} lässt sich nicht öffnen", advice=_NOT_IT) from error


def verify_recipient(text: str) -> str:
    """Return a recipient that backups can be locked for; ConfigError otherwise."""
    try:
        return str(pyrage.x25519.Recipient.from_str(text))
    except pyrage.RecipientError as error:
        raise ConfigError(
            f"backup_recipient {text[:80]!r} ist kein Empfänger (age1…)",
            advice="Mit „backup key“ einen Schlüssel anlegen; der Befehl trägt den Empfänger ein.",
        ) from error


def lock(plain: BinaryIO, locked: BinaryIO, recipient: str) -> None:
    """Write what `plain` holds so that only the identity of the recipient opens it."""
    pyrage.encrypt_io(plain, locked, [pyrage.x25519.Recipient.from_str(recipient)])


def unlock(locked: BinaryIO, plain: BinaryIO, identity: pyrage.x25519.Identity) -> None:
    """Write what a locked file holds; what was written before an error must not be used.

    Raises:
        ConfigError: locked for somebody else, cut short, or changed.
    """
    try:
        pyrage.decrypt_io(locked, plain, [identity])
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's trouble, not the file's
        raise ConfigError("Die Sicherung lässt sich mit diesem Schlüssel nicht öffnen", advice=_NOT_IT) from error
