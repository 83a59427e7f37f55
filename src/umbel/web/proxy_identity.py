"""Who a request is from by a reverse proxy's word: the headers of the providers `proxy`,
`oauth2-proxy`, `authelia`, `cloudflare-access` and `google-iap`, request by request.

`web.http.identity_headers` has found out whether the proxy sent them. Where a signed token is
configured, it alone counts: plain headers beside it let nobody in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from starlette.types import Scope

from umbel.auth.providers.base import Claimed, TokenProvider
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.header_identity import claimed_by_headers, header_names, token_in
from umbel.clock import Clock
from umbel.errors import LoginRefused
from umbel.web.http.identity_headers import ShownIdentity, shown_identity
from umbel.web.verified_tokens import VerifiedTokens

#: How long an open stream is let go on by the headers that it began with, seconds: whoever the
#: proxy does not let in any more is out within that time. The browser asks anew by itself.
STREAM_S: Final = 3_600.0
_BEGAN: Final = "umbel.identity_began"


class ProxyIdentity:
    """`tokens` check the signed tokens of those `providers` that have one, by their name. On the
    event loop."""

    def __init__(
        self,
        providers: Iterable[ProviderConfig],
        tokens: Mapping[str, TokenProvider],
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._providers = tuple(providers)
        self._tokens = {name: VerifiedTokens(each, clock) for name, each in tokens.items()}
        self.header_names = frozenset[str]().union(
            *(header_names(each).all for each in self._providers)
        )

    def concerns(self, scope: Scope) -> bool:
        """Whether the proxy says of this request who sends it."""
        return any(shown_identity(scope).headers.values())

    def logout_url(self, scope: Scope) -> str | None:
        """Where whom the proxy names logs out there; None if nowhere."""
        try:
            return _one(self._providers, shown_identity(scope)).logout_url
        except LoginRefused:
            return None

    async def claimed(self, scope: Scope) -> tuple[ProviderConfig, Claimed] | None:
        """Who it is, by which provider; None for nobody. Raises `LoginRefused` for what must not be
        believed, and `ProviderUnavailable`."""
        shown = shown_identity(scope)
        began: float = scope.setdefault(_BEGAN, self._clock.monotonic())
        if self._clock.monotonic() - began > STREAM_S:
            return None
        config = _one(self._providers, shown)
        if header_names(config).token is not None:
            token = token_in(config, shown.headers)
            return config, await self._tokens[config.name].claimed(token)
        if not shown.has_own_host:
            raise LoginRefused(
                "The proxy says who you are, under a host name that Umbel was not told of.",
                remedy="Add the name to the setting allowed_hosts (UMBEL_ALLOWED_HOSTS).",
            )
        claimed = claimed_by_headers(config, shown.headers)
        return None if claimed is None else (config, claimed)


def _one(providers: Sequence[ProviderConfig], shown: ShownIdentity) -> ProviderConfig:
    """The provider whose headers came. Through the proxy of one, a client may send the headers of
    another; so what could be of two is of none."""
    came = {name for name, value in shown.headers.items() if value}
    found = [each for each in providers if header_names(each).all & came]
    if len(found) != 1:
        raise LoginRefused("Headers of several providers came at once.")
    return found[0]
