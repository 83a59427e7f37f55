"""Host names as requests write them: in `Host`, and in `Origin` behind a scheme."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final, NamedTuple

#: The longest that is looked at: a name of 253 characters (RFC 1035), a port, and some room.
HOST_MAX: Final = 300
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^]:/?#@\[\s]+)(?::(\d{1,5}))?", re.IGNORECASE)


class Host(NamedTuple):
    """A name in small letters, without brackets and the dot at its end, and a port if one is
    written."""

    name: str
    port: int | None


def host_of(text: str) -> Host | None:
    """What the text `name:port` says; None if that is no host."""
    text = text.strip()
    parts = _HOST.fullmatch(text) if len(text) <= HOST_MAX else None
    if parts is None:
        return None
    return Host(parts[1].strip("[]").lower().rstrip("."), int(parts[2]) if parts[2] else None)


def is_address(name: str) -> bool:
    """Whether this is an IP address, not a name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether only this machine can reach it (an IP address or a host name)."""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
