"""Where measures may be told: inside, or where a setting says so."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError
from shared.net.listeners import Place, parse_inner_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9100", ("127.0.0.1", 9100)),
        ("[::1]:9100", ("::1", 9100)),
        ("10.20.0.5:65535", ("10.20.0.5", 65535)),
        ("172.31.0.1:1", ("172.31.0.1", 1)),
        ("[fd00::7]:9100", ("fd00::7", 9100)),
    ],
)
def test_inner_place_is_accepted(text: str, place: tuple[str, int]) -> None:
    assert parse_inner_place("metrics", text, ()) == Place(*place)


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0:9100",
        "[::]:9100",
        "8.8.8.8:9100",
        "172.32.0.1:9100",
        "[2001:4860::1]:9100",
        "[fe80::1]:9100",
        "169.254.1.1:1",
    ],
)
def test_place_that_outsiders_may_reach_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="weder dieser Rechner noch ein privates Netz"):
        parse_inner_place("metrics", text, ())


@pytest.mark.parametrize(
    "text",
    [
        "localhost:9100", "9100", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.1:9100", "[127.0.0.1]:9100",
        "::1:9100", "127.0.0.1:9100/metrics", "１27.0.0.1:9100", " 127.0.0.1:9100",
    ],
)  # fmt: skip
def test_what_is_no_address_with_a_port_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="keine Adresse mit Port"):
        parse_inner_place("metrics", text, ())


def test_network_that_the_settings_name_is_opened() -> None:
    assert parse_inner_place("metrics", "0.0.0.0:9100", ("0.0.0.0/32",)) == Place("0.0.0.0", 9100)
