"""A server with the clusters `shop` and `mail`, for tests of the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.api.doors import USERS, basic
from tests.api.world import NOW, collector
from tests.contract.stories import heartbeat, succeeded
from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults
from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.base import Role
from umbel.auth.people import everybody
from umbel.auth.second_factor import SecondFactors
from umbel.auth.session_key import session_key
from umbel.auth.tokens import Tokens
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.app import WebOptions, create_app
from umbel.web.authentication import Access
from umbel.web.login_throttle import LoginThrottle
from umbel.web.second_factor.check import SecondFactorCheck
from umbel.web.sessions import Sessions

PAGE = {"accept": "text/html"}


class Two:
    """The clusters `shop` and `mail`, each with one task. Vera has a role in `mail` alone."""

    def __init__(
        self,
        pages: Path,
        *,
        is_open: bool = False,
        names: Sequence[str] = ("shop", "mail"),
        shop: Store | None = None,
        ledger: Ledger | None = None,
        second_factor_required: bool = False,
    ) -> None:
        (pages / "index.html").write_text('<base href="/" /><title>index</title>')
        (pages / "login.html").write_text('<base href="/" /><title>login</title>')
        self.clock = SetWallClock(NOW)
        self.shop = self.cluster("shop", "Web shop", shop, ledger)
        self.mail = self.cluster("mail", "")
        both = {"shop": self.shop, "mail": self.mail}
        self.clusters = {name: both[name] for name in names}
        users = () if is_open else USERS
        key = session_key(self.shop.ledger)
        people = PeopleAndTokens(everybody([], users), None, self.clock, key)
        sessions = Sessions(key, 3_600, self.clock, self.shop.ledger, others=[self.mail.ledger])
        throttle = LoginThrottle(self.clock)
        roles: Mapping[str, Mapping[str, Role]] = {"shop": {"ada": "viewer", "otto": "operator"}}
        login_audit = SharedLoginAudit(
            {name: services.login_audit for name, services in self.clusters.items()},
            {name: roles.get(name) for name in self.clusters},
        )
        factors = SecondFactors([self.shop.ledger, self.mail.ledger], self.clock)
        access = Access(
            people,
            sessions,
            throttle,
            login_audit,
            is_open=is_open,
            second_factor=SecondFactorCheck(factors, self.clock, required=second_factor_required),
        )
        self.accesses = {
            name: access.of_cluster(
                name,
                people.of_cluster(Tokens(services.ledger), roles.get(name)),
                services.login_audit,
            )
            for name, services in self.clusters.items()
        }
        self.app = create_app(
            self.clusters,
            options=WebOptions(pages=pages),
            access=access,
            cluster_access=self.accesses,
        )

    def cluster(
        self, name: str, label: str, store: Store | None = None, ledger: Ledger | None = None
    ) -> ClusterServices:
        if store is None:
            store = MemoryStore()
            fill(store, name)
        ledger, cluster, results = ledger or MemoryLedger(), MemoryCluster(), MemoryResults()
        colour = "red" if label else None
        return make_services(
            store, ledger, cluster, results, self.clock, name=name, label=label, colour=colour
        )

    @asynccontextmanager
    async def client(self, user: str = "", **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 50_000))
        headers = basic(user, f"pw-{user}") if user else {}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers, **options
        ) as client:
            yield client


def fill(store: Store, name: str) -> None:
    """One task, a worker that is alive, and a collector that reports."""
    store.apply(succeeded(f"{name}-task", NOW - 60))
    store.apply([heartbeat(f"{name}@box", NOW - 1, active=1, processed=5)])
    store.report(collector(broker_url=f"redis://{name}.example:6379/0"))
