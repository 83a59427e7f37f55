"""Security headers of every response, and the host name check against DNS rebinding.

A web page can make a browser ask `http://127.0.0.1:5555` under a host name of its own (DNS
rebinding) and read the answers as if they were its own. So a server bound to loopback
answers only under loopback's names and those it was told of; and one that others reach without a
login only under names of its own. With a login a page gets nothing: the browser keeps the cookie
of our name from it.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.web.http.hosts import host_of, is_address, is_loopback
from umbel.web.http.problems import problem, respond
from umbel.web.http.proxy_advice import unknown_host, unknown_host_page

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; "
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
#: A year, and only this host; see `SecurityHeaders`.
_HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000")
_HTTPS: Final = 443


class SecurityHeaders:
    """Adds `HEADERS` to every answer, whatever it is; and where Umbel itself speaks HTTPS at the
    usual port of a host name, that browsers keep to HTTPS (RFC 6797). They would do so for every
    port of that host: at another one, and under `localhost`, this would cut off other programs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Asked before a proxy's word on the scheme is taken: HTTPS there is the proxy's matter.
        headers = (*HEADERS, _HTTPS_ONLY) if _is_https_host(scope) else HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _is_https_host(scope: Scope) -> bool:
    if scope["scheme"] != "https":
        return False
    host = host_of(Headers(scope=scope).get("host", ""))
    if host is None or (host.port or _HTTPS) != _HTTPS:
        return False
    return not is_loopback(host.name) and not is_address(host.name)


class HostCheck:
    """Refuses requests under host names that are not ours. `allowed` are names or patterns
    (`*.internal`) besides loopback's. With `only_loopback` unset, IP addresses are ours too, since
    no page can have one for its name; and with neither `allowed` nor `own` names, every name is."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed: Collection[str],
        only_loopback: bool,
        own: Collection[str] = (),
    ) -> None:
        self._app = app
        self._allowed = [name.lower() for name in (*allowed, *own)]
        self._only_loopback = only_loopback
        self._checks = only_loopback or bool(self._allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host")
        if self._checks and host is not None and not self._is_ours(host):
            await _unknown(scope, host)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, text: str) -> bool:
        host = host_of(text)
        if host is None:
            return False
        if is_loopback(host.name) or (not self._only_loopback and is_address(host.name)):
            return True
        return any(fnmatchcase(host.name, pattern) for pattern in self._allowed)


def own_names(address: str) -> tuple[str, ...]:
    """The names of this machine that need no question to the network: that of the system, the same
    by multicast DNS, and the `address` that it listens on, if that is a name. What else others
    call it has to be told (`allowed_hosts`)."""
    name = socket.gethostname()
    return (name, f"{name.partition('.')[0]}.local", address)


def _unknown(scope: Scope, host: str) -> Response:
    found = problem("unknown-host", unknown_host(host))
    if scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
        headers = {"Cache-Control": "no-store"}
        return HTMLResponse(unknown_host_page(host), found.status, headers)
    return respond(found)
