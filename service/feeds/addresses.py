"""Where feeds may be fetched from: public addresses only, whatever name, spelling or redirect leads to them.

A name is looked up once and the connection goes to the very address that was judged. Looking it up again
could answer otherwise (DNS rebinding), and reading the host's text would miss "127.1" and 2130706433.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address, ip_network
from threading import Thread

import httpcore

from service.errors import FetchError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port -> its IP addresses as text, the best first; OSError when there are none."""

# The first that fits names the address. `is_global` of the standard library changed between patch releases of Python
# and counts 6to4, NAT64 and multicast as global in some; hence a table. The last row is all IPv6 outside of 2000::/3.
_NOT_PUBLIC = [
    (ip_network(network), kind)
    for kind, networks in {
        "cloud metadata": "169.254.169.254 fd00:ec2::254 100.100.100.200 168.63.129.16",
        "loopback": "127.0.0.0/8 ::1",
        "unspecified": "0.0.0.0/8 ::",
        "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10",
        "carrier-grade NAT": "100.64.0.0/10",
        "link-local": "169.254.0.0/16 fe80::/10",
        "documentation": "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20",
        "multicast": "224.0.0.0/4 ff00::/8",
        "broadcast": "255.255.255.255",
        "IPv4 within IPv6": "::/96 ::ffff:0:0/96",
        "NAT64": "64:ff9b::/96 64:ff9b:1::/48",
        "6to4": "192.88.99.0/24 2002::/16",
        "Teredo": "2001::/32",
        "reserved": "192.0.0.0/24 198.18.0.0/15 240.0.0.0/4 2001::/23 ::/3 4000::/2 8000::/1",
    }.items()
    for network in networks.split()
]
_METADATA_NAMES = {"metadata.google.internal"}
_MAX_TRIES = 4  # of a host's addresses; each may take a quarter of the time there is


def refusal(address: str, allow_loopback: bool = False) -> str | None:
    """Why an IP address must not be connected to, in words; None when it is public."""
    try:
        ip = ip_address(address)
    except ValueError:
        return f"{address!r} is not an IP address"
    kind = next((kind for network, kind in _NOT_PUBLIC if ip in network), None)
    if kind is None or (kind == "loopback" and allow_loopback):
        return None
    return f"{address} is not a public address ({kind})"


async def system_resolver(host: str, port: int) -> list[str]:
    """What the operating system makes of a host, numbers in any spelling included."""
    promise: Future[list[str]] = Future()
    # Not in the event loop's own threads: where no name server answers, look-ups would fill them all for half a minute,
    # and the process could not end before they did.
    Thread(target=_look_up, args=(host, port, promise), daemon=True).start()
    return await asyncio.wrap_future(promise)


def _look_up(host: str, port: int, promise: Future[list[str]]) -> None:
    if not promise.set_running_or_notify_cancel():
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        promise.set_exception(exc)
    else:
        promise.set_result([str(address[0]) for *_, address in found])


class Gate(httpcore.AsyncNetworkBackend):
    """The one way out: connects to judged addresses of a host, and closes what it opened.

    ``allow_loopback`` lets 127.0.0.0/8 and ::1 pass, and nothing else.
    """

    def __init__(self, resolve: Resolve, allow_loopback: bool, network: httpcore.AsyncNetworkBackend) -> None:
        self._resolve, self._allow_loopback, self._network = resolve, allow_loopback, network
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers; FetchError when one of them must not be connected to."""
        failed: Exception | None = None
        for address in (await self._judged(host, port))[:_MAX_TRIES]:
            try:
                stream = await self._network.connect_tcp(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failed = exc
            else:
                self._opened.append(stream)
                return stream
        raise failed or FetchError(f"{host} has no address")

    async def aclose(self) -> None:
        """Close all connections: one that is cancelled in the middle of its TLS handshake is closed by nobody else."""
        for stream in self._opened:
            await stream.aclose()

    async def _judged(self, host: str, port: int) -> Sequence[str]:
        if host.rstrip(".").lower() in _METADATA_NAMES:
            raise FetchError(f"{host} is no place for a feed (cloud metadata)")
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as exc:
            raise FetchError(f"{host} cannot be found: {getattr(exc, 'strerror', None) or exc}") from exc
        for address in addresses:
            if why := refusal(address, self._allow_loopback):
                raise FetchError(f"{host} must not be fetched from: {why}")
        return addresses
