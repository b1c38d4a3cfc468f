"""The guard refuses what leads inside, whatever its spelling; the settings open what they name and no more."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigError, FetchError
from shared.net.addresses import AddressGuard, parse_network, parse_url

DENIED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::7f00:1", "100::1", "1::1", "200::1", "1fff::1",
    "2001::1", "2001:0:53aa:64c::1",
    "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
    "3fff::1", "4000::1", "5f00::1", "8000::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%lo", "febf::1",
    "fec0::1", "feff::1", "ff02::1", "ff0e::1",
]  # fmt: skip

PUBLIC = [
    "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
    "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255",
    "2001:200::1", "2001:4860:4860::8888", "2003::1", "2a00:1450::1", "2600::1", "3ffe::1",
]  # fmt: skip


def kind_of(url: str) -> str:
    with pytest.raises(FetchError) as caught:
        parse_url(url)
    return caught.value.kind


@pytest.mark.parametrize("address", DENIED)
@pytest.mark.parametrize("is_plain", [True, False])
def test_guard_refuses_address_that_is_not_public(address: str, is_plain: bool) -> None:
    with pytest.raises(FetchError) as caught:
        AddressGuard(()).verify_addresses("evil.example", [address], is_plain=is_plain)

    assert caught.value.kind == "address"


@pytest.mark.parametrize("address", PUBLIC)
def test_guard_lets_public_address_pass_by_https_only(address: str) -> None:
    guard = AddressGuard(())

    assert guard.verify_addresses("marl.example", [address], is_plain=False) == (address,)
    with pytest.raises(FetchError, match="allow_networks"):
        guard.verify_addresses("marl.example", [address], is_plain=True)


@pytest.mark.parametrize(
    "bad", ["10.0.0.1", "::ffff:8.8.8.8", "2130706433", "", "localhost", "\uff18.\uff18.\uff18.\uff18", "8.8.8.8/32"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_guard_refuses_name_with_one_bad_address_among_good_ones(bad: str, place: int) -> None:
    addresses = ["8.8.8.8", "2a00:1450::1"]
    addresses.insert(place, bad)

    with pytest.raises(FetchError) as caught:
        AddressGuard(()).verify_addresses("mixed.example", addresses, is_plain=False)

    assert caught.value.kind == "address"


def test_guard_refuses_name_without_address() -> None:
    with pytest.raises(FetchError) as caught:
        AddressGuard(()).verify_addresses("none.example", [], is_plain=False)

    assert caught.value.kind == "dns"


def test_guard_opens_named_networks_and_no_more() -> None:
    guard = AddressGuard(["127.0.0.0/8", "10.20.0.0/16", "fd00:1::/32"])

    for address in ("127.0.0.1", "10.20.3.4", "fd00:1::5"):
        assert guard.verify_addresses("inside.example", [address], is_plain=True) == (address,)
    for address in ("10.21.0.1", "fd00:2::5", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"):
        with pytest.raises(FetchError):
            guard.verify_addresses("inside.example", [address], is_plain=False)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_guard_is_never_wider_than_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    try:
        AddressGuard(()).verify_addresses("any.example", [str(address)], is_plain=False)
    except FetchError:
        return
    assert address.is_global
    assert not address.is_multicast


@pytest.mark.parametrize("text", ["127.0.0.1/8", "127.0.0.0/33", "localhost", "", "10/8", "*"])
def test_network_that_is_none_is_refused_with_the_name_of_the_setting(text: str) -> None:
    with pytest.raises(ConfigError, match="allow_networks"):
        parse_network(text)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://herten.kreisweit.example/feed/g1/checkpoint", "herten.kreisweit.example", 443),
        ("https://xn--mnster-3ya.example:8443", "xn--mnster-3ya.example", 8443),
        ("http://127.0.0.1:8101/", "127.0.0.1", 8101),
        ("http://hub/catalogue?x=1&y=%20", "hub", 80),
        ("https://[2a00:1450::1]:444/a", "2a00:1450::1", 444),
        ("https://8.8.8.8/", "8.8.8.8", 443),
        ("https://1a.example/", "1a.example", 443),
        ("https://4.example.org1/", "4.example.org1", 443),
    ],
)
def test_plain_url_is_read(url: str, host: str, port: int) -> None:
    target = parse_url(url)

    assert (target.host, target.port) == (host, port)


@pytest.mark.parametrize(
    "url",
    [
        "", "herten.example", "//herten.example/", "ftp://herten.example/", "HTTPS://herten.example/",
        "file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "https:///x", "https://", "https:/herten/",
        "https://user@herten.example/", "https://user:pass@herten.example/", "https://@herten.example/",
        "http://marl.example\\@evil.example/", "https://marl.example\\.evil.example/", "https://a/\\b",
        "https://marl.example#@evil.example/", "https://marl.example/#x", "https://marl.example?@evil.example/ ",
        " https://marl.example/", "https://marl.example/ ", "https://marl.example/\n", "https://marl.exa\tmple/",
        "https://marl.example/\x00", "https://marl.example\r\nHost: evil/", "https://marl.example/%zz",
        "https://marl.example/%", "https://marl.example/ü", "https://münster.example/", "https://marl。example/",
        "https://①②⑦.0.0.1/", "https://127。0。0。1/", "https://\uff11\uff12\uff17.0.0.1/", "https://٣.example/",
        "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/",
        "https://127.0.0.1./", "https://127.0.0.01/", "https://127.0.0.256/", "https://1.2.3.4.5/", "https://0/",
        "https://a.0x/", "https://a.1/", "https://[127.0.0.1]/", "https://[::ffff:127.0.0.1%25lo]/", "https://[fe80::1%lo]/",
        "https://[0:0:0:0:0:0:0:1]/", "https://[::0001]/", "https://[::FFFF:7f00:1]/", "https://[::1/", "https://::1/",
        "https://[marl.example]/", "https://[]/", "https://[::1]x/",
        "https://marl.example./", "https://.marl.example/", "https://marl..example/", "https://-marl.example/",
        "https://marl-.example/", "https://ma_rl.example/", "https://MARL.example/", "https://*.example/",
        "https://%6darl.example/", "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/",
        "https://marl.example:/", "https://marl.example:0/", "https://marl.example:080/", "https://marl.example:65536/",
        "https://marl.example:443443/", "https://marl.example:+443/", "https://marl.example:٤٤٣/",
        "https://marl.example/" + "a" * 2048,
    ],
)  # fmt: skip
def test_url_with_more_than_one_reading_is_refused(url: str) -> None:
    assert kind_of(url) == "address"
