"""Where something may listen that is not for everybody: this computer, a private network, or where a setting says."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from shared.errors import ConfigError
from shared.net.addresses import parse_network

_PLACE = re.compile(r"(?P<host>[0-9.]{7,15}|\[[0-9a-f:]{2,39}\]):(?P<port>[1-9][0-9]{0,4})")
_INNER: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""Loopback (RFC 1122, RFC 4291) and the networks that are private (RFC 1918, RFC 4193)."""


class Place(NamedTuple):
    """An address of this computer, without brackets, and a port."""

    host: str
    port: int


def parse_inner_place(setting: str, text: str, allow_networks: Iterable[str]) -> Place:
    """Read `ADDRESS:PORT` where only those inside may come; a name is refused, since who asks decides where it leads.

    Args:
        setting: what the value is called, for the message.
        allow_networks: further networks whose addresses are fine.
    Raises:
        ConfigError: another form, no such port, or an address that outsiders could reach.
    """
    match = _PLACE.fullmatch(text)
    try:
        address = ipaddress.ip_address(match["host"].strip("[]")) if match else None
    except ValueError:
        address = None
    if match is None or address is None or int(match["port"]) > 65_535:
        raise ConfigError(
            f"{setting} {text[:80]!r} ist keine Adresse mit Port",
            advice=f'Beispiel: {setting} = "127.0.0.1:9100", mit IPv6 "[::1]:9100"; leer heißt aus.',
        )
    networks = (*_INNER, *(parse_network(network) for network in allow_networks))
    if not any(address in network for network in networks):
        raise ConfigError(
            f"{setting}: {address} ist weder dieser Rechner noch ein privates Netz",
            advice="Eine innere Adresse nennen, oder ihr Netz unter allow_networks.",
        )
    return Place(str(address), int(match["port"]))
