"""Which addresses may be connected to, and that no other ever is."""

import asyncio
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FetchError
from service.feeds.addresses import Gate, Resolve, refusal, system_resolver

PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Network(httpcore.AsyncNetworkBackend):
    """No wire at all: it keeps which addresses were called; those in ``dead`` refuse."""

    def __init__(self, *dead: str) -> None:
        self.dead, self.called = dead, list[str]()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.called.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([])


def answering(*addresses: str) -> Resolve:
    """A resolver for which every host has these addresses."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


def connect(host: str, resolve: Resolve, network: Network, allow_loopback: bool = False) -> None:
    asyncio.run(Gate(resolve, allow_loopback, network).connect_tcp(host, 80))


# --- refusal ---


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fc00::1", "private"),
        ("fd12:3456::1", "private"),
        ("fec0::1", "private"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("100.127.255.255", "carrier-grade NAT"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("169.254.169.254", "cloud metadata"),
        ("fd00:ec2::254", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("192.0.2.1", "documentation"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", "reserved"),
        ("192.0.0.8", "reserved"),
        ("198.18.0.1", "reserved"),
        ("::ffff:127.0.0.1", "IPv4 within IPv6"),
        ("::ffff:a00:1", "IPv4 within IPv6"),
        ("::10.0.0.1", "IPv4 within IPv6"),
        ("::ffff:0:127.0.0.1", "reserved"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b:1::a00:1", "NAT64"),
        ("2002:7f00:1::", "6to4"),
        ("2001:0:7f00:1::", "Teredo"),
        ("2001:10::1", "reserved"),
        ("100::1", "reserved"),
        ("4000::1", "reserved"),
        ("5f00::1", "reserved"),
    ],
)
def test_an_address_that_is_not_public_is_refused_by_name(address: str, kind: str) -> None:
    assert refusal(address) == f"{address} is not a public address ({kind})"


@pytest.mark.parametrize(
    "address",
    [PUBLIC, PUBLIC_6, "8.8.8.8", "172.32.0.1", "100.128.0.1", "169.253.1.1", "2003::1", "2001:4860:4860::8888"],
)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(
    "text", ["", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost", "[::1]", "10.0.0.1/8"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert "is not an IP address" in (refusal(text) or "")


_V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
_V6 = st.integers(0, 2**128 - 1).map(IPv6Address)
# Random IPv6 addresses hardly ever fall into the short ranges where the special ones are.
_SPECIAL_6 = st.builds(
    lambda head, tail: IPv6Address(head << 96 | tail),
    st.sampled_from([0, 0x64FF9B, 0x1000000, 0x20010000, 0x20010DB8, 0x20020A00, 0x3FFF0000, 0xFC000000, 0xFE800000]),
    st.integers(0, 2**96 - 1),
)


@given(_V4 | _V6 | _SPECIAL_6)
def test_only_addresses_that_python_calls_global_pass(ip: IPv4Address | IPv6Address) -> None:
    if refusal(str(ip)) is None:
        assert ip.is_global
        assert not ip.is_multicast


@given(_V4)
def test_no_ipv4_address_passes_in_the_clothes_of_ipv6(ip: IPv4Address) -> None:
    number = int(ip)
    for dressed in (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert refusal(str(IPv6Address(dressed)))


@given(_V4 | _V6 | _SPECIAL_6)
def test_allowing_loopback_allows_nothing_else(ip: IPv4Address | IPv6Address) -> None:
    if refusal(str(ip), allow_loopback=True) != refusal(str(ip)):
        assert str(ip) == "::1" or str(ip).startswith("127.")


def test_loopback_can_be_allowed() -> None:
    assert refusal("127.8.9.1", allow_loopback=True) is None
    assert refusal("::1", allow_loopback=True) is None


# --- the gate ---


@pytest.mark.parametrize(
    "host",
    ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0x7f.1", "localhost", "::1"],
)
def test_this_machine_is_recognised_in_any_spelling(host: str) -> None:
    network = Network()
    with pytest.raises(FetchError, match=r"not a public address \(loopback\)"):
        connect(host, system_resolver, network)
    assert network.called == []


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    network = Network()
    connect("feed.example", answering(PUBLIC_6, PUBLIC), network)
    assert network.called == [PUBLIC_6]


def test_a_dead_address_is_passed_over() -> None:
    network = Network(PUBLIC_6)
    connect("feed.example", answering(PUBLIC_6, PUBLIC), network)
    assert network.called == [PUBLIC_6, PUBLIC]


def test_one_bad_address_among_good_ones_closes_the_gate() -> None:
    network = Network()
    with pytest.raises(FetchError, match=r"feed\.example must not be fetched from: 10\.0\.0\.7"):
        connect("feed.example", answering(PUBLIC, "10.0.0.7"), network)
    assert network.called == []


def test_allowed_loopback_does_not_open_the_rest_of_the_house() -> None:
    network = Network()
    connect("feed.example", answering("127.0.0.1"), network, allow_loopback=True)
    for address in ("192.168.0.1", "::ffff:127.0.0.1", "169.254.169.254", "0.0.0.0"):
        with pytest.raises(FetchError):
            connect("feed.example", answering(address), network, allow_loopback=True)
    assert network.called == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["metadata.google.internal", "Metadata.Google.Internal."])
def test_the_metadata_service_is_refused_by_name_too(host: str) -> None:
    with pytest.raises(FetchError, match="cloud metadata"):
        connect(host, answering(PUBLIC), Network())


def test_a_host_without_addresses_and_one_that_is_too_long_are_named() -> None:
    with pytest.raises(FetchError, match=r"feed\.example has no address"):
        connect("feed.example", answering(), Network())
    with pytest.raises(FetchError, match="cannot be found"):
        connect("a" * 64 + ".example", system_resolver, Network())


def test_a_host_with_a_hundred_dead_addresses_is_given_up_early() -> None:
    addresses = [str(ip_address(PUBLIC) + number) for number in range(100)]
    network = Network(*addresses)
    with pytest.raises(httpcore.ConnectError):
        connect("feed.example", answering(*addresses), network)
    assert len(network.called) == 4
