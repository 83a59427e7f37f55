"""A server with the clusters `shop` and `mail` whose people come by headers of a proxy, or with
bearer tokens of identity providers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.api.doors import USERS
from tests.api.two_clusters import fill
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults
from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.people import everybody
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rights import RuleBook
from umbel.auth.rules import Rule
from umbel.auth.session_key import session_key
from umbel.auth.tokens import Tokens
from umbel.login_composition import NO_PROVIDERS, OpenProviders, identities_of
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.settings import login_kinds
from umbel.store.ledger import AuditEntry
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.app import WebOptions, create_app
from umbel.web.authentication import Access
from umbel.web.login_throttle import LoginThrottle
from umbel.web.logins.parts import Logins
from umbel.web.logins.provider_sessions import ProviderSessions
from umbel.web.logins.seal import LoginSeal
from umbel.web.sessions import Sessions

PAGE = {"accept": "text/html"}
#: Where the proxy asks from, and somebody else.
PROXY, STRANGER = "127.0.0.1", "203.0.113.9"
#: Ann of billing, as Authelia tells of her.
ANN = {"remote-user": "ann", "remote-email": "Ann@example.com", "remote-groups": "dev,billing"}
RULES: tuple[dict[str, object], ...] = (
    {"role": "admin", "claim": "groups", "value": "ops"},
    {"role": "operator", "claim": "groups", "value": "billing", "name": "billing.*"},
    {"role": "viewer", "claim": "email", "value": "vic@example.com", "cluster": "mail"},
)


def providers(**tables: dict[str, object]) -> tuple[ProviderConfig, ...]:
    """Tables of the settings, by their names."""
    parsed: tuple[ProviderConfig, ...] = login_kinds.providers().parse(dict(tables))
    return parsed


def rules(tables: Sequence[dict[str, object]]) -> tuple[Rule, ...]:
    """Rules of the settings."""
    parsed: tuple[Rule, ...] = login_kinds.rules().parse(list(tables))
    return parsed


class Identified:
    """See the module. Beside them `USERS` have passwords, and are everywhere what they are."""

    def __init__(
        self,
        configs: Sequence[ProviderConfig],
        *,
        opened: OpenProviders = NO_PROVIDERS,
        ruled: Sequence[dict[str, object]] = RULES,
        trusted: Sequence[str] = ("127.0.0.0/8",),
        allowed_hosts: Sequence[str] = (),
        recheck_s: float = 10.0,
        names: Sequence[str] = ("shop", "mail"),
        clock: SetClock | None = None,
    ) -> None:
        self.clock = clock or SetClock(time.time())
        self.clusters = {name: self._cluster(name) for name in names}
        ledger = self.clusters[names[0]].ledger
        key = session_key(ledger)
        people = PeopleAndTokens(everybody([], USERS), None, self.clock, key)
        audits = {name: each.login_audit for name, each in self.clusters.items()}
        book = RuleBook(rules(ruled), self.clusters)
        login_audit = SharedLoginAudit(audits, dict.fromkeys(names))
        sessions = Sessions(key, 3_600, self.clock, ledger)
        by_redirect = ProviderSessions(
            opened.by_redirect, book, sessions, login_audit, LoginSeal(key), self.clock
        )
        self.access = Access(
            people,
            sessions,
            LoginThrottle(self.clock),
            login_audit,
            is_open=False,
            logins=Logins(key, self.clock, by_redirect, has_passwords=True),
            providers=identities_of(configs, book, opened, self.clock),
            recheck_s=recheck_s,
        )
        accesses = {
            name: self.access.of_cluster(
                name, people.of_cluster(Tokens(each.ledger), None), each.login_audit
            )
            for name, each in self.clusters.items()
        }
        options = WebOptions(
            trusted_proxies=tuple(trusted),
            allowed_hosts=tuple(allowed_hosts),
            only_loopback=False,
        )
        self.app = create_app(
            self.clusters, options=options, access=self.access, cluster_access=accesses
        )

    def _cluster(self, name: str) -> ClusterServices:
        store = MemoryStore()
        fill(store, name)
        return make_services(
            store, MemoryLedger(), MemoryCluster(), MemoryResults(), self.clock, name=name
        )

    @asynccontextmanager
    async def client(
        self, address: str = PROXY, host: str = "localhost", **options: Any
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody who asks from this address."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 50_000))
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{host}", **options
        ) as client:
            yield client

    async def get(
        self,
        path: str = "/c/shop/api/v1/me",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        *,
        address: str = PROXY,
        host: str = "localhost",
    ) -> httpx.Response:
        """The answer to one GET."""
        async with self.client(address, host) as client:
            return await client.get(path, headers=httpx.Headers(headers))

    def audit(self, cluster: str = "shop") -> list[AuditEntry]:
        """The lines of a cluster's audit, the newest first."""
        return list(self.clusters[cluster].ledger.audit(limit=100).items)
