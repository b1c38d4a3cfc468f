"""What the operator decides about outgoing requests; light, so that reading settings does not load an HTTP library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetSettings:
    """Settings of `HttpClient`."""

    allow_networks: tuple[str, ...] = ()  # where http and private addresses are allowed, such as 127.0.0.0/8
    proxy: str | None = None  # http://[user:password@]host:port, for https requests
    no_proxy: tuple[str, ...] = ()  # hosts, or domains as .example.org, that are asked directly
    user_agent: str = "kreisweit"
