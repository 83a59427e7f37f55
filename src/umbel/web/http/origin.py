"""Whether a change was asked for by our own pages, or by another site in somebody's browser.

A browser says where a request comes from: `Sec-Fetch-Site` in every current one (W3C Fetch
Metadata), `Origin` in older ones and where the page is not served securely. Who says neither
is no browser, and no other site can make it ask. All methods but the safe ones of RFC 9110
are changes.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.web.http.hosts import host_of

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})
_PORTS: Final = {"http": 80, "https": 443}


def is_from_elsewhere(scope: Scope) -> bool:
    """Whether this is a change that another site asks for."""
    if scope["method"] in SAFE:
        return False
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site.strip().lower() not in _OURS
    origin = headers.get("origin")
    return origin is not None and not _is_own(origin, headers.get("host", ""))


def _is_own(origin: str, host: str) -> bool:
    """Hosts are compared, not schemes: a proxy that ends TLS may not say so."""
    their_scheme, _, their_host = origin.strip().lower().partition("://")
    theirs, ours = host_of(their_host), host_of(host)
    if their_scheme not in _PORTS or theirs is None or ours is None or theirs.name != ours.name:
        return False
    # The port that our host leaves out is that of the scheme that they saw.
    usual = _PORTS[their_scheme]
    return (theirs.port or usual) == (ours.port or usual)
