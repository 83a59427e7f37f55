"""A small cluster's history behind the real application, asked without a network."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from tests.api.doors import door
from tests.contract.stories import BASE, WORKER, heartbeat, shop
from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from umbel.auth.rules import Rule
from umbel.beat.base import ScheduleSource
from umbel.clock import Clock
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.services.health.health import Supervised
from umbel.services.live.hub import STREAMS_MAX
from umbel.services.metric_options import MetricOptions
from umbel.store.base import CollectorStatus, Store
from umbel.store.ledger import Ledger
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.memory_samples import MemorySamples
from umbel.web.app import WebOptions, create_app
from umbel.web.http.route import Route
from umbel.web.scrape_access import NO_SCRAPER, ScrapeAccess

#: Ten minutes after the first of the six tasks was sent, Unix seconds.
NOW = BASE + 600


def collector(**changes: Any) -> CollectorStatus:
    """A collector that is well and has just reported."""
    well = CollectorStatus(
        collector="eu-1:7", pid=7, started=NOW - 3_600, at=NOW, broker="connected",
        broker_url="redis://localhost:6379/0", transport="redis", connected_since=NOW - 3_600,
        events=24, messages=20, rate=1.5, lag_s=0.3,
    )  # fmt: skip
    return msgspec.structs.replace(well, **changes)


#: What the worker of these tests says of itself.
SAYS: dict[str, object] = {
    "stats": {"pid": 7, "total": {"shop.charge": 3}, "broker": {"alternates": ["redis://:pw@b/0"]}},
    "active": [{"id": "a", "name": "shop.charge", "args": [1], "kwargs": {}}],
    "scheduled": [],
    "reserved": [],
    "revoked": ["gone"],
    "registered": ["shop.charge [rate_limit=10/m]", "shop.mail"],
    "active_queues": [{"name": "celery"}, {"name": "mail"}],
    "conf": {"broker_url": "redis://:pw@localhost/0", "timezone": "UTC"},
}


class World:
    """A store with six tasks (`stories.shop`), a worker, a collector, a ledger, and the
    application."""

    def __init__(
        self,
        *,
        options: WebOptions | None = None,
        store: Store | None = None,
        ledger: Ledger | None = None,
        supervised: Supervised | None = None,
        users: Sequence[str] = (),
        rules: Sequence[Rule] = (),
        read_only: bool = False,
        scrape: ScrapeAccess = NO_SCRAPER,
        gone_after_s: float | None = None,
        streams_max: int = STREAMS_MAX,
        second_factor_required: bool = False,
        metric_options: MetricOptions | None = None,
        schedule: Sequence[ScheduleSource] = (),
    ) -> None:
        self.clock = SetWallClock(NOW)
        self.store = store or shop_store()
        self.ledger = ledger or MemoryLedger()
        self.worker = MemoryWorker(WORKER)
        self.worker.says = dict(SAYS)
        self.cluster = MemoryCluster(self.worker)
        self.results = MemoryResults()
        self.samples = MemorySamples()
        self.services = make_services(
            self.store,
            self.ledger,
            self.cluster,
            self.results,
            self.clock,
            supervised=supervised,
            gone_after_s=gone_after_s,
            streams_max=streams_max,
            samples=self.samples,
            sample_every_s=10.0,
            metric_options=metric_options or MetricOptions(),
            open_schedules=lambda: schedule,
        )
        login_audit = self.services.login_audit
        self.access = door(
            users,
            self.ledger,
            login_audit,
            self.clock,
            read_only=read_only,
            scrape=scrape,
            second_factor_required=second_factor_required,
            rules=rules,
        )
        options = options or WebOptions()
        self.app = create_app({"default": self.services}, options=options, access=self.access)

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        """Asks the application; exceptions that it lets through fail the test."""
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", **options
        ) as client:
            yield client

    async def get(
        self,
        path: str,
        asked: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> httpx.Response:
        """The answer to one GET; parameters whose names Python cannot write are `asked`."""
        given = {**(asked or {}), **parameters}
        async with self.client() as client:
            return await client.get(path, params=given or None, headers=headers)

    async def post(
        self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer to one POST of a JSON body."""
        async with self.client() as client:
            return await client.post(path, json={} if body is None else body, headers=headers)


def services_of(store: Store, clock: Clock) -> ClusterServices:
    """The services of a cluster without workers."""
    return make_services(store, MemoryLedger(), MemoryCluster(), MemoryResults(), clock)


def shop_store() -> MemoryStore:
    """What `World` holds."""
    store = MemoryStore()
    store.apply(shop())
    store.apply([heartbeat(WORKER, NOW - 1, active=1, processed=5)])
    store.report(collector())
    return store


def path_of(route: Route) -> str:
    """An address of the route, with an id or name that each can have."""
    return re.sub(r"\{\w+\}", "0123456789ab", route.path.replace("{inspection}", "stats"))


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """The problem that a response tells, checked to have the one shape."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"].startswith("urn:umbel:problem:")
    assert problem["title"]
    assert problem["detail"]
    return problem
