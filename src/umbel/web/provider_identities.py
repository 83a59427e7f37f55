"""Who requests are from by the word of identity providers, each request by itself: by headers of a
reverse proxy, or a bearer token; and what the rules give them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from starlette.types import Scope

from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rights import RuleBook
from umbel.web.bearer_identity import BearerIdentity
from umbel.web.first_requests import FirstRequests
from umbel.web.logins.labels import label_of
from umbel.web.no_entry import NoEntry
from umbel.web.principal import AuthMethod, Principal, principal_by_rules
from umbel.web.proxy_identity import ProxyIdentity


class ProviderIdentities:
    """On the event loop."""

    def __init__(
        self,
        rules: RuleBook,
        proxies: ProxyIdentity,
        bearers: BearerIdentity,
        first_requests: FirstRequests,
    ) -> None:
        self.first_requests = first_requests
        self._rules = rules
        self._proxies = proxies
        self._bearers = bearers

    @property
    def header_names(self) -> Collection[str]:
        """The headers of all providers, in small letters."""
        return self._proxies.header_names

    def has_bearer(self, secret: str) -> bool:
        """Whether a bearer token may be one of a provider."""
        return self._bearers.concerns(secret)

    def has_headers(self, scope: Scope) -> bool:
        """Whether a proxy says who sends the request."""
        return self._proxies.concerns(scope)

    def logout_url(self, scope: Scope) -> str | None:
        """Where whom a proxy names logs out there; None if nowhere."""
        return self._proxies.logout_url(scope)

    async def by_bearer(self, secret: str, cluster: str) -> Principal:
        """The person, or machine, of a bearer token, in a cluster ("": in the server as a whole).
        Raises `LoginRefused`, `ProviderUnavailable`, and `NoEntry` where no cluster lets them
        in."""
        config, claimed = await self._bearers.claimed(secret)
        return self._principal(config, claimed, "bearer", cluster)

    async def by_headers(self, scope: Scope, cluster: str) -> Principal | None:
        """The person that the proxy tells, None for nobody. Raises as `by_bearer` does."""
        found = await self._proxies.claimed(scope)
        return found and self._principal(*found, "proxy", cluster)

    def _principal(
        self, config: ProviderConfig, claimed: Claimed, how: AuthMethod, cluster: str
    ) -> Principal:
        rights = self._rules.rights(config.name, claimed.claims)
        if not rights.clusters:
            raise NoEntry(config, claimed, rights, rules=len(self._rules.rules))
        principal = principal_by_rules(
            f"{config.name}:{claimed.name}",
            how,
            rights.of(cluster),
            provider=config.name,
            label=label_of(config),
        )
        return msgspec.structs.replace(principal, email=claimed.email, claims=claimed.claims)
