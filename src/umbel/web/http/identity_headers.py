"""Headers that say who somebody is: taken from reverse proxies, and from nobody else.

The middleware stands before whatever believes a proxy's `X-Forwarded-*`, so it sees the connection
itself. It takes the headers away in any case: nothing behind it can read them by mistake. What
came of them stands in the scope, for `Guard` to refuse and for `Access` to read.

A page that reached this machine under a name of its own (DNS rebinding) can set any header of this
kind, and its browser may run where the proxy runs. So it is noted, too, whether the request came
under a host name of ours: an address, loopback's, or one of `own_hosts`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.web.http.hosts import host_of, is_address, is_loopback
from umbel.web.http.trusted_proxies import TrustedProxies

_KEY: Final = "umbel.shown_identity"
#: What programs in between may take for a hyphen.
_LIKE_HYPHENS: Final = re.compile(rb"[^a-z0-9]")
_NOT_A_PROXY: Final = (
    "The request says who sends it ({name}), and did not come from a reverse proxy that Umbel "
    "trusts."
)
#: What to do about it.
TRUST_ADVICE: Final = (
    "If it is your proxy, name its address in trusted_proxies (UMBEL_TRUSTED_PROXIES), and let it "
    "take these headers away from what clients send."
)
_DOUBLED: Final = (
    "The header {name} came more than once, or under a name that looks like it: the proxy has to "
    "replace it, not to add its own to that of the client."
)
_NOT_TEXT: Final = "The header {name} is no text in UTF-8."


class ShownIdentity(msgspec.Struct, frozen=True):
    """The headers that came, by their names in small letters. `refusal`: why they cannot be
    believed, "" if they can; `has_own_host`: they came under a host name of ours."""

    headers: Mapping[str, str] = {}
    refusal: str = ""
    has_own_host: bool = False


class IdentityHeaders:
    """Takes the headers `names` out of requests; see the module."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Collection[str],
        trusted: Collection[str],
        own_hosts: Collection[str],
    ) -> None:
        self._app = app
        self._names = {_canonical(name.encode()): name.encode() for name in names}
        self._trusted = TrustedProxies(tuple(trusted))
        self._own_hosts = [name.lower() for name in own_hosts]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        came = [pair for pair in scope["headers"] if _canonical(pair[0]) in self._names]
        if came:
            own = self._has_own_host(scope)
            scope["headers"] = [pair for pair in scope["headers"] if pair not in came]
            scope[_KEY] = self._shown(came, own=own, trusted=self._trusted.sent(scope))
        await self._app(scope, receive, send)

    def _shown(self, came: list[tuple[bytes, bytes]], *, own: bool, trusted: bool) -> ShownIdentity:
        if not trusted:
            return ShownIdentity(refusal=_NOT_A_PROXY.format(name=self._name(came[0][0])))
        found: dict[str, str] = {}
        for raw, value in came:
            name = self._name(raw)
            if name in found or raw.lower() != name.encode():
                return ShownIdentity(refusal=_DOUBLED.format(name=name))
            try:
                found[name] = value.decode("utf-8")
            except UnicodeDecodeError:
                return ShownIdentity(refusal=_NOT_TEXT.format(name=name))
        return ShownIdentity(found, has_own_host=own)

    def _name(self, raw: bytes) -> str:
        return self._names[_canonical(raw)].decode()

    def _has_own_host(self, scope: Scope) -> bool:
        host = host_of(Headers(scope=scope).get("host", ""))
        if host is None:
            return False
        if is_loopback(host.name) or is_address(host.name):
            return True
        return any(fnmatchcase(host.name, pattern) for pattern in self._own_hosts)


def shown_identity(scope: Scope) -> ShownIdentity:
    """What came with a request."""
    shown: ShownIdentity = scope.get(_KEY, ShownIdentity())
    return shown


def _canonical(name: bytes) -> bytes:
    return _LIKE_HYPHENS.sub(b"-", name.lower())
