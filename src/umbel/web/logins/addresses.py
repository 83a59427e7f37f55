"""Addresses of this server as a provider and the browser know them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.auth.providers.config import ProviderConfig
from umbel.web.http.hosts import host_of

#: The query of the login page after a login that came to nothing, and after a logout: it does not
#: go on to the only provider by itself then.
FAILED, LEFT = "failed", "left"
_LOGIN: Final = "/login"


def redirect_uri(config: ProviderConfig, scope: Scope) -> str | None:
    """Where the provider sends the browser back: as configured, or made from how it was asked.
    None if that cannot be told."""
    if config.redirect_uri:
        return config.redirect_uri
    base = _base(scope)
    return None if base is None else base + own_callback(config)


def is_own_address(config: ProviderConfig, address: str) -> bool:
    """Whether it is the callback of this provider alone."""
    return urlsplit(address).path.endswith(own_callback(config))


def own_callback(config: ProviderConfig) -> str:
    """The path of the callback of this provider."""
    return f"{_LOGIN}/{config.name}/callback"


def left_page(config: ProviderConfig, scope: Scope) -> str | None:
    """The whole address of the page that is shown after a logout at the provider."""
    if config.redirect_uri:
        address = config.redirect_uri
        for path in (own_callback(config), _LOGIN):
            if address.endswith(path):
                return f"{address.removesuffix(path)}{_LOGIN}?{LEFT}"
    base = _base(scope)
    return None if base is None else f"{base}{_LOGIN}?{LEFT}"


def _base(scope: Scope) -> str | None:
    """Scheme, host and prefix of this server."""
    host = Headers(scope=scope).get("host", "")
    if host_of(host) is None:
        return None
    root: str = scope.get("umbel.root", "")
    return f"{scope['scheme']}://{host}{root}"
