"""Where a call may go: to the public internet, and to what the operator allowed by name. Judged when the connection is made.

The address that was judged is the one that is connected to, so a name that resolves to something else a moment later
changes nothing.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore2

CONNECT_SECONDS = 10.0

Resolve = Callable[[str, int], Sequence[str]]
Allowed = frozenset[tuple[str, int]]

_PUBLIC_6 = ip_network("2000::/3")
_SPECIAL_6 = [ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]  # Teredo, examples, 6to4
_SPECIAL_4 = ip_network("192.88.99.0/24")  # the relay of 6to4


class AddressRefused(Exception):
    """The host leads to no public address, and the operator did not allow it. No connection was made."""


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet. Forms that carry an IPv4 address inside IPv6 never are."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    match ip:
        case IPv4Address():
            return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _SPECIAL_4
        case IPv6Address():
            return ip.scope_id is None and ip in _PUBLIC_6 and not any(ip in network for network in _SPECIAL_6)


def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard(httpcore2.NetworkBackend):
    """Makes the connections. `timeout` of everything here is a deadline: the `time.monotonic()` after which there is none left."""

    def __init__(self, allowed: Allowed, resolve: Resolve = resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._system = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Raises `AddressRefused`."""
        deadline = time.monotonic() + min(CONNECT_SECONDS, _left(timeout, httpcore2.ConnectTimeout))
        try:
            addresses = self._resolve(host, port)
        except OSError:
            raise httpcore2.ConnectError(f"{host} is not known.") from None
        if (host, port) not in self._allowed:
            addresses = [address for address in addresses if is_public(address)]
            if not addresses:
                raise AddressRefused(f"{host} leads to no public address.")
        return Stream(self._connect(addresses, port, deadline, socket_options))

    def _connect(
        self, addresses: Sequence[str], port: int, deadline: float, socket_options: Iterable[httpcore2.SOCKET_OPTION] | None
    ) -> httpcore2.NetworkStream:
        """The first address that answers; each has an equal share of the time that is left."""
        for untried in range(len(addresses), 0, -1):
            share = _left(deadline, httpcore2.ConnectTimeout) / untried
            try:
                return self._system.connect_tcp(addresses[-untried], port, timeout=share, socket_options=socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if untried == 1:
                    raise
        raise httpcore2.ConnectError("The host has no address.")


class Stream(httpcore2.NetworkStream):
    """A connection whose reads and writes share one deadline, so that nobody can keep us by sending a byte now and then."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        connection: socket.socket = self._inner.get_extra_info("socket")
        unsent = memoryview(buffer)
        try:
            while unsent:
                connection.settimeout(_left(timeout, httpcore2.WriteTimeout))
                unsent = unsent[connection.send(unsent) :]
        except TimeoutError:
            raise httpcore2.WriteTimeout("The time is up.") from None
        except OSError:
            raise httpcore2.WriteError("The connection broke.") from None

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = min(_left(timeout, httpcore2.ConnectTimeout), CONNECT_SECONDS)
        return Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float | None, error: type[httpcore2.TimeoutException]) -> float:
    """Seconds until the deadline. Nothing goes out without one."""
    left = 0.0 if deadline is None else deadline - time.monotonic()
    if left <= 0:
        raise error("The time is up.")
    return left
