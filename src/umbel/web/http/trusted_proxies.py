"""Which addresses are those of reverse proxies that are believed (`trusted_proxies`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from starlette.types import Scope

Network = IPv4Network | IPv6Network

LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
#: The longest text that can be an address.
_ADDRESS_MAX: Final = 45


class TrustedProxies:
    """IP addresses or networks."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network, strict=False) for network in networks]

    def sent(self, scope: Scope) -> bool:
        """Whether one of them, or somebody on a Unix socket, made the connection. Before `client`
        of the scope is what a proxy says."""
        client = scope.get("client")
        if client is None:  # a Unix socket: whoever may open it is on this machine
            return True
        # The kernel tells the interface of a link-local neighbour (`fe80::1%eth0`).
        return self.has(client[0].partition("%")[0])

    def has(self, address: str) -> bool:
        """Whether it is the address of one."""
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there; one of IPv4 that a socket for both writes as one of
    IPv6 (`::ffff:10.0.0.1`) is itself. None if it is none. The interface behind a `%` is no part
    of an address: it can be any text, and means nothing on another machine (RFC 4007, 11.2)."""
    return None if len(text) > _ADDRESS_MAX or "%" in text else _parsed(text)


@lru_cache(1_024)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Proxies and clients send many requests each, and parsing is slow."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
