"""Where a request came from, and under which prefix, when a reverse proxy stands between.

The `X-Forwarded-*` headers are believed only from trusted proxies. The prefix is cut off
whether the proxy has done so or not, and kept as ASGI's `root_path`, which the page's
`<base href>` and the OpenAPI document are made from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.web.http.trusted_proxies import TrustedProxies, parse_address

#: The most addresses of `X-Forwarded-For` that are looked at, the nearest ones.
HOPS_MAX: Final = 32
#: An address with the port that the client asked from, as some gateways tell it (Azure's): of
#: IPv6 in brackets, which a port needs there.
_WITH_PORT: Final = re.compile(r"(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})(?=:))(?::[0-9]{1,5})?")
_PREFIX_MAX: Final = 1_000
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")


class Proxies:
    """Reads what trusted proxies say into the scope, and takes the prefix off the path."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str], url_prefix: str) -> None:
        self._app = app
        self._trusted = TrustedProxies(trusted)
        self._prefix = url_prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = self._prefix
        if self._trusted.sent(scope):
            headers = Headers(scope=scope)
            self._believe(scope, headers)
            forwarded = headers.get("x-forwarded-prefix", "").rstrip("/")
            if not prefix and len(forwarded) <= _PREFIX_MAX and _PREFIX.fullmatch(forwarded):
                prefix = forwarded
        if prefix:
            _take_off(scope, prefix)
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope, headers: Headers) -> None:
        """Take over client, scheme and host."""
        # A proxy may add a line of its own behind one that the client made up.
        client = self._client(",".join(headers.getlist("x-forwarded-for")))
        if client is not None:
            scope["client"] = (client, 0)
        scheme = headers.get("x-forwarded-proto", "").lower()
        if scheme in {"http", "https"}:
            scope["scheme"] = scheme
        host = headers.get("x-forwarded-host", "")
        if _HOST.fullmatch(host):
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", host.encode("latin-1")), *others]

    def _client(self, forwarded_for: str) -> str | None:
        """The nearest address that is not itself a trusted proxy; None if what is told is not
        to be understood, so that the proxy itself is taken for the client."""
        hops = forwarded_for.rsplit(",", HOPS_MAX)
        farthest: str | None = None
        for hop in reversed(hops[-HOPS_MAX:]):
            if not hop.strip():
                continue
            address = parse_address(_without_port(hop.strip()))
            if address is None:
                return None
            farthest = str(address)
            if not self._trusted.has(farthest):
                return farthest
        return farthest if len(hops) <= HOPS_MAX else None


def _without_port(hop: str) -> str:
    """`203.0.113.9:5678` and `[2001:db8::9]:443` without brackets and port; all else as it is."""
    parts = _WITH_PORT.fullmatch(hop)
    return hop if parts is None else parts[1] or parts[2]


def _take_off(scope: Scope, prefix: str) -> None:
    """Move `prefix` to `root_path`. Starlette wants the path with all of `root_path`."""
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    below = path[len(root) :] if root and path.startswith(root + "/") else path
    if below == prefix:
        below += "/"
    elif not below.startswith(prefix + "/"):
        below = prefix + below
    scope["root_path"] = root + prefix
    scope["path"] = root + below
