"""Opening the sockets to listen on: TCP addresses, or a Unix socket in place of a stale one.

What is in the way (a port in use, an address that this machine does not have, a file that is no
socket) is a `SettingsError` that names the setting to change.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from umbel.errors import SettingsError

#: How many connections wait to be accepted. Beyond it the kernel passes over the packets of new
#: ones, which come again after a second: so it takes a burst, of which a thousand are accepted in
#: about a tenth of a second.
BACKLOG: Final = 1_024

_NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class PortSetting(NamedTuple):
    """Where a port is set: the setting, and how it is written."""

    name: str
    written: str


PORT: Final = PortSetting("port", "--port (UMBEL_PORT)")
METRICS_PORT: Final = PortSetting("metrics.port", "--metrics-port (UMBEL_METRICS_PORT)")


def open_tcp(address: str, port: int, setting: PortSetting = PORT) -> list[socket.socket]:
    """A listening socket for each address that the name stands for, all on one port; port 0
    is any free one. Raises `SettingsError`."""
    sockets: list[socket.socket] = []
    for family, host in _resolved(address, port):
        bound_port = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_open(family, host, bound_port))
        except OSError as error:
            if sockets and error.errno in _NO_SUCH_ADDRESS:
                continue  # localhost names IPv6 also where the machine has none
            for opened in sockets:
                opened.close()
            raise _cannot_listen(error, address, port, setting) from error
    return sockets


def _open(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio lets answers leave at once (TCP_NODELAY) only then.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _resolved(address: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(
            address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError) as error:
        raise SettingsError(
            f"The address {address} to listen on is not known to this machine.",
            setting="address",
            remedy="Set --address (UMBEL_ADDRESS) to 127.0.0.1, or to an address it has.",
        ) from error
    hosts = list(dict.fromkeys((family, str(host[0])) for family, *_, host in found))
    return sorted(hosts, key=lambda each: each[0] != socket.AF_INET)


def _cannot_listen(error: OSError, address: str, port: int, setting: PortSetting) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"Port {port} of {address} is in use by another program.",
            setting=setting.name,
            remedy=f"Stop that program, or choose another port with {setting.written}.",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return SettingsError(
            f"This user may not listen on port {port}.",
            setting=setting.name,
            remedy=f"Choose a port above 1023 with {setting.written}.",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return SettingsError(
            f"This machine does not have the address {address}.",
            setting="address",
            remedy="Set --address (UMBEL_ADDRESS) to 127.0.0.1, or to an address it has.",
        )
    return SettingsError(
        f"Port {port} of {address} cannot be listened on: {os.strerror(error.errno or 0)}.",
        setting="address",
        remedy="Choose others with --address and --port.",
    )


def open_unix(path: Path) -> socket.socket:
    """A listening Unix socket for this user and group; one that a dead process left behind
    is replaced. Raises `SettingsError`."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        before = os.umask(0o117)
        try:
            opened.bind(str(path))
        finally:
            os.umask(before)
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError as error:
        opened.close()
        reason = error.strerror or str(error)
        raise SettingsError(
            f"The Unix socket {path} cannot be listened on: {reason}.",
            setting="unix_socket",
            remedy="Choose another path with --unix-socket (UMBEL_UNIX_SOCKET).",
        ) from error
    return opened


def _remove_stale(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise OSError(errno.EEXIST, "a file of that name exists")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
                return
        raise OSError(errno.EADDRINUSE, "another program listens there")
