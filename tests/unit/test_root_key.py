"""The file of a root key: who opens it, and that what earlier versions wrote is still read."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import ConfigError
from shared.feed.keys import LOG, SigningKey, format_signing_key
from shared.keyring import load_root_key, save_root_key
from tests.support.world import SeededDice

NAME, SEED, WORD = "hub.example/root/a", bytes(range(32)), "fünf graue Katzen"


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.from_seed(NAME, LOG, SEED)


def test_root_key_is_opened_by_its_passphrase_alone_and_by_the_usual_tool(tmp_path: Path, key: SigningKey) -> None:
    path = tmp_path / "root.key"
    save_root_key(path, key, WORD.encode(), SeededDice("root"))

    opened = load_root_key(path, WORD.encode())
    by_tool = pyrage.passphrase.decrypt(path.read_bytes(), WORD).decode().strip()

    assert (opened.verifying, by_tool) == (key.verifying, format_signing_key(key))
    for wrong in (b"another", WORD.encode("latin-1")):
        with pytest.raises(ConfigError, match="nicht öffnen"):
            load_root_key(path, wrong)


def test_file_that_an_earlier_version_wrote_is_read(tmp_path: Path, key: SigningKey) -> None:
    pem = Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(WORD.encode()),
    )
    path = tmp_path / "root.key"
    path.write_bytes(f"# name: {NAME}\n".encode() + pem)

    assert load_root_key(path, WORD.encode()).verifying == key.verifying
    with pytest.raises(ConfigError, match="nicht öffnen"):
        load_root_key(path, b"another")


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\n"])
def test_file_that_is_no_root_key_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "root.key"
    path.write_bytes(data)

    with pytest.raises(ConfigError, match="keine Datei eines Wurzelschlüssels"):
        load_root_key(path, WORD.encode())
