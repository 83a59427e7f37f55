"""Where a running Umbel is, and what it is shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote, urlsplit

import msgspec

from umbel.basic_auth import basic_authorization
from umbel.errors import ServerUnreachable
from umbel.masking import is_understood, mask_address

_PORTS: Final = {"http": 80, "https": 443}


class Address(msgspec.Struct, frozen=True):
    """A server: `prefix` is the path under which a proxy shows it, `authorization` the
    header's value, which `url` does not tell."""

    url: str
    scheme: str
    host: str
    port: int
    prefix: str = ""
    authorization: str | None = None


def address_of(url: str, *, token: str | None = None) -> Address:
    """The server at `http(s)://[user:password@]host[:port][/prefix]`. A token goes before a
    user's password. Raises `ServerUnreachable` for what is no such URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _no_address(url) from error
    if parts.scheme not in _PORTS or not host:
        raise _no_address(url)
    prefix = parts.path.rstrip("/")
    shown = f"[{host}]" if ":" in host else host
    return Address(
        url=mask_address(f"{parts.scheme}://{shown}{f':{port}' if port else ''}{prefix}"),
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        prefix=prefix,
        authorization=_authorization(token, parts.username, parts.password),
    )


def of_cluster(url: str, cluster: str | None) -> str:
    """The address of one cluster of the server at `url`; that of the server without a name."""
    return url if cluster is None else f"{url.rstrip('/')}/c/{quote(cluster, safe='')}"


def _authorization(token: str | None, user: str | None, password: str | None) -> str | None:
    if token:
        if not token.isascii() or not token.isprintable():
            raise ServerUnreachable("The token holds characters that no token has.")
        return f"Bearer {token}"
    if user:
        return basic_authorization(unquote(user), unquote(password or ""))
    return None


def _no_address(url: str) -> ServerUnreachable:
    # A scheme is forgotten more often than a password is given.
    is_shown_url = "@" not in url and is_understood(url if "://" in url else f"http://{url}")
    shown = repr(url[:100]) if is_shown_url and "?" not in url else "What was given"
    return ServerUnreachable(
        f"{shown} is no address of an Umbel.", remedy="Give one like http://127.0.0.1:5555."
    )
