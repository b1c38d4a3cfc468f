"""Which addresses this program talks to: the guard against requests that lead into our own networks (PROTOCOL 5).

Decided here: how a URL may be spelled, which addresses are refused, and what `allow_networks` opens.  Elsewhere
(`wire`): a name is resolved once, every address it has is checked here, and the connection goes to a checked literal
address, so that no second answer of the name server counts.

`ipaddress.is_global` is not enough: on Python 3.11 it is true of `::127.0.0.1`, `64:ff9b::7f00:1`, `2002:7f00:1::`,
`fec0::1` and multicast.  Hence a table of our own.  Nor are the resolver's spellings (`2130706433`, `0x7f.1`,
`0177.0.0.1`, full-width digits) accepted: a host is a plain DNS name or an address in its canonical form.

With a configured proxy the proxy resolves names, so only literal addresses in URLs can be checked (see `http`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from shared.errors import ConfigError, FetchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Refused unless a setting names the network.  The named rows come first so that messages say what it is; the last
# three rows close everything outside 2000::/3, the only part of IPv6 that is given out to the public internet.
_DENIED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "kein einzelner Rechner"),
    ("10.0.0.0/8", "ein privates Netz"),
    ("100.64.0.0/10", "von einem Anbieter geteilt"),
    ("127.0.0.0/8", "der eigene Rechner"),
    ("168.63.129.16/32", "Adresse einer Cloud"),
    ("169.254.0.0/16", "nur im eigenen Netzabschnitt, oder Daten einer Cloud"),
    ("172.16.0.0/12", "ein privates Netz"),
    ("192.0.0.0/24", "für Protokolle vergeben"),
    ("192.0.2.0/24", "nur für Beispiele"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "an viele gerichtet"),
    ("192.88.99.0/24", "6to4-Vermittler"),
    ("192.168.0.0/16", "ein privates Netz"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "nur für Messungen"),
    ("198.51.100.0/24", "nur für Beispiele"),
    ("203.0.113.0/24", "nur für Beispiele"),
    ("224.0.0.0/4", "an viele gerichtet"),
    ("240.0.0.0/4", "reserviert oder an alle gerichtet"),
    ("::1/128", "der eigene Rechner"),
    ("::/96", "enthält IPv4"),
    ("::ffff:0:0/96", "enthält IPv4"),
    ("::ffff:0:0:0/96", "übersetztes IPv4"),
    ("64:ff9b::/96", "übersetztes IPv4"),
    ("64:ff9b:1::/48", "übersetztes IPv4"),
    ("100::/64", "wird verworfen"),
    ("2001::/23", "Teredo (enthält IPv4), für Protokolle vergeben"),
    ("2001:db8::/32", "nur für Beispiele"),
    ("2002::/16", "6to4 (enthält IPv4)"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "nur für Beispiele"),
    ("fc00::/7", "ein privates Netz"),
    ("fe80::/10", "nur im eigenen Netzabschnitt"),
    ("fec0::/10", "ein privates Netz"),
    ("ff00::/8", "an viele gerichtet"),
    ("::/3", "nicht öffentlich"),
    ("4000::/2", "nicht öffentlich"),
    ("8000::/1", "nicht öffentlich"),
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Numbers at the end are what C libraries read as an IPv4 address: `127.1`, `0x7f.1`, `2130706433`.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_MAX_URL_LENGTH = 2048


@dataclass(frozen=True)
class Target:
    """Where a URL leads, in the one spelling that all parsers read alike."""

    scheme: str
    host: str  # DNS name in lower case, or a canonical address without brackets
    port: int
    literal: Address | None

    @property
    def is_plain(self) -> bool:
        """Not encrypted."""
        return self.scheme == "http"


class AddressGuard:
    """Says which URLs and addresses may be talked to.

    Public addresses: by https only.  Everything else, and http: only inside `allow_networks`.
    """

    def __init__(self, allow_networks: Iterable[str]) -> None:
        self._allowed = tuple(parse_network(text) for text in allow_networks)
        self._denied = tuple((ipaddress.ip_network(text), reason) for text, reason in _DENIED)

    def is_allowed(self, address: Address) -> bool:
        """The settings name a network that holds this address."""
        return any(address in network for network in self._allowed)

    def verify_addresses(self, host: str, addresses: Iterable[str], *, is_plain: bool) -> tuple[str, ...]:
        """Return the addresses if every single one may be talked to.

        Args:
            host: the name asked for, for the message.
            addresses: all that it resolves to; untrusted.
            is_plain: the URL is http.
        Raises:
            FetchError: kind address, if one is refused; kind dns, if there is none.
        """
        checked = tuple(self._verify_address(host, text, is_plain=is_plain) for text in addresses)
        if not checked:
            raise FetchError(f"{host} hat keine Adresse im Netz", kind="dns")
        return checked

    def _verify_address(self, host: str, text: str, *, is_plain: bool) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError as error:
            raise FetchError(f"{host} führt zu {text[:60]!r}; das ist keine Adresse", kind="address") from error
        if self.is_allowed(address):
            return text
        if is_plain:
            raise FetchError(f"{host} ({text}): http geht nur in Netzen, die allow_networks nennt", kind="address")
        for network, reason in self._denied:
            if address in network:
                raise FetchError(f"{host} führt zu {text}, das ist {reason} ({network})", kind="address")
        return text


def parse_network(text: str) -> Network:
    """Read one entry of `allow_networks`, such as `127.0.0.0/8`; bits behind the prefix are refused."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ConfigError(f"allow_networks: {text!r} ist kein Netz", advice="Beispiel: 10.20.0.0/16") from error


def parse_url(url: str) -> Target:
    """Read a URL that has only one reading: scheme, host, port; no user, fragment, backslash or odd number.

    Does not check: whether the address behind it may be talked to; see `AddressGuard`.

    Raises:
        FetchError: kind address.
    """
    match = _URL.fullmatch(url) if len(url) <= _MAX_URL_LENGTH else None
    if match is None:
        raise FetchError(f"{url[:120]!r} ist keine einfache http- oder https-Adresse", kind="address")
    scheme, text = match["scheme"], match["host"]
    port = int(match["port"] or (443 if scheme == "https" else 80))
    if port > 65535:
        raise FetchError(f"Den Port {port} gibt es nicht", kind="address")
    literal = _parse_literal(text)
    host = text.strip("[]")
    if literal is None and (not _NAME.fullmatch(host) or text.startswith("[")):
        raise FetchError(f"{text!r} ist kein Rechnername", kind="address")
    return Target(scheme, host, port, literal)


def _parse_literal(text: str) -> Address | None:
    """Read an address in its canonical form; None for a name."""
    is_bracketed = text.startswith("[")
    if not is_bracketed and not _NUMERIC_END.fullmatch(text):
        return None
    try:
        address: Address = (
            ipaddress.IPv6Address(text.strip("[]")) if is_bracketed else ipaddress.IPv4Address(text)
        )  # one of the two spellings only: brackets are for IPv6
    except ValueError as error:
        raise FetchError(f"{text!r} ist eine ungewöhnlich geschriebene Adresse", kind="address") from error
    if str(address) != text.strip("[]"):
        raise FetchError(f"Die Adresse {text!r} ist nicht in der üblichen Form geschrieben", kind="address")
    return address
