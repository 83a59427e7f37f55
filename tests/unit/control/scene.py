"""A control service over a small history, with a cluster in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.contract.stories import BASE, begun, failed, revoked, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import KnownWorkers, MemoryCluster, MemoryResults, MemoryWorker
from umbel.auth.base import GRANTS, Actor, Role
from umbel.cluster.events import Event
from umbel.errors import StoreUnwritable
from umbel.results.unusable import UnusableResults
from umbel.services.control.action_records import BEAT_EVERY_S
from umbel.services.control.context import ActionContext
from umbel.services.control.control import Control
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest
from umbel.services.search.search import Search
from umbel.store.ledger import AuditEntry, Ledger, Repeat
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger

#: Ten minutes after the first task was sent, Unix seconds.
NOW = BASE + 600
EU, US = "celery@eu-1", "celery@us-1"


def actor(name: str = "ada", role: Role = "admin") -> Actor:
    return Actor(name=name, address="10.0.0.1", via="api", permissions=GRANTS[role])


NO_RESULTS = UnusableResults("disabled://", "No result backend is known.", "Name one.")

ADA = actor()
BOB = actor("bob")

WAITING, RUNNING, SUCCEEDED, FAILED, REVOKED = map(uuid_of, range(1, 6))


def history() -> list[Event]:
    """One task waits, one runs on `US`, and three have ended."""
    return [
        *begun(WAITING, BASE)[:2],
        *begun(RUNNING, BASE + 1, worker=US),
        *succeeded(SUCCEEDED, BASE + 2, args="(1,)"),
        *failed(FAILED, BASE + 3, args="(7, 'EUR')", kwargs="{'fast': True}"),
        *revoked(REVOKED, BASE + 4),
    ]


class Scene:
    """Everything that `Control` works on, by name."""

    def __init__(
        self,
        *events: Event,
        ledger: Ledger | None = None,
        cluster: MemoryCluster | None = None,
        results: MemoryResults | None = None,
    ) -> None:
        self.clock = SetWallClock(NOW)
        self.store = MemoryStore(partition_tasks=100_000, clock=self.clock)
        self.store.apply(list(events) or history())
        self.ledger = ledger or MemoryLedger()
        self.eu, self.us = MemoryWorker(EU), MemoryWorker(US, running=[RUNNING])
        self.cluster = cluster or MemoryCluster(self.eu, self.us)
        self.results = results
        self.workers = KnownWorkers(self.store, self.cluster, self.clock, names=(EU, US))
        self.control = self.another_process()

    def another_process(
        self, keep_s: float | None = None, beat_every_s: float = BEAT_EVERY_S
    ) -> Control:
        """A control service over the same ledger."""
        search = Search(self.store, self.clock, self.ledger)
        context = ActionContext(
            store=self.store,
            search=search,
            ledger=self.ledger,
            cluster=self.cluster,
            results=self.results or NO_RESULTS,
            workers=self.workers,
            clock=self.clock,
        )
        return Control(context, keep_s, beat_every_s=beat_every_s)

    def plan(self, action: Any, **request: Any) -> ActionPlan:
        return self.control.plan(ActionRequest(action=action, **request), ADA)

    def do(self, action: Any, **request: Any) -> ActionReport:
        """Plan, execute, and wait for the end."""
        plan = self.plan(action, **request)
        self.control.execute(plan.id, ADA, plan.confirm)
        return self.control.wait(plan.id, 10.0)

    def audit(self) -> list[AuditEntry]:
        """The audit, oldest first."""
        return list(self.ledger.audit().items)[::-1]

    def told(self, name: str = "revoke") -> list[Any]:
        """The commands of that name which the cluster got."""
        return [command for command in self.cluster.commands if command.name == name]


class FullLedger(MemoryLedger):
    """A ledger that has no room for another line."""

    is_full = False

    def record(self, entry: AuditEntry) -> int:
        if self.is_full:
            raise StoreUnwritable("The disk is full.")
        return super().record(entry)

    def repeat(self, repeats: Iterable[Repeat]) -> None:
        if self.is_full:
            raise StoreUnwritable("The disk is full.")
        super().repeat(repeats)


def many(count: int, *, first: int = 1_000, worker: str = EU, at: float = BASE) -> list[Event]:
    """So many waiting tasks, sent from `at` on."""
    return [
        event
        for number in range(first, first + count)
        for event in begun(uuid_of(number), at + number / 1_000, worker=worker)[:2]
    ]
