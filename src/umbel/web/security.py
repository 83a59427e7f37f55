"""What every answer carries, and whom this server answers at all.

A web page can make a browser ask `http://127.0.0.1:5555` under a host name of its own (DNS
rebinding) and read the answers as if they were its own. So a server bound to loopback
answers only under loopback's names and those it was told of.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.web.problems import problem, respond

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d{1,5})?", re.IGNORECASE)


class SecurityHeaders:
    """Adds `HEADERS` to every answer, whatever it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HostCheck:
    """Refuses requests under host names that are not ours. `allowed` are names or patterns
    (`*.internal`) besides loopback's; with `only_loopback` unset and nothing allowed, every
    name is ours."""

    def __init__(self, app: ASGIApp, *, allowed: Collection[str], only_loopback: bool) -> None:
        self._app = app
        self._allowed = [name.lower() for name in allowed]
        self._checks = only_loopback or bool(self._allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host")
        if self._checks and host is not None and not self._is_ours(host):
            response = respond(problem("unknown-host", _advice(host)))
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        parts = _HOST.fullmatch(host.strip())
        if parts is None:
            return False
        name = parts[1].lower().rstrip(".")
        if is_loopback(name.strip("[]")):
            return True
        return any(fnmatchcase(name, pattern) for pattern in self._allowed)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach `address` (an IP address or a host name)."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _advice(host: str) -> str:
    return (
        f"This server does not answer to the host name {host[:100]!r}. If it is yours, add it "
        "to the setting allowed_hosts (--allowed-hosts, UMBEL_ALLOWED_HOSTS)."
    )
