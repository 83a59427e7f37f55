"""The origin check against cross-site requests (CSRF): whether a change was requested by our own
pages, or by another site in somebody's browser.

A browser says where a request comes from: `Sec-Fetch-Site` in every current one (W3C Fetch
Metadata), `Origin` in older ones and where the page is not served securely. Who says neither
is no browser, and no other site can make it ask. All methods but the safe ones of RFC 9110
are changes.
"""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.web.http.hosts import host_of, is_loopback

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON: Final = "application/json"
_OURS: Final = frozenset({"same-origin", "none"})
_PORTS: Final = {"http": 80, "https": 443}


def is_from_elsewhere(scope: Scope, *, own: Collection[str] = (), has_login: bool = False) -> bool:
    """Whether this is a change that another site may ask for. `own` are names of ours, or patterns
    of them, beside that in `Host`: a proxy may put its own there.

    Where it put loopback there and nobody named the host, a page of ours cannot be told from
    another by `Origin`. With a login (`has_login`) a JSON body tells enough: another site's page
    may send one only after it was allowed to (CORS), which is never answered, and without our
    cookie."""
    if scope["method"] in SAFE:
        return False
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site.strip().lower() not in _OURS
    origin = headers.get("origin")
    if origin is None or _is_own(origin, headers.get("host", "")) or _is_named(origin, own):
        return False
    is_json = headers.get("content-type", "").partition(";")[0].strip().lower() == _JSON
    return not (has_login and is_json and _is_of_a_proxy(headers.get("host", "")))


def _is_of_a_proxy(host: str) -> bool:
    """Whether a proxy on this machine may have put its own name for us into `Host`."""
    name = host_of(host)
    return name is not None and is_loopback(name.name)


def _is_named(origin: str, own: Collection[str]) -> bool:
    host = host_of(origin.strip().lower().partition("://")[2])
    return host is not None and any(fnmatchcase(host.name, pattern) for pattern in own)


def _is_own(origin: str, host: str) -> bool:
    """Hosts are compared, not schemes: a proxy that ends TLS may not say so."""
    their_scheme, _, their_host = origin.strip().lower().partition("://")
    theirs, ours = host_of(their_host), host_of(host)
    if their_scheme not in _PORTS or theirs is None or ours is None or theirs.name != ours.name:
        return False
    # The port that our host leaves out is that of the scheme that they saw.
    usual = _PORTS[their_scheme]
    return (theirs.port or usual) == (ours.port or usual)
