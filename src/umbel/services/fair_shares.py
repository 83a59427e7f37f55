"""Fair shares: by whom the use of a bound is counted, so that one person has a share, not all.

Somebody who is known counts by name, wherever from; who is not, by network, since whoever has one
IPv6 address has 2^64 of them. What is in the context of a request goes with it into threads.
"""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, TypeVar

Asker = TypeVar("Asker")

_asker: Final[ContextVar[str]] = ContextVar("umbel_asker", default="")
_target_cluster: Final[ContextVar[str]] = ContextVar("umbel_target_cluster", default="")
#: The same for the cluster of which something is asked, where there are several.
set_target_cluster: Final = _target_cluster.set
reset_target_cluster: Final = _target_cluster.reset
#: Puts somebody in the place of who asked before; `reset` undoes it.
set_asker: Final = _asker.set
reset_asker: Final = _asker.reset


def asker() -> str:
    """For whom the present work is done: "" for Umbel itself, and for commands."""
    return _asker.get()


def target_cluster() -> str:
    """Of which of several clusters something is asked: "" where there is but one, and of what the
    server as a whole is asked."""
    return _target_cluster.get()


def release(held: Counter[Asker], who: Asker, count: int = 1) -> None:
    """Count so many less of what `who` holds; who holds nothing is forgotten."""
    held[who] -= count
    if not held[who]:
        del held[who]


@lru_cache(1_024)
def network_of(address: str) -> str:
    """The IPv4 address, or the /64 of an IPv6 address; an IPv4 address written as one is itself,
    and what is no address (a unix socket) too."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
