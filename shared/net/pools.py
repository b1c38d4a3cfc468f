"""Which way a request goes: directly to a checked address, or through the operator's proxy.

With a proxy, https to names goes through it by CONNECT and the proxy resolves the name: then only literal addresses in
URLs are checked by us, and the proxy's own rules must keep requests out of the inner network.  Never through the proxy:
http (allowed inside `allow_networks` only, which needs the address), literal addresses inside `allow_networks`, and
hosts named in `no_proxy`; these are checked like everything direct.
"""

from __future__ import annotations

import ssl
from urllib.parse import unquote, urlsplit

import httpcore

from shared.errors import ConfigError
from shared.net.addresses import AddressGuard, Target
from shared.net.settings import NetSettings
from shared.net.wire import Exchanges, GuardedBackend, Resolver

_MAX_CONNECTIONS = 64
_MAX_KEPT_CONNECTIONS = 24  # eleven members and a hub, two each
_KEEP_SECONDS = 4.0  # below the 5 s after which uvicorn closes, so that we seldom ask on a connection just closed
_PROXY_EXAMPLE = "Beispiel: http://proxy.stadt.example:3128"


class Pools:
    """Keeps the open connections of a process; one TLS context for all of them."""

    def __init__(
        self, settings: NetSettings, guard: AddressGuard, exchanges: Exchanges, tls: ssl.SSLContext, resolve: Resolver
    ) -> None:
        self._guard = guard
        self._no_proxy = settings.no_proxy
        self._direct = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_MAX_KEPT_CONNECTIONS,
            keepalive_expiry=_KEEP_SECONDS,
            network_backend=GuardedBackend(exchanges, guard, resolve),
        )
        self._through_proxy = None
        if settings.proxy is not None:
            url, user = _parse_proxy(settings.proxy)
            self._through_proxy = httpcore.HTTPProxy(
                url,
                proxy_auth=user,
                ssl_context=tls,
                max_connections=_MAX_CONNECTIONS,
                max_keepalive_connections=_MAX_KEPT_CONNECTIONS,
                keepalive_expiry=_KEEP_SECONDS,
                network_backend=GuardedBackend(exchanges, None, resolve),
            )

    def pool_for(self, target: Target) -> httpcore.ConnectionPool:
        """Return the pool that a request to `target` must use."""
        if self._through_proxy is None or target.is_plain or self._is_direct(target):
            return self._direct
        return self._through_proxy

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()
        if self._through_proxy is not None:
            self._through_proxy.close()

    def _is_direct(self, target: Target) -> bool:
        if target.literal is not None and self._guard.is_allowed(target.literal):
            return True
        return any(
            target.host == entry or (entry.startswith(".") and target.host.endswith(entry)) for entry in self._no_proxy
        )


def _parse_proxy(text: str) -> tuple[httpcore.URL, tuple[str, str] | None]:
    """Read the proxy setting.  TLS to the proxy itself is not supported: inside it our deadline would not hold.

    Messages never repeat the setting, which may hold a password.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("proxy ist keine Adresse", advice=_PROXY_EXAMPLE) from error
    if parts.scheme != "http" or not host or not host.isascii() or parts.path not in ("", "/"):
        raise ConfigError("proxy hat nicht die Form http://host:port", advice=_PROXY_EXAMPLE)
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore.URL(scheme=b"http", host=host.encode("ascii"), port=port or 80, target=b"/"), user
